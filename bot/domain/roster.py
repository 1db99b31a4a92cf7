"""The roster a county hands in: what each row of its workbook says."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from bot.domain.people import Duty, Language, Person, Role, Unit, UnitKind
from bot.domain.problems import CATEGORIES, OTHER, State
from bot.domain.projects import Project, ProjectClass, Stage
from bot.domain.scope import Scope

DEFAULT_CATEGORIES = (*CATEGORIES, OTHER)
"""The problem categories of a county that has not set its own."""


class Platform(StrEnum):
    """Where a group chats; the values are the words of the roster."""

    TELEGRAM = "Telegram"
    WECOM = "企业微信"


@dataclass(frozen=True, slots=True)
class PersonName:
    """A person as a row refers to them: 王强, or 王强（自然资源局） where there are two."""

    name: str
    unit: str | None = None

    def __str__(self) -> str:
        return f"{self.name}（{self.unit}）" if self.unit else self.name


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One unit."""

    row: int
    name: str
    kind: UnitKind
    head: str = ""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person; not ``active`` when 停用 stands among the roles."""

    row: int
    name: str
    unit: str = ""
    title: str = ""
    roles: frozenset[Role] = frozenset()
    active: bool = True
    phone: str = ""
    telegram: int | None = None
    wecom: str = ""
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """One project; money is hundredths of 万元, progress thousandths, None an empty cell."""

    row: int
    number: str
    name: str
    level: str = ""
    kind: ProjectClass | None = None
    stage: Stage | None = None
    industry: str = ""
    place: str = ""
    total: int | None = None
    planned: int | None = None
    cumulative: int | None = None
    permille: int | None = None
    planned_start: date | None = None
    planned_completion: date | None = None
    actual_start: date | None = None
    actual_completion: date | None = None
    leader: PersonName | None = None
    unit: str = ""
    liaisons: tuple[PersonName, ...] = ()
    steward: PersonName | None = None
    police: PersonName | None = None
    inspector: PersonName | None = None
    owner: PersonName | None = None

    def duties(self) -> Iterator[tuple[Duty, PersonName]]:
        """Yield who is what on this project, the lead leader first."""
        yield from ((Duty.LEAD_LEADER, who) for who in (self.leader,) if who)
        yield from ((Duty.LIAISON, who) for who in self.liaisons)
        rest = (
            (Duty.STEWARD, self.steward),
            (Duty.POLICE, self.police),
            (Duty.INSPECTOR, self.inspector),
            (Duty.OWNER, self.owner),
        )
        yield from ((duty, who) for duty, who in rest if who)


@dataclass(frozen=True, slots=True)
class MilestoneRow:
    """One dated promise of a project."""

    row: int
    project: str
    name: str
    planned: date | None = None
    done: date | None = None


@dataclass(frozen=True, slots=True)
class RouteRow:
    """Who takes the problems of a category, everywhere or in one place."""

    row: int
    category: str
    place: str = ""
    unit: str = ""
    person: PersonName | None = None


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group chat; without ``chat`` it is bound when the bot is added to it."""

    row: int
    name: str
    platform: Platform
    chat: str = ""
    scope: Scope = field(default_factory=Scope)


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """One problem of the ledger the county already has."""

    row: int
    number: str
    project: str
    category: str
    text: str
    day: date | None = None
    holder: PersonName | None = None
    state: State = State.WORKING


Row = UnitRow | PersonRow | ProjectRow | MilestoneRow | RouteRow | GroupRow | ProblemRow


@dataclass(frozen=True, slots=True)
class Roster:
    """A whole workbook as values."""

    units: tuple[UnitRow, ...] = ()
    people: tuple[PersonRow, ...] = ()
    projects: tuple[ProjectRow, ...] = ()
    milestones: tuple[MilestoneRow, ...] = ()
    routes: tuple[RouteRow, ...] = ()
    groups: tuple[GroupRow, ...] = ()
    problems: tuple[ProblemRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What the database already has, so that a partial workbook may refer to it."""

    units: tuple[Unit, ...] = ()
    people: tuple[Person, ...] = ()
    projects: tuple[Project, ...] = ()
