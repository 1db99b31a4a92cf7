"""Receipts (签收): what was handed to whom, and that they have read it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from storage.dialects import insert_once
from storage.tables import people, receipts


@dataclass(frozen=True, slots=True)
class Signed:
    """How many of those who got something have signed for it, and the names of who has not."""

    told: int
    received: int
    missing: tuple[str, ...]


class Receipts:
    """Whoever is handed a paper or a missive signs for it with one tap."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def hand(self, subject: str, person_id: int, now: datetime) -> bool:
        """Note that somebody was handed something; False if they were."""
        row = {"subject": subject, "person_id": person_id, "told_at": now}
        return insert_once(self._connection, receipts, row)

    def sign(self, subject: str, person_id: int, now: datetime) -> bool:
        """Note that somebody has read it; False if they had signed, or were not handed it."""
        statement = (
            update(receipts)
            .where(receipts.c.subject == subject, receipts.c.person_id == person_id)
            .where(receipts.c.received_at.is_(None))
            .values(received_at=now)
        )
        return self._connection.execute(statement).rowcount == 1

    def signed(self, subject: str) -> Signed:
        """Return how it stands with the receipts of something."""
        told, received = self._connection.execute(
            select(func.count(), func.count(receipts.c.received_at)).where(receipts.c.subject == subject)
        ).one()
        names = self._connection.execute(
            select(people.c.name)
            .join(receipts, receipts.c.person_id == people.c.id)
            .where(receipts.c.subject == subject, receipts.c.received_at.is_(None))
            .order_by(people.c.id)
        ).scalars()
        return Signed(told, received, tuple(names))
