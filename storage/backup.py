"""Copies of the database to keep, putting one back, and looking for damage."""

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from bot.errors import StorageError
from storage import copies, dialects, invariants, journal, leftovers, migrate, soundness
from storage.audit import Audit
from storage.lock import RunLock

REHEARSED = 3
"""So many times its size a rehearsal needs: a copy, what is put back from it, and some air."""


def backup(url: str, to: Path) -> None:
    """Copy the database, as it is now, to a file that only its owner can read.

    It may be in use meanwhile. Raise StorageError if the copy would not be sound.
    """
    file = _file_of(url, "pg_dump")
    if not file.is_file():
        raise StorageError(f"{file}: there is no such database")
    _refuse_same(to, file)
    copies.copy(file, to)


@dataclass(frozen=True, slots=True)
class Restored:
    """Where the old database was put aside, if there was one, and how many messages wait to be looked at."""

    aside: Path | None
    owed: int


def restore(url: str, from_: Path, now: datetime) -> Restored:
    """Put a backup in the place of the database.

    What it owed, and would have gone out since it was made, is not sent again but left to the office.
    Raise StorageError, with nothing changed, if the database is in use, or if the backup is damaged, of
    a newer release or no database of ours.
    """
    file = _file_of(url, "pg_restore")
    if not from_.is_file():
        raise StorageError(f"{from_}: there is no such file")
    _refuse_same(from_, file)
    fresh = file.with_name(f"{file.name}.restoring")
    with RunLock(url):
        copies.copy(from_, fresh)
        try:
            _check_revision(fresh, from_)
            copies.tell_what_was_sent(fresh, file)
            owed = set_owed_aside(f"sqlite:///{fresh}", "", now)
            _finish_journal(fresh)
            aside = _put_aside(file)
            fresh.replace(file)
            copies.to_disk(file.parent)
        except OSError as error:
            raise StorageError(f"{from_} could not be put in the place of {file}: {error}") from error
        finally:
            for left in (fresh, *(Path(f"{fresh}{journal}") for journal in ("-wal", "-shm"))):
                left.unlink(missing_ok=True)
    return Restored(aside, owed)


def set_owed_aside(url: str, schema: str, now: datetime) -> int:
    """Leave to the office what a restored database owes: it may have gone out; Return how many messages."""
    engine = dialects.writer_engine(dialects.parsed(url), schema)
    try:
        with engine.connect() as connection:
            dialects.begin(connection, writing=True)
            owed = leftovers.set_aside(connection, now)
            trail = Audit(connection)
            trail.add(now, None, "backup.restored", "backup", owed=owed)
            trail.settle()
            connection.exec_driver_sql("COMMIT")
    except DBAPIError as error:
        raise StorageError(f"what was owed cannot be set aside: {error.orig}") from error
    finally:
        engine.dispose()
    return owed


def verify(url: str, schema: str = "", anchor: str = "") -> list[str]:
    """Return what is wrong with the file, its references and its audit trail; nothing when all is well.

    An ``anchor`` that the office was sent must lie on the trail, or its end was cut off or made anew.
    """
    parts = dialects.parsed(url)
    file = dialects.sqlite_file(parts)
    faults = _damage(file) if file is not None else []
    engine = dialects.readonly_engine(parts, schema)
    try:
        with engine.connect() as connection:
            dialects.begin(connection, writing=False)
            trail = Audit(connection)
            broken, lost = trail.broken_at(), _lost(trail, anchor)
            unlike = list(invariants.broken(connection))
            connection.exec_driver_sql("ROLLBACK")
    except DBAPIError as error:
        if faults:
            return faults
        raise StorageError(f"the audit trail cannot be read: {error.orig}") from error
    finally:
        engine.dispose()
    if broken is not None:
        faults.append(
            f"audit: entry {broken} does not follow from the one before; the trail was changed there"
        )
    return [*faults, *lost, *unlike]


