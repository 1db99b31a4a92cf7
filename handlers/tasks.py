"""Tasks (任务): what was promised or resolved becomes something dated that somebody holds.

A task is a row of the problems of another nature: its clocks, ladder, cards and custody are theirs.
"""

from dataclasses import dataclass, replace
from datetime import date

from bot.domain.deadlines import dues
from bot.domain.figures import show_money
from bot.domain.payouts import payout_in
from bot.domain.people import Duty, Person
from bot.domain.problems import OTHER, Nature, Problem, Urgency
from bot.domain.projects import Project
from bot.domain.tasks import AGENDA, PastDayError, read_due, read_holder
from bot.domain.words import visible
from bot.errors import Refused
from handlers import attachments, cards, clocks, custody, ledger, pointing, progress, prompts, routing, spoken
from handlers.turn import Desk, Turn
from storage.problems import Reported

_PARTS = 3


@dataclass(frozen=True, slots=True)
class Said:
    """A task as somebody put it: on which project, for whom, what, and by when."""

    project: Project
    holder: Person
    text: str
    due: date | None


def assign(
    desk: Desk,
    project: Project,
    text: str,
    *,
    giver: Person,
    holder: Person,
    origin: str,
    due: date | None = None,
    promised: int | None = None,
) -> Problem:
    """Make a task and give it to its holder; the one who gives it says one day that it is done.

    ``origin`` is what it came from: ``visit:3``, ``missive:7``, ``bulletin:12``, ``person:5``. Without
    a day it is due as an ordinary problem is. An amount ``promised`` to an enterprise is its to confirm.
    """
    county = desk.county
    urgency = Urgency.TODAY if due == desk.today else Urgency.ORDINARY
    given = dues(urgency, desk.now, county.deadlines, county.calendar)
    if due is not None and urgency is Urgency.ORDINARY:
        end = county.calendar.at(due, county.deadlines.office_until)
        given = replace(given, accept=min(given.accept, end), feedback=min(given.feedback, end), solve=end)
    receiver = giver if promised is None else _receiver(desk, project, giver, holder)
    task = desk.tx.problems.add(
        Reported(
            project_id=project.id,
            category=next((each for each in county.categories if each in text), OTHER),
            text=text,
            urgency=urgency,
            reporter_id=giver.id,
            holder_id=holder.id,
            dues=given,
            at=desk.now,
            nature=Nature.TASK,
            origin=origin,
            promised=promised,
            confirmer_id=receiver.id,
        ),
        desk.today.year,
    )
    desk.record(giver, "task.given", cards.subject(task), to=holder.id, text=text, origin=origin)
    if holder.id == giver.id:
        # Whoever promises something has accepted it.
        desk.tx.problems.take(task, holder.id, desk.now)
    task = clocks.wind(desk, task)
    if holder.id != giver.id:
        cards.send(desk, holder, task, "given")
    lead = routing.lead_of(desk, project.id)
    if lead is not None and lead.id != giver.id and desk.stand_in(lead).id != desk.stand_in(holder).id:
        cards.send(desk, lead, task, "given", desk.say(lead, "task.for_lead", holder=holder.call))
    if receiver.id not in {giver.id, holder.id}:
        _promise_to(desk, receiver, task, giver)
    return task


def _receiver(desk: Desk, project: Project, giver: Person, holder: Person) -> Person:
    """Return who says that the money has come: the project's owner, else its liaison, but not who pays."""
    on = [
        desk.tx.people.get(each)
        for duty in (Duty.OWNER, Duty.LIAISON)
        for each in desk.tx.projects.on([project.id], duty, desk.today).get(project.id, [])
    ]
    reached = desk.tx.people.addresses([each.id for each in on])
    found = [each for each in on if each.id in reached]
    return next((each for each in found if each.id != holder.id), giver)


def _promise_to(desk: Desk, receiver: Person, task: Problem, giver: Person) -> None:
    text = desk.say(
        receiver,
        "payout.for_receiver",
        number=task.number,
        project=task.project,
        text=visible(task.text),
        name=giver.call,
        holder=desk.tx.people.get(task.holder_id).call,
        promised=show_money(task.promised or 0),
        solve=cards.day(desk, task.solve_due),
    )
    desk.tell(receiver, f"payout:{task.id}:{receiver.id}", text)


def promise(turn: Turn, project: Project, text: str, origin: str) -> Problem:
    """Make a task of a promise; its holder is whom it begins with, else the one who made it.

    One that says 兑付 and an amount is of money, for the enterprise to confirm.
    """
    units = {unit.name for unit in turn.tx.people.units()}
    name, words = read_holder(text, {person.name for person in turn.tx.people.all()}, units)
    holder = custody.whom(turn, name) if name else turn.sender
    return assign_said(turn, Said(project, holder, words, _due(turn, words)), origin, payout_in(words))


