"""The same words day after day: how long a project has been reported in them."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select

from bot.domain.progress import Kind
from storage.tables import projects, reports

LOOKED_BACK = timedelta(days=60)
"""Further back nobody looks for the same words."""


def copied_runs(since: date) -> Select[Any]:
    """Return the query for the days on which projects said what they said last, since they said otherwise.

    Days without words, or unchanged, neither belong to such a run nor end it.
    """
    other = reports.alias("other")
    last_other = (
        select(func.max(other.c.day))
        .where(
            other.c.project_id == reports.c.project_id,
            other.c.current,
            other.c.day >= since,
            other.c.kind != str(Kind.UNCHANGED),
            other.c.text != "",
            other.c.text != projects.c.last_text,
        )
        .correlate(reports, projects)
        .scalar_subquery()
    )
    return (
        select(reports.c.project_id, func.count().label("days"))
        .join(projects, projects.c.id == reports.c.project_id)
        .where(
            reports.c.current,
            reports.c.day >= since,
            reports.c.kind == str(Kind.PROGRESS),
            reports.c.text == projects.c.last_text,
            reports.c.text != "",
            or_(last_other.is_(None), reports.c.day > last_other),
        )
        .group_by(reports.c.project_id)
    )
