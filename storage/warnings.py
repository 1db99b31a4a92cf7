"""Early warnings as lines of a paper: each project with what will go wrong, and the numbers that say so."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, select

from bot.domain.blanks import Value
from bot.domain.document import Kind
from bot.domain.people import Duty
from bot.domain.projects import ProjectClass
from bot.domain.warnings import (
    COPIED,
    PACE_DAYS,
    SHORTEST,
    is_still_before,
    measured_from,
    misses,
    pace,
)
from storage.copied import LOOKED_BACK, copied_runs
from storage.courses import Course, courses
from storage.dataset import Figure, Line, Question
from storage.figures import standing_now
from storage.scoping import ids_on_duty, lead_leaders, projects_in
from storage.site import SITE, site_of
from storage.tables import milestones, reports

WARNINGS = (
    *SITE,
    Figure("warning", Kind.WORD, 16, words="warning."),
    Figure("planned", Kind.MONEY, 14),
    Figure("cumulative", Kind.MONEY, 14),
    Figure("pace", Kind.MONEY, 14),
    Figure("pace_days", Kind.COUNT, 10),
    Figure("projected", Kind.MONEY, 14),
    Figure("projected_share", Kind.SHARE, 10, of=("projected", "planned")),
    Figure("milestone", Kind.PROSE, 16),
    Figure("milestone_day", Kind.DAY, 12),
    Figure("days_left", Kind.COUNT, 8),
    Figure("last_progress", Kind.DAY, 12),
    Figure("still_days", Kind.COUNT, 8),
    Figure("last_text", Kind.PROSE, 36),
    Figure("copied_days", Kind.COUNT, 8),
)
_MONTH = timedelta(days=SHORTEST)


def warning_lines(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield a line for each thing to be warned of; a project may have several."""
    today = question.until
    wanted = projects_in(question.scope, question.today)
    leads = question.once(connection, lead_leaders)
    about = ids_on_duty(connection, wanted, Duty.LEAD_LEADER, question.today)
    near, copied = _near(connection, wanted, today), _copied(connection, wanted, today)
    now = question.once(connection, standing_now)
    quarter = courses(connection, wanted, today - timedelta(days=PACE_DAYS - 1), today, after=now)
    month = courses(connection, wanted, today - _MONTH + timedelta(1), today, after=now)
    for course, lately in zip(quarter, month, strict=True):
        row = course.row
        found: _Found = {
            **_pace(course, today),
            **_standing_still(lately, today),
            **_milestone(near.get(row.id), course, today),
            **({"copied": {"copied_days": copied[row.id]}} if row.id in copied else {}),
        }
        if not found:
            continue
        line: dict[str, Value] = {
            **_BLANK,
            **site_of(row, leads),
            "source": course.source,
            "about": about.get(row.id, ""),
            "planned": row.planned,
            "cumulative": course.cumulative,
            "last_text": course.last_text,
            "last_progress": _iso(course.last_progress),
            "still_days": (today - course.last_progress).days if course.last_progress else None,
        }
        for warning, numbers in found.items():
            yield {**line, **numbers, "warning": warning, "key": f"{row.number} {warning}"}


_BLANK: dict[str, Value] = dict.fromkeys(figure.key for figure in WARNINGS)
_Found = dict[str, dict[str, Value]]


def _is_built(row: Any) -> bool:
    return bool(row.kind == str(ProjectClass.BUILDING) and row.actual_completion is None)


def _pace(course: Course, today: date) -> _Found:
    row = course.row
    first = measured_from(today, PACE_DAYS, row.start_on)
    found = pace(course.cumulative, course.invested_this_year, first, today)
    if found is None or not _is_built(row) or not misses(row.planned, found):
        return {}
    share = found.projected * 1000 // row.planned
    numbers = {"pace": found.invested, "pace_days": found.days, "projected": found.projected}
    return {"pace": {**numbers, "projected_share": share}}


def _standing_still(course: Course, today: date) -> _Found:
    """Return a warning where nothing was invested for a month, if its figures go back as far."""
    first = measured_from(today, SHORTEST, course.row.start_on)
    is_whole = (today - first).days + 1 >= SHORTEST
    if not is_whole or not _is_built(course.row) or course.invested > 0:
        return {}
    return {"nothing": {"pace": course.invested, "pace_days": SHORTEST}}


def _milestone(row: Any, course: Course, today: date) -> _Found:
    if row is None or not is_still_before(row.planned, course.last_progress, today):
        return {}
    left = (row.planned - today).days
    return {"milestone": {"milestone": row.name, "milestone_day": row.planned.isoformat(), "days_left": left}}


def _near(connection: Connection, wanted: Select[Any], today: date) -> dict[int, Any]:
    """Return the next milestone of each project that has one ahead."""
    rows = connection.execute(
        select(milestones.c.project_id, milestones.c.name, milestones.c.planned)
        .where(
            milestones.c.project_id.in_(wanted), milestones.c.done.is_(None), milestones.c.planned >= today
        )
        .order_by(milestones.c.planned.desc(), milestones.c.id.desc())
    )
    return {row.project_id: row for row in rows}


def _copied(connection: Connection, wanted: Select[Any], today: date) -> dict[int, int]:
    """Return on how many days in a row each project was reported in the same words, where that is many."""
    statement = copied_runs(today - LOOKED_BACK).where(reports.c.project_id.in_(wanted))
    return {row.project_id: row.days for row in connection.execute(statement.having(func.count() >= COPIED))}


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
