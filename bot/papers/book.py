"""Spreadsheets of typed cells: written row by row, printed on A4, the same bytes every time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from io import BytesIO
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from unicodedata import east_asian_width
from zoneinfo import ZoneInfo

from bot.domain.deadlines import Light
from bot.domain.words import clean, fits, visible
from bot.errors import PaperError

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format

Row = TypeVar("Row")

_MOST_ROWS = 1_048_576
_LONGEST_TEXT = 32_767
"""What Excel takes; XlsxWriter silently leaves out what is over either."""

_LINE_HEIGHT = 15
_TALLEST_ROW = 405
"""In points, as all heights are."""

_CELL = {
    "font_name": "微软雅黑",
    "font_size": 10,
    "valign": "vcenter",
    "border": 1,
    "border_color": "#D5DBE3",
}
_HEAD = {"bold": True, "align": "center", "valign": "vcenter", "bg_color": "#17406D", "font_color": "#FFFFFF"}
_ALARM = {"align": "center", "bold": True, "font_color": "#A32A1C"}
_LIGHTS: dict[Light, dict[str, object]] = {
    Light.GREEN: {"align": "center", "font_color": "#2C7A4B"},
    Light.YELLOW: {"align": "center", "font_color": "#8F5E08"},
    Light.RED: _ALARM,
}
"""Not every spreadsheet draws 🟢🟡🔴 in colour; the words have it too."""
_AMENDED = {"bg_color": "#FFF2CC"}
_SUM = {"bold": True, "bg_color": "#F2F5F9", "top": 2, "top_color": "#17406D"}
_COMMENT = {"font_name": "微软雅黑", "font_size": 9, "width": 220, "height": 60}


class Form(Enum):
    """How a column's values are written and shown."""

    WORD = ()
    PROSE = (("text_wrap", True),)
    COUNT = (("num_format", "0"), ("align", "center"))
    HOURS = (("num_format", "0.0"),)
    """A length of time, in hours."""
    MONEY = (("num_format", "#,##0.00"),)
    """Hundredths of 万元, shown in 万元."""
    SHARE = (("num_format", "0.0%"),)
    """Thousandths."""
    POINTS = (("num_format", "+0.0;-0.0;0.0"),)
    """A difference of shares in thousandths, shown in points with its sign."""
    SCORE = (("num_format", "0.0"), ("align", "center"))
    """Tenths of a point."""
    MARK = (("num_format", '"√";;'), ("align", "center"))
    """A tick where it is 1, so that ticks can be summed."""
    DAY = (("num_format", "yyyy-mm-dd"), ("align", "center"))
    MOMENT = (("num_format", "yyyy-mm-dd hh:mm"), ("align", "center"))
    """Shown in the county's zone, without saying so."""
    ALARM = (("align", "center"),)
    """Yes or no, where yes is bad; or how a clock stands."""


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A column: its title, its width in letters, and what it shows of a row.

    ``summed``, a formula below adds it up; with ``share_of``, one below divides the sums of two other
    columns, by their places.
    """

    title: str
    width: int
    form: Form
    of: Callable[[Row], object]
    summed: bool = False
    share_of: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Amended:
    """A value that was put right by hand, and the words that tell so."""

    value: object
    note: str


@dataclass(frozen=True, slots=True)
class Sheet(Generic[Row]):
    """A sheet: its name, the title over each printed page, its columns, its rows, and what stands below.

    ``total`` is the word before the sums; ``notes`` are sentences under the table.
    """

    name: str
    title: str
    columns: Sequence[Column[Row]]
    rows: Iterable[Row]
    still_columns: int = 2
    """As many columns stay in sight when the reader scrolls to the right."""
    total: str = ""
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Book:
    """What holds for every sheet of a workbook; ``yes``, ``no`` and ``lights`` are the reader's words."""

    title: str
    made_at: datetime
    zone: ZoneInfo
    yes: str
    no: str
    lights: Mapping[Light, str]

    def of(self, *sheets: Sheet[Any]) -> bytes:
        """Return the workbook; raise PaperError if a sheet has more rows than Excel opens."""
        import xlsxwriter  # noqa: PLC0415 -- 0.1 s that only a workbook needs

        content = BytesIO()
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(content, options) as workbook:
            workbook.set_properties(
                {"title": self.title, "created": self.made_at.astimezone(UTC).replace(tzinfo=None)}
            )
            looks = _Looks(
                {form: workbook.add_format(_CELL | dict(form.value)) for form in Form},
                {light: workbook.add_format(_CELL | look) for light, look in _LIGHTS.items()},
                workbook.add_format(_CELL | _ALARM),
                {form: workbook.add_format(_CELL | dict(form.value) | _AMENDED) for form in Form},
                {
                    form: workbook.add_format(_CELL | dict(_TOTALS.get(form, form).value) | _SUM)
                    for form in Form
                },
            )
            head = workbook.add_format(_CELL | _HEAD | {"text_wrap": True})
            for sheet in sheets:
                _SheetWriter(self, workbook, sheet, looks).write(head)
        return content.getvalue()


@dataclass(frozen=True, slots=True)
class _Looks:
    """The formats of one workbook."""

    forms: "dict[Form, Format]"
    lights: "dict[Light, Format]"
    alarm: "Format"
    amended: "dict[Form, Format]"
    sums: "dict[Form, Format]"


