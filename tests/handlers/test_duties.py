"""Two processes at once, a database that fails: what a story with one process cannot show."""

from datetime import date, datetime

import pytest

from bot.errors import StorageError
from handlers import duties, rounds
from handlers.turn import Beat
from storage.rounds import Prompt
from storage.tx import Tx
from tests.world import ZONE, World

TODAY = date(2026, 11, 23)


def beat(world: World, tx: Tx) -> Beat:
    return Beat(tx, world.county, world.watch.texts, world.clock.now())


async def test_two_processes_that_ask_at_once_ask_once(world: World) -> None:
    await world.waits(minutes=5)

    def ask_again(tx: Tx) -> None:
        again = beat(world, tx)
        rounds._open(again)
        rounds._ask(again, world.ids["wang"], [world.ids["#park"]])

    await world.store.perform(ask_again)
    await world.delivery.drain()

    assert len(world.said_to("wang")) == 1


async def test_two_processes_that_remind_at_once_remind_once(world: World) -> None:
    await world.waits(minutes=5)
    await world.day_at(TODAY, "15:00")
    prompt = Prompt(world.ids["wang"], (world.ids["#park"],), answered=False)

    await world.store.perform(lambda tx: rounds._remind(beat(world, tx), prompt))
    await world.delivery.drain()

    assert len(world.said_to("wang")) == 2


async def test_two_processes_that_close_at_once_close_once(world: World) -> None:
    await world.waits(minutes=5)
    await world.day_at(TODAY, "18:00")

    await world.store.perform(lambda tx: rounds._close(beat(world, tx)))
    await world.delivery.drain()

    assert len(world.said_to("zhao")) == 1


async def test_what_fails_is_undone_alone(world: World) -> None:
    def three(tx: Tx) -> int:
        desk = beat(world, tx)

        def do(name: str) -> None:
            desk.record(None, "tried", name)
            if name == "b":
                raise ValueError(name)

        return desk.each(["a", "b", "c"], do)

    done = await world.store.perform(three)

    trails = await world.asks(lambda tx: [len(tx.audit.trail(name)) for name in "abc"])
    assert (done, trails) == (2, [1, 0, 1])


async def test_a_database_that_fails_stops_the_chunk(world: World) -> None:
    def fail(_: str) -> None:
        raise StorageError("full")

    with pytest.raises(StorageError, match="full"):
        await world.store.perform(lambda tx: beat(world, tx).each(["a"], fail))


async def test_a_message_that_cannot_be_stored_is_to_be_offered_again(world: World) -> None:
    await world.store.__aexit__(None, None, None)

    with pytest.raises(StorageError):
        await world.hears("wang", "照旧")


async def test_the_next_event_is_the_earliest_of_all(world: World) -> None:
    first = await world.watch.read(duties.next_event)
    await world.day_at(TODAY, "21:30")
    await world.hears("liu", "2 问题 用地指标未批")

    second = await world.watch.read(duties.next_event)

    assert first == (datetime(2026, 11, 23, 9, 0, tzinfo=ZONE), "event.ask")
    assert second == (datetime(2026, 11, 24, 7, 30, tzinfo=ZONE), "event.delivery")
