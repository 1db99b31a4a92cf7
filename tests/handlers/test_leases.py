"""One process at a time, on a real PostgreSQL: who holds, who stands by, and when that changes."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import psycopg
import pytest

from bot.errors import LeaseLost, StorageError
from handlers import leases as the_module
from handlers.leases import Lease, Leases, Times
from storage import dialects
from storage.holder import Holder
from storage.leases import LeaseDesk
from storage.store import Store
from storage.tx import Tx

pytestmark = pytest.mark.postgresql
PATIENCE = 30.0
TIMES = Times(patience=PATIENCE)
OTHER = Holder("other", "2@there")
MONDAY = datetime(2026, 11, 23, 1, tzinfo=UTC)


class Stopwatch:
    """Time that passes when a test says so, the same for every process of it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def watch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    stopwatch = Stopwatch()
    monkeypatch.setattr(the_module, "stopwatch", stopwatch)
    return stopwatch


@asynccontextmanager
async def process(
    url: str, *names: str, is_well: Callable[[], bool] = lambda: True, times: Times = TIMES
) -> AsyncIterator[Leases]:
    """The leases as a process has them that dies without a word."""
    desk = LeaseDesk(dialects.parsed(url), "")
    leases = Leases(names or ("telegram",), desk, times=times, is_well=is_well)
    # All are this process, which lives.
    yield leases
    await leases.close()


async def test_the_second_stands_by_and_says_for_whom(postgresql_url: str) -> None:
    async with process(postgresql_url) as first, process(postgresql_url) as second:
        await first.see_to()
        await second.see_to()

        assert first["telegram"].holds
        assert not second["telegram"].holds
        assert second["telegram"].elsewhere == first.who.place
        assert first["telegram"].elsewhere == ""


async def test_who_dies_is_followed_once_nobody_can_hold_it_any_more(
    postgresql_url: str, watch: Stopwatch
) -> None:
    async with process(postgresql_url) as first, process(postgresql_url) as second:
        await first.see_to()
        await second.see_to()

        watch.now += 14.9
        assert first["telegram"].holds
        watch.now += 0.1
        assert not first["telegram"].holds
        watch.now += 4.9
        await second.see_to()
        assert not second["telegram"].holds
        watch.now += 0.1
        await second.see_to()

        assert second["telegram"].holds
        assert second["telegram"].epoch == 2


async def test_who_renews_keeps_it_however_long(postgresql_url: str, watch: Stopwatch) -> None:
    async with process(postgresql_url) as first, process(postgresql_url) as second:
        for _ in range(20):
            watch.now += 10
            await first.see_to()
            await second.see_to()
            assert (first["telegram"].holds, second["telegram"].holds) == (True, False)


async def test_who_renewed_it_has_it_for_as_long_as_before(postgresql_url: str, watch: Stopwatch) -> None:
    async with process(postgresql_url) as first:
        await first.see_to()
        watch.now += 10
        await first.see_to()
        watch.now += 14.9
        assert first["telegram"].holds
        watch.now += 0.1
        assert not first["telegram"].holds


async def test_who_finds_it_in_other_hands_holds_it_no_more(postgresql_url: str) -> None:
    async with process(postgresql_url) as first, Store(postgresql_url) as store:
        await first.see_to()
        await store.perform(
            lambda tx: tx.leases.take("telegram", tx.leases.look(["telegram"])["telegram"], OTHER)
        )
        await first.see_to()

        assert not first["telegram"].holds


async def test_who_was_stopped_for_long_holds_nothing_and_takes_part_again(
    postgresql_url: str, watch: Stopwatch
) -> None:
    async with process(postgresql_url) as first, process(postgresql_url) as second:
        await first.see_to()
        await second.see_to()
        watch.now += 60
        await second.see_to()

        assert not first["telegram"].holds
        await first.see_to()
        assert first["telegram"].elsewhere == second.who.place

        await second.let_go()
        await first.see_to()
        assert first["telegram"].holds
        assert first["telegram"].epoch == 3


async def test_whom_nobody_followed_takes_it_anew(postgresql_url: str, watch: Stopwatch) -> None:
    async with process(postgresql_url) as first:
        await first.see_to()
        watch.now += 60
        await first.see_to()

        assert first["telegram"].holds
        assert first["telegram"].epoch == 2


async def test_what_is_let_go_of_is_taken_at_the_next_look(postgresql_url: str) -> None:
    names = ("telegram", "wecom", "duties")
    async with process(postgresql_url, *names) as first, process(postgresql_url, *names) as second:
        await first.see_to()
        await second.see_to()
        await first.let_go()
        await second.see_to()

        assert [lease.holds for lease in first] == [False] * 3
        assert [lease.holds for lease in second] == [True] * 3


async def test_in_whom_a_loop_stands_still_leaves_it_to_another(
    postgresql_url: str, watch: Stopwatch
) -> None:
    well = [True]
    async with (
        process(postgresql_url, is_well=lambda: well[0]) as first,
        process(postgresql_url) as second,
    ):
        await first.see_to()
        await second.see_to()
        well[0] = False
        for _ in range(10):
            watch.now += 2
            await first.see_to()
        await second.see_to()

        assert (first["telegram"].holds, second["telegram"].holds) == (False, True)


