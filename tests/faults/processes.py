"""Several processes of a county: the real command, a real PostgreSQL, a Bot API, a line to cut."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import psycopg

from bot.clock import SystemClock
from storage.store import Store
from tests.botapi import BotApi
from tests.botapi_http import Connection
from tests.botapi_rules import Refusal
from tests.command import PATIENCE, TOKEN, Running, started
from tests.faults.county import ZONE
from tests.faults.town import LIAISON, roster, settings

QUICK = """
from handlers import leases
leases.Leases.__init__.__kwdefaults__["times"] = leases.Times(6.0, 8.0, 0.5, 0.2, 3.0)
"""
"""Leases that are over after eight seconds rather than twenty."""
ELSEWHERE = """
import os
from storage import holder
holder._machine = lambda: ["machine of", str(os.getpid())]
"""
"""A process of another machine, of which nobody can tell whether it has ended."""
MAIN = "from bot.__main__ import main; main()"


def dies_at(failpoint: str) -> str:
    """Let a process come to something at a step."""
    return f"from bot import failpoints; failpoints.arm({failpoint!r})\n"


class Telegram(BotApi):
    """The Bot API, which also counts how often two asked for updates at once."""

    def __init__(self, token: str = TOKEN) -> None:
        super().__init__(token)
        self.conflicts = 0

    def _refuse(self, connection: Connection, refusal: Refusal) -> None:
        self.conflicts += refusal.code == 409
        super()._refuse(connection, refusal)

    def answers(self, liaison: int) -> list[str]:
        """Return what a liaison was sent."""
        return [each.text for each in self.sent if each.chat == LIAISON + liaison]


class Town:
    """The county of `tests.faults.town` on PostgreSQL, and the processes that serve it."""

    def __init__(self, folder: Path, url: str, api: Telegram) -> None:
        self.url = url
        self.api = api
        self._folder = folder

    async def is_peopled(self, schema: str = "") -> None:
        """Let everybody be there."""
        now = SystemClock().now()
        async with Store(self.url, schema=schema) as store:
            await store.perform(lambda tx: tx.rosters.apply(roster(), now.date(), now, zone=ZONE))

    def process(
        self, name: str, *patches: str, url: str = "", health: str = ""
    ) -> AbstractAsyncContextManager[Running]:
        """Start a process in a folder of its own."""
        folder = self._folder / name
        folder.mkdir()
        file = folder / "config.toml"
        lines = settings(self.api).replace('office.listen = ""', f'office.listen = "{health}"')
        file.write_text(f'{lines}\ndatabase.url = "{url or self.url}"\n', encoding="utf-8")
        file.chmod(0o600)
        return started("run", cwd=folder, program=(sys.executable, "-c", "".join(patches) + MAIN))

    def asked(self, question: str) -> list[Any]:
        """Return the rows that answer a question."""
        with psycopg.connect(self.url.replace("+psycopg", "")) as connection:
            return connection.execute(question).fetchall()

    async def until(self, is_true: Callable[[], bool]) -> None:
        """Wait for something that no process tells us of."""
        async with asyncio.timeout(PATIENCE):
            while not is_true():  # noqa: ASYNC110 -- a row says nothing to our loop
                await asyncio.sleep(0.1)

    def epoch(self) -> int:
        """Return how often the lease of Telegram was taken."""
        return sum(row[0] for row in self.asked("SELECT epoch FROM leases WHERE name = 'telegram'"))

    def beats(self) -> int:
        """Return how often it was renewed."""
        return sum(row[0] for row in self.asked("SELECT beats FROM leases WHERE name = 'telegram'"))

    def owes(self) -> int:
        """Return how many letters have not come to their end."""
        found = self.asked("SELECT count(*) FROM outbox WHERE state IN ('waiting', 'claimed')")
        return int(found[0][0])


class Line:
    """A line to PostgreSQL that can go dead without a word, and be cut."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        host = parse_qs(urlsplit(url).query)["host"][0]
        self._server = f"{host}/.s.PGSQL.5432"
        self.url = url.replace(host, str(folder))
        self._alive = asyncio.Event()
        self._alive.set()
        self._streams: set[asyncio.StreamWriter] = set()
        self._listening: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.mended()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.is_cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def goes_dead(self) -> None:
        """Carry nothing more, and let nobody know."""
        self._alive.clear()

    async def mended(self) -> None:
        """Carry everything again."""
        self._alive.set()
        if self._listening is None:
            self._listening = await asyncio.start_unix_server(self._carry, self._folder / ".s.PGSQL.5432")

    def is_cut(self) -> None:
        """End every connection, and take no new one."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        for stream in list(self._streams):
            stream.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(self._server)
        self._streams |= {writer, back}
        for one, other in ((reader, back), (there, writer)):
            task = asyncio.create_task(self._pump(one, other))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while read := await reader.read(65536):
                await self._alive.wait()
                writer.write(read)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()
            self._streams.discard(writer)
