"""Custody (首问责任): who held a problem for how much working time, and how its clock stands now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.calendar import Calendar
from bot.domain.deadlines import Clock, Deadlines, Light, light, working_time_between
from bot.domain.problems import UNSOLVED, State, Urgency


@dataclass(frozen=True, slots=True)
class Span:
    """One person's time with a problem; ``until`` is None while they hold it.

    ``ended`` says how it left them – transferred, returned, closed … – and ``reason`` why.
    """

    generation: int
    person_id: int
    person: str
    unit: str
    since: datetime
    accepted_at: datetime | None = None
    until: datetime | None = None
    ended: str = ""
    reason: str = ""


ENDINGS = frozenset(
    {
        "transferred", "returned", "asked_up", "taken_over", "assigned", "left", "handed_over",
        "directed", "closed", "reopened", "withdrawn", "reclassified",
    }
)  # fmt: skip
"""Every way in which a problem leaves its holder; each has words of its own."""


def held(span: Span, now: datetime, deadlines: Deadlines, calendar: Calendar) -> timedelta:
    """Return the working time somebody has held a problem for."""
    return working_time_between(span.since, span.until or now, deadlines, calendar)


def by_holder(
    spans: Iterable[Span], now: datetime, deadlines: Deadlines, calendar: Calendar
) -> list[tuple[str, timedelta]]:
    """Return each holder's working time in all, in the order in which they first held it."""
    names: dict[int, str] = {}
    times: dict[int, timedelta] = {}
    for span in spans:
        names.setdefault(span.person_id, span.person)
        so_far = times.get(span.person_id, timedelta(0))
        times[span.person_id] = so_far + held(span, now, deadlines, calendar)
    return [(names[person_id], time) for person_id, time in times.items()]


# --- how it stands ----------------------------------------------------------------------


class Clocked(Protocol):
    """What runs against a clock: a problem, or a line of the ledger."""

    @property
    def state(self) -> State:
        """Where it stands."""

    @property
    def urgency(self) -> Urgency:
        """How soon it must be solved."""

    @property
    def began_at(self) -> datetime:
        """When this generation began."""

    @property
    def held_since(self) -> datetime:
        """When its holder got it."""

    @property
    def accept_due(self) -> datetime | None:
        """By when it must be accepted."""

    @property
    def solve_due(self) -> datetime | None:
        """By when it must be solved."""

    @property
    def paused_at(self) -> datetime | None:
        """Since when its clocks stand still."""


def light_of(problem: Clocked, now: datetime, deadlines: Deadlines, calendar: Calendar) -> Light:
    """Return how the clocks stand that run now – to accept and to solve – the worst of them.

    Green where none runs.
    """
    if problem.paused_at is not None or problem.state not in UNSOLVED:
        return Light.GREEN
    clocks = [(Clock.SOLVE, problem.began_at, problem.solve_due)]
    if problem.state is State.WAITING:
        clocks.append((Clock.ACCEPT, problem.held_since, problem.accept_due))
    lights = [
        light(began, due, now, clock, problem.urgency, deadlines, calendar) for clock, began, due in clocks
    ]
    return max(lights, key=list(Light).index)


# --- how long in words ------------------------------------------------------------------

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_MINUTES = 60


def measured(length: timedelta, deadlines: Deadlines) -> tuple[str, float]:
    """Return working time in the unit people would say it in – minutes, hours, days – and how many."""
    if length < _MINUTE:
        return "none", 0
    if (minutes := round(length / _MINUTE)) < _MINUTES:
        return "minutes", minutes
    if length < deadlines.workday:
        return "hours", round(length / _HOUR, 1)
    return "days", round(length / deadlines.workday, 1)
