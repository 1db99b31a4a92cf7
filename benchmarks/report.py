"""Writes what was measured as tables that anybody can read: benchmarks/README.md."""

import os
import platform
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks import kept, targets
from benchmarks.climbing import Climbing
from benchmarks.digest import Figures
from benchmarks.fanout import ALLOWED, ALLOWED_BY, BROADCAST, BUCKET, PAID, UNLIMITED
from benchmarks.growth import Cost
from benchmarks.idle import Idle
from benchmarks.markdown import prose, table
from benchmarks.papers import Papers
from benchmarks.parts import ANSWERS, Parts
from benchmarks.postgres import PROCESSES, Shared
from benchmarks.results import Going, Resting, Run, Size, Turning, middle, waits_of, within
from benchmarks.rush import MEMORY, Rush
from benchmarks.sides import BARE, US
from benchmarks.wecom import Line

_LIBRARIES = (
    *("python-telegram-bot", "aiogram", "pyTelegramBotAPI", "SQLAlchemy", "aiosqlite"),
    *("PgQueuer", "procrastinate", "DuckDB"),
)


def written(run: Run) -> str:
    """Return the page."""
    results, size = run.results, run.size
    parts = [
        *_head(run),
        *targets.section(results, size),
        *(_turn(results.turn, size) if results.turn else ()),
        *(_fanout(results.fanout, size) if results.fanout else ()),
        *(_idle(results.rest, size) if results.rest else ()),
        *(_parts(results.parts, size) if results.parts else ()),
        *(_climbing(results.climbing, size) if results.climbing else ()),
        *(_wecom(results.wecom, size) if results.wecom else ()),
        *(_papers(results.papers.papers, size) if results.papers else ()),
        *(_digest(results.papers.figures, size) if results.papers else ()),
        *(_growth(*results.growth) if results.growth else ()),
        *(_rush(results.rush, size) if results.rush else ()),
        *(_postgresql(results.postgresql, size) if results.postgresql else ()),
        *kept.section(),
        Path(__file__).with_name("ONCE.md").read_text(encoding="utf-8").rstrip(),
    ]
    return "\n\n".join(parts) + "\n"


def _head(run: Run) -> list[str]:
    lock = Path(__file__).with_name("peers.lock").read_text(encoding="utf-8")
    peers = ", ".join(f"{name} {_pinned(lock, name)}" for name in _LIBRARIES)
    return [
        "# What we claim, measured",
        prose(
            "Written by `make bench`: do not edit. Each side is a process of its own against a",
            "loopback Bot API in another process (`tests/botapi.py`, over real sockets); the sides",
            "take turns within a round (ABAB …). Trust the ratios: the numbers are this machine's,",
            "on this day.",
        ),
        table(
            ["", ""],
            [
                ["when", f"{run.at:%Y-%m-%d %H:%M} UTC, {run.took / 60:.1f} minutes"],
                ["machine", f"{os.cpu_count()} cores of {_processor()}, {platform.system()}"],
                ["load", f"{run.load:.1f} in the last quarter of an hour, ourselves included"],
                ["software", f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"],
                ["peers", peers],
                ["rounds", f"{run.size.rounds} of each comparison; medians of them"],
            ],
        ),
    ]


def _turn(results: Turning, size: Size) -> list[str]:
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
        prose(
            f"{size.people} people write 「1 主体封顶，形象进度6x%」, and again as soon as they are",
            f"answered, {size.messages:,} messages a round: {size.people} are always under way, which is",
            "what the waits show. A turn ends when the server has accepted the reply, after a COMMIT with",
            "`synchronous=FULL`. Each person's first message warms up and is not counted.",
        ),
        table(["side", "replies/s", "rounds", "p50 ms", "p99 ms", "CPU ms", "ours is × faster"], rows),
        prose(
            "A peer runs 8 statements and one COMMIT a message, as plain SQL through SQLAlchemy",
            "async and aiosqlite over the one connection that served it best, and confirms a",
            f"message before it has handled it. The {BARE} is aiohttp, msgspec and sqlite3 on a",
            "thread that commits in groups, with the same statements by hand. We read the words, keep",
            "every version, an audit",
            f"chain and an outbox, and confirm after the COMMIT. That takes {total:.1f} statements a",
            f"turn, what delivery and the group commits cost included: {counted}.",
        ),
    ]


