"""The bot as a process of its own that dies at a failpoint, with a clock that the test pushes."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import pytest

from bot import failpoints
from bot.app import Bot, assembled
from bot.chat import Paper
from bot.clock import Clock, GuardedClock, VirtualClock
from bot.config import Settings
from bot.domain.document import Document
from bot.domain.folded import Folded, opened
from bot.domain.ranking import Weights
from bot.domain.rhythm import Occasion, Rhythm
from bot.domain.week import Week
from bot.papers.workshop import Workshop
from bot.platforms.telegram import TelegramPlatform
from handlers import duties
from handlers.watch import DigestPapers, Press, Printed
from storage import store
from storage.tx import Tx
from tests.command import TOKEN
from tests.faults.bugs import BUGS

SETTINGS = {"county": "青禾县", "office": {"listen": ""}, "rhythm": {"presets": []}}
TRACE = "trace"


class _Press:
    """Prints at once and always the same: what a paper looks like is tested elsewhere."""

    async def draft(
        self, rhythms: Sequence[Rhythm], occasion: Occasion, now: datetime, weights: Weights = ()
    ) -> list[Folded]:
        """Return papers with nothing in them."""
        days = (str(occasion.first), str(occasion.last), f"{now:%Y-%m-%d %H:%M}+00:00")
        return [
            Folded.of(Document(each.paper, each.paper, "", "青禾县", each.scope, *days)) for each in rhythms
        ]

    async def print(self, content: bytes) -> Printed:
        """Return its title."""
        return Printed(opened(content).title, Paper("a.xlsx", "x/x", b"x"), Paper("a.pdf", "x/x", b"p"))

    async def digest(self, scope: str, week: Week, now: datetime, *, late: bool) -> DigestPapers:
        words = f"{scope} {week} {now:%d %H:%M} {late}"
        return DigestPapers(words, Paper("周报.png", "image/png", b"p"), Paper("台账.xlsx", "x/x", b"x"))


class Machine:
    """The clock of a machine that is ``off`` by as much as a test says; the processor's count never is."""

    def __init__(self, now: datetime, off: timedelta) -> None:
        self.real = VirtualClock(now)
        self.off = off
        self.clock = GuardedClock(self, lambda: self.real.now().timestamp())

    def now(self) -> datetime:
        return self.real.now() + self.off


@asynccontextmanager
async def _bot(folder: Path, api_base: str, clock: Clock, *, durable: bool) -> AsyncIterator[Bot]:
    settings = Settings(**SETTINGS, database={"url": f"sqlite:///{folder / 'liaison.db'}"})
    telegram = TelegramPlatform(
        TOKEN,
        api_base=api_base,
        clock=clock,
        per_second=None,
        per_chat_second=None,
        per_group_minute=None,
    )
    workshop = Workshop()
    async with assembled(settings, clock, [telegram], workshop, durable=durable) as bot:
        bot.watch = replace(bot.watch, press=cast("Press", _Press()))
        bot.has([telegram])
        bot.is_awake = not durable  # a clock that is pushed is no outage
        yield bot
    await workshop.close()


async def _serve(
    folder: Path, api_base: str, now: datetime, off: timedelta, orders: Connection, *, durable: bool
) -> None:
    machine = Machine(now, off)
    async with _bot(folder, api_base, machine.clock, durable=durable) as bot, asyncio.TaskGroup() as group:
        group.create_task(bot.delivery.run())
        for platform in bot.platforms.values():
            group.create_task(platform.run(bot.router.receive))
        while True:
            moment, machine.off = await asyncio.to_thread(orders.recv)
            machine.real.set(moment)
            await bot.beat()
            # What failed is done by the next beat, five seconds later.
            while bot.timekeeper and not bot.timekeeper.sentence() and await duties.keep(bot.watch):
                pass
            orders.send(moment)


def _is_full(first: int, patch: pytest.MonkeyPatch) -> None:
    """Let SQLite find no room for one item of work and for the two after it."""
    real, items = store._outcome, count(1)

    def outcome(tx: Tx, item: store._Item) -> store._Outcome:
        if not first <= next(items) < first + 3:
            return real(tx, item)

        def crowded(tx: Tx) -> object:
            done = item.work(tx)
            tx.connection.exec_driver_sql("CREATE TABLE crowd AS SELECT zeroblob(1000000) AS a")
            return done

        pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        try:
            return real(tx, replace(item, work=crowded))
        finally:
            tx.connection.exec_driver_sql("PRAGMA max_page_count = 1000000000")

    patch.setattr(store, "_outcome", outcome)


def main(
    folder: Path,
    api_base: str,
    now: datetime,
    off: timedelta,
    orders: Connection,
    failpoint: str = "",
    bug: str = "",
    durable: bool = False,  # noqa: FBT002 -- handed over to a process
) -> None:
    """Run the bot in a folder until it is killed."""
    if bug.startswith("TZ="):
        os.environ["TZ"] = bug.removeprefix("TZ=")
        time.tzset()
    elif bug.startswith("FULL="):
        _is_full(int(bug.removeprefix("FULL=")), pytest.MonkeyPatch())
    elif bug:
        BUGS[bug][0](pytest.MonkeyPatch())
    if failpoint == TRACE:
        steps: Counter[str] = Counter()
        trace = (folder / TRACE).open("a", encoding="utf-8", buffering=1)

        def note(step: str) -> None:
            steps[step] += 1
            trace.write(f"{step}:kill@{steps[step]}\n")

        failpoints.armed = note
    else:
        failpoints.arm(failpoint)
    asyncio.run(_serve(folder, api_base, now, off, orders, durable=durable))
