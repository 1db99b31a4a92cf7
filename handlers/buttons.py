"""The buttons under a card: what its reader has a right to, as the problem stands."""

from bot.domain.people import Duty, Person
from bot.domain.problems import Problem, State, Urgency
from bot.domain.requests import Asking, Request
from bot.domain.rights import Deed, Ties, may, may_answer
from handlers import routing, ties
from handlers.turn import Desk, rows_of
from storage.custody import Passed
from storage.letters import Choices

_BUTTONS: dict[State, tuple[tuple[Deed, str], ...]] = {
    State.WAITING: (
        (Deed.TAKE, "take"),
        (Deed.TRANSFER, "transfer"),
        (Deed.SOLVE, "solved"),
        (Deed.ASK_UP, "ask_up"),
        (Deed.RETURN, "return"),
        (Deed.ASK_BACK, "ask_back"),
    ),
    State.WORKING: (
        (Deed.FEED_BACK, "feedback"),
        (Deed.TRANSFER, "transfer"),
        (Deed.SOLVE, "solved"),
        (Deed.ASK_UP, "ask_up"),
        (Deed.EXTEND, "extend"),
        (Deed.RETURN, "return"),
        (Deed.ASK_BACK, "ask_back"),
        (Deed.SNOOZE, "snooze"),
    ),
    State.CONFIRMING: ((Deed.CONFIRM, "close"), (Deed.REOPEN, "unsolved")),
    State.CLOSED: ((Deed.REOPEN, "unsolved"),),
}
"""What may be done, and what its button is called and does."""
_TO_ASSIGN = frozenset({"returned", "left"})
_MOST_CANDIDATES = 4

DECIDED = frozenset({"assigned", "directed"})
"""What the office or a head has decided is not given back."""

MOST_RETURNS = 2
"""After so many in one generation the office decides; nobody gives it back a third time."""

_ANSWERS = {
    Asking.DECISION: (("agree", "direct"), ("confer", "give_back")),
    Asking.TIME: (("grant", "refuse"),),
}


def choices(desk: Desk, reader: Person, problem: Problem) -> Choices:
    """Return the buttons that a reader has a right to as the problem stands."""
    bound = ties.of(desk, reader, problem)
    passed = desk.once(desk.tx.custody.passed_on, problem.id, problem.generation)
    idle = _idle(desk, reader, problem)
    buttons = [
        (desk.say(reader, f"button.{verb}"), f"{verb}:{problem.id}")
        for deed, verb in _BUTTONS.get(problem.state, ())
        if deed not in idle and may(reader, deed, problem, bound)
    ]
    answers = (
        row for each in pending(desk, reader, problem, bound) for row in answers_to(desk, reader, each)
    )
    return (*answers, *_candidates(desk, reader, problem, passed), *rows_of(buttons, 3))


def pending(desk: Desk, reader: Person, problem: Problem, bound: Ties) -> list[Request]:
    """Return what a reader is asked about a problem and may answer now."""
    if not problem.is_unsolved or not (bound.is_asked or bound.leads or reader.is_office):
        return []
    leads = desk.once(desk.tx.projects.on, (problem.project_id,), Duty.LEAD_LEADER, desk.today)
    return [
        each
        for each in desk.once(desk.tx.requests.of_problem, problem.id)
        if each.answer is None and each.generation == problem.generation
        if may_answer(
            reader,
            each,
            desk.once(desk.tx.people.get, each.to_id) if each.to_id else None,
            bound,
            leads.get(problem.project_id, ()),
        )
    ]


def answers_to(desk: Desk, reader: Person, request: Request) -> Choices:
    """Return the answers to a request: the four of a head, or the two to more time."""
    return tuple(
        tuple((desk.say(reader, f"button.{key}"), f"{key}:{request.id}") for key in keys)
        for keys in _ANSWERS[request.asking]
    )


def is_decided(desk: Desk, problem: Problem) -> bool:
    """Tell whether the office or a head has said whose it is: then it is not given back."""
    passed = desk.once(desk.tx.custody.passed_on, problem.id, problem.generation)
    if passed is not None and passed.how in DECIDED:
        return True
    if problem.returns < MOST_RETURNS or desk.once(desk.tx.people.get, problem.holder_id).is_office:
        return False
    return desk.once(desk.tx.custody.returns, problem.id, problem.generation) >= MOST_RETURNS


def _idle(desk: Desk, reader: Person, problem: Problem) -> set[Deed]:
    """Return what a reader is not offered as the problem stands, whatever their rights."""
    idle = set()
    if problem.state is State.CONFIRMING and reader.id in desk.once(desk.tx.problems.confirmed, problem):
        idle.add(Deed.CONFIRM)
    if problem.paused_at is not None:
        idle |= {Deed.ASK_BACK, Deed.SNOOZE}
    if problem.is_unsolved and is_decided(desk, problem):
        idle.add(Deed.RETURN)
    # Nothing to put off before anybody was reminded, nor what is due today.
    if not (problem.late_step or problem.step) or problem.urgency is Urgency.TODAY:
        idle.add(Deed.SNOOZE)
    return idle


def _candidates(desk: Desk, reader: Person, problem: Problem, passed: Passed | None) -> Choices:
    """Return, for the office, a tap for each of those it may give a returned problem to."""
    is_undecided = problem.state is State.WAITING and passed is not None and passed.how in _TO_ASSIGN
    if not is_undecided or not reader.is_office:
        return ()
    if not desk.once(desk.tx.people.get, problem.holder_id).is_office:
        return ()
    routed = routing.holder_for(desk, problem.category, problem.project_id, problem.place)
    lead = routing.lead_of(desk, problem.project_id)
    ids = [*desk.tx.custody.holders(problem.id), routed.id, *([lead.id] if lead else [])]
    # Nobody is offered whom the bot cannot reach: least of all the one who has just left.
    reached = desk.tx.people.addresses(ids).keys() - {problem.holder_id}
    people = [desk.tx.people.get(each) for each in dict.fromkeys(ids) if each in reached]
    offered = [each for each in people if each.active and not each.is_office][:_MOST_CANDIDATES]
    return rows_of(
        [
            (desk.say(reader, "button.assign", name=each.name), f"assign:{problem.id}:{each.id}")
            for each in offered
        ],
        2,
    )
