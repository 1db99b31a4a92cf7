"""Forgetting a person (SECURITY row 30): a pseudonym stands where they stood, and the trail holds.

What they did stays theirs by their id, so no row of the audit changes. What they and others typed, and
papers that went out, are the county's files.
"""

import json
import re
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Text, and_, cast, delete, or_, select, update

from bot.domain.people import Person
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
    projects,
    reports,
    roles,
    strangers,
    units,
)


class _Name:
    """A name in what was written: what is longer is another's, and a shared one needs more beside it."""

    def __init__(self, name: str, longer: Collection[str], beside: Collection[str] | None) -> None:
        others = [re.escape(each) for each in sorted(longer, key=len, reverse=True)]
        bare = re.escape(name)
        mine = bare
        if beside is not None:
            mine += f"(?=（(?:{'|'.join(map(re.escape, beside))})[），])" if beside else r"(?!)"
        self._any = re.compile("|".join([*others, f"(?P<name>{bare})"]))
        self._mine = re.compile("|".join([*others, f"(?P<name>{mine})"]))

    def replaced(self, text: str, alias: str) -> str:
        return self._mine.sub(lambda found: alias if found["name"] else found[0], text)

    def stands_in(self, *texts: str) -> bool:
        return any(found["name"] for text in texts for found in self._any.finditer(text))


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

    def rename(self, person: Person, alias: str) -> int:
        """Put the pseudonym into what was written to others, and for the head of a unit nobody.

        Where others bear the name, it is put only where unit or title stands beside: what is said of
        them stays as it was said. Return how many letters may still mean whoever was forgotten.
        """
        run, name = self._connection.execute, person.name
        namesakes = run(select(people.c.unit_id, people.c.title).where(people.c.name == name)).all()
        headed, beside = units.c.head == name, None
        if namesakes:
            headed = and_(headed, units.c.id == person.unit_id)
            shared = {row.title for row in namesakes}
            beside = {person.unit, person.title} - shared - {""}
        run(update(units).where(headed).values(head=""))
        theirs = _Name(name, self._longer(name), beside)
        buttons, left = cast(outbox.c.buttons, Text), 0
        naming = or_(
            outbox.c.text.contains(name, autoescape=True),
            buttons.contains(json.dumps(name)[1:-1], autoescape=True),
            buttons.contains(name, autoescape=True),
        )
        for row in run(select(outbox.c.id, outbox.c.text, outbox.c.buttons).where(naming)).all():
            values: dict[str, Any] = {
                "text": theirs.replaced(row.text, alias),
                "buttons": [
                    [[theirs.replaced(label, alias), action] for label, action in line]
                    for line in row.buttons
                ],
            }
            run(update(outbox).where(outbox.c.id == row.id).values(values))
            left += theirs.stands_in(
                values["text"], *(label for line in values["buttons"] for label, _ in line)
            )
        return left

    def _longer(self, name: str) -> list[str]:
        """Return what the county calls by a name of which this one is a piece: 刘敏华 of 刘敏."""
        return [
            longer
            for column in (people.c.name, projects.c.name, units.c.name)
            for longer in self._connection.execute(
                select(column).where(column.contains(name, autoescape=True), column != name)
            ).scalars()
        ]

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
