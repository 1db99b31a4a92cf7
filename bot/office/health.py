"""GET /healthz: 200 only while every loop beats and every connection is up; GET /metrics: how much of what.

Whoever asks /healthz for JSON is told of each channel besides: `liaison check` does.
"""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

Ailments = Callable[[], list[str]]
"""Returns a sentence for everything that is wrong; nothing when all is well."""
Findings = Callable[[], list[dict[str, object]]]
"""Returns how each channel goes, a sentence each."""

StandingBy = Callable[[], list[str]]
"""Returns a sentence for everything that another process does."""
Metrics = Callable[[], Awaitable[str]]
"""Returns what is measured, in Prometheus' text format."""
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def health_site(
    ailments: Ailments, findings: Findings, standing_by: StandingBy, metrics: Metrics
) -> Starlette:
    """Return the site that tells the bot's health."""

    async def healthz(request: Request) -> Response:
        found = ailments()
        status = 503 if found else 200
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse({"ailments": found, "findings": findings()}, status)
        return PlainTextResponse("\n".join(found or standing_by()) or "ok", status)

    async def measured(_: Request) -> Response:
        return Response(await metrics(), media_type=_PROMETHEUS)

    return Starlette(routes=[Route("/healthz", healthz), Route("/metrics", measured)])
