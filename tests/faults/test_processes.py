"""Several processes of a county on PostgreSQL: one at a time speaks for the bot (FAULTS C9, G4, G5, I16)."""

import asyncio
import signal
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import psycopg
import pytest

from tests.at_length import takes_long
from tests.command import PATIENCE, Running, liaison
from tests.faults import tally
from tests.faults.processes import ELSEWHERE, QUICK, Line, Telegram, Town, dies_at
from tests.faults.test_kill import AGAIN
from tests.faults.town import LIAISON, LIAISONS
from tests.test_command_line import fetched, free_address

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]

OURS = r"telegram is ours"
STANDING_BY = r"standing by: telegram is held by process \d+ on host \S+"
ANSWERS = 3 * LIAISONS


@pytest.fixture
async def api() -> AsyncIterator[Telegram]:
    async with Telegram() as server:
        yield server


@pytest.fixture
async def town(tmp_path: Path, postgresql_url: str, api: Telegram) -> Town:
    found = Town(tmp_path, postgresql_url, api)
    await found.is_peopled()
    return found


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="ln-") as folder:
        yield Path(folder)


@asynccontextmanager
async def pair(town: Town, *patches: str) -> AsyncIterator[tuple[Running, Running]]:
    """Start a process that speaks for the bot, and another that stands by."""
    async with town.process("one", *patches) as one:
        await one.has_said(OURS)
        async with town.process("two", *patches) as two:
            await two.has_said(STANDING_BY)
            yield one, two


async def test_the_second_stands_by_and_says_so_everywhere(town: Town, api: Telegram, tmp_path: Path) -> None:
    address = free_address()
    async with town.process("one") as one, asyncio.timeout(PATIENCE):
        await one.has_said(OURS)
        async with town.process("two", health=address) as two:
            await two.has_said(STANDING_BY)
            await two.has_said("is ready.*standing by: telegram is held by")
            health = await fetched(f"http://{address}/healthz")
            checked = await liaison("check", cwd=tmp_path / "two")
            assert await two.stopped() == 0
        restored = await liaison("restore", cwd=tmp_path / "two")
        assert await one.stopped() == 0

    assert health[0] == 200
    assert f"standing by: telegram is held by process {one.pid} on host " in health[1]
    assert f"上的进程 {one.pid} 收发" in checked.out
    assert restored.code == 74
    assert api.conflicts == 0


async def test_of_a_process_that_was_killed_on_this_machine_another_takes_over_at_once(
    town: Town, api: Telegram
) -> None:
    async with pair(town) as (one, two):
        api.says(LIAISON, "基坑完成")
        one.told(signal.SIGKILL)
        await two.has_said(OURS)
        await api.until(lambda: bool(api.answers(0)), within=PATIENCE)
        assert await two.stopped() == 0

    assert town.epoch() == 2


@takes_long
async def test_of_a_machine_that_is_gone_another_takes_over_within_thirty_seconds(
    town: Town, api: Telegram
) -> None:
    """With the leases as they are: the figure is theirs."""
    loop = asyncio.get_running_loop()
    async with pair(town, ELSEWHERE) as (one, two):
        polls = len(api.polls)
        one.told(signal.SIGKILL)
        began = loop.time()
        api.says(LIAISON, "基坑完成")
        await two.has_said(OURS)
        taken = loop.time() - began
        await api.until(lambda: len(api.polls) > polls and bool(api.answers(0)), within=PATIENCE)
        answered = loop.time() - began
        assert await two.stopped() == 0

    print(f"taken over {taken:.1f} s after kill -9, answered after {answered:.1f} s")  # noqa: T201 -- the figure
    tally.note("processes", taken=[taken], answered=[answered])
    assert 14 < taken < 30


@takes_long
async def test_who_is_merely_slow_keeps_it(town: Town, api: Telegram) -> None:
    async with pair(town, QUICK) as (one, two):
        with psycopg.connect(town.url.replace("+psycopg", "")) as busy:
            # Whatever the first one wants to write waits for as long as three leases.
            busy.execute("LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE")
            api.says(LIAISON, "基坑完成，形象进度12%")
            beats, loop = town.beats(), asyncio.get_running_loop()
            began = loop.time()
            await town.until(lambda: town.beats() >= beats + 12 and loop.time() >= began + 24)
            assert api.answers(0) == []
            busy.rollback()
        await api.until(lambda: any("已记" in each for each in api.answers(0)), within=PATIENCE)
        assert await two.stopped() == 0
        assert await one.stopped() == 0

    assert town.epoch() == 1
    assert Counter(api.answers(0)).most_common(1)[0][1] == 1


