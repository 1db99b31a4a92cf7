"""Plays the script against a process that dies where it is told to, and holds what came of it together.

The week is played once with nobody dying, and what stands after each of its steps is kept: the file, and what
the platform knows. A death then costs two steps, not a week: the one in which somebody dies, from what
stood before it, and the next; and must come to what stood there then.
"""

import asyncio
import fcntl
import os
import pickle
import re
import shutil
import signal
import sqlite3
import tempfile
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

from bot import texts
from bot.clock import VirtualClock
from bot.domain.people import Language
from storage.migrate import migrate
from storage.store import Store
from tests.command import PATIENCE
from tests.faults import county, program
from tests.faults.county import Step
from tests.faults.places import Letter, Place, State, place_of
from tests.faults.program import FILE, TRACE, Part

AGAIN = texts.load().say(Language.CHINESE, "delivery.again")
_CONTEXT = get_context("forkserver")
# What takes long to import and to compile is done once; each process is a copy.
_CONTEXT.set_forkserver_preload(["tests.faults.rehearsal"])
_BEYOND_US = {
    "outbox": {"message", "attempts", "doubts", "leased_until", "sent_at", "token", "buttons"},
    "chats": {"heard_at"},
    "reports": {"source"},
    "problems": {"source"},
}
"""Columns in which a death may show: how often a letter was tried, and how the platform calls it."""
_DIGEST = re.compile("[0-9a-f]{64}")
_NAMED_BY_DIGEST = ("inbox", "outbox")
"""Where WeCom's presses, which have no number, are named by what a button sends: drawn anew each time."""
_TOLD_OF_LOSS = ("outbox", "audit", "dead_letters", "sqlite_sequence")
_LEFT_TO_THE_OFFICE = "没送到"
_ANCHOR = re.compile(r"留痕码 \S+")
_ITS_CARD = "要办公室处理"
_GLANCE = 0.002
_OWED = """
    SELECT 1 FROM outbox WHERE platform <> '' AND state IN ('waiting', 'claimed') AND due_at <= ? LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the script came to: the database, what the platform accepted, how often the process died."""

    rows: dict[str, list[tuple[Any, ...]]]
    accepted: Counter[tuple[str, str]]
    doubts: Counter[Letter]
    given_up: Counter[Letter]
    confirmed: list[str]
    deaths: int


class Point(NamedTuple):
    """A place to die: in which step of the script, and where there."""

    step: int
    failpoint: str

    @property
    def kind(self) -> str:
        return self.failpoint.partition(":")[0]


@dataclass
class Plan:
    """A week in which nothing dies: what stood before each step, what after it, and every place to die."""

    place: str
    folder: Path
    script: list[Step] = field(default_factory=lambda: list(county.whole_script()))
    before: list[State] = field(default_factory=list)
    after: list[Outcome] = field(default_factory=list)
    points: dict[str, list[Point]] = field(default_factory=lambda: defaultdict(list))

    def file(self, step: int) -> Path:
        """Return the database as it was before a step."""
        return self.folder / f"{step}.db"

    def moment(self, step: int) -> datetime:
        """Return when a process begins that is to play a step."""
        return self.script[step - 1].at if step else county.START


