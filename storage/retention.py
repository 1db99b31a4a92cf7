"""What is older than the county keeps it: found by a reader, dropped a chunk at a time (FAULTS I22)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, and_, cast, delete, exists, or_, select, update

from storage.letters import SENT
from storage.tables import (
    attachments,
    audit,
    contacts,
    dead_letters,
    inbox,
    invitations,
    outbox,
    people,
    strangers,
)

_STRANGER = strangers.c.platform + ":" + strangers.c.account
"""The same account may be somebody else on another platform."""
_OVER = ("sent", "failed", "superseded")
_left = and_(
    audit.c.subject == "person:" + cast(people.c.id, String),
    audit.c.action.in_(("roster.ended", "person.forgotten")),
)


class Expired:
    """Finds and drops what is too old; a letter is emptied, so that no slot of it is filled twice."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def found(self, kind: str, before: datetime, after: Any, most: int) -> list[Any]:
        """Return the ids of what is older than a moment, those after one, at most so many."""
        column, is_old = _KINDS[kind](before)
        wanted = select(column).where(is_old).order_by(column).limit(most)
        if after is not None:
            wanted = wanted.where(column > after)
        return list(self._connection.execute(wanted).scalars())

    def files(self, ids: Collection[int]) -> list[str]:
        """Return where the bytes of attachments are kept."""
        paths = select(attachments.c.path).where(attachments.c.id.in_(ids), attachments.c.path != "")
        return list(self._connection.execute(paths).scalars())

    def drop(self, kind: str, ids: Sequence[Any]) -> None:
        """Drop what was found, or what of it tells anything."""
        run = self._connection.execute
        match kind:
            case "inbox":
                run(delete(inbox).where(inbox.c.key.in_(ids)))
            case "strangers":
                run(delete(strangers).where(_STRANGER.in_(ids)))
            case "dead_letters":
                run(delete(dead_letters).where(dead_letters.c.id.in_(ids)))
            case "messages":
                # Without a token nobody is taken to mean its buttons.
                emptied: dict[str, Any] = {"text": "", "buttons": [], "token": None, "error": ""}
                run(update(outbox).where(outbox.c.id.in_(ids), outbox.c.state.in_(_OVER)).values(emptied))
            case "contacts":
                gone = [people.c.id.in_(ids), ~people.c.active]
                run(update(people).where(*gone).values(phone=""))
                for table in (contacts, invitations):
                    run(delete(table).where(table.c.person_id.in_(select(people.c.id).where(*gone))))
            case "attachments":
                lost = {"state": "expired", "path": "", "token": ""}
                run(update(attachments).where(attachments.c.id.in_(ids)).values(lost))


def _inbox(before: datetime) -> tuple[Any, ColumnElement[bool]]:
    # What a restore notes as sent stands for letters that are gone, and no slot is forgotten.
    return inbox.c.key, and_(inbox.c.at < before, ~inbox.c.key.startswith(SENT))


def _strangers(before: datetime) -> tuple[Any, ColumnElement[bool]]:
    is_locked = strangers.c.locked_until >= before
    told = or_(strangers.c.told_on < before.date(), strangers.c.told_on.is_(None))
    return _STRANGER, and_(told, or_(strangers.c.locked_until.is_(None), ~is_locked))


def _dead_letters(before: datetime) -> tuple[Any, ColumnElement[bool]]:
    return dead_letters.c.id, dead_letters.c.at < before


def _messages(before: datetime) -> tuple[Any, ColumnElement[bool]]:
    return outbox.c.id, and_(outbox.c.made_at < before, outbox.c.state.in_(_OVER), outbox.c.text != "")


def _contacts(before: datetime) -> tuple[Any, ColumnElement[bool]]:
    """Tell who left before a moment, and not again since, and is still reached or called somewhere."""
    kept = or_(people.c.phone != "", exists().where(contacts.c.person_id == people.c.id))
    left = exists().where(_left, audit.c.at < before)
    lately = exists().where(_left, audit.c.at >= before)
    return people.c.id, and_(~people.c.active, kept, left, ~lately)


def _attachments(before: datetime) -> tuple[Any, ColumnElement[bool]]:
    return attachments.c.id, and_(attachments.c.at < before, attachments.c.state != "expired")


_KINDS = {
    "inbox": _inbox,
    "strangers": _strangers,
    "dead_letters": _dead_letters,
    "messages": _messages,
    "contacts": _contacts,
    "attachments": _attachments,
}
