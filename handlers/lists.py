"""What people ask to see: today's question, their projects, how to use the bot."""

from bot.domain.answers import is_receipt
from bot.domain.people import Duty, Role
from bot.errors import Refused
from handlers import deeds, ledger, office, prompts
from handlers.turn import Turn

_MOST = 12
_PARTS = {
    **dict.fromkeys(("材料", "papers"), "help.papers"),
    **dict.fromkeys(("函件", "missives"), "help.missives"),
}
"""What the office has a screen of help for, by what is typed after 帮助."""


def today(turn: Turn) -> None:
    """Send today's question again; to a leader, what waits for them."""
    projects = prompts.asked_of(turn, turn.sender)
    if not projects:
        _waiting(turn)
        return
    reports = turn.tx.reports.on([project.id for project in projects], turn.today)
    turn.tx.conversations.list({turn.sender.id: [project.id for project in projects]}, turn.now)
    turn.reply_with(
        prompts.question(turn, turn.sender, projects, reports),
        prompts.choices(turn, turn.sender, projects),
        subject=prompts.subject(turn.sender.id, turn.today),
    )


def _waiting(turn: Turn) -> None:
    waiting = deeds.waiting(turn)
    if not waiting:
        turn.reply("list.nothing_waits")
        return
    choices = tuple(((each.number, f"show:{each.id}"),) for each in waiting[:_MOST])
    turn.reply(
        "list.waiting", choices, count=len(waiting), lines=ledger.lines(turn, turn.sender, waiting[:_MOST])
    )


def projects(turn: Turn) -> None:
    """List the projects the sender answers about, leads or owns; tell the office how many there are."""
    for duty in (Duty.LIAISON, Duty.LEAD_LEADER, Duty.OWNER):
        is_asked = duty is Duty.LIAISON
        mine = (
            prompts.asked_of(turn, turn.sender)
            if is_asked
            else turn.tx.projects.of(turn.sender.id, duty, turn.today)
        )
        if not mine:
            continue
        if is_asked:
            turn.tx.conversations.list({turn.sender.id: [project.id for project in mine]}, turn.now)
        reports = turn.tx.reports.on([project.id for project in mine], turn.today)
        lines = prompts.lines(turn, turn.sender, mine, reports)
        turn.reply("list.projects", subject="projects:", count=len(mine), lines="\n".join(lines))
        return
    if not turn.sender.is_office:
        raise Refused("list.no_projects")
    every = turn.tx.projects.all()
    turn.reply("list.projects_of_county", count=len(every))


def is_usage(turn: Turn, rest: str) -> bool:
    """Tell whether 「帮助 …」 asks for help: 「帮助 企业协调了用电」 is an answer like any other."""
    is_part = turn.sender.is_office and rest.lower() in _PARTS
    return not rest or is_part or turn.text.startswith("/")


def usage(turn: Turn) -> None:
    """Say what the sender can do here, according to what they are; to the office a screen at a time."""
    if turn.sender.is_office:
        key = _PARTS.get(turn.argument.lower(), "help.office")
    elif turn.sender.has(Role.LIAISON):
        key = "help.liaison"
    elif turn.sender.has(Role.OWNER) and not turn.sender.has(Role.LEAD_LEADER):
        key = "help.owner"
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
        if turn.files:
            turn.reply_once("unread", "list.unread_files")
        return
    if is_receipt(turn.text):
        welcome(turn)
        return
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
