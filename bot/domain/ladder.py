"""Who hears of a problem that is late, one rung after the other (DESIGN §3, MISSION rows 18, 22, 23)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.calendar import Calendar
from bot.domain.deadlines import Deadlines, working_time_after
from bot.domain.problems import Problem, State, Urgency


class Wait(StrEnum):
    """What a problem waits for; each has a clock and a ladder of its own."""

    ACCEPT = "accept"
    FEEDBACK = "feedback"
    SOLVE = "solve"
    CONFIRM = "confirm"
    ANSWER = "answer"


class Ear(StrEnum):
    """Who may hear of it."""

    HOLDER = "holder"
    LEAD = "lead"
    OFFICE = "office"
    DEPUTY_HEAD = "deputy_head"
    HEAD = "head"
    CONFIRMER = "confirmer"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Rung:
    """One step up: on which clock, the how manieth, who hears of it, how long after the one before.

    The time is counted in ``step`` lengths (of `Climbing`) or in working ``days``; the first rung of a
    clock that has a deadline comes with it.
    """

    wait: Wait
    number: int
    ears: tuple[Ear, ...]
    steps: int = 0
    days: int = 0

    @property
    def name(self) -> str:
        """How it is stored, and the key of its sentence: ``accept_2``."""
        return f"{self.wait}_{self.number}"


_HOLDER_AND_LEAD = (Ear.HOLDER, Ear.LEAD)
_ASKED = (Ear.CONFIRMER, Ear.OWNER)
RUNGS = (
    Rung(Wait.ACCEPT, 1, (Ear.HOLDER,)),
    Rung(Wait.ACCEPT, 2, (Ear.LEAD,), steps=1),
    Rung(Wait.ACCEPT, 3, (Ear.OFFICE,), steps=1),
    Rung(Wait.FEEDBACK, 1, (Ear.HOLDER,)),
    Rung(Wait.FEEDBACK, 2, (Ear.LEAD,), days=1),
    Rung(Wait.SOLVE, 1, _HOLDER_AND_LEAD),
    Rung(Wait.SOLVE, 2, (Ear.OFFICE,), days=1),
    Rung(Wait.SOLVE, 3, (Ear.DEPUTY_HEAD,), days=2),
    Rung(Wait.SOLVE, 4, (Ear.HEAD,), days=3),
    Rung(Wait.CONFIRM, 1, _ASKED, days=3),
    Rung(Wait.CONFIRM, 2, (Ear.OFFICE,), days=2),
    Rung(Wait.ANSWER, 1, (Ear.CONFIRMER,), days=1),
    Rung(Wait.ANSWER, 2, (Ear.HOLDER, Ear.LEAD), days=2),
)
"""The whole ladder; the heads hear by themselves only where the county lets it climb (``[escalation]``)."""

BY_NAME = {rung.name: rung for rung in RUNGS}

_AUTOMATIC = frozenset({Ear.DEPUTY_HEAD, Ear.HEAD})
DOSSIERS = frozenset(rung.name for rung in RUNGS if _AUTOMATIC.intersection(rung.ears))
"""The rungs on which the heads read a dossier, not a card."""

_STEP_TODAY = timedelta(hours=1)
_LONGEST_GRACE = timedelta(hours=2)

OFFICE_DECIDES = 2
"""The rung of the clock to confirm from which on the office may confirm in the reporter's place."""


@dataclass(frozen=True, slots=True)
class Climbing:
    """How a county climbs: its calendar, the working time of a step, and whether up to the heads."""

    deadlines: Deadlines
    calendar: Calendar
    step: timedelta
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class Climb:
    """The rung that comes next, and when."""

    rung: Rung
    at: datetime


