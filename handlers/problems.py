"""A problem is accepted, worked on and solved, until its reporter says that it is."""

from datetime import timedelta

from bot.domain.deadlines import dues
from bot.domain.figures import show_money
from bot.domain.problems import Problem, State, Urgency
from bot.errors import Refused
from handlers import (
    attachments,
    buttons,
    cards,
    clocks,
    deeds,
    problem_page,
    requests,
    routing,
    stillness,
    ties,
)
from handlers.turn import Turn

REOPENS_WITHIN = timedelta(days=30)
"""So long after it was closed a problem is opened again; later it is a new one."""


def show(turn: Turn, problem: Problem) -> None:
    """Show a problem's page: its card with what the reader may do, and what became of it."""
    card, trail = cards.text(turn, turn.sender, problem), problem_page.trail(turn, turn.sender, problem)
    turn.reply_with(
        f"{card}\n\n{trail}",
        buttons.choices(turn, turn.sender, problem),
        subject=cards.subject(problem),
    )
    cards.refresh(turn, problem)


# --- accept, answer ---------------------------------------------------------------------


def take(turn: Turn, problem: Problem) -> None:
    """Accept a problem: of two who press at once, one wins and the other is told who."""
    _take(turn, problem)
    key = "problem.taken_today" if problem.urgency is Urgency.TODAY else "problem.taken"
    deeds.tell(turn, problem, problem.confirmer_id, f"{key}_for_reporter")
    turn.notice = turn.say(turn.sender, "problem.taken_notice")
    turn.reply(key, problem=problem.tag, solve=cards.day(turn, problem.solve_due))


def _take(turn: Turn, problem: Problem) -> Problem:
    # Who stands for the holder accepts in their name; anybody else becomes the holder.
    stands_for = ties.of(turn, turn.sender, problem).stands_for
    by = problem.holder_id if problem.holder_id in stands_for else turn.sender.id
    deeds.must_win(turn, problem, won=turn.tx.problems.take(problem, by, turn.now))
    turn.record(turn.sender, "problem.taken", cards.subject(problem), before=problem.holder_id, holder=by)
    problem = clocks.wind(turn, problem)
    cards.refresh(turn, problem)
    return problem


def ask_feedback(turn: Turn, problem: Problem) -> None:
    """Ask the holder how far it is."""
    turn.ask("feedback", problem=problem.id)
    turn.reply("problem.ask_feedback", problem=problem.tag)


def give_feedback(turn: Turn, problem: Problem) -> None:
    """Keep a word on how far it is and pass it on."""
    feed_back(turn, problem, deeds.line(turn))
    turn.reply("problem.feedback_kept", problem=problem.tag, giver=problem.giver)


def feed_back(turn: Turn, problem: Problem, text: str) -> None:
    """Keep a word on how far a problem is and pass it on; a holder who gives one has accepted."""
    if problem.state is State.WAITING and problem.holder_id == turn.sender.id:
        problem = _take(turn, problem)
    turn.tx.problems.note(problem, text, turn.now)
    turn.record(turn.sender, "problem.feedback", cards.subject(problem), text=text)
    attachments.keep(turn, problem_id=problem.id)
    cards.refresh(turn, clocks.wind(turn, problem))
    for person_id in {problem.confirmer_id, problem.holder_id}:
        deeds.tell(turn, problem, person_id, "problem.feedback_for_reporter", text=text)


def add_words(turn: Turn, problem: Problem, text: str) -> None:
    """Put words to those of a problem; they show on every card."""
    turn.tx.problems.amend(problem, text=f"{problem.text}\n{text}")
    turn.record(turn.sender, "problem.added_to", cards.subject(problem), text=text)
    attachments.keep(turn, problem_id=problem.id)
    stillness.go_on(turn, problem, text)
    cards.refresh(turn, deeds.found(turn, problem.id))


# --- solve, confirm ---------------------------------------------------------------------


def ask_solution(turn: Turn, problem: Problem) -> None:
    """Ask in one line how it was solved; the line may be left out."""
    _must_be_paid(problem)
    turn.ask("solution", problem=problem.id)
    skip = ((turn.choice("no_words", f"solved_plainly:{problem.id}"),),)
    turn.reply("problem.ask_solution", skip, problem=problem.tag, giver=problem.giver)


def solve(turn: Turn, problem: Problem) -> None:
    """Call it solved in the holder's words."""
    call_solved(turn, problem, deeds.line(turn))


def solve_plainly(turn: Turn, problem: Problem) -> None:
    """Call it solved without words."""
    call_solved(turn, problem, "")


