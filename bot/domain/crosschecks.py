"""What is wrong between the rows of a roster: every fault, each with its cell and its cure."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping

from bot.domain.census import ASKERS, Census
from bot.domain.columns import Sheet, place_of
from bot.domain.likeness import did_you_mean, look, odd_one
from bot.domain.people import Duty, Role
from bot.domain.problems import OPEN
from bot.domain.projects import Stage
from bot.domain.roster import GroupRow, Known, PersonName, PersonRow, ProjectRow, Roster, RouteRow
from bot.domain.scope import ScopeKind
from bot.errors import Fault

Place = Callable[[Sheet, int, str], str]
"""Where a column's cell of a row stands, as the person who filled it in sees it."""

_ROLE_FOR = {Duty.LEAD_LEADER: Role.LEAD_LEADER, Duty.LIAISON: Role.LIAISON, Duty.OWNER: Role.OWNER}
_FULL = 1000
_IMPLAUSIBLE = 10_000_000_000
"""One 万亿元: no county has such a project, but some type 元 where 万元 are asked for."""


def faults(
    roster: Roster,
    *,
    categories: tuple[str, ...],
    known: Known | None = None,
    place: Place = place_of,
) -> list[Fault]:
    """Return everything wrong between the rows of a roster, sheet by sheet.

    Rows may refer to what is ``known`` already, so that a workbook with a few rows is enough.
    """
    check = _Check(roster, known or Known(), categories, place)
    return [
        *check.units(),
        *check.people(),
        *check.projects(),
        *check.milestones(),
        *check.routes(),
        *check.groups(),
        *check.problems(),
    ]


