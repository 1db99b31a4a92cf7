"""WeCom's AI bot (智能机器人): chats, groups, buttons and files over one long connection (WECOM.md 2)."""

import asyncio
import json
import logging
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial

from yarl import URL

from bot.chat import Event, Fetched, Finding, Incoming, Listener, Paper, Unreadable
from bot.clock import Clock
from bot.domain.words import Measure, clean, fits
from bot.platforms.pool import MayWrite, always
from bot.platforms.wecom import frames
from bot.platforms.wecom.arrivals import Arrival, Arrivals
from bot.platforms.wecom.connection import UNSUBSCRIBED, Connection
from bot.platforms.wecom.errors import NotSent, Unanswered, WeComError
from bot.platforms.wecom.frames import CHANNEL, Json
from bot.platforms.wecom.media import Media
from bot.platforms.wecom.parts import Part
from bot.platforms.wecom.senders import Names, Pause
from bot.platforms.wecom.upload import Uploads

log = logging.getLogger(__name__)

ANSWERED_WITHIN = 5.0
"""Seconds after a press in which a card can be changed, and after an opening in which one may be greeted."""

_SEND = "aibot_send_msg"
_SINGLE, _GROUP = 1, 2
_EXPIRED_MEDIA = 40007
_UNKNOWN_PUSH = 846605
_PRESSES_KEPT = 1000
_LONGEST_WELCOME = 2000
_STORED_WITHIN = 3.0
_STORED_AT_LAST = 1.0


@dataclass(frozen=True, slots=True)
class _Chance:
    """What may be answered for a few seconds: under which id, since when, over which connection."""

    req_id: str
    at: float
    connection: int


