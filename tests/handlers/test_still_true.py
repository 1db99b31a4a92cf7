"""A rung is worth hearing of as long as nobody has answered since it was climbed."""

from dataclasses import replace

import pytest

from bot.domain.problems import Problem
from handlers.escalation import _still_true
from storage.escalations import Notice
from tests.domain.test_ladder import ASKED, PROBLEM, SOLVED, WORKING

_ACCEPTED_LATE = replace(WORKING, step=1)
_LATE = replace(WORKING, late_step=1)


@pytest.mark.parametrize(
    ("rung", "problem", "is_true"),
    [
        ("accept_1", replace(PROBLEM, step=1), True),
        ("accept_1", replace(PROBLEM, step=2), True),
        ("accept_1", PROBLEM, False),  # it has changed hands: its clock is at its foot
        ("accept_1", _ACCEPTED_LATE, False),
        ("accept_1", replace(PROBLEM, step=1, generation=2), False),  # it was opened again
        ("feedback_1", _ACCEPTED_LATE, True),
        ("solve_1", _LATE, True),
        ("solve_1", replace(_LATE, late_step=2), True),
        ("solve_1", WORKING, False),  # it has more time
        ("solve_1", replace(SOLVED, late_step=1), False),
        ("solve_1", replace(_LATE, paused_at=WORKING.accepted_at), False),
        ("answer_1", replace(ASKED, step=1), True),
        ("answer_1", replace(PROBLEM, step=1), False),
        ("answer_2", WORKING, True),  # nobody answered, and it runs again
        ("answer_2", replace(ASKED, step=2), False),
        ("answer_2", SOLVED, False),
        ("confirm_1", replace(SOLVED, step=1), True),
        ("confirm_1", SOLVED, False),
    ],
)
def test_a_rung_is_told_while_it_is_true(rung: str, problem: Problem, *, is_true: bool) -> None:
    assert _still_true(problem, Notice(1, 1, 1, 1, rung, 2)) is is_true
