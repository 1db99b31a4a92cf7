"""The buttons that are somebody's to press, and those they mean by what they type."""

import re

from bot.errors import Refused
from handlers import progress, spoken
from handlers.turn import Turn
from storage.letters import Pressed

_LONGEST_LABEL = 16
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


def typed_place(turn: Turn) -> Pressed | None:
    """Return the button that a number typed alone counts to; a list of projects has its own numbers."""
    if not _PLACE.fullmatch(turn.text):
        return None
    offers = _offers(turn)
    if not offers or progress.is_list(offers[0][0].subject):
        return None
    place = int(turn.text)
    return offers[0][place - 1] if 1 <= place <= len(offers[0]) else None


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()
