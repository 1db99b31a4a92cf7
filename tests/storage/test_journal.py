"""The journal is brought home beside the writer, and by the writer when that falls behind."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.chat import Paper
from storage import copies, dialects, journal
from storage.letters import Lane
from storage.store import Store
from storage.tx import Tx
from tests.storage.county import NOW

_MEGABYTE = 1024 * 1024


async def keep(store: Store, *megabytes: int) -> None:
    """Keep a paper of so many megabytes, a commit each."""
    for number, size in enumerate(megabytes):
        paper = Paper("月报.xlsx", "application/x", bytes(size * _MEGABYTE))
        await store.perform(partial(_add, f"{number}", paper))


def _add(key: str, paper: Paper, tx: Tx) -> None:
    tx.papers.add(key, paper, NOW)


def of(url: str, ending: str = "") -> int:
    """Return the bytes of a database's file, or of its journal."""
    return Path(f"{dialects.sqlite_file(dialects.parsed(url))}{ending}").stat().st_size


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 -- no commit tells of it
            await asyncio.sleep(0)


async def test_what_is_committed_comes_home_without_another_commit(sqlite_url: str) -> None:
    async with Store(sqlite_url) as store:
        await keep(store, 3)
        await until(lambda: of(sqlite_url) > 3 * _MEGABYTE)


async def test_a_commit_that_wrote_nothing_wakes_nobody(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown: list[bool] = []
    monkeypatch.setattr(journal.Journal, "grew", lambda _: grown.append(True))
    async with Store(sqlite_url) as store:
        await store.perform(lambda tx: tx.dispatch.claim("telegram", Lane.NOW, 1, NOW, timedelta(seconds=30)))
        assert grown == []
        await keep(store, 1)

    assert grown == [True]


async def test_a_commit_of_a_few_papers_leaves_them_in_the_journal(sqlite_url: str) -> None:
    # One that is not durable has nobody beside the writer.
    async with Store(sqlite_url, durable=False) as store:
        await keep(store, 3, 3, 3)
        assert of(sqlite_url) < 3 * _MEGABYTE


async def test_the_writer_brings_home_a_journal_that_grows_and_grows(sqlite_url: str) -> None:
    async with Store(sqlite_url, durable=False) as store:
        await keep(store, *[5] * 12)
        assert of(sqlite_url, "-wal") < 30 * _MEGABYTE


class _OverInThatMoment(threading.Event):
    """Is set in the very moment in which whoever waits for it has given up."""

    def __init__(self, also: threading.Event) -> None:
        super().__init__()
        self.also = also

    def wait(self, timeout: float | None = None) -> bool:
        self.set()
        self.also.set()
        return False


def test_an_end_that_comes_as_the_pause_is_over_is_not_missed(tmp_path: Path) -> None:
    end = journal.Journal(tmp_path / "liaison.db")
    end._closing = _OverInThatMoment(end._grown)
    end.open()
    end.grew()
    end._thread.join(10)

    assert not end._thread.is_alive()


async def test_the_mark_stays_until_the_last_process_has_closed_the_database(sqlite_url: str) -> None:
    file = dialects.sqlite_file(dialects.parsed(sqlite_url))
    assert file is not None
    async with Store(sqlite_url) as bot:
        await keep(bot, 1)
        async with Store(sqlite_url) as command:
            await command.perform(lambda tx: tx.pulse.beat(NOW))
        assert journal.mark(file).exists()

    assert not journal.mark(file).exists()


def test_the_mark_goes_before_the_journal_that_it_tells_of(tmp_path: Path) -> None:
    file, beside = tmp_path / "liaison.db", tmp_path / "liaison.db-wal"
    marks: list[bool] = []

    def close() -> None:
        marks.append(journal.mark(file).exists())
        beside.unlink()

    beside.write_bytes(b"frames")
    ours = journal.Journal(file)
    ours.grew()
    marks.append(journal.mark(file).exists())
    ours.unmark(close)

    assert marks == [True, False]
    assert not journal.mark(file).exists()


def test_who_has_committed_nothing_that_needs_a_journal_sets_no_mark(tmp_path: Path) -> None:
    file, beside = tmp_path / "liaison.db", tmp_path / "liaison.db-wal"
    ours = journal.Journal(file)
    marks = []
    for content in (None, b"", b"frames"):
        if content is not None:
            beside.write_bytes(content)
        ours.grew()
        marks.append(journal.mark(file).exists())

    assert marks == [False, False, True]


async def test_while_it_is_brought_home_somebody_reads_so_that_none_is_begun_anew(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading: list[bool] = []
    connections: list[sqlite3.Connection] = []
    real = copies.connected

    def connected(path: Path, *, writing: bool = False) -> sqlite3.Connection:
        connection = real(path, writing=writing)
        if writing:
            others = list(connections)
            connection.set_trace_callback(
                lambda _: reading.append(any(each.in_transaction for each in others))
            )
        connections.append(connection)
        return connection

    async with Store(sqlite_url) as store:
        monkeypatch.setattr(copies, "connected", connected)
        await keep(store, 1)
        await until(lambda: bool(reading))

    assert all(reading)
