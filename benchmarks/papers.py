"""Claim 7: the papers of a quarter, of ten thousand projects, while nobody's message waits."""

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from benchmarks import county, quarter
from benchmarks.quarter import NOW, QUARTER
from bot.app import Bot, assembled
from bot.clock import VirtualClock
from bot.config import Settings
from bot.domain.bulletins import Bulletin
from bot.domain.rhythm import Occasion, Rhythm, When
from bot.papers.book import Book, Column, Form, Sheet
from bot.papers.drafting import DraftOrder, asked_by, tables_of
from bot.papers.forms import forms
from bot.papers.workshop import Workshop
from bot.press import draft_order
from bot.timetable import RhythmSettings
from handlers import bulletins, posting
from handlers.turn import Beat
from storage.snapshot import snapshot
from storage.store import Store
from tests.fakes import FakePlatform

_MEGABYTE = 1024
_PATIENCE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Papers:
    """Seconds for the figures of each paper of a quarter, and for those of all, drafted together.

    ``evening`` are the seconds in which the ``handed_out`` papers of its last evening were drafted, printed,
    shown to the office, released and posted; ``wait`` is the longest that a message waited in all that time,
    ``usual`` what 99 of 100 waited at most. ``memory`` is what workbooks of a tenth of the rows and of all of
    them take beyond the empty process, in MB.
    """

    alone: dict[str, float]
    figures: float
    handed_out: int
    evening: float
    wait: float
    usual: float
    memory: tuple[float, float]


def measure(folder: Path, *, projects: int, days: int, rows: int) -> Papers:
    """Fill a county with so many days of reports, and ask for the papers of a quarter."""
    database = folder / "papers.db"
    quarter.fill(database, projects, days)
    return asyncio.run(measured(database, rows))


async def measured(database: Path, rows: int) -> Papers:
    """Measure a county that is filled."""
    settings = county.settings(database).model_copy(
        update={"rhythm": RhythmSettings(presets=("五每", "半月", "周月季", "述职"))}
    )
    workshop = Workshop(patience=_PATIENCE)
    clock = VirtualClock(NOW - timedelta(days=1))
    async with assembled(settings, clock, [FakePlatform(county.PLATFORM)], workshop) as bot:
        # The timetable begins, and the shop is open, as it is when a duty finds something due.
        await bulletins.draft(bot.watch)
        await workshop.make(_one, 1)
        clock.set(NOW)
        waits: list[float] = []
        writing = asyncio.create_task(_write(bot.store, waits))
        every = sorted(forms())
        alone = {name: await workshop.make(seconds_for, _orders(settings, [name])) for name in every}
        figures = await workshop.make(seconds_for, _orders(settings, every))
        begun = time.perf_counter()
        handed_out = await _handed_out(bot)
        took = time.perf_counter() - begun
        writing.cancel()
    await workshop.close()
    waits.sort()
    memory = await _memory(rows // 10), await _memory(rows)
    return Papers(alone, figures, handed_out, took, waits[-1], waits[len(waits) * 99 // 100], memory)


def _one(number: int) -> int:
    return number


def _orders(settings: Settings, papers: Sequence[str]) -> list[DraftOrder]:
    occasion = Occasion(*QUARTER, NOW)
    return [draft_order(settings, Rhythm(paper, When("每季末")), occasion, NOW) for paper in papers]


def seconds_for(orders: Sequence[DraftOrder]) -> float:
    """Return the seconds that the figures of papers take that are drafted together, in the workshop."""
    begun = time.perf_counter()
    with snapshot(orders[0].url) as connection:
        question = asked_by(orders)
        for order in orders:
            tables_of(order, question, connection)
    return time.perf_counter() - begun


async def _handed_out(bot: Bot) -> int:
    """Draft what is due, print and show it, release it as the office would, and post it; Return how many."""
    watch = bot.watch
    await bulletins.draft(watch)
    await bulletins.show(watch)
    for bulletin in await watch.read(lambda beat: beat.tx.bulletins.drafts()):
        await watch.perform(partial(_release, bulletin))
    released = await watch.read(lambda beat: beat.tx.bulletins.to_post(beat.now))
    await posting.post(watch)
    await bot.delivery.drain()
    return len(released)


def _release(bulletin: Bulletin, beat: Beat) -> None:
    beat.tx.bulletins.release(bulletin, None, beat.now, beat.now)


async def _write(store: Store, waits: list[float]) -> None:
    """Write something small again and again, as a message does, and note how long it took."""
    while True:
        begun = time.perf_counter()
        key = f"bench:{begun}"
        await store.perform(lambda tx, key=key: tx.inbox.admit(key, NOW))  # type: ignore[misc]
        waits.append(time.perf_counter() - begun)
        await asyncio.sleep(0.02)


async def _memory(rows: int) -> float:
    """Return the megabytes that a workbook takes in a process of its own."""
    workshop = Workshop()
    await workshop.make(grown, 10)
    found = await workshop.make(grown, rows)
    await workshop.close()
    return found


def grown(rows: int) -> float:
    """Return by how many megabytes a process grows that writes a workbook of so many rows."""
    before = _peak()
    book = Book("measured", NOW, county.ASKED_AT.tzinfo, yes="", no="", lights={})  # type: ignore[arg-type]
    columns: list[Column[int]] = [
        Column("编号", 10, Form.WORD, lambda row: f"XM-{row}"),
        Column("项目", 30, Form.PROSE, lambda row: f"第{row}号标准厂房"),
        *(Column(f"完成{at}", 14, Form.MONEY, lambda row: row * 100, summed=True) for at in range(8)),
    ]
    book.of(Sheet("测", "测", columns, range(rows), total="合计"))
    return _peak() - before


def _peak() -> float:
    """Return the most megabytes that this process had; a child's ``ru_maxrss`` begins with its parent's."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) / _MEGABYTE if found else 0.0
