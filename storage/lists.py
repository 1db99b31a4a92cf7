"""四清单 from one ledger: tasks, duties, and everything with a day ahead or overdue (MISSION row 19).

The fourth, of problems, is the ledger itself.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, literal, or_, select

from bot.domain.blanks import Value
from bot.domain.document import Kind
from bot.domain.elements import APPROVAL
from bot.domain.people import Duty
from bot.domain.problems import OPEN, State
from bot.domain.scope import ScopeKind
from storage.dataset import Figure, Line, Question
from storage.figures import late_days
from storage.rows import light
from storage.scoping import lead_leaders, names_on_duty, projects_in
from storage.site import COLUMNS, SITE, site_of
from storage.tables import elements, milestones, missives, people, problems, projects, units

_DATED = (
    Figure("day", Kind.DAY, 12),
    Figure("days_left", Kind.COUNT, 8),
    Figure("days_late", Kind.COUNT, 8),
)
MILESTONES = (
    *SITE,
    Figure("milestone", Kind.PROSE, 18),
    Figure("milestone_day", Kind.DAY, 12),
    Figure("milestone_done", Kind.DAY, 12),
    Figure("milestone_late", Kind.COUNT, 10),
)
DEADLINES = (
    *SITE,
    Figure("matter", Kind.WORD, 10, words="matter."),
    Figure("what", Kind.PROSE, 36),
    Figure("holder", Kind.WORD, 10),
    *_DATED,
)
DUTIES = (
    *SITE,
    *(Figure(f"duty_{each.name.lower()}", Kind.WORD, 12) for each in Duty if each is not Duty.LEAD_LEADER),
)
_OPEN = [str(state) for state in OPEN]


def milestone_lines(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield every milestone of the scope, in the order of the projects and of the days."""
    for row, where in _milestones(connection, question):
        yield {
            **where,
            "key": f"{row.number} {row.milestone}",
            "milestone": row.milestone,
            "milestone_day": _iso(row.planned_day),
            "milestone_done": _iso(row.done),
            "milestone_late": late_days(row.planned_day, row.done, question.until),
        }


