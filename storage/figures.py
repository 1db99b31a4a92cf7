"""The projects of a paper: everything that a table may show of each, in some days."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, or_, select

from bot.domain.blanks import Value
from bot.domain.document import Kind
from bot.domain.problems import OPEN, UNSOLVED, State
from bot.domain.projects import is_paced
from storage.courses import Standings, answered_days, asked_days, courses, standings
from storage.dataset import Figure, Line, Question
from storage.scoping import lead_leaders, projects_in
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
    return question.once(connection, _lines)


def _lines(connection: Connection, question: Question) -> list[Line]:
    return list(_each(connection, question))


def _each(connection: Connection, question: Question) -> Iterator[Line]:
    wanted, until = projects_in(question.scope, question.today), question.until
    days = question.first, until
    counts = {
        row[0]: dict(zip(_COUNTED, map(int, row[1:]), strict=True))
        for row in connection.execute(problem_counts(question, wanted)).all()
    }
    leads = question.once(connection, lead_leaders)
    following = _next_milestones(connection, wanted, until)
    asked = asked_days(connection, *days) if question.shows("asked") else None
    answered = answered_days(connection, wanted, *days) if question.shows("answered") else None
    through = question.before.report_id if question.before else None
    for course in courses(connection, wanted, *days, through, question.once(connection, standing_now)):
        row, last_progress = course.row, course.last_progress
        line: dict[str, Value] = {
            "key": row.number,
            "id": row.id,
            "source": course.source,
            "number": row.number,
            "name": row.name,
            "place": row.place,
            "industry": row.industry,
            "level": row.level,
            "class": row.kind,
            "stage": row.stage,
            "unit": row.unit or "",
            "lead_leader": leads.get(row.id, ""),
            "total": row.total,
            **_money(row, course.cumulative, question),
            "invested": course.invested,
            "invested_this_year": course.invested_this_year,
            "permille": course.permille,
            "advanced": course.advanced,
            "moved": int(course.has_moved(question.first)),
            "last_text": course.last_text,
            "last_text_day": _iso(course.last_text_day),
            "last_text_by": course.last_text_by,
            "last_progress": _iso(last_progress),
            "still_days": None if last_progress is None else (until - last_progress).days,
            **counts.get(row.id, _NOTHING),
            "planned_start": _iso(row.planned_start),
            "actual_start": _iso(row.actual_start),
            "start_late": late_days(row.planned_start, row.actual_start, until),
            "planned_completion": _iso(row.planned_completion),
            "actual_completion": _iso(row.actual_completion),
            "completion_late": late_days(row.planned_completion, row.actual_completion, until),
            **following.get(row.id, _NO_MILESTONE),
        }
        if asked is not None:
            line["asked"] = asked.get(row.id, 0)
        if answered is not None:
            line["answered"] = answered.get(row.id, 0)
        yield line


def standing_now(connection: Connection, question: Question) -> Standings:
    """Return where the projects of the scope stand after the last of these days."""
    return standings(connection, projects_in(question.scope, question.today), question.until)


_COUNTED = ("opened", "closed", "open", "overdue")
_NOTHING: dict[str, Value] = dict.fromkeys(_COUNTED, 0)
_NO_MILESTONE: dict[str, Value] = dict.fromkeys(("milestone", "milestone_day", "milestone_late"))


def _money(row: Any, cumulative: int, question: Question) -> dict[str, Value]:
    planned, share = row.planned, question.year_share
    done = cumulative * 1000 // planned if planned else None
    if done is None or not is_paced(row.kind, row.planned_start, row.actual_start, question.until):
        return {
            "planned": planned,
            "cumulative": cumulative,
            "plan_share": done,
            "time_share": share,
            "difference": None,
            "due": None,
            "owed": None,
        }
    due = planned * share // 1000
    return {
        "planned": planned,
        "cumulative": cumulative,
        "plan_share": done,
        "time_share": share,
        "difference": done - share,
        "due": due,
        "owed": max(0, due - cumulative),
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


def late_days(planned: date | None, actual: date | None, until: date) -> int | None:
    """Return by how many days something is or was late; negative when it came early, None when not due."""
    if planned is None or (actual is None and planned >= until):
        return None
    return ((actual or until) - planned).days


def _next_milestones(connection: Connection, wanted: Select[Any], until: date) -> dict[int, dict[str, Value]]:
    """Return the first milestone of each project that has not been reached."""
    rows = connection.execute(
        select(milestones.c.project_id, milestones.c.name, milestones.c.planned)
        .where(
            milestones.c.project_id.in_(wanted),
            milestones.c.done.is_(None),
            milestones.c.planned.is_not(None),
        )
        .order_by(milestones.c.planned.desc(), milestones.c.id.desc())
    )
    first = {project_id: (name, planned) for project_id, name, planned in rows.all()}
    return {
        project_id: {
            "milestone": name,
            "milestone_day": planned.isoformat(),
            "milestone_late": late_days(planned, None, until),
        }
        for project_id, (name, planned) in first.items()
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
