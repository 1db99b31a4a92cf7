"""Claim 1: a message is stored for good and answered, three times as often a second as in a plain bot."""

import asyncio
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import partial
from pathlib import Path
from statistics import median

from sqlalchemy import Engine, event

from benchmarks import county
from benchmarks.crowd import TOKEN
from benchmarks.sides import AIOGRAM, BARE, OURS, PEERS, PTB, TELEBOT, US, Side, running, serving
from bot.app import assembled
from bot.chat import Address, Incoming
from bot.clock import VirtualClock
from bot.papers.workshop import Workshop
from tests.fakes import FakePlatform

_WITHIN = 300.0
_STARTS_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Turns:
    """What one run showed: replies accepted a second, waits in milliseconds, processor time a reply."""

    rate: float
    p50: float
    p99: float
    cpu: float


def sides(database: Path, people: int) -> list[Side]:
    """Return those compared; ``database`` is a county that was asked this morning."""
    return [
        Side(US, partial(_ours, database)),
        Side(PTB, partial(_peer, "ptb_bot", people, ())),
        Side(
            f"{PTB}, concurrent_updates=256",
            partial(_peer, "ptb_bot", people, ("--concurrent", "256")),
        ),
        Side(AIOGRAM, partial(_peer, "aiogram_bot", people, ())),
        Side(TELEBOT, partial(_peer, "telebot_bot", people, ())),
        Side(BARE, partial(_peer, "bare_bot", people, ())),
    ]


def measure(side: Side, folder: Path, people: int, messages: int) -> Turns:
    """Let people write to one side; the first message of each warms it up and is not counted."""
    with serving() as server, running(side.start(server.base, folder), folder) as bot:
        server.until("polls", 1, _STARTS_WITHIN, bot)
        server.call("writes", people, messages + people)
        server.until("replies", people, _WITHIN, bot)
        used = bot.cpu()
        begun = server.call("counts")["replies"]
        server.until("replies", messages + people, _WITHIN, bot)
        used = bot.cpu() - used
        replies = server.call("told")["replies"]
    first = replies[people - 1][0]
    counted = replies[people:]
    waits = sorted(wait * 1000 for _, wait in counted)
    return Turns(
        rate=len(counted) / (counted[-1][0] - first),
        p50=median(waits),
        p99=waits[int(len(waits) * 0.99)],
        cpu=used / max(1, len(replies) - begun) * 1000,
    )


def compare(
    folder: Path, *, people: int, messages: int, rounds: int, with_peers: bool = True
) -> dict[str, list[Turns]]:
    """Measure every side in every round, one after the other."""
    database = folder / "asked.db"
    county.fill(database, people, 2)
    county.ask(database)
    found: dict[str, list[Turns]] = {}
    for turn in range(rounds):
        for side in sides(database, people) if with_peers else sides(database, people)[:1]:
            place = folder / f"turn-{turn}-{len(found)}"
            place.mkdir()
            turns = measure(side, place, people, messages)
            found.setdefault(side.name, []).append(turns)
            print(
                f"turn {turn + 1}/{rounds} {side.name}: {turns.rate:.0f}/s, p99 {turns.p99:.0f} ms",
                flush=True,
            )
            shutil.rmtree(place)
    return found


def _ours(database: Path, base: str, folder: Path) -> Sequence[str | Path]:
    copy = folder / "liaison.db"
    shutil.copyfile(database, copy)
    at = (county.ASKED_AT + timedelta(minutes=30)).isoformat()
    return [
        *(OURS, "-m", "benchmarks.ours", base, TOKEN, "--database", copy, "--at", at, "--per-second", "0"),
    ]


def _peer(name: str, people: int, more: Sequence[str], base: str, folder: Path) -> Sequence[str | Path]:
    start: list[str | Path] = [
        PEERS,
        "-m",
        f"benchmarks.peers.{name}",
        base,
        TOKEN,
        "--database",
        folder / "peer.db",
    ]
    return [*start, "--people", str(people), *more]


# --- how much we do in a turn -----------------------------------------------------------


def statements(folder: Path, *, people: int) -> dict[str, float]:
    """Return how many statements of each kind one of our turns takes, delivery and group commit included."""
    database = folder / "counted.db"
    county.fill(database, people, 2)
    county.ask(database)
    seen: Counter[str] = Counter()

    def trace(connection: object, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.set_trace_callback(lambda statement: seen.update([statement.split()[0].upper()]))

    event.listen(Engine, "connect", trace)
    try:
        asyncio.run(everybody_answers(database, people, seen.clear))
    finally:
        event.remove(Engine, "connect", trace)
    return {kind: round(count / people, 1) for kind, count in seen.items() if kind != "PRAGMA"}


async def everybody_answers(database: Path, people: int, between: Callable[[], None] = lambda: None) -> None:
    """Let everybody answer twice, and every reply be delivered; something is done before each time."""
    clock = VirtualClock(county.ASKED_AT.astimezone(UTC) + timedelta(minutes=30))
    async with assembled(
        county.settings(database), clock, [FakePlatform(county.PLATFORM)], Workshop()
    ) as bot:
        for turn in (1, 2):  # a second answer revises, as all but the first in the measurement do
            between()
            await asyncio.gather(
                *(
                    bot.router.receive(
                        Incoming(
                            key=f"{turn}-{person}",
                            at=Address(county.PLATFORM, str(person)),
                            sender=str(person),
                            sent_at=clock.now(),
                            text=f"1 主体封顶，形象进度{60 + turn}%",
                            message=f"{turn}{person}",
                        )
                    )
                    for person in range(1, people + 1)
                )
            )
            await bot.delivery.drain()
