"""Whoever sends too much is asked to wait, and holds up nobody else (SECURITY row 20)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.chat import Address, Event, Incoming
from bot.errors import StorageError
from handlers import flood
from storage import tables
from storage.store import Store
from storage.tx import Tx
from tests.world import MONDAY, World

TOO_MANY = "您这一分钟发来的消息太多，从这一条起都没有记录。请过一分钟，把没有回音的再发一遍。"
BURST = flood._PERSON.burst


async def count(world: World, table: str) -> int:
    return await world.asks(
        lambda tx: tx.connection.execute(
            select(func.count()).select_from(tables.metadata.tables[table])
        ).scalar_one()
    )


async def flooded(world: World, who: str, number: int = BURST + 50, **how: Any) -> None:
    for _ in range(number):
        await world.hears(who, "在吗", settle=False, **how)
    await world.settles()


# --- one person -------------------------------------------------------------------------


async def test_who_sends_a_hundred_at_once_is_heard_each_time(world: World) -> None:
    for day in range(100):
        await world.hears("wang", f"基坑第{day}层完成", settle=False)

    assert "基坑第99层完成" in await world.asks(
        lambda tx: str(tx.connection.execute(select(tables.reports.c.text)).all())
    )


async def test_who_sends_too_much_reads_one_sentence_and_nothing_of_it_is_recorded(world: World) -> None:
    await flooded(world, "wang")

    await world.hears("wang", "主体封顶")

    assert world.said_to("wang").count(TOO_MANY) == 1
    assert await count(world, "inbox") == BURST
    assert "主体封顶" not in await world.asks(
        lambda tx: str(tx.connection.execute(select(tables.reports.c.text)).all())
    )


async def test_after_a_minute_one_is_heard_again(world: World) -> None:
    await flooded(world, "wang")
    await world.waits(seconds=59)
    await world.hears("wang", "主体封顶")
    too_early = await count(world, "reports")

    await world.waits(seconds=1)
    await world.hears("wang", "主体封顶")

    assert (too_early, await count(world, "reports")) == (0, 1)


async def test_a_second_flood_is_answered_again(world: World) -> None:
    await flooded(world, "wang")
    await world.waits(minutes=10)
    await flooded(world, "wang")

    assert world.said_to("wang").count(TOO_MANY) == 2


async def test_a_flood_holds_up_nobody_else(world: World) -> None:
    await flooded(world, "wang")

    await world.hears("liu", "全部照旧")

    assert world.last("liu").startswith("已记")


async def test_a_refused_press_says_so_where_it_was_pressed(world: World) -> None:
    await world.day_at(MONDAY.date(), "09:00")
    await flooded(world, "liu", BURST)

    assert await world.hears("liu", button="全部照旧") == TOO_MANY
    assert await world.hears("liu", button="全部照旧") == ""
    assert await count(world, "reports") == 0


async def test_what_was_refused_may_come_again_and_is_taken_then(world: World) -> None:
    await flooded(world, "wang")
    await world.hears("wang", "主体封顶", key="again")

    await world.waits(minutes=1)
    await world.hears("wang", "主体封顶", key="again")

    assert world.last("wang").startswith("已记")


async def test_a_message_that_was_here_before_counts_for_nothing(world: World) -> None:
    for _ in range(3 * BURST):
        await world.hears("wang", "主体封顶", key="same", settle=False)
    await world.settles()

    assert TOO_MANY not in world.said_to("wang")


class FullDisk:
    """A database that takes nothing for a while."""

    def __init__(self, store: Store, refusals: int) -> None:
        self._store = store
        self._refusals = refusals

    async def perform(self, work: Callable[[Tx], Any]) -> Any:
        if self._refusals:
            self._refusals -= 1
            raise StorageError("the disk is full")
        return await self._store.perform(work)


async def test_what_the_database_did_not_take_is_never_held_against_its_sender(world: World) -> None:
    world.router._store = FullDisk(world.store, 3 * BURST)  # type: ignore[assignment]

    for _ in range(3 * BURST):
        with pytest.raises(StorageError):
            await world.hears("wang", "主体封顶", key="kept")
    await world.hears("wang", "主体封顶", key="kept")

    assert world.last("wang").startswith("已记")


async def test_the_sentence_is_owed_again_when_the_database_did_not_take_it(world: World) -> None:
    await flooded(world, "wang", BURST)
    world.router._store = FullDisk(world.store, 1)  # type: ignore[assignment]

    with pytest.raises(StorageError):
        await world.hears("wang", "在吗", key="over")
    await world.hears("wang", "在吗", key="over")

    assert world.last("wang") == TOO_MANY


def test_a_clock_that_jumps_back_shuts_nobody_out() -> None:
    gate = flood.Gate()
    said = Incoming("k", Address("fake", "1"), "1", MONDAY)

    assert all(gate.admits(said, MONDAY - timedelta(hours=at)) for at in range(BURST))
    assert not gate.admits(said, MONDAY - timedelta(hours=BURST))
    assert not gate.admits(said, MONDAY - timedelta(hours=BURST - 0.01))
    assert gate.admits(said, MONDAY - timedelta(hours=BURST - 1))


async def test_what_only_the_platform_tells_is_always_taken(world: World) -> None:
    await flooded(world, "wang")

    await world.happens(Event.BLOCKED, who="wang")

    blocked = await world.asks(lambda tx: tx.people.at("fake", world.account("wang")))
    assert blocked is not None
    assert blocked.is_back


# --- strangers --------------------------------------------------------------------------


async def test_ten_thousand_messages_of_a_stranger_are_answered_once_and_dropped(world: World) -> None:
    await flooded(world, "mallory", 10_000)

    assert len(world.said_to("mallory")) == 1
    assert await count(world, "inbox") == BURST


async def test_however_many_strangers_write_whoever_is_known_is_heard(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flood, "_STRANGERS", flood._Limit(5, 0))
    for number in range(20):
        await world.hears(f"mallory{number}", "你好")

    await world.hears("wang", "主体封顶")

    assert [who for who in range(20) if world.said_to(f"mallory{who}")] == [0, 1, 2, 3, 4]
    assert world.last("wang").startswith("已记")
    assert await count(world, "strangers") == 5


async def test_a_whole_county_may_join_at_once() -> None:
    gate = flood.Gate()

    assert all(
        gate.has_room_for_strangers(Incoming("k", Address("fake", str(who)), str(who), MONDAY), MONDAY)
        for who in range(3_000)
    )


async def test_the_answers_to_strangers_let_everything_urgent_pass(world: World) -> None:
    await world.hears("mallory", "你好", settle=False)
    await world.hears("wang", "1 问题 用地指标未批", settle=False)

    lanes = await world.asks(
        lambda tx: {
            row.chat: row.lane
            for row in tx.connection.execute(select(tables.outbox).order_by(tables.outbox.c.id))
        }
    )

    assert lanes[world.account("mallory")] == 1
    assert lanes[world.account("chen")] == 0


async def test_any_number_of_accounts_takes_no_more_memory_and_lets_nobody_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flood, "_MANY", 10)
    gate = flood.Gate()
    flooding = Incoming("k", Address("fake", "0"), "0", MONDAY)
    for _ in range(BURST + 1):
        gate.admits(flooding, MONDAY)

    for who in range(1, 1_000):
        gate.admits(Incoming("k", Address("fake", str(who)), str(who), MONDAY), MONDAY)
        gate.knows(Incoming("k", Address("fake", str(who)), str(who), MONDAY))

    assert len(gate._buckets) < 20
    assert len(gate._known) < 20
    assert not gate.admits(flooding, MONDAY)


# --- a group ----------------------------------------------------------------------------


async def test_a_noisy_group_is_not_heard_for_a_minute_and_told_nothing(world: World) -> None:
    for number in range(flood._GROUP.burst + 10):
        await world.hears(f"member{number}", "好的", group="group1", settle=False)
    await world.settles()

    await world.hears("zhao", "全县群", group="group1", called=True)
    in_vain = await count(world, "chats")
    await world.waits(minutes=1)
    await world.hears("zhao", "全县群", group="group1", called=True)

    assert (in_vain, await count(world, "chats")) == (0, 1)
    assert TOO_MANY not in world.said_to("group1")
