"""What differs between SQLite and PostgreSQL, and nothing else."""

import re
import sqlite3
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot import failpoints
from bot.errors import StorageError
from storage.prepared import Prepared

_BUSY_MS = 30_000
_PAUSE = 0.01
_CACHE_KIB = 16_384
_WAL_LIMIT = 64 * 1024 * 1024
_WAL_PAGES = 4_000
"""From so many pages on, 16 MB, the writer brings its journal home itself (``storage.journal``)."""
_MAPPED = 1024 * 1024 * 1024
_PRIMARY = 0xFF
"""The part of SQLite's codes that says what failed; the rest says at what."""
_SCHEMA = re.compile("[a-z_][a-z0-9_]{0,62}")
_NOTICED = {
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "2",
    "tcp_user_timeout": "15000",
}
"""A server that is out of reach is noticed in 20 seconds, and not in the system's two hours."""
_NOTICES = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=2"
"""The same of a process, as the server sees it."""
_LETS_GO = "-c idle_in_transaction_session_timeout=15s"
"""What a process began that was stopped in the middle of it is undone, so that another can go on."""


def parsed(url: str) -> URL:
    """Return a database URL; Raise StorageError if it is none of ours."""
    try:
        parts = make_url(url)
    except ArgumentError as error:
        raise StorageError(f"database.url: {url!r} is no database URL; try sqlite:///liaison.db") from error
    if parts.drivername not in {"sqlite", "postgresql", "postgresql+psycopg"}:
        raise StorageError(
            f"database.url: {parts.drivername!r} is not supported; "
            "use sqlite:///liaison.db or postgresql+psycopg://user@host/name"
        )
    return parts


def sqlite_file(url: URL) -> Path | None:
    """Return the database's file, None for PostgreSQL."""
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        raise StorageError("database.url: a database in memory would lose everything; name a file")
    return Path(url.database)


def place(url: str, schema: str = "") -> str:
    """Return where a county's tables are, the same for every way of writing it."""
    parts = parsed(url)
    if (file := sqlite_file(parts)) is not None:
        return str(file.resolve())
    host = parts.host or "".join(parts.query.get("host", "")) or "localhost"
    return f"{host}:{parts.port or 5432}/{parts.database or parts.username}/{schema or 'public'}"


def writer_engine(url: URL, schema: str = "", *, durable: bool = True, serves: bool = False) -> Engine:
    """Return an engine whose transactions are begun and ended by our own statements.

    One that is not ``durable`` leaves it to the system when SQLite's file reaches the disk. Of one that
    ``serves`` PostgreSQL undoes what stands still in the middle.
    """
    engine = _writer_engine(url, schema, durable=durable, serves=serves)
    if failpoints.armed:
        event.listen(engine, "before_cursor_execute", lambda *_: failpoints.reach("statement"))
    return engine


def _writer_engine(url: URL, schema: str, *, durable: bool, serves: bool) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(
            url,
            isolation_level="AUTOCOMMIT",
            connect_args={"check_same_thread": False},
            hide_parameters=True,
        )
        event.listen(engine, "connect", _prepare_sqlite)
        if not durable:
            event.listen(engine, "connect", _hurry)
        return engine
    return create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        connect_args=_postgresql_arguments(url, schema, _LETS_GO if serves else ""),
        hide_parameters=True,
        # psycopg forgets how many rows an INSERT added as soon as its cursor is closed; `insert_once` asks.
        execution_options={"preserve_rowcount": True},
    )


def lease_engine(url: URL, schema: str) -> AsyncEngine:
    """Return an asynchronous engine of one connection for PostgreSQL, one that serves."""
    arguments = _postgresql_arguments(url, schema, _LETS_GO)
    return create_async_engine(url, isolation_level="AUTOCOMMIT", pool_size=1, connect_args=arguments)


def reader_engine(url: URL, schema: str, connections: int) -> AsyncEngine:
    """Return an asynchronous engine for PostgreSQL that can only read."""
    return create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=connections,
        connect_args=_postgresql_arguments(url, schema),
    )


def readonly_engine(url: URL, schema: str = "", *, mapped: bool = False) -> Engine:
    """Return a synchronous engine that can only read.

    One that is ``mapped`` has SQLite's file mapped into its memory: faster where a paper looks up a hundred
    thousand pages, but a disk that fails ends the process, so it is for processes that may end.
    """
    if url.get_backend_name() == "sqlite":
        engine = create_engine(_readonly(url), isolation_level="AUTOCOMMIT")
        event.listen(engine, "connect", _prepare_reader)
        if mapped:
            event.listen(engine, "connect", _map)
        return engine
    return create_engine(url, isolation_level="AUTOCOMMIT", connect_args=_postgresql_arguments(url, schema))


