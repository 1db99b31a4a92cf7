"""The access token: fetched once for all who wait for it, kept until shortly before its end."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from bot.clock import Clock
from bot.platforms.wecom.errors import WeComError
from bot.platforms.wecom.shared import Shared

STALE = {40014, 41001, 42001}
"""The token is over, whatever its time: another one, and once more."""
DENIED = {40001, 40013}
"""The secret or the corp id is wrong: no token will do."""

_BUSY = -1
_EARLY = timedelta(minutes=5)
_DENIED_FOR = timedelta(seconds=60)


class AccessToken:
    """Keeps the token of one app; ``fetch`` asks WeCom for a new one and returns its answer.

    WeCom blocks who asks for tokens too often: after a refusal nobody asks for a minute.
    """

    def __init__(self, fetch: Callable[[], Awaitable[dict[str, Any]]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._token = ""
        self._until: datetime | None = None
        self._refusal: WeComError | None = None
        self._refused_until: datetime | None = None
        self._shared: Shared[str] = Shared()

    async def get(self) -> str:
        """Return a token; raise WeComError if there is none to be had, NotSent if WeCom is out of reach."""
        now = self._clock.now()
        if self._refusal and self._refused_until and now < self._refused_until:
            raise WeComError(self._refusal.code, self._refusal.words)
        if self._token and self._until and now < self._until:
            return self._token
        return await self._shared.do("", self._renew)

    def drop(self, token: str) -> None:
        """Forget a token that WeCom no longer takes, unless another has already taken its place."""
        if token == self._token:
            self._token = ""

    def deny(self, error: WeComError) -> None:
        """Note that WeCom wants nothing to do with us: for a minute nobody asks again."""
        self._token = ""
        self._refusal = error
        self._refused_until = self._clock.now() + _DENIED_FOR

    async def close(self) -> None:
        """Stop asking for a token."""
        await self._shared.close()

    async def _renew(self) -> str:
        asked_at = self._clock.now()
        try:
            answer = await self._fetch()
        except WeComError as error:
            if error.code != _BUSY:
                self.deny(error)
            raise
        lasts = timedelta(seconds=int(answer["expires_in"]))
        self._token = str(answer["access_token"])
        self._until = asked_at + lasts - min(_EARLY, lasts / 2)
        self._refusal = None
        return self._token
