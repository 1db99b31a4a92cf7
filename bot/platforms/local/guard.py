"""Who may talk to the page: browsers on this machine that have it open, and nobody through them."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.platforms.local.address import host_of, is_loopback

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_OWN_PAGE = ("same-origin", "none")


class Guard:
    """Refuses requests made under a foreign name or by a foreign page, and seals every answer.

    The Host must be this machine, or a name server of somebody else's could make its page
    and ours the same site (DNS rebinding). A POST must carry our own Origin, as browsers
    always do, so that no other page can speak for the people here.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http":
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = _refusal(scope["method"], Headers(scope=scope))
        app = PlainTextResponse(refusal, status_code=403) if refusal else self._app
        await app(scope, receive, sealed)


def _refusal(method: str, headers: Headers) -> str:
    authority = headers.get("host", "")
    if not is_loopback(host_of(authority)):
        return "This page answers only under the name of this machine: open http://127.0.0.1 with its port.\n"
    site = headers.get("sec-fetch-site", "none")
    # A link to the page is a navigation, and harmless; anything else from elsewhere is not.
    if site not in _OWN_PAGE and not (method == "GET" and headers.get("sec-fetch-mode") == "navigate"):
        return "This page answers only to itself.\n"
    if method not in {"GET", "HEAD"} and headers.get("origin") != f"http://{authority}":
        return "This page takes messages only from itself.\n"
    return ""
