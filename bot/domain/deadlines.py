"""By when a problem must be accepted, answered and solved (preset 13710, MISSION)."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from bot.domain.calendar import Calendar
from bot.domain.problems import Urgency


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each step may take; ``accept`` is working time, the others are calendar days."""

    accept: timedelta = timedelta(hours=4)
    feedback: timedelta = timedelta(days=3)
    ordinary: timedelta = timedelta(days=7)
    complex: timedelta = timedelta(days=30)
    office_from: time = time(8, 30)
    office_until: time = time(18, 0)


@dataclass(frozen=True, slots=True)
class Dues:
    """The three moments at which the three clocks of a problem run out."""

    accept: datetime
    feedback: datetime
    solve: datetime


def dues(urgency: Urgency, opened_at: datetime, deadlines: Deadlines, calendar: Calendar) -> Dues:
    """Return when a problem opened at a moment is due.

    A length in days ends with the working day it falls on, or the next one: nobody owes
    anything on a Sunday. A problem of the day is due today, even on one.
    """
    accept = working_time_after(opened_at, deadlines.accept, deadlines, calendar)
    if urgency is Urgency.TODAY:
        midnight = calendar.at(calendar.day_of(opened_at) + timedelta(days=1), time(0))
        return Dues(min(accept, midnight), midnight, midnight)
    length = deadlines.complex if urgency is Urgency.COMPLEX else deadlines.ordinary
    return Dues(
        accept,
        _end_of_day_after(opened_at, deadlines.feedback, deadlines, calendar),
        _end_of_day_after(opened_at, length, deadlines, calendar),
    )


def _end_of_day_after(
    moment: datetime, length: timedelta, deadlines: Deadlines, calendar: Calendar
) -> datetime:
    day = calendar.day_of(moment + length)
    if not calendar.is_workday(day):
        day = calendar.next_workday(day)
    return calendar.at(day, deadlines.office_until)


def working_time_after(
    moment: datetime, length: timedelta, deadlines: Deadlines, calendar: Calendar
) -> datetime:
    """Return the moment at which a length of office hours has passed since another."""
    day = calendar.day_of(moment)
    while True:
        if calendar.is_workday(day):
            opens = max(moment, calendar.at(day, deadlines.office_from))
            closes = calendar.at(day, deadlines.office_until)
            if opens < closes:
                if length <= closes - opens:
                    return opens + length
                length -= closes - opens
        day += timedelta(days=1)
