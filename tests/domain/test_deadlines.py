"""By when a problem must be accepted, answered and solved."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.calendar import Calendar
from bot.domain.deadlines import Deadlines, dues, working_time_after
from bot.domain.problems import Urgency

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = Calendar(ZONE)
PRESET = Deadlines()


def at(day: str, clock: str = "00:00") -> datetime:
    return datetime.fromisoformat(f"2026-{day}T{clock}").replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("opened", "accept"),
    [
        (at("11-23", "09:12"), at("11-23", "13:12")),
        (at("11-23", "07:00"), at("11-23", "12:30")),  # the office opens at half past eight
        (at("11-23", "14:00"), at("11-23", "18:00")),  # to the minute
        (at("11-23", "16:00"), at("11-24", "10:30")),  # two hours today, two tomorrow
        (at("11-23", "18:00"), at("11-24", "12:30")),  # closed
        (at("11-27", "17:00"), at("11-30", "11:30")),  # a weekend between
        (at("11-28", "10:00"), at("11-30", "12:30")),  # reported on a Saturday
        (at("09-30", "17:00"), at("10-08", "11:30")),  # the National Day week between
        (at("10-10", "09:00"), at("10-10", "13:00")),  # a Saturday that is worked
    ],
)
def test_four_working_hours_to_accept(opened: datetime, accept: datetime) -> None:
    assert working_time_after(opened, PRESET.accept, PRESET, CALENDAR) == accept
    assert dues(Urgency.ORDINARY, opened, PRESET, CALENDAR).accept == accept


@pytest.mark.parametrize(
    ("urgency", "opened", "feedback", "solve"),
    [
        (Urgency.ORDINARY, at("11-23", "09:12"), at("11-26", "18:00"), at("11-30", "18:00")),
        (
            Urgency.ORDINARY,
            at("11-25", "23:59"),
            at("11-30", "18:00"),
            at("12-02", "18:00"),
        ),  # not on a Saturday
        (Urgency.COMPLEX, at("11-23", "09:12"), at("11-26", "18:00"), at("12-23", "18:00")),
        (
            Urgency.ORDINARY,
            at("09-28", "09:00"),
            at("10-08", "18:00"),
            at("10-08", "18:00"),
        ),  # not in a holiday
    ],
)
def test_days_end_with_a_working_day(
    urgency: Urgency, opened: datetime, feedback: datetime, solve: datetime
) -> None:
    due = dues(urgency, opened, PRESET, CALENDAR)

    assert (due.feedback, due.solve) == (feedback, solve)


@pytest.mark.parametrize(
    ("opened", "accept"),
    [
        (at("11-23", "09:00"), at("11-23", "13:00")),
        (at("11-23", "17:00"), at("11-24")),  # never later than the day itself
        (at("11-28", "10:00"), at("11-29")),  # even on a Saturday
    ],
)
def test_a_problem_of_the_day_is_due_today(opened: datetime, accept: datetime) -> None:
    due = dues(Urgency.TODAY, opened, PRESET, CALENDAR)

    midnight = datetime(opened.year, opened.month, opened.day, tzinfo=ZONE) + timedelta(days=1)
    assert (due.accept, due.feedback, due.solve) == (accept, midnight, midnight)


def test_more_hours_than_a_day_has_run_over_several() -> None:
    long = working_time_after(at("11-23", "08:30"), timedelta(hours=20), PRESET, CALENDAR)

    assert long == at("11-25", "09:30")
