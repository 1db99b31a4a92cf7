"""The API of a self-built app: calls, each with an access token; nobody else knows the secret."""

import logging
from collections.abc import Mapping
from typing import Any, Literal

from bot.chat import Fetched, Paper
from bot.clock import Clock
from bot.platforms.pool import MayWrite, always
from bot.platforms.wecom.access import DENIED, STALE, AccessToken
from bot.platforms.wecom.errors import NotSent, Unanswered, WeComError
from bot.platforms.wecom.exchange import Answer, Exchange, Json, TooLarge, parted
from bot.platforms.wecom.standing import Standing

log = logging.getLogger(__name__)

Method = Literal["GET", "POST"]
Values = Mapping[str, str | int]


class Api:
    """WeCom's API in the name of one app.

    A call ends with its answer, or with WeComError: WeCom said no, NotSent: it did not happen,
    Unanswered: nobody knows. What only reads never ends as Unanswered: to ask again does no harm.
    """

    def __init__(
        self,
        base: str,
        corp_id: str,
        secret: str,
        *,
        clock: Clock,
        timeout: float = 15,
        may_write: MayWrite = always,
    ) -> None:
        host, path, _ = parted(base, "wecom.app.api_base")
        self._base = host + (path or "/cgi-bin")
        self._corp_id = corp_id
        self._secret = secret
        self._exchange = Exchange(timeout, may_write=may_write)
        self._access = AccessToken(self._fetch_token, clock)
        self.clock = clock
        self.standing = Standing()

    def __repr__(self) -> str:
        return "<Api of WeCom>"

    async def call(
        self,
        method: Method,
        path: str,
        *,
        json: Json | None = None,
        params: Values | None = None,
        reads: bool = False,
    ) -> Json:
        """Call something and return its answer; what ``reads`` changes nothing, as any GET."""
        reads = reads or method == "GET"
        return self._judged(await self._ask(method, path, params, reads=reads, body=json), reads=reads)

    async def upload(self, paper: Paper, kind: str) -> str:
        """Hand over a file and return its media id, good for three days; nobody sees it yet."""
        answer = await self._ask("POST", "media/upload", {"type": kind}, reads=True, paper=paper)
        media_id = self._judged(answer, reads=True).get("media_id")
        if not isinstance(media_id, str):
            raise NotSent("the answer to an upload names no media_id")
        return media_id

    async def download(self, media_id: str) -> Fetched:
        """Return a file that somebody sent to the app; raise TooLarge over 20 MB."""
        answer = await self._ask("GET", "media/get", {"media_id": media_id}, reads=True, file_comes=True)
        if answer.filename is None:
            self._judged(answer, reads=True)
            raise NotSent("the answer to media/get holds no file")
        self.standing.reached()
        return Fetched(answer.content, answer.filename)

    async def close(self) -> None:
        """Let go of connections."""
        await self._access.close()
        await self._exchange.close()

    async def _ask(
        self, method: Method, path: str, params: Values | None, *, reads: bool, **rest: Any
    ) -> Answer:
        """Ask with a token, and once more with a new one if WeCom no longer takes it."""
        query = {name: str(value) for name, value in (params or {}).items()}
        token = await self._access.get()
        answer = await self._once(method, path, {**query, "access_token": token}, reads=reads, **rest)
        if answer.code not in STALE:
            return answer
        log.info("the access token is over (errcode %d), getting another", answer.code)
        self._access.drop(token)
        token = await self._access.get()
        return await self._once(method, path, {**query, "access_token": token}, reads=reads, **rest)

    async def _once(
        self, method: Method, path: str, query: Mapping[str, str], *, reads: bool, **rest: Any
    ) -> Answer:
        try:
            return await self._exchange.ask(method, f"{self._base}/{path}", query, **rest)
        except TooLarge:
            raise
        except (NotSent, Unanswered) as failure:
            self.standing.failed(failure)
            if not reads:
                raise
            reason = str(failure)
        raise NotSent(reason)

    async def _fetch_token(self) -> Json:
        query = {"corpid": self._corp_id, "corpsecret": self._secret}
        answer = self._judged(await self._once("GET", "gettoken", query, reads=True), reads=True)
        if not isinstance(answer.get("access_token"), str) or not isinstance(answer.get("expires_in"), int):
            raise NotSent("the answer to gettoken holds no token")
        return answer

    def _judged(self, answer: Answer, *, reads: bool) -> Json:
        """Return what WeCom said; raise WeComError if that is a no, and the rest if it said nothing."""
        if answer.said is None or answer.code is None:
            failure = (NotSent if reads else Unanswered)(f"an answer {answer.status} that is not WeCom's")
            self.standing.failed(failure)
            raise failure
        if answer.code:
            error = WeComError(answer.code, answer.words)
            if error.code in DENIED:
                self._access.deny(error)
            self.standing.refused(error)
            raise error
        self.standing.reached()
        return answer.said
