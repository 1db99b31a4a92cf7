"""SQLite's journal, brought home into the database beside the writer, so that no message waits for it."""

import logging
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from storage import copies

log = logging.getLogger(__name__)

_PAUSE = 0.2
"""Seconds from a commit until it is brought home, with all that follow meanwhile."""


def mark(database: Path) -> Path:
    """Return the file that is there while part of a database may stand in its journal alone."""
    return database.with_name(f"{database.name}.at-work")


class Journal:
    """Brings home what the writer has committed, on a thread of its own.

    SQLite would have the writer do so at the end of every commit that finds the journal long: after a few
    papers of megabytes one message waited 0.2 s for all of them. The writer still does when this falls behind
    (``dialects``); or else a journal that is never idle would grow for ever.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._grown = threading.Event()
        self._closing = threading.Event()
        self._journal = Path(f"{database}-wal")
        self._mark = mark(database)
        self._is_marked = False
        self._thread = threading.Thread(target=self._keep, name="journal", daemon=True)

    def open(self) -> None:
        """Begin."""
        self._thread.start()

    def grew(self) -> None:
        """Note that something was written and committed."""
        if not self._is_marked:
            with suppress(OSError):  # a full disk: without the mark only less is noticed
                # Not before the journal is on the disk, which one is whose commits have changed nothing.
                if self._journal.stat().st_size:
                    self._mark.touch(mode=0o600)
                    self._is_marked = True
        self._grown.set()

    def close(self) -> None:
        """End, and wait for it."""
        self._closing.set()
        self._grown.set()
        self._thread.join()

    def unmark(self, close: Callable[[], None]) -> None:
        """Take the mark away as our connections close; where another process has some, it stays.

        The mark first, and on the disk: SQLite takes the journal away with the last connection, and a power
        cut that left the one without the other would look like a journal that is lost.
        """
        was_marked = self._mark.exists()
        if was_marked:
            self._mark.unlink(missing_ok=True)
            copies.to_disk(self._mark.parent)
        close()
        if was_marked and self._journal.exists():
            self._mark.touch(mode=0o600)
        if not self._journal.exists():
            self._mark.unlink(missing_ok=True)

    def _keep(self) -> None:
        # Asked anew each time: the end may come as the pause is over, and its signal be cleared below.
        while not self._closing.is_set():
            self._grown.wait()
            if self._closing.wait(_PAUSE):
                return
            self._grown.clear()
            try:
                self._bring_home()
            except sqlite3.Error:
                # A disk that fails, fails the writer as well, which says so and stops confirming.
                log.warning("the journal could not be brought home", exc_info=True)

    def _bring_home(self) -> None:
        with (
            closing(copies.connected(self._database)) as reader,
            closing(copies.connected(self._database, writing=True)) as connection,
        ):
            # While somebody reads, the writer cannot begin its journal anew, or nothing is brought home. Else
            # SQLite before 3.51.3 could miss it, and take for home what was not (its "WAL-reset bug").
            reader.execute("BEGIN")
            reader.execute("SELECT 1 FROM sqlite_master").fetchone()
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
