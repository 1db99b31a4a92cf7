"""What people hear of a leave: that it is entered, begins, ends or is called off, and what waits for them."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import partial

from bot.domain.people import Person
from bot.domain.problems import Problem
from bot.domain.words import visible
from handlers import cards, prompts
from handlers.turn import Beat, Desk, Turn, rows_of
from handlers.watch import Watch
from storage.leaves import Leave
from storage.letters import Choices

CHUNK = 50
"""Leaves of one transaction at most, so that a message never waits for them."""

_MOST_LINES = 12


def days(desk: Desk, reader: Person, first: date, last: date) -> str:
    """Return the days of a leave as they are spoken of: 12月1日至12月5日, 12月1日."""
    if first == last:
        return desk.date(reader, first)
    return desk.say(reader, "leave.days", first=desk.date(reader, first), last=desk.date(reader, last))


def _days(desk: Desk, reader: Person, leave: Leave) -> str:
    return days(desk, reader, leave.first, leave.last)


def _slot(leave: Leave, what: str) -> str:
    return f"leave:{leave.id}:{what}"


# --- when somebody says so --------------------------------------------------------------


def entered(turn: Turn, leave: Leave, person: Person, substitute: Person) -> None:
    """Tell of a new leave: whose it is, if the office entered it, who stands in, and the office."""
    if person.id != turn.sender.id:
        of = {"days": _days(turn, person, leave), "substitute": substitute.name, "by": turn.sender.name}
        turn.tell(person, _slot(leave, "entered"), turn.say(person, "leave.for_you", **of), in_person=True)
    if leave.first > turn.today:
        told = turn.say(substitute, "leave.named", name=person.placed, days=_days(turn, substitute, leave))
        turn.tell(substitute, _slot(leave, "named"), told, in_person=True)
    _tell_office(turn, leave, "for_office", {person.id, substitute.id}, substitute=substitute.name)


def _tell_office(turn: Turn, leave: Leave, key: str, but: set[int], **blanks: str) -> None:
    person = turn.tx.people.get(leave.person_id)
    for colleague in turn.office:
        if colleague.id in but | {turn.sender.id}:
            continue
        told = turn.say(
            colleague, f"leave.{key}", name=person.placed, days=_days(turn, colleague, leave), **blanks
        )
        turn.tell(colleague, _slot(leave, f"{key}:{colleague.id}"), told)


def cancelled(turn: Turn, leave: Leave, person: Person) -> None:
    """Tell of a leave that ends early, or never began: whose it is, who stood in, and the office."""
    substitute = turn.tx.people.get(leave.substitute_id)
    if turn.tx.outbox.has(_slot(leave, "begins")):
        said, choices = _welcome(turn, leave, person)
        turn.tell(substitute, _slot(leave, "ends"), turn.say(substitute, "leave.over", name=person.name))
        _tell_office(turn, leave, "over_for_office", {person.id, substitute.id})
        _refresh(turn, turn.selves(person))
    else:
        blanks = {"name": person.name, "days": _days(turn, person, leave)}
        said, choices = turn.say(person, "leave.never_began", **blanks), ()
        if turn.tx.outbox.has(_slot(leave, "named")):
            told = turn.say(
                substitute, "leave.called_off", name=person.name, days=_days(turn, substitute, leave)
            )
            turn.tell(substitute, _slot(leave, "ends"), told, in_person=True)
        _tell_office(turn, leave, "called_off_for_office", {person.id, substitute.id})
    if person.id == turn.sender.id:
        turn.reply_with(said, choices)
        return
    turn.reply("leave.ended_for", name=person.name)
    by_office = turn.say(person, "leave.ended_for_you", by=turn.sender.name, days=_days(turn, person, leave))
    turn.tell(person, _slot(leave, "back"), f"{by_office}\n{said}", choices, in_person=True)


# --- when time passes -------------------------------------------------------------------


async def keep(watch: Watch) -> None:
    """Tell of leaves that begin or are over, on the morning of a working day, with what waits."""
    for due, tell in ((_beginning, _begins), (_ending, _ends)):
        if await watch.read(due):
            while await watch.perform(partial(_tell_some, due, tell)) == CHUNK:
                pass


def is_due(beat: Beat) -> bool:
    """Tell whether a leave begins or is over."""
    return bool(_beginning(beat) or _ending(beat))


def _tell_some(due: Callable[[Beat], list[Leave]], tell: Callable[[Beat, Leave], None], beat: Beat) -> int:
    return beat.each(due(beat)[:CHUNK], partial(tell, beat))


def _begins_at(beat: Beat, leave: Leave) -> datetime:
    return beat.county.calendar.at(leave.first, beat.county.calendar.quiet_until)


def _ends_at(beat: Beat, leave: Leave) -> datetime:
    calendar = beat.county.calendar
    return calendar.at(calendar.next_workday(leave.last), calendar.quiet_until)


def _beginning(beat: Beat) -> list[Leave]:
    """Return the leaves to tell of; not those that are over before their substitute may be disturbed."""
    calendar = beat.county.calendar
    read_on = calendar.day_of(calendar.next_open(beat.now))
    return [
        each
        for each in beat.tx.leaves.beginning(beat.today)
        if _begins_at(beat, each) <= beat.now and read_on <= each.last
    ]


def _ending(beat: Beat) -> list[Leave]:
    """Return the leaves that are over; not those that another, with the same substitute, goes on from."""
    return [
        each
        for each in beat.tx.leaves.ending(beat.today)
        if _ends_at(beat, each) <= beat.now and not _goes_on(beat, each)
    ]


def _goes_on(beat: Beat, leave: Leave) -> bool:
    acting = beat.tx.leaves.stand_in(leave.person_id, beat.today)
    return acting != leave.person_id and acting == beat.tx.leaves.stand_in(leave.substitute_id, beat.today)


def _begins(beat: Beat, leave: Leave) -> None:
    """Give the substitute what waits for the one on leave, and for those whom they cover in turn."""
    person, substitute = beat.tx.people.get(leave.person_id), beat.tx.people.get(leave.substitute_id)
    reader = beat.stand_in(substitute)
    ids = [person.id, *sorted(beat.tx.leaves.behind(person.id, beat.today))]
    blanks = {"name": person.call, "days": _days(beat, reader, leave)}
    text, choices = _list(beat, reader, "begins", _waiting(beat, ids), **blanks)
    if beat.tell(substitute, _slot(leave, "begins"), text, choices):
        beat.record(None, "leave.began", f"person:{person.id}", leave=leave.id, to=substitute.id)
        _refresh(beat, ids)


def _ends(beat: Beat, leave: Leave) -> None:
    """Tell the substitute that it is over, and the one who is back what waits for them."""
    person, substitute = beat.tx.people.get(leave.person_id), beat.tx.people.get(leave.substitute_id)
    over = beat.say(substitute, "leave.over", name=person.name)
    if not beat.tell(substitute, _slot(leave, "ends"), over):
        return
    beat.record(None, "leave.ended", f"person:{person.id}", leave=leave.id)
    if beat.stand_in(person).id == person.id:
        beat.tell(person, _slot(leave, "back"), *_welcome(beat, leave, person))
    _refresh(beat, beat.selves(person))


# --- what waits -------------------------------------------------------------------------


def _welcome(desk: Desk, leave: Leave, person: Person) -> tuple[str, Choices]:
    """Return what somebody reads who is back."""
    substitute = desk.tx.people.get(leave.substitute_id)
    waiting = _waiting(desk, desk.selves(person))
    return _list(desk, person, "ends", waiting, substitute=substitute.name)


def _waiting(desk: Desk, person_ids: Iterable[int]) -> list[Problem]:
    """Return the problems that wait for any of these people, or for their answer."""
    ids = list(person_ids)
    found = [problem for each in ids for problem in desk.tx.problems.waiting_for(each)]
    asked = (desk.tx.problems.get(each.problem_id) for each in desk.tx.requests.pending_for(ids))
    return list({problem.id: problem for problem in (*found, *asked) if problem is not None}.values())


def _list(desk: Desk, reader: Person, key: str, waiting: list[Problem], **blanks: str) -> tuple[str, Choices]:
    """Return a list of what waits: a line and a button each."""
    if not waiting:
        return desk.say(reader, f"leave.{key}_idle", **blanks), ()
    shown, rest = waiting[:_MOST_LINES], len(waiting) - _MOST_LINES
    lines = [
        desk.say(
            reader,
            "leave.line",
            sign=cards.light(desk, reader, each),
            number=each.number,
            project=prompts.shortened(each.project, 16),
            category=each.kind,
            text=visible(prompts.shortened(each.text)),
        )
        for each in shown
    ]
    more = desk.say(reader, "leave.more", count=rest) if rest > 0 else ""
    text = desk.say(reader, f"leave.{key}", count=len(waiting), lines="\n".join(lines), more=more, **blanks)
    return text, rows_of(((each.number, f"show:{each.id}") for each in shown), 3)


def _refresh(desk: Desk, person_ids: Iterable[int]) -> None:
    """Let the cards show who acts now, with the buttons of those who may press them."""
    for problem in _waiting(desk, person_ids):
        cards.refresh(desk, problem)


def next_moments(beat: Beat) -> list[tuple[datetime, str]]:
    """Return when leaves begin and are over next, with the key of their name."""
    moments = [at(beat, each) for each in beat.tx.leaves.around(beat.today) for at in (_begins_at, _ends_at)]
    return [(min(ahead), "event.leave")] if (ahead := [each for each in moments if each > beat.now]) else []
