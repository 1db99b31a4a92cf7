"""Who looks after a project (MISSION row 4): one card with names and units, and the way to the inspector."""

from bot.domain.people import Duty
from bot.domain.projects import Project
from bot.errors import Refused
from handlers import pointing, progress
from handlers.turn import Turn

_ALONE = frozenset({Duty.INSPECTOR})
"""Nobody stands in for these: what they are told is for them alone."""


def show(turn: Turn) -> None:
    """Show who looks after a project: 「找谁 1」, 「找谁 XM-012」."""
    project = _meant(turn) if turn.argument else only(turn)
    if project is None:
        raise Refused("whom.usage")
    lines = []
    for duty in Duty:
        names = [_named(turn, duty, each) for each in on(turn, project, duty)]
        key = "whom.line" if names else "whom.nobody"
        lines.append(turn.say(turn.sender, key, duty=_word(turn, duty), names="、".join(names)))
    has_line = any(each != turn.sender.id for each in on(turn, project, Duty.INSPECTOR))
    choices = ((turn.choice("private", f"private:{project.id}"),),) if has_line else ()
    turn.reply("whom.card", choices, project=project.name, number=project.number, lines="\n".join(lines))


def _meant(turn: Turn) -> Project | None:
    project, rest = pointing.among(turn.argument, mine(turn))
    return project if project is not None and not rest else pointing.named(turn, turn.argument)


def on(turn: Turn, project: Project, duty: Duty) -> list[int]:
    """Return the ids of those with a duty on a project today."""
    return turn.tx.projects.on([project.id], duty, turn.today).get(project.id, [])


def mine(turn: Turn) -> list[Project]:
    """Return the sender's projects, as `项目` numbers them: of the first duty that they have any of."""
    found = (turn.tx.projects.of(turn.sender.id, duty, turn.today) for duty in Duty)
    return progress.listed(turn) or next((each for each in found if each), [])


def only(turn: Turn) -> Project | None:
    """Return the sender's project if they have just one."""
    projects = mine(turn)
    return projects[0] if len(projects) == 1 else None


def _named(turn: Turn, duty: Duty, person_id: int) -> str:
    person = turn.tx.people.get(person_id)
    acting = turn.stand_in(person)
    if acting.id == person.id or duty in _ALONE:
        return person.placed
    return turn.say(turn.sender, "whom.acting", name=person.placed, substitute=acting.name)


def _word(turn: Turn, duty: Duty) -> str:
    return turn.say(turn.sender, f"whom.{duty.name.lower()}")
