"""A carrier whose lease passes to another process: what it had begun is nobody's but the other's."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot import texts
from bot.chat import Capabilities
from bot.clock import VirtualClock, stopwatch
from bot.errors import LeaseLost
from handlers.delivery import Carrier
from handlers.leases import Lease
from storage.holder import Holder
from storage.store import Store
from storage.tx import Tx
from tests.handlers.test_delivery import MARK, Post, Wire, unanswered
from tests.world import county

FOR_EVER = 1e9


class Process:
    """One of several that may deliver."""

    def __init__(self, store: Store, wire: Wire, clock: VirtualClock, name: str) -> None:
        self._store = store
        self._who = Holder(name, f"1@{name}")
        self.lease = Lease("fake", alone=False)
        self.carrier = Carrier(store, wire, county(), texts.load(), clock, self.lease)

    async def takes_the_lease(self) -> None:
        def take(tx: Tx) -> int | None:
            rows = tx.leases
            return rows.take("fake", rows.look(["fake"])["fake"], self._who)

        epoch = await self._store.perform(take)
        assert epoch is not None
        self.lease.granted(epoch, stopwatch() + FOR_EVER)


@pytest.fixture
async def post(open_store: Store) -> Post:
    clock, wire = VirtualClock(datetime(2026, 11, 23, 4, tzinfo=UTC)), Wire()
    return Post(open_store, wire, clock, Process(open_store, wire, clock, "one").carrier)


@pytest.fixture
async def one(post: Post) -> Process:
    found = Process(post.store, post.wire, post.clock, "one")
    await found.takes_the_lease()
    return found


@pytest.fixture
def two(post: Post) -> Process:
    return Process(post.store, post.wire, post.clock, "two")


async def test_whose_lease_has_passed_claims_nothing(post: Post, one: Process, two: Process) -> None:
    await post.owes(("liu", "早上好"))
    await two.takes_the_lease()

    with pytest.raises(LeaseLost):
        await one.carrier.drain()
    await two.carrier.drain()

    assert post.wire.texts == ["早上好"]


async def test_what_was_claimed_is_not_sent_once_the_lease_is_lost(
    post: Post, one: Process, two: Process
) -> None:
    post.wire.open.clear()
    await post.owes(("liu", "早上好"))
    await one.carrier._exchange()
    one.lease.lost()
    one.carrier._dispatch()
    await asyncio.gather(*one.carrier._tasks)
    assert post.wire.tried == []

    await two.takes_the_lease()
    post.wire.open.set()
    await two.carrier.recover()
    await two.carrier.drain()
    with pytest.raises(LeaseLost):
        await one.carrier.drain()

    assert [text.partition("（")[0] or text for text in post.wire.texts] == post.wire.texts[:1]
    assert post.wire.texts[0].startswith(MARK)
    assert await post.states() == {"早上好": "sent"}


async def test_who_hands_on_sees_to_its_end_what_is_on_the_wire_and_begins_nothing(
    post: Post, one: Process, two: Process
) -> None:
    post.wire.open.clear()
    await post.owes(("liu", "早上好"), ("liu", "中午好"), ("wang", "早上好，王强"))
    await one.carrier._exchange()
    one.carrier._dispatch()
    landing = asyncio.create_task(one.carrier.land())
    await post.until(lambda: len(post.wire.tried) == 2)
    post.wire.open.set()
    await landing

    assert await post.states() == {"早上好": "sent", "中午好": "waiting", "早上好，王强": "sent"}
    await two.takes_the_lease()
    await two.carrier.recover()
    await two.carrier.drain()
    assert sorted(post.wire.texts) == ["中午好", "早上好", "早上好，王强"]


async def test_who_hands_on_gives_back_what_waits_for_its_slot(post: Post, two: Process) -> None:
    post.wire.capabilities = Capabilities(per_second=5)
    one = Process(post.store, post.wire, post.clock, "one")
    await one.takes_the_lease()
    await post.owes(*((f"account {n}", "早上好") for n in range(8)))
    await one.carrier._exchange()
    one.carrier._dispatch()

    await one.carrier.land()

    assert len(post.wire.texts) < 8
    await two.takes_the_lease()
    await two.carrier.recover()
    await two.carrier.drain()
    assert Counter(post.wire.ledger) == Counter((f"account {n}", "早上好") for n in range(8))


async def test_what_was_called_off_with_a_lease_counts_for_no_second_of_the_next_one(
    post: Post, two: Process
) -> None:
    post.wire.capabilities = Capabilities(per_second=500)
    one = Process(post.store, post.wire, post.clock, "one")
    await one.takes_the_lease()
    post.wire.open.clear()
    await post.owes(*((f"account {n}", "早上好") for n in range(3)))
    await one.carrier._exchange()
    one.carrier._dispatch()
    await post.until(lambda: len(post.wire.tried) == 3)
    await two.takes_the_lease()

    await one.carrier._begin_anew()

    assert unanswered(one.carrier) == 0


async def test_whose_turn_comes_again_knows_nothing_of_what_it_held(
    post: Post, one: Process, two: Process
) -> None:
    post.wire.open.clear()
    await post.owes(("liu", "早上好"))
    await one.carrier._exchange()
    one.carrier._dispatch()
    await post.until(lambda: post.wire.tried == ["早上好"])
    await two.takes_the_lease()
    post.wire.open.set()
    await two.carrier.recover()
    await two.carrier.drain()
    await one.takes_the_lease()

    post.carrier = one.carrier
    async with post.running():
        await post.owes(replace(post.letter("liu", "下午好"), key="later"))
        await post.until(lambda: "下午好" in post.wire.texts)
    await one.carrier.drain()

    assert await post.states() == {"早上好": "sent", "下午好": "sent"}
    assert post.wire.texts[-1] == "下午好"
