"""Who asks may be called off at any moment; no connection and no thread is lost by it."""

import asyncio
import threading
from typing import Any

import pytest
from sqlalchemy import Connection

from storage import dialects
from storage.readers import SqliteReaders


def one(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT 1").scalar_one())


class Gate:
    """An engine's way to connect, which waits until it is open."""

    def __init__(self, readers: SqliteReaders, patch: pytest.MonkeyPatch) -> None:
        self.open = threading.Event()
        self.failures: list[Exception] = []
        self.threads: list[threading.Thread] = []
        self._real = readers._engine.connect
        patch.setattr(readers._engine, "connect", self._connect)

    def _connect(self) -> Any:
        self.threads.append(threading.current_thread())
        self.open.wait(10)
        if self.failures:
            raise self.failures.pop()
        return self._real()


async def called_off(readers: SqliteReaders) -> None:
    asking = asyncio.create_task(readers.ask(one))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


async def test_who_is_called_off_while_a_reader_opens_leaves_no_thread(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = SqliteReaders(dialects.parsed(sqlite_url))
    gate = Gate(readers, monkeypatch)
    await called_off(readers)
    asyncio.get_running_loop().call_soon(gate.open.set)

    await readers.close()

    assert len(gate.threads) == 1
    gate.threads[0].join(10)
    assert not gate.threads[0].is_alive()


async def test_what_was_being_opened_answers_the_next_one(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = SqliteReaders(dialects.parsed(sqlite_url))
    gate = Gate(readers, monkeypatch)
    await called_off(readers)
    gate.open.set()

    assert await readers.ask(one) == 1
    assert len(gate.threads) == 1
    await readers.close()


async def test_a_reader_that_could_not_be_opened_is_tried_anew(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = SqliteReaders(dialects.parsed(sqlite_url))
    gate = Gate(readers, monkeypatch)
    gate.open.set()
    gate.failures.append(OSError("no room for a file"))

    with pytest.raises(OSError, match="no room"):
        await readers.ask(one)

    assert await readers.ask(one) == 1
    await readers.close()
