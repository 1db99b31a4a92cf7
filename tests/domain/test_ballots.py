"""What a ballot's words mean, and what may be shown of it."""

from datetime import date

import pytest

from bot.domain.ballots import Result, next_post, read_call, read_score

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "posts", "last"),
    [
        ("四季度：登记窗口、办税厅 到12月20日", ("登记窗口", "办税厅"), date(2026, 12, 20)),
        ("四季度: 登记窗口，办税厅，… 截止12月20日", ("登记窗口", "办税厅"), date(2026, 12, 20)),
        ("四季度：登记窗口、登记窗口 1月5日", ("登记窗口",), date(2027, 1, 5)),
    ],
)
def test_a_call_names_posts_and_the_last_day(text: str, posts: tuple[str, ...], last: date) -> None:
    call = read_call(text, TODAY)

    assert call is not None
    assert (call.title, call.posts, call.last) == ("四季度", posts, last)


@pytest.mark.parametrize(
    "text", ["", "四季度 到12月20日", "四季度：登记窗口", "：登记窗口 到12月20日", "四季度：到2月30日"]
)
def test_a_call_without_a_part_is_none(text: str) -> None:
    assert read_call(text, TODAY) is None


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("很满意", 5), ("我觉得非常满意！", 5), ("满意", 4), ("一般", 3), ("不满意", 2), ("非常不满意。", 1),
        ("没打过交道", 0), ("还行吧", None), ("满意度", None), ("", None),
    ],
)  # fmt: skip
def test_an_answer_in_words_has_its_points(text: str, score: int | None) -> None:
    assert read_score(text) == score


@pytest.mark.parametrize(("text", "score"), [("5", 5), ("1", 1), ("4分", 4), ("6", None), ("0", None)])
def test_a_number_is_points_and_five_the_best(text: str, score: int | None) -> None:
    assert read_score(text) == score


def test_a_post_is_shown_from_the_fifth_voter_on() -> None:
    assert [Result("窗口", voters, voters).is_shown for voters in (0, 4, 5)] == [False, False, True]


@pytest.mark.parametrize(
    ("voters", "points", "shown"), [(5, 25, "5.0"), (6, 26, "4.3"), (8, 34, "4.3"), (7, 7, "1.0")]
)
def test_an_average_has_one_decimal(voters: int, points: int, shown: str) -> None:
    assert Result("窗口", voters, points).average == shown


def test_not_everybody_begins_with_the_same_post() -> None:
    assert [next_post([7, 8, 9], {7, 8, 9}, person) for person in (0, 1, 2, 3)] == [7, 8, 9, 7]
    assert next_post([7, 8, 9], {7}, 1) == 7
    assert next_post([7, 8, 9], set(), 1) is None