def assign_said(turn: Turn, said: Said, origin: str, promised: int | None = None) -> Problem:
    """Make a task of what somebody said, with what it promises to pay an enterprise."""
    _must_be_reached(turn, said.holder)
    task = assign(
        turn,
        said.project,
        said.text,
        giver=turn.sender,
        holder=said.holder,
        origin=origin,
        due=said.due,
        promised=promised,
    )
    attachments.keep(turn, problem_id=task.id)
    return task


def receipt(turn: Turn, task: Problem) -> str:
    """Return what the one who gave a task reads: what was noted, who has it, by when it is due."""
    holder = turn.tx.people.get(task.holder_id)
    if task.promised is not None:
        key = "payout.given"
    else:
        key = "task.given_to_you" if holder.id == turn.sender.id else "task.given"
    return turn.say(
        turn.sender,
        key,
        promised=show_money(task.promised or 0),
        receiver=turn.tx.people.get(task.confirmer_id).call,
        number=task.number,
        task=task.tag,
        project=task.project,
        text=visible(prompts.shortened(task.text, 60)),
        holder=holder.call,
        solve=cards.day(turn, task.solve_due),
    )


# --- in chat ----------------------------------------------------------------------------


def is_giving(turn: Turn, _rest: str) -> bool:
    """Tell whether 「交办 …」 is the command: 「交办 事项已落实」 is a liaison's answer."""
    return turn.sender.is_office or bool(turn.led)


def give(turn: Turn, said: Said) -> None:
    """Give somebody a task (交办): 「交办 李强 XM-012 12月5日前协调用电」."""
    task = assign_said(turn, said, f"person:{turn.sender.id}")
    turn.reply_with(receipt(turn, task), subject=cards.subject(task))


def listed(turn: Turn) -> None:
    """List tasks (任务), or name one: 「任务 2026-065」."""
    if spoken.named_in(turn):
        return
    try:
        ledger.tasks(turn)
    except Refused as refusal:
        if refusal.key != "listing.unknown" or not prompts.asked_of(turn, turn.sender):
            raise
        # 「任务 完成八成」 is a liaison's answer.
        progress.answer(turn)


def ask_resolutions(turn: Turn) -> None:
    """Ask what the consultation resolved; a line each."""
    turn.ask("resolve", bulletin=int(turn.argument))
    turn.reply("task.ask_resolutions")


def take_resolutions(turn: Turn) -> None:
    """Make tasks of the lines that answer what was resolved."""
    number = int(turn.known["bulletin"])
    try:
        _resolve(turn, turn.text, number)
    except Refused:
        turn.ask("resolve", bulletin=number)
        raise


def is_resolution(turn: Turn, _rest: str) -> bool:
    """Tell whether 「决议 …」 is the command: anybody else's is an answer like any other."""
    return turn.sender.is_office


def resolve(turn: Turn) -> None:
    """Make a task of a resolution (决议) of the last 会商: 「决议 XM-012 自然资源局 12月10日前组卷」."""
    agenda = turn.tx.bulletins.latest(AGENDA)
    if agenda is None:
        raise Refused("task.no_agenda")
    _resolve(turn, turn.argument, agenda.id)


def _resolve(turn: Turn, words: str, bulletin_id: int) -> None:
    lines = list(filter(None, map(str.strip, words.splitlines())))
    said = [read(turn, line, "task.resolve_usage") for line in lines]
    if not said:
        raise Refused("task.resolve_usage")
    given = [receipt(turn, assign_said(turn, each, f"bulletin:{bulletin_id}")) for each in said]
    turn.reply_with("\n".join(given))


# --- what they share --------------------------------------------------------------------


def read(turn: Turn, line: str, usage: str) -> Said:
    """Read 「李强 XM-012 12月5日前协调用电」, or the project first."""
    parts = line.split(maxsplit=_PARTS - 1)
    if len(parts) < _PARTS:
        raise Refused(usage)
    first, second, words = parts
    if turn.tx.projects.numbered(first.upper()) or (
        usage != "task.usage" and not turn.tx.projects.numbered(second.upper())
    ):
        first, second = second, first
    project = pointing.named(turn, second)
    if project is None:
        raise Refused("office.project_unknown", name=second)
    return Said(project, custody.whom(turn, first), words, _due(turn, words))


def _due(turn: Turn, words: str) -> date | None:
    try:
        return read_due(words, turn.today)
    except PastDayError:
        raise Refused("task.past") from None


def _must_be_reached(turn: Turn, holder: Person) -> None:
    if turn.tx.people.address(holder.id) is None:
        raise Refused("problem.whom_unreached", name=holder.call)
