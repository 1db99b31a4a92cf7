"""Who may give tasks, and who visits which project."""

from collections.abc import Callable
from datetime import date

from bot.domain.directory import best_match
from bot.domain.projects import Project
from bot.domain.until import read_day
from bot.domain.visits import VISITED_CLASSES, Visit
from bot.errors import Refused
from handlers import tasks
from handlers.turn import Turn
from handlers.visits import Led, Mine


def may_give(kind: str) -> Callable[[Turn], tuple[tasks.Said]]:
    """Let the office give a task, or promise a payout, and who leads the project that is named."""

    def right(turn: Turn) -> tuple[tasks.Said]:
        if not (turn.sender.is_office or turn.led):
            raise Refused(f"{kind}.only_leaders")
        said = tasks.read(turn, turn.argument, f"{kind}.usage")
        if not (turn.sender.is_office or said.project.id in turn.led):
            raise Refused(f"{kind}.only_leaders")
        return (said,)

    return right


# --- visits -----------------------------------------------------------------------------


def may_visit(turn: Turn) -> tuple[Mine, Led | None, date | None]:
    """Let leaders visit the projects that they lead; of the words, which one and on which day."""
    mine = _mine(turn)
    if not mine:
        raise Refused("visit.no_projects")
    names, day = [], None
    for word in turn.argument.split():
        said, rest = read_day(word, turn.today)
        if said is not None and not rest and day is None:
            day = said
        else:
            names.append(word)
    return mine, _named(turn, " ".join(names), mine) if names else None, day


def _mine(turn: Turn) -> Mine:
    return {each: led for each, led in sorted(turn.led.items()) if led[0].kind in VISITED_CLASSES}


def _named(turn: Turn, name: str, mine: Mine) -> Led:
    project = turn.tx.projects.numbered(name.upper())
    if project is None:
        names = {each.name: each for each, _ in mine.values()}
        meant = best_match(name, names)
        several = [each.number for each, _ in mine.values() if name in each.name]
        if meant is None and len(several) > 1:
            raise Refused("visit.several", name=name, numbers="、".join(several))
        if meant is None:
            raise Refused("office.project_unknown", name=name)
        project = names[meant]
    return _visited(turn, project, mine)


def _visited(turn: Turn, project: Project, mine: Mine) -> Led:
    if project.id in mine:
        return mine[project.id]
    if project.id in turn.led:
        raise Refused("visit.not_building", project=project.name, **{"class": project.kind})
    raise Refused("visit.not_yours", project=project.name)


def leader(turn: Turn) -> tuple[Led]:
    """Let who leads the project of a button."""
    return (_led(turn, int(turn.argument)),)


def leader_on_day(turn: Turn) -> tuple[Led, Visit | None]:
    """Let who leads the project of a button; with the visit of theirs that is put off."""
    project_id, _, put_off = turn.argument.split(":")
    return _led(turn, int(project_id)), _own(turn, put_off) if put_off != "0" else None


def leader_still(turn: Turn) -> tuple[Led, Visit | None]:
    """Let who leads now the project that the question was about; with the visit of theirs that is put off."""
    put_off = turn.known["visit"]
    return _led(turn, int(turn.known["about"])), _own(turn, put_off) if put_off else None


def visitor(turn: Turn) -> tuple[Visit]:
    """Let whose visit a button is about, or who stands in for them."""
    return (_own(turn, turn.argument.partition(":")[0]),)


def visitor_still(turn: Turn) -> tuple[Visit]:
    """Let whose visit the question was about."""
    return (_own(turn, turn.known["visit"]),)


def _led(turn: Turn, project_id: int) -> Led:
    return _visited(turn, turn.tx.projects.get(project_id), _mine(turn))


def _own(turn: Turn, visit_id: int | str) -> Visit:
    visit = turn.tx.visits.get(int(visit_id))
    if visit is None or visit.person_id not in turn.selves(turn.sender):
        raise Refused("button.not_yours")
    return visit
