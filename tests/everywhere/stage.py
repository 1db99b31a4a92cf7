"""A county on real platforms: real adapters over real sockets, real store, router, delivery and duties.

Only the clock is pushed by hand, and the other end of each socket is a loopback server. People are
called as in `tests.world`; each lives on one side, or on several.
"""

import asyncio
import base64
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TypeVar

import xlsxwriter
from sqlalchemy import delete, update

from bot.chat import Incoming, Paper, Unreadable
from bot.domain.county import County
from bot.domain.missives import Sheet
from bot.papers.missive import DOCX, PDF, missive_docx, missive_pdf
from bot.shelf import Shelf
from handlers import duties
from handlers.delivery import Delivery
from handlers.discretion import discreet
from handlers.fetching import Fetching
from handlers.watch import DigestPapers, MissivePapers, Watch
from storage import tables
from storage.store import Store
from storage.tx import Tx
from tests.everywhere.sides import Can, Finger, Joining, Seen, Side
from tests.fakes import FakePress
from tests.world import ZONE, World
from tests.world import world as make_town

T = TypeVar("T")

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
_PATIENCE = 10.0


def workbook() -> bytes:
    """Return a small workbook that opens."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        book.add_worksheet("台账").write(0, 0, "青禾县")
    return made.getvalue()


@dataclass
class PaperPress(FakePress):
    """Prints digests that are small, and real."""

    ledger: bytes = field(default_factory=workbook)

    async def digest(self, scope: str, week: object, now: object, *, late: bool) -> DigestPapers:
        return DigestPapers(
            f"周报 {scope} {week}{' 迟到' if late else ''}",
            Paper("周报.png", "image/png", PNG),
            Paper(
                "台账.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", self.ledger
            ),
        )

    async def missive(self, sheet: Sheet) -> MissivePapers:
        return MissivePapers(
            Paper(f"{sheet.number}.docx", DOCX, missive_docx(sheet)),
            Paper(f"{sheet.number}.pdf", PDF, missive_pdf(sheet)),
        )


@dataclass
class Ears:
    """Counts what reached the bot and was handled."""

    receive: Callable[[Incoming | Unreadable], Awaitable[str]]
    heard: list[Incoming | Unreadable] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, incoming: Incoming | Unreadable) -> str:
        notice = await self.receive(incoming)
        self.heard.append(incoming)
        self._news.set()
        return notice

    @property
    def messages(self) -> set[str]:
        """What names the messages that were handled."""
        return {each.message for each in self.heard if isinstance(each, Incoming)}

    async def until(self, count: int) -> None:
        """Wait until so many messages were handled."""
        async with asyncio.timeout(_PATIENCE):
            while len(self.heard) < count:
                self._news.clear()
                await self._news.wait()


class Stage:
    """The county, and what people do and see on their platforms."""

    def __init__(
        self, town: World, sides: Mapping[str, Side], homes: Mapping[str, str], attachments: Path
    ) -> None:
        every = discreet(
            [side.platform for side in sides.values()], town.store, town.county, town.watch.texts
        )
        platforms = {each.name: each for each in every}
        self.platforms = every
        self.town = town
        self.store = town.store
        self.press = PaperPress()
        self.watch = Watch(
            town.store,
            town.county,
            town.watch.texts,
            town.clock,
            self.press,
            Shelf(platforms, attachments),
            writes_first=frozenset(
                name for name, each in platforms.items() if each.capabilities.writes_first
            ),
        )
        self.fetching = Fetching(self.watch)
        self.attachments = attachments
        self.delivery = Delivery(town.store, platforms, town.county, town.watch.texts, town.clock)
        self.ears = Ears(town.router.receive)
        self.sides = dict(sides)
        self._homes = dict(homes)

    # --- what happens -------------------------------------------------------------------

    async def says(self, who: str, text: str, *, on: str = "", group: str = "") -> None:
        """Let somebody write, in their own chat or to the bot in a group."""
        await self._goes_in(self.side(who, on).says(who, text, group=group))

    async def presses(self, who: str, label: str, *, on: str = "", busy: float = 0) -> str:
        """Let somebody press the newest button with a label; Return the notice that they see.

        ``busy`` is for how many seconds the bot has so much to do that nothing is delivered.
        """
        return await self.presses_again(who, await self.finger(who, label, on=on), on=on, busy=busy)

    async def finger(self, who: str, label: str, *, on: str = "") -> Finger:
        """Return what a button sends, to press it when it is no longer there."""
        return await self.side(who, on).finger(who, label)

    async def presses_again(self, who: str, finger: Finger, *, on: str = "", busy: float = 0) -> str:
        """Let somebody press a button that is, or was, there."""
        return await self._goes_in(self.side(who, on).presses(who, finger), busy)

    async def sends_picture(self, who: str, words: str = "", *, on: str = "") -> None:
        """Let somebody send a photograph; its words come before it where the platform takes none with it."""
        side = self.side(who, on)
        if words and not side.can.pictures_have_words:
            await self._goes_in(side.says(who, words))
            words = ""
        await self._goes_in(side.sends_picture(who, JPEG, words))

    async def opens(self, who: str, *, on: str = "") -> None:
        """Let somebody open their chat with the bot."""
        await self._goes_in(self.side(who, on).opens(who))

    async def joins(self, name: str, *, by: str = "zhao", on: str = "") -> None:
        """Let somebody bring the bot into a group; into one of the settings it came with its start."""
        side = self.side(by, on)
        if side.can.joins_groups_by is not Joining.SETTINGS:
            await self._goes_in(side.joins(name, by=by))

    async def reaches(self, day: date, clock: str) -> None:
        """Push the clock to a local time of a day, and let the heart beat."""
        self.town.clock.set(datetime.combine(day, time.fromisoformat(clock), ZONE))
        await self.beats()

    async def waits(self, **length: float) -> None:
        """Let time pass, and the heart beat."""
        self.town.clock.set(self.town.clock.now() + timedelta(**length))
        await self.beats()

    async def beats(self) -> None:
        """Let the heart beat once and everything owed arrive."""
        assert await duties.keep(self.watch) == []
        await self.fetching.drain()
        await self.delivery.drain()

    async def _goes_in(self, deed: Awaitable[T], busy: float = 0) -> T:
        before = len(self.ears.heard)
        result = await deed
        await self.ears.until(before + 1)
        await self.fetching.drain()
        self.town.clock.set(self.town.clock.now() + timedelta(seconds=busy))
        await self.delivery.drain()
        return result

    # --- what is seen -------------------------------------------------------------------

    def can(self, who: str, *, on: str = "") -> Can:
        """Return what somebody's platform can do."""
        return self.side(who, on).can

    async def sees(self, who: str, *, on: str = "") -> list[Seen]:
        """Return what stands in somebody's chat now."""
        side = self.side(who, on)
        return await side.shown(side.chat(who))

    async def reads(self, who: str, *, on: str = "") -> str:
        """Return all the words that stand in somebody's chat now."""
        return "\n".join(seen.text for seen in await self.sees(who, on=on))

    async def offered(self, who: str, *, on: str = "") -> list[str]:
        """Return the buttons of the newest message of somebody's that has any."""
        return next((list(seen.labels) for seen in reversed(await self.sees(who, on=on)) if seen.labels), [])

    async def group_sees(self, name: str, *, on: str = "") -> list[Seen]:
        """Return what stands in a group now: texts, pictures, files."""
        side = self.sides[on] if on else next(iter(self.sides.values()))
        return await side.shown(side.group(name))

    async def asks(self, question: Callable[[Tx], T]) -> T:
        """Ask the database."""
        return await self.store.read(question)

    # --- who lives where ----------------------------------------------------------------

    def side(self, who: str, on: str = "") -> Side:
        """Return the side somebody acts on: the one named, else where they live."""
        return self.sides[on or self._homes.get(who, next(iter(self.sides)))]


