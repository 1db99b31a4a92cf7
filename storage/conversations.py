"""Open questions, and the numbered list each person saw last; both survive a restart."""

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
        conversations.c.person_id == bindparam("of"), conversations.c.topic != bindparam("but")
    )
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
        self._replace(conversations, row)

    def end(self, person_id: int, *, but: str = "") -> None:
        """Forget the open question, unless it is of one topic: it is answered, or no longer asked."""
        _END.run(self._connection, of=person_id, but=but)

    def listed(self, person_id: int) -> list[int]:
        """Return the projects of the numbered list last sent to somebody, in its order."""
        return list(_LISTED.scalar(self._connection, of=person_id) or ())

    def list(self, person_id: int, projects: list[int], now: datetime) -> None:
        """Remember a numbered list that is sent to somebody."""
        self._replace(listings, {"person_id": person_id, "projects": projects, "sent_at": now})

    def _replace(self, table: Any, row: dict[str, Any]) -> None:
        _replacing(self._connection.dialect.name, table, tuple(row)).run(self._connection, **row)


@cache
def _replacing(kind: str, table: Table, columns: tuple[str, ...]) -> Prepared:
    """Return what stores a row in the place of the one that a person has."""
    statement: Any = (sqlite if kind == "sqlite" else postgresql).insert(table)
    values = {name: statement.excluded[name] for name in columns if name != "person_id"}
    return Prepared(statement.on_conflict_do_update(index_elements=["person_id"], set_=values))
