"""A pool of HTTP connections that tells of each request whether any byte of it may have left."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from types import SimpleNamespace

import aiohttp


@dataclass(slots=True)
class Trace:
    """Whether any byte of one request may have been written; given as its ``trace_request_ctx``."""

    written: bool = False


MayWrite = Callable[[], bool]
"""Tells whether we may write to a platform at this moment: one process at a time does."""

NOT_OURS = "another process speaks for the bot by now"


def always() -> bool:
    """Tell that we may: there is no other process."""
    return True


class NotOurs(aiohttp.ClientError):
    """Nothing was written: it is no longer for us to write."""


def pool(connections: int, may_write: MayWrite = always) -> aiohttp.ClientSession:
    """Return a pool that keeps no cookies; nothing is written over it while we may not."""
    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(partial(_mark, may_write))
    trace.on_request_chunk_sent.append(partial(_bar, may_write))
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, ttl_dns_cache=60),
        cookie_jar=aiohttp.DummyCookieJar(),
        trace_configs=[trace],
    )


async def _mark(may_write: MayWrite, _session: object, context: SimpleNamespace, _parameters: object) -> None:
    """Note that the request is about to be written: the connection stands, TLS included."""
    if not may_write():
        raise NotOurs(NOT_OURS)
    if context.trace_request_ctx is not None:
        context.trace_request_ctx.written = True


async def _bar(may_write: MayWrite, _session: object, context: SimpleNamespace, _parameters: object) -> None:
    """Look once more right before the first bytes are written: the head of a request waits for its body."""
    if not may_write():
        if context.trace_request_ctx is not None:
            context.trace_request_ctx.written = False
        raise NotOurs(NOT_OURS)


async def time_at(url: str, *, proxy: str | None = None, within: float = 5) -> datetime | None:
    """Return what time it is by a server, whatever else it answers; None if it does not say."""
    wall = aiohttp.ClientTimeout(total=within)
    try:
        async with (
            pool(1) as session,
            session.get(url, proxy=proxy, allow_redirects=False, timeout=wall) as answer,
        ):
            # The age of what a proxy keeps would be taken for a clock that is behind.
            told = "" if "Age" in answer.headers else answer.headers.get("Date", "")
    except (aiohttp.ClientError, OSError):
        return None
    try:
        return parsedate_to_datetime(told).replace(tzinfo=UTC)
    except ValueError:
        return None
