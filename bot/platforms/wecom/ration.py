"""How much one conversation takes: what goes over it is dropped in silence, so we never do."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import DeliveryError, Failure

_MANY = 10_000


class Ration:
    """Counts what went out to each conversation, parts and all, within each window.

    WECOM.md: 30 a minute and 1,000 an hour for each conversation, replies and pushes together
    (A and B); 20 a minute for each group robot (C).
    """

    def __init__(self, clock: Clock, windows: Sequence[tuple[int, timedelta]]) -> None:
        self._clock = clock
        self._windows = windows
        self._most = max(most for most, _ in windows)
        self._longest = max(length for _, length in windows)
        self._sent: dict[str, deque[datetime]] = {}

    def take(self, chat: str) -> None:
        """Use one place of a conversation's ration; raise DeliveryError, with the wait, if none is left."""
        now = self._clock.now()
        sent = self._sent.setdefault(chat, deque(maxlen=self._most))
        for most, length in self._windows:
            if len(sent) >= most and (wait := sent[-most] + length - now) > timedelta(0):
                raise DeliveryError(
                    Failure.RETRY, f"{most} messages in {length}: that is all a chat takes", after=wait
                )
        sent.append(now)
        if len(self._sent) > _MANY:
            self._forget(now)

    def recall(self, chat: str, at: datetime) -> None:
        """Count what another process sent, of whose parts nobody knows."""
        self._sent.setdefault(chat, deque(maxlen=self._most)).append(at)

    def _forget(self, now: datetime) -> None:
        self._sent = {chat: sent for chat, sent in self._sent.items() if now - sent[-1] < self._longest}
