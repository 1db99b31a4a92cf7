"""The connections to messengers that a county's settings ask for; the others are never loaded."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from bot.chat import Finding, Messenger
from bot.clock import Clock
from bot.config import Settings
from bot.texts import Texts

TITLES = {"telegram": "Telegram", "wecom": "企业微信"}
"""What people call them."""


def titled(name: str, findings: Iterable[Finding]) -> list[Finding]:
    """Return what was found, each sentence beginning with the messenger it is about."""
    return [replace(each, sentence=f"{TITLES.get(name, name)}：{each.sentence}") for each in findings]


def _always(_name: str) -> bool:
    return True


def messengers_of(
    settings: Settings, clock: Clock, texts: Texts, may_write: Callable[[str], bool] = _always
) -> list[Messenger]:
    """Return the connections to messengers that the settings ask for; each asks whether it ``may_write``."""
    found: list[Messenger] = []
    if settings.telegram.is_set:
        from bot.platforms.telegram import TelegramPlatform

        found.append(
            TelegramPlatform(
                settings.telegram.token.get_secret_value(),
                clock=clock,
                api_base=settings.telegram.api_base,
                proxy=settings.telegram.proxy or None,
                may_write=partial(may_write, "telegram"),
            )
        )
    if settings.wecom.is_set:
        found.append(_wecom(settings, clock, texts, partial(may_write, "wecom")))
    return found


def _wecom(settings: Settings, clock: Clock, texts: Texts, may_write: Callable[[], bool]) -> Messenger:
    """Put WeCom together from the channels that the county has credentials for."""
    from bot.platforms.wecom.app import AppChannel
    from bot.platforms.wecom.bot import BotChannel
    from bot.platforms.wecom.parts import Hints
    from bot.platforms.wecom.platform import WeComPlatform
    from bot.platforms.wecom.robots import RobotsChannel

    say = partial(texts.say, settings.language)
    asked, webhooks = settings.wecom, settings.wecom.webhooks
    app = None
    if asked.app.is_set:
        app = AppChannel(
            asked.app.corp_id,
            asked.app.agent_id,
            asked.app.secret.get_secret_value(),
            asked.app.token.get_secret_value(),
            asked.app.aes_key.get_secret_value(),
            clock=clock,
            api_base=asked.app.api_base,
            listen=asked.app.listen,
            may_write=may_write,
        )
    bot = None
    if asked.bot.is_set:
        bot = BotChannel(
            asked.bot.bot_id,
            asked.bot.secret.get_secret_value(),
            clock=clock,
            ws_url=asked.bot.ws_url,
            names=app.directory if app else None,
            may_write=may_write,
        )
    robots = None
    if webhooks:
        addresses = {name: url.get_secret_value() for name, url in webhooks.items()}
        robots = RobotsChannel(addresses, clock=clock, may_write=may_write)
    hints = Hints(
        typed=lambda labels: say("wecom.typed", labels=labels),
        numbered=lambda choices: say("wecom.numbered", choices=choices),
        elsewhere=say("wecom.elsewhere") if bot else "",
    )
    return WeComPlatform(
        clock=clock,
        hints=hints,
        bot=bot,
        app=app,
        app_hears=asked.app.hears,
        robots=robots,
        # The server of a long connection answers plain HTTP too, be it with a no.
        api_base=asked.app.api_base if app or robots else f"http{asked.bot.ws_url.removeprefix('ws')}",
    )
