"""The workbook of a roster: its sheets and columns, named once.

Reading, writing and the places of faults all follow ``COLUMNS``. Users' files depend on
these names to the letter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto

from bot.domain.people import Language, UnitKind
from bot.domain.problems import State
from bot.domain.projects import ProjectClass, Stage
from bot.domain.roster import (
    GroupRow,
    MilestoneRow,
    PersonRow,
    Platform,
    ProblemRow,
    ProjectRow,
    RouteRow,
    Row,
    UnitRow,
)

RETIRED = "停用"
"""The word in 角色 that ends a person's duties."""

EXAMPLE = "示例"
"""How the name in a row begins that only shows how to fill the sheet in, and is not imported."""


class Sheet(StrEnum):
    """A sheet of the workbook; the values are the names, in order."""

    UNITS = "单位"
    PEOPLE = "人员"
    PROJECTS = "项目"
    MILESTONES = "里程碑"
    ROUTES = "分流"
    GROUPS = "群"
    PROBLEMS = "问题"


class Form(Enum):
    """How a cell is written."""

    TEXT = auto()
    """A name or a word; brackets full width, digits half width."""
    FULL_NAME = auto()
    """A person's own name."""
    PROSE = auto()
    """A sentence, left as it was typed."""
    CODE = auto()
    """Digits and letters that Excel must not take for a number or a date."""
    PHONE = auto()
    ACCOUNT = auto()
    """The numeric id of a Telegram account."""
    MONEY = auto()
    """In 万元."""
    PERCENT = auto()
    DAY = auto()
    CHOICE = auto()
    """One of the words of ``Column.options``."""
    ROLES = auto()
    NAME = auto()
    """One person, referred to."""
    NAMES = auto()
    """Several people, with 、 between them."""
    SCOPE = auto()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet: its name, the attribute of the row that holds it, and how it is written."""

    name: str
    attribute: str
    form: Form = Form.TEXT
    required: bool = False
    options: Mapping[str, StrEnum] = field(default_factory=dict)


def _words(options: type[StrEnum]) -> dict[str, StrEnum]:
    return {option.value: option for option in options}


_LANGUAGES = {"中文": Language.CHINESE, "English": Language.ENGLISH}

ROWS: dict[Sheet, tuple[Callable[..., Row], str]] = {
    Sheet.UNITS: (UnitRow, "units"),
    Sheet.PEOPLE: (PersonRow, "people"),
    Sheet.PROJECTS: (ProjectRow, "projects"),
    Sheet.MILESTONES: (MilestoneRow, "milestones"),
    Sheet.ROUTES: (RouteRow, "routes"),
    Sheet.GROUPS: (GroupRow, "groups"),
    Sheet.PROBLEMS: (ProblemRow, "problems"),
}
"""What each sheet's rows are, and the attribute of the roster that holds them."""

COLUMNS: dict[Sheet, tuple[Column, ...]] = {
    Sheet.UNITS: (
        Column("名称", "name", required=True),
        Column("类别", "kind", Form.CHOICE, required=True, options=_words(UnitKind)),
        Column("负责人", "head"),
    ),
    Sheet.PEOPLE: (
        Column("姓名", "name", Form.FULL_NAME, required=True),
        Column("单位", "unit"),
        Column("职务", "title"),
        Column("角色", "roles", Form.ROLES),
        Column("手机", "phone", Form.PHONE),
        Column("Telegram", "telegram", Form.ACCOUNT),
        Column("企业微信", "wecom", Form.CODE),
        Column("语言", "language", Form.CHOICE, options=_LANGUAGES),
    ),
    Sheet.PROJECTS: (
        Column("编号", "number", Form.CODE, required=True),
        Column("名称", "name", required=True),
        Column("级别", "level"),
        Column("类别", "kind", Form.CHOICE, options=_words(ProjectClass)),
        Column("阶段", "stage", Form.CHOICE, options=_words(Stage)),
        Column("行业", "industry"),
        Column("属地", "place"),
        Column("总投资(万元)", "total", Form.MONEY),
        Column("年度计划(万元)", "planned", Form.MONEY),
        Column("累计完成(万元)", "cumulative", Form.MONEY),
        Column("形象进度(%)", "permille", Form.PERCENT),
        Column("计划开工", "planned_start", Form.DAY),
        Column("计划竣工", "planned_completion", Form.DAY),
        Column("实际开工", "actual_start", Form.DAY),
        Column("实际竣工", "actual_completion", Form.DAY),
        Column("牵头领导", "leader", Form.NAME),
        Column("责任单位", "unit"),
        Column("联络员", "liaisons", Form.NAMES),
        Column("管家", "steward", Form.NAME),
        Column("警官", "police", Form.NAME),
        Column("纪检监察员", "inspector", Form.NAME),
        Column("业主", "owner", Form.NAME),
    ),
    Sheet.MILESTONES: (
        Column("项目编号", "project", Form.CODE, required=True),
        Column("名称", "name", required=True),
        Column("计划日期", "planned", Form.DAY, required=True),
        Column("完成日期", "done", Form.DAY),
    ),
    Sheet.ROUTES: (
        Column("问题类别", "category", required=True),
        Column("属地", "place"),
        Column("办理单位", "unit"),
        Column("办理人", "person", Form.NAME),
    ),
    Sheet.GROUPS: (
        Column("名称", "name", required=True),
        Column("平台", "platform", Form.CHOICE, required=True, options=_words(Platform)),
        Column("群标识", "chat", Form.CODE),
        Column("范围", "scope", Form.SCOPE, required=True),
    ),
    Sheet.PROBLEMS: (
        Column("编号", "number", Form.CODE, required=True),
        Column("项目编号", "project", Form.CODE, required=True),
        Column("类别", "category", required=True),
        Column("内容", "text", Form.PROSE, required=True),
        Column("反映日期", "day", Form.DAY, required=True),
        Column("办理人", "holder", Form.NAME),
        Column("状态", "state", Form.CHOICE, required=True, options=_words(State)),
    ),
}
"""The columns of every sheet, in order."""

NAMED_BY = {sheet: "办理单位" if sheet is Sheet.ROUTES else COLUMNS[sheet][0].name for sheet in Sheet}
"""The column of each sheet whose word begins with ``EXAMPLE`` in an example row."""

OPTIONAL = frozenset({Sheet.PROBLEMS})
"""The sheets a workbook may lack."""


def place_of(sheet: Sheet, row: int, column: str) -> str:
    """Return where a cell stands in a workbook that follows ``COLUMNS``: 项目!P7."""
    names = [each.name for each in COLUMNS[sheet]]
    return f"{sheet}!{chr(ord('A') + names.index(column))}{row}"
