"""By when a problem must be accepted, answered and solved, and how much office time that is."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.calendar import Calendar
from bot.domain.deadlines import (
    Clock,
    Deadlines,
    Light,
    dues,
    light,
    shifted,
    working_time_after,
    working_time_between,
)
from bot.domain.problems import Urgency

SHANGHAI = ZoneInfo("Asia/Shanghai")
LONDON = ZoneInfo("Europe/London")
ST_JOHNS = ZoneInfo("America/St_Johns")
CALENDAR = Calendar(SHANGHAI)
PRESET = Deadlines()
ALL_WORKING = Deadlines(working=frozenset(Clock))
ALL_CALENDAR = Deadlines(working=frozenset())
ROUND_THE_CLOCK = Deadlines(office_from=time(0), office_until=time(23, 59))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(moment: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """Read a local moment; one without a year is of 2026, one without a time is midnight."""
    day, _, clock = moment.partition(" ")
    year = "" if day.count("-") == 2 else "2026-"
    return datetime.fromisoformat(f"{year}{day}T{clock or '00:00'}").replace(tzinfo=zone).astimezone(UTC)


# --- the clock to accept: office hours ----------------------------------------------------------


@pytest.mark.parametrize(
    ("opened", "accept"),
    [
        ("11-23 09:12", "11-23 13:12"),
        ("11-23 07:00", "11-23 12:30"),  # before the office opens
        ("11-23 08:30", "11-23 12:30"),  # as it opens
        ("11-23 14:00", "11-23 18:00"),  # to the minute
        ("11-23 14:01", "11-24 08:31"),
        ("11-23 16:00", "11-24 10:30"),  # two hours today, two tomorrow
        ("11-23 17:59", "11-24 12:29"),  # one minute before the office closes
        ("11-23 18:00", "11-24 12:30"),  # as it closes
        ("11-23 23:59", "11-24 12:30"),  # the last minute of the day
        ("11-27 17:00", "11-30 11:30"),  # a weekend between
        ("11-28 10:00", "11-30 12:30"),  # reported on a Saturday
        ("09-30 17:00", "10-08 11:30"),  # the National Day week between
        ("10-09 17:00", "10-10 11:30"),  # into a Saturday that is worked
        ("10-10 09:00", "10-10 13:00"),
        ("10-10 17:00", "10-12 11:30"),
        ("2025-12-31 17:00", "2026-01-04 11:30"),  # New Year, and the Sunday worked for it
        ("2024-02-28 17:00", "2024-02-29 11:30"),
        ("2024-02-29 17:00", "2024-03-01 11:30"),
        ("04-30 17:00", "05-06 11:30"),  # Labour Day takes the end of one month and the begin of another
    ],
)
def test_four_working_hours_to_accept(opened: str, accept: str) -> None:
    assert working_time_after(at(opened), PRESET.accept, PRESET, CALENDAR) == at(accept)
    assert dues(Urgency.ORDINARY, at(opened), PRESET, CALENDAR).accept == at(accept)


def test_more_hours_than_a_day_has_run_over_several() -> None:
    assert working_time_after(at("11-23 08:30"), 20 * HOUR, PRESET, CALENDAR) == at("11-25 09:30")


@pytest.mark.parametrize("moment", ["11-23 09:00", "11-23 23:00", "11-28 10:00", "11-23 18:00"])
def test_no_time_at_all_is_over_at_once_even_at_night(moment: str) -> None:
    assert working_time_after(at(moment), timedelta(0), PRESET, CALENDAR) == at(moment)


# --- the clocks counted in days -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("urgency", "opened", "feedback", "solve"),
    [
        (Urgency.ORDINARY, "11-23 09:12", "11-26 18:00", "11-30 18:00"),
        (Urgency.ORDINARY, "11-25 23:59", "11-30 18:00", "12-02 18:00"),  # not on a Saturday
        (Urgency.ORDINARY, "11-23 00:00", "11-26 18:00", "11-30 18:00"),
        (Urgency.COMPLEX, "11-23 09:12", "11-26 18:00", "12-23 18:00"),
        (Urgency.ORDINARY, "09-28 09:00", "10-08 18:00", "10-08 18:00"),  # not in a holiday
        (Urgency.ORDINARY, "10-03 09:00", "10-08 18:00", "10-10 18:00"),  # on a Saturday that is worked
        (Urgency.COMPLEX, "2024-01-30 09:00", "2024-02-02 18:00", "2024-02-29 18:00"),
        (Urgency.COMPLEX, "2024-01-31 09:00", "2024-02-04 18:00", "2024-03-01 18:00"),
        (Urgency.COMPLEX, "01-31 09:00", "02-03 18:00", "03-02 18:00"),  # no 29 February
        (Urgency.ORDINARY, "2025-12-27 09:00", "2025-12-30 18:00", "2026-01-04 18:00"),  # a Saturday off
        (Urgency.ORDINARY, "2026-12-25 09:00", "2026-12-28 18:00", "2027-01-04 18:00"),  # in week 53
    ],
)
def test_calendar_days_end_with_a_working_day(
    urgency: Urgency, opened: str, feedback: str, solve: str
) -> None:
    due = dues(urgency, at(opened), PRESET, CALENDAR)

    assert (due.feedback, due.solve) == (at(feedback), at(solve))


@pytest.mark.parametrize(
    ("opened", "feedback", "solve"),
    [
        ("11-23 09:12", "11-26 18:00", "12-02 18:00"),
        ("11-23 23:59", "11-26 18:00", "12-02 18:00"),
        ("11-28 10:00", "12-02 18:00", "12-08 18:00"),  # a Saturday: Monday is the first day
        ("09-29 10:00", "10-09 18:00", "10-14 18:00"),  # the holiday does not count, its Saturday does
    ],
)
def test_working_days_do_not_count_days_off(opened: str, feedback: str, solve: str) -> None:
    due = dues(Urgency.ORDINARY, at(opened), ALL_WORKING, CALENDAR)

    assert (due.feedback, due.solve) == (at(feedback), at(solve))


@pytest.mark.parametrize(
    ("deadlines", "opened", "accept"),
    [
        (replace(PRESET, accept=2 * DAY), "11-26 09:00", "11-30 18:00"),
        (replace(ALL_CALENDAR, accept=2 * DAY), "11-26 09:00", "11-30 18:00"),  # Saturday is off
        (replace(ALL_CALENDAR, accept=2 * DAY), "11-24 09:00", "11-26 18:00"),
        (ALL_CALENDAR, "11-28 23:00", "11-29 03:00"),  # hours pass by night and on Sundays
        (replace(PRESET, accept=36 * HOUR), "11-23 08:30", "11-26 16:00"),  # no whole days: hours
    ],
)
def test_the_time_to_accept_may_be_days_or_hours_of_either_kind(
    deadlines: Deadlines, opened: str, accept: str
) -> None:
    assert dues(Urgency.ORDINARY, at(opened), deadlines, CALENDAR).accept == at(accept)


@pytest.mark.parametrize(
    ("working", "feedback", "solve"),
    [
        (frozenset[Clock](), "11-27 21:00", "11-28 05:00"),
        (frozenset({Clock.FEEDBACK}), "11-30 11:30", "11-28 05:00"),
        (frozenset({Clock.SOLVE}), "11-27 21:00", "12-01 10:00"),
    ],
)
def test_feedback_and_solution_may_be_due_in_hours(
    working: frozenset[Clock], feedback: str, solve: str
) -> None:
    deadlines = Deadlines(feedback=4 * HOUR, ordinary=12 * HOUR, working=working)

    due = dues(Urgency.ORDINARY, at("11-27 17:00"), deadlines, CALENDAR)

    assert (due.feedback, due.solve) == (at(feedback), at(solve))


# --- problems of the day ------------------------------------------------------------------------


@pytest.mark.parametrize("deadlines", [PRESET, ALL_WORKING, ALL_CALENDAR])
@pytest.mark.parametrize(
    ("opened", "accept", "midnight"),
    [
        ("11-23 09:00", "11-23 13:00", "11-24"),
        ("11-23 17:00", "11-23 21:00", "11-24"),  # the office's closing does not stop it
        ("11-23 20:00", "11-24 00:00", "11-24"),
        ("11-23 22:00", "11-24 00:00", "11-24"),  # never later than the day itself
        ("11-23 23:59", "11-24 00:00", "11-24"),
        ("11-28 10:00", "11-28 14:00", "11-29"),  # even on a Saturday
        ("2026-12-31 10:00", "2026-12-31 14:00", "2027-01-01"),
    ],
)
def test_a_problem_of_the_day_is_due_today_by_the_wall_clock(
    deadlines: Deadlines, opened: str, accept: str, midnight: str
) -> None:
    due = dues(Urgency.TODAY, at(opened), deadlines, CALENDAR)

    assert (due.accept, due.feedback, due.solve) == (at(accept), at(midnight), at(midnight))


# --- installations elsewhere, where clocks are changed ------------------------------------------


@pytest.mark.parametrize(
    ("zone", "saturday"),
    [(LONDON, "2026-03-28"), (LONDON, "2026-10-24"), (ST_JOHNS, "2026-03-07"), (ST_JOHNS, "2026-10-31")],
)
def test_office_hours_are_those_of_the_local_clock_before_and_after_it_is_changed(
    zone: ZoneInfo, saturday: str
) -> None:
    saturday_on = date.fromisoformat(saturday)
    friday, monday = saturday_on - DAY, saturday_on + 2 * DAY
    calendar = Calendar(zone, extra=frozenset({friday, monday}))
    opened = at(f"{friday} 17:00", zone)

    assert working_time_after(opened, 4 * HOUR, PRESET, calendar) == at(f"{monday} 11:30", zone)
    assert working_time_between(opened, at(f"{monday} 11:30", zone), PRESET, calendar) == 4 * HOUR
    assert dues(Urgency.ORDINARY, opened, PRESET, calendar).feedback == at(f"{monday} 18:00", zone)


@pytest.mark.parametrize(
    ("zone", "opened", "due"),
    [
        (LONDON, "2026-03-28 22:00", "2026-03-29 03:00"),  # 01:00 to 02:00 does not exist
        (LONDON, "2026-10-24 23:00", "2026-10-25 02:00"),  # 01:00 to 02:00 comes twice
        (ST_JOHNS, "2026-03-07 23:00", "2026-03-08 04:00"),
        (ST_JOHNS, "2026-10-31 23:00", "2026-11-01 02:00"),
    ],
)
def test_four_hours_last_four_hours_when_the_clock_is_changed(zone: ZoneInfo, opened: str, due: str) -> None:
    accept = dues(Urgency.ORDINARY, at(opened, zone), ALL_CALENDAR, Calendar(zone)).accept

    assert accept == at(due, zone)
    assert accept - at(opened, zone) == 4 * HOUR


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (LONDON, "2026-03-29", 23),
        (LONDON, "2026-10-25", 25),
        (ST_JOHNS, "2026-03-08", 23),
        (ST_JOHNS, "2026-11-01", 25),
    ],
)
def test_a_day_on_which_the_clock_is_changed_still_ends_at_midnight(
    zone: ZoneInfo, day: str, hours: int
) -> None:
    solve = dues(Urgency.TODAY, at(day, zone), PRESET, Calendar(zone)).solve

    assert solve.astimezone(zone).strftime("%H:%M") == "00:00"
    assert solve - at(day, zone) == hours * HOUR


@pytest.mark.parametrize(
    ("opened", "feedback"),
    [
        ("2026-03-27 23:30", "2026-03-30 18:00"),  # 72 hours later it is the 31st
        ("2026-10-24 00:30", "2026-10-27 18:00"),  # 72 hours later it is still the 26th
    ],
)
def test_three_days_are_three_dates_though_one_of_them_has_23_or_25_hours(opened: str, feedback: str) -> None:
    due = dues(Urgency.ORDINARY, at(opened, LONDON), PRESET, Calendar(LONDON))

    assert due.feedback == at(feedback, LONDON)


@pytest.mark.parametrize(("sunday", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
@pytest.mark.parametrize("earlier", [timedelta(0), 12 * HOUR])
def test_an_office_open_while_the_clock_is_changed_has_an_hour_less_or_more(
    sunday: str, hours: int, earlier: timedelta
) -> None:
    worked = date.fromisoformat(sunday)
    calendar = Calendar(LONDON, extra=frozenset({worked}))
    start, end = at(f"{worked}", LONDON) - earlier, at(f"{worked + DAY}", LONDON)

    passed = working_time_between(start, end, ROUND_THE_CLOCK, calendar)

    assert passed == timedelta(hours=hours, minutes=-1)


# --- office time between two moments ------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("11-23 09:00", "11-23 09:00", 0),
        ("11-23 10:00", "11-23 09:00", 0),  # backwards
        ("11-23 09:00", "11-23 13:00", 4),
        ("11-23 08:30", "11-23 18:00", 9.5),
        ("11-23 07:00", "11-23 23:59", 9.5),
        ("11-23 07:00", "11-23 08:30", 0),  # until it opens
        ("11-23 18:00", "11-24 08:30", 0),  # from closing to opening
        ("11-23 16:00", "11-24 10:30", 4),
        ("11-27 17:00", "11-30 11:30", 4),  # a weekend between
        ("11-28 00:00", "11-29 23:59", 0),  # a weekend
        ("09-30 18:00", "10-08 08:30", 0),  # the National Day week
        ("10-09 17:00", "10-12 09:30", 1 + 9.5 + 1),  # the worked Saturday between
        ("2025-12-31 17:00", "2026-01-05 09:30", 1 + 9.5 + 1),  # New Year, and its Sunday
        ("11-23 08:30", "11-28 00:00", 5 * 9.5),
        ("2024-02-28 18:00", "2024-03-01 08:30", 9.5),  # 29 February, a Thursday
        ("2026-12-28 00:00", "2027-01-04 00:00", 4 * 9.5),  # week 53: New Year's Day is off
    ],
)
def test_only_office_hours_of_working_days_count(start: str, end: str, hours: float) -> None:
    assert working_time_between(at(start), at(end), PRESET, CALENDAR) == hours * HOUR


def test_a_year_of_office_hours_is_that_of_its_248_working_days() -> None:
    assert working_time_between(at("2026-01-01"), at("2027-01-01"), PRESET, CALENDAR) == 248 * 9.5 * HOUR


MINUTES = st.integers(0, 4 * 366 * 24 * 60).map(lambda minute: at("2023-06-01") + minute * HOUR / 60)
OFFICES = st.sampled_from([PRESET, ROUND_THE_CLOCK, Deadlines(office_from=time(1, 30), office_until=time(3))])
CALENDARS = st.builds(
    Calendar,
    zone=st.sampled_from([SHANGHAI, LONDON, ST_JOHNS]),
    extra=st.sampled_from([frozenset[date](), frozenset({date(2026, 3, 29), date(2026, 11, 1)})]),
)


@given(MINUTES, st.integers(1, 60 * 24 * 30), OFFICES, CALENDARS)
def test_the_time_between_a_moment_and_some_office_hours_later_is_those_hours(
    start: datetime, minutes: int, deadlines: Deadlines, calendar: Calendar
) -> None:
    length = timedelta(minutes=minutes)

    end = working_time_after(start, length, deadlines, calendar)

    assert working_time_between(start, end, deadlines, calendar) == length
    assert working_time_between(start, end - HOUR / 60, deadlines, calendar) < length


@given(st.lists(MINUTES, min_size=3, max_size=3).map(sorted), OFFICES, CALENDARS)
def test_office_time_adds_up_wherever_it_is_divided(
    moments: list[datetime], deadlines: Deadlines, calendar: Calendar
) -> None:
    parts = [working_time_between(*each, deadlines, calendar) for each in pairwise(moments)]

    assert sum(parts, timedelta(0)) == working_time_between(moments[0], moments[-1], deadlines, calendar)


# --- a deadline moved by a pause ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("due", "by", "moved"),
    [
        ("11-26 18:00", timedelta(0), "11-26 18:00"),
        ("11-28 00:00", timedelta(0), "11-28 00:00"),  # what was due at Friday's midnight stays so
        ("11-26 18:00", 2 * HOUR, "11-26 20:00"),
        ("11-26 18:00", DAY, "11-27 18:00"),
        ("11-26 18:00", 2 * DAY, "11-30 18:00"),  # not on a Saturday
        ("11-27 23:59", timedelta(minutes=1), "11-30 18:00"),
        ("09-30 18:00", DAY, "10-08 18:00"),  # not in the National Day week
        ("10-09 11:00", DAY, "10-10 11:00"),  # a Saturday that is worked
        ("2024-02-28 18:00", DAY, "2024-02-29 18:00"),
        ("2025-12-31 18:00", DAY, "2026-01-04 18:00"),
    ],
)
def test_a_pause_moves_a_deadline_but_not_onto_a_day_off(due: str, by: timedelta, moved: str) -> None:
    assert shifted(at(due), by, PRESET, CALENDAR) == at(moved)


def test_a_pause_lasts_as_long_as_it_lasted_when_the_clock_is_changed() -> None:
    calendar = Calendar(LONDON)

    assert shifted(at("2026-03-27 10:00", LONDON), 3 * DAY, PRESET, calendar) == at(
        "2026-03-30 11:00", LONDON
    )


# --- the light ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "urgency", "began", "due", "now", "shown"),
    [
        # Four office hours on one day: the last of them is yellow.
        (Clock.ACCEPT, Urgency.ORDINARY, "11-23 09:00", "11-23 13:00", "11-23 09:00", Light.GREEN),
        (Clock.ACCEPT, Urgency.ORDINARY, "11-23 09:00", "11-23 13:00", "11-23 11:59", Light.GREEN),
        (Clock.ACCEPT, Urgency.ORDINARY, "11-23 09:00", "11-23 13:00", "11-23 12:00", Light.YELLOW),
        (Clock.ACCEPT, Urgency.ORDINARY, "11-23 09:00", "11-23 13:00", "11-23 12:59", Light.YELLOW),
        (Clock.ACCEPT, Urgency.ORDINARY, "11-23 09:00", "11-23 13:00", "11-23 13:00", Light.RED),
        # Over a weekend only office hours count: two thirds of the wall time are gone and it is green.
        (Clock.ACCEPT, Urgency.ORDINARY, "11-27 17:00", "11-30 11:30", "11-29 12:00", Light.GREEN),
        (Clock.ACCEPT, Urgency.ORDINARY, "11-27 17:00", "11-30 11:30", "11-30 10:29", Light.GREEN),
        (Clock.ACCEPT, Urgency.ORDINARY, "11-27 17:00", "11-30 11:30", "11-30 10:30", Light.YELLOW),
        # No office time is left although it is not yet over.
        (Clock.ACCEPT, Urgency.ORDINARY, "11-23 14:00", "11-23 20:00", "11-23 19:00", Light.YELLOW),
        # A problem of the day goes by the wall clock.
        (Clock.ACCEPT, Urgency.TODAY, "11-23 17:00", "11-23 21:00", "11-23 19:59", Light.GREEN),
        (Clock.ACCEPT, Urgency.TODAY, "11-23 17:00", "11-23 21:00", "11-23 20:00", Light.YELLOW),
        (Clock.SOLVE, Urgency.TODAY, "11-28 12:00", "11-29", "11-28 21:00", Light.YELLOW),
        (Clock.SOLVE, Urgency.TODAY, "11-28 12:00", "11-29", "11-28 23:59", Light.YELLOW),
        (Clock.SOLVE, Urgency.TODAY, "11-28 12:00", "11-29", "11-29 00:00", Light.RED),
        # Calendar time: a quarter of four days is a day, Sunday or not.
        (Clock.SOLVE, Urgency.ORDINARY, "11-26 18:00", "11-30 18:00", "11-29 17:59", Light.GREEN),
        (Clock.SOLVE, Urgency.ORDINARY, "11-26 18:00", "11-30 18:00", "11-29 18:00", Light.YELLOW),
        (Clock.FEEDBACK, Urgency.COMPLEX, "11-26 18:00", "11-30 18:00", "11-30 18:00", Light.RED),
        # Asked before it began, or begun and ended at once.
        (Clock.SOLVE, Urgency.ORDINARY, "11-26 18:00", "11-30 18:00", "11-20 09:00", Light.GREEN),
        (Clock.ACCEPT, Urgency.ORDINARY, "11-23 09:00", "11-23 09:00", "11-23 09:00", Light.RED),
    ],
)
def test_the_last_quarter_is_yellow_and_what_is_over_is_red(
    clock: Clock, urgency: Urgency, began: str, due: str, now: str, shown: Light
) -> None:
    assert light(at(began), at(due), at(now), clock, urgency, PRESET, CALENDAR) is shown


def test_the_same_clock_is_yellow_earlier_when_it_counts_working_time() -> None:
    thursday, tuesday, monday = at("11-26 08:30"), at("12-01 18:00"), at("11-30 15:00")

    shown = {
        deadlines: light(thursday, tuesday, monday, Clock.SOLVE, Urgency.ORDINARY, deadlines, CALENDAR)
        for deadlines in (ALL_CALENDAR, ALL_WORKING)
    }

    # 27 of 129.5 hours on the wall are left; 12.5 of 38 in the office.
    assert shown == {ALL_CALENDAR: Light.YELLOW, ALL_WORKING: Light.GREEN}


def test_what_has_no_deadline_is_green_for_ever() -> None:
    shown = light(at("2020-01-01"), None, at("11-23"), Clock.ACCEPT, Urgency.ORDINARY, PRESET, CALENDAR)

    assert shown is Light.GREEN


def test_the_last_quarter_is_a_quarter_of_the_true_time_when_the_clock_is_changed() -> None:
    calendar = Calendar(LONDON)
    midnight, three = (at(f"2026-10-25 {clock}", LONDON).astimezone(LONDON) for clock in ("00:00", "03:00"))
    nows = [three.astimezone(UTC) - timedelta(minutes=left) for left in (61, 60)]

    # Four hours pass between them, though the clock shows three.
    shown = [
        light(midnight, three, now.astimezone(LONDON), Clock.SOLVE, Urgency.ORDINARY, PRESET, calendar)
        for now in nows
    ]

    assert shown == [Light.GREEN, Light.YELLOW]
