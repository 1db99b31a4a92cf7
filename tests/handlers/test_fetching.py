"""What people send is fetched at once and by itself: nothing waits for it, and it waits for nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date

import pytest
from sqlalchemy import select

from bot import wellbeing
from bot.app import assembled
from bot.chat import Attachment, Fetched
from bot.clock import VirtualClock
from bot.config import Database, Settings
from bot.papers.workshop import Workshop
from handlers import duties, fetching
from storage import tables
from tests.fakes import FakeFetchers, FakePlatform
from tests.world import MONDAY, World

TODAY = date(2026, 11, 23)


class SlowFetchers(FakeFetchers):
    """Hangs on what is called slow, and counts what was asked for."""

    asked = 0

    async def fetch(self, platform: str, attachment: Attachment) -> Fetched:
        self.asked += 1
        if attachment.token.startswith("slow"):
            await asyncio.Event().wait()
        return await super().fetch(platform, attachment)


class FullDisk(FakeFetchers):
    """Has no room for the first file."""

    is_full = True

    async def keep(self, name: str, content: bytes) -> str:
        if self.is_full:
            self.is_full = False
            raise OSError(28, "No space left on device")
        return await super().keep(name, content)


@asynccontextmanager
async def running(world: World, fetchers: FakeFetchers) -> AsyncIterator[fetching.Fetching]:
    world.platform.files["photo"] = b"jpg"
    object.__setattr__(world.watch, "fetchers", fetchers)
    task = asyncio.create_task(world.fetching.run())
    try:
        yield world.fetching
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 -- nothing tells of it
            await asyncio.sleep(0)


def files(*tokens: str) -> list[Attachment]:
    return [Attachment(token, "现场.jpg", "image/jpeg") for token in tokens]


async def test_the_commit_that_brings_a_picture_wakes_who_fetches_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_POLL", 3600.0)
    fetchers = FakeFetchers(world.platform)
    async with running(world, fetchers) as loop:
        await until(lambda: loop.beat_at)
        await world.hears("liu", files=files("photo"))
        await until(lambda: fetchers.kept)


async def test_a_download_that_hangs_keeps_no_other_and_no_round_waiting(world: World) -> None:
    fetchers = SlowFetchers(world.platform)
    async with running(world, fetchers):
        await world.hears("liu", files=files("slow"))
        await until(lambda: fetchers.asked)
        await world.hears("liu", files=files("photo"))
        await until(lambda: fetchers.kept)

        world.clock.set(world.county.calendar.at(TODAY, world.county.ask_at))
        async with asyncio.timeout(10):
            assert await duties.keep(world.watch) == []
        await world.delivery.drain()

        assert "您有 1 个项目" in world.last("wang")


async def test_only_a_few_are_fetched_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_AT_ONCE", 2)
    fetchers = SlowFetchers(world.platform)
    async with running(world, fetchers) as loop:
        await world.hears("liu", files=files("slow1", "slow2", "slow3"))
        await until(lambda: fetchers.asked == 2)
        await loop._take()

        assert fetchers.asked == 2


async def test_health_misses_who_fetches_once_nobody_has_for_long(copied: Callable[..., str]) -> None:
    settings = Settings(county="青禾县", database=Database(url=copied(), schema=""))
    async with assembled(settings, VirtualClock(MONDAY), [FakePlatform()], Workshop()) as bot:
        assert wellbeing.ailments(bot) == {}

        bot.started_at -= 100
        bot.beat_at = bot.delivery.carriers["fake"].beat_at = asyncio.get_running_loop().time()

        assert wellbeing.ailments(bot) == {
            "fetching": "no file that people sent has been fetched or looked for in 90 seconds"
        }
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            task = group.create_task(bot.fetching.run())
            await until(lambda: not wellbeing.ailments(bot))
            task.cancel()


async def test_a_full_disk_ends_nothing_and_the_file_is_fetched_again(world: World) -> None:
    fetchers = FullDisk(world.platform)
    object.__setattr__(world.watch, "fetchers", fetchers)
    world.platform.files["photo"] = b"jpg"
    await world.hears("liu", files=files("photo"))

    await world.beats()
    first = await world.asks(lambda tx: tx.connection.execute(select(tables.attachments)).one())
    await world.waits(seconds=5)

    assert (first.state, first.tries) == ("wanted", 1)
    assert list(fetchers.kept.values()) == [b"jpg"]
