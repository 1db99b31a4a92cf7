"""One connection of a client to the loopback socket, with a hand on it for every way to fail."""

import json

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from tests.wecom.socket_rules import Json, Refusal

ABNORMAL = 1006


class Line:
    """A connection and its number, counted from 1."""

    def __init__(self, number: int, connection: ServerConnection) -> None:
        self.number = number
        self.silent = False
        self.mute = False
        self.connection = connection

    async def write(self, text: str) -> None:
        """Send a frame; nothing happens when the client is gone."""
        if not (self.silent or self.mute):
            try:
                await self.connection.send(text)
            except ConnectionClosed:
                return

    async def close(self, code: int = 1000) -> None:
        """End the connection politely, or under 1006 without a word."""
        if code == ABNORMAL or self.silent:
            self.abort()
        else:
            await self.connection.close(code)

    def abort(self) -> None:
        """Hang up as a dying host does."""
        self.connection.transport.abort()

    def silence(self) -> None:
        """Hear and say nothing any more, not even pong; the connection stays."""
        self.silent = True
        self.connection.transport.pause_reading()


def ack(req_id: str, body: Json | None) -> str:
    """Return the ack of a command that went well."""
    more = f',"body":{json.dumps(body)}' if body else ""
    return f'{{"headers":{{"req_id":{json.dumps(req_id)}}},"errcode":0,"errmsg":"ok"{more}}}'


def refusal(req_id: str, why: Refusal) -> str:
    """Return the ack of a command that was refused, without headers if it is to be anonymous."""
    answer: Json = {} if why.anonymous or not req_id else {"headers": {"req_id": req_id}}
    words = f"{why.words}, hint: [1700000000000], from ip: 203.0.113.7"
    return json.dumps({**answer, "errcode": why.code, "errmsg": words})
