"""The writer: groups, savepoints, and what becomes of those who wait when the database fails."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.chat import Address, Attachment, Paper
from bot.errors import StorageError
from storage import dialects, tables
from storage.letters import Letter
from storage.store import Store
from storage.tx import Tx
from tests.storage.county import NOW

Work = Callable[[Tx], Any]


def admit(key: str) -> Work:
    return lambda tx: tx.inbox.admit(key, NOW)


def fail(tx: Tx) -> None:
    tx.inbox.admit("half done", NOW)
    raise ValueError("no")


def die(_: Tx) -> None:
    raise SystemExit


def repeat(tx: Tx) -> None:
    for _ in range(2):
        tx.connection.execute(insert(tables.inbox).values(key="twice", at=NOW, state="done"))


async def keys(store: Store) -> list[str]:
    """Return what the inbox has let in, in order."""
    kept = await store.read(lambda tx: tx.connection.execute(select(tables.inbox.c.key)).scalars().all())
    return sorted(kept)


@asynccontextmanager
async def busy(store: Store) -> AsyncIterator[None]:
    """Keep the writer busy, so that what is handed over inside waits for it together."""
    holding, go = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def hold(_: Tx) -> None:
        loop.call_soon_threadsafe(holding.set)
        assert go.wait(10)

    held = asyncio.ensure_future(store.perform(hold))
    await holding.wait()
    yield
    await asyncio.sleep(0)  # now the tasks made inside have begun
    go.set()
    await held


async def group(store: Store, *works: Work) -> list[Any]:
    """Let works be one group; return results and errors."""
    async with busy(store):
        waiting = [asyncio.ensure_future(store.perform(work)) for work in works]
    return await asyncio.gather(*waiting, return_exceptions=True)


async def test_work_is_done_in_the_order_in_which_it_was_handed_over(store: Store) -> None:
    done: list[int] = []

    def note(number: int) -> Work:
        return lambda _: done.append(number)

    await asyncio.gather(*(store.perform(note(number)) for number in range(200)))

    assert done == list(range(200))


async def test_what_waits_is_committed_together_at_most_64_at_once(store: Store) -> None:
    transactions: list[Tx] = []

    await group(store, *[transactions.append] * 70)

    sizes = [sum(other is tx for other in transactions) for tx in dict.fromkeys(transactions)]
    assert sizes == [64, 6]


async def test_the_result_is_what_the_work_returned(store: Store) -> None:
    assert await store.perform(admit("a")) is True
    assert await store.perform(admit("a")) is False


@pytest.mark.parametrize(("bad", "error"), [(fail, ValueError), (repeat, IntegrityError)])
async def test_work_that_fails_is_undone_alone(store: Store, bad: Work, error: type[Exception]) -> None:
    outcomes = await group(store, admit("a"), bad, admit("b"))

    assert outcomes[0] is True
    assert isinstance(outcomes[1], error)
    assert outcomes[2] is True
    assert await keys(store) == ["a", "b"]


async def test_a_statement_the_database_refuses_is_a_storage_error(store: Store) -> None:
    outcomes = await group(
        store, admit("a"), lambda tx: tx.connection.exec_driver_sql("SELECT 1 FROM nowhere"), admit("b")
    )

    # PostgreSQL calls it a mistake in the program, SQLite the database's refusal.
    assert isinstance(outcomes[1], StorageError | DBAPIError)
    assert await keys(store) == ["a", "b"]


async def test_one_of_several_items_of_a_work_can_be_undone_alone(store: Store) -> None:
    def chunk(tx: Tx) -> None:
        for key in ("a", "b", "c"):
            with suppress(ValueError), tx.savepoint():
                tx.inbox.admit(key, NOW)
                tx.audit.add(NOW, None, "admitted", key)
                if key == "b":
                    raise ValueError

    await store.perform(chunk)

    assert await keys(store) == ["a", "c"]
    assert [await store.read(lambda tx, key=key: len(tx.audit.trail(key))) for key in "abc"] == [1, 0, 1]  # type: ignore[misc]


async def test_an_item_that_the_database_did_not_take_ends_its_work(sqlite_url: str) -> None:
    def chunk(tx: Tx) -> None:
        tx.inbox.admit("a", NOW)
        with tx.savepoint():
            tx.connection.exec_driver_sql("SELECT 1 FROM nowhere")

    async with Store(sqlite_url) as store:
        outcomes = await group(store, chunk, admit("b"))

        assert isinstance(outcomes[0], StorageError)
        assert await keys(store) == ["b"]


async def test_a_full_disk_leaves_nothing_half_done_and_passes(sqlite_url: str) -> None:
    def no_room(tx: Tx) -> None:
        pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")

    def big(tx: Tx) -> None:
        tx.inbox.admit("big", NOW)
        tx.papers.add("big", Paper("a.bin", "application/octet-stream", bytes(1_000_000)), NOW)

    async with Store(sqlite_url) as store:
        await store.perform(no_room)
        outcomes = await group(store, admit("a"), big, admit("b"))

        confirmed = [key for key, outcome in zip("a?b", outcomes, strict=True) if outcome is True]
        assert isinstance(outcomes[1], StorageError)
        assert await keys(store) == confirmed
        assert store.healthy

        await store.perform(lambda tx: tx.connection.exec_driver_sql("PRAGMA max_page_count = 1000000"))
        await store.perform(big)
        assert "big" in await keys(store)


async def test_a_transaction_that_the_database_ended_confirms_nothing(store: Store) -> None:
    def lost(tx: Tx) -> None:
        tx.connection.exec_driver_sql("ROLLBACK")
        raise OSError("disk I/O error")

    outcomes = await group(store, admit("a"), lost, admit("b"))

    assert [type(outcome) for outcome in outcomes] == [StorageError] * 3
    assert await keys(store) == []
    assert await store.perform(admit("c"))


async def test_a_commit_that_fails_confirms_nothing(sqlite_url: str) -> None:
    def orphan(tx: Tx) -> None:
        tx.connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        tx.conversations.ask(404, "nobody", NOW)

    async with Store(sqlite_url) as store:
        outcomes = await group(store, admit("a"), orphan)

        assert [type(outcome) for outcome in outcomes] == [StorageError] * 2
        assert await keys(store) == []
        assert await store.perform(admit("b"))


@pytest.mark.postgresql
async def test_a_connection_that_the_server_closed_is_opened_again(postgresql_url: str) -> None:
    def cut(tx: Tx) -> None:
        tx.connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    async with Store(postgresql_url) as store:
        outcomes = await group(store, admit("a"), cut, admit("b"))

        assert [type(outcome) for outcome in outcomes] == [StorageError] * 3
        assert await store.perform(admit("c"))
        assert await keys(store) == ["c"]


async def test_a_writer_that_dies_tells_everybody_who_waits(store: Store) -> None:
    outcomes = await group(store, admit("a"), die, *[admit("b")] * 100)

    assert {type(outcome) for outcome in outcomes} == {StorageError}
    assert await keys(store) == []
    with pytest.raises(StorageError, match="the writer has stopped"):
        await store.perform(admit("c"))
    assert not store.healthy


async def test_a_writer_that_dies_while_it_is_closed_tells_them_too(url: str) -> None:
    go = threading.Event()

    async with Store(url) as store:
        works: list[Work] = [lambda _: go.wait(10), *[die] * 64]
        waiting = [asyncio.ensure_future(store.perform(work)) for work in works]
        await asyncio.sleep(0)
        go.set()

    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes[1:]} == {StorageError}


async def test_who_no_longer_waits_disturbs_nobody(store: Store) -> None:
    for last in (admit("b"), die):
        async with busy(store):
            impatient = asyncio.ensure_future(store.perform(admit("a")))
            patient = asyncio.ensure_future(store.perform(last))
            await asyncio.sleep(0)
            impatient.cancel()
        await asyncio.gather(impatient, patient, return_exceptions=True)

    assert await keys(store) == ["a", "b"]


async def test_a_closed_store_takes_no_more_work(url: str) -> None:
    async with Store(url) as store:
        last = asyncio.ensure_future(store.perform(admit("a")))
        await asyncio.sleep(0)

    assert await last
    with pytest.raises(StorageError, match="the writer has stopped"):
        await store.perform(admit("b"))


async def test_a_database_that_cannot_be_opened_is_a_storage_error(tmp_path: Any) -> None:
    async with Store(f"sqlite:///{tmp_path}/nowhere/liaison.db") as store:
        with pytest.raises(StorageError, match="unable to open"):
            await store.perform(admit("a"))


async def test_a_read_sees_one_moment_and_not_what_is_written_meanwhile(store: Store, url: str) -> None:
    await store.perform(admit("a"))
    engine = dialects.writer_engine(dialects.parsed(url))

    def count_twice(tx: Tx) -> tuple[int, int]:
        count = "SELECT count(*) FROM inbox"
        before = tx.connection.exec_driver_sql(count).scalar_one()
        with engine.connect() as other:
            dialects.begin(other, writing=True)
            Tx(other).inbox.admit("b", NOW)
            other.exec_driver_sql("COMMIT")
        return before, tx.connection.exec_driver_sql(count).scalar_one()

    assert await store.read(count_twice) == (1, 1)
    assert await keys(store) == ["a", "b"]
    engine.dispose()


async def test_a_read_that_is_called_off_in_the_middle_is_called_off(store: Store) -> None:
    loop = asyncio.get_running_loop()

    def question(tx: Tx) -> None:
        loop.call_soon_threadsafe(reading.cancel)  # wherever a question is answered
        tx.people.all()

    for _ in range(5):  # more often than there are readers
        reading = asyncio.create_task(store.read(question))
        with pytest.raises(asyncio.CancelledError):
            await reading

    assert await store.read(lambda tx: tx.people.all()) == []


async def test_more_questions_than_readers_are_all_answered(store: Store) -> None:
    def ask(number: int) -> Coroutine[Any, Any, int]:
        return store.read(lambda tx: number + len(tx.people.all()))

    assert await asyncio.gather(*map(ask, range(20))) == [*range(20)]


async def test_a_read_cannot_write(store: Store) -> None:
    with pytest.raises(DBAPIError, match=r"read-?only"):
        await store.read(admit("a"))

    assert await keys(store) == []


async def test_whoever_delivers_is_woken_only_by_a_commit_that_owes_a_message(store: Store) -> None:
    woken: list[str] = []
    store.on_owed.append(lambda: woken.append("yes"))
    letter = Letter("k", Address("fake", "liu"), "hello", NOW)

    await store.perform(admit("a"))
    assert woken == []

    await store.perform(lambda tx: tx.outbox.add(letter, NOW))
    assert woken == ["yes"]


async def test_whoever_fetches_is_woken_only_by_a_commit_with_which_something_came(store: Store) -> None:
    woken: list[str] = []
    store.on_wanted.append(lambda: woken.append("yes"))
    picture = Attachment("token", "现场.jpg", "image/jpeg")

    def add(tx: Tx) -> None:
        liu = insert(tables.people).values(name="刘敏", title="").returning(tables.people.c.id)
        tx.attachments.add("fake", picture, tx.connection.execute(liu).scalar_one(), NOW)

    await store.perform(admit("a"))
    assert woken == []

    await store.perform(add)
    assert woken == ["yes"]


async def test_who_finds_the_database_taken_waits_for_it(sqlite_url: str, tmp_path: Path) -> None:
    async with Store(sqlite_url) as store:
        with closing(sqlite3.connect(tmp_path / "liaison.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = asyncio.ensure_future(store.perform(admit("a")))
            done, _ = await asyncio.wait([waiting], timeout=0.3)
            assert not done
            assert await keys(store) == []  # whoever only reads waits for nobody
            other.execute("COMMIT")

        assert await waiting


async def test_who_waited_too_long_for_it_confirms_nothing_and_goes_on_afterwards(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialects, "_BUSY_MS", 50)
    async with Store(sqlite_url) as store:
        with closing(sqlite3.connect(tmp_path / "liaison.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageError, match="locked"):
                await store.perform(admit("a"))
            assert store.ailment == "database is locked"
            other.execute("COMMIT")

        assert await store.perform(admit("a"))
        assert store.ailment == ""


async def test_after_the_disk_failed_nothing_is_confirmed_before_the_journal_is_home(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(tx: Tx) -> None:
        tx.connection.exec_driver_sql("ROLLBACK")
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR | (4 << 8)
        raise error

    monkeypatch.setattr(dialects, "_BUSY_MS", 50)
    async with Store(sqlite_url) as store:
        await store.perform(admit("a"))
        with closing(sqlite3.connect(tmp_path / "liaison.db", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM inbox").fetchone()
            await store.perform(admit("b"))
            with pytest.raises(StorageError):
                await store.perform(broken)
            with pytest.raises(StorageError, match="could not be brought home"):
                await store.perform(admit("c"))
            reader.execute("ROLLBACK")

        assert await store.perform(admit("c"))
    assert await asyncio.to_thread(kept, tmp_path / "liaison.db") == ["a", "b", "c"]


def kept(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return [row[0] for row in connection.execute("SELECT key FROM inbox ORDER BY key")]
