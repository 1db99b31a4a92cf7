"""The day until which nothing will change: 12月5日前, 12-05 之前, 下周三前, 月底前."""

import re
from calendar import monthrange
from datetime import date, timedelta

from bot.domain.numerals import half_width, number_of

_HAN = "[一二三四五六七八九十]{1,3}"
_DAY = re.compile(
    rf"""
    (?:预计|估计|大概|大约|应该)?(?:(?P<to>直?到|至|截至|截止)|在)?\s?
    (?:
      (?:(?P<year>20[0-9]{{2}})\s?[年\-/.]\s?)?
      (?:(?P<month>[0-9]{{1,2}}|{_HAN})\s?月\s?(?:份\s?)?(?P<day>[0-9]{{1,2}}|{_HAN})\s?[日号]?
        |(?<![0-9.])(?P<m>[0-9]{{1,2}})[\-/.](?P<d>[0-9]{{1,2}})(?![0-9.%万亿]))\s?[日号]?
      |(?P<of>[0-9]{{1,2}}|{_HAN}|本|这个|下|下个)?月(?:份)?(?P<month_end>底|末)
      |(?P<year_end>年底|年末|今年底)
      |(?P<which>下下|下|这|本)?个?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])
      |(?<![0-9])(?P<alone>[0-9]{{1,2}})\s?[日号](?!楼|厂|车|线|机|地)
    )
    \s?(?:\(?(?:周|星期)[一二三四五六日天]\)?)?\s?(?:之前|以前|前|为止|止|(?(to)|(?!)))
    """,
    re.VERBOSE,
)
_WEEKDAYS = {sign: at for at, sign in enumerate("一二三四五六日")} | {"天": 6}
_WEEKS_ON = {"下下": 2, "下": 1}
_SOON = timedelta(days=183)
"""A date without a year that lies further ahead was meant for the past."""


def read_until(text: str, today: date) -> date | None:
    """Return the day named by 「…前」 or 「到…」; None when there is none, or it is past or impossible.

    A date without a year is the next such day. In November, 1月5日 is in January; 11月20日
    is no day a year ahead but a slip, for silence of a year must not come from a typo.
    """
    found = _DAY.search(half_width(text))
    day = _day(found, today) if found else None
    return day if day and day >= today else None


def without_until(text: str) -> str | None:
    """Return the text without the words that name the day; None when it names no such day."""
    found = _DAY.search(half_width(text))
    return text[: found.start()] + text[found.end() :] if found else None


_SOON_WORDS = {
    "今天": 0, "今日": 0, "明天": 1, "明日": 1, "后天": 2, "大后天": 3, "today": 0, "tomorrow": 1,
}  # fmt: skip
_LEAD_IN = re.compile(r"\s*(?:延期|延长|推迟|延|直)?(?:到|至)?\s*")
_TRAILING = " ，,。；;：:、之前以前前止"


def read_day(text: str, today: date) -> tuple[date | None, str]:
    """Return the day that a text begins with – 12月10日, 明天, 下周三 – and the words after it.

    A day of this year that is past is returned as it is, for somebody to say so; without a day at
    the beginning, the text is returned whole.
    """
    said = half_width(text)
    start = _LEAD_IN.match(said).end()  # type: ignore[union-attr]
    word = next((word for word in _SOON_WORDS if said[start:].lower().startswith(word)), "")
    if word:
        return today + timedelta(days=_SOON_WORDS[word]), said[start + len(word) :].strip(_TRAILING)
    found = _DAY.match(f"到{said[start:]}")
    if found is None:
        return None, text.strip()
    rest = said[start + found.end() - 1 :].strip(_TRAILING)
    return _day(found, today) or _past(found, today), rest


def _past(found: re.Match[str], today: date) -> date | None:
    month, day_of_month = _number(found["month"] or found["m"]), _number(found["day"] or found["d"])
    return _day_in(int(found["year"] or today.year), month, day_of_month, date.min)


def _day(found: re.Match[str], today: date) -> date | None:
    if found["weekday"]:
        weeks = _WEEKS_ON.get(found["which"], 0)
        monday = today - timedelta(days=today.weekday())
        day = monday + timedelta(days=7 * weeks + _WEEKDAYS[found["weekday"]])
        # On a Friday, 「周三前」 can only be the Wednesday to come.
        return day + timedelta(days=7) if found["which"] is None and day < today else day
    if found["year_end"]:
        return date(today.year, 12, 31)
    if found["month_end"]:
        return _month_end(found["of"], today)
    if found["alone"]:
        day_of_month = int(found["alone"])
        later = today.month % 12 + 1
        return _day_in(today.year, today.month, day_of_month, today) or _next(later, day_of_month, today)
    month, day_of_month = _number(found["month"] or found["m"]), _number(found["day"] or found["d"])
    if found["year"]:
        return _day_in(int(found["year"]), month, day_of_month, today)
    return _next(month, day_of_month, today)


def _month_end(of: str | None, today: date) -> date | None:
    if of in {None, "本", "这个"}:
        month = today.month
    elif of in {"下", "下个"}:
        month = today.month % 12 + 1
    else:
        month = _number(of)
    if month not in range(1, 13):
        return None
    year = today.year + (month < today.month)
    day = date(year, month, monthrange(year, month)[1])
    return day if day - today <= _SOON else None


def _next(month: int, day_of_month: int, today: date) -> date | None:
    this_year = _day_in(today.year, month, day_of_month, today)
    next_year = _day_in(today.year + 1, month, day_of_month, today)
    return this_year or (next_year if next_year and next_year - today <= _SOON else None)


def _day_in(year: int, month: int, day_of_month: int, today: date) -> date | None:
    """Return the day if it exists and is not past."""
    try:
        day = date(year, month, day_of_month)
    except ValueError:
        return None
    return day if day >= today else None


def _number(text: str | None) -> int:
    return int(number_of(text or "") or 0)