def _fanout(results: Going, size: Size) -> list[str]:
    head = [
        "limit",
        "side",
        "prompts",
        "messages/s",
        "rounds",
        "of what is allowed",
        "429",
        "typed",
        "p50 s",
        "p99 s",
        "longest s",
    ]
    unlimited = middle(results.unlimited[UNLIMITED.name, US], lambda run: run.rate)
    rows = [
        [
            limit,
            side,
            f"{runs[0].prompts:,}",
            f"{middle(runs, lambda run: run.rate):.2f}",
            f"{min(run.rate for run in runs):.2f}–{max(run.rate for run in runs):.2f}",
            f"{middle(runs, lambda run: run.rate) / ALLOWED_BY[limit] * 100:.1f} %",
            str(max(run.refused for run in runs)),
            str(len(waits)),
            *(f"{within(waits, share):.3f}" for share in (0.5, 0.99)),
            f"{waits[-1] if waits else 0:.3f}",
        ]
        for (limit, side), runs in results.paced.items()
        for waits in [waits_of(runs)]
    ]
    return [
        "## 2 A round goes out",
        prose(
            f"The server takes {ALLOWED} messages a second, as a bucket or within any one second, or",
            f"{PAID:,} in a second as of a paid broadcast, and answers 429 beyond. Ours, told to go at",
            "95.7 % of that, is a county of as many liaisons as prompts, running since just before nine.",
            "python-telegram-bot has a task for each person and its own rate limiter, told to try again",
            "after a 429. aiogram, which has none, asks one after the other and rests after each, at two",
            "thirds of what is allowed, as its example of a broadcast does. Meanwhile somebody who was asked",
            f"more than {BUCKET.read:g} s ago types an answer every {BUCKET.typed:g} s, of a paid broadcast",
            f"more than {BROADCAST.read:g} s ago every {BROADCAST.typed:g} s, and waits: shown are the waits",
            "of all rounds together, and the most 429s of one.",
        ),
        table(head, rows),
        prose(
            "Behind a limiter without lanes a typed answer waits for the prompts before it, so its waits",
            "grow with their number; ours do not.",
        ),
        table(
            ["no limit", "prompts", "messages/s", "ours is × faster", "grown by MB"],
            [
                [
                    side,
                    f"{size.unlimited:,}",
                    f"{middle(runs, lambda run: run.rate):,.0f}",
                    f"{unlimited / middle(runs, lambda run: run.rate):.2f}",
                    f"{max(run.grown for run in runs):.0f}",
                ]
                for (_, side), runs in results.unlimited.items()
            ],
        ),
        prose(
            "To a server that takes everything, in a county where nothing else is due. All sides write each",
            "question down before it goes out, and as what it arrived; ours works out whom to ask about",
            "what, too. The last one writes nothing down: what it had not sent when it dies is lost, and",
            "nobody knows to whom.",
        ),
    ]


def _idle(results: Resting, size: Size) -> list[str]:
    return [
        "## 3 At rest, and at the start",
        prose(
            f"`liaison run` with a county of {size.projects:,} projects against the loopback server, watched",
            f"for {size.idle_seconds:g} s on a day off, when it asks nobody. The libraries run the bots of",
            "the first table, with one person and nothing to do. Whoever wakes to a beat pays for a machine",
            f"that has gone cold: on this one a piece of Python cost {results.waking:.1f} × as much after a",
            "second's rest as at once.",
        ),
        table(
            ["median", "processor", "rounds", "memory", "start to the first poll"],
            [_rested(name, runs) for name, runs in results.idle.items()],
        ),
        prose(
            f"In working hours `liaison run` first writes the day's questions: {results.start:.2f} s to its",
            f"first poll. `liaison --help` takes {results.help:.2f} s.",
        ),
    ]


