"""Everybody in the database, found by the names that rows of a roster call them."""

from collections import defaultdict

from sqlalchemy import Connection, insert, select

from bot.domain.roster import PersonName
from storage.tables import people, units


class Register:
    """The people after the sheet 人员 was merged."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._names: dict[int, PersonName] = {}
        self._active: set[int] = set()
        self._namesakes: dict[str, list[tuple[str, int]]] = defaultdict(list)
        rows = connection.execute(
            select(people.c.id, people.c.name, people.c.active, units.c.name.label("unit"))
            .outerjoin(units, units.c.id == people.c.unit_id)
            .order_by(people.c.id)
        )
        for row in rows:
            self._enter(row.id, row.name, row.unit or "", active=row.active)

    def _enter(self, person_id: int, name: str, unit: str, *, active: bool) -> None:
        self._names[person_id] = PersonName(name, unit or None)
        self._namesakes[name].append((unit, person_id))
        if active:
            self._active.add(person_id)

    def name(self, person_id: int | None) -> str:
        """Return what somebody is called, with the unit where there are namesakes; nothing for nobody."""
        if person_id is None:
            return ""
        who = self._names[person_id]
        return who.name if len(self._namesakes[who.name]) == 1 else str(who)

    def is_active(self, person_id: int) -> bool:
        """Tell whether somebody has duties."""
        return person_id in self._active

    def find(self, who: PersonName) -> int | None:
        """Return who is meant, None for nobody; of namesakes those who left are not meant.

        Raise LookupError where two could be meant: the roster was not checked.
        """
        found = [each for unit, each in self._namesakes[who.name] if who.unit in {None, unit}]
        if len(found) > 1:
            found = [each for each in found if each in self._active]
        if len(found) > 1:
            raise LookupError(str(who))
        return found[0] if found else None

    def get(self, who: PersonName) -> int:
        """Return who is meant; Raise LookupError where that is nobody: the roster was not checked."""
        person_id = self.find(who)
        if person_id is None:
            raise LookupError(str(who))
        return person_id

    def remember(self, who: PersonName) -> int:
        """Enter somebody who left before the county had a bot, so that its ledger keeps their name."""
        row = {"name": who.name, "active": False}
        person_id: int = self._connection.execute(insert(people).returning(people.c.id), row).scalar_one()
        self._enter(person_id, who.name, who.unit or "", active=False)
        return person_id
