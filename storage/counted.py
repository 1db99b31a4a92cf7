"""How far a paper has counted, so that the next one of its kind begins there."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, func, select

from storage.tables import bulletins, reports


@dataclass(frozen=True, slots=True)
class Counted:
    """The last report that a paper knew, and the moment at which it was drafted."""

    report_id: int
    at: datetime


def last_report(connection: Connection) -> int:
    """Return the id of the last report there is; there is one writer, so whatever comes later is higher."""
    return connection.execute(select(func.coalesce(func.max(reports.c.id), 0))).scalar_one()


def counted_before(connection: Connection, form: str, scope: str, first: date) -> Counted | None:
    """Return how far the paper has counted whose days end where these begin; None where there is none."""
    known = bulletins.c.known_through
    row = connection.execute(
        select(known.label("known"), bulletins.c.made_at.label("at"))
        .where(bulletins.c.form == form, bulletins.c.scope == scope)
        .where(bulletins.c.last == first - timedelta(days=1), known > 0)
        .order_by(bulletins.c.id.desc())
        .limit(1)
    ).first()
    return Counted(row.known, row.at) if row else None
