"""The tasks and the visits of a paper: what was promised or resolved, and where leaders went."""

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, String, cast, func, or_, select

from bot.domain.custody import light_of
from bot.domain.deadlines import Light
from bot.domain.document import Kind
from bot.domain.problems import OPEN, Nature, Problem, State
from storage.dataset import Figure, Line, Question
from storage.figures import within
from storage.problem_rows import PROBLEM, problem_of
from storage.scoping import lead_leaders, projects_in
from storage.tables import problems, projects, visits

TASK = (
    Figure("number", Kind.WORD, 10),
    Figure("project_number", Kind.WORD, 11),
    Figure("project", Kind.PROSE, 22),
    Figure("place", Kind.WORD, 10),
    Figure("lead_leader", Kind.WORD, 10),
    Figure("text", Kind.PROSE, 36),
    Figure("origin", Kind.WORD, 8, words="origin."),
    Figure("giver", Kind.WORD, 10),
    Figure("holder", Kind.WORD, 10),
    Figure("state", Kind.WORD, 8),
    Figure("given_on", Kind.DAY, 12),
    Figure("due_on", Kind.DAY, 12),
    Figure("closed_on", Kind.DAY, 12),
    Figure("days_late", Kind.COUNT, 8),
    Figure("light", Kind.LIGHT, 8),
    Figure("late", Kind.MARK, 6),
)
VISIT = (
    Figure("project_number", Kind.WORD, 11),
    Figure("project", Kind.PROSE, 26),
    Figure("place", Kind.WORD, 10),
    Figure("visited_on", Kind.DAY, 12),
    Figure("outcome", Kind.WORD, 10),
    Figure("promised", Kind.COUNT, 8),
)

_OPEN = [str(each) for each in OPEN]
_AT_ONCE = {"yield_per": 1000}


def task_head(task: Problem, project_number: str, leads: Mapping[int, str], given_on: str | None) -> Line:
    """Return what the line of a task begins with in every table: whose word it is, and of what project."""
    return {
        "key": task.number,
        "source": f"{given_on} {task.reporter}",
        "number": task.number,
        "project_number": project_number,
        "project": task.project,
        "place": task.place,
        "lead_leader": leads.get(task.project_id, ""),
    }


def task_lines(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield the tasks that are open, or were given or closed in these days; the earliest due first."""
    wanted = projects_in(question.scope, question.today)
    leads = question.once(connection, lead_leaders)
    rows = connection.execute(
        PROBLEM.add_columns(projects.c.number.label("project_number"))
        .where(
            problems.c.project_id.in_(wanted),
            problems.c.nature == str(Nature.TASK),
            problems.c.state != str(State.WITHDRAWN),
            or_(
                problems.c.state.in_(_OPEN),
                within(problems.c.opened_at, question),
                within(problems.c.closed_at, question),
            ),
        )
        .order_by(problems.c.state.in_(_OPEN).desc(), problems.c.solve_due.nulls_last(), problems.c.id),
        execution_options=_AT_ONCE,
    )
    county = question.county
    for row in rows:
        task = problem_of(row)
        light = light_of(task, question.now, county.deadlines, county.calendar) if task.is_open else None
        due_on = county.calendar.day_of(task.solve_due) if task.solve_due else None
        late = task.is_open and due_on is not None and due_on < question.today
        given_on = question.day_of(task.opened_at)
        yield {
            **task_head(task, row.project_number, leads, given_on),
            "text": task.text,
            "origin": task.origin.partition(":")[0],
            "giver": task.confirmer if task.promised is None else task.reporter,
            "holder": task.holder,
            "state": str(task.state),
            "given_on": given_on,
            "due_on": question.day_of(task.solve_due),
            "closed_on": question.day_of(task.closed_at),
            "days_late": (question.today - due_on).days if late and due_on else None,
            "light": light.name.lower() if light else "",
            "late": int(light is Light.RED),
        }


def visit_lines(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield the visits that were made in these days; by project, for who went where is nobody's ranking."""
    wanted = projects_in(question.scope, question.today)
    promised = (
        select(func.count())
        .where(
            problems.c.origin == "visit:" + cast(visits.c.id, String),
            problems.c.state != str(State.WITHDRAWN),
        )
        .correlate(visits)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(
            visits,
            projects.c.number,
            projects.c.name.label("project"),
            projects.c.place,
            promised.label("promised"),
        )
        .join(projects, projects.c.id == visits.c.project_id)
        .where(
            visits.c.project_id.in_(wanted),
            visits.c.done_at.is_not(None),
            visits.c.day.between(question.first, question.until),
        )
        .order_by(visits.c.day, projects.c.id, visits.c.id)
    )
    for row in rows:
        yield {
            "key": f"{row.number} {row.day}",
            "source": "",
            "project_number": row.number,
            "project": row.project,
            "place": row.place,
            "visited_on": row.day.isoformat(),
            "outcome": row.outcome,
            "promised": row.promised,
        }