def _must_be_paid(problem: Problem) -> None:
    """Refuse to call solved what was promised and has not been paid."""
    if problem.outstanding:
        left = show_money(problem.outstanding)
        raise deeds.Final("payout.outstanding", problem=problem.tag, number=problem.number, left=left)


def call_solved(turn: Turn, problem: Problem, solution: str) -> None:
    """Say that a problem is solved, for whoever is to confirm it."""
    _must_be_paid(problem)
    deeds.must_win(turn, problem, won=turn.tx.problems.solve(problem, solution, turn.now))
    turn.record(turn.sender, "problem.solved", cards.subject(problem), text=solution)
    attachments.keep(turn, problem_id=problem.id)
    requests.lapse(turn, problem)
    problem = clocks.wind(turn, problem)
    if problem.is_task and problem.confirmer_id == problem.holder_id:
        # What somebody promised themself they need not confirm to themself.
        _close(turn, problem, problem.confirmer_id)
        return
    with turn.at_rest():
        asked = [turn.once(turn.tx.people.get, each) for each in clocks.unconfirmed(turn, problem)]
        for person in asked:
            key = "card.confirm" if problem.promised is None else "payout.confirm"
            foreword = turn.say(person, key, noun=problem.noun, name=turn.sender.call)
            cards.send(turn, person, problem, f"solved:{turn.incoming.key}", foreword)
        cards.refresh(turn, problem)
    names = "、".join(person.name for person in asked)
    turn.reply("problem.solved", problem=problem.tag, name=names)


def close(turn: Turn, problem: Problem) -> None:
    """Close it once everybody asked says that it is solved: its reporter, and the project's owner (销号)."""
    bound = ties.of(turn, turn.sender, problem)
    speaks = problem.confirmer_id in bound.stands_for | {turn.sender.id} or bound.owns
    by = problem.confirmer_id if problem.confirmer_id in bound.stands_for else turn.sender.id
    turn.tx.problems.confirm(problem, by, turn.now)
    silent = clocks.unconfirmed(turn, problem) if speaks else []
    if silent:
        turn.record(turn.sender, "problem.confirmed", cards.subject(problem))
        cards.refresh(turn, clocks.wind(turn, problem))
        names = "、".join(turn.tx.people.get(each).name for each in silent)
        turn.reply("problem.confirmed", problem=problem.tag, name=names)
        return
    _close(turn, problem, problem.holder_id, *(() if speaks else (problem.confirmer_id,)))


def _close(turn: Turn, problem: Problem, *told: int) -> None:
    deeds.must_win(turn, problem, won=turn.tx.problems.close(problem, turn.now))
    turn.record(turn.sender, "problem.closed", cards.subject(problem))
    cards.refresh(turn, deeds.found(turn, problem.id))
    for person_id in set(told):
        deeds.tell(turn, problem, person_id, "problem.closed_for_holder")
    turn.notice = turn.say(turn.sender, "problem.closed_notice")
    turn.reply("problem.closed", problem=problem.tag)


def reopen(turn: Turn, problem: Problem) -> None:
    """Open it again, one level up: its reporter says that it is not solved, or not any more."""
    if problem.closed_at is not None and turn.now - problem.closed_at > REOPENS_WITHIN:
        raise Refused(
            "problem.closed_long_ago", problem=problem.tag, noun=problem.noun, days=REOPENS_WITHIN.days
        )
    to = routing.above(turn, problem)
    due = dues(problem.urgency, turn.now, turn.county.deadlines, turn.county.calendar)
    deeds.must_win(turn, problem, won=turn.tx.problems.reopen(problem, to.id, due, turn.now, ""))
    turn.record(turn.sender, "problem.reopened", cards.subject(problem), to=to.id, before=problem.holder_id)
    problem = clocks.wind(turn, problem)
    cards.send(
        turn, to, problem, "reopened", turn.say(to, "card.reopened", noun=problem.noun, name=turn.sender.name)
    )
    cards.refresh(turn, problem)
    turn.ask("reopened", problem=problem.id)
    turn.reply("problem.reopened", problem=problem.tag, name=to.call)


def say_what_remains(turn: Turn, problem: Problem) -> None:
    """Add the reporter's words on what is still not solved."""
    if not problem.is_open:
        turn.reply("problem.settled", problem=problem.tag, state=problem.state)
        return
    add_words(turn, problem, deeds.line(turn))
    turn.reply("problem.added", problem=problem.tag)
