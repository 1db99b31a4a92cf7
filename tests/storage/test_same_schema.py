"""SQLite and PostgreSQL end with the same schema and the same rows, from whichever release they come."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, insert, inspect
from sqlalchemy.engine import Inspector

from storage import dialects, migrate
from tests.storage.everything import every_value, rows_for
from tests.storage.test_migrate import RELEASED

pytestmark = pytest.mark.postgresql


@contextmanager
def opened(url: str) -> Iterator[Connection]:
    engine = dialects.writer_engine(dialects.parsed(url))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def plain(words: object) -> str:
    """Return SQL as both databases would write it: without casts, brackets and quotes around figures."""
    found = (
        re.sub(r"::(character varying|[a-z]+)", "", "" if words is None else str(words))
        .replace("(", "")
        .replace(")", "")
    )
    return re.sub(r"^'(\d+)'$", r"\1", found)


def schema_of(connection: Connection) -> dict[str, dict[str, Any]]:
    seen = inspect(connection)
    return {table: _table(seen, table) for table in sorted(seen.get_table_names())} | {
        "triggers": {"refused": _refused(connection)}
    }


def _table(seen: Inspector, table: str) -> dict[str, Any]:
    return {
        "columns": {
            each["name"]: (_type(each), each["nullable"], _default(each)) for each in seen.get_columns(table)
        },
        "key": seen.get_pk_constraint(table)["constrained_columns"],
        "unique": sorted(
            (each["name"] or "", each["column_names"]) for each in seen.get_unique_constraints(table)
        ),
        "references": sorted(
            (
                each["name"] or "",
                each["constrained_columns"],
                each["referred_table"],
                each["referred_columns"],
            )
            for each in seen.get_foreign_keys(table)
        ),
        "checks": seen.get_check_constraints(table),
        "indexes": sorted(
            (each["name"] or "", each["column_names"], bool(each["unique"]), _where(each))
            for each in seen.get_indexes(table)
            if "duplicates_constraint" not in each
        ),
    }


def _type(column: Any) -> str:
    kind = column["type"].as_generic()
    # SQLite only counts for us in a column that is exactly INTEGER, and its integers are big.
    return "Integer" if type(kind).__name__ in {"BigInteger", "Integer"} else repr(kind).partition("(")[0]


def _default(column: Any) -> str:
    default = plain(column["default"])
    return "" if default.startswith("nextval") else default


def _where(index: Any) -> str:
    options = index.get("dialect_options", {})
    return plain(options.get("sqlite_where", options.get("postgresql_where")))


def _refused(connection: Connection) -> list[tuple[str, str]]:
    """Return what nobody may do to which table."""
    if connection.dialect.name == "sqlite":
        written = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'trigger'").scalars()
        told = [re.search(r"BEFORE (\w+) ON (\w+)", each) for each in written]
        return sorted((each[2], each[1]) for each in told if each)
    rows = connection.exec_driver_sql(
        "SELECT event_object_table, event_manipulation FROM information_schema.triggers"
    )
    return sorted((table, deed) for table, deed in rows)


def test_both_end_with_the_same_tables(sqlite_url: str, postgresql_url: str) -> None:
    with opened(sqlite_url) as file, opened(postgresql_url) as server:
        found, other = schema_of(file), schema_of(server)

    assert found == other
    assert found["triggers"]["refused"] == [("audit", "DELETE"), ("audit", "UPDATE")]
    assert found["reports"]["indexes"][-1] == ("uq_reports_current", ["project_id", "day"], True, "current")


def test_a_server_orders_words_sign_by_sign_whatever_its_language(postgresql_url: str) -> None:
    with opened(postgresql_url) as server:
        others = server.exec_driver_sql(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND data_type IN ('character varying', 'text') AND collation_name IS DISTINCT FROM 'C'"
        )
        assert others.all() == []


@pytest.mark.parametrize("steps", range(1, len(RELEASED)))
def test_both_come_from_an_earlier_release_with_the_same_rows(
    steps: int, tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    admin = request.getfixturevalue("admin")
    admin.exec_driver_sql(f"DROP DATABASE IF EXISTS older_{steps} WITH (FORCE)")
    admin.exec_driver_sql(f"CREATE DATABASE older_{steps} TEMPLATE template0")
    urls = f"sqlite:///{tmp_path / 'liaison.db'}", server.format(name=f"older_{steps}")
    older = tmp_path / "older"
    (older / "versions").mkdir(parents=True)
    for path in ("env.py", *(f"versions/{step}.py" for step in RELEASED[:steps])):
        (older / path).write_text((migrate._MIGRATIONS / path).read_text())
    with monkeypatch.context() as patched:
        patched.setattr(migrate, "_MIGRATIONS", older)
        for url in urls:
            migrate.migrate(url)
            _fill(url)

    found = []
    for url in urls:
        assert migrate.migrate(url) == RELEASED[steps:]
        with opened(url) as connection:
            found.append((schema_of(connection), every_value(connection)))

    assert found[0][0] == found[1][0]
    assert found[0][1] == found[1][1]
    assert len(found[0][1]["reports"]) > 1
    admin.exec_driver_sql(f"DROP DATABASE older_{steps} WITH (FORCE)")


def _fill(url: str) -> None:
    with opened(url) as connection:
        there = MetaData()
        there.reflect(connection)
        for table in there.sorted_tables:
            if table.name != "alembic_version":
                for row in rows_for(table, connection.dialect.name):
                    connection.execute(insert(table).values(row))
