"""Who does what only one process may do at a time, and from when on somebody else does."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import LeaseLost, StorageError
from storage import dialects
from storage.holder import Holder
from storage.tables import leases

T = TypeVar("T")

_BY_NAME = leases.c.name == bindparam("of")
_EPOCH = select(leases.c.epoch).where(_BY_NAME)
_SEEN = (leases.c.epoch == bindparam("epoch_seen"), leases.c.beats == bindparam("beats_seen"))
# Whoever takes a lease waits for the commits of what was begun under it; whoever renews it does not.
_STANDS = _EPOCH.with_for_update(read=True, key_share=True)
_STILL = select(leases.c.name).where(_BY_NAME, *_SEEN).with_for_update()
_TAKE = (
    update(leases)
    .where(_BY_NAME)
    .values(
        epoch=leases.c.epoch + 1, beats=leases.c.beats + 1, mark=bindparam("mine"), holder=bindparam("place")
    )
)
_RENEW = (
    update(leases)
    .where(leases.c.mark == bindparam("mine"), leases.c.name.in_(bindparam("names", expanding=True)))
    .values(beats=leases.c.beats + 1)
    .returning(leases.c.name, leases.c.epoch)
)
_LET_GO = update(leases).where(leases.c.mark == bindparam("mine")).values(mark="", holder="")
_LOOK = select(leases).where(leases.c.name.in_(bindparam("names", expanding=True)))


@dataclass(frozen=True, slots=True)
class Sighting:
    """A lease as it was seen: whoever is alive lets ``beats`` grow; nobody holds one without a ``mark``."""

    epoch: int
    beats: int
    mark: str
    holder: str


class Leases:
    """The leases of a county, a row each."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def look(self, names: Collection[str]) -> dict[str, Sighting]:
        """Return how leases stand; those of which nobody has ever heard are free from now on."""
        found = self._seen(names)
        for name in set(names) - found.keys():
            dialects.insert_once(self._connection, leases, {"name": name, "epoch": 0, "beats": 0})
        return found if len(found) == len(names) else self._seen(names)

    def renew(self, names: Collection[str], who: Holder) -> dict[str, int]:
        """Let the leases live that somebody holds; Return which those are, and of which epoch."""
        rows = self._connection.execute(_RENEW, {"mine": who.mark, "names": list(names)})
        return {row.name: row.epoch for row in rows}

    def take(self, name: str, seen: Sighting, who: Holder) -> int | None:
        """Take a lease that stands as it was seen; Return its epoch, None if it no longer does."""
        values = {"of": name, "epoch_seen": seen.epoch, "beats_seen": seen.beats}
        if self._connection.execute(_STILL, values).first() is None:
            return None
        self._connection.execute(_TAKE, {"of": name, "mine": who.mark, "place": who.place})
        return seen.epoch + 1

    def let_go(self, who: Holder) -> None:
        """Let somebody hold nothing any more: whoever looks next may take it."""
        self._connection.execute(_LET_GO, {"mine": who.mark})

    def stand(self, name: str, epoch: int) -> None:
        """See to it that a lease is still of an epoch until this transaction ends; raise LeaseLost if not."""
        if self._connection.execute(_STANDS, {"of": name}).scalar() != epoch:
            raise LeaseLost(name)

    def _seen(self, names: Collection[str]) -> dict[str, Sighting]:
        rows = self._connection.execute(_LOOK, {"names": list(names)})
        return {row.name: Sighting(row.epoch, row.beats, row.mark, row.holder) for row in rows}


class LeaseDesk:
    """A connection to PostgreSQL for the leases alone: whatever else is slow, they are seen to."""

    def __init__(self, url: URL, schema: str) -> None:
        self._engine = dialects.lease_engine(url, schema)

    async def perform(self, work: Callable[[Leases], T], *, within: float) -> T:
        """Run work in a transaction of its own; raise StorageError if nobody knows what came of it."""
        try:
            async with asyncio.timeout(within), self._engine.connect() as connection:
                return await connection.run_sync(_transaction, work)
        except TimeoutError as error:
            raise StorageError(f"the database has not answered within {within:g} s") from error
        except (SQLAlchemyError, OSError) as error:
            raise StorageError(f"the leases cannot be seen to: {getattr(error, 'orig', error)}") from error

    async def close(self) -> None:
        """Let go of the connection."""
        await self._engine.dispose()


def _transaction(connection: Connection, work: Callable[[Leases], T]) -> T:
    dialects.begin(connection, writing=True)
    try:
        done = work(Leases(connection))
    except BaseException:
        if not connection.invalidated:
            connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")
    return done
