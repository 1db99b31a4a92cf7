import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from bot.domain.columns import COLUMNS, EXAMPLE, Sheet
from bot.domain.people import Role, UnitKind
from bot.domain.roster import DEFAULT_CATEGORIES, GroupRow, PersonRow, Platform, Roster, UnitRow
from bot.domain.sample import sample_county
from bot.domain.scope import Scope
from bot.errors import RosterError
from bot.papers.roster import read_roster
from bot.papers.template import _notes, roster_workbook, write_roster

OFFICE = Roster(
    units=(UnitRow(2, "发改局", UnitKind.DEPARTMENT),),
    people=(PersonRow(2, "丁晓岚", "发改局", roles=frozenset({Role.OFFICE})),),
)


def opened(
    tmp_path: Path, roster: Roster | None = None, categories: tuple[str, ...] = ("用地", "其他")
) -> Workbook:
    path = tmp_path / "roster.xlsx"
    write_roster(path, roster, categories)
    return load_workbook(path)


def rule(book: Workbook, sheet: str, cell: str) -> tuple[str | None, str | None, bool | None]:
    """Return what a cell's drop-down offers, and whether anything else is stopped."""
    for validation in book[sheet].data_validations.dataValidation:
        if cell in validation.sqref:
            return validation.type, validation.formula1, validation.showErrorMessage
    return None, None, None


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "sample.xlsx"
    write_roster(path, sample_county())

    assert read_roster(path) == sample_county()


def test_everything_a_row_may_hold_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "roster.xlsx"
    person = replace(
        OFFICE.people[0],
        roles=frozenset({Role.OFFICE, Role.LEAD_LEADER, Role.LIAISON}),
        active=True,
        phone="13800000000",
        telegram=999_999_999_999_999,
        wecom="=cmd|calc",
    )
    retired = PersonRow(3, "旧人", "发改局", active=False)
    groups = (GroupRow(2, "群", Platform.WECOM, "-1001234567890123", Scope.parse("专班:丁晓岚")),)
    roster = replace(OFFICE, people=(person, retired), groups=groups)
    write_roster(path, roster)

    assert read_roster(path) == roster


def test_the_sheets_and_columns_are_those_that_users_files_rely_on(tmp_path: Path) -> None:
    book = opened(tmp_path)

    assert book.sheetnames == ["单位", "人员", "项目", "里程碑", "分流", "群", "问题"]
    headings = {sheet: [str(cell.value) for cell in book[sheet][1]] for sheet in book.sheetnames}
    assert headings["单位"] == ["名称", "类别", "负责人"]
    assert headings["人员"] == ["姓名", "单位", "职务", "角色", "手机", "Telegram", "企业微信", "语言"]
    assert "、".join(headings["项目"]) == (
        "编号、名称、级别、类别、阶段、行业、属地、总投资(万元)、年度计划(万元)、累计完成(万元)、形象进度(%)、"
        "计划开工、计划竣工、实际开工、实际竣工、牵头领导、责任单位、联络员、管家、警官、纪检监察员、业主"
    )
    assert headings["里程碑"] == ["项目编号", "名称", "计划日期", "完成日期"]
    assert headings["分流"] == ["问题类别", "属地", "办理单位", "办理人"]
    assert headings["群"] == ["名称", "平台", "群标识", "范围"]
    assert headings["问题"] == ["编号", "项目编号", "类别", "内容", "反映日期", "办理人", "状态"]


def test_the_empty_template_has_one_example_a_sheet_and_none_is_imported(tmp_path: Path) -> None:
    book = opened(tmp_path)

    assert [book[sheet].max_row for sheet in Sheet] == [2] * len(Sheet)
    with pytest.raises(RosterError) as caught:
        read_roster(tmp_path / "roster.xlsx")
    assert [fault.wrong for fault in caught.value.faults] == ["没有人是「指挥部办公室」"]
    assert any(EXAMPLE in str(cell.comment) for cell in book["单位"][1])


