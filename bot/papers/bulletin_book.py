"""A paper as a workbook."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.deadlines import Light
from bot.domain.document import Document, Kind, Row, Table
from bot.domain.summary import Say, light_words
from bot.papers.book import Book, Column, Form, Sheet

_FORMS = {
    Kind.WORD: Form.WORD,
    Kind.PROSE: Form.PROSE,
    Kind.COUNT: Form.COUNT,
    Kind.MONEY: Form.MONEY,
    Kind.SHARE: Form.SHARE,
    Kind.POINTS: Form.SHARE,
    Kind.DAY: Form.WORD,
    Kind.MARK: Form.COUNT,
    Kind.LIGHT: Form.WORD,
}


def workbook(document: Document, say: Say) -> bytes:
    """Return a paper's tables as a workbook."""
    made_at = datetime.fromisoformat(document.made_at)
    lights = {light: light_words(light, say) for light in Light}
    book = Book(
        document.title, made_at, ZoneInfo("UTC"), yes=say("ledger.yes"), no=say("ledger.no"), lights=lights
    )
    return book.of(*(_sheet(document, table) for table in document.tables))


def _sheet(document: Document, table: Table) -> Sheet[Row]:
    columns = [
        Column(heading.title, heading.width, _FORMS[heading.kind], lambda row, at=at: row.values[at])  # type: ignore[misc]
        for at, heading in enumerate(table.headings)
    ]
    return Sheet(table.name, f"{document.title} {table.name}", columns, table.rows)
