"""A database that is damaged is not served: refused at the start, looked over every night."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.errors import StorageError
from storage import copies, dialects, journal


def refuse_damaged(url: str) -> None:
    """Raise StorageError if a database is damaged, or parted from its journal; nothing is changed.

    One that does not exist yet is sound. A journal that was lost looks like one that another program, such
    as the shell of SQLite, brought home and took away: who knows which it was decides.
    """
    file = dialects.sqlite_file(dialects.parsed(url))
    if file is None or not file.exists() or not file.stat().st_size:
        return
    mark = journal.mark(file)
    if mark.exists() and not Path(f"{file}-wal").exists():
        raise StorageError(
            f"{file}-wal is missing, and the bot ended before what stood in it was in {file}. "
            "Put it back beside it, or bring back a backup: liaison restore FILE. "
            "If sqlite3 was used on it since, that brought it home, and nothing is missing. "
            f"To go on with what is there: rm {mark}"
        )
    try:
        # For reading alone: what is damaged is changed by nobody but the operator.
        with closing(copies.connected(file)) as connection:
            fault = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        fault = str(error)
    if fault != "ok":
        raise StorageError(
            f"{file} is damaged ({fault}); nothing was changed. Put the latest backup in its place: "
            "liaison restore FILE – the damaged one is kept beside it"
        )
    mark.unlink(missing_ok=True)


def faults(file: Path) -> list[str]:
    """Return everything that is wrong with a file, however long that takes."""
    try:
        with closing(copies.connected(file)) as connection:
            return copies.faults_of(connection)
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        return [f"{file} cannot be read: {error}"]
