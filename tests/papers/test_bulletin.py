"""Papers as they are handed over: a screen of text, a workbook that reckons, pages that are printed."""

import json
import re
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import typst
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from bot.domain.blanks import Blank, Condition, How
from bot.domain.document import Document, Heading, Kind, Row, Table
from bot.domain.people import Language
from bot.papers import bulletin_pages
from bot.papers.bulletin import chat_text
from bot.papers.bulletin_book import workbook
from bot.papers.bulletin_pages import pages
from tests.papers import sample

SAY = sample.sentences()
HEADINGS = (
    Heading("number", "编号", Kind.WORD, 11),
    Heading("name", "项目", Kind.PROSE, 26),
    Heading("planned", "年度计划(万元)", Kind.MONEY, 14, summed=True),
    Heading("cumulative", "本年累计(万元)", Kind.MONEY, 14, summed=True),
    Heading("plan_share", "完成年度计划", Kind.SHARE, 10, summed=True, of=("cumulative", "planned")),
    Heading("difference", "超欠进度(百分点)", Kind.POINTS, 10),
    Heading("moved", "有进展", Kind.MARK, 8, summed=True),
    Heading("day", "填报日期", Kind.DAY, 12),
    Heading("light", "灯号", Kind.LIGHT, 8),
    Heading("open", "未销号问题", Kind.COUNT, 8, summed=True),
)


def row(number: int, planned: int = 2_000_000, cumulative: int = 1_000_050, **changes: Any) -> Row:
    share = cumulative * 1000 // planned if planned else None
    values: dict[str, Any] = {
        "number": f"XM-{number:03}",
        "name": f"第{number}号厂房",
        "planned": planned,
        "cumulative": cumulative,
        "plan_share": share,
        "difference": None if share is None else share - 700,
        "moved": number % 2,
        "day": "2026-11-20",
        "light": "red",
        "open": 1,
    }
    return Row(f"XM-{number:03}", tuple((values | changes).values()), "2026-11-20 刘敏")


def paper(*rows: Row, **changes: Any) -> Document:
    base = Document(
        form="旬督查表",
        title="青禾县重点项目旬督查表",
        period="2026 年 11 月 11 日至 11 月 20 日",
        county="青禾县",
        scope="全县",
        first="2026-11-11",
        last="2026-11-20",
        made_at="2026-11-20T16:00+08:00",
        lead=(
            "本年累计 {cumulative}，完成年度计划 {share}。",
            "有进展的有{moved}。",
            "{county}共 {count} 个项目。",
        ),
        tables=(Table("项目进度", HEADINGS, rows or (row(1), row(2)), "按编号排列。"),),
        given={"county": "青禾县"},
        blanks=(
            Blank("count", 0, How.COUNT),
            Blank("cumulative", 0, How.SUM, ("cumulative",)),
            Blank("share", 0, How.SHARE, ("cumulative", "planned")),
            Blank("moved", 0, How.LIST, ("name",), (Condition.parse("moved", True),), 2),
        ),
    )
    return replace(base, **changes)


def amended(document: Document, key: str, figure: str, value: Any) -> Document:
    changed = document.amended(key, figure, value)
    assert changed is not None
    return changed


# --- text -------------------------------------------------------------------------------


def test_a_paper_is_told_in_sentences_counted_from_its_tables() -> None:
    assert chat_text(paper(), SAY).splitlines() == [
        "【青禾县重点项目旬督查表】",
        "2026 年 11 月 11 日至 11 月 20 日",
        "本年累计 2.00 亿元，完成年度计划 50%。",
        "有进展的有第1号厂房。",
        "青禾县共 2 个项目。",
        "明细见附件。",
    ]


def test_a_sentence_says_what_was_put_right() -> None:
    text = chat_text(amended(paper(), "XM-002", "cumulative", 3_000_000), SAY)

    assert "本年累计 4.00 亿元，完成年度计划 100%。" in text
    assert "有 1 个数字经指挥部办公室核改，表中已标出。" in text


def test_a_sentence_with_nothing_to_name_is_left_out() -> None:
    text = chat_text(paper(row(2, planned=0)), SAY)

    assert "有进展" not in text
    assert "完成年度计划" not in text
    assert "青禾县共 1 个项目。" in text


def test_a_paper_with_nothing_to_say_says_so() -> None:
    assert "本期没有要列出的事项。" in chat_text(paper(lead=(), blanks=()), SAY)


def test_a_list_names_a_few_and_tells_how_many() -> None:
    text = chat_text(paper(*(row(number) for number in (1, 3, 5, 7))), SAY)

    assert "有进展的有第1号厂房、第3号厂房等 4 个。" in text


