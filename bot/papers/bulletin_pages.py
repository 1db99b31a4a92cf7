"""A paper as A4 pages: what the office prints, with amended figures marked and told below."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

from bot.domain.document import Document, Heading, Kind, Row, Table
from bot.domain.summary import Say, cut
from bot.domain.words import clean, visible
from bot.papers.bulletin import in_table, sentences

if TYPE_CHECKING:
    import typst

_ROWS = 500
"""As many rows of a table as are printed; all of them stand in the workbook."""

_PROSE_LETTERS = 160
"""As much of a text as a cell shows."""

_PORTRAIT, _LANDSCAPE = 510.0, 760.0
"""Points between the margins."""

_LARGEST, _SMALLEST = 9.0, 5.5
_LETTER = 0.53
"""Of an em: half a 汉字, with a little room."""

_PADDING = 0.75
_JOINED = "\N{WORD JOINER}"
"""Keeps the star on the line of its figure."""
_NARROW, _BROAD = 4, 8
_LIGHT, _LONGEST_WORD = 7, 13
_LEAST_PROSE = 9.0


def pages(document: Document, say: Say) -> bytes:
    """Return a paper as a PDF; the same paper gives the same bytes."""
    words = json.dumps(_words(document, say), ensure_ascii=False)
    made = datetime.fromisoformat(document.made_at)
    printed = _compiler().compile(
        format="pdf", sys_inputs={"bulletin": words}, timestamp=int(made.timestamp())
    )
    if not isinstance(printed, bytes):
        raise TypeError(type(printed))
    return printed


def _words(document: Document, say: Say) -> dict[str, object]:
    """Everything the template shows, as strings that are ready to be set."""
    tables = [_table(table, document, say) for table in document.tables]
    wide = any(_least(table) * _LARGEST > _PORTRAIT for table in tables)
    room = _LANDSCAPE if wide else _PORTRAIT
    return {
        "title": document.title,
        "issuer": say("bulletin.issuer", county=document.county),
        "period": document.period,
        "lead": sentences(document, say),
        "notes": list(document.notes),
        "wide": wide,
        "tables": [table | _laid_out(table, room) for table in tables],
        "page": [say("bulletin.page_before"), say("bulletin.page_between"), say("bulletin.page_after")],
        "made": say("bulletin.made", at=document.made_at[:16].replace("T", " ")),
    }


def _table(table: Table, document: Document, say: Say) -> dict[str, Any]:
    year = document.last[:4]
    rows = [
        [_cell(row, at, heading, year, say) for at, heading in enumerate(table.headings)]
        for row in table.rows[:_ROWS]
    ]
    sums = _sums(table, say)
    every = [*rows, sums] if sums else rows
    for at, heading in enumerate(table.headings):
        if heading.kind is Kind.MONEY:
            _drop_cents(every, at)
    notes = [table.note] if table.note and rows else []
    if len(table.rows) > _ROWS:
        notes.append(say("bulletin.more_rows", count=len(table.rows) - _ROWS))
    return {
        "name": table.name,
        "headings": [_broken(heading.title) for heading in table.headings],
        "kinds": [str(heading.kind) for heading in table.headings],
        "columns": [_ems(heading, at, every) for at, heading in enumerate(table.headings)],
        "rows": rows,
        "sums": sums,
        "notes": notes,
        "amended": _told(table, say),
        "none": "" if rows else say("bulletin.none"),
    }


def _cell(row: Row, at: int, heading: Heading, year: str, say: Say) -> str:
    text = in_table(row.values[at], heading, say)
    if heading.kind is Kind.LIGHT and text:
        text = f"{row.values[at]}|{text}"
    elif heading.kind is Kind.DAY:
        text = text.removeprefix(f"{year}-")
    elif heading.kind in {Kind.WORD, Kind.PROSE}:
        text = cut(text, _PROSE_LETTERS)
    return f"{text}{_JOINED}*" if heading.key in row.amended else text


def _drop_cents(rows: Sequence[list[str]], at: int) -> None:
    if all(row[at].rstrip(f"{_JOINED}*").endswith(".00") or not row[at] for row in rows):
        for row in rows:
            row[at] = row[at].replace(".00", "")


def _sums(table: Table, say: Say) -> list[str]:
    """Return the last row: the sums, and the shares of sums."""
    if not table.rows or not any(heading.summed for heading in table.headings):
        return []
    found = []
    for at, heading in enumerate(table.headings):
        text = say("bulletin.total") if at == 0 else ""
        if heading.summed and heading.of:
            part, whole = (table.total(figure) for figure in heading.of)
            text = in_table(part * 1000 // whole, heading, say) if whole else ""
        elif heading.summed and heading.kind is Kind.MARK:
            text = str(table.total(heading.key))
        elif heading.summed:
            text = in_table(table.total(heading.key), heading, say)
        found.append(text)
    return found


def _told(table: Table, say: Say) -> list[str]:
    """Return what was put right, one line for each figure."""
    told = []
    for row in table.rows:
        for at, heading in enumerate(table.headings):
            if heading.key in row.amended:
                was = in_table(row.amended[heading.key], heading, say) or say("bulletin.nothing_there")
                now = in_table(row.values[at], heading, say) or say("bulletin.nothing_there")
                told.append(say("bulletin.put_right", line=row.key, figure=heading.title, was=was, value=now))
    return told


# --- how wide ---------------------------------------------------------------------------


def _ems(heading: Heading, at: int, rows: Sequence[Sequence[str]]) -> float:
    """Return how many ems a column would like to have."""
    longest = max((_letters(row[at]) for row in rows), default=0)
    if heading.kind is Kind.LIGHT:
        longest = _LIGHT
    elif heading.kind is Kind.WORD:
        # Between 汉字 and a number there is a little room.
        longest = min(longest + 1, _LONGEST_WORD)
    elif heading.kind is Kind.PROSE:
        longest = min(longest + 1, 2 * heading.width)
    return round(max(longest, _title_letters(heading)) * _LETTER + _PADDING, 2)


def _title_letters(heading: Heading) -> int:
    """Return how many letters a line of a title needs: with a unit below one line for its words, else two."""
    name, _, unit = _broken(heading.title).partition("\n")
    longest = max(_letters(word) if word.isascii() else 0 for word in [*name.split(), ""])
    words = _letters(name) if unit else (_letters(name) // 2 + 1) // 2 * 2
    return max(min(words, _BROAD), longest, _letters(unit), _NARROW)


def _broken(title: str) -> str:
    """Return a title with its unit on a line of its own."""
    name, bracket, unit = title.rpartition("(")
    return f"{name.strip()}\n({unit}" if bracket and name else title


def _letters(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in visible(clean(text)))


def _laid_out(table: Mapping[str, Any], room: float) -> dict[str, Any]:
    """Return a table's letters and columns: all as broad as they like, else prose takes what is left."""
    ems, kinds = table["columns"], table["kinds"]
    if sum(ems) * _LARGEST <= room:
        return {"size": _LARGEST, "columns": [{"fr": each} for each in ems]}
    size = round(max(_SMALLEST, min(_LARGEST, room / _least(table))), 2)
    columns = [{"em": each} for each in ems]
    prose = sorted((at for at, kind in enumerate(kinds) if kind == Kind.PROSE), key=lambda at: ems[at])
    left = room / size - sum(ems) + sum(ems[at] for at in prose)
    # Who needs little has it whole; from the first who needs more than an equal part, all share the rest.
    while prose and ems[prose[0]] <= left / len(prose):
        left -= ems[prose.pop(0)]
    for at in prose:
        columns[at] = {"fr": ems[at]}
    return {"size": size, "columns": columns}


def _least(table: Mapping[str, Any]) -> float:
    """Return how many ems broad a table is at least: prose may stand on several lines."""
    return sum(
        min(each, _LEAST_PROSE) if kind == Kind.PROSE else each
        for each, kind in zip(table["columns"], table["kinds"], strict=True)
    )


@cache
def _compiler() -> "typst.Compiler":
    """Load typst and the two fonts once for each process: they are the costly part."""
    import typst  # noqa: PLC0415 -- 80 MB that only a page needs
    from pylopdf_fonts_zh_cn import sans_path  # noqa: PLC0415

    template = Path(__file__).with_name("bulletin.typ")
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[sans_path().parent]
    )
    return typst.Compiler(template, font_paths=fonts, ignore_system_fonts=True)
