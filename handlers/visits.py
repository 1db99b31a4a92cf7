"""Visits (每周必访): a leader says where they go and when, and after it in three taps how it was."""

from datetime import date, timedelta
from itertools import islice

from bot.domain.projects import Project
from bot.domain.until import read_day
from bot.domain.visits import Outcome, Visit, brief_at
from bot.errors import Refused
from handlers import briefs, tasks
from handlers.turn import Turn, rows_of
from storage.letters import Choices

Led = tuple[Project, int]
"""A project to be visited weekly, and its leader: the sender, or for whom they stand in."""

Mine = dict[int, Led]

_MOST_LINES = 10
_A_ROW = 3
_DAYS_OFFERED = 4
_OUTCOMES = {"well": Outcome.WELL, "hard": Outcome.HARD, "pressing": Outcome.PRESSING}


# --- plan -------------------------------------------------------------------------------


def is_meant(turn: Turn, rest: str) -> bool:
    """Tell whether 「走访 …」 is the command: a liaison's 「走访 企业三家」 is an answer."""
    return not rest or bool(turn.led)


def visit(turn: Turn, mine: Mine, named: Led | None, day: date | None) -> None:
    """Plan a visit (走访): 「走访 XM-012 周四」; alone it shows the week."""
    if not turn.argument:
        _show_week(turn, mine)
        return
    if named is None and len(mine) > 1:
        raise Refused("visit.usage")
    project, leader_id = named or next(iter(mine.values()))
    if day is None:
        _ask_day(turn, project)
        return
    _plan(turn, project, leader_id, day)


def _plan(turn: Turn, project: Project, leader_id: int, day: date) -> None:
    if day < turn.today:
        raise Refused("task.past")
    reader = turn.sender
    if not turn.tx.visits.plan(leader_id, project.id, day, turn.now):
        raise Refused("visit.planned_already", day=turn.date(reader, day), project=project.name)
    planned = turn.tx.visits.on(leader_id, project.id, day)
    if planned is None:
        raise LookupError(f"the visit to {project.number} on {day} was not kept")
    turn.record(reader, "visit.planned", f"project:{project.id}", visit=planned.id, day=str(day))
    at = brief_at(day, turn.county.calendar)
    is_soon = at <= turn.now
    later = turn.say(reader, "visit.brief_later", at=turn.clock(at))
    turn.reply(
        "visit.planned",
        day=turn.date(reader, day),
        weekday=turn.say(reader, f"weekday.{day.weekday()}"),
        project=project.name,
        brief="" if is_soon else later,
    )
    if is_soon and turn.tx.visits.briefed(planned.id, turn.now):
        turn.reply_with(briefs.text(turn, reader, planned))


def _ask_day(turn: Turn, project: Project, *, instead_of: int = 0) -> None:
    """Ask which day; a tap on one of the next working days, or any other in words."""
    turn.ask("visit_day", about=project.id, visit=instead_of)
    calendar = turn.county.calendar
    days = islice(calendar.workdays_after(turn.today - timedelta(days=not instead_of)), _DAYS_OFFERED)
    offered = (
        (
            turn.say(turn.sender, "day.0" if day == turn.today else f"weekday.{day.weekday()}"),
            f"visit_on:{project.id}:{day}:{instead_of}",
        )
        for day in days
    )
    key = "visit.ask_other_day" if instead_of else "visit.ask_day"
    turn.reply(key, (tuple(offered),), project=project.name)


def day_said(turn: Turn, led: Led, instead_of: Visit | None) -> None:
    """Read the day that was asked for."""
    day, _ = read_day(turn.text, turn.today)
    if day is None:
        raise Refused("visit.unanswered_day")
    _on(turn, led, day, instead_of)


def on_day(turn: Turn, led: Led, instead_of: Visit | None) -> None:
    """Plan it for the day that was tapped."""
    _, day, _ = turn.argument.split(":")
    _on(turn, led, date.fromisoformat(day), instead_of)


def _on(turn: Turn, led: Led, day: date, instead_of: Visit | None) -> None:
    if instead_of is not None:
        _settle(turn, instead_of, Outcome.MOVED)
    _plan(turn, *led, day)


# --- the week ---------------------------------------------------------------------------


def _show_week(turn: Turn, mine: Mine) -> None:
    visits = briefs.of_week(turn, mine)
    lines, offered = [], []
    for project, _ in mine.values():
        made = visits.get(project.id)
        lines.append(_line(turn, project, made))
        if made is None or not made.was_made:
            offered.append((project.number, f"visit:{project.id}"))
    if len(lines) > _MOST_LINES:
        more = turn.say(turn.sender, "visit.more", count=len(lines) - _MOST_LINES)
        lines = [*lines[:_MOST_LINES], more]
    turn.reply(
        "visit.week",
        rows_of(offered[:_MOST_LINES], _A_ROW),
        subject="visits",
        done=sum(each.was_made for each in visits.values()),
        total=len(mine),
        lines="\n".join(lines),
        example=next(iter(mine.values()))[0].number,
    )


