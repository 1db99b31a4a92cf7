"""How a project goes on: started, completed, a milestone reached, a stage entered (MISSION row 30)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from bot.domain.days import read_day_done
from bot.domain.projects import Project, ProjectClass, Stage


class Step(StrEnum):
    """What a liaison says of a project; the values are the words they say it with."""

    START = "开工"
    COMPLETION = "竣工"
    MILESTONE = "完成"
    STAGE = "阶段"
    CHANGE = "变更"


WAITS = "待同意"
"""How one calls a change that waits for the office's nod."""


class Nod(StrEnum):
    """What became of a step that was said: the office's answer, or that it was said anew."""

    AGREED = "同意"
    REFUSED = "不同意"
    RESAID = "改报"


@dataclass(frozen=True, slots=True)
class Milestone:
    """A dated promise of a project, and when it was kept."""

    id: int
    project_id: int
    name: str
    planned: date | None = None
    done: date | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """A step that somebody said and the office nods to; ``what`` is the stage or the milestone.

    Of a change it is what of the plan is to be another, ``before`` and ``after`` as they are kept; its
    ``number`` is that of the register.
    """

    id: int
    project_id: int
    step: Step
    what: str
    day: date
    asked_by: int
    at: datetime
    answer: Nod | None = None
    decided_by: int | None = None
    before: str = ""
    after: str = ""
    reason: str = ""
    year: int | None = None
    sequence: int | None = None

    @property
    def number(self) -> str:
        """The number in the register of changes: 〔2026〕变更3号."""
        return f"〔{self.year}〕变更{self.sequence}号"


_STAGES = list(Stage)
_BEFORE = frozenset({ProjectClass.NEW, ProjectClass.NEGOTIATING, ProjectClass.RESERVE, ProjectClass.SEEKING})


def changes(project: Project, step: Step, what: str, day: date) -> dict[str, Any]:
    """Return what a step changes of a project's row: who has started is being built, who is done was."""
    match step:
        case Step.START:
            is_early = _STAGES.index(project.stage) < _STAGES.index(Stage.STARTED)
            stage = Stage.STARTED if is_early else project.stage
            kind = ProjectClass.BUILDING if project.kind in _BEFORE else project.kind
            return {"actual_start": day, "stage": str(stage), "kind": str(kind)}
        case Step.COMPLETION:
            return {"actual_completion": day, "stage": str(Stage.PRODUCTION), "kind": str(ProjectClass.BUILT)}
        case Step.STAGE:
            return {"stage": what}
        case Step.MILESTONE | Step.CHANGE:
            return {}


_NOT_YET = re.compile(
    r"未|没|不|暂|准备|计划|预计|拟|将|即将|力争|争取|确保|等待|待|筹备|条件|手续|前期|仪式|方案|许可|日前|底前|之前|资料|档案|图纸|差|剩|尚|接近|临近|冲刺|倒计时|目标|尽快"
    r"|复工|延期|推迟|推进|加快"
)
_CLAUSE = re.compile(r"[，,；;。！!\n]+")
_SAYS: dict[Step, re.Pattern[str]] = {
    Step.START: re.compile(r"(?:今[天日]|昨[天日]|已|正式|顺利|全面|项目|^)\S{0,6}(?:开工|动工)(?:建设|了)?"),
    Step.COMPLETION: re.compile(
        r"(?:今[天日]|昨[天日]|已|正式|顺利|全面|项目|^)\S{0,6}(?:竣工|投产|完工)(?:验收|了)?"
    ),
}
_PARTS = re.compile(
    r"桩基|土方|基础|主体|厂房|[0-9一二三四]期|号楼|车间|标段|路|管网|设备|装修|绿化|围墙|生产线"
)


@dataclass(frozen=True, slots=True)
class Plain:
    """A step that an answer says plainly enough to offer its button."""

    step: Step
    what: str
    day: date


def plainly_said(text: str, project: Project, milestones: Iterable[Milestone], today: date) -> Plain | None:
    """Return the step that progress says has been taken; None if it speaks of plans, of parts, or of neither.

    Nothing follows by itself: whoever said it is offered a button.
    """
    for clause in _CLAUSE.split(text):
        if _NOT_YET.search(clause):
            continue
        for each in milestones:
            if each.done is None and each.name in clause:
                return Plain(Step.MILESTONE, each.name, _day(clause, today))
        if _PARTS.search(clause):
            continue
        if project.actual_start is None and _SAYS[Step.START].search(clause):
            return Plain(Step.START, "", _day(clause, today))
        if project.actual_completion is None and _SAYS[Step.COMPLETION].search(clause):
            return Plain(Step.COMPLETION, "", _day(clause, today))
    return None


def _day(clause: str, today: date) -> date:
    said = read_day_done(clause, today).day
    return said if said is not None and said <= today else today
