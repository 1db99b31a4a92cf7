"""企业家接待日: enterprises book it, and what they say there enters the same ledger as everything else."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.people import Duty
from bot.domain.reception import EIGHTH
from handlers import reception_days
from storage import tables
from storage.store import Store
from tests.enterprises import has_owners, on_duty
from tests.world import World, county
from tests.world import world as make_world

EVE, DAY = date(2026, 12, 7), date(2026, 12, 8)


@pytest.fixture
async def world(open_store: Store) -> World:
    """A county that has a reception day, and two owners more; one of them owns 纯碱项目."""
    found = make_world(open_store, settings=county(reception=EIGHTH))
    await found.is_peopled()
    await has_owners(found, 2)
    await found.store.perform(lambda tx: on_duty(found, tx, "owner1", "#soda", Duty.OWNER))
    return found


async def bookings(world: World) -> list[tuple[Any, ...]]:
    columns = (tables.bookings.c.topic, tables.bookings.c.state, tables.bookings.c.problem_id)
    query = select(*columns).order_by(tables.bookings.c.id)
    rows = await world.asks(lambda tx: tx.connection.execute(query).all())
    return [tuple(row) for row in rows]


async def test_owners_hear_once_a_week_before_that_they_may_book(world: World) -> None:
    await world.hears("owner2", "预约 道路")
    await world.day_at(date(2026, 12, 1), "09:59")
    assert world.said_to("owner1") == []
    for moment in ("10:00", "10:01"):
        await world.day_at(date(2026, 12, 1), moment)
    await world.day_at(date(2026, 12, 2), "10:00")

    assert [text[:15] for text in world.said_to("owner1")] == ["12月8日是企业家接待日，县领"]
    assert world.last("owner2").startswith("约好了")
    assert all("接待日" not in text for text in world.said_to("liu"))


async def test_a_pushed_clock_stops_where_something_is_done(world: World) -> None:
    begins = []
    await world.day_at(date(2026, 12, 1), "09:00")
    for _ in range(3):
        moment = min(at for at, _ in await world.watch.read(reception_days.next_moments))
        begins.append(f"{moment:%m-%d %H:%M}")
        await world.day_at(moment.date(), f"{moment:%H:%M}")

    assert begins == ["12-01 10:00", "12-07 15:00", "12-08 07:50"]


async def test_what_was_said_enters_the_ledger_in_the_name_of_the_owner(world: World) -> None:
    await world.hears("owner1", "预约")
    await world.hears("owner1", "用电增容")
    assert world.last("owner1").startswith("约好了：12月8日企业家接待日，谈「用电增容」。")
    await world.hears("owner1", "预约 8日 用电增容和贷款")
    await world.hears("owner2", "预约 道路")
    await world.day_at(EVE, "15:00")
    assert "1 业主1号：用电增容和贷款\n2 业主2号：道路\n" in world.last("zhao")
    await world.hears("owner2", "取消预约")
    assert world.last("zhao") == "业主2号取消了12月8日接待日的预约。"
    await world.day_at(DAY, "07:50")
    for head in ("he", "zhou"):
        assert world.last(head) == "12月8日企业家接待日，1 家预约：\n1 业主1号：用电增容和贷款"

    await world.hears("zhao", "接待 业主1号 用电增容还差变压器")

    problem = await world.asks(lambda tx: tx.problems.numbered("2026-001"))
    assert problem is not None
    assert (problem.project, problem.reporter, problem.category) == ("年产100万吨纯碱项目", "业主1号", "用电")
    assert world.last("owner1").startswith("您在企业家接待日说的事已经登记：\n已记 问题 2026-001")
    assert world.last("chen").startswith("问题 2026-001")
    assert await bookings(world) == [("用电增容和贷款", "已接待", problem.id), ("道路", "已取消", None)]
    await world.day_at(date(2026, 12, 9), "09:30")
    assert all("没有登记" not in text for text in world.said_to("zhao"))
    assert (await world.asks(lambda tx: tx.reports.on([problem.project_id], DAY))) == {}


async def test_what_was_not_entered_is_asked_about_the_day_after(world: World) -> None:
    await world.hears("owner2", "预约 道路")
    await world.day_at(DAY, "07:50")
    await world.day_at(date(2026, 12, 9), "09:30")
    assert world.last("zhao").startswith("12月8日接待日还有 1 家没有登记：\n1 业主2号：道路\n")
    for text, answer in (
        ("接待 业主2号 缺水", "业主2号名下没有项目，请写上项目编号"),
        ("接待 张三 缺水", "没有找到「张三」"),
        ("接待", "请写：接待 姓名 谈了什么"),
        ("接待 业主2号 没来", "已记：业主2号，没来。"),
        ("接待 业主2号 没来", "业主2号没有等着登记的预约。"),
    ):
        await world.hears("zhao", text)
        assert world.last("zhao").startswith(answer)

    assert await bookings(world) == [("道路", "没来", None)]


async def test_after_the_list_the_next_month_is_booked(world: World) -> None:
    await world.day_at(EVE, "15:00")
    assert all("接待日" not in text for text in world.said_to("zhao"))
    await world.hears("owner1", "预约 用电增容")

    assert world.last("owner1").startswith("约好了：1月8日企业家接待日")


async def test_it_is_the_owners_word_and_a_county_may_have_none(open_store: Store) -> None:
    world = make_world(open_store)
    await world.is_peopled()
    await world.waits(minutes=10)

    await world.hears("wang", "预约 供电公司明天到场")
    assert world.last("wang").startswith("已记")
    await world.day_at(date(2026, 12, 1), "10:00")
    assert world.said_to("qian") == []
