"""Room on the disk, the length of the journal and damage are noticed, and whoever can help is told."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from bot import upkeep
from bot.chat import Paper
from bot.errors import PaperError, StorageError
from bot.upkeep import Upkeep
from handlers.drill import Drilling
from storage import dialects
from storage.backup import Drilled
from storage.ballast import ENOUGH, SIZE, Ballast
from storage.store import Store
from tests.world import MONDAY, World
from tests.world import world as make_world

pytestmark = pytest.mark.sqlite


async def sound(_: Path) -> list[str]:
    return []


class Room(NamedTuple):
    free: int


@pytest.fixture
def file(world: World) -> Path:
    found = dialects.sqlite_file(world.store.url)
    assert found is not None
    return found


@pytest.fixture
def watched(world: World, file: Path) -> Upkeep:
    return Upkeep(world.watch, file, Ballast(file), sound)


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How much is free; the last number counts."""
    free = [ENOUGH]
    monkeypatch.setattr("storage.ballast.shutil.disk_usage", lambda _: Room(free[-1]))
    return free


@pytest.mark.usefixtures("room")
async def test_room_is_set_aside_and_all_is_well(watched: Upkeep, file: Path) -> None:
    await watched.look()

    assert file.with_name("liaison.db.ballast").stat().st_size == SIZE
    assert watched.sentence() == ""


async def test_room_that_was_given_back_is_told_once_and_taken_again_when_there_is_plenty(
    watched: Upkeep, world: World, file: Path, room: list[int]
) -> None:
    room.append(SIZE)
    Ballast(file).drop()
    for _ in range(3):
        await watched.look()
    await world.settles()

    assert "磁盘快满了" in watched.sentence()
    assert [text[:15] for text in world.said_to("zhao")] == ["数据库所在的磁盘快满了。机器人"]

    room.append(ENOUGH)
    await watched.look()
    assert watched.sentence() == ""


async def test_a_group_that_finds_no_room_gives_it_back_and_is_healed_by_the_next(
    world: World, file: Path, watched: Upkeep
) -> None:
    def full(_: object) -> None:
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as tiny:
            tiny.execute("PRAGMA max_page_count = 1")
            tiny.execute("CREATE TABLE t (a)")

    with pytest.raises(sqlite3.OperationalError):
        await world.store.perform(full)
    assert watched.sentence() == ""  # a mistake in one item is not the disk's

    await world.store.perform(lambda tx: tx.connection.exec_driver_sql("PRAGMA max_page_count = 1"))
    big = Paper("a.bin", "application/octet-stream", bytes(1_000_000))
    with pytest.raises(Exception, match="full"):
        await world.store.perform(lambda tx: tx.papers.add("big", big, MONDAY))

    assert "数据库写不进去（database or disk is full）" in watched.sentence()
    assert not Ballast(file).lies
    await world.store.perform(lambda tx: tx.connection.exec_driver_sql("PRAGMA max_page_count = 1000000"))
    assert "写不进去" not in watched.sentence()


async def test_a_journal_that_a_reader_keeps_from_coming_home_is_told_of_and_shrinks_afterwards(
    tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "LONGEST_JOURNAL", 1 << 20)
    monkeypatch.setattr(dialects, "_WAL_LIMIT", 1 << 20)
    file = tmp_path / "long.db"
    file.write_bytes(empty_database.read_bytes())  # noqa: ASYNC240 -- nothing else waits
    async with Store(f"sqlite:///{file}") as store:
        world = make_world(store)
        watched = Upkeep(world.watch, file, Ballast(file), sound)

        async def written(name: str) -> None:
            paper = Paper(name, "application/octet-stream", bytes(600_000))
            await store.perform(lambda tx: tx.papers.add(name, paper, MONDAY))

        await written("first")
        with closing(sqlite3.connect(file, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM papers").fetchone()
            for number in range(6):
                await written(str(number))
            assert "liaison" not in watched.sentence()
            assert "long.db-wal 超过 64 MB" in watched.sentence()

        async with asyncio.timeout(30):
            while watched.sentence():
                await written(f"after {len(watched.sentence())} {asyncio.get_running_loop().time()}")
                await asyncio.sleep(0.05)  # the journal is brought home on a thread of its own


async def test_the_whole_file_is_looked_over_at_night(world: World, file: Path) -> None:
    looked: list[Path] = []

    async def look(of: Path) -> list[str]:
        looked.append(of)
        return ["Page 7: lost"]

    watched = Upkeep(world.watch, file, Ballast(file), look)

    async def looks(hours: int) -> None:
        world.clock.set(MONDAY + timedelta(hours=hours))
        await watched.look()
        if watched._night is not None:
            await watched._night

    await looks(12)
    assert looked == []

    await looks(20)  # 04:55 of Tuesday
    await looks(21)
    assert looked == [file]
    assert "数据库有损坏（Page 7: lost）" in watched.sentence()
    await world.reaches(MONDAY + timedelta(hours=24))
    assert any("夜间检查发现数据库文件有损坏" in text for text in world.said_to("zhao"))


async def test_a_look_that_fails_ends_nothing_and_is_had_again_the_next_night(
    world: World, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outcomes: list[Exception | list[str]] = [PaperError("it took an hour"), []]

    async def look(_: Path) -> list[str]:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    watched = Upkeep(world.watch, file, Ballast(file), look)
    for days in (1, 2):
        world.clock.set(MONDAY + timedelta(days=days))
        await watched.look()
        assert watched._night is not None
        await watched._night

    assert "could not be looked over" in caplog.text
    assert outcomes == []


async def test_a_fault_is_told_once_however_many_notice_it(world: World, file: Path) -> None:
    async def look(_: Path) -> list[str]:
        return ["Page 7: lost"]

    async def drill() -> Drilled:
        raise StorageError("Page 7: lost")

    watched, drilling = Upkeep(world.watch, file, Ballast(file), look), Drilling(world.watch, drill)
    await drilling.step()
    for hours in (138, 139):  # 02:55 and 03:55 of Sunday
        world.clock.set(MONDAY + timedelta(hours=hours))
        await watched.look()
        assert watched._night is not None
        await watched._night
        await drilling.step()
    await world.reaches(MONDAY + timedelta(days=7, minutes=10))

    assert [text[:6] for text in world.said_to("zhao") if "Page 7" in text] == ["夜间检查发现"]
