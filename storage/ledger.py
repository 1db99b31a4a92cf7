"""The ledger read as a whole: the lines of digests and exports, each counted by the database."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from bot.domain.county import County
from bot.domain.custody import held
from bot.domain.digest import Digest
from bot.domain.lines import ProblemLine, ProjectLine, ProjectRecord, ReportLine, StepLine
from bot.domain.people import Duty
from bot.domain.progress import Kind
from bot.domain.projects import Stage, is_paced
from bot.domain.scope import Scope
from bot.domain.week import Week
from storage.courses import answered_days, asked_days, courses
from storage.custody import span_of
from storage.problem_lines import problem_lines
from storage.problem_rows import NO_TASK
from storage.projects import Projects
from storage.scoping import names_on_duty, projects_in
from storage.tables import (
    custody,
    people,
    problems,
    projects,
    reports,
    units,
    visits,
)

_writer = people.alias("writer")
_STREAMED = {"yield_per": 1000}


class Ledger:
    """Reads much at once; meant for a connection of its own, away from the writer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def digest(
        self, scope: Scope, week: Week, *, county: County, now: datetime, late: bool = False
    ) -> Digest:
        """Return one week of one scope as it stands now."""
        today = county.calendar.day_of(now)
        numbers = projects_in(scope, today)
        return Digest(
            scope=scope,
            county=county.name,
            zone=county.calendar.zone,
            week=week,
            projects=tuple(self._project_lines(numbers, week, today)),
            problems=tuple(problem_lines(self._connection, numbers, county, now)),
            made_at=now,
            late=late,
            visited=self._visited(numbers, week),
        )

    def _visited(self, wanted: Select[Any], week: Week) -> int:
        """Return how many projects a leader has been to in a week."""
        statement = select(func.count(visits.c.project_id.distinct())).where(
            visits.c.project_id.in_(wanted),
            visits.c.done_at.is_not(None),
            visits.c.day.between(week.monday, week.sunday),
        )
        return int(self._connection.execute(statement).scalar_one())

    def projects(self, week: Week, today: date) -> Iterator[ProjectLine]:
        """Yield every project's week."""
        yield from self._project_lines(select(projects.c.id), week, today)

    def problems(self, county: County, now: datetime) -> Iterator[ProblemLine]:
        """Yield every problem as it stands now, the open ones first."""
        yield from problem_lines(self._connection, select(projects.c.id), county, now)

    def steps(self, county: County, now: datetime) -> Iterator[StepLine]:
        """Yield every step of custody, one problem after the other, those withdrawn too."""
        rows = self._connection.execute(
            select(
                custody,
                people.c.name.label("person"),
                units.c.name.label("unit"),
                problems.c.number,
                projects.c.name.label("project"),
            )
            .join(problems, and_(problems.c.id == custody.c.problem_id, NO_TASK))
            .join(projects, projects.c.id == problems.c.project_id)
            .join(people, people.c.id == custody.c.person_id)
            .outerjoin(units, units.c.id == people.c.unit_id)
            .order_by(problems.c.year, problems.c.sequence, custody.c.id),
            execution_options=_STREAMED,
        )
        for row in rows:
            span = span_of(row)
            yield StepLine(row.number, row.project, span, held(span, now, county.deadlines, county.calendar))

    def reports(self, first: date | None = None, last: date | None = None) -> Iterator[ReportLine]:
        """Yield the counting reports of some days, the oldest first."""
        statement = (
            select(
                reports,
                projects.c.number,
                projects.c.name.label("project"),
                projects.c.place,
                people.c.name.label("person"),
                units.c.name.label("person_unit"),
                _writer.c.name.label("writer"),
            )
            .join(projects, projects.c.id == reports.c.project_id)
            .join(people, people.c.id == reports.c.person_id)
            .outerjoin(units, units.c.id == people.c.unit_id)
            .outerjoin(_writer, _writer.c.id == reports.c.entered_by)
            .where(reports.c.current)
            .order_by(reports.c.day, reports.c.project_id)
        )
        if first is not None:
            statement = statement.where(reports.c.day >= first)
        if last is not None:
            statement = statement.where(reports.c.day <= last)
        for row in self._connection.execute(statement, execution_options=_STREAMED):
            yield ReportLine(
                day=row.day,
                project_number=row.number,
                project=row.project,
                place=row.place,
                kind=Kind(row.kind),
                text=row.text,
                permille=row.permille,
                cumulative=row.cumulative,
                person=row.person,
                person_unit=row.person_unit or "",
                at=row.at,
                entered_by=row.writer or "",
            )

    def records(self, today: date) -> list[ProjectRecord]:
        """Return every project with who answers for it now."""
        every = Projects(self._connection).all()
        ids = [project.id for project in every]
        leads = names_on_duty(self._connection, ids, Duty.LEAD_LEADER, today)
        liaisons = names_on_duty(self._connection, ids, Duty.LIAISON, today)
        return [
            ProjectRecord(project, "、".join(leads.get(project.id, ())), tuple(liaisons.get(project.id, ())))
            for project in every
        ]

    # --- the parts ----------------------------------------------------------------------

    def _project_lines(self, wanted: Select[Any], week: Week, today: date) -> Iterator[ProjectLine]:
        leads = names_on_duty(self._connection, wanted, Duty.LEAD_LEADER, today)
        days = week.monday, min(week.sunday, today)
        asked = asked_days(self._connection, *days)
        answered = answered_days(self._connection, wanted, *days)
        for course in courses(self._connection, wanted, *days):
            row = course.row
            yield ProjectLine(
                number=row.number,
                name=row.name,
                place=row.place,
                industry=row.industry,
                lead_leader="、".join(leads.get(row.id, ())),
                unit=row.unit or "",
                stage=Stage(row.stage),
                planned=row.planned,
                cumulative=course.cumulative,
                cumulative_before=course.cumulative_before,
                permille=course.permille,
                permille_before=course.permille_before,
                answered_days=answered.get(row.id, 0),
                asked_days=asked.get(row.id, 0),
                last_text=course.last_text,
                last_progress=course.last_progress,
                old_year=course.old_year,
                paced=is_paced(row.kind, row.planned_start, row.actual_start, days[1]),
            )
