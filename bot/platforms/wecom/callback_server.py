"""The web server of the callback: takes its port, serves while the bot runs, lets the port go."""

import asyncio
import socket

from bot.chat import Listener
from bot.platforms.wecom.callback import Callback
from bot.web import Server, taken

PATH = "/wecom/callback"


class CallbackServer:
    """Serves one callback on an address of this machine."""

    def __init__(self, callback: Callback, listen: str) -> None:
        self.callback = callback
        self.is_serving = False
        self._listen = listen
        self._socket: socket.socket | None = None

    @property
    def url(self) -> str:
        """Where the callback is on this machine; with port 0 only true once the port is taken."""
        host, _, port = self._listen.rpartition(":")
        if self._socket is not None:
            port = str(self._socket.getsockname()[1])
        return f"http://{host}:{port}{PATH}"

    def take(self) -> None:
        """Take the port now rather than in ``serve``; raise ConfigurationError if it cannot be had."""
        if self._socket is None:
            self._socket = taken(self._listen, "wecom.app.listen")

    async def serve(self, listener: Listener) -> None:
        """Pass what arrives to the listener until cancelled."""
        self.take()
        assert self._socket is not None  # noqa: S101 -- for the type checker
        self.callback.listener = listener
        server = Server(self.callback.site())
        serving = asyncio.create_task(server.serve(sockets=[self._socket]))
        self.is_serving = True
        try:
            await asyncio.shield(serving)
        finally:
            self.is_serving = False
            self.callback.listener = None
            server.leave()
            await serving
            self._socket = None

    def close(self) -> None:
        """Let go of the port if ``serve`` never took it over."""
        if self._socket is not None and not self.is_serving:
            self._socket.close()
            self._socket = None
