"""Receipts (签收): what – a paper, a letter – was handed to whom, and that they have read it."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, select, update

from storage.dialects import insert_once
from storage.tables import handovers, receipts


class Receipts:
    """Whatever has a subject goes to somebody once and is signed for once; nothing of that is taken back."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def hand(self, subject: str, person_ids: Iterable[int], now: datetime) -> bool:
        """Note to whom something goes; False if all of them had it."""
        rows = [{"subject": subject, "person_id": each, "told_at": now} for each in person_ids]
        fresh = [row for row in rows if insert_once(self._connection, receipts, row)]
        return bool(fresh)

    def sign(self, subject: str, person_ids: Collection[int], now: datetime) -> bool:
        """Note that people have read it; False if they had signed, or were not handed it."""
        statement = (
            update(receipts)
            .where(receipts.c.subject == subject, receipts.c.person_id.in_(list(person_ids)))
            .where(receipts.c.received_at.is_(None))
            .values(received_at=now)
        )
        return self._connection.execute(statement).rowcount > 0

    def of(self, subject: str) -> dict[int, datetime | None]:
        """Return to whom something went, and when each of them signed for it."""
        rows = self._connection.execute(
            select(receipts.c.person_id, receipts.c.received_at)
            .where(receipts.c.subject == subject)
            .order_by(receipts.c.person_id)
        )
        return {row.person_id: row.received_at for row in rows}

    def handed_on(self, subject: str) -> set[int]:
        """Return who of those that something went to has handed their work over since."""
        rows = self._connection.execute(
            select(handovers.c.from_id, handovers.c.to_id)
            .join(receipts, receipts.c.person_id == handovers.c.from_id)
            .where(receipts.c.subject == subject, handovers.c.at >= receipts.c.told_at)
            .order_by(handovers.c.id)
        )
        found = set[int]()
        for row in rows:
            found.add(row.from_id)
            found.discard(row.to_id)
        return found
