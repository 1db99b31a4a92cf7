"""The local page as a chat platform like the others."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bot.chat import Attachment, Capabilities, Fetched, Incoming, Listener, Outgoing, Ref
from bot.errors import DeliveryError, Failure
from bot.platforms.local.address import Loopback, loopback, take
from bot.platforms.local.county import County
from bot.platforms.local.exchange import Exchange

if TYPE_CHECKING:
    import socket

_LONGEST_TEXT = 65_536


class LocalPlatform:
    """A page in the browser of this machine, in place of a messenger.

    A chat ``p:<person>`` is that person's own, ``g:<name>`` a group; the id of an account
    is the id of the person. Nothing is kept beyond the run of the bot but what the bot keeps.
    """

    name = "local"
    capabilities = Capabilities(text_limit=_LONGEST_TEXT, caption_limit=_LONGEST_TEXT)

    def __init__(self, county: County, listen: str = "127.0.0.1:8765") -> None:
        self._county = county
        self._at = loopback(listen)
        self._socket: socket.socket | None = None
        self._serving = False
        self._exchange = Exchange(self.name, county.now)

    @property
    def url(self) -> str:
        """Where the page is; with port 0 only true once the port is taken."""
        return f"http://{self._at}/"

    def listen(self) -> None:
        """Take the port now rather than in ``run``, so that a taken one is said at once.

        Raise ConfigurationError if it cannot be had. A browser may connect from here on;
        it is answered as soon as the bot runs.
        """
        if self._socket is None:
            self._socket = take(self._at)
            self._at = Loopback(self._at.host, self._socket.getsockname()[1])

    async def run(self, listener: Listener) -> None:
        """Serve the page until cancelled."""
        # A web server takes a third of a second to import, and `liaison --help` needs none.
        from bot.platforms.local.page import Page  # noqa: PLC0415 -- see above
        from bot.web import Server  # noqa: PLC0415 -- see above

        self.listen()
        assert self._socket is not None  # noqa: S101 -- for the type checker
        self._exchange.listener = listener
        server = Server(Page(self._exchange, self._county).site())
        serving = asyncio.create_task(server.serve(sockets=[self._socket]))
        self._serving = True
        try:
            await asyncio.shield(serving)
        finally:
            self._serving = False
            self._exchange.timeline.close()
            server.leave()
            await serving
            self._socket = None

    def healthy(self) -> str:
        """Return an empty string while the page is served."""
        return "" if self._serving else f"the local page {self.url} is not being served"

    async def send(self, message: Outgoing) -> Ref | None:
        """Show a message in its chat."""
        if not message.to.chat.startswith(("p:", "g:")):
            raise DeliveryError(Failure.UNREACHABLE, f"the page has no chat {message.to.chat!r}")
        return self._exchange.post(message)

    async def update(self, ref: Ref, message: Outgoing) -> bool:
        """Change a message where it stands; False if it is of another run or forgotten."""
        return self._exchange.revise(ref, message)

    async def fetch(self, attachment: Attachment) -> Fetched:
        """Return the bytes of a file somebody sent."""
        kept = self._exchange.shelf.get(attachment.token)
        if kept is None:
            raise DeliveryError(Failure.REFUSED, f"the file {attachment.name} is no longer kept by the page")
        return Fetched(kept.content)

    def reread(self, _raw: str) -> Incoming | None:
        """Return nothing: the page says nothing that cannot be read."""
        return None

    def recall(self, _sent: Sequence[tuple[str, datetime]]) -> None:
        """Do nothing: a page takes any number."""

    async def link(self, _code: str) -> str:
        """Return nothing: at the page a code is typed, there is no account to link."""
        return ""

    async def say(self, person_id: int, text: str) -> None:
        """Say something in the name of somebody whom nobody at the page speaks for."""
        await self._exchange.say(f"p:{person_id}", str(person_id), text, ())

    def note(self, at: datetime, text: str) -> None:
        """Add a line to the event log at the right of the page."""
        self._exchange.note(at, text)

    async def close(self) -> None:
        """Let go of the port if ``run`` never took it over."""
        if self._socket is not None and not self._serving:
            self._socket.close()
            self._socket = None
