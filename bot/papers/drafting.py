"""Drafts a paper from its form and the database, in the workshop; prints it as often as it is changed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from operator import itemgetter
from pathlib import Path

from bot import texts
from bot.chat import Paper
from bot.domain.blanks import Value, counting
from bot.domain.calendar import year_permille
from bot.domain.county import County
from bot.domain.document import Document, Heading, Row, Table
from bot.domain.folded import Folded, opened
from bot.domain.people import Language
from bot.domain.ranking import Weights
from bot.domain.scope import Scope, ScopeKind
from bot.domain.summary import Say, percent, scope_words
from bot.errors import PaperError
from bot.papers.bulletin import chat_text, name_of
from bot.papers.bulletin_book import workbook
from bot.papers.bulletin_pages import pages
from bot.papers.forms import Form, TableForm, forms
from bot.papers.press import XLSX
from bot.papers.scoring import blanks_of_ranking, rules
from storage.counted import counted_before, last_report
from storage.dataset import Figure, Line, Question
from storage.datasets import DATASETS
from storage.snapshot import Snapshot, snapshot

PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class DraftOrder:
    """What a paper is to be of, and where its figures are; it travels to the workshop."""

    url: str
    schema: str
    county: County
    language: Language
    rewordings: Path | None
    forms: Path | None
    paper: str
    scope: str
    first: date
    last: date
    until: date | None
    now: datetime
    weights: Weights = ()


def drafts(orders: Sequence[DraftOrder]) -> list[Folded | PaperError]:
    """Return papers of the same days folded up, and an error in place of each that there is no form for.

    They are drafted from one snapshot, so that no two of them disagree, and what they share is read once.
    """
    with snapshot(orders[0].url, orders[0].schema) as connection:
        question = asked_by(orders)
        return [_tried(order, question, connection) for order in orders]


def _tried(order: DraftOrder, question: Question, connection: Snapshot) -> Folded | PaperError:
    try:
        return Folded.of(_draft(order, question, connection))
    except PaperError as error:
        return error


def draft(order: DraftOrder) -> Document:
    """Return a paper as the database has it now; raise PaperError if there is no form for it."""
    with snapshot(order.url, order.schema) as connection:
        return _draft(order, asked_by([order]), connection)


def _draft(order: DraftOrder, question: Question, connection: Snapshot) -> Document:
    form = _form_of(order)
    if form is None:
        raise PaperError(f"there is no form {order.paper}; add {order.paper}.toml to the folder rhythm.forms")
    say = partial(texts.load(order.rewordings, order.language).say, order.language)
    asked = tables_of(order, question, connection)
    given = _given(order, question, say) | blanks_of_ranking(form, [of for of, _ in asked], say)
    return Document(
        form=form.name,
        title=" ".join(form.title[order.language].format_map(given).split()),
        period=given["period"],
        county=order.county.name,
        scope=order.scope,
        first=order.first.isoformat(),
        last=order.last.isoformat(),
        made_at=order.now.astimezone(order.county.calendar.zone).isoformat(),
        lead=tuple(words[order.language] for words in form.lead),
        tables=tuple(
            _table(each, lines, of, order.language, say)
            for each, (of, lines) in zip(form.tables, asked, strict=True)
        ),
        notes=tuple(words[order.language] for words in form.notes),
        given=given,
        blanks=form.blanks,
        personal=form.personal,
        known_through=last_report(connection),
    )


def _form_of(order: DraftOrder) -> Form | None:
    return forms(order.forms).get(order.paper)


def asked_by(orders: Sequence[DraftOrder]) -> Question:
    """Return what papers of the same days ask of the database: the figures that any of them shows."""
    order = orders[0]
    shown = frozenset(figure for each in orders if (form := _form_of(each)) for figure in _shown(form))
    return Question(Scope.parse(order.scope), order.first, order.last, order.county, order.now, shown=shown)


def _shown(form: Form) -> Iterator[str]:
    """Yield every figure that the tables of a form show, sort or choose by."""
    for table in form.tables:
        yield from table.columns
        yield from (each.removeprefix("-") for each in table.sort)
        yield from (each.figure for each in table.where)


def tables_of(
    order: DraftOrder, question: Question, connection: Snapshot
) -> list[tuple[Question, list[Line]]]:
    """Return what each table of a paper asks, and its lines; most tables are made from the same."""
    form = forms(order.forms)[order.paper]
    before = counted_before(connection, order.paper, order.scope, order.first)
    question = replace(question, form=order.paper, before=before)
    asked = [replace(question, by=each.by, weights=order.weights or each.weights) for each in form.tables]
    keys = [(table.dataset, of.by, of.weights) for table, of in zip(form.tables, asked, strict=True)]
    lines = {
        key: list(DATASETS[key[0]].lines(connection, of))
        for key, of in dict(zip(keys, asked, strict=True)).items()
    }
    return [(of, lines[key]) for of, key in zip(asked, keys, strict=True)]


def _given(order: DraftOrder, question: Question, say: Say) -> dict[str, str]:
    scope = question.scope
    return {
        "county": order.county.name,
        "scope": "" if scope.kind is ScopeKind.COUNTY else scope_words(scope, say),
        "period": period_words(order.first, order.last, say),
        "time": percent(year_permille(question.until)),
        "until": period_words(order.until, order.until, say) if order.until else "",
        "days_left": str((order.until - order.last).days) if order.until else "",
    }


def period_words(first: date, last: date, say: Say) -> str:
    """Return the days of a paper as its title has them."""
    key = "day" if first == last else "days" if first.year == last.year else "days_across_years"
    return say(
        f"bulletin.{key}",
        from_year=first.year,
        from_month=first.month,
        from_day=first.day,
        to_year=last.year,
        to_month=last.month,
        to_day=last.day,
    )


def _table(form: TableForm, lines: Sequence[Line], of: Question, language: Language, say: Say) -> Table:
    figures = [figure for key in form.columns if (figure := DATASETS[form.dataset].figure(key))]
    chosen = _sorted(counting(lines, form.where), form.sort)
    headings = tuple(
        Heading(
            figure.key,
            form.titles[figure.key][language] if figure.key in form.titles else say(f"figure.{figure.key}"),
            figure.kind,
            figure.width,
            summed=figure.key in form.sums,
            of=figure.of if set(figure.of) <= set(form.columns) else (),
        )
        for figure in figures
    )
    roster = say("bulletin.roster")
    rows = tuple(
        Row(
            key=str(line["key"]),
            values=tuple(_value(line, figure, say) for figure in figures),
            source=roster if line["source"] is None else str(line["source"]),
            about=tuple(map(int, str(line.get("about") or "").split())),
        )
        for line in (chosen[: form.limit] if form.limit else chosen)
    )
    note = form.note[language]
    if DATASETS[form.dataset].is_ranking and "score" in form.columns:
        note += rules(of.scorecard, of.by, say)
    return Table(form.name[language], headings, rows, note)


def _value(line: Line, figure: Figure, say: Say) -> Value:
    value = line[figure.key]
    return say(f"{figure.words}{value}") if figure.words and value else value


def _sorted(lines: Iterable[Line], sort: Sequence[str]) -> list[Line]:
    """Return lines in an order; those without a value come last, whichever way it goes."""
    found = list(lines)
    for figure in reversed(sort):
        key = figure.removeprefix("-")
        present = [line for line in found if line[key] is not None]
        absent = [line for line in found if line[key] is None]
        present.sort(key=itemgetter(key), reverse=figure != key)
        found = present + absent
    return found


@dataclass(frozen=True, slots=True)
class PrintOrder:
    """A paper to be printed, folded up as it is kept, and the words to do it with."""

    content: bytes
    language: Language
    rewordings: Path | None


def printed(order: PrintOrder) -> tuple[str, Paper, Paper]:
    """Return a paper's chat text, its workbook and its pages."""
    return _printed(opened(order.content), order)


def printed_for(order: PrintOrder, reader: int) -> tuple[str, Paper, Paper] | None:
    """Return the same of what concerns one reader; None if nothing does."""
    own = opened(order.content).of(reader)
    return None if own.is_empty else _printed(own, order)


def _printed(document: Document, order: PrintOrder) -> tuple[str, Paper, Paper]:
    say = partial(texts.load(order.rewordings, order.language).say, order.language)
    name = name_of(document)
    return (
        chat_text(document, say),
        Paper(f"{name}.xlsx", XLSX, workbook(document, say)),
        Paper(f"{name}.pdf", PDF, pages(document, say)),
    )
