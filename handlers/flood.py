"""How much may come in at once: from one account, into one group, from all strangers of a connection.

Counted in memory and before the writer, so that whoever floods the bot holds up nobody else (SECURITY
row 20, FAULTS F1). What is refused is not recorded, and its sender is told so.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.chat import Event, Incoming


class _Limit(NamedTuple):
    """So many at once, and so many a second for ever."""

    burst: int
    a_second: float


_PERSON = _Limit(120, 1)
"""A hundred pictures passed on at once fit in, and nobody types one message a second."""
_GROUP = _Limit(300, 5)
_STRANGERS = _Limit(3_000, 20)
"""A whole county may join within the same minute, by codes."""

_SHUT = timedelta(minutes=1)
_MANY = 10_000
_ALWAYS = frozenset({Event.MOVED, Event.ALTERED, Event.LEFT_GROUP, Event.BLOCKED, Event.UNBLOCKED})
"""What a platform tells of only once, and only the platform."""

_Key = tuple[str, str, str]


@dataclass(slots=True)
class _Bucket:
    """What is left of a limit; ``is_told`` when its owner has heard that it is shut."""

    left: float
    at: datetime
    shut_at: datetime | None = None
    is_told: bool = False

    def is_shut(self, now: datetime) -> bool:
        """Tell whether a minute has not passed yet since it was found empty; a clock put back ends it."""
        return self.shut_at is not None and timedelta(0) <= now - self.shut_at < _SHUT

    def takes(self, limit: _Limit, now: datetime) -> bool:
        """Use one up; False, for a minute, when there was none."""
        passed = max(0.0, (now - self.at).total_seconds())
        self.left, self.at = min(limit.burst, self.left + passed * limit.a_second), now
        if self.is_shut(now):
            return False
        if self.left < 1:
            self.shut_at, self.is_told = now, False
            return False
        self.left -= 1
        return True


class Gate:
    """Lets in what reached us, as long as it is not too much."""

    def __init__(self) -> None:
        self._buckets: dict[_Key, _Bucket] = {}
        self._known: set[_Key] = set()

    def admits(self, incoming: Incoming, now: datetime) -> bool:
        """Let a message in; False when its account has sent too many, or its group too much was said in."""
        return incoming.event in _ALWAYS or all(
            self._take(key, limit, now) for key, limit in _counted(incoming)
        )

    def has_room_for_strangers(self, incoming: Incoming, now: datetime) -> bool:
        """Let in who is not known yet; False when too many of them write, and this may be one more."""
        if incoming.event in _ALWAYS or _person(incoming) in self._known:
            return True
        return self._take(_strangers(incoming), _STRANGERS, now)

    def knows(self, incoming: Incoming) -> None:
        """Remember that an account is somebody's: however many strangers write, it is heard."""
        if len(self._known) > _MANY:
            self._known.clear()
        self._known.add(_person(incoming))

    def give_back(self, incoming: Incoming) -> None:
        """Count a message no more: it was not taken in and comes again, or it had come before."""
        counted = _counted(incoming)
        if _person(incoming) not in self._known:
            counted.append((_strangers(incoming), _STRANGERS))
        for key, limit in counted:
            if bucket := self._buckets.get(key):
                bucket.left = min(limit.burst, bucket.left + 1)

    def is_told(self, incoming: Incoming) -> bool:
        """Tell whether its sender has heard this minute that nothing is taken in."""
        bucket = self._buckets.get(_person(incoming))
        return bucket is not None and bucket.is_told

    def tell(self, incoming: Incoming, *, told: bool = True) -> None:
        """Note whether its sender has heard that nothing is taken in."""
        if bucket := self._buckets.get(_person(incoming)):
            bucket.is_told = told

    def _take(self, key: _Key, limit: _Limit, now: datetime) -> bool:
        if len(self._buckets) > _MANY:
            self._forget(now)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(limit.burst, now)
        return bucket.takes(limit, now)

    def _forget(self, now: datetime) -> None:
        """Begin anew with all who keep within the limits: any number of accounts takes no more memory."""
        self._buckets = {
            key: bucket
            for key, bucket in self._buckets.items()
            if bucket.is_shut(now) or key[0] == "strangers"
        }


def _person(incoming: Incoming) -> _Key:
    return ("person", incoming.at.platform, incoming.sender)


def _strangers(incoming: Incoming) -> _Key:
    return ("strangers", incoming.at.platform, "")


def _counted(incoming: Incoming) -> list[tuple[_Key, _Limit]]:
    counted = [(_person(incoming), _PERSON)]
    if not incoming.private:
        counted.append((("group", incoming.at.platform, incoming.at.chat), _GROUP))
    return counted
