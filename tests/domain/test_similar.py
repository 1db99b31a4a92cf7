"""A problem about to be reported, and those that were reported already."""

from datetime import UTC, datetime

import pytest

from bot.domain.problems import OTHER, Problem, State, Urgency
from bot.domain.similar import is_alike, most_similar

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def problem(number: int, category: str, text: str) -> Problem:
    return Problem(
        id=number,
        number=f"2026-{number:03}",
        project_id=1,
        project="泵业智造产业园",
        place="大桥镇",
        category=category,
        text=text,
        urgency=Urgency.ORDINARY,
        state=State.WAITING,
        generation=1,
        reporter_id=1,
        reporter="刘敏",
        holder_id=2,
        holder="孙立新",
        confirmer_id=1,
        confirmer="刘敏",
        opened_at=AT,
        began_at=AT,
        held_since=AT,
    )


LAND = problem(1, "用地", "用地指标未批，影响二期开挖")
POWER = problem(2, "用电", "变压器容量不够")
STRANGE = problem(3, OTHER, "围墙倒了")


@pytest.mark.parametrize(
    ("text", "category", "found"),
    [
        ("用地指标还没批", "用地", LAND),
        ("用地指标未批，影响二期开挖", OTHER, LAND),  # the same words, whatever the category
        ("变压器容量还是不够", "用电", POWER),
        ("土地证办不下来", "用地", None),  # the same category alone is not enough
        ("大门倒了", OTHER, None),  # 其他 counts for nothing
        ("缺电焊工", "用工", None),
    ],
)
def test_only_a_problem_that_is_like_it_is_found(text: str, category: str, found: Problem | None) -> None:
    assert most_similar(text, category, [LAND, POWER, STRANGE]) == found


def test_where_there_are_no_problems_none_is_similar() -> None:
    assert most_similar("用地指标未批", "用地", []) is None


@pytest.mark.parametrize(
    ("text", "other", "alike"),
    [
        ("管道焊接都完成了", "管道焊接完成", True),
        ("二期管道焊接完成", "管道焊接完成", True),
        ("主体封顶", "管道焊接完成", False),
    ],
)
def test_words_said_again_are_recognised(text: str, other: str, alike: bool) -> None:
    assert is_alike(text, other) is alike
