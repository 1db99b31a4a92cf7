"""A start with a heap of letters due: at the pace, the urgent first, old questions not at all (FAULTS H3).

``HEAP=50000`` makes the heap so large.
"""

import asyncio
import os
from datetime import date, timedelta

import pytest
from sqlalchemy import func, insert, select

from bot.chat import Capabilities, Outgoing
from handlers import duties
from handlers.delivery import Carrier
from storage import tables
from storage.letters import Lane
from tests.handlers.test_delivery import Wire
from tests.world import World

HEAP = int(os.environ.get("HEAP", "1000"))
PER_SECOND = 250
MOST_IN_HAND = 30
"""Letters of all lanes that a carrier with a pace holds, however many wait."""

pytestmark = pytest.mark.slow


def kind(n: int) -> Lane:
    """Of ten letters seven are questions of a day, two are urgent, one is a paper."""
    return Lane.ROUND if n % 10 < 7 else Lane.PAPER if n % 10 == 7 else Lane.NOW


async def heaped(world: World) -> None:
    """Owe the heap, each letter due for up to six seconds."""
    now = world.clock.now()
    rows = [
        {
            "key": f"heap:{n}",
            "platform": "fake",
            "chat": f"chat{n}",
            "subject": f"prompt:{n}:{now:%Y-%m-%d}" if kind(n) is Lane.ROUND else "",
            "in_group": False,
            "lane": int(kind(n)),
            "due_at": now - age(n),
            "state": "waiting",
            "text": f"{kind(n).name} {n}",
            "buttons": (),
            "made_at": now,
        }
        for n in range(HEAP)
    ]
    await world.store.perform(lambda tx: tx.connection.execute(insert(tables.outbox), rows))


def age(n: int) -> timedelta:
    return timedelta(seconds=n // 10 % 7)


async def test_a_start_with_a_heap_of_letters_keeps_pace_order_and_memory(world: World) -> None:
    await world.day_at(date(2026, 11, 23), "09:00")
    await heaped(world)
    wire = Wire(capabilities=Capabilities(per_second=PER_SECOND))
    carrier = Carrier(world.store, wire, world.county, world.watch.texts, world.clock)
    loop, sent_at, held = asyncio.get_running_loop(), list[float](), list[int]()

    async def look(_: Outgoing) -> None:
        sent_at.append(loop.time())
        held.append(len(carrier._in_hand) + len(carrier._flying))

    wire.on_send = look
    world.clock.set(world.clock.now() + timedelta(days=1, minutes=5))
    # As a start does: the duties once, then the heap.
    await duties.keep(world.watch)
    await carrier.recover()
    await carrier.drain()

    stale = select(func.count()).where(
        tables.outbox.c.subject.like("prompt:%"), tables.outbox.c.state == "superseded"
    )
    assert await world.asks(lambda tx: tx.connection.execute(stale).scalar_one()) >= HEAP * 7 // 10
    sent = [
        (text.split()[0], int(text.split()[1])) for text in wire.texts if text.startswith(("NOW ", "PAPER "))
    ]
    assert sorted(n for _, n in sent) == [n for n in range(HEAP) if n % 10 >= 7]
    assert not any(text.startswith("ROUND ") for text in wire.texts)
    # The papers come last, and of the urgent what was due longest comes first.
    urgent = [n for lane, n in sent if lane == "NOW"]
    until = max(at for at, (lane, _) in enumerate(sent) if lane == "NOW")
    assert until - len(urgent) < len(urgent) // 10
    ages = [age(n) for n in urgent]
    assert all(max(ages[at:]) <= min(ages[: max(1, at - MOST_IN_HAND)]) for at in range(1, len(ages), 7))
    assert max(held) <= MOST_IN_HAND
    window = PER_SECOND // 10
    # A fortieth of a second may be caught up with.
    for first, later in zip(sent_at, sent_at[window + 1 :], strict=False):
        assert later - first >= (window + 1) / PER_SECOND - 0.025 - 0.005
