"""The ledger read as a whole: the lines of digests and exports, each counted by the database."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, and_, func, or_, select

from bot.domain.digest import Digest
from bot.domain.lines import ProblemLine, ProjectLine, ProjectRecord, ReportLine
from bot.domain.people import Duty
from bot.domain.problems import State, Urgency
from bot.domain.progress import Kind
from bot.domain.projects import Stage
from bot.domain.scope import Scope, ScopeKind
from bot.domain.week import Week
from storage.problems import Problems
from storage.projects import Projects
from storage.tables import assignments, people, problems, projects, prompts, reports, units

_holder = people.alias("holder")
_holder_unit = units.alias("holder_unit")
_reporter = people.alias("reporter")
_reporter_unit = units.alias("reporter_unit")
_writer = people.alias("writer")


class Ledger:
    """Reads much at once; meant for a connection of its own, away from the writer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def digest(
        self, scope: Scope, week: Week, *, county: str, zone: ZoneInfo, now: datetime, late: bool = False
    ) -> Digest:
        """Return one week of one scope as it stands now."""
        today = now.astimezone(zone).date()
        numbers = self._project_ids(scope, today)
        return Digest(
            scope=scope,
            county=county,
            zone=zone,
            week=week,
            projects=tuple(self._project_lines(numbers, week, today)),
            problems=tuple(self._problem_lines(numbers, now, today)),
            made_at=now,
            late=late,
        )

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
        for row in self._connection.execute(statement, execution_options={"yield_per": 1000}):
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
        leads = self._names(ids, Duty.LEAD_LEADER, today)
        liaisons = self._names(ids, Duty.LIAISON, today)
        return [
            ProjectRecord(project, "、".join(leads.get(project.id, ())), tuple(liaisons.get(project.id, ())))
            for project in every
        ]

    def open_count(self) -> int:
        """Return how many problems are open."""
        return len(Problems(self._connection).open())

    # --- the parts ----------------------------------------------------------------------

    def _project_ids(self, scope: Scope, today: date) -> Select[Any]:
        """Return the query for the projects of a scope."""
        wanted = select(projects.c.id)
        match scope.kind:
            case ScopeKind.COUNTY:
                return wanted
            case ScopeKind.PLACE:
                return wanted.where(projects.c.place == scope.value)
            case ScopeKind.INDUSTRY:
                return wanted.where(projects.c.industry == scope.value)
            case ScopeKind.TASK_FORCE:
                led = (
                    select(assignments.c.project_id)
                    .join(people, people.c.id == assignments.c.person_id)
                    .where(people.c.name == scope.value, _on_duty(Duty.LEAD_LEADER, today))
                )
                units_own = select(units.c.id).where(units.c.name == scope.value)
                return wanted.where(
                    or_(
                        projects.c.number == scope.value,
                        projects.c.name == scope.value,
                        projects.c.id.in_(led),
                        projects.c.unit_id.in_(units_own),
                    )
                )

    def _project_lines(self, wanted: Select[Any], week: Week, today: date) -> Iterator[ProjectLine]:
        last_day = min(week.sunday, today)
        rows = self._connection.execute(
            select(projects, units.c.name.label("unit"))
            .outerjoin(units, units.c.id == projects.c.unit_id)
            .where(projects.c.id.in_(wanted))
            .order_by(projects.c.id)
        ).all()
        # Money is counted in the year of the last day: in the week of 1 January it began at zero.
        new_year = last_day.replace(month=1, day=1)
        now = self._latest(wanted, last_day)
        before = self._latest(wanted, week.before().sunday)
        words = self._latest(wanted, last_day, reports.c.text != "")
        progress = self._latest(wanted, last_day, reports.c.kind != str(Kind.UNCHANGED))
        answered = self._connection.execute(
            select(reports.c.project_id, func.count().label("days"))
            .where(reports.c.current, reports.c.day.between(week.monday, last_day))
            .group_by(reports.c.project_id)
        )
        answered_days = {row.project_id: row.days for row in answered}
        asked = self._asked_days(week.monday, last_day)
        leads = self._names(wanted, Duty.LEAD_LEADER, today)
        for row in rows:
            start = row.start_cumulative if row.start_on >= new_year else 0
            current, earlier = now.get(row.id), before.get(row.id)
            yield ProjectLine(
                number=row.number,
                name=row.name,
                place=row.place,
                industry=row.industry,
                lead_leader="、".join(leads.get(row.id, ())),
                unit=row.unit or "",
                stage=Stage(row.stage),
                planned=row.planned,
                cumulative=current.cumulative if current and current.day >= new_year else start,
                cumulative_before=earlier.cumulative if earlier and earlier.day >= new_year else start,
                permille=current.permille if current else row.start_permille,
                permille_before=earlier.permille if earlier else row.start_permille,
                answered_days=answered_days.get(row.id, 0),
                asked_days=asked.get(row.id, 0),
                last_text=words[row.id].text if row.id in words else "",
                last_progress=progress[row.id].day if row.id in progress else None,
            )

    def _latest(self, wanted: Select[Any], last: date, *conditions: Any) -> dict[int, Any]:
        """Return each project's last counting report up to a day."""
        latest = (
            select(reports.c.project_id, func.max(reports.c.day).label("day"))
            .where(reports.c.current, reports.c.day <= last, *conditions)
            .group_by(reports.c.project_id)
            .subquery()
        )
        rows = self._connection.execute(
            select(reports)
            .join(latest, and_(latest.c.project_id == reports.c.project_id, latest.c.day == reports.c.day))
            .where(reports.c.current, reports.c.project_id.in_(wanted))
        )
        return {row.project_id: row for row in rows}

    def _asked_days(self, first: date, last: date) -> dict[int, int]:
        days: dict[int, set[date]] = {}
        rows = self._connection.execute(
            select(prompts.c.day, prompts.c.projects).where(prompts.c.day.between(first, last))
        )
        for row in rows:
            for project_id in row.projects:
                days.setdefault(project_id, set()).add(row.day)
        return {project_id: len(on) for project_id, on in days.items()}

    def _names(self, wanted: Any, duty: Duty, today: date) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        rows = self._connection.execute(
            select(assignments.c.project_id, people.c.name)
            .join(people, people.c.id == assignments.c.person_id)
            .where(assignments.c.project_id.in_(wanted), _on_duty(duty, today))
            .order_by(assignments.c.id)
        )
        for row in rows:
            found.setdefault(row.project_id, []).append(row.name)
        return found

    def _problem_lines(self, wanted: Select[Any], now: datetime, today: date) -> Iterator[ProblemLine]:
        leads = self._names(wanted, Duty.LEAD_LEADER, today)
        rows = self._connection.execute(
            select(
                problems,
                projects.c.number.label("project_number"),
                projects.c.name.label("project"),
                projects.c.place,
                _holder.c.name.label("holder"),
                _holder_unit.c.name.label("holder_unit"),
                _reporter_unit.c.name.label("reporter_unit"),
            )
            .join(projects, projects.c.id == problems.c.project_id)
            .join(_holder, _holder.c.id == problems.c.holder_id)
            .outerjoin(_holder_unit, _holder_unit.c.id == _holder.c.unit_id)
            .join(_reporter, _reporter.c.id == problems.c.reporter_id)
            .outerjoin(_reporter_unit, _reporter_unit.c.id == _reporter.c.unit_id)
            .where(problems.c.project_id.in_(wanted), problems.c.state != str(State.WITHDRAWN))
            .order_by(problems.c.id)
        )
        for row in rows:
            state = State(row.state)
            due = {State.WAITING: row.accept_due, State.WORKING: row.solve_due}.get(state)
            yield ProblemLine(
                number=row.number,
                project_number=row.project_number,
                project=row.project,
                category=row.category,
                text=row.text,
                urgency=Urgency(row.urgency),
                state=state,
                place=row.place,
                lead_leader="、".join(leads.get(row.project_id, ())),
                holder=row.holder,
                holder_unit=row.holder_unit or "",
                opened_at=row.opened_at,
                overdue=due is not None and now >= due,
                generation=row.generation,
                reporter_unit=row.reporter_unit or "",
                accepted_at=row.accepted_at,
                solve_due=row.solve_due,
                closed_at=row.closed_at,
            )


def _on_duty(duty: Duty, today: date) -> Any:
    return and_(
        assignments.c.duty == str(duty), or_(assignments.c.until.is_(None), assignments.c.until > today)
    )
