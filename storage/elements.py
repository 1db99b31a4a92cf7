"""The 五要件 of projects: what was written down for each, and which projects lack one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, select, update

from bot.domain.document import Kind
from bot.domain.elements import Element, Facts, has, missing
from bot.domain.people import Duty
from storage.dataset import Figure, Line, Question
from storage.rows import light
from storage.scoping import lead_leaders, names_on_duty, projects_in
from storage.site import SITE, site_of
from storage.tables import elements, milestones, people, projects, units


@dataclass(frozen=True, slots=True)
class Written:
    """The words of one element, and who wrote them when; of an approval also by when it is due."""

    element: str
    text: str
    name: str
    at: datetime
    due: date | None = None
    project_id: int = 0
    by_id: int = 0


_WRITTEN = select(elements, people.c.name).join(people, people.c.id == elements.c.by_id)
_FALLEN_DUE = (
    _WRITTEN.where(
        elements.c.due < bindparam("today"), elements.c.told_at.is_(None), elements.c.due.is_not(None)
    )
    .order_by(elements.c.due, elements.c.project_id, elements.c.element)
    .limit(bindparam("most"))
)


class Elements:
    """What was written down for each project; the words before stay in the audit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def write(
        self, project_id: int, element: str, text: str, by_id: int, now: datetime, due: date | None = None
    ) -> str:
        """Write an element down and Return the words before."""
        mine = (elements.c.project_id == project_id, elements.c.element == element)
        before = self._connection.execute(select(elements.c.text).where(*mine)).scalar()
        self._connection.execute(delete(elements).where(*mine))
        row = {
            "project_id": project_id,
            "element": element,
            "text": text,
            "by_id": by_id,
            "at": now,
            "due": due,
        }
        self._connection.execute(insert(elements), row)
        return str(before or "")

    def of(self, project_id: int) -> dict[str, Written]:
        """Return what was written down for a project."""
        rows = self._connection.execute(_WRITTEN.where(elements.c.project_id == project_id))
        return {row.element: _written(row) for row in rows}

    def fallen_due(self, today: date, most: int) -> list[Written]:
        """Return the approvals whose day is past and of which nobody was told, the longest due first."""
        rows = self._connection.execute(_FALLEN_DUE, {"today": today, "most": most})
        return [_written(row) for row in rows]

    def told_before(self, moment: datetime) -> list[Written]:
        """Return the approvals of which people were told before a moment that their day is past."""
        told = _WRITTEN.where(elements.c.due.is_not(None), elements.c.told_at < moment)
        rows = self._connection.execute(told.order_by(elements.c.due, elements.c.project_id))
        return [_written(row) for row in rows]

    def tell(self, written: Written, now: datetime) -> bool:
        """Note that people are told that a day is past; False if they were."""
        mine = (elements.c.project_id == written.project_id, elements.c.element == written.element)
        statement = update(elements).where(*mine, elements.c.told_at.is_(None)).values(told_at=now)
        return self._connection.execute(statement).rowcount == 1

    def facts(self, project_id: int, today: date) -> Facts:
        """Return what a project has."""
        wanted = select(projects.c.id).where(projects.c.id == project_id)
        led = names_on_duty(self._connection, wanted, Duty.LEAD_LEADER, today)
        ((_, facts),) = _facts(self._connection, wanted, led)
        return facts

    def sort(self, project_id: int, tier: str) -> None:
        """Put a project into a class of urgency (大起底)."""
        self._connection.execute(update(projects).where(projects.c.id == project_id).values(tier=tier))


def _written(row: Row[Any]) -> Written:
    return Written(row.element, row.text, row.name, row.at, row.due, row.project_id, row.by_id)


ELEMENTS = (
    *SITE,
    Figure("tier", Kind.WORD, 8),
    Figure("element_leader", Kind.MARK, 8),
    Figure("element_measures", Kind.MARK, 8),
    Figure("element_term", Kind.MARK, 8),
    Figure("element_standard", Kind.MARK, 8),
    Figure("element_reward", Kind.MARK, 8),
    Figure("lacking", Kind.WORD, 18),
    Figure("lacking_count", Kind.COUNT, 8),
)


def element_lines(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield every project of the scope with those of the five that it has."""
    wanted = projects_in(question.scope, question.today)
    leads = question.once(connection, lead_leaders)
    for row, facts in _facts(connection, wanted, leads):
        lacks = missing(facts)
        yield {
            "key": row.number,
            **site_of(row, leads),
            "tier": row.tier,
            **{f"element_{each.name.lower()}": int(has(each, facts)) for each in Element},
            "lacking": "、".join(lacks),
            "lacking_count": len(lacks),
        }


def _facts(
    connection: Connection, wanted: Select[Any], led: Mapping[int, object]
) -> Iterator[tuple[Any, Facts]]:
    dated = set(
        connection.execute(
            select(milestones.c.project_id).where(
                milestones.c.project_id.in_(wanted), milestones.c.planned.is_not(None)
            )
        ).scalars()
    )
    written: dict[int, set[str]] = {}
    for row in connection.execute(select(elements).where(elements.c.project_id.in_(wanted))):
        written.setdefault(row.project_id, set()).add(row.element)
    rows = connection.execute(
        select(
            projects.c.id,
            projects.c.number,
            projects.c.name,
            projects.c.place,
            projects.c.tier,
            projects.c.planned_start,
            projects.c.planned_completion,
            units.c.name.label("unit"),
        )
        .outerjoin(units, units.c.id == projects.c.unit_id)
        .where(projects.c.id.in_(wanted))
        .order_by(projects.c.id)
    )
    for row in light(rows):
        yield (
            row,
            Facts(
                has_leader=row.id in led,
                planned_start=row.planned_start,
                planned_completion=row.planned_completion,
                has_dated_milestones=row.id in dated,
                written=written.get(row.id, set()),
            ),
        )
