"""A whole county moved into another database: from SQLite to PostgreSQL, or back.

All of it is one transaction of the new database, which is empty until it holds everything: whoever is
interrupted begins again. What has arrived is read back and held against what was there, value by value.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    Engine,
    LargeBinary,
    Row,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    func,
    insert,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from bot import failpoints
from bot.errors import StorageError
from storage import dialects, migrate, soundness
from storage.audit import Audit
from storage.lock import RunLock
from storage.tables import metadata

_AT_ONCE = 1000
_PAPERS_AT_ONCE = 10
_DIGEST = 16
"""Bytes of a row's hash; that two mistakes hide one another is for nobody to live to see."""
_COUNT_ON = """
    SELECT max(nextval(of)) FROM CAST(pg_get_serial_sequence(%(table)s, 'id') AS regclass) AS of,
    generate_series(coalesce(pg_sequence_last_value(of), 0) + 1, %(highest)s)
"""
"""Not `setval`: the role of `deploy/postgresql.sql` may count on and not back."""

Tick = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Place:
    """A database: its URL, and its schema where it is PostgreSQL's."""

    url: str
    schema: str = ""

    def __str__(self) -> str:
        return dialects.parsed(self.url).render_as_string(hide_password=True)


@dataclass(frozen=True, slots=True)
class Moved:
    """How many rows are in both databases, and where their trail ends; ``afresh`` if they came just now.

    ``broken`` names the entry of the trail that does not follow from the one before: in both alike.
    """

    rows: int
    anchor: str
    afresh: bool
    broken: int | None


def move(source: Place, target: Place, begins: Callable[[int], Tick] = lambda _: lambda: None) -> Moved:
    """Copy a county into an empty database; one that holds the same county already is looked over.

    ``begins`` is told how many pages will be read, and what it returns is called after each. Raise
    StorageError, with nothing changed, if the target holds anything else, or one of the two is served.
    """
    if _same(source, target):
        raise StorageError(f"{target} is the database itself; name another one")
    soundness.refuse_damaged(source.url)
    if migrate.pending(source.url, source.schema):
        raise StorageError(f"{source} is missing, or older than this release; run: liaison migrate")
    migrate.migrate(target.url, target.schema)
    with (
        RunLock(source.url, source.schema),
        RunLock(target.url, target.schema),
        _opened(dialects.readonly_engine(dialects.parsed(source.url), source.schema)) as original,
        _opened(dialects.writer_engine(dialects.parsed(target.url), target.schema)) as copy,
    ):
        try:
            return _moved(source, original, copy, begins)
        except DBAPIError as error:
            raise StorageError(f"{source} was not moved to {target}: {error.orig}") from error


def _same(source: Place, target: Place) -> bool:
    one, other = dialects.parsed(source.url), dialects.parsed(target.url)
    files = dialects.sqlite_file(one), dialects.sqlite_file(other)
    if files[0] and files[1]:
        return files[0].resolve() == files[1].resolve()
    return one == other and source.schema == target.schema


@contextmanager
def _opened(engine: Engine) -> Iterator[Connection]:
    """Open a database for one transaction, which is undone unless it was committed."""
    try:
        with engine.connect() as connection:
            try:
                yield connection
            finally:
                # What is in the middle of a COPY, or broken, cannot be rolled back otherwise.
                connection.invalidate()
    finally:
        engine.dispose()


