"""How long a letter waits for its next try, and a connection that fails is left alone."""

from datetime import datetime, timedelta

from bot.errors import DeliveryError, Failure
from storage.letters import Claimed

_LONGEST = timedelta(seconds=60)
_MOST_DOUBLED = 10
_FAILURES = 3


def patience(letter: Claimed, failure: DeliveryError) -> timedelta:
    """Return how long a letter waits: as long as the platform says, else longer each time."""
    return _doubled(letter.attempts) if failure.after is None else failure.after


class Rest:
    """A connection that fails again and again rests, longer each time; then one letter at a time tries it."""

    def __init__(self) -> None:
        self._failures = 0
        self._rests = 0
        self._until: datetime | None = None

    @property
    def is_needed(self) -> bool:
        """Whether the connection fails: it rests, or is tried with one letter."""
        return self._failures >= _FAILURES

    def until(self, now: datetime) -> datetime | None:
        """Return until when nothing is sent; None if something may be."""
        return self._until if self._until is not None and self._until > now else None

    def fail(self, failure: DeliveryError, now: datetime) -> None:
        """Note that a letter did not arrive; many that fail at once make one rest."""
        # A wait that the platform asks for is no failure of the connection, nor is a no about one letter.
        if failure.after is not None or failure.kind not in {Failure.RETRY, Failure.IN_DOUBT}:
            return
        self._failures += 1
        if self.is_needed and self.until(now) is None:
            self._until = now + _doubled(self._rests)
            self._rests += 1

    def end(self) -> None:
        """Note that a letter arrived."""
        self._failures = self._rests = 0


def _doubled(times: int) -> timedelta:
    return min(timedelta(seconds=2 ** min(times, _MOST_DOUBLED)), _LONGEST)