def _readonly(url: URL) -> URL:
    # A name with a ? or a % in it would otherwise be another file.
    name = f"file:{quote(url.database or '')}"
    return URL.create("sqlite", database=name, query={"mode": "ro", "uri": "true"})


def _postgresql_arguments(url: URL, schema: str, more: str = "") -> dict[str, str]:
    if schema and not _SCHEMA.fullmatch(schema):
        raise StorageError(
            f"database.schema: {schema!r} is not usable; take small letters, digits and _, such as tengzhou"
        )
    options = [f"-c timezone=UTC {_NOTICES}", more, f"-c search_path={schema}" if schema else ""]
    asked = {name: value for name, value in _NOTICED.items() if name not in url.query}
    return {**asked, "options": " ".join(filter(None, options))}


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # The driver would start transactions late and end them at each DDL statement.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    _make_wal(connection)
    for pragma in (
        "synchronous = FULL",
        "foreign_keys = ON",
        f"cache_size = -{_CACHE_KIB}",
        f"journal_size_limit = {_WAL_LIMIT}",
        f"wal_autocheckpoint = {_WAL_PAGES}",
        # What is private is written over once it has arrived: freed bytes are no place for it either.
        "secure_delete = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _make_wal(connection: sqlite3.Connection) -> None:
    """Keep a journal of the kind that has readers beside a writer; of two who make a new file one waits.

    SQLite itself would not: it reads the file already when it asks for the right to write, and two who do
    would wait for each other.
    """
    ends = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            # Where SQLite does wait, all the time may be over at once.
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > ends:
                raise
            time.sleep(_PAUSE)
        else:
            return


def _hurry(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")


def _prepare_reader(connection: Any, _: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    cursor.close()


def _map(connection: sqlite3.Connection, _: object) -> None:
    connection.execute(f"PRAGMA mmap_size = {_MAPPED}")


def begin(connection: Connection, *, writing: bool) -> None:
    """Begin a transaction; a writing one takes its lock now, not at the first write."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
    else:
        connection.exec_driver_sql("BEGIN" if writing else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")


def rows_written(connection: Connection) -> int:
    """Return how many rows a connection of SQLite has written so far; PostgreSQL's does not count."""
    driver: Any = connection.connection.driver_connection
    return int(driver.total_changes) if connection.dialect.name == "sqlite" else 0


def in_transaction(connection: Connection) -> bool:
    """Tell whether the database still holds our transaction open.

    SQLite ends it by itself on FULL, IOERR and NOMEM; then nothing of it remains.
    """
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        return bool(driver.in_transaction)
    # In a transaction, or in one that failed; of a broken connection nobody knows.
    return driver.info.transaction_status in {2, 3}


def is_full(error: BaseException | None) -> bool:
    """Tell whether SQLite found no room."""
    return _code(error) == sqlite3.SQLITE_FULL


def disk_failed(error: BaseException | None) -> bool:
    """Tell whether SQLite could not read or write its file: what it last committed may not be on the disk."""
    return _code(error) & _PRIMARY == sqlite3.SQLITE_IOERR


def bring_home(connection: Connection) -> None:
    """Write all that stands in SQLite's journal into its file; raise if that cannot be.

    After a failed fsync the system takes the journal's pages for written, and no later one writes them.
    """
    if connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]:
        raise StorageError("the journal could not be brought home after the disk failed: it is being read")


def _code(error: BaseException | None) -> int:
    """Return SQLite's code of a failure, wherever it stands in the chain; 0 if there is none."""
    while error is not None:
        found = getattr(getattr(error, "orig", error), "sqlite_errorcode", None)
        if found is not None:
            return int(found)
        error = error.__cause__
    return 0


def alone(connection: Connection, what: str) -> None:
    """Wait until no other transaction in this schema does the same thing; it holds until the commit.

    On SQLite a writing transaction is alone from its beginning.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "SELECT pg_advisory_xact_lock(hashtextextended(concat(current_schema(), ':', %s::text), 0))",
            (what,),
        )


def check_references_at_commit(connection: Connection) -> None:
    """Let rows of this transaction come before those that they refer to, where SQLite is asked."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")


def survey(connection: Connection) -> None:
    """Let PostgreSQL see how many rows have come: until it has, it plans as if there were none."""
    if connection.dialect.name == "postgresql":
        # Whoever does not own them is told so by a warning, and the server looks later.
        connection.exec_driver_sql("ANALYZE")


def insert_once(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row; False if one with the same unique key is there already."""
    return _once(connection.dialect.name, table, tuple(values)).run(connection, **values) == 1


@cache
def _once(kind: str, table: Table, _columns: tuple[str, ...]) -> Prepared:
    """Return what inserts a row with these columns, unless there is one."""
    insert = sqlite.insert if kind == "sqlite" else postgresql.insert
    return Prepared(insert(table).on_conflict_do_nothing())
