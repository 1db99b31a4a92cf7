"""政策兑现 (MISSION row 33): the amount that was promised to an enterprise, and what has been paid of it."""

import re

from bot.domain.numerals import half_width
from bot.domain.quantities import quantities_in

_PAYING = ("兑付", "兑现")
_WHOLE = re.compile(
    r"(?:已经|已)?(?:全部|全额|一次性|都)?(?:已经|已)?(?:付清|结清|兑付|兑现|到账|全部|全额)(?:了|完毕)?[。.]?"
)
_BEFORE = re.compile(
    r"[\s，,：:]*(?:今天|今日|本次|这次|第[一二三四五六七八九十]笔|已经|已|又|再)*"
    r"(?P<total>累计|一共|总共|合计|共)?(?:已经|已)?(?:兑付|兑现|支付|拨付|付|拨)?(?:了)?[\s，,：:]*"
)
_LIMIT = 10**10
"""1 万亿元, as in `figures`."""


def amount_in(text: str) -> int | None:
    """Return the amount that a text names, in hundredths of 万元; None of no amount, or of several."""
    found = {each.value for each in quantities_in(half_width(text)) if each.is_money}
    amount = int(found.pop()) if len(found) == 1 else 0
    return amount if 0 < amount < _LIMIT else None


def payout_in(text: str) -> int | None:
    """Return what a promise says is to be paid: 「12月31日前兑付设备补助200万」; None where nothing is."""
    return amount_in(text) if any(word in text for word in _PAYING) else None


def paid_after(text: str, promised: int, paid: int) -> int | None:
    """Return what is paid by now, when somebody says 50万, 累计150万 or 付清; None if they say neither."""
    if _WHOLE.fullmatch(text.strip()):
        return promised
    plain = half_width(text)
    amount, first = amount_in(text), next((each for each in quantities_in(plain) if each.is_money), None)
    before = _BEFORE.fullmatch(plain, 0, first.start) if first else None
    if amount is None or before is None:
        return None
    return amount if before["total"] else paid + amount
