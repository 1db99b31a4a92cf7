"""变更登记: changes of projects' plans, numbered, with what was there before; the office nods to them."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update

from bot.domain.changes import COLUMNS, Item, shown
from bot.domain.document import Kind
from bot.domain.people import Duty
from bot.domain.projects import Project
from bot.domain.stages import WAITS, Move, Nod, Step
from storage import dialects
from storage.dataset import Figure, Line, Question
from storage.figures import within
from storage.scoping import names_on_duty, projects_in
from storage.site import SITE
from storage.stages import move_of
from storage.tables import people, projects, stage_moves, units

IMPORTED = "名册导入"
"""The reason of a change that came with a roster."""

_PENDING = stage_moves.c.answer == ""


class Changes:
    """Every change has a number of its year, without gaps, whatever becomes of it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ask(
        self,
        project_id: int,
        what: str,
        before: str,
        after: str,
        reason: str,
        asked_by: int,
        day: date,
        now: datetime,
    ) -> Move:
        """Enter a change for the office's nod; what the same person asked for before waits no longer."""
        same = (stage_moves.c.project_id == project_id, stage_moves.c.step == str(Step.CHANGE))
        self._connection.execute(
            update(stage_moves)
            .where(*same, stage_moves.c.what == what, stage_moves.c.asked_by == asked_by, _PENDING)
            .values(answer=str(Nod.RESAID), decided_at=now)
        )
        row = {
            "project_id": project_id,
            "step": str(Step.CHANGE),
            "what": what,
            "before": before,
            "after": after,
            "reason": reason,
            "year": day.year,
            "sequence": self._next(day.year),
            "day": day,
            "asked_by": asked_by,
            "at": now,
        }
        key: Any = self._connection.execute(insert(stage_moves), row).inserted_primary_key
        return move_of(self._connection.execute(select(stage_moves).where(stage_moves.c.id == key[0])).one())

    def import_(self, changed: Sequence[tuple[int, str, str, str]], day: date, now: datetime) -> None:
        """Enter what a roster changed: of which project what, from what to what."""
        if not changed:
            return
        first = self._next(day.year)
        rows = [
            {
                "project_id": project_id,
                "step": str(Step.CHANGE),
                "what": what,
                "before": before,
                "after": after,
                "reason": IMPORTED,
                "year": day.year,
                "sequence": sequence,
                "day": day,
                "at": now,
                "answer": str(Nod.AGREED),
                "decided_at": now,
            }
            for sequence, (project_id, what, before, after) in enumerate(changed, first)
        ]
        self._connection.execute(insert(stage_moves), rows)

    def _next(self, year: int) -> int:
        dialects.alone(self._connection, "change numbers")
        last = select(func.max(stage_moves.c.sequence)).where(stage_moves.c.year == year)
        return (self._connection.execute(last).scalar() or 0) + 1

    def renew(self, move: Move, before: str) -> None:
        """Put down what stands there now, where it has changed since it was asked for."""
        self._connection.execute(
            update(stage_moves).where(stage_moves.c.id == move.id, _PENDING).values(before=before)
        )

    def take(self, project: Project, item: Item, value: str) -> None:
        """Let a change count: the project's plan says so from now on."""
        new = int(value) if item.is_money else date.fromisoformat(value)
        self._connection.execute(
            update(projects).where(projects.c.id == project.id).values({COLUMNS[item]: new})
        )


CHANGES = (
    Figure("change_number", Kind.WORD, 20),
    *SITE,
    Figure("change_item", Kind.WORD, 12),
    Figure("before", Kind.PROSE, 18),
    Figure("after", Kind.PROSE, 18),
    Figure("change_reason", Kind.PROSE, 30),
    Figure("asked_by", Kind.WORD, 10),
    Figure("change_asked_on", Kind.DAY, 12),
    Figure("change_state", Kind.WORD, 10),
    Figure("decided_by", Kind.WORD, 10),
    Figure("decided_on", Kind.DAY, 12),
)


def change_lines(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield the changes that wait, or were asked for or decided in these days, by their numbers."""
    wanted = projects_in(question.scope, question.today)
    leads = names_on_duty(connection, wanted, Duty.LEAD_LEADER, question.today)
    asker, decider = people.alias("asker"), people.alias("decider")
    rows = connection.execute(
        select(
            stage_moves,
            projects.c.number,
            projects.c.name,
            projects.c.place,
            units.c.name.label("unit"),
            asker.c.name.label("asker"),
            decider.c.name.label("decider"),
        )
        .join(projects, projects.c.id == stage_moves.c.project_id)
        .outerjoin(units, units.c.id == projects.c.unit_id)
        .outerjoin(asker, asker.c.id == stage_moves.c.asked_by)
        .outerjoin(decider, decider.c.id == stage_moves.c.decided_by)
        .where(
            stage_moves.c.sequence.is_not(None),
            stage_moves.c.project_id.in_(wanted),
            or_(
                _PENDING,
                within(stage_moves.c.at, question),
                within(stage_moves.c.decided_at, question),
            ),
        )
        .order_by(stage_moves.c.year, stage_moves.c.sequence)
    )
    for row in rows:
        move, asked_on = move_of(row), question.day_of(row.at)
        yield {
            "key": move.number,
            "source": f"{asked_on} {row.asker}" if row.asker else None,
            "change_number": move.number,
            "number": row.number,
            "name": row.name,
            "place": row.place,
            "unit": row.unit or "",
            "lead_leader": "、".join(leads.get(row.project_id, ())),
            "change_item": row.what,
            "before": shown(row.what, row.before),
            "after": shown(row.what, row.after),
            "change_reason": row.reason,
            "asked_by": row.asker or "",
            "change_asked_on": asked_on,
            "change_state": row.answer or WAITS,
            "decided_by": row.decider or "",
            "decided_on": question.day_of(row.decided_at),
        }
