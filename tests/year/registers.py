"""The registers of a county, counted anew: changes of projects' plans, and money promised to enterprises."""

from typing import Any

from tests.year.figures import Look
from tests.year.rows import Lines, day_of, days_between

_YI = 1_000_000
_OPEN = "state IN ('待接办', '办理中', '待确认')"


def changes(look: Look) -> Lines:
    """Return the changes that wait, or were asked for or decided in these days, by their numbers."""
    leads = look.leads()
    found: Lines = {}
    for row in look.rows(
        "SELECT m.*, p.number, p.name, p.place, u.name AS unit, a.name AS asker, d.name AS decider"
        " FROM stage_moves m JOIN projects p ON p.id = m.project_id LEFT JOIN units u ON u.id = p.unit_id"
        " LEFT JOIN people a ON a.id = m.asked_by LEFT JOIN people d ON d.id = m.decided_by"
        " WHERE m.step = '变更' AND (m.answer = '' OR (m.at >= :begins AND m.at < :ends)"
        "  OR (m.decided_at >= :begins AND m.decided_at < :ends)) ORDER BY m.year, m.sequence"
    ):
        number, asked_on = f"〔{row['year']}〕变更{row['sequence']}号", day_of(row["at"])
        found[number] = {
            "change_number": number,
            **{key: row[key] for key in ("number", "name", "place")},
            "unit": row["unit"] or "",
            "lead_leader": "、".join(leads.get(row["project_id"], ())),
            "change_item": row["what"],
            "before": _shown(row, "before"),
            "after": _shown(row, "after"),
            "change_reason": row["reason"],
            "asked_by": row["asker"] or "",
            "change_asked_on": asked_on,
            "change_state": row["answer"] or "待同意",
            "decided_by": row["decider"] or "",
            "decided_on": day_of(row["decided_at"]),
            "source": f"{asked_on} {row['asker']}" if row["asker"] else "名册",
        }
    return found


def _shown(row: Any, key: str) -> str:
    if not row[key] or row["what"] not in {"总投资", "年度计划"}:
        return str(row[key])
    amount = int(row[key])
    if amount >= _YI:
        return f"{(amount + 5_000) // 10_000 / 100:.2f} 亿元"
    return f"{amount / 100:.2f}".rstrip("0").rstrip(".") + " 万元"


def payouts(look: Look) -> Lines:
    """Return the promises that are open, or were made or kept in these days; the open ones by their days."""
    leads, today = look.leads(), look.today.isoformat()
    found: Lines = {}
    for row in look.rows(
        "SELECT q.*, p.number AS project_number, p.name AS project, p.place, h.name AS payer,"
        " u.name AS payer_unit, g.name AS promiser, c.name AS receiver FROM problems q"
        " JOIN projects p ON p.id = q.project_id JOIN people h ON h.id = q.holder_id"
        " LEFT JOIN units u ON u.id = h.unit_id JOIN people g ON g.id = q.reporter_id"
        " JOIN people c ON c.id = q.confirmer_id WHERE q.promised IS NOT NULL AND q.state <> '已撤销'"
        f" AND (q.{_OPEN} OR (q.opened_at >= :begins AND q.opened_at < :ends)"
        "  OR (q.closed_at >= :begins AND q.closed_at < :ends))"
        f" ORDER BY q.{_OPEN} DESC, q.solve_due, q.id"
    ):
        given_on, pay_by = day_of(row["opened_at"]), day_of(row["solve_due"])
        is_late = row["state"] in {"待接办", "办理中"} and pay_by is not None and pay_by < today
        found[row["number"]] = {
            **{key: row[key] for key in ("number", "project_number", "project", "place", "state")},
            **{key: row[key] for key in ("promiser", "payer", "receiver")},
            "lead_leader": "、".join(leads.get(row["project_id"], ())),
            "policy": row["text"],
            "payer_unit": row["payer_unit"] or "",
            "given_on": given_on,
            "pay_by": pay_by,
            "days_late": days_between(pay_by, today) if is_late else None,
            "promised_sum": row["promised"],
            "paid_sum": row["paid"],
            "outstanding_sum": row["promised"] - row["paid"],
            "paid_share": row["paid"] * 1000 // row["promised"],
            "confirmed_on": day_of(row["closed_at"]),
            "source": f"{given_on} {row['promiser']}",
        }
    return found
