"""A pool of HTTP connections that tells of each request whether any byte of it may have left."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import SimpleNamespace

import aiohttp


@dataclass(slots=True)
class Trace:
    """Whether any byte of one request may have been written; given as its ``trace_request_ctx``."""

    written: bool = False


def pool(connections: int) -> aiohttp.ClientSession:
    """Return a pool that keeps no cookies."""
    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(_mark)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, ttl_dns_cache=60),
        cookie_jar=aiohttp.DummyCookieJar(),
        trace_configs=[trace],
    )


async def _mark(_session: object, context: SimpleNamespace, _parameters: object) -> None:
    """Note that the request is about to be written: the connection stands, TLS included."""
    if context.trace_request_ctx is not None:
        context.trace_request_ctx.written = True


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
