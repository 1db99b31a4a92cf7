"""The loop that fetches updates, and confirms to Telegram only what is safely stored."""

import asyncio
import json
import logging
import random
import re
from collections.abc import Awaitable, Callable

from telegram.error import Conflict, TelegramError

from bot import failpoints
from bot.chat import Incoming, Listener, Unreadable
from bot.errors import StorageError
from bot.platforms.telegram.health import Health
from bot.platforms.telegram.request import Limited, Transport, Unanswered
from bot.platforms.telegram.wire import KINDS, update_id

log = logging.getLogger(__name__)

Pause = Callable[[float], Awaitable[None]]
Reading = Callable[[object], Incoming | Unreadable | None]
"""Turns one raw update into the port's words."""
Noticing = Callable[[object, str], None]
"""Shows the listener's notice to who pressed a button, without waiting for it."""

_BATCH = 100
_FAILURES_BEFORE_FRESH_POOL = 2
_LONGEST_PAUSE = 60.0
_LONGEST_STORAGE_PAUSE = 5.0
_NUMBER = re.compile(rb'"update_id"\s*:\s*(\d{1,19})\b')


class Polling:
    """Fetches updates in batches and hands them over in order, each at least once.

    The offset of the next poll is what confirms: it moves on only when every update before
    it was stored. Whatever number Telegram sends is taken, since numbers may start again
    anywhere after a quiet week.
    """

    def __init__(
        self,
        transport: Transport,
        read: Reading,
        notice: Noticing,
        health: Health,
        *,
        wait: int,
        margin: float,
        pause: Pause,
    ) -> None:
        self._transport = transport
        self._read = read
        self._notice = notice
        self._health = health
        self._wait = wait
        self._wall = wait + margin
        self._pause = pause
        self._offset: int | None = None
        self._limit = _BATCH
        self._suspect: int | None = None
        self._refusals = 0

    def begin_anew(self) -> None:
        """Confirm nothing of which another process may know better: what was stored is offered once more."""
        self._offset = None

    async def once(self, listener: Listener) -> None:
        """Fetch one batch and hand it over; raise TelegramError if there was none to be had."""
        payload = await self._transport.updates(
            offset=self._offset, limit=self._limit, wait=self._wait, wall=self._wall, kinds=KINDS
        )
        failpoints.reach("received")
        batch = self._parsed(payload)
        self._health.reached()
        if batch:
            await self._hand_over(batch, listener)

    async def recover(self, error: TelegramError) -> None:
        """Wait after a failed poll, longer each time, and start afresh after two."""
        self._health.failed(error)
        failures = self._health.failures
        log.warning("poll %d in a row failed: %s: %s", failures, type(error).__name__, str(error)[:200])
        if failures % _FAILURES_BEFORE_FRESH_POOL == 0:
            await self._transport.shutdown()
        if isinstance(error, Limited):
            await self._pause(error.after.total_seconds())
        else:
            # Two pollers that retry at once would throw each other out for ever.
            least = 5.0 if isinstance(error, Conflict) else 0.5
            await self._pause(_jittered(min(_LONGEST_PAUSE, least * 2 ** min(failures - 1, 10))))

    def _parsed(self, payload: bytes) -> list[object]:
        """Return the updates of an answer; one that cannot be parsed is fetched alone next time."""
        try:
            answer = json.loads(payload.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            if self._limit > 1:
                log.warning("a batch cannot be parsed, its updates are fetched one by one")
                self._limit = 1
                return []
            return [self._unparsed(payload)]
        self._limit = _BATCH
        result = answer.get("result") if isinstance(answer, dict) else None
        if not isinstance(result, list):
            raise Unanswered("an answer without updates")
        return result

    def _unparsed(self, payload: bytes) -> object:
        """Return what is known of a single update that is not JSON, once it came so twice."""
        number = _NUMBER.search(payload)
        known, self._suspect = self._suspect, int(number[1]) if number else None
        if self._suspect is None or self._suspect != known:
            raise Unanswered("an answer that is not JSON")
        self._limit = _BATCH
        return {"update_id": known, "unparsed": payload.decode("utf-8", "replace")}

    async def _hand_over(self, batch: list[object], listener: Listener) -> None:
        # Tasks take their first step in the order they are made, so the listener is called
        # in the order of arrival, and the writer gets a whole group to commit.
        tasks = [asyncio.ensure_future(self._offer(update, listener)) for update in batch]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        errors = [error for error in results if error is not None]
        if not errors:
            self._confirm_all(batch)
            return
        first = next(place for place, error in enumerate(results) if error is not None)
        self._offset = min(_numbers(batch[first:]), default=self._offset)
        # Anything but StorageError is a mistake of ours; to confirm would make it a loss.
        trace = None if isinstance(errors[0], StorageError) else errors[0]
        log.error(
            "%d updates from %s on stay unconfirmed: %s", len(errors), self._offset, errors[0], exc_info=trace
        )
        self._refusals += 1
        await self._pause(_jittered(min(_LONGEST_STORAGE_PAUSE, 0.1 * 2 ** min(self._refusals, 10))))

    async def _offer(self, update: object, listener: Listener) -> None:
        said = self._read(update)
        if said is not None:
            self._notice(update, await listener(said))

    def _confirm_all(self, batch: list[object]) -> None:
        self._refusals = 0
        numbers = _numbers(batch)
        if not numbers:
            raise Unanswered("updates without numbers")
        self._offset = max(numbers) + 1
        failpoints.reach("confirm")


def _numbers(updates: list[object]) -> list[int]:
    return [number for update in updates if (number := update_id(update)) is not None]


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(0.7, 1)
