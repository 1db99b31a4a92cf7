"""A disk that fails, stalls or is full costs nothing that was confirmed, and doubles nothing (FAULTS C1-C4).

With real means: strace lets the system's fdatasync fail or wait, and a small file system is filled.
"""

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.clock import VirtualClock
from tests.at_length import AT_LENGTH
from tests.botapi import BotApi
from tests.command import PATIENCE, PROGRAM, TOKEN, Running, started
from tests.faults import county, sweep, town
from tests.faults.places import TelegramPlace
from tests.faults.sweep import Outcome, Stage, otherwise
from tests.test_command_line import free_address

pytestmark = pytest.mark.slow

SYNCS = range(4, 80, 4) if AT_LENGTH else (11, 42)
"""The fdatasyncs of each thread at which the disk begins to fail, three times in a row."""


@asynccontextmanager
async def traced(pid: int, injection: str) -> AsyncIterator[list[str]]:
    """Let strace meddle with a process's fdatasync; yield a list of what it did, filled at the end."""
    words = ("strace", "-f", "-p", str(pid), "-e", "trace=fdatasync", "-e", f"inject=fdatasync:{injection}")
    tracer = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.PIPE)
    assert tracer.stderr is not None
    notes: list[str] = []
    async with asyncio.timeout(PATIENCE):
        while "attached" not in (line := (await tracer.stderr.readline()).decode()):
            assert line, "strace could not attach"
    reading = asyncio.create_task(tracer.stderr.read())
    try:
        yield notes
    finally:
        if tracer.returncode is None:
            tracer.send_signal(signal.SIGINT)
        notes += (await reading).decode().splitlines()
        await tracer.wait()


@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize("first", SYNCS)
async def test_a_commit_that_may_not_be_on_the_disk_is_nobodys_loss_and_comes_once(
    week: tuple[Path, Outcome], tmp_path: Path, first: int
) -> None:
    database, plain = week
    sweep.copied(database, tmp_path / "failing")
    clock = VirtualClock(county.START)
    async with BotApi(TOKEN, clock=clock) as api:
        stage = Stage(tmp_path / "failing", TelegramPlace(clock, api), clock, durable=True)
        async with stage.on(), traced(stage.pid, f"error=EIO:when={first}..{first + 2}") as notes:
            for step in county.script():
                await stage.take(step)
        outcome = stage.outcome()

    assert sum("(INJECTED)" in line for line in notes) >= 3
    assert otherwise(plain, outcome) == []


@pytest.mark.parametrize("first", range(1, 130, 6) if AT_LENGTH else (30, 75))
async def test_whoever_finds_no_room_is_undone_whole_and_done_later(
    week: tuple[Path, Outcome], tmp_path: Path, first: int
) -> None:
    database, plain = week

    outcome = await sweep.played(database, tmp_path / "full", bug=f"FULL={first}")

    assert otherwise(plain, outcome) == []


# --- the real command ---------------------------------------------------------------------


def configured(folder: Path, api: BotApi, listen: str, database: str = "liaison.db") -> None:
    """Write a configuration in which it is noon of a working day, and the health is told."""
    words = town.settings(api).replace('office.listen = ""', f'office.listen = "{listen}"')
    file = folder / "config.toml"
    file.write_text(f'{words}\ndatabase.url = "sqlite:///{database}"\n', encoding="utf-8")
    file.chmod(0o600)


async def health(listen: str) -> tuple[int, str]:
    """Return what the monitor is told."""
    async with aiohttp.ClientSession() as session, session.get(f"http://{listen}/healthz") as answer:
        return answer.status, await answer.text()


@pytest.mark.usefixtures("strace")
async def test_a_disk_that_stalls_holds_up_the_answers_and_nothing_else(
    week: tuple[Path, Outcome], tmp_path: Path
) -> None:
    shutil.copyfile(week[0], tmp_path / "liaison.db")
    listen = free_address()
    loop = asyncio.get_running_loop()
    async with BotApi(TOKEN) as api:
        configured(tmp_path, api, listen)
        async with started("run", cwd=tmp_path) as running:
            await running.has_said("is ready")
            api.says(county.LIU, "/start")
            await api.until(lambda: not api.pending, PATIENCE)
            waits = []
            async with traced(running.pid, "delay_enter=500000"):
                api.says(county.LIU, "主体封顶，形象进度12%")
                began = loop.time()
                while api.pending:
                    asked = loop.time()
                    await health(listen)
                    waits.append(loop.time() - asked)
                confirmed = loop.time() - began
            assert await running.stopped() == 0

    assert confirmed > 0.5
    assert len(waits) > 10
    assert max(waits) < 0.4, "the loop stood still with the disk"


SMALL = 'mount -t tmpfs -o size=100m tmpfs small && cp liaison.db small/ && exec "$@"'


@pytest.mark.usefixtures("mounts")
async def test_a_full_disk_stops_confirming_tells_the_office_and_drains_when_there_is_room(
    week: tuple[Path, Outcome], tmp_path: Path
) -> None:
    shutil.copyfile(week[0], tmp_path / "liaison.db")
    (tmp_path / "small").mkdir()
    listen = free_address()
    inside = ("unshare", "-rm", "sh", "-c", SMALL, "sh", *PROGRAM)
    async with BotApi(TOKEN) as api:
        configured(tmp_path, api, listen, "small/liaison.db")
        async with started("run", cwd=tmp_path, program=inside) as running:
            await running.has_said("is ready")
            disk = Path(f"/proc/{running.pid}/root{tmp_path}/small")
            ballast = disk / "liaison.db.ballast"
            for who in (county.OFFICE, county.LIU):
                api.says(who, "/start")
            await api.until(lambda: not api.pending, PATIENCE)
            assert ballast.exists()
            assert await health(listen) == (200, "ok")

            fill(disk / "first")
            # Whoever finds no room first, a duty perhaps, has the ballast given back.
            said = await said_until(api, running, 0, "was not committed")
            await api.until(lambda: any("磁盘快满了" in each.text for each in api.sent), PATIENCE)
            assert "磁盘快满了" in (await health(listen))[1]
            assert not ballast.exists()

            fill(disk / "second")
            said = await said_until(api, running, said, "stay unconfirmed")
            async with asyncio.timeout(PATIENCE):
                # A duty's few bytes may still fit; what comes again does not.
                while "数据库写不进去" not in (told := await health(listen))[1]:
                    pass
            assert told[0] == 503
            assert api.pending

            for name in ("first", "second"):
                (disk / name).unlink()
            await api.until(lambda: not api.pending, PATIENCE)
            for name in ("liaison.db", "liaison.db-wal"):
                shutil.copyfile(disk / name, tmp_path / name)
            assert await running.stopped() == 0

    reports = town.rows(tmp_path / "liaison.db", "SELECT text FROM reports ORDER BY version")
    assert [row["text"][:8] for row in reports] == [f"第{number:04}号楼封" for number in range(said)]


def fill(path: Path) -> None:
    """Write until there is no room."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue


async def said_until(api: BotApi, running: Running, said: int, words: str) -> int:
    """Let somebody report until the log says once more that it could not be stored; Return how many were."""
    before = running.err.count(words)
    while running.err.count(words) == before:
        api.says(county.LIU, f"第{said:04}号楼封顶，{'砼' * 1500}")
        said += 1
        await api.until(lambda: not api.pending or running.err.count(words) > before, PATIENCE)
    return said
