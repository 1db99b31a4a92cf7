"""A bulletin (材料): a paper of the timetable, from its draft to the people it is for."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.domain.blanks import Value
from bot.domain.document import Document, Heading, Kind
from bot.domain.figures import read_figures
from bot.domain.numerals import half_width, number_of
from bot.domain.quantities import quantities_in

_REASON = re.compile(r"[（(](?P<reason>[^()（）]*)[)）]\s*$")
_NUMBER = re.compile(r"-?\d[\d,]*")
_DAY = re.compile(r"(?P<year>\d{4})[-年/.](?P<month>\d{1,2})[-月/.](?P<day>\d{1,2})日?")


class Stage(StrEnum):
    """Where a bulletin stands; the values are what people read."""

    DRAFT = "拟稿"
    SHOWN = "公示"
    """Released, and open to objections until its moment comes."""
    RELEASED = "已发"
    DROPPED = "不发"
    EMPTY = "无内容"


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One paper of some days; ``version`` grows with every amendment, ``printed`` is the last on paper."""

    id: int
    slot: str
    form: str
    scope: str
    first: date
    last: date
    title: str
    stage: Stage
    document: Document
    audience: tuple[str, ...]
    hold: timedelta
    version: int
    printed: int
    drafted_at: datetime
    decided_at: datetime | None = None
    post_at: datetime | None = None
    posted_at: datetime | None = None

    @property
    def subject(self) -> str:
        """The name under which its letters and receipts are found again."""
        return f"bulletin:{self.id}"


@dataclass(frozen=True, slots=True)
class Amendment:
    """One figure put right: of which line, to what, and why."""

    line: str
    figure: Heading
    value: Value
    reason: str


def read_amendment(text: str, document: Document) -> Amendment | None:
    """Read 「XM-012 本期完成 3200万（漏报）」 as it concerns a paper; None if it names no figure of it."""
    reason = found["reason"].strip() if (found := _REASON.search(text)) else ""
    words = half_width(_REASON.sub("", text)).strip()
    key, _, rest = words.partition(" ")
    for table in document.tables:
        if not any(row.key == key or row.key.upper() == key.upper() for row in table.rows):
            continue
        line = next(row.key for row in table.rows if row.key.upper() == key.upper())
        # The longest title first: 「累计完成」 before 「累计」.
        for heading in sorted(table.headings, key=lambda each: -len(each.title)):
            name = half_width(heading.title)
            if rest.strip().startswith(name):
                value = read_value(rest.strip().removeprefix(name).strip(" :=为改"), heading.kind)
                return None if value is None else Amendment(line, heading, value, reason)
    return None


def read_value(text: str, kind: Kind) -> Value:
    """Read a figure as people write it, by what its column holds; None if it is none."""
    match kind:
        case Kind.MONEY:
            sums = [each for each in quantities_in(text) if each.is_money]
            return int(sums[0].value) if sums else None
        case Kind.SHARE:
            return read_figures(f"形象进度{text}").permille
        case Kind.SCORE:
            typed = number_of(text)
            return None if typed is None else int(typed * 10)
        case Kind.COUNT:
            found = _NUMBER.match(text)
            return int(found[0].replace(",", "")) if found else None
        case Kind.DAY:
            day = _DAY.search(text)
            try:
                return str(date(int(day["year"]), int(day["month"]), int(day["day"]))) if day else None
            except ValueError:
                return None
        case _:
            return text or None
