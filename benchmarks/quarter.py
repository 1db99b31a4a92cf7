"""The county of the papers: ten thousand projects with a report of each on every working day of a year."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.county import PLATFORM
from bot.domain.people import Role
from bot.domain.problems import State, Urgency
from storage.migrate import migrate

QUARTER = date(2026, 7, 1), date(2026, 9, 30)
NOW = datetime(2026, 9, 30, 10, 30, tzinfo=UTC)
"""In the evening of its last day, a Wednesday, when everything is due."""

_YEAR = date(2026, 1, 1)
_HALF_YEAR = 7
_SATURDAY = 5
_EACH = 2
"""Projects of a liaison."""
_LEADERS, _UNITS = 60, 46
_CATEGORIES = ("用地", "征拆", "审批", "资金", "用电", "环保")


def fill(database: Path, projects: int, days: int) -> None:
    """Make a county with a report of every project on each of so many working days."""
    migrate(f"sqlite:///{database}")
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        _insert(connection, "units", _units())
        _insert(connection, "people", _people(projects))
        _insert(connection, "roles", _roles())
        _insert(connection, "contacts", _contacts())
        _insert(connection, "chats", iter([_group()]))
        _insert(connection, "projects", map(_project, range(1, projects + 1)))
        _insert(connection, "assignments", _assignments(projects))
        _insert(connection, "milestones", _milestones(projects))
        _insert(connection, "reports", _reports(projects, days))
        _insert(connection, "prompts", _prompts(projects, days))
        _insert(connection, "problems", map(_problem, range(1, 2 * projects + 1)))
    connection.close()


def _insert(connection: sqlite3.Connection, table: str, rows: Iterator[dict[str, Any]]) -> None:
    first = next(rows)
    keys = list(first)
    statement = f"INSERT INTO {table} ({', '.join(keys)}) VALUES ({', '.join('?' * len(keys))})"  # noqa: S608 -- ours
    connection.execute(statement, list(first.values()))
    connection.executemany(statement, (list(row.values()) for row in rows))


def _units() -> Iterator[dict[str, Any]]:
    kinds = ("责任单位", "审批部门", "乡镇街道")
    return ({"id": n, "name": f"单位{n}", "kind": kinds[n % 3]} for n in range(1, _UNITS + 1))


def _people(projects: int) -> Iterator[dict[str, Any]]:
    many = _LEADERS + projects // _EACH
    return ({"id": n, "name": f"干部{n}", "unit_id": 1 + n % _UNITS} for n in range(1, many + 1))


def _readers() -> range:
    """Return whom papers are handed to: the lead leaders, and last the office."""
    return range(1, _LEADERS + 2)


def _roles() -> Iterator[dict[str, Any]]:
    for number in _readers():
        role = Role.OFFICE if number > _LEADERS else Role.LEAD_LEADER
        yield {"person_id": number, "role": str(role)}


def _contacts() -> Iterator[dict[str, Any]]:
    for number in _readers():
        yield {
            "person_id": number,
            "platform": PLATFORM,
            "account": str(number),
            "chat": str(number),
            "joined_at": f"{_YEAR} 01:00:00.000000",
        }


def _group() -> dict[str, Any]:
    seen = f"{_YEAR} 01:00:00.000000"
    group = {"platform": PLATFORM, "chat": "group", "scope": "全县", "state": "bound"}
    return group | {"seen_at": seen, "heard_at": seen, "bound_at": seen}


def _project(number: int) -> dict[str, Any]:
    start = _YEAR + timedelta(days=number % 360)
    return {
        "id": number,
        "number": f"XM-{number:05}",
        "name": f"第{number}号标准厂房",
        "kind": "在建",
        "stage": "落地开工",
        "place": f"镇{number % 20}",
        "industry": "新材料",
        "unit_id": 1 + number % _UNITS,
        "total": 50_000_000,
        "planned": 20_000_000 if number % 10 else 0,
        "planned_start": start.isoformat(),
        "actual_start": (start + timedelta(days=number % 30)).isoformat() if number % 3 else None,
        "planned_completion": date(2026, 12, 31).isoformat(),
        "start_on": _YEAR.isoformat(),
    }


def _assignments(projects: int) -> Iterator[dict[str, Any]]:
    since = _YEAR.isoformat()
    for number in range(1, projects + 1):
        led = 1 + number % _LEADERS
        asked = _LEADERS + 1 + (number - 1) // _EACH
        yield {"project_id": number, "person_id": led, "duty": "牵头领导", "since": since}
        yield {"project_id": number, "person_id": asked, "duty": "联络员", "since": since}


def _milestones(projects: int) -> Iterator[dict[str, Any]]:
    for number in range(1, projects + 1):
        for month in (3, 7, 11):
            done = date(2026, month, 20).isoformat() if month < _HALF_YEAR else None
            yield {
                "project_id": number,
                "name": f"节点{month}",
                "planned": date(2026, month, 15).isoformat(),
                "done": done,
            }


def _days(days: int) -> list[date]:
    """Return the last working days before the quarter is over."""
    every = (QUARTER[1] - timedelta(days=back) for back in range(days * 2))
    return sorted(islice((day for day in every if day.weekday() < _SATURDAY), days))


def _reports(projects: int, days: int) -> Iterator[dict[str, Any]]:
    for at, day in enumerate(_days(days)):
        moment = f"{day} 01:30:00.000000"
        for number in range(1, projects + 1):
            moved = (number + at) % 4 == 0
            yield {
                "project_id": number,
                "day": day.isoformat(),
                "version": 1,
                "current": True,
                "kind": "有进展" if moved else "照旧",
                "text": f"主体施工到第{at}层，设备进场" if moved else "",
                "permille": 1000 * at // days,
                "cumulative": 60_000 * at,
                "odd": "[]",
                "person_id": _LEADERS + 1 + (number - 1) // _EACH,
                "at": moment,
            }


def _prompts(projects: int, days: int) -> Iterator[dict[str, Any]]:
    for day in _days(days):
        for first in range(1, projects + 1, _EACH):
            yield {
                "person_id": _LEADERS + 1 + (first - 1) // _EACH,
                "day": day.isoformat(),
                "projects": str(list(range(first, first + _EACH))),
                "asked_at": f"{day} 01:00:00.000000",
            }


def _problem(number: int) -> dict[str, Any]:
    opened = NOW - timedelta(days=number % 270, hours=5)
    closed = opened + timedelta(days=5) if number % 6 else None
    holder = 1 + number % 500
    return {
        "number": f"2026-{number:05}",
        "year": 2026,
        "sequence": number,
        "project_id": (1 + number) // 2,
        "category": _CATEGORIES[number % 6],
        "text": "用地指标未批，影响二期开挖",
        "urgency": str(Urgency.ORDINARY),
        "state": str(State.CLOSED if closed else State.WORKING),
        "reporter_id": _LEADERS + 1,
        "confirmer_id": _LEADERS + 1,
        "holder_id": holder,
        "opened_at": _utc(opened),
        "began_at": _utc(opened),
        "held_since": _utc(opened),
        "solve_due": _utc(opened + timedelta(days=7)),
        "first_due": _utc(opened + timedelta(days=7)),
        "solved_at": _utc(closed) if closed else None,
        "closed_at": _utc(closed) if closed else None,
    }


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}.000000"
