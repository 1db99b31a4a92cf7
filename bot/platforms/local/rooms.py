"""The chats of the page and what was said in them since the bot started."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.chat import Button
from bot.platforms.local.shelf import Kept


@dataclass(frozen=True, slots=True)
class Said:
    """One message as the page shows it; ``sender`` is empty when the bot said it.

    ``nth`` counts what the bot said in this chat, so that a browser knows what is unread.
    ``revision`` grows with every change: an older copy never replaces a newer one.
    """

    id: str
    number: int
    chat: str
    sender: str
    at: datetime
    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    files: tuple[Kept, ...] = ()
    nth: int = 0
    revision: int = 0
    edited: bool = False
    unsent: bool = False

    def as_json(self) -> dict[str, object]:
        """Return the message as the page is told it."""
        return {
            "id": self.id,
            "number": self.number,
            "chat": self.chat,
            "sender": self.sender,
            "at": self.at.isoformat(),
            "text": self.text,
            "buttons": [[{"label": b.label, "data": b.data} for b in row] for row in self.buttons],
            "files": [file.as_json() for file in self.files],
            "nth": self.nth,
            "revision": self.revision,
            "edited": self.edited,
            "unsent": self.unsent,
        }


class Rooms:
    """Every chat with its latest messages; older ones are forgotten."""

    def __init__(self, keep: int = 300) -> None:
        self._keep = keep
        self._chats: dict[str, deque[Said]] = {}
        self._said: dict[str, int] = {}

    def put(self, said: Said) -> None:
        """Add a message at the end of its chat, or put it in the place of its older self."""
        chat = self._chats.setdefault(said.chat, deque(maxlen=self._keep))
        for place in range(len(chat) - 1, -1, -1):
            if chat[place].id == said.id:
                chat[place] = said
                return
        chat.append(said)
        self._said[said.chat] = max(self._said.get(said.chat, 0), said.nth)

    def get(self, chat: str, message: str) -> Said | None:
        """Return a message, or None if it is of another run or forgotten."""
        return next((said for said in self._chats.get(chat, ()) if said.id == message), None)

    def history(self, chat: str) -> list[Said]:
        """Return what was said in a chat, the oldest first."""
        return list(self._chats.get(chat, ()))

    def said_by_bot(self, chat: str) -> int:
        """Return how many messages the bot ever sent to a chat."""
        return self._said.get(chat, 0)

    def latest(self) -> Iterator[Said]:
        """Yield the last message of every chat."""
        for chat in self._chats.values():
            yield chat[-1]
