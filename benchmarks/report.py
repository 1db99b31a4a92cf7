"""Writes what was measured as tables that anybody can read: benchmarks/README.md."""

import os
import platform
import re
import sqlite3
import textwrap
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from statistics import median

from benchmarks.climbing import Climbing
from benchmarks.fanout import ALLOWED
from benchmarks.papers import Papers
from benchmarks.parts import ANSWERS, Parts
from benchmarks.results import Results, Size, middle
from benchmarks.sides import BARE, US
from benchmarks.targets import Target, targets
from benchmarks.wecom import Line

_LIBRARIES = ("python-telegram-bot", "aiogram", "pyTelegramBotAPI", "SQLAlchemy", "aiosqlite")


def written(results: Results, size: Size, at: datetime, took: float) -> str:
    """Return the page."""
    parts = [
        *_head(size, at, took),
        *_targets(targets(results, size)),
        *_turn(results, size),
        *_fanout(results, size),
        *_idle(results, size),
        *_parts(results.parts, size),
        *_climbing(results.climbing, size),
        *_wecom(results.wecom, size),
        *_papers(results.papers, size),
    ]
    return "\n\n".join(parts) + "\n"


def _head(size: Size, at: datetime, took: float) -> list[str]:
    lock = Path(__file__).with_name("peers.lock").read_text(encoding="utf-8")
    peers = ", ".join(f"{name} {_pinned(lock, name)}" for name in _LIBRARIES)
    turns = f"{size.rounds} rounds of {size.messages:,} messages from {size.people} people"
    prompts = f"{size.prompts:,} prompts; {size.peer_rounds} rounds of {size.peer_prompts:,} to compare"
    return [
        "# What we claim, measured",
        _prose(
            "Written by `make bench`: do not edit. Each side is a process of its own against a",
            "loopback Bot API in another process (`tests/botapi.py`, over real sockets); the sides",
            "take turns within a round (ABAB …). Trust the ratios: the numbers are this machine's,",
            "on this day.",
        ),
        _table(
            ["", ""],
            [
                ["when", f"{at:%Y-%m-%d %H:%M} UTC, {took / 60:.1f} minutes"],
                ["machine", f"{os.cpu_count()} cores of {_processor()}, {platform.system()}"],
                ["load", f"{os.getloadavg()[2]:.1f} in the last quarter of an hour, ourselves included"],
                ["software", f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"],
                ["peers", peers],
                ["size", f"{turns}; {prompts}"],
            ],
        ),
    ]


def _targets(found: Sequence[Target]) -> list[str]:
    missed = sum(not target.met for target in found)
    words = f"{missed} of {len(found)} targets are missed." if missed else "All targets are met."
    rows = [[target.promise, target.found, "yes" if target.met else "**no**"] for target in found]
    return ["## Targets", words, _table(["promise", "found", "met"], rows)]


def _turn(results: Results, size: Size) -> list[str]:
    ours = middle(results.turns[US], lambda each: each.rate)
    rows = []
    for name, turns in results.turns.items():
        rates = [each.rate for each in turns]
        rows.append(
            [
                name,
                f"{median(rates):.0f}",
                f"{min(rates):.0f}–{max(rates):.0f}",
                f"{middle(turns, lambda each: each.p50):,.0f}",
                f"{middle(turns, lambda each: each.p99):,.0f}",
                f"{middle(turns, lambda each: each.cpu):.1f}",
                f"{ours / median(rates):.2f}",
            ]
        )
    counted = ", ".join(f"{many:g} {kind}" for kind, many in sorted(results.statements.items()))
    total = sum(results.statements.values())
    return [
        "## 1 A durable turn",
        _prose(
            f"{size.people} people write 「1 主体封顶，形象进度6x%」, and again as soon as they are",
            f"answered: {size.people} messages are always under way, which is what the waits show. A turn",
            "ends when the server has accepted the reply, after a COMMIT with `synchronous=FULL`. Each",
            "person's first message warms up and is not counted.",
        ),
        _table(["side", "replies/s", "rounds", "p50 ms", "p99 ms", "CPU ms", "ours is × faster"], rows),
        _prose(
            "A peer runs 8 statements and one COMMIT a message, as plain SQL through SQLAlchemy",
            "async and aiosqlite over the one connection that served it best, and confirms a",
            f"message before it has handled it. The {BARE} is aiohttp, msgspec and sqlite3 on a",
            "thread that commits in groups, with the same statements by hand. We read the words, keep",
            "every version, an audit",
            f"chain and an outbox, and confirm after the COMMIT. That takes {total:.1f} statements a",
            f"turn, what delivery and the group commits cost included: {counted}.",
        ),
    ]


def _fanout(results: Results, size: Size) -> list[str]:
    head = [
        "limit",
        "side",
        "prompts",
        "messages/s",
        "of 30/s",
        "429",
        "typed",
        "p50 s",
        "p99 s",
        "longest s",
    ]
    rows = [
        [
            limit,
            side,
            f"{prompts:,}",
            f"{middle(runs, lambda run: run.rate):.2f}",
            f"{middle(runs, lambda run: run.rate) / ALLOWED * 100:.1f} %",
            str(max(run.refused for run in runs)),
            str(sum(run.typed for run in runs)),
            f"{middle(runs, lambda run: run.p50):.3f}",
            f"{middle(runs, lambda run: run.p99):.3f}",
            f"{max(run.longest for run in runs):.3f}",
        ]
        for prompts, found in ((size.prompts, results.rounds), (size.peer_prompts, results.compared))
        for (limit, side), runs in found.items()
    ]
    return [
        "## 2 A round goes out",
        _prose(
            f"The server takes {ALLOWED} messages a second, as a bucket or within any one second,",
            "and answers 429 beyond. Ours is a county of as many liaisons, running since just",
            "before nine; python-telegram-bot has a task for each person and its own rate limiter,",
            "told to try again after a 429. Meanwhile somebody who was asked more than three",
            "seconds ago types an answer every 0.4 s, and waits. Of 429s and the longest wait the",
            "worst of all rounds is shown.",
        ),
        _table(head, rows),
        _prose(
            f"{size.prompts:,} prompts take about {size.prompts / ALLOWED / 60:.1f} minutes at",
            f"{ALLOWED}/s, so the comparison has {size.peer_prompts:,}. Behind a limiter without",
            "lanes a typed answer waits for the prompts before it, so its waits grow with their",
            "number; ours do not.",
        ),
    ]


def _idle(results: Results, size: Size) -> list[str]:
    rows = [
        ["processor, idle", f"{middle(results.idle, lambda each: each.cpu):.2f} %"],
        ["memory, idle", f"{middle(results.idle, lambda each: each.memory):.0f} MB"],
        [f"`liaison run` to the first poll, {size.projects:,} projects", f"{results.start:.2f} s"],
        ["`liaison --help`", f"{results.help:.2f} s"],
    ]
    return [
        "## 3 At rest, and at the start",
        _prose(
            "`liaison run` with the sample county against the loopback server, watched for",
            f"{size.idle_seconds:g} s. Started in working hours it first writes the day's questions.",
        ),
        _table(["", "median"], rows),
    ]


def _parts(parts: Parts, size: Size) -> list[str]:
    rows = [
        ["reading an answer, 12 projects of 1,000 in the list", f"{parts.reading:.0f} µs"],
        ["`Store.perform`, a row and an audit entry, many at once", f"{parts.grouped:,.0f} a second"],
        ["`Store.perform`, one after the other", f"{parts.single:,.0f} a second"],
        ["fsync of 4 KB on this disk", f"{parts.fsync:.2f} ms"],
        [f"`liaison verify`, a trail of {size.trail:,} entries, once", f"{parts.verified:.1f} s"],
    ]
    return [
        "## 4 The parts",
        f"{len(ANSWERS)} kinds of answers are read, from one word to three projects in a line.",
        _table(["", "median"], rows),
    ]


def _climbing(climbing: Climbing, size: Size) -> list[str]:
    rows = [
        ["people told of one problem or two each", f"{climbing.folded:.0f} ms"],
        ["people told of one each", f"{climbing.single:.0f} ms"],
        ["nothing due", f"{climbing.nothing:.0f} ms"],
        ["from the moment of a rung to the platform, p99", f"{climbing.late:.1f} s"],
    ]
    return [
        "## 5 What is late climbs",
        _prose(
            f"{size.problems:,} open problems, {size.due} of them past their time to accept. Measured is",
            "how long the one writer was kept from messages, commits included; what people read is put",
            f"together on a reader. Then {size.due} come due one after the other, and the heart beats every",
            "five seconds.",
        ),
        _table(["a beat", "median"], rows),
    ]


def _wecom(line: Line, size: Size) -> list[str]:
    rows = [
        ["messages a second", f"{line.bare:,.0f}", f"{line.ours:,.0f}", f"{line.share:.2f} ×"],
        [
            f"seconds for {size.megabytes} MB",
            f"{line.bare_upload:.2f}",
            f"{line.our_upload:.2f}",
            f"{line.times:.2f} ×",
        ],
    ]
    return [
        "## 6 WeCom",
        _prose(
            f"{size.prompts:,} morning questions, two messages each, over one WebSocket to a WeCom of our",
            "own in another process that answers at once. The bare loop sends the same frames with",
            "websockets, each after the answer to the last, and keeps nothing; ours takes them from the",
            "outbox and marks them there. Then a workbook, to a server that takes",
            f"{size.chunk_wait * 1000:.0f} ms for each answer. By turns; medians.",
        ),
        _table(["", "bare loop", "liaison-bot", "ratio"], rows),
    ]


def _papers(papers: Papers, size: Size) -> list[str]:
    small, large = papers.memory
    rows = [
        *([f"figures of {name}", f"{took:.2f} s"] for name, took in papers.alone.items()),
        ["figures of all of them, drafted together", f"{papers.figures:.2f} s"],
        [
            f"the {papers.handed_out} papers of the last evening, from the draft to the group",
            f"{papers.evening:.0f} s",
        ],
        ["the longest that a message waited in all that time", f"{papers.wait * 1000:.0f} ms"],
        ["… and 99 of 100", f"{papers.usual * 1000:.0f} ms"],
        [f"memory of a workbook of {size.paper_rows // 10:,} rows", f"{small:.1f} MB"],
        [f"… of {size.paper_rows:,} rows", f"{large:.1f} MB"],
    ]
    return [
        "## 7 Papers",
        _prose(
            f"A county of {size.paper_projects:,} projects with a report of each on {size.paper_days}",
            "working days, on SQLite. Every paper that comes with the bot is drafted for the quarter,",
            "alone and then all from one snapshot. Then its last evening: what all timetables together",
            "ask for is drafted, printed, shown to the office, released and posted to a group and 60",
            "leaders. Figures are read and papers printed in the workshop, a process of its own;",
            "meanwhile the bot goes on writing as it does for messages, one small commit after the other.",
        ),
        _table(["", "once"], rows),
    ]


def _prose(*lines: str) -> str:
    return textwrap.fill(" ".join(lines), 118, break_long_words=False, break_on_hyphens=False)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _pinned(lock: str, name: str) -> str:
    found = re.search(rf"^{name.lower()}==(\S+)", lock, re.MULTILINE)
    return found[1] if found else "?"


def _processor() -> str:
    try:
        told = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        told = None
    return told[1] if told else platform.machine()
