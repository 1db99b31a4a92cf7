"""变更登记 (MISSION row 28): what of a project's plan may be changed, how it is said, what cannot be."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from bot.domain.days import read_day_planned
from bot.domain.figures import show_money
from bot.domain.numerals import half_width
from bot.domain.projects import Project, ProjectClass
from bot.domain.quantities import quantities_in


class Item(StrEnum):
    """What may be changed; the values are what people read."""

    TOTAL = "总投资"
    PLANNED = "年度计划"
    START = "计划开工"
    COMPLETION = "计划竣工"
    CONTENT = "建设内容"

    @property
    def is_money(self) -> bool:
        """Whether it is an amount."""
        return self in {Item.TOTAL, Item.PLANNED}

    @property
    def is_day(self) -> bool:
        """Whether it is a day."""
        return self in {Item.START, Item.COMPLETION}


COLUMNS = {
    Item.TOTAL: "total",
    Item.PLANNED: "planned",
    Item.START: "planned_start",
    Item.COMPLETION: "planned_completion",
}
"""Where a project keeps them; what it builds stands with the 五要件."""

_WORDS = {
    "总投资": Item.TOTAL, "总投资额": Item.TOTAL, "投资总额": Item.TOTAL, "计划总投资": Item.TOTAL,
    "年度计划": Item.PLANNED, "年度计划投资": Item.PLANNED, "年度投资计划": Item.PLANNED,
    "年度投资": Item.PLANNED, "年计划": Item.PLANNED, "今年计划": Item.PLANNED,
    "开工": Item.START, "计划开工": Item.START, "开工时间": Item.START, "计划开工时间": Item.START,
    "开工日期": Item.START,
    "竣工": Item.COMPLETION, "计划竣工": Item.COMPLETION, "竣工时间": Item.COMPLETION,
    "计划竣工时间": Item.COMPLETION, "竣工日期": Item.COMPLETION, "完工": Item.COMPLETION,
    "投产": Item.COMPLETION,
    "建设内容": Item.CONTENT, "建设规模": Item.CONTENT, "建设内容和规模": Item.CONTENT,
}  # fmt: skip
_BY_LENGTH = sorted(_WORDS, key=len, reverse=True)
_EDGES = " \t\r\n\u3000，,。；;：:、"
_BY = "调整|变更|修改|改|增加|增|减少|减|提高|降低|调增|调减|核减|追加|推迟|延期|提前"
_TO = rf"(?:拟|申请)?(?:{_BY})?(?:为|到|至)"
_LEAD_IN = re.compile(rf"[\s,，:：]*(?:{_TO})?[\s,，:：]*")
_FROM = re.compile(r"[\s,，:：]*(?:由|从|原)(?:来|为)?\s*")
_ON = re.compile(rf"[\s,，:：元]*{_TO}[\s,，:：]*")
_BECAUSE = re.compile(r"[\s,，。；;]*(?:变更)?(?:原因|理由|因为|由于|因)(?:是|为)?[:：]?\s*")
_LIMIT = 10**10
"""1 万亿元, as in `figures`."""

LONGEST = 100
"""So long what it builds and the reason may be."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change as it was said; no ``value`` where there is none to read, no ``reason`` where none was given.

    ``value`` is what is kept: hundredths of 万元, a day as 2026-12-20, or words.
    """

    item: Item
    value: str
    reason: str


def item_of(name: str) -> Item | None:
    """Return what a name means."""
    return _WORDS.get(name)


def read_change(text: str, today: date) -> Change | None:
    """Read 「总投资 8.2亿，增加二期厂房」; None where it names nothing that may be changed.

    What is only added or taken away – 总投资增加5000万 – is no new value, and is asked back.
    """
    word = next((each for each in _BY_LENGTH if text.startswith(each)), "")
    if not word:
        return None
    item, rest = _WORDS[word], text[len(word) :]
    if item.is_money:
        value, end = _money(rest)
        return Change(item, value, reason_in(rest[end:]) if value else "")
    if item.is_day:
        rest = rest[_LEAD_IN.match(rest).end() :]  # type: ignore[union-attr]
        said = read_day_planned(rest, today)
        return Change(
            item, said.day.isoformat() if said.day else "", reason_in(said.rest) if said.day else ""
        )
    because = _BECAUSE.search(rest)
    words, reason = (rest[: because.start()], rest[because.end() :]) if because else (rest, "")
    return Change(item, words[_LEAD_IN.match(words).end() :].strip(_EDGES), reason.strip(_EDGES))  # type: ignore[union-attr]


def _money(text: str) -> tuple[str, int]:
    """Return the amount that a text begins with, and where it ends; of 由5亿调整为6.2亿 the second."""
    plain = half_width(text)
    found = [each for each in quantities_in(plain) if each.is_money]
    if not found:
        return "", 0
    meant = found[0]
    if _FROM.fullmatch(plain, 0, meant.start):
        if len(found) == 1 or not _ON.fullmatch(plain, meant.end, found[1].start):
            return "", 0
        meant = found[1]
    elif not _LEAD_IN.fullmatch(plain, 0, meant.start):
        return "", 0
    return (str(int(meant.value)), meant.end) if Decimal(1) <= meant.value < _LIMIT else ("", 0)


def reason_in(text: str) -> str:
    """Return a reason without the words that only say that it is one."""
    text = text.strip(_EDGES)
    because = _BECAUSE.match(text)
    return text[because.end() if because else 0 :].strip(_EDGES)


def shown(item: str, value: str) -> str:
    """Return a kept value as people read it; a milestone's day is read as it is kept."""
    return show_money(int(value)) if value and item in {Item.TOTAL, Item.PLANNED} else value


def standing(project: Project, item: Item) -> str:
    """Return what stands in a project's plan now, as it is kept; empty where nothing does."""
    value = getattr(project, COLUMNS[item])
    if item.is_money:
        return str(value) if value else ""
    return value.isoformat() if value else ""


def amounts_after(project: Project, item: Item, value: str) -> tuple[int, int]:
    """Return the total and the year's plan as a change would leave them."""
    total = int(value) if item is Item.TOTAL else project.total
    return total, int(value) if item is Item.PLANNED else project.planned


def obstacle(project: Project, item: Item, value: str, today: date) -> str:
    """Return the end of the key of the sentence why a change cannot be; empty where it can."""
    if project.actual_completion is not None or project.kind is ProjectClass.BUILT:
        return "completed"
    if item.is_money:
        total, planned = amounts_after(project, item, value)
        return "plan_above_total" if total and planned > total else ""
    if item.is_day:
        day = date.fromisoformat(value)
        if item is Item.START and project.actual_start is not None:
            return "started"
        if day < today:
            return "past"
        start = day if item is Item.START else project.actual_start or project.planned_start
        end = day if item is Item.COMPLETION else project.planned_completion
        return "ends_before_start" if start and end and end <= start else ""
    return ""
