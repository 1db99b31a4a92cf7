"""变更登记: a change of a project's plan, asked for with its reason, nodded to by the office, and kept."""

from bot.domain.changes import (
    LONGEST,
    Change,
    Item,
    amounts_after,
    obstacle,
    read_change,
    reason_in,
    shown,
    standing,
)
from bot.domain.figures import show_money
from bot.domain.people import Duty, Person
from bot.domain.projects import Project
from bot.domain.scope import Scope
from bot.domain.stages import Move, Nod, Step
from bot.domain.words import visible
from bot.errors import Refused
from handlers import four_lists, pointing, progress
from handlers.access import Entry
from handlers.project_access import papers_of
from handlers.turn import Desk, Turn

PAPER = "变更登记"
_WORD = "变更"


def change(turn: Turn) -> None:
    """Take 「变更 XM-012 总投资 8.2亿，增加二期厂房」; 「变更」, 「变更 XM-012」 orders the register."""
    project, words = _project(turn, turn.argument)
    said = read_change(words, turn.today) if words else None
    if project is not None and said is not None:
        _go_on(turn, project, said)
    elif project is not None and words:
        raise Refused("changes.usage")
    else:
        READINGS["register"](turn)


def _order(turn: Turn, scope: Scope) -> None:
    four_lists.order(turn, scope, PAPER)


READINGS = {"register": Entry(papers_of(_WORD), _order)}
"""What the word may stand for besides a change of one's own project, with its own right."""


def is_meant(turn: Turn, rest: str) -> bool:
    """Tell whether 「变更 …」 is the command: a liaison's 「变更 设计方案已报审」 is an answer."""
    project, words = _project(turn, rest)
    is_change = project is not None and read_change(words, turn.today) is not None
    return is_change or pointing.is_command(turn, rest)


def _project(turn: Turn, text: str) -> tuple[Project | None, str]:
    """Return which project the sender may ask a change of: their own, those they lead, the office any."""
    mine = progress.listed(turn)
    led = [turn.led[each][0] for each in sorted(turn.led)]
    project, words = pointing.among(text, [*mine, *(each for each in led if each not in mine)])
    if project is None and turn.sender.is_office:
        project, words = pointing.anywhere(turn, text)
    if project is None and len(mine) == 1 and read_change(text, turn.today):
        return mine[0], text
    return project, words


def _go_on(turn: Turn, project: Project, said: Change) -> None:
    """Refuse what cannot be, ask for the reason if there is none, or keep the change."""
    if not said.value:
        kind = "money" if said.item.is_money else "day" if said.item.is_day else "content"
        raise Refused(f"changes.no_{kind}", item=said.item, number=project.number)
    if max(len(said.value), len(said.reason)) > LONGEST:
        raise Refused("elements.too_long", count=LONGEST)
    before = _standing(turn, project, said.item)
    if before == said.value:
        raise Refused("changes.same", project=project.name, item=said.item, value=_shown(said.item, before))
    if hindrance := obstacle(project, said.item, said.value, turn.today):
        raise Refused(
            f"changes.{hindrance}", project=project.name, **_amounts(project, said.item, said.value)
        )
    if not said.reason:
        turn.ask("change", project=project.id, item=str(said.item), value=said.value)
        _reply(turn, "changes.why", **_blanks(turn, turn.sender, project, said.item, before, said.value))
        return
    _keep(turn, project, said, before)


def because(turn: Turn, project: Project) -> None:
    """Read why a change is asked for."""
    if not turn.text:
        raise Refused("problem.line_needed")
    _go_on(turn, project, Change(Item(turn.known["item"]), str(turn.known["value"]), reason_in(turn.text)))


def _keep(turn: Turn, project: Project, said: Change, before: str) -> None:
    """Put a change before the office; what the office says itself counts at once."""
    blanks = _blanks(turn, turn.sender, project, said.item, before, said.value)
    if turn.sender.is_office:
        move = enter(turn, project, said.item, before, said.value, said.reason)
        _take(turn, project, move)
        _tell_others(turn, move, project)
        _reply(turn, "changes.taken", number=move.number, reason=visible(said.reason), **blanks)
        return
    move = turn.tx.changes.ask(
        project.id, said.item, before, said.value, said.reason, turn.sender.id, turn.today, turn.now
    )
    turn.record(
        turn.sender, "change.asked", f"project:{project.id}", number=move.number, item=str(said.item),
        before=before, after=said.value, reason=said.reason,
    )  # fmt: skip
    _reply(turn, "changes.said", number=move.number, reason=visible(said.reason), **blanks)


