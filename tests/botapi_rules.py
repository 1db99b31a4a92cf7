"""What the loopback Bot API refuses, and the ways in which it fails when told to."""

import math
from collections import deque
from dataclasses import dataclass
from enum import Enum


class Fault(Enum):
    """What goes wrong; in those from RESET_AFTER on the message was accepted before."""

    LIMITED = "429 in JSON"
    LIMITED_PLAIN = "429 of a proxy, the wait in a header"
    LIMITED_BARE = "429 that names no wait"
    REFUSED = "a refusal in JSON, with ``code`` and ``words``"
    REFUSED_200 = "a refusal in JSON under 200"
    PAGE = "a page under ``code``; under 302 it leads elsewhere"
    RESET_BEFORE = "RST before anything was accepted"
    SLOW = "an answer after ``seconds``"
    RESET_AFTER = "RST"
    CLOSE_AFTER = "polite close without an answer"
    TRUNCATED = "half an answer, then a close"
    CUT_JSON = "half an answer, complete as far as HTTP goes"
    HTML_200 = "200 with a page"
    EMPTY_502 = "502 without a body"
    HANG = "no answer, ever"


@dataclass(frozen=True, slots=True)
class Script:
    """A fault that waits for a call of a method (``*`` for any)."""

    method: str
    fault: Fault
    seconds: float = 0
    code: int = 500
    words: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """One message or edit that was accepted, written down before it was answered."""

    method: str
    message: int
    chat: int
    text: str
    buttons: tuple[tuple[tuple[str, str], ...], ...]
    topic: int | None
    file: str
    content: bytes
    at: float

    def data(self, label: str) -> str:
        """Return what the button with this label sends back."""
        for row in self.buttons:
            for name, data in row:
                if name == label:
                    return data
        raise AssertionError(f"no button {label} in {self.buttons}")


class Refusal(Exception):  # noqa: N818 -- an answer of the server, not an error of the test
    """An answer with ok: false."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


class Pace:
    """Telegram's limits as it may mean them: a bucket or a hard second for the bot, a minute for a group."""

    def __init__(self, bucket: float | None, window: int | None, group_minute: int | None) -> None:
        self._bucket = bucket
        self._window = window
        self._group_minute = group_minute
        self._tokens = bucket or 0.0
        self._filled_at = 0.0
        self._second: deque[float] = deque()
        self._minutes: dict[int, deque[float]] = {}
        self.refused = 0

    def admit(self, chat: int, now: float) -> None:
        """Refuse a message that comes too early."""
        minute = self._minutes.setdefault(chat, deque()) if self._group_minute and chat < 0 else None
        wait = max(self._bot_wait(now), _full(minute, self._group_minute, now, 60))
        if wait > 0:
            self.refused += 1
            raise limited(math.ceil(wait))
        self._tokens -= 1
        self._second.append(now)
        if minute is not None:
            minute.append(now)

    def _bot_wait(self, now: float) -> float:
        if self._bucket:
            gained = (now - self._filled_at) * self._bucket
            self._tokens, self._filled_at = min(self._bucket, self._tokens + gained), now
            if self._tokens < 1:
                return (1 - self._tokens) / self._bucket
        return _full(self._second, self._window, now, 1)


def _full(times: deque[float] | None, limit: int | None, now: float, within: float) -> float:
    """Return how long a window stays full; 0 while there is room."""
    if times is None or not limit:
        return 0
    while times and now - times[0] >= within:
        times.popleft()
    return times[0] + within - now if len(times) >= limit else 0


def limited(seconds: int) -> Refusal:
    """Return Telegram's own 429."""
    return Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
