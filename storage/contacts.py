"""The accounts of people: opened by a first word, closed until another, chosen among several."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, String, cast, or_, select, update

from bot.chat import Address
from storage.people import CAN_BE_WRITTEN_TO
from storage.tables import contacts, outbox, people

_OPENING = (
    "opening:" + cast(contacts.c.person_id, String) + ":" + contacts.c.platform + ":" + contacts.c.account
)


@dataclass(frozen=True, slots=True)
class Contact:
    """An account of a person, and the chat in which it is written to."""

    id: int
    person_id: int
    account: str
    at: Address
    reachable: bool
    joined_at: datetime | None

    @property
    def takes_messages(self) -> bool:
        """Whether it can be written to."""
        return self.reachable and self.joined_at is not None

    @property
    def spell(self) -> str:
        """The slot of the news that it takes nothing any more: once after each time it did."""
        since = f"{self.joined_at:%Y%m%d%H%M%S}" if self.joined_at else ""
        return f"unopened:{self.person_id}:{self.at.platform}:{self.account}:{since}"

    @property
    def opening(self) -> str:
        """The slot of the first words to an account that has never written."""
        return f"opening:{self.person_id}:{self.at.platform}:{self.account}"


class Contacts:
    """Who is reached where, account by account."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, person_id: int) -> list[Contact]:
        """Return somebody's accounts, the one that is written to first."""
        rows = self._connection.execute(
            select(contacts)
            .where(contacts.c.person_id == person_id)
            .order_by(
                CAN_BE_WRITTEN_TO.desc(),
                contacts.c.preferred_at.desc().nulls_last(),
                contacts.c.joined_at.desc().nulls_last(),
                contacts.c.id,
            )
        )
        return [_contact(row) for row in rows]

    def at(self, at: Address) -> list[Contact]:
        """Return the accounts that are written to in a chat."""
        here = (contacts.c.platform == at.platform, contacts.c.chat == at.chat)
        rows = self._connection.execute(select(contacts).where(*here).order_by(contacts.c.id))
        return [_contact(row) for row in rows]

    def unopen(self, contact: Contact) -> bool:
        """Note that an account takes nothing until its owner writes; False if that was known."""
        return (
            self._connection.execute(
                update(contacts)
                .where(contacts.c.id == contact.id, contacts.c.joined_at.is_not(None))
                .values(joined_at=None)
            ).rowcount
            == 1
        )

    def has_written(self, person_id: int, at: Address, since: datetime) -> bool:
        """Tell whether somebody has been answered in a private chat since a moment: they wrote there."""
        answered = select(outbox.c.id).where(
            outbox.c.platform == at.platform,
            outbox.c.chat == at.chat,
            outbox.c.person_id == person_id,
            outbox.c.made_at > since,
            ~outbox.c.in_group,
            or_(outbox.c.key.like("reply:%"), outbox.c.key.like("hello:%")),
        )
        return self._connection.execute(answered.limit(1)).first() is not None

    def unopened(self, platforms: Collection[str], most: int, *, pilots_only: bool = False) -> list[Contact]:
        """Return the accounts of these platforms that never wrote, and were not written to first either.

        Not those of people who are reached elsewhere: where they are written to is theirs to choose.
        """
        elsewhere = contacts.alias()
        is_reached = select(elsewhere.c.id).where(
            elsewhere.c.person_id == contacts.c.person_id,
            elsewhere.c.reachable,
            elsewhere.c.joined_at.is_not(None),
        )
        greeted = select(outbox.c.id).where(outbox.c.key == _OPENING).exists()
        rows = self._connection.execute(
            select(contacts)
            .join(people, people.c.id == contacts.c.person_id)
            .where(
                contacts.c.platform.in_(platforms),
                contacts.c.joined_at.is_(None),
                contacts.c.reachable,
                people.c.active,
                *([people.c.pilot] if pilots_only else []),
                ~greeted,
                ~is_reached.exists(),
            )
            .order_by(contacts.c.id)
            .limit(most)
        )
        return [_contact(row) for row in rows]

    def prefer(self, contact: Contact, now: datetime) -> None:
        """Note that its owner wants to be written to there."""
        self._connection.execute(update(contacts).where(contacts.c.id == contact.id).values(preferred_at=now))


def _contact(row: Row[Any]) -> Contact:
    return Contact(
        id=row.id,
        person_id=row.person_id,
        account=row.account,
        at=Address(row.platform, row.chat),
        reachable=row.reachable,
        joined_at=row.joined_at,
    )
