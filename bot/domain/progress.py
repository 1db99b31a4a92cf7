"""A day's progress: what an answer says, where the project then stands, what looks odd."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.figures import Figures, Span

_JUMP = 200
"""Thousandths: more than 20 points in one report is asked back."""


class Kind(StrEnum):
    """What an answer says of a project; the values are what people read and type."""

    UNCHANGED = "照旧"
    PROGRESS = "有进展"
    PROBLEM = "有问题"


class Oddity(StrEnum):
    """Why a figure is asked back, once and kindly."""

    PERCENT_FELL = "percent_fell"
    MONEY_FELL = "money_fell"
    PERCENT_JUMPED = "percent_jumped"
    OVER_PLAN = "over_plan"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a project is: visible progress in thousandths, this year's investment."""

    permille: int = 0
    cumulative: int = 0


def reckoned(figures: Figures, *, before: Standing, month_before: int) -> Standing:
    """Return where a project stands after a report.

    ``before`` is the standing before today's first report, so that answering again
    replaces and never adds twice; ``month_before`` the cumulative investment when last
    month ended. A total outweighs a month, a month a day. Of several amounts for the same
    time the largest counts: the smaller ones are its parts.
    """
    amounts: dict[Span, int] = {}
    for money in figures.money:
        amounts[money.span] = max(money.amount, amounts.get(money.span, 0))
    if Span.TOTAL in amounts:
        cumulative = amounts[Span.TOTAL]
    elif Span.MONTH in amounts:
        cumulative = month_before + amounts[Span.MONTH]
    elif Span.DAY in amounts:
        cumulative = before.cumulative + amounts[Span.DAY]
    else:
        cumulative = before.cumulative + amounts.get(Span.UNSAID, 0)
    permille = before.permille if figures.permille is None else figures.permille
    return Standing(permille, cumulative)


def oddities(standing: Standing, before: Standing, planned: int) -> tuple[Oddity, ...]:
    """Return what looks odd about a standing after another, given the year's plan.

    Investment far over the plan is odd only on the day it crosses the line, not for the
    rest of the year; without a plan there is no line.
    """
    odd = (
        (Oddity.PERCENT_FELL, standing.permille < before.permille),
        (Oddity.PERCENT_JUMPED, standing.permille - before.permille > _JUMP),
        (Oddity.MONEY_FELL, standing.cumulative < before.cumulative),
        (Oddity.OVER_PLAN, _is_over(standing, planned) and not _is_over(before, planned)),
    )
    return tuple(oddity for oddity, holds in odd if holds)


def _is_over(standing: Standing, planned: int) -> bool:
    return planned > 0 and standing.cumulative * 10 > planned * 12
