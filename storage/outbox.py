"""Every message we owe, from the transaction that made us owe it."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.chat import Address
from storage.letters import SENT, Choices, Lane, Letter, Offer, Pressed, address_of
from storage.prepared import Prepared
from storage.tables import inbox, outbox

# After a restore: what was sent in the time that was lost is marked as a repeat when it is owed again.
_SENT_ONCE = select(func.count()).where(inbox.c.key == bindparam("noted")).scalar_subquery()
_ADD = {
    "sqlite": Prepared(sqlite.insert(outbox).values(doubts=_SENT_ONCE).on_conflict_do_nothing()),
    "postgresql": Prepared(postgresql.insert(outbox).values(doubts=_SENT_ONCE).on_conflict_do_nothing()),
}
_OFFER = select(
    *(
        outbox.c[name]
        for name in (
            "id",
            "buttons",
            "person_id",
            "platform",
            "chat",
            "topic",
            "in_group",
            "subject",
            "state",
        )
    )
)
_SLOT = Prepared(select(outbox.c.id).where(outbox.c.key == bindparam("of")))
_BY_TOKEN = Prepared(_OFFER.where(outbox.c.token == bindparam("of")))
_newer = outbox.alias("newer")
_REPLACES = select(_newer.c.id).where(
    _newer.c.state != "superseded",
    _newer.c.id > outbox.c.id,
    or_(_newer.c.updates_id == outbox.c.id, _newer.c.updates_id == outbox.c.updates_id),
)
_to: Any = bindparam("to", type_=outbox.c.person_id.type)
_THEIRS = outbox.c.person_id.between(_to, _to)
_LATEST_FIRST = (outbox.c.person_id.desc(), outbox.c.id.desc())
"""A range of one, in the order of `ix_outbox_offered`, so that PostgreSQL takes that index.

