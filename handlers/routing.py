"""Whose problem it is: the first rule that matches, and never nobody."""

from bot.domain.census import HOLDERS
from bot.domain.people import Duty, Person, Role
from bot.domain.problems import Problem
from handlers.turn import Desk
from storage.routes import Route


def holder_for(desk: Desk, category: str, project_id: int, place: str) -> Person:
    """Return who is to hold a problem (DESIGN §3, routing).

    Rule for category and place, then for the category, then the project's lead leader, then the
    office.
    """
    for where in dict.fromkeys((place, "")):
        route = desk.tx.routes.match(category, where)
        if route is not None and (person := _named_by(desk, route)) is not None:
            return person
    return lead_of(desk, project_id) or office(desk)


def _named_by(desk: Desk, route: Route) -> Person | None:
    """Return whom a rule names: the person, if they are still there, else whoever stands for the unit."""
    if route.person_id is not None:
        person = desk.tx.people.get(route.person_id)
        if person.active:
            return person
    return of_unit(desk, route.unit_id) if route.unit_id is not None else None


def of_unit(desk: Desk, unit_id: int) -> Person | None:
    """Return who holds problems for a unit: its department liaison, else a leader of it, else its head.

    The roster's checks promise one for every rule; None where they have all left since.
    """
    for role in HOLDERS:
        if people := desk.tx.people.of_unit(unit_id, role):
            return people[0]
    head = next(unit.head for unit in desk.tx.people.units() if unit.id == unit_id)
    return next((person for person in desk.tx.people.named(head) if person.has(*HOLDERS)), None)


def lead_of(desk: Desk, project_id: int) -> Person | None:
    """Return a project's lead leader; None where the office has yet to name one."""
    leads = desk.once(desk.tx.projects.on, (project_id,), Duty.LEAD_LEADER, desk.today).get(project_id)
    return desk.once(desk.tx.people.get, leads[0]) if leads else None


def office(desk: Desk) -> Person:
    """Return the first of the office within reach, else the first; the roster is refused without one."""
    colleagues = desk.tx.people.with_role(Role.OFFICE)
    reached = desk.tx.people.addresses([each.id for each in colleagues])
    return next((each for each in colleagues if each.id in reached), colleagues[0])


def above(desk: Desk, problem: Problem) -> Person:
    """Return who answers one level above the holder: lead leader, executive deputy head, head, office."""
    holder = desk.tx.people.get(problem.holder_id)
    lead = lead_of(desk, problem.project_id)
    if holder.has(Role.HEAD):
        return holder
    if holder.has(Role.DEPUTY_HEAD):
        ladder = [Role.HEAD]
    elif lead is not None and holder.id != lead.id and not holder.has(Role.LEAD_LEADER):
        return lead
    else:
        ladder = [Role.DEPUTY_HEAD, Role.HEAD]
    for role in ladder:
        if people := desk.tx.people.with_role(role):
            return people[0]
    return office(desk)
