"""The people's side of Telegram: the loopback Bot API, polled by the real adapter."""

from bot.platforms.telegram.platform import TelegramPlatform
from tests.botapi import BotApi
from tests.everywhere.sides import Can, Changes, Finger, Joining, Seen
from tests.world import NAMES, World

_FIRST_ACCOUNT = 101
_FIRST_GROUP = -1_000_100


class TelegramSide:
    """People with phones."""

    can = Can(changes_cards=Changes.ALWAYS, needs_first_word=True, joins_groups_by=Joining.EVENT)

    def __init__(self, town: World) -> None:
        self._town = town
        self.api = BotApi(clock=town.clock)
        self._numbers: dict[str, int] = {who: _FIRST_ACCOUNT + at for at, who in enumerate(NAMES)}
        self._groups: dict[str, int] = {}

    async def open(self) -> None:
        await self.api.__aenter__()
        # The pace Telegram asks for has its own tests; here it would only make people wait.
        self.platform = TelegramPlatform(
            self.api.token,
            clock=self._town.clock,
            api_base=self.api.base,
            per_second=None,
            per_chat_second=None,
            per_group_minute=None,
        )

    async def close(self) -> None:
        await self.api.__aexit__()

    def account(self, who: str) -> str:
        return str(self._number(who))

    def chat(self, who: str) -> str:
        return self.account(who)

    def group(self, name: str) -> str:
        return str(self._groups.setdefault(name, _FIRST_GROUP - len(self._groups)))

    def knows(self, who: str) -> None:
        """Telegram takes messages to anybody whose number it knows."""

    async def says(self, who: str, text: str, *, group: str = "") -> None:
        words = f"@{self.api.username} {text}" if group else text
        self.api.says(self._number(who), words, int(self.group(group)) if group else None)

    async def presses(self, who: str, finger: Finger) -> str:
        number = self._number(who)
        query = f"q{self.api.presses_data(number, number, int(finger.message), finger.data)}"
        await self.api.until(lambda: query in self.api.answered)
        return self.api.answered[query]

    async def sends_picture(self, who: str, content: bytes, words: str = "") -> None:
        self.api.sends_file(self._number(who), "现场.jpg", content, words)

    async def opens(self, who: str) -> None:
        raise NotImplementedError("nobody is told of that here")

    async def joins(self, name: str, *, by: str) -> None:
        self.api.joins_group(int(self.group(name)), name, self._number(by))

    async def shown(self, chat: str) -> list[Seen]:
        standing = sorted(self.api.messages.items())
        sent = {entry.message: entry for entry in self.api.sent}
        return [
            Seen(
                text=entry.text,
                labels=tuple(label for row in entry.buttons for label, _ in row),
                file=sent[number].file,
                content=sent[number].content,
                is_picture=sent[number].method == "sendPhoto",
            )
            for number, entry in standing
            if str(entry.chat) == chat
        ]

    async def finger(self, who: str, label: str) -> Finger:
        own = [entry for _, entry in sorted(self.api.messages.items()) if entry.chat == self._number(who)]
        for entry in reversed(own):
            for name, data in (button for row in entry.buttons for button in row):
                if name == label:
                    return Finger(str(entry.message), data)
        raise AssertionError(f"{who} has no button {label}: {[entry.buttons for entry in own]}")

    def _number(self, who: str) -> int:
        return self._numbers.setdefault(who, _FIRST_ACCOUNT + len(self._numbers))
