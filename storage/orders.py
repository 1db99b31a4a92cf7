"""Papers that somebody asked for: made away from the writer, handed over once."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from storage.dialects import insert_once
from storage.tables import orders


@dataclass(frozen=True, slots=True)
class Order:
    """A paper of a scope that somebody waits for; ``words`` say what else they want of it."""

    id: int
    person_id: int
    paper: str
    scope: str
    words: str = ""


class Orders:
    """What was asked for and not yet handed over."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, key: str, person_id: int, paper: str, scope: str, now: datetime, words: str = "") -> None:
        """Note that somebody asked for a paper, once for each message."""
        row = {"key": key, "person_id": person_id, "paper": paper, "scope": scope, "words": words, "at": now}
        insert_once(self._connection, orders, row)

    def open(self, most: int) -> list[Order]:
        """Return what is waited for, the oldest first."""
        rows = self._connection.execute(
            select(orders).where(orders.c.done_at.is_(None)).order_by(orders.c.at, orders.c.id).limit(most)
        )
        return [Order(row.id, row.person_id, row.paper, row.scope, row.words) for row in rows]

    def finish(self, order_id: int, now: datetime) -> bool:
        """Note that a paper is handed over, or cannot be made; False if it was already."""
        statement = (
            update(orders).where(orders.c.id == order_id, orders.c.done_at.is_(None)).values(done_at=now)
        )
        return self._connection.execute(statement).rowcount == 1
