"""People, the units they belong to, and the rights their roles give them."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody is in the county's scheme; the values are the words of the roster."""

    LIAISON = "联络员"
    DEPARTMENT_LIAISON = "部门联络员"
    LEAD_LEADER = "牵头领导"
    DEPUTY_HEAD = "常务副县长"
    HEAD = "县长"
    OFFICE = "指挥部办公室"
    OWNER = "业主"


class Duty(StrEnum):
    """What somebody is on one project; the values are the columns of the roster."""

    LEAD_LEADER = "牵头领导"
    LIAISON = "联络员"
    STEWARD = "管家"
    POLICE = "警官"
    INSPECTOR = "纪检监察员"
    OWNER = "业主"


class UnitKind(StrEnum):
    """What kind of body a unit is; the values are the words of the roster."""

    RESPONSIBLE = "责任单位"
    DEPARTMENT = "审批部门"
    TOWNSHIP = "乡镇街道"
    PARK = "园区"
    WORKING_GROUP = "专项工作组"
    ENTERPRISE = "企业"


class Language(StrEnum):
    """A language the bot speaks."""

    CHINESE = "zh-CN"
    ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Unit:
    """A body that people belong to and that may hold problems."""

    id: int
    name: str
    kind: UnitKind
    head: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody named in the roster. Identified by name and unit, never by a display name."""

    id: int
    name: str
    unit_id: int | None = None
    unit: str = ""
    title: str = ""
    roles: frozenset[Role] = frozenset()
    language: Language = Language.CHINESE
    active: bool = True

    def has(self, *roles: Role) -> bool:
        """Tell whether any of these roles is held."""
        return self.active and not self.roles.isdisjoint(roles)

    @property
    def is_office(self) -> bool:
        """Whether they are of the office, the operator of the bot."""
        return self.has(Role.OFFICE)

    @property
    def placed(self) -> str:
        """The name with the unit, or the title where there is none: 刘敏（科工局）."""
        place = self.unit or self.title
        return f"{self.name}（{place}）" if place else self.name

    @property
    def call(self) -> str:
        """The name with the title, as one speaks of a leader: 陈志远（副县长）."""
        return f"{self.name}（{self.title}）" if self.title else self.name
