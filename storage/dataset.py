"""What a table of a paper is made from: named figures, a line for each thing, of some days of a scope."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any, Self, TypeVar

from sqlalchemy import Connection

from bot.domain.blanks import Value
from bot.domain.calendar import year_permille
from bot.domain.county import County
from bot.domain.document import Kind
from bot.domain.ranking import Scorecard, Weights
from bot.domain.scope import Scope
from storage.counted import Counted

Line = Mapping[str, Value]
"""A line by the keys of its figures, and two more: ``key`` names it, ``source`` says whose word it is.

A source is a day and a name; None is the roster, and what was counted from the ledger has an empty one.
Lines of projects have an ``id`` as well, by which more is found.
Where a paper is personal, ``about`` are the ids of those whom the line concerns, with spaces between.
"""

T = TypeVar("T")

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Question:
    """What is asked of a dataset: the days from ``first`` to ``last`` of a scope, as known at ``now``.

    ``before`` is how far the paper of the days before has counted; what came later for those days –
    said in the evening after it was drafted, put right the week after – is of this one, so that papers
    one after the other count everything once. Without it a period has what is of its days.
    ``form`` is the paper that asks; ``by`` and ``weights`` are how a ranking is made, the county's own
    weights if there are none. Where ``shown`` is given, only these figures are: what takes long and is
    not among them is left out.
    """

    scope: Scope
    first: date
    last: date
    county: County
    now: datetime
    form: str = ""
    by: str = "project"
    weights: Weights = ()
    before: Counted | None = None
    shown: frozenset[str] | None = None
    _known: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    def shows(self, *figures: str) -> bool:
        """Tell whether any of some figures is shown."""
        return self.shown is None or not self.shown.isdisjoint(figures)

    def once(self, connection: Connection, read: Callable[[Connection, Self], T]) -> T:
        """Return what several datasets begin with, reading it the first time; it may not hang on the form."""
        key = read, self.before
        if key not in self._known:
            self._known[key] = read(connection, self)
        found: T = self._known[key]
        return found

    @cached_property
    def today(self) -> date:
        """The county's day."""
        return self.county.calendar.day_of(self.now)

    @cached_property
    def until(self) -> date:
        """The last day that can be spoken of: a period that is not over ends today."""
        return min(self.last, self.today)

    @cached_property
    def begins(self) -> datetime:
        """The first moment of the period: when the paper before was drafted, if that was earlier."""
        return min(self.midnight, self.before.at) if self.before else self.midnight

    @cached_property
    def midnight(self) -> datetime:
        """The first moment of its first day."""
        return self.county.calendar.at(self.first, time(0))

    @cached_property
    def ends(self) -> datetime:
        """The first moment after the period."""
        return self.county.calendar.at(self.last + _DAY, time(0))

    @property
    def scorecard(self) -> Scorecard:
        """How this ranking is made."""
        ours = self.county.ranking
        return Scorecard(self.weights, ours.minimum) if self.weights else ours

    @cached_property
    def year_share(self) -> int:
        """The share of the year gone by, in thousandths."""
        return year_permille(self.until)

    def day_of(self, moment: datetime | None) -> str | None:
        """Return the county's day that a moment falls on, as a paper keeps it."""
        return None if moment is None else self.county.calendar.day_of(moment).isoformat()


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that a form may show: its title is the sentence ``figure.<key>``.

    With ``words`` a value is the end of the key of its word: ``ledger.step_`` and ``accept``. A share is
    its first figure ``of`` by its second. One ``of_answering`` is shown, but nothing is put in its order.
    """

    key: str
    kind: Kind
    width: int = 12
    words: str = ""
    of: tuple[str, ...] = ()
    of_answering: bool = False


@dataclass(frozen=True, slots=True)
class Dataset:
    """Lines that a form may make a table of; one ``of_people`` is never sorted or cut short: no rankings.

    One that ``is_ranking`` may be given ``by`` and ``weights``; one ``for_office`` goes to nobody else.
    """

    figures: tuple[Figure, ...]
    lines: Callable[[Connection, Question], Iterable[Line]]
    of_people: bool = False
    is_ranking: bool = False
    for_office: bool = False

    def figure(self, key: str) -> Figure | None:
        """Return the figure with a key."""
        return next((each for each in self.figures if each.key == key), None)
