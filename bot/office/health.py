"""GET /healthz: 200 only while every loop beats and every connection is up.

Whoever asks for JSON is told of each channel besides: `liaison check` does.
"""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

Ailments = Callable[[], list[str]]
"""Returns a sentence for everything that is wrong; nothing when all is well."""
Findings = Callable[[], list[dict[str, object]]]
"""Returns how each channel goes, a sentence each."""


def health_site(ailments: Ailments, findings: Findings) -> Starlette:
    """Return the site that tells the bot's health."""

    async def healthz(request: Request) -> Response:
        found = ailments()
        status = 503 if found else 200
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse({"ailments": found, "findings": findings()}, status)
        return PlainTextResponse("\n".join(found) or "ok", status)

    return Starlette(routes=[Route("/healthz", healthz)])
