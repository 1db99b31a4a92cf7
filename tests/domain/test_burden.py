"""What the bot costs people, by the stated rule; settings that drift into formalism."""

from datetime import time
from typing import Any

import pytest

from bot.domain.burden import MOST_A_DAY, Finding, Load, findings, median
from bot.domain.cadence import DEFAULT, Cadence
from bot.domain.projects import ProjectClass


@pytest.mark.parametrize(
    ("load", "minutes"),
    [
        (Load(), 0),
        (Load(messages=6), 1),
        (Load(messages=2), 0),
        (Load(messages=3), 1),  # half a minute goes up
        (Load(messages=36, taps=5, lines=5), 13),
        (Load(questions=9, reminders=9, asked_back=9), 0),  # they are messages already
    ],
)
def test_minutes_are_reckoned_by_the_stated_rule(load: Load, minutes: int) -> None:
    assert load.minutes == minutes


@pytest.mark.parametrize(
    ("values", "middle"), [([], 0), ([5], 5), ([9, 1, 5], 5), ([1, 5], 5), ([1, 2, 3, 9], 3)]
)
def test_between_two_the_larger_burden_is_the_middle_one(values: list[int], middle: int) -> None:
    assert median(values) == middle


FINE: dict[str, Any] = {
    "still": {},
    "many": {ProjectClass.RESERVE: 4},
    "cadence": DEFAULT,
    "ask_at": time(9),
    "office_from": time(8, 30),
    "twice_reminded": 0,
    "daily": MOST_A_DAY,
}
DAILY = {**DEFAULT, ProjectClass.RESERVE: Cadence.WORKDAY}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"still": {ProjectClass.BUILDING: 3}}, [("still", 3, 'prompts.cadence "在建" = "workday"')]),
        ({"still": {ProjectClass.NEW: 3}}, []),  # asked weekly anyway: something was open
        ({"cadence": DAILY}, [("reserve", 4, 'prompts.cadence "储备" = "workday"')]),
        ({"ask_at": time(8, 30)}, []),
        ({"ask_at": time(7, 45)}, [("early", 45, 'prompts.ask_at = "07:45"')]),
        ({"twice_reminded": 2}, [("reminded", 2, "prompts.remind_at")]),
        ({"daily": MOST_A_DAY + 1}, [("many", MOST_A_DAY + 1, "prompts.cadence")]),
    ],
)
def test_a_setting_that_drifts_is_named_with_its_number(
    changes: dict[str, Any], found: list[tuple[str, int, str]]
) -> None:
    assert list(findings(**FINE | changes)) == [Finding(*each) for each in found]
