"""A leave as people write it: 12-01 12-05 李强, 12月1日到12月5日 李强代, 明天 后天 李强, 12-01 李强."""

import re
from dataclasses import dataclass
from datetime import date

from bot.domain.until import read_day

MOST_DAYS = 180
"""Who is away longer hands over."""

_BETWEEN = " \t\n-—–~～,，、"
_FROM = re.compile(r"\s*[从自]?\s*")
_SINCE = re.compile(r"\s*(?:起|开始)?\s*")
_WRITTEN = re.compile(r"[0-9０-９]|月")
_LIKE_A_DAY = r"周[一二三四五六日天](?=[一-鿿])(?![到至起开请由周星礼])"
"""周一鸣 is somebody, no Monday."""

_NAMED_LIKE_A_DAY = re.compile(_LIKE_A_DAY)
_DAY_BEFORE_NAME = re.compile(rf"(?<=[0-9０-９日号])\s*(?={_LIKE_A_DAY})")

_WHO_FIRST = re.compile(
    r"(?P<who>[^\s0-9０-９，,（(]+?(?:[（(][^）)]*[）)])?)[\s，,：:]*(?P<rest>(?<=[\s，,：:])\S.*|[从自]?[0-9０-９].*)",
    re.DOTALL,
)
_NAME = re.compile(
    r"(?:由|请|让|找|交给?)?\s*(?P<name>.{2,}?)\s*(?:代(?:班|办|理|管|替|我)?|替(?:我|班)?|顶班?)?(?:一下)?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Written:
    """A leave as somebody wrote it, from the first day to the last.

    ``who`` is empty where it is their own, ``substitute`` where nobody is named yet.
    """

    first: date
    last: date
    who: str = ""
    substitute: str = ""

    @property
    def days(self) -> int:
        """How many days it has, both ends counted."""
        return (self.last - self.first).days + 1


def read_leave(text: str, today: date) -> Written | None:
    """Return the leave that a text tells of; None when it has no dates, or dates that are none.

    One date is one day. A date without a year is the next such day – the last day counted from the
    first – or, more than half a year ahead, the past one that was meant.
    """
    who, rest = "", _DAY_BEFORE_NAME.sub("，", text)
    first, after = _day(rest, today)
    if first is None and (named := _WHO_FIRST.fullmatch(rest.strip())):
        who, rest = named["who"], named["rest"]
        first, after = _day(rest, today)
    if first is None:
        return None
    after = after[_SINCE.match(after).end() :].strip(_BETWEEN)  # type: ignore[union-attr]
    last, name = _day(after, today)
    if last is not None and last < first and _WRITTEN.search(after[: len(after) - len(name)]):
        last = _day(after, first)[0]
    if last is None:
        last, name = first, after
    if re.search(r"\d", who + name):
        return None
    return Written(first, last, bare(who), bare(name))


def _day(text: str, today: date) -> tuple[date | None, str]:
    text = text[_FROM.match(text).end() :]  # type: ignore[union-attr]
    if _NAMED_LIKE_A_DAY.match(text):
        return None, text
    day, rest = read_day(text, today)
    # Of what is no day nothing may be lost: it is a name, or it shows that the date is none.
    return (day, rest) if day is not None else (None, text)


def bare(name: str) -> str:
    """Return a name without the words around it: 由李强代 → 李强."""
    name = name.strip(f"{_BETWEEN}。；;：:").replace("(", "（").replace(")", "）")
    found = _NAME.fullmatch(name)
    return found["name"] if found else name
