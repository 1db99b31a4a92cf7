"""A visit (走访): a leader on the site of a project, once a week (每周必访)."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from bot.domain.calendar import Calendar
from bot.domain.projects import ProjectClass

BRIEF_AT = time(18, 0)
"""When a leader reads what to know, on the last working day before."""

ASK_AT = time(16, 30)
"""When they are asked, on the day, how it went."""

LIST_WEEKDAY = 3
LIST_AT = time(15, 0)
"""When they see which of their projects nobody has visited this week: on Thursday."""

LIST_UNTIL = time(18, 0)

VISITED_CLASSES = frozenset({ProjectClass.BUILDING, ProjectClass.NEW})
"""The projects that are to be visited every week: those that are built, or begin to be."""


class Outcome(StrEnum):
    """What became of a visit; the values are what people read."""

    WENT = "去了"
    WELL = "正常"
    HARD = "有困难"
    PRESSING = "很着急"
    MOVED = "改天"
    DROPPED = "不去了"


MADE = frozenset({Outcome.WENT, Outcome.WELL, Outcome.HARD, Outcome.PRESSING})
"""The outcomes of a visit that took place."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit of a leader to a project on a day; without an outcome it is still to come, or to be told of."""

    id: int
    project_id: int
    person_id: int
    day: date
    outcome: Outcome | None = None
    note: str = ""
    done_at: datetime | None = None

    @property
    def was_made(self) -> bool:
        """Whether somebody was there."""
        return self.outcome in MADE

    @property
    def origin(self) -> str:
        """How a task is marked that was promised there."""
        return f"visit:{self.id}"


def brief_at(day: date, calendar: Calendar) -> datetime:
    """Return when the brief of a visit is due: 18:00 of the last working day before it."""
    before = day - timedelta(days=1)
    while not calendar.is_workday(before):
        before -= timedelta(days=1)
    return calendar.at(before, BRIEF_AT)


def list_day(monday: date, calendar: Calendar) -> date | None:
    """Return on which day leaders see what is not visited: Thursday, or the last working day before it.

    None in a week in which nobody has worked by then.
    """
    days = (monday + timedelta(days=each) for each in range(LIST_WEEKDAY, -1, -1))
    return next((day for day in days if calendar.is_workday(day)), None)
