"""Which databases we take, and how they are opened."""

from pathlib import Path

import pytest
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from bot.errors import StorageError
from storage import dialects
from storage.migrate import migrate
from storage.store import Store
from storage.tx import Tx
from tests.storage.county import NOW


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("liaison.db", "is no database URL; try sqlite:///liaison.db"),
        ("mysql://root@localhost/liaison", "'mysql' is not supported"),
        ("postgresql+psycopg2://root@localhost/liaison", "'postgresql\\+psycopg2' is not supported"),
    ],
)
def test_a_database_that_is_none_of_ours_is_refused_with_the_cure(url: str, complaint: str) -> None:
    with pytest.raises(StorageError, match=complaint):
        dialects.parsed(url)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(StorageError, match="would lose everything"):
        dialects.sqlite_file(dialects.parsed(url))


@pytest.mark.parametrize("schema", ["Tengzhou", "a b", "x; DROP", "县", "1st", "a" * 64])
def test_a_schema_that_would_need_quotes_is_refused(schema: str) -> None:
    with pytest.raises(StorageError, match="take small letters"):
        dialects.writer_engine(dialects.parsed("postgresql+psycopg://localhost/liaison"), schema)


def listed(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("name", ["纯碱 county.db", "100%25.db", "what?.db", "a#b&c=d.db"])
async def test_readers_open_the_same_file_whatever_its_name(tmp_path: Path, name: str) -> None:
    url = URL.create("sqlite", database=str(tmp_path / name)).render_as_string()
    migrate(url)

    async with Store(url) as store:
        await store.perform(lambda tx: tx.inbox.admit("a", NOW))

        assert not await store.read(lambda tx: tx.inbox.buried())
    assert listed(tmp_path) == [name]


def test_a_connection_for_exports_cannot_write(url: str) -> None:
    engine = dialects.readonly_engine(dialects.parsed(url))
    with engine.connect() as connection:
        dialects.begin(connection, writing=False)

        with pytest.raises(DBAPIError, match=r"read-?only"):
            Tx(connection).inbox.admit("a", NOW)
    engine.dispose()
