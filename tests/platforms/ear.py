"""Who is told what a platform hears."""

import asyncio
from collections.abc import Callable

from bot.chat import Incoming, Unreadable


class Ear:
    """A listener that notes what it was told, and fails or waits when asked to."""

    def __init__(self) -> None:
        self.heard: list[Incoming | Unreadable] = []
        self.began: list[str] = []
        self.notice = ""
        self.fails: Callable[[Incoming | Unreadable], Exception | None] = lambda _: None
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, said: Incoming | Unreadable) -> str:
        self.began.append(said.key)
        await self.gate.wait()
        if error := self.fails(said):
            raise error
        self.heard.append(said)
        return self.notice

    @property
    def texts(self) -> list[str]:
        return [said.text if isinstance(said, Incoming) else "?" for said in self.heard]

    @property
    def last(self) -> Incoming:
        said = self.heard[-1]
        assert isinstance(said, Incoming)
        return said
