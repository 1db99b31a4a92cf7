"""Group robots (消息推送): each speaks in one group, and hears nothing."""

import asyncio
import base64
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from bot.chat import Address, Event, Fetched, Finding, Incoming, Listener, Paper
from bot.clock import Clock
from bot.errors import ConfigurationError, DeliveryError, Failure, StorageError
from bot.platforms.pool import MayWrite, always
from bot.platforms.wecom import NAME
from bot.platforms.wecom.errors import NotSent, Unanswered, WeComError
from bot.platforms.wecom.exchange import Answer, Exchange, Json, parted
from bot.platforms.wecom.media_ids import PICTURES, check_size
from bot.platforms.wecom.parts import Part

log = logging.getLogger(__name__)

LARGEST_PICTURE = 2 * 1024 * 1024
BAD_KEY = 93000

_CHAT = "webhook:"
_STORAGE_WAIT = 5.0
_SOON, _LATER = 60.0, 3600.0
_BUSY = 45009
_SEND = "send"
_NOTHING = {"msgtype": "liaison_check"}
"""A kind of message that does not exist: WeCom looks at the key, refuses it, and posts nothing."""

Pause = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Robot:
    """One robot's address without what opens it, and its key."""

    base: str = field(repr=False)
    key: str = field(repr=False)

    @property
    def mark(self) -> str:
        """What tells this address from another one of the same name, and gives nothing away."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:12]


class RobotsChannel:
    """Posts to groups through their robots; ``webhooks`` is the address of each by its name.

    The addresses are secrets: who has one can post.
    """

    def __init__(
        self,
        webhooks: Mapping[str, str],
        *,
        clock: Clock,
        timeout: float = 15,
        pause: Pause = asyncio.sleep,
        may_write: MayWrite = always,
    ) -> None:
        self._robots = {name: _robot(name, url) for name, url in webhooks.items()}
        self._clock = clock
        self._exchange = Exchange(timeout, may_write=may_write)
        self._pause = pause
        self._found: dict[str, Finding] = {}

    def __repr__(self) -> str:
        return f"<RobotsChannel of {', '.join(self._robots)}>"

    def listen(self) -> None:
        """Do nothing: a robot hears nobody."""

    async def run(self, listener: Listener) -> None:
        """Tell of each group that a robot is there; then see now and then whether each is still let in."""
        for name in self._robots:
            await self._introduce(name, listener)
        while True:
            await self.check()
            await self._pause(_SOON if self.healthy() else _LATER)

    def healthy(self) -> str:
        """Return an empty string while every robot is let in, else which one is not."""
        return "；".join(found.sentence for found in self.state() if found.fault)

    async def deliver(self, chat: str, part: Part, *, in_group: bool) -> str:  # noqa: ARG002 -- always a group
        """Post one message; it has no name, for no robot's message can be changed.

        Raise WeComError, NotSent, Unanswered or DeliveryError if it was not taken for certain.
        """
        name = chat.removeprefix(_CHAT)
        robot = self._robots.get(name)
        if robot is None:
            raise DeliveryError(Failure.UNREACHABLE, f"no group robot {name!r} is configured any more")
        if part.card is not None:
            raise DeliveryError(Failure.REFUSED, "a group robot has no buttons")
        try:
            await self._post(robot, await self._body(robot, part))
        except WeComError as error:
            if error.code == BAD_KEY:
                self._found[name] = _thrown_out(name)
            raise
        self._found[name] = _let_in(name)
        return ""

    async def change(self, name: str, part: Part) -> bool:  # noqa: ARG002 -- see the docstring
        """Return False: what a robot has posted stands."""
        return False

    async def fetch(self, token: str) -> Fetched:  # noqa: ARG002 -- see the docstring
        """Raise DeliveryError: nobody can send a robot anything."""
        raise DeliveryError(Failure.REFUSED, "a group robot receives no files")

    def reread(self, raw: str) -> Incoming | None:  # noqa: ARG002 -- see the docstring
        """Return nothing: nobody says anything to a robot."""
        return None

    async def check(self) -> list[Finding]:
        """Return whether the address of each robot still works; nothing is posted."""
        for name, robot in self._robots.items():
            self._found[name] = await self._look(name, robot)
        return self.state()

    def state(self) -> list[Finding]:
        """Return what was last seen of each robot."""
        return [self._found.get(name) or _unseen(name) for name in self._robots]

    async def close(self) -> None:
        """Let go of connections."""
        await self._exchange.close()

    async def _introduce(self, name: str, listener: Listener) -> None:
        at = Address(NAME, f"{_CHAT}{name}")
        while True:
            said = Incoming(
                f"{NAME}:{_CHAT}{name}:{self._robots[name].mark}", at, "", self._clock.now(), private=False,
                event=Event.JOINED_GROUP, detail=name,
            )  # fmt: skip
            try:
                await listener(said)
            except StorageError as error:
                log.warning("the group of the robot %s could not be stored, trying again: %s", name, error)
                await self._pause(_STORAGE_WAIT)
            else:
                return

    async def _body(self, robot: Robot, part: Part) -> Json:
        if part.paper is None:
            return {"msgtype": "markdown_v2", "markdown_v2": {"content": part.text}}
        paper = part.paper
        check_size(paper)
        if paper.media_type in PICTURES and len(paper.content) <= LARGEST_PICTURE:
            content = base64.b64encode(paper.content).decode()
            digest = hashlib.md5(paper.content, usedforsecurity=False).hexdigest()
            return {"msgtype": "image", "image": {"base64": content, "md5": digest}}
        return {"msgtype": "file", "file": {"media_id": await self._upload(robot, paper)}}

    async def _post(self, robot: Robot, body: Json) -> None:
        url = f"{robot.base}/{_SEND}"
        _judged(await self._exchange.ask("POST", url, {"key": robot.key}, body=body))

    async def _upload(self, robot: Robot, paper: Paper) -> str:
        """Hand over a file; Unanswered is as good as not sent, for nobody has seen it."""
        query = {"key": robot.key, "type": "file"}
        try:
            answer = await self._exchange.ask("POST", f"{robot.base}/upload_media", query, paper=paper)
            media_id = _judged(answer).get("media_id")
        except Unanswered as failure:
            reason = str(failure)
        else:
            if isinstance(media_id, str):
                return media_id
            reason = "the answer to an upload names no media_id"
        raise NotSent(reason)

    async def _look(self, name: str, robot: Robot) -> Finding:
        try:
            await self._post(robot, _NOTHING)
        except WeComError as error:
            if error.code == BAD_KEY:
                return _thrown_out(name)
            if error.code == _BUSY:
                return Finding(f"群机器人「{name}」：地址可用，只是这一分钟已经发满（错误码 {error.code}）")
        except (NotSent, Unanswered) as failure:
            return Finding(f"群机器人「{name}」：连不上（{failure}），请检查网络和地址", fault=True)
        return _let_in(name)


def _unseen(name: str) -> Finding:
    return Finding(f"群机器人「{name}」：地址还没有试过", todo=True)


def _let_in(name: str) -> Finding:
    return Finding(f"群机器人「{name}」：地址可用")


def _thrown_out(name: str) -> Finding:
    where = f"在群里打开「群设置 → 消息推送」，重新复制 Webhook 地址到 wecom.webhooks.{name}"
    return Finding(f"群机器人「{name}」：地址已失效（错误码 {BAD_KEY}）。{where}", fault=True)


def _robot(name: str, url: str) -> Robot:
    """Take an address apart; raise ConfigurationError, without showing it, if it is none."""
    setting = f"wecom.webhooks.{name}"
    host, path, query = parted(url, setting)
    base, _, verb = path.rpartition("/")
    key = parse_qs(query).get("key", [""])[0]
    if not key or verb != _SEND:
        faults = [f"{setting}: copy the whole Webhook address of the robot; it ends in /webhook/send?key=…"]
        raise ConfigurationError("config.toml", faults)
    return Robot(host + base, key)


def _judged(answer: Answer) -> Json:
    if answer.said is None or answer.code is None:
        raise Unanswered(f"an answer {answer.status} that is not WeCom's")
    if answer.code:
        raise WeComError(answer.code, answer.words)
    return answer.said
