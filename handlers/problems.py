"""A problem is accepted, worked on and solved, until its reporter says that it is."""

from bot.domain.deadlines import dues
from bot.domain.problems import Problem, State, Urgency
from bot.domain.rights import Deed
from handlers import cards, deeds, pictures, routing
from handlers.turn import Turn


def show(turn: Turn) -> None:
    """Show a problem's card with what the reader may do."""
    problem = deeds.ready(turn, Deed.SEE, turn.argument)
    turn.reply_with(
        cards.text(turn, turn.sender, problem),
        cards.choices(turn, turn.sender, problem),
        subject=cards.subject(problem),
    )
    cards.refresh(turn, problem)


# --- accept, answer ---------------------------------------------------------------------


def take(turn: Turn) -> None:
    """Accept a problem: of two who press at once, one wins and the other is told who."""
    problem = deeds.ready(turn, Deed.TAKE, turn.argument)
    _take(turn, problem)
    key = "problem.taken_today" if problem.urgency is Urgency.TODAY else "problem.taken"
    _tell(turn, problem, problem.reporter_id, f"{key}_for_reporter")
    turn.notice = turn.say(turn.sender, "problem.taken_notice")
    turn.reply(key, number=problem.number, solve=cards.day(turn, problem.solve_due))


def _take(turn: Turn, problem: Problem) -> None:
    deeds.must_win(turn, problem, won=turn.tx.problems.take(problem, turn.sender.id, turn.now))
    turn.record(turn.sender, "problem.taken", cards.subject(problem), before=problem.holder_id)
    cards.refresh(turn, deeds.found(turn, problem.id))


def ask_feedback(turn: Turn) -> None:
    """Ask the holder how far it is."""
    problem = deeds.ready(turn, Deed.FEED_BACK, turn.argument)
    turn.ask("feedback", problem=problem.id)
    turn.reply("problem.ask_feedback", number=problem.number)


@deeds.answers(Deed.FEED_BACK)
def give_feedback(turn: Turn, problem: Problem) -> None:
    """Keep a word on how far it is and pass it on; a holder who gives one has accepted."""
    text = deeds.line(turn)
    if problem.state is State.WAITING and problem.holder_id == turn.sender.id:
        _take(turn, problem)
        problem = deeds.found(turn, problem.id)
    turn.tx.problems.amend(problem, feedback=text, feedback_at=turn.now)
    turn.record(turn.sender, "problem.feedback", cards.subject(problem), text=text)
    pictures.keep(turn, problem_id=problem.id)
    cards.refresh(turn, deeds.found(turn, problem.id))
    for person_id in {problem.reporter_id, problem.holder_id}:
        _tell(turn, problem, person_id, "problem.feedback_for_reporter", text=text)
    turn.reply("problem.feedback_kept", number=problem.number)


def add_words(turn: Turn, problem: Problem, text: str) -> None:
    """Put words to those of a problem; they show on every card."""
    turn.tx.problems.amend(problem, text=f"{problem.text}\n{text}")
    turn.record(turn.sender, "problem.added_to", cards.subject(problem), text=text)
    pictures.keep(turn, problem_id=problem.id)
    cards.refresh(turn, deeds.found(turn, problem.id))


# --- solve, confirm ---------------------------------------------------------------------


def ask_solution(turn: Turn) -> None:
    """Ask in one line how it was solved; the line may be left out."""
    problem = deeds.ready(turn, Deed.SOLVE, turn.argument)
    turn.ask("solution", problem=problem.id)
    skip = ((turn.choice("no_words", f"solved_plainly:{problem.id}"),),)
    turn.reply("problem.ask_solution", skip, number=problem.number)


@deeds.answers(Deed.SOLVE)
def solve(turn: Turn, problem: Problem) -> None:
    """Call it solved in the holder's words."""
    _solve(turn, problem, deeds.line(turn))


def solve_plainly(turn: Turn) -> None:
    """Call it solved without words."""
    _solve(turn, deeds.ready(turn, Deed.SOLVE, turn.argument), "")


def _solve(turn: Turn, problem: Problem, solution: str) -> None:
    deeds.must_win(turn, problem, won=turn.tx.problems.solve(problem, solution, turn.now))
    turn.record(turn.sender, "problem.solved", cards.subject(problem), text=solution)
    pictures.keep(turn, problem_id=problem.id)
    problem = deeds.found(turn, problem.id)
    reporter = turn.tx.people.get(problem.reporter_id)
    foreword = turn.say(reporter, "card.confirm", name=turn.sender.call)
    cards.send(turn, reporter, problem, f"solved:{turn.incoming.key}", foreword)
    cards.refresh(turn, problem)
    turn.reply("problem.solved", number=problem.number, name=reporter.name)


def close(turn: Turn) -> None:
    """Close it: its reporter says that it is solved (销号)."""
    problem = deeds.ready(turn, Deed.CONFIRM, turn.argument)
    deeds.must_win(turn, problem, won=turn.tx.problems.close(problem, turn.now))
    turn.record(turn.sender, "problem.closed", cards.subject(problem))
    cards.refresh(turn, deeds.found(turn, problem.id))
    _tell(turn, problem, problem.holder_id, "problem.closed_for_holder")
    turn.notice = turn.say(turn.sender, "problem.closed_notice")
    turn.reply("problem.closed", number=problem.number)


def reopen(turn: Turn) -> None:
    """Open it again, one level up: its reporter says that it is not solved."""
    problem = deeds.ready(turn, Deed.CONFIRM, turn.argument)
    to = routing.above(turn, problem)
    due = dues(problem.urgency, turn.now, turn.county.deadlines, turn.county.calendar)
    deeds.must_win(turn, problem, won=turn.tx.problems.reopen(problem, to.id, due, turn.now, ""))
    turn.record(turn.sender, "problem.reopened", cards.subject(problem), to=to.id, before=problem.holder_id)
    problem = deeds.found(turn, problem.id)
    cards.send(turn, to, problem, "reopened", turn.say(to, "card.reopened", name=turn.sender.name))
    cards.refresh(turn, problem)
    turn.ask("reopened", problem=problem.id)
    turn.reply("problem.reopened", number=problem.number, name=to.call)


@deeds.answers(Deed.SEE)
def say_what_remains(turn: Turn, problem: Problem) -> None:
    """Add the reporter's words on what is still not solved."""
    if not problem.is_open:
        turn.reply("problem.settled", number=problem.number, state=problem.state)
        return
    add_words(turn, problem, deeds.line(turn))
    turn.reply("problem.added", number=problem.number)


def _tell(turn: Turn, problem: Problem, person_id: int, key: str, **blanks: object) -> None:
    """Tell somebody what has become of a problem, unless it was they who did it."""
    if person_id == turn.sender.id:
        return
    person = turn.tx.people.get(person_id)
    text = turn.say(
        person,
        key,
        number=problem.number,
        project=problem.project,
        name=turn.sender.call,
        solve=cards.day(turn, problem.solve_due),
        **blanks,
    )
    turn.tell(person, f"{key}:{problem.id}:{turn.incoming.key}:{person.id}", text)
