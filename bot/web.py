"""A web server as a guest in the loop of the bot: for the local page and the health of the bot."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from bot.errors import ConfigurationError

_LOOK = 1.0
"""Seconds between two looks at the clock, for the date in every answer."""


class Server(uvicorn.Server):
    """A server that is quiet, leaves signals to the application, and ends within a second."""

    def __init__(self, site: ASGIApp, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(
            uvicorn.Config(
                site,
                host=host,
                port=port,
                lifespan="off",
                ws="none",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._leaving = asyncio.Event()

    def leave(self) -> None:
        """Take no more requests, and end when the last is answered."""
        self.should_exit = True
        self._leaving.set()

    async def main_loop(self) -> None:
        """Set the date once a second; uvicorn's own wakes ten times to see whether it is to end."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK):
                    await self._leaving.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: stopping the bot is the application's business."""
        yield


def taken(listen: str, key: str) -> socket.socket:
    """Take an address ``host:port``; raise ConfigurationError, naming the setting, if it cannot be had."""
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    try:
        listening = socket.create_server(
            (host, int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except OSError as error:
        # `create_server` adds words of its own to those of the system.
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        fault = f"{key}: {listen} cannot be used ({why}); stop its user, or choose another port"
        raise ConfigurationError("config.toml", [fault]) from error
    # asyncio does so only for sockets it made itself; without it a second answer waits 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listening.setblocking(False)
    return listening
