"""GET /healthz: 200 only while every loop beats and every connection is up."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

Ailments = Callable[[], list[str]]
"""Returns a sentence for everything that is wrong; nothing when all is well."""


def health_site(ailments: Ailments) -> Starlette:
    """Return the site that tells the bot's health."""

    async def healthz(_: Request) -> PlainTextResponse:
        found = ailments()
        return PlainTextResponse("\n".join(found) or "ok", status_code=503 if found else 200)

    return Starlette(routes=[Route("/healthz", healthz)])
