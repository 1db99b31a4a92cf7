"""The databases of the tests: SQLite files, or with ``--database postgresql`` databases of a real server."""

import shutil
from itertools import count
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from storage.dialects import parsed, sqlite_file
from storage.moving import Place, move

_numbers = count(1)


class Databases(Protocol):
    """Databases of one kind. Templates are filled once and copied for each test."""

    def copy(self, template: str, file: Path) -> str:
        """Return the URL of a test's own copy of a template; only SQLite has a file."""

    def template(self, name: str) -> str:
        """Return the URL of a new template, an empty database to be filled and closed."""

    def drop(self, url: str) -> None:
        """Drop a copy."""


class Files:
    """SQLite: a template is a file."""

    def __init__(self, empty: Path) -> None:
        self._empty = empty

    def copy(self, template: str, file: Path) -> str:
        return f"sqlite:///{shutil.copyfile(self._empty.with_name(f'{template}.db'), file)}"

    def template(self, name: str) -> str:
        return self.copy(self._empty.stem, self._empty.with_name(f"{name}.db"))

    def drop(self, url: str) -> None:
        """Leave it to pytest, which keeps what failed."""


class Served:
    """PostgreSQL: a template is a database nobody is connected to."""

    def __init__(self, server: str, admin: Connection) -> None:
        self._server = server
        self._admin = admin

    def copy(self, template: str, file: Path | None = None) -> str:
        del file
        return self._made(f"test_{next(_numbers)}", "postgres" if template == "empty" else template)

    def template(self, name: str) -> str:
        # Who works off the rest of another's list comes back to it: it may be there from before.
        self._admin.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        return self._made(name, "postgres")

    def drop(self, url: str) -> None:
        name = url.partition("?")[0].rpartition("/")[2]
        self._admin.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")

    def _made(self, name: str, template: str) -> str:
        self._admin.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self._server.format(name=name)


def in_a_file(url: str, folder: Path) -> Path:
    """Return a SQLite file with everything that a database holds: itself, or what was moved there."""
    if file := sqlite_file(parsed(url)):
        return file
    move(Place(url), Place(f"sqlite:///{folder / 'moved.db'}"))
    return folder / "moved.db"
