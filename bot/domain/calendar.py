"""Working days as the State Council sets them, with 调休, and the hours people may be disturbed."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property
from zoneinfo import ZoneInfo

import holidays

_WEEKEND = 5
_DECEMBER = 12


@cache
def _official_years(first: int, last: int) -> tuple[frozenset[date], frozenset[date], int]:
    """Return the days off, the make-up working days, and the last year with official 调休.

    ``holidays`` knows the statutory days of every year but the State Council's exchanges
    only of those announced: a year without a single exchange is not announced yet.
    """
    off: set[date] = set()
    work: set[date] = set()
    through = first - 1
    for year in range(first, last + 1):
        known = holidays.country_holidays("CN", years=year)
        exchanged = {day for day in known.weekend_workdays if day.year == year}
        off.update(day for day in known if day.year == year)
        work.update(exchanged)
        if exchanged:
            through = year
    return frozenset(off), frozenset(work), through


def _weekdays_before(day: date) -> int:
    """Return how many Mondays to Fridays come before a day; 1 January of the year 1 was a Monday."""
    weeks, rest = divmod(day.toordinal() - 1, 7)
    return weeks * _WEEKEND + min(rest, _WEEKEND)


def year_permille(day: date) -> int:
    """Return the share of the year gone by when a day is over, in thousandths."""
    days = date(day.year, 12, 31).timetuple().tm_yday
    return day.timetuple().tm_yday * 1000 // days


@dataclass(frozen=True)
class Calendar:
    """The county's days: which are worked, and when the quiet hours are.

    ``extra`` are days worked although the calendar says otherwise, ``removed`` days off
    although it says they are worked (config ``[calendar]``). Days are local to ``zone``.
    """

    zone: ZoneInfo
    extra: frozenset[date] = frozenset()
    removed: frozenset[date] = frozenset()
    quiet_from: time = time(21, 0)
    quiet_until: time = time(7, 30)
    years: tuple[int, int] = field(default=(2020, 2032))

    @property
    def _official(self) -> tuple[frozenset[date], frozenset[date], int]:
        return _official_years(*self.years)

    @property
    def official_through(self) -> int:
        """The last year whose 调休 is known; after it, weekdays are worked and weekends not."""
        return self._official[2]

    def missing_year(self, today: date) -> int | None:
        """Return this year, or from 1 December on the next, if neither State Council nor county set it."""
        years = (today.year, today.year + 1) if today.month == _DECEMBER else (today.year,)
        own = {day.year for day in self.extra | self.removed}
        return next((year for year in years if year > self.official_through and year not in own), None)

    def is_workday(self, day: date) -> bool:
        """Tell whether the county works on a day."""
        if day in self.extra:
            return True
        if day in self.removed:
            return False
        off, work, _ = self._official
        if day in work:
            return True
        return day.weekday() < _WEEKEND and day not in off

    def next_workday(self, day: date) -> date:
        """Return the first working day after a day."""
        return next(self.workdays_after(day))

    def workday_before(self, day: date) -> date:
        """Return the last working day before a day."""
        day -= timedelta(days=1)
        while not self.is_workday(day):
            day -= timedelta(days=1)
        return day

    def workdays_after(self, day: date) -> Iterator[date]:
        """Yield the working days after a day, in order."""
        while True:
            day += timedelta(days=1)
            if self.is_workday(day):
                yield day

    def workdays_between(self, first: date, last: date) -> int:
        """Return how many working days lie between two days, neither of them counted."""
        if last <= first:
            return 0
        worked_weekends, weekdays_off = self._exceptions
        return (
            _weekdays_before(last)
            - _weekdays_before(first + timedelta(days=1))
            + bisect_left(worked_weekends, last)
            - bisect_right(worked_weekends, first)
            - bisect_left(weekdays_off, last)
            + bisect_right(weekdays_off, first)
        )

    @cached_property
    def _exceptions(self) -> tuple[list[date], list[date]]:
        """Return the weekend days worked and the weekdays not, in order."""
        off, work, _ = self._official
        named = sorted(off | work | self.extra | self.removed)
        return (
            [day for day in named if day.weekday() >= _WEEKEND and self.is_workday(day)],
            [day for day in named if day.weekday() < _WEEKEND and not self.is_workday(day)],
        )

    def day_of(self, moment: datetime) -> date:
        """Return the local day a moment falls on."""
        return moment.astimezone(self.zone).date()

    def at(self, day: date, clock: time) -> datetime:
        """Return the moment when the local clock shows a time on a day."""
        return datetime.combine(day, clock, self.zone)

    def is_quiet(self, moment: datetime) -> bool:
        """Tell whether people are not to be disturbed now: quiet hours and days off."""
        local = moment.astimezone(self.zone)
        at = local.time()
        if self.quiet_from > self.quiet_until:
            at_night = at >= self.quiet_from or at < self.quiet_until
        else:
            at_night = self.quiet_from <= at < self.quiet_until
        return at_night or not self.is_workday(local.date())

    def open_after(self, moment: datetime, length: timedelta) -> datetime:
        """Return when people have had a length of time to look at something; days off do not count."""
        whole, rest = divmod(length, timedelta(days=1))
        begun = self.next_open(moment).astimezone(self.zone)
        day = begun.date()
        for _ in range(whole):
            day = self.next_workday(day)
        return self.next_open(self.at(day, begun.time()) + rest)

    def next_open(self, moment: datetime) -> datetime:
        """Return the moment itself, or the next one at which people may be disturbed."""
        if not self.is_quiet(moment):
            return moment
        local = moment.astimezone(self.zone)
        day = local.date()
        if self.is_workday(day) and local.time() < self.quiet_until:
            return self.at(day, self.quiet_until)
        return self.at(self.next_workday(day), self.quiet_until)
