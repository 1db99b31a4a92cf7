"""The sheets 分流 and 群: whose problems are whose, and which group hears of what."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from bot.domain.columns import Sheet
from bot.domain.roster import GroupRow, RouteRow
from storage.roster.changes import Change, Journal, What, differences
from storage.roster.contacts import NAMES
from storage.roster.merge import merge
from storage.roster.people import UnitIds
from storage.roster.register import Register
from storage.tables import chats, routes


def merge_routes(
    connection: Connection,
    rows: Sequence[RouteRow],
    unit_ids: UnitIds,
    register: Register,
    journal: Journal,
) -> None:
    """Bring the routes up to the roster: a row says whole to whom its problems go."""
    merged = merge(
        connection,
        routes,
        ("category", "place"),
        [
            {
                "category": row.category,
                "place": row.place,
                "unit_id": unit_ids[row.unit],
                "person_id": row.person and register.get(row.person),
            }
            for row in rows
        ],
        exact=("unit_id", "person_id"),
    )
    unit_names = {unit_id: name for name, unit_id in unit_ids.items()}

    def shown(values: Mapping[str, Any]) -> dict[str, str]:
        names = {}
        if "unit_id" in values:
            names["unit"] = unit_names[values["unit_id"]]
        if "person_id" in values:
            names["person"] = register.name(values["person_id"])
        return names

    for row, route in zip(rows, merged, strict=True):
        name = f"{row.category}（{row.place}）" if row.place else row.category
        subject = f"route:{route.id}"
        if route.is_new:
            to = "｜".join(filter(None, [row.unit, row.person.name if row.person else ""]))
            journal.add(Change(Sheet.ROUTES, What.ADDED, name, to), subject, {}, route.now)
        elif route.now:
            told = differences(Sheet.ROUTES, shown(route.was), shown(route.now))
            journal.add(
                Change(Sheet.ROUTES, What.CHANGED, name, "；".join(told)), subject, route.was, route.now
            )


def merge_groups(connection: Connection, rows: Sequence[GroupRow], now: datetime, journal: Journal) -> None:
    """Bind the groups whose id the roster knows; the others are bound in chat."""
    states = {(row.platform, row.chat): row.state for row in connection.execute(select(chats))}
    here = []
    for row in rows:
        if row.chat and states.get((NAMES[row.platform], row.chat)) == "left":
            journal.keep(Sheet.GROUPS, row.name, "机器人已经不在群里，先把它加回去")
        elif row.chat:
            here.append(row)
    merged = merge(
        connection,
        chats,
        ("platform", "chat"),
        [
            {
                "platform": NAMES[row.platform],
                "chat": row.chat,
                "title": row.name,
                "scope": str(row.scope),
                "state": "bound",
                "bound_at": None if states.get((NAMES[row.platform], row.chat)) == "bound" else now,
            }
            for row in here
        ],
        fresh={"seen_at": now},
    )
    for row, chat in zip(here, merged, strict=True):
        subject = f"chat:{chat.id}"
        if chat.is_new:
            change = Change(Sheet.GROUPS, What.ADDED, row.name, str(row.scope))
            journal.add(change, subject, {}, chat.now)
        elif chat.now:
            was, is_now = (
                {"name" if k == "title" else k: v for k, v in each.items()} for each in (chat.was, chat.now)
            )
            told = differences(Sheet.GROUPS, was, is_now)
            journal.add(
                Change(Sheet.GROUPS, What.CHANGED, row.name, "；".join(told)), subject, chat.was, chat.now
            )
