"""The problems of a paper, counted anew."""

import sqlite3
from typing import Any

from tests.year.rows import Lines, Rows, day_of, days_between

_OPEN_STATES = ("待接办", "办理中", "待确认")
_OPEN = "state IN ('待接办', '办理中', '待确认')"
_PROBLEM = "nature = '问题' AND state <> '已撤销'"
_LATE = (
    "state IN ('待接办', '办理中') AND paused_at IS NULL"
    " AND (solve_due <= :now OR (state = '待接办' AND accept_due <= :now))"
)


class Problems(Rows):
    """One by one, by factor, together, and what of them leaders must decide."""

    def _counted(self, by: str) -> list[sqlite3.Row]:
        return self.rows(
            f"SELECT {by}, SUM(opened_at >= :begins AND opened_at < :ends) AS opened,"
            " SUM(state = '已销号' AND closed_at >= :begins AND closed_at < :ends) AS closed,"
            f" SUM({_OPEN}) AS open, SUM(COALESCE({_LATE}, 0)) AS overdue,"
            f" COUNT(DISTINCT CASE WHEN {_OPEN} THEN project_id END) AS projects"
            f" FROM problems WHERE {_PROBLEM} GROUP BY {by}"
        )

    def problems(self) -> Lines:
        leads = self.leads()
        rows = self.rows(
            "SELECT q.*, p.number AS project_number, p.name AS project, p.place, h.name AS holder,"
            " hu.name AS holder_unit, ru.name AS reporter_unit,"
            " (SELECT kind FROM requests r WHERE r.problem_id = q.id AND r.generation = q.generation"
            "  AND r.answer = '' ORDER BY r.id DESC LIMIT 1) AS asked,"
            f" COALESCE({_LATE}, 0) AS late, solve_due <= :now AS past"
            " FROM problems q JOIN projects p ON p.id = q.project_id JOIN people h ON h.id = q.holder_id"
            " LEFT JOIN units hu ON hu.id = h.unit_id JOIN people r ON r.id = q.reporter_id"
            f" LEFT JOIN units ru ON ru.id = r.unit_id WHERE {_PROBLEM}"
            f" AND ({_OPEN} OR (opened_at >= :begins AND opened_at < :ends)"
            "  OR (closed_at >= :begins AND closed_at < :ends))"
        )
        return {row["number"]: self._problem(row, leads) for row in rows}

    def _problem(self, row: Any, leads: Any) -> dict[str, Any]:
        is_open = row["state"] in _OPEN_STATES
        closed: str | None = row["closed_at"] if row["state"] == "已销号" else None
        opened_on, due_on = day_of(row["opened_at"]), day_of(row["solve_due"])
        today = self.today.isoformat()
        until = day_of(closed) or today
        return {
            **{
                key: row[key]
                for key in ("number", "project_number", "project", "category", "text", "urgency")
            },
            **{key: row[key] for key in ("state", "place", "holder", "extensions")},
            "lead_leader": "、".join(leads.get(row["project_id"], ())),
            "holder_unit": row["holder_unit"] or "",
            "step": _step(row) if is_open else "",
            "opened_on": opened_on,
            "due_on": due_on,
            "closed_on": day_of(closed),
            "days_open": days_between(opened_on, until),
            "days_late": days_between(due_on, self.today.isoformat())
            if row["late"] and row["past"]
            else None,
            "light": ("red" if row["late"] else "not red") if is_open else "",
            "late": row["late"],
            "is_new": int(self.given["begins"] <= row["opened_at"] < self.given["ends"]),
            "is_closed": int(closed is not None and self.given["begins"] <= closed < self.given["ends"]),
            "reopened": row["generation"] - 1,
            "source": f"{opened_on} {row['reporter_unit'] or ''}".strip(),
        }

    def factors(self) -> Lines:
        return {
            row["category"]: {**dict(row), "source": ""}
            for row in self._counted("category")
            if row["open"] or row["opened"] or row["closed"]
        }

    def commons(self) -> Lines:
        rows = self.rows(
            "SELECT c.category, c.state, c.at, h.name AS holder, u.name AS unit, COUNT(*) AS open,"
            " COUNT(DISTINCT q.project_id) AS projects FROM commons c JOIN people h ON h.id = c.holder_id"
            " LEFT JOIN units u ON u.id = h.unit_id JOIN problems q ON q.holder_id = c.holder_id"
            f" AND q.category = c.category AND q.{_OPEN} AND q.nature = '问题'"
            " WHERE c.state IN ('offered', 'merged') GROUP BY c.id"
        )
        return {
            f"{row['category']} {row['holder']}": {
                **{key: row[key] for key in ("category", "holder", "projects", "open")},
                "holder_unit": row["unit"] or "",
                "since": day_of(row["at"]),
                "merged": int(row["state"] == "merged"),
                "source": day_of(row["at"]),
            }
            for row in rows
        }

    def decisions(self) -> Lines:
        rows = self.rows(
            "SELECT q.number, p.name AS project, q.category, r.text AS request, a.name AS asker,"
            " t.name AS asked_of, r.at FROM requests r JOIN problems q ON q.id = r.problem_id"
            " JOIN projects p ON p.id = q.project_id LEFT JOIN people a ON a.id = r.asker_id"
            " LEFT JOIN people t ON t.id = r.to_id WHERE r.kind = '提请' AND r.answer = ''"
            f" AND r.generation = q.generation AND q.{_OPEN}"
        )
        return {
            row["number"]: {
                **{
                    key: row[key] or ""
                    for key in ("number", "project", "category", "request", "asker", "asked_of")
                },
                "asked_on": (asked_on := day_of(row["at"])),
                "days_waiting": days_between(asked_on, self.today.isoformat()),
                "source": f"{asked_on} {row['asker'] or ''}".strip(),
            }
            for row in rows
        }

    def solved(self, name: str, joins: str, condition: str, fewest: int) -> Lines:
        """Return what was closed in these days, and how much of it was solved in time, by a name."""
        rows = self.rows(
            f"SELECT {name} AS name, COUNT(*) AS solved,"
            " SUM(COALESCE(COALESCE(q.solved_at, q.closed_at) <= q.solve_due, 0)) AS on_time"
            f" FROM problems q {joins} WHERE q.nature = '问题' AND q.state = '已销号'"
            f" AND q.closed_at >= :begins AND q.closed_at < :ends AND {condition}"
            f" GROUP BY 1 HAVING COUNT(*) >= {fewest}"
        )
        return {
            row["name"]: {**dict(row), "on_time_share": row["on_time"] * 1000 // row["solved"], "source": ""}
            for row in rows
        }


def _step(row: Any) -> str:
    if row["paused_at"] is not None:
        return "等反映人答复（暂停计时）"
    if row["asked"]:
        return {"提请": "等领导决定", "延期": "等批准延期"}[row["asked"]]
    return {"待接办": "等办理人接办", "办理中": "办理人办理中", "待确认": "等反映人确认"}[row["state"]]