def _moved(source: Place, original: Connection, copy: Connection, begins: Callable[[int], Tick]) -> Moved:
    dialects.begin(original, writing=False)
    dialects.begin(copy, writing=True)
    counts, there = _counts(original), _counts(copy)
    afresh = not any(there.values())
    if not afresh:
        _refuse_unlike(counts, there)
    tick = begins(sum(2 * -(-count // _at_once(table)) for table, count in counts.items()))
    if afresh:
        dialects.check_references_at_commit(copy)
    for table in counts:
        digest = _copied(original, copy, table, tick) if afresh else _digest(_pages(original, table), tick)
        if digest != _digest(_pages(copy, table), tick):
            raise _held_by_another(table) if not afresh else _arrived_otherwise(table)
    trail = Audit(copy)
    moved = Moved(sum(counts.values()), trail.anchor(), afresh, trail.broken_at())
    if afresh:
        _refuse_changed(source, moved.anchor)
        dialects.survey(copy)
        failpoints.reach("commit")
        copy.exec_driver_sql("COMMIT")
        failpoints.reach("committed")
    return moved


def _held_by_another(table: Table) -> StorageError:
    return StorageError(
        f"the database to move to holds something else already (table {table.name}); nothing was changed. "
        "Name an empty database, or another [database] schema"
    )


def _arrived_otherwise(table: Table) -> StorageError:
    return StorageError(f"table {table.name} did not arrive as it was; nothing was changed")


def _refuse_changed(source: Place, anchor: str) -> None:
    """Raise StorageError if somebody has written since the copy began: every change leaves a trace."""
    engine = dialects.readonly_engine(dialects.parsed(source.url), source.schema)
    with _opened(engine) as now:
        if Audit(now).anchor() != anchor:
            raise StorageError("something was written meanwhile; nothing was moved, start it again")


def _counts(connection: Connection) -> dict[Table, int]:
    """Return how many rows each table has; a table stands behind those that its rows refer to."""
    return {
        table: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
    }


def _refuse_unlike(counts: dict[Table, int], there: dict[Table, int]) -> None:
    for table, count in counts.items():
        if there[table] != count:
            raise _held_by_another(table)


def _at_once(table: Table) -> int:
    return _PAPERS_AT_ONCE if any(isinstance(each.type, LargeBinary) for each in table.c) else _AT_ONCE


def _pages(connection: Connection, table: Table) -> Iterator[Sequence[Row[Any]]]:
    """Read a table, the oldest rows first; what is JSON is read as it is written."""
    columns = [cast(each, Text) if isinstance(each.type, JSON) else each for each in table.c]
    query: Select[Any] = select(*columns)
    if "id" in table.c:
        query = query.order_by(table.c.id)
    many = _at_once(table)
    with connection.execute(query, execution_options={"yield_per": many}) as result:
        yield from result.partitions(many)


def _digest(pages: Iterator[Sequence[Row[Any]]], tick: Tick) -> tuple[int, int]:
    """Return how many rows there are and the sum of their hashes, in whatever order they come."""
    rows, total = 0, 0
    for page in pages:
        rows += len(page)
        for row in page:
            hashed = blake2b(repr(tuple(row)).encode(), digest_size=_DIGEST)
            total += int.from_bytes(hashed.digest(), "big")
        tick()
    return rows, total % (1 << 8 * _DIGEST)


def _copied(original: Connection, copy: Connection, table: Table, tick: Tick) -> tuple[int, int]:
    """Copy a table and return the digest of what was read."""
    write = _into_server if copy.dialect.name == "postgresql" else _into_file
    return _digest(write(copy, table, _pages(original, table)), tick)


def _into_server(
    copy: Connection, table: Table, pages: Iterator[Sequence[Row[Any]]]
) -> Iterator[Sequence[Row[Any]]]:
    """Write pages by COPY and hand them on."""
    quoted = copy.dialect.identifier_preparer
    columns = ", ".join(quoted.quote(each.name) for each in table.c)
    driver: Any = copy.connection.driver_connection
    try:
        words = f"COPY {quoted.quote(table.name)} ({columns}) FROM STDIN"
        with driver.cursor() as cursor, cursor.copy(words) as rows:
            for page in pages:
                failpoints.reach("statement")
                for row in page:
                    rows.write_row(row)
                yield page
    except copy.dialect.loaded_dbapi.Error as error:
        raise StorageError(f"table {table.name} was not taken: {error}") from error
    if "id" in table.c:
        _count_on(copy, table)


def _count_on(copy: Connection, table: Table) -> None:
    """Let the server count on from the highest id."""
    highest = copy.execute(select(func.max(table.c.id))).scalar() or 0
    copy.exec_driver_sql(_COUNT_ON, {"table": table.name, "highest": highest})


def _into_file(
    copy: Connection, table: Table, pages: Iterator[Sequence[Row[Any]]]
) -> Iterator[Sequence[Row[Any]]]:
    """Write pages into SQLite and hand them on."""
    named = {each.name: bindparam(each.name, type_=_as_written(each.type)) for each in table.c}
    statement = insert(table).values(named)
    for page in pages:
        copy.execute(statement, [dict(zip(named, row, strict=True)) for row in page])
        yield page


def _as_written(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    return Text() if isinstance(kind, JSON) else kind
