"""A paper: what its sentences count, and what an amendment does to it."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.domain.blanks import Condition, Value
from bot.domain.document import Document
from tests.fakes import document

PAPER = document(
    "旬督查表", "全县", date(2026, 11, 11), date(2026, 11, 20), datetime(2026, 11, 20, 8, tzinfo=UTC)
)


def test_a_paper_comes_back_from_where_it_was_kept() -> None:
    changed = PAPER.amended("XM-001", "invested", 1)
    assert changed is not None

    for paper in (PAPER, changed):
        assert Document.from_json(json.loads(json.dumps(paper.as_json()))) == paper


def test_what_was_amended_twice_still_says_what_it_was_at_first() -> None:
    once = PAPER.amended("XM-001", "invested", 1)
    assert once is not None
    twice = once.amended("XM-001", "invested", 2)
    assert twice is not None

    assert (twice.tables[0].rows[0].values[2], twice.tables[0].rows[0].amended) == (2, {"invested": 120_000})
    assert (twice.tables[0].total("invested"), twice.amendments) == (80_002, 1)


def test_a_figure_is_put_right_in_every_table_and_is_still_one() -> None:
    twice = replace(PAPER, tables=(*PAPER.tables, replace(PAPER.tables[0], name="到期未开工")))

    changed = twice.amended("XM-001", "invested", 1)

    assert changed is not None
    assert [table.rows[0].values[2] for table in changed.tables] == [1, 1]
    assert changed.amendments == 1


@pytest.mark.parametrize(("line", "figure"), [("XM-009", "invested"), ("XM-001", "planned")])
def test_what_is_not_in_a_paper_cannot_be_put_right(line: str, figure: str) -> None:
    assert PAPER.amended(line, figure, 1) is None


@pytest.mark.parametrize(
    ("wanted", "holding"),
    [
        (True, [1]),
        (False, [0, None]),
        (3, [3]),
        ("在建", ["在建"]),
        (["在建", "新上"], ["在建", "新上"]),
        (">0", [1, 3]),
        (">=3", [3]),
        ("<1", [-1, 0]),
        ("<=-1", [-1]),
    ],
)
def test_a_condition_holds_for_some_values(wanted: object, holding: list[Value]) -> None:
    every: list[Value] = [-1, 0, 1, 3, None, "在建", "新上", ""]
    condition = Condition.parse("figure", wanted)

    assert [value for value in every if condition.holds({"figure": value})] == holding


@pytest.mark.parametrize("wanted", [">", "<viel", [], 1.5, {"a": 1}, [1.5]])
def test_what_is_no_condition_is_refused(wanted: object) -> None:
    with pytest.raises(ValueError, match=r"is no condition|invalid literal"):
        Condition.parse("figure", wanted)
