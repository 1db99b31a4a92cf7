"""Something in every column of every table: what must come through whatever carries it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Table,
    Text,
    cast,
    insert,
    null,
    select,
)

from storage.audit import Audit
from storage.tables import Moment, audit, metadata

ROWS = 3
STEP = 7
"""Between the ids: numbers are missing, as where something was deleted."""
NOW = datetime(2026, 11, 23, 1, 2, 3, 456789, tzinfo=UTC)
_WORDS = "年产100万吨纯碱项目\t\\N\r\n'\"\\.\u2028𠮷 "
_JSON: tuple[Any, ...] = ([1, {"甲": [None, True, 0.1, -3]}], {"b": "\u0000\\", "a": 62}, 5)


def filled(connection: Connection) -> None:
    """Put rows into every table; the last leaves empty whatever may be."""
    for table in metadata.sorted_tables:
        if table is not audit:
            for row in rows_for(table):
                connection.execute(insert(table).values(row))
    trail = Audit(connection)
    for number in range(1, ROWS + 1):
        trail.add(NOW + timedelta(seconds=number), STEP, "deed", f"problem:{number}", was=_WORDS, figure=0.5)
    trail.settle()


def rows_for(table: Table, dialect: str = "") -> Iterator[dict[str, Any]]:
    """Yield rows for a table of ours, or one that was found in a database of a kind."""
    for number in range(1, ROWS + 1):
        yield {each.name: _value(each, number, dialect) for each in table.c}


def every_value(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables in an order of their own; JSON as it is and as it is written."""
    found = {}
    for table in metadata.sorted_tables:
        written = [cast(each, Text) for each in table.c if isinstance(each.type, JSON)]
        found[table.name] = sorted(map(tuple, connection.execute(select(table, *written))), key=repr)
    return found


def _value(column: Column[Any], number: int, dialect: str) -> Any:
    if column.nullable and number == ROWS:
        return null()
    for of in column.foreign_keys:
        if of.column.table is column.table:
            return (number - 1) * STEP or null()
        if of.column.name == "id":
            return number * STEP
    return next(value for kind, value in _values(number, dialect) if isinstance(column.type, kind))


def _values(number: int, dialect: str) -> Iterator[tuple[type, Any]]:
    moment = NOW + timedelta(days=number)
    yield Boolean, number % 2 == 1
    yield Integer, number * STEP
    yield Moment, moment
    yield DateTime, moment.replace(tzinfo=None) if dialect == "sqlite" else moment
    yield Date, date(2026, 2, 28) + timedelta(days=number)
    yield JSON, _JSON[number - 1]
    yield LargeBinary, bytes(range(256)) * number
    yield object, f"{_WORDS}{number}"
