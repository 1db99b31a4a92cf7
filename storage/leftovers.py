"""What is left to the office: not handled, not delivered, or owed when a backup was made."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from bot.chat import Address
from storage.dialects import insert_once
from storage.letters import PRIVATE
from storage.tables import dead_letters, outbox

SUBJECT = "leftovers"
"""Of the card that shows them."""

RESTORED = "restored"
"""The reason of what was owed when a backup was made: it may have gone out since."""

_WAITING = ("open", "told")


class Kind(StrEnum):
    """What is left over."""

    UNREAD = "unread"
    """What reached us and could not be handled."""
    UNSENT = "unsent"
    """What we owed and nobody took."""
    RESTORED = "restored"
    """What was owed when the backup was made that was put back."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """One of them; ``to``, ``person_id`` and ``cause`` of a letter, ``raw`` of what reached us."""

    id: int
    key: str
    kind: Kind
    platform: str
    raw: str
    reason: str
    cause: str
    at: datetime
    text: str
    to: Address | None
    person_id: int | None


_LEFT = (
    select(
        dead_letters,
        outbox.c.id.label("letter_id"),
        outbox.c.text,
        outbox.c.chat,
        outbox.c.topic,
        outbox.c.person_id,
    )
    # Keys of letters begin with what they are about, those of what reached us with the platform.
    .outerjoin(outbox, outbox.c.key == dead_letters.c.key)
    .order_by(dead_letters.c.id)
)


class Leftovers:
    """Dead letters of both directions, until the office has decided."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def give_up(self, key: str, platform: str, reason: str, now: datetime, *, cause: str = "") -> None:
        """Leave a letter that nobody took to the office."""
        values = {"reason": reason, "cause": cause, "at": now, "state": "open"}
        row = {"key": key, "platform": platform, "raw": "", **values}
        if not insert_once(self._connection, dead_letters, row):
            self._connection.execute(update(dead_letters).where(dead_letters.c.key == key).values(**values))

    def waiting(self, most: int) -> list[Leftover]:
        """Return what waits for a decision, the longest waiting first."""
        rows = self._connection.execute(_LEFT.where(dead_letters.c.state.in_(_WAITING)).limit(most))
        return [_leftover(row) for row in rows]

    def count(self) -> int:
        """Return how many wait for a decision."""
        waiting = select(func.count()).where(dead_letters.c.state.in_(_WAITING))
        return self._connection.execute(waiting).scalar_one()

    def last(self) -> int:
        """Return the id of the last that waits."""
        waiting = select(func.max(dead_letters.c.id)).where(dead_letters.c.state.in_(_WAITING))
        return self._connection.execute(waiting).scalar() or 0

    def has_news(self) -> bool:
        """Tell whether the office has not been told of one."""
        return self._some("open")

    def has_retried(self) -> bool:
        """Tell whether something that reached us is to be handled once more."""
        return self._some("retrying")

    def retried(self) -> list[Leftover]:
        """Return what reached us and is to be handled once more."""
        rows = self._connection.execute(_LEFT.where(dead_letters.c.state == "retrying"))
        return [_leftover(row) for row in rows]

    def tell(self) -> None:
        """Note that the office has been told of all."""
        told = update(dead_letters).where(dead_letters.c.state == "open").values(state="told")
        self._connection.execute(told)

    def told_at(self) -> datetime | None:
        """Return when the office was told last."""
        cards = select(outbox.c.made_at).where(
            # Without the second SQLite does not use the index of subjects.
            outbox.c.subject == SUBJECT,
            outbox.c.subject != "",
            outbox.c.updates_id.is_(None),
        )
        return self._connection.execute(cards.order_by(outbox.c.id.desc()).limit(1)).scalar()

    def of(self, first: int, last: int) -> list[Leftover]:
        """Return those of some ids that wait for a decision."""
        rows = self._connection.execute(
            _LEFT.where(dead_letters.c.state.in_(_WAITING), dead_letters.c.id.between(first, last))
        )
        return [_leftover(row) for row in rows]

    def settle(self, leftover: Leftover, state: str) -> None:
        """Note what was decided: to be handled once more, sent once more (``settled``) or ``discarded``."""
        decided = update(dead_letters).where(dead_letters.c.id == leftover.id)
        self._connection.execute(decided.values(state=state))

    def send_again(self, leftover: Leftover, to: Address | None, now: datetime) -> None:
        """Owe a letter again, at an address; what may have gone out bears the mark of a repeat."""
        values: dict[str, Any] = {"state": "waiting", "error": "", "due_at": now, "made_at": now}
        if leftover.kind is Kind.RESTORED:
            values["doubts"] = 1
        if to is not None:
            values |= {"platform": to.platform, "chat": to.chat, "topic": to.topic}
        self._connection.execute(
            update(outbox).where(outbox.c.key == leftover.key, outbox.c.state == "failed").values(**values)
        )

    def _some(self, state: str) -> bool:
        found = select(dead_letters.c.id).where(dead_letters.c.state == state).limit(1)
        return self._connection.execute(found).first() is not None


def set_aside(connection: Connection, now: datetime) -> int:
    """Leave to the office what was owed at a backup and would have gone out since; Return how many.

    What is private is given up: whoever wrote it hears of that.
    """
    owed = select(outbox.c.id, outbox.c.key, outbox.c.platform, outbox.c.subject).where(
        outbox.c.platform != "", outbox.c.state.in_(("waiting", "claimed")), outbox.c.due_at <= now
    )
    # To change a message in place twice does no harm.
    rows = connection.execute(owed.where(outbox.c.updates_id.is_(None)).order_by(outbox.c.id)).all()
    for row in rows:
        connection.execute(
            update(outbox)
            .where(outbox.c.id == row.id)
            .values(state="failed", error=RESTORED, leased_until=None)
        )
        if row.subject not in {PRIVATE, SUBJECT}:
            Leftovers(connection).give_up(row.key, row.platform, RESTORED, now)
    return len(rows)


def _leftover(row: Row[Any]) -> Leftover:
    is_letter = row.letter_id is not None
    kind = Kind.UNREAD if not is_letter else Kind.RESTORED if row.reason == RESTORED else Kind.UNSENT
    return Leftover(
        id=row.id,
        key=row.key,
        kind=kind,
        platform=row.platform,
        raw=row.raw,
        reason=row.reason,
        cause=row.cause,
        at=row.at,
        text=row.text if is_letter else "",
        to=Address(row.platform, row.chat, row.topic) if is_letter else None,
        person_id=row.person_id,
    )


def kept(raw: str) -> dict[str, Any] | None:
    """Return what was kept of a message that was read, and not handled; None of what could not be read."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.keys() >= {"key", "at", "sender", "sent_at"} else None
