"""Plays the script against a process that dies where it is told to, and holds what came of it together."""

import asyncio
import os
import re
import shutil
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from bot import texts
from bot.clock import VirtualClock
from bot.domain.people import Language
from storage.migrate import migrate
from storage.store import Store
from tests.botapi import BotApi
from tests.command import PATIENCE, TOKEN
from tests.faults import county, program

SWEEP = os.environ.get("SWEEP", "2")
"""How much is played: so many cases of each kind, or ``all``."""
AGAIN = texts.load().say(Language.CHINESE, "delivery.again")
_CONTEXT = get_context("forkserver")
# What takes long to import is imported once; each process is a copy.
_CONTEXT.set_forkserver_preload(["tests.faults.program"])
_BEYOND_US = {
    "outbox": {"message", "attempts", "doubts", "leased_until", "sent_at", "token", "buttons"},
    "chats": {"heard_at"},
    "reports": {"source"},
    "problems": {"source"},
}
"""Columns in which a death may show: how often a letter was tried, and how the platform calls it."""
_TOLD_OF_LOSS = ("outbox", "audit", "dead_letters", "sqlite_sequence")
_LEFT_TO_THE_OFFICE = "没送到"
_ANCHOR = re.compile(r"留痕码 \S+")
_GLANCE = 0.002
_OWED = """
    SELECT 1 FROM outbox WHERE platform <> '' AND state IN ('waiting', 'claimed') AND due_at <= ? LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the script came to: the database, what Telegram accepted, and how often the process died."""

    rows: dict[str, list[tuple[Any, ...]]]
    accepted: Counter[tuple[int, str]]
    doubts: Counter[tuple[int, str]]
    given_up: Counter[tuple[int, str]]
    confirmed: list[int]
    deaths: int


async def prepared(folder: Path) -> Path:
    """Return a database with the county in it, to be copied."""
    file = folder / "county.db"
    migrate(f"sqlite:///{file}")
    async with Store(f"sqlite:///{file}") as store:
        await store.perform(
            lambda tx: tx.rosters.apply(
                county.roster(), county.START.date(), county.START.astimezone(UTC), zone=county.ZONE
            )
        )
    return file


async def played(
    database: Path, folder: Path, *failpoints: str, bug: str = "", patience: float = PATIENCE
) -> Outcome:
    """Play the script; the process dies at each failpoint in turn, and is started anew."""
    copied(database, folder)
    clock = VirtualClock(county.START)
    async with BotApi(TOKEN, clock=clock) as api:
        stage = Stage(folder, api, clock, failpoints, bug, patience)
        async with stage.on():
            for step in county.script():
                await stage.take(step)
        return stage.outcome()


def copied(database: Path, folder: Path) -> None:
    folder.mkdir()
    shutil.copyfile(database, folder / "liaison.db")


class Stage:
    """One run: the process, started again whenever it dies, and the clock they share."""

    def __init__(
        self,
        folder: Path,
        api: BotApi,
        clock: VirtualClock,
        failpoints: Sequence[str] = (),
        bug: str = "",
        patience: float = PATIENCE,
        *,
        durable: bool = False,
    ) -> None:
        self.deaths = 0
        self.off = timedelta(0)
        """By how much the machine's clock is off."""
        self._folder = folder
        self._api = api
        self._clock = clock
        self._failpoints = list(failpoints)
        self._bug = bug
        self._patience = patience
        self._durable = durable
        self._process: BaseProcess | None = None
        self._orders: Connection | None = None

    @asynccontextmanager
    async def on(self) -> AsyncIterator[None]:
        """Have the process run, and end it at the end."""
        self._start()
        try:
            yield
        finally:
            if self._process is not None and self._process.pid is not None and self._process.is_alive():
                os.kill(self._process.pid, signal.SIGKILL)
                self._process.join()

    async def take(self, step: county.Step) -> None:
        """Let the step's moment come, let somebody do what they do, and wait until all is done and sent."""
        self._clock.set(step.at)
        await self.beat()
        if step.do is not None:
            step.do(self._api)
            await self._settled()
            await self.beat()

    def outcome(self) -> Outcome:
        """Return what it came to."""
        database = self._folder / "liaison.db"
        return Outcome(
            _rows(database),
            Counter((each.chat, each.text) for each in self._api.sent),
            _letters(database, "doubts"),
            _letters(database, "state = 'failed'"),
            list(self._api.confirmed),
            self.deaths,
        )

    @property
    def pid(self) -> int:
        """The number of the process as it is now."""
        assert self._process is not None
        assert self._process.pid is not None
        return self._process.pid

    def kill(self) -> None:
        """Let the process die now."""
        os.kill(self.pid, signal.SIGKILL)
        self._buried()

    async def beat(self) -> None:
        """Let the process do what is due, as often as it dies of it."""
        while True:
            if self._orders is None:
                self._start()
                continue
            try:
                self._orders.send((self._clock.now(), self.off))
                await self._answered()
            except (EOFError, OSError):
                self._buried()
                continue
            await self._settled()
            return

    async def _answered(self) -> None:
        orders = self._orders
        assert orders is not None
        async with asyncio.timeout(self._patience):
            while not orders.poll():  # noqa: ASYNC110 -- another process tells our loop nothing
                await asyncio.sleep(_GLANCE)
        orders.recv()

    async def _settled(self) -> None:
        async with asyncio.timeout(self._patience):
            while not self._is_quiet():
                if self._process is None or not self._process.is_alive():
                    self._buried()
                    self._start()
                await asyncio.sleep(_GLANCE)

    def _is_quiet(self) -> bool:
        if self._api.pending:
            return False
        now = self._clock.now().replace(tzinfo=None).isoformat(" ", "microseconds")
        with closing(_opened(self._folder / "liaison.db")) as connection:
            return connection.execute(_OWED, (now,)).fetchone() is None

    def _start(self) -> None:
        ours, theirs = _CONTEXT.Pipe()
        failpoint = self._failpoints.pop(0) if self._failpoints else ""
        given = (
            self._folder,
            self._api.base,
            self._clock.now(),
            self.off,
            theirs,
            failpoint,
            self._bug,
            self._durable,
        )
        self._process = _CONTEXT.Process(target=program.main, args=given, daemon=True)
        self._process.start()
        theirs.close()
        self._orders = ours

    def _buried(self) -> None:
        assert self._process is not None
        self._process.join(PATIENCE)
        assert self._process.exitcode == -signal.SIGKILL, self._process.exitcode
        self.deaths += 1
        if self._orders is not None:
            self._orders.close()
        self._process = self._orders = None


