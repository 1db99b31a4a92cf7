"""A platform that says not now for ten minutes, or nothing at all for half an hour (FAULTS B4, B5).

The real adapter against a Bot API on loopback that keeps a ledger of what it asked for.
``HEAP=2000`` makes so many letters wait.
"""

import os
import random
from collections import Counter
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select

from bot import texts
from bot.chat import Address
from bot.clock import VirtualClock
from bot.errors import DeliveryError, Failure
from bot.platforms.telegram import TelegramPlatform
from handlers.delivery import Carrier
from storage import tables
from storage.letters import Letter
from storage.store import Store
from storage.tx import Tx
from tests.botapi import BotApi
from tests.botapi_http import Request
from tests.botapi_rules import limited
from tests.command import TOKEN
from tests.stories.test_ladder import MON, at, climbs
from tests.stories.test_reporting import LAND
from tests.world import MONDAY, World, county

LETTERS = min(int(os.environ.get("HEAP", "240")), 2000)
STORM = timedelta(minutes=10)
FIRST_CHAT = 1000
PER_SECOND = 500
"""A pace, so that few are on their way when the first is refused; Telegram's own would take an hour."""

pytestmark = pytest.mark.slow


class Storm(BotApi):
    """Refuses a tenth of all messages for five minutes, and all of them for five; notes who comes early."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(TOKEN, clock=clock)
        self.chance = random.Random(4)
        self.began = clock.now()
        self.too_early: list[int] = []
        self.attempts: Counter[int] = Counter()
        self._until: dict[int, datetime] = {}
        self._clock_of_storm = clock

    def accept(self, method: str, request: Request) -> bytes:
        if method == "sendMessage":
            self._judge(int(request.values["chat_id"]))
        return super().accept(method, request)

    def _judge(self, chat: int) -> None:
        now = self._clock_of_storm.now()
        self.attempts[chat] += 1
        if now < self._until.get(chat, now):
            self.too_early.append(chat)
        elapsed = now - self.began
        share = 0 if elapsed >= STORM else 1 if elapsed >= STORM / 2 else 0.1
        if self.chance.random() < share:
            wait = self.chance.randint(5, 37)
            self._until[chat] = now + timedelta(seconds=wait)
            raise limited(wait)


def _owe(letters: list[Letter], now: datetime, tx: Tx) -> None:
    for letter in letters:
        tx.outbox.add(letter, now)


def carrier(store: Store, api: BotApi, clock: VirtualClock) -> tuple[TelegramPlatform, Carrier]:
    telegram = TelegramPlatform(
        TOKEN,
        api_base=api.base,
        clock=clock,
        per_second=PER_SECOND,
        per_chat_second=None,
        per_group_minute=None,
    )
    return telegram, Carrier(store, telegram, county(), texts.load(), clock)


async def test_a_storm_of_429_is_waited_out_across_a_restart(open_store: Store) -> None:
    clock = VirtualClock(MONDAY)
    async with Storm(clock) as api:
        telegram, carries = carrier(open_store, api, clock)
        owed = iter(range(LETTERS))
        for second in range(int(STORM.total_seconds())):
            clock.set(MONDAY + timedelta(seconds=second))
            now = clock.now()
            due = [next(owed) for _ in range(LETTERS * (second + 1) // 600 - LETTERS * second // 600)]
            made = [Letter(f"a:{n}", Address("telegram", str(FIRST_CHAT + n)), str(n), now) for n in due]
            await open_store.perform(partial(_owe, made, now))
            await carries.drain()
            if second in {200, 400}:
                await telegram.close()
                open_store.on_owed.clear()
                telegram, carries = carrier(open_store, api, clock)
                await carries.recover()
        before = len(api.sent)
        for second in range(0, 60, 3):
            clock.set(MONDAY + STORM + timedelta(seconds=second))
            await carries.drain()
        await telegram.close()
        left = await open_store.read(
            lambda tx: tx.connection.execute(
                select(tables.outbox.c.key).where(tables.outbox.c.state != "sent")
            ).all()
        )

    assert before < LETTERS * 6 // 10  # nothing got through the second half
    assert left == []
    assert sorted(int(each.text) for each in api.sent) == list(range(LETTERS))  # each once, none marked
    assert api.too_early == []
    assert sum(api.attempts.values()) <= 2 * LETTERS


async def test_rungs_are_climbed_while_the_platform_is_away_and_told_when_it_is_back(world: World) -> None:
    await world.hears("liu", LAND)
    away = DeliveryError(Failure.RETRY, "502 Bad Gateway")
    world.clock.set(at(MON, "12:30"))
    world.platform.failures += [away] * 10_000
    heard = {who: len(world.said_to(who)) for who in ("sun", "chen")}
    tried = world.platform.attempts

    for minute in range(31):
        await world.reaches(at(MON, "12:30") + timedelta(minutes=minute))
    silent = {who: len(world.said_to(who)) for who in heard}
    tries = world.platform.attempts - tried
    rungs = await climbs(world)
    world.platform.failures.clear()
    await world.waits(minutes=1)

    assert rungs == ["accept_1"]
    assert silent == heard
    assert 0 < tries <= 36  # a few until it rests, then one a minute asks whether it is back
    assert any("接办时限已到" in text for text in world.said_to("sun")[heard["sun"] :])
