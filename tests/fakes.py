"""Doubles written by hand: a platform that remembers, a press that prints nothing."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from bot.chat import Address, Attachment, Capabilities, Fetched, Incoming, Listener, Outgoing, Paper, Ref
from bot.domain.blanks import Blank, How
from bot.domain.document import Document, Heading, Kind, Row, Table
from bot.domain.folded import Folded, opened
from bot.domain.missives import Sheet
from bot.domain.ranking import Weights
from bot.domain.rhythm import Occasion, Rhythm
from bot.errors import DeliveryError, Failure, PaperError
from handlers.watch import DigestPapers, MissivePapers, Printed


@dataclass
class Message:
    """A message as it stands in a chat now."""

    ref: Ref
    text: str
    labels: list[str]
    data: dict[str, str]
    paper: Paper | None
    edits: int = 0


@dataclass
class FakePlatform:
    """A chat platform in memory; the failures are raised instead of sending and of fetching.

    A chat of ``unopened`` takes nothing until somebody there has written. Unless it ``edits``, no message
    is ever changed.
    """

    name: str = "fake"
    capabilities: Capabilities = field(default_factory=Capabilities)
    chats: dict[str, list[Message]] = field(default_factory=lambda: defaultdict(list))
    failures: list[DeliveryError] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    file_names: dict[str, str] = field(default_factory=dict)
    fetch_failures: list[DeliveryError] = field(default_factory=list)
    attempts: int = 0
    unopened: set[str] = field(default_factory=set)
    edits: bool = True
    readable: dict[str, Incoming] = field(default_factory=dict)
    recalled: list[tuple[str, datetime]] = field(default_factory=list)

    async def run(self, listener: Listener) -> None:
        await asyncio.Event().wait()

    def healthy(self) -> str:
        return ""

    async def send(self, message: Outgoing) -> Ref | None:
        self.attempts += 1
        if self.failures:
            raise self.failures.pop(0)
        if message.to.chat in self.unopened:
            raise DeliveryError(Failure.UNOPENED, "nobody has written there yet")
        chat = self.chats[message.to.chat]
        ref = Ref(message.to, str(len(chat) + 1))
        chat.append(Message(ref, message.marked, *_buttons(message), message.paper))
        return ref

    async def update(self, ref: Ref, message: Outgoing) -> bool:
        for shown in self.chats[ref.to.chat]:
            if self.edits and shown.ref.message == ref.message:
                shown.text = message.text
                shown.labels, shown.data = _buttons(message)
                shown.edits += 1
                return True
        return False

    async def fetch(self, attachment: Attachment) -> Fetched:
        if self.fetch_failures:
            raise self.fetch_failures.pop(0)
        return Fetched(self.files[attachment.token], self.file_names.get(attachment.token, ""))

    def reread(self, raw: str) -> Incoming | None:
        return self.readable.get(raw)

    def recall(self, sent: Sequence[tuple[str, datetime]]) -> None:
        self.recalled += sent

    async def link(self, code: str) -> str:
        return f"fake://join/{code}"

    async def close(self) -> None:
        pass


def _buttons(message: Outgoing) -> tuple[list[str], dict[str, str]]:
    flat = [button for row in message.buttons for button in row]
    return [button.label for button in flat], {button.label: button.data for button in flat}


@dataclass
class FakePress:
    """Prints digests and papers of two lines; ``failures`` are raised instead of the next ones.

    ``drafted`` tells what was asked for, ``together`` which papers at once. Each holds ``rows``: a project's
    number, its investment, and whom it concerns; of papers ``papers`` tells what was printed, and
    ``paper_failures`` are raised.
    """

    printed: list[str] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)
    drafted: list[str] = field(default_factory=list)
    together: list[list[str]] = field(default_factory=list)
    papers: list[str] = field(default_factory=list)
    paper_failures: list[PaperError] = field(default_factory=list)
    rows: list[tuple[str, int, tuple[int, ...]]] = field(default_factory=lambda: [("XM-001", 320_000, ())])
    is_personal: bool = False

    async def personal(self, person_id: int, now: datetime) -> Paper:
        if self.paper_failures:
            raise self.paper_failures.pop(0)
        return Paper("我的数据.xlsx", "application/zip", f"person:{person_id}".encode())

    async def draft(
        self, rhythms: Sequence[Rhythm], occasion: Occasion, now: datetime, weights: Weights = ()
    ) -> list[Folded | PaperError]:
        self.together.append([rhythm.paper for rhythm in rhythms])
        return [self._draft(rhythm, occasion, now, weights) for rhythm in rhythms]

    def _draft(
        self, rhythm: Rhythm, occasion: Occasion, now: datetime, weights: Weights
    ) -> Folded | PaperError:
        by = "".join(f" {item}={weight}" for item, weight in weights)
        self.drafted.append(f"{rhythm.paper} {rhythm.scope} {occasion.first} {occasion.last}{by}")
        if self.paper_failures:
            return self.paper_failures.pop(0)
        headings = (
            Heading("number", "编号", Kind.WORD),
            Heading("invested", "本期完成", Kind.MONEY, summed=True),
        )
        rows = tuple(Row(number, (number, amount), about=about) for number, amount, about in self.rows)
        paper = Document(
            form=rhythm.paper,
            title=f"{rhythm.paper} {occasion.first:%m-%d}至{occasion.last:%m-%d}",
            period="",
            county="青禾县",
            scope=rhythm.scope,
            first=str(occasion.first),
            last=str(occasion.last),
            made_at=str(now),
            tables=(Table("项目", headings, rows),),
            personal=self.is_personal,
        )
        return Folded.of(paper)

    async def print(self, content: bytes) -> Printed:
        return self._printed(opened(content))

    async def print_for(self, reader: int, content: bytes) -> Printed | None:
        own = opened(content).of(reader)
        return None if own.is_empty else self._printed(own)

    def _printed(self, document: Document) -> Printed:
        total = document.tables[0].total("invested")
        self.papers.append(f"{document.title} {total}")
        return Printed(
            f"【{document.title}】本期完成 {total // 100} 万元",
            Paper(f"{document.title}.xlsx", "application/xlsx", f"xlsx {total}".encode()),
            Paper(f"{document.title}.pdf", "application/pdf", f"pdf {total}".encode()),
        )

    async def digest(self, scope: str, week: object, now: object, *, late: bool) -> DigestPapers:
        if self.failures:
            raise self.failures.pop(0)
        self.printed.append(f"{scope} {week}{' late' if late else ''}")
        return DigestPapers(
            f"周报 {scope} {week}",
            Paper("digest.png", "image/png", b"png"),
            Paper("ledger.xlsx", "application/xlsx", b"xlsx"),
        )

    async def missive(self, sheet: Sheet) -> MissivePapers:
        if self.failures:
            raise self.failures.pop(0)
        self.sheets.append(sheet)
        return MissivePapers(
            Paper(f"{sheet.number}.docx", "application/docx", b"docx"),
            Paper(f"{sheet.number}.pdf", "application/pdf", b"pdf"),
        )


def document(form: str, scope: str, first: date, last: date, now: datetime) -> Document:
    """Return a small paper: what two projects invested."""
    headings = (
        Heading("number", "编号", Kind.WORD),
        Heading("name", "项目", Kind.PROSE),
        Heading("invested", "本期完成(万元)", Kind.MONEY, summed=True),
    )
    rows = (
        Row("XM-001", ("XM-001", "年产100万吨纯碱项目", 120_000), "2026-11-20 刘敏"),
        Row("XM-002", ("XM-002", "泵业智造产业园", 80_000), "2026-11-19 刘敏"),
    )
    return Document(
        form=form,
        title=f"青禾县{form}",
        period=f"{first} – {last}",
        county="青禾县",
        scope=scope,
        first=first.isoformat(),
        last=last.isoformat(),
        made_at=now.isoformat(),
        lead=("本期完成 {invested}。",),
        tables=(Table("项目", headings, rows),),
        blanks=(Blank("invested", 0, How.SUM, ("invested",)),),
    )


@dataclass
class FakeFetchers:
    """Fetches from the fake platform, keeps in memory."""

    platform: FakePlatform
    kept: dict[str, bytes] = field(default_factory=dict)

    @property
    def platforms(self) -> list[str]:
        return [self.platform.name]

    async def fetch(self, platform: str, attachment: Attachment) -> Fetched:
        return await self.platform.fetch(attachment)

    def reread(self, platform: str, raw: str) -> Incoming | None:
        return self.platform.reread(raw)

    async def keep(self, name: str, content: bytes) -> str:
        self.kept[name] = content
        return name

    async def drop(self, path: str) -> None:
        self.kept.pop(path, None)

    async def drop_copies(self, before: datetime) -> int:
        self.copies_before = before
        return 0


NOWHERE = Address("", "")
