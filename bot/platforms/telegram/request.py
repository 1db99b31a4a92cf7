"""One exchange with the Bot API: python-telegram-bot's request, carried by aiohttp."""

import json
from datetime import timedelta
from http import HTTPStatus
from io import BytesIO
from typing import Any, Never, cast
from urllib.parse import quote

import aiohttp
from telegram.error import BadRequest, NetworkError, TelegramError
from telegram.request import BaseRequest, RequestData

from bot.platforms.pool import MayWrite, Trace, always, pool

PAUSE_UNKNOWN = timedelta(seconds=30)
"""How long a 429 holds that does not say how long."""

Values = dict[str, Any]
"""The plain values of a call, as JSON has them."""

_FINE = (b'{"ok":true,', b'{"ok": true,')
_BYTES_A_SECOND = 64 * 1024
"""The slowest upload that is waited for."""


class NotSent(NetworkError):  # noqa: N818 -- says what happened, as all of ours do
    """No byte of the request left: it is safe to repeat."""


class Unanswered(NetworkError):  # noqa: N818 -- as above
    """Bytes were written and no answer of the Bot API came back: nobody knows what it did."""


class Limited(TelegramError):  # noqa: N818 -- as above
    """The Bot API asks us to wait; python-telegram-bot's own loses a wait outside JSON."""

    def __init__(self, after: timedelta) -> None:
        super().__init__(f"too many requests, wait {after.total_seconds():g} s")
        self.after = after


class TooLarge(TelegramError):  # noqa: N818 -- as above
    """A download went over the limit."""


