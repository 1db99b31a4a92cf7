"""Telegram as a chat platform: the port, put together from the parts beside this file."""

import asyncio
import json
import logging
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from telegram import Bot
from telegram.error import TelegramError

from bot.chat import Attachment, Capabilities, Fetched, Finding, Incoming, Listener, Outgoing, Ref, Unreadable
from bot.clock import Clock
from bot.domain.words import clean, fits
from bot.errors import ConfigurationError, DeliveryError, Failure
from bot.platforms.pool import MayWrite, always, time_at
from bot.platforms.telegram import wire
from bot.platforms.telegram.failures import Failures
from bot.platforms.telegram.health import WEBHOOK_SET, Health, explain
from bot.platforms.telegram.polling import Pause, Polling
from bot.platforms.telegram.request import TooLarge, Transport
from bot.platforms.telegram.sending import Sending

log = logging.getLogger(__name__)

DOWNLOAD_LIMIT = 20 * 1024 * 1024
NOTICE_LIMIT = 200
PER_SECOND = 28.7
"""Of the 30 that Telegram names, so many that there are never 31 in any one second (`handlers.pace`)."""

_FILE_PATH = re.compile(r"(?!.*\.\.)[\w.-]+(/[\w.-]+)*")


class TelegramPlatform:
    """A bot's connection to Telegram: receives by polling, confirms after the commit."""

    name = wire.NAME

    def __init__(
        self,
        token: str,
        *,
        clock: Clock,
        api_base: str = "https://api.telegram.org",
        proxy: str | None = None,
        per_second: float | None = PER_SECOND,
        per_chat_second: float | None = 1,
        per_group_minute: float | None = 20,
        poll_wait: int = 50,
        poll_margin: float = 10,
        timeout: float = 30,
        connections: int = 256,
        pause: Pause = asyncio.sleep,
        may_write: MayWrite = always,
    ) -> None:
        if proxy and not proxy.startswith(("http://", "https://")):
            cure = "only an HTTP proxy can be used; most SOCKS programs offer an http:// port as well"
            raise ConfigurationError("config.toml", [f"telegram.proxy: {cure}"])
        self.capabilities = Capabilities(
            keeps=timedelta(hours=24),
            per_second=per_second,
            per_chat_second=per_chat_second,
            per_group_minute=per_group_minute,
        )
        self._clock = clock
        self._api_base, self._proxy = api_base, proxy
        self._me = wire.Me(token.partition(":")[0])
        self._health = Health(clock)
        self._failures = Failures(self._health, clock)
        self._transport = Transport(
            token, api_base, proxy=proxy, connections=connections, wall=timeout, may_write=may_write
        )
        # Polls have connections of their own: a stall there is cured by a fresh pool.
        self._polls = Transport(
            token, api_base, proxy=proxy, connections=2, wall=timeout, may_write=may_write
        )
        stand_in = f"{self._me.id}:known-to-the-transport-alone"
        self._bot = Bot(stand_in, request=self._transport, get_updates_request=self._polls)
        self._sending = Sending(self._transport, self._bot, self._failures, self.capabilities, pause)
        self._polling = Polling(
            self._polls,
            self._read,
            self._notice,
            self._health,
            wait=poll_wait,
            margin=poll_margin,
            pause=pause,
        )
        self._notices: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"<TelegramPlatform of bot {self._me.id}>"

    def listen(self) -> None:
        """Do nothing: Telegram is asked, it does not call."""

    async def run(self, listener: Listener) -> None:
        """Pass everything that reaches the bot to the listener until cancelled."""
        self._polling.begin_anew()
        while True:
            try:
                if not self._me.username:
                    await self._introduce()
                await self._polling.once(listener)
            except TelegramError as error:
                await self._polling.recover(error)

    def healthy(self) -> str:
        """Return an empty string while polls succeed, else a sentence saying what is wrong."""
        return self._health.sentence()

    async def send(self, message: Outgoing) -> Ref | None:
        """Send a text or a paper; one too long goes in numbered parts, the buttons under the last.

        Raise DeliveryError if it was not confirmed.
        """
        return await self._sending.send(message)

    async def update(self, ref: Ref, message: Outgoing) -> bool:
        """Replace the text and buttons of a delivered message; False if that is over.

        Raise DeliveryError if Telegram did not answer, or refuses the new words.
        """
        return await self._sending.update(ref, message)

    async def fetch(self, attachment: Attachment) -> Fetched:
        """Return the bytes of an attachment, at most 20 MB, from the Bot API's own address."""
        try:
            file = await self._transport.call("getFile", {"file_id": attachment.token})
            path = file.get("file_path") if isinstance(file, dict) else None
            if not isinstance(path, str) or not _FILE_PATH.fullmatch(path):
                cure = "the Bot API gave no usable path; a server of your own must not run with --local"
                raise DeliveryError(Failure.REFUSED, cure)
            return Fetched(await self._transport.download(path, DOWNLOAD_LIMIT))
        except TooLarge as error:
            raise DeliveryError(Failure.REFUSED, str(error)) from error
        except TelegramError as error:
            failure = self._failures.meaning(error, "")
            if failure.kind is Failure.IN_DOUBT:  # to ask for a file twice does no harm
                failure = DeliveryError(Failure.RETRY, str(failure))
            raise failure from error

    def reread(self, raw: str) -> Incoming | None:
        """Read an update once more that could not be read."""
        try:
            said = self._read(json.loads(raw))
        except (ValueError, RecursionError):
            return None
        return said if isinstance(said, Incoming) else None

    def recall(self, _sent: Sequence[tuple[str, datetime]]) -> None:
        """Do nothing: Telegram says itself when it is too much."""

    async def link(self, code: str) -> str:
        """Return the t.me link that joins with a code; empty while the bot's name is unknown."""
        if not self._me.username:
            try:
                await self._introduce()
            except TelegramError as error:
                log.warning("the bot's name is not known: %s", error)
                return ""
        return f"https://t.me/{self._me.username}?start={code}"

    async def check(self) -> list[Finding]:
        """Return what there is to know about the token and the bot's settings, for `liaison check`."""
        try:
            me = await self._bot.get_me()
            webhook = await self._bot.get_webhook_info()
        except TelegramError as error:
            return [Finding(explain(error), fault=True)]
        findings = [Finding(f"令牌有效，机器人是 @{me.username}")]
        if webhook.url:
            findings.append(Finding(WEBHOOK_SET, fault=True))
        if not me.can_join_groups:
            cure = "机器人不能被拉进群，请在 @BotFather 用 /setjoingroups 放开"
            findings.append(Finding(cure, fault=True))
        if not me.can_read_all_group_messages:
            hint = (
                "机器人在群里只看得到命令、回复和 @ 它的话（隐私模式），发周报够用；"
                "要看到全部消息，在 @BotFather 用 /setprivacy 关闭，再把机器人重新拉进群"
            )
            findings.append(Finding(hint))
        return findings

    def state(self) -> list[Finding]:
        """Return how the polls go."""
        wrong = self.healthy()
        return [Finding(wrong or f"收发正常，机器人是 @{self._me.username}", fault=bool(wrong))]

    async def time(self) -> datetime | None:
        """Return what time it is at the Bot API; no token is needed for it."""
        return await time_at(self._api_base, proxy=self._proxy)

    async def close(self) -> None:
        """Let go of connections."""
        for task in self._notices:
            task.cancel()
        await asyncio.gather(*self._notices, return_exceptions=True)
        await self._transport.shutdown()
        await self._polls.shutdown()

    async def _introduce(self) -> None:
        me = await self._bot.get_me()
        self._me = wire.Me(self._me.id, me.username or "")
        self._health.reached()

    def _read(self, update: object) -> Incoming | Unreadable | None:
        return wire.incoming(update, self._me, self._clock.now())

    def _notice(self, update: object, notice: str) -> None:
        if press := wire.press_id(update):
            task = asyncio.create_task(self._answer(press, notice))
            self._notices.add(task)
            task.add_done_callback(self._notices.discard)

    async def _answer(self, press: str, notice: str) -> None:
        values = {"callback_query_id": press}
        if notice:
            values["text"] = fits(clean(notice), NOTICE_LIMIT)
        try:
            await self._transport.call("answerCallbackQuery", values)
        except TelegramError as error:  # the button keeps its clock for a while, nothing worse
            log.info("the press of a button was not answered: %s", error)
