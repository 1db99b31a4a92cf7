"""The group chats the bot is in, and the scope that the office gave each."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from bot.chat import Address
from storage.dialects import insert_once
from storage.tables import chats

_BOUND = select(chats).where(chats.c.state == "bound").order_by(chats.c.id)


@dataclass(frozen=True, slots=True)
class Chat:
    """A group; ``scope`` is empty until the office has bound it, ``heard_at`` while it takes nothing."""

    id: int
    at: Address
    title: str
    scope: str
    state: str
    bound_at: datetime | None
    heard_at: datetime | None = None


class Chats:
    """Groups are met, heard from, bound by the office, moved and left."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def meet(self, at: Address, title: str, now: datetime) -> Chat:
        """Return the group the bot was added to; a group it had left is met again, unbound."""
        row = {
            "platform": at.platform,
            "chat": at.chat,
            "title": title,
            "state": "met",
            "seen_at": now,
            "heard_at": now,
        }
        if not insert_once(self._connection, chats, row):
            self._connection.execute(
                update(chats)
                .where(*_is(at), chats.c.state == "left")
                .values(state="met", scope="", title=title, seen_at=now, heard_at=now)
            )
        return _chat(self._connection.execute(select(chats).where(*_is(at))).one())

    def at(self, at: Address) -> Chat | None:
        """Return the group with an address."""
        row = self._connection.execute(select(chats).where(*_is(at))).first()
        return _chat(row) if row else None

    def get(self, chat_id: int) -> Chat | None:
        """Return a group by its id."""
        row = self._connection.execute(select(chats).where(chats.c.id == chat_id)).first()
        return _chat(row) if row else None

    def rename(self, chat_id: int, title: str) -> None:
        """Call a group by another title."""
        self._connection.execute(update(chats).where(chats.c.id == chat_id).values(title=title))

    def hear(self, at: Address, now: datetime) -> bool:
        """Note that a group takes messages; False if that was known, or the bot is not in it."""
        return (
            self._connection.execute(
                update(chats)
                .where(*_is(at), chats.c.heard_at.is_(None), chats.c.state != "left")
                .values(heard_at=now)
            ).rowcount
            == 1
        )

    def unhear(self, at: Address) -> bool:
        """Note that a group takes nothing until somebody there calls the bot; False if that was known."""
        return (
            self._connection.execute(
                update(chats).where(*_is(at), chats.c.heard_at.is_not(None)).values(heard_at=None)
            ).rowcount
            == 1
        )

    def bind(self, chat_id: int, scope: str, person_id: int | None, now: datetime) -> bool:
        """Give a group its scope; False if the bot has left it or it is bound already."""
        return (
            self._connection.execute(
                update(chats)
                .where(chats.c.id == chat_id, chats.c.state == "met")
                .values(scope=scope, state="bound", bound_by=person_id, bound_at=now)
            ).rowcount
            == 1
        )

    def unbind(self, chat_id: int) -> bool:
        """Take its scope from a group, so that nothing is posted there; False if it has none."""
        return (
            self._connection.execute(
                update(chats)
                .where(chats.c.id == chat_id, chats.c.state == "bound")
                .values(scope="", state="met", bound_by=None, bound_at=None)
            ).rowcount
            == 1
        )

    def leave(self, at: Address) -> bool:
        """Note that the bot is no longer in a group; False if it was not."""
        return (
            self._connection.execute(
                update(chats).where(*_is(at), chats.c.state != "left").values(state="left")
            ).rowcount
            == 1
        )

    def move(self, at: Address, to: str) -> bool:
        """Follow a group to its new id; False if the old one is unknown.

        A group that was met under its new id before we heard of the move is the same group.
        """
        old, new = self.at(at), self.at(Address(at.platform, to))
        if old is None or at.chat == to:
            return False
        if new is not None:
            self._connection.execute(delete(chats).where(chats.c.id == new.id))
        scope = old.scope or (new.scope if new else "")
        self._connection.execute(
            update(chats)
            .where(chats.c.id == old.id)
            .values(
                chat=to,
                scope=scope,
                state="bound" if scope else "met",
                bound_at=old.bound_at or (new.bound_at if new else None),
                heard_at=old.heard_at or (new.heard_at if new else None),
            )
        )
        return True

    def bound(self) -> list[Chat]:
        """Return the groups with a scope, in the order in which they were met."""
        return [_chat(row) for row in self._connection.execute(_BOUND)]

    def unheard(self) -> list[Chat]:
        """Return the groups with a scope that take nothing until somebody there calls the bot."""
        return [chat for chat in self.bound() if chat.heard_at is None]

    def all(self) -> list[Chat]:
        """Return the groups the bot is in."""
        rows = self._connection.execute(select(chats).where(chats.c.state != "left").order_by(chats.c.id))
        return [_chat(row) for row in rows]


def _is(at: Address) -> tuple[Any, Any]:
    return chats.c.platform == at.platform, chats.c.chat == at.chat


def _chat(row: Row[Any]) -> Chat:
    return Chat(
        id=row.id,
        at=Address(row.platform, row.chat, row.topic),
        title=row.title,
        scope=row.scope,
        state=row.state,
        bound_at=row.bound_at,
        heard_at=row.heard_at,
    )
