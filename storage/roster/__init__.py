"""A checked roster, applied: what it adds, changes and ends.

A missing row changes nothing. In a row, an empty cell leaves a fact as it is: a name, a date, an
amount, an account. Who may do what follows the row to the letter: a role it does not name is lost,
and so are 管家, 警官, 纪检监察员 and 业主 of a project where their cell is empty. A project is never
without its 牵头领导 and 联络员: there an empty cell leaves them. Nothing is deleted but what gives
somebody a right – a role, an account.
"""

from datetime import date, datetime, tzinfo

from sqlalchemy import Connection

from bot.domain.columns import Sheet
from bot.domain.people import Role
from bot.domain.roster import Known, Roster
from bot.errors import Fault, RosterError
from storage.audit import Audit
from storage.people import People
from storage.projects import Projects
from storage.roster.changes import Change, Journal, What
from storage.roster.duties import Duties
from storage.roster.ledger import Answering, add_problems
from storage.roster.milestones import merge_milestones
from storage.roster.people import merge_people, merge_units
from storage.roster.projects import merge_projects
from storage.roster.register import Register
from storage.roster.routes import merge_groups, merge_routes

__all__ = ["Change", "Rosters", "What"]


class Rosters:
    """What is known already, and rosters on top of it."""

    def __init__(self, connection: Connection, audit: Audit) -> None:
        self._connection = connection
        self._audit = audit

    def known(self) -> Known:
        """Return what a roster may refer to; who is 停用 is among them, to be told apart."""
        people = People(self._connection)
        return Known(
            units=tuple(people.units()),
            people=tuple(people.everybody()),
            projects=tuple(Projects(self._connection).all()),
        )

    def apply(self, roster: Roster, today: date, now: datetime, *, zone: tzinfo) -> tuple[Change, ...]:
        """Bring the database up to a checked roster and return what that changed.

        Applied a second time it changes nothing and writes nothing. To see what would change, apply
        it and roll back.
        """
        connection = self._connection
        people = People(connection)
        has_office = bool(people.with_role(Role.OFFICE))
        journal = Journal(self._audit, now)
        duties = Duties(connection, today)
        unit_ids = merge_units(connection, roster.units, journal)
        retired = merge_people(connection, roster.people, unit_ids, duties, now, journal)
        # Checked already; but another import may have come in between.
        if has_office and not people.with_role(Role.OFFICE):
            wrong = f"没有人是「{Role.OFFICE}」"
            raise RosterError(
                [Fault(str(Sheet.PEOPLE), wrong, "至少给一个人这个角色，不然问题最后没人兜底。")]
            )
        register = Register(connection)
        numbered = merge_projects(connection, roster.projects, unit_ids, register, duties, today, journal)
        for person_id in retired:
            duties.end(person_id)
        duties.write()
        merge_milestones(connection, roster.milestones, numbered, journal)
        merge_routes(connection, roster.routes, unit_ids, register, journal)
        merge_groups(connection, roster.groups, now, journal)
        answering = Answering(connection, register, duties, journal)
        add_problems(connection, roster.problems, numbered, answering, now, zone, journal)
        return journal.changes()
