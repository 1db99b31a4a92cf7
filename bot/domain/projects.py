"""A project: what it is, how far it is, and who answers for it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ProjectClass(StrEnum):
    """What the county wants of a project (MISSION row 31); the values are the roster's words."""

    BUILDING = "在建"
    BUILT = "建成"
    NEGOTIATING = "洽谈"
    NEW = "新上"
    RESERVE = "储备"
    SEEKING = "争取"


class Stage(StrEnum):
    """How far along a project is (MISSION row 30); the values are the roster's words."""

    PLANNING = "策划包装"
    SCREENING = "招商预审"
    SIGNING = "谈判签约"
    SITING = "规划选址"
    STARTED = "落地开工"
    ASSESSMENT = "履约评估"
    PRODUCTION = "竣工投产"


_BEFORE_A_START = {
    ProjectClass.RESERVE: Stage.PLANNING,
    ProjectClass.SEEKING: Stage.PLANNING,
    ProjectClass.NEGOTIATING: Stage.SIGNING,
    ProjectClass.NEW: Stage.SITING,
}


def stage_spoken_for(
    kind: ProjectClass | None,
    *,
    planned_start: date | None,
    actual_start: date | None,
    actual_completion: date | None,
    is_built_at: bool,
    today: date,
) -> Stage:
    """Return the stage that a project's dates and class speak for, where nobody has said it.

    What is done comes first, then that something is built, then the class; a project 在建, or of no class,
    whose planned start is to come has not started.
    """
    if actual_completion is not None or kind is ProjectClass.BUILT:
        return Stage.PRODUCTION
    if actual_start is not None or is_built_at:
        return Stage.STARTED
    is_ahead = planned_start is not None and planned_start > today
    early = Stage.SITING if is_ahead else Stage.STARTED
    return _BEFORE_A_START.get(kind, early) if kind else early


PACED = frozenset({ProjectClass.BUILDING, ProjectClass.NEW})
"""The classes whose plan of the year runs with the year."""


def is_paced(kind: str, planned_start: date | None, actual_start: date | None, day: date) -> bool:
    """Tell whether a project can be behind the year: not while talked of, nor before its start."""
    is_ahead = actual_start is None and planned_start is not None and planned_start > day
    return kind in PACED and not is_ahead


@dataclass(frozen=True, slots=True)
class Project:
    """One project with its latest figures.

    ``permille`` is the visible progress (形象进度) in thousandths: 62.5 % is 625.
    ``total``, ``planned`` (this year) and ``cumulative`` (this year) are money in
    hundredths of 万元, so that nothing is ever a float. ``tier`` is its class of 大起底.
    """

    id: int
    number: str
    name: str
    level: str = ""
    kind: ProjectClass = ProjectClass.BUILDING
    stage: Stage = Stage.STARTED
    industry: str = ""
    place: str = ""
    total: int = 0
    planned: int = 0
    cumulative: int = 0
    permille: int = 0
    planned_start: date | None = None
    planned_completion: date | None = None
    actual_start: date | None = None
    actual_completion: date | None = None
    unit: str = ""
    last_text: str = ""
    last_day: date | None = None
    quiet_until: date | None = None
    tier: str = ""

    @property
    def plan_permille(self) -> int | None:
        """How much of the year's plan is done, in thousandths; None without a plan."""
        return self.cumulative * 1000 // self.planned if self.planned else None
