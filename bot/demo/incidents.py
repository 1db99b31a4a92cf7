"""What happens now and then in a long story: problems that go another way, leave, letters left lying.

Each follows from a number and the day, so that the same year plays the same way each time.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from bot.demo.cast import Line
from bot.domain.people import Duty, Person, Role
from bot.domain.problems import Problem, State
from bot.domain.projects import Project, ProjectClass
from bot.domain.requests import Asking
from bot.domain.stages import Milestone
from handlers.turn import Beat

_TRANSFERRED, _ASKED_UP, _EXTENDED, _WITHDRAWN = 0.12, 0.27, 0.4, 0.52
"""Of a hundred problems so many are passed on, brought before a head, put off and taken back."""

_TO = ("自然资源局", "住建局", "行政审批服务局")
_DECISIONS = ("请明确由哪个部门牵头、何时办结", "请协调市级部门加快批复", "请安排县级资金先行垫付")
_PLANS = ("材料已组卷上报，等市级批复", "已与群众谈妥，正在签订协议", "设备已下单，到货后三天内安装")
_LONGER = (4, 6, 12)
_TIERS = ("一类", "二类", "三类", "四类")
COPIED = "按计划组织施工，各工序正常推进"
_MONDAY, _TUESDAY, _WEDNESDAY, _THURSDAY = range(4)
_LYING, _LATE, _COPIED = 0.3, 0.25, 0.06
_MOVED_BY, _SOON = timedelta(days=45), timedelta(days=60)
_QUARTER = 3
_TEN = 10
_HUNDRED = 100
_SEVERAL = 4


def is_left_lying(missive: str) -> bool:
    """Tell whether the office does not come to a draft, so that time or its project overtakes it."""
    return random.Random(f"lying|6|{missive}").random() < _LYING


def is_answered_late(missive: str) -> bool:
    """Tell whether a unit answers a letter only when it has been reminded."""
    return random.Random(f"late|{missive}").random() < _LATE


def is_copied(number: str, day: date) -> bool:
    """Tell whether a liaison says the same of a project all month."""
    return random.Random(f"copied|{number}|{day:%Y-%m}").random() < _COPIED


@dataclass
class County:
    """The people and projects that incidents are about, as they are on a day."""

    people: dict[int, Person] = field(default_factory=dict)
    leads: dict[int, list[int]] = field(default_factory=dict)
    liaisons: dict[int, list[int]] = field(default_factory=dict)
    """Those of projects that are built, who are asked every day."""
    projects: list[Project] = field(default_factory=list)
    milestones: list[Milestone] = field(default_factory=list)
    asked: set[int] = field(default_factory=set)
    """The problems on which a head is to decide; whoever holds them waits for it."""
    away: dict[int, int] = field(default_factory=dict)

    def acts_for(self, person_id: int) -> int:
        """Return who does what somebody would do today: their substitute while they are away."""
        return self.away.get(person_id, person_id)


def county(beat: Beat) -> County:
    """Return how the county stands this morning."""
    tx = beat.tx
    projects = tx.projects.all()
    ids = [each.id for each in projects]
    built = [each.id for each in projects if each.kind is ProjectClass.BUILDING]
    heads = [each.id for each in tx.people.with_role(Role.HEAD, Role.DEPUTY_HEAD)]
    return County(
        {each.id: each for each in tx.people.all()},
        tx.projects.on(ids, Duty.LEAD_LEADER, beat.today),
        tx.projects.on(built, Duty.LIAISON, beat.today),
        projects,
        tx.stages.milestones(ids),
        {each.problem_id for each in tx.requests.pending_for(heads) if each.asking is Asking.DECISION},
        tx.leaves.everybody(beat.today),
    )


# --- problems ---------------------------------------------------------------------------


def of_problem(problem: Problem, at: County, day_of: Callable[..., date]) -> list[Line]:
    """Return how a problem that is being worked on goes another way; nothing where it does not."""
    if problem.is_task or problem.state is not State.WORKING or problem.generation > 1:
        return []
    chance = random.Random(f"{problem.number}|fate|2")
    fate, number = chance.random(), problem.number
    if fate < _TRANSFERRED:
        holder = at.people[problem.holder_id]
        to = chance.choice([each for each in _TO if each != holder.unit])
        return [Line(at.acts_for(holder.id), f"转办 {number} {to} 这一项由{to}主管，请接着办")]
    if fate < _ASKED_UP and (leads := at.leads.get(problem.project_id)):
        lead = at.acts_for(leads[0])
        # 「1」 is the first of the heads, where the bot asks which of them.
        return [Line(lead, f"提请 {number} {chance.choice(_DECISIONS)}"), Line(lead, "1")]
    if fate < _EXTENDED and problem.solve_due is not None:
        until = day_of(problem.solve_due) + timedelta(days=chance.choice(_LONGER))
        words = f"延期 {number} {until.month}月{until.day}日 {chance.choice(_PLANS)}"
        return [Line(at.acts_for(problem.holder_id), words)]
    if _EXTENDED <= fate < _WITHDRAWN:
        clerk = next(each.id for each in at.people.values() if each.is_office)
        return [Line(clerk, f"撤销 {number} 与此前上报的是同一件事")]
    return []


# --- by the calendar --------------------------------------------------------------------


def of_day(clerk: int, at: County, day: date) -> list[Line]:
    """Return what a day of the calendar brings: leave, a moved day, a figure put right, lists asked for."""
    chance, week = random.Random(f"incidents|{day}"), (day.day - 1) // 7
    if day.weekday() == _MONDAY and week % 2:
        return _leave(at, day, chance)
    if day.weekday() == _TUESDAY and week == 0:
        return [Line(clerk, "清单")]
    if day.weekday() == _TUESDAY and week == 2:  # noqa: PLR2004 -- the third of a month
        return [Line(clerk, "试算 计划=50 进度=30 问题=20")]
    if day.weekday() == _TUESDAY and week == 3:  # noqa: PLR2004 -- the fourth
        return [Line(clerk, "变更"), Line(clerk, "兑现")]
    if day.weekday() == _WEDNESDAY and week in {0, 2}:
        return _approval(clerk, at.projects, day, chance)
    if day.weekday() == _THURSDAY and week in {0, 2}:
        blocked = _blocked(at, chance) if week else []
        return [*_changed(at, chance), *_promised(clerk, at.projects, day, chance), *blocked]
    if day.weekday() == _TUESDAY and week == 1:
        return [Line(clerk, f"四类 {chance.choice(at.projects).number} {chance.choice(_TIERS)}")]
    if day.weekday() == _WEDNESDAY and week == 1:
        return _put_right(clerk, at.projects, chance)
    if day.weekday() == _THURSDAY and week == 1:
        return _moved(clerk, at, day, chance)
    return []


def _leave(at: County, day: date, chance: random.Random) -> list[Line]:
    """Let a liaison be away from tomorrow to Friday; another stands in."""
    busy = sorted({person_id for on in at.liaisons.values() for person_id in on} - at.away.keys())
    person, substitute = chance.sample(busy, 2)
    first, last = day + timedelta(days=1), day + timedelta(days=4)
    words = f"请假 {first:%m-%d} {last:%m-%d} {at.people[substitute].placed}"
    return [Line(person, words)]


def _blocked(at: County, chance: random.Random) -> list[Line]:
    """Let several projects lack the same a few days before the month's consultation."""
    numbers = {each.id: each.number for each in at.projects}
    several = chance.sample(sorted(at.liaisons), _SEVERAL)
    return [
        Line(at.acts_for(at.liaisons[each][0]), f"{numbers[each]} 问题 招不到架子工和焊工")
        for each in several
    ]


