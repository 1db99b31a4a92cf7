"""The register of missives in the chat: counted and cut by the database, a page at a time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, String, and_, case, cast, func, literal, or_, select

from bot.domain.missives import NUMBERED, Missive, MissiveKind, MissiveState
from storage.missives import MISSIVE, missive_of
from storage.tables import missives, receipts

_OUT = [str(state) for state in NUMBERED]


@dataclass(frozen=True, slots=True)
class Sought:
    """Which letters of the register are asked for, and by whom; without ``seers`` everything is seen.

    ``seers`` are the people somebody acts for, ``project_ids`` the projects that they answer for.
    """

    kind: MissiveKind | None = None
    drafts: bool = False
    overdue: bool = False
    seers: Collection[int] | None = None
    project_ids: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class Counter:
    """How many letters of a kind have gone out in a year, and what has become of them."""

    kind: MissiveKind
    sent: int
    received: int
    replied: int
    overdue: int


class MissiveRegister:
    """Reads a page of letters, never all of them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def counters(self, year: int, today: date) -> list[Counter]:
        """Return what has become of a year's letters, kind by kind, where there were any."""
        late = and_(missives.c.state == str(MissiveState.SENT), missives.c.reply_due < today)
        rows = self._connection.execute(
            select(
                missives.c.kind,
                func.count().label("sent"),
                func.count(missives.c.received_at).label("received"),
                func.count(missives.c.replied_at).label("replied"),
                func.count(case((late, 1))).label("overdue"),
            )
            .where(missives.c.year == year)
            .group_by(missives.c.kind)
        )
        found = {
            row.kind: Counter(MissiveKind(row.kind), row.sent, row.received, row.replied, row.overdue)
            for row in rows
        }
        return [found[kind] for kind in MissiveKind if kind in found]

    def count(self, sought: Sought, today: date) -> int:
        """Count what is asked for."""
        statement = select(func.count()).select_from(missives).where(*_conditions(sought, today))
        return self._connection.execute(statement).scalar_one()

    def page(self, sought: Sought, today: date, *, skip: int, most: int) -> list[Missive]:
        """Return a page of the register, the latest first; drafts the oldest first."""
        order = missives.c.id if sought.drafts else missives.c.id.desc()
        statement = MISSIVE.where(*_conditions(sought, today)).order_by(order).offset(skip).limit(most)
        return [missive_of(row) for row in self._connection.execute(statement)]

    def open_to(self, person_id: int) -> list[Missive]:
        """Return the letters that went to somebody and are not closed."""
        is_open = missives.c.state.in_([str(MissiveState.SENT), str(MissiveState.REPLIED)])
        statement = MISSIVE.where(is_open, _went_to([person_id])).order_by(missives.c.id)
        return [missive_of(row) for row in self._connection.execute(statement)]


def _conditions(sought: Sought, today: date) -> list[ColumnElement[bool]]:
    if sought.drafts:
        return [missives.c.state == str(MissiveState.DRAFT)]
    conditions: list[ColumnElement[bool]] = [missives.c.state.in_(_OUT)]
    if sought.kind is not None:
        conditions.append(missives.c.kind == str(sought.kind))
    if sought.overdue:
        conditions += [missives.c.state == str(MissiveState.SENT), missives.c.reply_due < today]
    if sought.seers is not None:
        of_theirs = missives.c.project_id.in_(list(sought.project_ids))
        conditions.append(or_(_went_to(sought.seers), of_theirs))
    return conditions


def _went_to(person_ids: Collection[int]) -> ColumnElement[bool]:
    """Return the condition that a letter was handed to one of some people."""
    theirs = select(receipts.c.subject).where(receipts.c.person_id.in_(list(person_ids)))
    return literal("missive:").concat(cast(missives.c.id, String)).in_(theirs)
