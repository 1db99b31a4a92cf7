"""SECURITY row 30: a person is forgotten, the trail holds, and nothing that rests with them is lost."""

import json
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from bot.domain.people import Role
from bot.domain.roster import PersonRow, Roster
from bot.errors import Refused
from handlers import forgetting, handover
from handlers.turn import Desk
from storage import tables
from storage.audit import Audit
from storage.tx import Tx
from tests.stories.test_handover import handed_over
from tests.stories.test_joining import forget_account, invited
from tests.world import NAMES, ZONE, World

ACCOUNT = "9000000077"


async def is_forgotten(world: World, name: str) -> str:
    """Let the operator forget somebody; Return what they are told."""

    def work(tx: Tx) -> str:
        desk = Desk(tx, world.county, world.watch.texts, world.clock.now())
        return forgetting.forget(desk, handover.named(desk, name))

    alias = await world.store.perform(work)
    await world.settles()
    return alias


async def everything(world: World) -> str:
    """Return all that is in the database, but what people typed."""
    typed = {"reports.text", "problems.text", "projects.last_text"}

    def ask(tx: Tx) -> str:
        found: list[Any] = []
        for table in tables.metadata.sorted_tables:
            columns = [c for c in table.columns if f"{table.name}.{c.name}" not in typed]
            found += [list(row) for row in tx.connection.execute(select(*columns))]
        return json.dumps(found, ensure_ascii=False, default=str)

    return await world.asks(ask)


async def has_account(world: World, who: str, account: str) -> None:
    mine = tables.contacts.c.person_id == world.ids[who]
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.contacts).where(mine).values(account=account, chat=account)
        )
    )


async def test_row_30_no_table_names_who_was_forgotten_and_the_chain_holds(world: World) -> None:
    await has_account(world, "liu", ACCOUNT)
    world.account = lambda who: ACCOUNT if who == "liu" else f"account-{who}"  # type: ignore[method-assign]
    await world.hears("liu", "1 主体封顶，形象进度62%")
    await world.hears("liu", "2 问题 用地指标未批")
    await world.hears("sun", "接办")
    await world.hears("chen", "转办 2026-001")
    await handed_over(world, "liu", "wang")
    told = await everything(world)
    assert NAMES["liu"] in told
    assert ACCOUNT in told

    done = await is_forgotten(world, "刘敏")

    alias, told = f"人员 {world.ids['liu']:04}", await everything(world)
    assert done == f"已删除，各处改称「{alias}」。已发出的材料、各人自己写的话和以前的备份不变。"
    assert NAMES["liu"] not in told
    assert ACCOUNT not in told
    assert await world.asks(lambda tx: Audit(tx.connection).broken_at()) is None
    reported = await world.asks(lambda tx: tx.problems.numbered("2026-001"))
    assert reported is not None
    assert reported.reporter == alias


async def test_row_30_a_card_that_names_them_is_changed_where_it_stands(world: World) -> None:
    await world.hears("liu", "2 问题 用地指标未批")
    assert "（刘敏 11-23 08:55 报）" in world.last("sun")
    await handed_over(world, "liu", "wang")

    await is_forgotten(world, "刘敏")

    alias = f"人员 {world.ids['liu']:04}"
    assert f"（{alias} 11-23 08:55 报）" in "\n".join(world.said_to("sun"))
    assert not any("刘敏 11-23 08:55 报" in text for text in world.said_to("sun"))


async def test_row_30_of_two_of_one_name_the_operator_hears_what_may_still_name_them(world: World) -> None:
    await world.hears("liu", "2 问题 用地指标未批")
    await handed_over(world, "liu", "wang")
    twin = {"name": "刘敏", "title": "科长"}
    await world.store.perform(lambda tx: tx.connection.execute(insert(tables.people).values(twin)))

    done = await is_forgotten(world, "刘敏（发展和改革局）")

    assert "条发给别人的消息提到「刘敏」，分不清是不是同名的另一位，没有改。" in done


async def test_row_30_who_still_holds_something_is_not_forgotten(world: World) -> None:
    await world.hears("liu", "2 问题 用地指标未批")

    with pytest.raises(Refused) as refused:
        await is_forgotten(world, "孙立新")

    assert refused.value.key == "forget.holds"
    assert "手里的 1 个问题" in str(refused.value.blanks["held"])
    assert (await world.asks(lambda tx: tx.people.get(world.ids["sun"]))).name == "孙立新"


async def test_row_30_a_liaison_with_projects_is_not_forgotten(world: World) -> None:
    with pytest.raises(Refused) as refused:
        await is_forgotten(world, "刘敏")

    assert "2 个项目" in str(refused.value.blanks["held"])


async def test_row_6_the_last_of_the_office_is_not_forgotten(world: World) -> None:
    with pytest.raises(Refused) as refused:
        await is_forgotten(world, "赵文静")

    assert refused.value.key == "forget.last_of_office"


async def test_row_30_who_was_forgotten_is_a_stranger_again(world: World) -> None:
    await is_forgotten(world, "钱多多")

    await world.hears("qian", "你好")

    assert world.last("qian").startswith("您好，这里是青禾县项目联络员机器人，只为名册里的同志服务")
    person = await world.asks(lambda tx: tx.people.get(world.ids["qian"]))
    assert not person.has(Role.OWNER)


async def test_row_30_nobody_is_forgotten_twice(world: World) -> None:
    await is_forgotten(world, "钱多多")
    alias = f"人员 {world.ids['qian']:04}"

    with pytest.raises(Refused) as refused:
        await is_forgotten(world, alias)

    assert refused.value.key == "forget.already"


async def test_row_30_the_trail_names_nobody_and_no_account(world: World) -> None:
    await forget_account(world, "wang")
    code = await invited(world, "wang")
    for _ in range(5):
        await world.hears("mallory", "/start wrong-code")
    await world.hears("wang", f"/start {code}")
    await world.hears("liu", "2 问题 用地指标未批")
    await world.hears("sun", "接办")
    await world.hears("liu", "请假 12月1日 12月3日 王强")
    await world.hears("zhao", "手续 XM-001 环评 受理，12月20日前办结")
    await handed_over(world, "liu", "wang")
    known = Roster(
        people=(PersonRow(2, "钱多多", "泵业公司", roles=frozenset({Role.OWNER}), telegram=77001),)
    )
    today = world.county.calendar.day_of(world.clock.now())
    await world.store.perform(lambda tx: tx.rosters.apply(known, today, world.clock.now(), zone=ZONE))

    steps = await world.asks(lambda tx: tx.audit.after(0, 500))

    told = json.dumps([[step.subject, step.detail] for step in steps], ensure_ascii=False)
    assert len(steps) > 10
    assert {name for name in NAMES.values() if name in told} == set()
    assert "account-" not in told
    assert "77001" not in told
