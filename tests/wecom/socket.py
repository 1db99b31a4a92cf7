"""WeCom's AI-bot socket on loopback: obeys WECOM.md, keeps a ledger, and fails when told to.

In a test: `async with WeComSocket() as wecom: … wecom.url, wecom.bot_id, wecom.secret`. For other
processes: `python -m tests.wecom`. Chats are userids (one to one) or chatids of groups; whoever writes
activates their conversation. What has a time (5 s after a press, a minute's ration, the life of a
file) goes by ``clock``; the latency of acks by the loop.
"""

import asyncio
import json
from collections import deque
from collections.abc import Coroutine
from email.utils import formatdate
from pathlib import Path
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request as WebRequest
from websockets.http11 import Response

from bot.clock import Clock
from tests.canary import MARK
from tests.changing import Changing
from tests.wecom.media import MediaFault
from tests.wecom.socket_line import ABNORMAL, Line, ack, refusal
from tests.wecom.socket_people import People
from tests.wecom.socket_rules import Fault, Json, Pace, Refusal, Script, Sent, Upload

__all__ = ["Fault", "MediaFault", "Sent", "Upload", "WeComSocket"]

_LARGEST_FRAME = 4 << 20


class WeComSocket(People, Changing):
    """WeCom's side of one AI bot.

    To be looked at: `sent`, `welcomes`, `updates` (lists of Sent), `shown(chat)`, `texts(chat)`, `uploads`
    (by media_id), `files.chunks`, `media.fetched`, `commands` (every cmd that came in), `refused` (cmd,
    code), `subscribes` (bot_id, whether it succeeded), `pings`, `connections` (ever), `open` (now),
    `subscribed`, `lost` (frames nobody listened to).
    """

    def __init__(
        self,
        bot_id: str = "B1",
        secret: str = MARK,
        *,
        port: int = 0,
        clock: Clock | None = None,
        per_minute: int | None = None,
        per_hour: int | None = None,
        uploads_per_minute: int | None = None,
        activated_only: bool = True,
        opening_activates: bool = False,
        ack_after: float = 0.0,
        ledger: Path | None = None,
    ) -> None:
        super().__init__(
            bot_id,
            clock,
            Pace(per_minute, per_hour),
            ledger,
            activated_only=activated_only,
            opening_activates=opening_activates,
            uploads_per_minute=uploads_per_minute,
        )
        self.secret = secret
        self.url = ""
        self.ack_after = ack_after
        self.subscribes: list[tuple[str, bool]] = []
        self.commands: list[str] = []
        self.refused: list[tuple[str, int]] = []
        self.lost: list[Json | str] = []
        self.pings = 0
        self.connections = 0
        self._port = port
        self._lines: list[Line] = []
        self._subscriber: Line | None = None
        self._scripts: deque[Script] = deque()
        self._errands: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        await self.media.start()
        # No deflate and no pings of the server's own: what is on the wire is what WECOM.md says.
        self._server = await serve(
            self._talk,
            "127.0.0.1",
            self._port,
            compression=None,
            ping_interval=None,
            close_timeout=2,
            max_size=_LARGEST_FRAME,
            process_response=self._dates,
        )
        self.url = f"ws://127.0.0.1:{next(iter(self._server.sockets)).getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.media.close()
        for errand in self._errands:
            errand.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)
        for line in self._lines:
            line.abort()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        self.close_ledger()

    def _dates(self, _: ServerConnection, __: WebRequest, response: Response) -> None:
        """Tell the time of this server, by which ours is put right."""
        response.headers.pop("Date", None)
        response.headers["Date"] = formatdate(self.now(), usegmt=True)

    # -- looking ---------------------------------------------------------------------------

    @property
    def open(self) -> int:
        """How many connections are open now; a silent one is as good as gone."""
        return sum(not line.silent for line in self._lines)

    @property
    def subscribed(self) -> bool:
        """Whether somebody listens."""
        return self._subscriber is not None

    async def accepted(self, number: int, within: float = 10) -> list[Sent]:
        """Wait until so many messages were accepted."""
        await self.until(lambda: len(self.sent) >= number, within)
        return self.sent

    def state(self) -> Json:
        """Return the counts, for other processes."""
        return {
            "accepted": len(self.sent),
            "updates": len(self.updates),
            "welcomes": len(self.welcomes),
            "refused": self.refused[-100:],
            "uploads": len(self.uploads),
            "connections": self.connections,
            "subscribed": self.subscribed,
            "subscribes": len(self.subscribes),
            "pings": self.pings,
            "lost": len(self.lost),
        }

    # -- failing ---------------------------------------------------------------------------

    def script(
        self,
        cmd: str,
        fault: Fault | str,
        *,
        times: int = 1,
        code: int = 0,
        seconds: float = 0,
        after: int = 0,
    ) -> None:
        """Let the next calls of a command (``*``: of any) fail; the first ``after`` go well."""
        found = fault if isinstance(fault, Fault) else Fault[fault]
        self._scripts.extend([Script(cmd, None)] * after)
        self._scripts.extend([Script(cmd, found, code, seconds)] * times)

    async def disconnects(self) -> None:
        """Say that another process took over, and close."""
        await self._oust(await self._listener())

    async def steals(self) -> None:
        """Let another process subscribe with our bot; here that is the same."""
        await self.disconnects()

    async def closes(self, code: int = 1000) -> None:
        """Close the newest connection: 1000, 1001, 1011, or 1006 without a word."""
        await self.until(lambda: self.open > 0)
        await self._newest().close(code)

    def goes_silent(self) -> None:
        """Answer nothing on this connection any more, not even a ping; it stays open."""
        line = self._newest()
        line.silence()
        self._forget(line)

    def unsubscribes(self) -> None:
        """Let the subscription die while the connection stays: every command gets 846609."""
        assert self._subscriber is not None, "nobody is subscribed"
        self._subscriber = None

    # -- the wire --------------------------------------------------------------------------

    async def pushes(self, frame: Json | str, *, wait: bool = True) -> None:
        """Push any frame, JSON or not."""
        if not wait and self._subscriber is None:
            self.lost.append(frame)
            return
        line = await self._listener()
        if isinstance(frame, dict):
            self.note_push(frame, line.number)
        await line.write(frame if isinstance(frame, str) else json.dumps(frame, ensure_ascii=False))

    async def _listener(self) -> Line:
        await self.until(lambda: self._subscriber is not None)
        assert self._subscriber is not None
        return self._subscriber

    def _newest(self) -> Line:
        heard = [line for line in self._lines if not line.silent]
        assert heard, "nobody is connected"
        return self._subscriber or heard[-1]

    def _forget(self, line: Line) -> None:
        if self._subscriber is line:
            self._subscriber = None
        self._changed.set()

    async def _oust(self, line: Line) -> None:
        self._forget(line)
        body = {
            "msgid": self.next_msgid(),
            "create_time": int(self.now()),
            "aibotid": self.bot_id,
            "msgtype": "event",
            "event": {"eventtype": "disconnected_event"},
        }
        frame = {"cmd": "aibot_event_callback", "headers": {"req_id": "disconnected"}, "body": body}
        await line.write(json.dumps(frame))
        await line.close()

    async def _talk(self, connection: ServerConnection) -> None:
        self.connections += 1
        line = Line(self.connections, connection)
        self._lines.append(line)
        self._changed.set()
        try:
            async for raw in connection:
                if not line.silent:
                    await self._serve(line, raw)
                    self._changed.set()
        except ConnectionClosed:
            pass  # without a close frame: it is gone all the same
        finally:
            self._lines.remove(line)
            self._forget(line)

    async def _serve(self, line: Line, raw: str | bytes) -> None:
        try:
            frame = json.loads(raw)
            cmd, req_id = frame["cmd"], frame["headers"]["req_id"]
            body = frame.get("body") or {}
        except (ValueError, KeyError, TypeError):
            return await line.write(refusal("", Refusal(40058, "invalid frame")))
        self.commands.append(cmd)
        script = self._scripted(cmd) if self._scripts else None
        if script is None:
            answer = self._answer(line, cmd, req_id, body)
            if self.ack_after:
                return self._later(self.ack_after, line, answer)
            return await line.write(answer)
        return await self._fail(line, cmd, req_id, body, script)

    def _answer(self, line: Line, cmd: str, req_id: str, body: Json) -> str:
        """Do what was asked and return the ack."""
        try:
            return ack(req_id, self._obey(line, cmd, req_id, body))
        except Refusal as why:
            self.refused.append((cmd, why.code))
            return refusal(req_id, why)

    def _obey(self, line: Line, cmd: str, req_id: str, body: Json) -> Json | None:
        if not isinstance(req_id, str) or not 0 < len(req_id.encode()) <= 256:
            raise Refusal(40058, "invalid req_id", anonymous=True)
        if cmd == "aibot_subscribe":
            self._subscribe(line, body)
            return None
        if cmd == "ping":
            self.pings += 1
            return None
        if self._subscriber is not line:
            raise Refusal(846609, "aibot websocket not subscribed")
        return self.accept(cmd, req_id, body, line.number)

    def _subscribe(self, line: Line, body: Json) -> None:
        right = (body.get("bot_id"), body.get("secret")) == (self.bot_id, self.secret)
        self.subscribes.append((str(body.get("bot_id")), right))
        if not right:
            raise Refusal(40001, "invalid credential")
        other, self._subscriber = self._subscriber, line
        if other is not None and other is not line:
            self._do(self._oust(other))

    def _scripted(self, cmd: str) -> Script | None:
        for script in self._scripts:
            if script.cmd in {cmd, "*"}:
                self._scripts.remove(script)
                return script if script.fault else None
        return None

    async def _fail(self, line: Line, cmd: str, req_id: str, body: Json, script: Script) -> None:
        match script.fault:
            case Fault.ERRCODE | Fault.ANONYMOUS:
                hidden = script.fault is Fault.ANONYMOUS
                code = script.code or (40058 if hidden else -1)
                self.refused.append((cmd, code))
                return await line.write(refusal(req_id, Refusal(code, "scripted", anonymous=hidden)))
            case Fault.NO_ACCEPT_NO_ACK:
                return None
            case Fault.HANG:
                line.silence()
                return self._forget(line)
            case Fault.CLOSE_BEFORE:
                return await line.close(script.code or ABNORMAL)
            case _:
                answer = self._answer(line, cmd, req_id, body)
        match script.fault:
            case Fault.LATE_ACK:
                self._later(script.seconds, line, answer)
            case Fault.TWICE:
                await line.write(answer)
                await line.write(answer)
            case Fault.GARBLED:
                await line.write(answer[: len(answer) // 2])
            case Fault.MUTE:
                line.mute = True
            case Fault.CLOSE_AFTER:
                await line.close(script.code or ABNORMAL)
            case _:  # NO_ACK: the client waits until it has had enough
                pass
        return None

    def _later(self, seconds: float, line: Line, answer: str) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)
            await line.write(answer)

        self._do(wait())

    def _do(self, errand: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
