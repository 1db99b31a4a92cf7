"""The ladder: which rung comes next, and at which minute."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.calendar import Calendar
from bot.domain.deadlines import Deadlines
from bot.domain.ladder import BY_NAME, RUNGS, Climbing, Ear, Wait, climbed, near_wait, next_climb
from bot.domain.problems import Problem, State, Urgency

ZONE = ZoneInfo("Asia/Shanghai")
MON, TUE, WED, THU, FRI = (date(2026, 11, day) for day in range(23, 28))
SAT, SUN, NEXT_MON = date(2026, 11, 28), date(2026, 11, 29), date(2026, 11, 30)
CLIMBING = Climbing(Deadlines(), Calendar(ZONE), timedelta(hours=4))
EVERYBODY = frozenset(Ear)


def at(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), ZONE)


PROBLEM = Problem(
    id=1, number="2026-001", project_id=1, project="P", place="", category="用地", text="t",
    urgency=Urgency.ORDINARY, state=State.WAITING, generation=1, reporter_id=1, reporter="r",
    holder_id=2, holder="h", opened_at=at(MON, "08:55"), confirmer_id=1, confirmer="r",
    began_at=at(MON, "08:55"), held_since=at(MON, "08:55"), accept_due=at(MON, "12:55"),
    feedback_due=at(THU, "18:00"), solve_due=at(NEXT_MON, "18:00"),
)  # fmt: skip
WORKING = replace(PROBLEM, state=State.WORKING, accepted_at=at(MON, "10:00"))
SAID = replace(WORKING, feedback_at=at(MON, "11:00"))
ASKED = replace(PROBLEM, paused_at=at(MON, "10:00"))
SOLVED = replace(SAID, state=State.CONFIRMING, solved_at=at(FRI, "15:00"))
TODAY = replace(
    PROBLEM,
    urgency=Urgency.TODAY,
    accept_due=at(SAT, "20:00"),
    feedback_due=at(SUN, "00:00"),
    solve_due=at(SUN, "00:00"),
)
TODAY_TAKEN = replace(TODAY, state=State.WORKING, accepted_at=at(SAT, "19:00"))


def coming(problem: Problem, *, heard: Any = EVERYBODY, climbing: Climbing = CLIMBING) -> Any:
    climb = next_climb(problem, heard, climbing)
    return climb and (climb.rung.name, climb.at.astimezone(ZONE).strftime("%m-%d %H:%M"))


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        # Waiting to be accepted: the holder when it is due, the others four working hours apart.
        (PROBLEM, ("accept_1", "11-23 12:55")),
        (replace(PROBLEM, step=1, rung_at=at(MON, "12:55")), ("accept_2", "11-23 16:55")),
        (replace(PROBLEM, step=2, rung_at=at(MON, "16:55")), ("accept_3", "11-24 11:25")),
        (replace(PROBLEM, step=3, rung_at=at(TUE, "11:25")), ("solve_1", "11-30 18:00")),
        # Accepted: a word is due once, then only the end.
        (WORKING, ("feedback_1", "11-26 18:00")),
        (replace(WORKING, step=1, rung_at=at(THU, "18:00")), ("feedback_2", "11-27 18:00")),
        (replace(WORKING, step=2, rung_at=at(FRI, "18:00")), ("solve_1", "11-30 18:00")),
        (SAID, ("solve_1", "11-30 18:00")),
        # Late: a working day to the office, two more to the deputy head, three more to the head.
        (replace(SAID, late_step=1, rung_at=at(NEXT_MON, "18:00")), ("solve_2", "12-01 18:00")),
        # The reporter is asked: a working day, then two more.
        (ASKED, ("answer_1", "11-24 10:00")),
        (replace(ASKED, step=1, rung_at=at(TUE, "10:00")), ("answer_2", "11-26 10:00")),
        (replace(ASKED, step=2, rung_at=at(THU, "10:00")), None),
        # Called solved: three working days over a weekend, then two more.
        (SOLVED, ("confirm_1", "12-02 15:00")),
        (replace(SOLVED, step=1, rung_at=at(date(2026, 12, 2), "15:00")), ("confirm_2", "12-04 15:00")),
        (replace(SOLVED, step=2, rung_at=at(date(2026, 12, 4), "15:00")), None),
        # Of the day: an hour apart, at night and on a Saturday too; no word is due besides.
        (TODAY, ("accept_1", "11-28 20:00")),
        (replace(TODAY, step=1, rung_at=at(SAT, "20:00")), ("accept_2", "11-28 21:00")),
        (replace(TODAY, step=2, rung_at=at(SAT, "21:00")), ("accept_3", "11-28 22:00")),
        (TODAY_TAKEN, ("solve_1", "11-29 00:00")),
        (replace(TODAY_TAKEN, late_step=1, rung_at=at(SUN, "00:00")), ("solve_2", "11-29 01:00")),
        # Without a clock nothing comes; closed, nothing either.
        (replace(PROBLEM, accept_due=None, solve_due=None), None),
        (replace(PROBLEM, state=State.CLOSED), None),
        (replace(PROBLEM, state=State.WITHDRAWN), None),
    ],
)
def test_the_next_rung_comes_at_its_minute(problem: Problem, expected: tuple[str, str] | None) -> None:
    assert coming(problem) == expected


@pytest.mark.parametrize(
    ("late_step", "expected"),
    [
        (1, ("solve_2", "12-01 18:00")),
        (2, ("solve_3", "12-03 18:00")),
        (3, ("solve_4", "12-08 18:00")),
        (4, None),
    ],
)
def test_by_itself_it_climbs_to_the_heads_where_the_county_lets_it(
    late_step: int, expected: tuple[str, str] | None
) -> None:
    problem = replace(SAID, late_step=late_step)

    assert coming(problem, climbing=replace(CLIMBING, automatic=True)) == expected
    assert coming(problem) == (expected if late_step == 1 else None)


@pytest.mark.parametrize(
    ("fired", "expected"),
    [
        ("12:55", "11-23 16:55"),  # on time: its own four working hours
        ("15:54", "11-23 16:55"),  # an hour of grace ends before it is due anyway
        ("15:56", "11-23 16:56"),  # a quarter of the step after a late one
        ("17:00", "11-23 18:00"),
        ("20:30", "11-24 07:30"),  # the grace ends in the quiet hours
    ],
)
def test_after_a_late_rung_the_next_one_waits_for_a_quarter_of_its_step(fired: str, expected: str) -> None:
    problem = replace(PROBLEM, step=1, rung_at=at(MON, fired))

    assert coming(problem) == ("accept_2", expected)


def test_the_grace_is_two_hours_at_most() -> None:
    # From the second rung to the third a night goes by: a quarter of it would be more than four hours.
    problem = replace(PROBLEM, step=2, rung_at=at(FRI, "09:00"))

    assert coming(problem) == ("accept_3", "11-27 11:00")


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (replace(PROBLEM, step=3, rung_at=at(NEXT_MON, "18:30")), "11-30 19:30"),
        (replace(TODAY, step=3, rung_at=at(SUN, "00:10")), "11-29 00:25"),
    ],
)
def test_the_first_rung_of_another_clock_waits_too_where_both_are_late(
    problem: Problem, expected: str
) -> None:
    assert coming(problem) == ("solve_1", expected)


def test_a_rung_climbed_counts_on_its_own_clock_alone() -> None:
    problem = replace(PROBLEM, level=4, step=3, late_step=1, snoozed_until=at(MON, "09:00"))

    nearer = climbed(problem, BY_NAME["accept_1"], at(TUE, "11:25"))
    late = climbed(problem, BY_NAME["solve_2"], at(TUE, "11:25"))

    assert (nearer.level, nearer.step, nearer.late_step) == (5, 1, 1)
    assert (late.level, late.step, late.late_step) == (5, 3, 2)
    assert (late.rung_at, late.snoozed_until) == (at(TUE, "11:25"), None)


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (at(MON, "12:54"), ("accept_1", "11-23 12:55")),
        (at(TUE, "08:30"), ("accept_1", "11-24 08:30")),
        (at(SAT, "08:30"), ("accept_1", "11-30 07:30")),
    ],
)
def test_put_off_no_rung_comes_before_that_moment(until: datetime, expected: tuple[str, str]) -> None:
    assert coming(replace(PROBLEM, snoozed_until=until)) == expected


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (at(MON, "20:59"), "11-23 20:59"),
        (at(MON, "21:00"), "11-24 07:30"),
        (at(TUE, "07:29"), "11-24 07:30"),
        (at(FRI, "21:00"), "11-30 07:30"),
        (at(SAT, "10:00"), "11-30 07:30"),
        (at(date(2026, 10, 1), "10:00"), "10-08 07:30"),  # the National Day holiday
        (at(date(2026, 10, 10), "10:00"), "10-10 10:00"),  # a Saturday worked instead (调休)
    ],
)
def test_the_quiet_hours_and_days_off_hold_it(due: datetime, expected: str) -> None:
    assert coming(replace(PROBLEM, accept_due=due)) == ("accept_1", expected)


@pytest.mark.parametrize(
    ("heard", "step", "expected"),
    [
        # The time of a rung that nobody hears of is not waited for.
        ({Ear.HOLDER, Ear.OFFICE}, 1, ("accept_3", "11-23 16:55")),
        ({Ear.LEAD, Ear.OFFICE}, 0, ("accept_2", "11-23 16:55")),
        ({Ear.HOLDER, Ear.LEAD}, 2, ("solve_1", "11-30 18:00")),
        ({Ear.OFFICE}, 3, ("solve_2", "12-01 18:00")),
        (set(), 0, None),
    ],
)
def test_a_rung_that_nobody_hears_of_is_left_out(
    heard: set[Ear], step: int, expected: tuple[str, str] | None
) -> None:
    assert coming(replace(PROBLEM, step=step), heard=heard) == expected


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (PROBLEM, Wait.ACCEPT),
        (WORKING, Wait.FEEDBACK),
        (SAID, None),
        # What the lead leader said before it was accepted is not the holder's word.
        (replace(WORKING, feedback_at=at(MON, "09:59")), Wait.FEEDBACK),
        (replace(WORKING, feedback_at=at(MON, "10:00")), None),
        (TODAY_TAKEN, None),
        (ASKED, Wait.ANSWER),
        (SOLVED, Wait.CONFIRM),
        (replace(SOLVED, state=State.CLOSED), None),
    ],
)
def test_what_it_waits_for(problem: Problem, expected: Wait | None) -> None:
    assert near_wait(problem) is expected


def test_the_nearer_of_two_clocks_comes_first() -> None:
    # Handed on an hour before its end: late before it is late to be accepted.
    problem = replace(PROBLEM, accept_due=at(NEXT_MON, "18:30"))

    assert coming(problem) == ("solve_1", "11-30 18:00")


def test_every_rung_of_a_clock_is_one_higher_than_the_one_before() -> None:
    for wait in Wait:
        assert [rung.number for rung in RUNGS if rung.wait is wait] == list(
            range(1, 1 + sum(rung.wait is wait for rung in RUNGS))
        )
    assert len(BY_NAME) == len(RUNGS)
