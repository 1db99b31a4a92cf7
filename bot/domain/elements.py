"""五要件: what every project must have been given – 定领导、定举措、定工期、定标准、定奖惩."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Element(StrEnum):
    """One of the five; the values are the county's words."""

    LEADER = "领导"
    MEASURES = "举措"
    TERM = "工期"
    STANDARD = "标准"
    REWARD = "奖惩"


WRITTEN = frozenset({Element.MEASURES, Element.STANDARD, Element.REWARD})
"""Those that are words; the leader stands in the roster, the term is the project's planned days."""

TIERS = ("一类", "二类", "三类", "四类")
"""大起底: the classes of urgency that projects are sorted into (MISSION row 16)."""


APPROVAL = "手续:"
"""How the approvals of a project are told from its five among what is written down."""

APPROVALS = ("立项", "用地", "规划", "环评", "能评", "施工许可")
"""What a project needs before it may be built, applied for side by side (MISSION row 24)."""


ROUTES = {
    "立项": "审批", "用地": "用地", "规划": "规划", "环评": "环保", "能评": "环保", "施工许可": "审批",
}  # fmt: skip
"""By which category of problems the unit is found that grants an approval."""


def is_lacking(words: str) -> bool:
    """Tell whether an approval was given ahead of what it lacks: 容缺办理, 告知承诺."""
    return "容缺" in words or "承诺" in words


def is_granted(words: str) -> bool:
    """Tell whether the words noted on an approval say that it has been given, or is not needed."""
    return words.startswith(("已批", "已办", "办结", "不需要", "无需"))


@dataclass(frozen=True, slots=True)
class Facts:
    """What a project has: who leads it, its planned days, whether its milestones are dated, its words."""

    has_leader: bool
    planned_start: date | None
    planned_completion: date | None
    has_dated_milestones: bool
    written: Collection[str]


def has(element: Element, facts: Facts) -> bool:
    """Tell whether a project has one of the five; dated milestones are a standard to be measured by."""
    match element:
        case Element.LEADER:
            return facts.has_leader
        case Element.TERM:
            return facts.planned_start is not None and facts.planned_completion is not None
        case Element.STANDARD:
            return facts.has_dated_milestones or element in facts.written
        case _:
            return element in facts.written


def missing(facts: Facts) -> list[Element]:
    """Return which of the five a project lacks, in their order."""
    return [element for element in Element if not has(element, facts)]