def _opened(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True)


def _rows(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, without the columns in which a death may show."""
    found = {}
    with closing(_opened(database)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            kept = ", ".join(f'"{name}"' for name in names if name not in _BEYOND_US.get(table, ()))
            found[table] = sorted(connection.execute(f"SELECT {kept} FROM {table}").fetchall(), key=repr)  # noqa: S608
    return found


def _letters(database: Path, count: str) -> Counter[tuple[int, str]]:
    with closing(_opened(database)) as connection:
        rows = connection.execute(
            f"SELECT chat, text, sum({count}) FROM outbox WHERE platform <> '' GROUP BY chat, text"  # noqa: S608
        )
        return Counter({(int(chat), text): count for chat, text, count in rows if count})


def otherwise(plain: Outcome, other: Outcome) -> list[str]:
    """Return what is otherwise where things were only done in another order; no message is ever marked."""
    found = [
        f"{table}: lost {set(rows) - set(other.rows[table])}, new {set(other.rows[table]) - set(rows)}"
        for table, rows in plain.rows.items()
        if rows != other.rows[table] and table not in _TOLD_OF_LOSS
    ]
    if sorted(plain.confirmed) != sorted(other.confirmed):
        found.append(f"confirmed {other.confirmed}, not {plain.confirmed}")
    here, there = (
        Counter((chat, _ANCHOR.sub("", text)) for chat, text in each.accepted.elements())
        for each in (plain, other)
    )
    return [*found, *(f"lost {each}" for each in here - there), *(f"new {each}" for each in there - here)]


def differences(plain: Outcome, other: Outcome) -> list[str]:
    """Return what is otherwise than where nothing died: rows, updates, messages lost or doubled unmarked.

    A letter that two deaths left in doubt is given up, and the office told.
    """
    excused = _TOLD_OF_LOSS if other.given_up else ()
    found = [
        f"{table}: lost {set(rows) - set(other.rows[table])}, new {set(other.rows[table]) - set(rows)}"
        for table, rows in plain.rows.items()
        if rows != other.rows[table] and table not in excused
    ]
    if sorted(plain.confirmed) != sorted(other.confirmed):
        found.append(f"confirmed {other.confirmed}, not {plain.confirmed}")
    for (chat, text), times in plain.accepted.items():
        bare, marked = other.accepted[chat, text], other.accepted[chat, f"{AGAIN}\n{text}"]
        doubts, lost = other.doubts[chat, text], other.given_up[chat, text]
        if not (times - doubts <= bare <= times and marked <= doubts and bare + marked >= times - lost):
            found.append(f"{chat} got {text!r} {bare} times and {marked} marked, with {doubts} doubts")
    known = {*plain.accepted, *((chat, f"{AGAIN}\n{text}") for chat, text in plain.accepted)}
    new = other.accepted.keys() - known
    told = {each for each in new if each[0] == county.OFFICE and _LEFT_TO_THE_OFFICE in each[1]}
    found += [f"{chat} was also told {text!r}" for chat, text in new - told]
    if len(told) != other.given_up.total():
        found.append(f"the office was told {told}, and given up were {other.given_up}")
    return found
