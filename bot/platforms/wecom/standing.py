"""How the self-built app stands with WeCom, as one sentence."""

import ipaddress
import logging
import re

from bot.platforms.wecom.codes import CODES, cure
from bot.platforms.wecom.errors import NotSent, Unanswered, WeComError

log = logging.getLogger(__name__)

FAILURES_BEFORE_ALARM = 3
_UNTRUSTED_IP = 60020

PAGE = "管理后台「应用管理 → 自建 → 该应用」"
"""Where an app is looked after in the console."""

_IP = re.compile(r"from ip: *([0-9a-fA-F.:]+)")
_CURES = {
    40001: f"Secret 不对：到{PAGE}点 Secret 旁的「查看」，在手机上收到后复制到 wecom.app.secret",
    40013: "企业 ID 不对：到管理后台「我的企业 → 企业信息」最下面复制，填到 wecom.app.corp_id",
    40056: f"应用编号不对：到{PAGE}看 AgentId，填到 wecom.app.agent_id",
    48002: f"这个 Secret 没有调用应用接口的权限：要用{PAGE}的 Secret，不是通讯录同步的",
    301002: f"这个 Secret 不是这个应用的：到{PAGE}把 AgentId 和 Secret 成对复制",
}


class Standing:
    """Remembers what the last answers say about the credentials and the line."""

    def __init__(self) -> None:
        self._refusal = ""
        self._failures = 0
        self._failure = ""
        self.has_answered = False

    @property
    def is_good(self) -> bool:
        """Whether nothing went wrong since WeCom last answered as it should."""
        return not self._refusal and not self._failures

    def reached(self) -> None:
        """Note that WeCom did what it was asked."""
        if not self.is_good:
            log.info("the API of WeCom is there again")
        self._refusal = ""
        self._failures = 0
        self.has_answered = True

    def refused(self, error: WeComError) -> None:
        """Note a refusal; only one that concerns more than its own message matters here."""
        self._failures = 0
        known = CODES.get(error.code)
        if known and known.whole_bot:
            if not self._refusal:
                log.warning("WeCom refuses the app: errcode %d", error.code)
            self._refusal = explain(error)

    def failed(self, error: NotSent | Unanswered) -> None:
        """Note that no answer came."""
        if not self._failures:
            log.warning("no answer from the API of WeCom: %s", error)
        self._failures += 1
        self._failure = explain(error)

    def sentence(self) -> str:
        """Return an empty string while all is well, else what is wrong and what helps."""
        if self._refusal:
            return f"自建应用：{self._refusal}"
        if self._failures >= FAILURES_BEFORE_ALARM:
            return f"自建应用：{self._failure}（已连续 {self._failures} 次）"
        return ""


def explain(error: Exception) -> str:
    """Return what a failure means to whoever runs the bot, with the cure."""
    if not isinstance(error, WeComError):
        return f"连不上企业微信的接口（{error}），请检查网络和 api_base"
    if error.code in _CURES:
        return f"{_CURES[error.code]}（错误码 {error.code}）"
    sentence = cure(error)
    if error.code == _UNTRUSTED_IP:
        sentence += "；那一项要先设好可信域名或回调地址才能填"
        if address := _address(error.words):
            return sentence.replace("出口 IP", f"出口 IP {address}", 1)
    return sentence


def _address(words: str) -> str:
    """Return the address WeCom saw us come from; nothing else of its words is for people."""
    found = _IP.search(words)
    try:
        return str(ipaddress.ip_address(found[1].rstrip("."))) if found else ""
    except ValueError:
        return ""
