"""Where WeCom puts the files that people send: encrypted, for five minutes, on a plain HTTP server."""

import asyncio
import base64
import os
from collections import deque
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.clock import Clock
from tests.botapi_http import Connection, Request

LIFE = 5 * 60.0
_BLOCK = 32
_PROMISED = 200 << 20


class MediaFault(Enum):
    """What goes wrong with a download."""

    GONE = "404"
    PAGE = "200 with a page"
    REDIRECT = "302 to another address of the same file"
    TRUNCATED = "half the file, then a close"
    HUGE = "200 MB are promised"
    HANG = "no answer, ever"
    RESET = "RST"


@dataclass(frozen=True, slots=True)
class _Offer:
    sealed: bytes
    headers: str
    until: float


class MediaServer:
    """Hands out what people sent."""

    def __init__(self, clock: Clock) -> None:
        self.base = ""
        self.fetched: list[str] = []
        self._clock = clock
        self._offers: dict[str, _Offer] = {}
        self._faults: deque[MediaFault] = deque()
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on loopback."""
        self._server = await asyncio.get_running_loop().create_server(self._connect, "127.0.0.1", 0)
        self.base = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        """Hang up on everybody."""
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.close()

    def offer(
        self, content: bytes, name: str = "", *, padded: bool = True, expired: bool = False
    ) -> dict[str, str]:
        """Put a file out; return what a message says of it."""
        key = os.urandom(32)
        number = f"f{len(self._offers) + 1}"
        until = 0.0 if expired else self._clock.now().timestamp() + LIFE
        self._offers[number] = _Offer(encrypted(content, key), _disposition(name), until)
        aeskey = base64.b64encode(key).decode()
        return {
            "url": f"{self.base}/media/{number}?sign=secret",
            "aeskey": aeskey if padded else aeskey.rstrip("="),
        }

    def script(self, fault: MediaFault | str, *, times: int = 1) -> None:
        """Let the next downloads fail."""
        self._faults.extend([fault if isinstance(fault, MediaFault) else MediaFault[fault]] * times)

    def _connect(self) -> Connection:
        connection = Connection(self._serve)
        self._connections.add(connection)
        return connection

    def _serve(self, connection: Connection, request: Request) -> None:
        number = request.path.rpartition("/")[2]
        self.fetched.append(number)
        offer = self._offers.get(number)
        if self._faults:
            self._fail(connection, number, offer, self._faults.popleft())
        elif offer is None or self._clock.now().timestamp() > offer.until:
            connection.reply(404, b"{}")
        else:
            connection.reply(200, offer.sealed, offer.headers)

    @staticmethod
    def _fail(connection: Connection, number: str, offer: _Offer | None, fault: MediaFault) -> None:
        match fault:
            case MediaFault.GONE:
                connection.reply(404, b"{}")
            case MediaFault.PAGE:
                connection.reply(200, b"<html><body>login</body></html>")
            case MediaFault.REDIRECT:
                connection.reply(302, b"", f"Location: /elsewhere/{number}\r\n")
            case MediaFault.TRUNCATED:
                connection.truncate(200, offer.sealed if offer else b"")
            case MediaFault.HUGE:
                connection.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % _PROMISED)
                connection.write(bytes(64 << 10))
            case MediaFault.RESET:
                connection.reset()
            case _:  # HANG: the client waits until it has had enough
                pass


def encrypted(content: bytes, key: bytes) -> bytes:
    """Return a file as WeCom hands it out: AES-256-CBC, padded to 32 bytes."""
    fill = _BLOCK - len(content) % _BLOCK
    sealer = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return sealer.update(content + bytes([fill]) * fill) + sealer.finalize()


def _disposition(name: str) -> str:
    if not name:
        return ""
    plain = name.encode("ascii", "replace").decode().replace('"', "_")
    return f"Content-Disposition: attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}\r\n"