def duty_lines(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield every project with who is what on it (责任清单)."""
    wanted = projects_in(question.scope, question.today)
    leads = question.once(connection, lead_leaders)
    others = [duty for duty in Duty if duty is not Duty.LEAD_LEADER]
    names = {duty: names_on_duty(connection, wanted, duty, question.today) for duty in others}
    for row in light(connection.execute(_projects(wanted))):
        yield {
            "key": row.number,
            **site_of(row, leads),
            **{f"duty_{duty.name.lower()}": "、".join(names[duty].get(row.id, ())) for duty in others},
        }


def deadline_lines(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield everything that has a day ahead or overdue, the earliest first (时限清单)."""
    lines = [
        *_planned(connection, question),
        *_problems(connection, question),
        *_missives(connection, question),
        *_approvals(connection, question),
    ]
    yield from sorted(lines, key=lambda line: str(line["day"]))


def _planned(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield starts, completions and milestones that are still to come, or overdue."""
    wanted = projects_in(question.scope, question.today)
    leads = question.once(connection, lead_leaders)
    liaisons = names_on_duty(connection, wanted, Duty.LIAISON, question.today)
    for row in light(connection.execute(_projects(wanted))):
        where = site_of(row, leads)
        holder = "、".join(liaisons.get(row.id, ()))
        days = (
            ("start", row.planned_start, row.actual_start),
            ("completion", row.planned_completion, row.actual_completion),
        )
        for matter, planned, actual in days:
            if planned is not None and actual is None:
                yield _dated(where, matter, f"{row.number} {matter}", "", holder, planned, question)
    ahead = (milestones.c.planned.is_not(None), milestones.c.done.is_(None))
    for row, where in _milestones(connection, question, *ahead):
        holder = "、".join(liaisons.get(row.id, ()))
        key = f"{row.number} {row.milestone}"
        yield _dated(where, "milestone", key, row.milestone, holder, row.planned_day, question)


def _problems(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield open problems and tasks with the day on which the clock that runs now runs out."""
    holder = people.alias("holder")
    wanted = projects_in(question.scope, question.today)
    leads = question.once(connection, lead_leaders)
    rows = connection.execute(
        select(
            *COLUMNS,
            problems.c.number.label("problem"),
            problems.c.nature,
            problems.c.text,
            problems.c.state,
            problems.c.accept_due,
            problems.c.solve_due,
            holder.c.name.label("holder"),
        )
        .select_from(problems)
        .join(projects, projects.c.id == problems.c.project_id)
        .outerjoin(units, units.c.id == projects.c.unit_id)
        .join(holder, holder.c.id == problems.c.holder_id)
        .where(problems.c.state.in_(_OPEN), problems.c.project_id.in_(wanted))
    )
    for row in light(rows):
        due = row.accept_due if row.state == str(State.WAITING) and row.accept_due else row.solve_due
        if due is not None:
            matter = "task" if row.nature == "任务" else "problem"
            day = question.county.calendar.day_of(due)
            yield _dated(site_of(row, leads), matter, row.problem, row.text, row.holder, day, question)


def _missives(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield numbered letters that wait for a reply; of no project, only for the whole county."""
    wanted = projects_in(question.scope, question.today)
    leads = question.once(connection, lead_leaders)
    is_whole = literal(question.scope.kind is ScopeKind.COUNTY)
    is_here = or_(missives.c.project_id.in_(wanted), and_(missives.c.project_id.is_(None), is_whole))
    answerer = units.alias("answerer")
    rows = connection.execute(
        select(
            *COLUMNS,
            missives.c.id.label("missive"),
            missives.c.kind.label("sort"),
            missives.c.subject,
            missives.c.reply_due,
            answerer.c.name.label("answerer"),
        )
        .select_from(missives)
        .outerjoin(projects, projects.c.id == missives.c.project_id)
        .outerjoin(units, units.c.id == projects.c.unit_id)
        .outerjoin(answerer, answerer.c.id == missives.c.unit_id)
        .where(
            is_here,
            missives.c.sequence.is_not(None),
            missives.c.reply_due.is_not(None),
            missives.c.replied_at.is_(None),
            missives.c.closed_at.is_(None),
        )
    )
    for row in light(rows):
        what, who = f"{row.sort}：{row.subject}", row.answerer or ""
        key = f"missive {row.missive}"
        yield _dated(site_of(row, leads), "missive", key, what, who, row.reply_due, question)


def _approvals(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield approvals, and what they lack, by the day that was noted."""
    wanted = projects_in(question.scope, question.today)
    leads = question.once(connection, lead_leaders)
    rows = connection.execute(
        select(
            *COLUMNS,
            elements.c.element,
            elements.c.text,
            elements.c.due,
            people.c.name.label("noted_by"),
        )
        .select_from(elements)
        .join(projects, projects.c.id == elements.c.project_id)
        .outerjoin(units, units.c.id == projects.c.unit_id)
        .join(people, people.c.id == elements.c.by_id)
        .where(elements.c.due.is_not(None), elements.c.project_id.in_(wanted))
    )
    for row in light(rows):
        item = row.element.removeprefix(APPROVAL)
        key, what = f"{row.number} {item}", f"{item}：{row.text}"
        yield _dated(site_of(row, leads), "approval", key, what, row.noted_by, row.due, question)


# --- parts ------------------------------------------------------------------------------


def _projects(wanted: Select[Any]) -> Select[Any]:
    return (
        select(projects, units.c.name.label("unit"))
        .outerjoin(units, units.c.id == projects.c.unit_id)
        .where(projects.c.id.in_(wanted))
        .order_by(projects.c.id)
    )


def _milestones(
    connection: Connection, question: Question, *conditions: ColumnElement[bool]
) -> Iterator[tuple[Any, dict[str, Value]]]:
    """Yield milestones with their projects."""
    wanted = projects_in(question.scope, question.today)
    leads = question.once(connection, lead_leaders)
    planned = milestones.c.planned
    rows = connection.execute(
        select(
            *COLUMNS,
            milestones.c.name.label("milestone"),
            planned.label("planned_day"),
            milestones.c.done,
        )
        .select_from(milestones)
        .join(projects, projects.c.id == milestones.c.project_id)
        .outerjoin(units, units.c.id == projects.c.unit_id)
        .where(milestones.c.project_id.in_(wanted), *conditions)
        .order_by(projects.c.id, planned.is_(None), planned, milestones.c.id)
    )
    for row in light(rows):
        yield row, site_of(row, leads)


def _dated(
    where: dict[str, Value], matter: str, key: str, what: str, holder: str, day: date, question: Question
) -> Line:
    left = (day - question.today).days
    return {
        **where,
        "key": key,
        "matter": matter,
        "what": what,
        "holder": holder,
        "day": day.isoformat(),
        "days_left": left if left >= 0 else None,
        "days_late": -left if left < 0 else None,
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
