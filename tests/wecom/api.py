"""WeCom's API on loopback: obeys WECOM.md sections 5 to 8, keeps a ledger, and fails when told to.

In a test: `async with WeComApi() as wecom: … wecom.base, wecom.corp_id, wecom.secret`. People are made with
`adds`, group robots with `webhook`; what people do is posted to `wecom.callbacks.url`. What has a
time (a token, half an hour of duplicates, three days of a file) goes by ``clock``.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Self
from urllib.parse import quote

from bot.clock import Clock
from tests.botapi_http import Connection, Request
from tests.canary import MARK
from tests.changing import Changing
from tests.wecom.api_people import Callbacks, People
from tests.wecom.api_rules import Fault, Json, Script
from tests.wecom.socket_rules import Refusal, Sent, Upload

__all__ = ["Fault", "Sent", "Upload", "WeComApi"]

_HTML = b"<html><body>Bad gateway</body></html>"
_ROBOTS = {"webhook/send", "webhook/upload_media"}
_QUERY = {
    "access_token",
    "corpid",
    "corpsecret",
    "key",
    "type",
    "media_id",
    "agentid",
    "department_id",
    "userid",
}


class WeComApi(People, Changing):
    """WeCom's side of one corporation, one app and its robots.

    To be looked at: `sent`, `updates` (lists of Sent), `dropped`, `shown(chat)`, `texts(chat)`, `uploads` (by
    media_id), `calls` (every path that was asked), `bodies` (path and bytes), `refused` (path, code),
    `gettokens` (how often a token was asked for), `posts` (what the callback answered).
    """

    def __init__(
        self,
        corp_id: str = "ww5823bf96d3bd56c7",
        agent_id: int = 1000002,
        secret: str = MARK,
        *,
        token: str = "QDG6eK",  # noqa: S107 -- Tencent's own sample
        aes_key: str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
        port: int = 0,
        clock: Clock | None = None,
        per_minute: int | None = None,
        expires_in: int = 7200,
        ledger: Path | None = None,
    ) -> None:
        super().__init__(corp_id, agent_id, Callbacks(token, aes_key, corp_id), clock, ledger, per_minute)
        self.secret = secret
        self.token = token
        self.aes_key = aes_key
        self.base = ""
        self.expires_in = expires_in
        self.gettokens = 0
        self.untrusted_ip = ""
        """From where we seem to come, if that is not trusted."""
        self.calls: list[str] = []
        self.bodies: list[tuple[str, bytes]] = []
        self.refused: list[tuple[str, int]] = []
        self.given: list[str] = []
        """The tokens that were given out."""
        self._tokens: dict[str, float] = {}
        self._over: set[str] = set()
        self._port = port
        self._scripts: deque[Script] = deque()
        self._lines: set[_Line] = set()
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connect, "127.0.0.1", self._port)
        self.base = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for line in self._lines:
            line.close()
        await self.callbacks.close()
        self.close_ledger()

    def webhook(self, name: str, key: str = "") -> str:
        """Put a robot into a group and return its address."""
        key = key or f"key-{len(self.robots) + 1}"
        self.adds_robot(name, key)
        return f"{self.base}/cgi-bin/webhook/send?key={key}"

    def revokes(self, code: int = 40014) -> None:
        """End every token before its time: 40014 as unknown ones, 42001 as expired ones."""
        if code == 42001:
            self._over.update(self._tokens)
        self._tokens.clear()

    def trusts(self, ip: str) -> None:
        """Take us to come from an address that is not trusted; an empty one is."""
        self.untrusted_ip = ip

    # -- looking ---------------------------------------------------------------------------

    async def accepted(self, number: int, within: float = 10) -> list[Sent]:
        """Wait until so many messages were accepted."""
        await self.until(lambda: len(self.sent) >= number, within)
        return self.sent

    def state(self) -> Json:
        """Return the counts, for other processes."""
        return {
            "accepted": len(self.sent),
            "updates": len(self.updates),
            "dropped": len(self.dropped),
            "refused": self.refused[-100:],
            "uploads": len(self.uploads),
            "gettokens": self.gettokens,
            "posts": self.posts[-100:],
        }

    def changed(self) -> None:
        """Wake who waits for something to happen."""
        self._changed.set()

    # -- failing ---------------------------------------------------------------------------

    def script(
        self,
        path: str,
        fault: Fault | str,
        *,
        times: int = 1,
        code: int = -1,
        words: str = "system busy",
        seconds: float = 0,
        after: int = 0,
    ) -> None:
        """Let the next calls of a path (``*``: of any) fail; the first ``after`` of them still go well.

        ``{echo}`` in the words becomes what stood in the address, secrets and all.
        """
        found = fault if isinstance(fault, Fault) else Fault[fault]
        self._scripts.extend([Script(path, None)] * after)
        self._scripts.extend([Script(path, found, code, words, seconds)] * times)

    def _scripted(self, path: str) -> Script | None:
        for script in self._scripts:
            if script.path in {path, "*"}:
                self._scripts.remove(script)
                return script if script.fault else None
        return None

    # -- answering -------------------------------------------------------------------------

    def _connect(self) -> "_Line":
        line = _Line(self._serve)
        self._lines.add(line)
        return line

    def _serve(self, connection: Connection, request: Request) -> None:
        assert isinstance(connection, _Line)
        beginning, _, path = request.path.partition("/cgi-bin/")
        raw = connection.take_body()
        if beginning:
            return connection.reply(
                404, _HTML, f"Date: {formatdate(self.clock.now().timestamp(), usegmt=True)}\r\n"
            )
        self.calls.append(path)
        self.bodies.append((path, raw))
        script = self._scripted(path)
        if script is None:
            connection.reply(200, *self._answer(path, request, raw))
        else:
            self._fail(connection, path, request, raw, script)
        return self.changed()

    def _answer(self, path: str, request: Request, raw: bytes) -> tuple[bytes, str]:
        """Return the body of an answer, and a header that names it if it is a file."""
        query = {name: value for name, value in request.values.items() if name in _QUERY}
        try:
            if path == "gettoken":
                return _said(self._give_token(query)), ""
            if path not in _ROBOTS:
                self._check_token(str(query.get("access_token", "")))
            if path == "media/get":
                return self._hand_out(str(query.get("media_id")))
            return _said(self.answer(path, query, request.values, raw, request.files.get("media"))), ""
        except Refusal as refusal:
            self.refused.append((path, refusal.code))
            return _refused(refusal.code, refusal.words), ""

    def _give_token(self, query: Json) -> Json:
        self.gettokens += 1
        if query.get("corpid") != self.corp_id:
            raise Refusal(40013, "invalid corpid")
        if query.get("corpsecret") != self.secret:
            raise Refusal(40001, "invalid credential")
        token = f"canary-token-{MARK}-{self.gettokens}"
        self.given.append(token)
        self._tokens[token] = self.now() + self.expires_in
        return {"access_token": token, "expires_in": self.expires_in}

    def _check_token(self, token: str) -> None:
        if not token:
            raise Refusal(41001, "access_token missing")
        if token in self._over or self._tokens.get(token, self.now() + 1) <= self.now():
            raise Refusal(42001, "access_token expired")
        if token not in self._tokens:
            raise Refusal(40014, "invalid access_token")
        if self.untrusted_ip:
            hint = "hint: [1700000000123456789], from ip:"
            more = "more info at https://open.work.weixin.qq.com/devtool/query?e=60020"
            raise Refusal(60020, f"not allow to access from your ip, {hint} {self.untrusted_ip}, {more}")

    def _hand_out(self, media_id: str) -> tuple[bytes, str]:
        upload = self.uploads.get(media_id)
        if upload is None:
            raise Refusal(40007, "invalid media_id")
        name = upload.filename or f"{media_id}.{'jpg' if upload.kind == 'image' else 'amr'}"
        return upload.content, f"Content-Disposition: attachment; filename*=utf-8''{quote(name)}\r\n"

    def _fail(self, line: "_Line", path: str, request: Request, raw: bytes, script: Script) -> None:
        match script.fault:
            case Fault.ERRCODE:
                self.refused.append((path, script.code))
                echo = " ".join(str(value) for name, value in request.values.items() if name in _QUERY)
                return line.reply(200, _refused(script.code, script.words.replace("{echo}", echo)))
            case Fault.RST:
                return line.reset()
            case Fault.HTML:
                return line.reply(502, _HTML)
        body, header = self._answer(path, request, raw)
        return self._break_off(line, script, body, header)

    def _break_off(self, line: "_Line", script: Script, body: bytes, header: str) -> None:
        match script.fault:
            case Fault.UNANSWERED:
                line.close()
            case Fault.RST_AFTER:
                line.reset()
            case Fault.TRUNCATED:
                line.truncate(200, body)
            case Fault.CUT_JSON:
                line.reply(200, body[: len(body) // 2])
            case Fault.HTML_200:
                line.reply(200, _HTML)
            case Fault.GATEWAY:
                line.reply(502, body)
            case Fault.LATE:
                asyncio.get_running_loop().call_later(script.seconds, line.reply, 200, body, header)
            case _:  # HANG: the client waits until it has had enough
                pass


class _Line(Connection):
    """A connection that remembers the bytes of the body that is being served."""

    def __init__(self, serve: Callable[[Connection, Request], None]) -> None:
        super().__init__(serve)
        self._raw = b""

    def data_received(self, data: bytes) -> None:
        self._raw += data
        super().data_received(data)

    def take_body(self) -> bytes:
        """Return the bytes after the head; a client asks one thing at a time."""
        raw, self._raw = self._raw, b""
        return raw.partition(b"\r\n\r\n")[2]


def _said(answer: Json) -> bytes:
    return json.dumps({"errcode": 0, "errmsg": "ok", **answer}, ensure_ascii=False).encode()


def _refused(code: int, words: str) -> bytes:
    return json.dumps({"errcode": code, "errmsg": words}, ensure_ascii=False).encode()
