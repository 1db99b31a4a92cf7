"""A county is moved whole or not at all, and says the same wherever it is."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, insert, select

from bot.errors import AlreadyServed, StorageError
from storage import dialects, tables
from storage.lock import RunLock
from storage.migrate import migrate
from storage.moving import Place, move
from tests.storage.everything import ROWS, STEP, every_value, filled

TABLES = len(tables.metadata.sorted_tables)


@contextmanager
def opened(url: str, schema: str = "") -> Iterator[Connection]:
    """Open a database; what is done is done at once."""
    engine = dialects.writer_engine(dialects.parsed(url), schema)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def full(tmp_path: Path, empty_database: Path) -> str:
    """A SQLite file with something in every column of every table."""
    url = f"sqlite:///{tmp_path / 'full.db'}"
    (tmp_path / "full.db").write_bytes(empty_database.read_bytes())
    with opened(url) as connection:
        filled(connection)
    return url


@pytest.fixture
def other(tmp_path: Path) -> str:
    """A SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'other' / 'liaison.db'}"


@pytest.mark.postgresql
def test_every_value_arrives_on_a_server_and_comes_back(full: str, postgresql_url: str, other: str) -> None:
    with opened(full) as connection:
        expected = every_value(connection)

    there = move(Place(full), Place(postgresql_url))
    back = move(Place(postgresql_url), Place(other))

    for moved in (there, back):
        assert (moved.rows, moved.afresh, moved.broken) == (TABLES * ROWS, True, None)
        assert re.fullmatch("3-[0-9a-f]{12}", moved.anchor)
    for url in (postgresql_url, other):
        with opened(url) as connection:
            assert every_value(connection) == expected


def test_a_second_time_looks_it_over_and_changes_nothing(full: str, url: str) -> None:
    first = move(Place(full), Place(url))

    again = move(Place(full), Place(url))

    assert (first.afresh, again.afresh) == (True, False)
    assert (again.rows, again.anchor) == (first.rows, first.anchor)


def test_what_comes_next_gets_a_number_of_its_own(full: str, url: str) -> None:
    move(Place(full), Place(url))

    with opened(url) as connection:
        key = connection.execute(insert(tables.units).values(name="新来的", kind="园区")).inserted_primary_key

    assert key is not None
    assert key[0] == ROWS * STEP + 1


@pytest.mark.postgresql
def test_every_number_of_a_server_goes_on_from_the_highest(full: str, postgresql_url: str) -> None:
    move(Place(full), Place(postgresql_url))

    with opened(postgresql_url) as connection:
        for table in tables.metadata.sorted_tables:
            if "id" in table.c:
                highest = connection.execute(select(func.max(table.c.id))).scalar_one()
                number = f"SELECT nextval(pg_get_serial_sequence('{table.name}', 'id'))"
                assert connection.exec_driver_sql(number).scalar() == highest + 1, table.name


@pytest.mark.postgresql
def test_a_server_has_a_schema_for_each_county(full: str, other: str, postgresql_url: str) -> None:
    migrate(other)

    assert move(Place(full), Place(postgresql_url, "qinghe")).afresh
    assert move(Place(other), Place(postgresql_url, "tengzhou")).rows == 0
    with opened(postgresql_url, "qinghe") as connection:
        assert len(connection.execute(select(tables.units)).all()) == ROWS


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO units (name, kind) VALUES ('别县', '园区')",
        "UPDATE units SET head = '别人' WHERE id = 7",
        "DELETE FROM pulse WHERE id = 7",
    ],
)
def test_what_holds_something_else_is_refused_and_left_alone(full: str, url: str, change: str) -> None:
    move(Place(full), Place(url))
    with opened(url) as connection:
        connection.exec_driver_sql(change)
        before = every_value(connection)

    with pytest.raises(StorageError, match=r"holds something else already.*Name an empty database"):
        move(Place(full), Place(url))

    with opened(url) as connection:
        assert every_value(connection) == before


@pytest.mark.parametrize("served", ["source", "target"])
def test_nothing_is_moved_while_either_is_served(full: str, url: str, served: str) -> None:
    with (
        RunLock(full if served == "source" else url),
        pytest.raises(AlreadyServed, match="stop that one first"),
    ):
        move(Place(full), Place(url))

    with opened(url) as connection:
        assert not any(every_value(connection).values())


def test_what_is_written_meanwhile_is_not_left_behind_in_silence(full: str, url: str) -> None:
    def while_it_is_moved(_pages: int) -> Callable[[], None]:
        with opened(full) as connection:
            filled_once_more(connection)
        return lambda: None

    def filled_once_more(connection: Connection) -> None:
        row = connection.execute(select(tables.audit)).mappings().first()
        assert row is not None
        connection.execute(insert(tables.audit).values({**row, "id": 99, "hash": "another"}))

    with pytest.raises(StorageError, match="written meanwhile"):
        move(Place(full), Place(url), while_it_is_moved)

    with opened(url) as connection:
        assert not any(every_value(connection).values())


SPOILT = {
    "sqlite": (
        "CREATE TRIGGER spoils AFTER INSERT ON units BEGIN UPDATE units SET head = 'x' WHERE id = 14; END",
    ),
    "postgresql": (
        (
            "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN NEW.head = CASE NEW.id WHEN 14 THEN 'x' ELSE NEW.head END; RETURN NEW; END $$"
        ),
        "CREATE TRIGGER spoils BEFORE INSERT ON units FOR EACH ROW EXECUTE FUNCTION spoil()",
    ),
}


def test_one_value_that_arrives_otherwise_undoes_it_all(full: str, url: str) -> None:
    with opened(url) as connection:
        for statement in SPOILT[connection.dialect.name]:
            connection.exec_driver_sql(statement)

    with pytest.raises(StorageError, match="table units did not arrive as it was"):
        move(Place(full), Place(url))

    with opened(url) as connection:
        assert not any(every_value(connection).values())


@pytest.mark.postgresql
def test_what_a_server_cannot_keep_is_said_in_words(full: str, postgresql_url: str) -> None:
    with opened(full) as connection:
        connection.exec_driver_sql("UPDATE units SET head = 'a' || char(0) || 'b' WHERE id = 7")

    with pytest.raises(StorageError, match=r"table units was not taken: .*NUL"):
        move(Place(full), Place(postgresql_url))


def test_a_trail_that_was_broken_before_is_told_of_and_moved(full: str, url: str) -> None:
    with opened(full) as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_no_update")
        connection.exec_driver_sql("UPDATE audit SET action = 'another' WHERE id = 2")

    assert move(Place(full), Place(url)).broken == 2


def test_a_database_is_not_moved_into_itself(full: str, tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "full.db")

    with pytest.raises(StorageError, match="is the database itself"):
        move(Place(full), Place(f"sqlite:///{tmp_path}/link.db"))


def test_what_is_not_there_or_too_old_is_not_moved(tmp_path: Path, url: str) -> None:
    with pytest.raises(StorageError, match=r"is missing, or older.*liaison migrate"):
        move(Place(f"sqlite:///{tmp_path}/nowhere.db"), Place(url))