def enter(turn: Turn, project: Project, what: str, before: str, after: str, reason: str) -> Move:
    """Enter into the register what the office changes itself."""
    move = turn.tx.changes.ask(project.id, what, before, after, reason, turn.sender.id, turn.today, turn.now)
    turn.tx.stages.decide(move, Nod.AGREED, turn.sender.id, turn.now)
    return move


def _take(turn: Turn, project: Project, move: Move) -> None:
    """Let a change count, and keep in the trail what was there before."""
    if move.what == Item.CONTENT:
        turn.tx.elements.write(project.id, move.what, move.after, move.asked_by, turn.now)
    else:
        turn.tx.changes.take(project, Item(move.what), move.after)
    turn.record(
        turn.sender, "change.taken", f"project:{project.id}", number=move.number, item=move.what,
        before=move.before, after=move.after, reason=move.reason, asked_by=move.asked_by,
    )  # fmt: skip


# --- the office's nod -------------------------------------------------------------------


def line(desk: Desk, reader: Person, move: Move, name: str, project: Project) -> str:
    """Return what the office reads of a change: what, from what to what, and why."""
    blanks = _blanks(desk, reader, project, move.what, move.before, move.after)
    return desk.say(
        reader, "changes.line", name=name, number=move.number, reason=visible(move.reason), **blanks
    )


def hinders(turn: Turn, move: Move) -> bool:
    """Tell whether a change cannot be agreed to as it is shown, and say why.

    Where another value stands there by now, that is what it would change, and the office looks once more.
    """
    if move.step is not Step.CHANGE or move.answer is not None:
        return False
    project, item = turn.tx.projects.get(move.project_id), Item(move.what)
    now = _standing(turn, project, item)
    if hindrance := obstacle(project, item, move.after, turn.today):
        _reply(turn, f"changes.{hindrance}", project=project.name, **_amounts(project, item, move.after))
    elif now != move.before:
        turn.tx.changes.renew(move, now)
        blanks = _blanks(turn, turn.sender, project, item, now, move.after)
        _reply(turn, "changes.moved_on", number=move.number, **blanks)
    return bool(hindrance) or now != move.before


def decided(turn: Turn, move: Move, project: Project, nod: Nod) -> None:
    """Carry out what the office decided about a change, and tell whom it concerns."""
    if nod is Nod.AGREED:
        _take(turn, project, move)
        _tell_others(turn, move, project)
    else:
        turn.record(turn.sender, "change.refused", f"project:{project.id}", number=move.number)
    asker = turn.tx.people.get(move.asked_by)
    key = "changes.agreed" if nod is Nod.AGREED else "changes.refused"
    blanks = _blanks(turn, asker, project, move.what, move.before, move.after)
    text = turn.say(asker, key, name=turn.sender.call, number=move.number, **blanks)
    turn.tell(asker, f"change:{move.id}:{asker.id}", text)


def _tell_others(turn: Turn, move: Move, project: Project) -> None:
    """Tell who answers for a project and who leads it, but not those who know."""
    people = [
        each
        for duty in (Duty.LIAISON, Duty.LEAD_LEADER)
        for each in turn.tx.projects.on([project.id], duty, turn.today).get(project.id, [])
    ]
    for person_id in dict.fromkeys(people):
        if person_id not in {move.asked_by, turn.sender.id}:
            reader = turn.tx.people.get(person_id)
            blanks = _blanks(turn, reader, project, move.what, move.before, move.after)
            told = turn.say(
                reader, "changes.for_you", name=turn.sender.call, number=move.number,
                reason=visible(move.reason), **blanks,
            )  # fmt: skip
            turn.tell(reader, f"change:{move.id}:{reader.id}", told)


def _reply(turn: Turn, key: str, **blanks: object) -> None:
    turn.reply_with(turn.say(turn.sender, key, **blanks))


# --- parts ------------------------------------------------------------------------------


def _standing(desk: Desk, project: Project, item: Item) -> str:
    if item is not Item.CONTENT:
        return standing(project, item)
    written = desk.tx.elements.of(project.id).get(str(item))
    return written.text if written else ""


def _shown(item: str, value: str) -> str:
    return visible(shown(item, value))


def _blanks(
    desk: Desk, reader: Person, project: Project, item: str, before: str, after: str
) -> dict[str, object]:
    empty = desk.say(reader, "changes.empty")
    return {
        "project": project.name,
        "item": item,
        "before": _shown(item, before) or empty,
        "after": _shown(item, after),
    }


def _amounts(project: Project, item: Item, value: str) -> dict[str, object]:
    """Return what a change would leave in the plan, for the sentence that says why it cannot be."""
    total, planned = amounts_after(project, item, value) if item.is_money else (0, 0)
    return {"total": show_money(total), "planned": show_money(planned)}
