"""Reading an amendment (改数): which figure of which line of a paper is put right, and to what."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from bot.domain.blanks import Value
from bot.domain.bulletins import Amendment
from bot.domain.document import Document, Heading, Kind
from bot.domain.numerals import NUMBER, half_width, number_of
from bot.domain.quantities import quantities_in

_REASON = re.compile(r"[（(](?P<reason>[^()（）]*)[)）]\s*$")
_UNIT = re.compile(r"\s*\([^()]*\)$")
_LEAD = re.compile(r"\s*[:：=＝]?\s*(?:应?改?为(?=[\s\d０-９+－−–负-])|应?改(?:为|成|到))?\s*")
_SIGN = re.compile(r"(?P<minus>[-−–—负])?\+?\s*")
_HAN_DIGITS = "零〇一二两三四五六七八九十百千万亿"
# A few letters of a unit may follow (15个百分点), but no more of a number: 3万 is not 3.
_COUNTED = re.compile(
    rf"(?P<number>{NUMBER})(?![0-9{_HAN_DIGITS}]|[.,点][0-9{_HAN_DIGITS}])\s*[^\d\s]{{0,4}}"
)
_DAY = re.compile(r"\d{4}[-年/.]\d{1,2}[-月/.]\d{1,2}日?")
_MARKS = {
    **dict.fromkeys(("1", "是", "有", "对", "√", "✓", "✔", "yes"), 1),
    **dict.fromkeys(("0", "否", "无", "没有", "不是", "×", "no"), 0),
}
_OF_PLAN = frozenset({"planned", "cumulative", "due"})
_BY_RULE = {"due": _OF_PLAN, "difference": _OF_PLAN, "owed": _OF_PLAN, "score": None, "rank": None}
"""What is reckoned by rules that a paper does not know, and from what; None is anything."""


@dataclass(frozen=True, slots=True)
class Meant:
    """The figure of a line that somebody speaks of, what they say it is, and why."""

    line: str
    figure: Heading
    said: str
    reason: str

    def amendment(self) -> Amendment | None:
        """Return what is put right; None if what was said is no value of this figure."""
        value = read_value(self.said, self.figure.kind)
        return None if value is None else Amendment(self.line, self.figure, value, self.reason)


def meant(text: str, document: Document) -> Meant | None:
    """Find the figure in 「XM-012 本期完成 3200万（漏报）」; None if it names none of the paper, or two."""
    reason = found["reason"].strip() if (found := _REASON.search(text)) else ""
    words = " ".join(_REASON.sub("", text).split())
    for line in _begun_with(words, {row.key for table in document.tables for row in table.rows}):
        rest = words[len(" ".join(line.split())) :].lstrip(" :：")
        of_line = [table for table in document.tables if any(row.key == line for row in table.rows)]
        named: dict[str, dict[str, Heading]] = {}
        for heading in (each for table in of_line for each in table.headings):
            for name in (heading.title, _UNIT.sub("", half_width(heading.title)), heading.key):
                named.setdefault(name, {})[heading.key] = heading
        for name in _begun_with(rest, named):
            if len(named[name]) > 1:
                return None
            (figure,) = named[name].values()
            return Meant(line, figure, _LEAD.sub("", rest[len(name) :], count=1), reason)
    return None


def _begun_with(words: str, names: Iterable[str]) -> Iterator[str]:
    """Yield the names with which words begin, the longest first: 「累计完成」 before 「累计」."""
    plain = half_width(words).upper()
    for name in sorted(names, key=len, reverse=True):
        known = half_width(" ".join(name.split())).upper()
        cut = plain[len(known) :]
        ends = not (known[-1:].isascii() and known[-1:].isalnum() and cut[:1].isascii() and cut[:1].isalnum())
        if known and plain.startswith(known) and ends:
            yield name


def read_value(text: str, kind: Kind) -> Value:
    """Read a figure as people write it, by what its column holds; None if it is none."""
    plain = half_width(text).strip().rstrip("。;")
    match kind:
        case Kind.MONEY | Kind.SHARE:
            return _quantity(plain, kind)
        case Kind.SCORE | Kind.POINTS:
            return _counted(plain, 10)
        case Kind.COUNT:
            return _counted(plain, 1)
        case Kind.DAY:
            return _day(plain)
        case Kind.MARK:
            return _MARKS.get(plain.lower())
        case Kind.LIGHT:
            return None
        case Kind.WORD | Kind.PROSE:
            return text.strip() or None


def _signed(text: str) -> tuple[int, str]:
    found = _SIGN.match(text)
    return (-1 if found and found["minus"] else 1), text[found.end() if found else 0 :]


def _quantity(text: str, kind: Kind) -> int | None:
    """Read the one amount or percentage that a text consists of; of two nobody knows which is right."""
    sign, plain = _signed(text)
    # 「进度」 lets a bare number be a percentage.
    before = "进度" if kind is Kind.SHARE else ""
    found = list(quantities_in(before + plain))
    if len(found) != 1 or found[0].is_money is not (kind is Kind.MONEY):
        return None
    if found[0].start not in {0, len(before)}:
        return None
    return sign * _whole(found[0].value * (1 if kind is Kind.MONEY else 10))


def _counted(text: str, parts: int) -> int | None:
    sign, plain = _signed(text)
    found = _COUNTED.fullmatch(plain)
    number = number_of(found["number"]) if found else None
    if number is None or (parts == 1 and number != number.to_integral_value()):
        return None
    return sign * _whole(number * parts)


def _day(text: str) -> str | None:
    found = _DAY.search(text)
    if found is None:
        return None
    year, month, day = map(int, re.findall(r"\d+", found[0]))
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _whole(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_HALF_UP))


def left_as_drafted(document: Document, changes: Iterable[Amendment]) -> list[str]:
    """Return the titles of what hangs on amended figures by rules that a paper does not know."""
    made = [(each.line, each.figure.key) for each in changes]
    titles = [
        heading.title
        for line, figure in made
        for table in document.tables
        if table.has(line, figure)
        for heading in table.headings
        if heading.key in _BY_RULE and (line, heading.key) not in made
        if figure in (_BY_RULE[heading.key] or {figure})
    ]
    return list(dict.fromkeys(titles))
