"""The buttons that are somebody's to press, and those they mean by what they type."""

import re
from collections.abc import Sequence
from datetime import timedelta

from bot.errors import Refused
from handlers import progress, spoken
from handlers.turn import Turn
from storage.letters import Offer, Pressed

_LONGEST_LABEL = 16
_SAME_TIME = timedelta(minutes=5)
"""Of two cards that came so close together, either may be meant by a number."""

_PLACE = re.compile(r"[0-9]{1,2}")


def is_for(turn: Turn, pressed: Pressed) -> bool:
    """Tell whether a button is the sender's: their own, in any private chat of theirs, or of this group."""
    at = turn.incoming.at
    if turn.incoming.private and not pressed.in_group:
        return pressed.person_id == turn.sender.id
    is_here = (pressed.to.platform, pressed.to.chat) == (at.platform, at.chat)
    return is_here and pressed.person_id in {None, turn.sender.id}


def _offers(turn: Turn) -> list[list[Pressed]]:
    """Return the buttons the sender could mean, letter by letter, the latest first.

    Of the letters about one thing only the latest counts: it shows how the thing stands now.
    """
    offers: dict[str | int, list[Pressed]] = {}
    for pressed in turn.tx.outbox.offered(turn.sender.id):
        offer = offers.setdefault(pressed.subject or pressed.letter_id, [])
        if not offer or offer[0].letter_id == pressed.letter_id:
            offer.append(pressed)
    return list(offers.values())


def typed_label(turn: Turn) -> Pressed | None:
    """Return the button whose words were typed; None if there is none."""
    wanted = _folded(turn.text)
    if not wanted or len(wanted) > _LONGEST_LABEL:
        return None
    named = [pressed for offer in _offers(turn) for pressed in offer if _folded(pressed.label) == wanted]
    cards = [pressed for pressed in named if spoken.is_card(pressed.subject)]
    if len({pressed.action for pressed in cards}) > 1:
        raise Refused("problem.which", label=cards[0].label, numbers=spoken.numbers(turn, cards))
    return named[0] if named else None


def typed_place(turn: Turn) -> list[Pressed]:
    """Return the button that a number typed alone counts to, several if nobody can tell which.

    It is under the latest message in this chat, or else in another of theirs; a list of projects has
    its own numbers.
    """
    if not _PLACE.fullmatch(turn.text):
        return []
    offers = _before(turn)
    if not offers or progress.is_list(offers[0].subject):
        return []
    place = int(turn.text)
    rivals = [offer for offer in offers[1:] if _is_rival(offer, offers[0])]
    meant = [each.choices[place - 1] for each in (offers[0], *rivals) if 1 <= place <= len(each.choices)]
    # Where cards cannot be changed, some still show what has been done.
    live = {pressed.action for pressed in turn.tx.outbox.offered(turn.sender.id)}
    return [each for each in meant if each.action in live] or meant[:1]


def _before(turn: Turn) -> list[Offer]:
    """Return what the sender has before them, in this chat if anything, each subject once."""
    at = turn.incoming.at
    shown = turn.tx.outbox.shown(turn.sender.id)
    here = [offer for offer in shown if (offer.to.platform, offer.to.chat) == (at.platform, at.chat)]
    found: dict[str | int, Offer] = {}
    for offer in here or shown:
        found.setdefault(offer.subject or offer.choices[0].letter_id, offer)
    return list(found.values())


def _is_rival(offer: Offer, latest: Offer) -> bool:
    """Tell whether a card may be meant as well as the latest, which nobody asked for either."""
    if latest.is_answer or not (spoken.is_card(latest.subject) and spoken.is_card(offer.subject)):
        return False
    return offer.to == latest.to and latest.sent_at - offer.sent_at <= _SAME_TIME


def ask_which(turn: Turn, meant: Sequence[Pressed]) -> None:
    """Ask which of several cards a number typed alone is about."""
    named = [(f"{each.label} {spoken.numbers(turn, [each])}", each.action) for each in meant]
    lines = "\n".join(f"{place} {label}" for place, (label, _) in enumerate(named, 1))
    turn.reply("problem.which_card", tuple((each,) for each in named), number=turn.text, lines=lines)


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()
