"""The composition root: the only module that knows every other."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from bot import texts as sentences
from bot import wellbeing
from bot.chat import ChatPlatform, Messenger
from bot.clock import Clock, GuardedClock
from bot.config import Settings
from bot.domain.county import County
from bot.errors import StorageError
from bot.papers.workshop import Workshop
from bot.press import WorkshopPress
from bot.shelf import Shelf
from bot.texts import Texts
from bot.ticker import Ticker
from bot.timekeeper import Timekeeper
from bot.upkeep import Upkeep
from handlers import duties, outage
from handlers.alarm import Alarm
from handlers.delivery import Delivery
from handlers.discretion import discreet
from handlers.drill import Drilling
from handlers.fetching import Fetching
from handlers.leases import DUTIES, Leases
from handlers.router import Router
from handlers.watch import Watch
from storage import soundness
from storage.backup import Drilled
from storage.backup import drill as drill_backup
from storage.dialects import parsed, sqlite_file
from storage.store import Store

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)

BEAT = timedelta(seconds=5)
_LONGEST_LOOK = timedelta(hours=1)
_PULSE = timedelta(minutes=1)
_LAST_WORDS = 8.0
"""Seconds; a service manager is told that it takes ten in all."""
_BEFORE_EVERYTHING = datetime.min.replace(tzinfo=UTC)


async def _never() -> bool:
    return False


@dataclass
class Bot:
    """One county's bot, put together and ready to run."""

    settings: Settings
    county: County
    texts: Texts
    clock: Clock
    store: Store
    platforms: Mapping[str, ChatPlatform]
    router: Router
    delivery: Delivery
    watch: Watch
    fetching: Fetching
    messengers: Sequence[Messenger] = ()
    timekeeper: Timekeeper | None = None
    upkeep: Upkeep | None = None
    leases: Leases = field(kw_only=True)
    has_successor: Callable[[], Awaitable[bool]] = _never
    """Whether another process is there to go on when we leave."""
    started_at: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    beat_at: float = 0.0
    is_awake: bool = True
    """Whether what happened before this process began is no longer to be looked after."""
    gaps: list[outage.Gap] = field(default_factory=list)
    """What was lost before this process began and is still to be counted."""
    _pulsed_at: datetime = _BEFORE_EVERYTHING

    def has(self, messengers: Sequence[Messenger]) -> None:
        """Be out in the world: a guarded clock is compared with those of the messengers."""
        self.messengers = messengers
        if isinstance(self.clock, GuardedClock):
            self.timekeeper = Timekeeper(self.clock, messengers, self.watch)

    def look_after_file(self) -> None:
        """Look after SQLite's file; PostgreSQL looks after its own."""
        if (file := sqlite_file(self.store.url)) and self.store.ballast:
            self.upkeep = Upkeep(
                self.watch, file, self.store.ballast, lambda of: _apart(soundness.faults, of)
            )

    async def beat(self) -> None:
        """Do what is due, unless the clock is wrong."""
        if self.timekeeper is None or await self.timekeeper.is_right():
            await self._wake()
            await duties.keep(self.watch)
        await self._look_after_store(self.clock.now())
        self.beat_at = asyncio.get_running_loop().time()

    async def _wake(self) -> None:
        """Make up for the time in which nobody listened, once, and tell how much was lost when it shows."""
        if not self.is_awake:
            named = self.platforms.items()
            keeps = {name: kept for name, each in named if (kept := each.capabilities.keeps) is not None}
            self.gaps = await outage.make_up(self.watch, keeps)
            self.is_awake = True
        self.gaps = [gap for gap in self.gaps if not await outage.counted(self.watch, gap)]

    async def _look_after_store(self, now: datetime) -> None:
        """Look after the database's file, and leave word that we are at work."""
        try:
            if self.upkeep is not None:
                await self.upkeep.look()
            # Until we are awake it still says when we last were: the outage is measured from there.
            if self.is_awake and abs(now - self._pulsed_at) >= _PULSE:
                await self.store.perform(lambda tx: tx.pulse.beat(now))
                self._pulsed_at = now
        except StorageError as error:
            log.error("the database takes nothing: %s", error)  # noqa: TRY400 -- no mistake of ours

    async def run(self) -> None:
        """Receive, deliver and keep the duties, as far as they are ours, until cancelled; then hand on."""
        async with asyncio.TaskGroup() as group:
            beside = [
                group.create_task(each)
                for each in (
                    self.leases.run(),
                    self.fetching.run(),
                    Alarm(self.watch, lambda: wellbeing.ailments(self)).run(),
                )
            ]
            serving = [
                group.create_task(self.leases[DUTIES].whenever(self._keep_duties)),
                *(
                    group.create_task(self.leases[name].whenever(partial(self._serve, name)))
                    for name in self.platforms
                ),
            ]
            try:
                await asyncio.gather(*serving)
            finally:
                for task in serving:
                    task.cancel()
                if self.upkeep is not None:
                    self.upkeep.close()
                await asyncio.shield(self._last_words(serving))
                for task in beside:
                    task.cancel()

    async def _serve(self, name: str) -> None:
        """Receive and deliver for a platform until called off."""
        platform = self.platforms[name]
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.delivery.carriers[name].run())
                group.create_task(platform.run(self.router.receive))
        finally:
            if not self.leases.holds(name):
                await platform.close()

    async def _keep_duties(self) -> None:
        """Do what is due whenever it is, until called off."""
        self.is_awake = False
        ticker = Ticker(self.beat, BEAT)
        try:
            await self.beat()
        except StorageError as error:
            log.error("the duties cannot be looked at, the next beat tries again: %s", error)  # noqa: TRY400 -- no mistake of ours
        ticker.start()
        try:
            await Drilling(self.watch, self._drill).run()
        finally:
            ticker.stop()

    async def _drill(self) -> Drilled:
        return await _apart(drill_backup, self.settings.database.url, self.settings.database.schema_)

    async def _last_words(self, serving: Sequence["asyncio.Task[None]"]) -> None:
        """Send what is due before leaving, for a while; the rest is owed and goes out next time.

        Where another process is there to go on, nothing more is begun, and it goes on at once.
        """
        ours = [each for name, each in self.delivery.carriers.items() if self.leases.holds(name)]
        try:
            async with asyncio.timeout(_LAST_WORDS):
                # Where the database does not answer, nobody is asked: it could be for ever.
                has_successor = not self.leases.ailment and await self.has_successor()
                for carrier in ours:
                    await (carrier.land() if has_successor else carrier.drain())
        except TimeoutError:
            log.warning("stopped before everything was delivered; the rest goes out after the next start")
        except StorageError as error:
            log.warning("stopped without telling the outbox what was delivered last: %s", error)
        if self.leases.are_shared:
            await asyncio.gather(*serving, return_exceptions=True)
            for platform in self.platforms.values():
                await platform.close()
            await self.leases.let_go()


