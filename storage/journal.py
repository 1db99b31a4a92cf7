"""SQLite's journal, brought home into the database beside the writer, so that no message waits for it."""

import logging
import sqlite3
import threading
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
        self._mark = mark(database)
        self._is_marked = False
        self._thread = threading.Thread(target=self._keep, name="journal", daemon=True)

    def open(self) -> None:
        """Begin."""
        self._thread.start()

    def grew(self) -> None:
        """Note that something was committed."""
        if not self._is_marked:
            with suppress(OSError):  # a full disk: without the mark only less is noticed
                self._mark.touch(mode=0o600)
            self._is_marked = True
        self._grown.set()

    def close(self) -> None:
        """End, and wait for it."""
        self._closing.set()
        self._grown.set()
        self._thread.join()

    def unmark(self) -> None:
        """Take the mark away, once our connections are closed; where another process has some, it stays."""
        if not Path(f"{self._database}-wal").exists():
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
        with closing(copies.connected(self._database, writing=True)) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
