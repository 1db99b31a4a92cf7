"""Milestones and planned days: shown to whom they concern, moved by the office, never forgotten."""

from datetime import date

from bot.domain.changes import COLUMNS, Item, item_of
from bot.domain.days import read_day_planned
from bot.domain.directory import best_match
from bot.domain.people import Duty
from bot.domain.projects import Project
from bot.domain.stages import Milestone
from bot.domain.words import visible
from bot.errors import Refused
from handlers import changes, pointing, stages
from handlers.turn import Turn, rows_of

_WORD = "改期"
"""The reason of a change of days, where no more is said."""

_MOST = 6
_LONGEST_NAME = 20


def move(turn: Turn) -> None:
    """Move a planned day: 「改期 XM-012 主体封顶 12月20日」; 开工 and 竣工 may be moved too."""
    project, words = pointing.anywhere(turn, turn.argument)
    said = read_day_planned(words, turn.today)
    name = said.rest.strip("「」“” ，,：:的")
    if project is None or not said.words or not name:
        raise Refused("milestones.move_usage")
    if said.day is None:
        raise Refused("milestones.no_such_day", day=said.words)
    if said.day < turn.today:
        raise Refused("milestones.past", day=said.words)
    item = item_of(name)
    if item is not None and item.is_day:
        _move_project(turn, project, item, said.day)
        return
    known = {each.name: each for each in turn.tx.stages.milestones([project.id])}
    match = best_match(name, known)
    if match is not None:
        _plan(turn, project, match, known[match].planned, said.day)
        return
    name = name[:_LONGEST_NAME]
    day = said.day.isoformat()
    others = [(each, f"milestone_plan:{project.id}:{day}:{each}") for each in list(known)[:_MOST]]
    add = (turn.choice("add_milestone", f"milestone_plan:{project.id}:{day}:{name}", what=name),)
    turn.reply("milestones.unknown", (*rows_of(others, 2), add), project=project.name, what=visible(name))


def plan(turn: Turn) -> None:
    """Plan the milestone that was pointed out, or a new one."""
    number, day, name = turn.argument.split(":", 2)
    project = turn.tx.projects.get(int(number))
    before = next((e.planned for e in turn.tx.stages.milestones([project.id]) if e.name == name), None)
    _plan(turn, project, name, before, date.fromisoformat(day))


def _plan(turn: Turn, project: Project, name: str, before: date | None, day: date) -> None:
    turn.tx.stages.plan(project.id, name, day)
    _tell(turn, project, name, before, day)


def _move_project(turn: Turn, project: Project, item: Item, day: date) -> None:
    before: date | None = getattr(project, COLUMNS[item])
    turn.tx.changes.take(project, item, day.isoformat())
    _tell(turn, project, item, before, day)


def _tell(turn: Turn, project: Project, name: str, before: date | None, day: date) -> None:
    """Keep in the trail what was moved, and tell who answers for the project and who leads it."""
    turn.record(
        turn.sender, "milestone.moved", f"project:{project.id}", what=name, day=day.isoformat(),
        before=before.isoformat() if before else "",
    )  # fmt: skip
    if before is not None and before != day:
        changes.enter(turn, project, name, before.isoformat(), day.isoformat(), _WORD)
    key = "milestones.moved" if before else "milestones.planned"
    leads = turn.tx.projects.on([project.id], Duty.LEAD_LEADER, turn.today).get(project.id, [])
    readers = [*stages.liaisons_of(turn, project), *(turn.tx.people.get(each) for each in leads)]
    for reader in readers:
        if reader.id != turn.sender.id:
            blanks = {"before": turn.date(reader, before) if before else "", "day": turn.date(reader, day)}
            told = turn.say(
                reader, f"{key}_for_you", name=turn.sender.name, project=project.name, what=name, **blanks
            )
            turn.tell(reader, f"moved:{turn.incoming.key}:{reader.id}", told)
    turn.reply(
        key,
        project=project.name,
        what=name,
        before=turn.date(turn.sender, before) if before else "",
        day=turn.date(turn.sender, day),
    )


# --- shown ------------------------------------------------------------------------------


def show(turn: Turn) -> None:
    """Show a project's planned and actual days and its milestones (节点 1, 节点 XM-012)."""
    project = pointing.concerned(turn, turn.argument)
    if project is None:
        raise Refused("milestones.usage")
    milestones = turn.tx.stages.milestones([project.id])
    moves = [
        step for step in turn.tx.audit.trail(f"project:{project.id}") if step.action == "milestone.moved"
    ]
    dated = [
        Milestone(0, project.id, "开工", project.planned_start, project.actual_start),
        *milestones,
        Milestone(0, project.id, "竣工", project.planned_completion, project.actual_completion),
    ]
    names = {"开工": str(Item.START), "竣工": str(Item.COMPLETION)}
    lines = []
    for each in dated:
        moved = [step for step in moves if step.detail["what"] in {each.name, names.get(each.name)}]
        times = [step for step in moved if step.detail["before"]]
        first = str(times[0].detail["before"])[5:] if times else ""
        history = turn.say(turn.sender, "milestones.history", count=len(times), first=first) if times else ""
        lines.append(f"{_line(turn, each)}{history}")
    turn.reply("milestones.page", project=project.name, stage=project.stage, lines="\n".join(lines))


def _line(turn: Turn, each: Milestone) -> str:
    if each.done is not None:
        return turn.say(turn.sender, "milestones.done", what=each.name, day=each.done.isoformat())
    if each.planned is None:
        return turn.say(turn.sender, "milestones.undated", what=each.name)
    left = (each.planned - turn.today).days
    key = "milestones.ahead" if left >= 0 else "milestones.late"
    return turn.say(turn.sender, key, what=each.name, day=each.planned.isoformat(), days=abs(left))
