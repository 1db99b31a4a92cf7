"""WeCom as a chat platform: the port, put together from the channels a county has credentials for."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.chat import (
    Attachment,
    Capabilities,
    Event,
    Fetched,
    Finding,
    Incoming,
    Listener,
    Outgoing,
    Ref,
    Unreadable,
)
from bot.clock import Clock
from bot.errors import DeliveryError, Failure
from bot.platforms.pool import time_at
from bot.platforms.wecom import NAME
from bot.platforms.wecom.channel import Channel
from bot.platforms.wecom.parts import Hints
from bot.platforms.wecom.ration import Ration
from bot.platforms.wecom.sending import Sending

log = logging.getLogger(__name__)

ROBOT = "webhook:"
"""How the address of a group robot begins; its name follows."""

_CONVERSATION = ((30, timedelta(minutes=1)), (1000, timedelta(hours=1)))
_ROBOT = ((20, timedelta(minutes=1)),)
_BOT_BYTES = 20_480
_APP_BYTES = 2_048
_ROBOT_BYTES = 4_096
_APP_DROPS_REPEATS_FOR = timedelta(minutes=30)
_NOT_THERE = (Failure.UNOPENED, Failure.UNCLEAR, Failure.UNREACHABLE)
_REMEMBERED = 10_000
_ABOUT_THE_APP = {Event.BLOCKED, Event.UNBLOCKED}
_SOON = timedelta(seconds=10)
_NO_WAY = "no channel of WeCom that is configured reaches this chat"


class WeComPlatform:
    """The AI bot, the self-built app and the group robots as one platform: an account is a userid.

    A person is written to where they wrote last; who never wrote to the bot is reached through
    the app, where there is one. ``bot``, ``app`` and ``robots`` are the channels of WECOM.md
    section 1: at least one of them. Unless the ``app_hears``, nobody can answer there. The server at
    ``api_base`` is asked what time it is.
    """

    name = NAME

    def __init__(
        self,
        *,
        clock: Clock,
        hints: Hints,
        bot: Channel | None = None,
        app: Channel | None = None,
        app_hears: bool = True,
        robots: Channel | None = None,
        api_base: str = "",
    ) -> None:
        found = {"bot": bot, "app": app, "robots": robots}
        self._channels: Mapping[str, Channel] = {name: each for name, each in found.items() if each}
        self._ways: dict[str, Sending] = {}
        if bot:
            self._ways["bot"] = Sending(
                bot,
                Ration(clock, _CONVERSATION),
                hints,
                most_bytes=_BOT_BYTES,
                unknown=Failure.UNCLEAR,
            )
        if app:
            self._ways["app"] = Sending(
                app,
                Ration(clock, _CONVERSATION),
                hints,
                most_bytes=_APP_BYTES,
                hears=app_hears,
                drops_repeats_for=_APP_DROPS_REPEATS_FOR,
            )
        if robots:
            self._ways["robots"] = Sending(robots, Ration(clock, _ROBOT), hints, most_bytes=_ROBOT_BYTES)
        self._api_base = api_base
        self._last_way: OrderedDict[str, str] = OrderedDict()
        self._accounts: dict[str, str] = {}
        self.capabilities = Capabilities(
            text_limit=_BOT_BYTES // 3, caption_limit=0, writes_first=bool(app), keeps=timedelta(0)
        )

    def __repr__(self) -> str:
        return f"<WeComPlatform of {', '.join(self._channels)}>"

    def listen(self) -> None:
        """Take the address of the callback, so that one that cannot be had is said at once."""
        for channel in self._channels.values():
            channel.listen()

    async def run(self, listener: Listener) -> None:
        """Pass everything that reaches any channel to the listener until cancelled."""
        async with asyncio.TaskGroup() as group:
            for name, channel in self._channels.items():
                group.create_task(channel.run(self._hearing(name, listener)))

    def healthy(self) -> str:
        """Return an empty string while every channel is up, else a sentence saying what is wrong."""
        return "；".join(filter(None, (channel.healthy() for channel in self._channels.values())))

    async def send(self, message: Outgoing) -> Ref | None:
        """Send a message over the first channel that reaches its chat.

        Raise DeliveryError if it was not confirmed.
        """
        chat = message.to.chat
        missed: list[DeliveryError] = []
        for way in self._ways_to(message):
            try:
                ref = await self._ways[way].send(message, in_group=message.in_group)
            except DeliveryError as failure:
                # A channel that takes nothing at all holds nobody up whom another one reaches.
                if failure.kind not in _NOT_THERE and not failure.whole_bot:
                    raise self._of_one_channel(failure) from failure
                log.info("%s is not reached by the %s: %s", chat, way, failure)
                missed.append(failure)
            else:
                if missed and not missed[0].whole_bot and missed[0].kind is not Failure.UNCLEAR:
                    self._note(chat, way)
                return ref
        for broken in missed:
            if broken.whole_bot:
                # Whoever writes shows over which channel they are reached.
                raise self._of_one_channel(broken, until_heard=len(missed) > 1)
        # Whom the app does not see may still open the bot: they have not left.
        missed.sort(key=lambda each: _NOT_THERE.index(each.kind))
        raise missed[0] if missed else DeliveryError(Failure.UNREACHABLE, _NO_WAY)

    async def update(self, ref: Ref, message: Outgoing) -> bool:
        """Put a message in the place of a delivered card; False if that is over.

        Raise DeliveryError if WeCom did not answer.
        """
        way = self._ways.get(ref.message.partition(":")[0])
        try:
            return way is not None and await way.update(ref, message)
        except DeliveryError as failure:
            raise self._of_one_channel(failure) from failure

    async def fetch(self, attachment: Attachment) -> Fetched:
        """Return a file somebody sent; the bot's links die after five minutes."""
        name, _, token = attachment.token.partition(":")
        channel = self._channels.get(name)
        if channel is None:
            raise DeliveryError(Failure.REFUSED, f"there is no {name!r} channel of WeCom any more")
        return await channel.fetch(token)

    def reread(self, raw: str) -> Incoming | None:
        """Read once more what could not be read: a frame of the bot, or a callback of the app."""
        found = (channel.reread(raw) for channel in self._channels.values())
        return next((each for each in found if each is not None), None)

    def recall(self, sent: Sequence[tuple[str, datetime]]) -> None:
        """Let what another process sent within the hour count, over whichever channel it went."""
        for chat, at in sent:
            for name, way in self._ways.items():
                if (name == "robots") is chat.startswith(ROBOT):
                    way.recall(chat, at)

    async def link(self, _code: str) -> str:
        """Return nothing: WeCom has no link that carries a code; it is typed."""
        return ""

    async def check(self) -> list[Finding]:
        """Return what works and what is missing on each channel."""
        return [finding for channel in self._channels.values() for finding in await channel.check()]

    async def time(self) -> datetime | None:
        """Return what time it is at WeCom."""
        return await time_at(self._api_base) if self._api_base else None

    def state(self) -> list[Finding]:
        """Return how each channel goes."""
        return [finding for channel in self._channels.values() for finding in channel.state()]

    async def close(self) -> None:
        """Let go of connections."""
        for channel in self._channels.values():
            await channel.close()

    def _of_one_channel(self, failure: DeliveryError, *, until_heard: bool = False) -> DeliveryError:
        """Return what a failure means for its chat alone: a broken channel must not stop the others."""
        if len(self._ways) == 1 or failure.kind is not Failure.RETRY:
            return failure
        after = failure.after or _SOON
        return DeliveryError(
            failure.kind, str(failure), after=after, until_heard=until_heard, cause=failure.cause
        )

    def _hearing(self, name: str, listener: Listener) -> Listener:
        async def hear(incoming: Incoming | Unreadable) -> str:
            if isinstance(incoming, Incoming):
                if name == "app" and "bot" in self._channels and incoming.event in _ABOUT_THE_APP:
                    # Who is no longer in the app's range still has the bot.
                    return ""
                if incoming.private and incoming.alias and not incoming.is_disguised:
                    # The chat with the app bears one of somebody's two ids, that with the bot the other.
                    self._accounts[incoming.alias] = incoming.sender
                self._note(incoming.at.chat, name)
            return await listener(incoming)

        return hear

    def _note(self, chat: str, way: str) -> None:
        chat = self._accounts.get(chat, chat)
        self._last_way[chat] = way
        self._last_way.move_to_end(chat)
        if len(self._last_way) > _REMEMBERED:
            self._last_way.popitem(last=False)

    def _ways_to(self, message: Outgoing) -> list[str]:
        """Return the channels that may reach a chat, the best first."""
        chat = message.to.chat
        if chat.startswith(ROBOT):
            return ["robots"] if "robots" in self._ways else []
        if message.in_group:
            return ["bot"] if "bot" in self._ways else []
        last = self._last_way.get(self._accounts.get(chat, chat), "bot")
        return sorted((way for way in ("bot", "app") if way in self._ways), key=lambda way: way != last)
