"""Claim 5: ten thousand open problems, of which a hundred are due, are one short beat."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any, TypeVar

from sqlalchemy import insert, select

from benchmarks import county
from bot import texts
from bot.app import BEAT
from bot.clock import VirtualClock
from bot.domain.people import Duty, Role
from bot.domain.problems import State, Urgency
from bot.ticker import Ticker
from handlers import escalation
from handlers.delivery import Delivery
from handlers.turn import Beat
from handlers.watch import Watch
from storage import tables
from storage.store import Store
from storage.tx import Tx
from tests.fakes import FakeFetchers, FakePlatform, FakePress

T = TypeVar("T")

NOW = county.ASKED_AT.replace(hour=14)
"""In the middle of a working day."""

_LEADERS, _HOLDERS = 40, 60


@dataclass(frozen=True, slots=True)
class Climbing:
    """Milliseconds of the writer in a beat – people told of several, of one each, of none – and lateness.

    ``late`` is the 99th percentile of the seconds from the moment of a rung to the platform.
    """

    folded: float
    single: float
    nothing: float
    late: float


@dataclass(frozen=True)
class _Timed(Watch):
    """Keeps how long the writer was busy."""

    spent: list[float]

    async def perform(self, work: Callable[[Beat], T]) -> T:
        begun = time.perf_counter()
        try:
            return await super().perform(work)
        finally:
            self.spent.append(time.perf_counter() - begun)


def measure(folder: Path, *, rounds: int, problems: int, due: int, seconds: float) -> Climbing:
    """Measure beats, and then how late escalations come while the heart beats as it does in a county."""
    found = {
        name: [
            asyncio.run(_beat(folder / f"{name}{turn}.db", problems, many, holders)) for turn in range(rounds)
        ]
        for name, many, holders in (("folded", due, _HOLDERS), ("single", due, due), ("nothing", 0, _HOLDERS))
    }
    late = asyncio.run(_lateness(folder / "late.db", problems, due, seconds))
    beats = {name: median(times) * 1000 for name, times in found.items()}
    return Climbing(beats["folded"], beats["single"], beats["nothing"], late)


async def _beat(database: Path, problems: int, due: int, holders: int) -> float:
    """Return the seconds that the writer was busy in one beat; check that it told everybody due."""
    await asyncio.to_thread(county.fill, database, 1, 1)
    clock = VirtualClock(NOW)
    async with Store(f"sqlite:///{database}") as store:
        await store.perform(lambda tx: _fill(tx, problems, [NOW - timedelta(seconds=1)] * due, holders))
        watch = _watch(store, clock)
        await escalation.climb(watch)
        told = await store.read(lambda tx: tx.connection.execute(select(tables.escalations.c.id)).all())
        assert len(told) == due, (len(told), due)
        return sum(watch.spent)


async def _lateness(database: Path, problems: int, due: int, seconds: float) -> float:
    """Return the 99th percentile of how long after its moment an escalation was at the platform."""
    await asyncio.to_thread(county.fill, database, 1, 1)
    clock = VirtualClock(NOW, running=True)
    moments = [NOW + timedelta(seconds=1 + seconds * place / due) for place in range(due)]
    async with Store(f"sqlite:///{database}") as store:
        await store.perform(lambda tx: _fill(tx, problems, moments, due))
        watch = _watch(store, clock)
        delivery = Delivery(
            store, {county.PLATFORM: FakePlatform(county.PLATFORM)}, watch.county, watch.texts, clock
        )
        ticker = Ticker(partial(escalation.climb, watch), BEAT)
        delivering = asyncio.create_task(delivery.run())
        ticker.start()
        await asyncio.sleep(seconds + 2 * BEAT.total_seconds())
        ticker.stop()
        delivering.cancel()
        rows = await store.read(_sent)
    found = [(sent - moments[number - 1]).total_seconds() for number, sent in rows]
    assert len(found) == due, (len(found), due)
    return quantiles(found, n=100)[98]


def _sent(tx: Tx) -> list[tuple[int, datetime]]:
    outbox = tables.outbox
    rows = tx.connection.execute(
        select(outbox.c.subject, outbox.c.sent_at).where(
            outbox.c.key.like("escalation:%"), outbox.c.sent_at.is_not(None)
        )
    )
    return [(int(row.subject.removeprefix("problem:")), row.sent_at) for row in rows]


def _watch(store: Store, clock: VirtualClock) -> _Timed:
    settings = county.settings(Path("unused"))
    press: Any = FakePress()
    return _Timed(
        store, settings.of_county(), texts.load(), clock, press, FakeFetchers(FakePlatform()), spent=[]
    )


def _fill(tx: Tx, many: int, moments: list[datetime], holders: int) -> None:
    """Store open problems; the first ones are due at the moments given, the others in a week."""
    execute = tx.connection.execute
    people = range(2, 2 + _LEADERS + holders)
    execute(insert(tables.people), [{"id": n, "name": f"干部{n}", "unit_id": 1} for n in people])
    joined = NOW.replace(month=10)
    execute(
        insert(tables.contacts),
        [
            {
                "person_id": n,
                "platform": county.PLATFORM,
                "account": str(n),
                "chat": str(n),
                "joined_at": joined,
            }
            for n in people
        ],
    )
    execute(insert(tables.roles), [{"person_id": 2, "role": str(Role.OFFICE)}])
    projects = range(2, 2 + _LEADERS)
    execute(insert(tables.projects), [_project(number) for number in projects])
    execute(
        insert(tables.assignments),
        [
            {"project_id": n, "person_id": n, "duty": str(Duty.LEAD_LEADER), "since": joined.date()}
            for n in projects
        ],
    )
    first = 2 + _LEADERS
    values = [_problem(n, first + n % holders, projects[n % _LEADERS], moments) for n in range(1, many + 1)]
    execute(insert(tables.problems), values)
    execute(
        insert(tables.custody),
        [
            {"problem_id": n, "generation": 1, "person_id": each["holder_id"], "since": each["opened_at"]}
            for n, each in enumerate(values, 1)
        ],
    )


def _project(number: int) -> dict[str, object]:
    return {
        "id": number,
        "number": f"P-{number:05}",
        "name": f"第{number}号标准厂房",
        "kind": "在建",
        "stage": "落地开工",
        "start_on": NOW.date(),
    }


def _problem(number: int, holder: int, project: int, moments: list[datetime]) -> dict[str, object]:
    due = moments[number - 1] if number <= len(moments) else NOW + timedelta(days=7)
    opened = NOW - timedelta(hours=5)
    return {
        "number": f"2026-{number:03}",
        "year": 2026,
        "sequence": number,
        "project_id": project,
        "category": "用地",
        "text": "用地指标未批，影响二期开挖",
        "urgency": str(Urgency.ORDINARY),
        "state": str(State.WAITING),
        "reporter_id": 1,
        "confirmer_id": 1,
        "holder_id": holder,
        "opened_at": opened,
        "began_at": opened,
        "held_since": opened,
        "accept_due": due,
        "feedback_due": NOW + timedelta(days=3),
        "solve_due": NOW + timedelta(days=7),
        "first_due": NOW + timedelta(days=7),
        "next_rung": "accept_1",
        "next_at": due,
    }
