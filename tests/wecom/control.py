"""The hand of another process on the loopback servers: their methods as `POST /control/<method>`.

The body is `{"args": [], "kwargs": {}}`; bytes are written `{"base64": "…"}`. Methods of a server with a
name are `POST /control/<name>/<method>`.
"""

import asyncio
import base64
import dataclasses
import inspect
import json
from typing import Any

from tests.botapi_http import Connection, Request


class Control:
    """Lets whoever asks call the public methods of the servers; without a name it is the first one's."""

    def __init__(self, **servers: object) -> None:
        self._servers = servers
        self._calls: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.base = ""

    async def start(self, port: int) -> None:
        """Listen on loopback."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self._serve), "127.0.0.1", port)
        self.base = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        """Listen no longer."""
        if self._server is not None:
            self._server.close()
        for call in self._calls:
            call.cancel()

    def _serve(self, connection: Connection, request: Request) -> None:
        call = asyncio.create_task(self._call(connection, request))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _call(self, connection: Connection, request: Request) -> None:
        _, _, *path = request.path.split("/")
        server = self._servers[path[0]] if len(path) > 1 else next(iter(self._servers.values()))
        values = _taken(request.values)
        try:
            result = getattr(server, path[-1])(*values.get("args", ()), **values.get("kwargs", {}))
            if inspect.isawaitable(result):
                result = await result
        except (AssertionError, AttributeError, KeyError, OSError, TypeError, ValueError) as error:
            return connection.reply(400, json.dumps({"error": repr(error)}, ensure_ascii=False).encode())
        return connection.reply(200, json.dumps(result, default=_given, ensure_ascii=False).encode())


def _taken(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"base64"}:
            return base64.b64decode(value["base64"])
        return {name: _taken(each) for name, each in value.items()}
    return [_taken(each) for each in value] if isinstance(value, list) else value


def _given(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)
