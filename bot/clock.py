"""The only module that asks the time."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

TOLERATED = timedelta(minutes=5)
"""By how much a clock may be off; what WeCom allows a signed message as well."""


_STOPWATCH = getattr(time, "CLOCK_BOOTTIME", None)


def stopwatch() -> float:
    """Return seconds that pass whoever sets the clock, while the process is stopped or the machine sleeps."""
    return time.clock_gettime(_STOPWATCH) if _STOPWATCH is not None else time.monotonic()


class Clock(Protocol):
    """Tells what time it is: always aware, always UTC."""

    def now(self) -> datetime:
        """Return the present moment."""


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """Return the present moment."""
        return datetime.now(UTC)


class GuardedClock:
    """The time of this machine, as long as it goes on as time does and nobody who knows contradicts it.

    A machine's clock that jumps is doubted: from then on the time goes on from where it was, by the
    processor's count, until the two agree again or somebody who knows has said what time it is.
    """

    def __init__(self, wall: Clock | None = None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.wall = wall or SystemClock()
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._zero = self.wall.now() - self._passed()

    def now(self) -> datetime:
        """Return the present moment, as it is believed."""
        return self._looked()[0]

    @property
    def is_sure(self) -> bool:
        """Tell whether the machine's clock is believed."""
        return self._looked()[1]

    def told(self, moment: datetime) -> None:
        """Hear what time it is from somebody who knows."""
        with self._lock:
            self._zero = moment - self._passed()

    def _looked(self) -> tuple[datetime, bool]:
        # The writer's thread asks as well as the event loop.
        with self._lock:
            wall, passed = self.wall.now(), self._passed()
            carried = self._zero + passed
            if abs(wall - carried) > TOLERATED:
                return carried, False
            # A clock that is put right little by little is followed.
            self._zero = wall - passed
            return wall, True

    def _passed(self) -> timedelta:
        return timedelta(seconds=self._monotonic())


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
