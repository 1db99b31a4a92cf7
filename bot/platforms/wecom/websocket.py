"""The socket itself: opened at the configured address alone, and named without it when it fails."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any, Never

import aiohttp

from bot.platforms.wecom.errors import NotSent, Unanswered

LARGEST_FRAME = 128 * 1024
"""Bytes; many times the longest message, and read in a moment whatever stands in it."""

_CLOSING = 1.0


@asynccontextmanager
async def opened(url: str, *, within: float) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Open a socket, and close it politely in the end."""
    trace: aiohttp.TraceConfig = aiohttp.TraceConfig()
    trace.on_request_redirect.append(_stay)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trace_configs=[trace]) as session:
        async with asyncio.timeout(within):
            socket = await session.ws_connect(
                url, max_msg_size=LARGEST_FRAME, timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSING)
            )
        try:
            yield socket
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(2 * _CLOSING):
                    await socket.close()


def reason_of(error: Exception) -> str:
    """Name a failure without aiohttp's words, which may hold an address."""
    match error:
        case NotSent() | Unanswered():
            return str(error)
        case aiohttp.WSServerHandshakeError():
            return f"the handshake was answered {error.status}"
        case aiohttp.ClientConnectorError():
            number = error.os_error.errno or 0
            # asyncio puts the address into its words.
            return os.strerror(number) if number > 0 else str(error.os_error.strerror or type(error).__name__)
    return type(error).__name__


async def _stay(_session: object, _context: SimpleNamespace, _parameters: Any) -> Never:
    """Follow no redirect: the secret is for the configured address alone."""
    raise aiohttp.ClientPayloadError("a redirect")
