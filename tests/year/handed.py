"""The papers as they are handed over, opened again: workbooks, pages, letters in Word."""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import openpyxl
from docx import Document

from tests.year.checker import Checker
from tests.year.rows import opened

_PARTS = {"money": 100, "share": 1000, "points": 10}
_NUMBERS = frozenset({"count", "money", "share", "points", "mark"})


def faults(checker: Checker) -> Iterator[str]:
    """Yield a sentence for every paper that cannot be opened, or says something else than its rows."""
    papers = checker.raw.rows("SELECT * FROM papers ORDER BY id")
    contents = {f"bulletin:{row['id']}": row for row in checker.bulletins()}
    for paper in papers:
        name, content = f"{paper['key']} {paper['name']}", paper["content"]
        if paper["name"].endswith(".pdf"):
            if not content.startswith(b"%PDF-") or len(content) < 2000:
                yield f"{name}: no pages"
        elif paper["name"].endswith(".docx"):
            yield from _word(name, content)
        elif paper["name"].endswith(".xlsx"):
            book = openpyxl.load_workbook(BytesIO(content), data_only=True)
            if not book.sheetnames:
                yield f"{name}: no sheets"
            match = re.fullmatch(r"(bulletin:\d+):(\d+):workbook", paper["key"])
            row = contents[match[1]] if match else None
            if row is not None and match and int(match[2]) == row["version"]:
                yield from _book(name, book, opened(row["content"])["tables"])


def _word(name: str, content: bytes) -> Iterator[str]:
    first = Document(BytesIO(content))
    again = BytesIO()
    first.save(again)
    words = [each.text for each in first.paragraphs]
    if (
        words != [each.text for each in Document(again).paragraphs]
        or "{{" in "".join(words)
        or not any(words)
    ):
        yield f"{name}: does not come back as it went"


def _book(name: str, book: Any, tables: list[Any]) -> Iterator[str]:
    """Yield what is different in a workbook: its cells, and the sums below them."""
    for sheet, table in zip(book.worksheets, tables, strict=True):
        rows = table["rows"]
        for at, heading in enumerate(table["headings"], 1):
            values = [row["values"][at - 1] for row in rows]
            cells = [sheet.cell(place, at).value for place in range(2, len(rows) + 2)]
            if heading["kind"] in _NUMBERS:
                parts = _PARTS.get(heading["kind"], 1)
                shown = [None if value is None else value / parts for value in values]
                if shown != cells:
                    yield f"{name} {table['name']} {heading['key']}: shows {cells}, not {shown}"
                if heading["summed"] and rows and not heading["of"]:
                    total = sum(value or 0 for value in values) / parts
                    if (found := sheet.cell(len(rows) + 2, at).value) != total:
                        yield f"{name} {table['name']} {heading['key']}: adds up to {found}, not {total}"
            elif heading["kind"] == "word" and [value or None for value in values] != cells:
                yield f"{name} {table['name']} {heading['key']}: shows {cells}, not {values}"
