"""Claim 4: the parts by themselves – reading an answer, committing together, and what the disk takes."""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import county
from bot.domain.answers import read_answers
from bot.domain.pointers import Listed
from storage.backup import verify
from storage.migrate import migrate
from storage.store import Store
from storage.tx import Tx

ANSWERS = (
    "照旧",
    "1 主体封顶，形象进度62%",
    "2 问题 用地指标未批，影响二期开挖",
    "智造产业园 设备安装完成，累计完成三千二百万",
    "1 照旧 2 桩基完成，形象进度百分之四十五，本月完成0.32亿 3 无变化",
    "到12月5日前无变化",
)
"""What liaisons write, from one word to three projects in a line."""

_PROJECTS = 12
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Parts:
    """Microseconds an answer; small commits a second, in groups and one by one; milliseconds an fsync.

    And the seconds in which a trail of so many entries is verified.
    """

    reading: float
    grouped: float
    single: float
    fsync: float
    verified: float


def measure(folder: Path, *, rounds: int, items: int, trail: int) -> Parts:
    """Measure each part by itself."""
    database = folder / "parts.db"
    county.fill(database, 1, 1)
    rates = [asyncio.run(_commits(database, items, f"{turn}")) for turn in range(rounds)]
    return Parts(
        reading=median(_reading(items) for _ in range(rounds)),
        grouped=median(grouped for grouped, _ in rates),
        single=median(single for _, single in rates),
        fsync=_fsync(folder / "fsync"),
        verified=_verified(folder / "trail.db", trail),
    )


def _reading(items: int) -> float:
    day = county.ASKED_AT.date()
    lists = [
        [Listed(place, place, f"XM-{first + place:05}", name) for place, name in enumerate(_names(), 1)]
        for first in range(0, 1_000, _PROJECTS)
    ]
    times = max(1, items // len(ANSWERS))
    begun = time.perf_counter()
    for turn in range(times):
        for said in ANSWERS:
            read_answers(said, lists[turn % len(lists)], day)
    return (time.perf_counter() - begun) / (times * len(ANSWERS)) * 1e6


def _names() -> list[str]:
    kinds = ("纯碱扩建", "智造产业园", "污水提标", "农田改造", "冷链物流", "光伏组件")
    return [f"{place}{kind}" for place in ("大桥镇", "石湾镇") for kind in kinds]


async def _commits(database: Path, items: int, name: str) -> tuple[float, float]:
    async with Store(f"sqlite:///{database}") as store:
        begun = time.perf_counter()
        await asyncio.gather(*(store.perform(_small(f"{name}-{item}")) for item in range(items)))
        grouped = items / (time.perf_counter() - begun)
        few = max(1, items // 10)
        begun = time.perf_counter()
        for item in range(few):
            await store.perform(_small(f"{name}-single-{item}"))
        return grouped, few / (time.perf_counter() - begun)


def _small(key: str) -> Callable[[Tx], bool]:
    """Return work of one row and one audit entry."""

    def work(tx: Tx) -> bool:
        tx.audit.add(county.ASKED_AT, None, "measured", key)
        return tx.inbox.admit(key, county.ASKED_AT)

    return work


def _verified(database: Path, entries: int) -> float:
    """Return the seconds in which a file and a trail of so many entries are found to be sound."""
    url = f"sqlite:///{database}"
    migrate(url)

    def add(many: range) -> Callable[[Tx], None]:
        def work(tx: Tx) -> None:
            for entry in many:
                subject = f"project:{entry % 500}"
                tx.audit.add(county.ASKED_AT, None, "report.added", subject, kind="progress", text=ANSWERS[1])

        return work

    async def fill() -> None:
        async with Store(url, durable=False) as store:
            for first in range(0, entries, _AT_ONCE):
                await store.perform(add(range(first, min(first + _AT_ONCE, entries))))

    asyncio.run(fill())
    begun = time.perf_counter()
    assert verify(url) == []
    return time.perf_counter() - begun


def _fsync(file: Path) -> float:
    """Return the milliseconds that the disk takes to have four kilobytes for good."""
    waits = []
    handle = os.open(file, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        for _ in range(100):
            begun = time.perf_counter()
            os.write(handle, b"\0" * 4096)
            os.fsync(handle)
            waits.append((time.perf_counter() - begun) * 1000)
    finally:
        os.close(handle)
    return median(waits)
