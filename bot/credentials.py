"""The part of config.toml that connects: who we are to Telegram and WeCom, and where secrets are kept."""

import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from bot.errors import ConfigurationError

_ADDRESS = re.compile(r"([\w.-]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")
_HIGHEST_PORT = 65_535


def _address(value: object) -> object:
    """Read an address such as 127.0.0.1:8090; empty means none."""
    if isinstance(value, str) and value:
        match = _ADDRESS.fullmatch(value)
        if match is None or int(match["port"]) > _HIGHEST_PORT:
            raise ValueError('write an address such as "127.0.0.1:8090"')
    return value


Listen = Annotated[str, BeforeValidator(_address)]


class Section(BaseModel):
    """A table of the file: frozen, and no key but those named here."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Telegram(Section):
    """The bot's connection to Telegram."""

    token: SecretStr = SecretStr("")
    token_file: Path | None = None
    api_base: str = "https://api.telegram.org"
    proxy: str = ""

    @property
    def is_set(self) -> bool:
        """Tell whether the county uses it."""
        return bool(self.token.get_secret_value())


class WeComBot(Section):
    """WeCom's AI bot over the long connection: needs no address of its own."""

    bot_id: str = ""
    secret: SecretStr = SecretStr("")
    secret_file: Path | None = None
    ws_url: str = "wss://openws.work.weixin.qq.com"

    @property
    def is_set(self) -> bool:
        """Tell whether the county uses it."""
        return bool(self.bot_id)


class WeComApp(Section):
    """A self-built app of WeCom: writes to people who never wrote first, and reads the directory.

    Without ``token`` and ``aes_key`` it has no callback: it only writes, and ``listen`` is not used.
    """

    corp_id: str = ""
    agent_id: int = Field(0, ge=0)
    secret: SecretStr = SecretStr("")
    secret_file: Path | None = None
    token: SecretStr = SecretStr("")
    token_file: Path | None = None
    aes_key: SecretStr = SecretStr("")
    aes_key_file: Path | None = None
    api_base: str = "https://qyapi.weixin.qq.com/cgi-bin"
    listen: Listen = "127.0.0.1:8091"

    @property
    def is_set(self) -> bool:
        """Tell whether the county uses it."""
        return bool(self.corp_id)

    @property
    def hears(self) -> bool:
        """Tell whether it has a callback, so that people can answer in it."""
        return bool(self.aes_key.get_secret_value())


