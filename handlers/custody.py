"""A problem changes hands: passed on, given back, or given to whom the office decides."""

import re

from bot.domain.directory import best_match
from bot.domain.people import Person
from bot.domain.problems import Problem
from bot.errors import Refused
from handlers import buttons, cards, clocks, deeds, routing
from handlers.turn import Turn

_AFTER_A_NAME = re.compile(r"[\s，,：:]+")

# --- pass on ----------------------------------------------------------------------------


def ask_transfer(turn: Turn, problem: Problem) -> None:
    """Ask whom it should go to, and why."""
    turn.ask("transfer", problem=problem.id)
    turn.reply("problem.ask_transfer", problem=problem.tag)


def transfer(turn: Turn, problem: Problem) -> None:
    """Read 「自然资源局 用地归他们管」: to whom, then why."""
    to, reason = named(turn, deeds.line(turn))
    must_be_another(problem, to)
    if reason:
        _transfer(turn, problem, to, reason)
        return
    turn.ask("transfer_reason", problem=problem.id, to=to.id)
    turn.reply("problem.ask_transfer_reason", name=to.call)


def transfer_because(turn: Turn, problem: Problem) -> None:
    """Read why it goes to the one already named."""
    to = turn.tx.people.get(int(turn.known["to"]))
    must_be_another(problem, to)
    _transfer(turn, problem, to, deeds.line(turn))


def _transfer(turn: Turn, problem: Problem, to: Person, reason: str) -> None:
    hand(turn, problem, to, ended="transferred", reason=reason)
    turn.reply("problem.transferred", problem=problem.tag, name=to.call)


def must_be_another(problem: Problem, to: Person) -> None:
    """Refuse to give a problem to whoever has it already."""
    if to.id == problem.holder_id:
        raise Refused("problem.same_holder", name=to.call, problem=problem.tag)


def named(turn: Turn, text: str) -> tuple[Person, str]:
    """Return whom a text names first – a person or a unit – and the words after it."""
    name, *words = _AFTER_A_NAME.split(text.strip(), maxsplit=1)
    return whom(turn, name), "".join(words).strip()


def whom(turn: Turn, name: str) -> Person:
    """Return the person, or the one who holds problems for the unit, that a name means."""
    wanted, _, unit = name.rstrip("）)").replace("(", "（").partition("（")
    namesakes = turn.tx.people.named(wanted, unit)
    if len(namesakes) > 1:
        units = "、".join(f"{each.name}（{each.unit}）" for each in namesakes)
        raise Refused("office.ambiguous", name=wanted, units=units)
    if namesakes:
        return namesakes[0]
    people = {person.name: person for person in turn.tx.people.all()}
    units_by_name = {each.name: each for each in turn.tx.people.units()}
    match = best_match(name, [*people, *units_by_name])
    if match is None:
        raise Refused("problem.whom_unknown", name=name)
    if match in people:
        return people[match]
    person = routing.of_unit(turn, units_by_name[match].id)
    if person is None:
        raise Refused("problem.unit_empty", name=match)
    return person


# --- give back --------------------------------------------------------------------------


def ask_return(turn: Turn, problem: Problem) -> None:
    """Ask why it is not theirs."""
    _must_be_undecided(turn, problem)
    turn.ask("return", problem=problem.id)
    turn.reply("problem.ask_return", problem=problem.tag)


def return_because(turn: Turn, problem: Problem) -> None:
    """Give a problem back: to the lead leader, or to the office, which decides after the second time."""
    _must_be_undecided(turn, problem)
    to = _returned_to(turn, problem)
    if to.id == problem.holder_id:
        raise deeds.Final("problem.nowhere_to_return", problem=problem.tag)
    hand(turn, problem, to, ended="returned", reason=deeds.line(turn))
    turn.reply("problem.returned", problem=problem.tag, name=to.call)


def _must_be_undecided(turn: Turn, problem: Problem) -> None:
    """Refuse to give back what the office or a head has decided, or is to decide."""
    if buttons.is_decided(turn, problem):
        raise deeds.Final("problem.decided", problem=problem.tag, name=problem.holder)


def _returned_to(turn: Turn, problem: Problem) -> Person:
    lead = routing.lead_of(turn, problem.project_id)
    is_first = turn.tx.custody.returns(problem.id, problem.generation) == 0
    if lead is not None and is_first and lead.id not in {problem.holder_id, turn.sender.id}:
        return lead
    return routing.office(turn)


# --- the office decides -----------------------------------------------------------------


def assign(turn: Turn, problem: Problem) -> None:
    """Give a problem that came back to whom the office taps; it is not returned again."""
    _, _, person_id = turn.argument.partition(":")
    to = turn.tx.people.get(int(person_id))
    must_be_another(problem, to)
    hand(turn, problem, to, ended="assigned", reason="")
    turn.notice = turn.say(turn.sender, "problem.assigned_notice")
    turn.reply("problem.assigned", problem=problem.tag, name=to.call)


# --- what they share --------------------------------------------------------------------


def hand(turn: Turn, problem: Problem, to: Person, *, ended: str, reason: str) -> None:
    """Give it to another, who sees why; by when it must be solved does not change."""
    if not to.active:
        raise Refused("problem.whom_unknown", name=to.name)
    if turn.tx.people.address(to.id) is None and ended != "returned":
        raise Refused("problem.whom_unreached", name=to.call)
    due = clocks.new_dues(turn, problem)
    handed = turn.tx.problems.hand(problem, to.id, due, turn.now, ended=ended, reason=reason)
    deeds.must_win(turn, problem, won=handed)
    turn.record(
        turn.sender,
        f"problem.{ended}",
        cards.subject(problem),
        to=to.id,
        reason=reason,
        before=problem.holder_id,
    )
    problem = clocks.wind(turn, problem)
    foreword = turn.say(to, f"card.{ended}", noun=problem.noun, name=turn.sender.call)
    with turn.at_rest():
        cards.send(turn, to, problem, f"{ended}:{turn.incoming.key}", foreword)
        cards.refresh(turn, problem)
    # Whoever gets it has its card; what a head has directed the reporter has heard with the answer.
    if ended != "directed" and problem.confirmer_id != to.id:
        deeds.tell(turn, problem, problem.confirmer_id, "problem.handed_for_reporter", to=to.call)
