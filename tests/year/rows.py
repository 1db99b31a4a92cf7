"""The raw rows of a county's database, and the days that are asked about."""

import json
import sqlite3
import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

Lines = dict[str, dict[str, Any]]
"""The lines of a table by their keys, in their order."""

UTC_TEXT = "%Y-%m-%d %H:%M:%S.%f"
CST = timezone(timedelta(hours=8))
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Seen:
    """What was seen when the paper before was drafted: how far each project stood, and the last report."""

    last: date
    at: datetime
    standings: dict[int, sqlite3.Row]
    report_id: int


def opened(content: bytes) -> dict[str, Any]:
    """Return a paper as it is kept."""
    found: dict[str, Any] = json.loads(zlib.decompress(content))
    return found


class Rows:
    """What the others count with: the database, and the first and last day as it knows them."""

    def __init__(
        self, db: sqlite3.Connection, first: date, last: date, now: datetime, seen: Seen | None = None
    ) -> None:
        self._db = db
        self.seen = seen
        self.first, self.last, self.now = first, last, now
        self.today = now.astimezone(CST).date()
        self.until = min(last, self.today)
        days = 366 if self.until.year % 4 == 0 else 365
        self.year_share = (self.until - date(self.until.year - 1, 12, 31)).days * 1000 // days
        self.given = {
            "first": first.isoformat(),
            "last": last.isoformat(),
            "until": self.until.isoformat(),
            "today": self.today.isoformat(),
            "now": now.astimezone(UTC).strftime(UTC_TEXT),
            "begins": min(_utc(first), seen.at.astimezone(UTC).strftime(UTC_TEXT)) if seen else _utc(first),
            "ends": _utc(last + _DAY),
            "new_year": f"{self.until.year}-01-01",
        }

    def rows(self, statement: str, **more: object) -> list[sqlite3.Row]:
        return self._db.execute(statement, {**self.given, **more}).fetchall()

    def leads(self, duty: str = "牵头领导") -> dict[int, list[str]]:
        """Return the names of those with a duty on each project."""
        return {of: [row["name"] for row in rows] for of, rows in self._on(duty).items()}

    def about(self) -> dict[str, list[int]]:
        """Return whom the lines of each project, by its number, are about: who leads it."""
        return {rows[0]["number"]: [row["id"] for row in rows] for rows in self._on("牵头领导").values()}

    def _on(self, duty: str) -> dict[int, list[sqlite3.Row]]:
        found: dict[int, list[sqlite3.Row]] = {}
        for row in self.rows(
            "SELECT a.project_id, j.number, p.id, p.name FROM assignments a"
            " JOIN people p ON p.id = a.person_id JOIN projects j ON j.id = a.project_id"
            " WHERE a.duty = :duty AND (a.until IS NULL OR a.until > :today) ORDER BY a.id",
            duty=duty,
        ):
            found.setdefault(row["project_id"], []).append(row)
        return found


def moment(text: str) -> datetime:
    """Return a moment as the county's clocks showed it."""
    return datetime.strptime(text, UTC_TEXT).replace(tzinfo=UTC).astimezone(CST)


def day_of(at: str | None) -> str | None:
    """Return the county's day of a moment as the database has it."""
    if at is None:
        return None
    return moment(at).date().isoformat()


def _utc(day: date) -> str:
    return datetime(day.year, day.month, day.day, tzinfo=CST).astimezone(UTC).strftime(UTC_TEXT)


def days_between(first: str | None, last: str | None) -> int | None:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days if first and last else None
