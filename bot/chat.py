"""The port: what every chat platform has in common, in words no platform owns."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Address:
    """A conversation on a platform; ``topic`` is the thread inside a group, where there is one."""

    platform: str
    chat: str
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Ref:
    """A message that was delivered, as the platform names it, so that it can be updated."""

    to: Address
    message: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture or file somebody sent; ``token`` is what the platform needs to fetch it."""

    token: str
    name: str
    media_type: str
    size: int | None = None


class Event(StrEnum):
    """What happened, when it was not somebody saying something."""

    JOINED_GROUP = "joined_group"
    LEFT_GROUP = "left_group"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    MOVED = "moved"
    ALTERED = "altered"
    """A group has another name, which is the detail, or another owner."""
    OPENED = "opened"
    """Somebody opened their chat with the bot, and has said nothing yet."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One thing that reached us: words, a pressed button, files, or an event.

    ``key`` is unique for ever: the same key again is the same message again, and changes
    nothing. ``sender`` is the platform's id of the account, the only thing that identifies
    a person; ``sender_name`` is what the account calls itself, and proves nothing.
    ``message`` is the platform's id of this message (of the message with the button, when
    one was pressed). With ``edited`` the words replace those of that message.
    ``button`` is the data of the pressed button, opaque to the platform.
    ``detail`` belongs to an event: the group's title, or the new chat id when it moved.
    ``called`` is for groups: somebody spoke to the bot by its name, rather than to the others.
    ``alias`` is for platforms that have a second id for an account, which names its chat.
    Without ``shows_notice`` the platform cannot show what the listener returns for a pressed
    button: whoever pressed it must get it as a message.
    """

    key: str
    at: Address
    sender: str
    sent_at: datetime
    private: bool = True
    sender_name: str = ""
    text: str = ""
    button: str = ""
    message: str = ""
    edited: bool = False
    attachments: tuple[Attachment, ...] = ()
    event: Event | None = None
    detail: str = ""
    called: bool = False
    shows_notice: bool = True
    alias: str = ""

    @property
    def is_disguised(self) -> bool:
        """Whether the platform cannot tell now whose account it is: the second id is all there is."""
        return bool(self.alias) and self.alias == self.sender


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something a platform gave us that could not be read; kept whole for the operator."""

    key: str
    platform: str
    raw: str
    reason: str


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message; ``data`` comes back when it is pressed (64 bytes at most)."""

    label: str
    data: str


@dataclass(frozen=True, slots=True)
class Paper:
    """A file we hand over: a picture is shown in the chat, anything else is a download."""

    name: str
    media_type: str
    content: bytes = field(repr=False)

    @property
    def is_picture(self) -> bool:
        """Whether a chat can show it."""
        return self.media_type.startswith("image/")


@dataclass(frozen=True, slots=True)
class Fetched:
    """The bytes of an attachment; ``name`` where only the download tells what it is called."""

    content: bytes = field(repr=False)
    name: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message of ours: a text with rows of buttons, or a paper with the text as caption.

    ``mark`` says that it may be there twice. A platform that sorts out repeats by itself leaves it
    away, and sends the same bytes again; any other shows it before the text. ``key`` is the same on
    every attempt, and another one's for every other message. ``subject`` says what it is about
    (``problem:12``); no platform shows it.
    """

    to: Address
    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    paper: Paper | None = None
    mark: str = ""
    in_group: bool = False
    key: str = ""
    subject: str = ""

    @property
    def marked(self) -> str:
        """The text, after the mark of a repeat if there is one."""
        return f"{self.mark}\n{self.text}" if self.mark else self.text


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a platform can do; ``None`` for a pace means that it sets no such limit.

    ``text_limit`` and ``caption_limit`` count UTF-16 code units as Telegram does. Where the bot
    ``writes_first``, it may write to an account that has never written to it. What people send is held for
    us as long as the platform ``keeps`` it; None where nothing is sent while we are away.
    """

    text_limit: int = 4096
    caption_limit: int = 1024
    writes_first: bool = False
    keeps: timedelta | None = None
    per_second: float | None = None
    per_chat_second: float | None = None
    per_group_minute: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing `liaison check` looked at; with ``fault`` the bot will not work as it should.

    With ``todo`` it works, but somebody should do something.
    """

    sentence: str
    fault: bool = False
    todo: bool = False


Listener = Callable[[Incoming | Unreadable], Awaitable[str]]
"""Takes what reached us and returns only when it is safely stored.

Call it in the order of arrival, without awaiting one before the next: the order is kept.
The string returned is a short notice for the person who pressed a button or opened the chat,
often empty.
It raises StorageError when nothing could be stored: then do not confirm, and offer the same
thing again later. It raises Unrecognised when it knows nobody by the only id there is of a disguised
sender: then offer it again when there is another.
"""


class ChatPlatform(Protocol):
    """What Telegram, WeCom and the local page have in common."""

    name: str
    capabilities: Capabilities

    async def run(self, listener: Listener) -> None:
        """Pass everything that reaches us to the listener until cancelled.

        Confirms to the platform only what the listener returned from. Never returns or
        raises because of the network: it tries again, and ``healthy`` says how it goes.
        """

    def healthy(self) -> str:
        """Return an empty string while the connection is up, else a sentence saying what is wrong."""

    async def send(self, message: Outgoing) -> Ref | None:
        """Deliver a message; None where the platform gives no id for it.

        Raise DeliveryError if it was not confirmed.
        """

    async def update(self, ref: Ref, message: Outgoing) -> bool:
        """Replace the text and buttons of a delivered message; False if it cannot be changed any more.

        Raise DeliveryError if the platform did not answer.
        """

    async def fetch(self, attachment: Attachment) -> Fetched:
        """Return the bytes of an attachment; raise DeliveryError if they cannot be had."""

    def recall(self, sent: Sequence[tuple[str, datetime]]) -> None:
        """Let the chat and the moment of what another process sent within the hour count for the pace."""

    async def link(self, code: str) -> str:
        """Return what a person opens to join with an invitation code; empty where there is no such link."""

    def reread(self, raw: str) -> Incoming | None:
        """Read once more what was kept because it could not be read; None if it still cannot."""

    async def close(self) -> None:
        """Let go of connections; ``run`` opens them again."""


class Messenger(ChatPlatform, Protocol):
    """A chat platform out in the world, that can be looked at before the bot runs."""

    def listen(self) -> None:
        """Take the address on which it is called, if it is; raise ConfigurationError if it cannot be had."""

    async def check(self) -> list[Finding]:
        """Return what works and what is missing, each fault with its cure, in an office clerk's words."""

    async def time(self) -> datetime | None:
        """Return what time it is there, to the second; None while that cannot be had."""

    def state(self) -> list[Finding]:
        """Return how each channel goes since the bot runs, in the same words; nothing is asked for it."""
