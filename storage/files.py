"""Papers we hand over, and the pictures and files that people send with their words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

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


@dataclass(frozen=True, slots=True)
class Wanted:
    """An attachment that must still be fetched from its platform."""

    id: int
    platform: str
    attachment: Attachment
    tries: int


class Attachments:
    """What came with a report or a problem; fetched in the background, before the links die."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        platform: str,
        attachment: Attachment,
        person_id: int,
        now: datetime,
        *,
        report_id: int | None = None,
        problem_id: int | None = None,
    ) -> None:
        """Remember that an attachment must be fetched."""
        row = {
            "person_id": person_id,
            "report_id": report_id,
            "problem_id": problem_id,
            "platform": platform,
            "token": attachment.token,
            "name": attachment.name,
            "media_type": attachment.media_type,
            "size": attachment.size,
            "state": "wanted",
            "next_try_at": now,
            "at": now,
        }
        self._connection.execute(attachments.insert(), row)

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
    return Wanted(row.id, row.platform, attachment, row.tries)
