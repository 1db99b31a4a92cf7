"""An AI bot channel that runs against a loopback socket, and whoever listens to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from bot.chat import Listener
from bot.clock import Clock, VirtualClock
from bot.platforms.pool import MayWrite, always
from bot.platforms.wecom.bot import BotChannel
from bot.platforms.wecom.parts import Part
from bot.platforms.wecom.senders import Names
from tests.canary import MARK
from tests.platforms.ear import Ear
from tests.wecom.socket import WeComSocket

Json = dict[str, Any]

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


class Pauses:
    """Takes no time and notes how much it was asked to take."""

    def __init__(self) -> None:
        self.taken: list[float] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        await self.gate.wait()
        await asyncio.sleep(0)


@asynccontextmanager
async def running(
    wecom: WeComSocket | str,
    ear: Listener | None = None,
    *,
    secret: str = MARK,
    heartbeat: float = 30.0,
    patience: float = 5.0,
    clock: Clock | None = None,
    pauses: Pauses | None = None,
    names: Names | None = None,
    may_write: MayWrite = always,
) -> AsyncIterator[BotChannel]:
    channel = BotChannel(
        "B1",
        secret,
        clock=clock or VirtualClock(MONDAY),
        ws_url=wecom if isinstance(wecom, str) else wecom.url,
        heartbeat=heartbeat,
        patience=patience,
        pause=pauses or Pauses(),
        names=names,
        may_write=may_write,
    )
    task = asyncio.create_task(channel.run(ear or Ear()))
    try:
        yield channel
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await channel.close()


@asynccontextmanager
async def wecom_that(answers: Callable[[ServerConnection, Json], Awaitable[None]]) -> AsyncIterator[str]:
    """A socket that subscribes anybody, answers pings, and every other command as the test says."""

    async def talk(connection: ServerConnection) -> None:
        async for raw in connection:
            frame = json.loads(raw)
            if frame["cmd"] in {"aibot_subscribe", "ping"}:
                await connection.send(json.dumps(ack(frame)))
            else:
                await answers(connection, frame)

    async with serve(talk, "127.0.0.1", 0, compression=None, close_timeout=1) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


async def until(true: Callable[[], object], within: float = 5) -> None:
    """Wait until something is so that no frame tells of."""
    async with asyncio.timeout(within):
        while not true():  # noqa: ASYNC110 -- nothing tells of it
            await asyncio.sleep(0)


def ack(frame: Json, errcode: int = 0) -> Json:
    return {"headers": frame["headers"], "errcode": errcode, "errmsg": "ok"}


def words(text: str) -> Part:
    return Part(text=text)


def card(task_id: str = "T1", *labels: str) -> Part:
    buttons = [{"text": label, "style": 1, "key": f"{task_id}.{place}"} for place, label in enumerate(labels)]
    return Part(
        card={
            "card_type": "button_interaction",
            "main_title": {"title": "今日进度"},
            "button_list": buttons or [{"text": "接办", "style": 1, "key": f"{task_id}.0"}],
            "task_id": task_id,
        }
    )
