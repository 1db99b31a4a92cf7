"""What reached us, each thing once, and what could not be handled."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.dialects import insert_once
from storage.prepared import Prepared
from storage.tables import dead_letters, inbox

_ADMIT = {
    "sqlite": Prepared(sqlite.insert(inbox).on_conflict_do_nothing()),
    "postgresql": Prepared(postgresql.insert(inbox).on_conflict_do_nothing()),
}
_STATE = update(inbox).where(inbox.c.key == bindparam("of")).values(state=bindparam("now_state"))

_BATCH = 100


class Inbox:
    """Remembers the keys of all that was handled, so that a repeat changes nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def admit(self, key: str, now: datetime) -> bool:
        """Let something in; False if it was here before."""
        admit = _ADMIT[self._connection.dialect.name]
        return admit.run(self._connection, key=key, at=now, state="done") == 1

    def bury(self, key: str, platform: str, raw: Any, reason: str, now: datetime) -> bool:
        """Keep whole what could not be handled; False if it was buried before."""
        whole = raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False, default=str)
        self.admit(key, now)
        self._connection.execute(_STATE, {"of": key, "now_state": "dead"})
        row = {"key": key, "platform": platform, "raw": whole, "reason": reason, "at": now, "state": "open"}
        if insert_once(self._connection, dead_letters, row):
            return True
        tried = update(dead_letters).where(dead_letters.c.key == key, dead_letters.c.state == "retrying")
        self._connection.execute(tried.values(state="open", reason=reason))
        return False

    def missing(self, platform: str, since: datetime) -> int | None:
        """Return how many numbers of a platform are missing around a moment; None before the next came."""
        before = self._numbers(platform, inbox.c.at <= since, inbox.c.at.desc())
        after = self._numbers(platform, inbox.c.at > since, inbox.c.at.asc())
        if not after:
            return None
        return max(0, min(after) - max(before) - 1) if before else 0

    def _numbers(self, platform: str, when: ColumnElement[bool], order: ColumnElement[Any]) -> list[int]:
        """Return the numbers that its last or first keys end with: those of one batch have one moment."""
        keys = select(inbox.c.key).where(when, inbox.c.key.like(f"{platform}:%"))
        ends = (
            key.rpartition(":")[2]
            for key in self._connection.execute(keys.order_by(order).limit(_BATCH)).scalars()
        )
        return [int(end) for end in ends if end.isdecimal()]

    def revive(self, key: str) -> None:
        """Let something in again that was buried: whatever kept it from being handled is gone."""
        self._connection.execute(delete(inbox).where(inbox.c.key == key, inbox.c.state == "dead"))
        self._connection.execute(
            update(dead_letters).where(dead_letters.c.key == key).values(state="settled")
        )

    def buried(self) -> int:
        """Return how many dead letters, of both directions, wait for somebody to decide."""
        statement = select(func.count()).where(dead_letters.c.state.in_(("open", "told", "retrying")))
        return self._connection.execute(statement).scalar_one()

    def forget(self, before: datetime) -> int:
        """Drop the keys of what was handled long ago; Return how many."""
        return self._connection.execute(delete(inbox).where(inbox.c.at < before)).rowcount