@pytest.mark.parametrize("failpoint", ["send:stop", pytest.param("commit:stop@3", marks=takes_long)])
async def test_who_was_stopped_past_its_lease_sends_nothing_when_it_wakes(
    town: Town, api: Telegram, failpoint: str
) -> None:
    """Stopped with a claimed letter in its hand, or in the middle of a transaction."""
    async with town.process("one", QUICK, dies_at(failpoint)) as one:
        await one.has_said(OURS)
        async with town.process("two", QUICK) as two:
            await two.has_said(STANDING_BY)
            for n in range(6):
                api.says(LIAISON + n, "基坑完成，形象进度12%")
            await two.has_said(OURS)
            await api.until(
                lambda: all(api.answers(n) for n in range(6)) and not api.pending, within=PATIENCE
            )
            await town.until(lambda: not town.owes())
            sent = len(api.sent)
            told = Counter((each.chat, each.text.removeprefix(f"{AGAIN}\n")) for each in api.sent)

            one.told(signal.SIGCONT)
            await one.has_said(STANDING_BY)
            api.says(LIAISON + 9, "基坑完成，形象进度12%")
            await api.until(lambda: bool(api.answers(9)), within=PATIENCE)
            await town.until(lambda: not town.owes())
            assert {each.chat for each in api.sent[sent:]} == {LIAISON + 9}

            # It takes part again.
            assert await two.stopped() == 0
        await town.until(lambda: town.epoch() >= 3)
        api.says(LIAISON + 10, "基坑完成，形象进度12%")
        await api.until(lambda: bool(api.answers(10)), within=PATIENCE)
        assert await one.stopped() == 0

    assert len(told) >= 12, "each was greeted and answered"
    if failpoint.startswith("send"):
        # Not a byte had left; elsewhere what was on the wire is in doubt, and comes once more, marked.
        assert set(told.values()) == {1}


async def test_a_rolling_restart_under_load_loses_and_doubles_nothing(town: Town, api: Telegram) -> None:
    said: list[tuple[int, str]] = []

    def speaks(most: int) -> None:
        for _ in range(most):
            n, done = len(said) % LIAISONS, len(said) // LIAISONS + 1
            said.append((n, f"第{n}标段第{done}段完成"))
            api.says(LIAISON + n, f"{said[-1][1]}，形象进度{done}%")

    loop = asyncio.get_running_loop()
    waits = []
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(town.process("one"))
        await one.has_said(OURS)
        speaks(20)
        old = one
        for name in ("two", "three"):
            process = await stack.enter_async_context(town.process(name))
            await process.has_said(STANDING_BY)
            speaks(ANSWERS // 3)
            await api.until(lambda: len(api.sent) > len(said) // 4, within=PATIENCE)
            began, confirmed = loop.time(), len(api.confirmed)
            old.told(signal.SIGTERM)
            speaks(ANSWERS // 6)
            await process.has_said(OURS)
            waits.append(loop.time() - began)
            await api.until(lambda seen=confirmed: len(api.confirmed) > seen, within=PATIENCE)  # type: ignore[misc]
            assert await old.ended() == 0, old.err
            old = process
        speaks(ANSWERS - len(said))
        await api.until(lambda: not api.pending, within=PATIENCE)
        await town.until(lambda: not town.owes())
        assert await old.stopped() == 0

    reports = town.asked("SELECT text FROM reports")
    letters = town.asked("SELECT chat, text, state, doubts FROM outbox WHERE updates_id IS NULL")
    print("handed over after", *(f"{wait:.1f} s" for wait in waits))  # noqa: T201 -- the figure
    tally.note("processes", handed=waits)
    assert Counter(text.partition("，")[0] for (text,) in reports) == Counter(text for _, text in said)
    assert {state for *_, state, _ in letters} == {"sent"}
    assert sum(doubts for *_, doubts in letters) == 0
    assert Counter((each.chat, each.text) for each in api.sent) == Counter(
        (int(chat), text) for chat, text, *_ in letters
    )
    assert api.conflicts == 0
    assert town.epoch() == 3


@takes_long
async def test_who_no_longer_reaches_the_database_stands_back_and_comes_again(
    town: Town, api: Telegram, short: Path
) -> None:
    address = free_address()
    async with Line(short, town.url) as line, town.process("one", QUICK, url=line.url, health=address) as one:
        await one.has_said(OURS)
        async with town.process("two", QUICK) as two:
            await two.has_said(STANDING_BY)
            line.goes_dead()
            await two.has_said(OURS)
            api.says(LIAISON, "基坑完成，形象进度12%")
            await api.until(lambda: any("已记" in each for each in api.answers(0)), within=PATIENCE)
            await one.has_said("the leases cannot be renewed")
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://{address}/healthz") as answer,
            ):
                assert answer.status == 503
                assert "数据库连不上" in await answer.text()

            await line.mended()
            await one.has_said(STANDING_BY)
            assert await two.stopped() == 0
        await town.until(lambda: town.epoch() >= 3)
        api.says(LIAISON + 1, "基坑完成，形象进度12%")
        await api.until(lambda: any("已记" in each for each in api.answers(1)), within=PATIENCE)
        assert await one.stopped() == 0, one.err

    assert Counter(api.answers(0)).most_common(1)[0][1] == 1
