"""Letters on their way: claimed, delivered, held back, given up."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, case, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.chat import Address, Button, Outgoing, Ref
from storage.letters import PRIVATE, WHOLE_BOT, Claimed, Lane, address_of
from storage.prepared import Prepared
from storage.tables import delivery_pauses, outbox

_original = outbox.alias("original")
_DUE = Prepared(
    select(outbox, _original.c.message.label("updates_message"))
    .outerjoin(_original, _original.c.id == outbox.c.updates_id)
    .where(
        outbox.c.platform == bindparam("platform"),
        outbox.c.state == "waiting",
        outbox.c.lane == bindparam("lane"),
        outbox.c.due_at <= bindparam("now"),
        outbox.c.doubts >= bindparam("doubts"),
        outbox.c.chat.not_in(bindparam("busy", expanding=True)),
        # An update waits until the message that it replaces has ended, delivered or not.
        or_(outbox.c.updates_id.is_(None), _original.c.state.not_in(("waiting", "claimed"))),
        ~select(delivery_pauses.c.until)
        .where(
            delivery_pauses.c.platform == outbox.c.platform,
            delivery_pauses.c.chat.in_((outbox.c.chat, WHOLE_BOT)),
            delivery_pauses.c.until > bindparam("now"),
        )
        .exists(),
    )
    .order_by(outbox.c.due_at, outbox.c.id)
    .limit(bindparam("most")),
    "busy",
)
_lanes = (
    *(
        select(outbox.c.due_at)
        .where(
            outbox.c.platform == bindparam("platform"),
            outbox.c.state == "waiting",
            outbox.c.lane == int(lane),
            outbox.c.due_at <= bindparam("now"),
        )
        .order_by(outbox.c.due_at)
        .limit(1)
        .scalar_subquery()
        .is_not(None)
        for lane in Lane
    ),
)
# Not EXISTS: of that PostgreSQL believes that any row will do soon, and reads the letters from the first.
_LANES = Prepared(select(*_lanes))
_BACKLOG = (
    select(
        outbox.c.platform,
        outbox.c.lane,
        func.count().label("number"),
        func.min(outbox.c.due_at).label("since"),
    )
    .where(
        outbox.c.platform != "",
        outbox.c.state.in_(("waiting", "claimed")),
        outbox.c.due_at <= bindparam("now"),
    )
    .group_by(outbox.c.platform, outbox.c.lane)
    .order_by(outbox.c.platform, outbox.c.lane)
)
_ORPHANS = (
    select(outbox, _original.c.message.label("updates_message"))
    .outerjoin(_original, _original.c.id == outbox.c.updates_id)
    .where(outbox.c.platform == bindparam("platform"), outbox.c.state == "claimed")
    .order_by(outbox.c.due_at, outbox.c.id)
)
_STRANDED = (
    select(outbox)
    .where(outbox.c.subject == PRIVATE, outbox.c.subject != "", outbox.c.text != "")
    .where(
        or_(
            outbox.c.state.in_(("failed", "superseded")),
            and_(outbox.c.state == "waiting", outbox.c.made_at < bindparam("before")),
        )
    )
    .order_by(outbox.c.id)
)
_NEXT_DUE = select(func.min(outbox.c.due_at)).where(
    outbox.c.state == "waiting", outbox.c.due_at > bindparam("after"), outbox.c.platform != ""
)
_LOOKS = 4
"""How often a claim looks past the letters of chats that have one already."""

_CLAIM = Prepared(
    update(outbox)
    .where(outbox.c.id.in_(bindparam("ids", expanding=True)))
    .values(state="claimed", attempts=outbox.c.attempts + 1, leased_until=bindparam("lease")),
    "ids",
)
_SENT = Prepared(
    update(outbox)
    .where(outbox.c.id == bindparam("of"), outbox.c.state == "claimed")
    .values(
        state="sent",
        sent_at=bindparam("at"),
        message=bindparam("as_message"),
        leased_until=None,
        # What was private is now with its reader, and nowhere else.
        text=case((outbox.c.subject == PRIVATE, ""), else_=outbox.c.text),
    )
)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much of one lane is due and not delivered, and since when."""

    platform: str
    lane: Lane
    count: int
    since: datetime


