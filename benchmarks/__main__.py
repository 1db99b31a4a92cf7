"""`make bench`: measure every claim and write benchmarks/README.md."""

import argparse
import dataclasses
import os
import pickle
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import (
    chart,
    climbing,
    digest,
    fanout,
    growth,
    idle,
    papers,
    parts,
    postgres,
    report,
    rush,
    turn,
    wecom,
)
from benchmarks.fanout import BROADCAST, BUCKET, HARD, UNLIMITED
from benchmarks.results import Going, Papering, Resting, Results, Run, Size, Turning
from benchmarks.sides import SCRATCH, install_peers

README = Path(__file__).with_name("README.md")
LAST = SCRATCH / "last.pickle"
"""What the last whole run found."""


def _turn(size: Size, folder: Path) -> Turning:
    turns = turn.compare(folder, people=size.people, messages=size.messages, rounds=size.rounds)
    return Turning(turns, turn.statements(folder, people=size.people))


def _fanout(size: Size, folder: Path) -> Going:
    compare = partial(fanout.compare, folder, rounds=size.rounds)
    paid = compare([BROADCAST], prompts=size.prompts)
    return Going(
        paced=compare([BUCKET, HARD], prompts=size.paced) | paid,
        unlimited=compare([UNLIMITED], prompts=size.unlimited),
    )


def _rest(size: Size, folder: Path) -> Resting:
    seconds, projects = size.idle_seconds, size.projects
    return Resting(
        idle=idle.compare(folder, projects=projects, seconds=seconds, rounds=size.rounds),
        waking=idle.waking(),
        start=idle.first_poll(folder, projects=projects, rounds=size.rounds),
        help=idle.first_help(size.rounds),
    )


def _papers(size: Size, folder: Path) -> Papering:
    made = papers.measure(folder, projects=size.paper_projects, days=size.paper_days, rows=size.paper_rows)
    return Papering(made, digest.measure(folder / "papers.db", rounds=size.rounds))


PARTS: dict[str, Callable[[Size, Path], Any]] = {
    "turn": _turn,
    "growth": lambda size, folder: growth.measure(
        folder, people=100, histories=(size.little, size.history), rounds=size.rounds
    ),
    "fanout": _fanout,
    "rush": lambda size, folder: rush.measure(folder, people=size.liaisons, seconds=size.rush_seconds),
    "rest": _rest,
    "parts": lambda size, folder: parts.measure(
        folder, rounds=size.rounds, items=size.items, trail=size.trail
    ),
    "climbing": lambda size, folder: climbing.measure(
        folder, rounds=size.rounds, problems=size.problems, due=size.due, seconds=size.late_seconds
    ),
    "wecom": lambda size, folder: wecom.measure(
        folder,
        prompts=size.prompts,
        rounds=size.rounds,
        megabytes=size.megabytes,
        chunk_wait=size.chunk_wait,
    ),
    "papers": _papers,
    "postgresql": lambda size, folder: postgres.measure(
        folder, prompts=size.planned, rows=size.letters, peer_rows=size.jobs, rounds=size.rounds
    ),
}
"""Everything that is measured, one thing after the other: `--only turn,growth` for some of it."""


def measured(size: Size, only: Collection[str], folder: Path) -> Results:
    """Measure what is asked for."""
    found: dict[str, Any] = {}
    for name, part in PARTS.items():
        if name in only:
            place = folder / name
            place.mkdir()
            found[name] = part(size, place)
            shutil.rmtree(place, ignore_errors=True)
    return Results(**found)


def write(run: Run) -> None:
    """Write the page of a run, and its chart."""
    README.write_text(report.written(run), encoding="utf-8")
    README.with_name("chart.svg").write_bytes(chart.drawn(run.results) or b"")


def main(arguments: list[str]) -> None:
    """Measure at the size asked for, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument(
        "--again", action="store_true", help="write the page of the last run anew: reasons were put down"
    )
    usual = Size()
    for field in dataclasses.fields(Size):
        value = getattr(usual, field.name)
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=type(value), default=value)
    parser.add_argument(
        "--only", default=",".join(PARTS), help=f"some of {', '.join(PARTS)}; no page is written"
    )
    given = vars(parser.parse_args(arguments))
    if given.pop("again"):
        if not LAST.exists():
            parser.error("nothing was measured here yet: make bench")
        write(pickle.loads(LAST.read_bytes()))  # noqa: S301 -- our own
        return
    only = given.pop("only").split(",")
    size = Size(**given)
    SCRATCH.mkdir(exist_ok=True)
    install_peers()
    begun = time.monotonic()
    # On a real disk: where /tmp is memory, an fsync would cost nothing.
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=SCRATCH))
    try:
        results = measured(size, only, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    run = Run(results, size, datetime.now(UTC), time.monotonic() - begun, os.getloadavg()[2])
    if set(only) == set(PARTS):
        LAST.write_bytes(pickle.dumps(run))
        write(run)
    print(report.written(run))


if __name__ == "__main__":
    main(sys.argv[1:])
