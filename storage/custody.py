"""Who has held each problem, step by step, and which rungs it climbed on the way."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, select

from bot.domain.custody import Span
from storage.tables import custody, escalation_notices, escalations, people, units

_SPAN: Select[Any] = (
    select(custody, people.c.name.label("person"), units.c.name.label("unit"))
    .join(people, people.c.id == custody.c.person_id)
    .outerjoin(units, units.c.id == people.c.unit_id)
)


_SPANS = _SPAN.where(custody.c.problem_id == bindparam("of")).order_by(custody.c.id)
_HOLDERS = select(custody.c.person_id).where(custody.c.problem_id == bindparam("of")).order_by(custody.c.id)
_PASSED_ON = (
    select(custody.c.person_id, custody.c.ended, custody.c.reason)
    .where(
        custody.c.problem_id == bindparam("of"),
        custody.c.generation == bindparam("in_generation"),
        custody.c.until.is_not(None),
    )
    .order_by(custody.c.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Passed:
    """How a problem left one of its holders, and why."""

    person_id: int
    how: str
    why: str


@dataclass(frozen=True, slots=True)
class Climbed:
    """A rung that a problem climbed, when, and who was to hear of it."""

    rung: str
    at: datetime
    heard: tuple[str, ...]


class Custody:
    """The chain of those who held a problem; `Problems` writes it, here it is read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def spans(self, problem_id: int) -> list[Span]:
        """Return who held a problem, the first holder first."""
        rows = self._connection.execute(_SPANS, {"of": problem_id})
        return [span_of(row) for row in rows]

    def holders(self, problem_id: int) -> list[int]:
        """Return who has held a problem, in their order."""
        return list(self._connection.execute(_HOLDERS, {"of": problem_id}).scalars())

    def passed_on(self, problem_id: int, generation: int) -> Passed | None:
        """Return how it left its last holder in this generation; None if it did not."""
        row = self._connection.execute(_PASSED_ON, {"of": problem_id, "in_generation": generation}).first()
        return Passed(row.person_id, row.ended, row.reason) if row else None

    def returns(self, problem_id: int, generation: int) -> int:
        """Return how often a problem was returned in this generation."""
        statement = select(func.count()).where(
            custody.c.problem_id == problem_id,
            custody.c.generation == generation,
            custody.c.ended == "returned",
        )
        return self._connection.execute(statement).scalar_one()

    def climbs(self, problem_id: int) -> list[Climbed]:
        """Return the rungs a problem climbed, the first one first."""
        rows = self._connection.execute(
            select(escalations.c.id, escalations.c.rung, escalations.c.at, people.c.name)
            .outerjoin(escalation_notices, escalation_notices.c.escalation_id == escalations.c.id)
            .outerjoin(people, people.c.id == escalation_notices.c.person_id)
            .where(escalations.c.problem_id == problem_id)
            .order_by(escalations.c.id, people.c.id)
        ).all()
        heard: dict[int, list[str]] = {}
        for row in rows:
            heard.setdefault(row.id, []).extend([row.name] if row.name else [])
        first = {row.id: row for row in reversed(rows)}
        return [Climbed(first[each].rung, first[each].at, tuple(names)) for each, names in heard.items()]


def span_of(row: Row[Any]) -> Span:
    """Return the span a row of custody describes, joined with its person and their unit."""
    return Span(
        generation=row.generation,
        person_id=row.person_id,
        person=row.person,
        unit=row.unit or "",
        since=row.since,
        accepted_at=row.accepted_at,
        until=row.until,
        ended=row.ended,
        reason=row.reason,
    )
