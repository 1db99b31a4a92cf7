"""The roster workbook, read: every row as a value, or every fault with its cell and its cure."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.domain.columns import COLUMNS, EXAMPLE, NAMED_BY, OPTIONAL, ROWS, Column, Form, Sheet
from bot.domain.crosschecks import faults as crosscheck
from bot.domain.likeness import did_you_mean
from bot.domain.roster import DEFAULT_CATEGORIES, Known, Roster, Row
from bot.domain.scope import Scope
from bot.errors import Fault, RosterError
from bot.papers.cells import Misread, folded, plain, value_of
from bot.papers.grid import Cell, Grid, read_grids

_HEADINGS_WITHIN = 5
"""How far down the headings may stand, below a title or a note."""
_PLACE = re.compile(r"(.+)!([A-Z]+)(\d+)")


def read_roster(
    source: Path | bytes,
    *,
    categories: tuple[str, ...] = DEFAULT_CATEGORIES,
    known: Known | None = None,
) -> Roster:
    """Return what a workbook says.

    Raise RosterError with everything that is wrong, in the cells and between the rows.
    """
    grids = {folded(grid.name): grid for grid in read_grids(source)}
    found: list[Fault] = []
    rows: dict[str, Any] = {}
    layouts: dict[Sheet, _Layout] = {}
    for sheet in Sheet:
        grid = grids.get(sheet)
        if grid is None:
            if sheet not in OPTIONAL:
                cure = did_you_mean(sheet, [each.name for each in grids.values()], "照模板补上，表名不要改。")
                found.append(Fault(sheet, "缺少这张表", cure))
            continue
        layouts[sheet] = layout = _Layout(sheet, grid)
        found += layout.faults()
        rows[ROWS[sheet][1]] = tuple(_rows(layout, found))
    roster = Roster(**rows)

    def place(sheet: Sheet, row: int, column: str) -> str:
        return layouts[sheet].place(row, column) if sheet in layouts else ""

    # Without the names that rows refer to, every reference would be called wrong.
    named = [sheet for sheet, layout in layouts.items() if layout.is_named]
    if {Sheet.UNITS, Sheet.PEOPLE, Sheet.PROJECTS}.issubset(named):
        told = {fault.place for fault in found} | {""}
        between = crosscheck(roster, categories=categories, known=known, place=place)
        found += [fault for fault in between if fault.place not in told]
    if found:
        raise RosterError(sorted(found, key=_position))
    return roster


class _Layout:
    """Where a sheet's columns stand: in whatever order, below whatever title."""

    def __init__(self, sheet: Sheet, grid: Grid) -> None:
        self.sheet = sheet
        self.grid = grid
        wanted = {folded(column.name): column for column in COLUMNS[sheet]}
        top = [[folded(plain(cell)) for cell in row] for row in grid.rows[:_HEADINGS_WITHIN]]
        self.heading = max(range(len(top)), key=lambda at: len(wanted.keys() & set(top[at])), default=0)
        headings = top[self.heading] if top else []
        self.columns = {wanted[h].name: at for at, h in reversed([*enumerate(headings)]) if h in wanted}
        chosen = set(self.columns.values())
        self._strange = {at: h for at, h in enumerate(headings) if h and at not in chosen}
        self._missing = [column.name for column in COLUMNS[sheet] if column.name not in self.columns]

    @property
    def is_named(self) -> bool:
        """Tell whether the column is there that names the rows."""
        return NAMED_BY[self.sheet] in self.columns

    def place(self, row: int, column: str) -> str:
        """Return the place of a cell, nothing where the sheet lacks the column."""
        if column not in self.columns:
            return ""
        return self._at(max(row, self.heading + 1), self.columns[column])

    def faults(self) -> Iterator[Fault]:
        """Yield a fault for every column that is missing, and for every one too many."""
        strange = self._strange.values()
        for name in self._missing:
            cure = did_you_mean(name, strange, "照模板补上这一列，没有内容就空着。")
            yield Fault(str(self.sheet), f"缺少「{name}」列", cure)
        for at, heading in self._strange.items():
            wrong, cure = f"多出一列「{heading}」", did_you_mean(heading, self._missing, "删掉这一列。")
            if heading in map(folded, self.columns):
                wrong, cure = f"「{heading}」列有两个", "留一个。"
            yield Fault(self._at(self.heading + 1, at), wrong, cure)

    def covering(self, row: int, column: int) -> tuple[tuple[int, int], tuple[int, int]] | None:
        """Return the merged area that hides a cell, if there is one; all counted from zero."""
        for area in self.grid.merged:
            (top, left), (bottom, right) = area
            if top <= row <= bottom and left <= column <= right and (row, column) != (top, left):
                return area
        return None

    def _at(self, row: int, column: int) -> str:
        high, low = divmod(column, 26)
        letters = (chr(ord("A") + high - 1) if high else "") + chr(ord("A") + low)
        return f"{self.sheet}!{letters}{row}"


