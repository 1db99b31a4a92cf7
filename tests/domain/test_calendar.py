"""Which days the county works, and when people may be disturbed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from bot.domain.calendar import Calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
COUNTY = Calendar(SHANGHAI)


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 11, 23), True),  # an ordinary Monday
        (date(2026, 11, 22), False),  # an ordinary Sunday
        (date(2026, 10, 1), False),  # National Day
        (date(2026, 10, 7), False),  # its last day, a Wednesday
        (date(2026, 10, 8), True),
        (date(2026, 10, 10), True),  # 调休: a Saturday worked
        (date(2026, 9, 20), True),  # 调休: a Sunday worked
        (date(2026, 10, 11), False),
        (date(2026, 2, 17), False),  # Spring Festival
        (date(2026, 1, 4), True),  # 调休 after New Year
        (date(2026, 5, 1), False),
    ],
)
def test_the_state_council_says_which_days_are_worked(day: date, *, worked: bool) -> None:
    assert COUNTY.is_workday(day) is worked


def test_the_countys_own_days_outweigh_the_state_councils() -> None:
    sunday, monday, worked_saturday = date(2026, 11, 22), date(2026, 11, 23), date(2026, 10, 10)
    county = Calendar(
        SHANGHAI,
        extra=frozenset({sunday, date(2026, 10, 1)}),
        removed=frozenset({monday, worked_saturday}),
    )

    assert [county.is_workday(day) for day in (sunday, date(2026, 10, 1))] == [True, True]
    assert [county.is_workday(day) for day in (monday, worked_saturday)] == [False, False]


def test_a_year_not_announced_yet_falls_back_to_weekdays() -> None:
    through = COUNTY.official_through

    assert through >= 2026
    saturdays = [date(through + 1, 10, day) for day in range(8, 15)]
    assert sum(COUNTY.is_workday(day) for day in saturdays) == 5
    assert not any(COUNTY.is_workday(day) for day in saturdays if day.weekday() >= 5)


def test_a_year_outside_the_known_ones_falls_back_to_weekdays() -> None:
    assert COUNTY.is_workday(date(2050, 10, 3))  # a Monday
    assert not COUNTY.is_workday(date(2050, 10, 2))


def test_before_any_announced_year_nothing_is_official() -> None:
    assert Calendar(SHANGHAI, years=(2090, 2091)).official_through == 2089


def test_working_days_after_a_day_leap_over_the_holiday() -> None:
    days = list(islice(COUNTY.workdays_after(date(2026, 9, 30)), 4))

    assert days == [date(2026, 10, 8), date(2026, 10, 9), date(2026, 10, 10), date(2026, 10, 12)]
    assert COUNTY.next_workday(date(2026, 9, 30)) == date(2026, 10, 8)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 11, 23), date(2026, 11, 23)),
        (date(2026, 11, 24), date(2026, 11, 23)),
        (date(2026, 11, 23), date(2026, 11, 24)),  # nothing lies between neighbours
        (date(2026, 11, 20), date(2026, 11, 23)),
        (date(2026, 9, 30), date(2026, 10, 12)),
        (date(2026, 10, 1), date(2026, 10, 10)),  # from a day off to a Saturday worked
        (date(2024, 2, 26), date(2024, 3, 4)),
        (date(2026, 12, 25), date(2027, 1, 8)),
        (date(2019, 1, 1), date(2034, 12, 31)),  # beyond the years that are known
    ],
)
def test_working_days_between_two_days_are_counted_as_if_one_by_one(first: date, last: date) -> None:
    county = Calendar(
        SHANGHAI,
        extra=frozenset({date(2026, 10, 3), date(2026, 11, 21), date(2026, 11, 24)}),
        removed=frozenset({date(2026, 10, 10), date(2026, 10, 9), date(2026, 11, 22)}),
    )
    between = [date.fromordinal(day) for day in range(first.toordinal() + 1, last.toordinal())]

    assert county.workdays_between(first, last) == sum(map(county.is_workday, between))


KNOWN = Calendar(SHANGHAI, years=(2020, 2026))
"""What is known in 2026, however many years the installed calendar knows."""


@pytest.mark.parametrize(
    ("today", "missing"),
    [
        (date(2026, 11, 30), None),  # not announced yet, and not late
        (date(2026, 12, 1), 2027),
        (date(2026, 12, 31), 2027),
        (date(2025, 12, 31), None),
        (date(2027, 1, 1), 2027),
        (date(2027, 12, 1), 2027),  # this year's before the next one's
    ],
)
def test_a_year_is_missed_from_the_first_of_december_before_it(today: date, missing: int | None) -> None:
    assert KNOWN.missing_year(today) == missing


@pytest.mark.parametrize(
    ("own", "today", "missing"),
    [
        (date(2027, 1, 3), date(2026, 12, 1), None),
        (date(2027, 1, 3), date(2027, 11, 30), None),
        (date(2027, 1, 3), date(2027, 12, 1), 2028),
        (date(2026, 12, 31), date(2026, 12, 31), 2027),  # a day of another year says nothing
    ],
)
@pytest.mark.parametrize("kind", ["extra", "removed"])
def test_a_year_that_the_county_wrote_down_itself_is_not_missed(
    kind: str, own: date, today: date, missing: int | None
) -> None:
    days = frozenset({own})
    county = replace(KNOWN, extra=days) if kind == "extra" else replace(KNOWN, removed=days)

    assert county.missing_year(today) == missing


def test_a_day_is_the_countys_and_not_utcs() -> None:
    assert COUNTY.day_of(datetime(2026, 11, 22, 16, 0, tzinfo=UTC)) == date(2026, 11, 23)
    assert COUNTY.day_of(datetime(2026, 11, 22, 15, 59, tzinfo=UTC)) == date(2026, 11, 22)
    assert COUNTY.at(date(2026, 11, 23), time(9)) == datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [
        ("2026-11-23T07:29:59", True),
        ("2026-11-23T07:30", False),
        ("2026-11-23T20:59:59", False),
        ("2026-11-23T21:00", True),
        ("2026-11-24T00:00", True),
        ("2026-11-22T10:00", True),  # a Sunday at ten in the morning
        ("2026-10-10T10:00", False),  # a worked Saturday
        ("2026-10-01T10:00", True),
    ],
)
def test_nights_and_days_off_are_quiet(moment: str, *, quiet: bool) -> None:
    assert COUNTY.is_quiet(shanghai(moment)) is quiet


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [
        ("2026-11-23T11:59:59", False),
        ("2026-11-23T12:00", True),
        ("2026-11-23T13:59:59", True),
        ("2026-11-23T14:00", False),
        ("2026-11-23T23:00", False),
    ],
)
def test_a_quiet_time_may_lie_within_one_day(moment: str, *, quiet: bool) -> None:
    siesta = Calendar(SHANGHAI, quiet_from=time(12), quiet_until=time(14))

    assert siesta.is_quiet(shanghai(moment)) is quiet


def test_equal_edges_mean_no_quiet_time() -> None:
    sleepless = Calendar(SHANGHAI, quiet_from=time(0), quiet_until=time(0))

    assert not sleepless.is_quiet(shanghai("2026-11-23T00:00"))
    assert not sleepless.is_quiet(shanghai("2026-11-23T03:00"))


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-23T10:00", "2026-11-23T10:00"),
        ("2026-11-23T05:00", "2026-11-23T07:30"),
        ("2026-11-23T22:00", "2026-11-24T07:30"),
        ("2026-11-20T22:00", "2026-11-23T07:30"),  # Friday night
        ("2026-11-21T05:00", "2026-11-23T07:30"),  # Saturday before dawn
        ("2026-10-09T22:00", "2026-10-10T07:30"),  # into a worked Saturday
        ("2026-09-30T21:30", "2026-10-08T07:30"),
    ],
)
def test_what_must_wait_waits_for_the_next_open_moment(moment: str, opens: str) -> None:
    assert COUNTY.next_open(shanghai(moment)) == shanghai(opens)


def test_after_a_quiet_noon_the_same_day_opens_again() -> None:
    siesta = Calendar(SHANGHAI, quiet_from=time(12), quiet_until=time(14))

    assert siesta.next_open(shanghai("2026-11-23T12:30")) == shanghai("2026-11-23T14:00")


def test_the_countys_clock_counts_across_a_change_of_summer_time() -> None:
    berlin = Calendar(ZoneInfo("Europe/Berlin"))
    before = berlin.at(date(2026, 3, 28), time(9)).astimezone(UTC)
    after = berlin.at(date(2026, 3, 29), time(9)).astimezone(UTC)

    assert after - before == timedelta(hours=23)
    # 01:00 UTC is 02:00 before the change and 03:00 after it.
    assert berlin.day_of(datetime(2026, 3, 29, 22, 30, tzinfo=UTC)) == date(2026, 3, 30)
    assert berlin.next_open(datetime(2026, 3, 30, 4, 0, tzinfo=UTC)) == datetime(
        2026, 3, 30, 5, 30, tzinfo=UTC
    )


def changes(zone: ZoneInfo, first: int, last: int) -> Iterator[datetime]:
    """Yield the hours of some years in which the clocks of a zone are changed."""
    hour, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
    while hour < end:
        later = hour + timedelta(days=1)
        if hour.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            yield from (
                each
                for each in (hour + timedelta(hours=passed) for passed in range(24))
                if each.astimezone(zone).utcoffset()
                != (each + timedelta(hours=1)).astimezone(zone).utcoffset()
            )
        hour = later


@pytest.mark.parametrize(
    ("name", "first", "last", "most"),
    [
        ("Asia/Shanghai", 1986, 1991, 12),
        ("Asia/Shanghai", 2000, 2037, 0),
        ("Europe/London", 2000, 2037, 76),
        ("America/St_Johns", 2000, 2037, 76),
    ],
)
def test_around_every_change_of_the_clocks_a_day_is_asked_once_at_nine(
    name: str, first: int, last: int, most: int
) -> None:
    zone = ZoneInfo(name)
    calendar = Calendar(zone)
    found = list(changes(zone, first, last))
    for change in found:
        asked = set()
        for minutes in range(-180, 240, 20):
            moment = change + timedelta(minutes=minutes)
            day = calendar.day_of(moment)
            nine = calendar.at(day, time(9))
            opens = calendar.next_open(moment)

            assert (nine.astimezone(zone).date(), nine.astimezone(zone).time()) == (day, time(9))
            assert opens >= moment
            assert not calendar.is_quiet(opens)
            asked.add(nine.astimezone(UTC))
        assert len(asked) == len({each.date() for each in asked}) <= 2
    assert len(found) == most
