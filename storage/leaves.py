"""Who is on leave, and who acts for them today."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    bindparam,
    cast,
    insert,
    literal,
    select,
    update,
)

from storage import dialects
from storage.prepared import Prepared
from storage.tables import leaves, outbox, people

_HOLDS = leaves.c.cancelled_at.is_(None)
# A substitute who has left acts for nobody: until the office finds another, everybody acts for themself.
_ACTING = leaves.join(people, people.c.id == leaves.c.substitute_id)
_TODAY = (
    _HOLDS,
    leaves.c.first <= bindparam("today"),
    leaves.c.last >= bindparam("today"),
    people.c.active,
)
_SUBSTITUTE = Prepared(
    select(leaves.c.substitute_id)
    .select_from(_ACTING)
    .where(leaves.c.person_id == bindparam("of"), *_TODAY)
    .limit(1)
)
_COVERED = Prepared(
    select(leaves.c.person_id).select_from(_ACTING).where(leaves.c.substitute_id == bindparam("of"), *_TODAY)
)
_EVERYBODY = Prepared(select(leaves.c.person_id, leaves.c.substitute_id).select_from(_ACTING).where(*_TODAY))
_LEAVES = select(leaves).where(_HOLDS).order_by(leaves.c.first, leaves.c.id)


def _was_told(what: str) -> ColumnElement[bool]:
    key = literal("leave:") + cast(leaves.c.id, String) + literal(f":{what}")
    return select(outbox.c.id).where(outbox.c.key == key).correlate(leaves).exists()


_BEGINNING = _LEAVES.where(
    leaves.c.first <= bindparam("today"), leaves.c.last >= bindparam("today"), ~_was_told("begins")
)
_ENDING = _LEAVES.where(
    leaves.c.last < bindparam("today"), leaves.c.last >= bindparam("news"), ~_was_told("ends")
)
_NEWS = timedelta(days=31)
"""For so long after a leave somebody is still told that it is over."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Somebody's leave, from the first day to the last, and who acts for them."""

    id: int
    person_id: int
    first: date
    last: date
    substitute_id: int

    def holds_on(self, day: date) -> bool:
        """Tell whether somebody is away on a day."""
        return self.first <= day <= self.last


class Leaves:
    """Who is away from when to when, and who acts for them; asked on nearly every message."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # --- who acts for whom --------------------------------------------------------------

    def stand_in(self, person_id: int, today: date) -> int:
        """Return who acts for somebody today: themself, unless they are on leave.

        Where the substitute is on leave too, it is the substitute's substitute, and so on.
        """
        return _last(person_id, lambda each: self._substitute(each, today))

    def stands_for(self, person_id: int, today: date) -> frozenset[int]:
        """Return everybody on leave for whom somebody acts today; nobody, while they are on leave."""
        found = self.behind(person_id, today)
        if found and self._substitute(person_id, today) is not None:
            return frozenset()
        return found

    def behind(self, person_id: int, today: date) -> frozenset[int]:
        """Return everybody on leave of whom somebody is the substitute today, or their substitute's."""
        found: set[int] = set()
        ahead = [person_id]
        while ahead:
            rows = _COVERED.all(self._connection, of=ahead.pop(), today=today)
            new = {row.person_id for row in rows} - found - {person_id}
            found |= new
            ahead += new
        return frozenset(found)

    def everybody(self, today: date) -> dict[int, int]:
        """Return, for each who is on leave today, who acts for them."""
        rows = _EVERYBODY.all(self._connection, today=today)
        substitutes = {row.person_id: row.substitute_id for row in rows}
        return {person_id: _last(person_id, substitutes.get) for person_id in substitutes}

    def _substitute(self, person_id: int, today: date) -> int | None:
        found: int | None = _SUBSTITUTE.scalar(self._connection, of=person_id, today=today)
        return found

    # --- what is entered ----------------------------------------------------------------

    def alone(self) -> None:
        """Let nobody else enter a leave until this one is committed: two at once could make a circle."""
        dialects.alone(self._connection, "leaves")

    def add(
        self, person_id: int, first: date, last: date, substitute_id: int, by_id: int, now: datetime
    ) -> Leave:
        """Enter a leave, which nobody's hinders."""
        row = {
            "person_id": person_id,
            "first": first,
            "last": last,
            "substitute_id": substitute_id,
            "by_id": by_id,
            "at": now,
        }
        key: Any = self._connection.execute(insert(leaves), row).inserted_primary_key
        return Leave(int(key[0]), person_id, first, last, substitute_id)

    def cancel(self, leave: Leave, now: datetime) -> bool:
        """End a leave now, or before it begins; False if it was cancelled before."""
        return (
            self._connection.execute(
                update(leaves).where(leaves.c.id == leave.id, _HOLDS).values(cancelled_at=now)
            ).rowcount
            == 1
        )

    def of(self, person_id: int, today: date) -> list[Leave]:
        """Return the leave somebody is on, and those to come, the earliest first."""
        return self._list(leaves.c.person_id == person_id, leaves.c.last >= today)

    def covered_by(self, person_id: int, today: date) -> list[Leave]:
        """Return the leaves, of today or to come, of which somebody is the substitute, the earliest first."""
        return self._list(leaves.c.substitute_id == person_id, leaves.c.last >= today)

    def clashing(self, person_id: int, first: date, last: date) -> Leave | None:
        """Return the first leave of somebody that has a day in common with these."""
        found = self._list(leaves.c.person_id == person_id, leaves.c.first <= last, leaves.c.last >= first)
        return found[0] if found else None

    # --- what time brings ---------------------------------------------------------------

    def beginning(self, today: date) -> list[Leave]:
        """Return the leaves of today of whose beginning nobody was told."""
        return self._read(_BEGINNING, today=today)

    def ending(self, today: date) -> list[Leave]:
        """Return the leaves before today of whose end nobody was told."""
        return self._read(_ENDING, today=today, news=today - _NEWS)

    def around(self, today: date) -> list[Leave]:
        """Return the leaves that were not over long ago, with those to come."""
        return self._list(leaves.c.last >= today - _NEWS)

    def _list(self, *conditions: ColumnElement[bool]) -> list[Leave]:
        return self._read(_LEAVES.where(*conditions))

    def _read(self, statement: Select[Any], **values: object) -> list[Leave]:
        return [_leave(row) for row in self._connection.execute(statement, values)]


def _last(person_id: int, substitute: Callable[[int], int | None]) -> int:
    """Return the last of a chain of substitutes; of a circle whoever closes it."""
    chain = [person_id]
    while (after := substitute(chain[-1])) is not None and after not in chain:
        chain.append(after)
    return chain[-1]


def _leave(row: Row[Any]) -> Leave:
    return Leave(row.id, row.person_id, row.first, row.last, row.substitute_id)
