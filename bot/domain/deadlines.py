"""By when a problem must be accepted, answered and solved (preset 13710, MISSION), and how late it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum, StrEnum
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

from bot.domain.calendar import Calendar
from bot.domain.problems import Urgency

_DAY = timedelta(days=1)
_NOTHING = timedelta(0)


class Clock(StrEnum):
    """What is waited for; the values are what people write in the settings."""

    ACCEPT = "accept"
    FEEDBACK = "feedback"
    SOLVE = "solve"


class Light(Enum):
    """How a clock stands; the values are shown, always with a word beside them."""

    GREEN = "🟢"
    YELLOW = "🟡"
    RED = "🔴"


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each step may take, and which of the clocks stand still while the office is closed."""

    accept: timedelta = timedelta(hours=4)
    feedback: timedelta = timedelta(days=3)
    ordinary: timedelta = timedelta(days=7)
    complex: timedelta = timedelta(days=30)
    office_from: time = time(8, 30)
    office_until: time = time(18, 0)
    working: frozenset[Clock] = frozenset({Clock.ACCEPT})

    @property
    def workday(self) -> timedelta:
        """The office hours of one day."""
        return _on_the_dial(self.office_until) - _on_the_dial(self.office_from)


@dataclass(frozen=True, slots=True)
class Dues:
    """The three moments at which the three clocks of a problem run out."""

    accept: datetime
    feedback: datetime
    solve: datetime


def dues(urgency: Urgency, opened_at: datetime, deadlines: Deadlines, calendar: Calendar) -> Dues:
    """Return when a problem opened at a moment is due; one of the day is due today, even on a Sunday."""
    if urgency is Urgency.TODAY:
        midnight = _moment(calendar, calendar.day_of(opened_at) + _DAY, time(0))
        return Dues(min(opened_at.astimezone(UTC) + deadlines.accept, midnight), midnight, midnight)
    solve = deadlines.complex if urgency is Urgency.COMPLEX else deadlines.ordinary
    return Dues(
        _due(Clock.ACCEPT, deadlines.accept, opened_at, deadlines, calendar),
        _due(Clock.FEEDBACK, deadlines.feedback, opened_at, deadlines, calendar),
        _due(Clock.SOLVE, solve, opened_at, deadlines, calendar),
    )


def _due(
    clock: Clock, length: timedelta, opened_at: datetime, deadlines: Deadlines, calendar: Calendar
) -> datetime:
    """Return when a clock runs out; whole days end with a working day: nobody owes anything on a Sunday."""
    in_whole_days = length % _DAY == _NOTHING
    opened_on = calendar.day_of(opened_at)
    match clock in deadlines.working, in_whole_days:
        case True, True:
            last = next(islice(calendar.workdays_after(opened_on), length.days - 1, None))
            return _moment(calendar, last, deadlines.office_until)
        case True, False:
            return working_time_after(opened_at, length, deadlines, calendar)
        case False, True:
            return _close_of(opened_on + length, deadlines, calendar)
        case _:
            return opened_at.astimezone(UTC) + length


def shifted(due: datetime, by: timedelta, deadlines: Deadlines, calendar: Calendar) -> datetime:
    """Return a deadline moved by the time its clock stood still; it never comes to lie on a day off."""
    if by <= _NOTHING:
        return due
    later = due.astimezone(UTC) + by
    day = calendar.day_of(later)
    return later if calendar.is_workday(day) else _close_of(day, deadlines, calendar)


def working_time_after(
    moment: datetime, length: timedelta, deadlines: Deadlines, calendar: Calendar
) -> datetime:
    """Return the moment at which a length of office hours has passed since another."""
    if length <= _NOTHING:
        return moment
    for opens, closes in _office_hours_from(moment, deadlines, calendar):
        if length <= closes - opens:
            return opens + length
        length -= closes - opens
    raise AssertionError  # pragma: no cover -- there is always another working day


def working_time_between(
    start: datetime, end: datetime, deadlines: Deadlines, calendar: Calendar
) -> timedelta:
    """Return how much of the time between two moments were office hours; backwards, none."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    first, last = calendar.day_of(start), calendar.day_of(end)
    passed = _NOTHING
    for day in {first, last}:
        if calendar.is_workday(day):
            opens, closes = _office_hours(day, deadlines, calendar)
            passed += max(_NOTHING, min(closes, end) - max(opens, start))
    return passed + _whole_days(first, last, deadlines, calendar)


def light(
    began: datetime,
    due: datetime | None,
    now: datetime,
    clock: Clock,
    urgency: Urgency,
    deadlines: Deadlines,
    calendar: Calendar,
) -> Light:
    """Return how a clock stands: in time, in the last quarter of its time, or overdue."""
    if due is None:
        return Light.GREEN
    began, due, now = (each.astimezone(UTC) for each in (began, due, now))
    if now >= due:
        return Light.RED
    if clock in deadlines.working and urgency is not Urgency.TODAY:
        given = working_time_between(began, due, deadlines, calendar)
        left = working_time_between(now, due, deadlines, calendar)
    else:
        given, left = due - began, due - now
    return Light.YELLOW if left * 4 <= given else Light.GREEN


# --- days and hours, in UTC: the same moment may have two names on a clock that is changed ------


def _moment(calendar: Calendar, day: date, clock: time) -> datetime:
    return calendar.at(day, clock).astimezone(UTC)


def _close_of(day: date, deadlines: Deadlines, calendar: Calendar) -> datetime:
    """Return when the office closes on a day, or on the next working one."""
    worked = day if calendar.is_workday(day) else calendar.next_workday(day)
    return _moment(calendar, worked, deadlines.office_until)


def _office_hours(day: date, deadlines: Deadlines, calendar: Calendar) -> tuple[datetime, datetime]:
    return (
        _moment(calendar, day, deadlines.office_from),
        _moment(calendar, day, deadlines.office_until),
    )


def _office_hours_from(
    moment: datetime, deadlines: Deadlines, calendar: Calendar
) -> Iterator[tuple[datetime, datetime]]:
    """Yield from when until when the office is open, working day after working day, from a moment on."""
    moment = moment.astimezone(UTC)
    for day in calendar.workdays_after(calendar.day_of(moment) - _DAY):
        opens, closes = _office_hours(day, deadlines, calendar)
        if max(opens, moment) < closes:
            yield max(opens, moment), closes


def _whole_days(first: date, last: date, deadlines: Deadlines, calendar: Calendar) -> timedelta:
    """Return the office hours of the days between two days: so many times a day, no day looked at."""
    hours = deadlines.workday
    total = hours * calendar.workdays_between(first, last)
    for year in range(first.year, last.year + 1):
        for day, length in _odd_days(year, deadlines.office_from, deadlines.office_until, calendar.zone):
            if first < day < last and calendar.is_workday(day):
                total += length - hours
    return total


@lru_cache(maxsize=256)
def _odd_days(
    year: int, office_from: time, office_until: time, zone: ZoneInfo
) -> tuple[tuple[date, timedelta], ...]:
    """Return the days of a year on which the clock is changed in office hours, and how long those are."""
    hours = _on_the_dial(office_until) - _on_the_dial(office_from)
    found = []
    day = date(year, 1, 1)
    while day.year == year:
        opens, closes = (
            datetime.combine(day, clock, zone).astimezone(UTC) for clock in (office_from, office_until)
        )
        if closes - opens != hours:
            found.append((day, max(_NOTHING, closes - opens)))
        day += _DAY
    return tuple(found)


def _on_the_dial(clock: time) -> timedelta:
    return datetime.combine(date.min, clock) - datetime.combine(date.min, time(0))
