"""The county's rhythms: which paper is drafted when, of which days, for whom (MISSION rows 8-16).

A rhythm names days of the calendar; what falls on a day off moves to a working day. A paper is of
the days since the one before: 每旬 covers the 1st to the 10th, 每周五 Saturday to Friday.
"""

import calendar as months
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from typing import Self

from bot.domain.calendar import Calendar

_DAY = timedelta(days=1)
_LONGEST = 400
"""Days; every rhythm that fires at all fires within these."""

_WORKDAYS = "每个工作日"
_WEEKDAYS = "一二三四五六日"
_SHORTEST_MONTH = 28
_HALF = 15
_QUARTER, _HALF_YEAR, _YEAR = 3, 6, 12


class Shift(StrEnum):
    """What happens to a paper whose day is a day off; the values are what people write in the settings."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class When:
    """The days of a rhythm; ``words`` are as people write them: 每旬, 每周五, 每月8日."""

    words: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the days of a rhythm; raise ValueError with the cure if there are none such."""
        words = "".join(text.split()).replace("天", "日")
        _rule(words)
        return cls(words)

    @property
    def by_workdays(self) -> bool:
        """Whether every working day has a paper of its own."""
        return self.words == _WORKDAYS

    def falls_on(self, day: date) -> bool:
        """Tell whether a day is named."""
        return _rule(self.words)(day)


@dataclass(frozen=True, slots=True)
class Occasion:
    """One time that a rhythm comes round: the paper of ``first`` to ``last``, drafted at ``at``.

    ``named`` is the day of the calendar that it is the paper of, where that is not the last.
    """

    first: date
    last: date
    at: datetime
    named: date | None = None

    @property
    def day(self) -> date:
        """The day by which a rhythm counts how far it has come."""
        return self.named or self.last


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A line of the timetable: the paper, its days, its hour, of what, for whom.

    ``to`` names roles, or 群 for the groups of the scope; ``hold`` is how long a released paper
    stands open to objections before it is posted. A campaign (百日攻坚) has a first and a last day.
    """

    paper: str
    when: When
    at: time = time(16, 0)
    scope: str = "全县"
    to: tuple[str, ...] = ("群",)
    shift: Shift = Shift.AFTER
    hold: timedelta = timedelta(0)
    since: date | None = None
    until: date | None = None

    @property
    def key(self) -> str:
        """What names it for ever, in whatever order the timetable is written."""
        return f"{self.paper}:{self.scope}:{self.when.words}"

    def with_shift(self, shift: Shift) -> Self:
        """Return the line as a county that shifts so has it."""
        return replace(self, shift=shift)

    def days(self, after: date) -> Iterator[date]:
        """Yield the days named after a day, days off as they are, within a campaign if it is one."""
        day = max(after, self.since - _DAY) if self.since else after
        quiet = 0
        while quiet < _LONGEST:
            day += _DAY
            if self.until is not None and day > self.until:
                return
            quiet += 1
            if self.when.falls_on(day):
                yield day
                quiet = 0

    def day_before(self, day: date) -> date:
        """Return the last day named before a day; nothing is older than the campaign."""
        for back in range(1, _LONGEST):
            earlier = day - timedelta(days=back)
            if self.when.falls_on(earlier) or (self.since and earlier < self.since):
                return earlier
        return day - timedelta(days=_LONGEST)

    def occasion(self, day: date, calendar: Calendar) -> Occasion | None:
        """Return the occasion of a named day; None where a paper of working days has a day off."""
        works = calendar.is_workday(day)
        if self.when.by_workdays:
            return Occasion(day, day, calendar.at(day, self.at)) if works else None
        before = self.day_before(day)
        if self.shift is Shift.AFTER:
            drafted = day if works else calendar.next_workday(day)
            return Occasion(before + _DAY, day, calendar.at(drafted, self.at))
        # Drafted before its day, a paper ends with the day it is drafted on: the rest is the next one's.
        last, first = (_last_worked(each, calendar) for each in (day, before))
        return Occasion(first + _DAY, last, calendar.at(last, self.at), named=day)

    def occasions(self, after: date, calendar: Calendar) -> Iterator[Occasion]:
        """Yield the occasions of the days named after a day, in order."""
        for day in self.days(after):
            if occasion := self.occasion(day, calendar):
                yield occasion

    def days_left(self, day: date) -> int | None:
        """Return how many days of a campaign are left after a day; None if it is none."""
        return (self.until - day).days if self.until else None


def _last_worked(day: date, calendar: Calendar) -> date:
    """Return a day, or the last working day before it."""
    while not calendar.is_workday(day):
        day -= _DAY
    return day


@cache
def _rule(words: str) -> Callable[[date], bool]:
    """Return what tells the days of a rhythm; raise ValueError if its words name none."""
    if words == _WORKDAYS:
        return lambda _day: True
    if found := re.fullmatch(f"每周([{_WEEKDAYS}])", words):
        at = _WEEKDAYS.index(found[1])
        return lambda day: day.weekday() == at
    if found := re.fullmatch(r"每月(\d{1,2})日", words):
        return _monthly(int(found[1]))
    if found := re.fullmatch(r"每年(\d{1,2})月(\d{1,2})日", words):
        return _yearly(int(found[1]), int(found[2]))
    if words in _ENDS:
        return _ENDS[words]
    choices = "、".join([_WORKDAYS, "每周五", "每月8日", "每年3月1日", *_ENDS])
    raise ValueError(f"{words!r} names no days; write one of {choices}")


def _monthly(number: int) -> Callable[[date], bool]:
    if not 1 <= number <= _SHORTEST_MONTH:
        raise ValueError(f"每月{number}日 does not come every month; write a day up to 28, or 每月末")
    return lambda day: day.day == number


def _yearly(month: int, number: int) -> Callable[[date], bool]:
    common_year = 2023
    if not 1 <= month <= _YEAR or not 1 <= number <= months.monthrange(common_year, month)[1]:
        raise ValueError(f"每年{month}月{number}日 does not come every year; write a day that does")
    return lambda day: (day.month, day.day) == (month, number)


def _ends_month(day: date) -> bool:
    return (day + _DAY).day == 1


def _ends(length: int) -> Callable[[date], bool]:
    return lambda day: day.month % length == 0 and _ends_month(day)


_ENDS: dict[str, Callable[[date], bool]] = {
    "每旬": lambda day: day.day in {10, 20} or _ends_month(day),
    "每半月": lambda day: day.day == _HALF or _ends_month(day),
    "每月末": _ends_month,
    "每季末": _ends(_QUARTER),
    "每半年末": _ends(_HALF_YEAR),
    "每年末": _ends(_YEAR),
}
