"""The web server is a good guest: it wakes the bot once a second, and leaves when it is told to."""

import asyncio
import socket
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
from aiohttp import ClientSession
from starlette.responses import PlainTextResponse

from bot import web


async def test_it_leaves_at_once_however_rarely_it_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "_LOOK", 3_600)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        server = web.Server(PlainTextResponse("好"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        async with ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{listening.getsockname()[1]}") as answer:
                said = parsedate_to_datetime(answer.headers["date"])
            server.leave()
            async with asyncio.timeout(10):
                await serving

    assert abs((datetime.now(UTC) - said).total_seconds()) < 60
