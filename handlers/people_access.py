"""Who may do what that is about people: their leave, their handover, their booking, their private line."""

from collections.abc import Callable

from bot.domain.leave import read_leave
from bot.domain.people import Duty, Person, Role
from bot.domain.projects import Project
from bot.errors import Refused
from handlers import handover, leave, whom
from handlers.turn import Turn
from storage.handovers import Handover

# --- leave ------------------------------------------------------------------------------


def may_leave(turn: Turn) -> tuple[Person]:
    """Let everybody take leave, and the office enter it for whom it names."""
    written = None if turn.argument.lower() in leave.CANCEL else read_leave(turn.argument, turn.today)
    return (_whose(turn, written.who if written else ""),)


def may_come_back(turn: Turn) -> tuple[Person]:
    """Let everybody end their leave, and the office end that of whom it names."""
    return (_whose(turn, turn.argument),)


def may_still_leave(turn: Turn) -> tuple[Person]:
    """Let whose leave the question was about, and the office."""
    return (_own(turn, turn.tx.people.get(int(turn.known["person"]))),)


def _whose(turn: Turn, who: str) -> Person:
    if not who:
        return turn.sender
    person = handover.named(turn, who)
    if not person.active:
        raise Refused("handover.unknown", name=who)
    return _own(turn, person)


def _own(turn: Turn, person: Person) -> Person:
    if person.id != turn.sender.id and not turn.sender.is_office:
        raise Refused("leave.only_own")
    return person


# --- handover ---------------------------------------------------------------------------


def giver(turn: Turn) -> tuple[Handover]:
    """Let who gave: nobody else can say that they are through with it."""
    return (_side(turn, lambda handed: handed.giver_id),)


def taker(turn: Turn) -> tuple[Handover]:
    """Let who took."""
    return (_side(turn, lambda handed: handed.taker_id),)


def _side(turn: Turn, side: Callable[[Handover], int]) -> Handover:
    handed = turn.tx.handovers.get(int(turn.argument))
    if handed is None:
        raise Refused("button.unknown")
    if side(handed) != turn.sender.id:
        raise Refused("button.not_yours")
    return handed


# --- enterprises, and the line to the inspector -----------------------------------------


def owners(topic: str) -> Callable[[Turn], tuple[()]]:
    """Let the owners of projects."""

    def right(turn: Turn) -> tuple[()]:
        if not turn.sender.has(Role.OWNER):
            raise Refused(f"{topic}.not_yours")
        return ()

    return right


def pair(turn: Turn) -> tuple[Project, Person]:
    """Let the two sides of a private exchange; one of them is the project's inspector today."""
    number, _, peer = turn.argument.partition(":")
    project, person = turn.tx.projects.get(int(number)), turn.tx.people.get(int(peer))
    if {turn.sender.id, person.id}.isdisjoint(whom.on(turn, project, Duty.INSPECTOR)):
        raise Refused("private.over", project=project.name)
    return project, person
