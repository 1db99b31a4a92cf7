"""What an import changes, told to whoever imports and kept in the audit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from bot.domain.columns import COLUMNS, Form, Sheet
from storage.audit import Audit

NOTHING = "空"
"""How an empty cell is told."""


class What(StrEnum):
    """What becomes of a row of the roster; the values are what people read."""

    ADDED = "新增"
    CHANGED = "修改"
    ENDED = "停用"
    KEPT = "不变"
    """The roster says otherwise, and what is known already is kept."""


_ACTIONS = {What.ADDED: "roster.added", What.CHANGED: "roster.changed", What.ENDED: "roster.ended"}
_COLUMNS = {sheet: {column.attribute: column for column in columns} for sheet, columns in COLUMNS.items()}
_PRIVATE = frozenset({"phone", "head"})
"""What is known of a person and does not enter the audit."""
_WORDS = {
    value.value: word
    for columns in COLUMNS.values()
    for column in columns
    for word, value in column.options.items()
}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that an import changes, in the words of the workbook."""

    sheet: str
    what: What
    name: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.sheet} {self.what} {self.name}" + (f"：{self.detail}" if self.detail else "")


class Journal:
    """Collects the changes of one import; each one that is written enters the audit."""

    def __init__(self, audit: Audit, now: datetime) -> None:
        self._audit = audit
        self.now = now
        self._changes: list[Change] = []

    def add(self, change: Change, subject: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        """Tell a change, and record what its subject was and is.

        The audit is never forgotten, so it speaks of people by their ids alone.
        """
        self._changes.append(change)
        self._audit.add(self.now, None, _ACTIONS[change.what], subject, was=_plain(was), now=_plain(now))

    def keep(self, sheet: Sheet, name: str, detail: str) -> None:
        """Tell that the roster says otherwise and is not followed."""
        self._changes.append(Change(sheet, What.KEPT, name, detail))

    def changes(self) -> tuple[Change, ...]:
        """Return everything told, in the order of the sheets."""
        order = list(Sheet)
        return tuple(sorted(self._changes, key=lambda change: order.index(Sheet(change.sheet))))


def differences(sheet: Sheet, was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return what differs, column by column: 年度计划 2000 万元 → 2500 万元."""
    return [
        f"{label(sheet, name)} {shown(sheet, name, was[name])} → {shown(sheet, name, now[name])}"
        for name in now
        if name in _COLUMNS[sheet]
    ]


def label(sheet: Sheet, name: str) -> str:
    """Return what people call a column, without its unit."""
    return _COLUMNS[sheet][name].name.partition("(")[0]


def shown(sheet: Sheet, name: str, value: Any) -> str:
    """Return a value of a column as people read it."""
    column = _COLUMNS[sheet][name]
    if value is None or value == "":
        return NOTHING
    if column.form is Form.MONEY:
        return f"{value / 100:.2f}".rstrip("0").rstrip(".") + " 万元"
    if column.form is Form.PERCENT:
        return f"{value / 10:g}%"
    return _WORDS.get(value, str(value)) if column.options else str(value)


def listed(names: Iterable[str]) -> str:
    """Return names as a cell of the workbook lists them."""
    return "、".join(names) or NOTHING


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
        if name not in _PRIVATE
    }