async def planned_once(name: str, folder: Path) -> Plan:
    """Return the plan in a folder, made by whichever process comes first; the others wait for it."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 -- nothing else waits
    kept = folder / "plan.pickle"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kept.exists():
            before, after, points = pickle.loads(kept.read_bytes())  # noqa: S301 -- ours
            return Plan(name, folder, before=before, after=after, points=points)
        plan = await planned(name, Path(tempfile.mkdtemp(dir=folder)))
        for file in plan.folder.glob("*.db"):
            file.rename(folder / file.name)
        plan.folder = folder
        kept.write_bytes(pickle.dumps((plan.before, plan.after, plan.points)))
    return plan


async def planned(name: str, folder: Path) -> Plan:
    """Play the week without a death, with a process of its own for each step."""
    plan = Plan(name, folder)
    (await prepared(folder, name)).rename(plan.file(0))
    clock = VirtualClock(county.START)
    async with place_of(name, clock) as place:
        for number, step in enumerate(plan.script):
            plan.before.append(place.state())
            stage = Stage(folder / f"plain{number}", place, clock, [TRACE])
            copied(plan.file(number), stage.folder)
            async with stage.on():
                await stage.take(step)
            plan.after.append(stage.outcome())
            _kept(stage.file, plan.file(number + 1))
            for failpoint in (stage.folder / TRACE).read_text(encoding="utf-8").split():
                point = Point(number, failpoint)
                plan.points[point.kind].append(point)
    return plan


async def prepared(folder: Path, platform: str = "telegram") -> Path:
    """Return a database with the county in it, everybody on one platform, to be copied."""
    file = folder / "county.db"
    migrate(f"sqlite:///{file}")
    async with Store(f"sqlite:///{file}") as store:
        await store.perform(
            lambda tx: tx.rosters.apply(
                county.roster(platform), county.START.date(), county.START.astimezone(UTC), zone=county.ZONE
            )
        )
    return file


def copied(database: Path, folder: Path) -> None:
    """Begin a folder with a copy of a database."""
    folder.mkdir(parents=True)
    shutil.copyfile(database, folder / FILE)


async def played(
    database: Path, folder: Path, *failpoints: str, bug: str = "", patience: float = PATIENCE
) -> Outcome:
    """Play the small week on Telegram; the process dies at each failpoint in turn, and is started anew."""
    copied(database, folder)
    clock = VirtualClock(county.START)
    async with place_of("telegram", clock) as place:
        stage = Stage(folder, place, clock, failpoints, bug, patience)
        async with stage.on():
            for step in county.script():
                await stage.take(step)
        return stage.outcome()


async def found(
    plan: Plan, folder: Path, point: Point, *more: str, bug: str = "", patience: float = PATIENCE
) -> tuple[list[str], Outcome]:
    """Die at a point, and at the others after it; Return what is otherwise than without, and the outcome."""
    clock = VirtualClock(plan.moment(point.step))
    async with place_of(plan.place, clock) as place:
        place.resume(plan.before[point.step])
        stage = Stage(folder, place, clock, [point.failpoint, *more], bug, patience)
        copied(plan.file(point.step), folder)
        async with stage.on():
            await stage.take(plan.script[point.step])
            outcome, last = stage.outcome(), point.step
            if last + 1 < len(plan.script):
                try:
                    await stage.take(plan.script[last + 1])
                except LookupError:
                    # Who was to press what was given up cannot go on; the office is told.
                    if not outcome.given_up:
                        raise
                else:
                    outcome, last = stage.outcome(), last + 1
        return differences(plan.after[last], outcome, place), outcome


class Stage:
    """One run: the process, started again whenever it dies, and the clock they share."""

    def __init__(
        self,
        folder: Path,
        place: Place,
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
        self.folder = folder
        self.file = folder / FILE
        self._place = place
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

    def outcome(self) -> Outcome:
        """Return what it has come to."""
        return Outcome(
            _rows(self.file),
            self._place.accepted,
            _letters(self.file, "doubts"),
            _letters(self.file, "state = 'failed'"),
            self._place.confirmed,
            self.deaths,
        )

    async def take(self, step: Step) -> None:
        """Let the step's moment come, let somebody do what they do, and wait until all is done and sent."""
        self._clock.set(step.at)
        await self.beat()
        if step.do is not None:
            step.do(self._place)
            await self._settled()
            await self.beat()

    @property
    def now(self) -> datetime:
        """The moment that the process is told."""
        return self._clock.now()

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
            while not is_quiet(self._place, self.file, self._clock.now()):
                if self._process is None or not self._process.is_alive():
                    self._buried()
                    self._start()
                await asyncio.sleep(_GLANCE)

    def _start(self) -> None:
        ours, theirs = _CONTEXT.Pipe()
        failpoint = self._failpoints.pop(0) if self._failpoints else ""
        part = Part(
            self.folder,
            self._place.settings,
            self._clock.now(),
            failpoint,
            self._bug,
            self.off,
            self._durable,
        )
        self._process = _CONTEXT.Process(target=program.main, args=(part, theirs), daemon=True)
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


def is_quiet(place: Place, database: Path, now: datetime) -> bool:
    """Tell whether everything that people did was taken, and everything owed was sent."""
    if not place.is_quiet:
        return False
    moment = now.replace(tzinfo=None).isoformat(" ", "microseconds")
    with closing(_opened(database)) as connection:
        return connection.execute(_OWED, (moment,)).fetchone() is None


