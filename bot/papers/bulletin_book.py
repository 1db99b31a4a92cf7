"""A paper as a workbook: typed cells, formulas for the sums, amended cells marked with what they were."""

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from bot.domain.blanks import Value
from bot.domain.deadlines import Light
from bot.domain.document import Document, Heading, Kind, Row, Table
from bot.domain.summary import Say, light_words
from bot.papers.book import Amended, Book, Column, Form, Sheet
from bot.papers.bulletin import in_table

_FORMS = {
    Kind.WORD: Form.WORD,
    Kind.PROSE: Form.PROSE,
    Kind.COUNT: Form.COUNT,
    Kind.MONEY: Form.MONEY,
    Kind.SHARE: Form.SHARE,
    Kind.POINTS: Form.POINTS,
    Kind.SCORE: Form.SCORE,
    Kind.DAY: Form.DAY,
    Kind.MARK: Form.MARK,
    Kind.LIGHT: Form.ALARM,
}
_LONGEST_NAME = 31
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\]")
_UTC = ZoneInfo("UTC")


def workbook(document: Document, say: Say) -> bytes:
    """Return a paper's tables as a workbook."""
    lights = {light: light_words(light, say) for light in Light}
    book = Book(
        document.title,
        datetime.fromisoformat(document.made_at),
        _UTC,
        yes=say("ledger.yes"),
        no=say("ledger.no"),
        lights=lights,
    )
    return book.of(*(_sheet(document, table, say) for table in document.tables))


def _sheet(document: Document, table: Table, say: Say) -> Sheet[Row]:
    columns = [_column(at, heading, table, say) for at, heading in enumerate(table.headings)]
    if any(row.source for row in table.rows):
        columns.append(Column(say("bulletin.source"), 20, Form.WORD, lambda row: row.source))
    notes = [table.note] if table.note else []
    if any(row.amended for row in table.rows):
        notes.append(say("bulletin.amended_cells"))
    return Sheet(
        name=_NOT_IN_A_NAME.sub(" ", table.name)[:_LONGEST_NAME],
        title=f"{document.title} {document.period} {table.name}",
        columns=columns,
        rows=table.rows,
        total=say("bulletin.total"),
        notes=notes,
    )


def _column(at: int, heading: Heading, table: Table, say: Say) -> Column[Row]:
    places = [table.place(figure) for figure in heading.of]
    share_of = (
        (places[0] or 0, places[1] or 0) if heading.summed and len(places) == len(("part", "whole")) else None
    )
    return Column(
        title=heading.title,
        width=heading.width,
        form=_FORMS[heading.kind],
        of=partial(_cell, at=at, heading=heading, say=say),
        summed=heading.summed and share_of is None,
        share_of=share_of,
    )


def _cell(row: Row, at: int, heading: Heading, say: Say) -> object:
    value = _READERS.get(heading.kind, _as_it_is)(row.values[at])
    if heading.key not in row.amended:
        return value
    was = in_table(row.amended[heading.key], heading, say) or say("bulletin.nothing_there")
    return Amended(value, say("bulletin.was", was=was))


def _as_it_is(value: Value) -> object:
    return value


def _day(value: Value) -> object:
    try:
        return date.fromisoformat(value) if isinstance(value, str) and value else None
    except ValueError:
        return value


def _light(value: Value) -> object:
    return Light.__members__.get(str(value).upper())


_READERS: dict[Kind, Callable[[Value], object]] = {Kind.DAY: _day, Kind.LIGHT: _light}
