"""What was due and what was done (MISSION row 32): starts, completions and milestones of the year."""

from collections.abc import Iterator
from datetime import date, time
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from bot.domain.document import Kind
from bot.domain.stages import Nod, Step
from storage.dataset import Figure, Line, Question
from storage.scoping import projects_in
from storage.tables import milestones, projects, stage_moves

INDICATOR = (
    # starts 开工率, completions 竣工率, promises 履约率.
    Figure("indicator", Kind.WORD, 16, words="indicator."),
    Figure("fallen_due", Kind.COUNT, 10),
    Figure("done", Kind.COUNT, 10),
    Figure("done_share", Kind.SHARE, 10, of=("done", "fallen_due")),
    Figure("in_time", Kind.COUNT, 10),
    Figure("in_time_share", Kind.SHARE, 10, of=("in_time", "fallen_due")),
    Figure("missing", Kind.COUNT, 10),
)


def indicator_lines(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield the rates of the year so far: of what fell due since 1 January, how much was done."""
    wanted = projects_in(question.scope, question.today)
    mine = projects.c.id.in_(wanted)
    for name, planned, actual, condition in (
        ("starts", projects.c.planned_start, projects.c.actual_start, mine),
        ("completions", projects.c.planned_completion, projects.c.actual_completion, mine),
        ("promises", milestones.c.planned, milestones.c.done, milestones.c.project_id.in_(wanted)),
    ):
        row = connection.execute(_rates(planned, actual, condition, question.until)).one()
        due, done, in_time = row.due, int(row.done or 0), int(row.in_time or 0)
        yield {
            "key": name,
            "source": "",
            "indicator": name,
            "fallen_due": due,
            "done": done,
            "done_share": done * 1000 // due if due else None,
            "in_time": in_time,
            "in_time_share": in_time * 1000 // due if due else None,
            "missing": due - done,
        }


def _rates(planned: Any, actual: Any, condition: ColumnElement[bool], until: date) -> Any:
    done = and_(actual.is_not(None), actual <= until)
    return select(
        func.count().label("due"),
        func.sum(case((done, 1), else_=0)).label("done"),
        func.sum(case((and_(done, actual <= planned), 1), else_=0)).label("in_time"),
    ).where(planned.between(until.replace(month=1, day=1), until), condition)


_ACTUAL = {Step.START: projects.c.actual_start, Step.COMPLETION: projects.c.actual_completion}


def taken(connection: Connection, question: Question, step: Step) -> set[int]:
    """Return the projects that were started, or completed, in the days asked about.

    What the office nodded to after the paper of its days was drafted is of the days of the nod: papers one
    after the other count every start once.
    """
    actual = _ACTUAL[step]
    agreed = (stage_moves.c.step == str(step), stage_moves.c.answer == str(Nod.AGREED))
    rows = connection.execute(
        select(projects.c.id, actual.label("day"), func.min(stage_moves.c.decided_at).label("agreed_at"))
        .outerjoin(stage_moves, and_(stage_moves.c.project_id == projects.c.id, *agreed))
        .where(actual <= question.last, projects.c.id.in_(projects_in(question.scope, question.today)))
        .group_by(projects.c.id, actual)
    )
    found: set[int] = set()
    for row in rows:
        began = question.county.calendar.at(row.day, time(0))
        known_at = max(began, row.agreed_at or began)
        if (question.begins if row.agreed_at else question.midnight) <= known_at < question.ends:
            found.add(row.id)
    return found
