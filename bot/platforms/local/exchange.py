"""The exchange between the people at the page and the bot."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.chat import Address, Attachment, Event, Incoming, Listener, Outgoing, Ref, Unreadable
from bot.errors import StorageError
from bot.platforms.local.rooms import Rooms, Said
from bot.platforms.local.shelf import Kept, Shelf
from bot.platforms.local.timeline import Timeline


class UnknownMessage(Exception):  # noqa: N818 -- a browser of yesterday is not an error of ours
    """The page speaks of a message that is not there, or not this person's to change."""


async def _nobody(_incoming: Incoming | Unreadable) -> str:
    raise StorageError("the bot is not listening yet; try again in a moment")


class Exchange:
    """Turns what people do at the page into what reached us, and shows them what we say.

    What somebody wrote is shown at once and handed to the listener in the same step, so
    the order of arrival is the order of handling. If it could not be stored it stays in
    the chat as unsent, and ``again`` offers the very same thing, under the same key.
    """

    def __init__(self, platform: str, now: Callable[[], datetime]) -> None:
        self.rooms = Rooms()
        self.shelf = Shelf()
        self.timeline = Timeline()
        self.notes: deque[dict[str, object]] = deque(maxlen=500)
        self.new_groups: dict[str, str] = {}
        self.listener: Listener = _nobody
        self._platform = platform
        self._now = now
        self._count = 0
        self._unsent: dict[str, Incoming] = {}

    def post(self, message: Outgoing) -> Ref:
        """Show what the bot says."""
        paper = message.paper
        chat = message.to.chat
        said = Said(
            id=self._next_id(),
            number=self._count,
            chat=chat,
            sender="",
            at=self._now(),
            text=message.marked,
            buttons=message.buttons,
            files=(self.shelf.put(paper.name, paper.media_type, paper.content, ours=True),) if paper else (),
            nth=self.rooms.said_by_bot(chat) + 1,
        )
        self._show(said)
        return Ref(message.to, said.id)

    def revise(self, ref: Ref, message: Outgoing) -> bool:
        """Put new text and buttons in the place of what the bot said; False if that is gone."""
        said = self.rooms.get(ref.to.chat, ref.message)
        if said is None or said.sender:
            return False
        self._show(replace(said, text=message.text, buttons=message.buttons))
        return True

    def note(self, at: datetime, text: str) -> None:
        """Add a line to the event log."""
        entry: dict[str, object] = {"number": self.timeline.last + 1, "at": at.isoformat(), "text": text}
        self.notes.append(entry)
        self.timeline.add("note", entry)

    async def say(self, chat: str, sender: str, text: str, files: Sequence[Kept]) -> str:
        """Pass on what somebody wrote or sent."""
        said = Said(
            id=self._next_id(),
            number=self._count,
            chat=chat,
            sender=sender,
            at=self._now(),
            text=text,
            files=tuple(files),
        )
        self._show(said)
        attachments = tuple(Attachment(f.token, f.name, f.media_type, len(f.content)) for f in files)
        return await self._offer(
            replace(self._incoming(chat, sender), text=text, message=said.id, attachments=attachments)
        )

    async def edit(self, chat: str, sender: str, message: str, text: str) -> str:
        """Pass on that somebody replaced the words of their own message."""
        said = self.rooms.get(chat, message)
        if said is None or said.sender != sender:
            raise UnknownMessage
        waiting = self._unsent.get(message)
        # What never arrived cannot be edited: its words are still the first ones.
        edited = waiting is None or waiting.edited
        self._show(replace(said, text=text, edited=edited))
        attachments = tuple(Attachment(f.token, f.name, f.media_type, len(f.content)) for f in said.files)
        incoming = self._incoming(chat, sender)
        return await self._offer(
            replace(incoming, text=text, message=message, edited=edited, attachments=attachments)
        )

    async def again(self, chat: str, message: str) -> str:
        """Offer once more what could not be stored."""
        said = self.rooms.get(chat, message)
        if said is None or message not in self._unsent:
            raise UnknownMessage
        return await self._offer(self._unsent[message])

    async def press(self, chat: str, sender: str, message: str, data: str) -> str:
        """Pass on that somebody pressed a button; return the notice for them."""
        said = self.rooms.get(chat, message)
        if said is None or said.sender:
            raise UnknownMessage
        return await self.listener(replace(self._incoming(chat, sender), button=data, message=message))

    async def join(self, title: str, sender: str) -> str:
        """Add the bot to a new group; return the group's chat."""
        self._count += 1
        chat = f"g:{self.timeline.boot[:8]}-{self._count}"
        await self.listener(
            replace(self._incoming(chat, sender), event=Event.JOINED_GROUP, detail=title),
        )
        self.new_groups[chat] = title
        return chat

    async def _offer(self, incoming: Incoming) -> str:
        try:
            notice = await self.listener(incoming)
        except StorageError:
            self._unsent[incoming.message] = incoming
            self._mark(incoming, unsent=True)
            raise
        if self._unsent.pop(incoming.message, None):
            self._mark(incoming, unsent=False)
        return notice

    def _mark(self, incoming: Incoming, *, unsent: bool) -> None:
        if said := self.rooms.get(incoming.at.chat, incoming.message):
            self._show(replace(said, unsent=unsent))

    def _incoming(self, chat: str, sender: str) -> Incoming:
        self._count += 1
        return Incoming(
            key=f"{self._platform}:{self.timeline.boot}:{self._count}",
            at=Address(self._platform, chat),
            sender=sender,
            sent_at=self._now(),
            private=chat.startswith("p:"),
        )

    def _show(self, said: Said) -> None:
        said = replace(said, revision=self.timeline.last + 1)
        self.rooms.put(said)
        self.timeline.add("message", said.as_json())

    def _next_id(self) -> str:
        self._count += 1
        return f"{self.timeline.boot}-{self._count}"
