"""Processes side by side: one loopback server and one bot, each by itself."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

ROOT = Path(__file__).parents[1]
SCRATCH = Path(__file__).parent / ".peers"
"""Everything a run makes lies here: the peers' environment, and databases on a real disk."""

US, PTB, AIOGRAM, TELEBOT = "liaison-bot", "python-telegram-bot", "aiogram", "pyTelegramBotAPI"
BARE_GATHER = f"{AIOGRAM}, gather, keeps nothing"
BARE, PGQUEUER, PROCRASTINATE = "bare loop", "PgQueuer", "Procrastinate"
"""Who is measured, as the tables call them."""

OURS = Path(sys.executable)
PEERS = SCRATCH / "venv" / "bin" / "python"

_LOOK = 0.02
_LOCK = Path(__file__).with_name("peers.lock")


@dataclass(frozen=True, slots=True)
class Side:
    """One of those compared: how it is called, and what starts it once a server and a folder are there."""

    name: str
    start: Callable[[str, Path], Sequence[str | Path]]


class Server:
    """A loopback server in a process of its own."""

    def __init__(self, base: str) -> None:
        self.base = base

    def call(self, name: str, *args: Any) -> Any:
        """Call a method of the crowd."""
        body = json.dumps({"args": args}).encode()
        headers = {"Content-Type": "application/json"}
        request = Request(f"{self.base}/control/{name}", body, headers)  # noqa: S310 -- loopback
        with urlopen(request, timeout=30) as answer:  # noqa: S310 -- loopback
            return json.load(answer)

    def until(self, count: str, number: int, within: float, bot: "Running", *, at_most: bool = False) -> None:
        """Wait until so many were counted; a bot that died, or a wait too long, ends the run."""
        ends = time.monotonic() + within
        while True:
            now = self.call("counts")[count]
            if now == number or (now > number) is not at_most:
                return
            if bot.process.poll() is not None or time.monotonic() > ends:
                raise SystemExit(f"{count} stopped at {now} on the way to {number}\n{bot.said()}")
            time.sleep(_LOOK)


@dataclass(frozen=True, slots=True)
class Running:
    """A bot that runs."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def said(self) -> str:
        """Return the last it wrote to its log."""
        return self.log.read_text(errors="replace")[-3000:]

    def cpu(self) -> float:
        """Return the seconds of processor time it has used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak(self) -> float:
        """Return the most megabytes it has held so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6

    def memory(self) -> float:
        """Return the megabytes it holds in memory."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def serving(**limits: float) -> Iterator[Server]:
    """Start a loopback server that enforces these limits; end it at the end."""
    options = [part for name, limit in limits.items() for part in (f"--{name}", f"{limit:g}")]
    process = subprocess.Popen(  # noqa: S603 -- our own command
        [OURS, "-m", "benchmarks.crowd", *options], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield Server(process.stdout.readline().strip())
    finally:
        process.kill()
        process.communicate()


@contextmanager
def running(command: Sequence[str | Path], folder: Path) -> Iterator[Running]:
    """Start a bot; ask it to leave at the end, and end it if it does not."""
    log = folder / "bot.log"
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 -- our own command
            command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            yield Running(process, log)
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def finish(*command: str | Path) -> float:
    """Run a command to its end, and Return the seconds that it took."""
    begun = time.monotonic()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 -- our own command
    return time.monotonic() - begun


def install_peers() -> None:
    """Make the peers' environment from the lock file, if it is not there or is of another lock."""
    done = SCRATCH / "venv" / "installed.lock"
    if done.exists() and done.read_bytes() == _LOCK.read_bytes():
        return
    print("installing the peers …", flush=True)
    finish(OURS, "-m", "venv", "--clear", SCRATCH / "venv")
    pip = (PEERS, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    finish(*pip, "--require-hashes", "-r", _LOCK)
    done.write_bytes(_LOCK.read_bytes())
