"""The rungs that problems climbed, who was to hear of each, and who has been told."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from bot.domain.ladder import Rung
from bot.domain.problems import Problem
from storage.tables import escalation_notices, escalations, problems

_CLIMBED = (
    update(problems)
    .where(problems.c.id == bindparam("of"), problems.c.level == bindparam("was"))
    .values(
        level=bindparam("to_level"),
        step=bindparam("to_step"),
        late_step=bindparam("to_late_step"),
        rung_at=bindparam("now"),
        snoozed_until=None,
        next_rung=bindparam("coming"),
        next_at=bindparam("at"),
    )
)
_ADD = insert(escalations).returning(escalations.c.id, sort_by_parameter_order=True)
_UNTOLD_PEOPLE = (
    select(escalation_notices.c.person_id)
    .where(escalation_notices.c.told_at.is_(None))
    .distinct()
    .limit(bindparam("most"))
)
_UNTOLD = (
    select(
        escalations.c.id,
        escalations.c.problem_id,
        escalations.c.generation,
        escalations.c.level,
        escalations.c.rung,
        escalation_notices.c.person_id,
    )
    .join(escalation_notices, escalation_notices.c.escalation_id == escalations.c.id)
    .where(
        escalation_notices.c.told_at.is_(None),
        escalation_notices.c.person_id.in_(bindparam("of", expanding=True)),
    )
    .order_by(escalations.c.id)
)
_TOLD = (
    update(escalation_notices)
    .where(
        escalation_notices.c.escalation_id == bindparam("rung"),
        escalation_notices.c.person_id == bindparam("person"),
    )
    .values(told_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Climb:
    """A problem as it stands after a rung, and who is to hear of it."""

    problem: Problem
    rung: Rung
    person_ids: Sequence[int]


@dataclass(frozen=True, slots=True)
class Notice:
    """Somebody who is to hear of a rung."""

    escalation_id: int
    problem_id: int
    generation: int
    level: int
    rung: str
    person_id: int


class Escalations:
    """One row for each (problem, generation, level); who hears of it is settled when it is written."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, climbs: Sequence[Climb], now: datetime) -> None:
        """Write the rungs that problems climbed, each with who hears of it and what comes next."""
        self._connection.execute(
            _CLIMBED,
            [
                {
                    "of": each.problem.id,
                    "was": each.problem.level - 1,
                    "to_level": each.problem.level,
                    "to_step": each.problem.step,
                    "to_late_step": each.problem.late_step,
                    "now": now,
                    "coming": each.problem.next_rung,
                    "at": each.problem.next_at,
                }
                for each in climbs
            ],
        )
        rows = [
            {
                "problem_id": each.problem.id,
                "generation": each.problem.generation,
                "level": each.problem.level,
                "rung": each.rung.name,
                "at": now,
            }
            for each in climbs
        ]
        ids = self._connection.execute(_ADD, rows).scalars().all()
        notices = [
            {"escalation_id": key, "person_id": person_id}
            for key, each in zip(ids, climbs, strict=True)
            for person_id in each.person_ids
        ]
        self._connection.execute(insert(escalation_notices), notices)

    def untold(self, most: int) -> dict[int, list[Notice]]:
        """Return whom to tell of what: some of those still to be told."""
        whom = list(self._connection.execute(_UNTOLD_PEOPLE, {"most": most}).scalars())
        found: dict[int, list[Notice]] = {person_id: [] for person_id in sorted(whom)}
        for row in self._connection.execute(_UNTOLD, {"of": whom}):
            notice = Notice(row.id, row.problem_id, row.generation, row.level, row.rung, row.person_id)
            found[row.person_id].append(notice)
        return found

    def hold(self, problem_ids: Collection[int], *, to_change: bool = False) -> bool:
        """Let problems stand as they do until the commit: whoever is about to change one waits for it.

        True if another process may have changed them before: SQLite has one writer, while on PostgreSQL a
        press, or the beat of who has lost its turn, may come at this moment.
        """
        if self._connection.dialect.name == "sqlite":
            return False
        these = select(problems.c.id).where(problems.c.id.in_(problem_ids)).order_by(problems.c.id)
        self._connection.execute(these.with_for_update(read=not to_change))
        return True

    def told(self, notices: Iterable[Notice], now: datetime) -> None:
        """Note that people have been told, or need not be any more."""
        self._connection.execute(
            _TOLD, [{"rung": each.escalation_id, "person": each.person_id, "now": now} for each in notices]
        )
