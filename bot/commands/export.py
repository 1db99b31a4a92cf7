"""`liaison export` and `liaison digest`: workbooks and papers, written to files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bot import texts
from bot.clock import SystemClock
from bot.config import Settings
from bot.domain.scope import Scope
from bot.domain.summary import Say
from bot.domain.week import Week
from bot.errors import BotError, Refused, StorageError
from bot.papers.ledger import full_ledger_workbook, projects_workbook, reports_workbook
from bot.papers.personal import make_personal
from bot.papers.press import ledger, make_digest
from bot.press import order, personal_order
from handlers.handover import named
from handlers.turn import Desk
from storage.ledger import Ledger
from storage.migrate import pending
from storage.snapshot import snapshot
from storage.tx import Tx


@contextmanager
def _ledger_of(settings: Settings) -> Iterator[Ledger]:
    _refuse_unready(settings)
    with ledger(settings.database.url, settings.database.schema_) as read:
        yield read


def _refuse_unready(settings: Settings) -> None:
    if pending(settings.database.url, settings.database.schema_):
        raise StorageError("数据库还没有建好或不是最新，请先运行 liaison migrate 或 liaison import")


def _say(settings: Settings) -> Say:
    return partial(texts.load(settings.texts, settings.language).say, settings.language)


def _ledger(settings: Settings) -> bytes:
    """Return the ledger of the whole county: its problems, who held them, the projects' progress."""
    county, now = settings.of_county(), SystemClock().now()
    today = county.calendar.day_of(now)
    with _ledger_of(settings) as read:
        return full_ledger_workbook(
            read.problems(county, now),
            read.projects(Week.of(today), today),
            read.steps(county, now),
            _say(settings),
            county=county.name,
            made_at=now,
            zone=county.calendar.zone,
        )


def _reports(settings: Settings) -> bytes:
    """Return every daily report that counts."""
    county, now = settings.of_county(), SystemClock().now()
    with _ledger_of(settings) as read:
        return reports_workbook(
            read.reports(), _say(settings), county=county.name, made_at=now, zone=county.calendar.zone
        )


def _projects(settings: Settings) -> bytes:
    """Return every project with what the county keeps of it."""
    county, now = settings.of_county(), SystemClock().now()
    with _ledger_of(settings) as read:
        records = read.records(county.calendar.day_of(now))
    return projects_workbook(
        records, _say(settings), county=county.name, made_at=now, zone=county.calendar.zone
    )


EXPORTS: dict[str, Callable[[Settings], bytes]] = {
    "ledger": _ledger,
    "reports": _reports,
    "projects": _projects,
}


def person_workbook(settings: Settings, name: str) -> bytes:
    """Return all that is kept of one person."""
    _refuse_unready(settings)
    now = SystemClock().now()
    with snapshot(settings.database.url, settings.database.schema_) as connection:
        desk = Desk(Tx(connection), settings.of_county(), texts.load(settings.texts, settings.language), now)
        try:
            person = named(desk, name)
        except Refused as refusal:
            raise BotError(_say(settings)(refusal.key, **refusal.blanks)) from refusal
    return make_personal(personal_order(settings, person.id, now)).content


def write_digest(settings: Settings, folder: Path, week: Week | None) -> list[Path]:
    """Write the digest of a week, else of the last one, for the whole county; Return the files."""
    _refuse_unready(settings)
    now = SystemClock().now()
    wanted = week or Week.of(settings.of_county().calendar.day_of(now)).before()
    text, picture, workbook = make_digest(order(settings, str(Scope()), wanted, now))
    folder.mkdir(parents=True, exist_ok=True)
    words = folder / f"{Path(picture.name).stem}.txt"
    words.write_text(text + "\n", encoding="utf-8")
    for paper in (picture, workbook):
        (folder / paper.name).write_bytes(paper.content)
    return [words, folder / picture.name, folder / workbook.name]
