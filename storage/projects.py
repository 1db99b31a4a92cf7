"""The projects, and who is what on each of them from when to when."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, or_, select, update

from bot.domain.people import Duty
from bot.domain.projects import Project, ProjectClass, Stage
from storage.prepared import Prepared
from storage.tables import assignments, people, projects, units

_PROJECT: Select[Any] = select(projects, units.c.name.label("unit")).select_from(
    projects.outerjoin(units, units.c.id == projects.c.unit_id)
)
_GET = Prepared(_PROJECT.where(projects.c.id == bindparam("of")))
_MANY = Prepared(_PROJECT.where(projects.c.id.in_(bindparam("of", expanding=True))), "of")
_now = or_(assignments.c.until.is_(None), assignments.c.until > bindparam("today"))
_OF_PERSON = Prepared(
    _PROJECT.join(assignments, assignments.c.project_id == projects.c.id)
    .where(assignments.c.person_id == bindparam("of"), assignments.c.duty == bindparam("as_duty"), _now)
    .order_by(projects.c.id)
)
_ON = Prepared(
    select(assignments.c.project_id, assignments.c.person_id)
    .join(people, people.c.id == assignments.c.person_id)
    .where(
        assignments.c.project_id.in_(bindparam("of", expanding=True)),
        assignments.c.duty == bindparam("as_duty"),
        people.c.active,
        _now,
    )
    .order_by(assignments.c.id),
    "of",
)


class Projects:
    """What is built, how far it is, and who answers for it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, project_id: int) -> Project:
        """Return a project known to exist."""
        return _project(_GET.one(self._connection, of=project_id))

    def many(self, project_ids: Iterable[int]) -> list[Project]:
        """Return projects in the order of the ids given; unknown ones are left out."""
        wanted = list(project_ids)
        found = {row.id: _project(row) for row in _MANY.all(self._connection, of=wanted)}
        return [found[project_id] for project_id in wanted if project_id in found]

    def all(self) -> list[Project]:
        """Return every project in the order of the roster."""
        return [_project(row) for row in self._connection.execute(_PROJECT.order_by(projects.c.id))]

    def numbered(self, number: str) -> Project | None:
        """Return the project with a number as the roster writes it."""
        row = self._connection.execute(_PROJECT.where(projects.c.number == number)).first()
        return _project(row) if row else None

    def of(self, person_id: int, duty: Duty, today: date) -> list[Project]:
        """Return the projects on which somebody has a duty today."""
        rows = _OF_PERSON.all(self._connection, of=person_id, as_duty=str(duty), today=today)
        return [_project(row) for row in rows]

    def on(self, project_ids: Iterable[int], duty: Duty, today: date) -> dict[int, list[int]]:
        """Return the ids of those who have a duty on each of these projects today."""
        found: dict[int, list[int]] = {}
        for row in _ON.all(self._connection, of=list(project_ids), as_duty=str(duty), today=today):
            found.setdefault(row.project_id, []).append(row.person_id)
        return found

    def rest(self, project_id: int, until: date | None) -> None:
        """Ask nothing about a project before a day; None: ask again."""
        self._connection.execute(
            update(projects).where(projects.c.id == project_id).values(quiet_until=until)
        )


def _project(row: Row[Any]) -> Project:
    return Project(
        id=row.id,
        number=row.number,
        name=row.name,
        level=row.level,
        kind=ProjectClass(row.kind),
        stage=Stage(row.stage),
        industry=row.industry,
        place=row.place,
        total=row.total,
        planned=row.planned,
        cumulative=row.cumulative,
        permille=row.permille,
        planned_start=row.planned_start,
        planned_completion=row.planned_completion,
        actual_start=row.actual_start,
        actual_completion=row.actual_completion,
        unit=row.unit or "",
        last_text=row.last_text,
        last_day=row.last_day,
        quiet_until=row.quiet_until,
        tier=row.tier,
    )
