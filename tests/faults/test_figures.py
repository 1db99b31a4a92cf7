"""How soon a running process is, with real sockets: measured where ``FIGURES`` is set, kept in the report.

Nothing here asserts a time: what was found stands beside its target in `tests/faults/REPORT.md`.
"""

import asyncio
import math
import os
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import pytest

from benchmarks import quarter
from bot.papers.template import write_roster
from tests.botapi import BotApi
from tests.command import PATIENCE, TOKEN, Running, liaison, started
from tests.faults import tally
from tests.faults.town import LEADER, LEADERS, LIAISON, LIAISONS, OFFICE, roster, rows, settings

FIGURES = os.environ.get("FIGURES", "")
PROJECTS, DAYS = 1_600, int(os.environ.get("HISTORY_DAYS", "1250"))
SECONDS = int(os.environ.get("LOAD_SECONDS", "180"))
RATE = 200
_ASKS_NOTHING = "letters.drafts = []\nrhythm.presets = []\n"
_BETWEEN = 0.25
_SETTLING = 20

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FIGURES, reason="a measurement of minutes; FIGURES=1"),
]


# --- a problem, a poisoned update, a deadline ---------------------------------------------


async def test_how_soon_a_leader_hears_of_a_problem_and_of_a_deadline(tmp_path: Path) -> None:
    database = tmp_path / "liaison.db"
    write_roster(tmp_path / "roster.xlsx", roster())
    async with BotApi(TOKEN) as api:
        configured(tmp_path, api)
        assert (await liaison("import", "roster.xlsx", cwd=tmp_path)).code == 0
        async with started("run", cwd=tmp_path) as running:
            await ready(api, running)
            for who in (OFFICE, *range(LEADER, LEADER + LEADERS)):
                api.says(who, "/start")
            await quiet(api, database)
            leader = await reported(api, database)
            poisoned, plain = await behind_poison(api, database)
            late = await fallen_due(api, database)

    tally.note(
        "figures",
        leader=quantiles(leader, n=100)[98],
        late=quantiles(late, n=100)[98],
        poisoned=max(0.0, max(poisoned) - median(plain)),
    )
    assert len(leader) == len(late) == LIAISONS


async def reported(api: BotApi, database: Path) -> list[float]:
    """Let every liaison report a problem amid answers; Return after how many seconds its leader had it."""
    said: dict[int, float] = {}
    for n in range(LIAISONS):
        api.says(LIAISON + (n + 7) % LIAISONS, f"基坑第{n}段完成，形象进度{1 + n % 9}%")
        api.says(LIAISON + n, f"问题 {n}号地块用地指标未批")
        said[n] = now()
        await asyncio.sleep(_BETWEEN)
    await quiet(api, database)
    return [arrived(api, leader_of(n), f"{n}号地块", at) - at for n, at in said.items()]


async def behind_poison(api: BotApi, database: Path) -> tuple[list[float], list[float]]:
    """Return the seconds until people were answered who wrote right behind a poisoned update, and others."""
    waits: dict[bool, list[float]] = {True: [], False: []}
    poison = poisons()
    for n in range(LIAISONS):
        is_behind = n % 3 == 0
        if is_behind:
            next(poison)(api)
        api.says(LIAISON + n, f"主体第{n}层完成，形象进度20%")
        at = now()
        await asyncio.sleep(_BETWEEN)
        await quiet(api, database)
        waits[is_behind].append(arrived(api, LIAISON + n, f"主体第{n}层", at) - at)
    return waits[True], waits[False]


def poisons() -> Iterator[Callable[[BotApi], object]]:
    """Yield deeds of somebody who wants to break us, over and over."""
    deep: object = 0
    for _ in range(900):
        deep = [deep]
    me = {"id": LIAISON, "is_bot": False, "first_name": "x"}
    chat = {"id": LIAISON, "type": "private"}
    bodies: tuple[dict[str, Any], ...] = (
        {"message": 5},
        {"message": {"message_id": "x", "chat": {}}},
        {"callback_query": {"id": 1}},
        {"of a kind to come": {}},
        {"message": deep},
        {"message": {"message_id": 10**30, "date": -1, "chat": chat, "from": me, "text": "a"}},
        {
            "message": {
                "message_id": 1,
                "date": 1,
                "chat": chat,
                "from": {**me, "id": 2**70},
                "text": "\ud800\0",
            }
        },
    )
    while True:
        for body in bodies:
            yield lambda api, body=body: api.feeds(body)  # type: ignore[misc]


async def fallen_due(api: BotApi, database: Path) -> list[float]:
    """Let the time for taking every problem over run out; Return how late each leader heard of it."""
    numbers = {row["id"]: row["number"] for row in rows(database, "SELECT id, number FROM problems")}
    began, clock = now() + 2, datetime.now(UTC) + timedelta(seconds=2)
    due = {problem: _BETWEEN * place for place, problem in enumerate(numbers)}
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        connection.executemany(
            "UPDATE problems SET accept_due = ?, next_at = ? WHERE id = ?",
            [(*[utc(clock + timedelta(seconds=later))] * 2, problem) for problem, later in due.items()],
        )
    leaders = {row["id"]: int(row["account"]) for row in rows(database, _HOLDERS)}
    heard: dict[int, float] = {}
    async with asyncio.timeout(PATIENCE):
        while len(heard) < len(due):
            await asyncio.sleep(0.5)
            for problem, later in due.items():
                at = arrived(api, leaders[problem], numbers[problem], began - 1)
                if problem not in heard and at < math.inf:
                    heard[problem] = at - began - later
    return list(heard.values())


