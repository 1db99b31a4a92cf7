"""What reached us over the long connection and is not stored yet: WeCom sends nothing twice."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from bot.chat import Incoming, Listener, Unreadable
from bot.errors import StorageError, Unrecognised
from bot.platforms.wecom.senders import Names, Pause, Senders

log = logging.getLogger(__name__)

MOST = 10_000
"""How many messages wait in memory before no more are read."""

MOST_HELD = 1_000
"""How many messages are kept until it is known who wrote them."""

_BATCH = 100
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """One thing that reached us; ``answer`` takes what the listener says to it.

    ``as_it_is`` says to take its sender for who they seem to be.
    """

    said: Incoming | Unreadable
    answer: Callable[[str], None] | None = None
    as_it_is: bool = False

    @property
    def sender(self) -> str:
        """The id that came with it; empty if none did."""
        return self.said.sender if isinstance(self.said, Incoming) else ""


class Arrivals:
    """Hands what reached us to the listener in the order of arrival, until each is stored.

    What the listener could not store is kept, before everything that came later, and offered
    again, for as long as the process lives; a new connection changes nothing about that.

    What somebody says whom nobody knows, and whose encrypted userid cannot be looked up now, is held
    until it can: the words of one sender keep their order, and no other sender waits for them.

    All of this is memory. WeCom sends nothing twice, so a crash loses it, as it loses what is in the socket.
    """

    def __init__(self, pause: Pause, names: Names | None = None) -> None:
        self._pause = pause
        self._senders = Senders(names, pause, self._wake)
        self._held: dict[str, list[tuple[int, Arrival]]] = {}
        self._disguised: Counter[str] = Counter()
        self._recognised: set[str] = set()
        self._waiting: deque[Arrival] = deque()
        self._offered: dict[asyncio.Task[None], tuple[int, Arrival]] = {}
        self._unstored: list[tuple[int, Arrival]] = []
        self._offers = 0
        self._rounds_failed = 0
        self._why = ""
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._none = asyncio.Event()
        self._look()

    def __len__(self) -> int:
        return len(self._waiting) + len(self._offered) + len(self._unstored)

    @property
    def is_full(self) -> bool:
        """Whether nothing more should be read for now."""
        return not self._room.is_set()

    def put(self, arrival: Arrival) -> None:
        """Take what reached us, after everything that did before."""
        self._waiting.append(arrival)
        self._look()
        self._news.set()

    async def room(self) -> None:
        """Wait until more may be read."""
        await self._room.wait()

    async def stored(self, within: float) -> None:
        """Wait until everything is stored, but not for ever."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._none.wait()
        if len(self):
            log.error("%d messages that reached us could not be stored in time", len(self))

    async def serve(self, listener: Listener) -> None:
        """Offer everything to the listener until cancelled."""
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                if self._unstored and not self._offered:
                    await self._take_back()
                if not self._unstored:
                    self._release()
                await self._offer_waiting(listener)
        finally:
            tasks = list(self._offered)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._put_back()
            await self._senders.close()
            if number := self._number_held():
                log.error("%d messages are lost: nobody could tell who wrote them", number)

    async def _offer_waiting(self, listener: Listener) -> None:
        # Tasks take their first step in the order they are made, so the listener is called in the
        # order of arrival, and the writer gets a whole group to commit. What is to be offered again
        # is not overtaken.
        while self._waiting and not self._unstored:
            batch = list(islice(self._waiting, _BATCH))
            await self._senders.look_up({each.sender for each in batch if each.sender})
            for arrival in batch:
                self._waiting.popleft()
                self._offers += 1
                said = self._named(arrival)
                task = asyncio.create_task(self._offer(said, arrival, listener))
                self._offered[task] = (self._offers, arrival)
                disguised = isinstance(said, Incoming) and said.is_disguised
                if disguised:
                    self._disguised[arrival.sender] += 1
                task.add_done_callback(partial(self._ended, disguised=disguised))

    def _named(self, arrival: Arrival) -> Incoming | Unreadable:
        """Return what was said under the plain id of who said it, as far as it can be had."""
        said, sender = arrival.said, arrival.sender
        if not isinstance(said, Incoming) or not sender or arrival.as_it_is:
            return said
        plain = self._senders.plain(sender)
        if not plain or self._disguised[sender]:
            # Under no better name than their words before: those may come back to be held, and go first.
            return replace(said, alias=sender)
        return said if plain == sender else replace(said, sender=plain, alias=sender)

    @staticmethod
    async def _offer(said: Incoming | Unreadable, arrival: Arrival, listener: Listener) -> None:
        notice = await listener(said)
        if arrival.answer is not None:
            arrival.answer(notice)

    def _ended(self, task: asyncio.Task[None], *, disguised: bool) -> None:
        number, arrival = self._offered.pop(task)
        sender = arrival.sender
        if disguised:
            self._disguised -= Counter([sender])
        if task.cancelled():
            self._unstored.append((number, arrival))
        elif isinstance(error := task.exception(), Unrecognised):
            self._hold(number, arrival)
        elif error:
            self._unstored.append((number, arrival))
            self._why = str(error)
            if not isinstance(error, StorageError):
                # A mistake of ours; to drop the message would make it a loss.
                log.error("the listener failed; the message will be offered again", exc_info=error)
        elif sender in self._held:
            # They are known now by the id they have: they brought the code of an invitation.
            self._recognised.add(sender)
        self._look()
        self._wake()

    # --- who cannot be told yet ---------------------------------------------------------

    def _number_held(self) -> int:
        return sum(map(len, self._held.values()))

    def _hold(self, number: int, arrival: Arrival) -> None:
        if self._number_held() < MOST_HELD:
            self._held.setdefault(arrival.sender, []).append((number, arrival))
            return
        log.error(
            "more messages than can be held wait to learn who wrote them: one is taken for a stranger's"
        )
        self._waiting.append(replace(arrival, as_it_is=True))

    def _release(self) -> None:
        """Put what was held before everything else once it can be told who said it."""
        told = [
            sender
            for sender in self._held
            if not self._disguised[sender] and (sender in self._recognised or self._senders.plain(sender))
        ]
        self._put_first([each for sender in told for each in self._held.pop(sender)])
        self._recognised.difference_update(told)
        self._look()

    # --- what could not be stored -------------------------------------------------------

    async def _take_back(self) -> None:
        """Put what could not be stored before everything else, and leave the database alone for a while."""
        self._put_back()
        self._rounds_failed += 1
        wait = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self._rounds_failed - 1, 10))
        log.error("%d messages wait to be stored, tried again in %.1f s: %s", len(self), wait, self._why)
        await self._pause(wait)

    def _put_back(self) -> None:
        self._put_first(self._unstored)
        self._unstored.clear()

    def _put_first(self, offered: list[tuple[int, Arrival]]) -> None:
        self._waiting.extendleft(arrival for _, arrival in sorted(offered, key=lambda each: -each[0]))

    def _wake(self) -> None:
        self._news.set()

    def _look(self) -> None:
        number = len(self)
        if number > MOST:
            self._room.clear()
        elif number <= MOST // 2:
            # Not one at a time: each pause in the reading is a line in the log.
            self._room.set()
        if number:
            self._none.clear()
        else:
            self._none.set()
            self._rounds_failed = 0
