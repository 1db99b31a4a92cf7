"""What people ask to see: today's question, their projects, the open problems, how to use the bot."""

from collections.abc import Sequence

from bot.domain.answers import is_receipt
from bot.domain.people import Duty, Role
from bot.domain.problems import Problem
from bot.errors import Refused
from handlers import office, pictures, prompts
from handlers.turn import Turn

_MOST = 12


def today(turn: Turn) -> None:
    """Send today's question again; to a leader, what waits for them."""
    projects = turn.tx.projects.of(turn.sender.id, Duty.LIAISON, turn.today)
    if not projects:
        _waiting(turn)
        return
    reports = turn.tx.reports.on([project.id for project in projects], turn.today)
    turn.tx.conversations.list(turn.sender.id, [project.id for project in projects], turn.now)
    turn.reply_with(
        prompts.question(turn, turn.sender, projects, reports),
        prompts.choices(turn, turn.sender, projects),
        subject=prompts.subject(turn.sender.id, turn.today),
    )


def _waiting(turn: Turn) -> None:
    waiting = turn.tx.problems.waiting_for(turn.sender.id)
    if not waiting:
        turn.reply("list.nothing_waits")
        return
    choices = tuple(((each.number, f"show:{each.id}"),) for each in waiting[:_MOST])
    turn.reply("list.waiting", choices, count=len(waiting), lines=_lines(turn, waiting))


def _lines(turn: Turn, problems: Sequence[Problem]) -> str:
    return "\n".join(
        turn.say(
            turn.sender,
            "list.overdue_problem" if each.is_overdue(turn.now) else "list.problem",
            number=each.number,
            project=each.project,
            category=each.category,
            state=each.state,
            holder=each.holder,
            text=prompts.shortened(each.text),
        )
        for each in problems[:_MOST]
    )


def projects(turn: Turn) -> None:
    """List the projects the sender answers about, leads or owns; tell the office how many there are."""
    for duty in (Duty.LIAISON, Duty.LEAD_LEADER, Duty.OWNER):
        mine = turn.tx.projects.of(turn.sender.id, duty, turn.today)
        if not mine:
            continue
        if duty is Duty.LIAISON:
            turn.tx.conversations.list(turn.sender.id, [project.id for project in mine], turn.now)
        reports = turn.tx.reports.on([project.id for project in mine], turn.today)
        lines = prompts.lines(turn, turn.sender, mine, reports)
        turn.reply("list.projects", subject="projects:", count=len(mine), lines="\n".join(lines))
        return
    if not turn.sender.is_office:
        raise Refused("list.no_projects")
    every = turn.tx.projects.all()
    turn.reply("list.projects_of_county", count=len(every))


def ledger(turn: Turn) -> None:
    """List the open problems that concern the sender; the office sees all."""
    sender = turn.sender
    if sender.has(Role.OFFICE, Role.DEPUTY_HEAD, Role.HEAD):
        found = turn.tx.problems.open()
    else:
        duties = (Duty.LIAISON, Duty.LEAD_LEADER, Duty.OWNER)
        mine = [each.id for duty in duties for each in turn.tx.projects.of(sender.id, duty, turn.today)]
        found = turn.tx.problems.concerning(sender.id, mine)
    if not found:
        turn.reply("list.no_problems")
        return
    overdue = sum(problem.is_overdue(turn.now) for problem in found)
    more = turn.say(sender, "list.more", count=len(found) - _MOST) if len(found) > _MOST else ""
    turn.reply("list.ledger", count=len(found), overdue=overdue, lines=_lines(turn, found), more=more)


def usage(turn: Turn) -> None:
    """Say what the sender can do here, according to what they are."""
    if turn.sender.is_office:
        key = "help.office"
    elif turn.sender.has(Role.LIAISON):
        key = "help.liaison"
    else:
        key = "help.leader"
    turn.reply(key, name=turn.sender.name, county=turn.county.name)


def cancel(turn: Turn) -> None:
    """Drop the open question."""
    turn.notice = turn.say(turn.sender, "list.cancelled")
    turn.reply("list.cancelled")


def welcome(turn: Turn) -> None:
    """Answer thanks and receipts that nothing follows from."""
    turn.reply("list.welcome")


def unread(turn: Turn) -> None:
    """Keep words nobody here can place, and offer to pass them to the office."""
    if not turn.text:
        if pictures.keep(turn):
            turn.reply_once("unread", "list.unread_files")
        return
    if is_receipt(turn.text):
        welcome(turn)
        return
    pictures.keep(turn)
    turn.ask("unread", text=turn.text)
    choices = ((turn.choice("forward", "forward"), turn.choice("drop", "drop")),)
    turn.reply("list.unread", choices, text=prompts.shortened(turn.text, 40))


def still_unread(turn: Turn) -> None:
    """Read 1 or 2 typed instead of pressed; other words join those that wait for 〔转给指挥部办公室〕."""
    if turn.text == "1":
        office.forward(turn)
        return
    if turn.text == "2":
        cancel(turn)
        return
    turn.text = f"{turn.known['text']}\n{turn.text}".strip()
    unread(turn)