class Transport(BaseRequest):
    """The Bot API over a wide pool of connections; the only place that knows the token.

    python-telegram-bot is given a stand-in for the token, so that nothing of it – reprs,
    debug lines, errors – can tell the real one. No error raised here carries aiohttp's own,
    whose words hold the URL.
    """

    def __init__(
        self,
        token: str,
        api_base: str,
        *,
        proxy: str | None = None,
        connections: int = 256,
        wall: float,
        may_write: MayWrite = always,
    ) -> None:
        base = api_base.rstrip("/")
        self._methods = f"{base}/bot{token}/"
        self._files = f"{base}/file/bot{token}/"
        self._secret = token.rpartition(":")[2].encode()
        self._proxy = proxy
        self._connections = connections
        self._wall = wall
        self._may_write = may_write
        self._session: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        return "<Transport to the Bot API>"

    @property
    def read_timeout(self) -> float:
        """The whole time one exchange may take, from the pool to the last byte."""
        return self._wall

    async def initialize(self) -> None:
        """Do nothing: connections are opened when they are needed."""

    async def shutdown(self) -> None:
        """Let go of every connection; the next exchange opens a fresh pool."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def call(self, method: str, parameters: Values) -> Any:
        """Call a method with plain values and return its plain result.

        Building python-telegram-bot's objects costs ten times as much; its errors are kept.
        """
        answer = self.parse_json_payload(await self._raw(method, parameters))
        if not isinstance(answer, dict) or "result" not in answer:
            raise Unanswered("an answer without a result")
        return answer["result"]

    async def updates(
        self, *, offset: int | None, limit: int, wait: int, wall: float, kinds: list[str]
    ) -> bytes:
        """Return the raw answer to getUpdates; the wall ends a poll that went silent."""
        parameters: Values = {"limit": limit, "timeout": wait, "allowed_updates": kinds}
        if offset is not None:
            parameters["offset"] = offset
        return await self._raw("getUpdates", parameters, read_timeout=wall)

    async def download(self, path: str, limit: int) -> bytes:
        """Return a file of the Bot API's, or raise TooLarge; a redirect is not followed."""
        content = bytearray()
        status = 0
        reason = ""
        try:
            async with self._open().get(
                self._files + quote(path), proxy=self._proxy, allow_redirects=False, timeout=self._time(120)
            ) as response:
                status = response.status
                async for chunk in response.content.iter_chunked(64 * 1024):
                    content += chunk
                    if len(content) > limit:
                        break
        except (aiohttp.ClientError, OSError) as error:
            reason = _reason(error)
        if reason:
            raise NotSent(reason)
        if status != HTTPStatus.OK:
            raise NotSent(f"the file server answered {status}")
        if len(content) > limit:
            raise TooLarge(f"over {limit} bytes")
        return bytes(content)

    async def do_request(  # noqa: D102 -- python-telegram-bot's own
        self,
        url: str,
        method: str,
        request_data: RequestData | Values | None = None,
        read_timeout: object = None,
        write_timeout: object = None,  # noqa: ARG002 -- one wall around the whole exchange
        connect_timeout: object = None,  # noqa: ARG002 -- as above
        pool_timeout: object = None,  # noqa: ARG002 -- as above
    ) -> tuple[int, bytes]:
        wall = read_timeout if isinstance(read_timeout, int | float) else self._wall
        body, size = _body(request_data)
        trace = Trace()
        try:
            async with self._open().request(
                method,
                self._methods + url.rpartition("/")[2],
                proxy=self._proxy,
                allow_redirects=False,
                timeout=self._time(wall + size / _BYTES_A_SECOND),
                trace_request_ctx=trace,
                **body,
            ) as response:
                # A gateway's page, or a wag, may send our own token back: it would be kept in the outbox.
                payload = (await response.read()).replace(self._secret, b"***")
        except (aiohttp.ClientError, OSError) as error:
            reason = _reason(error)
        else:
            if response.status != HTTPStatus.OK or not payload.startswith(_FINE):
                _examine(response.status, response.headers.get("Retry-After", ""), payload)
            return response.status, payload
        # Outside the clause above, or the traceback would show aiohttp's error with the token.
        raise Unanswered(reason) if trace.written else NotSent(reason)

    @staticmethod
    def parse_json_payload(payload: bytes) -> Any:
        """Return what the JSON says; python-telegram-bot's would log a page that is none."""
        try:
            return json.loads(payload.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            pass
        raise Unanswered("an answer that is not JSON")

    async def _raw(self, method: str, parameters: Values, read_timeout: float | None = None) -> bytes:
        # python-telegram-bot hands the data to do_request untouched, which also takes a dict.
        return await self._request_wrapper(
            method, "POST", cast("RequestData", parameters), read_timeout=read_timeout
        )

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = pool(self._connections, self._may_write)
        return self._session

    def _time(self, wall: float) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(total=wall, sock_connect=min(10, wall))


def _body(data: RequestData | Values | None) -> tuple[dict[str, Any], int]:
    """Return a request's data as aiohttp takes it, and its size where that takes time."""
    if isinstance(data, RequestData) and data.contains_files:
        # Telegram shows a quoted name as it is: %E5%91%A8 instead of 周.
        form = aiohttp.FormData(quote_fields=False)
        size = 0
        for name, value in data.json_parameters.items():
            form.add_field(name, value)
        for name, (filename, content, media_type) in data.multipart_data.items():
            # As raw bytes, aiohttp warns, a large one would be written in one piece.
            body = BytesIO(content) if isinstance(content, bytes) else content
            form.add_field(name, body, filename=filename, content_type=media_type)
            size += len(content) if isinstance(content, bytes) else 0
        return {"data": form}, size
    parameters = data.parameters if isinstance(data, RequestData) else data or {}
    return {"json": parameters}, 0


def _examine(status: int, retry_after: str, payload: bytes) -> None:
    """Raise what python-telegram-bot would misread in an answer that is not plainly fine."""
    try:
        answer = Transport.parse_json_payload(payload)
    except Unanswered:
        answer = None
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Limited(_wait(answer, retry_after))
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        raise BadRequest("Request Entity Too Large")
    if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
        # A page of a proxy or a gateway: even its 403 says nothing about the contact.
        raise Unanswered(f"an answer {status} that is not the Bot API's")
    if status == HTTPStatus.OK and not answer["ok"]:
        _refuse(answer)
    ours = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}
    if HTTPStatus.BAD_REQUEST < status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in ours:
        raise BadRequest(str(answer.get("description", status)))


def _refuse(answer: dict[str, Any]) -> Never:
    code = answer.get("error_code")
    raise NetworkError(f"200 with a refusal inside: {code} {answer.get('description', '')}")


def _wait(answer: object, header: str) -> timedelta:
    parameters = answer.get("parameters") if isinstance(answer, dict) else None
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    if not isinstance(seconds, int):
        seconds = int(header) if header.isdecimal() else None
    try:
        return timedelta(seconds=seconds) if seconds else PAUSE_UNKNOWN
    except OverflowError:
        return PAUSE_UNKNOWN


def _reason(error: Exception) -> str:
    """Name a failure of the connection without its words, which may hold the URL."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"{type(error).__name__}: {error.os_error.strerror or 'cannot connect'}"
    return type(error).__name__
