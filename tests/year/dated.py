"""The four lists of a county, counted anew: who answers for what, and everything that has a day."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from tests.year.figures import Look
from tests.year.rows import Lines, day_of

_DUTIES = {
    "duty_liaison": "联络员",
    "duty_steward": "管家",
    "duty_police": "警官",
    "duty_inspector": "纪检监察员",
    "duty_owner": "业主",
}
_WHERE = "p.number, p.name, p.place, u.name AS unit, p.id AS project_id"
_PLACED = "projects p LEFT JOIN units u ON u.id = p.unit_id"


def duties(look: Look) -> Lines:
    """Return who is what on each project."""
    leads = look.leads()
    names = {key: look.leads(duty) for key, duty in _DUTIES.items()}
    return {
        row["number"]: {
            **_placed(row, leads),
            **{key: "、".join(of.get(row["project_id"], ())) for key, of in names.items()},
        }
        for row in look.rows(f"SELECT {_WHERE} FROM {_PLACED} ORDER BY p.number")
    }


def deadlines(look: Look) -> Lines:
    """Return what has a day and is not done: starts, completions, milestones, problems, tasks, replies."""
    leads = look.leads()
    found = {}
    for key, row, matter, holder, day in _dated(look):
        left = (date.fromisoformat(day) - look.today).days
        found[key] = {
            **_placed(row, leads),
            "matter": matter,
            "what": row["what"],
            "holder": holder,
            "day": day,
            "days_left": left if left >= 0 else None,
            "days_late": -left if left < 0 else None,
        }
    return found


def _dated(look: Look) -> Iterator[tuple[str, Any, str, str, str]]:
    """Yield each with its key, its matter, who holds it, and its day."""
    liaisons = look.leads("联络员")
    steps = {"start": "计划开工", "completion": "计划竣工"}
    for step, matter in steps.items():
        for row in look.rows(
            f"SELECT {_WHERE}, p.planned_{step} AS day, '' AS what FROM {_PLACED}"
            f" WHERE p.planned_{step} IS NOT NULL AND p.actual_{step} IS NULL"
        ):
            holder = "、".join(liaisons.get(row["project_id"], ()))
            yield f"{row['number']} {step}", row, matter, holder, row["day"]
    for row in look.rows(
        f"SELECT {_WHERE}, m.planned AS day, m.name AS what FROM milestones m JOIN {_PLACED}"
        " WHERE p.id = m.project_id AND m.planned IS NOT NULL AND m.done IS NULL"
    ):
        holder = "、".join(liaisons.get(row["project_id"], ()))
        yield f"{row['number']} {row['what']}", row, "节点", holder, row["day"]
    for row in look.rows(
        f"SELECT {_WHERE}, q.number AS key, q.nature, q.text AS what, h.name AS holder,"
        " CASE WHEN q.state = '待接办' THEN COALESCE(q.accept_due, q.solve_due) ELSE q.solve_due END AS due"
        f" FROM problems q JOIN people h ON h.id = q.holder_id JOIN {_PLACED}"
        " WHERE p.id = q.project_id AND q.state IN ('待接办', '办理中', '待确认')"
    ):
        if row["due"]:
            yield row["key"], row, row["nature"], row["holder"], day_of(row["due"]) or ""
    for row in look.rows(
        f"SELECT {_WHERE}, substr(e.element, 4) AS item, substr(e.element, 4) || '：' || e.text AS what,"
        f" e.due, h.name AS holder FROM elements e JOIN people h ON h.id = e.by_id JOIN {_PLACED}"
        " WHERE p.id = e.project_id AND e.due IS NOT NULL"
    ):
        yield f"{row['number']} {row['item']}", row, "手续", row["holder"], row["due"]
    for row in look.rows(
        f"SELECT {_WHERE}, l.id AS letter, l.kind || '：' || l.subject AS what, l.reply_due, a.name AS holder"
        f" FROM missives l LEFT JOIN units a ON a.id = l.unit_id LEFT JOIN ({_PLACED}) ON p.id = l.project_id"
        " WHERE l.sequence IS NOT NULL AND l.reply_due IS NOT NULL AND l.replied_at IS NULL"
        " AND l.closed_at IS NULL"
    ):
        key = f"missive {row['letter']}"
        yield key, row, "函件回复", row["holder"] or "", row["reply_due"]


def _placed(row: Any, leads: dict[int, list[str]]) -> dict[str, Any]:
    return {
        **{key: row[key] or "" for key in ("number", "name", "place", "unit")},
        "lead_leader": "、".join(leads.get(row["project_id"], ())),
        "source": "名册",
    }