def near_wait(problem: Problem) -> Wait | None:
    """Return what a problem waits for now, apart from being solved."""
    if problem.paused_at is not None:
        return Wait.ANSWER
    if problem.state is State.WAITING:
        return Wait.ACCEPT
    if problem.state is State.CONFIRMING:
        return Wait.CONFIRM
    # The word that is due once, after it was accepted and before the end: what others said before does
    # not count, and a problem of the day needs none besides its solution.
    said, accepted = problem.feedback_at, problem.accepted_at
    is_silent = said is None or (accepted is not None and said < accepted)
    is_owed = is_silent and problem.feedback_due != problem.solve_due
    return Wait.FEEDBACK if problem.state is State.WORKING and is_owed else None


def climbed(problem: Problem, rung: Rung, now: datetime) -> Problem:
    """Return a problem as it stands once a rung of its ladder is climbed."""
    is_late = rung.wait is Wait.SOLVE
    return replace(
        problem,
        level=problem.level + 1,
        step=problem.step if is_late else rung.number,
        late_step=rung.number if is_late else problem.late_step,
        rung_at=now,
        snoozed_until=None,
    )


def next_climb(problem: Problem, heard: Iterable[Ear], climbing: Climbing) -> Climb | None:
    """Return the next rung of a problem, None when nobody is left to tell.

    ``heard`` are the ears that somebody listens with; a rung that nobody would hear of is left out.
    Rungs come one at a time: after down time the next one waits for a grace of a quarter of its step,
    two hours at most (FAULTS D4). Outside quiet hours only, unless it is 当天.
    """
    listening = frozenset(heard) - (frozenset() if climbing.automatic else _AUTOMATIC)
    return min(_candidates(problem, listening, climbing), key=lambda climb: climb.at, default=None)


def _candidates(problem: Problem, heard: frozenset[Ear], climbing: Climbing) -> Iterator[Climb]:
    near = near_wait(problem)
    waits = [(near, problem.step)] if near else []
    if problem.is_unsolved and problem.paused_at is None:
        waits.append((Wait.SOLVE, problem.late_step))
    for wait, climbed in waits:
        rungs = [rung for rung in RUNGS if rung.wait is wait and heard.intersection(rung.ears)]
        coming = next((rung for rung in rungs if rung.number > climbed), None)
        base = _base(problem, wait)
        if coming is not None and base is not None:
            yield Climb(coming, _moment(problem, base, rungs[: rungs.index(coming) + 1], climbing))


def _base(problem: Problem, wait: Wait) -> datetime | None:
    return {
        Wait.ACCEPT: problem.accept_due,
        Wait.FEEDBACK: problem.feedback_due,
        Wait.SOLVE: problem.solve_due,
        Wait.CONFIRM: problem.solved_at,
        Wait.ANSWER: problem.paused_at,
    }[wait]


def _moment(problem: Problem, base: datetime, rungs: list[Rung], climbing: Climbing) -> datetime:
    """Return when the last of some rungs comes: each its length after the one before it."""
    is_today = problem.urgency is Urgency.TODAY
    moment, before = base, base
    for rung in rungs:
        moment, before = _after(moment, rung, climbing, is_today=is_today), moment
    if problem.rung_at is not None:
        length = moment - before
        if not length and moment <= problem.rung_at:
            # The first rung of another clock, late as well: it waits like any second one.
            length = _STEP_TODAY if is_today else climbing.step
        moment = max(moment, problem.rung_at + min(_LONGEST_GRACE, length / 4))
    if problem.snoozed_until is not None:
        moment = max(moment, problem.snoozed_until)
    return moment if is_today else climbing.calendar.next_open(moment)


def _after(moment: datetime, rung: Rung, climbing: Climbing, *, is_today: bool) -> datetime:
    if is_today and (rung.steps or rung.wait is Wait.SOLVE):
        return moment + _STEP_TODAY * (rung.steps or rung.days)
    hours = climbing.deadlines
    length = climbing.step * rung.steps + hours.workday * rung.days
    return working_time_after(moment, length, hours, climbing.calendar) if length else moment
