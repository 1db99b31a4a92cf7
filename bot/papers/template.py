"""The roster workbook, written: empty with drop-downs and an example, or filled with a roster."""

import tomllib
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.domain.columns import COLUMNS, RETIRED, ROWS, Column, Form, Sheet
from bot.domain.people import Role
from bot.domain.roster import DEFAULT_CATEGORIES, Roster, Row

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

LEVELS = ("国家级", "省级", "市级", "县级")
"""The levels that are offered; a county may write others."""

_ROOM = 2000
"""How many rows have drop-downs at least."""
_SPARE = 500
_LONGEST_LIST = 255
"""In characters; Excel calls a workbook damaged whose list is longer."""

_A3, _A4, _MOST_ON_A4 = 8, 9, 10

_FONT = {"font_name": "微软雅黑", "font_size": 10, "valign": "vcenter"}
_HEADING = _FONT | {
    "bold": True,
    "align": "center",
    "text_wrap": True,
    "border": 1,
    "border_color": "#B8C4D2",
}
_REQUIRED = _HEADING | {"bg_color": "#17406D", "font_color": "#FFFFFF"}
_OPTIONAL = _HEADING | {"bg_color": "#DCE6F1", "font_color": "#17406D"}
_EXAMPLE = {"font_color": "#8A8A8A", "bg_color": "#F5F5F5"}
_NUMBER_FORMATS = {
    Form.MONEY: "#,##0.00",
    Form.PERCENT: "0.0",
    Form.DAY: "yyyy-mm-dd",
    Form.ACCOUNT: "0",
    Form.CODE: "@",
    Form.PHONE: "@",
}
_ALIGNMENTS: dict[Form, dict[str, Any]] = {
    Form.DAY: {"align": "center"},
    Form.ACCOUNT: {"align": "left"},
    Form.PROSE: {"text_wrap": True},
}
_UNIT_COLUMNS = {(Sheet.PEOPLE, "unit"), (Sheet.PROJECTS, "unit"), (Sheet.ROUTES, "unit")}
_CATEGORY_COLUMNS = {(Sheet.ROUTES, "category"), (Sheet.PROBLEMS, "category")}
_NEEDED = {(Sheet.PROJECTS, "leader"), (Sheet.PROJECTS, "liaisons")}
"""Columns that may be empty only for a project that is known already."""
_WRITTEN_ON = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""Kept the same, so that the same roster makes the same file."""


def write_roster(
    path: Path, roster: Roster | None = None, categories: tuple[str, ...] = DEFAULT_CATEGORIES
) -> None:
    """Write the workbook to a file: filled with a roster, or empty with one example a sheet."""
    path.write_bytes(roster_workbook(roster, categories))


def roster_workbook(roster: Roster | None = None, categories: tuple[str, ...] = DEFAULT_CATEGORIES) -> bytes:
    """Return the workbook: filled with a roster, or empty with one example a sheet."""
    import xlsxwriter  # noqa: PLC0415 -- 0.1 s that only a workbook needs

    content = BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(content, options) as workbook:
        workbook.set_properties({"title": "重点项目名册", "created": _WRITTEN_ON})
        for sheet in Sheet:
            rows = None if roster is None else getattr(roster, ROWS[sheet][1])
            _Page(workbook, sheet, categories).write(rows)
    return content.getvalue()


def _words(value: Any, column: Column) -> Any:
    """Return what stands in the cell of a value."""
    match column.form:
        case Form.MONEY if value is not None:
            return value / 100
        case Form.PERCENT if value is not None:
            return value / 10
        case Form.CHOICE:
            return next((word for word, option in column.options.items() if option is value), None)
        case Form.NAMES:
            return "、".join(str(name) for name in value)
        case Form.NAME | Form.SCOPE if value is not None:
            return str(value)
        case _:
            return value


def _cells(row: Row, sheet: Sheet) -> list[Any]:
    """Return the cells of a row, in the order of the columns."""
    cells = []
    for column in COLUMNS[sheet]:
        value = getattr(row, column.attribute)
        if column.form is Form.ROLES:
            words = [role for role in Role if role in value]
            value = "、".join([*words, *([] if getattr(row, "active", True) else [RETIRED])])
        cells.append(_words(value, column))
    return cells


class _Page:
    """One sheet of the workbook."""

    def __init__(self, workbook: "Workbook", sheet: Sheet, categories: tuple[str, ...]) -> None:
        self._workbook = workbook
        self._sheet = sheet
        self._columns = COLUMNS[sheet]
        self._categories = categories
        self._notes = _notes()[sheet]
        self._page: Worksheet = workbook.add_worksheet(sheet)

    def write(self, rows: Sequence[Row] | None) -> None:
        """Write the headings and the rows; without rows, the example."""
        last = max(_ROOM, len(rows or ()) + _SPARE)
        self._set_up(last)
        self._write_headings()
        for at, column in enumerate(self._columns):
            if rule := self._rule(column):
                self._page.data_validation(1, at, last, at, {"ignore_blank": True} | rule)
        if rows is None:
            self._write_rows([self._notes["example"]], _EXAMPLE)
        else:
            self._write_rows((_cells(row, self._sheet) for row in rows), {})
        self._page.autofilter(0, 0, max(1, len(rows or ())), len(self._columns) - 1)

    def _set_up(self, last: int) -> None:
        page = self._page
        for at, (column, width) in enumerate(zip(self._columns, self._notes["widths"], strict=True)):
            page.set_column(at, at, width, self._look(column, {}))
        page.freeze_panes(1, 2 if self._sheet is Sheet.PROJECTS else 1)
        page.ignore_errors({"number_stored_as_text": f"A1:V{last + 1}"})
        page.set_landscape()
        page.set_paper(_A3 if len(self._columns) > _MOST_ON_A4 else _A4)
        page.set_default_row(18)
        page.set_margins(left=0.3, right=0.3, top=0.5, bottom=0.5)
        page.fit_to_pages(1, 0)
        page.repeat_rows(0)
        page.set_footer("&C&A　&P / &N")

    def _look(self, column: Column, extra: dict[str, Any]) -> "Format":
        look = _FONT | extra
        if column.form in _NUMBER_FORMATS:
            look["num_format"] = _NUMBER_FORMATS[column.form]
        look |= _ALIGNMENTS.get(column.form, {})
        return self._workbook.add_format(look)

    def _write_headings(self) -> None:
        required, optional = (self._workbook.add_format(look) for look in (_REQUIRED, _OPTIONAL))
        self._page.set_row(0, 32)
        for at, column in enumerate(self._columns):
            is_needed = column.required or (self._sheet, column.attribute) in _NEEDED
            self._page.write_string(0, at, column.name, required if is_needed else optional)
            if note := self._notes["help"].get(column.name):
                lines = sum(1 + len(line) // 18 for line in note.split("\n"))
                look = {"font_name": "微软雅黑", "font_size": 9, "width": 250, "height": 22 + 16 * lines}
                self._page.write_comment(0, at, note, look)

    def _write_rows(self, rows: Iterable[Sequence[Any]], extra: dict[str, Any]) -> None:
        looks = [self._look(column, extra) for column in self._columns]
        for number, cells in enumerate(rows, 1):
            for at, (cell, look) in enumerate(zip(cells, looks, strict=True)):
                match cell:
                    case None | "":
                        if extra:
                            self._page.write_blank(number, at, None, look)
                    case date():
                        self._page.write_datetime(number, at, cell, look)
                    case int() | float():
                        self._page.write_number(number, at, cell, look)
                    case _:
                        self._page.write_string(number, at, str(cell), look)

    def _rule(self, column: Column) -> dict[str, Any]:
        """Return what may be written into a column, and what is offered."""
        where = (self._sheet, column.attribute)
        if where in _UNIT_COLUMNS:
            return _UNIT_RULE
        if where in _CATEGORY_COLUMNS:
            return _one_of(self._categories)
        if where == (Sheet.PROJECTS, "level"):
            return _one_of(LEVELS) | _HINT_ONLY
        return _one_of(column.options) if column.options else _RULES.get(column.form, {})


def _one_of(words: Iterable[str]) -> dict[str, Any]:
    offered = [str(word) for word in words]
    if len(",".join(offered)) > _LONGEST_LIST or any("," in word for word in offered):
        return {}
    message = "从下拉里选一个。"
    return {"validate": "list", "source": offered, "error_title": "没有这一项", "error_message": message}


def _named_on(sheet: Sheet) -> dict[str, Any]:
    """Offer the names on another sheet, as many as there are now."""
    names = f"OFFSET('{sheet}'!$A$2,0,0,MAX(1,COUNTA('{sheet}'!$A:$A)-1),1)"
    return {"validate": "list", "source": f"={names}"}


def _bounded(kind: str, least: date | float, most: date | float, message: str) -> dict[str, Any]:
    limits = {"validate": kind, "criteria": "between", "minimum": least, "maximum": most}
    return limits | {"error_title": "填得不对", "error_message": message}


_HINT_ONLY = {"show_error": False}
_UNIT_RULE = _named_on(Sheet.UNITS) | {
    "error_type": "warning",
    "error_title": "没有这个单位",
    "error_message": "请先在「单位」表里加上它。",
}
_RULES = {
    Form.ROLES: _one_of([*Role, RETIRED]) | _HINT_ONLY,
    Form.NAME: _named_on(Sheet.PEOPLE) | _HINT_ONLY,
    Form.NAMES: _named_on(Sheet.PEOPLE) | _HINT_ONLY,
    Form.MONEY: _bounded("decimal", 0, 1e8, "只填数字，单位万元。"),
    Form.PERCENT: _bounded("decimal", 0, 100, "填 0 到 100，58% 就填 58。"),
    Form.DAY: _bounded("date", date(2000, 1, 1), date(2099, 12, 31), "写成 2026-03-01。"),
    Form.ACCOUNT: _bounded("integer", 1, 2**52, "填数字 id；不知道就空着。"),
}


@cache
def _notes() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
