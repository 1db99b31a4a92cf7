"""A channel: one of the three ways into WeCom, each with its own credentials (WECOM.md section 1)."""

from typing import Protocol

from bot.chat import Fetched, Finding, Incoming, Listener
from bot.platforms.wecom.parts import Part


class Channel(Protocol):
    """What the AI bot, the self-built app and the group robots have in common."""

    def listen(self) -> None:
        """Take the address on which it is called, if it is; raise ConfigurationError if it cannot be had."""

    async def run(self, listener: Listener) -> None:
        """Pass everything that reaches us to the listener until cancelled; the network never ends it."""

    def healthy(self) -> str:
        """Return an empty string while the channel is up, else a sentence saying what is wrong."""

    async def deliver(self, chat: str, part: Part, *, in_group: bool) -> str:
        """Send one message; Return what names it, empty where it can never be changed.

        Raise WeComError, NotSent or Unanswered if it was not taken for certain.
        """

    async def change(self, name: str, part: Part) -> bool:
        """Put another card in the place of a delivered one; False if it cannot be changed (any more)."""

    async def fetch(self, token: str) -> Fetched:
        """Return a file somebody sent; raise DeliveryError if it cannot be had."""

    def reread(self, raw: str) -> Incoming | None:
        """Read once more what could not be read; None if it still cannot, or came over another channel."""

    async def check(self) -> list[Finding]:
        """Return what works and what is missing, in words an office clerk understands."""

    def state(self) -> list[Finding]:
        """Return the same of a channel that runs, from what it has seen; nothing is asked for it."""

    async def close(self) -> None:
        """Let go of connections."""
