"""The county that is killed at random, and timed: everybody is asked of one project or leads three."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.clock import SystemClock
from bot.domain.people import Role, UnitKind
from bot.domain.roster import PersonName, PersonRow, ProjectRow, Roster, UnitRow
from tests.botapi import BotApi
from tests.command import TOKEN

LIAISONS, LEADERS = 72, 24
LIAISON, LEADER, OFFICE = 1000, 2000, 3000
"""Where the Telegram ids of each begin."""


def roster() -> Roster:
    """Return a county in which everybody is asked of one project or leads three, and has an account."""

    def person(name: str, unit: str, role: Role, account: int) -> PersonRow:
        return PersonRow(0, name, unit, roles=frozenset({role}), telegram=account)

    leaders = [person(f"领导{n}", "县政府", Role.LEAD_LEADER, LEADER + n) for n in range(LEADERS)]
    liaisons = [person(f"联络{n}", "发改局", Role.LIAISON, LIAISON + n) for n in range(LIAISONS)]
    office = person("赵文静", "指挥部办公室", Role.OFFICE, OFFICE)
    names = {
        "县政府": UnitKind.RESPONSIBLE,
        "发改局": UnitKind.RESPONSIBLE,
        "指挥部办公室": UnitKind.RESPONSIBLE,
    }
    return Roster(
        units=tuple(UnitRow(0, name, kind) for name, kind in names.items()),
        people=(*leaders, *liaisons, office),
        projects=tuple(
            ProjectRow(
                0, f"XM{n:03}", f"第{n}标段", planned=1_000_000, cumulative=0, permille=0,
                leader=PersonName(f"领导{n % LEADERS}"), liaisons=(PersonName(f"联络{n}"),),
            )
            for n in range(LIAISONS)
        ),
    )  # fmt: skip


def settings(api: BotApi) -> str:
    """Return a configuration in which it is noon of a working day, whenever the test runs."""
    now = SystemClock().now()
    # The county's day must not end, and no duty's hour come, in the middle of a burst.
    ahead = 12 - now.hour
    days = [str(now.date() + timedelta(days=by)) for by in (-1, 0, 1)]
    return f"""
        county = "青禾县"
        timezone = "Etc/GMT{-ahead:+d}"
        calendar.extra = {json.dumps(days)}
        prompts = {{ask_at = "23:57", remind_at = "23:58", close_at = "23:59"}}
        telegram = {{token = "{TOKEN}", api_base = "{api.base}"}}
        office.listen = ""
    """


@contextmanager
def opened(database: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def rows(database: Path, question: str) -> list[Any]:
    with opened(database) as connection:
        return connection.execute(question).fetchall()
