"""The people's side of WeCom's AI bot: the loopback socket, with the real long connection to it."""

import asyncio

from bot.domain.words import fits
from bot.platforms.wecom.bot import BotChannel
from bot.platforms.wecom.parts import LONGEST_LABEL, MOST_BUTTONS, Hints
from bot.platforms.wecom.platform import WeComPlatform
from tests.everywhere.sides import Can, Changes, Finger, Joining, Seen
from tests.wecom.socket import WeComSocket
from tests.wecom.socket_rules import Sent
from tests.world import World


class WeComBotSide:
    """People with 企业微信, and the bot among their colleagues."""

    can = Can(
        changes_cards=Changes.WHEN_PRESSED,
        shows_notices=False,
        needs_first_word=True,
        most_buttons=MOST_BUTTONS,
        joins_groups_by=Joining.CALL,
        greets_opening=True,
    )

    def __init__(
        self, town: World, wecom: WeComSocket | None = None, *, heartbeat: float = 30, patience: float = 10
    ) -> None:
        self._town = town
        self.wecom = wecom or WeComSocket(clock=town.clock, per_minute=30, per_hour=1000)
        self._heartbeat = heartbeat
        self._patience = patience

    async def open(self) -> None:
        clock = self._town.clock
        self.platform = WeComPlatform(clock=clock, hints=hints(self._town), bot=await self.connects())

    async def connects(self) -> BotChannel:
        """Listen, and return the channel that connects here."""
        await self.wecom.__aenter__()
        return BotChannel(
            self.wecom.bot_id,
            self.wecom.secret,
            clock=self._town.clock,
            ws_url=self.wecom.url,
            pause=_soon,
            heartbeat=self._heartbeat,
            patience=self._patience,
        )

    async def close(self) -> None:
        await self.wecom.__aexit__()

    def account(self, who: str) -> str:
        return f"{who}.qinghe"

    def chat(self, who: str) -> str:
        return self.account(who)

    def group(self, name: str) -> str:
        return f"wr{name.encode().hex()[:24]}"

    def knows(self, who: str) -> None:
        self.wecom.activates(self.account(who))

    async def says(self, who: str, text: str, *, group: str = "") -> None:
        await self.wecom.says(self.account(who), text, group=self.group(group) if group else "")

    async def presses(self, who: str, finger: Finger) -> str:
        await self.wecom.presses_key(self.account(who), finger.message, finger.data)
        return ""

    async def sends_picture(self, who: str, content: bytes, words: str = "") -> None:
        if words:
            await self.wecom.sends_mixed(self.account(who), words, content)
        else:
            await self.wecom.sends_image(self.account(who), content, "现场.jpg")

    async def opens(self, who: str) -> None:
        await self.wecom.opens(self.account(who))

    async def joins(self, name: str, *, by: str) -> None:
        await self.says(by, name, group=name)

    async def shown(self, chat: str) -> list[Seen]:
        return [seen(sent) for sent in self.wecom.shown(chat, by=chat)]

    async def finger(self, who: str, label: str) -> Finger:
        label = fits(label, LONGEST_LABEL)
        standing = self.wecom.shown(self.chat(who), by=self.account(who))
        for sent in reversed(standing):
            if label in sent.labels:
                return Finger(sent.task_id, sent.key(label))
        raise AssertionError(f"{who} has no button {label}: {[sent.labels for sent in standing]}")


def seen(sent: Sent) -> Seen:
    """Return what stands in a chat of WeCom's as people see it."""
    return Seen(
        text="" if sent.filename else sent.words,
        labels=sent.labels,
        file=sent.filename,
        content=sent.content,
        is_picture=sent.msgtype == "image",
    )


def hints(town: World) -> Hints:
    """Return the sentences on what can be typed, as the application puts them together."""
    say, language = town.watch.texts.say, town.county.language
    return Hints(
        typed=lambda labels: say(language, "wecom.typed", labels=labels),
        numbered=lambda choices: say(language, "wecom.numbered", choices=choices),
    )


async def _soon(_seconds: float) -> None:
    """Wait hardly at all before connecting again."""
    await asyncio.sleep(0.01)
