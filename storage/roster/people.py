"""The sheets 单位 and 人员: who there is, what they are, and on which accounts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from bot.domain.columns import RETIRED, Sheet
from bot.domain.people import Language, Role
from bot.domain.problems import OPEN
from bot.domain.roster import PersonName, PersonRow, UnitRow
from storage.roster.changes import Change, Journal, What, differences, listed
from storage.roster.contacts import Contacts, platforms
from storage.roster.duties import Duties
from storage.roster.merge import Merged, merge
from storage.tables import people, problems, roles, units

UnitIds = Mapping[str, int | None]
"""The units by name; the empty name is no unit."""


def merge_units(connection: Connection, rows: Sequence[UnitRow], journal: Journal) -> UnitIds:
    """Bring the units up to the roster and return all there are."""
    merged = merge(
        connection,
        units,
        ("name",),
        [{"name": row.name, "kind": str(row.kind), "head": row.head} for row in rows],
    )
    for row, unit in zip(rows, merged, strict=True):
        _tell_unit(row, unit, journal)
    named = {row.name: row.id for row in connection.execute(select(units.c.name, units.c.id))}
    return {"": None, **named}


def _tell_unit(row: UnitRow, unit: Merged, journal: Journal) -> None:
    subject = f"unit:{unit.id}"
    if unit.is_new:
        journal.add(Change(Sheet.UNITS, What.ADDED, row.name, str(row.kind)), subject, {}, unit.now)
    elif unit.now:
        told = differences(Sheet.UNITS, unit.was, unit.now)
        journal.add(Change(Sheet.UNITS, What.CHANGED, row.name, "；".join(told)), subject, unit.was, unit.now)


def merge_people(
    connection: Connection,
    rows: Sequence[PersonRow],
    unit_ids: UnitIds,
    duties: Duties,
    now: datetime,
    journal: Journal,
) -> list[int]:
    """Bring the people up to the roster and return the ids of those who are 停用.

    A role that a row no longer names is lost; a telephone number or an account it leaves empty is
    kept, because people also join by invitation.
    """
    merged = merge(
        connection,
        people,
        ("name", "unit_id"),
        [
            {
                "name": row.name,
                "unit_id": unit_ids[row.unit],
                "title": row.title,
                "phone": row.phone,
                "language": row.language and str(row.language),
                "active": row.active,
            }
            for row in rows
        ],
        fresh={"language": str(Language.CHINESE)},
    )
    everybody = list(zip(rows, merged, strict=True))
    contacts = Contacts(connection)
    contacts.give({person.id: row for row, person in everybody})
    roles_before = _merge_roles(connection, everybody)
    turned = [(row, person) for row, person in everybody if "active" in person.was]
    open_problems = _open_problems(connection, [p.id for row, p in turned if not row.active])
    for row, person in everybody:
        entry = _Entry(row, person, roles_before.get(person.id, frozenset()), contacts.told(person.id))
        entry.tell(journal, duties.labels(person.id), open_problems[person.id])
    contacts.let_in([p.id for r, p in turned if r.active])
    contacts.shut_out([p.id for r, p in turned if not r.active], now)
    for person_id, told in contacts.told_of_others().items():
        _tell_loser(connection, person_id, told, journal)
    return [person.id for row, person in everybody if not row.active]


class _Entry:
    """One row of 人员 with everything that became of it."""

    def __init__(
        self, row: PersonRow, person: Merged, roles_before: frozenset[str], accounts: Sequence[str]
    ) -> None:
        self._row = row
        self._person = person
        self._roles_before = roles_before
        self._accounts = accounts

    def tell(self, journal: Journal, had: Sequence[str], holds: Sequence[str]) -> None:
        row, person = self._row, self._person
        now_roles = [str(role) for role in Role if role in row.roles]
        was, now = dict(person.was), {name: person.now[name] for name in person.now if name != "name"}
        told = [] if person.is_new else differences(Sheet.PEOPLE, was, now)
        if self._roles_before != set(now_roles):
            before = [role for role in Role if role in self._roles_before]
            was["roles"], now["roles"] = before, now_roles
            told.append(f"角色 {listed(before)} → {listed(now_roles)}")
        if self._accounts:
            now["accounts"] = platforms(self._accounts)
            told += self._accounts
        what = What.CHANGED
        if person.is_new:
            what = What.ADDED
            told = [*filter(None, [row.title, "、".join(now_roles), "" if row.active else RETIRED])]
        elif was.get("active"):
            what = What.ENDED
            if had:
                told.append(f"卸下 {listed(had)}")
            if holds:
                told.append(f"还有问题要转办：{listed(holds)}")
        elif "active" in was:
            told.insert(0, "恢复")
        if told or what is not What.CHANGED:
            name = str(PersonName(row.name, row.unit or None))
            change = Change(Sheet.PEOPLE, what, name, "；".join(told))
            journal.add(change, f"person:{person.id}", was, now)


def _merge_roles(
    connection: Connection, everybody: Sequence[tuple[PersonRow, Merged]]
) -> dict[int, frozenset[str]]:
    """Give everybody exactly the roles of their row and return those they had."""
    held: dict[int, set[str]] = defaultdict(set)
    for row in connection.execute(select(roles)):
        held[row.person_id].add(row.role)
    lost, won = [], []
    for person_row, person in everybody:
        wanted = {str(role) for role in person_row.roles}
        lost += [(person.id, role) for role in held[person.id] - wanted]
        won += [{"person_id": person.id, "role": role} for role in sorted(wanted - held[person.id])]
    for person_id, role in lost:
        connection.execute(delete(roles).where(roles.c.person_id == person_id, roles.c.role == role))
    if won:
        connection.execute(insert(roles), won)
    return {person_id: frozenset(had) for person_id, had in held.items()}


def _open_problems(connection: Connection, person_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the numbers of the open problems that these people hold."""
    found: dict[int, list[str]] = defaultdict(list)
    if person_ids:
        rows = connection.execute(
            select(problems.c.holder_id, problems.c.number)
            .where(problems.c.state.in_([str(state) for state in OPEN]), problems.c.holder_id.in_(person_ids))
            .order_by(problems.c.id)
        )
        for row in rows:
            found[row.holder_id].append(row.number)
    return found


def _tell_loser(connection: Connection, person_id: int, told: Sequence[str], journal: Journal) -> None:
    """Tell of somebody whom the roster does not name, and whose account it gives to another."""
    row = connection.execute(
        select(people.c.name, units.c.name.label("unit"))
        .outerjoin(units, units.c.id == people.c.unit_id)
        .where(people.c.id == person_id)
    ).one()
    change = Change(Sheet.PEOPLE, What.CHANGED, str(PersonName(row.name, row.unit)), "；".join(told))
    journal.add(change, f"person:{person_id}", {}, {"accounts": platforms(told)})
