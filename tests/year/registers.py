"""The register of changes and the promises of money, counted anew."""

from datetime import date
from typing import Any

from tests.year.rows import Lines, Rows, day_of, days_between

_MONEY = ("总投资", "年度计划")


def changes(look: Rows) -> Lines:
    """Return what waits, or was asked for or decided in these days, by its number."""
    leads = look.leads()
    rows = look.rows(
        "SELECT m.*, p.number, p.name, p.place, u.name AS unit, a.name AS asker, d.name AS decider"
        " FROM stage_moves m JOIN projects p ON p.id = m.project_id LEFT JOIN units u ON u.id = p.unit_id"
        " LEFT JOIN people a ON a.id = m.asked_by LEFT JOIN people d ON d.id = m.decided_by"
        " WHERE m.step = '变更' AND (m.answer = '' OR (m.at >= :begins AND m.at < :ends)"
        "  OR (m.decided_at >= :begins AND m.decided_at < :ends)) ORDER BY m.year, m.sequence"
    )
    return {
        (number := f"〔{row['year']}〕变更{row['sequence']}号"): {
            **{key: row[key] or "" for key in ("number", "name", "place", "unit")},
            "lead_leader": "、".join(leads.get(row["project_id"], ())),
            "change_number": number,
            "change_item": row["what"],
            "before": _shown(row["what"], row["before"]),
            "after": _shown(row["what"], row["after"]),
            "change_reason": row["reason"],
            "asked_by": row["asker"] or "",
            "change_asked_on": day_of(row["at"]),
            "change_state": row["answer"] or "待同意",
            "decided_by": row["decider"] or "",
            "decided_on": day_of(row["decided_at"]),
            "source": f"{day_of(row['at'])} {row['asker']}" if row["asker"] else "名册",
        }
        for row in rows
    }


def payouts(look: Rows) -> Lines:
    """Return what was promised and is open, or was promised or confirmed in these days."""
    leads = look.leads()
    rows = look.rows(
        "SELECT q.*, p.number AS project_number, p.name AS project, p.place, h.name AS payer,"
        " u.name AS payer_unit, r.name AS promiser, c.name AS receiver,"
        " q.state IN ('待接办', '办理中', '待确认') AS open"
        " FROM problems q JOIN projects p ON p.id = q.project_id JOIN people h ON h.id = q.holder_id"
        " LEFT JOIN units u ON u.id = h.unit_id JOIN people r ON r.id = q.reporter_id"
        " JOIN people c ON c.id = q.confirmer_id"
        " WHERE q.promised IS NOT NULL AND q.state <> '已撤销'"
        " AND (open OR (q.opened_at >= :begins AND q.opened_at < :ends)"
        "  OR (q.closed_at >= :begins AND q.closed_at < :ends))"
        " ORDER BY open DESC, q.solve_due IS NULL, q.solve_due, q.id"
    )
    return {row["number"]: _payout(row, leads, look.today) for row in rows}


def _payout(row: Any, leads: dict[int, list[str]], today: date) -> dict[str, Any]:
    given_on, pay_by = day_of(row["opened_at"]), day_of(row["solve_due"])
    is_late = row["state"] in ("待接办", "办理中") and pay_by is not None and pay_by < today.isoformat()
    return {
        **{key: row[key] for key in ("number", "project_number", "project", "place", "state")},
        **{key: row[key] or "" for key in ("payer", "payer_unit", "promiser", "receiver")},
        "lead_leader": "、".join(leads.get(row["project_id"], ())),
        "policy": row["text"],
        "given_on": given_on,
        "promised_sum": row["promised"],
        "paid_sum": row["paid"],
        "outstanding_sum": row["promised"] - row["paid"],
        "paid_share": row["paid"] * 1000 // row["promised"],
        "pay_by": pay_by,
        "days_late": days_between(pay_by, today.isoformat()) if is_late else None,
        "confirmed_on": day_of(row["closed_at"]),
        "source": f"{given_on} {row['promiser']}",
    }


def _shown(what: str, kept: str) -> str:
    """Return an amount as the county writes it; days and words as they are."""
    if what not in _MONEY or not kept:
        return kept
    wan = int(kept) / 100
    if wan >= 10_000:
        return f"{int(wan / 100 + 0.5) / 100:.2f} 亿元"
    return f"{wan:.2f}".rstrip("0").rstrip(".") + " 万元"
