"""What may make no difference: order and repeats of updates, the database, the host, how beats fall."""

import asyncio
import random
import shutil
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from storage import tables
from storage.store import Store
from storage.tx import Tx
from tests.stateful.rows import told
from tests.world import MONDAY, World
from tests.world import world as make_world

ANSWERS = {
    "liu": ("1 主体封顶，形象进度62%", "2 照旧", "1 主体封顶，形象进度63%"),
    "wang": ("屋架吊装完成，形象进度35%", "屋架吊装完成，形象进度36%，本月完成320万"),
    "chen": ("台账", "今日"),
    "zhao": ("请假 周海涛 12-01 12-05 何建国", "待核"),
}
"""What each says one after the other; what others say meanwhile is none of their business."""

WEEK = (
    (0, "09:05", "liu", "1 主体封顶，形象进度62%，本月完成3200万"),
    (0, "09:06", "liu", "2 问题 用地指标未批，影响二期开挖"),
    (0, "10:00", "sun", "接办 2026-001"),
    (0, "10:30", "wang", "问题 当天要办：围墙倒了"),
    (0, "14:00", "chen", "转办 2026-002 孙立新 归自然资源局"),
    (1, "09:10", "liu", "照旧"),
    (1, "11:00", "sun", "反馈 2026-001 已组卷上报"),
    (2, "09:10", "wang", "钢结构完成，形象进度35%"),
    (2, "15:00", "sun", "已解决 2026-001 指标已下达"),
    (2, "16:00", "liu", "销号 2026-001"),
    (3, "16:00", "liu", "没解决 2026-001 还差一亩"),
    (4, "18:30", "zhao", "移交 刘敏 王强"),
)


async def town(url: str) -> tuple[Store, World]:
    store = await Store(url, durable=False).__aenter__()
    county = make_world(store, MONDAY)
    await county.is_peopled()
    return store, county


# --- (a) how often, and in which order --------------------------------------------------


async def _answered(template: Path, order: list[tuple[str, int]]) -> dict[str, list[str]]:
    with TemporaryDirectory(dir=template.parent) as folder:
        url = f"sqlite:///{shutil.copyfile(template, Path(folder) / 'liaison.db')}"
        store, county = await town(url)
        await county.reaches(MONDAY + timedelta(minutes=10))
        for who, number in order:
            text = ANSWERS[who][number]
            await county.hears(who, text, key=f"{who}:{number}", message=f"{who}-{number}", settle=False)
        await county.beats()
        rows = await store.read(told)
        await store.__aexit__(None, None, None)
        return rows


@st.composite
def orders(draw: st.DrawFn) -> list[tuple[str, int]]:
    """Draw an order in which everybody's words keep theirs, and some come again, once or twice, later."""
    left = {who: list(range(len(words))) for who, words in ANSWERS.items()}
    order: list[tuple[str, int]] = []
    while any(left.values()):
        who = draw(st.sampled_from(sorted(who for who, numbers in left.items() if numbers)))
        order.append((who, left[who].pop(0)))
        if draw(st.booleans()):
            order.append(draw(st.sampled_from(order)))
    return order


def test_order_and_repeats_make_no_difference(empty_database: Path) -> None:
    plain = [(who, number) for who, words in ANSWERS.items() for number in range(len(words))]
    expected = asyncio.run(_answered(empty_database, plain))

    @settings(max_examples=12, deadline=None, database=None, derandomize=True)
    @given(order=orders())
    def holds(order: list[tuple[str, int]]) -> None:
        assert asyncio.run(_answered(empty_database, order)) == expected

    holds()


# --- (c), (e) on which database, on which host ------------------------------------------


async def _week(url: str) -> dict[str, list[str]]:
    store, county = await town(url)
    for days, clock, who, text in WEEK:
        day = (MONDAY + timedelta(days=days)).date()
        hour = datetime.combine(day, datetime.strptime(clock, "%H:%M").time(), MONDAY.tzinfo)  # noqa: DTZ007 -- a time
        while county.clock.now() < hour:
            await county.reaches(min(hour, county.clock.now() + timedelta(hours=1)))
        await county.hears(who, text, key=f"{days}:{clock}", message=f"{days}{clock}")
    await county.beats()
    rows = await store.read(told)
    await store.__aexit__(None, None, None)
    return rows


@pytest.fixture
def sqlite(empty_database: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copyfile(empty_database, tmp_path / 'liaison.db')}"


@pytest.mark.postgresql
def test_both_databases_say_the_same(sqlite: str, postgresql_url: str) -> None:
    ours = asyncio.run(_week(sqlite))

    assert asyncio.run(_week(postgresql_url)) == ours
    assert len(ours["escalations"]) >= 3


@pytest.mark.parametrize("zone", ["America/St_Johns", "Pacific/Kiritimati"])
def test_the_zone_of_the_host_makes_no_difference(
    zone: str, empty_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def played(name: str) -> dict[str, list[str]]:
        return asyncio.run(_week(f"sqlite:///{shutil.copyfile(empty_database, tmp_path / name)}"))

    at_home = played("home.db")
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        patch.setenv("LC_ALL", "C")
        time.tzset()
        abroad = played("abroad.db")
    time.tzset()

    assert abroad == at_home


# --- (f) how the beats fall -------------------------------------------------------------


async def _three_days(template: Path, file: Path, beats: Iterator[timedelta]) -> dict[str, list[Any]]:
    store, county = await town(f"sqlite:///{shutil.copyfile(template, file)}")
    await county.hears("liu", "2 问题 用地指标未批")
    await county.hears("wang", "问题 当天要办：围墙倒了")
    end = MONDAY + timedelta(days=3)
    while county.clock.now() < end:
        await county.reaches(min(end, county.clock.now() + next(beats)))

    def seen(tx: Tx) -> dict[str, list[Any]]:
        climbed, outbox = tables.escalations.c, tables.outbox.c
        rungs = tx.connection.execute(
            select(climbed.problem_id, climbed.generation, climbed.level, climbed.rung, climbed.at)
        ).all()
        keys = tx.connection.execute(select(outbox.key, outbox.due_at)).all()
        return {
            "rungs": sorted(tuple(row)[:4] for row in rungs),
            "at": [row.at for row in sorted(rungs)],
            "asked": sorted(row.key for row in keys if row.key.startswith(("prompt:", "remind:", "closed:"))),
        }

    found = await store.read(seen)
    await store.__aexit__(None, None, None)
    return found


def test_how_time_is_cut_into_beats_changes_nothing_but_lateness(
    empty_database: Path, tmp_path: Path
) -> None:
    chance = random.Random(7)

    def even() -> Iterator[timedelta]:
        while True:
            yield timedelta(minutes=10)

    def uneven() -> Iterator[timedelta]:
        while True:
            yield timedelta(seconds=chance.uniform(1, 3600))

    one = asyncio.run(_three_days(empty_database, tmp_path / "even.db", even()))
    other = asyncio.run(_three_days(empty_database, tmp_path / "uneven.db", uneven()))

    late = [abs(here - there) for here, there in zip(one.pop("at"), other.pop("at"), strict=True)]
    assert other == one
    assert len(one["rungs"]) >= 4
    assert max(late) <= timedelta(hours=1)
