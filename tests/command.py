"""The real command in a process of its own, as an operator starts it."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.canary import MARK

ROOT = Path(__file__).parents[1]
TOKEN = f"42:{MARK}" + "loopback" * 4
"""Has the shape of a real one, and opens nothing."""

PATIENCE = 180.0
PROGRAM = (sys.executable, "-m", "bot")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


class Running:
    """A command that has been started and not yet ended; what it says is kept in files."""

    def __init__(self, process: asyncio.subprocess.Process, out: Path, err: Path) -> None:
        self._process = process
        self._out = out
        self._err = err

    @property
    def out(self) -> str:
        """What it printed so far."""
        return self._out.read_text(encoding="utf-8")

    @property
    def err(self) -> str:
        """What it logged so far."""
        return self._err.read_text(encoding="utf-8")

    @property
    def pid(self) -> int:
        """What the system calls it."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._process.returncode is not None

    def told(self, what: signal.Signals) -> None:
        """Send it a signal, if it is there to hear."""
        if not self.has_ended:
            self._process.send_signal(what)

    async def ended(self) -> int:
        """Wait for its end."""
        async with asyncio.timeout(PATIENCE):
            return await self._process.wait()

    async def stopped(self, what: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to stop, and wait for its end."""
        self.told(what)
        return await self.ended()

    async def has_said(self, words: str) -> str:
        """Wait until words stand in what it printed or logged; Return the line they stand in."""
        async with asyncio.timeout(PATIENCE):
            while not (line := re.search(f".*{words}.*", f"{self.out}\n{self.err}")):
                assert not self.has_ended, self.out + self.err
                await asyncio.sleep(0.01)  # another process says nothing to our loop
        return line[0]


@asynccontextmanager
async def started(*words: str, cwd: Path, program: Sequence[str] = PROGRAM) -> AsyncIterator[Running]:
    """Start `liaison …` in a folder; it is killed at the end if it still runs."""
    folder = cwd / ".said"
    folder.mkdir(exist_ok=True)
    place = folder / str(len(list(folder.iterdir())))
    out, err = place.with_suffix(".out"), place.with_suffix(".err")
    with out.open("wb") as said, err.open("wb") as logged:
        process = await asyncio.create_subprocess_exec(
            *program,
            *words,
            cwd=cwd,
            env=environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=said,
            stderr=logged,
        )
    running = Running(process, out, err)
    try:
        yield running
    finally:
        await running.stopped(signal.SIGKILL)


async def liaison(*words: str, cwd: Path, program: Sequence[str] = PROGRAM) -> Ended:
    """Run `liaison …` in a folder to its end."""
    async with started(*words, cwd=cwd, program=program) as running:
        return Ended(await running.ended(), running.out, running.err)


def environment() -> dict[str, str]:
    """Return this process's environment, without settings of the bot's that may stand in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIAISON_")}
    return kept | {"PYTHONPATH": str(ROOT)}
