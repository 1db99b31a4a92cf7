"""A fair ranking (MISSION feature 12): by outcome, like with like, by a formula that a clerk can recompute.

Every item is worth 0 to 100 points, in tenths; what has nothing to judge counts neither for nor
against. Persons are never ranked, and nothing is ranked by answering.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from bot.domain.numerals import half_width

FULL = 1000
"""A hundred points, in tenths."""


class Item(StrEnum):
    """What is judged; the values are the keys of weights."""

    PLAN = "plan"
    """The share of the year's plan, against the share of the year gone by."""
    INVESTMENT = "investment"
    """What was invested in these days, against their part of the year's plan."""
    PROGRESS = "progress"
    """How far the visible progress came, against the pace of the planned term."""
    PROBLEMS = "problems"
    """The share of problems solved by their deadlines."""
    MILESTONES = "milestones"
    """The share of milestones, planned starts and completions reached by their days."""


CALLED = {
    Item.PLAN: "计划",
    Item.INVESTMENT: "投资",
    Item.PROGRESS: "进度",
    Item.PROBLEMS: "问题",
    Item.MILESTONES: "节点",
}
"""What people may type in place of the keys."""

Weights = tuple[tuple[Item, Decimal], ...]
"""The items that count and their weights; what is not named counts nothing."""

DEFAULT: Weights = (
    (Item.PLAN, Decimal(30)),
    (Item.INVESTMENT, Decimal(30)),
    (Item.PROGRESS, Decimal(20)),
    (Item.PROBLEMS, Decimal(10)),
    (Item.MILESTONES, Decimal(10)),
)


@dataclass(frozen=True, slots=True)
class Scorecard:
    """How a county ranks: by which weights, and from how many in a group on."""

    weights: Weights = DEFAULT
    minimum: int = 3


# --- weights as people write them -------------------------------------------------------

_FORMALISM = re.compile(
    r"(?<![a-z])(?:answer|ask|repl[iy]|respon|report|check.?in|clock.?in|sign|punch|remind|message|read|login|online"
    r"|photo|active)|打卡|签到|答复|回复|回话|填报|上报|日报|在线|登录|阅读|签收|照片|留痕|活跃|次数",
    re.IGNORECASE,
)
_PERSONS = re.compile(
    r"person|people|leader|liaison|owner|unit|holder|staff|个人|干部|领导|联络员|人员|单位|管家",
    re.IGNORECASE,
)

NO_ANSWERING = (
    "answering and checking in are never ranked: the rules on relieving the grassroots from formalism "
    "forbid judging people by the traces they leave"
)
NO_PERSONS = (
    "persons and those who answer for a project are never ranked; projects and places are, by outcome"
)


class Formalism(ValueError):  # noqa: N818 -- it is named for what it is
    """What is asked for would rank people by checking in."""


def read_weights(given: object) -> Weights:
    """Read weights such as ``{ plan = 50, progress = 50 }``; raise ValueError with the cure."""
    if not isinstance(given, Mapping):
        # A ValueError, as every fault of a setting is.
        raise ValueError(f"write a table such as {{ plan = 50, progress = 50 }}, not {given!r}")  # noqa: TRY004
    found = {_item(str(key)): _weight(str(key), value) for key, value in given.items()}
    if len(found) < len(given):
        raise ValueError("names an item twice; keep one")
    if not any(found.values()):
        raise ValueError("nothing counts: give at least one item a weight above 0")
    return tuple((item, found[item]) for item in Item if found.get(item))


def _item(key: str) -> Item:
    for item in Item:
        if key.strip().lower() in {str(item), CALLED[item]}:
            return item
    choices = ", ".join(Item)
    if _FORMALISM.search(key):
        raise Formalism(f"{key}: {NO_ANSWERING}; remove it, the items are {choices}")
    if _PERSONS.search(key):
        raise Formalism(f"{key}: {NO_PERSONS}; remove it, the items are {choices}")
    raise ValueError(f"{key!r} is no item; choose out of {choices}")


def _weight(key: str, value: object) -> Decimal:
    try:
        weight = Decimal(str(value)) if not isinstance(value, bool) else None
    except InvalidOperation:
        weight = None
    if weight is None or not weight.is_finite():
        raise ValueError(f"{key} = {value!r} is no number; write one such as 30")
    if weight < 0:
        raise ValueError(f"{key} = {value} is negative; write 0 for what does not count")
    return weight


