"""Who serves a database: on SQLite one `liaison run`, on PostgreSQL several; nobody while it is restored."""

import os
import socket
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bot.errors import AlreadyServed, StorageError
from storage import dialects

_TRY = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
_TRY_SHARED = "SELECT pg_try_advisory_lock_shared(hashtextextended(%s, 0))"
_HOLDERS = """
    SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid)
    WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND pid <> pg_backend_pid()
    AND (classid::bigint << 32 | objid::bigint) = hashtextextended(%s, 0)
    AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class RunLock:
    """Held by whoever serves a database; the death of the process lets go of it.

    On SQLite it is a lock on the file ``<database>.lock``, on PostgreSQL an advisory lock of a
    connection that stays open; one that is ``shared`` is held there by any number, each of which keeps out
    who wants it alone. Raise StorageError on entering if it cannot be had.
    """

    def __init__(self, url: str, schema: str = "", *, shared: bool = False) -> None:
        parts = dialects.parsed(url)
        file = dialects.sqlite_file(parts)
        self._lock: _FileLock | _ServerLock = (
            _ServerLock(dialects.writer_engine(parts, schema), schema, shared=shared)
            if file is None
            else _FileLock(file)
        )

    def __enter__(self) -> Self:
        self._lock.take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    @property
    def held(self) -> bool:
        """Tell whether the lock is still ours: a server that was restarted has forgotten it."""
        return self._lock.held

    @property
    def is_shared(self) -> bool:
        """Tell whether another process holds it as well."""
        return self._lock.is_shared

    def keep(self) -> None:
        """Take it again if it is no longer ours; raise AlreadyServed if somebody else has it by now."""
        if not self._lock.held:
            self._lock.release()
            self._lock.take()


class _FileLock:
    """A lock on a file beside the database, with the number of its holder inside."""

    def __init__(self, database: Path) -> None:
        self._database = database
        # Two names of one database, one of them a link, must meet at one lock.
        real = database.resolve()
        self._path = real.with_name(f"{real.name}.lock")
        self._handle: int | None = None

    def take(self) -> None:
        import fcntl  # noqa: PLC0415 -- missing on Windows, where everything else works

        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(f"{self._path} cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(handle, 20).decode() or "?"
            os.close(handle)
            raise AlreadyServed(
                f"{self._database} is served by another `liaison run` (process {holder}); "
                f"stop that one first: kill {holder}"
            ) from error
        # The file stays when the lock is let go: removed, two could lock two files of one name.
        os.truncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        self._handle = handle

    def release(self) -> None:
        if self._handle is not None:
            os.truncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None

    @property
    def held(self) -> bool:
        return self._handle is not None

    @property
    def is_shared(self) -> bool:
        return False


class _ServerLock:
    """An advisory lock of PostgreSQL, held by a connection of its own."""

    def __init__(self, engine: Engine, schema: str, *, shared: bool) -> None:
        self._try = _TRY_SHARED if shared else _TRY
        self._engine = engine
        self._name = f"liaison run {schema}"
        self._schema = schema
        self._connection: Connection | None = None

    def take(self) -> None:
        try:
            connection = self._engine.connect()
            if connection.exec_driver_sql(self._try, (self._name,)).scalar_one():
                who = f"liaison run, process {os.getpid()} on host {socket.gethostname()[:30]}"
                connection.exec_driver_sql("SELECT set_config('application_name', %s, false)", (who,))
                self._connection = connection
                return
            holder = connection.exec_driver_sql(_HOLDERS, (self._name,)).scalar() or "liaison run"
            connection.close()
            self._engine.dispose()
        except DBAPIError as error:
            raise StorageError(f"the database cannot be reached: {error.orig}") from error
        place = f"schema {self._schema} of the database" if self._schema else "the database"
        raise AlreadyServed(f"{place} is served by another process ({holder}); stop that one first")

    def release(self) -> None:
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.invalidate()
            self._connection.close()
            self._connection = None
        self._engine.dispose()

    @property
    def is_shared(self) -> bool:
        with suppress(SQLAlchemyError):
            if self._connection is not None:
                return self._connection.exec_driver_sql(_HOLDERS, (self._name,)).first() is not None
        return False

    @property
    def held(self) -> bool:
        if self._connection is None:
            return False
        try:
            return bool(self._connection.exec_driver_sql("SELECT 1").scalar_one())
        except SQLAlchemyError:  # whoever asks twice is told so in other words
            return False
