"""The long connection: one socket, subscribed, kept alive, opened again whenever it ends."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp
from yarl import URL

from bot.clock import Clock
from bot.errors import DeliveryError, Failure
from bot.platforms.pool import MayWrite, always
from bot.platforms.wecom.arrivals import Arrivals
from bot.platforms.wecom.commands import Commands
from bot.platforms.wecom.errors import NotSent, Unanswered, WeComError
from bot.platforms.wecom.frames import PUSHES, Json, is_takeover, parse
from bot.platforms.wecom.line import TAKEN_OVER, Line, denied
from bot.platforms.wecom.senders import Pause
from bot.platforms.wecom.websocket import opened, reason_of

log = logging.getLogger(__name__)

UNSUBSCRIBED = frozenset({846601, 846602, 846609})
"""The subscription died although the socket is open (WECOM.md 2.3)."""

LONGEST_CONNECTING = 5.0
"""Seconds that a command waits for a connection."""

_LONGEST_PAUSE = 30.0
_FIRST_REFUSAL_PAUSE = 60.0
_LONGEST_REFUSAL_PAUSE = 3600.0
_LAST_ANSWERS = 2.0
_ASK_AGAIN = timedelta(minutes=1)

_FAILURES = (aiohttp.ClientError, OSError, NotSent, Unanswered)

_PASSING = {-1, 6000, 45009, 45033, 846601, 846602}
"""WeCom was busy: the credentials are as good as they were, so one tries again as after any close."""


class Connection:
    """Keeps one bot subscribed, and carries commands; ``hear`` takes every frame that answers none, at once.

    What reads never waits for an answer or for whoever listens: else no answer would ever be read.
    """

    def __init__(
        self,
        bot_id: str,
        secret: str,
        hear: Callable[[object, str], None],
        arrivals: Arrivals,
        *,
        clock: Clock,
        ws_url: str,
        heartbeat: float,
        patience: float,
        pause: Pause,
        may_write: MayWrite = always,
    ) -> None:
        self._credentials = {"bot_id": bot_id, "secret": secret}
        self._hear = hear
        self._arrivals = arrivals
        self._ws_url = ws_url
        self._heartbeat = heartbeat
        self._patience = patience
        self._pause = pause
        self._commands = Commands(patience, may_write=may_write)
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._ready = asyncio.Event()
        self._is_stale = asyncio.Event()
        self._refusals = 0
        self.line = Line(URL(ws_url).host or "", clock, timedelta(seconds=3 * heartbeat + patience))
        self.number = 0
        """Grows with each connection: what came over an older one can no longer be answered."""

    async def run(self) -> None:
        """Stay subscribed until cancelled, or until somebody else takes the bot over."""
        while not self.line.is_taken_over:
            pause = 0.0
            try:
                async with self._subscribed() as (socket, reading):
                    await self._live(socket, reading)
                reason = f"close {socket.close_code}"
            except WeComError as error:
                pause = 0.0 if error.code in _PASSING else self._refused(error)
                reason = f"refused with errcode {error.code}"
            except _FAILURES as error:
                reason = reason_of(error)
            if self.line.is_taken_over:
                break
            if not pause:
                self.line.failed(reason)
                pause = _jittered(min(_LONGEST_PAUSE, 2.0 ** min(self.line.failures - 1, 10)))
            log.warning("the long connection ended (%s); the next one in %.1f s", reason, pause)
            await self._pause(pause)
        log.critical(
            "another program subscribed with our bot, so WeCom threw us out; "
            "stop one of the two, then restart: until then this one stays away"
        )
        await asyncio.Event().wait()

    async def probe(self) -> str:
        """Connect once and return an empty string, or what is wrong and what helps."""
        try:
            async with self._subscribed():
                return ""
        except WeComError as error:
            return denied(error)
        except _FAILURES as error:
            return self.line.unreachable(reason_of(error))

    async def ask(self, cmd: str, body: Json, *, patience: float | None = None) -> Json:
        """Give a command and return the body of its answer.

        A command refused because the subscription had died is given once more over the next
        connection. Raise WeComError for a no, NotSent if nothing was written, Unanswered if
        nobody knows, DeliveryError when there is no connection and none to be expected soon.
        """
        for is_last in (False, True):
            socket = await self._place()
            try:
                return await self._commands.ask(socket, cmd, body, patience=patience)
            except WeComError as error:
                if is_last or error.code not in UNSUBSCRIBED:
                    raise
            finally:
                self._commands.give_back()
        raise AssertionError("unreachable")

    async def answer(self, req_id: str, cmd: str, body: Json, *, patience: float) -> Json:
        """Answer a push without waiting for the window or for a connection; as `ask` otherwise."""
        if self._socket is None:
            raise NotSent(f"{cmd}: there is no connection")
        return await self._commands.ask(self._socket, cmd, body, answering=req_id, patience=patience)

    async def _place(self) -> aiohttp.ClientWebSocketResponse:
        """Return the socket, with a place in the window; raise NotSent if there is none in time."""
        until = asyncio.get_running_loop().time() + min(self._patience, LONGEST_CONNECTING)
        while True:
            if self._socket is None:
                await self._connected(until)
            await self._commands.place()
            if self._socket is not None:
                return self._socket
            self._commands.give_back()

    async def _connected(self, until: float) -> None:
        if self.line.is_taken_over:
            raise DeliveryError(Failure.RETRY, TAKEN_OVER, after=_ASK_AGAIN, whole_bot=True)
        if self.line.refusal is not None:
            raise DeliveryError(Failure.RETRY, denied(self.line.refusal), after=_ASK_AGAIN, whole_bot=True)
        try:
            async with asyncio.timeout_at(until):
                await self._ready.wait()
        except TimeoutError:
            raise NotSent("there is no connection") from None

    @asynccontextmanager
    async def _subscribed(self) -> AsyncIterator[tuple[aiohttp.ClientWebSocketResponse, asyncio.Task[None]]]:
        """Open a socket, subscribe on it and yield it with the task that reads it."""
        async with opened(self._ws_url, within=2 * self._patience) as socket:
            self.number += 1
            reading = asyncio.create_task(self._read(socket))
            try:
                await self._commands.ask(socket, "aibot_subscribe", self._credentials)
                yield socket, reading
            finally:
                self._unready()
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
                self._commands.lost()

    async def _live(self, socket: aiohttp.ClientWebSocketResponse, reading: asyncio.Task[None]) -> None:
        """Let commands through until the connection is dead, stale or closed."""
        log.info("subscribed over long connection %d", self.number)
        self._refusals = 0
        self._is_stale.clear()
        self.line.subscribed()
        self._socket = socket
        self._ready.set()
        tasks = {reading, asyncio.create_task(self._beat(socket)), asyncio.create_task(self._retire())}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks - {reading}:
                task.cancel()
            await asyncio.gather(*(tasks - {reading}), return_exceptions=True)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._take(message.data)
                elif message.type is aiohttp.WSMsgType.BINARY:
                    self._take(message.data.decode("utf-8", "replace"))
                else:
                    return
                if self.line.is_taken_over:
                    return
                if self._arrivals.is_full:
                    await self._hold(socket)
        finally:
            self._unready()
            self._commands.lost()

    def _take(self, raw: str) -> None:
        frame = parse(raw)
        if not isinstance(frame, dict):
            self._hear(frame, raw)
        elif isinstance(cmd := frame.get("cmd"), str) and cmd in PUSHES:
            if is_takeover(frame):
                self._unready()
                self.line.is_taken_over = True
            else:
                self._hear(frame, raw)
        elif "errcode" in frame:
            error = self._commands.answered(frame)
            if error is not None and error.code in UNSUBSCRIBED and self._socket is not None:
                self._unready()
                self._is_stale.set()
        else:
            log.debug("a command of WeCom's that is not known: %.50s", frame.get("cmd"))

    async def _hold(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Read nothing until there is room: no answers either, so no commands meanwhile."""
        log.error("too much waits to be stored; nothing more is read from WeCom for now")
        was_ready = self._socket is socket
        self._unready()
        await self._arrivals.room()
        if was_ready and not self._is_stale.is_set():
            self._socket = socket
            self._ready.set()

    async def _beat(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Ask WeCom for a sign of life now and then, and at once when anything was not answered.

        Raise Unanswered if that is not answered either.
        """
        while True:
            is_silent = await self._commands.silence(self._heartbeat)
            try:
                await self._commands.ask(socket, "ping", patience=min(self._patience, self._heartbeat))
            except Unanswered:
                # Who does not read cannot hear an answer.
                if is_silent and not self._arrivals.is_full:
                    raise
                continue
            except WeComError as error:
                log.debug("a ping was answered with errcode %d", error.code)
            self._commands.resume()
            self.line.alive()

    async def _retire(self) -> None:
        """Wait until the subscription has died, and let what is still on its way be answered."""
        await self._is_stale.wait()
        await self._commands.idle(min(self._patience, _LAST_ANSWERS))

    def _unready(self) -> None:
        self._socket = None
        self._ready.clear()

    def _refused(self, error: WeComError) -> float:
        """Note a refusal to be subscribed to; return how long to stay away."""
        self.line.refused(error)
        self._refusals += 1
        # WeCom's words may hold our address; its code is enough.
        log.error("WeCom refuses the subscription: errcode %d", error.code)
        return min(_LONGEST_REFUSAL_PAUSE, _FIRST_REFUSAL_PAUSE * 2.0 ** min(self._refusals - 1, 10))


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(0.7, 1)
