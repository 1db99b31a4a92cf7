"""Whose the encrypted userids of senders are: asked in the background, waited for a moment."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Protocol

log = logging.getLogger(__name__)

Pause = Callable[[float], Awaitable[None]]

_MOMENT = 1.0
"""Seconds for which messages wait to learn who wrote them."""
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0


class Names(Protocol):
    """Who turns encrypted userids into plain ones."""

    def found(self, userids: Iterable[str]) -> dict[str, str]:
        """Return the plain id of each that it was told of; an id that is plain, as it is."""

    async def plain_of(self, userids: Iterable[str]) -> dict[str, str]:
        """Return the plain id of each, or raise anything if they cannot be had now."""


class Senders:
    """Learns who senders are; once no answer has come, nobody waits for one until one does.

    ``news`` is called when there was an answer. Without ``names`` every id is taken as it is.
    """

    def __init__(self, names: Names | None, pause: Pause, news: Callable[[], None]) -> None:
        self._names = names
        self._pause = pause
        self._news = news
        self._wanted: dict[str, None] = {}
        self._asking: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._is_silent = False

    def plain(self, userid: str) -> str:
        """Return the plain id behind an id, which may be the same; empty while nobody can tell."""
        return self._names.found([userid]).get(userid, "") if self._names else userid

    async def look_up(self, userids: Iterable[str]) -> None:
        """Ask for those who are not known, and wait a moment for the answer."""
        unknown = [userid for userid in userids if not self.plain(userid)]
        if self._names is None or not unknown:
            return
        self._wanted.update(dict.fromkeys(unknown))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(self._names))
        with suppress(TimeoutError):
            async with asyncio.timeout(_MOMENT):
                while not self._is_silent and not all(map(self.plain, unknown)):
                    self._ended.clear()
                    await self._ended.wait()
        self._is_silent = self._is_silent or not all(map(self.plain, unknown))

    async def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _ask(self, names: Names) -> None:
        """Ask for everybody who is wanted, all at once, until there was an answer."""
        failures = 0
        while self._wanted:
            asked = list(self._wanted)
            try:
                await names.plain_of(asked)
            except Exception as error:  # noqa: BLE001 -- whatever fails there must not hold up what people say
                log.warning("%d userids could not be looked up: %s", len(asked), type(error).__name__)
                self._is_silent = True
                self._ended.set()
                await self._pause(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(failures, 10)))
                failures += 1
            else:
                failures = 0
                self._is_silent = False
                for userid in asked:
                    self._wanted.pop(userid, None)
                self._ended.set()
                self._news()
