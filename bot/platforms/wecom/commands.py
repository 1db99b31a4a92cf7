"""What we asked of WeCom over the socket, and whose every answer is."""

import asyncio
import itertools
import json
import logging
import secrets
from collections import deque
from contextlib import suppress

import aiohttp

from bot.platforms.pool import NOT_OURS, MayWrite, always
from bot.platforms.wecom.errors import NotSent, Unanswered, WeComError
from bot.platforms.wecom.frames import Json, req_id

log = logging.getLogger(__name__)

WINDOW = 16
"""How many commands are on their way at once; who is urgent does not count."""

_CLOSING = "closing transport"

_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Commands:
    """Writes commands and gives each the answer that is its own.

    Some errors come without the id of their command. Then no new command is begun, and the others'
    answers are waited for: when as many remain as there are such errors, those are theirs. What
    this does not settle in time nobody knows (Unanswered). After that no new command is begun
    either, until `resume`: on a dead line it would only be one more of which nobody knows.
    """

    def __init__(self, patience: float, window: int = WINDOW, *, may_write: MayWrite = always) -> None:
        self._may_write = may_write
        self._patience = patience
        self._free = window
        self._queue: deque[asyncio.Future[None]] = deque()
        self._pending: dict[str, asyncio.Future[Json | Exception]] = {}
        self._errors: list[WeComError] = []
        self._suspects: set[str] = set()
        self._silence = asyncio.Event()
        # An answer to a command of another process of this bot must not be taken for ours.
        self._names = (f"{secrets.token_hex(4)}_{number}" for number in itertools.count(1))

    async def place(self) -> None:
        """Wait for a place in the window, in the order of asking; it must be given back."""
        if not self._queue and self._may_begin:
            self._free -= 1
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled():
                self.give_back()
            raise

    def give_back(self) -> None:
        """Give a place in the window back."""
        self._free += 1
        self._admit()

    async def ask(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        cmd: str,
        body: Json | None = None,
        *,
        answering: str = "",
        patience: float | None = None,
    ) -> Json:
        """Give a command and return the body of its answer; ``answering`` is the id of a push.

        Raise WeComError for a no, NotSent if nothing was written, Unanswered if nobody knows.
        """
        name = answering or f"{cmd}_{next(self._names)}"
        if name in self._pending:
            raise NotSent(f"{cmd}: another answer to the same push is on its way")
        frame: Json = {"cmd": cmd, "headers": {"req_id": name}}
        if body is not None:
            frame["body"] = body
        text = _dumps(frame)
        wait = patience or self._patience
        if not self._may_write():
            raise NotSent(f"{cmd}: {NOT_OURS}")
        answer: asyncio.Future[Json | Exception] = asyncio.get_running_loop().create_future()
        self._pending[name] = answer
        try:
            async with asyncio.timeout(wait):
                await socket.send_str(text)
                said = await answer
        except TimeoutError:
            if not answer.done() or answer.cancelled():
                self._silence.set()
                raise Unanswered(f"{cmd}: no answer within {wait:g} s") from None
            said = answer.result()  # it came in the very moment in which patience ended
        except (aiohttp.ClientError, OSError) as failure:
            # Its words tell whether anything was written; any others than these are taken for a yes.
            self._pending.pop(name, None)
            if _CLOSING in str(failure):
                raise NotSent(f"{cmd}: the connection broke") from None
            self._silence.set()
            raise Unanswered(f"{cmd}: the connection broke") from None
        finally:
            self._end(name, answer, wait)
        if isinstance(said, Exception):
            raise said
        if error := _error(said):
            raise error
        found = said.get("body")
        return found if isinstance(found, dict) else {}

    def answered(self, frame: Json) -> WeComError | None:
        """Take an answer from the socket; return the error it is, if it is one."""
        name = req_id(frame)
        if not name:
            return self._unattributed(frame)
        answer = self._pending.pop(name, None)
        if answer is None or answer.done():
            log.debug("an answer that nobody waits for any more")
        else:
            answer.set_result(frame)
        self._suspects.discard(name)
        self._attribute()
        return _error(frame)

    async def silence(self, within: float) -> bool:
        """Wait until a command is not answered, but not for longer; tell whether one was not."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._silence.wait()
        return self._silence.is_set()

    def resume(self) -> None:
        """Begin commands again: WeCom has answered."""
        self._silence.clear()
        self._admit()

    def lost(self) -> None:
        """Tell everybody who waits that the connection is gone."""
        for answer in self._pending.values():
            if not answer.done():
                answer.set_result(Unanswered("the connection broke before the answer came"))
        self._pending.clear()
        self._suspects.clear()
        self._errors.clear()
        self.resume()

    async def idle(self, within: float) -> None:
        """Wait until everything is answered, but not for ever."""
        if waiting := [answer for answer in self._pending.values() if not answer.done()]:
            await asyncio.wait(waiting, timeout=within)

    @property
    def _may_begin(self) -> bool:
        return self._free > 0 and not self._errors and not self._silence.is_set()

    def _admit(self) -> None:
        while self._queue and self._may_begin:
            waiter = self._queue.popleft()
            if not waiter.done():
                self._free -= 1
                waiter.set_result(None)

    def _end(self, name: str, answer: asyncio.Future[Json | Exception], wait: float) -> None:
        """Forget a command that was not answered, but later: an error without an id may still be its."""
        if self._pending.get(name) is answer:
            asyncio.get_running_loop().call_later(wait, self._forget, name, answer)
            self._attribute()

    def _forget(self, name: str, answer: asyncio.Future[Json | Exception]) -> None:
        if self._pending.get(name) is answer:
            del self._pending[name]

    def _unattributed(self, frame: Json) -> WeComError | None:
        error = _error(frame)
        if error is None:
            log.debug("an answer to nothing")
            return None
        log.warning("errcode %d without an id; %d commands are on their way", error.code, len(self._pending))
        if self._pending:
            self._errors.append(error)
            self._suspects.update(self._pending)
            self._attribute()
        return error

    def _attribute(self) -> None:
        """Give errors without an id to those they must belong to, or give up when nobody waits any more."""
        if not self._errors:
            return
        waiting = [
            name for name in self._suspects if name in self._pending and not self._pending[name].done()
        ]
        if waiting and len(self._suspects) > len(self._errors):
            return
        verdict: Exception = self._errors[0]
        if len({error.code for error in self._errors}) > 1:
            # Each was refused, but not known which for what: alone, the next time, it will be.
            verdict = NotSent("WeCom refused several commands without saying which for what")
        for name in waiting:
            self._pending.pop(name).set_result(verdict)
        self._errors.clear()
        self._suspects.clear()
        self._admit()


def _error(frame: Json) -> WeComError | None:
    code = frame.get("errcode", 0)
    if code == 0:
        return None
    return WeComError(code if type(code) is int else -1, str(frame.get("errmsg", "")))
