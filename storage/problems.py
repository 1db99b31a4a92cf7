"""The problems, and the chain of those who held each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, insert, or_, select, update

from bot.domain.deadlines import Dues
from bot.domain.problems import OPEN, Problem, State, Urgency
from storage import dialects
from storage.tables import custody, people, problems, projects, routes

_holder = people.alias("holder")
_reporter = people.alias("reporter")
_PROBLEM: Select[Any] = (
    select(
        problems,
        projects.c.name.label("project"),
        projects.c.place.label("place"),
        _holder.c.name.label("holder"),
        _reporter.c.name.label("reporter"),
    )
    .join(projects, projects.c.id == problems.c.project_id)
    .join(_holder, _holder.c.id == problems.c.holder_id)
    .join(_reporter, _reporter.c.id == problems.c.reporter_id)
)
_OPEN = [str(state) for state in OPEN]


@dataclass(frozen=True, slots=True)
class Reported:
    """A problem about to be stored."""

    project_id: int
    category: str
    text: str
    urgency: Urgency
    reporter_id: int
    holder_id: int
    dues: Dues
    at: datetime
    source: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """A rule of the roster: whose a category is, in one place or everywhere."""

    category: str
    place: str
    unit_id: int | None
    person_id: int | None


@dataclass(frozen=True, slots=True)
class Passed:
    """How a problem left one of its holders, and why."""

    person_id: int
    how: str
    why: str


class Problems:
    """Every change is a compare-and-set: of two who press at once, one wins."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # --- questions ----------------------------------------------------------------------

    def get(self, problem_id: int) -> Problem | None:
        """Return a problem."""
        row = self._connection.execute(_PROBLEM.where(problems.c.id == problem_id)).first()
        return _problem(row) if row else None

    def numbered(self, number: str) -> Problem | None:
        """Return the problem with a number such as ``2026-063``."""
        row = self._connection.execute(_PROBLEM.where(problems.c.number == number)).first()
        return _problem(row) if row else None

    def open(self) -> list[Problem]:
        """Return every open problem, the oldest first."""
        return self._list(problems.c.state.in_(_OPEN))

    def open_of_project(self, project_id: int) -> list[Problem]:
        """Return a project's open problems, the oldest first."""
        return self._list(problems.c.project_id == project_id, problems.c.state.in_(_OPEN))

    def waiting_for(self, person_id: int) -> list[Problem]:
        """Return what waits for somebody: held by them, or reported by them and to be confirmed."""
        held = and_(
            problems.c.holder_id == person_id,
            problems.c.state.in_([str(State.WAITING), str(State.WORKING)]),
        )
        reported = and_(problems.c.reporter_id == person_id, problems.c.state == str(State.CONFIRMING))
        return self._list(or_(held, reported))

    def concerning(self, person_id: int, project_ids: Sequence[int]) -> list[Problem]:
        """Return the open problems somebody holds, reported, or that are on these projects."""
        return self._list(
            problems.c.state.in_(_OPEN),
            or_(
                problems.c.holder_id == person_id,
                problems.c.reporter_id == person_id,
                problems.c.project_id.in_(project_ids),
            ),
        )

    def of_reporter(self, person_id: int) -> list[Problem]:
        """Return everything somebody has reported, the oldest first."""
        return self._list(problems.c.reporter_id == person_id)

    def holders(self, problem_id: int) -> list[int]:
        """Return who has held a problem, in their order."""
        statement = (
            select(custody.c.person_id).where(custody.c.problem_id == problem_id).order_by(custody.c.id)
        )
        return list(self._connection.execute(statement).scalars())

    def passed_on(self, problem_id: int, generation: int) -> Passed | None:
        """Return how it left its last holder in this generation; None if it did not."""
        statement = (
            select(custody.c.person_id, custody.c.ended, custody.c.reason)
            .where(
                custody.c.problem_id == problem_id,
                custody.c.generation == generation,
                custody.c.until.is_not(None),
            )
            .order_by(custody.c.id.desc())
            .limit(1)
        )
        row = self._connection.execute(statement).first()
        return Passed(row.person_id, row.ended, row.reason) if row else None

    def from_source(self, source: str) -> Problem | None:
        """Return the problem that a message reported, to change its words when it is edited."""
        rows = self._list(problems.c.source == source)
        return rows[0] if rows else None

    def _list(self, *conditions: Any) -> list[Problem]:
        rows = self._connection.execute(_PROBLEM.where(*conditions).order_by(problems.c.id))
        return [_problem(row) for row in rows]

    def route(self, category: str, place: str) -> Route | None:
        """Return the rule for a category in a place, or everywhere; the place's own comes first."""
        row = self._connection.execute(
            select(routes)
            .where(routes.c.category == category, routes.c.place.in_((place, "")))
            .order_by((routes.c.place == "").asc())
            .limit(1)
        ).first()
        return Route(row.category, row.place, row.unit_id, row.person_id) if row else None

    def returns(self, problem_id: int, generation: int) -> int:
        """Return how often a problem was returned in this generation."""
        statement = select(func.count()).where(
            custody.c.problem_id == problem_id,
            custody.c.generation == generation,
            custody.c.ended == "returned",
        )
        return self._connection.execute(statement).scalar_one()

    # --- changes ------------------------------------------------------------------------

    def add(self, reported: Reported, year: int) -> Problem:
        """Store a problem under the next number of the year."""
        dialects.alone(self._connection, "problem numbers")
        last = self._connection.execute(
            select(func.max(problems.c.sequence)).where(problems.c.year == year)
        ).scalar()
        sequence = (last or 0) + 1
        row = {
            "number": f"{year}-{sequence:03}",
            "year": year,
            "sequence": sequence,
            "project_id": reported.project_id,
            "category": reported.category,
            "text": reported.text,
            "urgency": str(reported.urgency),
            "state": str(State.WAITING),
            "reporter_id": reported.reporter_id,
            "holder_id": reported.holder_id,
            "opened_at": reported.at,
            "source": reported.source,
            **_due_columns(reported.dues),
        }
        key: Any = self._connection.execute(insert(problems), row).inserted_primary_key
        self._hold(key[0], 1, reported.holder_id, reported.at)
        return _problem(self._connection.execute(_PROBLEM.where(problems.c.id == key[0])).one())

    def take(self, problem: Problem, person_id: int, now: datetime) -> bool:
        """Let somebody accept a waiting problem; False if somebody else was quicker.

        Whoever accepts holds it from now on, even if it was handed to another.
        """
        taken = self._change(
            problem, State.WAITING, state=str(State.WORKING), accepted_at=now, holder_id=person_id
        )
        if taken and person_id != problem.holder_id:
            self._release(problem, now, "taken_over", "")
            self._hold(problem.id, problem.generation, person_id, now)
        if taken:
            self._connection.execute(update(custody).where(*_held_now(problem)).values(accepted_at=now))
        return taken

    def hand(
        self, problem: Problem, to_id: int, dues: Dues, now: datetime, *, ended: str, reason: str
    ) -> bool:
        """Give a problem to another holder, who has yet to accept it; False if somebody was quicker."""
        changed = self._change(
            problem,
            problem.state,
            state=str(State.WAITING),
            holder_id=to_id,
            accepted_at=None,
            returns=problem.returns + (ended == "returned"),
            **_due_columns(dues),
        )
        if changed:
            self._release(problem, now, ended, reason)
            self._hold(problem.id, problem.generation, to_id, now)
        return changed

    def note(self, problem: Problem, text: str, now: datetime) -> bool:
        """Keep the holder's latest word on a problem that is being worked on."""
        return self._change(problem, State.WORKING, feedback=text, feedback_at=now)

    def solve(self, problem: Problem, solution: str, now: datetime) -> bool:
        """Call a problem solved; it is not closed before its reporter confirms."""
        if problem.state not in {State.WAITING, State.WORKING}:
            return False
        return self._change(
            problem, problem.state, state=str(State.CONFIRMING), solution=solution, solved_at=now
        )

    def close(self, problem: Problem, now: datetime) -> bool:
        """Close a problem that its reporter confirmed."""
        closed = self._change(problem, State.CONFIRMING, state=str(State.CLOSED), closed_at=now)
        if closed:
            self._release(problem, now, "closed", "")
        return closed

    def reopen(self, problem: Problem, to_id: int, dues: Dues, now: datetime, reason: str) -> bool:
        """Begin the next generation of a problem that was not solved after all."""
        reopened = self._change(
            problem,
            State.CONFIRMING,
            state=str(State.WAITING),
            generation=problem.generation + 1,
            holder_id=to_id,
            accepted_at=None,
            solved_at=None,
            feedback_at=None,
            **_due_columns(dues),
        )
        if reopened:
            self._release(problem, now, "reopened", reason)
            self._hold(problem.id, problem.generation + 1, to_id, now)
        return reopened

    def withdraw(self, problem: Problem, now: datetime, reason: str) -> bool:
        """Take a mistaken problem out of the ledger; its row and its trail stay."""
        withdrawn = self._change(problem, problem.state, state=str(State.WITHDRAWN), closed_at=now)
        if withdrawn:
            self._release(problem, now, "withdrawn", reason)
        return withdrawn

    def amend(self, problem: Problem, **values: Any) -> bool:
        """Change a problem's words, category or urgency while nobody else changed its state."""
        return self._change(problem, problem.state, **values)

    def _change(self, problem: Problem, was: State, /, **values: Any) -> bool:
        return (
            self._connection.execute(
                update(problems)
                .where(
                    problems.c.id == problem.id,
                    problems.c.state == str(was),
                    problems.c.generation == problem.generation,
                    problems.c.holder_id == problem.holder_id,
                )
                .values(**values)
            ).rowcount
            == 1
        )

    def _hold(self, problem_id: int, generation: int, person_id: int, now: datetime) -> None:
        row = {"problem_id": problem_id, "generation": generation, "person_id": person_id, "since": now}
        self._connection.execute(insert(custody), row)

    def _release(self, problem: Problem, now: datetime, ended: str, reason: str) -> None:
        self._connection.execute(
            update(custody).where(*_held_now(problem)).values(until=now, ended=ended, reason=reason)
        )


def _held_now(problem: Problem) -> tuple[Any, Any]:
    return custody.c.problem_id == problem.id, custody.c.until.is_(None)


def _due_columns(dues: Dues) -> dict[str, datetime | None]:
    return {"accept_due": dues.accept, "feedback_due": dues.feedback, "solve_due": dues.solve}


def _problem(row: Row[Any]) -> Problem:
    return Problem(
        id=row.id,
        number=row.number,
        project_id=row.project_id,
        project=row.project,
        place=row.place,
        category=row.category,
        text=row.text,
        urgency=Urgency(row.urgency),
        state=State(row.state),
        generation=row.generation,
        reporter_id=row.reporter_id,
        reporter=row.reporter,
        holder_id=row.holder_id,
        holder=row.holder,
        opened_at=row.opened_at,
        accept_due=row.accept_due,
        feedback_due=row.feedback_due,
        solve_due=row.solve_due,
        accepted_at=row.accepted_at,
        feedback_at=row.feedback_at,
        solved_at=row.solved_at,
        closed_at=row.closed_at,
        returns=row.returns,
        feedback=row.feedback,
        solution=row.solution,
    )
