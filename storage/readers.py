"""Connections that only read; a question gets one snapshot of the database, and no writer waits for it."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import aiosqlite
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from storage import dialects

T = TypeVar("T")
Question = Callable[[Connection], T]

_READERS = 4


class Readers(Protocol):
    """A few connections; who asks waits for one."""

    async def ask(self, question: Question[T]) -> T:
        """Return the answer to a question about one snapshot."""

    async def close(self) -> None:
        """Let go of the connections, after what they are being asked."""


def readers(url: URL, schema: str = "") -> Readers:
    """Return the readers of a database; they connect when they are first asked."""
    return SqliteReaders(url) if url.get_backend_name() == "sqlite" else PostgresqlReaders(url, schema)


class SqliteReaders:
    """Connections of aiosqlite, each with its thread, where a whole question is answered in one step.

    SQLAlchemy's adapter goes there and back for each cursor, statement, row set and closing: eleven times
    for a question of one statement, which cost more than all else the bot did.
    """

    def __init__(self, url: URL) -> None:
        self._engine = dialects.readonly_engine(url)
        self._idle: list[asyncio.Task[Any]] = []
        self._room = asyncio.Semaphore(_READERS)

    async def ask(self, question: Question[T]) -> T:
        """Return the answer to a question about one snapshot."""
        async with self._room:
            opened = self._idle.pop() if self._idle else asyncio.create_task(self._open())
            try:
                # Who is called off meanwhile leaves it to the next one: its thread runs already.
                reader = await asyncio.shield(opened)
                # What each method of aiosqlite is made of; it has no public name.
                return await reader._execute(_snapshot, reader._conn, question)  # noqa: SLF001
            finally:
                # Who was called off leaves its question on the thread; the next one stands behind it.
                if not opened.done() or not (opened.cancelled() or opened.exception()):
                    self._idle.append(opened)

    async def _open(self) -> Any:
        # aiosqlite keeps and closes what its connector brings: here SQLAlchemy's connection around SQLite's.
        connect: Callable[[], Any] = self._engine.connect
        return await aiosqlite.Connection(connect, iter_chunk_size=1)

    async def close(self) -> None:
        """Let go of the connections, after what they are being asked."""
        for opened in await asyncio.gather(*self._idle, return_exceptions=True):
            if not isinstance(opened, BaseException):
                await opened.close()
        self._idle.clear()
        self._engine.dispose()


class PostgresqlReaders:
    """Connections of psycopg's asynchronous side."""

    def __init__(self, url: URL, schema: str) -> None:
        self._engine = dialects.reader_engine(url, schema, _READERS)

    async def ask(self, question: Question[T]) -> T:
        """Return the answer to a question about one snapshot."""
        async with self._engine.connect() as connection:
            return await connection.run_sync(_snapshot, question)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._engine.dispose()


def _snapshot(connection: Connection, question: Question[T]) -> T:
    dialects.begin(connection, writing=False)
    try:
        return question(connection)
    finally:
        # Who was cancelled in the middle has lost the connection, and the snapshot with it.
        if not connection.invalidated:
            connection.exec_driver_sql("ROLLBACK")
