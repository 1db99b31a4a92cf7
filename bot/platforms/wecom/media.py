"""The files people send to the AI bot: fetched from where WeCom put them, decrypted, named."""

import asyncio
import base64
import json
import re
from http import HTTPStatus
from urllib.parse import unquote

import aiohttp
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from yarl import URL

from bot.chat import Fetched
from bot.domain.words import clean, visible
from bot.errors import DeliveryError, Failure

LIMIT = 20 * 1024 * 1024
"""Bytes of a file that is kept; WeCom itself takes up to 100 MB."""

_HOSTS = (".qq.com", ".myqcloud.com", ".qpic.cn")
_HOST = re.compile(r"[a-z0-9.:-]+")
_BLOCK = 32
_KEY = 32
_CHUNK = 64 * 1024
_WALL = 120.0
_LONGEST_NAME = 200
_GONE = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}

_ENCODED_NAME = re.compile(r"filename\*\s*=\s*\"?(?P<set>[\w-]*)'[^']*'(?P<name>[^\";\s]+)", re.IGNORECASE)
_QUOTED_NAME = re.compile(r'filename\s*=\s*"(?P<name>(?:[^"\\]|\\.)*)"', re.IGNORECASE)
_BARE_NAME = re.compile(r"filename\s*=\s*(?P<name>[^\";]+)", re.IGNORECASE)


class Media:
    """Fetches files, from WeCom's own hosts alone; ``host`` is that of a deployment of one's own."""

    def __init__(self, host: str) -> None:
        self._host = host.lower()

    async def fetch(self, token: str) -> Fetched:
        """Return a file by what its message told of it; raise DeliveryError if it cannot be had.

        WeCom keeps it for five minutes.
        """
        url, key = self._read(token)
        sealed, name = await self._download(url)
        content = await asyncio.to_thread(decrypted, sealed, key) if key else sealed
        return Fetched(content, name)

    def _read(self, token: str) -> tuple[URL, bytes]:
        try:
            told = json.loads(token)
            # As it stands: its signature is over these very characters.
            url = URL(told["url"], encoded=True)
            key = key_of(told["aeskey"])
            trusted = self._is_trusted(url)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise DeliveryError(Failure.REFUSED, f"附件的地址读不懂（{type(error).__name__}）") from None
        if not trusted:
            raise DeliveryError(Failure.REFUSED, "附件的地址不是企业微信的，没有下载")
        return url, key

    def _is_trusted(self, url: URL) -> bool:
        host = (url.host or "").lower()
        if url.user is not None or url.password is not None or not _HOST.fullmatch(host):
            return False
        if host == self._host:
            return url.scheme in {"http", "https"}
        return url.scheme == "https" and url.port == url.with_port(None).port and host.endswith(_HOSTS)

    async def _download(self, url: URL) -> tuple[bytes, str]:
        sealed = bytearray()
        try:
            async with (
                aiohttp.ClientSession(
                    cookie_jar=aiohttp.DummyCookieJar(),
                    timeout=aiohttp.ClientTimeout(total=_WALL, sock_connect=10, sock_read=30),
                ) as session,
                session.get(url, allow_redirects=False) as response,
            ):
                status = response.status
                size = response.content_length or 0
                if status == HTTPStatus.OK and size <= LIMIT + _BLOCK:
                    async for chunk in response.content.iter_chunked(_CHUNK):
                        sealed += chunk
                        if len(sealed) > LIMIT + _BLOCK:
                            break
        except (aiohttp.ClientError, OSError) as error:
            reason = type(error).__name__
        else:
            _examine(status, max(size, len(sealed)))
            return bytes(sealed), filename(response.headers.get("Content-Disposition", ""))
        # Outside the clause above, or the traceback would show aiohttp's error with the address.
        raise DeliveryError(Failure.RETRY, f"附件没有下载成（{reason}），稍后会自动再试")


def _examine(status: int, size: int) -> None:
    """Raise DeliveryError for an answer that is not the file."""
    if status in _GONE:
        raise DeliveryError(Failure.REFUSED, f"附件已过期（{status}）：企业微信只保留五分钟，请对方再发一次")
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise DeliveryError(Failure.RETRY, f"附件没有下载成（{status}），稍后会自动再试")
    if status != HTTPStatus.OK:
        raise DeliveryError(Failure.REFUSED, f"附件下载不了（{status}）")
    if size > LIMIT + _BLOCK:
        raise DeliveryError(Failure.REFUSED, f"附件超过 {LIMIT >> 20} MB，没有保存")


def key_of(aeskey: str) -> bytes:
    """Return a file's key, which is sometimes told without its padding; empty for a file in the clear."""
    if not aeskey:
        return b""
    key = base64.b64decode(aeskey + "=" * (-len(aeskey) % 4))
    if len(key) != _KEY:
        raise ValueError("not 32 bytes")
    return key


def decrypted(sealed: bytes, key: bytes) -> bytes:
    """Return what is in a file; raise DeliveryError if the key is not its."""
    try:
        decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        padded = decryptor.update(sealed) + decryptor.finalize()
    except ValueError:
        padded = b""
    more = padded[-1] if padded else 0
    if not 1 <= more <= _BLOCK or not padded.endswith(bytes([more]) * more):
        raise DeliveryError(Failure.REFUSED, "附件解不开，请对方再发一次")
    return padded[:-more]


def filename(disposition: str) -> str:
    """Return what a file is called, as its header says; empty where that does not."""
    if found := _ENCODED_NAME.search(disposition):
        name = _decoded(found["name"], found["set"] or "utf-8")
    elif found := _QUOTED_NAME.search(disposition):
        name = _plain(re.sub(r"\\(.)", r"\1", found["name"]))
    elif found := _BARE_NAME.search(disposition):
        name = _plain(found["name"].strip())
    else:
        return ""
    # A path in a name is none of ours.
    return visible(clean(re.split(r"[/\\]", name)[-1])).strip()[-_LONGEST_NAME:]


def _decoded(name: str, charset: str) -> str:
    try:
        return unquote(name, charset, "replace")
    except (LookupError, UnicodeError):  # no such charset, or one that knows no "replace"
        return unquote(name, "utf-8", "replace")


def _plain(name: str) -> str:
    """Return a name that was put into a header as it is, whatever bytes it is made of."""
    name = unquote(name) if "%" in name else name
    raw = name.encode("utf-8", "surrogateescape")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "replace")