def test_a_list_names_nobody_twice() -> None:
    text = chat_text(paper(*(row(number, name="纯碱") for number in (1, 3, 5))), SAY)

    assert "有进展的有纯碱。" in text


def test_a_text_is_one_screen_however_much_there_is_to_say() -> None:
    text = chat_text(paper(lead=("长" * 90 + "{count}",) * 20), SAY)

    assert len(text) <= 600
    assert text.endswith("明细见附件。")
    assert len(chat_text(paper(lead=("{count}",) * 20), SAY).splitlines()) == 14


# --- workbook ---------------------------------------------------------------------------


def sheet(document: Document, *, values: bool = False) -> Any:
    return load_workbook(BytesIO(workbook(document, SAY)), data_only=values).worksheets[0]


def test_a_workbook_holds_typed_cells_with_their_source() -> None:
    cells = {
        title.value: cell for title, cell in zip(*(sheet(paper())[number] for number in (1, 2)), strict=True)
    }

    assert {title: (cell.value, cell.number_format) for title, cell in cells.items()} == {
        "编号": ("XM-001", "General"),
        "项目": ("第1号厂房", "General"),
        "年度计划(万元)": (20_000, "#,##0.00"),
        "本年累计(万元)": (10_000.5, "#,##0.00"),
        "完成年度计划": (0.5, "0.0%"),
        "超欠进度(百分点)": (-20, "+0.0;-0.0;0.0"),
        "有进展": (1, '"√";;'),
        "填报日期": (datetime(2026, 11, 20), "yyyy-mm-dd"),  # noqa: DTZ001 -- a workbook knows no zones
        "灯号": ("🔴 超期", "General"),
        "未销号问题": (1, "0"),
        "数据来源": ("2026-11-20 刘敏", "General"),
    }


def test_sums_are_formulas_whose_values_stand_there_for_those_who_do_not_reckon() -> None:
    content = workbook(paper(row(1), row(2), row(3, planned=0)), SAY)

    formulas = [cell.value for cell in load_workbook(BytesIO(content)).worksheets[0][5]]
    values = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()[4]

    assert formulas == [
        "合计", None, "=SUBTOTAL(109,C2:C4)", "=SUBTOTAL(109,D2:D4)", "=IF(C5=0,0,D5/C5)", None,
        "=SUBTOTAL(109,G2:G4)", None, None, "=SUBTOTAL(109,J2:J4)", None,
    ]  # fmt: skip
    assert values[:7] == ["合计", "", 40_000, 30_001.5, 30_001.5 / 40_000, "", 2]
    assert sheet(paper(row(1)), values=True)["C3"].value == 20_000


def test_the_filter_leaves_the_sums_in_sight() -> None:
    page = sheet(paper())

    assert page.auto_filter.ref == "A1:K3"
    assert (page["A4"].value, page["A6"].value) == ("合计", "按编号排列。")


def test_an_amended_cell_is_marked_and_says_what_it_was() -> None:
    page = sheet(amended(amended(paper(), "XM-002", "cumulative", 3_000_000), "XM-001", "day", None))

    assert (page["D3"].value, page["D3"].fill.fgColor.rgb, page["D2"].fill.fill_type) == (
        30_000,
        "FFFFF2CC",
        None,
    )
    assert page["D3"].comment.text == "经指挥部办公室核改，原为 10,000.50"
    assert page["H2"].comment.text == "经指挥部办公室核改，原为 2026-11-20"
    assert page["A7"].value == "黄底的数字经指挥部办公室核改，批注里是原来的数。"


def test_an_amended_figure_counts_in_the_sum() -> None:
    content = workbook(amended(paper(), "XM-002", "cumulative", 3_000_000), SAY)

    assert load_workbook(BytesIO(content), data_only=True).worksheets[0]["D4"].value == 40_000.5


def test_a_table_of_nothing_is_a_sheet_of_nothing() -> None:
    document = paper()
    document = replace(document, tables=(replace(document.tables[0], name="甲/乙[丙]", rows=()),))

    book = load_workbook(BytesIO(workbook(document, SAY)))

    assert book.sheetnames == ["甲 乙 丙 "]
    assert book.worksheets[0]["A2"].value is None


@pytest.mark.parametrize("text", sample.HOSTILE)
def test_a_name_does_no_harm_in_a_workbook(text: str) -> None:
    cell = sheet(paper(row(1, name=text)))["B2"]

    assert (cell.data_type, cell.hyperlink) == ("s", None)


