"""A paper as a chat shows it: its title, its days, its sentences – one screen."""

from collections.abc import Sequence
from string import Formatter

from bot.domain.blanks import Blank, How, Value, counting
from bot.domain.document import Document, Heading, Kind
from bot.domain.summary import Say, cut, money, percent, points

_LINES = 14
_LETTERS = 600
_NAME = 14
"""As much of a name as a list in a sentence shows."""


def chat_text(document: Document, say: Say) -> str:
    """Return a paper as a text of at most 14 lines and 600 characters; what is cut stands in its tables."""
    head = [say("bulletin.head", title=cut(document.title, 60)), document.period]
    tail = [say("bulletin.amended", count=document.amendments)] if document.amendments else []
    tail.append(say("bulletin.attached"))
    body = sentences(document, say) or [say("bulletin.nothing")]
    while len(body) > 1 and (
        len(head) + len(body) + len(tail) > _LINES or len("\n".join([*head, *body, *tail])) > _LETTERS
    ):
        body.pop()
    return "\n".join([*head, *body, *tail])


def sentences(document: Document, say: Say) -> list[str]:
    """Return a paper's sentences; one with nothing to put into a blank is left out."""
    found = {blank.name: _filled(blank, document, say) for blank in document.blanks}
    words = {**document.given, **found}
    return [
        sentence.format_map(words)
        for sentence in document.lead
        if all(words.get(name) for _, name, _, _ in Formatter().parse(sentence) if name)
    ]


def _filled(blank: Blank, document: Document, say: Say) -> str:
    """Return what stands in a blank, as the tables are now."""
    table = document.tables[blank.table]
    lines = counting(table.lines(), blank.where)
    match blank.how:
        case How.COUNT:
            return str(len(lines))
        case How.LIST:
            names = [cut(str(line[blank.figures[0]]), _NAME) for line in lines]
            return _listed(list(dict.fromkeys(names)), blank.show, say)
        case How.SUM:
            heading = next(each for each in table.headings if each.key == blank.figures[0])
            return shown(_sum(lines, blank.figures[0]), heading, say)
        case How.SHARE:
            part, whole = (_sum(lines, figure) for figure in blank.figures)
            return percent(part * 1000 // whole) if whole else ""


def _sum(lines: Sequence[object], figure: str) -> int:
    values = (line[figure] for line in lines if isinstance(line, dict))
    return sum(value for value in values if isinstance(value, int))


def _listed(names: Sequence[str], show: int, say: Say) -> str:
    listed = say("bulletin.comma").join(names[:show])
    return say("bulletin.among", list=listed, count=len(names)) if len(names) > show else listed


def shown(value: Value, heading: Heading, say: Say) -> str:
    """Return a figure as people read it in a sentence."""
    if value is None:
        return ""
    if isinstance(value, str):
        return say(f"light.{value}") if heading.kind is Kind.LIGHT and value else value
    match heading.kind:
        case Kind.MONEY:
            return money(value, say)
        case Kind.SHARE:
            return percent(value)
        case Kind.POINTS:
            return points(value)
        case Kind.SCORE:
            return f"{value / 10:.1f}"
        case Kind.MARK:
            return "√" if value else ""
        case _:
            return str(value)


def in_table(value: Value, heading: Heading, say: Say) -> str:
    """Return a figure as it stands in a cell, in the unit of its column."""
    if isinstance(value, int) and heading.kind is Kind.MONEY:
        return f"{value / 100:,.2f}"
    if isinstance(value, int) and heading.kind is Kind.SHARE:
        return f"{value / 10:.1f}%"
    if isinstance(value, int) and heading.kind is Kind.POINTS:
        return f"{value / 10:+.1f}" if value else "0.0"
    return shown(value, heading, say)


def name_of(document: Document) -> str:
    """Return what the files of a paper are called, without an ending."""
    scope = document.scope.replace(":", "-")
    days = document.last if document.first == document.last else f"{document.first}至{document.last}"
    return f"{document.county}-{document.form}-{scope}-{days}"
