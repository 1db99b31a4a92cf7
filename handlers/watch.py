"""What a duty is given: the store, the county, the clock, and who prints and fetches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

from bot.chat import Attachment, Fetched, Incoming, Paper
from bot.clock import Clock
from bot.domain.county import County
from bot.domain.folded import Folded
from bot.domain.missives import Sheet
from bot.domain.ranking import Weights
from bot.domain.rhythm import Occasion, Rhythm
from bot.domain.week import Week
from bot.errors import PaperError
from bot.texts import Texts
from handlers.turn import Beat
from storage.store import Store
from storage.tx import Tx

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DigestPapers:
    """A digest as it is posted."""

    text: str
    picture: Paper
    ledger: Paper


@dataclass(frozen=True, slots=True)
class MissivePapers:
    """A missive on paper: for the office to keep, and as it goes out."""

    docx: Paper
    pdf: Paper


@dataclass(frozen=True, slots=True)
class Printed:
    """A paper as it is handed over: one screen for a chat, a workbook, A4 pages."""

    text: str
    workbook: Paper
    pages: Paper


class Press(Protocol):
    """Makes papers, away from the writer and the event loop; raises PaperError if one cannot be made."""

    async def digest(self, scope: str, week: Week, now: datetime, *, late: bool) -> DigestPapers:
        """Return the digest of a week for a scope."""

    async def missive(self, sheet: Sheet) -> MissivePapers:
        """Return a missive on paper; raise TemplateError where the office's template does not fit."""

    async def personal(self, person_id: int, now: datetime) -> Paper:
        """Return a workbook with all that is kept of a person."""

    async def draft(
        self, rhythms: Sequence[Rhythm], occasion: Occasion, now: datetime, weights: Weights = ()
    ) -> list[Folded | PaperError]:
        """Return the papers that lines of the timetable ask for, as the database has them now.

        All are of one scope, and no two of them disagree; in place of one that cannot be made stands why.
        With ``weights``, what they rank is ranked by these.
        """

    async def print(self, content: bytes) -> Printed:
        """Return a paper as it is handed over, its amendments marked."""

    async def print_for(self, reader: int, content: bytes) -> Printed | None:
        """Return what of a paper concerns one reader, as it is handed over; None if nothing does."""


class Fetchers(Protocol):
    """Brings attachments in and keeps their bytes."""

    @property
    def platforms(self) -> list[str]:
        """The platforms that attachments can be fetched from."""

    async def fetch(self, platform: str, attachment: Attachment) -> Fetched:
        """Return an attachment's bytes; raise DeliveryError if they cannot be had now."""

    def reread(self, platform: str, raw: str) -> Incoming | None:
        """Read once more what a platform gave us and could not be read; None if it still cannot."""

    async def keep(self, name: str, content: bytes) -> str:
        """Keep bytes under a name of ours; Return where."""

    async def drop(self, path: str) -> None:
        """Keep no longer what is there, if it is."""

    async def drop_copies(self, before: datetime) -> int:
        """Drop the copies of the database that we made ourselves before a moment; Return how many."""


@dataclass(frozen=True)
class Watch:
    """What every duty is given: the store, the county, the clock, and who makes papers and fetches files."""

    store: Store
    county: County
    texts: Texts
    clock: Clock
    press: Press
    fetchers: Fetchers
    writes_first: frozenset[str] = field(default=frozenset(), kw_only=True)

    async def perform(self, work: Callable[[Beat], T]) -> T:
        """Do one chunk of a duty in a transaction of its own."""
        return await self.store.perform(partial(self._at_desk, work))

    async def read(self, question: Callable[[Beat], T]) -> T:
        """Ask without writing, so that a beat with nothing to do holds up no message."""
        return await self.store.read(partial(self._at_desk, question))

    def _at_desk(self, work: Callable[[Beat], T], tx: Tx) -> T:
        return work(Beat(tx, self.county, self.texts, self.clock.now(), writes_first=self.writes_first))
