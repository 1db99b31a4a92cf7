"""The people of the roster, where they can be reached, and how they join."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, func, or_, select, update

from bot.chat import Address
from bot.domain.people import Language, Person, Role, Unit, UnitKind
from storage.dialects import insert_once
from storage.prepared import Prepared
from storage.tables import contacts, delivery_pauses, invitations, people, roles, strangers, units

CAN_BE_WRITTEN_TO = and_(contacts.c.reachable, contacts.c.joined_at.is_not(None))
"""An account that the roster names takes nothing from a bot to which it has never written."""

_roles_of = (
    select(func.aggregate_strings(roles.c.role, ","))
    .where(roles.c.person_id == people.c.id)
    .scalar_subquery()
    .label("roles")
)
_PERSON: Select[Any] = select(people, units.c.name.label("unit"), _roles_of).select_from(
    people.outerjoin(units, units.c.id == people.c.unit_id)
)
_IS_AWAITED = (
    select(delivery_pauses.c.until)
    .where(
        delivery_pauses.c.platform == contacts.c.platform,
        delivery_pauses.c.chat == contacts.c.chat,
        delivery_pauses.c.until_heard,
    )
    .exists()
    .label("is_awaited")
)
_KNOWN = (
    _PERSON.add_columns(
        contacts.c.joined_at, contacts.c.reachable, contacts.c.account, contacts.c.chat, _IS_AWAITED
    )
    .join(contacts, contacts.c.person_id == people.c.id)
    .where(contacts.c.platform == bindparam("platform"), people.c.active)
)
_AT = Prepared(_KNOWN.where(contacts.c.account == bindparam("account")))
_BY_ALIAS = (
    _KNOWN.where(or_(contacts.c.account == bindparam("alias"), contacts.c.chat == bindparam("alias")))
    .order_by(contacts.c.id)
    .limit(1)
)
_GET = Prepared(_PERSON.where(people.c.id == bindparam("of")))
_MANY = Prepared(_PERSON.where(people.c.id.in_(bindparam("of", expanding=True))), "of")
_WITH_ROLE = _PERSON.where(
    people.c.active,
    people.c.id.in_(select(roles.c.person_id).where(roles.c.role.in_(bindparam("having", expanding=True)))),
).order_by(people.c.id)
_ADDRESS = Prepared(
    select(contacts)
    .where(contacts.c.person_id == bindparam("of"), CAN_BE_WRITTEN_TO)
    .order_by(
        contacts.c.preferred_at.desc().nulls_last(), contacts.c.joined_at.desc().nulls_last(), contacts.c.id
    )
    .limit(1)
)
_ADDRESSES = Prepared(
    select(contacts.c.person_id, contacts.c.platform, contacts.c.chat)
    .where(contacts.c.person_id.in_(bindparam("of", expanding=True)), CAN_BE_WRITTEN_TO)
    .order_by(
        contacts.c.preferred_at.asc().nulls_first(),
        contacts.c.joined_at.asc().nulls_first(),
        contacts.c.id.desc(),
    ),
    "of",
)


@dataclass(frozen=True, slots=True)
class Known:
    """Whose an account is; ``is_new`` until it first writes, ``is_back`` when it was given up and writes.

    It ``is_awaited`` when what is owed there waits until they write.
    """

    person: Person
    account: str
    chat: str
    is_new: bool
    is_back: bool
    is_awaited: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """Somebody with duties whom no message reaches; ``platforms`` are where the roster names them."""

    person: Person
    platforms: tuple[str, ...]


class People:
    """Who they are, what they are, and where they are."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def at(self, platform: str, account: str, alias: str = "") -> Known | None:
        """Return whose account this is, or whose chat is known by its second id; None for a stranger."""
        row = _AT.first(self._connection, platform=platform, account=account)
        if row is None and alias:
            row = self._connection.execute(_BY_ALIAS, {"platform": platform, "alias": alias}).first()
        if row is None:
            return None
        return Known(
            _person(row),
            row.account,
            row.chat,
            is_new=row.joined_at is None,
            is_back=not row.reachable,
            is_awaited=row.is_awaited,
        )

    def get(self, person_id: int) -> Person:
        """Return a person known to exist."""
        return _person(_GET.one(self._connection, of=person_id))

    def find(self, person_id: int) -> Person | None:
        """Return a person, None when there is none with this id."""
        row = _GET.first(self._connection, of=person_id)
        return _person(row) if row else None

    def many(self, person_ids: Collection[int]) -> dict[int, Person]:
        """Return people by their ids."""
        return {row.id: _person(row) for row in _MANY.all(self._connection, of=person_ids)}

    def all(self) -> list[Person]:
        """Return everybody who has duties, in the order of the roster."""
        return _people(self._connection, _PERSON.where(people.c.active).order_by(people.c.id))

    def everybody(self) -> list[Person]:
        """Return everybody there is or was, in the order of the roster."""
        return _people(self._connection, _PERSON.order_by(people.c.id))

    def with_role(self, *wanted: Role) -> list[Person]:
        """Return everybody who has one of these roles, in the order of the roster."""
        given = {"having": [str(role) for role in wanted]}
        return [_person(row) for row in self._connection.execute(_WITH_ROLE, given)]

    def named(self, name: str, unit: str = "") -> list[Person]:
        """Return everybody with a name (and unit, where one is given)."""
        wanted = _PERSON.where(people.c.active, people.c.name == name).order_by(people.c.id)
        return _people(self._connection, wanted.where(units.c.name == unit) if unit else wanted)

    def of_unit(self, unit_id: int, role: Role) -> list[Person]:
        """Return those of a unit who have a role, in the order of the roster."""
        having = select(roles.c.person_id).where(roles.c.role == str(role))
        return _people(
            self._connection,
            _PERSON.where(people.c.active, people.c.unit_id == unit_id, people.c.id.in_(having)).order_by(
                people.c.id
            ),
        )

    def units(self) -> list[Unit]:
        """Return every unit, in the order of the roster."""
        rows = self._connection.execute(select(units).order_by(units.c.id))
        return [Unit(row.id, row.name, UnitKind(row.kind), row.head) for row in rows]

    # --- contacts -----------------------------------------------------------------------

    def address(self, person_id: int) -> Address | None:
        """Return where a person is reached: where they chose, else where they joined last. None: nowhere."""
        row = _ADDRESS.first(self._connection, of=person_id)
        return Address(row.platform, row.chat) if row else None

    def addresses(self, person_ids: Iterable[int]) -> dict[int, Address]:
        """Return where each of these people is reached; who is nowhere is missing."""
        rows = _ADDRESSES.all(self._connection, of=list(person_ids))
        return {row.person_id: Address(row.platform, row.chat) for row in rows}

    def bind(self, person_id: int, platform: str, account: str, chat: str, now: datetime) -> bool:
        """Give a person an account; False if it is somebody's already."""
        row = {
            "person_id": person_id,
            "platform": platform,
            "account": account,
            "chat": chat,
            "joined_at": now,
        }
        return insert_once(self._connection, contacts, row)

    def greet(self, at: Address, account: str, now: datetime) -> bool:
        """Note that an account of the roster wrote for the first time, and where; False if it did before.

        The roster knows the account; what its chat is called shows only now.
        """
        return (
            self._connection.execute(
                update(contacts)
                .where(
                    contacts.c.platform == at.platform,
                    contacts.c.account == account,
                    contacts.c.joined_at.is_(None),
                )
                .values(joined_at=now, chat=at.chat)
            ).rowcount
            == 1
        )

    def rename_chat(self, platform: str, account: str, chat: str) -> None:
        """Note what the chat of an account is called, to know it by that name too."""
        mine = (contacts.c.platform == platform, contacts.c.account == account)
        self._connection.execute(update(contacts).where(*mine).values(chat=chat))

    def reachable(self, platform: str, account: str, *, yes: bool) -> list[int]:
        """Note whether an account takes messages; Return whose it is, where that is news."""
        mine = (contacts.c.platform == platform, contacts.c.account == account)
        whose = select(contacts.c.person_id).where(*mine, contacts.c.reachable.is_(not yes))
        found = list(self._connection.execute(whose).scalars())
        if found:
            self._connection.execute(update(contacts).where(*mine).values(reachable=yes))
        return found

    def joined(self) -> set[int]:
        """Return the ids of everybody who can be reached somewhere."""
        rows = self._connection.execute(select(contacts.c.person_id).where(CAN_BE_WRITTEN_TO))
        return set(rows.scalars())

    def missing(self) -> list[Missing]:
        """Return who has duties and can be reached nowhere, in the order of the roster."""
        reached = select(contacts.c.person_id).where(CAN_BE_WRITTEN_TO)
        lost = _PERSON.where(people.c.active, people.c.id.not_in(reached)).order_by(people.c.id)
        named: dict[int, dict[str, None]] = {}
        for row in self._connection.execute(select(contacts).order_by(contacts.c.id)):
            named.setdefault(row.person_id, {})[row.platform] = None
        return [Missing(each, tuple(named.get(each.id, ()))) for each in _people(self._connection, lost)]

    # --- joining ------------------------------------------------------------------------

    def invite(self, person_id: int, code_hash: str, now: datetime, expires_at: datetime) -> None:
        """Keep an invitation; only its hash, so that the database gives no code away."""
        row = {"person_id": person_id, "code_hash": code_hash, "made_at": now, "expires_at": expires_at}
        self._connection.execute(invitations.insert(), row)

    def redeem(self, code_hash: str, account: str, now: datetime) -> int | None:
        """Use an invitation up and return whom it is for; None if it is unknown, used or late."""
        taken = self._connection.execute(
            update(invitations)
            .where(
                invitations.c.code_hash == code_hash,
                invitations.c.used_at.is_(None),
                invitations.c.expires_at > now,
            )
            .values(used_at=now, used_by=account)
        )
        if taken.rowcount != 1:
            return None
        statement = select(invitations.c.person_id).where(invitations.c.code_hash == code_hash)
        return self._connection.execute(statement).scalar_one()

    def first_today(self, platform: str, account: str, day: date) -> bool:
        """Note that an account is told who writes here; True if it has not been today."""
        insert_once(self._connection, strangers, {"platform": platform, "account": account})
        return (
            self._connection.execute(
                update(strangers)
                .where(strangers.c.platform == platform, strangers.c.account == account)
                .where(strangers.c.told_on.is_distinct_from(day))
                .values(told_on=day)
            ).rowcount
            == 1
        )

    def wrong_code(self, platform: str, account: str, most: int, locked_until: datetime) -> bool:
        """Count a wrong code; True if it was the last one allowed and the account is now locked."""
        insert_once(self._connection, strangers, {"platform": platform, "account": account})
        mine = (strangers.c.platform == platform, strangers.c.account == account)
        self._connection.execute(
            update(strangers).where(*mine).values(wrong_tries=strangers.c.wrong_tries + 1)
        )
        return (
            self._connection.execute(
                update(strangers)
                .where(*mine, strangers.c.wrong_tries >= most)
                .values(wrong_tries=0, locked_until=locked_until)
            ).rowcount
            == 1
        )

    def locked_until(self, platform: str, account: str) -> datetime | None:
        """Return until when an account may not try codes; None if it never gave too many wrong ones."""
        statement = select(strangers.c.locked_until).where(
            strangers.c.platform == platform, strangers.c.account == account
        )
        return self._connection.execute(statement).scalar()


def _people(connection: Connection, statement: Select[Any]) -> list[Person]:
    return [_person(row) for row in connection.execute(statement)]


def _person(row: Row[Any]) -> Person:
    return Person(
        id=row.id,
        name=row.name,
        unit_id=row.unit_id,
        unit=row.unit or "",
        title=row.title,
        roles=frozenset(Role(role) for role in (row.roles or "").split(",") if role),
        language=Language(row.language),
        active=row.active,
    )
