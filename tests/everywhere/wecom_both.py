"""The people's side of a WeCom with the AI bot and the app: whoever is there has two windows with us."""

from bot.platforms.wecom.platform import WeComPlatform
from tests.everywhere.sides import Finger, Seen
from tests.everywhere.wecom_app import WeComAppSide
from tests.everywhere.wecom_bot import WeComBotSide, hints
from tests.world import World

Window = WeComAppSide | WeComBotSide


class WeComBothSide:
    """Everybody has the bot's window open, unless they `turn` to the app's."""

    can = WeComBotSide.can

    def __init__(self, town: World) -> None:
        self._town = town
        self.bot, self.app = WeComBotSide(town), WeComAppSide(town)
        self._at_the_app: set[str] = set()

    async def open(self) -> None:
        bot, app = await self.bot.connects(), await self.app.connects()
        self.platform = WeComPlatform(clock=self._town.clock, hints=hints(self._town), bot=bot, app=app)

    async def close(self) -> None:
        await self.bot.close()
        await self.app.close()

    def turn(self, who: str, *, app: bool) -> None:
        """Let somebody look at the other window."""
        (self._at_the_app.add if app else self._at_the_app.discard)(who)

    def account(self, who: str) -> str:
        return self.bot.account(who)

    def chat(self, who: str) -> str:
        return self.bot.chat(who)

    def group(self, name: str) -> str:
        return self.bot.group(name)

    def knows(self, who: str) -> None:
        self.bot.knows(who)

    async def says(self, who: str, text: str, *, group: str = "") -> None:
        await self._window(who).says(who, text, group=group)

    async def presses(self, who: str, finger: Finger) -> str:
        return await self._window(who).presses(who, finger)

    async def sends_picture(self, who: str, content: bytes, words: str = "") -> None:
        await self._window(who).sends_picture(who, content, words)

    async def opens(self, who: str) -> None:
        await self._window(who).opens(who)

    async def joins(self, name: str, *, by: str) -> None:
        await self.bot.joins(name, by=by)

    async def shown(self, chat: str) -> list[Seen]:
        return await self._window(chat.partition(".")[0]).shown(chat)

    async def finger(self, who: str, label: str) -> Finger:
        return await self._window(who).finger(who, label)

    def _window(self, who: str) -> Window:
        return self.app if who in self._at_the_app else self.bot
