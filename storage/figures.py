"""The projects of a paper: everything that a table may show of each, in some days."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, or_, select

from bot.domain.blanks import Value
from bot.domain.document import Kind
from bot.domain.people import Duty
from bot.domain.problems import OPEN, UNSOLVED, State
from bot.domain.projects import is_paced
from storage.courses import Course, courses
from storage.dataset import Figure, Line, Question
from storage.scoping import names_on_duty, projects_in
from storage.tables import milestones, problems

PROJECT = (
    Figure("number", Kind.WORD, 11),
    Figure("name", Kind.PROSE, 26),
    Figure("place", Kind.WORD, 10),
    Figure("industry", Kind.WORD, 10),
    Figure("level", Kind.WORD, 8),
    Figure("class", Kind.WORD, 8),
    Figure("stage", Kind.WORD, 10),
    Figure("unit", Kind.PROSE, 16),
    Figure("lead_leader", Kind.WORD, 10),
    Figure("total", Kind.MONEY, 14),
    Figure("planned", Kind.MONEY, 14),
    Figure("cumulative", Kind.MONEY, 14),
    Figure("invested", Kind.MONEY, 14),
    Figure("plan_share", Kind.SHARE, 10, of=("cumulative", "planned")),
    Figure("time_share", Kind.SHARE, 10),
    Figure("difference", Kind.POINTS, 10),
    Figure("due", Kind.MONEY, 14),
    Figure("owed", Kind.MONEY, 14),
    Figure("permille", Kind.SHARE, 10),
    Figure("advanced", Kind.POINTS, 10),
    Figure("moved", Kind.MARK, 8),
    Figure("last_text", Kind.PROSE, 36),
    Figure("last_text_day", Kind.DAY, 12),
    Figure("last_text_by", Kind.WORD, 10),
    Figure("last_progress", Kind.DAY, 12),
    Figure("still_days", Kind.COUNT, 8),
    Figure("asked", Kind.COUNT, 8, of_answering=True),
    Figure("answered", Kind.COUNT, 8, of_answering=True),
    Figure("opened", Kind.COUNT, 8),
    Figure("closed", Kind.COUNT, 8),
    Figure("open", Kind.COUNT, 8),
    Figure("overdue", Kind.COUNT, 8),
    Figure("planned_start", Kind.DAY, 12),
    Figure("actual_start", Kind.DAY, 12),
    Figure("start_late", Kind.COUNT, 10),
    Figure("planned_completion", Kind.DAY, 12),
    Figure("actual_completion", Kind.DAY, 12),
    Figure("completion_late", Kind.COUNT, 10),
    Figure("milestone", Kind.PROSE, 16),
    Figure("milestone_day", Kind.DAY, 12),
    Figure("milestone_late", Kind.COUNT, 10),
)


def project_lines(connection: Connection, question: Question) -> list[Line]:
    """Return every project of the scope with its figures."""
    if not question.projects:
        question.projects.extend(_lines(connection, question))
    return question.projects


def _lines(connection: Connection, question: Question) -> Iterator[Line]:
    wanted = projects_in(question.scope, question.today)
    counts = {row.project_id: row for row in connection.execute(problem_counts(question, wanted))}
    leads = names_on_duty(connection, wanted, Duty.LEAD_LEADER, question.today)
    following = _next_milestones(connection, wanted)
    through = question.before.report_id if question.before else None
    for course in courses(connection, wanted, question.first, question.until, through):
        row = course.row
        yield {
            "key": row.number,
            "source": course.source,
            "number": row.number,
            "name": row.name,
            "place": row.place,
            "industry": row.industry,
            "level": row.level,
            "class": row.kind,
            "stage": row.stage,
            "unit": row.unit or "",
            "lead_leader": "、".join(leads.get(row.id, ())),
            "total": row.total,
            **_money(course, question),
            "permille": course.permille,
            "advanced": course.advanced,
            "moved": int(course.has_moved(question.first)),
            "last_text": course.last_text,
            "last_text_day": _iso(course.last_text_day),
            "last_text_by": course.last_text_by,
            "last_progress": _iso(course.last_progress),
            "still_days": _days_since(course.last_progress, question.until),
            "asked": course.asked_days,
            "answered": course.answered_days,
            **_counted(counts.get(row.id)),
            **_dates(row, question.until),
            **_milestone(following.get(row.id), question.until),
        }


def _money(course: Course, question: Question) -> dict[str, Value]:
    planned, share = course.row.planned, question.year_share
    figures: dict[str, Value] = {
        "planned": planned,
        "cumulative": course.cumulative,
        "invested": course.invested,
        "time_share": share,
    }
    if not planned:
        return figures | dict.fromkeys(("plan_share", "difference", "due", "owed"))
    done, due = course.cumulative * 1000 // planned, planned * share // 1000
    row = course.row
    if not is_paced(row.kind, row.planned_start, row.actual_start, question.until):
        return figures | {"plan_share": done, "difference": None, "due": None, "owed": None}
    return figures | {
        "plan_share": done,
        "difference": done - share,
        "due": due,
        "owed": max(0, due - course.cumulative),
    }


def problem_counts(question: Question, wanted: Select[Any], *by: Any) -> Select[Any]:
    """Return the query that counts problems by project, or by something else.

    Opened and closed are those of the period; open and overdue as it stands now.
    """
    in_state = problems.c.state
    unpaused = problems.c.paused_at.is_(None)
    late = and_(
        in_state.in_([str(each) for each in UNSOLVED]),
        unpaused,
        or_(
            problems.c.solve_due <= question.now,
            and_(in_state == str(State.WAITING), problems.c.accept_due <= question.now),
        ),
    )
    counted = {
        "opened": within(problems.c.opened_at, question),
        "closed": and_(in_state == str(State.CLOSED), within(problems.c.closed_at, question)),
        "open": in_state.in_([str(each) for each in OPEN]),
        "overdue": late,
    }
    groups = by or (problems.c.project_id,)
    return (
        select(*groups, *(func.sum(case((when, 1), else_=0)).label(key) for key, when in counted.items()))
        .where(IS_PROBLEM, problems.c.project_id.in_(wanted))
        .group_by(*groups)
    )


IS_PROBLEM = and_(problems.c.nature == "问题", problems.c.state != str(State.WITHDRAWN))
"""A mistaken report is no problem, and a task is another thing."""


def within(moment: Any, question: Question) -> Any:
    """Return the condition that a moment lies in the days asked about."""
    return and_(moment >= question.begins, moment < question.ends)


def _counted(row: Any) -> dict[str, Value]:
    keys = ("opened", "closed", "open", "overdue")
    return {key: 0 if row is None else int(getattr(row, key)) for key in keys}


def _dates(row: Any, until: date) -> dict[str, Value]:
    return {
        "planned_start": _iso(row.planned_start),
        "actual_start": _iso(row.actual_start),
        "start_late": late_days(row.planned_start, row.actual_start, until),
        "planned_completion": _iso(row.planned_completion),
        "actual_completion": _iso(row.actual_completion),
        "completion_late": late_days(row.planned_completion, row.actual_completion, until),
    }


def late_days(planned: date | None, actual: date | None, until: date) -> int | None:
    """Return by how many days something is or was late; negative when it came early, None when not due."""
    if planned is None or (actual is None and planned >= until):
        return None
    return ((actual or until) - planned).days


def _milestone(row: Any, until: date) -> dict[str, Value]:
    if row is None:
        return dict.fromkeys(("milestone", "milestone_day", "milestone_late"))
    return {
        "milestone": row.name,
        "milestone_day": _iso(row.planned),
        "milestone_late": late_days(row.planned, None, until),
    }


def _next_milestones(connection: Connection, wanted: Select[Any]) -> dict[int, Any]:
    """Return the first milestone of each project that has not been reached."""
    rows = connection.execute(
        select(milestones)
        .where(
            milestones.c.project_id.in_(wanted),
            milestones.c.done.is_(None),
            milestones.c.planned.is_not(None),
        )
        .order_by(milestones.c.planned.desc(), milestones.c.id.desc())
    )
    return {row.project_id: row for row in rows}


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _days_since(day: date | None, until: date) -> int | None:
    return None if day is None else (until - day).days
