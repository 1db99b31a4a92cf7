"""The problems of a paper: one by one, by factor, made one item (共性问题), and what leaders must decide."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from bot.domain.commons import CommonState
from bot.domain.document import Kind
from bot.domain.lines import ProblemLine
from bot.domain.problems import OPEN, State
from storage.dataset import Figure, Line, Question
from storage.figures import IS_PROBLEM, problem_counts, within
from storage.problem_lines import problem_lines
from storage.scoping import projects_in
from storage.tables import commons, people, problems, projects, requests, units

PROBLEM = (
    Figure("number", Kind.WORD, 10),
    Figure("project_number", Kind.WORD, 11),
    Figure("project", Kind.PROSE, 22),
    Figure("category", Kind.WORD, 8),
    Figure("text", Kind.PROSE, 36),
    Figure("urgency", Kind.WORD, 8),
    Figure("state", Kind.WORD, 8),
    Figure("place", Kind.WORD, 10),
    Figure("lead_leader", Kind.WORD, 10),
    Figure("holder", Kind.WORD, 10),
    Figure("holder_unit", Kind.PROSE, 16),
    Figure("step", Kind.WORD, 16, words="ledger.step_"),
    Figure("opened_on", Kind.DAY, 12),
    Figure("due_on", Kind.DAY, 12),
    Figure("closed_on", Kind.DAY, 12),
    Figure("days_open", Kind.COUNT, 8),
    Figure("days_late", Kind.COUNT, 8),
    Figure("light", Kind.LIGHT, 8),
    Figure("late", Kind.MARK, 6),
    Figure("is_new", Kind.MARK, 6),
    Figure("is_closed", Kind.MARK, 6),
    Figure("extensions", Kind.COUNT, 8),
    Figure("reopened", Kind.COUNT, 8),
)
FACTOR = (
    Figure("category", Kind.WORD, 10),
    Figure("opened", Kind.COUNT, 10),
    Figure("closed", Kind.COUNT, 10),
    Figure("open", Kind.COUNT, 10),
    Figure("overdue", Kind.COUNT, 10),
    Figure("projects", Kind.COUNT, 10),
)
COMMON = (
    Figure("category", Kind.WORD, 10),
    Figure("holder", Kind.WORD, 10),
    Figure("holder_unit", Kind.PROSE, 18),
    Figure("projects", Kind.COUNT, 10),
    Figure("open", Kind.COUNT, 10),
    Figure("since", Kind.DAY, 12),
    Figure("merged", Kind.MARK, 8),
)
DECISION = (
    Figure("number", Kind.WORD, 10),
    Figure("project", Kind.PROSE, 22),
    Figure("category", Kind.WORD, 8),
    Figure("request", Kind.PROSE, 40),
    Figure("asker", Kind.WORD, 10),
    Figure("asked_of", Kind.WORD, 10),
    Figure("asked_on", Kind.DAY, 12),
    Figure("days_waiting", Kind.COUNT, 8),
)

_OPEN = [str(each) for each in OPEN]
_asked = people.alias("asked")
_asker = people.alias("asker")


def lines_of_problems(connection: Connection, question: Question) -> list[Line]:
    """Return the problems that are open, or were opened or closed in these days; the latest late first."""
    return question.once(connection, _problems)


def _problems(connection: Connection, question: Question) -> list[Line]:
    concerned = or_(
        problems.c.state.in_(_OPEN),
        within(problems.c.opened_at, question),
        within(problems.c.closed_at, question),
    )
    wanted = projects_in(question.scope, question.today)
    lines = problem_lines(connection, wanted, question.county, question.now, concerned)
    return [_problem(line, question) for line in sorted(lines, key=_urgent)]


def _urgent(line: ProblemLine) -> tuple[bool, bool, float, str]:
    due = line.solve_due or line.opened_at
    return not line.is_open, not line.overdue, due.timestamp(), line.number


def _problem(line: ProblemLine, question: Question) -> Line:
    opened_on = question.day_of(line.opened_at)
    closed = line.closed_at if line.state is State.CLOSED else None
    calendar = question.county.calendar
    until = calendar.day_of(closed) if closed else question.today
    late = line.overdue and line.solve_due is not None and line.solve_due <= question.now
    return {
        "key": line.number,
        "source": f"{opened_on} {line.reporter_unit}".strip(),
        "number": line.number,
        "project_number": line.project_number,
        "project": line.project,
        "category": line.category,
        "text": line.text,
        "urgency": str(line.urgency),
        "state": str(line.state),
        "place": line.place,
        "lead_leader": line.lead_leader,
        "holder": line.holder,
        "holder_unit": line.holder_unit,
        "step": str(line.step) if line.step else "",
        "opened_on": opened_on,
        "due_on": question.day_of(line.solve_due),
        "closed_on": question.day_of(closed),
        "days_open": (until - calendar.day_of(line.opened_at)).days,
        "days_late": (question.today - calendar.day_of(line.solve_due)).days
        if late and line.solve_due
        else None,
        "light": line.light.name.lower() if line.is_open else "",
        "late": int(line.overdue),
        "is_new": int(question.begins <= line.opened_at < question.ends),
        "is_closed": int(closed is not None and question.begins <= closed < question.ends),
        "extensions": line.extensions,
        "reopened": line.generation - 1,
    }


def lines_of_factors(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield every category with something to count, the one most in the way first."""
    wanted = projects_in(question.scope, question.today)
    stuck = _stuck_projects(connection, question)
    rows = connection.execute(problem_counts(question, wanted, problems.c.category)).all()
    for row in sorted(rows, key=lambda row: (-row.open, -row.overdue, row.category)):
        if row.open or row.opened or row.closed:
            yield {
                "key": row.category,
                "source": "",
                "category": row.category,
                "opened": int(row.opened),
                "closed": int(row.closed),
                "open": int(row.open),
                "overdue": int(row.overdue),
                "projects": stuck.get(row.category, 0),
            }


