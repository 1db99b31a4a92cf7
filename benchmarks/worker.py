"""One process of several on one PostgreSQL: says that it is ready, waits for a line, and works."""

import argparse
import asyncio
import json
import sys
from datetime import UTC, timedelta

from sqlalchemy import insert

from benchmarks import county
from bot import texts
from bot.app import assembled
from bot.clock import VirtualClock
from bot.papers.workshop import Workshop
from handlers import rounds
from handlers.delivery import Delivery
from storage import tables
from storage.letters import Lane
from storage.store import Store
from storage.tx import Tx
from tests.fakes import FakePlatform

_AT_ONCE = 10_000


async def main() -> None:
    """Do one of the works."""
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=sorted(WORKS))
    parser.add_argument("url")
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--many", type=int, default=1)
    parser.add_argument("--place", type=int, default=0)
    await WORKS[parser.parse_args().work](parser.parse_args())


async def ready() -> None:
    """Wait until all others are as far."""
    print(json.dumps("ready"), flush=True)
    await asyncio.to_thread(sys.stdin.readline)


async def plan(given: argparse.Namespace) -> None:
    """Ask everybody who is still to be asked this morning."""
    clock = VirtualClock(county.ASKED_AT.astimezone(UTC))
    async with assembled(
        county.settings_at(given.url), clock, [FakePlatform(county.PLATFORM)], Workshop()
    ) as bot:
        await bot.watch.read(rounds.is_time_to_ask)
        await ready()
        await rounds.ask(bot.watch)


async def plain(given: argparse.Namespace) -> None:
    """Store what a morning's planning stores, by `executemany` and no more."""
    async with Store(given.url) as store:
        people = await store.read(
            lambda tx: tx.connection.exec_driver_sql("SELECT max(id) FROM people").scalar()
        )
        await ready()
        for first in range(1, int(people or 0) + 1, rounds.CHUNK):
            ids = range(first, min(first + rounds.CHUNK, int(people or 0) + 1))
            await store.perform(lambda tx, ids=ids: _plain(tx, ids))  # type: ignore[misc]


def _plain(tx: Tx, ids: range) -> None:
    at, execute = county.ASKED_AT, tx.connection.execute
    asked = [{"person_id": n, "day": at.date(), "projects": [n], "asked_at": at} for n in ids]
    execute(insert(tables.prompts), asked)
    execute(insert(tables.listings), [{"person_id": n, "projects": [n], "sent_at": at} for n in ids])
    execute(insert(tables.outbox), [_letter(n, county.PLATFORM, f"prompt:{n}:{at.date()}") for n in ids])


async def owe(given: argparse.Namespace) -> None:
    """Owe so many letters, by turns over the connections of so many processes."""
    async with Store(given.url) as store:
        for first in range(0, given.rows, _AT_ONCE):
            ids = range(first, min(first + _AT_ONCE, given.rows))
            rows = [_letter(n, f"{county.PLATFORM}{n % given.many}", f"bench:{n}") for n in ids]
            await store.perform(lambda tx, rows=rows: tx.connection.execute(insert(tables.outbox), rows))  # type: ignore[misc]
        await store.perform(lambda tx: tx.connection.exec_driver_sql("ANALYZE outbox"))


async def carry(given: argparse.Namespace) -> None:
    """Claim and finish every letter of one connection, whose platform takes everything at once."""
    platform = FakePlatform(f"{county.PLATFORM}{given.place}")
    clock = VirtualClock((county.ASKED_AT + timedelta(minutes=1)).astimezone(UTC))
    settings = county.settings_at(given.url)
    async with Store(given.url) as store:
        delivery = Delivery(store, {platform.name: platform}, settings.of_county(), texts.load(), clock)
        await store.read(lambda tx: tx.dispatch.in_doubt(platform.name))
        await ready()
        await delivery.drain()


def _letter(number: int, platform: str, key: str) -> dict[str, object]:
    choices = [
        [["照旧", f"same:{number}"], ["有进展", f"progress:{number}"], ["有问题", f"trouble:{number}"]]
    ]
    return {
        "key": key,
        "token": f"t{platform}{number}",
        "subject": key,
        "person_id": 1,
        "platform": platform,
        "chat": str(number),
        "topic": "",
        "in_group": False,
        "lane": int(Lane.ROUND),
        "due_at": county.ASKED_AT,
        "state": "waiting",
        "text": "早上好，您有 1 个项目：\n1 第1号纯碱扩建项目｜落地开工｜形象进度 58%｜完成投资 126,000 万元",
        "buttons": choices,
        "made_at": county.ASKED_AT,
    }


WORKS = {"plan": plan, "plain": plain, "owe": owe, "carry": carry}

if __name__ == "__main__":
    asyncio.run(main())
