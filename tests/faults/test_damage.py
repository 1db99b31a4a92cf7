"""A database that is damaged, or parted from its journal, is refused and never repaired (FAULTS C7)."""

# ruff: noqa: ASYNC240 -- nothing else waits for these tests' files
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import StorageError
from storage.journal import mark
from storage.soundness import faults, refuse_damaged
from tests.botapi import BotApi
from tests.command import PATIENCE, PROGRAM, TOKEN, Ended, liaison, started
from tests.faults import county, town
from tests.faults.sweep import Outcome

PAGE = 4096
UNUSABLE = 74


def flipped(file: Path, page: int, chance: random.Random) -> None:
    """Turn one bit of a page."""
    content = bytearray(file.read_bytes())
    content[page * PAGE + chance.randrange(PAGE)] ^= 1 << chance.randrange(8)
    file.write_bytes(content)


def scrambled(file: Path) -> None:
    """Write over the pages in which the outbox stands, as a disk does that lost a sector."""
    with closing(sqlite3.connect(file)) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'outbox'").fetchone()[0]
    content = bytearray(file.read_bytes())
    content[(root - 1) * PAGE : root * PAGE] = bytes([0xA5]) * PAGE
    file.write_bytes(content)


@pytest.fixture
def county_file(week: tuple[Path, Outcome], tmp_path: Path) -> Path:
    """A database in which a week has happened."""
    return Path(shutil.copyfile(week[0].parent / "plain" / "liaison.db", tmp_path / "liaison.db"))


@pytest.mark.slow
def test_a_flipped_bit_is_refused_or_changes_no_structure_and_is_never_repaired(county_file: Path) -> None:
    whole, chance = county_file.read_bytes(), random.Random(7)
    refused = 0
    for _ in range(200):
        county_file.write_bytes(whole)
        flipped(county_file, chance.randrange(len(whole) // PAGE), chance)
        damaged = county_file.read_bytes()
        try:
            refuse_damaged(f"sqlite:///{county_file}")
        except StorageError as error:
            told = str(error)
            refused += 1
        else:
            told = ""

        assert bool(told) is ("liaison restore FILE" in told)
        assert faults(county_file) or not told
        assert county_file.read_bytes() == damaged
    assert refused > 5  # most of a file is words and free room


def test_a_sound_database_and_one_that_is_not_there_yet_are_served(county_file: Path) -> None:
    refuse_damaged(f"sqlite:///{county_file}")
    refuse_damaged(f"sqlite:///{county_file}.new")
    refuse_damaged("postgresql://nobody@nowhere/none")

    assert not county_file.with_name("liaison.db.new").exists()


# --- the real command ---------------------------------------------------------------------


async def refused(folder: Path, api: BotApi) -> Ended:
    """Try to run the bot; Return how it ended."""
    (folder / "config.toml").write_text(town.settings(api), encoding="utf-8")
    (folder / "config.toml").chmod(0o600)
    return await liaison("run", cwd=folder)


@pytest.mark.slow
async def test_a_damaged_database_is_not_served_and_a_backup_in_its_place_is(
    county_file: Path, tmp_path: Path
) -> None:
    shutil.copyfile(county_file, tmp_path / "backup.db")
    scrambled(county_file)
    damaged = county_file.read_bytes()
    async with BotApi(TOKEN) as api:
        ended = await refused(tmp_path, api)

        assert ended.code == UNUSABLE
        assert "liaison.db is damaged" in ended.err
        assert "liaison restore FILE" in ended.err
        assert "Traceback" not in ended.err
        assert county_file.read_bytes() == damaged

        assert (await liaison("restore", "backup.db", cwd=tmp_path)).code == 0
        async with started("run", cwd=tmp_path) as running:
            await running.has_said("is ready")
            assert await running.stopped() == 0
    assert (tmp_path / "liaison.db.before-restore").read_bytes()[PAGE:] == damaged[PAGE:]


@pytest.mark.slow
async def test_a_database_without_the_journal_it_was_left_with_is_not_served(
    county_file: Path, tmp_path: Path
) -> None:
    async with BotApi(TOKEN) as api:
        await said_and_killed(tmp_path, api)
        journal = (tmp_path / "liaison.db-wal").rename(tmp_path / "taken-away")

        ended = await refused(tmp_path, api)
        assert ended.code == UNUSABLE
        assert "liaison.db-wal is missing" in ended.err
        assert ended.err.endswith("liaison.db.at-work\n")

        journal.rename(tmp_path / "liaison.db-wal")
        (tmp_path / "liaison.db-shm").unlink()  # what can be made anew is
        await serves_again(tmp_path)
    assert reports(county_file)[-1] == "二期封顶"
    assert not mark(county_file).exists()


@pytest.mark.slow
async def test_who_accepts_the_loss_says_so_and_goes_on(county_file: Path, tmp_path: Path) -> None:
    async with BotApi(TOKEN) as api:
        await said_and_killed(tmp_path, api)
        (tmp_path / "liaison.db-wal").unlink()
        mark(county_file).unlink()

        await serves_again(tmp_path)
    assert faults(county_file) == []


@pytest.mark.slow
async def test_a_journal_that_was_cut_short_is_read_as_far_as_it_goes(
    county_file: Path, tmp_path: Path
) -> None:
    async with BotApi(TOKEN) as api:
        await said_and_killed(tmp_path, api)
        journal = tmp_path / "liaison.db-wal"
        journal.write_bytes(journal.read_bytes()[: -PAGE // 2])

        await serves_again(tmp_path)
    assert faults(county_file) == []
    assert (await liaison("verify", cwd=tmp_path)).code == 0


@pytest.mark.slow
@pytest.mark.usefixtures("mounts")
async def test_a_database_on_a_file_system_that_takes_nothing_is_not_served(
    county_file: Path, tmp_path: Path
) -> None:
    place = tmp_path / "locked"
    place.mkdir()
    county_file.rename(place / "liaison.db")
    locked = 'mount --bind locked locked && mount -o remount,ro,bind locked && exec "$@"'
    async with BotApi(TOKEN) as api:
        words = f'{town.settings(api)}\ndatabase.url = "sqlite:///locked/liaison.db"\n'
        (tmp_path / "config.toml").write_text(words, encoding="utf-8")
        (tmp_path / "config.toml").chmod(0o600)
        inside = ("unshare", "-rm", "sh", "-c", locked, "sh", *PROGRAM)
        ended = await liaison("run", cwd=tmp_path, program=inside)

    assert ended.code == UNUSABLE
    assert "liaison.db" in ended.err
    assert "Traceback" not in ended.err


async def said_and_killed(folder: Path, api: BotApi) -> None:
    """Let somebody report, and the process die once that is confirmed."""
    (folder / "config.toml").write_text(town.settings(api), encoding="utf-8")
    (folder / "config.toml").chmod(0o600)
    async with started("run", cwd=folder) as running:
        await running.has_said("is ready")
        api.says(county.LIU, "二期封顶")
        await api.until(lambda: not api.pending, PATIENCE)


async def serves_again(folder: Path) -> None:
    async with started("run", cwd=folder) as running:
        await running.has_said("is ready")
        assert await running.stopped() == 0


def reports(file: Path) -> list[str]:
    return [row["text"] for row in town.rows(file, "SELECT text FROM reports ORDER BY id")]
