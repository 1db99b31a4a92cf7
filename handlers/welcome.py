"""How people join, and what a stranger hears."""

import hashlib
import re
import secrets
from datetime import timedelta

from bot.chat import Address, Incoming
from bot.domain.people import Person, Role
from bot.domain.words import clean, visible
from bot.errors import Refused
from handlers import departure, lists
from handlers.turn import Desk, Turn
from storage.letters import Lane, Letter

CODE_LIFE = timedelta(hours=24)
"""How long an invitation is good for."""

_WRONG_CODES = 5
_LOCK = timedelta(hours=1)
_START = re.compile(r"(?:/start(?:@\w+)?\s+|加入\s*)(?P<code>[A-Za-z0-9_-]{1,64})")


def new_code() -> str:
    """Return an invitation code: 128 random bits that fit a deep link (SECURITY row 2)."""
    return secrets.token_urlsafe(16)


def hashed(code: str) -> str:
    """Return what is stored of a code."""
    return hashlib.sha256(code.encode()).hexdigest()


def invite(desk: Desk, person: Person) -> str:
    """Return a fresh code that lets one person join once, within a day."""
    code = new_code()
    desk.tx.people.invite(person.id, hashed(code), desk.now, desk.now + CODE_LIFE)
    desk.record(None, "person.invited", f"person:{person.id}")
    return code


def brings_code(text: str) -> bool:
    """Tell whether a text is the code of an invitation, which is for nobody else to read."""
    return _START.fullmatch(text) is not None


def stranger(desk: Desk, incoming: Incoming, text: str) -> None:
    """Let in who brings a good code; tell anybody else once a day, and keep nothing they wrote."""
    match = _START.fullmatch(text)
    if match is not None:
        _join(desk, incoming, match["code"])
    elif desk.tx.people.first_today(incoming.at.platform, incoming.sender, desk.today):
        _say(desk, incoming, "welcome.stranger")


def opened(desk: Desk, incoming: Incoming) -> str:
    """Return what somebody reads who has opened their chat: nothing, once they have joined."""
    platform, account = incoming.at.platform, incoming.sender
    known = desk.tx.people.at(platform, account, incoming.alias)
    if known is None and incoming.is_disguised:
        return ""
    if known is None:
        is_first_today = desk.tx.people.first_today(platform, account, desk.today)
        return desk.say(None, "welcome.stranger", county=desk.county.name) if is_first_today else ""
    if not known.is_new or not desk.tx.people.first_today(platform, account, desk.today):
        return ""
    return _introduced(desk, known.person, desk.say(known.person, "welcome.open_first"))


def _join(desk: Desk, incoming: Incoming, code: str) -> None:
    platform, account = incoming.at.platform, incoming.sender
    locked = desk.tx.people.locked_until(platform, account)
    if locked is not None and desk.now < locked:
        if desk.tx.people.first_today(platform, account, desk.today):
            _say(desk, incoming, "welcome.locked", until=desk.clock(locked))
        return
    person_id = desk.tx.people.redeem(hashed(code), account, desk.now)
    if person_id is None:
        _wrong_code(desk, incoming)
        return
    person = desk.tx.people.get(person_id)
    if not desk.tx.people.bind(person.id, platform, account, incoming.at.chat, desk.now):
        raise Refused("welcome.account_taken")
    desk.record(person, "person.joined", f"person:{person.id}", platform=platform)
    desk.tx.people.first_today(platform, account, desk.today)
    _receive(desk, person, incoming, hello(desk, person))
    departure.back(desk, person)
    for colleague in desk.office:
        if colleague.id != person.id:
            desk.tell(
                colleague,
                f"joined:{person.id}:{platform}:{account}:{colleague.id}",
                desk.say(
                    colleague,
                    "welcome.joined_for_office",
                    name=person.placed,
                    platform=desk.platform(colleague, platform),
                    account=account,
                    calls_itself=visible(clean(incoming.sender_name)) or "—",
                ),
            )


def _wrong_code(desk: Desk, incoming: Incoming) -> None:
    platform, account = incoming.at.platform, incoming.sender
    if desk.tx.people.wrong_code(platform, account, _WRONG_CODES, desk.now + _LOCK):
        desk.record(None, "invitation.locked", f"account:{platform}")
        _say(desk, incoming, "welcome.locked", until=desk.clock(desk.now + _LOCK))
        for colleague in desk.office:
            slot = f"locked:{platform}:{account}:{desk.now.timestamp():.0f}:{colleague.id}"
            desk.tell(colleague, slot, desk.say(colleague, "welcome.locked_for_office", account=account))
    else:
        _say(desk, incoming, "welcome.wrong_code")


def greet(turn: Turn) -> None:
    """Welcome somebody whose account the roster named, when they write for the first time."""
    at, account = turn.incoming.at, turn.incoming.sender
    if turn.tx.people.greet(at, account, turn.now):
        turn.record(turn.sender, "person.joined", f"person:{turn.sender.id}")
        # Who has opened the chat has read there who writes.
        is_first = turn.tx.people.first_today(at.platform, account, turn.today)
        _receive(turn, turn.sender, turn.incoming, (hello if is_first else _purpose)(turn, turn.sender))
        departure.back(turn, turn.sender)


def hello(desk: Desk, person: Person) -> str:
    """Return how somebody is welcomed."""
    return _introduced(desk, person, _purpose(desk, person))


def hello_subject(person: Person) -> str:
    """Return the name under which a greeting that has not gone out is found again."""
    return f"hello:{person.id}"


def _introduced(desk: Desk, person: Person, then: str) -> str:
    return desk.say(person, "welcome.hello", name=person.name, county=desk.county.name, then=then)


def _purpose(desk: Desk, person: Person) -> str:
    """Return what somebody is here for; what is kept of them, and for what (SECURITY row 30)."""
    key = "welcome.for_liaison" if person.has(Role.LIAISON) else "welcome.for_all"
    return desk.say(person, key, purpose=desk.say(person, "welcome.purpose"))


def let_through(desk: Desk, person: Person, to: Address) -> None:
    """Send to a chat that has been opened what was waiting for that, and for its person."""
    desk.tx.dispatch.resume(to.platform, to.chat)
    departure.send_to(desk, person.id, to)


def _receive(desk: Desk, person: Person, incoming: Incoming, words: str) -> None:
    """Welcome somebody, once, and send what was waiting for them."""
    letter = Letter(
        _hello(incoming), incoming.at, words, desk.now, person_id=person.id, subject=hello_subject(person)
    )
    desk.tx.outbox.add(letter, desk.now)
    desk.tx.outbox.give_way([letter])
    let_through(desk, person, incoming.at)


def _hello(incoming: Incoming) -> str:
    return f"hello:{incoming.key}"


def again(turn: Turn) -> None:
    """Answer /start from somebody who is in already; who has just been welcomed knows enough."""
    if not turn.tx.outbox.has(_hello(turn.incoming)):
        lists.usage(turn)


def _say(desk: Desk, incoming: Incoming, key: str, **blanks: object) -> None:
    # In the patient lane: however many strangers write, no escalation waits behind their answers.
    text = desk.say(None, key, county=desk.county.name, **blanks)
    letter = Letter(f"reply:{incoming.key}", incoming.at, text, desk.now, lane=Lane.ROUND)
    desk.tx.outbox.add(letter, desk.now)
