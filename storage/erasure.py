"""Forgetting a person (SECURITY row 30): a pseudonym stands where they stood, and the trail holds.

What they did stays theirs by their id, so no row of the audit changes. What they and others typed, and
papers that went out, are the county's files.
"""

import json
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Text, and_, cast, delete, or_, select, update

from storage.tables import (
    attachments,
    ballot_voters,
    contacts,
    conversations,
    dead_letters,
    delivery_pauses,
    invitations,
    leaves,
    listings,
    orders,
    outbox,
    people,
    problems,
    reports,
    roles,
    strangers,
    units,
)


class Erasure:
    """Takes out of every table what tells who somebody was."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def forget(self, person_id: int, alias: str, today: date, now: datetime) -> None:
        """Put a pseudonym in the place of a person; their accounts and what was written to them go.

        What was written to others names them until `rename`.
        """
        run = self._connection.execute
        accounts = run(select(contacts).where(contacts.c.person_id == person_id)).all()
        for row in accounts:
            self._forget_account(row.platform, row.account, row.chat)
        for table in (contacts, invitations, roles, conversations, listings, orders, ballot_voters):
            run(delete(table).where(table.c.person_id == person_id))
        nobody = {"name": alias, "unit_id": None, "title": "", "phone": "", "active": False, "pilot": False}
        run(update(people).where(people.c.id == person_id).values(nobody))
        run(
            update(leaves)
            .where(leaves.c.person_id == person_id, leaves.c.cancelled_at.is_(None), leaves.c.last >= today)
            .values(cancelled_at=now)
        )
        for table, column in ((reports, reports.c.person_id), (problems, problems.c.reporter_id)):
            # It names the chat in which they wrote.
            run(update(table).where(column == person_id).values(source=""))
        run(update(attachments).where(attachments.c.person_id == person_id).values(token=""))
        self._empty_letters(person_id)

    def rename(self, name: str, alias: str) -> None:
        """Put the pseudonym into what was written to others, and for the head of a unit nobody."""
        run = self._connection.execute
        run(update(units).where(units.c.head == name).values(head=""))
        buttons = cast(outbox.c.buttons, Text)
        naming = or_(
            outbox.c.text.contains(name, autoescape=True),
            buttons.contains(json.dumps(name)[1:-1], autoescape=True),
            buttons.contains(name, autoescape=True),
        )
        for row in run(select(outbox.c.id, outbox.c.text, outbox.c.buttons).where(naming)).all():
            values: dict[str, Any] = {
                "text": row.text.replace(name, alias),
                "buttons": [
                    [[label.replace(name, alias), action] for label, action in line] for line in row.buttons
                ],
            }
            run(update(outbox).where(outbox.c.id == row.id).values(values))

    def _forget_account(self, platform: str, account: str, chat: str) -> None:
        run = self._connection.execute
        mine = (strangers.c.platform == platform, strangers.c.account == account)
        run(delete(strangers).where(*mine))
        here = (delivery_pauses.c.platform == platform, delivery_pauses.c.chat == chat)
        run(delete(delivery_pauses).where(*here))
        # Written as a number by some platforms, with or without escapes by others.
        told = {
            way
            for each in {account, chat}
            for way in ([each] if each.isdecimal() else [f'"{each}"', json.dumps(each)])
        }
        held = or_(*(dead_letters.c.raw.contains(each, autoescape=True) for each in sorted(told)))
        run(delete(dead_letters).where(dead_letters.c.platform == platform, held))
        # Slots are named after accounts where each is told of once.
        for row in run(
            select(outbox.c.id).where(outbox.c.key.contains(f":{platform}:{account}", autoescape=True))
        ).all():
            run(update(outbox).where(outbox.c.id == row.id).values(key=f"erased:{row.id}"))

    def _empty_letters(self, person_id: int) -> None:
        """Take the words out of what was written to somebody; what waits is sent no more."""
        mine = and_(outbox.c.person_id == person_id, ~outbox.c.in_group)
        run = self._connection.execute
        run(update(outbox).where(mine, outbox.c.state == "waiting").values(state="superseded"))
        run(update(outbox).where(mine).values(text="", buttons=[], token=None, chat="", message=""))
