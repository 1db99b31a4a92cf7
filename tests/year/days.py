"""The working days and the timetable of a year, written down and counted by themselves.

From the State Council's notices (2026) and, where none is out (2027), the statutory days alone, those on
a weekend made good after it: nothing here asks the calendar of the bot.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta, timezone

CST = timezone(timedelta(hours=8))
_DAY = timedelta(days=1)


def _days(text: str) -> frozenset[date]:
    found: set[date] = set()
    for part in text.split():
        first, _, last = part.partition("..")
        day, end = date.fromisoformat(first), date.fromisoformat(last or first)
        while day <= end:
            found.add(day)
            day += _DAY
    return frozenset(found)


OFF = _days(
    "2026-01-01..2026-01-03 2026-02-15..2026-02-23 2026-04-04..2026-04-06 2026-05-01..2026-05-05 "
    "2026-06-19..2026-06-21 2026-09-25..2026-09-27 2026-10-01..2026-10-07 "
    "2027-01-01 2027-02-05..2027-02-10 2027-04-05 2027-05-01..2027-05-04 2027-06-09 "
    "2027-09-15 2027-10-01..2027-10-05"
)
MADE_UP = _days("2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10")
"""Weekend days that are worked."""

TIMETABLE: tuple[tuple[str, str, str], ...] = (
    ("要件检查", "mon", "09:30"),
    ("预警", "fri", "10:00"),
    ("负担", "month-end", "16:30"),
    ("旬督查表", "tens", "18:00"),
    ("月会商", "25th", "18:00"),
    ("季考评", "quarter", "18:00"),
    ("流动红旗", "quarter", "18:00"),
    ("半月要账", "half-month", "18:00"),
    # 一排名 of every half month, and 月评比.
    ("项目排名", "half-month", "18:00"),
    ("项目排名", "month-end", "18:00"),
    ("周调度表", "fri", "18:00"),
    ("半年述职", "half-year", "18:00"),
)
"""When each paper of the presets comes, as the county's documents say (五每, 半月, 周月季, 述职)."""


def works(day: date) -> bool:
    """Tell whether a day is worked."""
    return day in MADE_UP or (day.weekday() < 5 and day not in OFF)


def next_worked(day: date) -> date:
    """Return the day itself if it is worked, or the first after it that is."""
    while not works(day):
        day += _DAY
    return day


def _ends_month(day: date) -> bool:
    return (day + _DAY).month != day.month


_FALLS: dict[str, Callable[[date], bool]] = {
    "mon": lambda day: day.weekday() == 0,
    "fri": lambda day: day.weekday() == 4,
    "tens": lambda day: day.day in (10, 20) or _ends_month(day),
    "25th": lambda day: day.day == 25,
    "month-end": _ends_month,
    "half-month": lambda day: day.day == 15 or _ends_month(day),
    "quarter": lambda day: _ends_month(day) and day.month in (3, 6, 9, 12),
    "half-year": lambda day: _ends_month(day) and day.month in (6, 12),
}


def due(begin: datetime, end: datetime) -> Iterator[tuple[str, date, date, datetime]]:
    """Yield what the timetable asks for: paper, first day, last day, when it is drafted."""
    for paper, rule, at in TIMETABLE:
        falls = _FALLS[rule]
        day = begin.date() - timedelta(days=400)
        before = day
        while day <= end.date():
            if falls(day):
                drafted = datetime.combine(next_worked(day), time.fromisoformat(at), CST)
                if begin < drafted <= end:
                    yield paper, before + _DAY, day, drafted
                before = day
            day += _DAY
