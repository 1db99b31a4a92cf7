"""What each lead leader answers for (半年述职), for their own report: in the roster's order, never ranked."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, and_, case, func, select

from bot.domain.document import Kind
from bot.domain.people import Duty
from bot.domain.problems import State
from bot.domain.stages import Step
from storage.dataset import Figure, Line, Question
from storage.dates import taken
from storage.figures import IS_PROBLEM, project_lines, within
from storage.scoping import on_duty, projects_in
from storage.tables import assignments, people, problems, projects, visits

LEADER = (
    Figure("leader", Kind.WORD, 10),
    Figure("post", Kind.PROSE, 16),
    Figure("projects", Kind.COUNT, 8),
    Figure("project_names", Kind.PROSE, 36),
    Figure("planned", Kind.MONEY, 14),
    Figure("cumulative", Kind.MONEY, 14),
    Figure("plan_share", Kind.SHARE, 10, of=("cumulative", "planned")),
    Figure("invested", Kind.MONEY, 14),
    Figure("moved_projects", Kind.COUNT, 10),
    Figure("started", Kind.COUNT, 8),
    Figure("completed", Kind.COUNT, 8),
    Figure("opened", Kind.COUNT, 8),
    Figure("closed", Kind.COUNT, 8),
    Figure("on_time", Kind.COUNT, 8),
    Figure("on_time_share", Kind.SHARE, 10, of=("on_time", "closed")),
    Figure("open", Kind.COUNT, 8),
    Figure("overdue", Kind.COUNT, 8),
    Figure("visits", Kind.COUNT, 8),
)

_NAMES = 40
"""As many projects as a leader's line names."""


def leader_lines(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield each lead leader with what became of their projects."""
    wanted = projects_in(question.scope, question.today)
    by_number = {str(line["number"]): line for line in project_lines(connection, question)}
    on_time = _closed_in_time(connection, question)
    started, completed = (taken(connection, question, step) for step in (Step.START, Step.COMPLETION))
    went = _visits(connection, question)
    rows = connection.execute(
        select(people.c.id, people.c.name, people.c.title, projects.c.number)
        .join(assignments, assignments.c.person_id == people.c.id)
        .join(projects, projects.c.id == assignments.c.project_id)
        .where(on_duty(Duty.LEAD_LEADER, question.today), projects.c.id.in_(wanted))
        .order_by(people.c.id, projects.c.id)
    ).all()
    leaders: dict[int, tuple[Any, list[Line]]] = {}
    for row in rows:
        leaders.setdefault(row.id, (row, []))[1].append(by_number[row.number])
    for person_id, (row, lines) in leaders.items():
        yield _leader(row, lines, on_time) | {
            "started": sum(line["id"] in started for line in lines),
            "completed": sum(line["id"] in completed for line in lines),
            "visits": went.get(person_id, 0),
            "about": str(person_id),
        }


def _leader(row: Any, lines: Sequence[Line], on_time: dict[str, int]) -> dict[str, Any]:
    planned, cumulative, closed = (_sum(lines, key) for key in ("planned", "cumulative", "closed"))
    in_time = sum(on_time.get(str(line["number"]), 0) for line in lines)
    names = [str(line["name"]) for line in lines]
    return {
        "key": f"{row.name} {row.title}".strip(),
        "source": "",
        "leader": row.name,
        "post": row.title,
        "projects": len(lines),
        "project_names": "、".join(names[:_NAMES]),
        "planned": planned,
        "cumulative": cumulative,
        "plan_share": cumulative * 1000 // planned if planned else None,
        "invested": _sum(lines, "invested"),
        "moved_projects": _sum(lines, "moved"),
        "opened": _sum(lines, "opened"),
        "closed": closed,
        "on_time": in_time,
        "on_time_share": in_time * 1000 // closed if closed else None,
        "open": _sum(lines, "open"),
        "overdue": _sum(lines, "overdue"),
    }


def _sum(lines: Sequence[Line], key: str) -> int:
    return sum(value for line in lines if isinstance(value := line[key], int))


def _closed_in_time(connection: Connection, question: Question) -> dict[str, int]:
    """Return how many of the problems of each project that were closed in these days were solved in time."""
    in_time = func.coalesce(problems.c.solved_at, problems.c.closed_at) <= problems.c.solve_due
    rows = connection.execute(
        select(projects.c.number, func.sum(case((in_time, 1), else_=0)).label("many"))
        .join(projects, projects.c.id == problems.c.project_id)
        .where(
            IS_PROBLEM,
            and_(problems.c.state == str(State.CLOSED), within(problems.c.closed_at, question)),
        )
        .group_by(projects.c.number)
    )
    return {row.number: int(row.many) for row in rows}


def _visits(connection: Connection, question: Question) -> dict[int, int]:
    """Return how often each person was on site in these days."""
    rows = connection.execute(
        select(visits.c.person_id, func.count().label("many"))
        .where(visits.c.done_at.is_not(None), visits.c.day.between(question.first, question.until))
        .group_by(visits.c.person_id)
    )
    return {row.person_id: row.many for row in rows}
