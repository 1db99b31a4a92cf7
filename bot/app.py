"""The composition root: the only module that knows every other."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ParamSpec, TypeVar

from bot import systemd
from bot import texts as sentences
from bot.chat import ChatPlatform, Finding, Messenger
from bot.clock import Clock, GuardedClock, SystemClock
from bot.config import Settings
from bot.domain.county import County
from bot.errors import AlreadyServed, StorageError
from bot.messengers import messengers_of, titled
from bot.papers.workshop import Workshop
from bot.press import WorkshopPress
from bot.shelf import Shelf
from bot.texts import Texts
from bot.ticker import Ticker
from bot.timekeeper import Timekeeper
from bot.upkeep import Upkeep
from handlers import almanac, duties, machine, outage
from handlers.alarm import DELIVERY, Alarm
from handlers.delivery import Delivery
from handlers.discretion import discreet
from handlers.drill import Drilling
from handlers.fetching import Fetching
from handlers.router import Router
from handlers.watch import Watch
from storage import soundness
from storage.backup import Drilled
from storage.backup import drill as drill_backup
from storage.dialects import parsed, sqlite_file
from storage.lock import RunLock
from storage.store import Store

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)

BEAT = timedelta(seconds=5)
_STALLED = 90.0
_LONGEST_LOOK = timedelta(hours=1)
_PULSE = timedelta(minutes=1)
_LOCK_SEEN_TO = 30.0
_LAST_WORDS = 8.0
"""Seconds; a service manager is told that it takes ten in all."""
_BEFORE_EVERYTHING = datetime.min.replace(tzinfo=UTC)


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

    def ailments(self) -> dict[str, str]:
        """Return a sentence for everything that is wrong: with a platform, the machine, a loop of ours."""
        found = {name: platform.healthy() for name, platform in self.platforms.items()}
        found[machine.CLOCK] = self.timekeeper.sentence() if self.timekeeper is not None else ""
        found[machine.FILE] = self.upkeep.sentence() if self.upkeep is not None else ""
        return {name: sentence for name, sentence in found.items() if sentence} | self.standstills()

    def findings(self) -> list[Finding]:
        """Return how each channel goes, for `liaison check`, and whatever else is wrong."""
        found = [each for messenger in self.messengers for each in titled(messenger.name, messenger.state())]
        wrong = [sentence for name, sentence in self.ailments().items() if name not in self.platforms]
        return [*found, *(Finding(sentence, fault=True) for sentence in wrong)]

    def standstills(self) -> dict[str, str]:
        """Return a sentence for each loop of ours that has not come round for too long: a new start helps."""
        long_ago = asyncio.get_running_loop().time() - _STALLED
        found = {}
        if not self.store.healthy:
            found["writer"] = "the database's writer has stopped; restart the bot"
        if max(self.beat_at, self.started_at) < long_ago:
            found["duties"] = "the duties have not been done for 90 seconds"
        if max(self.fetching.beat_at, self.started_at) < long_ago:
            found["fetching"] = "no file that people sent has been fetched or looked for in 90 seconds"
        for name, carrier in self.delivery.carriers.items():
            if max(carrier.beat_at, self.started_at) < long_ago:
                found[DELIVERY + name] = f"{name}: nothing has been delivered or looked for in 90 seconds"
        return found

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
        """Receive, deliver, fetch and keep the duties until cancelled; then say what is still owed."""
        self.is_awake = False
        ticker = Ticker(self.beat, BEAT)
        await self.beat()
        async with asyncio.TaskGroup() as group:
            delivering = group.create_task(self.delivery.run())
            fetching = group.create_task(self.fetching.run())
            drilling = group.create_task(Drilling(self.watch, self._drill).run())
            watching = group.create_task(Alarm(self.watch, self.ailments).run())
            receiving = [
                group.create_task(platform.run(self.router.receive)) for platform in self.platforms.values()
            ]
            ticker.start()
            try:
                await asyncio.gather(*receiving)
            finally:
                ticker.stop()
                for task in receiving:
                    task.cancel()
                delivering.cancel()
                fetching.cancel()
                drilling.cancel()
                watching.cancel()
                if self.upkeep is not None:
                    self.upkeep.close()
                await asyncio.shield(self._last_words())

    async def _drill(self) -> Drilled:
        return await _apart(drill_backup, self.settings.database.url, self.settings.database.schema_)

    async def _last_words(self) -> None:
        """Send what is due before leaving, for a while; the rest is owed and goes out next time."""
        try:
            async with asyncio.timeout(_LAST_WORDS):
                await self.delivery.drain()
        except TimeoutError:
            log.warning("stopped before everything was delivered; the rest goes out after the next start")


@asynccontextmanager
async def assembled(
    settings: Settings,
    clock: Clock,
    platforms: Sequence[ChatPlatform],
    workshop: Workshop,
    *,
    durable: bool = True,
) -> AsyncIterator[Bot]:
    """Put a county's bot together around an open database."""
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
            fetchers=Shelf(named, attachments_folder(settings), sqlite_file(parsed(settings.database.url))),
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
            delivery=Delivery(store, named, county, texts, clock),
            watch=watch,
            fetching=Fetching(watch),
        )


