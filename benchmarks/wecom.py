"""Claim 6: a round over WeCom's one connection is hardly slower than the barest loop that sends the same."""

import asyncio
import base64
import hashlib
import itertools
import json
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from statistics import median
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from benchmarks import county
from benchmarks.sides import OURS, ROOT
from bot import texts
from bot.chat import Address, Button, Incoming, Outgoing, Paper, Unreadable
from bot.clock import VirtualClock
from bot.platforms.wecom.bot import BotChannel
from bot.platforms.wecom.parts import Hints, Part, parts
from bot.platforms.wecom.platform import WeComPlatform
from handlers.delivery import Delivery
from storage.letters import Lane, Letter
from storage.store import Store
from storage.tx import Tx

SHARE, TIMES = 0.8, 1.2
"""What is promised of the rate of a round, and of the time of an upload."""

CHUNK = 512 * 1024
_PROMPT = """早上好，联络员。11月23日 周一，您有 2 个项目：
1 年产100万吨纯碱项目｜落地开工｜形象进度 58%｜累计 12.60 亿元（年计划 63%）
2 泵业智造产业园｜竣工投产｜上周五：二期封顶
也可以直接回一句：「1 主体封顶，形象进度62%，本月完成3200万」「2 问题 用地指标未批」"""
_LABELS = ("全部照旧", "1 有进展", "1 有问题", "2 有进展", "2 有问题")
_HINTS = Hints(typed=str, numbered=str)
_MOST_BYTES = 20_480


@dataclass(frozen=True, slots=True)
class Line:
    """Medians: messages a second of the bare loop, of the outbox; seconds of an upload of both."""

    bare: float
    ours: float
    share: float
    bare_upload: float
    our_upload: float
    times: float


