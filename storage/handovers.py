"""Handovers (干部调整): what is in somebody's hands beside their problems, and how it passes to another."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, exists, func, insert, or_, select, update

from bot.domain.missives import Missive
from bot.domain.people import Duty, Role
from bot.domain.problems import OPEN, Problem
from bot.domain.requests import Request
from storage.dialects import insert_once
from storage.leaves import Leave
from storage.roster.duties import Duties
from storage.tables import (
    assignments,
    contacts,
    handovers,
    leaves,
    people,
    problems,
    projects,
    requests,
    roles,
    routes,
)

_IS_OPEN = problems.c.state.in_([str(state) for state in OPEN])
_LOST = (
    select(contacts.c.person_id)
    .group_by(contacts.c.person_id)
    .having(
        func.count(contacts.c.joined_at) > 0,
        func.sum(case((contacts.c.reachable, 1), else_=0)) == 0,
    )
)
_GONE = (
    select(people.c.id)
    .where(
        or_(~people.c.active, people.c.id.in_(_LOST)),
        or_(
            exists().where(problems.c.holder_id == people.c.id, _IS_OPEN),
            exists().where(problems.c.confirmer_id == people.c.id, _IS_OPEN),
        ),
    )
    .order_by(people.c.id)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Held:
    """A duty somebody has on a project today."""

    project_id: int
    project: str
    duty: Duty


@dataclass(frozen=True)
class Hands:
    """Everything in somebody's hands that passes with a handover."""

    duties: tuple[Held, ...]
    held: tuple[Problem, ...]
    to_confirm: tuple[Problem, ...]
    asked: tuple[Request, ...]
    missives: tuple[Missive, ...]
    routes: tuple[int, ...]
    covers: tuple[Leave, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to pass on."""
        return not any(
            (self.duties, self.held, self.to_confirm, self.asked, self.missives, self.routes, self.covers)
        )

    @cached_property
    def projects(self) -> dict[int, list[Held]]:
        """The duties, project by project."""
        found: dict[int, list[Held]] = {}
        for held in self.duties:
            found.setdefault(held.project_id, []).append(held)
        return found

    @cached_property
    def problems(self) -> dict[int, Problem]:
        """The problems held, or to be confirmed, by their ids."""
        return {each.id: each for each in (*self.held, *self.to_confirm)}


@dataclass(frozen=True, slots=True)
class Handover:
    """One handover; ``given_at`` and ``taken_at`` are when its two sides called it complete."""

    id: int
    giver_id: int
    taker_id: int
    at: datetime
    given_at: datetime | None
    taken_at: datetime | None


class Handovers:
    """What passes from hand to hand; nothing of what was before is overwritten."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # --- what somebody has --------------------------------------------------------------

    def duties(self, person_id: int, today: date) -> list[Held]:
        """Return the duties somebody has today, in the order of the projects."""
        rows = self._connection.execute(
            select(assignments.c.project_id, projects.c.name, assignments.c.duty)
            .join(projects, projects.c.id == assignments.c.project_id)
            .where(assignments.c.person_id == person_id)
            .where(or_(assignments.c.until.is_(None), assignments.c.until > today))
            .order_by(assignments.c.project_id, assignments.c.id)
        )
        return [Held(row.project_id, row.name, Duty(row.duty)) for row in rows]

    def routes(self, person_id: int) -> list[int]:
        """Return the routing rules that name somebody."""
        statement = select(routes.c.id).where(routes.c.person_id == person_id).order_by(routes.c.id)
        return list(self._connection.execute(statement).scalars())

    def is_routed_to(self, unit_id: int) -> bool:
        """Tell whether a routing rule names a unit."""
        return (
            self._connection.execute(select(routes.c.id).where(routes.c.unit_id == unit_id)).first()
            is not None
        )

    def substitutes(self, person_id: int, first: date, last: date) -> list[int]:
        """Return who stands in for somebody on any of these days."""
        statement = select(leaves.c.substitute_id).where(
            leaves.c.person_id == person_id,
            leaves.c.cancelled_at.is_(None),
            leaves.c.first <= last,
            leaves.c.last >= first,
        )
        return list(self._connection.execute(statement).scalars())

    def gone(self, most: int) -> list[int]:
        """Return who holds, or is to confirm, an open problem and has no duties or no contact any more.

        Who never had a contact has not left, nor who may still open one: their cards wait for that.
        """
        return list(self._connection.execute(_GONE, {"most": most}).scalars())

    # --- how it passes ------------------------------------------------------------------

    def pass_duties(self, giver_id: int, taker_id: int, today: date) -> None:
        """End somebody's duties today and let another have them from today on.

        What the other has already they go on having: no duty is had twice.
        """
        duties = Duties(self._connection, today)
        duties.pass_on(giver_id, taker_id)
        duties.write()

    def pass_routes(self, giver_id: int, taker_id: int) -> None:
        """Let the routing rules that name somebody name another."""
        self._connection.execute(
            update(routes).where(routes.c.person_id == giver_id).values(person_id=taker_id)
        )

    def pass_request(self, request: Request, taker_id: int | None) -> None:
        """Let what waits for somebody's answer wait for another's; None: the office's."""
        self._connection.execute(
            update(requests)
            .where(requests.c.id == request.id, requests.c.answer == "")
            .values(to_id=taker_id)
        )

    def pass_cover(self, leave: Leave, taker_id: int) -> None:
        """Let another stand in during a leave."""
        self._connection.execute(update(leaves).where(leaves.c.id == leave.id).values(substitute_id=taker_id))

    def grant(self, person_id: int, role: Role) -> None:
        """Give somebody a role."""
        insert_once(self._connection, roles, {"person_id": person_id, "role": str(role)})

    def revoke(self, person_id: int, role: Role) -> None:
        """Take a role from somebody."""
        self._connection.execute(
            delete(roles).where(roles.c.person_id == person_id, roles.c.role == str(role))
        )

    # --- the handover itself ------------------------------------------------------------

    def add(
        self,
        giver_id: int,
        taker_id: int,
        by_id: int | None,
        now: datetime,
        *,
        projects: int,
        problems: int,
    ) -> int:
        """Enter a handover, of so many projects and problems; Return its id."""
        row = {
            "from_id": giver_id,
            "to_id": taker_id,
            "by_id": by_id,
            "at": now,
            "projects": projects,
            "problems": problems,
        }
        key: Any = self._connection.execute(insert(handovers), row).inserted_primary_key
        return int(key[0])

    def get(self, handover_id: int) -> Handover | None:
        """Return a handover."""
        row = self._connection.execute(select(handovers).where(handovers.c.id == handover_id)).first()
        if row is None:
            return None
        return Handover(row.id, row.from_id, row.to_id, row.at, row.given_at, row.taken_at)

    def given(self, handover: Handover, now: datetime) -> bool:
        """Note that the one who gave calls it complete; False if they have before."""
        return self._receipted(handover, "given_at", now)

    def taken(self, handover: Handover, now: datetime) -> bool:
        """Note that the one who took calls it complete; False if they have before."""
        return self._receipted(handover, "taken_at", now)

    def _receipted(self, handover: Handover, side: str, now: datetime) -> bool:
        return (
            self._connection.execute(
                update(handovers)
                .where(handovers.c.id == handover.id, handovers.c[side].is_(None))
                .values({side: now})
            ).rowcount
            == 1
        )
