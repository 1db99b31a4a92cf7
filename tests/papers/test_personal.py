"""SECURITY row 30: all that is kept of one person, as a workbook, and of nobody else."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from python_calamine import CalamineWorkbook
from sqlalchemy import Table
from sqlalchemy.sql import visitors

from bot.domain.people import Language
from bot.papers.personal import PersonalOrder, make_personal
from storage import tables
from storage.personal import PARTS
from tests.world import World, county

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


async def workbook_of(world: World, who: str, folder: Path) -> Mapping[str, Sequence[Sequence[object]]]:
    """Return the sheets of somebody's workbook."""
    order = PersonalOrder(
        url=str(world.store.url),
        schema="",
        county=county(),
        language=Language.CHINESE,
        rewordings=None,
        person_id=world.ids[who],
        now=NOW,
    )
    file = folder / "personal.xlsx"
    file.write_bytes(make_personal(order).content)
    book = CalamineWorkbook.from_path(file)
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


async def test_row_30_the_workbook_holds_a_person_and_what_they_did(world: World, tmp_path: Path) -> None:
    await world.hears("liu", "1 主体封顶，形象进度62%")
    await world.hears("liu", "2 问题 用地指标未批")
    await world.hears("sun", "接办")

    sheets = await workbook_of(world, "liu", tmp_path)

    assert sheets["基本情况"][1][:2] == ["刘敏", "发展和改革局"]
    assert sheets["账号"][1][:2] == ["fake", "account-liu"]
    assert [row[4] for row in sheets["日报"][1:]] == ["主体封顶，形象进度62%", "用地指标未批"]
    assert sheets["反映的问题"][1][:4] == ["2026-001", "泵业智造产业园", "用地", "用地指标未批"]
    assert any("已记 1 年产100万吨纯碱项目" in str(row[2]) for row in sheets["收到的消息"])
    assert [row[1:3] for row in sheets["操作记录"][1:]] == [
        ["报日报", "XM-001 年产100万吨纯碱项目"],
        ["报问题", "2026-001"],
        ["报日报", "XM-002 泵业智造产业园"],
    ]


async def test_row_30_nothing_of_anybody_else_stands_in_it(world: World, tmp_path: Path) -> None:
    await world.hears("liu", "2 问题 用地指标未批")
    await world.hears("wang", "园区道路通了")

    sheets = await workbook_of(world, "wang", tmp_path)

    told = str(sheets)
    assert "园区道路通了" in told
    assert "用地指标未批" not in told
    assert "刘敏" not in told
    assert "account-liu" not in told


KEPT_WITH_THE_DEEDS = {
    "amendments", "asking_pauses", "ballots", "bulletins", "chats", "commons", "confirmations", "elements",
    "escalation_notices", "handovers", "missives", "objections", "orders", "receipts", "requests", "routes",
    "stage_moves",
}  # fmt: skip
"""Who decided, asked or signed stands in the trail of what they did."""
PASSING = {"conversations", "listings", "prompts"}
"""What was asked last, and is over with the next question."""
SECRET = {"ballot_voters"}
"""What would tell how somebody voted, if it told anything."""


def test_row_30_every_table_that_names_a_person_is_accounted_for() -> None:
    naming = {
        table.name
        for table in tables.metadata.sorted_tables
        if any(key.column.table is tables.people for key in table.foreign_keys)
    }
    told = {
        node.name for part in PARTS for node in visitors.iterate(part.statement) if isinstance(node, Table)
    }

    assert naming - told == KEPT_WITH_THE_DEEDS | PASSING | SECRET
