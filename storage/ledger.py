"""The ledger read as a whole: the lines of digests and exports, each counted by the database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, or_, select

from bot.domain.county import County
from bot.domain.custody import held, light_of
from bot.domain.digest import Digest
from bot.domain.lines import ProblemLine, ProjectLine, ProjectRecord, ReportLine, Step, StepLine
from bot.domain.people import Duty
from bot.domain.problems import OPEN, State, Urgency
from bot.domain.progress import Kind
from bot.domain.projects import Stage
from bot.domain.scope import Scope, ScopeKind
from bot.domain.week import Week
from storage.custody import span_of
from storage.projects import Projects
from storage.tables import (
    assignments,
    custody,
    people,
    problems,
    projects,
    prompts,
    reports,
    requests,
    units,
)

_holder = people.alias("holder")
_holder_unit = units.alias("holder_unit")
_reporter = people.alias("reporter")
_reporter_unit = units.alias("reporter_unit")
_writer = people.alias("writer")
_OPEN = [str(state) for state in OPEN]
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
        numbers = self._project_ids(scope, today)
        return Digest(
            scope=scope,
            county=county.name,
            zone=county.calendar.zone,
            week=week,
            projects=tuple(self._project_lines(numbers, week, today)),
            problems=tuple(self._problem_lines(numbers, county, now)),
            made_at=now,
            late=late,
        )

    def projects(self, week: Week, today: date) -> Iterator[ProjectLine]:
        """Yield every project's week."""
        yield from self._project_lines(select(projects.c.id), week, today)

    def problems(self, county: County, now: datetime) -> Iterator[ProblemLine]:
        """Yield every problem as it stands now, the open ones first."""
        yield from self._problem_lines(select(projects.c.id), county, now)

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
            .join(problems, problems.c.id == custody.c.problem_id)
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
        leads = self._names(ids, Duty.LEAD_LEADER, today)
        liaisons = self._names(ids, Duty.LIAISON, today)
        return [
            ProjectRecord(project, "、".join(leads.get(project.id, ())), tuple(liaisons.get(project.id, ())))
            for project in every
        ]

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

    def _problem_lines(self, wanted: Select[Any], county: County, now: datetime) -> Iterator[ProblemLine]:
        leads = self._names(wanted, Duty.LEAD_LEADER, county.calendar.day_of(now))
        rows = self._connection.execute(
            select(
                problems,
                projects.c.number.label("project_number"),
                projects.c.name.label("project"),
                projects.c.place,
                _holder.c.name.label("holder"),
                _holder_unit.c.name.label("holder_unit"),
                _reporter_unit.c.name.label("reporter_unit"),
                _ASKED.label("asked"),
            )
            .join(projects, projects.c.id == problems.c.project_id)
            .join(_holder, _holder.c.id == problems.c.holder_id)
            .outerjoin(_holder_unit, _holder_unit.c.id == _holder.c.unit_id)
            .join(_reporter, _reporter.c.id == problems.c.reporter_id)
            .outerjoin(_reporter_unit, _reporter_unit.c.id == _reporter.c.unit_id)
            .where(problems.c.project_id.in_(wanted), problems.c.state != str(State.WITHDRAWN))
            .order_by(problems.c.state.in_(_OPEN).desc(), problems.c.year, problems.c.sequence),
            execution_options=_STREAMED,
        )
        for row in rows:
            clocks = _Clocks.of(row)
            yield ProblemLine(
                number=row.number,
                project_number=row.project_number,
                project=row.project,
                category=row.category,
                text=row.text,
                urgency=clocks.urgency,
                state=clocks.state,
                place=row.place,
                lead_leader="、".join(leads.get(row.project_id, ())),
                holder=row.holder,
                holder_unit=row.holder_unit or "",
                opened_at=row.opened_at,
                light=light_of(clocks, now, county.deadlines, county.calendar),
                generation=row.generation,
                reporter_unit=row.reporter_unit or "",
                accepted_at=row.accepted_at,
                solve_due=row.solve_due,
                closed_at=row.closed_at,
                first_due=row.first_due,
                extensions=row.extensions,
                snoozes=row.snoozes,
                level=row.level,
                step=_step(row, clocks.state),
            )


_ASKED = (
    select(requests.c.kind)
    .where(
        requests.c.problem_id == problems.c.id,
        requests.c.generation == problems.c.generation,
        requests.c.answer == "",
    )
    .order_by(requests.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
"""What somebody above is asked for and has not answered: 提请 or 延期."""


@dataclass(frozen=True, slots=True)
class _Clocks:
    """What of a row its light is reckoned from."""

    state: State
    urgency: Urgency
    began_at: datetime
    held_since: datetime
    accept_due: datetime | None
    solve_due: datetime | None
    paused_at: datetime | None

    @classmethod
    def of(cls, row: Row[Any]) -> "_Clocks":
        return cls(
            State(row.state),
            Urgency(row.urgency),
            row.began_at,
            row.held_since,
            row.accept_due,
            row.solve_due,
            row.paused_at,
        )


def _step(row: Row[Any], state: State) -> Step | None:
    """Return what an open problem waits for."""
    if state not in OPEN:
        return None
    if row.paused_at is not None:
        return Step.ANSWER
    if row.asked:
        return _STEPS_ASKED.get(row.asked, Step.DECISION)
    return _STEPS[state]


_STEPS = {State.WAITING: Step.ACCEPT, State.WORKING: Step.WORK, State.CONFIRMING: Step.CONFIRM}
_STEPS_ASKED = {"提请": Step.DECISION, "延期": Step.EXTENSION}


def _on_duty(duty: Duty, today: date) -> Any:
    return and_(
        assignments.c.duty == str(duty), or_(assignments.c.until.is_(None), assignments.c.until > today)
    )
