"""The week that everything is held against."""

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.faults import sweep
from tests.faults.sweep import Outcome


@pytest.fixture(scope="session")
def strace() -> None:
    """Fail where the tool is missing: what it does cannot be done without it."""
    if shutil.which("strace") is None:
        pytest.fail("needs strace (Debian package strace)")


@pytest.fixture(scope="session")
def week(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """The database to begin with, and the week in which nothing goes wrong."""

    async def played() -> tuple[Path, Outcome]:
        folder = tmp_path_factory.mktemp("week")
        database = await sweep.prepared(folder)
        return database, await sweep.played(database, folder / "plain")

    return asyncio.run(played())
