"""Rows of a roster merged into a table: the new are added, of the others only what differs is written."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Merged:
    """A row after merging: new, or with what of it was different; ``now`` is what it was given."""

    id: int
    is_new: bool = False
    was: Values = field(default_factory=dict)
    now: Values = field(default_factory=dict)


def merge(
    connection: Connection,
    table: Table,
    key: Sequence[str],
    rows: Sequence[Values],
    *,
    fresh: Values | None = None,
    exact: Collection[str] = (),
) -> list[Merged]:
    """Bring a table up to the rows of a roster and return what became of each, in their order.

    What a row leaves empty it says nothing about, but for the columns that are ``exact``: there
    empty means empty. A new row takes what it leaves empty from ``fresh``.
    """
    if not rows:
        return []
    known, last = _known(connection, table, key, list(rows[0]))
    added = [row for row in rows if _key(row, key) not in known]
    merged = {
        found: _difference(known[found], row, exact) for row in rows if (found := _key(row, key)) in known
    }
    _update(connection, table, [each for each in merged.values() if each.now])
    if added:
        default = fresh or {}
        connection.execute(
            insert(table),
            [{**row, **{name: default[name] for name in default if row.get(name) is None}} for row in added],
        )
        keys = select(table.c.id, *(table.c[name] for name in key)).where(table.c.id > last)
        ids = {tuple(names): new_id for new_id, *names in connection.execute(keys)}
        for row in added:
            given = {name: value for name, value in row.items() if value not in {None, ""}}
            merged[_key(row, key)] = Merged(ids[_key(row, key)], is_new=True, now=given)
    return [merged[_key(row, key)] for row in rows]


def _known(
    connection: Connection, table: Table, key: Sequence[str], columns: Sequence[str]
) -> tuple[dict[tuple[Any, ...], Values], int]:
    names = ["id", *columns]
    rows = connection.execute(select(*(table.c[name] for name in names)).order_by(table.c.id))
    old = [dict(zip(names, row, strict=True)) for row in rows]
    return {_key(row, key): row for row in old}, max((row["id"] for row in old), default=0)


def _key(row: Values, key: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row[name] for name in key)


def _difference(old: Values, row: Values, exact: Collection[str]) -> Merged:
    now = {
        name: value
        for name, value in row.items()
        if value != old[name] and (name in exact or value not in {None, ""})
    }
    return Merged(old["id"], was={name: old[name] for name in now}, now=now)


def _update(connection: Connection, table: Table, changed: Sequence[Merged]) -> None:
    """Write what differs and no other column: somebody else may be changing those."""
    alike: dict[tuple[str, ...], list[Values]] = defaultdict(list)
    for each in changed:
        given = {f"to_{name}": value for name, value in each.now.items()}
        alike[tuple(each.now)].append(given | {"of": each.id})
    for names, given_rows in alike.items():
        statement = (
            update(table)
            .where(table.c.id == bindparam("of"))
            .values({name: bindparam(f"to_{name}") for name in names})
        )
        connection.execute(statement, given_rows)
