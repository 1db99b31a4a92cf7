"""Room on the disk that is given back when there is none left: who is full cannot even say so."""

import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

SIZE = 16 * 1024 * 1024
ENOUGH = 4 * SIZE
"""So much must be free for it to be laid (again)."""


class Ballast:
    """A file beside the database that only takes up room."""

    def __init__(self, database: Path) -> None:
        self._file = database.with_name(f"{database.name}.ballast")

    @property
    def lies(self) -> bool:
        """Tell whether it is there; without it little room is left."""
        return self._file.exists()

    def lay(self) -> None:
        """Take the room, if there is plenty."""
        if self.lies or shutil.disk_usage(self._file.parent).free < ENOUGH:
            return
        try:
            handle = os.open(self._file, os.O_CREAT | os.O_WRONLY, 0o600)
            try:
                # Zeros that are really written: a promise of room is no room on every file system.
                os.write(handle, bytes(SIZE))
            finally:
                os.close(handle)
        except OSError:
            log.warning("no room could be set aside beside the database", exc_info=True)
            self.drop()

    def drop(self) -> None:
        """Give the room back."""
        with suppress(OSError):
            self._file.unlink(missing_ok=True)
