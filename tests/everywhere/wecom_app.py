"""The people's side of WeCom's self-built app and of a group robot: the loopback API over real HTTP."""

from bot.domain.words import fits
from bot.platforms.wecom.app import AppChannel
from bot.platforms.wecom.parts import LONGEST_LABEL, MOST_BUTTONS
from bot.platforms.wecom.platform import ROBOT, WeComPlatform
from bot.platforms.wecom.robots import RobotsChannel
from tests.everywhere.sides import Can, Changes, Finger, Joining, Seen
from tests.everywhere.wecom_bot import hints, seen
from tests.wecom.api import WeComApi
from tests.world import NAMES, World

GROUP = "全县调度群"
"""The group whose robot stands in the settings."""


class WeComAppSide:
    """People with 企业微信, and the app in their workbench."""

    can = Can(
        changes_cards=Changes.BY_CODE,
        shows_notices=False,
        needs_first_word=False,
        most_buttons=MOST_BUTTONS,
        joins_groups_by=Joining.SETTINGS,
        pictures_have_words=False,
    )

    def __init__(self, town: World) -> None:
        self._town = town
        self.wecom = WeComApi(clock=town.clock, per_minute=30)

    async def open(self) -> None:
        app = await self.connects()
        robots = RobotsChannel({GROUP: self.wecom.webhook(GROUP)}, clock=self._town.clock)
        self.platform = WeComPlatform(clock=self._town.clock, hints=hints(self._town), app=app, robots=robots)

    async def connects(self) -> AppChannel:
        """Listen, and return the channel that connects here."""
        await self.wecom.__aenter__()
        clock, wecom = self._town.clock, self.wecom
        for who, name in NAMES.items():
            wecom.adds(self.account(who), name)
        wecom.adds(self.account("mallory"))
        app = AppChannel(
            wecom.corp_id,
            wecom.agent_id,
            wecom.secret,
            wecom.token,
            wecom.aes_key,
            clock=clock,
            api_base=f"{wecom.base}/cgi-bin",
            listen="127.0.0.1:0",
        )
        app.listen()
        wecom.callbacks.url = app.callback_url
        return app

    async def close(self) -> None:
        await self.wecom.__aexit__()

    def account(self, who: str) -> str:
        return f"{who}.qinghe"

    def chat(self, who: str) -> str:
        return self.account(who)

    def group(self, name: str) -> str:
        return f"{ROBOT}{name}"

    def knows(self, who: str) -> None:
        """The app writes to everybody in its visible range."""

    async def says(self, who: str, text: str, *, group: str = "") -> None:
        assert not group, "nobody can call the app in a group"
        await self.wecom.says(self.account(who), text)

    async def presses(self, who: str, finger: Finger) -> str:
        await self.wecom.presses_key(self.account(who), finger.message, finger.data)
        return ""

    async def sends_picture(self, who: str, content: bytes, words: str = "") -> None:
        assert not words, "a picture comes alone"
        await self.wecom.sends_image(self.account(who), content)

    async def opens(self, who: str) -> None:
        await self.wecom.opens(self.account(who))

    async def joins(self, name: str, *, by: str) -> None:
        raise NotImplementedError("a robot is there from the start")

    async def shown(self, chat: str) -> list[Seen]:
        return [seen(sent) for sent in self.wecom.shown(chat)]

    async def finger(self, who: str, label: str) -> Finger:
        label = fits(label, LONGEST_LABEL)
        standing = self.wecom.shown(self.chat(who))
        for sent in reversed(standing):
            if label in sent.labels:
                return Finger(sent.task_id, sent.key(label))
        raise AssertionError(f"{who} has no button {label}: {[sent.labels for sent in standing]}")