@asynccontextmanager
async def assembled(
    settings: Settings,
    clock: Clock,
    platforms: Sequence[ChatPlatform],
    workshop: Workshop,
    *,
    durable: bool = True,
    leases: Leases | None = None,
) -> AsyncIterator[Bot]:
    """Put a county's bot together around an open database; without ``leases`` it is the only process."""
    leases = leases or Leases([DUTIES, *(each.name for each in platforms)])
    county = settings.of_county()
    texts = sentences.load(settings.texts, settings.language)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(
            Store(settings.database.url, schema=settings.database.schema_, durable=durable)
        )
        for platform in platforms:
            stack.push_async_callback(platform.close)
        named = {each.name: each for each in discreet(platforms, store, county, texts)}
        watch = Watch(
            store=store,
            county=county,
            texts=texts,
            clock=clock,
            press=WorkshopPress(settings, workshop),
            fetchers=Shelf(
                named, attachments_folder(settings), sqlite_file(parsed(settings.database.url)), leases.holds
            ),
            writes_first=frozenset(each.name for each in platforms if each.capabilities.writes_first),
        )
        yield Bot(
            settings=settings,
            county=county,
            texts=texts,
            clock=clock,
            store=store,
            platforms=named,
            router=Router(store, county, texts, clock),
            delivery=Delivery(store, named, county, texts, clock, leases),
            watch=watch,
            fetching=Fetching(watch),
            leases=leases,
        )


def attachments_folder(settings: Settings) -> Path:
    """Return where attachments are kept: beside the database's file, or here."""
    url = settings.database.url
    if url.startswith("sqlite:///"):
        return Path(url.removeprefix("sqlite:///")).parent / "attachments"
    return Path("attachments")


async def _apart(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Look a database over in a process of its own: it may take minutes, and papers must not wait."""
    workshop = Workshop(patience=_LONGEST_LOOK)
    try:
        return await workshop.make(work, *args, **kwargs)
    finally:
        await workshop.close()
