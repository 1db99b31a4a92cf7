"""Which of the five a project lacks."""

from dataclasses import replace
from datetime import date

import pytest

from bot.domain.elements import Element, Facts, missing

DAY = date(2026, 3, 1)
WHOLE = Facts(
    has_leader=True,
    planned_start=DAY,
    planned_completion=DAY,
    has_dated_milestones=True,
    written={"举措", "奖惩"},
)


@pytest.mark.parametrize(
    ("facts", "lacks"),
    [
        (WHOLE, []),
        (replace(WHOLE, has_leader=False), [Element.LEADER]),
        (replace(WHOLE, planned_completion=None), [Element.TERM]),
        (replace(WHOLE, has_dated_milestones=False), [Element.STANDARD]),
        (replace(WHOLE, has_dated_milestones=False, written={"举措", "标准", "奖惩"}), []),
        (replace(WHOLE, written=set()), [Element.MEASURES, Element.REWARD]),
        (Facts(False, None, None, False, set()), list(Element)),
    ],
)
def test_what_is_missing(facts: Facts, lacks: list[Element]) -> None:
    assert missing(facts) == lacks
