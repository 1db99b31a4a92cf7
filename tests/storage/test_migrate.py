"""A database is brought to this release whole or not at all, and never taken back."""

import sqlite3
import stat
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from bot.errors import StorageError
from storage import dialects, migrate, tables
from storage.store import Store
from tests.storage.county import NOW

RELEASED = [
    "0001_a_county_and_its_trail",
    "0002_custody_and_clocks",
    "0003_open_chats_and_preferred_contacts",
    "0004_the_county_s_rhythm",
]
LAST, COMING = "0004", "0005"
NEXT = """
from alembic import op

revision = "{revision}"
down_revision = "{before}"

def upgrade():
    {deed}
"""


@pytest.fixture
def database(url: str) -> Iterator[Connection]:
    engine = dialects.writer_engine(dialects.parsed(url))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let a test write the step of a release to come."""
    folder = tmp_path / "100% ours" / "migrations"
    versions = folder / "versions"
    versions.mkdir(parents=True)
    for path in ("env.py", *(f"versions/{step}.py" for step in RELEASED)):
        (folder / path).write_text((migrate._MIGRATIONS / path).read_text())
    monkeypatch.setattr(migrate, "_MIGRATIONS", folder)

    def write(deed: str) -> None:
        (versions / f"{COMING}_more.py").write_text(NEXT.format(revision=COMING, before=LAST, deed=deed))

    return write


def revision(connection: Connection) -> str | None:
    return migrate.revision_of(connection)


def test_the_migrated_schema_is_that_of_the_tables(database: Connection) -> None:
    # Of a default that is an empty string, SQLite cannot tell Alembic that it is there.
    defaults = database.dialect.name == "postgresql"
    context = MigrationContext.configure(
        database, opts={"compare_type": True, "compare_server_default": defaults}
    )

    assert compare_metadata(context, tables.metadata) == []


def test_the_newest_step_is_the_one_alembic_goes_to() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate._MIGRATIONS))
    script = ScriptDirectory.from_config(config)

    assert script.get_heads() == [migrate.missing(None)[-1].partition("_")[0]]
    assert len(list(script.walk_revisions())) == len(migrate.missing(None))


def test_a_database_that_is_up_to_date_is_left_alone(url: str) -> None:
    assert not migrate.pending(url)
    assert migrate.migrate(url) == []


def test_a_missing_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b" / "liaison.db"
    assert migrate.pending(f"sqlite:///{file}")
    assert not file.exists()

    assert migrate.migrate(f"sqlite:///{file}") == RELEASED

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["liaison.db"]


@pytest.mark.postgresql
async def test_two_counties_live_in_two_schemas_of_one_database(postgresql_url: str) -> None:
    for schema in ("tengzhou", "qinghe"):
        assert migrate.pending(postgresql_url, schema)
        assert migrate.migrate(postgresql_url, schema) == RELEASED
        assert not migrate.pending(postgresql_url, schema)

    async with (
        Store(postgresql_url, schema="tengzhou") as one,
        Store(postgresql_url, schema="qinghe") as other,
        Store(postgresql_url) as neither,
    ):
        for store in (one, other, neither):
            assert await store.perform(lambda tx: tx.inbox.admit("a", NOW))


def twice_at_once(url: str) -> list[list[str]]:
    with ThreadPoolExecutor(2) as threads:
        return sorted(threads.map(migrate.migrate, [url, url]))


def test_two_who_migrate_a_file_at_once_do_it_once(tmp_path: Path) -> None:
    assert twice_at_once(f"sqlite:///{tmp_path}/liaison.db") == [[], RELEASED]


def test_a_new_file_that_another_writes_to_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "liaison.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(time, "sleep", lambda _: other.execute("ROLLBACK"))

        assert migrate.migrate(f"sqlite:///{file}") == RELEASED


def test_a_file_that_another_keeps_to_itself_is_waited_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "liaison.db"
    waited: list[float] = []
    monkeypatch.setattr(dialects, "_BUSY_MS", 20)
    monkeypatch.setattr(time, "sleep", waited.append)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(StorageError, match="database is locked"):
            migrate.migrate(f"sqlite:///{file}")
    assert waited == []  # SQLite itself has waited


@pytest.mark.postgresql
def test_two_who_migrate_a_server_at_once_do_it_once(server: str, admin: Connection) -> None:
    admin.exec_driver_sql("CREATE DATABASE migrated_twice TEMPLATE template0")

    assert twice_at_once(server.format(name="migrated_twice")) == [[], RELEASED]


def test_a_database_of_a_newer_release_is_refused(url: str, database: Connection) -> None:
    database.exec_driver_sql("UPDATE alembic_version SET version_num = '0099'")

    for ask in (migrate.migrate, migrate.pending):
        with pytest.raises(
            StorageError, match="of revision 0099, but this release knows only up to 0004; install"
        ):
            ask(url)


def test_the_file_of_another_program_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE people (name)")

    with pytest.raises(StorageError, match="of another program"):
        migrate.migrate(f"sqlite:///{tmp_path}/other.db")


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "letter.docx"
    file.write_bytes(b"dear county, " * 100)

    for ask in (migrate.migrate, migrate.pending):
        with pytest.raises(StorageError, match="file is not a database"):
            ask(f"sqlite:///{file}")
    assert file.read_bytes() == b"dear county, " * 100


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageError, match="cannot be brought up to date"):
        migrate.migrate(f"sqlite:///{tmp_path}/file/liaison.db")


def test_the_password_is_not_in_the_complaint() -> None:
    with pytest.raises(StorageError) as complaint:
        migrate.migrate("postgresql+psycopg://liaison:s3cret@127.0.0.1:1/liaison?connect_timeout=2")

    assert "s3cret" not in str(complaint.value)
    assert "127.0.0.1" in str(complaint.value)


def test_the_next_release_finds_a_copy_made_before_it(
    sqlite_url: str, tmp_path: Path, next_release: Any
) -> None:
    next_release('op.add_column("units", op.sa.Column("more", op.sa.String))'.replace("op.sa", "sa"))
    path = migrate._MIGRATIONS / "versions" / f"{COMING}_more.py"
    path.write_text("import sqlalchemy as sa\n" + path.read_text())

    assert migrate.pending(sqlite_url)
    assert migrate.migrate(sqlite_url) == [f"{COMING}_more"]

    with closing(sqlite3.connect(tmp_path / f"liaison.db.before-{COMING}")) as copy:
        assert copy.execute("SELECT version_num FROM alembic_version").fetchall() == [(LAST,)]
    with closing(sqlite3.connect(tmp_path / "liaison.db")) as now:
        assert "more" in [row[1] for row in now.execute("PRAGMA table_info(units)")]


def test_a_step_that_fails_changes_nothing(url: str, database: Connection, next_release: Any) -> None:
    next_release('op.drop_table("delivery_pauses"); op.drop_table("nowhere")')

    with pytest.raises(StorageError, match="nowhere"):
        migrate.migrate(url)

    assert revision(database) == LAST
    assert inspect(database).has_table("delivery_pauses")


def test_a_step_that_would_break_references_is_undone(sqlite_url: str, next_release: Any) -> None:
    next_release("op.execute(\"INSERT INTO roles (person_id, role) VALUES (404, 'nobody')\")")

    with pytest.raises(StorageError, match="would have broken 1 references"):
        migrate.migrate(sqlite_url)

    assert migrate.pending(sqlite_url)


def test_changing_a_parent_table_keeps_its_children(sqlite_url: str, next_release: Any) -> None:
    engine = dialects.writer_engine(dialects.parsed(sqlite_url))
    with engine.connect() as connection:
        connection.exec_driver_sql("INSERT INTO people (id, name) VALUES (1, '刘敏')")
        connection.exec_driver_sql("INSERT INTO roles VALUES (1, '联络员')")
    next_release(
        'with op.batch_alter_table("people", recreate="always") as t: t.alter_column("title", nullable=True)'
    )

    migrate.migrate(sqlite_url)

    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT * FROM roles").all() == [(1, "联络员")]
    engine.dispose()


def test_groups_met_before_this_release_are_taken_to_listen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, url = tmp_path / "old", f"sqlite:///{tmp_path}/liaison.db"
    (old / "versions").mkdir(parents=True)
    for path in ("env.py", *(f"versions/{step}.py" for step in RELEASED[:2])):
        (old / path).write_text((migrate._MIGRATIONS / path).read_text())
    with monkeypatch.context() as patched:
        patched.setattr(migrate, "_MIGRATIONS", old)
        migrate.migrate(url)
    with closing(sqlite3.connect(tmp_path / "liaison.db", isolation_level=None)) as before:
        before.execute(
            "INSERT INTO chats (platform, chat, state, seen_at)"
            " VALUES ('telegram', '-1', 'bound', '2026-11-20')"
        )

    migrate.migrate(url)

    with closing(sqlite3.connect(tmp_path / "liaison.db")) as now:
        assert now.execute("SELECT heard_at FROM chats").fetchall() == [("2026-11-20",)]


def test_the_way_alembic_runs_does_nothing_when_it_is_only_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "storage.migrations.env", raising=False)

    from storage.migrations import env  # noqa: PLC0415 -- to import it is the test

    assert callable(env.run)
