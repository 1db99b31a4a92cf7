"""Which projects a scope covers, and who is on duty for a project on a day."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select

from bot.domain.people import Duty
from bot.domain.scope import Scope, ScopeKind
from storage.dataset import Question
from storage.tables import assignments, people, projects, units


def projects_in(scope: Scope, today: date) -> Select[Any]:
    """Return the query for the ids of the projects of a scope."""
    wanted = select(projects.c.id)
    match scope.kind:
        case ScopeKind.COUNTY:
            return wanted
        case ScopeKind.PLACE:
            return wanted.where(projects.c.place == scope.value)
        case ScopeKind.INDUSTRY:
            return wanted.where(projects.c.industry == scope.value)
        case ScopeKind.TASK_FORCE:
            theirs = _of_person(scope.value, today)
            units_own = select(units.c.id).where(units.c.name == scope.value)
            return wanted.where(
                or_(
                    projects.c.number == scope.value,
                    projects.c.name == scope.value,
                    projects.c.id.in_(theirs),
                    projects.c.unit_id.in_(units_own),
                )
            )


def _of_person(name: str, today: date) -> Select[Any]:
    """Return the query for what somebody leads, or has another duty on: 刘敏（联络员）.

    Of two of a name it is 王强（科工局）.
    """
    duty = next((each for each in Duty if name.endswith(f"（{each}）")), Duty.LEAD_LEADER)
    name = name.removesuffix(f"（{duty}）")
    placed = people.c.name + "（" + units.c.name + "）"
    return (
        select(assignments.c.project_id)
        .join(people, people.c.id == assignments.c.person_id)
        .outerjoin(units, units.c.id == people.c.unit_id)
        .where(or_(people.c.name == name, placed == name), on_duty(duty, today))
    )


def on_duty(duty: Duty, today: date) -> ColumnElement[bool]:
    """Return the condition that an assignment is a duty that holds on a day."""
    return and_(
        assignments.c.duty == str(duty), or_(assignments.c.until.is_(None), assignments.c.until > today)
    )


def names_on_duty(connection: Connection, wanted: Any, duty: Duty, today: date) -> dict[int, list[str]]:
    """Return the names of those with a duty on each of some projects."""
    found: dict[int, list[str]] = {}
    rows = connection.execute(
        select(assignments.c.project_id, people.c.name)
        .join(people, people.c.id == assignments.c.person_id)
        .where(assignments.c.project_id.in_(wanted), on_duty(duty, today))
        .order_by(assignments.c.id)
    )
    for project_id, name in rows.all():
        found.setdefault(project_id, []).append(name)
    return found


def lead_leaders(connection: Connection, question: Question) -> dict[int, str]:
    """Return who leads each project of a question's scope, as a line has it."""
    wanted = projects_in(question.scope, question.today)
    found = names_on_duty(connection, wanted, Duty.LEAD_LEADER, question.today)
    return {project_id: "、".join(names) for project_id, names in found.items()}


def ids_on_duty(connection: Connection, wanted: Any, duty: Duty, today: date) -> dict[int, str]:
    """Return the ids of those with a duty on each of some projects, as a line's ``about`` has them."""
    rows = connection.execute(
        select(assignments.c.project_id, assignments.c.person_id)
        .where(assignments.c.project_id.in_(wanted), on_duty(duty, today))
        .order_by(assignments.c.id)
    )
    found: dict[int, list[str]] = {}
    for project_id, person_id in rows.all():
        found.setdefault(project_id, []).append(str(person_id))
    return {project_id: " ".join(ids) for project_id, ids in found.items()}
