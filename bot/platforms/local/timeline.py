"""What the page is told, in order, for browsers that come, go, sleep and return."""

import asyncio
import json
import secrets
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing the page is told: its place in the order, its kind, and the rest as JSON."""

    number: int
    kind: str
    data: str


class Timeline:
    """A bounded history that every browser reads at its own pace.

    Nothing is queued for anybody: a browser is the number of the last thing it saw. A slow
    one therefore costs nothing and holds up nobody; one that fell behind what is kept, or
    remembers another run of the bot, is told to start afresh.
    """

    def __init__(self, keep: int = 1000) -> None:
        self.boot = secrets.token_hex(8)
        self.last = 0
        self.closed = False
        self._kept: deque[Happening] = deque(maxlen=keep)
        self._news = asyncio.Event()

    def add(self, kind: str, data: dict[str, object]) -> None:
        """Tell every browser."""
        self.last += 1
        self._kept.append(Happening(self.last, kind, json.dumps(data)))
        self._wake()

    def close(self) -> None:
        """Let every browser go."""
        self.closed = True
        self._wake()

    def mark(self, number: int | None = None) -> str:
        """Return a place in the order as a browser keeps it; by default the present one."""
        return f"{self.boot}.{self.last if number is None else number}"

    def place(self, mark: str) -> int | None:
        """Return the place a browser kept; None if it is of another run, or of no run."""
        boot, _, number = mark.partition(".")
        if boot != self.boot or not (number.isascii() and number.isdecimal()) or int(number) > self.last:
            return None
        return int(number)

    def after(self, seen: int) -> list[Happening] | None:
        """Return what a browser has not seen yet; None if some of it is no longer kept."""
        missing = self.last - seen
        if missing > len(self._kept):
            return None
        return [self._kept[n] for n in range(len(self._kept) - missing, len(self._kept))]

    async def wait(self, seen: int, patience: float) -> None:
        """Return when there is something new, or after so many seconds without."""
        if self.last > seen or self.closed:
            return
        try:
            async with asyncio.timeout(patience):
                await self._news.wait()
        except TimeoutError:
            return

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
