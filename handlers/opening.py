"""Private chats that take nothing until somebody there has written, and those that the bot may open."""

from functools import partial

from bot.chat import Address
from bot.domain.people import Person
from handlers import departure, welcome
from handlers.turn import Beat, Desk
from handlers.watch import Watch
from storage.contacts import Contact
from storage.letters import Lane, Letter

CHUNK = 50
"""Accounts of one transaction at most, so that a message never waits for a whole roster."""


def closed(desk: Desk, at: Address) -> None:
    """Note that a chat takes nothing until its person writes; what waits for them waits, or goes elsewhere.

    The office hears of it once, with the sentence to forward; what waited goes out at their first word.
    """
    whose = desk.tx.outbox.recall(at.platform, at.chat)
    for contact in desk.tx.contacts.at(at):
        if desk.tx.contacts.unopen(contact):
            person = desk.tx.people.get(contact.person_id)
            desk.record(None, "person.unopened", f"person:{person.id}", platform=at.platform)
            _tell_office(desk, person, contact, desk.tx.people.address(person.id))
    # Not only of those whose chat it is: an account may have been taken from somebody meanwhile.
    departure.send_on(desk, whose)


def _tell_office(desk: Desk, person: Person, contact: Contact, other: Address | None) -> None:
    for colleague in desk.office:
        if colleague.id == person.id:
            continue
        text = desk.say(
            colleague,
            "opening.closed_elsewhere" if other else "opening.closed",
            name=person.placed,
            platform=desk.platform(colleague, contact.at.platform),
            other=desk.platform(colleague, other.platform) if other else "",
            how=desk.how_to_open(colleague, contact.at.platform),
        )
        desk.tell(colleague, f"{contact.spell}:{colleague.id}", text)


# --- where the bot may write first ------------------------------------------------------


async def write_first(watch: Watch) -> None:
    """Say hello to whom the roster names, where the bot may write first; from then on they are asked."""
    if await watch.read(is_due):
        while await watch.perform(_open_some) == CHUNK:
            pass


def is_due(beat: Beat) -> bool:
    """Tell whether there is somebody to say hello to; nobody at night."""
    return bool(beat.writes_first and not beat.county.calendar.is_quiet(beat.now) and _unopened(beat, 1))


def _unopened(beat: Beat, most: int) -> list[Contact]:
    """Return whom to say hello to: while some try the bot out, only them."""
    return beat.tx.contacts.unopened(beat.writes_first, most, pilots_only=beat.tx.rounds.has_pilots())


def _open_some(beat: Beat) -> int:
    return beat.each(_unopened(beat, CHUNK), partial(_open, beat))


def _open(beat: Beat, contact: Contact) -> None:
    person = beat.tx.people.get(contact.person_id)
    if not beat.tx.people.greet(contact.at, contact.account, beat.now):
        return
    beat.record(None, "person.joined", f"person:{person.id}", platform=contact.at.platform)
    hello = welcome.hello(beat, person)
    letter = Letter(
        contact.opening,
        contact.at,
        hello,
        beat.now,
        person_id=person.id,
        lane=Lane.ROUND,
        subject=welcome.hello_subject(person),
    )
    beat.tx.outbox.add(letter, beat.now)
    welcome.let_through(beat, person, contact.at)
    departure.back(beat, person)
