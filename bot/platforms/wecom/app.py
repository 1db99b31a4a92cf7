"""The self-built app: writes to everybody in its visible range, hears them through a callback."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from zlib import crc32

from bot.chat import Fetched, Finding, Incoming, Listener
from bot.clock import Clock
from bot.errors import ConfigurationError, DeliveryError, Failure
from bot.platforms.pool import MayWrite, always
from bot.platforms.wecom import app_check
from bot.platforms.wecom.api import Api
from bot.platforms.wecom.callback import Callback
from bot.platforms.wecom.callback_server import PATH, CallbackServer
from bot.platforms.wecom.codes import CODES, meaning
from bot.platforms.wecom.crypto import Crypt, CryptoError
from bot.platforms.wecom.directory import Directory
from bot.platforms.wecom.errors import NotSent, Unanswered, WeComError
from bot.platforms.wecom.exchange import Json, TooLarge
from bot.platforms.wecom.media_ids import MediaIds
from bot.platforms.wecom.parts import Part
from bot.platforms.wecom.response_codes import ResponseCodes

log = logging.getLogger(__name__)

LONGEST_TEXT = 2048
"""Bytes of a text; WeCom cuts off the rest without a word (WECOM.md 5.5)."""

_NAME = "app"
_UNKNOWN_MEDIA = 40007
_STRANGER = 81013
_NOBODY = {40003, 60111, _STRANGER}
_MISSED = {*_NOBODY, 60011}
_MOST_MISSED = 1000
_TOO_LONG = 45002
_NOT_OURS = 86008
_DUPLICATES_FOR = 1800
_DUPLICATES_MOST = 14_400
"""Seconds for which a repeat is dropped: at least, and the longest that WeCom takes."""
_LOOK_AGAIN = 60.0

Pause = Callable[[float], Awaitable[None]]


class AppChannel:
    """One self-built app; without ``token`` and ``aes_key`` it only writes, and hears nothing.

    WeCom drops a message that is identical to one of the last half hour, so what may or may not
    have arrived is sent again as it was, to the byte.
    """

    def __init__(
        self,
        corp_id: str,
        agent_id: int,
        secret: str,
        token: str,
        aes_key: str,
        *,
        clock: Clock,
        api_base: str = "https://qyapi.weixin.qq.com/cgi-bin",
        listen: str = "127.0.0.1:8091",
        timeout: float = 15,
        pause: Pause = asyncio.sleep,
        may_write: MayWrite = always,
    ) -> None:
        self.api = Api(api_base, corp_id, secret, clock=clock, timeout=timeout, may_write=may_write)
        self.directory = Directory(self.api, agent_id)
        callback = _callback(corp_id, agent_id, token, aes_key, clock)
        self.server = CallbackServer(callback, listen) if callback else None
        self._agent_id = agent_id
        self._media = MediaIds(self.api)
        self._missed: dict[str, int] = {}
        self._codes = ResponseCodes(clock)
        if callback:
            callback.pressed = self._codes.pressed
        self._pause = pause

    def __repr__(self) -> str:
        return f"<AppChannel of app {self._agent_id}>"

    @property
    def callback_url(self) -> str:
        """Where the callback is on this machine; with port 0 only true once ``listen`` was called."""
        return self.server.url if self.server else ""

    def listen(self) -> None:
        """Take the callback's port now rather than in ``run``.

        Raise ConfigurationError if it cannot be had.
        """
        if self.server:
            self.server.take()

    async def run(self, listener: Listener) -> None:
        """Serve the callback until cancelled, and try the credentials until they are good."""
        self.listen()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._try_credentials())
            if self.server:
                group.create_task(self.server.serve(listener))

    def healthy(self) -> str:
        """Return an empty string while WeCom takes what we send and we hear it, else what is wrong."""
        if self.server and not self.server.is_serving:
            return f"自建应用：回调地址 {self.server.url} 没有在监听"
        return self.api.standing.sentence()

    async def deliver(self, chat: str, part: Part, *, in_group: bool) -> str:
        """Send one message to one person; Return the name of a card, empty for the rest.

        Raise WeComError, NotSent, Unanswered or DeliveryError if it was not taken for certain.
        """
        if in_group:
            raise WeComError(_NOT_OURS, "a self-built app does not write to this kind of group")
        if not chat or "|" in chat or chat.startswith("@"):
            raise WeComError(_STRANGER, "not the id of one person")
        if len(part.text.encode()) > LONGEST_TEXT:
            raise WeComError(_TOO_LONG, "WeCom would cut it off")
        try:
            answer = await self._reach(self.directory.known(chat), part)
        except WeComError as error:
            if error.code in _MISSED and len(self._missed) < _MOST_MISSED:
                self._missed[chat] = error.code
            raise
        self._missed.pop(chat, None)
        if part.card is None:
            return ""
        return f"{_NAME}:{part.card['task_id']}:{answer.get('response_code', '')}"

    async def change(self, name: str, part: Part) -> bool:
        """Put another card in the place of a delivered one; False once its codes are used up or too old.

        Raise WeComError, NotSent or Unanswered if it may be tried again.
        """
        _, _, rest = name.partition(":")
        task_id, _, sent_with = rest.partition(":")
        if part.card is None:
            return False
        for code in self._codes.left(task_id, sent_with):
            # `atall` is everybody who got this card: the one person it was sent to.
            body = {"atall": 1, "agentid": self._agent_id, "response_code": code, "template_card": part.card}
            try:
                await self.api.call("POST", "message/update_template_card", json=body)
            except WeComError as error:
                if error.code in CODES and CODES[error.code].kind is Failure.RETRY:
                    raise
                log.info("WeCom does not change the card %s: errcode %d", task_id, error.code)
                self._codes.use_up(code)
            else:
                self._codes.use_up(code)
                return True
        return False

    async def fetch(self, token: str) -> Fetched:
        """Return a picture or a recording somebody sent, at most 20 MB.

        Raise DeliveryError if it cannot be had.
        """
        try:
            return await self.api.download(token)
        except TooLarge as failure:
            raise DeliveryError(Failure.REFUSED, str(failure)) from failure
        except WeComError as error:
            if error.code == _UNKNOWN_MEDIA:
                raise DeliveryError(Failure.REFUSED, "WeCom keeps what people send for three days") from error
            raise meaning(error) from error
        except NotSent as failure:
            raise meaning(failure) from failure

    def reread(self, raw: str) -> Incoming | None:
        """Read a callback once more that could not be read."""
        return self._callback.reread(raw) if self._callback is not None else None

    async def check(self) -> list[Finding]:
        """Return what works and what is missing: credentials, trusted address, visible range, callback."""
        return await app_check.look_over(self.api, self._agent_id, self._callback)

    def state(self) -> list[Finding]:
        """Return how the API takes us, whom it does not reach, and when the callback was last called."""
        return app_check.state(self.api.standing, self._missed.values(), self._callback)

    async def close(self) -> None:
        """Let go of connections, and of the port if ``run`` never took it over."""
        await self._media.close()
        await self.api.close()
        if self.server:
            self.server.close()

    @property
    def _callback(self) -> Callback | None:
        return self.server.callback if self.server else None

    async def _reach(self, userid: str, part: Part) -> Json:
        """Send to an id, and once more to the plain one behind it if WeCom does not know it."""
        try:
            return await self._send(userid, part)
        except WeComError as error:
            if error.code not in _NOBODY or (plain := await self._plain(userid)) == userid:
                raise
            return await self._send(plain, part)

    async def _send(self, userid: str, part: Part) -> Json:
        if part.paper is None:
            if part.card is not None:
                return await self._post(userid, part, "template_card", part.card)
            return await self._post(userid, part, "text", {"content": part.text})
        kind, media_id = await self._media.of(part.paper)
        try:
            return await self._post(userid, part, kind, {"media_id": media_id})
        except WeComError as error:
            if error.code != _UNKNOWN_MEDIA:
                raise
        self._media.forget(part.paper)
        kind, media_id = await self._media.of(part.paper)
        return await self._post(userid, part, kind, {"media_id": media_id})

    async def _post(self, userid: str, part: Part, kind: str, content: Json) -> Json:
        body = {
            "touser": userid,
            "agentid": self._agent_id,
            "msgtype": kind,
            kind: content,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": _drops_repeats_for(part.key),
        }
        answer = await self.api.call("POST", "message/send", json=body)
        # errcode 0 does not mean that it went to anybody; WeCom writes these ids in small letters.
        missed = f"{answer.get('invaliduser') or ''}|{answer.get('unlicenseduser') or ''}"
        if userid.casefold() in missed.casefold().split("|"):
            raise WeComError(_STRANGER, "invaliduser or unlicenseduser")
        return answer

    async def _plain(self, userid: str) -> str:
        """Return the plain id behind one that WeCom does not know here; the same if there is none."""
        try:
            return await self.directory.plain(userid)
        except WeComError as error:
            log.warning("an id could not be looked up: errcode %d", error.code)
            return userid

    async def _try_credentials(self) -> None:
        """Ask for ourselves until it goes well, and again after whatever went wrong.

        So the health is known before anything is sent, and mends by itself.
        """
        is_known = False
        while True:
            if not is_known or not self.api.standing.is_good:
                try:
                    await self.api.call("GET", "agent/get", params={"agentid": self._agent_id})
                except (WeComError, NotSent, Unanswered) as failure:
                    log.info("the app could not be looked at: %s", type(failure).__name__)
                is_known = self.api.standing.is_good
            await self._pause(_LOOK_AGAIN)


def _callback(corp_id: str, agent_id: int, token: str, aes_key: str, clock: Clock) -> Callback | None:
    """Return the callback, None without its credentials; raise ConfigurationError if they cannot be right."""
    if not token and not aes_key:
        return None
    if not token:
        raise ConfigurationError("config.toml", ["wecom.app.token: is missing, though aes_key is there"])
    try:
        crypt = Crypt(token, aes_key, corp_id)
    except CryptoError as error:
        raise ConfigurationError("config.toml", [f"wecom.app.aes_key: {error}"]) from None
    return Callback(crypt, clock, PATH, agent_id=agent_id)


def _drops_repeats_for(key: str) -> int:
    """Return for how many seconds a repeat of a message is dropped: half an hour at least.

    The number belongs to the message, so that another one with the same words is no repeat.
    """
    return _DUPLICATES_FOR + crc32(key.encode()) % (_DUPLICATES_MOST - _DUPLICATES_FOR + 1)
