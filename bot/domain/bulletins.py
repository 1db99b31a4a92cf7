"""A bulletin (材料): a paper of the timetable, from its draft to the people it is for."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property

from bot.domain.blanks import Value
from bot.domain.document import Document, Heading
from bot.domain.folded import opened


class Stage(StrEnum):
    """Where a bulletin stands; the values are what people read."""

    DRAFT = "拟稿"
    SHOWN = "公示"
    """Released, and open to objections until its moment comes."""
    RELEASED = "已发"
    DROPPED = "不发"
    EMPTY = "无内容"
    UNCHANGED = "无变化"
    """For the office alone, and what it said the last time."""


@dataclass(frozen=True)
class Bulletin:
    """One paper of some days; ``version`` grows with every amendment, ``printed`` is the last on paper.

    ``content`` is the paper folded up.
    """

    id: int
    slot: str
    form: str
    scope: str
    first: date
    last: date
    title: str
    stage: Stage
    content: bytes
    lines: int
    personal: bool
    says: str
    audience: tuple[str, ...]
    hold: timedelta
    version: int
    printed: int
    drafted_at: datetime
    decided_by: int | None = None
    decided_at: datetime | None = None
    post_at: datetime | None = None
    posted_at: datetime | None = None

    @property
    def subject(self) -> str:
        """The name under which its letters and receipts are found again."""
        return f"bulletin:{self.id}"

    @cached_property
    def document(self) -> Document:
        """The paper, opened: a long one takes its time."""
        return opened(self.content)


@dataclass(frozen=True, slots=True)
class Amendment:
    """One figure put right: of which line, to what, and why."""

    line: str
    figure: Heading
    value: Value
    reason: str
