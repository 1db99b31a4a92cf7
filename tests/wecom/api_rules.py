"""How the loopback API of WeCom fails when told to, and its numbers (WECOM.md sections 5 to 8)."""

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tests.wecom.socket_rules import Refusal

Json = dict[str, Any]

DAY = 24 * 3600.0
LIFE_OF_A_FILE = 3 * DAY
LIFE_OF_A_CODE = 3 * DAY
LONGEST_TEXT = 2048
LONGEST_MARKDOWN = 4096
LARGEST = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "file": 20 << 20}
LARGEST_POSTED_PICTURE = 2 << 20
PER_MINUTE_OF_A_ROBOT = 20
PICTURES = (b"\x89PNG", b"\xff\xd8\xff")


class Fault(Enum):
    """What goes wrong with a call; in those from UNANSWERED on it was accepted before."""

    ERRCODE = "refused with ``code`` (-1: busy) and ``words``"
    RST = "RST before anything was accepted"
    HTML = "502 with a page"
    UNANSWERED = "polite close without an answer"
    RST_AFTER = "RST instead of an answer"
    TRUNCATED = "half an answer, then a close"
    CUT_JSON = "half an answer, complete as far as HTTP goes"
    HTML_200 = "200 with a page"
    GATEWAY = "502 with the answer"
    LATE = "the answer comes after ``seconds``"
    HANG = "no answer, ever"


@dataclass(frozen=True, slots=True)
class Script:
    """A fault that waits for a call of a path (``*``: of any); without a fault the call goes well."""

    path: str
    fault: Fault | None
    code: int = -1
    words: str = "system busy"
    seconds: float = 0


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the corporation, as the app sees them."""

    userid: str
    name: str
    departments: tuple[int, ...]
    position: str
    is_visible: bool
    is_licensed: bool


class Minute:
    """How much goes through in a minute, for each of many."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._times: dict[str, deque[float]] = {}

    def is_full(self, who: str, now: float) -> bool:
        """Tell whether there is no more room, and use some if there is."""
        if self._most is None:
            return False
        times = self._times.setdefault(who, deque())
        while times and now - times[0] >= 60:
            times.popleft()
        if len(times) >= self._most:
            return True
        times.append(now)
        return False


def wrong(words: str) -> Refusal:
    """Return the refusal of what is missing or too long."""
    return Refusal(40058, words)


def required(values: Json, name: str) -> Any:
    """Return a field, or refuse the call that lacks it."""
    value = values.get(name)
    if value is None or value == "":
        raise wrong(f"missing {name}")
    return value
