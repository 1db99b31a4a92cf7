"""Makes a digest from the database, in the workshop: text, picture and ledger of one week."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from bot import texts
from bot.chat import Paper
from bot.domain.county import County
from bot.domain.people import Language
from bot.domain.scope import Scope
from bot.domain.summary import summary
from bot.domain.week import Week
from bot.papers.ledger import ledger_workbook
from bot.papers.picture import digest_picture
from storage.ledger import Ledger
from storage.snapshot import snapshot

PNG = "image/png"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class DigestOrder:
    """What a digest is to be of, and where its figures are; it travels to the workshop."""

    url: str
    schema: str
    county: County
    language: Language
    rewordings: Path | None
    scope: str
    week: Week
    now: datetime
    late: bool = False


@contextmanager
def ledger(url: str, schema: str = "") -> Iterator[Ledger]:
    """Open the database's ledger for reading."""
    with snapshot(url, schema) as connection:
        yield Ledger(connection)


def make_digest(order: DigestOrder) -> tuple[str, Paper, Paper]:
    """Return the text, the picture and the ledger of a digest."""
    say = partial(texts.load(order.rewordings, order.language).say, order.language)
    with ledger(order.url, order.schema) as read:
        digest = read.digest(
            Scope.parse(order.scope),
            order.week,
            county=order.county,
            now=order.now,
            late=order.late,
        )
    name = f"{order.county.name}-{order.scope.replace(':', '-')}-{order.week}"
    picture = Paper(f"{name}.png", PNG, digest_picture(digest, say))
    workbook = Paper(f"{name}.xlsx", XLSX, ledger_workbook(digest, say))
    return summary(digest, say), picture, workbook
