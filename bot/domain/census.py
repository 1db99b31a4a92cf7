"""Everybody and everything the rows of a roster may refer to, in the workbook or known already."""

from collections import defaultdict
from dataclasses import dataclass

from bot.domain.likeness import did_you_mean, nearest
from bot.domain.people import Role
from bot.domain.projects import Project
from bot.domain.roster import Known, PersonName, ProjectRow, Roster
from bot.domain.scope import ScopeKind

HOLDERS = (Role.DEPARTMENT_LIAISON, Role.LEAD_LEADER, Role.DEPUTY_HEAD, Role.HEAD, Role.OFFICE)
"""The roles that may hold a problem. A liaison may not: theirs are the problems to be solved."""

ASKERS = (Role.LIAISON, Role.OWNER)
"""The roles that problems come from."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person as the import will leave them; ``row`` is where the workbook names them."""

    name: str
    unit: str
    roles: frozenset[Role]
    active: bool
    row: int | None = None

    @property
    def full(self) -> str:
        """The name with the unit, which nobody else has: 王强（自然资源局）."""
        return str(PersonName(self.name, self.unit))

    def may_be(self, role: Role | None) -> bool:
        """Tell whether a duty that needs this role could be theirs."""
        return self.active and (role is None or role in self.roles)

    @property
    def may_hold(self) -> bool:
        """Tell whether a problem may be theirs to solve."""
        return self.active and not self.roles.isdisjoint(HOLDERS)


class Census:
    """What a county will consist of once a roster is imported on top of what is known."""

    def __init__(self, roster: Roster, known: Known) -> None:
        heads = {unit.name: unit.head for unit in known.units}
        heads.update((unit.name, unit.head) for unit in roster.units)
        self._heads = heads
        everybody = {(p.name, p.unit): Somebody(p.name, p.unit, p.roles, p.active) for p in known.people}
        for p in roster.people:
            everybody[p.name, p.unit] = Somebody(p.name, p.unit, p.roles, p.active, p.row)
        self.everybody = list(everybody.values())
        self.office_before = {(p.name, p.unit) for p in known.people if p.is_office}
        self._namesakes: dict[str, list[Somebody]] = defaultdict(list)
        self._colleagues: dict[str, list[Somebody]] = defaultdict(list)
        for somebody in self.everybody:
            self._namesakes[somebody.name].append(somebody)
            self._colleagues[somebody.unit].append(somebody)

        projects = _projects(roster, known)
        self.units = dict.fromkeys(heads)
        self.numbers = _distinct([project.number for project in projects])
        titles = _distinct([project.name for project in projects])
        leaders = _distinct([s.name for s in self.everybody if Role.LEAD_LEADER in s.roles])
        self.targets: dict[ScopeKind, dict[str, None]] = {
            ScopeKind.COUNTY: {"": None},
            ScopeKind.PLACE: _distinct([project.place for project in projects]),
            ScopeKind.INDUSTRY: _distinct([project.industry for project in projects]),
            ScopeKind.TASK_FORCE: self.numbers | titles | leaders | self.units,
        }

    def find(self, who: PersonName) -> list[Somebody]:
        """Return everybody a name may mean; who has left is meant only where nobody else is."""
        found = [s for s in self.namesakes(who.name) if who.unit in (None, s.unit)]
        return [s for s in found if s.active] or found

    def namesakes(self, name: str) -> list[Somebody]:
        """Return everybody of this name, whatever their unit."""
        return self._namesakes.get(name, [])

    def has_taker(self, unit: str) -> bool:
        """Tell whether a unit has anybody who may hold a problem: one of its own, or its head."""
        own = self._colleagues.get(unit, [])
        return any(s.may_hold for s in (*own, *self.namesakes(self._heads.get(unit, ""))))

    def guess(self, who: PersonName, role: Role | None) -> str:
        """Return the cure for a name nobody has: who was meant, those with the role first."""
        namesakes = [somebody.full for somebody in self.namesakes(who.name)]
        if namesakes:
            return f"是不是{'或'.join(f'「{name}」' for name in namesakes)}？"
        fitting = [s.name for s in self.everybody if s.may_be(role)]
        near = nearest(who.name, fitting) or nearest(who.name, [s.name for s in self.everybody])
        return did_you_mean(who.name, near, "请先在人员表里加上这个人。")


def _projects(roster: Roster, known: Known) -> list[Project | ProjectRow]:
    return [*known.projects, *roster.projects]


def _distinct(words: list[str]) -> dict[str, None]:
    return dict.fromkeys(word for word in words if word)
