"""Who may do what: a right for each entry of the table of contents, judged before anything is done.

A right is one function of the turn. It raises Refused, or returns what it is about as it stands now –
the problem, the letter, the project – and that is what its handler is given: without the right there
is nothing to be done anything to. What people are to a problem decides `bot/domain/rights.py`.
"""

from collections.abc import Callable
from typing import Any, TypeVarTuple

from bot.errors import Refused
from handlers import deeds
from handlers.turn import Turn

Ts = TypeVarTuple("Ts")


class Entry:
    """Something that can be said or pressed, and the right that it needs."""

    def __init__(self, right: Callable[[Turn], tuple[*Ts]], handler: Callable[[Turn, *Ts], None]) -> None:
        self.right: Callable[[Turn], tuple[Any, ...]] = right
        self.handler: Callable[..., None] = handler

    def __call__(self, turn: Turn) -> None:
        """Do it, if the sender may; raise Refused if not."""
        self.handler(turn, *self.right(turn))


class Answer(Entry):
    """The answer to a question: who has lost the right since it was asked reads why, and is asked no more."""

    def __call__(self, turn: Turn) -> None:
        """Take it, if the sender may still give it."""
        try:
            found = self.right(turn)
        except Refused as refusal:
            # Raised, it would leave the question open, which then catches every word.
            deeds.let_go(turn, refusal)
        else:
            self.handler(turn, *found)


# --- whoever it is ----------------------------------------------------------------------


def everybody(_turn: Turn) -> tuple[()]:
    """Let anybody of the roster: it shows or changes what is their own, and nothing of others comes of it."""
    return ()


def by_itself(_turn: Turn) -> tuple[()]:
    """Leave it to the handler."""
    return ()


def the_office(turn: Turn) -> tuple[()]:
    """Let the office."""
    if not turn.sender.is_office:
        raise Refused("office.only")
    return ()


def acting_office(turn: Turn) -> tuple[()]:
    """Let the office, and who stands in for somebody of it."""
    if not any(turn.tx.people.get(each).is_office for each in turn.selves(turn.sender)):
        raise Refused("office.only")
    return ()
