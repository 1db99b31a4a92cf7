"""Brings a database to the schema of this release; an existing one is copied aside first."""

from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, inspect
from sqlalchemy.exc import DBAPIError

from bot.errors import StorageError
from storage import copies, dialects

_MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(url: str, schema: str = "") -> list[str]:
    """Bring a database up to date and return the names of the steps that this took.

    The folder, the file or the schema is made if it is missing. All steps are one transaction,
    and of two processes one waits for the other. Raise StorageError, with nothing changed, if
    the database is newer than this release or cannot be brought up to date.
    """
    parts = dialects.parsed(url)
    file = dialects.sqlite_file(parts)
    try:
        if file is not None:
            # Somebody may be making it at this moment.
            with suppress(FileExistsError):
                copies.create(file)
        engine = dialects.writer_engine(parts, schema)
        try:
            return _brought_up_to_date(engine, file, schema)
        finally:
            engine.dispose()
    except (DBAPIError, OSError) as error:
        raise StorageError(f"{_named(parts)} cannot be brought up to date: {_reason(error)}") from error


def pending(url: str, schema: str = "") -> bool:
    """Tell whether a database is missing or older than this release; nothing is changed.

    Raise StorageError if it is newer, or cannot be read.
    """
    parts = dialects.parsed(url)
    file = dialects.sqlite_file(parts)
    if file is not None and not file.exists():
        return True
    engine = dialects.readonly_engine(parts, schema)
    try:
        with engine.connect() as connection:
            return bool(missing(revision_of(connection)))
    except DBAPIError as error:
        raise StorageError(f"{_named(parts)} cannot be read: {_reason(error)}") from error
    finally:
        engine.dispose()


def revision_of(connection: Connection) -> str | None:
    """Return the revision that a database is at; None for an empty one."""
    tables = inspect(connection)
    if tables.has_table("alembic_version"):
        return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())
    if connection.dialect.name == "sqlite" and tables.get_table_names():
        raise StorageError("this is the database of another program; name another file")
    return None


def missing(revision: str | None) -> list[str]:
    """Return the steps from a revision to this release; raise StorageError if it is beyond it."""
    # Read from the names of the files: at every start but the first, Alembic is never loaded.
    steps = sorted(path.stem for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))
    if revision is None:
        return steps
    if revision not in {_revision(step) for step in steps}:
        raise StorageError(
            f"the database is of revision {revision}, but this release knows only up to "
            f"{_revision(steps[-1])}; install the newer release again, or restore a backup made before it"
        )
    return [step for step in steps if _revision(step) > revision]


def _brought_up_to_date(engine: Engine, file: Path | None, schema: str) -> list[str]:
    with engine.connect() as connection:
        if not missing(revision_of(connection)):
            return []
        if file is not None:
            # Changing a parent table in SQLite means replacing it: its children would be deleted with it.
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        dialects.begin(connection, writing=True)
        try:
            steps = _taken(connection, file, schema)
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")
        return steps


def _taken(connection: Connection, file: Path | None, schema: str) -> list[str]:
    """Take the steps that are missing still, now that nobody else can."""
    dialects.alone(connection, "migrate")
    if schema:
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    was = revision_of(connection)
    steps = missing(was)
    if not steps:
        return []
    if file is not None and was is not None:
        copies.copy(file, file.with_name(f"{file.name}.before-{_revision(steps[0])}"))
    _run(connection)
    if file is not None and (orphans := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
        raise StorageError(f"bringing the database up to date would have broken {len(orphans)} references")
    return steps


def _run(connection: Connection) -> None:
    from alembic.command import upgrade  # noqa: PLC0415 -- half a second that only a migration should pay
    from alembic.config import Config  # noqa: PLC0415 -- see above

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    upgrade(config, "head")


def _revision(step: str) -> str:
    return step.partition("_")[0]


def _named(parts: URL) -> str:
    return parts.render_as_string(hide_password=True)


def _reason(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or error)
