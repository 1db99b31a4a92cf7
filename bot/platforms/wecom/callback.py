"""The address Tencent posts to: nothing is done with what arrives before the guard has let it pass."""

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot import failpoints
from bot.chat import Incoming, Listener
from bot.clock import Clock
from bot.errors import StorageError
from bot.platforms.wecom.crypto import Crypt, CryptoError
from bot.platforms.wecom.envelope import Foreign, Odd, Received, encrypted, incoming

log = logging.getLogger(__name__)

LARGEST_BODY = 256 * 1024
FRESH = timedelta(seconds=300)
"""How far the time a message was sealed may be from ours (SECURITY row 8)."""

_PATIENCE = 5.0
"""Seconds for the whole of a message to arrive; Tencent itself waits no longer for an answer."""
_MOST_HANDLED = 10_000
_ONE_LINE_EACH = timedelta(minutes=1)
_CLOSE = {"Connection": "close"}
_NEVER = datetime.min.replace(tzinfo=UTC)

_FORMS = {
    "msg_signature": re.compile(r"[0-9a-f]{40}"),
    "timestamp": re.compile(r"[0-9]{1,12}"),
    "nonce": re.compile(r"[!-~]{1,128}"),
    "echostr": re.compile(r"[0-9A-Za-z+/=]{1,4096}"),
}


@dataclass(frozen=True, slots=True)
class Seal:
    """What stands in the address beside a message."""

    signature: str
    timestamp: str
    nonce: str


def _no_press(_task_id: str, _response_code: str) -> None:
    """Let the code go that would change the pressed card."""


