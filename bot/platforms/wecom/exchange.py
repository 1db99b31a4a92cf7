"""One HTTP exchange with WeCom: did the bytes leave, and what came back."""

import io
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp

from bot.chat import Paper
from bot.domain.words import clean, visible
from bot.errors import ConfigurationError
from bot.platforms.pool import MayWrite, Trace, always, pool
from bot.platforms.wecom.errors import NotSent, Unanswered

Json = dict[str, Any]

LARGEST_FILE = 20 * 1024 * 1024
SMALLEST_FILE = 6
"""WeCom takes files of more than 5 bytes and at most 20 MB (WECOM.md 5.8)."""

_BYTES_A_SECOND = 64 * 1024
"""The slowest transfer that is waited for."""
_CHUNK = 64 * 1024
_IN_THE_WAY = str.maketrans('"\\/\n\t', "'____")
_SECRETS = ("access_token", "corpsecret", "key")
"""Parameters of addresses that nobody else may know."""
_NAME = re.compile(r"filename\*=utf-8''(?P<quoted>[^;\s]+)", re.IGNORECASE)
_PLAIN_NAME = re.compile(r"filename=(?:\"(?P<between>[^\"]*)\"|(?P<bare>[^;\s]+))", re.IGNORECASE)


class TooLarge(Unanswered):
    """An answer went over the limit."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a file with its name, or what WeCom said in JSON, or neither."""

    status: int
    content: bytes = field(repr=False)
    filename: str | None = None
    said: Json | None = field(repr=False, default=None)
    words: str = field(repr=False, default="")
    """What WeCom says about a refusal, without our secrets."""

    @property
    def code(self) -> int | None:
        """WeCom's errcode, 0 for a yes; None if this is no answer of WeCom's."""
        code = self.said.get("errcode") if self.said and self.status == HTTPStatus.OK else None
        return code if isinstance(code, int) else None


class Exchange:
    """HTTP over one pool of connections.

    No error raised here carries aiohttp's own: its words hold the URL, and that the secrets.
    """

    def __init__(self, timeout: float = 15, connections: int = 64, may_write: MayWrite = always) -> None:
        self._may_write = may_write
        self._wall = timeout
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def ask(
        self,
        method: str,
        url: str,
        params: Mapping[str, str],
        *,
        body: Json | None = None,
        paper: Paper | None = None,
        file_comes: bool = False,
    ) -> Answer:
        """Make one request and return its answer, of whatever status; a redirect is not followed.

        Raise NotSent or Unanswered when none came, TooLarge when it was too long.
        """
        trace = Trace()
        carried = same_bytes(body) if body is not None else b""
        size = len(paper.content) if paper else LARGEST_FILE if file_comes else len(carried)
        # Bytes as a stream: aiohttp warns of more than 1 MB in one piece, for it would hold up the loop.
        data = _form(paper) if paper else io.BytesIO(carried) if carried else None
        try:
            async with self._open().request(
                method,
                url,
                params=params,
                headers={"Content-Type": "application/json"} if carried else None,
                data=data,
                allow_redirects=False,
                timeout=self._time(size, file_comes=file_comes),
                trace_request_ctx=trace,
            ) as response:
                content = bytearray()
                async for chunk in response.content.iter_chunked(_CHUNK):
                    content += chunk
                    if len(content) > LARGEST_FILE:
                        break
        except (aiohttp.ClientError, OSError) as error:
            reason = _reason(error)
        else:
            return _answer(response, bytes(content), params)
        # Outside the clause above, or the traceback would show aiohttp's error with the secrets.
        raise Unanswered(reason) if trace.written else NotSent(reason)

    async def close(self) -> None:
        """Let go of every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = pool(self._connections, self._may_write)
        return self._session

    def _time(self, size: int, *, file_comes: bool) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(
            total=self._wall + size / _BYTES_A_SECOND,
            sock_connect=min(10, self._wall),
            sock_read=self._wall if file_comes else None,
        )


def same_bytes(body: Json) -> bytes:
    """Return JSON that is the same to the byte whenever it says the same.

    WeCom drops a repeat only if it is identical (WECOM.md 5.5).
    """
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def parted(url: str, setting: str) -> tuple[str, str, str]:
    """Return an address without its path, the path, and the query.

    Raise ConfigurationError if it is none; as it may be a secret, only the setting is named.
    """
    try:
        found = urlsplit(url.strip())
        fits = found.scheme in {"http", "https"} and bool(found.hostname) and found.port != 0
    except ValueError:
        fits = False
    if not fits:
        cure = "must be the whole address, beginning with https:// and the name of the host"
        raise ConfigurationError("config.toml", [f"{setting}: {cure}"])
    return f"{found.scheme}://{found.netloc}", found.path.rstrip("/"), found.query


def _form(paper: Paper) -> aiohttp.FormData:
    # Raw UTF-8 in the name: WeCom takes a form whose name is only given as `filename*` for empty.
    form = aiohttp.FormData(quote_fields=False)
    name = visible(clean(paper.name)).translate(_IN_THE_WAY)
    form.add_field("media", io.BytesIO(paper.content), filename=name, content_type=paper.media_type)
    return form


def _answer(response: aiohttp.ClientResponse, content: bytes, params: Mapping[str, str]) -> Answer:
    if len(content) > LARGEST_FILE:
        raise TooLarge(f"over {LARGEST_FILE} bytes")
    # A file and a refusal to give it look the same to HTTP, but for this header.
    disposition = response.headers.get("Content-Disposition")
    if disposition is not None:
        return Answer(response.status, content, _filename(disposition))
    try:
        said = json.loads(content.decode())
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        return Answer(response.status, content)
    words = str(said.get("errmsg", ""))
    # A proxy may put the address into them.
    for hidden in filter(None, map(params.get, _SECRETS)):
        words = words.replace(hidden, "…")
    return Answer(response.status, content, said=said, words=words)


def _filename(disposition: str) -> str:
    """Return what a file is called; empty where its header does not say."""
    found = _NAME.search(disposition) or _PLAIN_NAME.search(disposition)
    return unquote(next(filter(None, found.groups()), "")) if found else ""


def _reason(error: Exception) -> str:
    """Name a failure of the connection without its words, which may hold the URL."""
    if isinstance(error, aiohttp.ClientConnectorError):
        # asyncio's own words hold the address; those of a failed look-up have no number of the system's.
        number = error.os_error.errno
        words = os.strerror(number) if number and number > 0 else error.os_error.strerror
        return f"{type(error).__name__}: {words or 'cannot connect'}"
    return type(error).__name__