@dataclass(frozen=True, slots=True)
class Drilled:
    """How a rehearsal went: how many rows came back, and what was wrong with them.

    Without a ``copy`` only the database itself was looked over: a server has backups of its own.
    """

    rows: int
    faults: tuple[str, ...] = ()
    copy: str = ""


def drill(url: str, schema: str = "") -> Drilled:
    """Back the database up beside itself, put the backup back somewhere else, and look that over.

    It may be in use meanwhile. A backup without faults stays, as ``<database>.backup``, in the place of the
    one before; what was put back goes.
    """
    file = dialects.sqlite_file(dialects.parsed(url))
    if file is None:
        return _looked_over(url, schema)
    needed, free = REHEARSED * file.stat().st_size, shutil.disk_usage(file.parent).free
    if free < needed:
        raise StorageError(f"{file.parent}: {free >> 20} MB are free, a rehearsal needs {needed >> 20}")
    kept, made, again = (file.with_name(f"{file.name}.{what}") for what in ("backup", "drill", "drill-back"))
    try:
        copies.copy(file, made)
        copies.copy(made, again)
        drilled = _looked_over(f"sqlite:///{again}", copy=kept.name)
        if not drilled.faults:
            made.replace(kept)
    finally:
        made.unlink(missing_ok=True)
        again.unlink(missing_ok=True)
    return drilled


def _looked_over(url: str, schema: str = "", copy: str = "") -> Drilled:
    faults = verify(url, schema)
    engine = dialects.readonly_engine(dialects.parsed(url), schema)
    try:
        with engine.connect() as connection:
            return Drilled(invariants.rows_in(connection), tuple(faults), copy)
    finally:
        engine.dispose()


def _lost(trail: Audit, anchor: str) -> list[str]:
    try:
        if not anchor or trail.holds(anchor):
            return []
    except ValueError:
        return [f"{anchor!r} is no anchor; it stands in the office's day summary, such as 512-3fa9c2d41b07"]
    return [f"audit: {anchor} is not on the trail; its end was cut off, or it was written anew"]


def _file_of(url: str, instead: str) -> Path:
    file = dialects.sqlite_file(dialects.parsed(url))
    if file is None:
        raise StorageError(f"a PostgreSQL database is kept and put back with its own tools: {instead}")
    return file


def _refuse_same(given: Path, file: Path) -> None:
    if given.exists() and file.exists() and given.samefile(file):
        raise StorageError(f"{given} is the database itself; name another file")


def _damage(file: Path) -> list[str]:
    if not file.is_file():
        raise StorageError(f"{file}: there is no such database")
    return soundness.faults(file)


def _check_revision(fresh: Path, given: Path) -> None:
    engine = dialects.readonly_engine(URL.create("sqlite", database=str(fresh)))
    try:
        with engine.connect() as connection:
            revision = migrate.revision_of(connection)
    finally:
        engine.dispose()
    if revision is None:
        raise StorageError(f"{given} is empty; name another file")
    migrate.missing(revision)


def _put_aside(file: Path) -> Path | None:
    """Give the old database a second name and take its journals away from the first."""
    asides = (file.with_name(f"{file.name}.before-restore{number}") for number in ("", *range(2, 1000)))
    aside = next(path for path in asides if not path.exists())
    if file.exists():
        _finish_journal(file)
        # Before the journal goes, or a power cut in between would look like a journal that is lost.
        journal.mark(file).unlink(missing_ok=True)
        os.link(file, aside)
    for kind in ("-wal", "-journal"):
        # What could not be finished stays with its own file: beside the new one it would ruin it.
        with suppress(FileNotFoundError):
            Path(f"{file}{kind}").replace(f"{aside}{kind}")
    Path(f"{file}-shm").unlink(missing_ok=True)
    journal.mark(file).unlink(missing_ok=True)
    return aside if aside.exists() else None


def _finish_journal(file: Path) -> None:
    """Write what waits in the journal into the database, unless that is too damaged for it."""
    try:
        with closing(copies.connected(file, writing=True)) as connection:
            # Only possible while nobody else has the database open, which is as it should be.
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise StorageError(f"{file} is in use by another process; try again when that is done") from error
