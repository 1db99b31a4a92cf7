"""A workbook opened with care: its size, kind and shape are looked at before it is read."""

import html
import re
import struct
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812 -- an error should look like one

from python_calamine import CalamineError, CalamineWorkbook

from bot.errors import Fault, RosterError

MAX_BYTES = 20 * 1024 * 1024
"""The largest file that is read."""
_MAX_UNPACKED = 400 * 1024 * 1024

_OLE = b"\xd0\xcf\x11\xe0"
"""How an .xls begins, and an .xlsx with a password."""
_BROKEN = (
    BadZipFile, ZlibError, LZMAError, EOFError, NotImplementedError, RuntimeError, OSError, ValueError,
    struct.error,
)  # fmt: skip
"""What reading a damaged archive has been seen to raise."""
_SHEET_TAG = re.compile(r"<(?:\w+:)?sheet\s([^>]*)>")
_RELATION_TAG = re.compile(r"<(?:\w+:)?Relationship\s([^>]*)>")
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_ERROR_CELL = re.compile(rb"""<(?:\w+:)?c\b([^>]*\bt=["']e["'][^>]*)>.*?<(?:\w+:)?v>([^<]*)<""", re.DOTALL)
_ADDRESS = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_FAR_CELL = re.compile(
    rb"""\br=["'](?:([A-Z]{3}[0-9]+|[D-Z][A-Z][0-9]+)|[A-Z]+(?:[5-9][0-9]{4}|[1-9][0-9]{5,}))["']"""
    rb"""[^>]*[^/>]>(?!</)"""
)
"""A cell with something in it, right of column CZ or below row 49,999."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A cell whose formula failed: #REF!, #N/A."""

    error: str

    def __str__(self) -> str:
        return self.error


Cell = str | float | bool | date | datetime | time | timedelta | Broken

Area = tuple[tuple[int, int], tuple[int, int]]
"""The first and the last cell of a rectangle, counted from zero."""


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet: its cells from A1 on, and the areas that are merged."""

    name: str
    rows: list[list[Cell]]
    merged: list[Area]


def read_grids(source: Path | bytes) -> list[Grid]:
    """Return the sheets of an .xlsx workbook, in its order.

    Raise RosterError with one fault if it is too large, locked, broken or something else.
    """
    data = _bytes_of(source)
    failed = _looked_through(data)
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(data))
        return [_grid(workbook, name, failed.get(name, {})) for name in workbook.sheet_names]
    except CalamineError as error:
        raise _refusal("文件读不出来，可能已经损坏", "用 Excel 或 WPS 打开，另存为 .xlsx 再试。") from error


def _grid(workbook: CalamineWorkbook, name: str, failed: dict[tuple[int, int], str]) -> Grid:
    sheet = workbook.get_sheet_by_name(name)
    rows: list[list[Cell]] = [list(row) for row in sheet.to_python(skip_empty_area=False)]
    for (row, column), error in failed.items():
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = Broken(error)
    return Grid(name, rows, sheet.merged_cell_ranges or [])


def _refusal(wrong: str, cure: str, place: str = "文件") -> RosterError:
    return RosterError([Fault(place, wrong, cure)])


def _bytes_of(source: Path | bytes) -> bytes:
    try:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        if size > MAX_BYTES:
            raise _refusal(f"超过 {MAX_BYTES // 1024 // 1024} MB", "删掉图片和多余的表，只留名册。")
        return source if isinstance(source, bytes) else source.read_bytes()
    except OSError as error:
        raise _refusal(f"打不开「{source!s}」", "看看文件在不在、有没有读取权限。") from error


def _looked_through(data: bytes) -> dict[str, dict[tuple[int, int], str]]:
    """Return the cells with failed formulas, by sheet, and refuse what must not be opened.

    The reader turns a failed formula into an empty cell, which would be believed; and it lays
    out every cell up to the last one, so that a single cell at XFD1048576 takes all memory.
    """
    if data.startswith(_OLE):
        raise _refusal("这是旧版 .xls，或者加了密码", "去掉密码，另存为 .xlsx 再试。")
    try:
        with ZipFile(BytesIO(data)) as parts:
            return {title: _failed_formulas(xml, title) for title, xml in _sheets_in(parts).items()}
    except _BROKEN as error:
        raise _refusal("这不是 .xlsx，或者已经损坏", "用 Excel 或 WPS 打开，另存为 .xlsx 再试。") from error


def _sheets_in(parts: ZipFile) -> dict[str, bytes]:
    """Return the raw text of each sheet, by its name."""
    names = parts.namelist()
    if sum(part.file_size for part in parts.infolist()) > _MAX_UNPACKED:
        raise _refusal("解压后太大", "删掉图片和多余的表，只留名册。")
    if "xl/workbook.xml" not in names:
        raise _refusal("这不是 .xlsx 工作簿", "用 liaison template 生成的模板填写，存为 .xlsx。")
    targets = {}
    if "xl/_rels/workbook.xml.rels" in names:
        for relation in _tags(_RELATION_TAG, parts.read("xl/_rels/workbook.xml.rels")):
            # A target beginning with / counts from the package, any other from xl/.
            target = PurePosixPath("/xl") / relation.get("Target", "")
            targets[relation.get("Id")] = str(target).removeprefix("/")
    sheets = _tags(_SHEET_TAG, parts.read("xl/workbook.xml"))
    titles = {targets.get(sheet.get("r:id")): sheet.get("name", "") for sheet in sheets}
    raw = [name for name in names if name.startswith("xl/worksheets/") and name.endswith(".xml")]
    return {titles.get(name, name): parts.read(name) for name in raw}


def _tags(pattern: re.Pattern[str], xml: bytes) -> list[dict[str, str]]:
    tags = pattern.findall(xml.decode(errors="replace"))
    return [{key: html.unescape(one or two) for key, one, two in _ATTRIBUTE.findall(tag)} for tag in tags]


def _failed_formulas(xml: bytes, title: str) -> dict[tuple[int, int], str]:
    if far := _FAR_CELL.search(xml):
        raise _refusal(f"{'列' if far[1] else '行'}数太多", "删掉数据以外的内容，最多 50,000 行。", title)
    failed = {}
    for cell in _ERROR_CELL.finditer(xml):
        if at := _ADDRESS.search(cell[1]):
            column = 0
            for letter in at[1]:
                column = column * 26 + letter - ord("A") + 1
            failed[int(at[2]) - 1, column - 1] = cell[2].decode(errors="replace")
    return failed
