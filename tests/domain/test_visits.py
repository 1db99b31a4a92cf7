"""When a leader hears of a visit: the working evening before, and on Thursday of what is left."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from bot.domain.calendar import Calendar
from bot.domain.visits import brief_at, list_day

CALENDAR = Calendar(ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("day", "evening"),
    [
        (date(2026, 11, 26), date(2026, 11, 25)),
        (date(2026, 11, 30), date(2026, 11, 27)),
        (date(2026, 11, 29), date(2026, 11, 27)),
        # Wednesday after 国庆: the last working day is the one before the holiday.
        (date(2026, 10, 8), date(2026, 9, 30)),
    ],
)
def test_the_brief_comes_at_six_of_the_last_working_day_before(day: date, evening: date) -> None:
    at = brief_at(day, CALENDAR)

    assert (CALENDAR.day_of(at), at.hour) == (evening, 18)


@pytest.mark.parametrize(
    ("monday", "removed", "day"),
    [
        (date(2026, 11, 23), [], date(2026, 11, 26)),
        (date(2026, 11, 23), [26], date(2026, 11, 25)),
        (date(2026, 11, 23), [24, 25, 26], date(2026, 11, 23)),
        (date(2026, 11, 23), [23, 24, 25, 26], None),
        (date(2026, 11, 23), [23, 24, 25, 26, 27], None),
    ],
)
def test_the_list_comes_on_thursday_or_the_last_working_day_before(
    monday: date, removed: list[int], day: date | None
) -> None:
    calendar = Calendar(CALENDAR.zone, removed=frozenset(monday.replace(day=each) for each in removed))

    assert list_day(monday, calendar) == day
