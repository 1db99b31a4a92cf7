"""Our papers on their way to WeCom: in pieces over the same socket, each paper once."""

import asyncio
import base64
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Protocol

from bot.chat import Paper
from bot.clock import Clock
from bot.domain.words import Measure, clean
from bot.errors import DeliveryError, Failure
from bot.platforms.wecom.errors import NotSent, Unanswered, WeComError
from bot.platforms.wecom.frames import Json

LARGEST_IMAGE = 10 * 1024 * 1024
LARGEST_FILE = 20 * 1024 * 1024
SMALLEST = 5
LARGEST_CHUNK = 512 * 1024
LONGEST_NAME = 256
"""Bytes, all but the last: that of a name (WECOM.md 2.8)."""

_IMAGES = {"image/png", "image/jpeg"}
_KEPT = 64
_LIFE = timedelta(days=3) - timedelta(hours=1)
"""WeCom keeps a file for three days; one that ends while it is being sent is of no use."""
_TRIES = 3
_PATIENCE = 30.0
_BUSY = {-1, 45009, 45033}


class Ask(Protocol):
    """Gives a command to WeCom."""

    async def __call__(self, cmd: str, body: Json, *, patience: float | None = None) -> Json:
        """Return the body of the answer."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file at WeCom's: ``kind`` is the kind of message that shows it."""

    kind: str
    media_id: str
    until: datetime


class Uploads:
    """Brings papers to WeCom, one at a time, and remembers which are there.

    Nobody reads anything of a paper that was only uploaded, so whatever goes wrong here is safe
    to repeat: it never leaves a message in doubt.
    """

    def __init__(self, ask: Ask, clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._turn = asyncio.Lock()
        self._there: OrderedDict[tuple[str, str, str], Uploaded] = OrderedDict()

    async def bring(self, paper: Paper) -> Uploaded:
        """Return a paper as it is at WeCom's, bringing it there if need be.

        Raise DeliveryError if WeCom takes none like it, WeComError or NotSent if it did not take it now.
        """
        kind = kind_of(paper)
        digest = await asyncio.to_thread(_sha256, paper.content)
        key = (kind, paper.name, digest)
        async with self._turn:
            found = self._there.get(key)
            if found is None or found.until <= self._clock.now():
                found = Uploaded(kind, await self._bring(kind, paper), self._clock.now() + _LIFE)
                self._there[key] = found
            self._there.move_to_end(key)
            if len(self._there) > _KEPT:
                self._there.popitem(last=False)
            return found

    def forget(self, uploaded: Uploaded) -> None:
        """Believe WeCom that a file is no longer there."""
        self._there = OrderedDict((key, kept) for key, kept in self._there.items() if kept != uploaded)

    async def _bring(self, kind: str, paper: Paper) -> str:
        try:
            return await self._in_pieces(kind, paper)
        except WeComError as error:
            if error.code in _BUSY:
                raise
        # A piece was damaged on its way, or the session ended: from the beginning, but only once.
        return await self._in_pieces(kind, paper)

    async def _in_pieces(self, kind: str, paper: Paper) -> str:
        content = paper.content
        opening = {
            "type": kind,
            "filename": name_of(paper),
            "total_size": len(content),
            "total_chunks": -(-len(content) // LARGEST_CHUNK),
            "md5": await asyncio.to_thread(_md5, content),
        }
        upload_id = _named(await self._certainly("aibot_upload_media_init", opening), "upload_id")
        for index, start in enumerate(range(0, len(content), LARGEST_CHUNK)):
            piece = base64.b64encode(content[start : start + LARGEST_CHUNK]).decode()
            body = {"upload_id": upload_id, "chunk_index": index, "base64_data": piece}
            await self._certainly("aibot_upload_media_chunk", body)
        answer = await self._certainly("aibot_upload_media_finish", {"upload_id": upload_id})
        return _named(answer, "media_id")

    async def _certainly(self, cmd: str, body: Json) -> Json:
        """Give a command until it is answered, a few times: taken twice, it is as if taken once."""
        for _ in range(_TRIES):
            try:
                return await self._ask(cmd, body, patience=_PATIENCE)
            except (Unanswered, NotSent) as error:
                reason = str(error)
        raise NotSent(f"an upload was not confirmed: {reason}")


def kind_of(paper: Paper) -> str:
    """Return the kind of message that shows a paper; raise DeliveryError if there is none."""
    size = len(paper.content)
    if size < SMALLEST:
        raise DeliveryError(Failure.REFUSED, f"文件「{paper.name}」是空的，企业微信不收")
    if size > LARGEST_FILE:
        sizes = f"有 {size / (1 << 20):.1f} MB，企业微信只收 {LARGEST_FILE >> 20} MB 以内的"
        raise DeliveryError(Failure.REFUSED, f"文件「{paper.name}」{sizes}")
    return "image" if paper.media_type in _IMAGES and size <= LARGEST_IMAGE else "file"


def name_of(paper: Paper) -> str:
    """Return a name that WeCom takes; one that is too long loses its middle, not its ending."""
    name = clean(paper.name).replace("\n", " ")
    if Measure.BYTES.of(name) <= LONGEST_NAME:
        return name
    ending = PurePath(name).suffix
    if Measure.BYTES.of(ending) > LONGEST_NAME // 2:
        ending = ""
    stem = name.removesuffix(ending)
    return stem[: Measure.BYTES.most(stem, LONGEST_NAME - Measure.BYTES.of(ending))] + ending


def _named(answer: Json, name: str) -> str:
    if (found := answer.get(name)) and isinstance(found, str):
        return found
    raise NotSent(f"an answer without {name}")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
