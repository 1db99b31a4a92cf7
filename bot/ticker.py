"""The heartbeat: wakes the duties every few seconds and knows nothing of them."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler


class Ticker:
    """Beats until it is stopped. A beat that takes long is followed by one, not by all it missed."""

    def __init__(self, beat: Callable[[], Awaitable[object]], every: timedelta) -> None:
        self._beat = beat
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._scheduler.add_job(
            self._once,
            "interval",
            seconds=every.total_seconds(),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )

    def start(self) -> None:
        """Begin to beat."""
        self._scheduler.start()

    def stop(self) -> None:
        """Beat no more."""
        self._scheduler.shutdown(wait=False)

    async def _once(self) -> None:
        # One that is called off in the middle has failed at nothing.
        with suppress(asyncio.CancelledError):
            await self._beat()
