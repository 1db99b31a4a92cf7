"""Who may do what to a problem. What is not said here is not allowed."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.people import Person, Role
from bot.domain.problems import OPEN, Problem, State


class Deed(StrEnum):
    """Something that can be done to a problem."""

    SEE = "see"
    TAKE = "take"
    TRANSFER = "transfer"
    RETURN = "return"
    SOLVE = "solve"
    FEED_BACK = "feedback"
    ASK_UP = "ask_up"
    CONFIRM = "confirm"
    CLASSIFY = "classify"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Ties:
    """What ties somebody to a problem, apart from holding or having reported it.

    ``has_held`` is true of whoever held it before, ``passed_on`` of the last of them, who gave it to
    its holder.
    """

    leads: bool = False
    liaises: bool = False
    owns: bool = False
    has_held: bool = False
    passed_on: bool = False


_ANSWERING = frozenset({Deed.TAKE, Deed.TRANSFER, Deed.RETURN, Deed.SOLVE, Deed.FEED_BACK, Deed.ASK_UP})
_UNSOLVED = frozenset({State.WAITING, State.WORKING})
_STATES: dict[Deed, frozenset[State]] = {
    Deed.SEE: frozenset(State),
    Deed.TAKE: frozenset({State.WAITING}),
    Deed.TRANSFER: _UNSOLVED,
    Deed.RETURN: _UNSOLVED,
    Deed.SOLVE: _UNSOLVED,
    Deed.FEED_BACK: _UNSOLVED,
    Deed.ASK_UP: _UNSOLVED,
    Deed.CONFIRM: frozenset({State.CONFIRMING}),
    Deed.CLASSIFY: frozenset(OPEN),
    Deed.WITHDRAW: frozenset(OPEN),
}


def fits(deed: Deed, state: State) -> bool:
    """Tell whether something can be done at all to a problem in a state, whoever does it."""
    return state in _STATES[deed]


def may(person: Person, deed: Deed, problem: Problem, ties: Ties) -> bool:
    """Tell whether a person has the right to do something to a problem; `fits` tells if it can be done.

    The holder, the project's lead leader and the office answer for it, and until its holder has
    accepted it whoever passed it on. Only its reporter, or the project's owner, may call it solved
    or unsolved; the reporter may still put it right, or take it back, while nobody has accepted it.
    """
    if not person.active:
        return False
    holds = problem.holder_id == person.id
    reported = problem.reporter_id == person.id
    still_answers = ties.passed_on and problem.state is State.WAITING
    answers = holds or still_answers or ties.leads or person.is_office
    if deed in _ANSWERING:
        return answers
    if deed is Deed.CONFIRM:
        return reported or ties.owns
    if deed is Deed.CLASSIFY:
        return answers or (reported and problem.state is State.WAITING)
    if deed is Deed.WITHDRAW:
        return person.is_office or (reported and problem.state is State.WAITING)
    is_tied = reported or ties.liaises or ties.owns or ties.has_held
    return answers or is_tied or person.has(Role.DEPUTY_HEAD, Role.HEAD)