class Callback:
    """Takes what Tencent posts, and answers 200 only when the listener has stored it.

    ``listener`` is who is told; as long as there is none, Tencent is asked to come again. ``pressed`` is
    told before it, of every pressed card, its task id and the code that changes it once.
    ``heard_at`` and ``verified_at`` are when Tencent last wrote, and last asked whether we are here;
    ``turned_away`` is why we could not read what asked last, for whoever runs the bot.
    """

    def __init__(
        self,
        crypt: Crypt,
        clock: Clock,
        path: str = "/wecom/callback",
        *,
        agent_id: int,
        patience: float = _PATIENCE,
    ) -> None:
        self.listener: Listener | None = None
        self.pressed: Callable[[str, str], None] = _no_press
        self.heard_at: datetime | None = None
        self.verified_at: datetime | None = None
        self.turned_away = ""
        self.turned_away_at = _NEVER
        self.clock = clock
        self._crypt = crypt
        self._path = path
        self._agent_id = agent_id
        self._patience = patience
        self._handled = _Handled()
        self._refusals = _Refusals()

    def site(self) -> Starlette:
        """Return the address as a web application."""
        site = Starlette(
            routes=[
                Route(self._path, self._verify, methods=["GET"]),
                Route(self._path, self._receive, methods=["POST"]),
            ],
            exception_handlers={HTTPException: self._refuse},
        )
        site.router.redirect_slashes = False
        return site

    def reread(self, raw: str) -> Incoming | None:
        """Read once more what could not be read when it came; None if it still cannot."""
        try:
            said = incoming(raw.encode(), self._crypt.receive_id, self._agent_id, self.clock.now()).said
        except Foreign:
            return None
        return said if isinstance(said, Incoming) else None

    async def _verify(self, request: Request) -> Response:
        """Answer what only we can read: so the console finds out that the address is ours."""
        plain = self._asked(_seal(request), _parameter(request, "echostr"))
        # Who caught a message on its way could have it read back to them here, since both are sealed alike.
        if plain.startswith(b"<"):
            raise HTTPException(403, "a message sent as if to verify the address")
        self.verified_at = self.clock.now()
        log.info("the console of WeCom has verified the callback address")
        return Response(plain, media_type="text/plain")

    def _asked(self, seal: Seal, echo: str) -> bytes:
        """Return what somebody wants read, or note why we cannot: whoever pressed 保存 waits to know."""
        why = "Token 和管理后台上的不一样"
        try:
            self._check_signature(seal, echo)
            why = "本机的时间不准"
            self._check_fresh(seal)
            why = "EncodingAESKey 或企业 ID 和管理后台上的不一样"
            return self._decrypted(echo)
        except HTTPException:
            self.turned_away, self.turned_away_at = why, self.clock.now()
            raise

    async def _receive(self, request: Request) -> Response:
        body = await self._body(request)
        failpoints.reach("received")
        seal = _seal(request)
        self._check_fresh(seal)
        try:
            sealed = encrypted(body)
        except Odd:
            raise HTTPException(400, "not an envelope of WeCom's") from None
        self._check_signature(seal, sealed)
        now = self.clock.now()
        if self._handled.knows(seal.signature, now):
            return Response()
        try:
            received = incoming(self._decrypted(sealed), self._crypt.receive_id, self._agent_id, now)
        except Foreign as error:
            raise HTTPException(403, str(error)) from None
        self.heard_at = now
        await self._hand_over(received)
        self._handled.note(seal.signature, now)
        failpoints.reach("confirm")
        return Response()

    async def _hand_over(self, received: Received) -> None:
        said = received.said
        if said is None:
            return
        if self.listener is None:
            raise HTTPException(503, "the bot is not listening yet")
        if received.response_code and isinstance(said, Incoming):
            self.pressed(said.message, received.response_code)
        try:
            await self.listener(said)
        except StorageError:
            raise HTTPException(503, "it could not be stored; Tencent sends it again") from None

    async def _body(self, request: Request) -> bytes:
        # The web server lets only digits through, and not many.
        if int(request.headers.get("content-length", "0")) > LARGEST_BODY:
            raise HTTPException(413, "too large", _CLOSE)
        body = bytearray()
        try:
            async with asyncio.timeout(self._patience):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > LARGEST_BODY:
                        raise HTTPException(413, "too large", _CLOSE)
        except TimeoutError:
            raise HTTPException(408, "too slow", _CLOSE) from None
        except ClientDisconnect:
            raise HTTPException(400, "broken off", _CLOSE) from None
        return bytes(body)

    def _check_fresh(self, seal: Seal) -> None:
        if abs(self.clock.now().timestamp() - int(seal.timestamp)) > FRESH.total_seconds():
            raise HTTPException(403, f"sealed more than {FRESH.seconds} seconds from our own time")

    def _check_signature(self, seal: Seal, sealed: str) -> None:
        if not self._crypt.is_signed(seal.signature, seal.timestamp, seal.nonce, sealed):
            raise HTTPException(403, "wrong signature")

    def _decrypted(self, sealed: str) -> bytes:
        try:
            return self._crypt.decrypted(sealed)
        except CryptoError as error:
            raise HTTPException(403, str(error)) from None

    async def _refuse(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 -- for the type checker
        peer = request.client.host if request.client else "an unknown address"
        self._refusals.note(error.detail, peer, self.clock.now())
        return Response(status_code=error.status_code, headers=error.headers)


def _seal(request: Request) -> Seal:
    """Return what stands beside a message."""
    return Seal(*(_parameter(request, name) for name in ("msg_signature", "timestamp", "nonce")))


def _parameter(request: Request, name: str) -> str:
    """Return a parameter that must be there once, and of its form."""
    values = request.query_params.getlist(name)
    # An address that passed through other hands may hold a bare +, which reads as a space.
    value = values[0].replace(" ", "+") if len(values) == 1 else ""
    if not _FORMS[name].fullmatch(value):
        raise HTTPException(403, f"no usable {name}")
    return value


class _Handled:
    """The signatures of what was handled, for as long as one of them would still be fresh.

    A signature stands for its timestamp, its nonce and the message; what failed is not here, so
    that it can come again. Only what was rightly signed gets in, so no forger can crowd it.
    """

    def __init__(self) -> None:
        self._at: OrderedDict[str, datetime] = OrderedDict()

    def knows(self, signature: str, now: datetime) -> bool:
        """Tell whether this was handled before."""
        self._forget(now)
        return signature in self._at

    def note(self, signature: str, now: datetime) -> None:
        """Remember that this was handled."""
        self._at[signature] = now
        self._at.move_to_end(signature)
        self._forget(now)

    def _forget(self, now: datetime) -> None:
        while self._at:
            oldest = next(iter(self._at.values()))
            if len(self._at) <= _MOST_HANDLED and now - oldest <= 2 * FRESH:
                return
            self._at.popitem(last=False)


class _Refusals:
    """Logs what was refused: the first of a kind at once, then their number, at most one line a minute."""

    def __init__(self) -> None:
        self._logged: dict[str, datetime] = {}
        self._unlogged: dict[str, int] = {}

    def note(self, reason: str, peer: str, now: datetime) -> None:
        """Log or count a refusal; the reason is one of ours, and nothing of what was sent."""
        last = self._logged.get(reason)
        if last is not None and abs(now - last) < _ONE_LINE_EACH:
            self._unlogged[reason] = self._unlogged.get(reason, 0) + 1
            return
        more = self._unlogged.pop(reason, 0)
        self._logged[reason] = now
        log.warning("refused a callback from %s: %s (and %d more before it)", peer, reason, more)