class _SheetWriter:
    """Writes one sheet, top to bottom: a row once left is on the disk."""

    def __init__(self, book: Book, workbook: "Workbook", sheet: Sheet[Any], looks: _Looks) -> None:
        self._book = book
        self._sheet = sheet
        self._looks = looks
        self._page = workbook.add_worksheet(sheet.name)
        self._totals = [0] * len(sheet.columns)

    def write(self, head: "Format") -> None:
        self._set_up_printing()
        page, columns = self._page, self._sheet.columns
        page.freeze_panes(1, self._sheet.still_columns)
        page.set_row(0, 30)
        for at, column in enumerate(columns):
            page.set_column(at, at, column.width)
            page.write_string(0, at, column.title, head)
        last = 0
        for last, row in enumerate(self._sheet.rows, 1):
            if last == _MOST_ROWS:
                raise PaperError(
                    f"{self._sheet.name}: more than {_MOST_ROWS - 1} rows; choose a shorter time"
                )
            self._write_row(last, [column.of(row) for column in columns])
        page.autofilter(0, 0, last, len(columns) - 1)
        if last and self._sheet.total and any(column.summed for column in columns):
            self._write_sums(last)
        for place, note in enumerate(self._sheet.notes, last + 3):
            page.write_string(place, 0, fits(visible(clean(note)), _LONGEST_TEXT))

    def _write_sums(self, last: int) -> None:
        """Write the sums as formulas, with their values for whoever reads without reckoning."""
        page, totals = self._page, self._totals
        row = last + 1
        for at, column in enumerate(self._sheet.columns):
            look = self._looks.sums[column.form]
            letter = _letter(at)
            if column.share_of is not None:
                part, whole = column.share_of
                formula = (
                    f"IF({_letter(whole)}{row + 1}=0,0,{_letter(part)}{row + 1}/{_letter(whole)}{row + 1})"
                )
                value = totals[part] / totals[whole] if totals[whole] else 0
                page.write_formula(row, at, f"={formula}", look, value)
            elif column.summed:
                value = totals[at] / _PARTS.get(column.form, 1)
                page.write_formula(row, at, f"=SUBTOTAL(109,{letter}2:{letter}{row})", look, value)
            elif at == 0:
                page.write_string(row, at, self._sheet.total, look)
            else:
                page.write_blank(row, at, None, look)

    def _set_up_printing(self) -> None:
        page = self._page
        page.set_landscape()
        page.set_paper(9)
        page.set_margins(left=0.3, right=0.3, top=0.7, bottom=0.5)
        page.fit_to_pages(1, 0)
        page.repeat_rows(0)
        # In a page header & starts a code, a digit right after &14 would be part of it, and
        # 255 letters are all it may have.
        title = fits(visible(clean(self._sheet.title)), 100).replace("&", "&&")
        page.set_header(f"&C&14 {title}")
        page.set_footer("&C&P / &N")

    def _write_row(self, row: int, values: Sequence[object]) -> None:
        columns = self._sheet.columns
        # Only Excel fits the height of a row to its text by itself, and not in every version.
        tallest = max(
            (
                _lines(str(value), c.width)
                for c, value in zip(columns, values, strict=True)
                if c.form is Form.PROSE
            ),
            default=1,
        )
        if tallest > 1:
            self._page.set_row(row, min(_LINE_HEIGHT * tallest, _TALLEST_ROW))
        for at, (column, value) in enumerate(zip(columns, values, strict=True)):
            look = self._looks.forms[column.form]
            if isinstance(value, Amended):
                self._page.write_comment(row, at, value.note, _COMMENT)
                value, look = value.value, self._looks.amended[column.form]  # noqa: PLW2901 -- what it now is
            if isinstance(value, int):
                self._totals[at] += value
            self._write_cell(row, at, column.form, value, look)

    def _write_cell(self, row: int, at: int, form: Form, value: object, look: "Format") -> None:
        page = self._page
        match value:
            case None | "":
                page.write_blank(row, at, None, look)
            case bool():
                word = self._book.yes if value else self._book.no
                page.write_string(row, at, word, self._looks.alarm if value else look)
            case Light():
                page.write_string(row, at, self._book.lights[value], self._looks.lights[value])
            case int():
                page.write_number(row, at, value / _PARTS.get(form, 1), look)
            case timedelta():
                page.write_number(row, at, round(value / _HOUR, 1), look)
            case datetime():
                page.write_datetime(row, at, value.astimezone(self._book.zone).replace(tzinfo=None), look)
            case date():
                page.write_datetime(row, at, value, look)
            case _:
                page.write_string(row, at, fits(visible(clean(str(value))), _LONGEST_TEXT), look)


_HOUR = timedelta(hours=1)
_PARTS = {Form.MONEY: 100, Form.SHARE: 1000, Form.POINTS: 10, Form.SCORE: 10}
_TOTALS = {Form.MARK: Form.COUNT}
"""How a sum is shown, where not as what it sums."""


def _letter(at: int) -> str:
    """Return the letters of a column: A, B, … Z, AA."""
    before, place = divmod(at, 26)
    return (_letter(before - 1) if before else "") + chr(ord("A") + place)


def _lines(text: str, width: int) -> int:
    """Return how many lines a text takes in a column so many letters wide; 汉字 count double."""
    return sum(
        1 + max(0, sum(2 if east_asian_width(letter) in "WF" else 1 for letter in line) - 1) // width
        for line in text[:_LONGEST_TEXT].splitlines() or [""]
    )
