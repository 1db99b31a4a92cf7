"""How the long connection of the AI bot goes, as one sentence."""

from datetime import datetime, timedelta

from bot.clock import Clock
from bot.platforms.wecom.codes import cure
from bot.platforms.wecom.errors import WeComError

TAKEN_OVER = "另一个程序正在用这个机器人的长连接，消息都到它那里去了：请停掉其中一个，再重启"


class Line:
    """Remembers how the connection to a host went; ``silent_after`` is when an open one counts as dead."""

    def __init__(self, host: str, clock: Clock, silent_after: timedelta) -> None:
        self._host = host
        self._clock = clock
        self._silent_after = silent_after
        self._alive_at: datetime | None = None
        self._failure = ""
        self._failures = 0
        self.refusal: WeComError | None = None
        self.is_taken_over = False

    @property
    def failures(self) -> int:
        """How many connections in a row did not last."""
        return self._failures

    def subscribed(self) -> None:
        """Note that WeCom took us."""
        self.refusal = None
        self._failure = ""
        self._alive_at = self._clock.now()

    def alive(self) -> None:
        """Note that WeCom answered a ping: this connection lasts."""
        self._failures = 0
        self._alive_at = self._clock.now()

    def failed(self, reason: str) -> None:
        """Note that the connection ended, or that there was none to be had."""
        self._failures += 1
        self._failure = reason
        self._alive_at = None

    def refused(self, error: WeComError) -> None:
        """Note that WeCom does not want this bot."""
        self.failed(f"errcode {error.code}")
        self.refusal = error

    def sentence(self) -> str:
        """Return an empty string while all is well, else what is wrong and what helps."""
        if self.is_taken_over:
            return TAKEN_OVER
        if self.refusal is not None:
            return denied(self.refusal)
        if self._failure:
            return f"{self.unreachable(self._failure)}。正在重连，已连续 {self._failures} 次"
        if self._alive_at is None:
            return "还没有连上智能机器人的长连接"
        silence = self._clock.now() - self._alive_at
        if silence > self._silent_after:
            return f"智能机器人的长连接已有 {silence.total_seconds():.0f} 秒没有应答，请检查网络"
        return ""

    def unreachable(self, reason: str) -> str:
        """Return what it means that there is no connection."""
        return f"智能机器人的长连接断开（{reason}）：请检查本机能否访问 {self._host}"


def denied(error: WeComError) -> str:
    """Return what it means that WeCom refuses to be subscribed to."""
    where = "管理后台「安全与管理 → 管理工具 → 智能机器人 → 该机器人 → API 模式 → 使用长连接」"
    return f"智能机器人连不上：{cure(error)}。BotID 和 Secret 都在{where}里"
