"""How often a project is asked about, and the edges of every turn."""

from datetime import date

import pytest

from bot.domain.cadence import DEFAULT, Cadence, due
from bot.domain.projects import ProjectClass

BUILDING, BUILT, NEGOTIATING, NEW, RESERVE, SEEKING = ProjectClass
DAILY, WEEKLY, MONTHLY = {BUILDING}, {NEW, NEGOTIATING, SEEKING}, {BUILT, RESERVE}


@pytest.mark.parametrize(
    ("day", "last_round", "kinds"),
    [
        (date(2026, 11, 23), date(2026, 11, 20), DAILY | WEEKLY),  # a Monday after a Friday
        (date(2026, 11, 24), date(2026, 11, 23), DAILY),  # the day after
        (date(2026, 11, 27), date(2026, 11, 26), DAILY),  # the last day of a week
        (date(2026, 10, 8), date(2026, 9, 30), DAILY | WEEKLY | MONTHLY),  # a Thursday after seven days off
        (date(2026, 10, 9), date(2026, 10, 8), DAILY),
        (date(2026, 10, 10), date(2026, 10, 9), DAILY),  # a Saturday worked in exchange: still that week
        (date(2026, 10, 12), date(2026, 10, 10), DAILY | WEEKLY),
        (date(2026, 11, 30), date(2026, 11, 27), DAILY | WEEKLY),  # a month's last day
        (date(2026, 12, 1), date(2026, 11, 30), DAILY | MONTHLY),  # its first, a Tuesday
        (date(2026, 12, 2), date(2026, 12, 1), DAILY),
        (date(2028, 2, 29), date(2028, 2, 28), DAILY),  # a day more than other years
        (date(2028, 3, 1), date(2028, 2, 29), DAILY | MONTHLY),
        (date(2027, 1, 4), date(2026, 12, 31), DAILY | WEEKLY | MONTHLY),  # after New Year
        (date(2026, 11, 26), date(2026, 11, 20), DAILY | WEEKLY),  # down from Monday to Wednesday
        (date(2026, 11, 26), None, DAILY | WEEKLY | MONTHLY),  # the very first round
    ],
)
def test_each_class_has_its_turn(day: date, last_round: date | None, kinds: set[ProjectClass]) -> None:
    assert due(day, last_round).kinds == kinds


@pytest.mark.parametrize(
    ("planned", "asked"),
    [
        (date(2028, 2, 21), False),
        (date(2028, 2, 22), True),  # a week overdue
        (date(2028, 2, 29), True),
        (date(2028, 3, 7), True),  # a week ahead, over a 29 February
        (date(2028, 3, 8), False),
    ],
)
def test_a_planned_day_that_is_near_makes_it_daily(planned: date, asked: bool) -> None:
    today = due(date(2028, 2, 29), date(2028, 2, 28))

    assert today.asks(RESERVE, [planned]) is asked


def test_an_open_problem_makes_it_daily() -> None:
    today = due(date(2026, 11, 24), date(2026, 11, 23))

    assert not today.asks(BUILT)
    assert today.asks(BUILT, has_problem=True)


def test_a_county_may_ask_more_often_or_less() -> None:
    cadence = {**DEFAULT, BUILDING: Cadence.WEEKLY, BUILT: Cadence.WORKDAY}

    assert due(date(2026, 11, 24), date(2026, 11, 23), cadence).kinds == {BUILT}
