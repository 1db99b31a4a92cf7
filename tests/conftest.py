"""What every test may ask for: an empty database, and a county in it."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.migrate import migrate
from storage.store import Store
from tests import compiled
from tests.world import World
from tests.world import world as make_world

compiled.share()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file; tests copy it, which is quicker than migrating again."""
    file = tmp_path_factory.mktemp("template") / "empty.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
async def open_store(empty_database: Path, tmp_path: Path) -> AsyncIterator[Store]:
    """An open, empty SQLite database of its own."""
    file = tmp_path / "liaison.db"
    shutil.copyfile(empty_database, file)
    async with Store(f"sqlite:///{file}") as store:
        yield store


@pytest.fixture
async def world(open_store: Store) -> World:
    """A small county on Monday, 23 November 2026, 08:55."""
    county = make_world(open_store)
    await county.is_peopled()
    return county
