"""All that is kept of one person, part by part (SECURITY row 30)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, bindparam, case, cast, func, or_, select

from storage.tables import (
    assignments,
    attachments,
    audit,
    bookings,
    contacts,
    custody,
    invitations,
    leaves,
    outbox,
    people,
    problems,
    projects,
    reports,
    roles,
    units,
    visits,
)

_OF: Any = bindparam("of")
_reported = problems.join(projects, projects.c.id == problems.c.project_id)
_STREAMED = {"yield_per": 500}


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its name, what its columns are called, and how it is read."""

    name: str
    columns: tuple[str, ...]
    statement: Any


def _part(name: str, statement: Select[Any]) -> Part:
    return Part(name, tuple(column.name for column in statement.selected_columns), statement)


def _on(table: Any, *columns: Any) -> Select[Any]:
    """Return what a table tells of somebody, with the project that it is about."""
    return (
        select(projects.c.number, projects.c.name.label("project"), *columns)
        .select_from(table.join(projects, projects.c.id == table.c.project_id))
        .order_by(table.c.id)
    )


def _called(prefix: str, table: Any, name: Any) -> Any:
    """Return the name of what an entry of the trail is about, if it is one of a table."""
    number = case((audit.c.subject.like(f"{prefix}:%"), func.substr(audit.c.subject, len(prefix) + 2)))
    return select(name).where(table.c.id == cast(number, BigInteger)).scalar_subquery()


_SUBJECT = func.coalesce(
    _called("project", projects, projects.c.number + " " + projects.c.name),
    _called("problem", problems, problems.c.number),
    # Nobody else is named.
    case((audit.c.subject == bindparam("subject"), _called("person", people, people.c.name))),
    audit.c.subject,
).label("subject")

PARTS = (
    _part(
        "person",
        select(
            people.c.name,
            units.c.name.label("unit"),
            people.c.title,
            people.c.phone,
            people.c.language,
        )
        .select_from(people.outerjoin(units, units.c.id == people.c.unit_id))
        .where(people.c.id == _OF),
    ),
    _part("roles", select(roles.c.role).where(roles.c.person_id == _OF).order_by(roles.c.role)),
    _part(
        "contacts",
        select(contacts.c.platform, contacts.c.account, contacts.c.joined_at)
        .where(contacts.c.person_id == _OF)
        .order_by(contacts.c.id),
    ),
    _part(
        "invitations",
        select(invitations.c.made_at, invitations.c.used_at, invitations.c.used_by.label("account"))
        .where(invitations.c.person_id == _OF)
        .order_by(invitations.c.id),
    ),
    _part(
        "assignments",
        _on(assignments, assignments.c.duty, assignments.c.since, assignments.c.until).where(
            assignments.c.person_id == _OF
        ),
    ),
    _part(
        "reports",
        _on(reports, reports.c.day, reports.c.kind, reports.c.text, reports.c.at).where(
            or_(reports.c.person_id == _OF, reports.c.entered_by == _OF)
        ),
    ),
    _part(
        "problems",
        select(
            problems.c.number,
            projects.c.name.label("project"),
            problems.c.category,
            problems.c.text,
            problems.c.opened_at,
            problems.c.state,
        )
        .select_from(_reported)
        .where(problems.c.reporter_id == _OF)
        .order_by(problems.c.id),
    ),
    _part(
        "custody",
        select(
            problems.c.number,
            custody.c.since,
            custody.c.accepted_at,
            custody.c.until,
            custody.c.reason,
        )
        .select_from(custody.join(problems, problems.c.id == custody.c.problem_id))
        .where(custody.c.person_id == _OF)
        .order_by(custody.c.id),
    ),
    _part(
        "leaves",
        select(leaves.c.first, leaves.c.last, leaves.c.at)
        .where(leaves.c.person_id == _OF)
        .order_by(leaves.c.id),
    ),
    _part(
        "visits", _on(visits, visits.c.day, visits.c.outcome, visits.c.note).where(visits.c.person_id == _OF)
    ),
    _part(
        "bookings",
        select(bookings.c.day, bookings.c.topic, bookings.c.state)
        .where(bookings.c.person_id == _OF)
        .order_by(bookings.c.id),
    ),
    _part(
        "attachments",
        select(attachments.c.at, attachments.c.name.label("file"), attachments.c.media_type)
        .where(attachments.c.person_id == _OF)
        .order_by(attachments.c.id),
    ),
    _part(
        "messages",
        select(outbox.c.sent_at, outbox.c.platform, outbox.c.text)
        .where(outbox.c.person_id == _OF, outbox.c.sent_at.is_not(None), outbox.c.text != "")
        .order_by(outbox.c.id),
    ),
    _part(
        "deeds",
        select(audit.c.at, audit.c.action, _SUBJECT, audit.c.detail)
        .where(or_(audit.c.actor_id == _OF, audit.c.subject == bindparam("subject")))
        .order_by(audit.c.id),
    ),
)
"""What is kept of a person elsewhere – who decided, signed, asked – stands in their deeds as well."""


class Personal:
    """Reads all of one person; meant for a connection of its own, away from the writer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(self, part: Part, person_id: int) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a part, the oldest first."""
        given = {"of": person_id, "subject": f"person:{person_id}"}
        for row in self._connection.execute(part.statement, given, execution_options=_STREAMED):
            yield tuple(row)