def _rested(name: str, runs: Sequence[Idle]) -> list[str]:
    used = [run.cpu for run in runs]
    return [
        name,
        f"{median(used):.2f} %",
        f"{min(used):.2f}–{max(used):.2f}",
        f"{middle(runs, lambda each: each.memory):.0f} MB",
        f"{middle(runs, lambda each: each.start):.2f} s",
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
        table(["", "median"], rows),
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
        prose(
            f"{size.problems:,} open problems, {size.due} of them past their time to accept. Measured is",
            "how long the one writer was kept from messages, commits included; what people read is put",
            f"together on a reader. Then {size.due} come due one after the other, and the heart beats every",
            "five seconds.",
        ),
        table(["a beat", "median"], rows),
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
        prose(
            f"{size.prompts:,} morning questions, two messages each, over one WebSocket to a WeCom of our",
            "own in another process that answers at once. The bare loop sends the same frames with",
            "websockets, each after the answer to the last, and keeps nothing; ours takes them from the",
            "outbox and marks them there. Then a workbook, to a server that takes",
            f"{size.chunk_wait * 1000:.0f} ms for each answer. By turns; medians.",
        ),
        table(["", "bare loop", "liaison-bot", "ratio"], rows),
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
        prose(
            f"A county of {size.paper_projects:,} projects with a report of each on {size.paper_days}",
            "working days, on SQLite. Every paper that comes with the bot is drafted for the quarter,",
            "alone and then all from one snapshot. Then its last evening: what all timetables together",
            "ask for is drafted, printed, shown to the office, released and posted to a group and 60",
            "leaders. Figures are read and papers printed in the workshop, a process of its own;",
            "meanwhile the bot goes on writing as it does for messages, one small commit after the other.",
        ),
        table(["", "once"], rows),
    ]


def _digest(week: Figures, size: Size) -> list[str]:
    rows = [
        ["a digest, into what is printed", f"{week.ours:.2f} s"],
        ["its statements, SQLite", f"{week.sqlite:.2f} s"],
        ["the same statements, DuckDB on a copy of its own", f"{week.duckdb:.2f} s"],
    ]
    return [
        "## 8 The figures of a week",
        prose(
            f"The county of the papers, {size.paper_projects * size.paper_days:,} reports. The statements",
            "are ours, as SQLite is asked them; the copy is made before the clock starts.",
        ),
        table(["", "median"], rows),
    ]


def _growth(little: Cost, much: Cost) -> list[str]:
    rows = [
        [f"{each.rows:,}", f"{each.steps:,.0f}", f"{each.cpu:.2f}", f"{each.kernel:.2f}"]
        for each in (little, much)
    ]
    return [
        "## 9 What history costs",
        prose(
            "Reports, letters, keys and entries of the trail of other days, a quarter each, behind 100",
            "people who answer. Steps are those of SQLite's machine; delivery is part of a turn, the network",
            "is not.",
        ),
        table(["rows of history", "steps a turn", "CPU ms a turn", "the kernel's of it"], rows),
    ]


def _rush(rush: Rush, size: Size) -> list[str]:
    rows = [
        ["answers", f"{rush.answers:,} in {rush.seconds:,.0f} s"],
        ["wait, p50", f"{rush.p50 * 1000:,.0f} ms"],
        ["wait, p99", f"{rush.p99 * 1000:,.0f} ms"],
        ["lost", str(rush.lost)],
        ["most memory", f"{rush.memory:.0f} MB"],
        ["processor", f"{rush.cpu:.0f} %"],
    ]
    return [
        "## 10 Everybody answers",
        prose(
            f"A county of {size.liaisons:,} liaisons who were asked at nine, on this machine, limited to",
            f"{MEMORY} MB of data. Shown is a part of the half hour, at the rate at which all of",
            "them answer in it; `--only rush --rush-seconds 1800` is the whole.",
        ),
        table(["", ""], rows),
    ]


def _postgresql(shared: Shared, size: Size) -> list[str]:
    sides = list(dict.fromkeys(name for name, _ in shared.finished))
    planned = ["prompts planned", *(f"{shared.planned[many]:,.0f}" for many in PROCESSES)]
    plain = ["… the same rows by `executemany`, no rule", f"{shared.plain:,.0f}", "", ""]
    finished = [
        [
            f"letters claimed and finished, {side}",
            *(f"{shared.finished[side, many]:,.0f}" for many in PROCESSES),
        ]
        for side in sides
    ]
    return [
        "## 11 Several processes on one PostgreSQL",
        prose(
            "Rows a second, on a server that commits for good. Of prompts, processes plan one morning of",
            f"{size.planned:,} together, and each liaison is asked once. Of {size.letters:,} letters each",
            f"process carries those of a connection of its own; the queues have {size.jobs:,} jobs that do",
            "nothing.",
        ),
        table(
            ["", *(f"{many} process{'es' if many > 1 else ''}" for many in PROCESSES)],
            [planned, plain, *finished],
        ),
    ]


def _pinned(lock: str, name: str) -> str:
    found = re.search(rf"^{name.lower()}==(\S+)", lock, re.MULTILINE)
    return found[1] if found else "?"


def _processor() -> str:
    try:
        told = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        told = None
    return told[1] if told else platform.machine()
