"""The people on the other side: a loopback Bot API whose users write, and who look at their watches.

`python -m benchmarks.crowd` prints its address when it is ready; the rest goes over `/control`.
"""

import argparse
import asyncio
import random
import sys
from typing import Any

from tests.botapi import BotApi
from tests.botapi_http import Request

TOKEN = "42:loopback-loopback-loopback"  # noqa: S105 -- opens nothing


class Crowd(BotApi):
    """Times every message from the moment it is written until the reply to it is accepted."""

    def __init__(self, **limits: Any) -> None:
        super().__init__(TOKEN, **limits)
        self._left = 0
        self._wrote_at: dict[int, float] = {}
        self._waits: list[tuple[float, float]] = []
        self._asked: list[tuple[float, int]] = []
        self._others: list[float] = []
        self._turns: dict[int, int] = {}
        self._typing: asyncio.Task[None] | None = None

    def accept(self, method: str, request: Request) -> bytes:
        """Do what was asked; a reply lets its reader write again."""
        body = super().accept(method, request)
        if method == "sendMessage":
            self._arrived(self.ledger[-1].chat, self.ledger[-1].at)
        return body

    def writes(self, people: int, messages: int) -> None:
        """Let people write at once, and each again as soon as they are answered, so many in all."""
        self._left = messages
        for person in range(1, people + 1):
            self._say_next(person)

    def types(self, every: float, read: float) -> None:
        """Let somebody answer every so many seconds who was asked at least ``read`` seconds ago."""
        self._typing = asyncio.create_task(self._type(every, read))

    def answers(self, people: int, seconds: float) -> None:
        """Let so many people answer one after the other, evenly over so many seconds."""
        loop = asyncio.get_running_loop()
        for person in range(1, people + 1):
            loop.call_later((person - 1) * seconds / people, self._say, person)

    def quiet(self) -> None:
        """Let nobody type any more."""
        if self._typing is not None:
            self._typing.cancel()

    def told(self) -> dict[str, Any]:
        """Return what happened: the waits by the moment of their end, and all other messages' moments."""
        return {
            "replies": self._waits,
            "others": self._others,
            "refused": self.pace.refused,
        }

    def counts(self) -> dict[str, int]:
        """Return how far it is, cheaply."""
        return {
            "polls": len(self.polls),
            "replies": len(self._waits),
            "others": len(self._others),
            "unanswered": len(self._wrote_at),
        }

    def _arrived(self, chat: int, at: float) -> None:
        wrote_at = self._wrote_at.pop(chat, None)
        if wrote_at is None:
            self._others.append(at)
            self._asked.append((at, chat))
        else:
            self._waits.append((at, at - wrote_at))
            if self._left:
                self._say_next(chat)

    def _say_next(self, person: int) -> None:
        if self._left:
            self._left -= 1
            self._say(person)

    def _say(self, person: int) -> None:
        turn = self._turns[person] = self._turns.get(person, 0) + 1
        # Always another figure within what nobody would call odd.
        self._wrote_at[person] = asyncio.get_running_loop().time()
        self.says(person, f"1 主体封顶，形象进度{60 + turn % 10}%")

    async def _type(self, every: float, read: float) -> None:
        chance = random.Random(11)
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(every)
            ready = [chat for at, chat in self._asked if at < loop.time() - read]
            people = [chat for chat in ready if chat not in self._wrote_at]
            if people:
                self._say(chance.choice(people))


async def _main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowd")
    parser.add_argument("--bucket", type=float)
    parser.add_argument("--window", type=int)
    async with Crowd(**vars(parser.parse_args(arguments))) as crowd:
        print(crowd.base, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))
