"""Papers we hand over, and the pictures and files that people send with their words."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, select, update

from bot.chat import Attachment, Paper
from storage.dialects import insert_once
from storage.tables import attachments, papers


class Papers:
    """Papers are kept whole: the promise to send one and the paper itself commit together."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, key: str, paper: Paper, now: datetime) -> int:
        """Keep a paper once for its key; Return its id."""
        row = {
            "key": key,
            "name": paper.name,
            "media_type": paper.media_type,
            "content": paper.content,
            "made_at": now,
        }
        insert_once(self._connection, papers, row)
        return self.named(key)

    def named(self, key: str) -> int:
        """Return the id of a paper that is kept under a key."""
        return self._connection.execute(select(papers.c.id).where(papers.c.key == key)).scalar_one()

    def get(self, paper_id: int) -> Paper:
        """Return a paper."""
        row = self._connection.execute(select(papers).where(papers.c.id == paper_id)).one()
        return Paper(row.name, row.media_type, row.content)


_BELONGS_TO_NOTHING = and_(attachments.c.report_id.is_(None), attachments.c.problem_id.is_(None))


@dataclass(frozen=True, slots=True)
class Wanted:
    """An attachment that must still be fetched from its platform."""

    id: int
    platform: str
    attachment: Attachment
    tries: int
    person_id: int
    at: datetime


class Attachments:
    """What people sent: fetched in the background, before the links die, and what it belongs to.

    ``added`` tells whether there is something to fetch that was not there before.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.added = False

    def add(self, platform: str, attachment: Attachment, person_id: int, now: datetime) -> int:
        """Remember that an attachment must be fetched; Return its id. It belongs to nothing yet."""
        row = {
            "person_id": person_id,
            "platform": platform,
            "token": attachment.token,
            "name": attachment.name,
            "media_type": attachment.media_type,
            "size": attachment.size,
            "state": "wanted",
            "next_try_at": now,
            "at": now,
        }
        self.added = True
        return self._connection.execute(attachments.insert().returning(attachments.c.id), row).scalar_one()

    def has(self, platform: str, token: str) -> bool:
        """Tell whether an attachment came before."""
        mine = (attachments.c.platform == platform, attachments.c.token == token)
        return self._connection.execute(select(attachments.c.id).where(*mine)).first() is not None

    def belong(
        self, attachment_id: int, *, report_id: int | None = None, problem_id: int | None = None
    ) -> None:
        """Note what an attachment belongs to; what belongs to another one already, belongs to both."""
        values = {
            name: value for name, value in (("report_id", report_id), ("problem_id", problem_id)) if value
        }
        mine = attachments.c.id == attachment_id
        free = [attachments.c[name].is_(None) for name in values]
        done = self._connection.execute(update(attachments).where(mine, *free).values(**values))
        if done.rowcount:
            return
        row = self._connection.execute(select(attachments).where(mine)).mappings().first()
        if row is not None and any(row[name] != value for name, value in values.items()):
            again = {**row, "report_id": report_id, "problem_id": problem_id}
            del again["id"]
            self._connection.execute(attachments.insert(), again)

    def media_types(self, ids: Collection[int]) -> list[str]:
        """Return what kinds of files these are."""
        statement = select(attachments.c.media_type).where(attachments.c.id.in_(ids))
        return list(self._connection.execute(statement).scalars())

    def strays(self, before: datetime, most: int) -> dict[int, str]:
        """Return what came long ago and belongs to nothing: its id, and where its bytes are if anywhere."""
        rows = self._connection.execute(
            select(attachments.c.id, attachments.c.path)
            .where(_BELONGS_TO_NOTHING, attachments.c.at < before)
            .order_by(attachments.c.id)
            .limit(most)
        )
        return {row.id: row.path for row in rows}

    def forget(self, ids: Collection[int]) -> None:
        """Forget what belongs to nothing."""
        self._connection.execute(delete(attachments).where(attachments.c.id.in_(ids), _BELONGS_TO_NOTHING))

    def wanted(self, platforms: list[str], now: datetime, most: int) -> list[Wanted]:
        """Return what is to be fetched now."""
        rows = self._connection.execute(
            select(attachments)
            .where(
                attachments.c.state == "wanted",
                attachments.c.next_try_at <= now,
                attachments.c.platform.in_(platforms),
            )
            .order_by(attachments.c.next_try_at)
            .limit(most)
        )
        return [_wanted(row) for row in rows]

    def fetched(self, attachment_id: int, path: str, sha256: str, size: int, name: str = "") -> None:
        """Note where an attachment was put, and its name if that is news."""
        values = {"state": "fetched", "path": path, "sha256": sha256, "size": size, "next_try_at": None}
        self._connection.execute(
            update(attachments)
            .where(attachments.c.id == attachment_id)
            .values(**values, **({"name": name} if name else {}))
        )

    def postpone(self, attachment_id: int, next_try_at: datetime | None) -> None:
        """Try again later; with no moment, give it up."""
        state = "wanted" if next_try_at else "failed"
        self._connection.execute(
            update(attachments)
            .where(attachments.c.id == attachment_id)
            .values(state=state, tries=attachments.c.tries + 1, next_try_at=next_try_at)
        )


def _wanted(row: Row[Any]) -> Wanted:
    attachment = Attachment(row.token, row.name, row.media_type, row.size)
    return Wanted(row.id, row.platform, attachment, row.tries, row.person_id, row.at)
