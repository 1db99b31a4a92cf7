"""What has changed for a leader since the last morning."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, or_, select

from bot.domain.problems import OPEN, State
from storage.problem_rows import NO_TASK
from storage.tables import escalation_notices, escalations, problems, requests

_STATES = [str(state) for state in State if state is not State.WITHDRAWN]


def _within(moment: ColumnElement[datetime]) -> ColumnElement[bool]:
    return and_(moment >= bindparam("since"), moment < bindparam("until"))


_CHANGED: Select[Any] = select(
    problems.c.number,
    problems.c.state,
    and_(NO_TASK, _within(problems.c.opened_at)).label("is_new"),
    _within(problems.c.solved_at).label("is_solved"),
    _within(problems.c.closed_at).label("is_closed"),
).where(
    problems.c.state.in_(_STATES),
    or_(*(_within(problems.c[name]) for name in ("opened_at", "solved_at", "closed_at"))),
)
_ON_PROJECTS = _CHANGED.where(problems.c.project_id.in_(bindparam("projects", expanding=True))).order_by(
    problems.c.id
)
_ASKED = _CHANGED.where(
    problems.c.id.in_(select(requests.c.problem_id).where(requests.c.to_id == bindparam("of")))
).order_by(problems.c.id)
_ESCALATED = (
    select(problems.c.number, problems.c.state)
    .join(escalations, escalations.c.problem_id == problems.c.id)
    .join(escalation_notices, escalation_notices.c.escalation_id == escalations.c.id)
    .where(
        _within(escalations.c.at),
        escalation_notices.c.person_id == bindparam("of"),
        # Reminding its holder is not going up.
        problems.c.holder_id != bindparam("of"),
    )
)


@dataclass(frozen=True, slots=True)
class News:
    """The numbers of the problems that changed, by how; one may have changed in several ways."""

    reported: tuple[str, ...] = ()
    solved: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    escalated: tuple[str, ...] = ()


class Mornings:
    """What a leader finds in the morning."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def news(self, person_id: int, project_ids: Sequence[int], since: datetime, until: datetime) -> News:
        """Return what changed on the projects a leader leads, and of what they were asked to decide."""
        window = {"since": since, "until": until}
        led = self._changed(_ON_PROJECTS, window | {"projects": list(project_ids)}) if project_ids else []
        asked = self._changed(_ASKED, window | {"of": person_id})
        escalated = self._connection.execute(_ESCALATED, window | {"of": person_id})
        return News(
            reported=_numbers(row for row in led if row.is_new),
            solved=_numbers(row for row in (*led, *asked) if row.is_solved and row.state == State.CONFIRMING),
            closed=_numbers(row for row in (*led, *asked) if row.is_closed and row.state == State.CLOSED),
            escalated=_numbers(row for row in escalated if row.state in OPEN),
        )

    def _changed(self, statement: Select[Any], values: dict[str, Any]) -> list[Row[Any]]:
        return list(self._connection.execute(statement, values))


def _numbers(rows: Any) -> tuple[str, ...]:
    return tuple(sorted({row.number for row in rows}))
