"""Fair rankings: ranks, ties, samples, weights, what is missing – and what nobody may be ranked by."""

from decimal import Decimal

import pytest

from bot.domain.ranking import (
    DEFAULT,
    Formalism,
    Item,
    Scorecard,
    Standing,
    Weights,
    points,
    rank,
    read_by,
    read_weights,
    size_of,
    size_of_place,
    typed_weights,
    weighed,
)

YI = 1_000_000


def only(score: int | None, group: str = "甲") -> tuple[str, dict[Item, int | None]]:
    """Return an entry that is judged by its plan alone."""
    return group, {Item.PLAN: score}


def ranks(*entries: tuple[str, dict[Item, int | None]], minimum: int = 3) -> list[int | None]:
    return [each.rank for each in rank(entries, Scorecard(minimum=minimum))]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([900, 700, 800], [1, 3, 2]),
        ([900, 900, 800], [1, 1, 3]),
        ([900, 800, 800], [1, 2, 2]),
        ([0, 0, 0], [1, 1, 1]),
        ([900, 800], [None, None]),  # one too few
        ([900, 800, None], [None, None, None]),  # who has nothing to judge is no sample
        ([900, None, 800, 700], [1, None, 2, 3]),
    ],
)
def test_equal_scores_share_a_rank_and_small_groups_have_none(
    scores: list[int | None], expected: list[int | None]
) -> None:
    assert ranks(*map(only, scores)) == expected


def test_each_group_is_ranked_apart() -> None:
    entries = [only(500), only(900, "乙"), only(400), only(800, "乙"), only(300), only(700, "丙")]

    assert ranks(*entries, minimum=2) == [1, 1, 2, 2, 3, None]
    assert rank(entries, Scorecard())[0] == Standing(500, 1, 3)


@pytest.mark.parametrize(
    ("scores", "weights", "expected"),
    [
        ({Item.PLAN: 1000, Item.PROGRESS: 500}, ((Item.PLAN, 30), (Item.PROGRESS, 20)), 800),
        # Without a plan the progress is all there is.
        ({Item.PLAN: None, Item.PROGRESS: 500}, ((Item.PLAN, 30), (Item.PROGRESS, 20)), 500),
        ({Item.PROGRESS: 500}, ((Item.PLAN, 30),), None),
        ({Item.PLAN: 1, Item.PROGRESS: 2}, ((Item.PLAN, 1), (Item.PROGRESS, 1)), 2),  # a half goes up
        ({Item.PLAN: 100, Item.PROGRESS: 200}, ((Item.PLAN, "12.5"), (Item.PROGRESS, "37.5")), 175),
    ],
)
def test_a_missing_item_counts_neither_way(
    scores: dict[Item, int | None], weights: tuple[tuple[Item, int | str], ...], expected: int | None
) -> None:
    assert weighed(scores, tuple((item, Decimal(weight)) for item, weight in weights)) == expected


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(1, 2, 500), (3, 2, 1000), (-1, 2, 0), (0, 5, 0), (1, 3, 333), (2, 3, 667), (5, 0, None), (0, 0, None)],
)
def test_points_go_from_0_to_100_and_nothing_has_none(part: int, whole: int, expected: int | None) -> None:
    assert points(part, whole) == expected


@pytest.mark.parametrize(
    ("total", "size"),
    [
        (0, "1亿以下"),
        (YI - 1, "1亿以下"),
        (YI, "1-5亿"),
        (5 * YI - 1, "1-5亿"),
        (5 * YI, "5-10亿"),
        (10 * YI - 1, "5-10亿"),
        (10 * YI, "10亿以上"),
    ],
)
def test_sizes_meet_at_their_edges(total: int, size: str) -> None:
    assert size_of(total) == size


@pytest.mark.parametrize(
    ("projects", "size"),
    [(1, "5个项目以下"), (5, "5-9个项目"), (9, "5-9个项目"), (10, "10个项目以上")],
)
def test_places_are_compared_with_places_of_as_many_projects(projects: int, size: str) -> None:
    assert size_of_place(projects) == size


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("plan=50 progress=30 problems=20", {Item.PLAN: 50, Item.PROGRESS: 30, Item.PROBLEMS: 20}),
        ("计划50，进度30、问题20", {Item.PLAN: 50, Item.PROGRESS: 30, Item.PROBLEMS: 20}),
        ("计划＝５０％ 投资: 50%", {Item.PLAN: 50, Item.INVESTMENT: 50}),
        ("plan=12.5 节点=0", {Item.PLAN: Decimal("12.5")}),
    ],
)
def test_weights_are_read_as_people_type_them(words: str, expected: dict[Item, Decimal]) -> None:
    assert dict(typed_weights(words)) == expected


def test_the_default_adds_up_to_a_hundred() -> None:
    default: Weights = DEFAULT

    assert sum(weight for _, weight in default) == 100


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"plan": "很多"}, "plan = '很多' is no number; write one such as 30"),
        ({"plan": True}, "is no number"),
        ({"plan": float("nan")}, "is no number"),
        ({"plan": float("inf")}, "is no number"),
        ({"plan": None}, "is no number"),
        ({"plan": -1}, "plan = -1 is negative; write 0"),
        ({"plan": 0, "progress": 0}, "nothing counts"),
        ({}, "nothing counts"),
        ([("plan", 1)], "write a table such as"),
        ({"plam": 1}, "'plam' is no item; choose out of plan, investment"),
        ({"tasks": 1}, "'tasks' is no item"),
        ({"plan": 1, "计划": 2}, "names an item twice"),
    ],
)
def test_wrong_weights_are_said_with_their_cure(given: object, fault: str) -> None:
    with pytest.raises(ValueError, match=fault) as caught:
        read_weights(given)
    assert not isinstance(caught.value, Formalism)


@pytest.mark.parametrize(
    "key",
    [
        "answered",
        "asked_days",
        "reply_rate",
        "check_ins",
        "sign_in",
        "打卡",
        "签到次数",
        "答复率",
        "日报上报",
        "照片",
    ],
)
def test_nothing_is_ranked_by_answering(key: str) -> None:
    with pytest.raises(
        Formalism, match=f"{key}: answering and checking in are never ranked: .*formalism.*; remove"
    ):
        read_weights({"plan": 50, key: 50})


@pytest.mark.parametrize("way", ["liaison", "lead_leader", "person", "unit", "联络员", "干部"])
def test_persons_are_never_ranked(way: str) -> None:
    with pytest.raises(Formalism, match=r"persons .* never ranked"):
        read_by(way)
    with pytest.raises(Formalism, match=r"persons .* never ranked"):
        read_weights({way: 50})


def test_places_are_ranked_as_projects_are() -> None:
    assert [read_by(each) for each in ("project", "place")] == ["project", "place"]
    with pytest.raises(ValueError, match="'industry' cannot be ranked"):
        read_by("industry")


@pytest.mark.parametrize("words", ["", "plan", "plan=x", "计划=50 嗯", "plan=50 plan=30", "=50"])
def test_what_is_no_weights_is_none(words: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- the words for people are the handler's
        typed_weights(words)