class Dispatch:
    """The outbox as whoever delivers it sees it; ``returned`` when letters went back to it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.returned = False

    def lanes_due(self, platform: str, now: datetime) -> set[Lane]:
        """Return the lanes in which something is due; who asks first asks one question, not one a lane."""
        found = _LANES.one(self._connection, platform=platform, now=now)
        return {lane for lane, is_due in zip(Lane, found, strict=True) if is_due}

    def claim(
        self,
        platform: str,
        lane: Lane,
        most: int,
        now: datetime,
        lease: timedelta,
        busy: Collection[str] = (),
        *,
        in_doubt: bool = False,
    ) -> tuple[list[Claimed], bool]:
        """Take the letters of a lane that are due, the longest due first; only those ``in_doubt`` if asked.

        One for each chat, none for a busy one: a chat with a thousand letters holds up nobody. Return them,
        and whether there may be more for other chats, though there was room.
        """
        found: dict[str, Row[Any]] = {}
        for _ in range(_LOOKS):
            wanted = {
                "platform": platform,
                "lane": int(lane),
                "now": now,
                "most": most,
                "doubts": int(in_doubt),
                "busy": [*busy, *found],
            }
            rows = _DUE.all(self._connection, **wanted)
            for row in rows:
                found.setdefault(row.chat, row)
            may_be_more = len(rows) == most > len(found)
            if not may_be_more:
                break
        taken = list(found.values())[:most]
        if taken:
            _CLAIM.run(self._connection, ids=[row.id for row in taken], lease=now + lease)
        return [_claimed(row, now) for row in taken], may_be_more

    def in_doubt(self, platform: str) -> list[tuple[Lane, str, datetime]]:
        """Return the lane, chat and time of each letter that may have arrived, and waits to be sent again."""
        waiting = (outbox.c.platform == platform, outbox.c.state == "waiting", outbox.c.doubts > 0)
        rows = self._connection.execute(select(outbox.c.lane, outbox.c.chat, outbox.c.due_at).where(*waiting))
        return [(Lane(row.lane), row.chat, row.due_at) for row in rows]

    def sent(self, delivered: Sequence[tuple[int, str]], now: datetime) -> None:
        """Note that letters arrived, with the platform's names for them."""
        rows = [{"of": letter_id, "as_message": message, "at": now} for letter_id, message in delivered]
        if rows:
            _SENT.run_each(self._connection, rows)

    def release(self, letter_ids: Sequence[int], due_at: datetime | None = None) -> None:
        """Put claimed letters back, to be sent at their time or later."""
        values: dict[str, Any] = {"state": "waiting", "leased_until": None}
        if due_at is not None:
            values["due_at"] = due_at
        self._connection.execute(
            update(outbox).where(outbox.c.id.in_(letter_ids), outbox.c.state == "claimed").values(**values)
        )
        self.returned = True

    def doubt(self, letter_ids: Sequence[int]) -> None:
        """Put letters back whose arrival nobody knows, counting the doubt."""
        self._connection.execute(
            update(outbox)
            .where(outbox.c.id.in_(letter_ids), outbox.c.state == "claimed")
            .values(state="waiting", leased_until=None, doubts=outbox.c.doubts + 1)
        )
        self.returned = True

    def fail(self, letter_ids: Sequence[int], reason: str) -> None:
        """Give letters up; the reason is kept."""
        self._connection.execute(
            update(outbox)
            .where(outbox.c.id.in_(letter_ids), outbox.c.state.in_(("claimed", "waiting")))
            .values(state="failed", error=reason, leased_until=None)
        )

    def stranded(self, before: datetime) -> list[Row[Any]]:
        """Return what is private and did not arrive: given up, taken back, or owed since before a moment."""
        return list(self._connection.execute(_STRANDED, {"before": before}))

    def erase(self, letter_id: int) -> None:
        """Forget the words of a letter that will not be sent."""
        self._connection.execute(
            update(outbox)
            .where(outbox.c.id == letter_id, outbox.c.state.not_in(("claimed", "sent")))
            .values(text="", state="failed")
        )

    def orphans(self, platform: str) -> list[Claimed]:
        """Return the claimed letters of a platform: after a start, whoever held them is gone."""
        rows = self._connection.execute(_ORPHANS, {"platform": platform})
        return [_claimed(row, row.leased_until) for row in rows]

    def lately(self, platform: str, since: datetime) -> list[tuple[str, datetime]]:
        """Return the chat and the moment of what was delivered since, in its order."""
        delivered = (outbox.c.platform == platform, outbox.c.sent_at > since, outbox.c.updates_id.is_(None))
        rows = self._connection.execute(
            select(outbox.c.chat, outbox.c.sent_at).where(*delivered).order_by(outbox.c.sent_at, outbox.c.id)
        )
        return [(row.chat, row.sent_at) for row in rows]

    def has_arrived(self, to: Address) -> bool:
        """Tell whether a chat has ever taken anything."""
        here = (outbox.c.platform == to.platform, outbox.c.chat == to.chat, outbox.c.sent_at.is_not(None))
        return self._connection.execute(select(outbox.c.id).where(*here).limit(1)).first() is not None

    def pause(self, platform: str, chat: str, until: datetime, *, until_heard: bool = False) -> None:
        """Send nothing to a chat (to nobody, with `WHOLE_BOT`) until a moment; a restart remembers it.

        With ``until_heard`` it is over when somebody there writes. A longer pause is not made shorter.
        """
        kind = sqlite if self._connection.dialect.name == "sqlite" else postgresql
        statement = kind.insert(delivery_pauses).values(
            platform=platform, chat=chat, until=until, until_heard=until_heard
        )
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["platform", "chat"],
                set_={"until": statement.excluded.until, "until_heard": statement.excluded.until_heard},
                where=delivery_pauses.c.until < statement.excluded.until,
            )
        )

    def resume(self, platform: str, chat: str) -> None:
        """Send to a chat again in which somebody has written, unless the platform wants us to wait."""
        here = (delivery_pauses.c.platform == platform, delivery_pauses.c.chat == chat)
        self._connection.execute(delete(delivery_pauses).where(*here, delivery_pauses.c.until_heard))
        self.returned = True

    def next_due(self, after: datetime) -> datetime | None:
        """Return when the next letter becomes due after a moment."""
        return self._connection.execute(_NEXT_DUE, {"after": after}).scalar()

    def backlog(self, now: datetime) -> list[Backlog]:
        """Return what is due and not delivered, a line for each lane of each platform that has any."""
        rows = self._connection.execute(_BACKLOG, {"now": now})
        return [Backlog(row.platform, Lane(row.lane), row.number, row.since) for row in rows]

    def pending(self, platforms: Sequence[str], now: datetime) -> int:
        """Return how many letters are due and not yet delivered."""
        statement = select(func.count()).where(
            outbox.c.platform.in_(platforms),
            or_(outbox.c.state == "claimed", and_(outbox.c.state == "waiting", outbox.c.due_at <= now)),
        )
        return self._connection.execute(statement).scalar_one()


def _claimed(row: Row[Any], at: datetime) -> Claimed:
    to = address_of(row)
    places = iter(range(sum(len(line) for line in row.buttons)))
    buttons = tuple(
        tuple(Button(label, f"{row.token}.{next(places)}") for label, _ in line) for line in row.buttons
    )
    message = Outgoing(to, row.text, buttons, in_group=row.in_group, key=row.key, subject=row.subject)
    return Claimed(
        id=row.id,
        key=row.key,
        lane=Lane(row.lane),
        to=to,
        in_group=row.in_group,
        message=message,
        attempts=row.attempts + 1,
        doubts=row.doubts,
        subject=row.subject,
        person_id=row.person_id,
        paper_id=row.paper_id,
        updates=Ref(to, row.updates_message) if row.updates_id is not None else None,
        due_at=row.due_at,
        made_at=row.made_at,
        claimed_at=at,
    )
