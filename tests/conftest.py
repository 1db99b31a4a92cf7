"""What every test may ask for: an empty database, and a county in it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import settings

from storage.migrate import migrate
from storage.store import Store
from tests import compiled
from tests.canary import (
    pytest_runtest_logstart,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)
from tests.servers import admin, postgresql_url, server  # noqa: F401 -- fixtures
from tests.world import World
from tests.world import world as make_world

__all__ = [
    "pytest_runtest_logstart",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodedown",
]

compiled.share()
# How long an example takes is the machine's affair; a deadline would be a clock on the wall.
settings.register_profile("ours", deadline=None)
settings.load_profile("ours")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


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


@pytest.fixture(scope="session")
def _peopled(empty_database: Path) -> tuple[Path, dict[str, int]]:
    """A file with a small county in it, and which id everybody and everything has."""
    file = shutil.copyfile(empty_database, empty_database.with_name("peopled.db"))

    async def fill() -> dict[str, int]:
        async with Store(f"sqlite:///{file}") as store:
            county = make_world(store)
            await county.is_peopled()
            return county.ids

    return file, asyncio.run(fill())


@pytest.fixture
async def world(_peopled: tuple[Path, dict[str, int]], tmp_path: Path) -> AsyncIterator[World]:
    """A small county on Monday, 23 November 2026, 08:55."""
    peopled, ids = _peopled
    file = shutil.copyfile(peopled, tmp_path / "liaison.db")
    async with Store(f"sqlite:///{file}") as store:
        county = make_world(store)
        county.ids |= ids
        yield county
