"""Whole copies of a SQLite database, taken while it is in use, and what is wrong with a file."""

import os
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from glob import escape
from pathlib import Path
from urllib.parse import quote

from bot.errors import StorageError

_SENT_SINCE = """
    BEGIN;
    INSERT OR IGNORE INTO inbox (key, at, state)
    SELECT 'sent:' || key, made_at, 'done' FROM old.outbox
    -- Or may have been: nobody knows of what was in doubt or on its way.
    WHERE (sent_at IS NOT NULL OR doubts > 0 OR state = 'claimed')
    AND updates_id IS NULL AND key NOT IN (SELECT key FROM main.outbox);
    -- A restore before this one noted the same.
    INSERT OR IGNORE INTO inbox (key, at, state)
    SELECT key, at, state FROM old.inbox WHERE key BETWEEN 'sent:' AND 'sent;';
    UPDATE main.outbox SET state = 'sent', leased_until = NULL,
        sent_at = (SELECT sent_at FROM old.outbox AS o WHERE o.key = outbox.key),
        message = (SELECT message FROM old.outbox AS o WHERE o.key = outbox.key)
    WHERE state IN ('waiting', 'claimed')
    AND key IN (SELECT key FROM old.outbox WHERE sent_at IS NOT NULL AND state IN ('sent', 'superseded'));
    COMMIT;
"""
"""What `storage.letters.SENT` marks, in the words of SQLite alone."""
_MOST = 20
"""A ruined file has thousands of faults; nobody reads them all."""


def create(path: Path) -> None:
    """Make an empty file that only its owner can read, and the folder for it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def connected(path: Path, *, writing: bool = False) -> sqlite3.Connection:
    """Return a connection to a file that exists already."""
    mode = "rw" if writing else "ro"
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode={mode}", uri=True, isolation_level=None)
    # What is wrong with a file is told in words that quote it.
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return connection


def copy(source: Path, to: Path) -> None:
    """Copy a database as it is at this moment into one file; readers and writers go on meanwhile.

    The copy gets its name only when it is whole, sound and on the disk. Raise StorageError if
    that cannot be.
    """
    part = to.with_name(f"{to.name}.part")
    try:
        part.unlink(missing_ok=True)
        create(part)
        with closing(connected(source)) as original, closing(connected(part, writing=True)) as twin:
            original.backup(twin)
            # One file, with no journal beside it that could be left behind.
            twin.execute("PRAGMA journal_mode = DELETE")
            if faults := faults_of(twin):
                raise StorageError(f"{source} is damaged and was not copied: {faults[0]}")
        to_disk(part)
        part.replace(to)
        to_disk(to.parent)
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"{source} could not be copied to {to}: {error}") from error
    finally:
        with suppress(OSError):
            part.unlink()


def drop_copies(database: Path, before: datetime) -> int:
    """Drop the copies that upgrades and restores left beside a database; Return how many.

    Those that the operator made have names of their own, and are the operator's.
    """
    count = 0
    for path in database.parent.glob(f"{escape(database.name)}.before-*"):
        if path.is_file() and path.stat().st_mtime < before.timestamp():
            path.unlink(missing_ok=True)
            count += 1
    return count


def tell_what_was_sent(fresh: Path, old: Path) -> None:
    """Let a copy know what was sent after it was made, as far as the old file can still be read.

    What is owed again under the same key is then marked as a repeat, and what was owed is not sent twice.
    """
    if not old.is_file():
        return
    with closing(connected(fresh, writing=True)) as twin, suppress(sqlite3.DatabaseError):
        twin.execute("ATTACH ? AS old", (f"file:{quote(str(old))}?mode=ro",))
        twin.executescript(_SENT_SINCE)


def to_disk(path: Path) -> None:
    """Return only when a file, or the names in a folder, would survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def faults_of(connection: sqlite3.Connection) -> list[str]:
    """Return what is wrong with a file and between its rows; nothing when it is sound."""
    pages = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({_MOST})")]
    orphans = connection.execute("PRAGMA foreign_key_check").fetchmany(_MOST)
    return [
        *(page for page in pages if page != "ok"),
        *(
            f"{table}: row {row} names a row of {parent} that does not exist"
            for table, row, parent, _ in orphans
        ),
    ]
