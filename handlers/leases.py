"""What only one process does at a time: a lease for each connection and one for the duties.

A lease is a row that its holder renews. Whoever has seen it unchanged for ``TIMES.over`` takes it; its holder
has stopped before that, because it counts from the moment before it asked. Nobody's clock is asked what
time it is.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from bot.clock import stopwatch
from bot.errors import DeliveryError, Failure, StorageError
from storage import holder
from storage.holder import Holder
from storage.leases import LeaseDesk, Sighting
from storage.leases import Leases as Rows
from storage.tx import Tx

log = logging.getLogger(__name__)

T = TypeVar("T")

DUTIES = "duties"


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds: how long a lease is good after it was renewed, how long nobody else takes it, and so on."""

    good: float = 15.0
    over: float = 20.0
    renewed: float = 3.0
    looked_at: float = 1.0
    patience: float = 5.0


class Lease:
    """The right to do one thing; without a desk there is but one process, which always has it."""

    def __init__(self, name: str, *, alone: bool) -> None:
        self.name = name
        self.epoch = 0
        self.since = 0.0
        """When it was taken, by the loop's time."""
        self.sighting: Sighting | None = None
        self.sighted_at = 0.0
        self._alone = alone
        self._until = 0.0
        self._changed = asyncio.Event()

    @property
    def holds(self) -> bool:
        """Tell whether it is ours at this moment; whoever was stopped for long finds out here."""
        return self._alone or stopwatch() < self._until

    @property
    def elsewhere(self) -> str:
        """The place of the process that holds it, if another one does."""
        return self.sighting.holder if self.sighting is not None and not self.holds else ""

    def insist(self) -> None:
        """Raise DeliveryError if it is not ours: nothing has been sent, and nothing is to be."""
        if not self.holds:
            raise DeliveryError(Failure.RETRY, f"{self.name} is in the hands of another process by now")

    def fenced(self, work: Callable[[Tx], T]) -> Callable[[Tx], T]:
        """Return work that is refused with LeaseLost if this lease is in other hands when it is committed."""
        return work if self._alone else partial(self._stand_and, self.epoch, work)

    async def whenever(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do work whenever we hold it, and call it off when we do not; raise what the work raises."""
        while True:
            await self._taken()
            tasks = {asyncio.ensure_future(work()), asyncio.ensure_future(self._lost())}
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def granted(self, epoch: int, until: float) -> None:
        """Hold it from now on."""
        self.epoch, self._until, self.sighting = epoch, until, None
        self.since = asyncio.get_running_loop().time()
        self._changed.set()

    def renewed(self, until: float) -> None:
        """Hold it for longer."""
        self._until = until

    def lost(self) -> None:
        """Hold it no more."""
        self._until = 0.0
        self._changed.set()

    def _stand_and(self, epoch: int, work: Callable[[Tx], T], tx: Tx) -> T:
        tx.leases.stand(self.name, epoch)
        return work(tx)

    async def _taken(self) -> None:
        while not self.holds:
            self._changed.clear()
            await self._changed.wait()

    async def _lost(self) -> None:
        epoch = self.epoch
        while self.holds and self.epoch == epoch:
            self._changed.clear()
            # It ends by itself when nobody renews it.
            with suppress(TimeoutError):
                async with asyncio.timeout(None if self._alone else max(0.0, self._until - stopwatch())):
                    await self._changed.wait()


class Leases:
    """The leases of a county as one process has them; without a desk they are all its own."""

    def __init__(
        self,
        names: Iterable[str],
        desk: LeaseDesk | None = None,
        *,
        times: Times = Times(),
        is_well: Callable[[], bool] = lambda: True,
    ) -> None:
        self.who: Holder = holder.myself()
        self.is_well = is_well
        """Whether we are up to it: one in which a loop stands still leaves its leases to another."""
        self.ailment = ""
        """Why they could not be seen to; empty while all is well."""
        self._times = times
        self._desk = desk
        self._leases = {name: Lease(name, alone=desk is None) for name in names}

    def holds(self, name: str) -> bool:
        """Tell whether something is ours to do at this moment."""
        return self._leases[name].holds

    @property
    def are_shared(self) -> bool:
        """Whether other processes may be there to take them."""
        return self._desk is not None

    def __getitem__(self, name: str) -> Lease:
        return self._leases[name]

    def __iter__(self) -> Iterator[Lease]:
        return iter(self._leases.values())

    async def run(self) -> None:
        """See to the leases for ever."""
        while True:
            await self.see_to()
            everything = all(lease.holds for lease in self)
            await asyncio.sleep(self._times.renewed if everything else self._times.looked_at)

    async def see_to(self) -> None:
        """Renew what is ours, and take what is nobody's."""
        if self._desk is None:
            return
        ailment = ""
        try:
            await self._round(self._desk)
        except StorageError as error:
            ailment = str(error)
        if ailment and ailment != self.ailment:
            log.warning("the leases cannot be renewed: %s", ailment)
        self.ailment = ailment

    async def let_go(self) -> None:
        """Leave everything to whoever looks next."""
        if self._desk is None or not any(lease.epoch for lease in self):
            return
        for lease in self:
            lease.lost()
            lease.epoch = 0
        try:
            await self._desk.perform(lambda rows: rows.let_go(self.who), within=self._times.patience)
        except StorageError as error:
            log.warning("the leases are left to end by themselves: %s", error)

    async def close(self) -> None:
        """Let go of the connection."""
        if self._desk is not None:
            await self._desk.close()

    async def _round(self, desk: LeaseDesk) -> None:
        begun = stopwatch()
        is_well = self.is_well()
        held = [lease.name for lease in self if lease.holds and is_well]
        others = [lease.name for lease in self if lease.name not in held]

        def look(rows: Rows) -> tuple[dict[str, int], dict[str, Sighting]]:
            renewed = rows.renew(held, self.who) if held else {}
            return renewed, rows.look(others) if others else {}

        renewed, seen = await desk.perform(look, within=self._times.patience)
        for name in held:
            lease = self[name]
            if renewed.get(name) == lease.epoch:
                lease.renewed(begun + self._times.good)
            else:
                log.warning("%s is in the hands of another process by now", name)
                lease.lost()
        for name, sighting in seen.items():
            if self._is_over(self[name], sighting) and is_well:
                await self._take(desk, self[name], sighting)

    def _is_over(self, lease: Lease, seen: Sighting) -> bool:
        """Tell whether nobody holds a lease any more."""
        if lease.holds:
            return False
        now = stopwatch()
        if lease.sighting != seen:
            if seen.holder and (lease.sighting is None or lease.sighting.mark != seen.mark):
                log.info("standing by: %s is held by %s", lease.name, holder.in_words(seen.holder))
            lease.sighting, lease.sighted_at = seen, now
        is_over = now - lease.sighted_at >= self._times.over
        return not seen.mark or seen.mark == self.who.mark or is_over or holder.is_gone(seen.mark)

    async def _take(self, desk: LeaseDesk, lease: Lease, seen: Sighting) -> None:
        begun = stopwatch()
        epoch = await desk.perform(
            lambda rows: rows.take(lease.name, seen, self.who), within=self._times.patience
        )
        if epoch is not None:
            before = f", after {holder.in_words(seen.holder)}" if seen.holder else ""
            log.info("%s is ours (%d)%s", lease.name, epoch, before)
            lease.granted(epoch, begun + self._times.good)
