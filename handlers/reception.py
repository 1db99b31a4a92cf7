"""企业家接待日 (MISSION row 25): enterprises book, the heads receive, what is said enters the ledger."""

import re
from datetime import date

from bot.domain.people import Duty, Person, Role
from bot.domain.projects import Project
from bot.domain.reception import Booking, State, last_day, open_day
from bot.domain.words import visible
from bot.errors import Refused
from handlers import cards, pointing, prompts, reception_days, reporting
from handlers.turn import Turn

_DAY = re.compile(r"(?:\d{4}年)?(?:\d{1,2}月)?\d{1,2}[日号][\s,，:：]*")
_LONGEST = 200
_WITHOUT_PROBLEM = {
    "没来": State.ABSENT,
    "未到": State.ABSENT,
    "absent": State.ABSENT,
    "没有问题": State.RECEIVED,
    "无问题": State.RECEIVED,
    "no problem": State.RECEIVED,
}


def is_owners(turn: Turn, _rest: str) -> bool:
    """Tell whether 「预约 …」 is the command: anybody else's is an answer like any other."""
    return turn.county.reception is not None and turn.sender.has(Role.OWNER)


def is_offices(turn: Turn, _rest: str) -> bool:
    """Tell whether 「接待 …」 is the command."""
    return turn.county.reception is not None and turn.sender.is_office


def book(turn: Turn) -> None:
    """Book the next reception day: 「预约 8日 用电增容」; without words, ask about what."""
    topic = _DAY.sub("", turn.argument, count=1).strip() if _DAY.match(turn.argument) else turn.argument
    if not topic:
        turn.ask("book")
        turn.reply("reception.about_what", day=turn.date(turn.sender, _open_day(turn)))
        return
    _book(turn, topic)


def say_what(turn: Turn) -> None:
    """Read what somebody wants to talk about."""
    if not turn.text:
        raise Refused("reception.usage")
    _book(turn, turn.text)


def _open_day(turn: Turn) -> date:
    when = turn.county.reception
    if when is None:
        raise Refused("reception.none")
    return open_day(when, turn.now, turn.county.calendar)


def _book(turn: Turn, topic: str) -> None:
    if len(topic) > _LONGEST:
        raise Refused("reception.too_long", count=_LONGEST)
    day = _open_day(turn)
    is_new = turn.tx.bookings.book(day, turn.sender.id, topic, turn.now)
    turn.record(turn.sender, "reception.booked", f"person:{turn.sender.id}", day=day.isoformat(), topic=topic)
    key = "reception.booked" if is_new else "reception.changed"
    turn.reply(key, day=turn.date(turn.sender, day), topic=visible(prompts.shortened(topic, 40)))


def cancel(turn: Turn) -> None:
    """Take a booking back (取消预约); the office is told if it has the list already."""
    booking = turn.tx.bookings.coming(turn.sender.id, turn.today)
    if booking is None or not turn.tx.bookings.settle(booking.id, State.CANCELLED):
        raise Refused("reception.nothing_booked")
    turn.record(turn.sender, "reception.cancelled", f"person:{turn.sender.id}", day=booking.day.isoformat())
    for colleague in turn.office if reception_days.is_listed(turn, booking.day) else ():
        text = turn.say(
            colleague,
            "reception.cancelled_for_office",
            name=turn.sender.placed,
            day=turn.date(colleague, booking.day),
        )
        turn.tell(colleague, f"reception:cancelled:{turn.incoming.key}:{colleague.id}", text)
    turn.reply("reception.cancelled", day=turn.date(turn.sender, booking.day))


# --- received ---------------------------------------------------------------------------


def receive(turn: Turn) -> None:
    """Enter what was said: 「接待 傅春雷 用电增容还差变压器」; 「接待 傅春雷 没来」."""
    name, _, words = turn.argument.partition(" ")
    words = words.strip()
    when = turn.county.reception
    day = last_day(when, turn.today, turn.county.calendar) if when else None
    if not name or not words or day is None:
        raise Refused("reception.receive_usage")
    owner, booking = _who(turn, name, day)
    if (state := _WITHOUT_PROBLEM.get(words)) is not None:
        if booking is None or not turn.tx.bookings.settle(booking.id, state):
            raise Refused("reception.settled", name=owner.name)
        turn.record(turn.sender, "reception.noted", f"person:{owner.id}", state=str(state))
        turn.reply("reception.noted", name=owner.name, state=state)
        return
    project, text = _project(turn, owner, words)
    problem = reporting.open_for(turn, project, text, owner)
    if booking is not None:
        turn.tx.bookings.settle(booking.id, State.RECEIVED, problem.id)
    told = f"{turn.say(owner, 'reception.entered_for_you')}\n{cards.receipt(turn, owner, problem)}"
    choices = cards.receipt_choices(turn, owner, problem)
    turn.tell(owner, f"reception:{problem.id}", told, choices, subject=cards.receipt_subject(problem))


def _who(turn: Turn, name: str, day: date) -> tuple[Person, Booking | None]:
    """Return who was received, by the name of the person or of the enterprise, and their booking."""
    booked = [(turn.tx.people.get(each.person_id), each) for each in turn.tx.bookings.of_day(day)]
    found: list[tuple[Person, Booking | None]] = [
        (person, each) for person, each in booked if name in {person.name, person.placed, person.unit}
    ]
    if not found:
        owners = [each for each in turn.tx.people.with_role(Role.OWNER) if name in {each.name, each.placed}]
        found = [(each, None) for each in owners]
    if not found:
        raise Refused("reception.unknown", name=name)
    if len(found) > 1:
        raise Refused("office.ambiguous", name=name, units="、".join(each.placed for each, _ in found))
    return found[0]


def _project(turn: Turn, owner: Person, words: str) -> tuple[Project, str]:
    """Return the owner's project that was spoken of, and what was said of it."""
    theirs = turn.tx.projects.of(owner.id, Duty.OWNER, turn.today)
    number, _, rest = words.partition(" ")
    named = turn.tx.projects.numbered(number.upper())
    if named is not None and rest.strip():
        return named, rest.strip()
    if len(theirs) == 1:
        return theirs[0], words
    project, rest = pointing.among(words, theirs)
    if project is None or not rest:
        lines = "、".join(f"{each.number} {each.name}" for each in theirs)
        raise Refused(
            "reception.which_project" if theirs else "reception.no_project", name=owner.name, projects=lines
        )
    return project, rest
