"""The database opened for papers: read-only, one snapshot, away from the writer."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from storage.dialects import begin, parsed, readonly_engine


@contextmanager
def snapshot(url: str, schema: str = "") -> Iterator[Connection]:
    """Open the database for reading, on a connection of its own with one snapshot."""
    engine = readonly_engine(parsed(url), schema)
    try:
        with engine.connect() as connection:
            begin(connection, writing=False)
            yield connection
            connection.exec_driver_sql("ROLLBACK")
    finally:
        engine.dispose()
