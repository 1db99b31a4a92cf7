"""Custody: how long each held a problem, how the clock stands that runs now, how it is said."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.domain.calendar import Calendar
from bot.domain.custody import ENDINGS, Span, by_holder, held, light_of, measured
from bot.domain.deadlines import Deadlines, Light
from bot.domain.problems import State, Urgency

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = Calendar(ZONE)
DEADLINES = Deadlines()  # 08:30 to 18:00: nine and a half hours
HOUR = timedelta(hours=1)


def at(day: int, clock: str) -> datetime:
    """Return a moment of November 2026; the 23rd is a Monday."""
    return datetime.fromisoformat(f"2026-11-{day:02}T{clock}").replace(tzinfo=ZONE)


def span(since: datetime, until: datetime | None, person_id: int = 1, name: str = "孙立新") -> Span:
    return Span(1, person_id, name, "自然资源局", since, until=until)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (at(23, "09:00"), at(23, "12:00"), 3 * HOUR),
        (at(23, "09:00"), None, 4 * HOUR),  # up to now, 13:00
        (at(20, "17:00"), at(23, "09:30"), 2 * HOUR),  # Friday evening to Monday morning
        (at(21, "09:00"), at(22, "18:00"), 0 * HOUR),  # a weekend
        (at(20, "08:30"), at(20, "18:00"), 9.5 * HOUR),
    ],
)
def test_only_office_hours_count(since: datetime, until: datetime | None, expected: timedelta) -> None:
    assert held(span(since, until), at(23, "13:00"), DEADLINES, CALENDAR) == expected


def test_who_had_it_twice_stands_once_with_both_times_in_the_order_of_the_first() -> None:
    spans = [
        span(at(23, "09:00"), at(23, "10:00"), 1, "孙立新"),
        span(at(23, "10:00"), at(23, "12:00"), 2, "陈志远"),
        span(at(23, "12:00"), None, 1, "孙立新"),
    ]

    assert by_holder(spans, at(23, "15:00"), DEADLINES, CALENDAR) == [
        ("孙立新", 4 * HOUR),
        ("陈志远", 2 * HOUR),
    ]


def test_two_people_of_one_name_stay_two() -> None:
    spans = [span(at(23, "09:00"), at(23, "10:00"), 1), span(at(23, "10:00"), None, 2)]

    assert by_holder(spans, at(23, "12:00"), DEADLINES, CALENDAR) == [("孙立新", HOUR), ("孙立新", 2 * HOUR)]


@dataclass(frozen=True)
class Clocks:
    """What a light is reckoned from."""

    state: State
    urgency: Urgency
    began_at: datetime
    held_since: datetime
    accept_due: datetime | None
    solve_due: datetime | None
    paused_at: datetime | None


# Begun a week before, with its holder since Monday morning; to be accepted by 13:00.
CLOCKS = Clocks(
    State.WAITING,
    Urgency.ORDINARY,
    began_at=at(16, "09:00"),
    held_since=at(23, "09:00"),
    accept_due=at(23, "13:00"),
    solve_due=at(30, "09:00"),
    paused_at=None,
)


@pytest.mark.parametrize(
    ("state", "now", "expected"),
    [
        # To accept counts from when this holder got it, not from when the problem began.
        (State.WAITING, at(23, "11:59"), Light.GREEN),
        (State.WAITING, at(23, "12:00"), Light.YELLOW),  # the last quarter begins
        (State.WAITING, at(23, "12:59"), Light.YELLOW),
        (State.WAITING, at(23, "13:00"), Light.RED),
        # To solve counts from when the problem began; that to accept no longer matters.
        (State.WORKING, at(26, "20:59"), Light.GREEN),
        (State.WORKING, at(26, "21:00"), Light.YELLOW),
        (State.WORKING, at(30, "09:00"), Light.RED),
        (State.CONFIRMING, at(28, "09:00"), Light.GREEN),
        (State.CLOSED, at(28, "09:00"), Light.GREEN),
        (State.WITHDRAWN, at(28, "09:00"), Light.GREEN),
    ],
)
def test_the_light_is_that_of_the_clock_that_runs(state: State, now: datetime, expected: Light) -> None:
    assert light_of(replace(CLOCKS, state=state), now, DEADLINES, CALENDAR) is expected


def test_a_clock_that_stands_still_is_not_late() -> None:
    paused = replace(CLOCKS, paused_at=at(23, "10:00"))

    assert light_of(paused, at(28, "09:00"), DEADLINES, CALENDAR) is Light.GREEN


def test_handed_on_after_its_deadline_it_is_late_before_anybody_accepts() -> None:
    handed_on = replace(CLOCKS, held_since=at(30, "10:00"), accept_due=at(30, "14:00"))

    assert light_of(handed_on, at(30, "10:00"), DEADLINES, CALENDAR) is Light.RED


def test_without_a_deadline_nothing_is_late() -> None:
    assert (
        light_of(replace(CLOCKS, accept_due=None, solve_due=None), at(28, "09:00"), DEADLINES, CALENDAR)
        is Light.GREEN
    )


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (timedelta(0), ("none", 0)),
        (timedelta(seconds=59), ("none", 0)),
        (timedelta(minutes=1), ("minutes", 1)),
        (timedelta(minutes=59, seconds=29), ("minutes", 59)),
        (timedelta(minutes=59, seconds=31), ("hours", 1)),  # never 60 minutes
        (timedelta(hours=1, minutes=30), ("hours", 1.5)),
        (timedelta(hours=9, minutes=29), ("hours", 9.5)),
        (timedelta(hours=9, minutes=30), ("days", 1)),  # a day is what the office works
        (timedelta(hours=14, minutes=15), ("days", 1.5)),
        (timedelta(hours=95), ("days", 10)),
    ],
)
def test_a_length_is_said_in_the_unit_people_would_use(
    length: timedelta, expected: tuple[str, float]
) -> None:
    assert measured(length, DEADLINES) == expected


def test_every_way_in_which_the_code_lets_a_problem_go_has_words() -> None:
    root = Path(__file__).parents[2]
    said: set[str] = set()
    for part in ("handlers", "storage"):
        for path in (root / part).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    said.update(_endings(node))

    assert len(said) > 5
    assert said - ENDINGS == set()


def _endings(call: ast.Call) -> Iterator[str]:
    """Yield the ways a call names: ``ended="returned"``, ``_release(problem, now, "closed", "")``."""
    named = [each.value for each in call.keywords if each.arg == "ended"]
    if isinstance(call.func, ast.Attribute) and call.func.attr == "_release":
        named += call.args[2:3]
    yield from (
        each.value for each in named if isinstance(each, ast.Constant) and isinstance(each.value, str)
    )