Where there are few people it would go back through everybody's letters, until it had found enough of theirs.
"""
_LAST_WITH_CHOICES = Prepared(
    _OFFER.where(
        _THEIRS,
        ~outbox.c.in_group,
        outbox.c.token.is_not(None),
        outbox.c.state.in_(("sent", "claimed")),
        # What a message said before it was changed in place is no longer there to be meant.
        ~_REPLACES.exists(),
    )
    .order_by(*_LATEST_FIRST)
    .limit(bindparam("most"))
)

_MOST_DIGITS = 4
"""Of the place of a button in its letter."""

_original = outbox.alias("original")
_SHOWN = (
    _OFFER.add_columns(
        func.coalesce(_original.c.id, outbox.c.id).label("place"),
        func.coalesce(_original.c.key, outbox.c.key).label("first_key"),
        func.coalesce(_original.c.sent_at, outbox.c.sent_at).label("sent_at"),
    )
    .outerjoin(_original, _original.c.id == outbox.c.updates_id)
    .where(
        _THEIRS,
        ~outbox.c.in_group,
        outbox.c.token.is_not(None),
        outbox.c.state == "sent",
        # A change that the platform could not make has no message.
        or_(outbox.c.updates_id.is_(None), outbox.c.message != ""),
        ~_REPLACES.where(_newer.c.state == "sent", _newer.c.message != "").exists(),
    )
    .order_by(*_LATEST_FIRST)
    .limit(bindparam("most"))
)

_LIVE = (
    select(outbox)
    .where(
        outbox.c.subject == bindparam("about"),
        outbox.c.subject != "",
        outbox.c.updates_id.is_(None),
        outbox.c.state.in_(("waiting", "claimed", "sent")),
    )
    .order_by(outbox.c.id)
)
_CHANGES_WHAT_IS_THERE = (
    select(_original.c.id)
    .where(_original.c.id == outbox.c.updates_id, _original.c.state != "waiting")
    .exists()
)
"""It cannot go anywhere else: the message that it changes is where it is."""

_NEWEST = (
    select(outbox)
    .where(
        or_(
            outbox.c.id == bindparam("of"),
            and_(outbox.c.updates_id == bindparam("of"), outbox.c.state != "superseded"),
        )
    )
    .order_by(outbox.c.id.desc())
    .limit(1)
)
_UPDATES = select(func.count()).where(outbox.c.updates_id == bindparam("of"))
_SUPERSEDE_UPDATES = (
    update(outbox)
    .where(outbox.c.updates_id == bindparam("of"), outbox.c.state == "waiting")
    .values(state="superseded")
)
_GIVE_WAY = (
    update(outbox)
    .where(
        outbox.c.subject == bindparam("about"),
        outbox.c.subject != "",
        outbox.c.person_id == bindparam("to"),
        outbox.c.key != bindparam("newer"),
        outbox.c.updates_id.is_(None),
        outbox.c.state == "waiting",
    )
    .values(state="superseded")
)


class Outbox:
    """The letters, and what became of them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.added = False

    def add(self, letter: Letter, now: datetime) -> bool:
        """Owe a letter; False if its slot is filled already."""
        added = _ADD[self._connection.dialect.name].run(self._connection, **_row(letter, now)) == 1
        self.added |= added
        return added

    def add_all(self, letters: Sequence[Letter], now: datetime) -> None:
        """Owe letters whose slots are not filled already, many at once."""
        if letters:
            rows = [_row(letter, now) for letter in letters]
            _ADD[self._connection.dialect.name].run_each(self._connection, rows)
            self.added = True

    def has(self, key: str) -> bool:
        """Tell whether a slot is filled."""
        return _SLOT.first(self._connection, of=key) is not None

    def made(self, key: str) -> datetime | None:
        """Return when a slot was filled; None if it is not."""
        return self._connection.execute(select(outbox.c.made_at).where(outbox.c.key == key)).scalar()

    def pressed(self, data: str) -> Pressed | None:
        """Return the button with this data; None if it was never ours."""
        token, _, place = data.rpartition(".")
        row = _BY_TOKEN.first(self._connection, of=token)
        # Whoever forges a press may write a number longer than `int` reads.
        if row is None or not place.isdecimal() or len(place) > _MOST_DIGITS:
            return None
        flat = [choice for line in row.buttons for choice in line]
        return _pressed(row, flat[int(place)]) if int(place) < len(flat) else None

    def offered(self, person_id: int, most: int = 10) -> list[Pressed]:
        """Return the buttons last offered to somebody, in any chat of theirs; the latest letter first."""
        rows = _LAST_WITH_CHOICES.all(self._connection, to=person_id, most=most)
        return [_pressed(row, choice) for row in rows for line in row.buttons for choice in line]

    def shown(self, person_id: int, most: int = 20) -> list[Offer]:
        """Return the buttons that somebody has before them in any chat of theirs, the latest message first.

        Not what is on its way still, nor a change that the platform could not make.
        """
        rows = self._connection.execute(_SHOWN, {"to": person_id, "most": most})
        return [
            Offer(
                choices=tuple(_pressed(row, choice) for line in row.buttons for choice in line),
                sent_at=row.sent_at,
                is_answer=row.first_key.startswith("reply:"),
            )
            for row in sorted(rows, key=lambda row: row.place, reverse=True)
        ]

    def live(self, subject: str) -> list[Row[Any]]:
        """Return the letters about a subject that are, or will be, in somebody's chat; no updates."""
        return list(self._connection.execute(_LIVE, {"about": subject}))

    def rewrite(self, letter_id: int, text: str, choices: Choices) -> bool:
        """Change what a letter says before it goes out; False if it has gone."""
        return (
            self._connection.execute(
                update(outbox)
                .where(outbox.c.id == letter_id, outbox.c.state == "waiting")
                .values(text=text, buttons=choices)
            ).rowcount
            == 1
        )

    def supersede(self, letter_ids: Iterable[int]) -> None:
        """Take letters back: those not sent are not sent, buttons of those sent are dead."""
        self._connection.execute(
            update(outbox)
            .where(outbox.c.id.in_(list(letter_ids)), outbox.c.state.in_(("waiting", "sent")))
            .values(state="superseded")
        )

    def give_way(self, letters: Sequence[Letter]) -> None:
        """Take back what has not gone out yet about the subjects of newer letters to the same people."""
        if letters:
            self._connection.execute(
                _GIVE_WAY,
                [{"about": each.subject, "to": each.person_id, "newer": each.key} for each in letters],
            )

    def supersede_updates(self, letter_id: int) -> None:
        """Take back the updates of a letter that were not sent yet: a newer one is coming."""
        self._connection.execute(_SUPERSEDE_UPDATES, {"of": letter_id})

    def newest(self, letter_id: int) -> Row[Any]:
        """Return how a letter was written last: its latest update that was not taken back, or itself."""
        return self._connection.execute(_NEWEST, {"of": letter_id}).one()

    def updates(self, letter_id: int) -> int:
        """Return how many updates a letter has had, sent or not."""
        return self._connection.execute(_UPDATES, {"of": letter_id}).scalar_one()

    def waiting_cards(self, person_id: int) -> dict[int, int]:
        """Return which letters that wait for a person to join are the cards of which problems."""
        rows = self._connection.execute(
            select(outbox.c.id, outbox.c.subject)
            .where(outbox.c.person_id == person_id, outbox.c.platform == "", outbox.c.state == "waiting")
            .where(outbox.c.subject.like("problem:%"))
            .order_by(outbox.c.id)
        )
        return {row.id: int(row.subject.partition(":")[2]) for row in rows}

    def address(self, person_id: int, to: Address) -> int:
        """Give an address to the letters that wait for a person to join; Return how many."""
        self.added = True
        return self._connection.execute(
            update(outbox)
            .where(outbox.c.person_id == person_id, outbox.c.platform == "", outbox.c.state == "waiting")
            .values(platform=to.platform, chat=to.chat, topic=to.topic)
        ).rowcount

    def move(self, platform: str, chat: str, to: str) -> None:
        """Re-address what waits for a chat whose id has changed."""
        self._connection.execute(
            update(outbox)
            .where(
                outbox.c.platform == platform,
                outbox.c.chat == chat,
                outbox.c.state.in_(("waiting", "claimed")),
            )
            .values(chat=to)
        )

    def unaddress(self, platform: str, chat: str) -> set[int]:
        """Let cards wait for the return of whom nothing reaches, and return who that is; drop the rest."""
        waiting = (outbox.c.platform == platform, outbox.c.chat == chat, outbox.c.state == "waiting")
        whose = self._connection.execute(
            update(outbox)
            .where(*waiting, outbox.c.subject.like("problem:%"), outbox.c.updates_id.is_(None))
            .values(platform="", chat="", topic="")
            .returning(outbox.c.person_id)
        ).scalars()
        found = {each for each in whose if each is not None}
        self._connection.execute(update(outbox).where(*waiting).values(state="failed", error="unreachable"))
        return found

    def recall(self, platform: str, chat: str) -> set[int]:
        """Let what waits for a private chat wait for its people to open one, and return who they are."""
        whose = self._connection.execute(
            update(outbox)
            .where(
                outbox.c.platform == platform,
                outbox.c.chat == chat,
                outbox.c.state == "waiting",
                outbox.c.person_id.is_not(None),
                ~outbox.c.in_group,
                ~_CHANGES_WHAT_IS_THERE,
            )
            .values(platform="", chat="", topic="")
            .returning(outbox.c.person_id)
        ).scalars()
        return set(whose)

    def lapse(self, before: datetime) -> None:
        """End the questions and reminders of rounds over by a moment that have not gone out."""
        self._connection.execute(
            update(outbox)
            .where(
                outbox.c.state == "waiting",
                outbox.c.lane == int(Lane.ROUND),
                outbox.c.subject.like("prompt:%"),
                outbox.c.made_at < before,
            )
            .values(state="superseded")
        )

    def redirect(self, person_id: int, to: Address) -> None:
        """Send what waits for somebody in private on another platform to one that they have chosen."""
        self.added = True
        self._connection.execute(
            update(outbox)
            .where(
                outbox.c.person_id == person_id,
                outbox.c.platform != to.platform,
                outbox.c.state == "waiting",
                ~outbox.c.in_group,
                ~_CHANGES_WHAT_IS_THERE,
            )
            .values(platform=to.platform, chat=to.chat, topic=to.topic)
        )

    def get(self, letter_id: int) -> Row[Any] | None:
        """Return a letter as it is stored."""
        return self._connection.execute(select(outbox).where(outbox.c.id == letter_id)).first()


def _row(letter: Letter, now: datetime) -> dict[str, Any]:
    return {
        "noted": SENT + letter.key,
        "key": letter.key,
        # 72 random bits: opaque, and short enough for every platform's button data.
        "token": secrets.token_urlsafe(9) if letter.choices else None,
        "subject": letter.subject,
        "person_id": letter.person_id,
        "platform": letter.to.platform,
        "chat": letter.to.chat,
        "topic": letter.to.topic,
        "in_group": letter.in_group,
        "lane": int(letter.lane),
        "due_at": letter.due_at,
        "state": "waiting",
        "text": letter.text,
        "buttons": letter.choices,
        "paper_id": letter.paper_id,
        "updates_id": letter.updates_id,
        "made_at": now,
    }


def _pressed(row: Row[Any], choice: Sequence[str]) -> Pressed:
    label, action = choice
    return Pressed(
        letter_id=row.id,
        action=action,
        label=label,
        person_id=row.person_id,
        to=address_of(row),
        in_group=row.in_group,
        subject=row.subject,
        superseded=row.state == "superseded",
    )