def measure(folder: Path, *, prompts: int, rounds: int, megabytes: int, chunk_wait: float) -> Line:
    """Measure both by turns: rounds of prompts at once, then uploads to a server that takes its time."""
    database = folder / "wecom.db"
    county.fill(database, 1, 1)
    rates: list[tuple[float, float]] = []
    for turn in range(rounds):
        with serving() as url:
            bare = asyncio.run(_bare_round(url, prompts, turn))
        with serving() as url:
            ours = asyncio.run(_our_round(url, database, prompts, turn))
        rates.append((bare, ours))
        print(f"WeCom {turn + 1}/{rounds}: bare loop {bare:.0f}/s, liaison-bot {ours:.0f}/s", flush=True)
    content = bytes(range(256)) * (megabytes * 4096)
    waits: list[tuple[float, float]] = []
    for _ in range(rounds):
        with serving("--ack-after", f"{chunk_wait:g}") as url:
            waits.append((asyncio.run(_bare_upload(url, content)), asyncio.run(_our_upload(url, content))))
        print(f"WeCom upload: bare {waits[-1][0]:.2f} s, liaison-bot {waits[-1][1]:.2f} s", flush=True)
    return Line(
        bare=median(bare for bare, _ in rates),
        ours=median(ours for _, ours in rates),
        share=median(ours / bare for bare, ours in rates),
        bare_upload=median(bare for bare, _ in waits),
        our_upload=median(ours for _, ours in waits),
        times=median(ours / bare for bare, ours in waits),
    )


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """Start a WeCom of our own where the bot may write to anybody; yield its address."""
    process = subprocess.Popen(  # noqa: S603 -- our own command
        [OURS, "-m", "tests.wecom", "--anybody", "--secret", "loopback", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[0]
    finally:
        process.kill()
        process.communicate()


def _message(number: int, turn: int) -> Outgoing:
    """Return one liaison's morning question."""
    buttons = tuple((Button(label, f"bench-{turn}-{number}.{place}"),) for place, label in enumerate(_LABELS))
    return Outgoing(Address("wecom", f"liaison-{number}"), _PROMPT, buttons)


# --- the bare loop ----------------------------------------------------------------------


async def _bare_round(url: str, prompts: int, turn: int) -> float:
    frames = [
        (number, part)
        for number in range(prompts)
        for part in parts(_message(number, turn), _MOST_BYTES, _HINTS)
    ]
    async with _subscribed(url) as ask:
        begun = time.perf_counter()
        for number, part in frames:
            kind, content = (
                ("template_card", part.card) if part.card else ("markdown", {"content": part.text})
            )
            body = {"chatid": f"liaison-{number}", "chat_type": 1, "msgtype": kind, kind: content}
            await ask("aibot_send_msg", body)
        return len(frames) / (time.perf_counter() - begun)


async def _bare_upload(url: str, content: bytes) -> float:
    chunks = [content[start : start + CHUNK] for start in range(0, len(content), CHUNK)]
    async with _subscribed(url) as ask:
        begun = time.perf_counter()
        file = {"type": "file", "filename": "a.xlsx", "total_size": len(content), "total_chunks": len(chunks)}
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        upload = (await ask("aibot_upload_media_init", {**file, "md5": digest}))["upload_id"]
        for place, chunk in enumerate(chunks):
            data = base64.b64encode(chunk).decode()
            await ask(
                "aibot_upload_media_chunk", {"upload_id": upload, "chunk_index": place, "base64_data": data}
            )
        media = (await ask("aibot_upload_media_finish", {"upload_id": upload}))["media_id"]
        sent = {"chatid": "liaison-1", "chat_type": 1, "msgtype": "file", "file": {"media_id": media}}
        await ask("aibot_send_msg", sent)
        return time.perf_counter() - begun


@asynccontextmanager
async def _subscribed(url: str) -> AsyncIterator[Any]:
    """Yield what sends a command and waits for its answer: the whole of a bare client."""
    names = itertools.count(1)

    async def ask(cmd: str, body: dict[str, Any]) -> dict[str, Any]:
        frame = {"cmd": cmd, "headers": {"req_id": f"{next(names)}"}, "body": body}
        return await _answer(socket, frame)

    async with connect(url, ping_interval=None, max_size=8 << 20) as socket:
        await ask("aibot_subscribe", {"bot_id": "B1", "secret": "loopback"})
        yield ask


async def _answer(socket: ClientConnection, frame: dict[str, Any]) -> dict[str, Any]:
    await socket.send(json.dumps(frame, ensure_ascii=False))
    answer = json.loads(await socket.recv())
    assert answer["errcode"] == 0, answer
    return answer.get("body") or {}


# --- ours -------------------------------------------------------------------------------


async def _our_round(url: str, database: Path, prompts: int, turn: int) -> float:
    clock = VirtualClock(county.ASKED_AT.astimezone(UTC))
    bot = BotChannel("B1", "loopback", clock=clock, ws_url=url)
    platform = WeComPlatform(clock=clock, hints=_HINTS, bot=bot)
    messages = [_message(number, turn) for number in range(prompts)]
    async with Store(f"sqlite:///{database}") as store:
        await store.perform(lambda tx: _owe(tx, messages, turn))
        delivery = Delivery(
            store, {"wecom": platform}, county.settings(database).of_county(), texts.load(), clock
        )
        async with _running(bot):
            begun = time.perf_counter()
            await delivery.drain()
            took = time.perf_counter() - begun
        assert await delivery.pending() == 0
    return sum(len(parts(each, _MOST_BYTES, _HINTS)) for each in messages) / took


def _owe(tx: Tx, messages: list[Outgoing], turn: int) -> None:
    for number, message in enumerate(messages):
        choices = tuple((row[0].label, "same:1") for row in message.buttons)
        letter = Letter(
            key=f"bench:{turn}:{number}",
            to=message.to,
            text=message.text,
            due_at=county.ASKED_AT,
            choices=(choices,),
            lane=Lane.ROUND,
        )
        tx.outbox.add(letter, county.ASKED_AT)


async def _our_upload(url: str, content: bytes) -> float:
    clock = VirtualClock(county.ASKED_AT.astimezone(UTC))
    bot = BotChannel("B1", "loopback", clock=clock, ws_url=url)
    paper = Paper("周报.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", content)
    async with _running(bot):
        begun = time.perf_counter()
        await bot.deliver("liaison-1", Part(paper=paper), in_group=False)
        return time.perf_counter() - begun


@asynccontextmanager
async def _running(bot: BotChannel) -> AsyncIterator[None]:
    """Let a bot be connected for a while."""
    running = asyncio.create_task(bot.run(_nobody))
    try:
        # A message waits for the connection.
        await bot.deliver("liaison-0", Part(text="早"), in_group=False)
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await bot.close()


async def _nobody(_incoming: Incoming | Unreadable) -> str:
    return ""