def _stuck_projects(connection: Connection, question: Question) -> dict[str, int]:
    rows = connection.execute(
        select(problems.c.category, func.count(problems.c.project_id.distinct()).label("projects"))
        .where(
            IS_PROBLEM,
            problems.c.state.in_(_OPEN),
            problems.c.project_id.in_(projects_in(question.scope, question.today)),
        )
        .group_by(problems.c.category)
    )
    return {row.category: row.projects for row in rows}


def lines_of_commons(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield what stands in the way of many projects at once: made one item, or offered to be."""
    live = (str(CommonState.OFFERED), str(CommonState.MERGED))
    rows = connection.execute(
        select(
            commons,
            people.c.name.label("holder"),
            units.c.name.label("unit"),
            func.count().label("open"),
            func.count(problems.c.project_id.distinct()).label("projects"),
        )
        .join(people, people.c.id == commons.c.holder_id)
        .outerjoin(units, units.c.id == people.c.unit_id)
        .join(
            problems,
            and_(
                problems.c.holder_id == commons.c.holder_id,
                problems.c.category == commons.c.category,
                problems.c.state.in_(_OPEN),
                problems.c.project_id.in_(projects_in(question.scope, question.today)),
            ),
        )
        .where(commons.c.state.in_(live), IS_PROBLEM)
        .group_by(commons.c.id, people.c.name, units.c.name)
        .order_by(func.count(problems.c.project_id.distinct()).desc(), commons.c.id)
    )
    for row in rows:
        yield {
            "key": f"{row.category} {row.holder}",
            "source": question.day_of(row.at),
            "category": row.category,
            "holder": row.holder,
            "holder_unit": row.unit or "",
            "projects": row.projects,
            "open": row.open,
            "since": question.day_of(row.at),
            "merged": int(row.state == str(CommonState.MERGED)),
        }


def lines_of_decisions(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield what was asked up (提请) and waits for a decision, the longest waiting first."""
    for row in connection.execute(_pending(question)):
        asked_on = question.county.calendar.day_of(row.at)
        yield {
            "key": row.number,
            "source": f"{asked_on} {row.asker or ''}".strip(),
            "number": row.number,
            "project": row.project,
            "category": row.category,
            "request": row.text,
            "asker": row.asker or "",
            "asked_of": row.asked or "",
            "asked_on": asked_on.isoformat(),
            "days_waiting": (question.today - asked_on).days,
        }


def _pending(question: Question) -> Any:
    return (
        select(
            requests,
            problems.c.number,
            problems.c.category,
            projects.c.name.label("project"),
            _asker.c.name.label("asker"),
            _asked.c.name.label("asked"),
        )
        .join(problems, problems.c.id == requests.c.problem_id)
        .join(projects, projects.c.id == problems.c.project_id)
        .outerjoin(_asker, _asker.c.id == requests.c.asker_id)
        .outerjoin(_asked, _asked.c.id == requests.c.to_id)
        .where(
            requests.c.kind == "提请",
            requests.c.answer == "",
            requests.c.generation == problems.c.generation,
            problems.c.state.in_(_OPEN),
            problems.c.project_id.in_(projects_in(question.scope, question.today)),
        )
        .order_by(requests.c.at, requests.c.id)
    )
