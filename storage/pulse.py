"""When the bot was last at work: what came later, while nobody listened, may be lost."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from storage.dialects import insert_once
from storage.tables import pulse

_AT = select(pulse.c.at)


class Pulse:
    """One row, written once a minute."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def last(self) -> datetime | None:
        """Return when the bot was last at work; None before its first minute."""
        return self._connection.execute(_AT).scalar()

    def beat(self, now: datetime) -> None:
        """Note that it is at work."""
        if not self._connection.execute(update(pulse).values(at=now)).rowcount:
            insert_once(self._connection, pulse, {"id": 1, "at": now})