# --- pages ------------------------------------------------------------------------------


def page_count(content: bytes) -> int:
    found = re.search(rb"/Type/Pages/Count (\d+)", content)
    assert found is not None
    return int(found[1])


def printed(document: Document, language: Language = Language.CHINESE) -> dict[str, Any]:
    return bulletin_pages._words(document, sample.sentences(language))


def test_pages_are_a_pdf_with_a_heading_for_each_table() -> None:
    document = paper()
    document = replace(document, tables=(*document.tables, replace(document.tables[0], name="到期未开工")))

    content = pages(document, SAY)

    assert content.startswith(b"%PDF-")
    assert page_count(content) == 1
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False)
    words = {"bulletin": json.dumps(printed(document), ensure_ascii=False)}
    template = Path(bulletin_pages.__file__).with_name("bulletin.typ")
    found = json.loads(typst.Compiler(template, font_paths=fonts, sys_inputs=words).query("heading"))
    assert [each["body"]["text"] for each in found] == ["项目进度", "到期未开工"]


def test_a_long_table_goes_on_over_pages_and_ends_in_the_workbook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulletin_pages, "_ROWS", 60)
    document = paper(*(row(number) for number in range(1, 81)))

    assert page_count(pages(document, SAY)) > 1
    table = printed(document)["tables"][0]
    assert (len(table["rows"]), table["notes"]) == (60, ["按编号排列。", "还有 20 行没有列出，见 Excel。"])
    # What is printed as the sum is the sum of all.
    assert table["sums"][9] == "80"


def test_a_page_shows_figures_in_the_unit_of_their_column() -> None:
    table = printed(paper(row(1, planned=2_000_000), row(2, planned=0, difference=0)))["tables"][0]

    assert table["rows"] == [
        ["XM-001", "第1号厂房", "20,000", "10,000.50", "50.0%", "-20.0", "√", "11-20", "red|超期", "1"],
        ["XM-002", "第2号厂房", "0", "10,000.50", "", "0.0", "", "11-20", "red|超期", "1"],
    ]
    assert table["sums"] == ["合计", "", "20,000", "20,001.00", "100.0%", "", "1", "", "", "2"]


def test_an_amended_figure_has_a_star_and_is_told_below() -> None:
    table = printed(amended(paper(), "XM-002", "cumulative", 3_000_000))["tables"][0]

    assert table["rows"][1][3] == "30,000.00\u2060*"
    assert table["amended"] == [
        "* XM-002 的「本年累计(万元)」经指挥部办公室核改：原为 10,000.50，改为 30,000.00。"
    ]


def test_a_broad_table_lies_and_a_narrow_one_stands() -> None:
    narrow = paper()
    narrow = replace(
        narrow,
        lead=(),
        blanks=(),
        tables=(Table("问题", HEADINGS[:2], (Row("1", ("1", "用地")),)),),
    )
    broad = replace(
        narrow, tables=(Table("问题", HEADINGS * 3, (Row("1", paper().tables[0].rows[0].values * 3),)),)
    )

    assert (printed(narrow)["wide"], printed(broad)["wide"]) == (False, True)
    assert printed(narrow)["tables"][0]["size"] > printed(broad)["tables"][0]["size"]


@pytest.mark.parametrize("text", sample.HOSTILE)
def test_a_name_does_no_harm_on_a_page(text: str) -> None:
    assert page_count(pages(paper(row(1, name=text), title=text), SAY)) >= 1


def test_the_same_paper_gives_the_same_bytes() -> None:
    assert pages(paper(), SAY) == pages(paper(), SAY)
    assert workbook(paper(), SAY) == workbook(paper(), SAY)


@pytest.mark.parametrize("language", list(Language))
def test_a_paper_is_printed_in_either_language(language: Language) -> None:
    say = sample.sentences(language)

    assert page_count(pages(paper(), say)) == 1
    assert printed(paper(), language)["tables"][0]["sums"][0] == {"zh-CN": "合计", "en": "Total"}[language]


def test_prose_that_does_not_fit_shares_what_is_left_and_no_column_is_squeezed_away() -> None:
    kinds = [*["money"] * 10, "prose", "prose", "prose"]
    # Alone each would like more than a third, and the last less than all of what is left.
    table = {"columns": [*[5.6] * 10, 15.6, 9.8, 18.2], "kinds": kinds}

    laid = bulletin_pages._laid_out(table, 760.0)

    assert laid["columns"][10:] == [{"fr": 15.6}, {"fr": 9.8}, {"fr": 18.2}]
