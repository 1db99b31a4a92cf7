"""Claim 12: the figures of a week of ten thousand projects, against DuckDB on a copy of its own."""

import json
import sqlite3
import subprocess
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import event

from benchmarks import county, quarter
from benchmarks.sides import PEERS, ROOT
from bot.domain.scope import Scope
from bot.domain.week import Week
from storage.ledger import Ledger
from storage.snapshot import snapshot

_NOW = quarter.NOW


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds of a digest, read into what is printed; of its statements on SQLite, and on DuckDB."""

    ours: float
    sqlite: float
    duckdb: float


def measure(database: Path, *, rounds: int) -> Figures:
    """Measure a county of `benchmarks.quarter`; DuckDB runs the very statements that we ask SQLite."""
    statements = _statements(database)
    order = database.with_suffix(".json")
    order.write_text(json.dumps({"database": str(database), "statements": statements}))
    peer: list[str | Path] = [PEERS, "-m", "benchmarks.peers.duckdb_figures", order]
    ours, plain, ducks = [], [], []
    with subprocess.Popen(peer, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as duck:  # noqa: S603 -- our own
        assert duck.stdin is not None
        assert duck.stdout is not None
        assert json.loads(duck.stdout.readline()) == "ready"
        for turn in range(rounds):
            ours.append(_digest(database))
            plain.append(_plain(database, statements))
            duck.stdin.write("go\n")
            duck.stdin.flush()
            ducks.append(json.loads(duck.stdout.readline()))
            print(f"digest {turn + 1}/{rounds}: {ours[-1]:.2f} {plain[-1]:.2f} {ducks[-1]:.2f} s", flush=True)
    return Figures(median(ours), median(plain), median(ducks))


def _digest(database: Path) -> float:
    begun = time.perf_counter()
    settings = county.settings(database)
    week = Week.of(_NOW.date() - timedelta(days=7))
    with snapshot(settings.database.url) as connection:
        found = Ledger(connection).digest(Scope.parse("全县"), week, county=settings.of_county(), now=_NOW)
    assert found.projects
    return time.perf_counter() - begun


def _statements(database: Path) -> list[tuple[str, list[Any]]]:
    found: list[tuple[str, list[Any]]] = []

    def note(_: object, __: object, statement: str, values: Any, *___: object) -> None:
        if statement.startswith("SELECT"):
            found.append((statement, list(values)))

    settings = county.settings(database)
    with snapshot(settings.database.url) as connection:
        event.listen(connection, "before_cursor_execute", note)
        week = Week.of(_NOW.date() - timedelta(days=7))
        Ledger(connection).digest(Scope.parse("全县"), week, county=settings.of_county(), now=_NOW)
    return found


def _plain(database: Path, statements: list[tuple[str, list[Any]]]) -> float:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        begun = time.perf_counter()
        for statement, values in statements:
            connection.execute(statement, values).fetchall()
        took = time.perf_counter() - begun
    connection.close()
    return took
