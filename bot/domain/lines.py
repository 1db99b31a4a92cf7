"""The lines of the county's papers: a project's week, a problem, a daily report."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.domain.custody import Span
from bot.domain.deadlines import Light
from bot.domain.problems import OPEN, State, Urgency
from bot.domain.progress import Kind
from bot.domain.projects import Project, Stage
from bot.domain.week import Week


class Pace(StrEnum):
    """How a project's share of the yearly plan compares with the share of the year gone by."""

    ON_TIME = "on_time"
    CLOSE = "close"
    BEHIND = "behind"


CLOSE_PERMILLE = 100
"""Ten points behind the time of the year still counts as close."""


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """One project's week; money is in hundredths of 万元, and of this year.

    The figures *before* are those at the start of the week, counted in the same year: in the week of
    1 January they are zero, and ``old_year`` is what was invested in its days before. ``last_progress`` is
    the last day on which progress was reported, in words or in figures. One that is not ``paced`` is only
    being talked about, or begins later: it cannot be behind.
    """

    number: str
    name: str
    place: str
    industry: str
    lead_leader: str
    unit: str
    stage: Stage
    planned: int
    cumulative: int
    cumulative_before: int
    permille: int
    permille_before: int
    answered_days: int
    asked_days: int
    last_text: str = ""
    last_progress: date | None = None
    old_year: int = 0
    paced: bool = True

    @property
    def invested(self) -> int:
        """What was invested this week; negative when a figure was corrected."""
        return self.old_year + self.cumulative - self.cumulative_before

    @property
    def advanced(self) -> int:
        """How far the visible progress came this week, in thousandths."""
        return self.permille - self.permille_before

    @property
    def plan_permille(self) -> int | None:
        """How much of the year's plan is done, in thousandths; None without a plan."""
        return self.cumulative * 1000 // self.planned if self.planned else None

    def has_moved(self, week: Week) -> bool:
        """Tell whether anything was built, spent or otherwise brought forward this week."""
        reported = self.last_progress is not None and self.last_progress in week
        return reported or self.invested > 0 or self.advanced > 0

    def pace(self, year_permille: int) -> Pace | None:
        """Compare the plan with the time of the year; None without a plan, or a duty to keep to it."""
        done = self.plan_permille
        if done is None or not self.paced:
            return None
        if done >= year_permille:
            return Pace.ON_TIME
        return Pace.CLOSE if done >= year_permille - CLOSE_PERMILLE else Pace.BEHIND


class Step(StrEnum):
    """What an open problem waits for; the values are the keys of its words, which name nobody."""

    ACCEPT = "accept"
    WORK = "work"
    CONFIRM = "confirm"
    ANSWER = "answer"
    DECISION = "decision"
    EXTENSION = "extension"


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """One problem of a ledger; ``first_due`` is its deadline before any 延期, ``level`` the rungs climbed."""

    number: str
    project_number: str
    project: str
    category: str
    text: str
    urgency: Urgency
    state: State
    place: str
    lead_leader: str
    holder: str
    holder_unit: str
    opened_at: datetime
    light: Light = Light.GREEN
    generation: int = 1
    reporter_unit: str = ""
    accepted_at: datetime | None = None
    solve_due: datetime | None = None
    closed_at: datetime | None = None
    first_due: datetime | None = None
    extensions: int = 0
    snoozes: int = 0
    level: int = 0
    step: Step | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether somebody still owes something."""
        return self.state in OPEN

    @property
    def overdue(self) -> bool:
        """Tell whether the clock that runs now has run out."""
        return self.is_open and self.light is Light.RED


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of the custody of a problem; ``held`` is working time."""

    number: str
    project: str
    span: Span
    held: timedelta


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One daily report; ``entered_by`` names who wrote it down for the liaison, if anybody did."""

    day: date
    project_number: str
    project: str
    place: str
    kind: Kind
    text: str
    permille: int
    cumulative: int
    person: str
    person_unit: str
    at: datetime
    entered_by: str = ""


@dataclass(frozen=True, slots=True)
class ProjectRecord:
    """One project with everything the county keeps of it, and who answers for it now."""

    project: Project
    lead_leader: str = ""
    liaisons: tuple[str, ...] = ()
