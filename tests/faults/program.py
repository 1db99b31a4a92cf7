"""The bot as a process of its own that dies at a failpoint, with a clock that the test pushes."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from bot import app, failpoints
from bot import texts as sentences
from bot.app import Bot, assembled
from bot.chat import Messenger, Paper
from bot.clock import Clock, GuardedClock, VirtualClock
from bot.config import Settings
from bot.domain.document import Document
from bot.domain.missives import Sheet
from bot.messengers import messengers_of
from bot.papers.workshop import Workshop
from bot.platforms.telegram import TelegramPlatform
from handlers import duties
from handlers.watch import DigestPapers, MissivePapers, Printed
from storage import store
from storage.tx import Tx
from tests.fakes import FakePress
from tests.faults.bugs import BUGS
from tests.faults.county import PAPERS

TRACE = "trace"
FILE = "liaison.db"
_SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LETTER = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class _Press(FakePress):
    """Prints at once and always the same: what a paper looks like is tested elsewhere."""

    def _printed(self, document: Document) -> Printed:
        printed = super()._printed(document)
        return replace(
            printed,
            workbook=Paper(printed.workbook.name, _SHEETS, b"workbook"),
            pages=Paper(printed.pages.name, "application/pdf", b"%PDF-1.7"),
        )

    async def digest(self, scope: str, week: object, now: object, *, late: bool) -> DigestPapers:
        words = f"{scope} {week} {now} {late}"
        picture = Paper("周报.png", "image/png", b"\x89PNG\r\n\x1a\n")
        return DigestPapers(words, picture, Paper("台账.xlsx", _SHEETS, b"ledger"))

    async def missive(self, sheet: Sheet) -> MissivePapers:
        letter = Paper(f"{sheet.number}.docx", _LETTER, b"letter")
        return MissivePapers(letter, Paper(f"{sheet.number}.pdf", "application/pdf", b"%PDF-1.7"))


@dataclass(frozen=True, slots=True)
class Part:
    """What a process is to play: where, from when, and where it dies."""

    folder: Path
    settings: dict[str, Any]
    now: datetime
    failpoint: str = ""
    bug: str = ""
    off: timedelta = timedelta(0)
    durable: bool = False


class Machine:
    """The clock of a machine that is ``off`` by as much as a test says; the processor's count never is."""

    def __init__(self, now: datetime, off: timedelta) -> None:
        self.real = VirtualClock(now)
        self.off = off
        self.clock = GuardedClock(self, lambda: self.real.now().timestamp())

    def now(self) -> datetime:
        return self.real.now() + self.off


@asynccontextmanager
async def bot_of(part: Part, clock: Clock) -> AsyncIterator[Bot]:
    """Put the bot of a part together."""
    settings = Settings(
        county="青禾县",
        office={"listen": ""},
        rhythm={"presets": [], "papers": PAPERS},
        database={"url": f"sqlite:///{part.folder / FILE}"},
        **part.settings,
    )
    workshop = Workshop()
    platforms = _platforms(settings, clock)
    async with assembled(settings, clock, platforms, workshop, durable=part.durable) as bot:
        bot.watch = replace(bot.watch, press=_Press())
        bot.has(platforms)
        bot.is_awake = not part.durable  # a clock that is pushed is no outage
        yield bot
    await workshop.close()


def _platforms(settings: Settings, clock: Clock) -> list[Messenger]:
    if not settings.telegram.is_set:
        return messengers_of(settings, clock, sentences.load())
    telegram = TelegramPlatform(
        settings.telegram.token.get_secret_value(),
        api_base=settings.telegram.api_base,
        clock=clock,
        per_second=None,
        per_chat_second=None,
        per_group_minute=None,
    )
    return [telegram]


async def _serve(part: Part, orders: Connection) -> None:
    machine = Machine(part.now, part.off)
    async with bot_of(part, machine.clock) as bot, asyncio.TaskGroup() as group:
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
            while bot.is_awake and abs(machine.clock.now() - bot._pulsed_at) >= app._PULSE:
                await bot.beat()
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


def main(part: Part, orders: Connection) -> None:
    """Run the bot in a folder until it is killed."""
    if part.bug.startswith("TZ="):
        os.environ["TZ"] = part.bug.removeprefix("TZ=")
        time.tzset()
    elif part.bug.startswith("FULL="):
        _is_full(int(part.bug.removeprefix("FULL=")), pytest.MonkeyPatch())
    elif part.bug:
        BUGS[part.bug][0](pytest.MonkeyPatch())
    if part.failpoint == TRACE:
        steps: Counter[str] = Counter()
        trace = (part.folder / TRACE).open("a", encoding="utf-8", buffering=1)

        def note(step: str) -> None:
            steps[step] += 1
            trace.write(f"{step}:kill@{steps[step]}\n")

        failpoints.armed = note
    else:
        failpoints.arm(part.failpoint)
    asyncio.run(_serve(part, orders))
