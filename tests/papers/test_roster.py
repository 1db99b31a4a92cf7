from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook
from openpyxl.styles import numbers

from bot.domain.columns import COLUMNS, Sheet
from bot.domain.people import Language, Person, Role, Unit, UnitKind
from bot.domain.problems import State
from bot.domain.projects import ProjectClass, Stage
from bot.domain.roster import Known, PersonName, Platform, Roster
from bot.domain.scope import Scope
from bot.errors import RosterError
from bot.papers.grid import MAX_BYTES
from bot.papers.roster import read_roster

LATE = datetime(2026, 3, 1, 23, 59)  # noqa: DTZ001 -- a cell knows no zone

# fmt: off
SODA: list[object] = [
    "QH001", "纯碱项目", "省级", "在建", "落地开工", "盐碱化工", "南河镇", 750000, 200000, 126000, 58,
    date(2026, 2, 20), "2028-06-30", "2026/2/26", "", "陈志远", "科工局", "刘敏", "", "", "", "",
]
# fmt: on
ROWS: dict[str, list[list[object]]] = {
    "单位": [["科工局", "责任单位", "邱志坚"], ["自然资源局", "审批部门", ""]],
    "人员": [
        ["刘敏", "科工局", "产业股股长", "联络员", "13800000000", 1234567890, "liumin", "中文"],
        ["陈志远", "", "副县长", "牵头领导", "", "", "", "English"],
        ["程国庆", "自然资源局", "股长", "部门联络员、指挥部办公室", "", "", "", ""],
    ],
    "项目": [
        SODA,
    ],
    "里程碑": [["QH001", "主体封顶", "2026年12月20日", ""]],
    "分流": [["用地", "", "自然资源局", "程国庆"]],
    "群": [["大群", "Telegram", -1001234567890, "全县"]],
    "问题": [["2026-001", "QH001", "用地", "指标未批", "2026.11.20", "程国庆", "办理中"]],
}


