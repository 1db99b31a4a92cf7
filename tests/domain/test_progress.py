"""Where a project stands after a report, and what is asked back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.figures import Figures, Money, Span, read_figures, show_money, show_permille
from bot.domain.progress import Kind, Oddity, Standing, oddities, reckoned

WAN = 100
BEFORE = Standing(permille=580, cumulative=126_000 * WAN)
MONTH_BEFORE = 126_000 * WAN


def test_the_sample_of_the_morning_question_reckons_as_it_says() -> None:
    figures = read_figures("主体封顶，形象进度62%，本月完成3200万")
    after = reckoned(figures, before=BEFORE, month_before=MONTH_BEFORE)

    assert show_money(BEFORE.cumulative) == "12.60 亿元"
    assert (show_permille(after.permille), show_money(after.cumulative)) == ("62%", "12.92 亿元")
    assert oddities(after, BEFORE, 200_000 * WAN) == ()


@pytest.mark.parametrize(
    ("text", "cumulative"),
    [
        ("主体封顶", 126_000),
        ("累计12.92亿", 129_200),
        ("本月完成3200万", 123_200),  # on top of what stood when last month ended
        ("今日完成200万", 126_200),
        ("完成200万", 126_200),
        ("本月完成3200万，累计12.92亿", 129_200),  # a total outweighs a month
        ("今日200万，本月3200万", 123_200),  # a month outweighs a day
        ("今日200万，完成设备100万", 126_200),  # a day outweighs what covers nothing said
        ("完成投资500万，设备300万", 126_500),  # the smaller is part of the larger
        ("累计12.92亿，设备累计3亿", 129_200),
        ("累计12亿", 120_000),  # told as it is; the fall is asked back
    ],
)
def test_investment_is_reckoned_by_the_time_it_covers(text: str, cumulative: int) -> None:
    after = reckoned(read_figures(text), before=BEFORE, month_before=120_000 * WAN)

    assert after == Standing(580, cumulative * WAN)


@given(st.sampled_from(Span), st.integers(0, 10**9), st.none() | st.integers(0, 1000))
def test_answering_again_replaces_and_never_adds_twice(span: Span, amount: int, permille: int | None) -> None:
    wrong = reckoned(Figures(990, (Money(amount + 7, span),)), before=BEFORE, month_before=MONTH_BEFORE)
    right = reckoned(Figures(permille, (Money(amount, span),)), before=BEFORE, month_before=MONTH_BEFORE)
    again = reckoned(Figures(permille, (Money(amount, span),)), before=BEFORE, month_before=MONTH_BEFORE)

    assert right == again
    assert right.cumulative < wrong.cumulative


PLAN = 200_000 * WAN


@pytest.mark.parametrize(
    ("after", "odd"),
    [
        (BEFORE, ()),
        (Standing(579, BEFORE.cumulative), (Oddity.PERCENT_FELL,)),
        (Standing(780, BEFORE.cumulative), ()),  # exactly 20 points
        (Standing(781, BEFORE.cumulative), (Oddity.PERCENT_JUMPED,)),
        (Standing(580, BEFORE.cumulative - 1), (Oddity.MONEY_FELL,)),
        (Standing(580, PLAN * 12 // 10), ()),
        (Standing(580, PLAN * 12 // 10 + 1), (Oddity.OVER_PLAN,)),
        (Standing(100, 0), (Oddity.PERCENT_FELL, Oddity.MONEY_FELL)),
        (Standing(1000, PLAN * 2), (Oddity.PERCENT_JUMPED, Oddity.OVER_PLAN)),
    ],
)
def test_a_figure_that_looks_odd_is_named(after: Standing, odd: tuple[Oddity, ...]) -> None:
    assert oddities(after, BEFORE, PLAN) == odd


def test_far_over_the_plan_is_odd_only_on_the_day_it_happens() -> None:
    over, further = Standing(620, PLAN * 13 // 10), Standing(620, PLAN * 14 // 10)

    assert oddities(over, BEFORE, PLAN) == (Oddity.OVER_PLAN,)
    assert oddities(further, over, PLAN) == ()


def test_without_a_plan_nothing_is_over_it() -> None:
    assert oddities(Standing(580, 10**9), BEFORE, 0) == ()


def test_a_kind_is_the_word_on_its_button() -> None:
    assert [str(kind) for kind in Kind] == ["照旧", "有进展", "有问题"]