def _line(turn: Turn, project: Project, visit: Visit | None) -> str:
    if visit is None:
        key, day = "visit.line_not_yet", None
    elif visit.was_made:
        key, day = "visit.line_done", visit.day
    else:
        key, day = "visit.line_untold" if visit.day < turn.today else "visit.line_planned", visit.day
    return turn.say(
        turn.sender,
        key,
        number=project.number,
        project=project.name,
        day=turn.date(turn.sender, day) if day else "",
        weekday=turn.say(turn.sender, f"weekday.{day.weekday()}") if day else "",
    )


def choose(turn: Turn, led: Led) -> None:
    """Take a project of the week: ask how it was there, show what to know, or ask for a day."""
    project, _ = led
    planned = briefs.of_week(turn, [project.id]).get(project.id)
    if planned is None or planned.was_made:
        _ask_day(turn, project)
    elif planned.day <= turn.today:
        turn.reply_with(*briefs.question(turn, turn.sender, planned), subject=briefs.subject(planned))
    else:
        turn.reply_with(briefs.text(turn, turn.sender, planned))


# --- after it ---------------------------------------------------------------------------


def went(turn: Turn, visit: Visit) -> None:
    """Note that they were there, and ask how it is (去了)."""
    if visit.outcome is None:
        _settle(turn, visit, Outcome.WENT)
    choices: Choices = (
        tuple((turn.say(turn.sender, f"visit.{key}"), f"visit_how:{visit.id}:{key}") for key in _OUTCOMES),
    )
    turn.reply("visit.ask_how", choices, project=turn.tx.projects.get(visit.project_id).name)


def how(turn: Turn, visit: Visit) -> None:
    """Note how it is there, and ask for what was promised."""
    key = turn.argument.partition(":")[2]
    outcome = _OUTCOMES[key]
    if visit.outcome is not outcome:
        _settle(turn, visit, outcome)
    _wait_for_line(turn, visit)
    choices: Choices = (
        (
            (turn.say(turn.sender, "visit.promised"), f"visit_promised:{visit.id}"),
            (turn.say(turn.sender, "visit.nothing_promised"), f"visit_nothing:{visit.id}"),
        ),
    )
    project = turn.tx.projects.get(visit.project_id).name
    turn.reply("visit.ask_promise", choices, project=project, outcome=turn.say(turn.sender, f"visit.{key}"))


def promised(turn: Turn, visit: Visit) -> None:
    """Ask for the promise in one line (有承诺)."""
    _wait_for_line(turn, visit)
    turn.reply("visit.ask_line")


def nothing_promised(turn: Turn, _visit: Visit) -> None:
    """Leave it at that (没有)."""
    turn.reply("visit.kept")


def _wait_for_line(turn: Turn, visit: Visit) -> None:
    turn.ask("visit_line", visit=visit.id, project=visit.project_id)


def take_line(turn: Turn, visit: Visit) -> None:
    """Make a dated task of each line that was promised."""
    project = turn.tx.projects.get(visit.project_id)
    given = [
        tasks.receipt(turn, tasks.promise(turn, project, line, visit.origin))
        for line in filter(None, map(str.strip, turn.text.splitlines()))
    ]
    turn.tx.visits.note(visit, turn.text)
    turn.reply_with("\n".join(given))


def later(turn: Turn, visit: Visit) -> None:
    """Ask for another day (改天)."""
    if visit.outcome is not None:
        raise Refused("visit.settled")
    _ask_day(turn, turn.tx.projects.get(visit.project_id), instead_of=visit.id)


def drop(turn: Turn, visit: Visit) -> None:
    """Note that they do not go (不去了); nobody else hears of it."""
    _settle(turn, visit, Outcome.DROPPED)
    turn.reply("visit.dropped", project=turn.tx.projects.get(visit.project_id).name)


def _settle(turn: Turn, visit: Visit, outcome: Outcome) -> None:
    can_change = visit.outcome is None or (visit.was_made and outcome in _OUTCOMES.values())
    if not (can_change and turn.tx.visits.settle(visit, outcome, turn.now)):
        raise Refused("visit.settled")
    turn.record(
        turn.sender, "visit.told", f"project:{visit.project_id}", visit=visit.id, outcome=str(outcome)
    )
