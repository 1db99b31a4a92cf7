"""What the bot really asks, where there are years of it: nothing that grows is looked through."""

import asyncio
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from benchmarks import county, growth
from bot.app import Bot, assembled
from bot.chat import Address, Incoming
from bot.clock import VirtualClock
from bot.domain.people import Role
from bot.papers.workshop import Workshop
from handlers import duties
from handlers.contents import COMMANDS
from storage import dialects
from storage.moving import Place, move
from tests.databases import Served
from tests.fakes import FakePlatform

pytestmark = pytest.mark.slow

PEOPLE, ROWS = 8, int(os.environ.get("HISTORY", "40000"))
FILLED = ("reports", "outbox", "inbox", "audit")
OURS = "SELECT person_id, token FROM outbox WHERE substr(token, 1, 3) <> 'old' AND person_id IS NOT NULL"
GROWING = (*FILLED, "prompts", "escalations", "custody", "attachments")
SAID = (
    "1 主体封顶，形象进度62%",
    "照旧",
    "1 问题 用地指标未批，影响二期开挖",
    "2 本月完成3200万",
    "我的项目",
    "问题",
    "帮助",
    "开工 1 11月20日",
    "收到",
    "1",
)
MOMENTS = (timedelta(hours=1), timedelta(hours=9), timedelta(days=1, hours=1), timedelta(days=5, hours=3))

ALLOWED = {
    "FROM audit ORDER BY audit.id DESC LIMIT": "only the last entry is read",
}
"""Parts of statements, on one line, that may look through what grows, and why."""
PASSING = ("ix_outbox_waiting", "ix_outbox_claimed")
"""Indices of what waits or is on its way, not of what was."""


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A county of years, in a file."""
    database = growth.filled(tmp_path_factory.mktemp("plans") / "county.db", PEOPLE, ROWS)
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO roles VALUES (?, ?)", (PEOPLE, str(Role.OFFICE)))
    connection.close()
    return database


@pytest.fixture(scope="module")
def served(grown: Path, server: str, admin: Connection) -> tuple[str, dict[str, Any]]:
    """The same county on PostgreSQL, and the statements of some days in it."""
    url = Served(server, admin).template("grown")
    move(Place(f"sqlite:///{grown}"), Place(url))
    return url, _asked_in_some_days(url)


@pytest.fixture(scope="module")
def asked(grown: Path) -> tuple[Path, dict[str, Any]]:
    """The county, and the statements of some days in it, each with values it was asked with."""
    database = Path(shutil.copyfile(grown, grown.with_name("asked.db")))
    return database, _asked_in_some_days(f"sqlite:///{database}")


def _asked_in_some_days(url: str) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def note(_: object, __: object, statement: str, values: Any, ___: object, many: bool) -> None:
        if statement.lstrip().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            found.setdefault(statement, values[0] if many else values)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        asyncio.run(_some_days(url))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return found


async def _some_days(url: str) -> None:
    clock = VirtualClock(county.ASKED_AT.astimezone(UTC))
    async with assembled(county.settings_at(url), clock, [FakePlatform(county.PLATFORM)], Workshop()) as bot:
        for after in MOMENTS:
            clock.set(county.ASKED_AT.astimezone(UTC) + after)
            await duties.keep(bot.watch)
            await bot.delivery.drain()
            for place, text in enumerate(SAID):
                await bot.router.receive(_said(clock, 1 + place % PEOPLE, text))
            for word in COMMANDS if after == MOMENTS[0] else ():
                await bot.router.receive(_said(clock, 1, word))
                await bot.router.receive(_said(clock, PEOPLE, word))
                clock.set(clock.now() + timedelta(seconds=2))  # nobody types faster for long
            await bot.delivery.drain()
            await _press_everything(bot, clock)


async def _press_everything(bot: Bot, clock: VirtualClock) -> None:
    def buttons(tx: Any) -> list[tuple[int, str]]:
        rows = tx.connection.exec_driver_sql(OURS)
        return [(person, f"{token}.{place}") for person, token in rows for place in range(3)]

    for person, button in await bot.store.read(buttons):
        await bot.router.receive(_said(clock, person, "", button))
    await bot.delivery.drain()


def _said(clock: VirtualClock, person: int, text: str, button: str = "") -> Incoming:
    key = f"{clock.now():%d%H}:{person}:{text}{button}"
    at = Address(county.PLATFORM, str(person))
    return Incoming(
        key=key, at=at, sender=str(person), sent_at=clock.now(), text=text, button=button, message=key
    )


def _is_allowed(statement: str) -> bool:
    return any(part in " ".join(statement.split()) for part in ALLOWED)


def test_nothing_that_grows_is_looked_through(asked: tuple[Path, dict[str, Any]]) -> None:
    database, statements = asked
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    scanned = []
    for statement, values in statements.items():
        if statement == OURS:  # this test's own
            continue
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", tuple(values))]
        names = {alias: table for table, alias in re.findall(r"(\w+) AS (\w+)", statement)}
        for line in plan:
            looked = re.match(r"SCAN (\w+)", line)
            table = names.get(looked[1], looked[1]) if looked else ""
            allowed = _is_allowed(statement) or line.endswith(PASSING)
            if table in GROWING and not allowed:
                scanned.append((line, statement))
    connection.close()

    assert len(statements) > 150
    assert not scanned, "\n\n".join(f"{line}:\n{statement}" for line, statement in scanned)


def test_no_statement_takes_many_steps(asked: tuple[Path, dict[str, Any]]) -> None:
    # The planner's word is not enough: a search may be of a range that grows.
    database, statements = asked
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 100
        return 0

    connection.set_progress_handler(count, 100)
    many = []
    for statement, values in statements.items():
        if not statement.lstrip().startswith(("SELECT", "WITH")) or statement == OURS:
            continue
        steps = 0
        connection.execute(statement, tuple(values)).fetchall()
        if steps > ROWS // 4 and not _is_allowed(statement):
            many.append((steps, statement))
    connection.close()

    assert not many, "\n\n".join(f"{steps}:\n{statement}" for steps, statement in many)


def test_postgresql_looks_through_nothing_that_grows_either(served: tuple[str, dict[str, Any]]) -> None:
    url, statements = served
    engine = dialects.readonly_engine(dialects.parsed(url))
    scanned = []
    with engine.connect() as connection:
        for forbidden in (False, True):
            # Where few rows are yet, PostgreSQL takes no index: then one must at least be there.
            connection.exec_driver_sql(f"SET enable_seqscan = {'off' if forbidden else 'on'}")
            for statement, values in statements.items():
                if statement == OURS or _is_allowed(statement):
                    continue
                plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar_one()
                found = plan if isinstance(plan, list) else json.loads(plan)
                scanned += [
                    (line, statement)
                    for line, table in _looked_through(found[0]["Plan"])
                    if table in (GROWING if forbidden and line.startswith("Seq") else FILLED)
                ]
    engine.dispose()

    assert len(statements) > 130
    assert not scanned, "\n\n".join(f"{line}:\n{statement}" for line, statement in scanned)


def _looked_through(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each table of a plan of which all rows are read, with how."""
    kind, index = node["Node Type"], node.get("Index Name", "")
    is_whole = kind == "Seq Scan" or (kind.startswith("Index") and "Index Cond" not in node)
    if is_whole and not index.startswith(PASSING):
        yield f"{kind} {index}", node.get("Relation Name", "")
    for each in node.get("Plans", ()):
        yield from _looked_through(each)
