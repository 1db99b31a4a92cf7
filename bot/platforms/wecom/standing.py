"""How the self-built app stands with WeCom, as one sentence."""

import ipaddress
import logging
import re

from bot.platforms.wecom.codes import CODES, cure
from bot.platforms.wecom.errors import NotSent, Unanswered, WeComError

log = logging.getLogger(__name__)

FAILURES_BEFORE_ALARM = 3
UNTRUSTED_IP = 60020

_IP = re.compile(r"from ip: *([0-9a-fA-F.:]+)")


class Standing:
    """Remembers what the last answers say about the credentials and the line."""

    def __init__(self) -> None:
        self._refusal = ""
        self._failures = 0
        self._failure = ""

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
            return f"企业微信应用：{self._refusal}"
        if self._failures >= FAILURES_BEFORE_ALARM:
            return f"企业微信应用：{self._failure}（已连续 {self._failures} 次）"
        return ""


def explain(error: Exception) -> str:
    """Return what a failure means to whoever runs the bot, with the cure."""
    if not isinstance(error, WeComError):
        return f"连不上企业微信的接口（{error}），请检查网络和 api_base"
    sentence = cure(error)
    if error.code == UNTRUSTED_IP and (address := _address(error.words)):
        return sentence.replace("出口 IP", f"出口 IP {address}", 1)
    return sentence


def _address(words: str) -> str:
    """Return the address WeCom saw us come from; nothing else of its words is for people."""
    found = _IP.search(words)
    try:
        return str(ipaddress.ip_address(found[1].rstrip("."))) if found else ""
    except ValueError:
        return ""
