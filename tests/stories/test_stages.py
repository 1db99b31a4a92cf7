"""A project goes on: the liaison says so, the office nods by one tap, and nothing happens by itself."""

from datetime import date

import pytest
from sqlalchemy import insert, select

from storage import tables
from storage.tx import Tx
from tests.world import World

TODAY = "11月23日"


async def project(world: World, key: str = "park") -> tuple[str, str, date | None, date | None]:
    row = await world.asks(
        lambda tx: tx.connection.execute(
            select(tables.projects).where(tables.projects.c.id == world.ids[f"#{key}"])
        ).one()
    )
    return row.kind, row.stage, row.actual_start, row.actual_completion


async def has_new_project(world: World) -> None:
    def change(tx: Tx) -> None:
        tx.connection.execute(
            tables.projects.update()
            .where(tables.projects.c.id == world.ids["#park"])
            .values(kind="新上", stage="规划选址")
        )

    await world.store.perform(change)


async def has_milestones(world: World, *names: str, key: str = "soda") -> None:
    rows = [
        {"project_id": world.ids[f"#{key}"], "name": each, "planned": date(2026, 12, 10)} for each in names
    ]
    await world.store.perform(lambda tx: tx.connection.execute(insert(tables.milestones), rows))


async def done(world: World) -> dict[str, date | None]:
    rows = await world.asks(lambda tx: tx.connection.execute(select(tables.milestones)).all())
    return {row.name: row.done for row in rows}


async def test_a_start_counts_once_the_office_has_nodded(world: World) -> None:
    await world.waits(minutes=5)
    await has_new_project(world)

    await world.hears("wang", "开工 1 3月5日")
    assert "「智慧物流园」开工，3月5日。等指挥部办公室同意" in world.last("wang")
    assert (await project(world))[2] is None
    await world.waits(minutes=10)
    assert world.last("zhao").startswith("王强报：「智慧物流园」开工，3月5日。")
    await world.hears("zhao", button="同意")

    assert await project(world) == ("在建", "落地开工", date(2026, 3, 5), None)
    assert world.last("wang") == "赵文静同意：「智慧物流园」开工，3月5日。今后按「在建」项目提问。"
    assert world.messages("zhao")[0].labels == []


async def test_without_the_nod_nothing_changes(world: World) -> None:
    await world.hears("wang", "竣工 1 昨天")
    await world.waits(minutes=10)
    before = await project(world)

    await world.hears("zhao", button="不同意")

    assert await project(world) == before
    assert "赵文静没有同意：「智慧物流园」竣工，11月22日。" in world.last("wang")


async def test_several_steps_come_in_one_message_and_go_with_one_tap(world: World) -> None:
    await has_milestones(world, "主体封顶", "设备安装")
    await world.hears("liu", "完成 1 主体封顶 11月20日")
    await world.hears("liu", "阶段 2 履约评估")
    await world.hears("wang", "开工 1 今天")

    await world.waits(minutes=10)

    assert len(world.said_to("zhao")) == 1
    assert "2 刘敏报：「泵业智造产业园」进入「履约评估」，11月23日。" in world.last("zhao")
    await world.hears("zhao", button="3 不同意")
    await world.hears("zhao", button="全部同意")
    assert (await done(world))["主体封顶"] == date(2026, 11, 20)
    assert (await project(world, "pump"))[1] == "履约评估"
    assert (await project(world))[2] is None


@pytest.mark.parametrize(
    "words", ["完成 桩基 30 根", "开工 前的准备都做了", "完成投资3000万", "竣工 验收资料在整理", "完成 30%"]
)
async def test_what_only_begins_like_a_step_is_an_answer(world: World, words: str) -> None:
    await world.waits(minutes=5)

    await world.hears("wang", words)

    assert world.last("wang").startswith("已记")
    assert await world.asks(lambda tx: tx.stages.pending()) == []


async def test_what_is_missing_is_asked_back_and_the_words_are_kept(world: World) -> None:
    await has_milestones(world, "主体封顶")

    await world.hears("liu", "开工 3月5日")
    assert "哪个项目开工？" in world.last("liu")
    await world.hears("liu", button="1 年产100万吨纯碱项目")
    assert "「年产100万吨纯碱项目」开工，3月5日" in world.last("liu")

    await world.hears("liu", "完成 1 屋面防水")
    assert "屋面防水」是「年产100万吨纯碱项目」的哪个节点" in world.last("liu")
    await world.hears("liu", button="都不是，记作进展")
    assert world.last("liu").startswith("已记 1 年产100万吨纯碱项目：完成屋面防水")

    await world.hears("liu", "竣工 1 2月30日")
    assert "没有看懂" in world.last("liu")
    await world.hears("liu", "3月1日")
    assert "竣工，3月1日" in world.last("liu")
    await world.hears("liu", "开工 2 12月5日")
    assert "还没到那天" in world.last("liu")


async def test_progress_that_says_it_plainly_offers_the_button_once(world: World) -> None:
    await world.waits(minutes=5)

    await world.hears("wang", "今天正式开工，县领导到场")
    assert "开工了吗？" in world.last("wang")
    assert (await project(world))[2] is None
    await world.hears("wang", "今天正式开工，县领导到场，进度31%")
    assert len([text for text in world.said_to("wang") if "开工了吗？" in text]) == 1
    await world.hears("wang", button=f"报开工：{TODAY}")

    assert "等指挥部办公室同意" in world.last("wang")


async def test_the_office_moves_a_planned_day_and_the_trail_keeps_the_old_one(world: World) -> None:
    await has_milestones(world, "主体封顶")

    await world.hears("zhao", "改期 XM-001 主体封顶 12月20日")
    await world.hears("zhao", "改期 XM-001 封顶 12月25日")
    await world.hears("zhao", "改期 XM-001 开工 12月1日")

    assert "主体封顶，12月20日 → 12月25日" in world.said_to("liu")[1]
    assert "计划开工，12月1日" in world.last("chen")
    await world.hears("liu", "节点 1")
    assert "⏳ 主体封顶：计划 2026-12-25，还有 32 天（改期 2 次，最早定在 12-10）" in world.last("liu")


async def test_a_new_milestone_is_asked_about_and_a_day_that_is_past_refused(world: World) -> None:
    await world.hears("zhao", "改期 XM-001 主体封顶 3月1日")
    await world.hears("zhao", "改期 XM-001 屋面 11月1日")
    assert "已经过去了" in world.last("zhao")
    await world.hears("zhao", "改期 XM-001 屋面 12月1日")
    await world.hears("zhao", button="新增「屋面」")

    assert await done(world) == {"屋面": None}


async def test_nobody_but_the_office_moves_days(world: World) -> None:
    await has_milestones(world, "主体封顶")
    await world.hears("chen", "改期 XM-001 主体封顶 12月20日")

    assert "主体封顶" not in "".join(world.said_to("liu"))
