"""What a missive is tied to: the people of its unit, the problem that the ladder watches, its trail."""

from collections.abc import Sequence

from bot.domain.deadlines import dues
from bot.domain.missives import Missive, MissiveKind
from bot.domain.people import Duty, Person, Role, Unit
from bot.domain.problems import OTHER, Problem, Urgency, guessed_category
from bot.domain.projects import Project
from handlers import cards, clocks, routing, tasks
from handlers.turn import Desk
from storage.missives import subject
from storage.problems import Reported

_LIAISONS = (Role.LIAISON, Role.DEPARTMENT_LIAISON)


def record(desk: Desk, actor: Person | None, action: str, missive: Missive, **detail: object) -> None:
    """Enter into the audit what was done to a letter."""
    desk.record(actor, f"missive.{action}", subject(missive.id), **detail)


def unit(desk: Desk, missive: Missive) -> Unit | None:
    """Return whom a letter goes to: the unit that answers for its project today, or the one named."""
    unit_id = missive.unit_id
    if missive.is_drafted_by_itself and missive.project_id is not None:
        unit_id = desk.tx.missives.unit_of(missive.project_id)
    return next((each for each in desk.tx.people.units() if each.id == unit_id), None)


def recipients(desk: Desk, missive: Missive, to: Unit) -> list[Person]:
    """Return who gets a letter: the unit's head and liaisons within reach, and the project's liaisons.

    Nobody, where nobody of the unit can be reached.
    """
    named = desk.tx.people.named(to.head) if to.head else []
    heads = [each for each in named if each.unit_id == to.id] or (named if len(named) == 1 else [])
    people = [*heads, *(each for role in _LIAISONS for each in desk.tx.people.of_unit(to.id, role))]
    ours = _reached(desk, people) or _reached(
        desk, [each for each in desk.tx.people.all() if each.unit_id == to.id]
    )
    if not ours or missive.project_id is None:
        return ours
    on = desk.tx.projects.on([missive.project_id], Duty.LIAISON, desk.today).get(missive.project_id, [])
    every = [*ours, *_reached(desk, [desk.tx.people.get(each) for each in on])]
    return list({each.id: each for each in every}.values())


def addressees(desk: Desk, missive: Missive) -> list[Person]:
    """Return who answers for a letter today: who gets the letters of its unit now, and to whom it went.

    Nobody who has left, or has handed their work over since: whoever took it over has got the letter.
    """
    if not missive.is_out:
        return []
    to = unit(desk, missive)
    people = {each.id: each for each in (recipients(desk, missive, to) if to else [])}
    went = desk.tx.receipts.of(subject(missive.id)).keys() - people.keys()
    people |= {each: desk.tx.people.get(each) for each in sorted(went)}
    gone = desk.tx.receipts.handed_on(subject(missive.id))
    return [each for each in people.values() if each.active and each.id not in gone]


def open_to(desk: Desk, person: Person) -> list[Missive]:
    """Return the unclosed letters that somebody is to answer for, having handed them on to nobody."""
    every = desk.tx.missive_register.open_to(person.id)
    return [each for each in every if person.id not in desk.tx.receipts.handed_on(subject(each.id))]


def summoned(desk: Desk, missive: Missive) -> list[Person]:
    """Return who is written to about a letter, and note that it goes to each of them."""
    people = addressees(desk, missive)
    desk.tx.receipts.hand(subject(missive.id), [each.id for each in people], desk.now)
    return people


def answering(desk: Desk, missive: Missive, person: Person) -> list[int]:
    """Return as whom somebody may receive and answer a letter: as themself, or for whom they act."""
    selves, went = desk.selves(person), desk.tx.receipts.of(subject(missive.id))
    return [each for each in selves if each in went] or [
        each.id for each in addressees(desk, missive) if each.id in selves
    ]


def _reached(desk: Desk, people: list[Person]) -> list[Person]:
    """Return those whom a message reaches, themselves or whoever acts for them."""
    acting = {each.id: desk.stand_in(each).id for each in people}
    reached = desk.tx.people.addresses(acting.values())
    return [each for each in {each.id: each for each in people}.values() if acting[each.id] in reached]


def watch_over(desk: Desk, missive: Missive, people: Sequence[Person], releaser: Person) -> Problem | None:
    """Open what the ladder watches, or return the open problem that is about the same.

    A 任务交办单 becomes a task of the first of ``people``, to whom it goes.
    """
    if missive.project_id is None:
        return None
    if missive.kind is MissiveKind.TASK and people:
        return _open_task(desk, missive, desk.tx.projects.get(missive.project_id), people[0], releaser)
    if not missive.kind.opens_problem:
        return None
    for problem_id in desk.tx.missives.matter_of(missive.project_id, missive.matter):
        known = desk.tx.problems.get(problem_id)
        if known is not None and known.is_open:
            return known
    return _open(desk, missive, missive.project_id, releaser)


def _open_task(desk: Desk, missive: Missive, project: Project, holder: Person, releaser: Person) -> Problem:
    """Make a 任务交办单 a task of whom it goes to, due when its reply is."""
    sent = desk.tx.missives.get(missive.id) or missive
    origin = subject(missive.id)
    return tasks.assign(
        desk, project, missive.text, giver=releaser, holder=holder, origin=origin, due=sent.reply_due
    )


def _open(desk: Desk, missive: Missive, project_id: int, releaser: Person) -> Problem:
    project = desk.tx.projects.get(project_id)
    # What the office wrote by itself may say what it is about; the two dates and the pace do not.
    category = OTHER if missive.matter else guessed_category(missive.text, desk.county.categories)
    holder = routing.holder_for(desk, category, project.id, project.place)
    problem = desk.tx.problems.add(
        Reported(
            project_id=project.id,
            category=category,
            text=missive.text,
            urgency=Urgency.ORDINARY,
            reporter_id=releaser.id,
            holder_id=holder.id,
            dues=dues(Urgency.ORDINARY, desk.now, desk.county.deadlines, desk.county.calendar),
            at=desk.now,
        ),
        desk.today.year,
    )
    desk.record(
        releaser,
        "problem.reported",
        cards.subject(problem),
        category=category,
        holder=holder.id,
        urgency=str(Urgency.ORDINARY),
        text=missive.text,
        missive=missive.id,
    )
    problem = clocks.wind(desk, problem)
    cards.send(desk, holder, problem, "reported")
    lead = routing.lead_of(desk, project.id)
    if lead is not None and desk.stand_in(lead).id != desk.stand_in(holder).id:
        cards.send(
            desk,
            lead,
            problem,
            "reported",
            desk.say(lead, "card.for_lead", noun=problem.noun, holder=holder.call),
        )
    return problem