_HOLDERS = "SELECT p.id, c.account FROM problems p JOIN contacts c ON c.person_id = p.holder_id"


# --- two hundred updates a second ---------------------------------------------------------


class Counted(BotApi):
    """Knows when each update was there, and when it was confirmed."""

    def __init__(self) -> None:
        super().__init__(TOKEN)
        self.fed_at: dict[int, float] = {}
        self.acks: list[float] = []

    def feeds_raw(self, number: int, raw: bytes) -> None:
        self.fed_at[number] = now()
        super().feeds_raw(number, raw)

    def _confirm(self, offset: int) -> None:
        before = len(self.confirmed)
        super()._confirm(offset)
        self.acks += [now() - self.fed_at[number] for number in self.confirmed[before:]]


async def test_two_hundred_updates_a_second_with_five_years_behind_them(tmp_path: Path) -> None:
    database = tmp_path / "liaison.db"
    await asyncio.to_thread(history, database)
    liaisons = [row["id"] for row in rows(database, "SELECT DISTINCT person_id AS id FROM assignments "
                                                    "WHERE duty = '联络员' ORDER BY 1")]  # fmt: skip
    [(reports,)] = rows(database, "SELECT count(*) FROM reports")
    chance = random.Random(0)
    async with Counted() as api:
        configured(tmp_path, api)
        async with started("run", cwd=tmp_path) as running:
            await ready(api, running)
            began, used = now(), cpu(running)
            held: list[float] = []
            for number in range(RATE * SECONDS):
                who = chance.randrange(len(liaisons))
                project = 1 + 2 * who + chance.randrange(2)
                api.says(liaisons[who], f"XM-{project:05} 主体施工到第{number % 40}层，设备进场")
                await asyncio.sleep(max(0.0, began + (number + 1) / RATE - now()))
                if number % RATE == 0 and number // RATE >= min(_SETTLING, SECONDS // 3):
                    held.append(memory(running))
            took = now() - began
            async with asyncio.timeout(PATIENCE):
                await api.until(lambda: not api.pending, within=PATIENCE)
            used = cpu(running) - used
            held.append(memory(running))

    tally.note(
        "load",
        reports=reports,
        rate=RATE * SECONDS / took,
        ack=quantiles(api.acks, n=100)[98] * 1000,
        cpu=used / len(api.confirmed) * 1000,
        grown=(max(held) / held[0] - 1) * 100,
    )
    assert len(api.confirmed) == RATE * SECONDS
    admitted = rows(database, "SELECT count(*) FROM inbox WHERE state = 'done'")
    assert admitted[0][0] == RATE * SECONDS


def history(database: Path) -> None:
    """Make a county with years of reports in which nothing is open, and everybody has joined."""
    quarter.fill(database, PROJECTS, DAYS)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM chats")
        connection.execute(
            "UPDATE problems SET state = '已销号', closed_at = opened_at WHERE closed_at IS NULL"
        )
        connection.execute(
            "INSERT INTO contacts (person_id, platform, account, chat, joined_at) "
            "SELECT id, 'telegram', id, id, '2026-01-01 01:00:00.000000' FROM people "
            "WHERE id NOT IN (SELECT person_id FROM contacts)"
        )


def cpu(running: Running) -> float:
    """Return the seconds of processor time that a process has used: these depend on no other's load."""
    fields = Path(f"/proc/{running.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(running: Running) -> float:
    """Return the megabytes of a process that are its own; what it maps of the database is the system's."""
    status = Path(f"/proc/{running.pid}/status").read_text(encoding="utf-8")
    return float(status.partition("RssAnon:")[2].split()[0]) / 1000


# --- both ---------------------------------------------------------------------------------


def now() -> float:
    return asyncio.get_running_loop().time()


def configured(folder: Path, api: BotApi) -> None:
    (folder / "config.toml").write_text(settings(api) + _ASKS_NOTHING, encoding="utf-8")
    (folder / "config.toml").chmod(0o600)


async def ready(api: BotApi, running: Running) -> None:
    await api.until(lambda: bool(api.polls) or running.has_ended, within=PATIENCE)
    assert not running.has_ended, running.err


async def quiet(api: BotApi, database: Path) -> None:
    """Wait until everything was confirmed, and everything owed was sent."""
    owed = "SELECT 1 FROM outbox WHERE state IN ('waiting', 'claimed') LIMIT 1"
    await api.until(lambda: not api.pending and not rows(database, owed), within=PATIENCE)


def leader_of(n: int) -> int:
    return LEADER + n % LEADERS


def arrived(api: BotApi, chat: int, words: str, after: float) -> float:
    """Return when a message with these words came to a chat after a moment; infinity if none did."""
    return next(
        (each.at for each in api.sent if each.chat == chat and each.at >= after and words in each.text),
        math.inf,
    )


def utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"
