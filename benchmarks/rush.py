"""Claim 13: twenty thousand liaisons answer within half an hour on a small machine, and nobody waits."""

import resource
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

from benchmarks import county
from benchmarks.crowd import TOKEN
from benchmarks.sides import OURS, running, serving

MEMORY = 512
"""Megabytes that the bot may have for its data; beyond, the system gives it none."""
HALF_AN_HOUR = 1_800.0

_STARTS_WITHIN = 120.0
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Rush:
    """How many answered in how many seconds, how long they waited, what was lost, the most megabytes."""

    answers: int
    seconds: float
    p50: float
    p99: float
    lost: int
    memory: float
    cpu: float


def measure(folder: Path, *, people: int, seconds: float) -> Rush:
    """Let a share of the people answer at the rate at which all would within half an hour."""
    asked = folder / "rush.db"
    county.fill(asked, people, 1)
    county.ask(asked)
    answers = max(1, round(people * seconds / HALF_AN_HOUR))
    at = (county.ASKED_AT + timedelta(minutes=30)).isoformat()
    with serving() as server:
        command: list[str | Path] = [
            *(OURS, "-m", "benchmarks.ours", server.base, TOKEN),
            *("--database", asked, "--at", at, "--per-second", "0"),
        ]
        with running(command, folder) as bot:
            limit = MEMORY * _MEGABYTE
            resource.prlimit(bot.process.pid, resource.RLIMIT_DATA, (limit, limit))
            server.until("polls", 1, _STARTS_WITHIN, bot)
            used = bot.cpu()
            server.call("answers", answers, seconds)
            server.until("replies", answers, seconds + _STARTS_WITHIN, bot)
            memory, cpu = bot.peak(), (bot.cpu() - used) / seconds * 100
            waits = sorted(wait for _, wait in server.call("told")["replies"])
    lost = answers - _kept(asked)
    asked.unlink()
    shutil.rmtree(folder / "attachments", ignore_errors=True)
    return Rush(answers, seconds, median(waits), waits[int(len(waits) * 0.99)], lost, memory, cpu)


def _kept(database: Path) -> int:
    with sqlite3.connect(database) as connection:
        (found,) = connection.execute("SELECT count(*) FROM reports WHERE current").fetchone()
    connection.close()
    return int(found)
