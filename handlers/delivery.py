"""Carries the outbox to the platforms, at the pace they allow, with patience."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from bot import failpoints
from bot.chat import ChatPlatform
from bot.clock import Clock
from bot.domain.county import County
from bot.errors import DeliveryError, Failure, LeaseLost, StorageError
from bot.texts import Texts
from handlers import undelivered
from handlers.handing_over import hand_over
from handlers.leases import Lease, Leases
from handlers.pace import Pace
from handlers.rest import Rest, patience
from handlers.turn import Desk
from storage.letters import WHOLE_BOT, Claimed, Lane
from storage.store import Store
from storage.tx import Tx

log = logging.getLogger(__name__)

T = TypeVar("T")

_LEASE = timedelta(seconds=30)
_POLL = 1.0
_IN_HAND = {Lane.NOW: 128, Lane.ROUND: 32, Lane.PAPER: 4}
"""Letters held in memory at most; few of the patient lanes, so that an answer overtakes at once."""
_IN_HAND_PACED = {Lane.NOW: 16, Lane.ROUND: 12, Lane.PAPER: 2}
"""The same where slots are rare. All that is held when the process dies must be taken for sent, and
bears the mark of a repeat: so no more is held than half a second of slots.
"""
_IN_HAND_BROADCAST = {**_IN_HAND, Lane.ROUND: 64}
"""The same where half a second has slots for all: 32 are used up while the outbox is told and asked."""
_LATELY = timedelta(hours=1)
"""No platform counts for longer what a chat takes."""


class Carrier:
    """Carries the letters of one platform, one of each chat at a time, so that its order is kept.

    A letter is *in hand* while it waits for its slot and *flying* while it is on the wire. How it
    ended is told to the outbox before the next letter of its chat is taken. Whatever it takes or tells is
    refused when the ``lease`` of the platform is in other hands.
    """

    def __init__(
        self,
        store: Store,
        platform: ChatPlatform,
        county: County,
        texts: Texts,
        clock: Clock,
        lease: Lease | None = None,
    ) -> None:
        self._store = store
        self._lease = lease or Lease(platform.name, alone=True)
        self._platform = platform
        self._county = county
        self._texts = texts
        self._clock = clock
        self._pace = Pace(platform.capabilities)
        self._most = _most(platform.capabilities.per_second)
        self._in_hand: dict[str, Claimed] = {}
        self._flying: dict[str, Claimed] = {}
        self._sent: list[tuple[int, str]] = []
        self._failed: deque[tuple[Claimed, DeliveryError]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._exchanging = asyncio.Lock()
        self._next_slot: asyncio.TimerHandle | None = None
        self._adrift = False
        """Letters may be claimed in our name that we do not hold."""
        self._may_doubt = True
        """Letters in doubt may wait to be sent again; those of the last process, to begin with."""
        self._rest = Rest()
        self.beat_at = 0.0
        store.on_owed.append(self._news.set)

    async def run(self) -> None:
        """Deliver for ever; what was on its way when the last process died is taken up first."""
        try:
            await self._begin_anew()
            await self._run()
        finally:
            # Or it would go on sending by itself, with nobody to be told of it.
            self._close_slots()

    async def _run(self) -> None:
        recovered = False
        while True:
            try:
                if not recovered:
                    await self.recover()
                    recovered = True
                await self.step()
            except LeaseLost as lost:
                log.warning("nothing more is delivered: %s", lost)
                await asyncio.sleep(_POLL)
            except StorageError:
                log.exception("%s: the outbox cannot be read or marked; trying again", self._platform.name)
                await asyncio.sleep(_POLL)

    async def recover(self) -> None:
        """Take up what a dead process had claimed: it may have arrived, so it is sent once more, marked.

        What it delivered lately counts for the pace of its chats.
        """
        orphans, lately = await self._perform(self._take_up)
        self._platform.recall(lately)
        if orphans:
            log.warning(
                "%s: %d letters were in flight when the last process ended", self._platform.name, orphans
            )

    async def step(self) -> None:
        """Tell the outbox what ended, take what is due, send what may be sent, wait for news."""
        self.beat_at = asyncio.get_running_loop().time()
        # Whatever ends or is owed from here on sets it again.
        self._news.clear()
        await self._exchange()
        self._dispatch()
        await self._hear()

    async def drain(self) -> None:
        """Deliver everything that is due now, and return."""
        try:
            while True:
                self._news.clear()
                await self._exchange()
                self._dispatch()
                if not (self._in_hand or self._flying or self._sent or self._failed):
                    return
                await self._hear()
        finally:
            await self._let_go()

    async def land(self) -> None:
        """See what is on the wire to its end, begin nothing more, and return: another process goes on."""
        self._close_slots()
        try:
            while self._flying:
                self._news.clear()
                await self._hear()
            async with self._exchanging:
                while self._failed:
                    await self._settle(*self._failed[0])
                    self._failed.popleft()
        finally:
            await self._let_go()

    async def _begin_anew(self) -> None:
        """Know nothing any more of what was done under an earlier lease."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._close_slots()
        for held in (self._in_hand, self._flying, self._sent, self._failed):
            held.clear()
        self._may_doubt = True

    async def _perform(self, work: Callable[[Tx], T]) -> T:
        return await self._store.perform(self._lease.fenced(work))

    async def _hear(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_POLL):
                await self._news.wait()

    # --- with the database --------------------------------------------------------------

    async def _exchange(self) -> None:
        """Tell the outbox what became of letters, and take new ones."""
        async with self._exchanging:
            self._may_doubt |= self._adrift or bool(self._failed)
            try:
                while self._failed:
                    await self._settle(*self._failed[0])
                    self._failed.popleft()
                await self._mark_and_claim()
            except BaseException:
                # Committed or not, nobody knows. What ended is told again: that changes nothing.
                self._adrift = True
                raise

    async def _mark_and_claim(self) -> None:
        sent, room = list(self._sent), self._room()
        if not (sent or room or self._adrift):
            return
        held = [*self._in_hand.values(), *self._flying.values()]
        keep = {letter.id for letter in held} if self._adrift else None
        self._adrift = False
        busy = {letter.to.chat for letter in held}
        again = not any(letter.doubts for letter in held)
        claimed, may_be_more = await self._perform(
            partial(self._turn_over, sent, keep, room, busy, again=again)
        )
        del self._sent[: len(sent)]
        if self._adrift or may_be_more:
            # Look again: behind the letters of chats that are now busy there may be more. And had
            # sending to be stopped meanwhile, what was just taken goes back.
            self._news.set()
        if not self._adrift:
            self._in_hand.update((letter.to.chat, letter) for letter in claimed)

    def _turn_over(
        self,
        sent: Sequence[tuple[int, str]],
        keep: Collection[int] | None,
        room: Mapping[Lane, int],
        busy: Collection[str],
        tx: Tx,
        *,
        again: bool = False,
    ) -> tuple[list[Claimed], bool]:
        now, name = self._clock.now(), self._platform.name
        tx.dispatch.sent(sent, now)
        if keep is not None:
            tx.dispatch.release([letter.id for letter in tx.dispatch.orphans(name) if letter.id not in keep])
        unsure = tx.dispatch.in_doubt(name) if room and self._may_doubt else []
        # What a restored backup owes for tomorrow keeps nobody's answer of today waiting.
        doubted = [(lane, chat) for lane, chat, due_at in unsure if due_at <= now]
        due = tx.dispatch.lanes_due(name, now) if room else set()
        claimed: list[Claimed] = []
        may_be_more = False
        # One at a time: a second cut must not find the same letters on their way.
        for lane in sorted({lane for lane, _ in doubted if again and lane in room}):
            if not claimed:
                claimed, _ = tx.dispatch.claim(name, lane, 1, now, _LEASE, busy, in_doubt=True)
        for lane, most in room.items():
            if claimed and self._rest.is_needed:
                break
            if lane not in due:
                continue
            held = [letter for letter in claimed if letter.lane is lane]
            # What is owed to the chat of a letter in doubt comes after it.
            later = [chat for of, chat in doubted if of is lane]
            taken = [*busy, *later, *(letter.to.chat for letter in claimed)]
            letters, more = tx.dispatch.claim(name, lane, most - len(held), now, _LEASE, taken)
            claimed += letters
            may_be_more |= more
        if room:
            self._may_doubt = bool(unsure)
        return claimed, may_be_more

    def _room(self) -> dict[Lane, int]:
        """Return how many more letters of each lane may be held; one in all while the platform fails."""
        held = [letter.lane for letter in (*self._in_hand.values(), *self._flying.values())]
        if self._rest.is_needed:
            return {} if held else dict.fromkeys(self._most, 1)
        return {lane: most - held.count(lane) for lane, most in self._most.items() if held.count(lane) < most}

    async def _settle(self, letter: Claimed, failure: DeliveryError) -> None:
        """Let the kind of failure decide what becomes of a letter; one that cannot be decided is given up."""
        try:
            await self._perform(partial(self._settle_in, letter, failure))
        except StorageError:
            raise
        except Exception as error:
            log.exception("%s could not be settled after: %s", letter.key, failure)
            reason = f"{failure}; {error!r}"
            await self._perform(lambda tx: tx.dispatch.fail([letter.id], reason))

    def _settle_in(self, letter: Claimed, failure: DeliveryError, tx: Tx) -> None:
        now = self._clock.now()
        desk = Desk(tx, self._county, self._texts, now)
        undelivered.settle(desk, letter, failure, now + patience(letter, failure))
        if (until := self._rest.until(now)) is not None:
            tx.dispatch.pause(self._platform.name, WHOLE_BOT, until)

    def _take_up(self, tx: Tx) -> tuple[int, list[tuple[str, datetime]]]:
        now = self._clock.now()
        desk = Desk(tx, self._county, self._texts, now)
        orphans = tx.dispatch.orphans(self._platform.name)
        ended = DeliveryError(Failure.IN_DOUBT, "the process ended before the platform answered")
        for letter in orphans:
            undelivered.settle(desk, letter, ended, now)
        return len(orphans), tx.dispatch.lately(self._platform.name, now - _LATELY)

    async def _let_go(self) -> None:
        """Mark what was sent and put back what was not, so that nothing need be sent again as a doubt."""
        if not (self._in_hand or self._sent or self._adrift):
            return
        self._in_hand.clear()
        sent, unsettled = list(self._sent), [letter for letter, _ in self._failed]
        keep = {letter.id for letter in (*self._flying.values(), *unsettled)}
        await self._perform(partial(self._turn_over, sent, keep, {}, ()))
        del self._sent[: len(sent)]
        self._adrift = False

    # --- with the platform --------------------------------------------------------------

    def _close_slots(self) -> None:
        """Begin nothing by ourselves when the next slot opens."""
        if self._next_slot is not None:
            self._next_slot.cancel()
            self._next_slot = None

    def _dispatch(self) -> None:
        """Start whatever may go out now; when the next slot opens, this is called again."""
        loop = asyncio.get_running_loop()
        self._close_slots()
        now, waits_until = loop.time(), []
        # Of a lane in the order in which they were claimed, or one of a high number might never get a slot.
        for chat, letter in sorted(self._in_hand.items(), key=lambda held: held[1].lane):
            opens = self._pace.opens(chat, in_group=letter.in_group)
            if opens > now:
                waits_until.append(opens)
                continue
            self._pace.take(chat, now, in_group=letter.in_group)
            self._flying[chat] = self._in_hand.pop(chat)
            task = asyncio.create_task(self._send(letter))
            self._tasks.add(task)
            task.add_done_callback(partial(self._landed, now))
        if waits_until:
            self._next_slot = loop.call_at(min(waits_until), self._dispatch)

    def _landed(self, taken: float, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._pace.answered(taken, task.get_loop().time())

    async def _send(self, letter: Claimed) -> None:
        try:
            failpoints.reach("send")
            self._lease.insist()
            again = self._texts.say(self._county.language, "delivery.again")
            name = await hand_over(letter, self._platform, self._store, again)
            failpoints.reach("sent")
        except DeliveryError as failure:
            self._note_failure(letter, failure)
        except Exception as error:
            log.exception("the platform failed at %s", letter.key)
            self._note_failure(letter, DeliveryError(Failure.IN_DOUBT, repr(error)))
        else:
            self._rest.end()
            self._sent.append((letter.id, name))
        del self._flying[letter.to.chat]
        self._news.set()

    def _note_failure(self, letter: Claimed, failure: DeliveryError) -> None:
        """Remember how a letter ended; stop sending when more than its chat is concerned."""
        log.warning("could not deliver %s: %s (%s)", letter.key, failure, failure.kind)
        self._failed.append((letter, failure))
        self._rest.fail(failure, self._clock.now())
        if self._rest.is_needed or failure.whole_bot:
            self._in_hand.clear()
            self._adrift = True


def _most(per_second: float | None) -> dict[Lane, int]:
    """Return how many letters of each lane may be held where so many slots open a second."""
    if not per_second:
        return _IN_HAND
    return _IN_HAND_PACED if per_second / 2 < sum(_IN_HAND_BROADCAST.values()) else _IN_HAND_BROADCAST


class Delivery:
    """One carrier for each platform."""

    def __init__(
        self,
        store: Store,
        platforms: Mapping[str, ChatPlatform],
        county: County,
        texts: Texts,
        clock: Clock,
        leases: Leases | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self.carriers = {
            name: Carrier(store, platform, county, texts, clock, leases[name] if leases else None)
            for name, platform in platforms.items()
        }

    async def run(self) -> None:
        """Deliver for ever."""
        async with asyncio.TaskGroup() as group:
            for carrier in self.carriers.values():
                group.create_task(carrier.run())

    async def drain(self) -> None:
        """Deliver everything that is due now, and return."""
        for carrier in self.carriers.values():
            await carrier.drain()

    async def pending(self) -> int:
        """Return how many letters are due and not delivered."""
        names, now = list(self.carriers), self._clock.now()
        return await self._store.read(lambda tx: tx.dispatch.pending(names, now))
