"""The database opened for papers: read-only, one snapshot, away from the writer."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from sqlalchemy import Connection, Engine

from storage.dialects import begin, parsed, readonly_engine

Snapshot = Connection
"""What papers are read from."""


@contextmanager
def snapshot(url: str, schema: str = "") -> Iterator[Snapshot]:
    """Open the database for reading, on a connection of its own with one snapshot."""
    engine = _engine(url, schema)
    try:
        with engine.connect() as connection:
            begin(connection, writing=False)
            yield connection
            connection.exec_driver_sql("ROLLBACK")
    finally:
        engine.dispose()


# It remembers the statements it has compiled, which takes longer than asking them.
@lru_cache(maxsize=2)
def _engine(url: str, schema: str) -> Engine:
    return readonly_engine(parsed(url), schema, mapped=True)
