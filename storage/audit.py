"""Who did what, when: rows chained by their hashes, so that a change in the past shows."""

import hashlib
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from storage import dialects
from storage.prepared import Prepared
from storage.tables import audit, people

_APPEND = Prepared(insert(audit))
_ANCHOR = re.compile(r"(\d{1,18})-([0-9a-f]{12,64})")
_CODE = 12
"""So much of a hash is kept outside: 48 bits, which nobody meets by trying."""
_LAST = select(audit.c.id, audit.c.hash).order_by(audit.c.id.desc()).limit(1)
_HASH = select(audit.c.hash).where(audit.c.id == bindparam("of"))
_HEAD = Prepared(select(audit.c.hash).order_by(audit.c.id.desc()).limit(1))
_TRAIL = (
    select(audit.c.at, audit.c.action, audit.c.detail, people.c.name)
    .select_from(audit.outerjoin(people, people.c.id == audit.c.actor_id))
    .where(audit.c.subject == bindparam("subject"))
    .order_by(audit.c.id)
)
_LATEST = (
    _TRAIL.where(audit.c.action.in_(bindparam("of", expanding=True)))
    .order_by(None)
    .order_by(audit.c.id.desc())
    .limit(1)
)
_CHAIN = (
    select(
        audit.c.id,
        audit.c.at,
        audit.c.actor_id,
        audit.c.action,
        audit.c.subject,
        audit.c.detail,
        audit.c.hash,
    )
    .where(audit.c.id > bindparam("last"))
    .order_by(audit.c.id)
    .limit(bindparam("most"))
)
_PAGE = 10_000
_WRITTEN = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
"""Made once: `json.dumps` makes one for each call, and a trail has a million entries."""


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the trail of a problem, a project or a person."""

    at: datetime
    actor: str
    action: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it stands in the chain."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]


class Audit:
    """Appends entries; they are chained and written together, just before the commit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._entries: list[dict[str, Any]] = []

    def add(self, at: datetime, actor_id: int | None, action: str, subject: str, **detail: Any) -> None:
        """Record that somebody did something to a subject such as ``problem:12``; no actor means the bot."""
        # What cannot be written must be refused here: at the commit it would take others down with it.
        detail = json.loads(json.dumps(detail, allow_nan=False))
        entry: dict[str, Any] = {
            "at": at,
            "actor_id": actor_id,
            "action": action,
            "subject": subject,
            "detail": detail,
        }
        # Until it is chained, what will be hashed behind the hash before.
        entry["hash"] = _told(at, actor_id, action, subject, detail)
        self._entries.append(entry)

    def mark(self) -> int:
        """Return where the entries end now."""
        return len(self._entries)

    def forget(self, mark: int) -> None:
        """Drop the entries added since a mark: what they tell of was undone."""
        del self._entries[mark:]

    def settle(self) -> None:
        """Chain the entries to the last one and write them."""
        if not self._entries:
            return
        dialects.alone(self._connection, "audit")
        head = _HEAD.scalar(self._connection) or ""
        for entry in self._entries:
            head = entry["hash"] = _hashed(head, entry["hash"])
        _APPEND.run_each(self._connection, self._entries)
        self._entries.clear()

    def trail(self, subject: str) -> list[Step]:
        """Return what happened to a subject, the oldest first."""
        rows = self._connection.execute(_TRAIL, {"subject": subject})
        written = [Step(row.at, row.name or "", row.action, row.detail) for row in rows]
        # Entries of this group wait in memory: written now, they would vanish with this item's savepoint.
        waiting = [entry for entry in self._entries if entry["subject"] == subject]
        return written + [
            Step(entry["at"], self._name(entry["actor_id"]), entry["action"], entry["detail"])
            for entry in waiting
        ]

    def last(self, subject: str, actions: Collection[str]) -> Step | None:
        """Return the last thing of some kinds that happened to a subject, written before this transaction."""
        rows = self._connection.execute(_LATEST, {"subject": subject, "of": list(actions)})
        return next((Step(row.at, row.name or "", row.action, row.detail) for row in rows), None)

    def latest(self) -> datetime | None:
        """Return the moment of the last entry."""
        return self._connection.execute(select(audit.c.at).order_by(audit.c.id.desc()).limit(1)).scalar()

    def after(self, entry_id: int, most: int) -> list[Entry]:
        """Return the entries that follow one, the oldest first."""
        rows = self._connection.execute(
            select(audit, people.c.name.label("actor"))
            .outerjoin(people, people.c.id == audit.c.actor_id)
            .where(audit.c.id > entry_id)
            .order_by(audit.c.id)
            .limit(most)
        )
        return [Entry(row.id, row.at, row.actor or "", row.action, row.subject, row.detail) for row in rows]

    def anchor(self) -> str:
        """Return where the chain ends, such as ``512-3fa9c2d41b07``, to be kept outside; "" before the first.

        The chain alone cannot show that its end was cut off.
        """
        row = self._connection.execute(_LAST).first()
        return f"{row.id}-{row.hash[:_CODE]}" if row else ""

    def holds(self, anchor: str) -> bool:
        """Tell whether an anchor lies on the chain; raise ValueError if it is none."""
        found = _ANCHOR.fullmatch(anchor.strip().lower())
        if found is None:
            raise ValueError(anchor)
        known = self._connection.execute(_HASH, {"of": int(found[1])}).scalar()
        return known is not None and str(known).startswith(found[2])

    def _name(self, person_id: int | None) -> str:
        if person_id is None:
            return ""
        return self._connection.execute(select(people.c.name).where(people.c.id == person_id)).scalar_one()

    def broken_at(self) -> int | None:
        """Return the id of the first entry that does not fit its chain; None when all fit."""
        head, last = "", 0
        while True:
            rows = self._connection.execute(_CHAIN, {"last": last, "most": _PAGE}).all()
            for entry_id, at, actor_id, action, subject, detail, known in rows:
                head = _hashed(head, _told(at, actor_id, action, subject, detail))
                if head != known:
                    return int(entry_id)
                last = entry_id
            if len(rows) < _PAGE:
                return None


def _told(at: datetime, actor_id: int | None, action: str, subject: str, detail: dict[str, Any]) -> bytes:
    """Return what an entry says, as it is hashed; raise ValueError if it cannot be written."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return _WRITTEN([moment, actor_id, action, subject, detail]).encode()


def _hashed(head: str, told: bytes) -> str:
    """Return the hash of an entry that follows the one with the hash ``head``: of one JSON list of both."""
    return hashlib.sha256(b'["%b",%b' % (head.encode(), told[1:])).hexdigest()
