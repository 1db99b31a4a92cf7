"""Two databases, a SQLite file and a real PostgreSQL, and a small county in each."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from storage import dialects
from storage.store import Store
from storage.tx import Tx
from tests.databases import Served
from tests.storage.county import County, settled

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture
def sqlite_url(tmp_path: Path, empty_database: Path) -> str:
    """A migrated, empty SQLite database of the test's own."""
    return f"sqlite:///{shutil.copy(empty_database, tmp_path / 'liaison.db')}"


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
        url = Served(request.getfixturevalue("server"), request.getfixturevalue("admin")).template("shared")
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
