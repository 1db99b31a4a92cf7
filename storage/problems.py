"""The problems, and the chain of those who held each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, and_, bindparam, func, insert, or_, select, update

from bot.domain.deadlines import Dues
from bot.domain.problems import OPEN, Nature, Problem, State, Urgency
from storage import dialects
from storage.problem_rows import PROBLEM, problem_of
from storage.tables import confirmations, custody, problems

_GET = PROBLEM.where(problems.c.id == bindparam("of"))
# A change of hands begins the clocks anew; what was asked of somebody else is over.
_AFRESH: dict[str, Any] = {
    "step": 0,
    "rung_at": None,
    "snoozed_until": None,
    "snoozes": 0,
    "paused_at": None,
    "question": "",
}
_STOPPED: dict[str, Any] = {"next_at": None, "next_rung": "", "paused_at": None, "question": ""}
_WIND = (
    update(problems)
    .where(problems.c.id == bindparam("of"))
    .values(next_rung=bindparam("rung"), next_at=bindparam("at"))
)
_OPEN = [str(state) for state in OPEN]
DUE = (
    PROBLEM.where(problems.c.next_at <= bindparam("now"))
    .order_by(problems.c.next_at)
    .limit(bindparam("most", type_=Integer))
)
"""The question for the problems whose next rung has come; it reads no other rows."""
_DUE_AT_NIGHT = DUE.where(problems.c.urgency == str(Urgency.TODAY))
_NEXT_RUNG = (
    select(problems.c.next_at)
    .where(problems.c.next_at > bindparam("now"))
    .order_by(problems.c.next_at)
    .limit(1)
)
_CONFIRMED = select(confirmations.c.person_id).where(
    confirmations.c.problem_id == bindparam("of"), confirmations.c.generation == bindparam("now")
)


@dataclass(frozen=True, slots=True)
class Reported:
    """A problem, or a task, about to be stored."""

    project_id: int
    category: str
    text: str
    urgency: Urgency
    reporter_id: int
    holder_id: int
    dues: Dues
    at: datetime
    source: str = ""
    nature: Nature = Nature.PROBLEM
    origin: str = ""
    promised: int | None = None
    confirmer_id: int | None = None
    """Who says whether it is done, where it is not the one who reported it."""


class Problems:
    """Every change is a compare-and-set: of two who press at once, one wins."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # --- questions ----------------------------------------------------------------------

    def get(self, problem_id: int) -> Problem | None:
        """Return a problem."""
        row = self._connection.execute(_GET, {"of": problem_id}).first()
        return problem_of(row) if row else None

    def numbered(self, number: str) -> Problem | None:
        """Return the problem with a number such as ``2026-063``."""
        row = self._connection.execute(PROBLEM.where(problems.c.number == number)).first()
        return problem_of(row) if row else None

    def several(self, problem_ids: Sequence[int]) -> list[Problem]:
        """Return the problems with these ids, in their order."""
        found = {each.id: each for each in self._list(problems.c.id.in_(problem_ids))}
        return [found[each] for each in problem_ids if each in found]

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
        confirmed = and_(problems.c.confirmer_id == person_id, problems.c.state == str(State.CONFIRMING))
        return self._list(or_(held, confirmed))

    def held_by(self, person_id: int) -> list[Problem]:
        """Return the open problems somebody holds, the oldest first."""
        return self._list(problems.c.holder_id == person_id, problems.c.state.in_(_OPEN))

    def confirmed_by(self, person_id: int) -> list[Problem]:
        """Return the open problems of which somebody is to say whether they are solved."""
        return self._list(problems.c.confirmer_id == person_id, problems.c.state.in_(_OPEN))

    def due(self, now: datetime, most: int, *, only_today: bool = False) -> list[Problem]:
        """Return the problems whose next rung has come, the longest due first; or only those of today."""
        statement = _DUE_AT_NIGHT if only_today else DUE
        return [problem_of(row) for row in self._connection.execute(statement, {"now": now, "most": most})]

    def next_rung_at(self, now: datetime) -> datetime | None:
        """Return when time will next bring a rung; None when nothing waits for one."""
        return self._connection.execute(_NEXT_RUNG, {"now": now}).scalar()

    def confirmed(self, problem: Problem) -> set[int]:
        """Return who has said, in this generation, that a problem is solved."""
        given = {"of": problem.id, "now": problem.generation}
        return set(self._connection.execute(_CONFIRMED, given).scalars())

    def of_reporter(self, person_id: int) -> list[Problem]:
        """Return everything somebody has reported, the oldest first."""
        return self._list(problems.c.reporter_id == person_id)

    def from_source(self, source: str) -> Problem | None:
        """Return the problem that a message reported, to change its words when it is edited."""
        rows = self._list(problems.c.source == source)
        return rows[0] if rows else None

    def _list(self, *conditions: Any) -> list[Problem]:
        rows = self._connection.execute(PROBLEM.where(*conditions).order_by(problems.c.id))
        return [problem_of(row) for row in rows]

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
            "confirmer_id": reported.confirmer_id or reported.reporter_id,
            "holder_id": reported.holder_id,
            "opened_at": reported.at,
            "began_at": reported.at,
            "held_since": reported.at,
            "first_due": reported.dues.solve,
            "source": reported.source,
            "nature": str(reported.nature),
            "origin": reported.origin,
            "promised": reported.promised,
            **_due_columns(reported.dues),
        }
        key: Any = self._connection.execute(insert(problems), row).inserted_primary_key
        self._hold(key[0], 1, reported.holder_id, reported.at)
        return problem_of(self._connection.execute(PROBLEM.where(problems.c.id == key[0])).one())

    def take(self, problem: Problem, person_id: int, now: datetime) -> bool:
        """Let somebody accept a waiting problem; False if somebody else was quicker.

        Whoever accepts holds it from now on, even if it was handed to another. What its reporter was
        asked still waits for the answer.
        """
        is_taken_over = person_id != problem.holder_id
        afresh: dict[str, Any] = {} if problem.paused_at else {"step": 0, "rung_at": None}
        taken = self._change(
            problem,
            State.WAITING,
            state=str(State.WORKING),
            accepted_at=now,
            holder_id=person_id,
            held_since=now if is_taken_over else problem.held_since,
            snoozed_until=None,
            snoozes=0 if is_taken_over else problem.snoozes,
            **afresh,
        )
        if taken and is_taken_over:
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
            held_since=now,
            accepted_at=None,
            feedback_at=None,
            returns=problem.returns + (ended == "returned"),
            **_AFRESH,
            **_due_columns(dues),
        )
        if changed:
            self._release(problem, now, ended, reason)
            self._hold(problem.id, problem.generation, to_id, now)
        return changed

    def succeed(self, problem: Problem, to_id: int, now: datetime, *, ended: str, reason: str) -> bool:
        """Put somebody in the holder's place as it stands: state and clocks go on as they were."""
        changed = self._change(problem, problem.state, holder_id=to_id, held_since=now)
        if changed:
            accepted = problem.accepted_at
            self._release(problem, now, ended, reason)
            self._hold(problem.id, problem.generation, to_id, now, accepted and now)
        return changed

    def note(self, problem: Problem, text: str, now: datetime) -> bool:
        """Keep the latest word on how far a problem is; the clock of feedback has been answered."""
        if not problem.is_unsolved:
            return False
        is_first = problem.feedback_at is None and problem.state is State.WORKING
        afresh = {"step": 0, "rung_at": None} if is_first and not problem.late_step else {}
        return self.amend(problem, feedback=text, feedback_at=now, **afresh)

    def pay(self, problem: Problem, paid: int) -> bool:
        """Keep what has been paid of what was promised; False if somebody else was quicker."""
        statement = (
            update(problems)
            .where(
                problems.c.id == problem.id,
                problems.c.state == str(problem.state),
                problems.c.paid == problem.paid,
            )
            .values(paid=paid)
        )
        return self._connection.execute(statement).rowcount == 1

    def pause(self, problem: Problem, question: str, now: datetime) -> bool:
        """Let the clocks stand still until the one who reported it has answered."""
        if not problem.is_unsolved or problem.paused_at is not None:
            return False
        return self.amend(problem, paused_at=now, question=question, step=0, rung_at=None)

    def resume(self, problem: Problem, dues: Dues, rung_at: datetime | None = None) -> bool:
        """Let the clocks run again, to the moments given; the next rung keeps its distance from the last."""
        if problem.paused_at is None:
            return False
        # What was climbed while it still waited to be accepted, or for a word, may be climbed again.
        return self.amend(problem, paused_at=None, question="", step=0, rung_at=rung_at, **_due_columns(dues))

    def snooze(self, problem: Problem, until: datetime) -> bool:
        """Let no rung come before a moment; counted."""
        return self.amend(problem, snoozed_until=until, snoozes=problem.snoozes + 1)

    def extend(self, problem: Problem, due: datetime) -> bool:
        """Move the deadline; the first one is kept, and the ladder to solve begins anew."""
        return self.amend(
            problem,
            solve_due=due,
            extensions=problem.extensions + 1,
            late_step=0,
            rung_at=None,
            snoozed_until=None,
        )

    def solve(self, problem: Problem, solution: str, now: datetime) -> bool:
        """Call a problem solved; it is not closed before its reporter confirms."""
        if not problem.is_unsolved:
            return False
        return self._change(
            problem,
            problem.state,
            state=str(State.CONFIRMING),
            solution=solution,
            solved_at=now,
            **_AFRESH,
        )

    def confirm(self, problem: Problem, person_id: int, now: datetime) -> None:
        """Note that somebody says it is solved."""
        row = {"problem_id": problem.id, "generation": problem.generation, "person_id": person_id, "at": now}
        dialects.insert_once(self._connection, confirmations, row)

    def close(self, problem: Problem, now: datetime) -> bool:
        """Close a problem that everybody asked has confirmed."""
        closed = self._change(problem, State.CONFIRMING, state=str(State.CLOSED), closed_at=now, **_STOPPED)
        if closed:
            self._release(problem, now, "closed", "")
        return closed

    def reopen(self, problem: Problem, to_id: int, dues: Dues, now: datetime, reason: str) -> bool:
        """Begin the next generation of a problem that was not solved after all, or not for long."""
        if problem.state not in {State.CONFIRMING, State.CLOSED}:
            return False
        reopened = self._change(
            problem,
            problem.state,
            state=str(State.WAITING),
            generation=problem.generation + 1,
            holder_id=to_id,
            began_at=now,
            held_since=now,
            accepted_at=None,
            solved_at=None,
            closed_at=None,
            feedback_at=None,
            first_due=dues.solve,
            extensions=0,
            level=0,
            late_step=0,
            **_AFRESH,
            **_due_columns(dues),
        )
        if reopened:
            self._release(problem, now, "reopened", reason)
            self._hold(problem.id, problem.generation + 1, to_id, now)
        return reopened

    def withdraw(self, problem: Problem, now: datetime, reason: str) -> bool:
        """Take a mistaken problem out of the ledger; its row and its trail stay."""
        withdrawn = self._change(
            problem, problem.state, state=str(State.WITHDRAWN), closed_at=now, **_STOPPED
        )
        if withdrawn:
            self._release(problem, now, "withdrawn", reason)
        return withdrawn

    def wind(self, problem_id: int, next_rung: str, next_at: datetime | None) -> None:
        """Keep which rung comes next, and when; None: nobody is left to tell."""
        self._connection.execute(_WIND, {"of": problem_id, "rung": next_rung, "at": next_at})

    def amend(self, problem: Problem, **values: Any) -> bool:
        """Change a problem's words, dates, category or urgency while nobody else changed its state."""
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

    def _hold(
        self,
        problem_id: int,
        generation: int,
        person_id: int,
        now: datetime,
        accepted_at: datetime | None = None,
    ) -> None:
        row = {
            "problem_id": problem_id,
            "generation": generation,
            "person_id": person_id,
            "since": now,
            "accepted_at": accepted_at,
        }
        self._connection.execute(insert(custody), row)

    def _release(self, problem: Problem, now: datetime, ended: str, reason: str) -> None:
        self._connection.execute(
            update(custody).where(*_held_now(problem)).values(until=now, ended=ended, reason=reason)
        )


def _held_now(problem: Problem) -> tuple[Any, Any]:
    return custody.c.problem_id == problem.id, custody.c.until.is_(None)


def _due_columns(dues: Dues) -> dict[str, datetime | None]:
    return {"accept_due": dues.accept, "feedback_due": dues.feedback, "solve_due": dues.solve}