def test_a_filled_template_has_no_example(tmp_path: Path) -> None:
    opened(tmp_path, OFFICE)

    assert read_roster(tmp_path / "roster.xlsx") == OFFICE


@pytest.mark.parametrize(
    ("sheet", "cell", "offered", "strict"),
    [
        ("单位", "B2", '"责任单位,审批部门,乡镇街道,园区,专项工作组,企业"', True),
        ("人员", "D900", '"联络员,部门联络员,牵头领导,常务副县长,县长,指挥部办公室,业主,停用"', None),
        ("人员", "H2", '"中文,English"', True),
        ("项目", "C2", '"国家级,省级,市级,县级"', None),
        ("项目", "D2", '"在建,建成,洽谈,新上,储备,争取"', True),
        ("项目", "E2", '"策划包装,招商预审,谈判签约,规划选址,落地开工,履约评估,竣工投产"', True),
        ("分流", "A2", '"用地,其他"', True),
        ("群", "B2", '"Telegram,企业微信"', True),
        ("问题", "C2", '"用地,其他"', True),
        ("问题", "G2", '"待接办,办理中,待确认,已销号,已撤销"', True),
    ],
)
def test_a_clerk_chooses_from_a_list(
    tmp_path: Path,
    sheet: str,
    cell: str,
    offered: str,
    strict: bool | None,
) -> None:
    kind, source, stops = rule(opened(tmp_path), sheet, cell)

    assert (kind, source, stops or None) == ("list", offered, strict)


@pytest.mark.parametrize(("sheet", "cell"), [("人员", "B2"), ("项目", "Q2"), ("分流", "C2")])
def test_units_are_chosen_from_the_sheet_of_units(tmp_path: Path, sheet: str, cell: str) -> None:
    kind, source, _ = rule(opened(tmp_path), sheet, cell)

    assert kind == "list"
    assert source is not None
    assert "'单位'!$A$2" in source


@pytest.mark.parametrize(
    ("cell", "kind", "look"),
    [
        ("H2", "decimal", "#,##0.00"),
        ("K2", "decimal", "0.0"),
        ("L2", "date", "yyyy-mm-dd"),
        ("A2", None, "@"),
    ],
)
def test_cells_are_typed(tmp_path: Path, cell: str, kind: str | None, look: str) -> None:
    book = opened(tmp_path, sample_county())

    assert rule(book, "项目", cell)[0] == kind
    assert book["项目"][cell].number_format == look


def test_the_first_project_of_the_sample_is_written_with_its_types(tmp_path: Path) -> None:
    page = opened(tmp_path, sample_county())["项目"]

    assert (page["H2"].value, page["I2"].value, page["J2"].value, page["K2"].value) == (
        750000,
        200000,
        126000,
        58,
    )
    assert page["L2"].is_date
    assert page.freeze_panes == "C2"
    assert page.auto_filter.ref == "A1:V38"
    assert page["A1"].font.bold


def test_nothing_that_people_wrote_becomes_a_formula_or_a_link(tmp_path: Path) -> None:
    units = (UnitRow(2, "=1+1", UnitKind.RESPONSIBLE), UnitRow(3, "https://example.com", UnitKind.PARK))
    page = opened(tmp_path, Roster(units=units))["单位"]

    assert (page["A2"].data_type, page["A3"].hyperlink) == ("s", None)


def test_more_categories_than_a_list_may_hold_are_not_offered(tmp_path: Path) -> None:
    many = tuple(f"第{number}类问题" for number in range(60))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        book = opened(tmp_path, None, many)

    assert rule(book, "分流", "A2") == (None, None, None)


def test_the_same_roster_makes_the_same_file() -> None:
    assert roster_workbook(sample_county()) == roster_workbook(sample_county(), DEFAULT_CATEGORIES)


def test_every_column_has_a_width_and_every_note_a_column() -> None:
    for sheet in Sheet:
        names = [column.name for column in COLUMNS[sheet]]
        assert len(_notes()[sheet]["widths"]) == len(_notes()[sheet]["example"]) == len(names)
        assert set(_notes()[sheet]["help"]) <= set(names)
