"""The problems of a ledger as they stand now, each with its holder, its light and what it waits for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from bot.domain.county import County
from bot.domain.custody import light_of
from bot.domain.lines import ProblemLine, Step
from bot.domain.people import Duty
from bot.domain.problems import OPEN, Nature, State, Urgency
from storage.rows import light
from storage.scoping import names_on_duty
from storage.tables import people, problems, projects, requests, units

_holder = people.alias("holder")
_holder_unit = units.alias("holder_unit")
_reporter = people.alias("reporter")
_reporter_unit = units.alias("reporter_unit")
_OPEN = [str(state) for state in OPEN]


def problem_lines(
    connection: Connection,
    wanted: Select[Any],
    county: County,
    now: datetime,
    *conditions: ColumnElement[bool],
    nature: Nature = Nature.PROBLEM,
) -> Iterator[ProblemLine]:
    """Yield the problems of some projects, or the tasks, as they stand now, the open ones first."""
    leads = names_on_duty(connection, wanted, Duty.LEAD_LEADER, county.calendar.day_of(now))
    rows = connection.execute(
        select(
            *_SHOWN,
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
        .where(
            problems.c.project_id.in_(wanted),
            problems.c.nature == str(nature),
            problems.c.state != str(State.WITHDRAWN),
            *conditions,
        )
        .order_by(problems.c.state.in_(_OPEN).desc(), problems.c.year, problems.c.sequence),
        execution_options={"yield_per": 1000},
    )
    for row in light(rows):
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


# Not every column: each moment takes a while to become one, and there are fifteen.
_SHOWN = [
    column
    for column in problems.c
    if column.name
    not in {"feedback_due", "feedback_at", "snoozed_until", "rung_at", "next_at", "solved_at", "solution"}
]


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
    def of(cls, row: Any) -> "_Clocks":
        return cls(
            State(row.state),
            Urgency(row.urgency),
            row.began_at,
            row.held_since,
            row.accept_due,
            row.solve_due,
            row.paused_at,
        )


def _step(row: Any, state: State) -> Step | None:
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
