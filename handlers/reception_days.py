"""What happens by itself around a reception day: invited, listed, received, asked after."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial

from bot.domain.people import Person, Role
from bot.domain.reception import (
    ASKED_AT,
    INVITED,
    INVITED_AT,
    RECEIVED_AT,
    Booking,
    State,
    around,
    listed_at,
)
from bot.domain.words import visible
from handlers.turn import Beat, Desk
from handlers.watch import Watch
from storage.letters import Lane

CHUNK = 50
"""People of one transaction at most."""

_OVER = time(18)


@dataclass(frozen=True, slots=True)
class _Step:
    """One thing that is done once for a reception day: from when to when, who is told, and what."""

    name: str
    day: date
    begins: datetime
    ends: datetime
    readers: Callable[[Beat, date], Sequence[Person]]
    tells: Callable[[Beat, date, Person], str]

    @property
    def subject(self) -> str:
        """What the trail calls it."""
        return f"reception:{self.day}:{self.name}"


async def keep(watch: Watch) -> None:
    """Do what is due around a reception day, each once, also after a restart."""
    if watch.county.reception is None:
        return
    for step in await watch.read(due):
        people = await watch.read(partial(_readers, step))
        for start in range(0, len(people), CHUNK):
            await watch.perform(partial(_tell, step, people[start : start + CHUNK]))
        await watch.perform(partial(_note, step, len(people)))


def _readers(step: _Step, beat: Beat) -> Sequence[Person]:
    return step.readers(beat, step.day)


def due(beat: Beat) -> list[_Step]:
    """Return the steps whose time it is and that were not taken."""
    return [
        each
        for each in _steps(beat)
        if each.begins <= beat.now < each.ends and not beat.tx.audit.trail(each.subject)
    ]


def next_moments(beat: Beat) -> list[tuple[datetime, str]]:
    """Return when something is next done around a reception day, with the key of its name."""
    return [(each.begins, "event.reception") for each in _steps(beat) if each.begins > beat.now]


def _steps(beat: Beat) -> list[_Step]:
    when, calendar = beat.county.reception, beat.county.calendar
    if when is None:
        return []

    def at(day: date, clock: time) -> datetime:
        return calendar.at(day, clock)

    steps = []
    for day in around(when, beat.today, calendar):
        after = calendar.next_workday(day)
        listed, over = listed_at(day, calendar), at(day, _OVER)
        steps += [
            _Step("invited", day, at(day - INVITED, INVITED_AT), listed, _uninvited, _invitation),
            _Step("listed", day, listed, over, _office, _list),
            _Step("received", day, at(day, RECEIVED_AT), over, _heads, _list),
            _Step("asked", day, at(after, ASKED_AT), at(day + INVITED, ASKED_AT), _office, _left),
        ]
    return steps


def is_listed(desk: Desk, day: date) -> bool:
    """Tell whether the office has the list of a day."""
    return desk.now >= listed_at(day, desk.county.calendar)


def _tell(step: _Step, people: Sequence[Person], beat: Beat) -> None:
    def tell(person: Person) -> None:
        beat.tell(person, f"{step.subject}:{person.id}", step.tells(beat, step.day, person), lane=Lane.ROUND)

    beat.each(people, tell)


def _note(step: _Step, count: int, beat: Beat) -> None:
    if not beat.tx.audit.trail(step.subject):
        beat.record(None, f"reception.{step.name}", step.subject, count=count)


# --- who is told what -------------------------------------------------------------------


def _uninvited(beat: Beat, day: date) -> list[Person]:
    """Return the owners within reach who have not booked."""
    booked = {each.person_id for each in beat.tx.bookings.of_day(day)}
    owners = [each for each in beat.tx.people.with_role(Role.OWNER) if each.id not in booked]
    reached = beat.tx.people.addresses([each.id for each in owners])
    return [each for each in owners if each.id in reached]


def _invitation(beat: Beat, day: date, reader: Person) -> str:
    until = beat.clock(listed_at(day, beat.county.calendar))
    return beat.say(reader, "reception.invitation", day=beat.date(reader, day), until=until)


def _waiting(beat: Beat, day: date) -> list[Booking]:
    return [each for each in beat.tx.bookings.of_day(day) if each.state is State.BOOKED]


def _office(beat: Beat, day: date) -> list[Person]:
    return beat.office if _waiting(beat, day) else []


def _heads(beat: Beat, day: date) -> list[Person]:
    return beat.tx.people.with_role(Role.HEAD, Role.DEPUTY_HEAD) if _waiting(beat, day) else []


def _list(beat: Beat, day: date, reader: Person) -> str:
    lines = [_line(beat, reader, place, each) for place, each in enumerate(_waiting(beat, day), 1)]
    key = "reception.list_for_office" if reader.is_office else "reception.list"
    return beat.say(reader, key, day=beat.date(reader, day), count=len(lines), lines="\n".join(lines))


def _left(beat: Beat, day: date, reader: Person) -> str:
    lines = [_line(beat, reader, place, each) for place, each in enumerate(_waiting(beat, day), 1)]
    name = beat.tx.people.get(_waiting(beat, day)[0].person_id).name
    return beat.say(
        reader,
        "reception.left",
        day=beat.date(reader, day),
        count=len(lines),
        lines="\n".join(lines),
        name=name,
    )


def _line(beat: Beat, reader: Person, place: int, booking: Booking) -> str:
    person = beat.tx.people.get(booking.person_id)
    return beat.say(reader, "reception.line", place=place, name=person.placed, topic=visible(booking.topic))
