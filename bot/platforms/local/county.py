"""What the page wants to know about the county it shows; the application answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class PagePerson:
    """Somebody whose chat can be opened; ``roles`` are the words of the roster."""

    id: int
    name: str
    unit: str = ""
    title: str = ""
    roles: tuple[str, ...] = ()
    joined: bool = True

    @property
    def chat(self) -> str:
        """The person's own chat."""
        return f"p:{self.id}"


@dataclass(frozen=True, slots=True)
class PageGroup:
    """A group chat the bot is in; ``scope`` says what it is bound to, empty while it is not."""

    chat: str
    title: str
    scope: str = ""


@dataclass(frozen=True, slots=True)
class PageEvent:
    """Something that happened in the county, or the next thing that will."""

    at: datetime
    text: str


class Jump(StrEnum):
    """How far the clock can be pushed forward from the page; while it is ``DOWN`` the bot sleeps."""

    EVENT = "event"
    HOUR = "hour"
    WORKDAY = "workday"
    MONDAY = "monday"
    DOWN = "down"


class County(Protocol):
    """The county behind the page: its people, its groups and its clock."""

    @property
    def name(self) -> str:
        """The county's name, as it stands above the page."""

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the page tells the time."""

    @property
    def controllable(self) -> bool:
        """Whether the clock may be pushed forward: in the demo only."""

    def now(self) -> datetime:
        """Return the present moment of the county."""

    def is_workday(self, day: date) -> bool:
        """Tell whether the county works on a day."""

    async def people(self) -> Sequence[PagePerson]:
        """Return everybody, in the order in which they are to be listed."""

    async def groups(self) -> Sequence[PageGroup]:
        """Return the groups the bot is in."""

    async def next_event(self) -> PageEvent | None:
        """Return the next thing that time will bring; None if nothing is planned."""

    async def jump(self, to: Jump) -> None:
        """Push the clock forward; return when everything owed until then was delivered."""
