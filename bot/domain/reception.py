"""企业家接待日 (MISSION row 25): on which days the heads receive enterprises, and until when one may book."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import takewhile

from bot.domain.calendar import Calendar
from bot.domain.rhythm import Rhythm, When

EIGHTH = When("每月8日")

INVITED = timedelta(days=7)
"""So long before, enterprises hear that they may book."""

INVITED_AT, LISTED_AT, RECEIVED_AT, ASKED_AT = time(10, 0), time(15, 0), time(7, 50), time(9, 30)

_LONGEST_GAP = timedelta(days=70)
_NEAR = timedelta(days=14)


class State(StrEnum):
    """What becomes of a booking."""

    BOOKED = "已约"
    CANCELLED = "已取消"
    RECEIVED = "已接待"
    ABSENT = "没来"


@dataclass(frozen=True, slots=True)
class Booking:
    """Who wants to talk about what on which reception day."""

    id: int
    day: date
    person_id: int
    topic: str
    state: State
    problem_id: int | None = None


def days(when: When, after: date, calendar: Calendar) -> Iterator[date]:
    """Yield the reception days after a day; one that is a day off is held on the next working day."""
    rhythm = Rhythm("", when, RECEIVED_AT)
    for occasion in rhythm.occasions(after - _LONGEST_GAP, calendar):
        if (day := calendar.day_of(occasion.at)) > after:
            yield day


@lru_cache(maxsize=4)
def around(when: When, today: date, calendar: Calendar) -> tuple[date, ...]:
    """Return the reception days for which something may be done today; asked at every beat."""
    near = takewhile(lambda day: day <= today + _NEAR, days(when, today - _NEAR, calendar))
    return tuple(near)


def last_day(when: When, today: date, calendar: Calendar) -> date | None:
    """Return the latest reception day up to today."""
    past = takewhile(lambda day: day <= today, days(when, today - _LONGEST_GAP, calendar))
    return max(past, default=None)


def listed_at(day: date, calendar: Calendar) -> datetime:
    """Return when the office gets the list of a reception day: on the working day before it."""
    before = day - timedelta(days=1)
    while not calendar.is_workday(before):
        before -= timedelta(days=1)
    return calendar.at(before, LISTED_AT)


def open_day(when: When, now: datetime, calendar: Calendar) -> date:
    """Return the next reception day that can still be booked."""
    yesterday = calendar.day_of(now) - timedelta(days=1)
    return next(day for day in days(when, yesterday, calendar) if now < listed_at(day, calendar))
