"""Claim 11: a turn costs the same after ten million rows of history as after ten thousand."""

import asyncio
import os
import resource
import shutil
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from sqlalchemy import Engine, event

from benchmarks import county, turn

_AT = "2026-11-20 01:00:00.000000"
_STEP = 50
"""Of SQLite's machine, between two looks at it."""
_FILLED = (
    (
        "reports",
        """INSERT INTO reports (project_id, day, version, current, counted, kind, text, permille, cumulative,
               odd, person_id, source, at)
           SELECT 1 + i % :projects, date('2026-11-20', '-' || (i / :projects) || ' days'), 1, 1, 1, '有进展',
               '主体封顶', 580, 12600000, '[]', 1 + i % :projects / 2, 'telegram:' || i, :at FROM n""",
    ),
    (
        "outbox",
        """INSERT INTO outbox (key, token, subject, person_id, platform, chat, topic, in_group, lane, due_at,
               state, text, buttons, made_at, sent_at, message, doubts)
           SELECT 'old:' || i, 'old' || i, 'prompt:' || i, 1 + i % :people, 'telegram', 1 + i % :people, '',
               0, 1, :at, 'sent', '早上好，您有 2 个项目', '[[["照旧", "same:1"]]]',
               :at, :at, i, 0 FROM n""",
    ),
    (
        "inbox",
        "INSERT INTO inbox (key, at, state) SELECT 'old:' || i, :at, 'done' FROM n",
    ),
    (
        "audit",
        """INSERT INTO audit (at, actor_id, action, subject, detail, hash)
           SELECT :at, 1, 'report.added', 'project:' || (1 + i % :projects), '{}', i FROM n""",
    ),
)
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :rows)"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a turn costs with so many rows behind it: steps of SQLite's machine, and milliseconds of CPU.

    ``kernel`` is what of the CPU goes into calls to the system.
    """

    rows: int
    steps: float
    cpu: float
    kernel: float = 0


def measure(folder: Path, *, people: int, histories: tuple[int, int], rounds: int) -> tuple[Cost, Cost]:
    """Measure turns after little history and after much, by turns."""
    little, much = (filled(folder / f"grown{rows}.db", people, rows) for rows in histories)
    spent = [(_spent_on(little, people), _spent_on(much, people)) for _ in range(rounds)]
    return (
        Cost(histories[0], _steps(little, people), *_middle([each for each, _ in spent])),
        Cost(histories[1], _steps(much, people), *_middle([each for _, each in spent])),
    )


def _middle(spent: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return median(whole for whole, _ in spent), median(kernel for _, kernel in spent)


def filled(database: Path, people: int, rows: int) -> Path:
    """Make a county that was asked this morning, with so many rows of other days."""
    county.fill(database, people, 2)
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        given = {"rows": rows // len(_FILLED), "people": people, "projects": people * 2, "at": _AT}
        for table, statement in _FILLED:
            target, _, rest = statement.partition("SELECT")
            connection.execute(f"{target} {_NUMBERS} SELECT {rest}", given)
            print(f"{given['rows']:,} rows of {table}", flush=True)
        connection.execute("ANALYZE")
    connection.close()
    county.ask(database)
    return database


def _spent_on(database: Path, people: int) -> tuple[float, float]:
    """Let everybody answer in a copy; Return the milliseconds of CPU a turn, and the kernel's of them."""
    copy = database.with_suffix(".copy")
    shutil.copyfile(database, copy)
    with copy.open("rb+") as written:
        os.fsync(written.fileno())  # or the bot's first COMMIT would write home the whole copy
    begun = [_spent()]

    def again() -> None:
        begun[0] = _spent()

    asyncio.run(turn.everybody_answers(copy, people, again))
    user, kernel = (ended - at for ended, at in zip(_spent(), begun[0], strict=True))
    copy.unlink()
    return (user + kernel) / people * 1000, kernel / people * 1000


def _steps(database: Path, people: int) -> float:
    """Let everybody answer; Return the steps of SQLite's machine that a turn took."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += _STEP
        return 0

    def watch(connection: object, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.set_progress_handler(count, _STEP)

    def again() -> None:
        nonlocal steps
        steps = 0

    event.listen(Engine, "connect", watch)
    try:
        asyncio.run(turn.everybody_answers(database, people, again))
    finally:
        event.remove(Engine, "connect", watch)
    return steps / people


def _spent() -> tuple[float, float]:
    """Tell the seconds of CPU so far, our own and the kernel's; ``os.times`` would tell hundredths only."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime, used.ru_stime
