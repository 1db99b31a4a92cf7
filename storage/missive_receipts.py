"""To whom a missive went, who has received it, and who has handed their work over since."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, String, cast, literal, select, update

from bot.domain.missives import Missive, MissiveState
from storage import dialects
from storage.missives import MISSIVE, missive_of, subject
from storage.tables import handovers, missives, receipts

_UNCLOSED = (str(MissiveState.SENT), str(MissiveState.REPLIED))


class MissiveReceipts:
    """A letter goes to somebody once, and is received once; nothing of that is taken back."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def hand_over(self, missive_id: int, person_ids: Iterable[int], now: datetime) -> None:
        """Note to whom a letter goes."""
        for person_id in person_ids:
            row = {"subject": subject(missive_id), "person_id": person_id, "told_at": now}
            dialects.insert_once(self._connection, receipts, row)

    def recipients(self, missive_id: int) -> dict[int, datetime | None]:
        """Return to whom a letter went, and when each of them received it."""
        rows = self._connection.execute(
            select(receipts.c.person_id, receipts.c.received_at)
            .where(receipts.c.subject == subject(missive_id))
            .order_by(receipts.c.person_id)
        )
        return {row.person_id: row.received_at for row in rows}

    def handed_on(self, missive_id: int) -> set[int]:
        """Return who of those that a letter went to has handed their work over since."""
        rows = self._connection.execute(
            select(handovers.c.from_id, handovers.c.to_id)
            .join(receipts, receipts.c.person_id == handovers.c.from_id)
            .where(receipts.c.subject == subject(missive_id), handovers.c.at >= receipts.c.told_at)
            .order_by(handovers.c.id)
        )
        found = set[int]()
        for row in rows:
            found.add(row.from_id)
            found.discard(row.to_id)
        return found

    def open_to(self, person_id: int) -> list[Missive]:
        """Return the unclosed letters that somebody is to answer for."""
        theirs = select(receipts.c.subject).where(receipts.c.person_id == person_id)
        names = literal("missive:").concat(cast(missives.c.id, String))
        asked = MISSIVE.where(missives.c.state.in_(_UNCLOSED), names.in_(theirs)).order_by(missives.c.id)
        found = [missive_of(row) for row in self._connection.execute(asked)]
        return [each for each in found if person_id not in self.handed_on(each.id)]

    def receive(self, missive: Missive, person_ids: Collection[int], by_id: int, now: datetime) -> bool:
        """Note that people have received a letter; False if they had."""
        is_news = (
            self._connection.execute(
                update(receipts)
                .where(
                    receipts.c.subject == subject(missive.id),
                    receipts.c.person_id.in_(list(person_ids)),
                    receipts.c.received_at.is_(None),
                )
                .values(received_at=now)
            ).rowcount
            > 0
        )
        if is_news:
            self._connection.execute(
                update(missives)
                .where(missives.c.id == missive.id, missives.c.received_at.is_(None))
                .values(received_at=now, received_by=by_id)
            )
        return is_news
