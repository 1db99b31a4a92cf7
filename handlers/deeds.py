"""What every deed on a problem begins with: it is found, its doer has the right, and it still fits."""

from collections.abc import Callable
from functools import wraps

from bot.domain.people import Person
from bot.domain.problems import Problem, State
from bot.domain.rights import Deed, fits, may
from bot.errors import Refused
from handlers import cards, ties
from handlers.turn import Desk, Turn


class Final(Refused):
    """A polite no that other words would not change: the question that led to it is dropped."""


def found(turn: Turn, problem_id: int | str) -> Problem:
    """Return a problem by its id, as it stands in this transaction."""
    problem = turn.tx.problems.get(int(problem_id))
    if problem is None:
        raise Refused("problem.unknown", number=problem_id)
    return problem


def ready(turn: Turn, deed: Deed, problem_id: int | str) -> Problem:
    """Return a problem to which the sender may do something now; refuse politely if not."""
    problem = found(turn, problem_id)
    refusal = refusal_of(turn, deed, problem)
    if refusal is not None:
        raise refusal
    return problem


def refusal_of(turn: Turn, deed: Deed, problem: Problem) -> Refused | None:
    """Return why the sender cannot do something to a problem; None if they can.

    Whoever may see the problem hears how it stands; nobody else hears anything of it.
    """
    bound = ties.of(turn, turn.sender, problem)
    is_allowed = may(turn.sender, deed, problem, bound)
    if is_allowed and fits(deed, problem.state):
        return None
    if not may(turn.sender, Deed.SEE, problem, bound):
        return Refused("problem.not_yours", problem=problem.tag)
    if not fits(deed, problem.state):
        return too_late(turn, problem)
    return Refused("problem.held_by", problem=problem.tag, name=problem.holder, state=problem.state)


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


def answers(deed: Deed) -> Callable[[Callable[[Turn, Problem], None]], Callable[[Turn], None]]:
    """Make a handler for the answer to a question about a problem; rights are looked at again now."""

    def decorated(handler: Callable[[Turn, Problem], None]) -> Callable[[Turn], None]:
        @wraps(handler)
        def answer(turn: Turn) -> None:
            problem = found(turn, turn.known["problem"])
            refusal = refusal_of(turn, deed, problem)
            if refusal is None:
                try:
                    handler(turn, problem)
                except Final as final:
                    refusal = final
            if refusal is not None:
                let_go(turn, refusal)

        return answer

    return decorated


def answering(handler: Callable[[Turn], None]) -> Callable[[Turn], None]:
    """Make a handler for an answer that says no politely, and asks no more."""

    @wraps(handler)
    def answer(turn: Turn) -> None:
        try:
            handler(turn)
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
