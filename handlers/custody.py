"""A problem changes hands: passed on, given back, or brought before one of the heads."""

from dataclasses import replace

from bot.domain.deadlines import dues
from bot.domain.directory import best_match
from bot.domain.people import Person, Role
from bot.domain.problems import Problem
from bot.domain.rights import Deed
from bot.errors import Refused
from handlers import cards, deeds, routing
from handlers.turn import Turn

# --- pass on ----------------------------------------------------------------------------


def ask_transfer(turn: Turn) -> None:
    """Ask whom it should go to, and why."""
    problem = deeds.ready(turn, Deed.TRANSFER, turn.argument)
    turn.ask("transfer", problem=problem.id)
    turn.reply("problem.ask_transfer", number=problem.number)


@deeds.answers(Deed.TRANSFER)
def transfer(turn: Turn, problem: Problem) -> None:
    """Read 「自然资源局 用地归他们管」: to whom, then why."""
    name, _, reason = deeds.line(turn).replace("，", " ").replace(",", " ").partition(" ")
    to = _whom(turn, name)
    _must_be_another(problem, to)
    if reason.strip():
        _transfer(turn, problem, to, reason.strip())
        return
    turn.ask("transfer_reason", problem=problem.id, to=to.id)
    turn.reply("problem.ask_transfer_reason", name=to.call)


@deeds.answers(Deed.TRANSFER)
def transfer_because(turn: Turn, problem: Problem) -> None:
    """Read why it goes to the one already named."""
    to = turn.tx.people.get(int(turn.known["to"]))
    _must_be_another(problem, to)
    _transfer(turn, problem, to, deeds.line(turn))


def _transfer(turn: Turn, problem: Problem, to: Person, reason: str) -> None:
    _hand(turn, problem, to, ended="transferred", reason=reason)
    turn.reply("problem.transferred", number=problem.number, name=to.call)


def _must_be_another(problem: Problem, to: Person) -> None:
    if to.id == problem.holder_id:
        raise Refused("problem.same_holder", name=to.call, number=problem.number)


def _whom(turn: Turn, name: str) -> Person:
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


def ask_return(turn: Turn) -> None:
    """Ask why it is not theirs."""
    problem = deeds.ready(turn, Deed.RETURN, turn.argument)
    turn.ask("return", problem=problem.id)
    turn.reply("problem.ask_return", number=problem.number)


@deeds.answers(Deed.RETURN)
def return_because(turn: Turn, problem: Problem) -> None:
    """Give a problem back: to the lead leader, or to the office, which decides after the second time."""
    to = _returned_to(turn, problem)
    if to.id == problem.holder_id:
        raise Refused("problem.nowhere_to_return", number=problem.number)
    _hand(turn, problem, to, ended="returned", reason=deeds.line(turn))
    turn.reply("problem.returned", number=problem.number, name=to.call)


def _returned_to(turn: Turn, problem: Problem) -> Person:
    lead = routing.lead_of(turn, problem.project_id)
    is_first = turn.tx.problems.returns(problem.id, problem.generation) == 0
    if lead is not None and is_first and lead.id not in {problem.holder_id, turn.sender.id}:
        return lead
    return routing.office(turn)


# --- bring before a head ----------------------------------------------------------------


def ask_up(turn: Turn) -> None:
    """Ask which of the heads is to decide; words said already are the decision requested."""
    problem = deeds.ready(turn, Deed.ASK_UP, turn.argument)
    _ask_whom(turn, problem, "")


def _heads(turn: Turn, problem: Problem) -> list[Person]:
    """Return whom a problem can be brought before; never nobody."""
    heads = [
        person
        for person in turn.tx.people.with_role(Role.DEPUTY_HEAD, Role.HEAD)
        if person.id not in {turn.sender.id, problem.holder_id}
    ]
    if not heads:
        raise Refused("problem.nobody_above")
    return heads


def _ask_whom(turn: Turn, problem: Problem, decision: str) -> None:
    heads = _heads(turn, problem)
    if decision:
        turn.ask("ask_up", problem=problem.id, text=decision)
    choices = tuple(((person.call, f"ask_up_to:{problem.id}:{person.id}"),) for person in heads)
    turn.reply("problem.ask_up_whom", choices, number=problem.number)


def ask_up_to(turn: Turn) -> None:
    """Ask for the decision requested, in one line, unless it was said already."""
    number, _, person_id = turn.argument.partition(":")
    problem = deeds.ready(turn, Deed.ASK_UP, number)
    to = turn.tx.people.get(int(person_id))
    if turn.known.get("problem") == problem.id and turn.known.get("text"):
        _ask_up(turn, problem, to, str(turn.known["text"]))
        return
    turn.ask("ask_up", problem=problem.id, to=to.id)
    turn.reply("problem.ask_up_decision", name=to.call)


@deeds.answers(Deed.ASK_UP)
def ask_up_for(turn: Turn, problem: Problem) -> None:
    """Read the decision requested; whom it goes to may still have to be asked."""
    if "to" in turn.known:
        _ask_up(turn, problem, turn.tx.people.get(int(turn.known["to"])), deeds.line(turn))
        return
    said, line = str(turn.known.get("text", "")), deeds.line(turn)
    if said and line.isdecimal():
        # 「1」 counts to a button of 「提请谁决定？」.
        heads = _heads(turn, problem)
        if 1 <= int(line) <= len(heads):
            _ask_up(turn, problem, heads[int(line) - 1], said)
            return
    _ask_whom(turn, problem, f"{said}\n{line}".strip())


def _ask_up(turn: Turn, problem: Problem, to: Person, decision: str) -> None:
    _must_be_another(problem, to)
    _hand(turn, problem, to, ended="asked_up", reason=decision)
    turn.reply("problem.asked_up", number=problem.number, name=to.call)


# --- what they share --------------------------------------------------------------------


def _hand(turn: Turn, problem: Problem, to: Person, *, ended: str, reason: str) -> None:
    """Give it to another, who sees why; by when it must be solved does not change."""
    if not to.active:
        raise Refused("problem.whom_unknown", name=to.name)
    due = dues(problem.urgency, turn.now, turn.county.deadlines, turn.county.calendar)
    due = replace(due, solve=problem.solve_due or due.solve)
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
    problem = deeds.found(turn, problem.id)
    foreword = turn.say(to, f"card.{ended}", name=turn.sender.call)
    cards.send(turn, to, problem, f"{ended}:{turn.incoming.key}", foreword)
    cards.refresh(turn, problem)
