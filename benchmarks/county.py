"""The counties that are measured: many people, each liaison of a project or two."""

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from bot.app import assembled
from bot.clock import VirtualClock
from bot.config import Database, Settings
from bot.domain.people import Duty, Role
from bot.papers.workshop import Workshop
from handlers import duties
from storage import tables
from storage.migrate import migrate
from storage.store import Store
from storage.tx import Tx
from tests.fakes import FakePlatform

ASKED_AT = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
"""A Monday, as the round begins."""

PLATFORM = "telegram"

_YEAR = date(2026, 1, 1)
_NAMES = (
    "纯碱扩建项目",
    "智造产业园二期",
    "污水处理厂提标",
    "高标准农田改造",
    "冷链物流园",
    "光伏组件生产线",
)


def settings(database: Path) -> Settings:
    """Return the settings of a county with its database in a file."""
    return settings_at(f"sqlite:///{database}")


def settings_at(url: str) -> Settings:
    """Return the settings of a county with its database anywhere."""
    return Settings(county="青禾县", database=Database(url=url, schema=""))


def fill(database: Path | str, people: int, projects_each: int) -> None:
    """Make a county, in a file or at a URL, whose liaisons have all joined, in accounts from 1 on."""
    url = database if isinstance(database, str) else f"sqlite:///{database}"
    migrate(url)

    async def perform() -> None:
        async with Store(url) as store:
            await store.perform(lambda tx: _people(tx, people, projects_each))

    asyncio.run(perform())


def ask(database: Path) -> None:
    """Let the morning's round go out in a county, to a platform that takes everything."""
    asyncio.run(_ask(database))


async def _ask(database: Path) -> None:
    clock = VirtualClock(ASKED_AT.astimezone(UTC))
    async with assembled(settings(database), clock, [FakePlatform(PLATFORM)], Workshop()) as bot:
        failed = await duties.keep(bot.watch)
        assert not failed, failed
        await bot.delivery.drain()


def _people(tx: Tx, many: int, projects_each: int) -> None:
    numbers = range(1, many + 1)
    execute = tx.connection.execute
    execute(insert(tables.units), [{"id": 1, "name": "发展和改革局", "kind": "责任单位"}])
    execute(insert(tables.people), [{"id": n, "name": f"联络员{n}", "unit_id": 1} for n in numbers])
    execute(insert(tables.roles), [{"person_id": n, "role": str(Role.LIAISON)} for n in numbers])
    joined = ASKED_AT.replace(month=10)
    execute(
        insert(tables.contacts),
        [
            {"person_id": n, "platform": PLATFORM, "account": str(n), "chat": str(n), "joined_at": joined}
            for n in numbers
        ],
    )
    projects = [
        (person - 1) * projects_each + place for person in numbers for place in range(1, projects_each + 1)
    ]
    execute(
        insert(tables.projects),
        [
            {
                "id": number,
                "number": f"XM-{number:05}",
                "name": f"第{number}号{_NAMES[number % len(_NAMES)]}",
                "kind": "在建",
                "stage": "落地开工",
                "place": "大桥镇",
                "industry": "新材料",
                "unit_id": 1,
                # None is so far behind that a letter is drafted about it.
                "planned": 18_000_000,
                "cumulative": 12_600_000,
                "permille": 580,
                "start_on": _YEAR,
                "start_cumulative": 12_600_000,
                "start_permille": 580,
            }
            for number in projects
        ],
    )
    execute(
        insert(tables.assignments),
        [
            {
                "project_id": number,
                "person_id": (number - 1) // projects_each + 1,
                "duty": str(Duty.LIAISON),
                "since": _YEAR,
            }
            for number in projects
        ],
    )
