"""The bookings of reception days: one for each person and day."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from bot.domain.reception import Booking, State
from storage.dialects import insert_once
from storage.tables import bookings


class Bookings:
    """Who comes to talk about what."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def book(self, day: date, person_id: int, topic: str, now: datetime) -> bool:
        """Book a day for somebody; said anew, the new topic counts. False if they had booked it already."""
        row = {"day": day, "person_id": person_id, "topic": topic, "at": now, "state": str(State.BOOKED)}
        if insert_once(self._connection, bookings, row):
            return True
        mine = (bookings.c.day == day, bookings.c.person_id == person_id)
        before = self._connection.execute(select(bookings.c.state).where(*mine)).scalar()
        self._connection.execute(
            update(bookings).where(*mine).values(topic=topic, at=now, state=str(State.BOOKED))
        )
        return before != State.BOOKED

    def of_day(self, day: date) -> list[Booking]:
        """Return everybody who booked a day and did not cancel, in their order."""
        rows = self._connection.execute(
            select(bookings)
            .where(bookings.c.day == day, bookings.c.state != str(State.CANCELLED))
            .order_by(bookings.c.at, bookings.c.id)
        )
        return [_booking(row) for row in rows]

    def coming(self, person_id: int, today: date) -> Booking | None:
        """Return what somebody has booked from today on."""
        row = self._connection.execute(
            select(bookings)
            .where(bookings.c.person_id == person_id, bookings.c.day >= today)
            .where(bookings.c.state == str(State.BOOKED))
            .order_by(bookings.c.day)
            .limit(1)
        ).first()
        return _booking(row) if row else None

    def settle(self, booking_id: int, state: State, problem_id: int | None = None) -> bool:
        """Note what became of a booking; False if it had been settled before."""
        mine = (bookings.c.id == booking_id, bookings.c.state == str(State.BOOKED))
        values: dict[str, Any] = {"state": str(state), "problem_id": problem_id}
        return self._connection.execute(update(bookings).where(*mine).values(**values)).rowcount == 1


def _booking(row: Row[Any]) -> Booking:
    return Booking(row.id, row.day, row.person_id, row.topic, State(row.state), row.problem_id)
