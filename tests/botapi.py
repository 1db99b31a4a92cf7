"""A Bot API on loopback: obeys Telegram's limits, keeps a ledger, and fails when told to.

In a test: `async with BotApi() as api: … api.base, api.token`. For other processes:
`python -m tests.botapi --port 8099 --ledger FILE`, which prints its address when it is
ready; there each public method is `POST /control/<method>` with `{"args": [], "kwargs": {}}`.
"""

import argparse
import asyncio
import json
import sys
from collections import deque
from email.utils import formatdate
from itertools import islice
from pathlib import Path
from typing import Self

from bot.clock import Clock
from tests.botapi_http import Connection, Request
from tests.botapi_methods import Methods
from tests.botapi_people import Json
from tests.botapi_rules import Accepted, Fault, Pace, Refusal, Script, limited
from tests.canary import MARK
from tests.changing import Changing

__all__ = ["Accepted", "BotApi", "Fault"]

_HTML = b"<html><body>Bad gateway</body></html>"


class BotApi(Methods, Changing):
    """One bot's side of Telegram."""

    def __init__(
        self,
        token: str = f"42:{MARK}",
        *,
        port: int = 0,
        ledger: Path | None = None,
        bucket: float | None = None,
        window: int | None = None,
        group_minute: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(token, clock, Pace(bucket, window, group_minute), ledger)
        self.token = token
        self.base = ""
        self.confirmed: list[int] = []
        self.calls: list[str] = []
        self.polls: list[Json] = []
        self.tells_time = True
        self._port = port
        self._scripts: deque[Script] = deque()
        self._poller: tuple[Connection, int, asyncio.TimerHandle] | None = None
        self.connections: set[Connection] = set()
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
        if self._poller is not None:
            self._poller[2].cancel()
        for connection in self.connections:
            connection.close()
        self.close_ledger()

    def script(
        self,
        method: str,
        fault: Fault | str,
        *,
        times: int = 1,
        seconds: float = 0,
        code: int = 500,
        words: str = "",
    ) -> None:
        """Let the next calls of a method (``*``: of any) fail."""
        found = fault if isinstance(fault, Fault) else Fault[fault]
        self._scripts.extend([Script(method, found, seconds, code, words)] * times)

    def hears_again(self) -> None:
        """Let nothing more fail."""
        self._scripts.clear()

    async def accepted(self, number: int, within: float = 10) -> list[Accepted]:
        """Wait until so many messages and edits were accepted."""
        await self.until(lambda: len(self.ledger) >= number, within)
        return self.ledger

    def state(self) -> Json:
        """Return the counts, for other processes."""
        return {
            "accepted": len(self.ledger),
            "confirmed": len(self.confirmed),
            "pending": len(self.pending),
            "refused": self.pace.refused,
            "polls": len(self.polls),
        }

    def arrived(self) -> None:
        """Answer the poll that waits."""
        if self._poller is not None:
            connection, limit, _ = self._poller
            self._end_wait()
            self._answer_poll(connection, limit)

    def _connect(self) -> Connection:
        connection = Connection(self._serve)
        self.connections.add(connection)
        return connection

    def _serve(self, connection: Connection, request: Request) -> None:
        if request.path == "/":  # whoever asks nothing may be asking for the time
            date = formatdate(self.now(), usegmt=True)
            return connection.reply(302, b"", f"Date: {date}\r\n" if self.tells_time else "")
        _, place, *rest = request.path.split("/", 3)
        if place == "control":
            return self._control(connection, rest[0], request.values)
        owner, method = (rest[0], "file") if place == "file" else (place, rest[0] if rest else "")
        self.calls.append(method)
        if owner != f"bot{self.token}":
            self._refuse(connection, Refusal(401, "Unauthorized"))
        elif script := self._scripted(method):
            self._fail(connection, method, request, script)
        else:
            self._answer(connection, method, request)
        return self._changed.set()

    def _answer(self, connection: Connection, method: str, request: Request) -> None:
        if method == "getUpdates":
            self._poll(connection, request.values)
        elif method == "file":
            content = self.files.get(request.path.rpartition("/")[2])
            connection.reply(404 if content is None else 200, content or b"")
        else:
            try:
                body = self.accept(method, request)
            except Refusal as refusal:
                self._refuse(connection, refusal)
            else:
                connection.reply(200, body)
        self._changed.set()

    def _refuse(self, connection: Connection, refusal: Refusal) -> None:
        answer: Json = {"ok": False, "error_code": refusal.code, "description": refusal.description}
        if refusal.parameters:
            answer["parameters"] = refusal.parameters
        connection.reply(refusal.code, json.dumps(answer).encode())

    def _scripted(self, method: str) -> Script | None:
        for script in self._scripts:
            if script.method in {method, "*"}:
                self._scripts.remove(script)
                return script
        return None

    def _fail(self, connection: Connection, method: str, request: Request, script: Script) -> None:
        match script.fault:
            case Fault.LIMITED:
                return self._refuse(connection, limited(int(script.seconds)))
            case Fault.LIMITED_PLAIN:
                return connection.reply(429, b"slow down", f"Retry-After: {script.seconds:g}\r\n")
            case Fault.LIMITED_BARE:
                return connection.reply(429, b"")
            case Fault.REFUSED:
                return self._refuse(connection, Refusal(script.code, script.words or "Internal Server Error"))
            case Fault.REFUSED_200:
                return connection.reply(200, b'{"ok": false, "error_code": 500, "description": "no"}')
            case Fault.PAGE:
                return connection.reply(script.code, _HTML, f"Location: /bot{self.token}/getMe\r\n")
            case Fault.RESET_BEFORE:
                return connection.reset()
            case Fault.SLOW:
                loop = asyncio.get_running_loop()
                loop.call_later(script.seconds, self._answer, connection, method, request)
                return None
            case _:
                try:
                    body = b"" if method in {"getUpdates", "file"} else self.accept(method, request)
                except Refusal as refusal:
                    return self._refuse(connection, refusal)
                return self._break_off(connection, script.fault, body)

    def _break_off(self, connection: Connection, fault: Fault, body: bytes) -> None:
        match fault:
            case Fault.RESET_AFTER:
                connection.reset()
            case Fault.CLOSE_AFTER:
                connection.close()
            case Fault.TRUNCATED:
                connection.truncate(200, body or b'{"ok": true, "result": []}')
            case Fault.CUT_JSON:
                connection.reply(200, body[: len(body) // 2] or b'{"ok": true, "resu')
            case Fault.HTML_200:
                connection.reply(200, _HTML)
            case Fault.EMPTY_502:
                connection.reply(502, b"")
            case _:  # HANG: the client waits until it has had enough
                pass

    # -- updates ---------------------------------------------------------------------------

    def _poll(self, connection: Connection, values: Json) -> None:
        self.polls.append(values)
        if self.webhook:
            words = "Conflict: can't use getUpdates method while webhook is active"
            return self._refuse(connection, Refusal(409, words))
        if self._poller is not None:
            other = self._poller[0]
            self._end_wait()
            self._refuse(other, Refusal(409, "Conflict: terminated by other getUpdates request"))
        self._confirm(int(values.get("offset") or 0))
        wait = float(values.get("timeout") or 0)
        limit = int(values.get("limit") or 100)
        if self.pending or not wait:
            return self._answer_poll(connection, limit)
        timer = asyncio.get_running_loop().call_later(wait, self.arrived)
        self._poller = (connection, limit, timer)
        connection.on_lost = self._end_wait
        return None

    def _end_wait(self) -> None:
        if self._poller is not None:
            self._poller[2].cancel()
            self._poller = None

    def _confirm(self, offset: int) -> None:
        if offset > self.next_update:  # from before the numbers began again: Telegram ignores it
            return
        done = [number for number in self.pending if number < offset]
        for number in done:
            del self.pending[number]
        if done:
            self.confirmed += done
            self.write_down({"confirmed": done})

    def _answer_poll(self, connection: Connection, limit: int) -> None:
        batch = list(islice(self.pending.values(), limit))
        connection.reply(200, b'{"ok":true,"result":[' + b",".join(batch) + b"]}")

    def _control(self, connection: Connection, name: str, values: Json) -> None:
        result = getattr(self, name)(*values.get("args", ()), **values.get("kwargs", {}))
        connection.reply(200, json.dumps(result, default=str).encode())
        self._changed.set()


async def _main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.botapi")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ledger", type=Path)
    parser.add_argument("--token", default=f"42:{MARK}")
    parser.add_argument("--bucket", type=float)
    parser.add_argument("--window", type=int)
    parser.add_argument("--group-minute", type=int)
    async with BotApi(**vars(parser.parse_args(arguments))) as api:
        print(api.base, flush=True)  # noqa: T201 -- whoever started us waits for this line
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))