async def test_what_a_stopped_process_had_begun_is_not_committed(
    postgresql_url: str, watch: Stopwatch
) -> None:
    async with (
        process(postgresql_url) as first,
        process(postgresql_url) as second,
        Store(postgresql_url) as store,
    ):
        await first.see_to()
        await second.see_to()
        begun = first["telegram"].fenced(lambda tx: tx.pulse.beat(MONDAY))
        watch.now += 60
        await second.see_to()
        await first.see_to()

        with pytest.raises(LeaseLost):
            await store.perform(begun)
        assert await store.read(lambda tx: tx.pulse.last()) is None


async def test_who_takes_it_waits_for_what_is_being_committed_under_it(
    postgresql_url: str, watch: Stopwatch
) -> None:
    written, go = threading.Event(), threading.Event()

    def take_long(tx: Tx) -> None:
        tx.pulse.beat(MONDAY)
        written.set()
        go.wait(PATIENCE)

    async with (
        process(postgresql_url) as first,
        process(postgresql_url) as second,
        Store(postgresql_url) as store,
    ):
        await first.see_to()
        await second.see_to()
        committing = asyncio.create_task(store.perform(first["telegram"].fenced(take_long)))
        await asyncio.to_thread(written.wait, PATIENCE)
        # Whoever renews does not wait for it.
        await first.see_to()
        assert first.ailment == ""

        await second.see_to()
        watch.now += 60
        taking = asyncio.create_task(second.see_to())
        await until_somebody_waits(postgresql_url)
        assert not second["telegram"].holds
        go.set()
        await committing
        await taking

        assert second["telegram"].holds
        assert await store.read(lambda tx: tx.pulse.last()) == MONDAY


async def until_somebody_waits(url: str) -> None:
    """Return once a statement waits for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    async with (
        asyncio.timeout(PATIENCE),
        await psycopg.AsyncConnection.connect(url.replace("+psycopg", ""), autocommit=True) as admin,
    ):
        while not (await (await admin.execute(waiting)).fetchone() or (0,))[0]:
            pass


async def test_a_connection_that_is_cut_costs_nobody_the_lease(postgresql_url: str) -> None:
    async with process(postgresql_url) as first, process(postgresql_url) as second:
        await first.see_to()
        await second.see_to()
        async with await psycopg.AsyncConnection.connect(
            postgresql_url.replace("+psycopg", ""), autocommit=True
        ) as admin:
            await admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        await first.see_to()
        assert first.ailment
        await first.see_to()
        await second.see_to()

        assert first.ailment == ""
        assert (first["telegram"].holds, second["telegram"].holds) == (True, False)
        assert first["telegram"].epoch == 1


async def test_work_is_done_while_the_lease_is_held_and_called_off_when_it_is_lost(
    postgresql_url: str, watch: Stopwatch
) -> None:
    told: list[str] = []
    changed = asyncio.Event()

    def say(words: str) -> None:
        told.append(words)
        changed.set()

    async def work() -> None:
        say("begun")
        try:
            await asyncio.Event().wait()
        finally:
            say("called off")

    # The loop's own patience, which ends what nobody renews, goes by no stopwatch of ours.
    brief = process(postgresql_url, times=Times(good=0.3, patience=PATIENCE))
    async with brief as first, process(postgresql_url) as second, asyncio.timeout(PATIENCE):
        working = asyncio.create_task(first["telegram"].whenever(work))
        await first.see_to()
        while told != ["begun"]:
            changed.clear()
            await changed.wait()
        await second.see_to()
        watch.now += 60
        await second.see_to()
        await first.see_to()
        while told != ["begun", "called off"]:
            changed.clear()
            await changed.wait()
        await second.let_go()
        await first.see_to()
        while told != ["begun", "called off", "begun"]:
            changed.clear()
            await changed.wait()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def test_what_the_work_raises_is_raised() -> None:
    async def work() -> None:
        raise StorageError("broken")

    with pytest.raises(StorageError, match="broken"):
        await Lease("telegram", alone=True).whenever(work)


async def test_where_there_is_one_process_everything_is_its_own(open_store: Store) -> None:
    leases = Leases(["telegram", "duties"])
    await leases.see_to()

    assert [lease.holds for lease in leases] == [True, True]
    assert await open_store.perform(leases["duties"].fenced(lambda tx: tx.pulse.last())) is None
    await leases.let_go()
    await leases.close()
    assert [lease.holds for lease in leases] == [True, True]


async def test_what_stands_still_in_the_middle_of_a_transaction_blocks_nobody_for_long(
    postgresql_url: str,
) -> None:
    """A stopped process holds its locks no longer than its lease: the server undoes what it began."""
    show = "SHOW idle_in_transaction_session_timeout"
    desk = LeaseDesk(dialects.parsed(postgresql_url), "")
    async with Store(postgresql_url) as store:
        of_writer = await store.perform(lambda tx: tx.connection.exec_driver_sql(show).scalar_one())
    of_leases = await desk.perform(
        lambda rows: rows._connection.exec_driver_sql(show).scalar_one(), within=PATIENCE
    )
    await desk.close()

    assert of_writer == of_leases == "15s"
    assert Times().over > 15