def read_by(way: object) -> str:
    """Read whether ``project`` or ``place`` are ranked; raise ValueError with the cure."""
    if way in {"project", "place"}:
        return str(way)
    if _PERSONS.search(str(way)):
        raise Formalism(f'{NO_PERSONS}; write by = "project" or by = "place"')
    raise ValueError(f'{way!r} cannot be ranked; write by = "project" or by = "place"')


_GIVEN = re.compile(r"(?P<key>[^\s=＝:,，;；、]+?)\s*[=:]?\s*(?P<value>-?\d+(?:\.\d+)?)\s*[%分]?")
_BETWEEN = re.compile(r"[\s,，;；、]*")


def typed_weights(words: str) -> Weights:
    """Read 「plan=50 progress=30」 or 「计划50，进度30」; raise ValueError if it is not weights."""
    plain, at, found = half_width(words), 0, list[tuple[str, str]]()
    while at < len(plain):
        match = _GIVEN.match(plain, at)
        if match is None:
            raise ValueError(f"{plain[at:]!r} is no weight; write plan=50 progress=30 problems=20")
        found.append((match["key"], match["value"]))
        between = _BETWEEN.match(plain, match.end())
        at = between.end() if between else match.end()
    if len({key for key, _ in found}) < len(found):
        raise ValueError("names an item twice; keep one")
    return read_weights(dict(found))


# --- points -----------------------------------------------------------------------------


def points(part: int, whole: int) -> int | None:
    """Return how much of a whole a part is, in tenths of a point from 0 to 1000; None of nothing."""
    if whole <= 0:
        return None
    # A half goes up, as people round.
    return max(0, min(FULL, (2 * part * FULL + whole) // (2 * whole)))


def weighed(scores: Mapping[Item, int | None], weights: Weights) -> int | None:
    """Return a score in tenths: the mean of the items that there are, by their weights; None without any."""
    there = [(score, weight) for item, weight in weights if (score := scores.get(item)) is not None]
    whole = sum(weight for _, weight in there)
    return _rounded(sum(score * weight for score, weight in there) / whole) if whole else None


def _rounded(value: Decimal) -> int:
    """Return the nearest whole number; a half goes up, as people round."""
    return int((value * 2 + 1) // 2)


# --- like with like ---------------------------------------------------------------------

_YI = 1_000_000
"""1 亿元 in hundredths of 万元."""

_SIZES = ((_YI, "1亿以下"), (5 * _YI, "1-5亿"), (10 * _YI, "5-10亿"))
_LARGEST = "10亿以上"
_MANY = ((5, "5个项目以下"), (10, "5-9个项目"))
_MOST = "10个项目以上"

SIZES = (*(name for _, name in _SIZES), _LARGEST, *(name for _, name in _MANY), _MOST)
"""Every size, in the order in which groups are listed."""


def size_of(total: int) -> str:
    """Return the size of a project by its total investment."""
    return next((name for below, name in _SIZES if total < below), _LARGEST)


def size_of_place(projects: int) -> str:
    """Return the size of a place by how many projects it has."""
    return next((name for below, name in _MANY if projects < below), _MOST)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one stands in its group: ``among`` so many with a score; no rank in one that is too small."""

    score: int | None
    rank: int | None
    among: int


def rank(entries: Sequence[tuple[str, Mapping[Item, int | None]]], scorecard: Scorecard) -> list[Standing]:
    """Return where each entry – its group and its points – stands; equal scores share a rank (1, 1, 3)."""
    scores = [weighed(points_of, scorecard.weights) for _, points_of in entries]
    groups: dict[str, list[int]] = {}
    for (group, _), score in zip(entries, scores, strict=True):
        groups.setdefault(group, []).extend([] if score is None else [score])
    for every in groups.values():
        every.sort()
    return [
        Standing(score, _rank(score, groups[group], scorecard.minimum), len(groups[group]))
        for (group, _), score in zip(entries, scores, strict=True)
    ]


def _rank(score: int | None, every: Sequence[int], minimum: int) -> int | None:
    """Return one more than how many of a sorted group are better."""
    if score is None or len(every) < minimum:
        return None
    return 1 + len(every) - bisect_right(every, score)
