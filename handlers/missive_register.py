"""函件: the register in the chat – the year's counters, a page at a time; to others their own."""

from bot.domain.missives import Missive, MissiveKind, read_kind
from bot.domain.people import Duty
from bot.domain.rights import sees_county
from bot.errors import Refused
from handlers import missive_desk, missives
from handlers.turn import Turn, rows_of
from storage.letters import Choice, Choices
from storage.missive_register import Sought

_A_PAGE = 8
_DUTIES = (Duty.LIAISON, Duty.LEAD_LEADER)
_DRAFTS = frozenset({"草稿", "待签发", "drafts"})
_OVERDUE = frozenset({"逾期", "overdue"})
_ALL = "all"


def register(turn: Turn, missive: Missive | None) -> None:
    """Show the register: 函件, 函件 交办函, 函件 逾期, 函件 草稿, 函件 交办3号."""
    if missive is not None:
        missive_desk.show(turn, missive)
    elif not turn.argument and sees_county(turn.sender):
        _counters(turn)
    else:
        _page(turn, turn.argument or _ALL, 1)


def turn_page(turn: Turn) -> None:
    """Show another page."""
    page, _, words = turn.argument.partition(":")
    _page(turn, words, int(page))


def is_of_drafts(words: str) -> bool:
    """Tell whether words ask for the drafts."""
    return words.strip().lower() in _DRAFTS


def projects(turn: Turn) -> set[int]:
    """Return the projects whose letters the sender sees."""
    return {
        project.id
        for person_id in turn.selves(turn.sender)
        for duty in _DUTIES
        for project in turn.tx.projects.of(person_id, duty, turn.today)
    }


def _sought(turn: Turn, words: str) -> Sought:
    word = words.strip().lower()
    kind = read_kind(words.strip())
    if kind is None and word not in {_ALL, *_DRAFTS, *_OVERDUE}:
        raise Refused("missive.register_usage", kinds="、".join(MissiveKind))
    everything = sees_county(turn.sender)
    return Sought(
        kind=kind,
        drafts=is_of_drafts(word),
        overdue=word in _OVERDUE,
        seers=None if everything else turn.selves(turn.sender),
        project_ids=() if everything else projects(turn),
    )


def _counters(turn: Turn) -> None:
    year = turn.today.year
    counters = turn.tx.missive_register.counters(year, turn.today)
    lines = "\n".join(
        turn.say(
            turn.sender,
            "missive.counter",
            kind=each.kind,
            sent=each.sent,
            received=each.received,
            replied=each.replied,
            overdue=each.overdue,
        )
        for each in counters
    )
    buttons: list[Choice] = [(str(each.kind), f"missives:1:{each.kind}") for each in counters]
    if any(each.overdue for each in counters):
        buttons.append((turn.say(turn.sender, "missive.button_overdue"), "missives:1:逾期"))
    drafts = turn.tx.missive_register.count(Sought(drafts=True), turn.today) if turn.sender.is_office else 0
    if drafts:
        buttons.append((turn.say(turn.sender, "missive.button_drafts", count=drafts), "missives:1:草稿"))
    key = "missive.register" if counters else "missive.register_empty"
    turn.reply(key, rows_of(buttons, 3), subject="missives:", year=year, lines=lines)


def _page(turn: Turn, words: str, page: int) -> None:
    sought = _sought(turn, words)
    count = turn.tx.missive_register.count(sought, turn.today)
    if not count:
        turn.reply("missive.none_such")
        return
    pages = -(-count // _A_PAGE)
    page = min(page, pages)
    some = turn.tx.missive_register.page(sought, turn.today, skip=(page - 1) * _A_PAGE, most=_A_PAGE)
    turn.reply(
        "missive.page",
        _choices(turn, missives.numbers(some), words, page, pages),
        subject="missives:",
        words="" if words == _ALL else words,
        count=count,
        page=turn.say(turn.sender, "listing.page", page=page, pages=pages) if pages > 1 else "",
        lines="\n".join(missives.numbered(turn, turn.sender, some)),
    )


def _choices(turn: Turn, numbers: Choices, words: str, page: int, pages: int) -> Choices:
    turning: list[Choice] = []
    if page > 1:
        turning.append(turn.choice("page_before", f"missives:{page - 1}:{words}"))
    if page < pages:
        turning.append(turn.choice("page_after", f"missives:{page + 1}:{words}"))
    return (*numbers, tuple(turning)) if turning else numbers