def _opened(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True)


def _kept(database: Path, to: Path) -> None:
    with closing(sqlite3.connect(database)) as old, closing(sqlite3.connect(to)) as new:
        old.backup(new)


def _rows(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, without the columns in which a death may show."""
    rows = {}
    with closing(_opened(database)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            kept = ", ".join(f'"{name}"' for name in names if name not in _BEYOND_US.get(table, ()))
            every = connection.execute(f"SELECT {kept} FROM {table}").fetchall()  # noqa: S608
            if table in _NAMED_BY_DIGEST:
                every = [
                    tuple(_DIGEST.sub("…", each) if isinstance(each, str) else each for each in row)
                    for row in every
                ]
            rows[table] = sorted(every, key=repr)
    return rows


def _letters(database: Path, count: str) -> Counter[Letter]:
    with closing(_opened(database)) as connection:
        rows = connection.execute(
            f"SELECT chat, text, paper_id IS NOT NULL AS encloses, sum({count}) FROM outbox "  # noqa: S608
            "WHERE platform <> '' GROUP BY chat, text, encloses"
        )
        return Counter({(chat, text, bool(encloses)): count for chat, text, encloses, count in rows if count})


def otherwise(plain: Outcome, other: Outcome) -> list[str]:
    """Return what is otherwise where things were only done in another order; no message is ever marked."""
    wrong = [
        f"{table}: lost {set(rows) - set(other.rows[table])}, new {set(other.rows[table]) - set(rows)}"
        for table, rows in plain.rows.items()
        if rows != other.rows[table] and table not in _TOLD_OF_LOSS
    ]
    if sorted(plain.confirmed) != sorted(other.confirmed):
        wrong.append(f"confirmed {other.confirmed}, not {plain.confirmed}")
    here, there = (
        Counter((chat, _ANCHOR.sub("", text)) for chat, text in each.accepted.elements())
        for each in (plain, other)
    )
    return [*wrong, *(f"lost {each}" for each in here - there), *(f"new {each}" for each in there - here)]


def differences(plain: Outcome, other: Outcome, place: Place) -> list[str]:
    """Return what is otherwise than where nothing died: rows, updates, messages lost or doubled unmarked.

    A letter that two deaths left in doubt is given up, and the office told.
    """
    excused = _TOLD_OF_LOSS if other.given_up else ()
    wrong = [
        f"{table}: lost {set(rows) - set(other.rows[table])}, new {set(other.rows[table]) - set(rows)}"
        for table, rows in plain.rows.items()
        if rows != other.rows[table] and table not in excused
    ]
    if sorted(plain.confirmed) != sorted(other.confirmed):
        wrong.append(f"confirmed {other.confirmed}, not {plain.confirmed}")
    for (chat, text), times in plain.accepted.items():
        bare, marked = other.accepted[chat, text], other.accepted[chat, f"{AGAIN}\n{text}"]
        doubts, lost = place.doubts(other.doubts, chat, text), place.given_up(other.given_up, chat, text)
        most = times if place.is_marked(text) else times + doubts
        # What was given up had its doubts, though none that doubles where the platform drops repeats.
        is_told = times - max(doubts, lost) <= bare <= most and bare + marked >= times - lost
        if not (is_told and marked <= doubts):
            wrong.append(f"{chat} got {text!r} {bare} times and {marked} marked, with {doubts} doubts")
    known = {*plain.accepted, *((chat, f"{AGAIN}\n{text}") for chat, text in plain.accepted)}
    known |= {
        (chat, mark)
        for chat, mark in other.accepted
        if mark == f"{AGAIN}\n" and place.doubts(other.doubts, chat, "")
    }
    new = other.accepted.keys() - known
    told = {each for each in new if each[0] == place.chat("zhao") and _LEFT_TO_THE_OFFICE in each[1]}
    wrong += [f"{chat} was also told {text!r}" for chat, text in new - told if _ITS_CARD not in text]
    if len(told) != other.given_up.total():
        wrong.append(f"the office was told {told}, and given up were {other.given_up}")
    return wrong