def _put_right(clerk: int, projects: Sequence[Project], chance: random.Random) -> list[Line]:
    """Let the office correct what a liaison has reported too high."""
    project = chance.choice([each for each in projects if each.kind is ProjectClass.BUILDING])
    right = project.cumulative // _HUNDRED // _TEN * _TEN - _TEN
    return [Line(clerk, f"更正 {project.number} 累计完成{right}万元")] if right > 0 else []


def _moved(clerk: int, at: County, day: date, chance: random.Random) -> list[Line]:
    """Let the office move the next start there is, or a milestone."""
    starting = [
        each
        for each in at.projects
        if each.actual_start is None and each.planned_start and day < each.planned_start < day + _SOON
    ]
    if starting and day.month % _QUARTER == 0:
        project = min(starting, key=lambda each: each.planned_start or day)
        to = (project.planned_start or day) + _MOVED_BY
        return [Line(clerk, f"改期 {project.number} 开工 {to.year}年{to.month}月{to.day}日")]
    numbers = {each.id: each.number for each in at.projects}
    ahead = [each for each in at.milestones if each.done is None and each.planned and each.planned > day]
    if not ahead:
        return []
    moved = chance.choice(ahead)
    to = (moved.planned or day) + timedelta(days=_TEN)
    words = f"改期 {numbers[moved.project_id]} {moved.name} {to.year}年{to.month}月{to.day}日"
    return [Line(clerk, words)]


def _building(projects: Sequence[Project]) -> list[Project]:
    """Return what is being built, and whose plan may be another one day."""
    return [
        each for each in projects if each.kind is ProjectClass.BUILDING and each.actual_completion is None
    ]


def _changed(at: County, chance: random.Random) -> list[Line]:
    """Let a lead leader ask for a total that is a little higher."""
    project = chance.choice(_building(at.projects))
    leads = at.leads.get(project.id)
    more = project.total // _HUNDRED + project.total // _HUNDRED // _HUNDRED
    words = f"变更 {project.number} 总投资 {more}万，初步设计批复调整"
    return [Line(at.acts_for(leads[0]), words)] if leads and more else []


def _promised(clerk: int, projects: Sequence[Project], day: date, chance: random.Random) -> list[Line]:
    """Let the county promise an enterprise some money, within days."""
    project, by = chance.choice(_building(projects)), day + timedelta(days=4)
    words = f"{by.month}月{by.day}日前兑付设备补助{chance.randint(2, 20) * _TEN}万"
    return [Line(clerk, f"兑现 {project.number} {chance.choice(_TO)} {words}")]


def _approval(clerk: int, projects: Sequence[Project], day: date, chance: random.Random) -> list[Line]:
    """Let an approval be given ahead of what it lacks, or be under way with its day."""
    project, by = chance.choice(_building(projects)), day + timedelta(days=9)
    until = f"{by.month}月{by.day}日前"
    words = chance.choice((f"用地 容缺办理，{until}补齐", f"环评 受理，{until}办结"))
    return [Line(clerk, f"手续 {project.number} {words}")]
