"""Two processes at once, a database that fails: what a story with one process cannot show."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from bot.errors import StorageError
from handlers import duties, rounds
from handlers.turn import Beat
from handlers.watch import Watch
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
        rounds._ask(again, {world.ids["wang"]: [world.ids["#park"]]})

    await world.store.perform(ask_again)
    await world.delivery.drain()

    assert len(world.said_to("wang")) == 1


async def test_who_goes_out_of_reach_as_they_are_to_be_asked_is_asked_when_they_are_back(
    world: World,
) -> None:
    world.clock.set(world.clock.now() + timedelta(minutes=5))
    both = {world.ids["wang"]: [world.ids["#park"]], world.ids["liu"]: [world.ids["#soda"]]}

    def ask(tx: Tx) -> None:
        tx.people.reachable("fake", world.account("wang"), yes=False)
        rounds._ask(beat(world, tx), both)
        tx.people.reachable("fake", world.account("wang"), yes=True)

    await world.store.perform(ask)
    await world.delivery.drain()
    assert [len(world.said_to(who)) for who in ("liu", "wang")] == [1, 0]

    await rounds.ask(world.watch)
    await world.delivery.drain()
    assert [len(world.said_to(who)) for who in ("liu", "wang")] == [1, 1]


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


@pytest.mark.sqlite
async def test_a_beat_looks_through_no_table_that_grows(world: World) -> None:
    await world.waits(minutes=5)
    await world.hears("wang", "问题 用地指标未批")
    now = world.clock.now()
    await world.store.perform(lambda tx: tx.leftovers.give_up("prompt:1", "fake", "无权限", now))

    def steps(beat: Beat) -> set[str]:
        asked: list[tuple[str, Any]] = []

        def note(_c: Any, _u: Any, statement: str, values: Any, *_: Any) -> None:
            asked.append((statement, values))

        event.listen(beat.tx.connection, "before_cursor_execute", note)
        for duty in duties.DUTIES:
            duty.is_due(beat)
        event.remove(beat.tx.connection, "before_cursor_execute", note)
        return {
            row.detail
            for statement, values in asked
            for row in beat.tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        }

    found: set[str] = set()
    for hours in (2, 8, 9, 15, 18, 27):
        world.clock.set(datetime(2026, 11, 23, tzinfo=ZONE) + timedelta(hours=hours))
        found |= await world.watch.read(steps)

    scanned = {step.split()[1] for step in found if step.startswith("SCAN") and "INDEX" not in step}
    # Nearly all messages change no other: that index leads to all of them.
    assert "SEARCH outbox USING INDEX ix_outbox_updates (updates_id=?)" not in found
    assert "people" in scanned
    assert not scanned & {
        "outbox",
        "inbox",
        "dead_letters",
        "audit",
        "problems",
        "custody",
        "reports",
        "prompts",
    }


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


@pytest.mark.parametrize(("broken", "calls"), [("", ["abc"]), ("b", ["abc", "a", "b", "c"])])
async def test_what_cannot_be_done_at_once_is_done_one_by_one(
    world: World, broken: str, calls: list[str]
) -> None:
    called = []

    def all_of(tx: Tx) -> int:
        desk = beat(world, tx)

        def do(names: Sequence[str]) -> None:
            called.append("".join(names))
            for name in names:
                desk.record(None, "tried", name)
                if name == broken:
                    raise ValueError(name)

        return desk.together(["a", "b", "c"], do)

    done = await world.store.perform(all_of)

    trails = await world.asks(lambda tx: [len(tx.audit.trail(name)) for name in "abc"])
    assert called == calls
    assert (done, trails) == ((2, [1, 0, 1]) if broken else (3, [1, 1, 1]))


@pytest.mark.parametrize("how", [Beat.each, Beat.together])
async def test_a_database_that_fails_stops_the_chunk(world: World, how: Callable[..., int]) -> None:
    def fail(_: str) -> None:
        raise StorageError("full")

    with pytest.raises(StorageError, match="full"):
        await world.store.perform(lambda tx: how(beat(world, tx), ["a"], fail))


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


async def test_a_beat_looks_once_and_again_only_behind_what_was_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    done: list[str] = []

    def duty(name: str, *, behind: str = "") -> duties.Duty:
        def is_due(_: Beat) -> bool:
            asked.append(name)
            return name not in done and (not behind or behind in done)

        async def do(_: Watch) -> None:
            done.append(name)

        return duties.Duty(is_due, do)

    three = (duty("a", behind="b"), duty("b"), duty("c", behind="b"))
    monkeypatch.setattr(duties, "DUTIES", three)

    assert await duties.keep(world.watch) == []
    assert (asked, done) == (["a", "b", "c"], ["b", "c"])  # what b brought for c, c did at once
    assert await duties.keep(world.watch) == []
    assert done == ["b", "c", "a"]


async def test_a_duty_that_cannot_even_ask_keeps_no_other_from_being_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def is_due(beat: Beat) -> bool:
        beat.tx.connection.exec_driver_sql("SELECT nothing FROM nowhere")
        return False

    async def fails(watch: Watch) -> None:
        await watch.read(is_due)

    async def works(_: Watch) -> None:
        done.append("works")

    both = (duties.Duty(is_due, fails), duties.Duty(lambda _: True, works))
    monkeypatch.setattr(duties, "DUTIES", both)

    (failed,) = await duties.keep(world.watch)
    assert failed.endswith("fails")
    assert done == ["works"]
