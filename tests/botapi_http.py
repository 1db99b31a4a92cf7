"""HTTP/1.1 in as few steps as possible, with a hand on the socket for every way to fail."""

import asyncio
import json
import re
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)
_TYPE = re.compile(rb"\r\ncontent-type:[ \t]*([^\r\n]+)", re.IGNORECASE)
_PART_NAME = re.compile(rb'\bname="([^"]*)"')
_FILE_NAME = re.compile(rb"filename\*?=\"?(?:utf-8'')?([^\"\r\n;]*)", re.IGNORECASE)


@dataclass(slots=True)
class Request:
    """One request: its path, its plain values and its files by field name."""

    path: str
    values: dict[str, Any]
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)


class Connection(asyncio.Protocol):
    """One client's connection; requests are served one after the other."""

    def __init__(self, serve: Callable[["Connection", Request], None]) -> None:
        self._serve = serve
        self._buffer = b""
        self._busy = False
        self._transport: asyncio.Transport | None = None
        self.on_lost: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self.on_lost is not None:
            self.on_lost()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._next()

    def reply(self, status: int, body: bytes, headers: str = "") -> None:
        """Answer the request that is being served, and go on to the next."""
        self.write(_head(status, len(body), headers) + body)
        self.on_lost = None
        self._busy = False
        if self._buffer:
            self._next()

    def write(self, data: bytes) -> None:
        """Put bytes on the wire as they are; nothing happens when the client is gone."""
        if self._transport is not None:
            self._transport.write(data)

    def truncate(self, status: int, body: bytes) -> None:
        """Promise a body, send half of it, and hang up."""
        self.write(_head(status, len(body), "") + body[: len(body) // 2])
        self.close()

    def close(self) -> None:
        """Hang up politely."""
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """Hang up with a RST, as a dying host does."""
        if self._transport is not None:
            raw = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()

    def _next(self) -> None:
        if self._busy:
            return
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        if _CHUNKED.search(head):
            body, rest, complete = _unchunked(rest)
        else:
            length = _LENGTH.search(head)
            size = int(length[1]) if length else 0
            body, rest, complete = rest[:size], rest[size:], len(rest) >= size
        if complete:
            self._buffer = rest
            self._busy = True
            self._serve(self, _request(head, body))


def _head(status: int, length: int, headers: str) -> bytes:
    return (
        f"HTTP/1.1 {status} {'OK' if status == 200 else 'Trouble'}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n"
    ).encode()


def _unchunked(rest: bytes) -> tuple[bytes, bytes, bool]:
    body = b""
    while True:
        size, found, rest = rest.partition(b"\r\n")
        length = int(size, 16) if found else -1
        if length < 0 or len(rest) < length + 2:
            return b"", b"", False
        body, rest = body + rest[:length], rest[length + 2 :]
        if length == 0:
            return body, rest, True


def _request(head: bytes, body: bytes) -> Request:
    target = head.split(b" ", 2)[1].decode()
    if target.startswith("http"):  # as a proxy is asked
        target = "/" + target.split("/", 3)[3]
    path, _, query = target.partition("?")
    values: dict[str, Any] = dict(parse_qsl(query)) if query else {}
    files: dict[str, tuple[str, bytes]] = {}
    if body:
        found = _TYPE.search(head)
        kind = found[1] if found else b""
        if kind.startswith(b"application/json"):
            values.update(json.loads(body))
        elif kind.startswith(b"multipart/form-data"):
            _read_parts(body, kind.partition(b"boundary=")[2].strip(b'"'), values, files)
        else:
            values.update(parse_qsl(body.decode(), keep_blank_values=True))
    return Request(path, values, files)


def _read_parts(
    body: bytes, boundary: bytes, values: dict[str, Any], files: dict[str, tuple[str, bytes]]
) -> None:
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = _PART_NAME.search(head)
        filename = _FILE_NAME.search(head)
        if name is None:
            continue
        if filename is not None:
            files[name[1].decode()] = (filename[1].decode(), content[:-2])
        else:
            values[name[1].decode()] = content[:-2].decode()
