"""`make bench`: measure every claim and write benchmarks/README.md."""

import argparse
import dataclasses
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import climbing, fanout, idle, papers, parts, report, turn, wecom
from benchmarks.results import Results, Size
from benchmarks.sides import SCRATCH, install_peers

README = Path(__file__).with_name("README.md")


def measured(size: Size, folder: Path) -> Results:
    """Measure everything, one thing after the other."""
    return Results(
        turns=turn.compare(folder, people=size.people, messages=size.messages, rounds=size.rounds),
        statements=turn.statements(folder, people=size.people),
        rounds=fanout.compare(folder, prompts=size.prompts, rounds=1, with_peer=False),
        compared=fanout.compare(folder, prompts=size.peer_prompts, rounds=size.peer_rounds, with_peer=True),
        idle=idle.at_rest(folder, seconds=size.idle_seconds, rounds=size.peer_rounds),
        start=idle.first_poll(folder, projects=size.projects, rounds=size.rounds),
        help=idle.first_help(size.rounds),
        parts=parts.measure(folder, rounds=size.rounds, items=size.items, trail=size.trail),
        climbing=climbing.measure(
            folder, rounds=size.rounds, problems=size.problems, due=size.due, seconds=size.late_seconds
        ),
        wecom=wecom.measure(
            folder,
            prompts=size.prompts,
            rounds=size.rounds,
            megabytes=size.megabytes,
            chunk_wait=size.chunk_wait,
        ),
        papers=papers.measure(
            folder, projects=size.paper_projects, days=size.paper_days, rows=size.paper_rows
        ),
    )


def main(arguments: list[str]) -> None:
    """Measure at the size asked for, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    usual = Size()
    for field in dataclasses.fields(Size):
        value = getattr(usual, field.name)
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=type(value), default=value)
    given = parser.parse_args(arguments)
    size = Size(**vars(given))
    SCRATCH.mkdir(exist_ok=True)
    install_peers()
    begun = time.monotonic()
    # On a real disk: where /tmp is memory, an fsync would cost nothing.
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=SCRATCH))
    try:
        results = measured(size, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    page = report.written(results, size, datetime.now(UTC), time.monotonic() - begun)
    README.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main(sys.argv[1:])
