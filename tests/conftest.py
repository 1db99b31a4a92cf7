"""What every test may ask for: an empty database, and a county in it; which database, `--database` says."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
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
from tests.databases import Databases, Files, Served
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


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let what works on a database be run on a real PostgreSQL."""
    parser.addoption("--database", choices=["sqlite", "postgresql"], default="sqlite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no worker is left alone with it at the end."""
    if config.getoption("database") == "postgresql":
        # Whatever takes no database, or takes both, is no other with it.
        same = {item for item in items if "databases" not in getattr(item, "fixturenames", ())}
        config.hook.pytest_deselected(items=list(same))
        items[:] = [item for item in items if item not in same]
        for item in items:
            if item.get_closest_marker("sqlite"):
                item.add_marker(pytest.mark.skip(reason="it is about SQLite or its file"))
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file; tests copy it, which is quicker than migrating again."""
    file = tmp_path_factory.mktemp("template") / "empty.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest) -> Databases:
    """Where the tests' databases come from: SQLite, unless `--database` says otherwise."""
    if request.config.getoption("database") == "sqlite":
        return Files(request.getfixturevalue("empty_database"))
    return Served(request.getfixturevalue("server"), request.getfixturevalue("admin"))


@pytest.fixture
def copied(databases: Databases, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Copies of a template, an empty database unless a test says otherwise; they go with the test."""
    made: list[str] = []

    def copy(name: str = "liaison", template: str = "empty") -> str:
        made.append(databases.copy(template, tmp_path / f"{name}.db"))
        return made[-1]

    yield copy
    for url in made:
        databases.drop(url)


@pytest.fixture
async def open_store(copied: Callable[..., str]) -> AsyncIterator[Store]:
    """An open, empty database of its own."""
    async with Store(copied()) as store:
        yield store


@pytest.fixture(scope="session")
def _peopled(databases: Databases) -> dict[str, int]:
    """Make a template with a small county in it; Return which id everybody and everything has."""

    async def fill() -> dict[str, int]:
        async with Store(databases.template("peopled")) as store:
            county = make_world(store)
            await county.is_peopled()
            return county.ids

    return asyncio.run(fill())


@pytest.fixture
async def world(_peopled: dict[str, int], copied: Callable[..., str]) -> AsyncIterator[World]:
    """A small county on Monday, 23 November 2026, 08:55."""
    async with Store(copied(template="peopled")) as store:
        county = make_world(store)
        county.ids |= _peopled
        yield county


@pytest.fixture(scope="session")
def mounts() -> None:
    """Skip where nobody may mount a file system in a name space of their own."""
    words = ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    if shutil.which("unshare") is None or subprocess.run(words, capture_output=True, check=False).returncode:  # noqa: S603 -- ours
        pytest.skip("nobody may mount a file system here")