class _Check:
    """The rows of one roster against each other and against what is known."""

    def __init__(self, roster: Roster, known: Known, categories: tuple[str, ...], place: Place) -> None:
        self._roster = roster
        self._census = Census(roster, known)
        self._old_projects = {project.number for project in known.projects}
        self._categories = categories
        self._place = place

    def units(self) -> Iterator[Fault]:
        units = self._roster.units
        yield from self._twice(Sheet.UNITS, "名称", ((u.row, u.name) for u in units))
        yield from self._alike(Sheet.UNITS, "名称", {**self._census.units, **{u.name: u.row for u in units}})

    def people(self) -> Iterator[Fault]:
        sheet, people = Sheet.PEOPLE, self._roster.people
        yield from self._twice(sheet, "姓名", ((p.row, PersonName(p.name, p.unit)) for p in people))
        yield from self._twice(sheet, "Telegram", ((p.row, p.telegram) for p in people))
        yield from self._twice(sheet, "企业微信", ((p.row, p.wecom.lower()) for p in people))
        present = [s for s in self._census.everybody if s.active]
        yield from self._alike(sheet, "姓名", {s.name: s.row for s in present})
        for person in people:
            yield from self._unit(sheet, person.row, "单位", person.unit)
            yield from self._indistinguishable(person)
        if not any(s.may_be(Role.OFFICE) for s in self._census.everybody):
            yield self._without_office()

    def projects(self) -> Iterator[Fault]:
        projects = self._roster.projects
        yield from self._twice(Sheet.PROJECTS, "编号", ((p.row, p.number) for p in projects))
        numbers = {**self._census.numbers, **{p.number: p.row for p in projects}}
        yield from self._alike(Sheet.PROJECTS, "编号", numbers)
        for project in projects:
            yield from self._unit(Sheet.PROJECTS, project.row, "责任单位", project.unit)
            yield from self._missing(project)
            yield from self._duties(project)
            yield from self._figures(project)
            yield from self._dates(project)

    def milestones(self) -> Iterator[Fault]:
        sheet, milestones = Sheet.MILESTONES, self._roster.milestones
        yield from self._twice(sheet, "名称", ((m.row, f"{m.project} {m.name}") for m in milestones))
        for milestone in milestones:
            yield from self._project(sheet, milestone.row, milestone.project)

    def routes(self) -> Iterator[Fault]:
        sheet, routes = Sheet.ROUTES, self._roster.routes
        yield from self._twice(sheet, "问题类别", ((r.row, f"{r.category}{r.place}") for r in routes))
        places = self._census.targets[ScopeKind.PLACE] | self._census.units
        for route in routes:
            yield from self._category(sheet, route.row, "问题类别", route.category)
            if route.place and route.place not in places:
                cure = did_you_mean(route.place, places, "属地要和项目表里写的一样。")
                yield self._fault(sheet, route.row, "属地", f"没有项目在「{route.place}」", cure)
            yield from self._unit(sheet, route.row, "办理单位", route.unit)
            yield from self._end(route)

    def groups(self) -> Iterator[Fault]:
        sheet, groups = Sheet.GROUPS, self._roster.groups
        yield from self._twice(sheet, "名称", ((g.row, g.name) for g in groups))
        yield from self._twice(sheet, "群标识", ((g.row, g.chat) for g in groups))
        for group in groups:
            yield from self._scope(group)

    def problems(self) -> Iterator[Fault]:
        sheet, problems = Sheet.PROBLEMS, self._roster.problems
        yield from self._twice(sheet, "编号", ((p.row, p.number) for p in problems))
        for problem in problems:
            yield from self._project(sheet, problem.row, problem.project)
            yield from self._category(sheet, problem.row, "类别", problem.category)
            # Who solved a closed one may have left since: the ledger keeps the name.
            if problem.holder and problem.state in OPEN:
                yield from self._holder(sheet, problem.row, problem.holder)

    def _fault(self, sheet: Sheet, row: int, column: str, wrong: str, cure: str) -> Fault:
        return Fault(self._place(sheet, row, column), wrong, cure)

    def _without_office(self) -> Fault:
        """Name the row that takes the last of the office away, if one does."""
        lost = next((p for p in self._roster.people if (p.name, p.unit) in self._census.office_before), None)
        if lost is None:
            wrong, cure = f"没有人是「{Role.OFFICE}」", "至少给一个人这个角色，不然问题最后没人兜底。"
            return self._fault(Sheet.PEOPLE, 1, "角色", wrong, cure)
        wrong = f"「{lost.name}」是「{Role.OFFICE}」最后一个人，不能停用，也不能去掉这个角色"
        return self._fault(Sheet.PEOPLE, lost.row, "角色", wrong, "请先给另一个人这个角色。")

    def _twice(self, sheet: Sheet, column: str, keys: Iterable[tuple[int, Hashable]]) -> Iterator[Fault]:
        first: dict[Hashable, int] = {}
        for row, key in keys:
            if key and first.setdefault(key, row) != row:
                wrong = f"「{key}」和第 {first[key]} 行重复"
                yield self._fault(sheet, row, column, wrong, "留一行，或者改成不一样的。")

    def _alike(self, sheet: Sheet, column: str, rows: Mapping[str, int | None]) -> Iterator[Fault]:
        """Tell of names that nobody can tell apart by looking; those known already have no row."""
        first: dict[str, str] = {}
        for name, row in rows.items():
            other = first.setdefault(look(name), name)
            if row is not None and other != name:
                wrong = f"「{name}」和「{other}」看起来一样，其实不同：{odd_one(name, other)}"
                cure = f"是同一个就照「{other}」重新打一遍；真是两个，改成看得出不同的名字。"
                yield self._fault(sheet, row, column, wrong, cure)

    def _unit(self, sheet: Sheet, row: int, column: str, unit: str) -> Iterator[Fault]:
        if unit and unit not in self._census.units:
            cure = did_you_mean(unit, self._census.units, "请先在单位表里加上它。")
            yield self._fault(sheet, row, column, f"「{unit}」不在单位表里", cure)

    def _project(self, sheet: Sheet, row: int, number: str) -> Iterator[Fault]:
        if number not in self._census.numbers:
            cure = did_you_mean(number, self._census.numbers, "编号要和项目表里写的一样。")
            yield self._fault(sheet, row, "项目编号", f"「{number}」不在项目表里", cure)

    def _category(self, sheet: Sheet, row: int, column: str, category: str) -> Iterator[Fault]:
        if category not in self._categories:
            cure = did_you_mean(category, self._categories, f"可以写：{'、'.join(self._categories)}。")
            yield self._fault(sheet, row, column, f"「{category}」不是问题类别", cure)

    def _objection(self, who: PersonName, role: Role | None = None) -> tuple[str, str] | None:
        """Return what keeps a person from standing in a cell, and the cure."""
        found = self._census.find(who)
        if not found:
            return f"「{who}」不在人员表里", self._census.guess(who, role)
        if len(found) > 1:
            ways = "或".join(f"「{somebody.full}」" for somebody in found)
            return f"有 {len(found)} 个「{who.name}」，不知道是哪一个", f"写成{ways}。"
        somebody = found[0]
        if not somebody.active:
            return f"「{who}」已经停用", "换成现在负责的人，或者去掉人员表里的「停用」。"
        if role and role not in somebody.roles:
            at = somebody.row
            where = "人员表里他的角色" if at is None else f" {self._place(Sheet.PEOPLE, at, '角色')} "
            return f"「{who}」没有「{role}」角色", f"在{where}加上「{role}」，或者换一个人。"
        return None

    def _holder(self, sheet: Sheet, row: int, who: PersonName) -> Iterator[Fault]:
        if objection := self._objection(who):
            yield self._fault(sheet, row, "办理人", *objection)
            return
        somebody = self._census.find(who)[0]
        if not somebody.may_hold:
            circle = "，问题会转回反映的人" if not somebody.roles.isdisjoint(ASKERS) else ""
            wrong = f"「{who}」不能办理问题{circle}"
            yield self._fault(sheet, row, "办理人", wrong, "换成部门联络员、牵头领导或指挥部办公室的人。")

    def _indistinguishable(self, person: PersonRow) -> Iterator[Fault]:
        others = [s for s in self._census.namesakes(person.name) if s.unit]
        if others and not person.unit:
            wrong = f"还有一个「{others[0].full}」，分不清"
            yield self._fault(Sheet.PEOPLE, person.row, "单位", wrong, "同名的人都要填单位。")

    def _missing(self, project: ProjectRow) -> Iterator[Fault]:
        if project.number in self._old_projects:
            return
        if not project.leader:
            cure = "每个项目要有一名牵头领导。"
            yield self._fault(Sheet.PROJECTS, project.row, "牵头领导", "没有牵头领导", cure)
        if not project.liaisons:
            cure = "每个项目至少要有一名联络员。"
            yield self._fault(Sheet.PROJECTS, project.row, "联络员", "没有联络员", cure)

    def _duties(self, project: ProjectRow) -> Iterator[Fault]:
        sheet, row = Sheet.PROJECTS, project.row
        for duty, who in project.duties():
            if objection := self._objection(who, _ROLE_FOR.get(duty)):
                yield self._fault(sheet, row, duty, *objection)
        liaisons = [found for who in project.liaisons if len(found := self._census.find(who)) == 1]
        for number, found in enumerate(liaisons):
            if found in liaisons[:number]:
                yield self._fault(sheet, row, "联络员", f"「{found[0].name}」写了两次", "留一个。")
        if project.leader and self._census.find(project.leader) in liaisons:
            wrong = f"「{project.leader}」既是牵头领导又是联络员"
            yield self._fault(sheet, row, "联络员", wrong, "换一个人当联络员，不然问题会转回他自己。")

    def _figures(self, project: ProjectRow) -> Iterator[Fault]:
        sheet, row = Sheet.PROJECTS, project.row
        amounts = (
            ("总投资(万元)", project.total),
            ("年度计划(万元)", project.planned),
            ("累计完成(万元)", project.cumulative),
        )
        for column, amount in amounts:
            if amount is not None and amount < 0:
                yield self._fault(sheet, row, column, f"{amount / 100:g} 是负数", "填 0 或正数，单位万元。")
            elif amount is not None and amount >= _IMPLAUSIBLE:
                wrong = f"{amount // 100} 万元太大了"
                yield self._fault(sheet, row, column, wrong, "单位是万元，不是元。")
        if project.permille is not None and not 0 <= project.permille <= _FULL:
            wrong = f"{project.permille / 10:g} 超出了 0 到 100"
            yield self._fault(sheet, row, "形象进度(%)", wrong, "填 0 到 100，58% 就填 58。")
        elif project.permille == _FULL // 100 and project.stage is Stage.PRODUCTION:
            wrong = "已经竣工投产，形象进度却是 1%"
            yield self._fault(sheet, row, "形象进度(%)", wrong, "是不是 100？")

    def _dates(self, project: ProjectRow) -> Iterator[Fault]:
        spans = (
            ("计划开工", project.planned_start, "计划竣工", project.planned_completion),
            ("实际开工", project.actual_start, "实际竣工", project.actual_completion),
        )
        for first, start, last, end in spans:
            if start and end and end < start:
                wrong = f"{last} {end} 早于{first} {start}"
                yield self._fault(Sheet.PROJECTS, project.row, last, wrong, "看看是不是填反了。")

    def _end(self, route: RouteRow) -> Iterator[Fault]:
        """Tell why a route ends nowhere, or comes back to where it started."""
        if route.person:
            yield from self._holder(Sheet.ROUTES, route.row, route.person)
        elif not route.unit:
            wrong = f"「{route.category}」没有写交给谁"
            yield self._fault(Sheet.ROUTES, route.row, "办理人", wrong, "填办理单位或办理人，至少一个。")
        elif route.unit in self._census.units and not self._census.has_taker(route.unit):
            wrong = f"「{route.unit}」没有能办理问题的人"
            cure = f"在人员表里给它加一名「{Role.DEPARTMENT_LIAISON}」，或者填办理人。"
            yield self._fault(Sheet.ROUTES, route.row, "办理单位", wrong, cure)

    def _scope(self, group: GroupRow) -> Iterator[Fault]:
        kind, value = group.scope.kind, group.scope.value
        targets = self._census.targets[kind]
        if value not in targets:
            by_name = "写项目编号或名称、牵头领导或单位。"
            otherwise = by_name if kind is ScopeKind.TASK_FORCE else f"{kind}要和项目表里写的一样。"
            cure = did_you_mean(value, targets, otherwise)
            yield self._fault(Sheet.GROUPS, group.row, "范围", f"找不到{kind}「{value}」", cure)