def attachments_folder(settings: Settings) -> Path:
    """Return where attachments are kept: beside the database's file, or here."""
    url = settings.database.url
    if url.startswith("sqlite:///"):
        return Path(url.removeprefix("sqlite:///")).parent / "attachments"
    return Path("attachments")


async def run(every: Sequence[Settings]) -> None:
    """Run the bots of one or several counties until SIGTERM or Ctrl-C; a second one ends them at once."""
    stop = asyncio.Event()
    _listen_for_signals(stop)
    workshop = Workshop()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(workshop.close)
        tasks, bots = [], []
        for settings in every:
            lock = stack.enter_context(RunLock(settings.database.url, settings.database.schema_))
            bot = await stack.enter_async_context(_with_page(settings, workshop))
            health = await stack.enter_async_context(_health_of(bot))
            almanac.note(bot.watch)
            bots.append(bot)
            tasks += [asyncio.create_task(bot.run()), asyncio.create_task(_kept(lock))]
            log.info("%s is ready%s", settings.county, f"; its health: {health}" if health else "")
        systemd.notify("READY=1")
        feeding = asyncio.create_task(systemd.feed(lambda: not any(bot.standstills() for bot in bots)))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        systemd.notify("STOPPING=1")
        feeding.cancel()
        stopping.cancel()
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


async def _apart(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Look a database over in a process of its own: it may take minutes, and papers must not wait."""
    workshop = Workshop(patience=_LONGEST_LOOK)
    try:
        return await workshop.make(work, *args, **kwargs)
    finally:
        await workshop.close()


async def _kept(lock: RunLock) -> None:
    """See to it that nobody else serves the database; raise AlreadyServed if somebody does."""
    while True:
        await asyncio.sleep(_LOCK_SEEN_TO)
        try:
            await asyncio.to_thread(lock.keep)
        except AlreadyServed:
            raise
        except StorageError as error:
            log.warning("whether the database is still ours cannot be told: %s", error)


def _listen_for_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    every = (signal.SIGINT, signal.SIGTERM)

    def hear() -> None:
        stop.set()
        # Whoever asks twice does not want to wait; what is owed is stored and goes out next time.
        for told in every:
            loop.remove_signal_handler(told)

    for told in every:
        loop.add_signal_handler(told, hear)


@asynccontextmanager
async def _with_page(settings: Settings, workshop: Workshop) -> AsyncIterator[Bot]:
    """Put a bot together with its messengers and, where the settings ask for it, the local page."""
    texts = sentences.load(settings.texts, settings.language)
    clock = GuardedClock() if settings.telegram.is_set or settings.wecom.is_set else SystemClock()
    messengers = messengers_of(settings, clock, texts)
    for messenger in messengers:
        messenger.listen()
    platforms: list[ChatPlatform] = [*messengers]
    if not settings.local.listen:
        async with assembled(settings, clock, platforms, workshop) as bot:
            bot.has(messengers)
            bot.look_after_file()
            # A write that changes nothing: a read-only database must be told of now, not at nine o'clock.
            await bot.store.perform(lambda tx: tx.inbox.forget(_BEFORE_EVERYTHING))
            yield bot
        return
    from bot.county_page import CountyPage, settle_in
    from bot.platforms.local import LocalPlatform

    page = CountyPage(settings.of_county(), clock)
    platform = LocalPlatform(page, settings.local.listen)
    platform.listen()
    async with assembled(settings, clock, [*platforms, platform], workshop) as bot:
        page.watch = bot.watch
        bot.has(messengers)
        bot.look_after_file()
        # Whoever is reached by messenger still is: the contact used last comes first.
        await bot.store.perform(lambda tx: settle_in(tx, _BEFORE_EVERYTHING))
        yield bot


@asynccontextmanager
async def _health_of(bot: Bot) -> AsyncIterator[str]:
    """Tell a bot's health over HTTP, where the settings say so, and yield the address."""
    listen = bot.settings.office.listen
    if not listen:
        yield ""
        return
    from bot import metrics
    from bot.office.health import health_site
    from bot.web import Server, taken

    listening = taken(listen, "office.listen")
    server = Server(
        health_site(
            lambda: [*bot.ailments().values()],
            lambda: [asdict(each) for each in bot.findings()],
            lambda: metrics.text(bot),
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://{listen}/healthz"
    finally:
        server.should_exit = True
        await serving
