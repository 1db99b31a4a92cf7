"""The row of a problem, joined with the names people know it by."""

from typing import Any

from sqlalchemy import Row, Select, select

from bot.domain.problems import Nature, Problem, State, Urgency
from storage.tables import people, problems, projects

NO_TASK = problems.c.nature == str(Nature.PROBLEM)
"""What is counted as a problem: tasks run on the same clocks, but nobody reported them."""

_holder = people.alias("holder")
_reporter = people.alias("reporter")
_confirmer = people.alias("confirmer")
PROBLEM: Select[Any] = (
    select(
        problems,
        projects.c.name.label("project"),
        projects.c.place.label("place"),
        _holder.c.name.label("holder"),
        _reporter.c.name.label("reporter"),
        _confirmer.c.name.label("confirmer"),
    )
    .join(projects, projects.c.id == problems.c.project_id)
    .join(_holder, _holder.c.id == problems.c.holder_id)
    .join(_reporter, _reporter.c.id == problems.c.reporter_id)
    .join(_confirmer, _confirmer.c.id == problems.c.confirmer_id)
)
"""The question for problems; whoever asks says which."""


def problem_of(row: Row[Any]) -> Problem:
    """Return the problem that a row describes."""
    return Problem(
        id=row.id,
        number=row.number,
        project_id=row.project_id,
        project=row.project,
        place=row.place,
        category=row.category,
        text=row.text,
        urgency=Urgency(row.urgency),
        state=State(row.state),
        generation=row.generation,
        reporter_id=row.reporter_id,
        reporter=row.reporter,
        holder_id=row.holder_id,
        holder=row.holder,
        opened_at=row.opened_at,
        confirmer_id=row.confirmer_id,
        confirmer=row.confirmer,
        began_at=row.began_at,
        held_since=row.held_since,
        accept_due=row.accept_due,
        feedback_due=row.feedback_due,
        solve_due=row.solve_due,
        accepted_at=row.accepted_at,
        feedback_at=row.feedback_at,
        solved_at=row.solved_at,
        closed_at=row.closed_at,
        returns=row.returns,
        feedback=row.feedback,
        solution=row.solution,
        first_due=row.first_due,
        extensions=row.extensions,
        paused_at=row.paused_at,
        question=row.question,
        snoozed_until=row.snoozed_until,
        snoozes=row.snoozes,
        level=row.level,
        step=row.step,
        late_step=row.late_step,
        rung_at=row.rung_at,
        next_rung=row.next_rung,
        next_at=row.next_at,
        common_id=row.common_id,
        nature=Nature(row.nature),
        origin=row.origin,
        promised=row.promised,
        paid=row.paid,
    )