class WeCom(Section):
    """The channels of WeCom (WECOM.md section 1): A the bot, B the app, C group robots by their names."""

    bot: WeComBot = WeComBot()
    app: WeComApp = WeComApp()
    webhooks: dict[str, SecretStr] = Field(default_factory=dict)

    @property
    def is_set(self) -> bool:
        """Tell whether the county uses any of them."""
        return self.bot.is_set or self.app.is_set or bool(self.webhooks)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What connects a county to its messengers; ``files`` are those in which a secret was found."""

    telegram: Telegram
    wecom: WeCom
    files: tuple[Path, ...] = ()

    @property
    def secrets(self) -> list[str]:
        """Every secret, so that the log can blot it out."""
        app = self.wecom.app
        every = [self.telegram.token, self.wecom.bot.secret, app.secret, app.token, app.aes_key]
        found = [secret.get_secret_value() for secret in (*every, *self.wecom.webhooks.values())]
        keys = [url.partition("key=")[2].partition("&")[0] for url in found if "key=" in url]
        return [secret for secret in (*found, *keys) if secret]


def opened(telegram: Telegram, wecom: WeCom, path: Path) -> Credentials:
    """Return the credentials of a file, with the secrets that stand in files of their own.

    Raise ConfigurationError with every one that is not what it should be.
    """
    files: list[Path] = []
    telegram = _opened(telegram, "telegram", path, files)
    bot = _opened(wecom.bot, "wecom.bot", path, files)
    app = _opened(wecom.app, "wecom.app", path, files)
    wecom = wecom.model_copy(update={"bot": bot, "app": app})
    if faults := [*_odd_telegram(telegram), *_odd_bot(bot), *_odd_app(app), *_odd_webhooks(wecom)]:
        raise ConfigurationError(str(path), faults)
    if wecom.webhooks and path not in files:
        files.insert(0, path)
    return Credentials(telegram, wecom, tuple(files))


SectionT = TypeVar("SectionT", bound=Section)


def _opened(section: SectionT, name: str, path: Path, files: list[Path]) -> SectionT:
    """Return a section with the secrets that it keeps in files; note which files hold any."""
    found: dict[str, SecretStr] = {}
    for key in type(section).model_fields:
        if isinstance(secret := getattr(section, key), SecretStr) and secret.get_secret_value():
            files[:0] = [path] if path not in files else []
        elif key.endswith("_file") and getattr(section, key) is not None:
            file = path.parent / getattr(section, key)
            try:
                found[key.removesuffix("_file")] = SecretStr(file.read_text(encoding="utf-8").strip())
            except (OSError, UnicodeDecodeError) as error:
                why = getattr(error, "strerror", None) or "not UTF-8"
                fault = f"{name}.{key}: {file} cannot be read ({why}); check its path"
                raise ConfigurationError(str(path), [fault]) from error
            files.append(file)
    return section.model_copy(update=found)


def _odd_telegram(telegram: Telegram) -> Iterator[str]:
    token = telegram.token.get_secret_value()
    if token and not re.fullmatch(r"\d+:[A-Za-z0-9_-]{20,}", token):
        yield "telegram.token: does not look like a token; copy it whole from @BotFather"


def _odd_bot(bot: WeComBot) -> Iterator[str]:
    if bool(bot.bot_id) != bool(bot.secret.get_secret_value()):
        missing = "secret" if bot.bot_id else "bot_id"
        yield f"wecom.bot.{missing}: is missing; BotID and Secret stand side by side on the page of the bot"
    if not bot.ws_url.startswith(("wss://", "ws://")):
        yield 'wecom.bot.ws_url: must begin with wss://; the usual one is "wss://openws.work.weixin.qq.com"'


def _odd_app(app: WeComApp) -> Iterator[str]:
    needed = {
        "corp_id": app.corp_id,
        "agent_id": app.agent_id,
        "secret": app.secret.get_secret_value(),
    }
    token, key = app.token.get_secret_value(), app.aes_key.get_secret_value()
    missing = [name for name, value in needed.items() if not value]
    if missing and (len(missing) < len(needed) or token or key):
        yield f"wecom.app: is missing {', '.join(missing)}; an app needs all of {', '.join(needed)}"
    if bool(token) != bool(key):
        lacking = "aes_key" if token else "token"
        yield f"wecom.app.{lacking}: is missing; fill in token and aes_key both, or neither to only send"
    if key and not app.listen:
        yield 'wecom.app.listen: is missing; the callback is served there, usually on "127.0.0.1:8091"'
    if key and not re.fullmatch(r"[A-Za-z0-9+/]{43}", key):
        yield "wecom.app.aes_key: is not 43 letters and digits; copy the whole EncodingAESKey"
    if not app.api_base.startswith(("https://", "http://")):
        yield 'wecom.app.api_base: must begin with https://; the usual one is "https://qyapi.weixin.qq.com/cgi-bin"'


def _odd_webhooks(wecom: WeCom) -> Iterator[str]:
    for name, url in wecom.webhooks.items():
        if not re.match(r"https?://[^/]+/.*[?&]key=.", url.get_secret_value()):
            yield f"wecom.webhooks.{name}: is not the address of a group robot; copy it whole, with its key="


def exposed(files: Iterable[Path]) -> list[str]:
    """Return a warning, with its cure, for each file that others can read."""
    return [
        f"{file} holds a secret and can be read by others; run: chmod 600 {file}"
        for file in files
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077
    ]
