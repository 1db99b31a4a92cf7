"""Leave: from when to when somebody is away, and who acts for them meanwhile."""

from datetime import date

from bot.domain.leave import MOST_DAYS, Written, bare, read_leave
from bot.domain.people import Person
from bot.errors import Refused
from handlers import absence, deeds, handover, progress, prompts
from handlers.turn import Turn
from storage.leaves import Leave

CANCEL = frozenset({"cancel", "取消", "销假"})


def ask(turn: Turn, person: Person) -> None:
    """Enter a leave (请假 12-01 12-05 李强); with nothing after it, tell how, and what is entered."""
    if not turn.argument:
        _show(turn)
        return
    if turn.argument.lower() in CANCEL:
        end(turn, person)
        return
    written = read_leave(turn.argument, turn.today)
    if written is None:
        if _is_an_answer(turn, turn.argument):
            progress.answer(turn)
            return
        raise Refused("leave.not_days", words=prompts.shortened(turn.argument, 20))
    turn.tx.leaves.alone()
    _must_be_possible(turn, person, written)
    if written.substitute:
        _enter(turn, person, written, written.substitute)
        return
    turn.ask("leave", person=person.id, first=str(written.first), last=str(written.last))
    turn.reply("leave.ask", days=absence.days(turn, turn.sender, written.first, written.last))


def name_substitute(turn: Turn, person: Person) -> None:
    """Read who stands in, for the days already named; whether they are still possible is looked at again."""
    first, last = (date.fromisoformat(turn.known[each]) for each in ("first", "last"))
    turn.tx.leaves.alone()
    try:
        _must_be_possible(turn, person, Written(first, last))
    except Refused as refusal:
        raise deeds.Final(refusal.key, **refusal.blanks) from refusal
    _enter(turn, person, Written(first, last), bare(turn.text))


def is_end(turn: Turn, rest: str) -> bool:
    """Tell whether 「销假 …」 is the command: a liaison's 「销假 工人都回来了」 is an answer."""
    return not rest or turn.sender.is_office or not _is_an_answer(turn, rest)


def end(turn: Turn, person: Person) -> None:
    """End a leave now, or cancel the next one before it begins (销假); the office also for another."""
    coming = turn.tx.leaves.of(person.id, turn.today)
    if not coming or not turn.tx.leaves.cancel(coming[0], turn.now):
        raise Refused("leave.none", name=person.name)
    turn.record(turn.sender, "leave.cancelled", f"person:{person.id}", leave=coming[0].id)
    absence.cancelled(turn, coming[0], person)


def _show(turn: Turn) -> None:
    """Tell how a leave is written, and which of one's own, or to cover, are to come."""
    sender, leaves = turn.sender, turn.tx.leaves
    lines = [
        turn.say(sender, "leave.mine", days=_days(turn, each), substitute=_name(turn, each.substitute_id))
        for each in leaves.of(sender.id, turn.today)
    ]
    lines += [
        turn.say(sender, "leave.covering", days=_days(turn, each), name=_name(turn, each.person_id))
        for each in leaves.covered_by(sender.id, turn.today)
    ]
    turn.reply_with("\n".join([*lines, turn.say(sender, "leave.usage")]))


def _is_an_answer(turn: Turn, words: str) -> bool:
    """Tell whether 「请假 工人多，进度慢」 is a liaison's answer: it has no figures, and names nobody."""
    first, *_ = words.split()
    has_figures = any(sign.isdigit() for sign in words)
    if turn.text.startswith("/") or has_figures or turn.tx.people.named(bare(first)):
        return False
    return bool(prompts.asked_of(turn, turn.sender))


def _days(turn: Turn, leave: Leave) -> str:
    return absence.days(turn, turn.sender, leave.first, leave.last)


def _name(turn: Turn, person_id: int) -> str:
    return turn.tx.people.get(person_id).name


# --- what is possible -------------------------------------------------------------------


def _must_be_possible(turn: Turn, person: Person, written: Written) -> None:
    """Refuse days that are turned round, past, too many, or on which they are away already."""
    reader = turn.sender
    if written.last < written.first:
        first, last = turn.date(reader, written.first), turn.date(reader, written.last)
        raise Refused("leave.turned", first=first, last=last)
    days = absence.days(turn, reader, written.first, written.last)
    if written.last < turn.today:
        raise Refused("leave.past", days=days)
    if written.days > MOST_DAYS:
        raise Refused("leave.too_long", days=days, count=written.days, most=MOST_DAYS)
    clash = turn.tx.leaves.clashing(person.id, written.first, written.last)
    if clash is not None:
        raise Refused("leave.clash", name=person.name, days=_days(turn, clash))


def _substitute(turn: Turn, person: Person, written: Written, name: str) -> Person:
    """Return who stands in, if they can: they are another, here, within reach, and not away themself.

    So nobody ever stands in for themself through others: of those in a circle the last could not
    have been entered.
    """
    substitute = handover.named(turn, name)
    if substitute.id == person.id:
        raise Refused("leave.self")
    if not substitute.active:
        raise Refused("leave.gone", name=substitute.name)
    if turn.tx.people.address(substitute.id) is None:
        raise Refused("leave.unreached", name=substitute.name)
    clash = turn.tx.leaves.clashing(substitute.id, written.first, written.last)
    if clash is not None:
        raise Refused("leave.away_too", name=substitute.name, days=_days(turn, clash))
    return substitute


def _enter(turn: Turn, person: Person, written: Written, name: str) -> None:
    substitute = _substitute(turn, person, written, name)
    passed_on = [
        _name(turn, each.person_id)
        for each in turn.tx.leaves.covered_by(person.id, turn.today)
        if each.first <= written.last and written.first <= each.last
    ]
    leave = turn.tx.leaves.add(
        person.id, written.first, written.last, substitute.id, turn.sender.id, turn.now
    )
    turn.record(
        turn.sender,
        "leave.added",
        f"person:{person.id}",
        leave=leave.id,
        to=substitute.id,
        first=str(leave.first),
        last=str(leave.last),
    )
    blanks = {"name": person.name, "substitute": substitute.name}
    lines = [turn.say(turn.sender, "leave.entered", days=_days(turn, leave), **blanks)]
    if passed_on:
        names = "、".join(dict.fromkeys(passed_on))
        lines.append(turn.say(turn.sender, "leave.passed_on", names=names, **blanks))
    turn.reply_with("\n".join(lines))
    absence.entered(turn, leave, person, substitute)
