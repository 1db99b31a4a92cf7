"""How the connection to Telegram goes, as one sentence."""

from datetime import datetime, timedelta

from telegram.error import Conflict, InvalidToken, TelegramError

from bot.clock import Clock

SILENT_AFTER = timedelta(seconds=90)
FAILURES_BEFORE_ALARM = 3
WEBHOOK_SET = "这个机器人设了 webhook，轮询收不到消息，请调用一次 deleteWebhook"


class Health:
    """Remembers how the polls and the sendings went."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._reached_at: datetime | None = None
        self._failures = 0
        self._failure = ""
        self._token_refused = False

    @property
    def failures(self) -> int:
        """How many polls failed in a row."""
        return self._failures

    def reached(self) -> None:
        """Note that Telegram answered as it should."""
        self._reached_at = self._clock.now()
        self._failures = 0
        self._token_refused = False

    def failed(self, error: TelegramError) -> None:
        """Note that a poll failed."""
        self._failures += 1
        self._failure = explain(error)

    def token_refused(self) -> None:
        """Note that a sending was turned away because of the token."""
        self._token_refused = True

    def sentence(self) -> str:
        """Return an empty string while all is well, else what is wrong and what helps."""
        if self._token_refused:
            return explain(InvalidToken())
        if self._failures >= FAILURES_BEFORE_ALARM:
            return f"{self._failure}（已连续 {self._failures} 次）"
        if self._reached_at is None:
            return self._failure or "还没有连上 Telegram"
        silence = self._clock.now() - self._reached_at
        if silence > SILENT_AFTER:
            return f"Telegram 已有 {silence.total_seconds():.0f} 秒没有应答，请检查网络"
        return ""


def explain(error: TelegramError) -> str:
    """Return what a failure means to whoever runs the bot, with the cure."""
    words = str(error)
    if isinstance(error, InvalidToken):
        return "Telegram 不接受这个机器人的令牌，请到 @BotFather 重新复制"
    if isinstance(error, Conflict) and "webhook" in words.lower():
        return WEBHOOK_SET
    if isinstance(error, Conflict):
        return "另有程序正在用同一令牌收消息（409），请停掉其中一个"
    return f"连不上 Telegram：{words[:200]}"
