"""A day at the beginning or the end of a line: the last such day if it is done, the next if it is planned."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.numerals import half_width, number_of

_HAN = "[一二三四五六七八九十]{1,3}"
_WORDS = {
    "今天": 0, "今日": 0, "昨天": -1, "昨日": -1, "前天": -2, "明天": 1, "明日": 1, "后天": 2,
    "today": 0, "yesterday": -1, "tomorrow": 1,
}  # fmt: skip
_YEARS = {"去年": -1, "今年": 0, "明年": 1}
_DAY = rf"""(?:
    (?P<word>{"|".join(_WORDS)})
    |(?:(?P<year>20[0-9]{{2}})\s?[年\-/.]\s?|(?P<which>{"|".join(_YEARS)})\s?)?
     (?:(?P<month>[0-9]{{1,2}}|{_HAN})\s?月\s?(?P<day>[0-9]{{1,2}}|{_HAN})\s?[日号]?
       |(?P<m>[0-9]{{1,2}})[\-/](?P<d>[0-9]{{1,2}}))
    )"""
_FIRST = re.compile(
    rf"[\s,，:：]*(?:于|在|到|至)?{_DAY}(?![0-9%％万亿\-/.])[\s,，:：。]*", re.VERBOSE | re.IGNORECASE
)
_LAST = re.compile(
    rf"[\s,，:：]*(?:于|在|到|至)?(?<![0-9\-/.]){_DAY}\s*(?:了|完成)?[\s。.!！]*$", re.VERBOSE | re.IGNORECASE
)
_SOON = timedelta(days=183)
"""A day without a year that would lie further off was meant for the other side of today."""


@dataclass(frozen=True, slots=True)
class SaidDay:
    """The day a line names, the words that name it, and the rest; no ``day`` if there is no such day."""

    day: date | None
    words: str
    rest: str


def read_day_done(text: str, today: date) -> SaidDay:
    """Return the day on which something was done: without a year, the latest such day.

    What can only lie ahead is returned as it is, for somebody to say so.
    """
    return _read(text, today, ahead=False)


def read_day_planned(text: str, today: date) -> SaidDay:
    """Return the day for which something is planned: without a year, the next such day within half a year."""
    return _read(text, today, ahead=True)


def _read(text: str, today: date, *, ahead: bool) -> SaidDay:
    plain = half_width(text)
    found = _FIRST.match(plain) or _LAST.search(plain)
    if found is None:
        return SaidDay(None, "", text.strip())
    rest = f"{text[: found.start()]} {text[found.end() :]}".strip()
    return SaidDay(
        _day(found, today, ahead=ahead), text[found.start() : found.end()].strip(" ,，:：。"), rest
    )


def _day(found: re.Match[str], today: date, *, ahead: bool) -> date | None:
    if found["word"]:
        return today + timedelta(days=_WORDS[found["word"].lower()])
    month, day = _number(found["month"] or found["m"]), _number(found["day"] or found["d"])
    if found["year"] or found["which"]:
        year = int(found["year"]) if found["year"] else today.year + _YEARS[found["which"]]
        return _date(year, month, day)
    this = _date(today.year, month, day)
    other = _date(today.year + (1 if ahead else -1), month, day)
    is_meant = this is not None and (this >= today if ahead else this <= today)
    if is_meant or other is None or abs(other - today) > _SOON:
        return this
    return other


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _number(text: str | None) -> int:
    return int(number_of(text or "") or 0)
