"""Which project somebody means at the start of what they type: by place in their list, number or name."""

from collections.abc import Sequence

from bot.domain.directory import best_match
from bot.domain.numerals import half_width
from bot.domain.people import Duty
from bot.domain.pointers import Names, position_at
from bot.domain.projects import Project
from bot.domain.rights import sees_county
from handlers import progress
from handlers.turn import Turn

_EDGES = " \t\r\n\u3000，,、；;：:"


def among(text: str, projects: Sequence[Project]) -> tuple[Project | None, str]:
    """Return which of one's own projects a text begins with, and the words after it."""
    plain, by_id = half_width(text), {each.id: each for each in projects}
    position = position_at(plain, 0)
    if position and len(position.places) == 1 and 1 <= position.places[0] <= len(projects):
        return projects[position.places[0] - 1], text[position.end :].strip(_EDGES)
    named = Names(progress.numbered(projects)).named_at(plain, 0) if projects else None
    if named and len(named.listed) == 1:
        return by_id[named.listed[0].project_id], text[named.end :].strip(_EDGES)
    return None, text.strip()


def anywhere(turn: Turn, text: str) -> tuple[Project | None, str]:
    """Return which project of the county a text begins with, by number or name, and the words after it."""
    name, _, words = text.strip().partition(" ")
    return named(turn, name), words.strip(_EDGES)


def named(turn: Turn, name: str) -> Project | None:
    """Return the project of the county with a number, or a name near enough."""
    project = turn.tx.projects.numbered(name.upper())
    if project is None and name:
        every = {each.name: each for each in turn.tx.projects.all()}
        match = best_match(name, every)
        project = every[match] if match else None
    return project


def concerned(turn: Turn, text: str) -> Project | None:
    """Return the project that a text is the name of, if it concerns the sender: heads and office see all."""
    mine = progress.listed(turn)
    project, rest = among(text, mine)
    if project is None:
        if sees_county(turn.sender):
            project, rest = anywhere(turn, text)
        else:
            led = turn.tx.projects.of(turn.sender.id, Duty.LEAD_LEADER, turn.today)
            owned = turn.tx.projects.of(turn.sender.id, Duty.OWNER, turn.today)
            project, rest = among(text, [*led, *owned])
            if project is None and not text and len(led) == 1:
                project = led[0]
    if project is None and not text and len(mine) == 1:
        project = mine[0]
    return project if project is not None and not rest else None


def is_command(turn: Turn, rest: str) -> bool:
    """Tell whether a command's word is meant as one; a liaison's 「清单 已报送」 is an answer."""
    return not rest or turn.sender.is_office or concerned(turn, rest) is not None or not progress.listed(turn)
