"""A power cut costs nothing that was confirmed, wherever it comes (FAULTS section 5.6).

The real command on a real file, seen by strace; what the disk would hold is rebuilt for a cut beside each
kind of call (at length: forty times), and looked over as a start and `liaison verify` would.
What does less than it should is found: NORMAL instead of FULL, a checkpoint that syncs nothing.
"""

import asyncio
import random
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.errors import StorageError
from storage import backup, soundness
from storage.migrate import migrate
from storage.store import Store
from tests.at_length import AT_LENGTH, SWEEP, takes_long
from tests.botapi import BotApi
from tests.command import PATIENCE, PROGRAM, TOKEN, started
from tests.faults import county, tally, town
from tests.faults.disk import Call, Disk, Moment, is_on_it, is_whole, moments, traced
from tests.faults.program import FILE
from tests.faults.test_kill import key

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("strace")]


SEEDS = 4 if AT_LENGTH else 1
CUTS = 40 if AT_LENGTH else int(SWEEP)
"""How many at the beginnings of each kind of call, and at its ends."""
ANEW = 6 if AT_LENGTH else 2
"""So often the journal is brought home and begun anew beside the writer, while people say something."""
_BOT = "import runpy; runpy.run_module('bot', run_name='__main__')"
NORMAL = f"""
from storage import dialects
real = dialects._prepare_sqlite
def prepared(connection, record):
    real(connection, record)
    connection.execute("PRAGMA synchronous = NORMAL")
dialects._prepare_sqlite = prepared
{_BOT}
"""
UNSYNCED = f"""
from storage import copies
real = copies.connected
def connected(path, *, writing=False):
    connection = real(path, writing=writing)
    connection.execute("PRAGMA synchronous = OFF")
    return connection
copies.connected = connected
{_BOT}
"""
LESS = {"normal": NORMAL, "unsynced": UNSYNCED}
"""The program, but for how the writer commits, or how the journal is brought home."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a program did to its disk, and what people had told it."""

    folder: Path
    before: Disk
    moments: list[Moment]
    confirmed: list[int]

    def cuts(self, chance: random.Random) -> Iterator["Cut"]:
        """Cut the power beside calls of every kind; Yield what was wrong after each."""
        places = defaultdict(list)
        for number, (call, has_ended) in enumerate(self.moments):
            if call.kind:
                places[call.kind, has_ended].append(number)
        chosen = {number for each in places.values() for number in chance.sample(each, min(len(each), CUTS))}
        disk, known = self.before, Known(self.confirmed)
        for number, moment in enumerate(self.moments):
            disk.sees(moment)
            known.hears(moment.call)
            if number in chosen:
                yield known.missed(moment.call.kind, disk.left(chance), self.folder / "left")
        # Who follows every call comes to what is there.
        assert disk.now() == {
            path.name: path.read_bytes() for path in self.folder.iterdir() if is_on_it(path)
        }


@dataclass(frozen=True, slots=True)
class Cut:
    """What was wrong after a cut beside some call."""

    kind: str
    lost: int = 0
    """How many updates were confirmed and are not known."""
    forgotten: int = 0
    """How many messages went out and are not known to have gone."""
    faults: tuple[str, ...] = ()
    """What is wrong with the file, or why it is not served."""

    @property
    def is_harmless(self) -> bool:
        return not (self.lost or self.forgotten or self.faults)


class Known:
    """What the platform knows by now."""

    def __init__(self, confirmed: list[int]) -> None:
        self._every = confirmed
        self._below = 0
        self._sent: set[tuple[str, str]] = set()

    def hears(self, call: Call) -> None:
        """Hear of a call as it begins: from then on it may have arrived."""
        self._below = max(self._below, call.offered)
        if call.message:
            self._sent.add(call.message)

    def missed(self, kind: str, files: dict[str, bytes], folder: Path) -> Cut:
        """Hold what the platform knows against the files that are left."""
        folder.mkdir()
        try:
            for name, content in files.items():
                (folder / name).write_bytes(content)
            soundness.refuse_damaged(f"sqlite:///{folder / FILE}")
            if faults := backup.verify(f"sqlite:///{folder / FILE}"):
                return Cut(kind, faults=tuple(faults))
            inbox = {row["key"] for row in town.rows(folder / FILE, "SELECT key FROM inbox")}
            gone = town.rows(folder / FILE, "SELECT chat, text FROM outbox WHERE state <> 'waiting'")
        except StorageError as error:
            return Cut(kind, faults=(str(error),))
        finally:
            shutil.rmtree(folder)
        lost = {key(number) for number in self._every if number < self._below} - inbox
        return Cut(kind, len(lost), len(self._sent - {(row["chat"], row["text"]) for row in gone}))


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_a_power_cut_loses_nothing_that_was_confirmed(tmp_path: Path, seed: int) -> None:
    work = await worked(tmp_path, PROGRAM)

    found = list(work.cuts(random.Random(seed)))

    tally.note(
        "power",
        cuts=len(found),
        lost=sum(each.lost for each in found),
        forgotten=sum(each.forgotten for each in found),
        damaged=sum(bool(each.faults) for each in found),
    )
    assert [each for each in found if not each.is_harmless] == []
    kinds = {each.kind for each in found}
    assert {"confirm", "send", f"pwrite64 {FILE}", f"fdatasync {FILE}", f"unlink {FILE}-wal"} <= kinds


@takes_long
@pytest.mark.parametrize("less", LESS)
async def test_who_does_less_is_found(tmp_path: Path, less: str) -> None:
    work = await worked(tmp_path, (sys.executable, "-c", LESS[less]))

    assert any(not each.is_harmless for each in work.cuts(random.Random(0)))


async def worked(folder: Path, program: Sequence[str]) -> Work:
    """Let a program hear and answer people, and be told to stop."""
    place, trace = folder / "work", folder / "trace"
    place.mkdir()
    url, now = f"sqlite:///{place / FILE}", SystemClock().now()
    migrate(url)
    async with Store(url) as store:
        await store.perform(lambda tx: tx.rosters.apply(town.roster(), now.date(), now, zone=county.ZONE))
    before = Disk(place)
    async with BotApi(TOKEN) as api:
        (place / "config.toml").write_text(town.settings(api), encoding="utf-8")
        (place / "config.toml").chmod(0o600)
        async with started("run", cwd=place, program=(*traced(trace), *program)) as running:
            await running.has_said("is ready")
            for n in count():
                api.says(town.LEADER + n % town.LEADERS, "/start")
                api.says(town.LIAISON + n % town.LIAISONS, f"问题 {n}号地块用地指标未批")
                await api.until(lambda: not api.pending, PATIENCE)
                if begun_anew(place / f"{FILE}-wal") >= ANEW:
                    break
            assert await running.stopped() == 0
        async with asyncio.timeout(PATIENCE):
            while not is_whole(trace, running.pid):  # noqa: ASYNC110 -- another process says nothing to our loop
                await asyncio.sleep(0.01)
    return Work(place, before, list(moments(trace)), api.confirmed)


def begun_anew(journal: Path) -> int:
    """Return how often a journal was begun anew: it says so at its beginning."""
    return int.from_bytes(journal.read_bytes()[12:16]) if journal.exists() else 0
