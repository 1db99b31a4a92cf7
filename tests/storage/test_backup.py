"""A copy is whole or is not there; what was put aside can be had again; damage is found."""

import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.chat import Address
from bot.errors import StorageError
from storage import dialects
from storage.backup import backup, drill, restore, set_owed_aside, verify
from storage.leftovers import Kind
from storage.letters import PRIVATE, Lane, Letter
from storage.lock import RunLock
from storage.store import Store
from storage.tables import outbox
from storage.tx import Tx
from tests.storage.county import HOUR, NOW


async def admitted(url: str, *keys: str) -> None:
    async with Store(url) as store:
        for key in keys:
            await store.perform(lambda tx, key=key: tx.inbox.admit(key, NOW))  # type: ignore[misc]
            await store.perform(lambda tx, key=key: tx.audit.add(NOW, None, "admitted", key))  # type: ignore[misc]


def keys(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return [row[0] for row in connection.execute("SELECT key FROM inbox ORDER BY key")]


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


@pytest.fixture
def file(sqlite_url: str, tmp_path: Path) -> Path:
    assert sqlite_url
    return tmp_path / "liaison.db"


@pytest.fixture
async def saved(sqlite_url: str, tmp_path: Path) -> Path:
    """A backup made after the first of two messages."""
    await admitted(sqlite_url, "first")
    to = tmp_path / "saved.db"
    backup(sqlite_url, to)
    await admitted(sqlite_url, "second")
    return to


async def test_a_backup_holds_what_was_committed_while_the_bot_runs_on(
    sqlite_url: str, tmp_path: Path
) -> None:
    to = tmp_path / "backups" / "monday.db"
    async with Store(sqlite_url) as store:
        await store.perform(lambda tx: tx.inbox.admit("first", NOW))
        backup(sqlite_url, to)
        await store.perform(lambda tx: tx.inbox.admit("second", NOW))

    assert keys(to) == ["first"]
    assert verify(f"sqlite:///{to}") == []
    assert mode(to) == 0o600
    assert [path.name for path in to.parent.iterdir()] == ["monday.db"]


async def test_a_backup_takes_the_place_of_an_older_one(sqlite_url: str, saved: Path) -> None:
    backup(sqlite_url, saved)

    assert keys(saved) == ["first", "second"]


def test_a_damaged_database_is_not_backed_up_over_a_good_backup(
    sqlite_url: str, file: Path, tmp_path: Path
) -> None:
    backup(sqlite_url, tmp_path / "saved.db")
    good = (tmp_path / "saved.db").read_bytes()
    damage(file)

    with pytest.raises(StorageError, match=r"damaged|malformed"):
        backup(sqlite_url, tmp_path / "saved.db")

    assert (tmp_path / "saved.db").read_bytes() == good
    assert not (tmp_path / "saved.db.part").exists()


def damage(file: Path) -> None:
    """Write nonsense over the pages of a table."""
    content = bytearray(file.read_bytes())
    content[4096 * 2 : 4096 * 12] = b"\x7f" * 4096 * 10
    file.write_bytes(content)


def test_a_database_is_not_backed_up_over_itself(sqlite_url: str, file: Path, tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(file)

    for to in (file, tmp_path / "link.db"):
        with pytest.raises(StorageError, match="the database itself"):
            backup(sqlite_url, to)
        with pytest.raises(StorageError, match="the database itself"):
            restore(sqlite_url, to, NOW)


def test_what_cannot_be_copied_is_a_plain_sentence(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("")

    with pytest.raises(StorageError, match="could not be copied"):
        backup(sqlite_url, tmp_path / "text" / "saved.db")
    for missing in (backup, lambda url, file: restore(url, file, NOW), lambda url, _: verify(url)):
        with pytest.raises(StorageError, match="there is no such"):
            missing(f"sqlite:///{tmp_path}/nowhere.db", tmp_path / "saved.db")


def test_a_postgresql_database_has_tools_of_its_own() -> None:
    url, file = "postgresql+psycopg://localhost/liaison", Path("saved.db")
    with pytest.raises(StorageError, match="pg_dump"):
        backup(url, file)
    with pytest.raises(StorageError, match="pg_restore"):
        restore(url, file, NOW)


# --- putting one back -------------------------------------------------------------------


async def test_a_backup_put_back_is_the_database_and_the_old_one_is_kept(
    sqlite_url: str, file: Path, saved: Path
) -> None:
    aside = restore(sqlite_url, saved, NOW).aside

    assert aside == file.with_name("liaison.db.before-restore")
    assert keys(aside) == ["first", "second"]
    assert keys(file) == ["first"]
    assert mode(file) == 0o600
    await admitted(sqlite_url, "third")
    assert keys(file) == ["first", "third"]
    assert verify(sqlite_url) == []


async def test_restoring_twice_keeps_both_old_files(sqlite_url: str, file: Path, saved: Path) -> None:
    first = restore(sqlite_url, saved, NOW).aside
    second = restore(sqlite_url, saved, NOW).aside

    assert first is not None
    assert second == file.with_name("liaison.db.before-restore2")
    assert keys(first) == ["first", "second"]


def crashed(file: Path) -> None:
    """Leave the file as a killed process does: what it wrote last is still in the journal beside it."""
    aside = file.with_name("crash")
    aside.mkdir()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO inbox VALUES ('unsettled', '2026-11-23', 'done')")
        connection.commit()
        copies = {path.name: path.read_bytes() for path in file.parent.glob("liaison.db*")}
    for name, content in copies.items():
        (file.parent / name).write_bytes(content)
    aside.rmdir()
    assert (file.parent / "liaison.db-wal").stat().st_size


def test_what_a_crash_left_in_the_journal_goes_with_the_old_file(
    sqlite_url: str, file: Path, saved: Path
) -> None:
    crashed(file)

    aside = restore(sqlite_url, saved, NOW).aside

    assert aside is not None
    assert keys(file) == ["first"]
    assert keys(aside) == ["first", "second", "unsettled"]
    assert not list(file.parent.glob("liaison.db-*"))


def test_a_damaged_database_is_put_aside_with_its_journal(sqlite_url: str, file: Path, saved: Path) -> None:
    crashed(file)
    file.write_bytes(b"nonsense" * 1000)
    journal = Path(f"{file}-wal").read_bytes()

    aside = restore(sqlite_url, saved, NOW).aside

    assert aside is not None
    assert keys(file) == ["first"]
    assert aside.read_bytes() == b"nonsense" * 1000
    assert Path(f"{aside}-wal").read_bytes() == journal
    assert not list(file.parent.glob("liaison.db-*"))


def test_a_lost_database_is_restored_past_the_journal_it_left(
    sqlite_url: str, file: Path, saved: Path
) -> None:
    crashed(file)
    file.unlink()

    assert restore(sqlite_url, saved, NOW).aside is None

    assert keys(file) == ["first"]
    assert not list(file.parent.glob("liaison.db-*"))


def test_a_database_that_is_served_is_not_replaced(sqlite_url: str, file: Path, saved: Path) -> None:
    with RunLock(sqlite_url), pytest.raises(StorageError, match="stop that one first"):
        restore(sqlite_url, saved, NOW)

    assert keys(file) == ["first", "second"]


def test_a_database_that_somebody_reads_is_not_replaced(sqlite_url: str, file: Path, saved: Path) -> None:
    engine = dialects.readonly_engine(dialects.parsed(sqlite_url))
    with engine.connect() as reader:
        dialects.begin(reader, writing=False)
        reader.exec_driver_sql("SELECT count(*) FROM inbox")

        with pytest.raises(StorageError, match="in use by another process"):
            restore(sqlite_url, saved, NOW)
    engine.dispose()

    assert keys(file) == ["first", "second"]
    assert sorted(path.name for path in file.parent.glob("liaison.db.*")) == ["liaison.db.lock"]


@pytest.mark.parametrize(
    ("deed", "complaint"),
    [
        ("UPDATE alembic_version SET version_num = '0099'", "revision 0099"),
        (
            "INSERT INTO roles VALUES (404, '联络员')",
            "roles: row 1 names a row of people that does not exist",
        ),
        ("DROP TABLE alembic_version", "of another program"),
    ],
)
def test_a_backup_that_would_not_serve_is_refused(
    sqlite_url: str, file: Path, saved: Path, deed: str, complaint: str
) -> None:
    with closing(sqlite3.connect(saved)) as connection:
        connection.execute(deed)
        connection.commit()

    with pytest.raises(StorageError, match=complaint):
        restore(sqlite_url, saved, NOW)

    assert keys(file) == ["first", "second"]
    assert sorted(path.name for path in file.parent.glob("liaison.db.*")) == ["liaison.db.lock"]


@pytest.mark.parametrize("content", [b"", b"not a database at all " * 400])
def test_a_file_that_is_no_backup_is_refused(
    sqlite_url: str, file: Path, saved: Path, content: bytes
) -> None:
    saved.write_bytes(content)

    with pytest.raises(StorageError, match=r"is empty|not a database"):
        restore(sqlite_url, saved, NOW)

    assert keys(file) == ["first", "second"]


def test_a_place_that_takes_no_second_name_is_a_plain_sentence(
    sqlite_url: str, file: Path, saved: Path
) -> None:
    # A folder stands where the journal would be put aside.
    crashed(file)
    file.write_bytes(b"nonsense" * 1000)
    Path(f"{file}.before-restore-wal").mkdir()

    with pytest.raises(StorageError, match="could not be put in the place"):
        restore(sqlite_url, saved, NOW)


def letters(tx: Tx) -> dict[str, str]:
    return {row.key: row.state for row in tx.connection.execute(select(outbox))}


async def test_what_a_backup_owed_is_left_to_the_office_unless_it_is_due_later(url: str) -> None:
    async with Store(url) as store:

        def owe(tx: Tx) -> None:
            here = Address("telegram", "7")
            for key, due in (("sent", NOW), ("flying", NOW), ("owed", NOW), ("later", NOW + HOUR)):
                tx.outbox.add(Letter(key, here, "早上好", due), NOW)
            tx.outbox.add(Letter("unaddressed", Address("", ""), "早上好", NOW), NOW)
            tx.outbox.add(Letter("secret", here, "密", NOW, subject=PRIVATE), NOW)
            ids = {row.key: row.id for row in tx.connection.execute(select(outbox))}
            tx.connection.execute(
                update(outbox)
                .where(outbox.c.key.in_(["sent", "flying"]))
                .values(state="claimed", leased_until=NOW)
            )
            tx.dispatch.sent([(ids["sent"], "1")], NOW)

        await store.perform(owe)

    assert set_owed_aside(url, "", NOW) == 3

    async with Store(url) as store:
        found = await store.read(letters)
        left = await store.read(lambda tx: [(each.key, each.kind) for each in tx.leftovers.waiting(9)])
    assert found == {
        "sent": "sent",
        "flying": "failed",
        "owed": "failed",
        "later": "waiting",
        "unaddressed": "waiting",
        "secret": "failed",
    }
    assert left == [("flying", Kind.RESTORED), ("owed", Kind.RESTORED)]
    assert verify(url) == []


async def test_what_went_out_after_the_backup_is_marked_when_it_is_owed_again(
    sqlite_url: str, tmp_path: Path
) -> None:
    def owe(*keys: str) -> Callable[[Tx], None]:
        def do(tx: Tx) -> None:
            for key in keys:
                tx.outbox.add(Letter(key, Address("telegram", "7"), "早上好", NOW), NOW)

        return do

    def send(tx: Tx) -> None:
        claimed = [
            each for _ in range(9) for each in tx.dispatch.claim("telegram", Lane.NOW, 1, NOW, HOUR)[0]
        ]
        tx.dispatch.sent([(each.id, "1") for each in claimed], NOW)

    async with Store(sqlite_url) as store:
        await store.perform(owe("owed"))
        backup(sqlite_url, tmp_path / "saved.db")
        await store.perform(owe("prompt:1"))
        await store.perform(send)

    assert restore(sqlite_url, tmp_path / "saved.db", NOW).owed == 0

    async with Store(sqlite_url) as store:
        await store.perform(owe("prompt:1", "prompt:2"))
        rows = await store.read(lambda tx: list(tx.connection.execute(select(outbox))))
    assert [(row.key, row.state, row.doubts) for row in rows] == [
        ("owed", "sent", 0),
        ("prompt:1", "waiting", 1),
        ("prompt:2", "waiting", 0),
    ]


# --- looking for damage -----------------------------------------------------------------


async def test_a_sound_database_has_nothing_wrong(url: str) -> None:
    await admitted(url, "first", "second")

    assert verify(url) == []


async def test_a_changed_trail_is_found(url: str) -> None:
    await admitted(url, "first", "second")
    engine = dialects.writer_engine(dialects.parsed(url))
    with engine.connect() as connection:
        seal = "audit_no_update" if "sqlite" in url else "audit_sealed ON audit"
        connection.exec_driver_sql(f"DROP TRIGGER {seal}")
        connection.exec_driver_sql("UPDATE audit SET action = 'x' WHERE id = 2")
    engine.dispose()

    (fault,) = verify(url)

    assert fault.startswith("audit: entry 2 does not follow")


def test_a_reference_to_nothing_is_found(sqlite_url: str, file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("INSERT INTO roles VALUES (404, '联络员')")
        connection.commit()

    assert verify(sqlite_url) == ["roles: row 1 names a row of people that does not exist"]


def test_a_damaged_file_is_found_whatever_else_can_be_read(sqlite_url: str, file: Path) -> None:
    damage(file)
    assert verify(sqlite_url)

    file.write_bytes(b"nonsense" * 1000)
    (fault,) = verify(sqlite_url)
    assert "file is not a database" in fault


def test_a_database_without_a_trail_cannot_be_verified(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "empty.db")) as connection:
        connection.execute("CREATE TABLE t (x)")

    with pytest.raises(StorageError, match="the audit trail cannot be read"):
        verify(f"sqlite:///{tmp_path}/empty.db")


# --- rehearsing -------------------------------------------------------------------------


def rehearsing(folder: Path) -> list[Path]:
    """Return what a rehearsal has left lying about."""
    return list(folder.glob("*.drill*"))


async def test_a_rehearsal_keeps_the_backup_and_counts_what_came_back(url: str, tmp_path: Path) -> None:
    await admitted(url, "first", "second")

    drilled = drill(url)

    assert (drilled.rows, drilled.faults) == (4, ())
    if "sqlite" in url:
        assert drilled.copy == "liaison.db.backup"
        assert keys(tmp_path / "liaison.db.backup") == ["first", "second"]
        assert not rehearsing(tmp_path)


async def test_a_rehearsal_finds_what_breaks_a_rule(url: str, tmp_path: Path) -> None:
    """And keeps the backup before, which was without faults."""
    await admitted(url, "first")
    drill(url)
    async with Store(url) as store:
        await store.perform(
            lambda tx: tx.connection.exec_driver_sql("UPDATE inbox SET state = 'dead' WHERE key = 'first'")
        )

    assert drill(url).faults == ("what could not be handled was not kept: first",)
    if "sqlite" in url:
        assert not rehearsing(tmp_path)
        with closing(sqlite3.connect(tmp_path / "liaison.db.backup")) as kept:
            assert kept.execute("SELECT state FROM inbox").fetchone() != ("dead",)


def test_a_rehearsal_without_room_is_a_plain_sentence(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: shutil._ntuple_diskusage(9, 9, 0))

    with pytest.raises(StorageError, match="0 MB are free"):
        drill(sqlite_url)
