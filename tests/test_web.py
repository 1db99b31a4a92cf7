"""The web server is a good guest: it looks at the clock now and then, and leaves when it is told to."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import pytest
from aiohttp import ClientSession
from starlette.responses import PlainTextResponse

from bot import web


@asynccontextmanager
async def serving() -> AsyncIterator[str]:
    """Serve a page; Return its address. Leave, and see it end."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        server = web.Server(PlainTextResponse("好"))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.leave()
            async with asyncio.timeout(10):
                await task


async def date(session: ClientSession, address: str) -> str:
    async with session.get(address) as answer:
        return answer.headers["date"]


async def test_it_leaves_at_once_however_rarely_it_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "_LOOK", 3_600)
    async with serving() as address, ClientSession() as session:
        assert await date(session, address)


async def test_every_look_sets_the_date(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = count(1)
    monkeypatch.setattr(web, "_LOOK", 0.001)
    monkeypatch.setattr("uvicorn.server.formatdate", lambda *_, **__: f"look {next(looks)}")
    async with serving() as address, ClientSession() as session, asyncio.timeout(10):
        first = await date(session, address)
        while await date(session, address) == first:
            pass
