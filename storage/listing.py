"""The ledger a page at a time: sought, counted and cut by the database, however many problems there are."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, literal, or_, select

from bot.domain.problems import OPEN, UNSOLVED, Nature, State
from bot.domain.wanted import Wanted
from storage.tables import problems, projects

_OPEN = [str(state) for state in OPEN]
_UNSOLVED = [str(state) for state in UNSOLVED]


@dataclass(frozen=True, slots=True)
class Sight:
    """What of the ledger somebody sees: everything, or what they or their projects are part of.

    ``person_ids`` are they themselves and those for whom they stand in.
    """

    person_ids: Collection[int]
    project_ids: Collection[int] = ()
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """How many problems answer to what is asked for, and how many of these are overdue."""

    total: int
    overdue: int


class Listing:
    """Reads a page of problems, never all of them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def places(self) -> list[str]:
        """Return the places there are projects in."""
        statement = select(projects.c.place).where(projects.c.place != "").distinct().order_by("place")
        return list(self._connection.execute(statement).scalars())

    def count(self, wanted: Wanted, sight: Sight, now: datetime) -> Counted:
        """Count what is asked for; nothing that is closed is overdue, so it is not looked at."""
        overdue = literal(0) if wanted.closed else func.count(case((_overdue(now), 1)))
        row = self._connection.execute(
            select(func.count().label("total"), overdue.label("overdue"))
            .select_from(problems)
            .where(*_conditions(wanted, sight, now))
        ).one()
        return Counted(row.total, row.overdue)

    def page(self, wanted: Wanted, sight: Sight, now: datetime, *, skip: int, most: int) -> list[int]:
        """Return the problems of a page by id: the overdue first, then by when they are due.

        What is closed comes with the latest first.
        """
        statement = page_statement(wanted, sight, now).offset(skip).limit(most)
        return list(self._connection.execute(statement).scalars())


def page_statement(wanted: Wanted, sight: Sight, now: datetime) -> Select[Any]:
    """Return the query of which a page is a part."""
    statement = select(problems.c.id).where(*_conditions(wanted, sight, now))
    if wanted.closed:
        return statement.order_by(problems.c.closed_at.desc(), problems.c.id.desc())
    waiting = problems.c.state == str(State.WAITING)
    due = case((waiting, problems.c.accept_due), else_=problems.c.solve_due)
    return statement.order_by(
        case((_overdue(now), 0), else_=1), func.coalesce(due, problems.c.opened_at), problems.c.id
    )


def _overdue(now: datetime) -> ColumnElement[bool]:
    """Whether a clock that runs now has run out, as `Problem.is_overdue` has it."""
    return and_(
        problems.c.paused_at.is_(None),
        or_(
            and_(problems.c.state == str(State.WAITING), problems.c.accept_due <= now),
            and_(problems.c.state.in_(_UNSOLVED), problems.c.solve_due <= now),
        ),
    )


def _conditions(wanted: Wanted, sight: Sight, now: datetime) -> list[Any]:
    theirs = [
        column.in_(sight.person_ids)
        for column in (problems.c.holder_id, problems.c.confirmer_id, problems.c.reporter_id)
    ]
    states = [str(State.CLOSED)] if wanted.closed else _OPEN
    nature = Nature.TASK if wanted.tasks else Nature.PROBLEM
    conditions: list[Any] = [problems.c.state.in_(states), problems.c.nature == str(nature)]
    if wanted.mine:
        conditions.append(or_(*theirs))
    elif not sight.everything:
        conditions.append(or_(*theirs, problems.c.project_id.in_(sight.project_ids)))
    if wanted.overdue:
        conditions.append(_overdue(now))
    if wanted.categories:
        conditions.append(problems.c.category.in_(wanted.categories))
    if wanted.places:
        there = select(projects.c.id).where(projects.c.place.in_(wanted.places))
        conditions.append(problems.c.project_id.in_(there))
    return conditions
