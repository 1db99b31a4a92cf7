"""What every deed on a problem comes with: it is found, somebody else was quicker, others are told."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from bot.domain.people import Person
from bot.domain.problems import Problem, State
from bot.errors import Refused
from handlers import cards
from handlers.turn import Desk, Turn

P = ParamSpec("P")


class Final(Refused):
    """A polite no that other words would not change: the question that led to it is dropped."""


def found(turn: Turn, problem_id: int | str) -> Problem:
    """Return a problem by its id, as it stands in this transaction."""
    problem = turn.tx.problems.get(int(problem_id))
    if problem is None:
        raise Refused("problem.unknown", number=problem_id)
    return problem


def must_win(turn: Turn, problem: Problem, *, won: bool) -> None:
    """Refuse politely when somebody else was quicker; only one of two changes at once is made."""
    if not won:
        raise too_late(turn, problem)


def too_late(turn: Turn, problem: Problem) -> Refused:
    """Return the polite no for what came after something else had happened: who did it, and when."""
    now = found(turn, problem.id)
    if now.state is State.WORKING and now.accepted_at is not None:
        at = turn.clock(now.accepted_at)
        return Refused("problem.taken_already", problem=now.tag, name=now.holder, at=at)
    return Refused("problem.settled", problem=now.tag, state=now.state)


def waiting(turn: Turn) -> list[Problem]:
    """Return what waits for the sender, and for those on leave for whom they stand in."""
    return [problem for each in turn.selves(turn.sender) for problem in turn.tx.problems.waiting_for(each)]


def answering(handler: Callable[Concatenate[Turn, P], None]) -> Callable[Concatenate[Turn, P], None]:
    """Make a handler for an answer that says no politely, and asks no more."""

    @wraps(handler)
    def answer(turn: Turn, /, *found: P.args, **named: P.kwargs) -> None:
        try:
            handler(turn, *found, **named)
        except Refused as refusal:
            # Raised, it would leave the question open, which then catches every word.
            let_go(turn, refusal)

    return answer


def let_go(turn: Turn, refusal: Refused) -> None:
    """Say no, and ask no more: raised, it would leave the question open, which then catches every word."""
    turn.reply_with(turn.say(turn.sender, refusal.key, **refusal.blanks))
    if refusal.is_denial:
        note_denial(turn, turn.sender, refusal)


def note_denial(desk: Desk, sender: Person, refusal: Refused, verb: str = "") -> None:
    """Enter into the audit that somebody tried what is not theirs to do; nothing of what they wrote."""
    desk.record(sender, "access.denied", f"access:{sender.id}", reason=refusal.key, what=verb)


def line(turn: Turn) -> str:
    """Return the words of the sender; pictures alone do not say why."""
    if not turn.text:
        raise Refused("problem.line_needed")
    return turn.text


def tell(turn: Turn, problem: Problem, person_id: int, key: str, **blanks: object) -> None:
    """Tell somebody what has become of a problem, unless it was they who did it."""
    if person_id == turn.sender.id:
        return
    person = turn.tx.people.get(person_id)
    text = turn.say(
        person,
        key,
        problem=problem.tag,
        project=problem.project,
        name=turn.sender.call,
        solve=cards.day(turn, problem.solve_due),
        **blanks,
    )
    turn.tell(person, f"{key}:{problem.id}:{turn.incoming.key}:{person.id}", text)
