"""The only module that asks the time."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells what time it is: always aware, always UTC."""

    def now(self) -> datetime:
        """Return the present moment."""


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """Return the present moment."""
        return datetime.now(UTC)


class VirtualClock:
    """A time that can be pushed forward, for the demo and the tests.

    With ``running`` it also moves on by itself at the machine's pace.
    """

    def __init__(self, start: datetime, *, running: bool = False) -> None:
        self._at = start.astimezone(UTC)
        self._since = time.monotonic() if running else None

    def now(self) -> datetime:
        """Return the present moment of this clock."""
        if self._since is None:
            return self._at
        return self._at + timedelta(seconds=time.monotonic() - self._since)

    def set(self, moment: datetime) -> None:
        """Jump forward to a moment; a moment already past changes nothing."""
        if moment > self.now():
            self._at = moment.astimezone(UTC)
            if self._since is not None:
                self._since = time.monotonic()