def workbook(
    changes: dict[str, Any] | None = None, *, shape: Callable[[Workbook], None] | None = None
) -> bytes:
    """Return a small faultless workbook with some cells changed."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for sheet in Sheet:
        page = book.create_sheet(sheet)
        page.append([column.name for column in COLUMNS[sheet]])
        for row in ROWS[sheet]:
            page.append([cell if cell != "" else None for cell in row])
    for place, value in (changes or {}).items():
        sheet_name, cell = place.split("!")
        book[sheet_name][cell] = value
    if shape:
        shape(book)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def told(data: bytes | Path) -> list[tuple[str, str, str]]:
    with pytest.raises(RosterError) as caught:
        read_roster(data)
    return [(fault.place, fault.wrong, fault.cure) for fault in caught.value.faults]


def project(changes: dict[str, object]) -> object:
    return read_roster(workbook(changes)).projects[0]


def test_a_faultless_workbook_is_read_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "roster.xlsx"
    path.write_bytes(workbook())

    roster = read_roster(path)

    assert [unit.kind for unit in roster.units] == [UnitKind.RESPONSIBLE, UnitKind.DEPARTMENT]
    liu, chen, cheng = roster.people
    assert (liu.row, liu.telegram, liu.phone, liu.wecom) == (2, 1234567890, "13800000000", "liumin")
    assert (liu.language, chen.language, cheng.language) == (Language.CHINESE, Language.ENGLISH, None)
    assert cheng.roles == {Role.DEPARTMENT_LIAISON, Role.OFFICE}
    (soda,) = roster.projects
    assert (soda.kind, soda.stage) == (ProjectClass.BUILDING, Stage.STARTED)
    assert (soda.total, soda.planned, soda.cumulative, soda.permille) == (
        75_000_000,
        20_000_000,
        12_600_000,
        580,
    )
    assert soda.planned_start == date(2026, 2, 20)
    assert soda.planned_completion == date(2028, 6, 30)
    assert soda.actual_start == date(2026, 2, 26)
    assert soda.actual_completion is None
    assert soda.leader == PersonName("陈志远")
    assert soda.liaisons == (PersonName("刘敏"),)
    assert roster.milestones[0].planned == date(2026, 12, 20)
    assert roster.groups[0].chat == "-1001234567890"
    assert roster.groups[0].platform is Platform.TELEGRAM
    assert roster.problems[0].day == date(2026, 11, 20)
    assert roster.problems[0].state is State.WORKING


def test_thirty_faults_of_one_workbook_are_told_at_once() -> None:
    slips: dict[str, object] = {
        "单位!B3": "审批单位",
        "单位!A4": "科工局",
        "单位!B4": "责任单位",
        "人员!D2": "联洛员",
        "人员!E2": "没有",
        "人员!F2": "@liumin",
        "人员!H2": "法语",
        "人员!B3": "县府",
        "人员!G4": "LIUMIN",
        "项目!B2": None,
        "项目!D2": "再建",
        "项目!E2": "开工",
        "项目!H2": "=H99",
        "项目!I2": "二十亿",
        "项目!J2": -5,
        "项目!K2": 158,
        "项目!L2": "2026-02-30",
        "项目!M2": "明年",
        "项目!N2": date(1926, 3, 1),
        "项目!P2": "陈致远",
        "项目!Q2": "科工委",
        "项目!R2": "刘民",
        "项目!S2": "刘敏、陈志远",
        "里程碑!A2": "QH01",
        "里程碑!C2": "2026年12月",
        "分流!A2": "土地",
        "分流!C2": "资源局",
        "分流!D2": "刘敏",
        "群!B2": "QQ",
        "群!D2": "属地:北河镇",
        "问题!C2": "",
        "问题!D2": "#N/A",
        "问题!F2": "程国强",
        "问题!G2": "已解决",
    }
    harmless = {"单位!B4", "项目!H2"}  # a kind that is right, and a formula never calculated

    found = told(workbook(slips))

    places = [place for place, _, _ in found]
    assert len(places) > 30
    assert sorted(places) == sorted(set(slips) - harmless)


def test_faults_are_told_from_the_first_sheet_to_the_last() -> None:
    found = told(workbook({"群!B2": "QQ", "项目!AA1": "备注", "项目!K2": 158, "项目!B2": None}))

    assert [place for place, _, _ in found] == ["项目!AA1", "项目!B2", "项目!K2", "群!B2"]


@pytest.mark.parametrize(
    ("place", "value", "wrong", "cure"),
    [
        ("人员!D2", "联洛员", "没有「联洛员」这个角色", "是不是「联络员」？"),
        ("人员!F2", "@liumin", "「@liumin」不是 Telegram 的数字 id", None),
        ("人员!F2", 0, "「0」不是 Telegram 的数字 id", None),
        ("人员!G2", 1234567890123456789, "数字超过 15 位，后面几位已经被 Excel 改成 0", None),
        ("项目!H2", "#REF!", "公式出错：#REF!", "把公式改成文字或数字。"),
        ("项目!H2", 1e30, "数字太大", "看看是不是多打了几位。"),
        ("项目!H2", "9" * 30, "数字太大", "看看是不是多打了几位。"),
        ("项目!H2", "七十五亿", "「七十五亿」不是数字", "只填数字，单位万元。"),
        ("项目!H2", "75亿元", "「75亿元」的单位不对", "单位是万元，写成 750000。"),
        ("项目!H2", "75000元", "「75000元」的单位不对", "单位是万元，写成 7.5。"),
        ("项目!K2", 0.58, "分不清是 0.58% 还是 58%", "58% 就填 58。"),
        ("项目!K2", "过半", "「过半」不是数字", "填 0 到 100，58% 就填 58。"),
        ("项目!L2", "2026-02-30", "没有「2026-02-30」这一天", "写成 2026-03-01 这样。"),
        ("项目!L2", "2026年3月", "「2026年3月」没有写到日", "写成 2026-03-31 这样。"),
        ("项目!L2", "开春", "「开春」不是日期", "写成 2026-03-01 这样。"),
        ("项目!N2", "1926-03-01", "1926-03-01 不在 2000 到 2099 年之间", "看看年份是不是填错了。"),
        (
            "项目!F2",
            date(2026, 3, 1),
            "被 Excel 改成了日期或时间 2026-03-01",
            "把这一列设成文本格式再填。",
        ),
        ("项目!F2", True, "TRUE 不是文字", "把这一格设成文本格式再填。"),
        ("项目!E2", "开工", "没有「开工」这一项", "是不是「落地开工」？"),
        ("项目!P2", "陈志远、刘敏", "「陈志远、刘敏」不是一个人", "这一列只写一个人。"),
        ("群!D2", "镇:南河", "看不懂范围「镇:南河」", "写：全县、属地:X、行业:X 或 专班:X。"),
        ("里程碑!C2", None, "没有填「计划日期」", "这一列每行都要填。"),
    ],
)
def test_a_cell_that_cannot_be_read_is_told_with_its_cure(
    place: str, value: object, wrong: str, cure: str | None
) -> None:
    (fault,) = told(workbook({place: value}))

    assert fault[:2] == (place, wrong)
    assert cure in (None, fault[2])


@pytest.mark.parametrize(
    ("place", "value", "attribute", "expected"),
    [
        ("项目!B2", " 纯碱项目(一期) ", "name", "纯碱项目（一期）"),
        ("项目!B2", "纯碱\u200b项目\u202e一期", "name", "纯碱项目一期"),
        ("项目!H2", "７５，０００.5", "total", 7_500_050),
        ("项目!H2", "75,000 万元", "total", 7_500_000),
        ("项目!H2", 0.1 + 0.2, "total", 30),
        ("项目!H2", 12.345, "total", 1235),
        ("项目!K2", "62.5%", "permille", 625),
        ("项目!K2", "６２％", "permille", 620),
        ("项目!K2", 0, "permille", 0),
        ("项目!L2", "2026.3.1", "planned_start", date(2026, 3, 1)),
        ("项目!L2", "2026年3月1日", "planned_start", date(2026, 3, 1)),
        ("项目!L2", "2026-03-01 00:00:00", "planned_start", date(2026, 3, 1)),
        ("项目!L2", 20260301, "planned_start", date(2026, 3, 1)),
        ("项目!L2", 46082, "planned_start", date(2026, 3, 1)),
        ("项目!L2", LATE, "planned_start", date(2026, 3, 1)),
        ("项目!P2", "陈　志远", "leader", PersonName("陈志远")),
        ("项目!R2", "刘 敏(科工局)", "liaisons", (PersonName("刘敏", "科工局"),)),
        ("项目!C2", "省重点", "level", "省重点"),
    ],
)
def test_what_people_in_a_hurry_write_is_understood(
    place: str, value: object, attribute: str, expected: object
) -> None:
    assert getattr(project({place: value}), attribute) == expected


@pytest.mark.parametrize(
    "text", ["刘敏、程国庆", "刘敏，程国庆", "刘敏,程国庆", "刘敏；程国庆", "刘敏\n程国庆"]
)
def test_several_liaisons_may_be_separated_in_every_usual_way(text: str) -> None:
    roster = read_roster(workbook({"项目!R2": text, "人员!D4": "部门联络员、联络员、指挥部办公室"}))

    assert roster.projects[0].liaisons == (PersonName("刘敏"), PersonName("程国庆"))


@pytest.mark.parametrize(
    ("roles", "held", "active"),
    [
        ("联络员、停用", {Role.LIAISON}, False),
        ("停用", set(), False),
        (" 联络员 ，牵头领导", {Role.LIAISON, Role.LEAD_LEADER}, True),
        ("管家", set(), True),  # a duty on projects, and no role by itself
        (None, set(), True),
    ],
)
def test_roles_and_retirement_are_read(roles: str | None, held: set[Role], active: bool) -> None:
    roster = read_roster(workbook({"人员!A5": "旧人", "人员!D5": roles}))

    assert (set(roster.people[3].roles), roster.people[3].active) == (held, active)


def test_numbers_that_excel_made_of_ids_are_read_back() -> None:
    (liu, *_) = read_roster(
        workbook({"人员!E2": 13800000000.0, "人员!F2": 5.123456789e9, "人员!G2": 42})
    ).people

    assert (liu.phone, liu.telegram, liu.wecom) == ("13800000000", 5123456789, "42")


def test_empty_rows_titles_notes_and_examples_are_no_rows() -> None:
    def shape(book: Workbook) -> None:
        page = book["单位"]
        page.insert_rows(1)
        page["A1"] = "青禾县重点项目单位名册"
        page.merge_cells("A1:C1")
        page["A7"] = "注：本表由指挥部办公室汇总"
        page.merge_cells("A7:C7")
        page["A8"], page["B8"] = "示例局", "不在下拉里"
        page["A9"] = "   "

    roster = read_roster(workbook(shape=shape))

    assert [(unit.row, unit.name) for unit in roster.units] == [(3, "科工局"), (4, "自然资源局")]


def test_faults_keep_their_cells_when_columns_were_moved() -> None:
    def shape(book: Workbook) -> None:
        page = book["群"]
        page.delete_rows(1, 2)
        page.append(["范围", "平台", "名称", "群标识"])
        page.append(["属地:北河镇", "QQ", "大群", None])

    assert [fault[0] for fault in told(workbook(shape=shape))] == ["群!A2", "群!B2"]


def test_a_merged_name_is_told_apart_from_a_forgotten_one() -> None:
    def shape(book: Workbook) -> None:
        book["里程碑"]["B3"] = "投产"
        book["里程碑"]["C3"] = "2027-12-20"
        book["里程碑"].merge_cells("A2:A3")

    assert told(workbook(shape=shape)) == [("里程碑!A3", "这一格被合并了", "取消合并单元格，每一行都填上。")]


def test_a_missing_sheet_is_told_with_the_one_that_was_meant() -> None:
    def shape(book: Workbook) -> None:
        book["人员"].title = "人员表"

    assert told(workbook(shape=shape)) == [("人员", "缺少这张表", "是不是「人员表」？")]


def test_a_failed_formula_that_was_pasted_as_text_is_told_too() -> None:
    def shape(book: Workbook) -> None:
        book["单位"]["C2"].value = "#REF!"
        book["单位"]["C2"].data_type = "s"

    assert told(workbook(shape=shape)) == [("单位!C2", "公式出错：#REF!", "把公式改成文字或数字。")]


def test_the_ledger_sheet_may_be_missing() -> None:
    assert read_roster(workbook(shape=lambda book: book.remove(book["问题"]))).problems == ()


def test_missing_strange_and_doubled_columns_are_told() -> None:
    changes: dict[str, object] = {"项目!P1": "牵头的领导", "项目!W1": "备注", "群!E1": "名称"}

    assert told(workbook(changes)) == [
        ("项目", "缺少「牵头领导」列", "是不是「牵头的领导」？"),
        ("项目!P1", "多出一列「牵头的领导」", "是不是「牵头领导」？"),
        ("项目!W1", "多出一列「备注」", "删掉这一列。"),
        ("群!E1", "「名称」列有两个", "留一个。"),
    ]


def test_headings_may_have_full_width_brackets_and_spaces() -> None:
    changes: dict[str, object] = {"项目!H1": "总投资（万元）", "项目!K1": " 形象进度\n(%)"}

    assert read_roster(workbook(changes)) == read_roster(workbook())


def test_a_date_in_an_own_chinese_format_is_a_date() -> None:
    def shape(book: Workbook) -> None:
        book["项目"]["L2"].number_format = 'yyyy"年"m"月"d"日"'
        book["里程碑"]["D2"] = 46082
        book["里程碑"]["D2"].number_format = numbers.BUILTIN_FORMATS[1]

    roster = read_roster(workbook(shape=shape))

    assert roster.projects[0].planned_start == date(2026, 2, 20)
    assert roster.milestones[0].done == date(2026, 3, 1)


def test_the_county_may_have_categories_of_its_own() -> None:
    changes: dict[str, object] = {"分流!A2": "海域", "问题!C2": "海域"}

    assert read_roster(workbook(changes), categories=("海域", "其他")).routes[0].category == "海域"


def test_a_workbook_with_a_few_rows_may_refer_to_what_is_known() -> None:
    def shape(book: Workbook) -> None:
        for sheet in ("单位", "人员", "里程碑", "分流", "群", "问题"):
            book[sheet].delete_rows(2, 9)

    known = Known(
        units=(Unit(1, "科工局", UnitKind.RESPONSIBLE),),
        people=(
            Person(1, "刘敏", unit="科工局", roles=frozenset({Role.LIAISON})),
            Person(2, "陈志远", roles=frozenset({Role.LEAD_LEADER, Role.OFFICE})),
        ),
    )

    roster = read_roster(workbook(shape=shape), known=known)

    assert roster == Roster(projects=roster.projects)
    assert len(roster.projects) == 1


def test_a_group_without_an_id_waits_to_be_bound() -> None:
    (group,) = read_roster(workbook({"群!C2": None, "群!D2": "属地：南河镇"})).groups

    assert (group.chat, group.scope) == ("", Scope.parse("属地:南河镇"))


def zipped(parts: dict[str, bytes]) -> bytes:
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as package:
        for name, part in parts.items():
            package.writestr(name, part)
    return content.getvalue()


def parts_of(data: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"", "这不是 .xlsx，或者已经损坏"),
        ("编号,名称\n".encode(), "这不是 .xlsx，或者已经损坏"),
        (workbook()[:4000], "这不是 .xlsx，或者已经损坏"),
        (workbook()[3000:], "这不是 .xlsx，或者已经损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "这是旧版 .xls，或者加了密码"),
        (zipped({"content.xml": b"<x/>"}), "这不是 .xlsx 工作簿"),
        (zipped({"xl/workbook.xml": b"<broken"}), "文件读不出来，可能已经损坏"),
        (zipped({"xl/workbook.xml": bytes(401 * 1024 * 1024)}), "解压后太大"),
        (bytes(MAX_BYTES + 1), "超过 20 MB"),
        (Path("nowhere.xlsx"), "打不开「nowhere.xlsx」"),
    ],
    ids=[
        "empty",
        "csv",
        "cut off",
        "its beginning lost",
        "old or locked",
        "another zip",
        "broken",
        "bomb",
        "large",
        "missing",
    ],
)
def test_what_is_no_workbook_is_refused_in_one_sentence(data: bytes | Path, wrong: str) -> None:
    assert [fault[:2] for fault in told(data)] == [("文件", wrong)]


@pytest.mark.parametrize(("cell", "wrong"), [("XFD9", "列数太多"), ("A1048576", "行数太多")])
def test_one_far_away_cell_does_not_take_all_memory(cell: str, wrong: str) -> None:
    assert [fault[:2] for fault in told(workbook({f"群!{cell}": "x"}))] == [("群", wrong)]


def test_a_broken_sheet_between_good_ones_is_a_fault_and_not_a_crash() -> None:
    parts = parts_of(workbook())
    name = next(name for name in parts if name.startswith("xl/worksheets/sheet3"))

    for cut in (b"", b"<worksheet>", parts[name][: len(parts[name]) // 2]):
        with pytest.raises(RosterError):
            read_roster(zipped(parts | {name: cut}))
