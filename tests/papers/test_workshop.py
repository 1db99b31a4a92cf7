"""The workshop: one process, there when needed, gone when idle, never left behind."""

import asyncio
import os
import select
import signal
import sys
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.errors import PaperError
from bot.papers.ledger import ledger_workbook
from bot.papers.picture import digest_picture
from bot.papers.workshop import Workshop
from tests.papers import sample, work

PATIENT = timedelta(seconds=30)
SOON = timedelta(milliseconds=1)

Opener = Callable[..., Workshop]


@pytest_asyncio.fixture
async def workshop() -> AsyncIterator[Opener]:
    opened: list[Workshop] = []

    def open_one(*, idle: timedelta = PATIENT, patience: timedelta = PATIENT) -> Workshop:
        opened.append(Workshop(idle=idle, patience=patience))
        return opened[-1]

    yield open_one
    for each in opened:
        await each.close()


@pytest.fixture
def announced(tmp_path: Path) -> Path:
    pipe = tmp_path / "announced"
    os.mkfifo(pipe)
    return pipe


async def gone(process: int) -> bool:
    """Wait until a process, anybody's, has ended."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        ready: tuple[list[int], list[int], list[int]]
        ready = await asyncio.to_thread(select.select, [handle], [], [], 20)
    finally:
        os.close(handle)
    return bool(ready[0])


def marks_in(directory: Path) -> int:
    return len(list(directory.iterdir()))


async def test_what_work_returns_comes_back_whole(workshop: Opener) -> None:
    words = os.urandom(3_000_000)

    assert await workshop().make(work.doubled, words) == words * 2


async def test_one_process_that_is_not_ours_does_all_the_work(workshop: Opener) -> None:
    shop = workshop()

    children = await asyncio.gather(*(shop.make(work.child) for _ in range(3)))

    assert set(children) == {shop.pid}
    assert shop.pid != os.getpid()


async def test_no_process_starts_before_there_is_work(workshop: Opener) -> None:
    assert workshop().pid is None


async def test_a_digest_made_there_is_the_digest_made_here(workshop: Opener) -> None:
    shop, say, digest = workshop(), sample.sentences(), sample.digest()

    assert await shop.make(digest_picture, digest, say) == digest_picture(digest, say)
    assert await shop.make(ledger_workbook, digest, say) == ledger_workbook(digest, say)


async def test_work_that_fails_is_told_and_ends_nothing(workshop: Opener) -> None:
    shop = workshop()
    before = await shop.make(work.child)

    with pytest.raises(PaperError, match="failing failed: RuntimeError: 台账打不开") as told:
        await shop.make(work.failing, "台账打不开")

    assert "in failing" in told.value.__notes__[0]
    assert await shop.make(work.child) == before


async def test_a_result_that_cannot_travel_is_told(workshop: Opener) -> None:
    with pytest.raises(PaperError, match=r"unpicklable failed: .*cannot pickle"):
        await workshop().make(work.unpicklable)


async def test_work_whose_process_ends_is_done_again_once(workshop: Opener, tmp_path: Path) -> None:
    assert await workshop().make(work.ending, 1, tmp_path) == 1


async def test_work_that_ends_two_processes_is_given_up(workshop: Opener, tmp_path: Path) -> None:
    shop = workshop()

    with pytest.raises(PaperError, match="ending: its process ended twice"):
        await shop.make(work.ending, 9, tmp_path)

    assert marks_in(tmp_path) == 2
    assert await shop.make(work.child) == shop.pid


async def test_a_process_that_was_killed_while_idle_is_replaced(workshop: Opener) -> None:
    shop = workshop()
    first = await shop.make(work.child)
    os.kill(first, signal.SIGKILL)
    await gone(first)

    assert await shop.make(work.child) != first


async def test_work_that_takes_too_long_is_stopped(workshop: Opener, announced: Path) -> None:
    shop = workshop(patience=timedelta(seconds=2))
    reading = asyncio.create_task(asyncio.to_thread(announced.read_text))

    with pytest.raises(PaperError, match="hanging was stopped after 2 s"):
        await shop.make(work.hanging, announced)

    assert await gone(int(await reading))
    assert await shop.make(work.child) == shop.pid


async def test_work_nobody_waits_for_any_more_is_stopped(workshop: Opener, announced: Path) -> None:
    shop = workshop()
    making = asyncio.create_task(shop.make(work.hanging, announced))
    child = int(await asyncio.to_thread(announced.read_text))
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making

    assert await gone(child)
    assert await shop.make(work.doubled, b"ab") == b"abab"


async def test_the_process_ends_when_idle_and_starts_again_on_demand(workshop: Opener) -> None:
    shop = workshop(idle=SOON)
    first = await shop.make(work.child)

    assert await gone(first)
    assert await shop.make(work.child) != first


async def test_closing_ends_the_process_and_the_work(workshop: Opener, announced: Path) -> None:
    shop = workshop()
    making = asyncio.create_task(shop.make(work.hanging, announced))
    child = int(await asyncio.to_thread(announced.read_text))

    await shop.close()

    with pytest.raises(PaperError, match="the workshop is closed"):
        await making
    assert await gone(child)
    assert shop.pid is None
    with pytest.raises(PaperError, match="the workshop is closed"):
        await shop.make(work.child)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_no_process_is_left_behind_when_the_bot_is_ended_in_mid_work(
    end: signal.Signals, announced: Path
) -> None:
    program = f"import sys; sys.path[:] = {sys.path!r}\nfrom tests.papers.work import order_and_wait\n"
    bot = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        f"{program}order_and_wait({str(announced)!r})",
        stderr=asyncio.subprocess.DEVNULL,
    )
    child = int(await asyncio.to_thread(announced.read_text))

    bot.send_signal(end)

    assert await bot.wait() != 0
    assert await gone(child)


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_to_the_whole_group_is_left_to_the_bot(told: signal.Signals, workshop: Opener) -> None:
    shop = workshop()
    first = await shop.make(work.child)

    os.kill(first, told)

    assert await shop.make(work.child) == first
