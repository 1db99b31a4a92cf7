"""A pool of HTTP connections that tells of each request whether any byte of it may have left."""

from dataclasses import dataclass
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
