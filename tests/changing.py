"""Servers of ours in which something happens, and tests that wait for it."""

import asyncio
import contextlib
from collections.abc import Callable


class Changing:
    """Lets a test wait until something is so."""

    _changed: asyncio.Event

    async def until(self, true: Callable[[], bool], within: float = 10) -> None:
        """Wait until something is so, here or in whatever the test looks at."""
        async with asyncio.timeout(within):
            while not true():
                self._changed.clear()
                # Most things change with what reaches us; what does not is looked at now and then.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), 0.01)
