"""A letter: something to tell somebody, and what becomes of it on its way."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import Row

from bot.chat import Address, Outgoing, Ref

Choice = tuple[str, str]
"""A button before it is sent: what it says, and the action it stands for (``take:12``)."""

Choices = tuple[tuple[Choice, ...], ...]
"""Rows of buttons."""

WHOLE_BOT = ""

SENT = "sent:"
"""How the key of a letter is noted, after a restore, that went out in the time that was lost."""

PRIVATE = "private"
"""The subject of what nobody but its reader may see: its words are gone once it has arrived, or cannot."""


class Lane(IntEnum):
    """How urgent a message is against the others; within a lane the older goes first."""

    NOW = 0
    ROUND = 1
    PAPER = 2


@dataclass(frozen=True, slots=True)
class Letter:
    """What to tell somebody, where and when.

    ``key`` names the one slot that it fills: a second letter with the same key is the same
    letter. ``subject`` (``problem:12``) finds it again when its content changes. A letter to a
    person who has no contact yet waits until they join.
    """

    key: str
    to: Address
    text: str
    due_at: datetime
    choices: Choices = ()
    person_id: int | None = None
    in_group: bool = False
    lane: Lane = Lane.NOW
    subject: str = ""
    paper_id: int | None = None
    updates_id: int | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A letter taken for delivery; ``updates`` names the message that it replaces."""

    id: int
    key: str
    lane: Lane
    to: Address
    in_group: bool
    message: Outgoing
    attempts: int
    doubts: int
    subject: str
    person_id: int | None
    paper_id: int | None
    updates: Ref | None
    due_at: datetime
    made_at: datetime
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class Pressed:
    """The button somebody pressed or typed: its letter and its action."""

    letter_id: int
    action: str
    label: str
    person_id: int | None
    to: Address
    in_group: bool
    subject: str
    superseded: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """The buttons of a message that somebody has before them; ``is_answer`` when they asked for it."""

    choices: tuple[Pressed, ...]
    sent_at: datetime
    is_answer: bool

    @property
    def to(self) -> Address:
        """The chat in which they are."""
        return self.choices[0].to

    @property
    def subject(self) -> str:
        """What the message is about."""
        return self.choices[0].subject


def address_of(row: Row[Any]) -> Address:
    """Return where a stored letter goes."""
    return Address(row.platform, row.chat, row.topic)