def _rows(layout: _Layout, found: list[Fault]) -> Iterator[Row]:
    """Yield the rows below the headings; empty rows, notes and examples are none."""
    for at, cells in enumerate(layout.grid.rows[layout.heading + 1 :], layout.heading + 1):
        filled = {name: cells[c] for name, c in layout.columns.items() if plain(cells[c])}
        if not filled or _is_note(layout, at, filled) or _is_example(layout, filled):
            continue
        columns = COLUMNS[layout.sheet]
        values: dict[str, Any] = {c.attribute: _value(layout, at, c, filled, found) for c in columns}
        if not values[columns[0].attribute]:
            continue
        if layout.sheet is Sheet.PEOPLE:
            values["roles"], values["active"] = values["roles"]
        yield ROWS[layout.sheet][0](row=at + 1, **values)


def _is_note(layout: _Layout, at: int, filled: dict[str, Cell]) -> bool:
    """Tell whether a row is one remark written across the columns."""
    across = layout.covering(at, 1)
    return len(filled) == 1 and across is not None and across == layout.covering(at, 2)


def _is_example(layout: _Layout, filled: dict[str, Cell]) -> bool:
    return plain(filled.get(NAMED_BY[layout.sheet], "")).startswith(EXAMPLE)


def _value(layout: _Layout, at: int, column: Column, filled: dict[str, Cell], found: list[Fault]) -> object:
    """Return what a cell says, or note the fault and return what stands in for it."""
    place = layout.place(at + 1, column.name)
    if column.name in filled:
        try:
            return value_of(filled[column.name], column)
        except Misread as misread:
            found.append(Fault(place, misread.wrong, misread.cure))
            return _EMPTY[column.form] if misread.instead is None else misread.instead
    if column.required and place:
        if layout.covering(at, layout.columns[column.name]):
            found.append(Fault(place, "这一格被合并了", "取消合并单元格，每一行都填上。"))
        else:
            found.append(Fault(place, f"没有填「{column.name}」", "这一列每行都要填。"))
    return next(iter(column.options.values())) if column.required and column.options else _EMPTY[column.form]


_EMPTY: dict[Form, object] = {
    Form.TEXT: "",
    Form.FULL_NAME: "",
    Form.PROSE: "",
    Form.CODE: "",
    Form.PHONE: "",
    Form.ACCOUNT: None,
    Form.MONEY: None,
    Form.PERCENT: None,
    Form.DAY: None,
    Form.CHOICE: None,
    Form.ROLES: (frozenset(), True),
    Form.NAME: None,
    Form.NAMES: (),
    Form.SCOPE: Scope(),
}
"""What an empty cell says."""


def _position(fault: Fault) -> tuple[int, int, int, str]:
    """Return where a fault stands, so that they can be mended from the first sheet to the last."""
    found = _PLACE.fullmatch(fault.place)
    sheets = [*Sheet]
    if not found:
        return (sheets.index(Sheet(fault.place)) if fault.place in sheets else -1, 0, 0, "")
    column = found[2]
    return sheets.index(Sheet(found[1])), int(found[3]), len(column), column