class BotChannel:
    """The AI bot; ``names`` turns encrypted userids into plain ones.

    The connection outlives `run` until `close`: what is still owed when the bot stops goes out
    over it, and what arrives meanwhile still reaches the listener.
    """

    def __init__(
        self,
        bot_id: str,
        secret: str,
        *,
        clock: Clock,
        ws_url: str = "wss://openws.work.weixin.qq.com",
        heartbeat: float = 30.0,
        patience: float = 10.0,
        pause: Pause = asyncio.sleep,
        names: Names | None = None,
        may_write: MayWrite = always,
    ) -> None:
        self._bot_id = bot_id
        self._clock = clock
        self._patience = patience
        self._arrivals = Arrivals(pause, names)
        self._connection = Connection(
            bot_id,
            secret,
            self._hear,
            self._arrivals,
            clock=clock,
            ws_url=ws_url,
            heartbeat=heartbeat,
            patience=patience,
            pause=pause,
            may_write=may_write,
        )
        self._uploads = Uploads(self._connection.ask, clock)
        self._media = Media(URL(ws_url).host or "")
        self._presses: OrderedDict[str, _Chance] = OrderedDict()
        self._listener: Listener | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._serving: asyncio.Task[None] | None = None
        self._welcomes: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"<BotChannel {self._bot_id}>"

    def listen(self) -> None:
        """Do nothing: the bot calls WeCom, not the other way round."""

    async def run(self, listener: Listener) -> None:
        """Pass everything that reaches the bot to the listener until cancelled; then see it stored."""
        self._listener = listener
        if self._connecting is None or self._serving is None:
            self._connecting = asyncio.create_task(self._connection.run())
            self._serving = asyncio.create_task(self._arrivals.serve(self._tell))
        tasks = {self._connecting, self._serving}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await self._arrivals.stored(_STORED_WITHIN)

    def healthy(self) -> str:
        """Return an empty string while WeCom answers, else a sentence saying what is wrong."""
        return self._connection.line.sentence()

    async def deliver(self, chat: str, part: Part, *, in_group: bool) -> str:
        """Send one message; Return what names it if it is a card.

        Raise WeComError, NotSent, Unanswered or DeliveryError if it was not taken for certain.
        """
        if part.paper is not None:
            await self._deliver_paper(chat, part.paper, in_group=in_group)
            return ""
        if part.card is not None:
            await self._send(chat, "template_card", part.card, in_group=in_group)
            return f"{CHANNEL}{part.card.get('task_id', '')}"
        await self._send(chat, "markdown", {"content": part.text}, in_group=in_group)
        return ""

    async def change(self, name: str, part: Part) -> bool:
        """Put another card in the place of one that was just pressed; False a few seconds later."""
        task_id = name.removeprefix(CHANNEL)
        press = self._presses.get(task_id)
        if press is None or part.card is None or self._left(press) <= 0:
            return False
        card = {**part.card, "task_id": task_id}
        body = {"response_type": "update_template_card", "template_card": card}
        try:
            await self._answer(press, "aibot_respond_update_msg", body)
        except NotSent:
            return False
        except WeComError as error:
            if error.code == _UNKNOWN_PUSH or error.code in UNSUBSCRIBED:
                return False
            raise
        return True

    async def fetch(self, token: str) -> Fetched:
        """Return a file somebody sent; raise DeliveryError if it cannot be had."""
        return await self._media.fetch(token)

    def reread(self, raw: str) -> Incoming | None:
        """Read a frame once more that could not be read."""
        try:
            frame = json.loads(raw)
        except (ValueError, RecursionError):
            return None
        said = (
            frames.incoming(frame, raw, self._bot_id, self._clock.now()) if isinstance(frame, dict) else None
        )
        return said if isinstance(said, Incoming) else None

    async def check(self) -> list[Finding]:
        """Return whether the bot can connect; one that runs elsewhere would be thrown out by that."""
        return [_finding(await self._connection.probe())]

    def state(self) -> list[Finding]:
        """Return how the connection goes."""
        return [_finding(self.healthy())]

    async def close(self) -> None:
        """Let go of the connection, once what was read from it is stored."""
        connecting, self._connecting = self._connecting, None
        serving, self._serving = self._serving, None
        if connecting is not None:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
        if serving is not None:
            await self._arrivals.stored(_STORED_AT_LAST)
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
        for task in self._welcomes:
            task.cancel()
        await asyncio.gather(*self._welcomes, return_exceptions=True)
        # Whoever took over may be another process of ours; should our turn come again, we begin anew.
        self._connection.line.is_taken_over = False

    async def _tell(self, said: Incoming | Unreadable) -> str:
        return await self._listener(said) if self._listener else ""

    async def _send(self, chat: str, kind: str, content: Json, *, in_group: bool) -> None:
        body = {"chatid": chat, "chat_type": _GROUP if in_group else _SINGLE, "msgtype": kind, kind: content}
        await self._connection.ask(_SEND, body)

    async def _deliver_paper(self, chat: str, paper: Paper, *, in_group: bool) -> None:
        file = await self._uploads.bring(paper)
        try:
            await self._send(chat, file.kind, {"media_id": file.media_id}, in_group=in_group)
        except WeComError as error:
            if error.code != _EXPIRED_MEDIA:
                raise
            self._uploads.forget(file)
            file = await self._uploads.bring(paper)
            await self._send(chat, file.kind, {"media_id": file.media_id}, in_group=in_group)

    def _hear(self, frame: object, raw: str) -> None:
        """Take what the connection read: at once, for it reads nothing else meanwhile."""
        if not isinstance(frame, dict):
            self._arrivals.put(Arrival(frames.unreadable(raw, self._bot_id, "not a frame")))
            return
        said = frames.incoming(frame, raw, self._bot_id, self._clock.now())
        if said is None:
            return
        answer = None
        if isinstance(said, Incoming) and (req_id := frames.req_id(frame)):
            now = asyncio.get_running_loop().time()
            if said.button:
                self._note(said.message, _Chance(req_id, now, self._connection.number))
            elif said.event is Event.OPENED:
                answer = partial(self._begin_welcome, _Chance(req_id, now, self._connection.number))
        self._arrivals.put(Arrival(said, answer))

    def _note(self, task_id: str, press: _Chance) -> None:
        self._presses[task_id] = press
        self._presses.move_to_end(task_id)
        if len(self._presses) > _PRESSES_KEPT:
            self._presses.popitem(last=False)

    def _begin_welcome(self, chance: _Chance, words: str) -> None:
        if words:
            task = asyncio.create_task(self._welcome(chance, words))
            self._welcomes.add(task)
            task.add_done_callback(self._welcomes.discard)

    async def _welcome(self, chance: _Chance, words: str) -> None:
        """Greet somebody who opened the chat; a greeting that comes to nothing is no harm."""
        if self._left(chance) <= 0:
            return
        body = {"msgtype": "text", "text": {"content": fits(clean(words), _LONGEST_WELCOME, Measure.BYTES)}}
        try:
            await self._answer(chance, "aibot_respond_welcome_msg", body)
        except (WeComError, NotSent, Unanswered) as error:
            log.info("somebody was not greeted: %s", error)

    def _left(self, chance: _Chance) -> float:
        """Return how many seconds are left to answer."""
        if chance.connection != self._connection.number:
            return 0.0
        return chance.at + ANSWERED_WITHIN - asyncio.get_running_loop().time()

    async def _answer(self, chance: _Chance, cmd: str, body: Json) -> None:
        patience = min(self._patience, ANSWERED_WITHIN)
        await self._connection.answer(chance.req_id, cmd, body, patience=patience)


def _finding(wrong: str) -> Finding:
    return Finding(wrong or "智能机器人：长连接可用", fault=bool(wrong))
