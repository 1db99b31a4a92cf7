"""What the office writes to put a figure right, and what then stands in the paper."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.domain.amending import left_as_drafted, meant, read_value
from bot.domain.blanks import Value
from bot.domain.bulletins import Amendment
from bot.domain.document import Heading, Kind, Row, Table
from tests.fakes import document

HEADINGS = (
    Heading("planned", "年度计划(万元)", Kind.MONEY),
    Heading("cumulative", "本年累计(万元)", Kind.MONEY),
    Heading("invested", "本旬完成(万元)", Kind.MONEY),
    Heading("invested_before", "本旬完成上旬数(万元)", Kind.MONEY),
    Heading("plan_share", "完成年度计划", Kind.SHARE, of=("cumulative", "planned")),
    Heading("difference", "超欠进度(百分点)", Kind.POINTS),
    Heading("open", "未销号问题", Kind.COUNT),
    Heading("stage", "阶段", Kind.WORD),
)
SHARES = (Heading("plan_share", "完成年度计划", Kind.SHARE), Heading("rank", "名次", Kind.COUNT))
VALUES = (1_000_000, 500_000, 10_000, 0, 500, -200, 1, "在建")
PAPER = replace(
    document(
        "旬督查表", "全县", date(2026, 11, 11), date(2026, 11, 20), datetime(2026, 11, 20, 8, tzinfo=UTC)
    ),
    tables=(
        Table("项目", HEADINGS, tuple(Row(key, VALUES) for key in ("XM-01", "XM-012", "XM-012 pace"))),
        Table("排名", SHARES, (Row("XM-012", (500, 1)), Row("陈志远 副县长", (500, 1)))),
    ),
)


def read(text: str) -> tuple[str, str, Value, str] | None:
    found = meant(text, PAPER)
    change = found.amendment() if found else None
    return (change.line, change.figure.key, change.value, change.reason) if change else None


@pytest.mark.parametrize(
    ("text", "line", "figure", "value"),
    [
        ("XM-012 本旬完成(万元) -200万", "XM-012", "invested", -20_000),
        ("XM-012 本旬完成（万元） －２００万元（冲减）", "XM-012", "invested", -20_000),
        ("xm-012　本旬完成 负200万", "XM-012", "invested", -20_000),
        ("XM-012 本旬完成 −200万", "XM-012", "invested", -20_000),
        ("XM-012本旬完成：改为3200万", "XM-012", "invested", 320_000),
        ("XM-012 invested 3200万", "XM-012", "invested", 320_000),
        ("XM-012 本旬完成上旬数 300万", "XM-012", "invested_before", 30_000),
        ("XM-01 本旬完成 300万", "XM-01", "invested", 30_000),
        ("XM-012 pace 本旬完成 300万", "XM-012 pace", "invested", 30_000),
        ("陈志远 副县长 名次 2", "陈志远 副县长", "rank", 2),
        ("XM-012 名次 第2", None, None, None),
        ("XM-0123 本旬完成 300万", None, None, None),
        ("XM-012 本旬完成 由300万改为200万", None, None, None),
        ("XM-012 本旬完成(亿元) 3", None, None, None),
        ("XM-012 超欠进度 −15", "XM-012", "difference", -150),
        ("XM-012 阶段 改为竣工", "XM-012", "stage", "竣工"),
        ("XM-012 阶段 为民工程", "XM-012", "stage", "为民工程"),
    ],
)
def test_a_line_of_words_means_one_figure(
    text: str, line: str | None, figure: str | None, value: Value
) -> None:
    found = read(text)

    assert (found and found[:3]) == (line and (line, figure, value))


def test_the_reason_stands_in_brackets_at_the_end() -> None:
    assert read("XM-012 本旬完成(万元) 3200万（漏报一笔）") == ("XM-012", "invested", 320_000, "漏报一笔")


def test_a_name_that_fits_two_columns_fits_none() -> None:
    again = Heading("days", "本旬完成(天)", Kind.COUNT)
    (first, second) = PAPER.tables
    both = replace(
        first, headings=(*HEADINGS, again), rows=tuple(Row(row.key, (*VALUES, 1)) for row in first.rows)
    )
    paper = replace(PAPER, tables=(both, second))

    assert meant("XM-012 本旬完成 3", paper) is None
    assert meant("XM-012 本旬完成(天) 3", paper) is not None


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("−15", Kind.POINTS, -150),
        ("＋2.5个百分点", Kind.POINTS, 25),
        ("负三点五", Kind.POINTS, -35),
        ("87.5分", Kind.SCORE, 875),
        ("62.5%", Kind.SHARE, 625),
        ("120%", Kind.SHARE, 1200),
        ("62", Kind.SHARE, 620),
        ("-5%", Kind.SHARE, -50),
        ("3200万", Kind.SHARE, None),
        ("1.2亿", Kind.MONEY, 1_200_000),
        ("3200", Kind.MONEY, None),
        ("三个", Kind.COUNT, 3),
        ("-3", Kind.COUNT, -3),
        ("12.5", Kind.COUNT, None),
        ("3万", Kind.COUNT, None),
        ("三十五万", Kind.COUNT, None),
        ("3改为5", Kind.COUNT, None),
        ("是", Kind.MARK, 1),
        ("√", Kind.MARK, 1),
        ("有", Kind.MARK, 1),
        ("１", Kind.MARK, 1),
        ("否", Kind.MARK, 0),
        ("无", Kind.MARK, 0),
        ("也许", Kind.MARK, None),
        ("红", Kind.LIGHT, None),
        ("2026年11月3日", Kind.DAY, "2026-11-03"),
        ("2026-13-03", Kind.DAY, None),
        ("", Kind.WORD, None),
    ],
)
def test_a_value_is_read_by_what_its_column_holds(text: str, kind: Kind, value: Value) -> None:
    assert read_value(text, kind) == value


def test_a_share_follows_its_figures_in_every_table_and_is_no_amendment() -> None:
    changed = PAPER.amended("XM-012", "cumulative", 600_000)

    assert changed is not None
    first, second = changed.tables
    assert (first.rows[1].values[4], second.rows[0].values[0]) == (600, 600)
    assert (first.rows[0].values[4], second.rows[1].values[0]) == (500, 500)
    assert changed.amendments == 1


@pytest.mark.parametrize("planned", [0, None])
def test_without_a_plan_there_is_no_share_of_it(planned: Value) -> None:
    changed = PAPER.amended("XM-012", "planned", planned)

    assert changed is not None
    assert changed.tables[0].rows[1].values[4] is None


def test_a_share_is_known_by_its_parts_wherever_it_is_read() -> None:
    assert PAPER.parts("XM-012", "plan_share") == ("本年累计(万元)", "年度计划(万元)")
    assert PAPER.parts("陈志远 副县长", "plan_share") == PAPER.parts("XM-012", "invested") == ()


def test_what_hangs_on_a_figure_by_other_rules_is_named_unless_it_was_put_right_too() -> None:
    cumulative, difference = (
        Amendment("XM-012", next(each for each in HEADINGS if each.key == key), 0, "")
        for key in ("cumulative", "difference")
    )

    assert left_as_drafted(PAPER, [cumulative]) == ["超欠进度(百分点)"]
    assert left_as_drafted(PAPER, [cumulative, difference]) == []
    assert left_as_drafted(PAPER, [replace(cumulative, figure=HEADINGS[6])]) == []
