"""On which day the heads receive enterprises, and until when it can be booked."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.calendar import Calendar
from bot.domain.reception import EIGHTH, last_day, listed_at, open_day

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = Calendar(ZONE)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-11-23 09:00", date(2026, 12, 8)),
        ("2026-12-07 14:59", date(2026, 12, 8)),
        ("2026-12-07 15:00", date(2027, 1, 8)),
        ("2026-12-08 09:00", date(2027, 1, 8)),
        # 8 November 2026 is a Sunday: received on Monday, listed on Friday.
        ("2026-11-06 14:59", date(2026, 11, 9)),
        ("2026-11-06 15:00", date(2026, 12, 8)),
        # 1 to 8 October 2026 are days off, but for the 8th.
        ("2026-09-29 09:00", date(2026, 10, 8)),
        ("2026-02-08 10:00", date(2026, 3, 9)),
    ],
)
def test_a_day_is_open_until_the_office_has_its_list(now: str, day: date) -> None:
    assert open_day(EIGHTH, datetime.fromisoformat(now).replace(tzinfo=ZONE), CALENDAR) == day


@pytest.mark.parametrize(
    ("today", "day"),
    [
        (date(2026, 12, 7), date(2026, 11, 9)),
        (date(2026, 12, 8), date(2026, 12, 8)),
        (date(2026, 11, 8), date(2026, 10, 8)),
    ],
)
def test_what_is_entered_belongs_to_the_last_reception_day(today: date, day: date) -> None:
    assert last_day(EIGHTH, today, CALENDAR) == day


def test_the_list_comes_on_the_working_day_before() -> None:
    assert listed_at(date(2026, 11, 9), CALENDAR) == datetime(2026, 11, 6, 15, tzinfo=ZONE)
