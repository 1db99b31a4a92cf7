"""The ledger in the chat (台账): a page at a time, overdue first, each problem a tap away."""

from collections.abc import Iterable
from dataclasses import replace

from bot.domain.people import Duty, Person
from bot.domain.problems import Problem
from bot.domain.rights import sees_county
from bot.domain.wanted import NotAskedError, Wanted, read_wanted
from bot.errors import Refused
from handlers import cards, prompts
from handlers.turn import Desk, Turn, rows_of
from storage.letters import Choice, Choices
from storage.listing import Sight

_A_PAGE = 8
_A_ROW = 4
_DUTIES = (Duty.LIAISON, Duty.LEAD_LEADER, Duty.OWNER)


def ledger(turn: Turn) -> None:
    """List the problems that concern the sender, or those of them that are asked for; the office sees all."""
    _show(turn, turn.argument, 1)


def tasks(turn: Turn) -> None:
    """List the tasks (任务) of the sender and of the projects they lead; the office sees all."""
    _show(turn, turn.argument, 1, tasks=True)


def turn_page(turn: Turn) -> None:
    """Show another page of what was asked for."""
    page, _, words = turn.argument.partition(":")
    _show(turn, words, int(page))


def turn_page_of_tasks(turn: Turn) -> None:
    """Show another page of the tasks that were asked for."""
    page, _, words = turn.argument.partition(":")
    _show(turn, words, int(page), tasks=True)


def _show(turn: Turn, words: str, page: int, *, tasks: bool = False) -> None:
    wanted, sight = replace(_wanted(turn, words), tasks=tasks), _sight(turn)
    topic = "task" if tasks else "listing"
    count = turn.tx.listing.count(wanted, sight, turn.now)
    said = turn.say(turn.sender, "listing.comma").join(wanted.words)
    if not count.total:
        turn.reply(f"{topic}.nothing_such" if said else f"{topic}.nothing", words=said)
        return
    pages = -(-count.total // _A_PAGE)
    page = min(page, pages)
    ids = turn.tx.listing.page(wanted, sight, turn.now, skip=(page - 1) * _A_PAGE, most=_A_PAGE)
    found = turn.tx.problems.several(ids)
    turn.reply(
        f"{topic}.closed" if wanted.closed else f"{topic}.open",
        _choices(turn, found, wanted, page, pages),
        subject="ledger",
        words=turn.say(turn.sender, "listing.words", words=said) if said else "",
        count=count.total,
        overdue=count.overdue,
        page=turn.say(turn.sender, "listing.page", page=page, pages=pages) if pages > 1 else "",
        lines=lines(turn, turn.sender, found),
    )


def _wanted(turn: Turn, words: str) -> Wanted:
    places = turn.tx.listing.places() if words else []
    try:
        return read_wanted(words, places, turn.county.categories)
    except NotAskedError as word:
        place, category = next(iter(places), turn.county.name), turn.county.categories[0]
        raise Refused("listing.unknown", word=str(word), place=place, category=category) from word


def _sight(turn: Turn) -> Sight:
    """Return what the sender sees, also of those on leave for whom they stand in."""
    selves = turn.selves(turn.sender)
    if sees_county(turn.sender):
        return Sight(selves, everything=True)
    projects = {
        project.id
        for person_id in selves
        for duty in _DUTIES
        for project in turn.tx.projects.of(person_id, duty, turn.today)
    }
    return Sight(selves, projects)


def _choices(turn: Turn, found: Iterable[Problem], wanted: Wanted, page: int, pages: int) -> Choices:
    words = " ".join(wanted.words)
    turning: list[Choice] = []
    action = "tasks" if wanted.tasks else "ledger"
    if page > 1:
        turning.append(turn.choice("page_before", f"{action}:{page - 1}:{words}"))
    if page < pages:
        turning.append(turn.choice("page_after", f"{action}:{page + 1}:{words}"))
    numbers = rows_of(((each.number, f"show:{each.id}") for each in found), _A_ROW)
    return (*numbers, tuple(turning)) if turning else numbers


def lines(desk: Desk, reader: Person, found: Iterable[Problem]) -> str:
    """Return a line for each problem, how its clock stands before the words; of what is over, no more."""
    return "\n".join(
        desk.say(
            reader,
            "listing.line" if each.is_open else "listing.line_closed",
            sign=cards.light(desk, reader, each),
            number=each.number,
            project=each.project,
            category=each.kind,
            state=each.state,
            holder=each.holder,
            text=prompts.shortened(each.text),
        )
        for each in found
    )
