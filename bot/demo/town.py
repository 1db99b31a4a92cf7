"""The sample county, put together with the real engine around a clock that can be pushed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.app import Bot, assembled
from bot.chat import ChatPlatform, Incoming, Unreadable
from bot.clock import VirtualClock
from bot.config import Database, Office, Settings
from bot.county_page import settle_in
from bot.demo.cast import Cast, acting
from bot.domain.roster import Roster
from bot.domain.sample import SAMPLE_COUNTY, sample_county
from bot.papers.workshop import Workshop
from handlers import duties
from storage.migrate import migrate
from storage.tx import Tx

START = datetime(2026, 11, 23, 8, 55, tzinfo=ZoneInfo("Asia/Shanghai"))
"""A Monday within the years whose 调休 is announced, five minutes before the questions go out."""

SETTINGS = Settings(county=SAMPLE_COUNTY, office=Office(listen=""))
_PATIENCE = 60.0
_ORIGIN = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class Town:
    """The county at work; whoever nobody speaks for is played by the cast."""

    bot: Bot
    clock: VirtualClock
    cast: Cast
    carried: bool = True
    """Whether carriers of their own deliver; else the one who pushes the clock sees to it."""
    pushing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _event: datetime | None = None

    async def listen(self, incoming: Incoming | Unreadable) -> str:
        """Take what somebody at the page says; from now on they speak for themselves."""
        if isinstance(incoming, Incoming) and not acting.get():
            self.cast.leave_alone(incoming.sender)
        return await self.bot.router.receive(incoming)

    async def settle(self) -> None:
        """Do what is due and wait until everybody has what they are owed."""
        await self.bot.beat()
        await self._deliver()

    async def reach(self, moment: datetime) -> None:
        """Push the clock to a moment, through everything that happens before it."""
        async with self.pushing:
            while (step := await self._next_step()) is not None and step <= moment:
                self.clock.set(step)
                if step == self._event:
                    await self.bot.beat()
                if await self.cast.play(step) and not self.cast.grid:
                    await self.bot.beat()
                await self._deliver()
            self.clock.set(moment)
            await self.settle()

    async def sleep(self, until: datetime) -> None:
        """Let the bot be down until a moment; what was due meanwhile is for its first beat after."""
        async with self.pushing:
            self.clock.set(until)
            await self.settle()
            await self.cast.play(self.clock.now())
            await self.settle()

    async def live(self, every: timedelta = timedelta(seconds=1)) -> None:
        """Let time pass by itself: the duties and the cast follow the running clock."""
        while True:
            async with self.pushing:
                await self.bot.beat()
                await self.cast.play(self.clock.now())
            await asyncio.sleep(every.total_seconds())

    async def next_event(self) -> tuple[datetime, str] | None:
        """Return when the bot will next do something by itself, and the key of its name."""
        return await self.bot.watch.read(duties.next_event)

    async def _next_step(self) -> datetime | None:
        event = await self.next_event()
        self._event = _on_grid(event[0], self.cast.grid) if event else None
        moments = [self.cast.next_moment(self.clock.now()), self._event]
        return min((moment for moment in moments if moment is not None), default=None)

    async def _deliver(self) -> None:
        if not self.carried:
            await self.bot.delivery.drain()
            return
        async with asyncio.timeout(_PATIENCE):
            while await self.bot.delivery.pending():  # noqa: ASYNC110 -- real carriers, in their own time
                await asyncio.sleep(0.005)


def _on_grid(moment: datetime, grid: timedelta) -> datetime:
    return moment + (_ORIGIN - moment) % grid if grid else moment


@asynccontextmanager
async def town(
    folder: Path,
    platform: ChatPlatform,
    clock: VirtualClock,
    actors: type[Cast] = Cast,
    settings: Settings = SETTINGS,
) -> AsyncIterator[Town]:
    """Set the sample county up in a folder or a database of the settings, everybody on one platform."""
    roster = sample_county()
    if "database" not in settings.model_fields_set:
        database = Database(url=f"sqlite:///{folder / 'demo.db'}")
        settings = settings.model_copy(update={"database": database})
    await asyncio.to_thread(migrate, settings.database.url)
    workshop = Workshop()
    try:
        async with assembled(settings, clock, [platform], workshop, durable=False) as bot:
            await bot.store.perform(lambda tx: _move_in(tx, roster, bot))
            yield Town(bot, clock, actors(bot, roster))
    finally:
        await workshop.close()


def _move_in(tx: Tx, roster: Roster, bot: Bot) -> None:
    now = bot.clock.now()
    tx.rosters.apply(roster, bot.county.calendar.day_of(now), now, zone=bot.county.calendar.zone)
    settle_in(tx, now, [(group.name, str(group.scope)) for group in roster.groups])
