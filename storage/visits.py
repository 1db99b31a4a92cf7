"""Visits: planned once for a leader, a project and a day, and told of once."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select, update

from bot.domain.problems import Nature, Problem, State
from bot.domain.visits import MADE, Outcome, Visit
from storage import dialects
from storage.problem_rows import PROBLEM, problem_of
from storage.tables import problems, visits

_STILL = visits.c.outcome == ""
_VISITS = select(visits).order_by(visits.c.day, visits.c.id)
_UNBRIEFED = _VISITS.where(visits.c.day >= bindparam("today"), visits.c.briefed_at.is_(None), _STILL)
_UNASKED = _VISITS.where(
    visits.c.day.between(bindparam("first"), bindparam("last")), visits.c.asked_at.is_(None), _STILL
)
_CALLED_OFF = visits.c.outcome.in_([str(Outcome.MOVED), str(Outcome.DROPPED)])


class Visits:
    """Who goes where and when, and how it was there."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # --- questions ----------------------------------------------------------------------

    def get(self, visit_id: int) -> Visit | None:
        """Return a visit by its id."""
        return self._first(select(visits).where(visits.c.id == visit_id))

    def on(self, person_id: int, project_id: int, day: date) -> Visit | None:
        """Return somebody's visit to a project on a day."""
        return self._first(
            select(visits).where(
                visits.c.person_id == person_id, visits.c.project_id == project_id, visits.c.day == day
            )
        )

    def between(self, first: date, last: date, project_ids: Collection[int]) -> list[Visit]:
        """Return the visits to some projects on some days that were not called off, in their order."""
        return self._list(
            _VISITS.where(
                visits.c.day.between(first, last), visits.c.project_id.in_(project_ids), ~_CALLED_OFF
            )
        )

    def planned(self, day: date, person_id: int) -> list[Visit]:
        """Return what somebody is to visit on a day."""
        return self._list(_VISITS.where(visits.c.day == day, visits.c.person_id == person_id, _STILL))

    def ahead(self, person_id: int, project_ids: Collection[int], today: date) -> list[Visit]:
        """Return the coming visits of somebody to some projects, of which they were not asked yet."""
        coming = (visits.c.day >= today, visits.c.project_id.in_(project_ids), visits.c.asked_at.is_(None))
        mine = select(visits).where(visits.c.person_id == person_id, *coming, _STILL)
        return self._list(mine.order_by(visits.c.day, visits.c.id))

    def unbriefed(self, today: date) -> list[Visit]:
        """Return the coming visits whose brief has not been given."""
        return self._list(_UNBRIEFED, today=today)

    def unasked(self, first: date, last: date) -> list[Visit]:
        """Return the visits of some days of which nobody was asked how they went."""
        return self._list(_UNASKED, first=first, last=last)

    def promises(self, project_id: int, most: int) -> list[Problem]:
        """Return the last tasks that were promised on visits to a project, the latest first."""
        rows = self._connection.execute(
            PROBLEM.where(
                problems.c.project_id == project_id,
                problems.c.nature == str(Nature.TASK),
                problems.c.origin.like("visit:%"),
                problems.c.state != str(State.WITHDRAWN),
            )
            .order_by(problems.c.id.desc())
            .limit(most)
        )
        return [problem_of(row) for row in rows]

    def _first(self, statement: Select[Any]) -> Visit | None:
        row = self._connection.execute(statement).first()
        return _visit(row) if row else None

    def _list(self, statement: Select[Any], **values: object) -> list[Visit]:
        rows = self._connection.execute(statement, values)
        return [_visit(row) for row in rows]

    # --- changes ------------------------------------------------------------------------

    def plan(self, person_id: int, project_id: int, day: date, now: datetime) -> bool:
        """Plan a visit, or one again that was called off; False if it is planned, or was made."""
        row = {"project_id": project_id, "person_id": person_id, "day": day, "planned_at": now}
        if dialects.insert_once(self._connection, visits, row):
            return True
        again = {"outcome": "", "done_at": None, "briefed_at": None, "asked_at": None, "planned_at": now}
        return self._change(
            *(visits.c[name] == row[name] for name in ("project_id", "person_id", "day")),
            _CALLED_OFF,
            **again,
        )

    def briefed(self, visit_id: int, now: datetime) -> bool:
        """Note that a brief was given; False if it was."""
        return self._change(visits.c.id == visit_id, visits.c.briefed_at.is_(None), briefed_at=now)

    def asked(self, visit_id: int, now: datetime) -> bool:
        """Note that somebody was asked how it went; False if they were."""
        return self._change(visits.c.id == visit_id, visits.c.asked_at.is_(None), asked_at=now)

    def settle(self, visit: Visit, outcome: Outcome, now: datetime) -> bool:
        """Keep what became of a visit; False if somebody has said so meanwhile."""
        was = str(visit.outcome or "")
        return self._change(
            visits.c.id == visit.id,
            visits.c.outcome == was,
            outcome=str(outcome),
            done_at=now if outcome in MADE else None,
        )

    def pass_on(self, visit: Visit, to_id: int) -> bool:
        """Let another go in somebody's place, told anew of it; False if they go there that day already."""
        if self.on(to_id, visit.project_id, visit.day) is not None:
            return False
        return self._change(visits.c.id == visit.id, _STILL, person_id=to_id, briefed_at=None)

    def note(self, visit: Visit, words: str) -> None:
        """Keep what was said of a visit."""
        self._change(visits.c.id == visit.id, note=f"{visit.note}\n{words}".strip())

    def _change(self, *conditions: Any, **values: Any) -> bool:
        return self._connection.execute(update(visits).where(*conditions).values(**values)).rowcount == 1


def _visit(row: Row[Any]) -> Visit:
    return Visit(
        id=row.id,
        project_id=row.project_id,
        person_id=row.person_id,
        day=row.day,
        outcome=Outcome(row.outcome) if row.outcome else None,
        note=row.note,
        done_at=row.done_at,
    )
