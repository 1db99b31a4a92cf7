"""The steps of projects: said by liaisons, nodded to by the office; and their milestones."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from bot.domain.projects import Project
from bot.domain.stages import Milestone, Move, Nod, Step, changes
from storage.prepared import Prepared
from storage.tables import milestones, projects, stage_moves

_MILESTONES = Prepared(
    select(milestones)
    .where(milestones.c.project_id.in_(bindparam("of", expanding=True)))
    .order_by(milestones.c.project_id, milestones.c.planned.is_(None), milestones.c.planned, milestones.c.id),
    "of",
)
_PENDING = stage_moves.c.answer == ""


class Stages:
    """A step is decided once: of two nods, one wins."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ask(self, project_id: int, step: Step, what: str, day: date, asked_by: int, now: datetime) -> Move:
        """Keep a step for the office's nod; said anew, the earlier word waits no longer."""
        same = [stage_moves.c.project_id == project_id, stage_moves.c.step == str(step)]
        if step is not Step.STAGE:
            same.append(stage_moves.c.what == what)
        self._connection.execute(
            update(stage_moves).where(*same, _PENDING).values(answer=str(Nod.RESAID), decided_at=now)
        )
        row = {
            "project_id": project_id,
            "step": str(step),
            "what": what,
            "day": day,
            "asked_by": asked_by,
            "at": now,
        }
        key: Any = self._connection.execute(insert(stage_moves), row).inserted_primary_key
        return Move(int(key[0]), project_id, step, what, day, asked_by, now)

    def get(self, move_id: int) -> Move | None:
        """Return a step that was said."""
        row = self._connection.execute(select(stage_moves).where(stage_moves.c.id == move_id)).first()
        return move_of(row) if row else None

    def pending(self) -> list[Move]:
        """Return what waits for the office, the oldest first."""
        return self._several(_PENDING)

    def unshown_since(self) -> datetime | None:
        """Return since when the oldest step waits that the office has not been shown."""
        statement = select(func.min(stage_moves.c.at)).where(_PENDING, stage_moves.c.offered_at.is_(None))
        return self._connection.execute(statement).scalar()

    def unshown(self) -> list[Move]:
        """Return what the office has not been shown, the oldest first."""
        return self._several(_PENDING, stage_moves.c.offered_at.is_(None))

    def show(self, move_ids: Sequence[int], now: datetime) -> None:
        """Note that the office is shown these together."""
        self._connection.execute(
            update(stage_moves).where(stage_moves.c.id.in_(move_ids)).values(offered_at=now)
        )

    def shown_before(self, moment: datetime) -> list[Move]:
        """Return what the office was shown before a moment and has not decided, the oldest first."""
        return self._several(_PENDING, stage_moves.c.offered_at < moment)

    def shown_with(self, move_id: int) -> tuple[datetime | None, list[Move]]:
        """Return what the office was shown together with a step, and when."""
        statement = select(stage_moves.c.offered_at).where(stage_moves.c.id == move_id)
        moment = self._connection.execute(statement).scalar()
        return moment, self._several(stage_moves.c.offered_at == moment) if moment else []

    def decide(self, move: Move, nod: Nod, by_id: int, now: datetime) -> bool:
        """Decide a step; False if somebody has."""
        statement = (
            update(stage_moves)
            .where(stage_moves.c.id == move.id, _PENDING)
            .values(answer=str(nod), decided_by=by_id, decided_at=now)
        )
        return self._connection.execute(statement).rowcount == 1

    def take(self, project: Project, step: Step, what: str, day: date) -> None:
        """Let a step count: the project's row, or its milestone, says so from now on."""
        if step is Step.MILESTONE:
            mine = (milestones.c.project_id == project.id, milestones.c.name == what)
            self._connection.execute(update(milestones).where(*mine).values(done=day))
            return
        values = changes(project, step, what, day)
        self._connection.execute(update(projects).where(projects.c.id == project.id).values(**values))

    def _several(self, *conditions: Any) -> list[Move]:
        statement = select(stage_moves).where(*conditions).order_by(stage_moves.c.id)
        return [move_of(row) for row in self._connection.execute(statement)]

    # --- milestones and planned days ------------------------------------------------------

    def milestones(self, project_ids: Iterable[int]) -> list[Milestone]:
        """Return the milestones of projects, in the order of their days."""
        rows = _MILESTONES.all(self._connection, of=list(project_ids))
        return [Milestone(row.id, row.project_id, row.name, row.planned, row.done) for row in rows]

    def plan(self, project_id: int, name: str, day: date) -> None:
        """Plan a milestone for a day; one that is new is added."""
        mine = (milestones.c.project_id == project_id, milestones.c.name == name)
        moved = self._connection.execute(update(milestones).where(*mine).values(planned=day))
        if not moved.rowcount:
            row = {"project_id": project_id, "name": name, "planned": day}
            self._connection.execute(insert(milestones), row)


def move_of(row: Row[Any]) -> Move:
    """Return the step that a row describes."""
    return Move(
        id=row.id,
        project_id=row.project_id,
        step=Step(row.step),
        what=row.what,
        day=row.day,
        asked_by=row.asked_by,
        at=row.at,
        answer=Nod(row.answer) if row.answer else None,
        decided_by=row.decided_by,
        before=row.before,
        after=row.after,
        reason=row.reason,
        year=row.year,
        sequence=row.sequence,
    )