@asynccontextmanager
async def staged(
    store: Store,
    folder: Path,
    make: Mapping[str, Callable[[World], Side]],
    homes: Mapping[str, tuple[str, ...]] | None = None,
    newcomers: tuple[str, ...] = (),
    settings: County | None = None,
) -> AsyncIterator[Stage]:
    """Put a county on platforms; ``homes`` says where somebody has accounts, the first unless it does.

    ``newcomers`` are named by the roster, and have never written.
    """
    town = make_town(store, settings=settings)
    await town.is_peopled()
    sides = {name: maker(town) for name, maker in make.items()}
    first = next(iter(sides))
    people = [who for who in town.ids if not who.startswith("#")]
    lives = {who: (homes or {}).get(who, (first,)) for who in people}

    def settle(tx: Tx) -> None:
        tx.connection.execute(delete(tables.contacts))
        for who, names in lives.items():
            for name in names:
                side = sides[name]
                tx.people.bind(
                    town.ids[who], side.platform.name, side.account(who), side.chat(who), town.clock.now()
                )
                if who not in newcomers:
                    side.knows(who)
        unwritten = tables.contacts.c.person_id.in_([town.ids[who] for who in newcomers])
        tx.connection.execute(update(tables.contacts).where(unwritten).values(joined_at=None))

    async with AsyncExitStack() as stack:
        for side in sides.values():
            await side.open()
            stack.push_async_callback(side.close)
            stack.push_async_callback(side.platform.close)
        await store.perform(settle)
        stage = Stage(town, sides, {who: names[0] for who, names in lives.items()}, folder / "attachments")
        running = [asyncio.create_task(each.run(stage.ears)) for each in stage.platforms]
        try:
            robots = sum(side.can.joins_groups_by is Joining.SETTINGS for side in sides.values())
            await stage.ears.until(robots)
            await stage.delivery.drain()
            yield stage
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
