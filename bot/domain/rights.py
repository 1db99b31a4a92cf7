"""Who may do what to a problem. What is not said here is not allowed."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.ladder import OFFICE_DECIDES
from bot.domain.people import Person, Role
from bot.domain.problems import OPEN, UNSOLVED, Problem, State
from bot.domain.requests import Asking, Request


class Deed(StrEnum):
    """Something that can be done to a problem."""

    SEE = "see"
    TAKE = "take"
    TRANSFER = "transfer"
    RETURN = "return"
    SOLVE = "solve"
    FEED_BACK = "feedback"
    ASK_UP = "ask_up"
    EXTEND = "extend"
    SNOOZE = "snooze"
    ASK_BACK = "ask_back"
    ASSIGN = "assign"
    CONFIRM = "confirm"
    REOPEN = "reopen"
    CLASSIFY = "classify"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Ties:
    """What ties somebody to a problem, apart from holding or having reported it.

    ``has_held`` is true of whoever held it before, ``passed_on`` of the last of them, who gave it to
    its holder. ``stands_for`` are the people on leave whose substitute they are today.
    """

    leads: bool = False
    liaises: bool = False
    owns: bool = False
    has_held: bool = False
    passed_on: bool = False
    is_asked: bool = False
    stands_for: frozenset[int] = frozenset()


_ANSWERING = frozenset(
    {
        Deed.TAKE,
        Deed.TRANSFER,
        Deed.RETURN,
        Deed.SOLVE,
        Deed.FEED_BACK,
        Deed.ASK_UP,
        Deed.EXTEND,
        Deed.SNOOZE,
        Deed.ASK_BACK,
    }
)
_UNSOLVED = frozenset(UNSOLVED)
_STATES: dict[Deed, frozenset[State]] = {
    Deed.SEE: frozenset(State),
    Deed.TAKE: frozenset({State.WAITING}),
    Deed.TRANSFER: _UNSOLVED,
    Deed.RETURN: _UNSOLVED,
    Deed.SOLVE: _UNSOLVED,
    Deed.FEED_BACK: _UNSOLVED,
    Deed.ASK_UP: _UNSOLVED,
    Deed.EXTEND: _UNSOLVED,
    Deed.SNOOZE: _UNSOLVED,
    Deed.ASK_BACK: _UNSOLVED,
    Deed.ASSIGN: _UNSOLVED,
    Deed.CONFIRM: frozenset({State.CONFIRMING}),
    Deed.REOPEN: frozenset({State.CONFIRMING, State.CLOSED}),
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
    or unsolved – the office once they have kept silent too long; the reporter may still put it right,
    or take it back, while nobody has accepted it. A substitute has the rights of those on leave.
    """
    if not person.active:
        return False
    selves = ties.stands_for | {person.id}
    # What leaders and units owe one another is not the enterprise's to see, let alone to close.
    owns = ties.owns and not problem.is_task
    holds = problem.holder_id in selves
    confirms = problem.confirmer_id in selves
    still_answers = ties.passed_on and problem.state is State.WAITING
    answers = holds or still_answers or ties.leads or person.is_office
    if deed is Deed.ASSIGN:
        return person.is_office
    if deed is Deed.SNOOZE:
        return holds
    if deed in _ANSWERING:
        return answers
    if deed is Deed.CONFIRM:
        return confirms or owns or (person.is_office and office_decides(problem))
    if deed is Deed.REOPEN:
        late = problem.state is State.CLOSED or office_decides(problem)
        return confirms or owns or (person.is_office and late)
    if deed is Deed.CLASSIFY:
        return not problem.is_task and (answers or (confirms and problem.state is State.WAITING))
    if deed is Deed.WITHDRAW:
        # A promise is not taken back by those to whom it was made.
        theirs = confirms if problem.promised is None else problem.reporter_id in selves
        return person.is_office or (theirs and problem.state is State.WAITING)
    is_tied = confirms or ties.liaises or owns or ties.has_held or ties.is_asked
    reported = problem.reporter_id == person.id
    return answers or is_tied or reported or person.has(Role.DEPUTY_HEAD, Role.HEAD)


def may_answer(
    person: Person, request: Request, asked: Person | None, ties: Ties, leads: Collection[int]
) -> bool:
    """Tell whether a person may answer a request now: as the one asked, or for them.

    A decision is a head's, and more time a lead leader's – ``leads`` are those of today – so whose
    office has ended since answers no more. The office may always grant time, and the lead leader of
    today, but nobody to themself.
    """
    if not person.active:
        return False
    if asked is None:
        return person.is_office
    is_asked = asked.id in ties.stands_for | {person.id}
    if request.asking is Asking.DECISION:
        return is_asked and asked.has(Role.DEPUTY_HEAD, Role.HEAD)
    if asked.active and asked.id in leads:
        return (is_asked or person.is_office) and request.asker_id != person.id
    return person.is_office or (ties.leads and request.asker_id != person.id)


def notes_approvals(person: Person) -> bool:
    """Tell whether a person may say how a project's approvals stand: the office, and the departments."""
    return person.active and person.has(Role.OFFICE, Role.DEPARTMENT_LIAISON)


def sees_county(person: Person) -> bool:
    """Tell whether a person sees the projects of the whole county: the office and the heads."""
    return person.active and person.has(Role.OFFICE, Role.DEPUTY_HEAD, Role.HEAD)


def office_decides(problem: Problem) -> bool:
    """Tell whether those who were asked if it is solved have kept silent too long."""
    return problem.state is State.CONFIRMING and problem.step >= OFFICE_DECIDES
