"""共性问题: one blockage on three projects is offered to the office as one item, with followers."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, select, update

from bot.domain.commons import Common
from handlers import common_cards, commons
from handlers.turn import Beat
from storage import tables
from storage.tx import Tx
from tests.world import World

OFFER = (
    "共性问题：用地，都在孙立新手里，涉及 3 个项目：2026-001 年产100万吨纯碱项目、"
    "2026-002 泵业智造产业园、2026-003 智慧物流园。合成一件来办吗？"
)
MERGE, APART = "合成一件", "不用"


async def land(world: World, who: str, project: str = "") -> None:
    """Let somebody report that the land of a project of theirs is not approved."""
    await world.hears(who, f"{project} 问题 用地指标未批".strip())
    if "是同一件事吗" in world.last(who):
        await world.hears(who, button="不是，另报")


async def land_everywhere(world: World) -> None:
    await land(world, "liu", "1")
    await land(world, "liu", "2")
    await land(world, "wang")
    await world.beats()


async def merged(world: World) -> None:
    await land_everywhere(world)
    await world.hears("zhao", button=MERGE)


def about(world: World, who: str) -> list[str]:
    return [text for text in world.said_to(who) if text.startswith("共性问题")]


async def followers(world: World) -> dict[str, int]:
    """Return which problems follow a common one."""
    rows = select(tables.problems.c.number, tables.problems.c.common_id).order_by(tables.problems.c.id)
    found = await world.asks(lambda tx: tx.connection.execute(rows).all())
    return {row.number: row.common_id for row in found if row.common_id is not None}


async def common(world: World, common_id: int = 1) -> Common:
    found = await world.asks(lambda tx: tx.commons.get(common_id))
    assert found is not None
    return found


async def trail(world: World, common_id: int = 1) -> list[tuple[str, str]]:
    steps = await world.asks(lambda tx: tx.audit.trail(f"common:{common_id}"))
    return [(step.action, step.actor) for step in steps]


# --- offered ----------------------------------------------------------------------------


async def test_the_same_blockage_on_three_projects_is_offered_once(world: World) -> None:
    await land_everywhere(world)
    await world.waits(minutes=10)
    await world.waits(days=1)

    assert about(world, "zhao") == [OFFER]
    assert [about(world, who) for who in ("sun", "chen", "liu", "zhou")] == [[], [], [], []]
    assert await trail(world) == [("common.offered", "")]
    assert await followers(world) == {}


async def test_two_projects_are_not_enough_however_many_problems(world: World) -> None:
    for project in ("1", "1", "2", "2"):
        await land(world, "liu", project)

    await world.beats()

    assert about(world, "zhao") == []


async def test_different_categories_have_nothing_in_common(world: World) -> None:
    await land(world, "liu", "1")
    await land(world, "liu", "2")
    await world.hears("wang", "问题 工程款没到位")

    await world.beats()

    assert about(world, "zhao") == []


async def test_different_holders_have_nothing_in_common(world: World) -> None:
    await land(world, "liu", "1")
    await land(world, "liu", "2")
    await land(world, "wang")
    await world.hears("sun", "转办 2026-003 陈志远 请县里协调")

    await world.beats()

    assert about(world, "zhao") == []


async def test_what_was_reported_long_ago_does_not_count(world: World) -> None:
    await land(world, "liu", "1")
    await world.waits(days=31)
    await land(world, "liu", "2")
    await land(world, "wang")

    await world.beats()

    assert about(world, "zhao") == []


async def test_what_is_closed_does_not_count(world: World) -> None:
    await land(world, "liu", "1")
    await closed(world, "liu", "2026-001")
    await land(world, "liu", "2")
    await land(world, "wang")

    await world.beats()

    assert about(world, "zhao") == []


async def closed(world: World, who: str, number: str) -> None:
    await world.hears("sun", f"已解决 {number} 指标已下达")
    await world.hears(who, f"销号 {number}")


# --- answered ---------------------------------------------------------------------------


async def test_made_one_item_the_holder_gets_one_card_and_all_of_them_follow(world: World) -> None:
    await merged(world)

    [card] = about(world, "sun")
    assert card.splitlines() == [
        "共性问题（用地，3 个项目），请一并办理；说一句反馈，每个反映人都会收到：",
        "2026-001｜年产100万吨纯碱项目｜待接办：用地指标未批",
        "2026-002｜泵业智造产业园｜待接办：用地指标未批",
        "2026-003｜智慧物流园｜待接办：用地指标未批",
    ]
    assert world.messages("sun")[-1].labels == ["反馈"]
    assert world.last("zhao").startswith("已记：3 个项目的用地问题合成一件，交孙立新一并办理。")
    assert about(world, "zhao") == ["共性问题（用地，孙立新）：赵文静已合成一件。"]
    assert await followers(world) == {"2026-001": 1, "2026-002": 1, "2026-003": 1}
    assert await trail(world) == [("common.offered", ""), ("common.merged", "赵文静")]


async def test_of_two_of_the_office_one_answers_and_the_other_hears_who(world: World) -> None:
    await second_of_the_office(world)
    await land_everywhere(world)

    await world.hears("he", button=APART, settle=False)
    notice = await world.hears("zhao", button=MERGE)

    assert notice == "共性问题（用地，孙立新）：何建国已答复不用合。"
    assert await followers(world) == {}
    assert await trail(world) == [("common.offered", ""), ("common.declined", "何建国")]


async def second_of_the_office(world: World) -> None:
    row = {"person_id": world.ids["he"], "role": "指挥部办公室"}
    await world.store.perform(lambda tx: tx.connection.execute(insert(tables.roles), row) and None)


@pytest.mark.parametrize("button", [MERGE, APART])
async def test_who_is_of_the_office_no_more_decides_nothing(world: World, button: str) -> None:
    await land_everywhere(world)
    gone = tables.roles.delete().where(tables.roles.c.person_id == world.ids["zhao"])
    await world.store.perform(lambda tx: tx.connection.execute(gone) and None)

    notice = await world.hears("zhao", button=button)

    assert notice == "这一项只有指挥部办公室可以办。"
    assert (await common(world)).state == "offered"


async def test_left_apart_they_are_offered_again_only_with_three_new_ones(world: World) -> None:
    await land_everywhere(world)
    await world.hears("zhao", button=APART)
    assert world.last("zhao").startswith("已记：孙立新手里的用地问题照旧分别办。")

    for offers in (1, 1, 2):
        await world.waits(minutes=5)
        await land(world, "wang")
        await world.beats()
        assert len(about(world, "zhao")) == offers

    assert about(world, "zhao")[1].startswith("共性问题：用地，都在孙立新手里，涉及 3 个项目：2026-001 ")
    assert about(world, "zhao")[1].endswith("、2026-006 智慧物流园。合成一件来办吗？")
    assert await trail(world, 2) == [("common.offered", "")]


async def test_nothing_is_merged_when_they_have_gone_apart_meanwhile(world: World) -> None:
    await land_everywhere(world)
    await closed(world, "liu", "2026-001")
    await world.hears("sun", "转办 2026-002 陈志远 请县里协调")

    await world.hears("zhao", button=MERGE)

    assert world.last("zhao") == "这些用地问题有的已经办完或转走，不用合了。"
    assert about(world, "sun") == []
    assert await followers(world) == {}


# --- followed ---------------------------------------------------------------------------


async def test_one_line_of_feedback_reaches_every_reporter(world: World) -> None:
    await merged(world)

    await world.hears("sun", button="反馈")
    assert world.last("sun") == "这些用地问题办到哪一步了？说一句，每个反映人都会收到。"
    await world.hears("sun", "省厅已受理，预计下周批复")

    told = "有反馈（孙立新）：省厅已受理，预计下周批复"
    assert [told in text for text in world.said_to("liu")].count(True) == 2
    assert [told in text for text in world.said_to("wang")].count(True) == 1
    assert world.last("sun") == "已记：3 个用地问题的反馈已告诉反映人。"
    found = await world.asks(lambda tx: tx.problems.open())
    assert {each.feedback for each in found} == {"省厅已受理，预计下周批复"}
    assert "｜办理中：" in about(world, "sun")[0]


async def test_feedback_goes_to_those_still_open_only(world: World) -> None:
    await merged(world)
    await closed(world, "wang", "2026-003")
    before = len(world.said_to("wang"))

    await world.hears("sun", button="反馈")
    await world.hears("sun", "省厅已受理")

    assert world.last("sun") == "已记：2 个用地问题的反馈已告诉反映人。"
    assert len(world.said_to("wang")) == before


async def test_a_new_one_joins_by_itself(world: World) -> None:
    await merged(world)
    await world.waits(hours=1)

    await land(world, "wang")
    await world.beats()

    assert (await followers(world))["2026-004"] == 1
    assert "2026-004｜智慧物流园｜待接办" in about(world, "sun")[0]
    assert len(about(world, "sun")) == 1
    assert len(about(world, "zhao")) == 1


async def test_who_is_handed_to_somebody_else_leaves(world: World) -> None:
    await merged(world)

    await world.hears("sun", "转办 2026-002 陈志远 请县里协调")
    await world.beats()

    assert await followers(world) == {"2026-001": 1, "2026-003": 1}
    assert "2026-002" not in about(world, "sun")[0]
    assert about(world, "sun")[0].startswith("共性问题（用地，2 个项目）")


async def test_each_is_closed_by_its_reporter_and_the_last_one_closes_the_item(world: World) -> None:
    await merged(world)

    await closed(world, "liu", "2026-001")
    await closed(world, "liu", "2026-002")
    await world.beats()
    assert "2026-001｜年产100万吨纯碱项目｜已销号" in about(world, "sun")[0]
    assert (await common(world)).state == "merged"
    await closed(world, "wang", "2026-003")
    await world.beats()
    await world.beats()

    assert (await common(world)).state == "closed"
    assert about(world, "zhao")[1:] == ["共性问题（用地，孙立新）已经办结：名下 3 个问题都已销号。"]
    assert about(world, "sun") == ["共性问题（用地）已经办结，不用再办。"]
    assert [each.labels for each in world.messages("sun") if each.text.startswith("共性问题")] == [[]]
    assert (await trail(world))[-1] == ("common.closed", "")


async def test_when_all_are_handed_on_the_item_is_dissolved(world: World) -> None:
    await merged(world)

    for number in (1, 2, 3):
        await world.hears("sun", f"转办 2026-00{number} 陈志远 请县里协调")
    await world.beats()

    assert about(world, "zhao")[1] == "共性问题（用地，孙立新）已经撤销：名下的问题都转给别人了。"
    assert about(world, "zhao")[2].startswith("共性问题：用地，都在陈志远手里，涉及 3 个项目：")


async def test_with_a_successor_one_item_stays_one(world: World) -> None:
    await merged(world)

    def succeed(tx: Tx) -> None:
        for problem in tx.problems.held_by(world.ids["sun"]):
            tx.problems.succeed(problem, world.ids["chen"], world.clock.now(), ended="handed_over", reason="")
        desk = Beat(tx, world.county, world.watch.texts, world.clock.now())
        giver, taker = (tx.people.get(world.ids[who]) for who in ("sun", "chen"))
        common_cards.succeed(desk, giver, taker)

    await world.store.perform(succeed)
    await world.beats()

    assert len(await followers(world)) == 3
    assert (await common(world)).holder == "陈志远"
    assert about(world, "chen")[0].startswith("共性问题（用地，3 个项目），请一并办理；")
    assert len(about(world, "zhao")) == 1


async def test_a_reopened_one_goes_up_and_follows_nothing(world: World) -> None:
    await merged(world)
    await world.hears("sun", "已解决 2026-003 指标已下达")

    await world.hears("wang", "没解决 2026-003 批文没到")
    await world.beats()

    assert "2026-003" not in await followers(world)


async def test_who_holds_them_no_more_gives_no_feedback(world: World) -> None:
    await merged(world)
    await world.hears("sun", button="反馈")
    move = update(tables.problems).values(holder_id=world.ids["he"])
    await world.store.perform(lambda tx: tx.connection.execute(move) and None)
    await world.store.perform(lambda tx: tx.connection.execute(tables.custody.delete()) and None)

    await world.hears("sun", "省厅已受理")

    assert "没有改动" in world.last("sun")
    assert {each.feedback for each in await world.asks(lambda tx: tx.problems.open())} == {""}


async def test_when_it_is_settled_the_old_button_says_so(world: World) -> None:
    await merged(world)
    data, _ = world.find_button("sun", "反馈")
    for who, number in (("liu", 1), ("liu", 2), ("wang", 3)):
        await closed(world, who, f"2026-00{number}")
    await world.beats()
    world.messages("sun")[-1].data["反馈"] = data

    notice = await world.hears("sun", button="反馈")

    assert notice == "共性问题（用地）已经办结，不用再办。"


# --- what it costs ----------------------------------------------------------------------


async def test_a_beat_with_nothing_to_do_writes_nothing(world: World) -> None:
    await merged(world)

    async def refuse(*_: Any) -> None:
        raise AssertionError("nothing is to be written")

    world.store.perform = refuse  # type: ignore[method-assign, assignment]
    await commons.keep(world.watch)


@pytest.mark.sqlite
async def test_problems_are_never_looked_through_without_an_index(world: World) -> None:
    def plans(tx: Tx) -> list[str]:
        asked: list[tuple[str, Any]] = []

        def note(_c: Any, _u: Any, statement: str, values: Any, *_: Any) -> None:
            asked.append((statement, values))

        event.listen(tx.connection, "before_cursor_execute", note)
        tx.commons.leaving()
        tx.commons.joining()
        tx.commons.over()
        tx.commons.to_offer(world.clock.now() - timedelta(days=30))
        event.remove(tx.connection, "before_cursor_execute", note)
        return [
            row.detail
            for statement, values in asked
            for row in tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]

    found = await world.store.perform(plans)

    ways = {match[1] for step in found if (match := re.match(r"(?:SCAN|SEARCH) problems (.*)", step))}
    assert ways == {
        "USING INDEX ix_problems_common_id (common_id>?)",
        "USING INDEX ix_problems_common_id (common_id=?)",
        "USING INDEX ix_problems_holder_id_problems_state (holder_id=?)",
        "USING INDEX ix_problems_holder_id_problems_state (holder_id=? AND state=?)",
        "USING INDEX ix_problems_state_problems_opened_at (state=? AND opened_at>?)",
    }
