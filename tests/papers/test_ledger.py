"""The workbooks: typed cells that say what was written, and nothing that runs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from bot.domain.custody import ENDINGS
from bot.domain.deadlines import Light
from bot.domain.lines import ProjectRecord, ReportLine, Step, StepLine
from bot.domain.people import Language
from bot.domain.problems import State
from bot.domain.progress import Kind
from bot.domain.projects import Project
from bot.errors import PaperError
from bot.papers import book
from bot.papers.ledger import full_ledger_workbook, ledger_workbook, projects_workbook, reports_workbook
from tests.papers import sample

SAY = sample.sentences()
TOLD: dict[str, Any] = {"county": "衡山湖县", "made_at": sample.MADE_AT, "zone": sample.ZONE}


def opened(content: bytes) -> Workbook:
    return load_workbook(BytesIO(content))


def sheet_of(content: bytes, name: str) -> Worksheet:
    sheet = opened(content)[name]
    assert isinstance(sheet, Worksheet)
    return sheet


def row_of(sheet: Worksheet, row: int = 2) -> dict[str, Any]:
    """Return the cells of a row by the titles of their columns."""
    return {str(title.value): cell for title, cell in zip(sheet[1], sheet[row], strict=True)}


def report(number: int = 1, **changes: Any) -> ReportLine:
    line = ReportLine(
        day=date(2026, 11, 20),
        project_number=f"HD-{number:03}",
        project="泵业智造产业园",
        place="大浦镇",
        kind=Kind.PROGRESS,
        text="主体封顶",
        permille=620,
        cumulative=129_205,
        person="刘敏",
        person_unit="县发展和改革局",
        at=datetime(2026, 11, 20, 1, 12, tzinfo=UTC),
    )
    return replace(line, **changes)


def test_a_ledger_holds_the_problems_and_the_progress() -> None:
    workbook = opened(ledger_workbook(sample.digest(), SAY))

    assert workbook.sheetnames == ["问题台账", "项目进度"]
    assert [sheet.max_row for sheet in workbook] == [25, 38]


def test_open_problems_come_before_closed_ones() -> None:
    sheet = sheet_of(ledger_workbook(sample.digest(1, 4), SAY), "问题台账")

    assert [cell.value for cell in sheet["A"]] == ["编号", "2026-001", "2026-002", "2026-004", "2026-003"]


def test_moments_are_dates_of_the_county() -> None:
    digest = sample.digest(
        0, 0, problems=(sample.problem(1, opened_at=datetime(2026, 11, 21, 17, 5, tzinfo=UTC)),)
    )

    cell = row_of(sheet_of(ledger_workbook(digest, SAY), "问题台账"))["反映时间"]

    assert cell.value == datetime(2026, 11, 22, 1, 5)  # noqa: DTZ001 -- a workbook knows no zones
    assert cell.number_format == "yyyy-mm-dd hh:mm"


def test_what_has_not_happened_is_empty() -> None:
    digest = sample.digest(0, 0, problems=(sample.problem(1, accepted_at=None, solve_due=None),))

    row = row_of(sheet_of(ledger_workbook(digest, SAY), "问题台账"))

    assert [row[title].value for title in ("接办时间", "办结时限", "销号时间")] == [None] * 3


@pytest.mark.parametrize(
    ("light", "word", "colour"), [(Light.RED, "是", "FFA32A1C"), (Light.YELLOW, "否", None)]
)
def test_overdue_is_a_word_and_not_a_colour_alone(light: Light, word: str, colour: str | None) -> None:
    digest = sample.digest(0, 0, problems=(sample.problem(1, light=light),))

    cell = row_of(sheet_of(ledger_workbook(digest, SAY), "问题台账"))["是否超期"]

    assert cell.value == word
    assert (cell.font.color.rgb if cell.font.color.type == "rgb" else None) == colour


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"light": Light.GREEN}, "🟢 正常"),
        ({"light": Light.YELLOW}, "🟡 临期"),
        ({"light": Light.RED}, "🔴 超期"),
        ({"light": Light.RED, "state": State.CLOSED}, None),
    ],
)
def test_a_light_is_a_sign_and_a_word_and_goes_out_when_closed(
    changes: dict[str, Any], words: str | None
) -> None:
    digest = sample.digest(0, 0, problems=(sample.problem(1, **changes),))

    assert row_of(sheet_of(ledger_workbook(digest, SAY), "问题台账"))["灯号"].value == words


def test_the_first_deadline_stands_beside_the_one_that_counts_now() -> None:
    line = sample.problem(
        1,
        first_due=datetime(2026, 11, 30, 10, tzinfo=UTC),
        solve_due=datetime(2026, 12, 7, 10, tzinfo=UTC),
        extensions=1,
        snoozes=2,
        level=3,
        step=Step.EXTENSION,
    )

    row = row_of(
        sheet_of(ledger_workbook(sample.digest(0, 0, problems=(line,)), SAY), "问题台账"),
    )

    assert (row["原定时限"].value, row["办结时限"].value) == (
        datetime(2026, 11, 30, 18),  # noqa: DTZ001 -- a workbook knows no zones
        datetime(2026, 12, 7, 18),  # noqa: DTZ001
    )
    assert [(row[t].value, row[t].data_type) for t in ("延期次数", "推迟次数", "层级")] == [
        (1, "n"),
        (2, "n"),
        (3, "n"),
    ]
    assert row["当前环节"].value == "等批准延期"


# --- the office's own copy --------------------------------------------------------------


def full(*steps: StepLine) -> bytes:
    return full_ledger_workbook([], [], steps, SAY, **TOLD)


def test_the_offices_copy_has_every_step_of_custody_in_typed_cells() -> None:
    workbook = opened(full(sample.step(1)))

    assert workbook.sheetnames == ["问题台账", "项目进度", "经办过程"]
    sheet = workbook["经办过程"]
    assert isinstance(sheet, Worksheet)
    row = row_of(sheet)
    assert {title: (cell.value, cell.data_type) for title, cell in row.items()} == {
        "编号": ("2026-001", "s"),
        "项目": ("泵业智造产业园", "s"),
        "第几轮": (1, "n"),
        "办理人": ("孙立新", "s"),
        "办理单位": ("县自然资源局", "s"),
        "接手时间": (datetime(2026, 11, 20, 9, 12), "d"),  # noqa: DTZ001
        "接办时间": (datetime(2026, 11, 20, 10, 12), "d"),  # noqa: DTZ001
        "移出时间": (datetime(2026, 11, 20, 12, 40), "d"),  # noqa: DTZ001
        "去向/方式": ("转办", "s"),
        "原因": ("土地指标由市局统筹，需县领导协调", "s"),
        "用时(小时)": (3.5, "n"),
    }
    assert (row["用时(小时)"].number_format, row["移出时间"].number_format) == ("0.0", "yyyy-mm-dd hh:mm")
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("C2", "A1:K2")


def test_who_holds_it_now_is_said_so() -> None:
    row = row_of(sheet_of(full(sample.step(1, until=None, ended="", reason="")), "经办过程"))

    assert [row[title].value for title in ("移出时间", "去向/方式", "原因")] == [None, "在办", None]


@pytest.mark.parametrize("language", list(Language))
def test_every_way_in_which_a_problem_leaves_somebody_has_words(language: Language) -> None:
    say = sample.sentences(language)
    lines = [sample.step(1, ended=ended) for ended in sorted(ENDINGS)]

    words = [
        cell.value for cell in opened(full_ledger_workbook([], [], lines, say, **TOLD)).worksheets[2]["I"]
    ]

    assert len(set(words)) == len(ENDINGS) + 1
    assert ENDINGS.isdisjoint(words) or language is Language.ENGLISH


def test_what_has_no_words_yet_is_shown_as_it_is() -> None:
    assert (
        row_of(sheet_of(full(sample.step(1, ended="vanished")), "经办过程"))["去向/方式"].value == "vanished"
    )


def test_no_word_of_custody_goes_to_a_group() -> None:
    assert opened(ledger_workbook(sample.digest(), SAY)).sheetnames == ["问题台账", "项目进度"]


# --- cells ------------------------------------------------------------------------------


def test_money_and_shares_are_numbers() -> None:
    line = sample.project(1, planned=200_000, cumulative=129_205, cumulative_before=100_000, permille=625)

    row = row_of(sheet_of(ledger_workbook(sample.digest(0, 0, projects=(line,)), SAY), "项目进度"))

    assert (row["本年累计(万元)"].value, row["本年累计(万元)"].number_format) == (1292.05, "#,##0.00")
    assert row["本周完成(万元)"].value == 292.05
    assert (row["形象进度"].value, row["形象进度"].number_format) == (0.625, "0.0%")
    assert row["完成年度计划"].value == 0.646


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+86 138", "-1", "@x", "=cmd|' /C calc'!A0", "{=1}", "＝1", "\t=1", "http://x.cn", "mailto:a@b",
     "0123", "1e5", "TRUE", "#REF!", "<b>&amp;</b>", " 前后 ", "两行\n文字"],
)  # fmt: skip
def test_a_text_stays_the_text_it_was(text: str) -> None:
    digest = sample.digest(0, 0, problems=(sample.problem(1, text=text, project=text),))

    row = row_of(sheet_of(ledger_workbook(digest, SAY), "问题台账"))

    for cell in (row["内容"], row["项目"]):
        assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("甲\u202e乙", "甲□乙"), ("甲\x00\ud800乙", "甲乙"), ("长" * 40_000, "长" * 32_766 + "…")],
)
def test_a_text_that_would_harm_is_made_harmless(text: str, shown: str) -> None:
    digest = sample.digest(0, 0, problems=(sample.problem(1, text=text),))

    assert row_of(sheet_of(ledger_workbook(digest, SAY), "问题台账"))["内容"].value == shown


@pytest.mark.parametrize(
    ("text", "height"), [("短", None), ("长" * 19, 30), ("一\n二\n三", 45), ("长" * 32_000, 405)]
)
def test_a_row_is_as_tall_as_its_text(text: str, height: int | None) -> None:
    digest = sample.digest(0, 0, problems=(sample.problem(1, text=text, project="短"),))

    assert sheet_of(ledger_workbook(digest, SAY), "问题台账").row_dimensions[2].height == height


def test_every_sheet_prints_on_a4_with_its_head_on_each_page() -> None:
    for sheet in opened(ledger_workbook(sample.digest(county="A&B 县"), SAY)):
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert sheet.print_title_rows == "$1:$1"
        assert sheet.page_setup.fitToHeight == 0
        assert "A&&B 县 全县 2026-W47" in str(sheet.oddHeader)
        assert sheet.freeze_panes in {"C2", "D2"}
        assert sheet.auto_filter.ref == sheet.dimensions


def test_an_empty_ledger_opens() -> None:
    assert [sheet.max_row for sheet in opened(ledger_workbook(sample.digest(0, 0), SAY))] == [1, 1]


@pytest.mark.parametrize("language", list(Language))
def test_no_two_columns_have_the_same_title(language: Language) -> None:
    say = sample.sentences(language)
    books = (
        ledger_workbook(sample.digest(1, 1), say),
        full_ledger_workbook([], [], [], say, **TOLD),
        reports_workbook([report()], say, **TOLD),
        projects_workbook([], say, **TOLD),
    )

    for sheet in (sheet for content in books for sheet in opened(content)):
        titles = [cell.value for cell in sheet[1]]
        assert len(set(titles)) == len(titles)


def test_the_same_digest_gives_the_same_bytes() -> None:
    content = ledger_workbook(sample.digest(), SAY)

    assert content == ledger_workbook(sample.digest(), SAY)
    assert opened(content).properties.created == datetime(2026, 11, 23, 0, 30)  # noqa: DTZ001


def test_reports_are_read_one_by_one() -> None:
    held: list[int] = []

    def lines() -> Iterator[ReportLine]:
        for number in range(3):
            held.append(number)
            yield report(number, entered_by="办公室" if number else "")

    sheet = sheet_of(reports_workbook(lines(), SAY, **TOLD), "日报")

    assert held == [0, 1, 2]
    row = row_of(sheet, 3)
    assert (row["日期"].value.date(), row["日期"].number_format) == (date(2026, 11, 20), "yyyy-mm-dd")
    assert [row[title].value for title in ("项目编号", "答复", "联络员", "代填人")] == [
        "HD-001",
        "有进展",
        "刘敏",
        "办公室",
    ]


def test_projects_are_told_with_their_people_and_dates() -> None:
    project = Project(
        1, "HD-001", "泵业智造产业园", planned=200_000, cumulative=50_000, planned_start=date(2026, 3, 1)
    )
    content = projects_workbook([ProjectRecord(project, "陈志远", ("刘敏", "李娜"))], SAY, **TOLD)

    row = row_of(sheet_of(content, "项目清单"))

    assert (row["联络员"].value, row["牵头领导"].value) == ("刘敏、李娜", "陈志远")
    assert row["计划开工"].value == datetime(2026, 3, 1)  # noqa: DTZ001
    assert (row["完成年度计划"].value, row["实际开工"].value) == (0.25, None)


def test_more_rows_than_excel_opens_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "_MOST_ROWS", 3)

    reports_workbook([report(n) for n in range(2)], SAY, **TOLD)
    with pytest.raises(PaperError, match="日报: more than 2 rows"):
        reports_workbook([report(n) for n in range(3)], SAY, **TOLD)
