"""What reached us over the long connection and is not stored yet: WeCom sends nothing twice."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice

from bot.chat import Incoming, Listener, Unreadable
from bot.errors import StorageError

log = logging.getLogger(__name__)

Pause = Callable[[float], Awaitable[None]]
Resolve = Callable[[str], Awaitable[str]]

MOST = 10_000
"""How many messages wait in memory before no more are read."""

_BATCH = 100
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_LONGEST_RESOLVE = 5.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """One thing that reached us; ``answer`` takes what the listener says to it."""

    said: Incoming | Unreadable
    answer: Callable[[str], None] | None = None


class Arrivals:
    """Hands what reached us to the listener in the order of arrival, until each is stored.

    What the listener could not store is kept, before everything that came later, and offered
    again, for as long as the process lives; a new connection changes nothing about that.
    """

    def __init__(self, pause: Pause, resolve: Resolve | None = None) -> None:
        self._pause = pause
        self._resolve = resolve
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
                await self._offer_waiting(listener)
        finally:
            tasks = list(self._offered)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._put_back()

    async def _offer_waiting(self, listener: Listener) -> None:
        # Tasks take their first step in the order they are made, so the listener is called in the
        # order of arrival, and the writer gets a whole group to commit. What is to be offered again
        # is not overtaken.
        while self._waiting and not self._unstored:
            batch = list(islice(self._waiting, _BATCH))
            plain = await self._plain({each.said.sender for each in batch if isinstance(each.said, Incoming)})
            for arrival in batch:
                self._waiting.popleft()
                self._offers += 1
                task = asyncio.create_task(self._offer(arrival, plain, listener))
                self._offered[task] = (self._offers, arrival)
                task.add_done_callback(self._ended)

    @staticmethod
    async def _offer(arrival: Arrival, plain: Mapping[str, str], listener: Listener) -> None:
        said = arrival.said
        if isinstance(said, Incoming) and said.sender in plain:
            said = replace(said, sender=plain[said.sender])
        notice = await listener(said)
        if arrival.answer is not None:
            arrival.answer(notice)

    def _ended(self, task: asyncio.Task[None]) -> None:
        number, arrival = self._offered.pop(task)
        if task.cancelled():
            self._unstored.append((number, arrival))
        elif error := task.exception():
            self._unstored.append((number, arrival))
            self._why = str(error)
            if not isinstance(error, StorageError):
                # A mistake of ours; to drop the message would make it a loss.
                log.error("the listener failed; the message will be offered again", exc_info=error)
        self._look()
        self._news.set()

    async def _take_back(self) -> None:
        """Put what could not be stored before everything else, and leave the database alone for a while."""
        self._put_back()
        self._rounds_failed += 1
        wait = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self._rounds_failed - 1, 10))
        log.error("%d messages wait to be stored, tried again in %.1f s: %s", len(self), wait, self._why)
        await self._pause(wait)

    def _put_back(self) -> None:
        self._waiting.extendleft(arrival for _, arrival in sorted(self._unstored, key=lambda each: -each[0]))
        self._unstored.clear()

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

    async def _plain(self, senders: Iterable[str]) -> dict[str, str]:
        """Return the userids behind encrypted ones, as far as they can be had."""
        if self._resolve is None:
            return {}
        asked = sorted(senders)
        found = await asyncio.gather(*(self._plain_one(self._resolve, sender) for sender in asked))
        return dict(zip(asked, found, strict=True))

    @staticmethod
    async def _plain_one(resolve: Resolve, sender: str) -> str:
        try:
            async with asyncio.timeout(_LONGEST_RESOLVE):
                return await resolve(sender)
        except Exception as error:  # noqa: BLE001 -- whatever fails there must not hold up what people say
            log.warning("an encrypted userid could not be resolved: %s", type(error).__name__)
            return sender
