"""Open questions, and the numbered list each person saw last; both survive a restart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from storage.prepared import Prepared
from storage.tables import conversations, listings

_GET = Prepared(select(conversations).where(conversations.c.person_id == bindparam("of")))
_END = Prepared(
    delete(conversations).where(
        conversations.c.person_id.in_(bindparam("of", expanding=True)),
        conversations.c.topic != bindparam("but"),
    ),
    "of",
)
_LISTED = Prepared(select(listings.c.projects).where(listings.c.person_id == bindparam("of")))


@dataclass(frozen=True, slots=True)
class Question:
    """What we asked somebody and wait for: a topic, and what we knew when asking."""

    topic: str
    data: dict[str, Any]
    asked_at: datetime


class Conversations:
    """One open question a person at most: a newer one takes the place of the older."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, person_id: int) -> Question | None:
        """Return the question somebody has not answered yet."""
        row = _GET.first(self._connection, of=person_id)
        return Question(row.topic, row.data, row.asked_at) if row else None

    def ask(self, person_id: int, topic: str, now: datetime, **data: Any) -> None:
        """Remember that a question is open."""
        row = {"person_id": person_id, "topic": topic, "data": data, "asked_at": now}
        self._replace(conversations, [row])

    def end(self, *person_ids: int, but: str = "") -> None:
        """Forget open questions, unless they are of one topic: they are answered, or no longer asked."""
        _END.run(self._connection, of=person_ids, but=but)

    def listed(self, person_id: int) -> list[int]:
        """Return the projects of the numbered list last sent to somebody, in its order."""
        return list(_LISTED.scalar(self._connection, of=person_id) or ())

    def list(self, lists: Mapping[int, Sequence[int]], now: datetime) -> None:
        """Remember numbered lists of projects, each by the person to whom it is sent."""
        rows = [
            {"person_id": person_id, "projects": list(projects), "sent_at": now}
            for person_id, projects in lists.items()
        ]
        self._replace(listings, rows)

    def _replace(self, table: Any, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            statement = _replacing(self._connection.dialect.name, table, tuple(rows[0]))
            statement.run_each(self._connection, rows)


@cache
def _replacing(kind: str, table: Table, columns: tuple[str, ...]) -> Prepared:
    """Return what stores a row in the place of the one that a person has."""
    statement: Any = (sqlite if kind == "sqlite" else postgresql).insert(table)
    values = {name: statement.excluded[name] for name in columns if name != "person_id"}
    return Prepared(statement.on_conflict_do_update(index_elements=["person_id"], set_=values))
