"""The sheet 问题: the ledger that the county already has, each problem under its own number."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, tzinfo
from typing import Any

from sqlalchemy import Connection, insert, select

from bot.domain.columns import Sheet
from bot.domain.people import Duty, Role
from bot.domain.problems import OPEN, State, Urgency
from bot.domain.roster import PersonName, ProblemRow
from storage.people import People
from storage.roster.changes import Change, Journal, What
from storage.roster.counting import sequences
from storage.roster.duties import Duties
from storage.roster.projects import Numbered
from storage.roster.register import Register
from storage.routes import Routes
from storage.tables import custody, problems

_REPORTED_AT = time(9, 0)
"""A ledger knows the day on which a problem was reported, not the hour."""
_ENDED = {State.CLOSED: "closed", State.WITHDRAWN: "withdrawn"}


def add_problems(
    connection: Connection,
    rows: Sequence[ProblemRow],
    numbered: Mapping[str, Numbered],
    answering: "Answering",
    now: datetime,
    zone: tzinfo,
    journal: Journal,
) -> None:
    """Add the problems whose numbers are not known yet; the others live on as they are.

    Their clocks are wound at the next beat, and run from then on: when they were reported, nobody
    promised anything by an hour. When one was accepted or closed is not known, so it is left open.
    """
    if not rows:
        return
    old = connection.execute(
        select(problems.c.id, problems.c.number, problems.c.year, problems.c.sequence)
    ).all()
    known = {row.number for row in old}
    new = [row for row in rows if row.number not in known]
    if not new:
        return
    today = now.astimezone(zone).date()
    numbers = [(row.number, row.day or today) for row in new]
    counts = sequences(numbers, [(row.year, row.sequence) for row in old])
    values: list[dict[str, Any]] = [
        {
            "number": row.number,
            "year": year,
            "sequence": sequence,
            "project_id": numbered[row.project].id,
            "category": row.category,
            "text": row.text,
            "urgency": str(Urgency.ORDINARY),
            "state": str(row.state),
            "reporter_id": answering.reporter(numbered[row.project]),
            "holder_id": answering.holder(row, numbered[row.project]),
            "opened_at": min(datetime.combine(day, _REPORTED_AT, zone), now),
            "began_at": now,
            "next_at": now if row.state in OPEN else None,
        }
        for row, (year, sequence), (_, day) in zip(new, counts, numbers, strict=True)
    ]
    for each in values:
        each |= {"confirmer_id": each["reporter_id"], "held_since": each["opened_at"]}
    connection.execute(insert(problems), values)
    last = max((row.id for row in old), default=0)
    added = select(problems.c.number, problems.c.id).where(problems.c.id > last)
    ids = {row.number: row.id for row in connection.execute(added)}
    connection.execute(
        insert(custody),
        [_held(ids[row.number], row, each, now) for row, each in zip(new, values, strict=True)],
    )
    for row, each in zip(new, values, strict=True):
        told = f"{row.project}｜{row.category}｜{row.state}｜{answering.name(each['holder_id'])}"
        facts = {name: each[name] for name in ("project_id", "category", "state", "holder_id")}
        change = Change(Sheet.PROBLEMS, What.ADDED, row.number, told)
        journal.add(change, f"problem:{ids[row.number]}", {}, facts)


def _held(problem_id: int, row: ProblemRow, values: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the custody of an imported problem; one that is over ended by now at the latest."""
    return {
        "problem_id": problem_id,
        "generation": 1,
        "person_id": values["holder_id"],
        "since": values["opened_at"],
        "until": now if row.state in _ENDED else None,
        "ended": _ENDED.get(row.state, ""),
    }


class Answering:
    """Who answers for the problems of a ledger."""

    def __init__(self, connection: Connection, register: Register, duties: Duties, journal: Journal) -> None:
        self._journal = journal
        self._people = People(connection)
        self._routes = Routes(connection)
        self._register = register
        self._duties = duties
        self._routed: dict[tuple[str, str], int | None] = {}

    def name(self, person_id: int) -> str:
        """Return what somebody is called."""
        return self._register.name(person_id)

    def reporter(self, project: Numbered) -> int:
        """Return whom a problem of a project came from: its first liaison, as far as is known."""
        liaisons = self._duties.on(project.id, Duty.LIAISON)
        return liaisons[0] if liaisons else self._leader(project)

    def holder(self, row: ProblemRow, project: Numbered) -> int:
        """Return who holds a problem: whom the ledger names, else whoever it would go to today.

        The ledger may name somebody who left long ago; who they were is kept.
        """
        if row.holder is not None:
            named = self._register.find(row.holder)
            if named is not None and (self._register.is_active(named) or row.state not in OPEN):
                return named
            if row.state not in OPEN:
                return self._remember(row.holder)
        where = (row.category, project.place)
        if where not in self._routed:
            self._routed[where] = self._route(*where)
        return self._routed[where] or self._leader(project)

    def _remember(self, who: PersonName) -> int:
        person_id = self._register.remember(who)
        change = Change(Sheet.PEOPLE, What.ADDED, str(who), "问题台账里的办理人，已经不在")
        self._journal.add(change, f"person:{person_id}", {}, {"active": False})
        return person_id

    def _route(self, category: str, place: str) -> int | None:
        route = self._routes.match(category, place)
        if route is None:
            return None
        if route.person_id is not None and self._register.is_active(route.person_id):
            return route.person_id
        if route.unit_id is not None:
            for role in (Role.DEPARTMENT_LIAISON, Role.LEAD_LEADER):
                if found := self._people.of_unit(route.unit_id, role):
                    return found[0].id
        return None

    def _leader(self, project: Numbered) -> int:
        leaders = self._duties.on(project.id, Duty.LEAD_LEADER)
        return leaders[0] if leaders else self._people.with_role(Role.OFFICE)[0].id
