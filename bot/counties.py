"""The counties of one process at work: each is put together, runs, and when it fails begins anew alone."""

import asyncio
import gc
import logging
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import NoReturn

from bot import systemd, wellbeing
from bot import texts as sentences
from bot.app import Bot, assembled
from bot.chat import ChatPlatform
from bot.clock import GuardedClock, SystemClock
from bot.config import Settings
from bot.errors import AlreadyServed, ConfigurationError, StorageError
from bot.messengers import messengers_of
from bot.papers.workshop import Workshop
from handlers import almanac
from handlers.leases import DUTIES, Leases
from storage.dialects import parsed, sqlite_file
from storage.leases import LeaseDesk
from storage.lock import RunLock
from storage.migrate import migrate
from storage.soundness import refuse_damaged

log = logging.getLogger(__name__)

_LOCK_SEEN_TO = 30.0
_LOOK = 10.0
_LONGEST_WAIT = 60.0
_LONGEST_LEAVING = 60.0
_WELL_FOR = 600.0
"""Seconds after which an earlier failure no longer makes the next wait longer."""
_BEFORE_EVERYTHING = datetime.min.replace(tzinfo=UTC)


class StandsStill(Exception):  # noqa: N818 -- says what happened
    """A loop of a county has not come round for too long."""


class CountyAtWork:
    """One county of a process. The only one ends the process when it fails; of several each begins anew."""

    def __init__(self, settings: Settings, workshop: Workshop, *, alone: bool) -> None:
        self.settings = settings
        self.why = ""
        """Why it is not at work; empty while it is."""
        self.is_alone = alone
        self._workshop = workshop
        self._stack = AsyncExitStack()
        self._bot: Bot | None = None
        self._lock: RunLock | None = None

    @property
    def is_alive(self) -> bool:
        """Tell whether a new start of the process would not help."""
        return not self.is_alone or self._bot is None or not wellbeing.standstills(self._bot)

    def ailments(self) -> list[str]:
        """Return a sentence for everything that is wrong."""
        if self._bot is None:
            return [self.why or f"{self.settings.county} is being put together"]
        return list(wellbeing.ailments(self._bot).values())

    def findings(self) -> list[dict[str, object]]:
        """Return how each channel goes."""
        return [asdict(each) for each in wellbeing.findings(self._bot)] if self._bot is not None else []

    def standing_by(self) -> list[str]:
        """Return what another process does."""
        return wellbeing.standing_by(self._bot) if self._bot is not None else []

    async def metrics(self) -> str:
        """Return what is measured."""
        from bot import metrics

        return await metrics.text(self._bot) if self._bot is not None else ""

    async def open(self) -> None:
        """Put it together; raise what keeps it from it, with nothing left open."""
        async with AsyncExitStack() as stack:
            for step in await asyncio.to_thread(_brought_up_to_date, self.settings):
                log.info("%s: the database was brought up to date: %s", self.settings.county, step)
            database = self.settings.database
            lock = RunLock(database.url, database.schema_, shared=True)
            # Beside the loop: a server that is away is waited for, and the other counties are at work.
            await asyncio.to_thread(stack.enter_context, lock)
            bot = await stack.enter_async_context(_with_page(self.settings, self._workshop))

            async def has_successor() -> bool:
                return await asyncio.to_thread(lambda: lock.is_shared)

            bot.has_successor = has_successor
            bot.leases.is_well = lambda: not wellbeing.standstills(bot)
            almanac.note(bot.watch)
            self._bot, self._lock, self.why = bot, lock, ""
            self._stack = stack.pop_all()

    def say_ready(self) -> None:
        """Say that it is at work, where its health is told, and what another process does."""
        others = "".join(f"; {each}" for each in self.standing_by())
        listen = self.settings.office.listen
        health = f"; its health: http://{listen}/healthz" if listen else ""
        log.info("%s is ready%s%s", self.settings.county, health, others)

    async def close(self) -> None:
        """Take it apart."""
        self._bot = self._lock = None
        stack, self._stack = self._stack, AsyncExitStack()
        await stack.aclose()

    async def keep(self) -> None:
        """Be at work until cancelled; raise what ended it if it is the only county."""
        failures, loop = 0, asyncio.get_running_loop()
        while True:
            begun = loop.time()
            try:
                if self._bot is None and not self.why:
                    await self.open()
                    self.say_ready()
                if self._bot is not None:
                    await self._run(self._bot)
            except Exception as error:
                if self.is_alone:
                    raise
                self.note(error)
            await self._leave()
            failures = 0 if loop.time() - begun > _WELL_FOR else failures + 1
            wait = min(_LONGEST_WAIT, 2.0 ** min(failures - 1, 10))
            log.error("%s: %s; it begins anew in %.0f s", self.settings.county, self.why, wait)
            await asyncio.sleep(wait)
            self.why = ""

    async def _leave(self) -> None:
        """Take it apart, whatever state it is in: the other counties are at work."""
        try:
            async with asyncio.timeout(_LONGEST_LEAVING):
                await self.close()
        except Exception:
            log.exception("%s could not be taken apart in order", self.settings.county)

    def note(self, error: BaseException) -> None:
        """Remember why it is not at work; a mistake of ours is told with its trace."""
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        is_foreseen = isinstance(error, StorageError | ConfigurationError | StandsStill | OSError)
        why = str(error) if is_foreseen else f"a mistake of the program's own: {error!r}"
        self.why = " ".join(why.split())
        if not is_foreseen:
            log.error("%s ended by a mistake of the program's own", self.settings.county, exc_info=error)

    async def _run(self, bot: Bot) -> None:
        assert self._lock is not None  # noqa: S101 -- for the type checker
        async with asyncio.TaskGroup() as group:
            # Not awaited here: whoever is called off twice leaves without its last words.
            group.create_task(bot.run())
            group.create_task(_kept(self._lock))
            if not self.is_alone:
                group.create_task(_watched(bot))

    @asynccontextmanager
    async def health(self) -> AsyncIterator[None]:
        """Tell its health over HTTP where the settings say so, whether it is at work or not."""
        listen = self.settings.office.listen
        if not listen:
            yield
            return
        from bot.office.health import health_site
        from bot.web import Server, taken

        listening = taken(listen, "office.listen")
        server = Server(health_site(self.ailments, self.findings, self.standing_by, self.metrics))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield
        finally:
            server.leave()
            await serving


async def run(every: Sequence[Settings]) -> None:
    """Run the bots of one or several counties until SIGTERM or Ctrl-C; a second one ends them at once."""
    stop = asyncio.Event()
    _listen_for_signals(stop)
    workshop = Workshop()
    counties = [CountyAtWork(settings, workshop, alone=len(every) == 1) for settings in every]
    async with AsyncExitStack() as stack:
        stack.push_async_callback(workshop.close)
        for county in counties:
            stack.push_async_callback(county.close)
            await _begun(county)
            await stack.enter_async_context(county.health())
            if not county.why:
                county.say_ready()
        if all(county.why for county in counties):
            raise StorageError("; ".join(county.why for county in counties))
        # What was loaded stays. To look through it for rubbish found none, and held up everybody for 0.1 s.
        gc.freeze()
        tasks = [asyncio.create_task(county.keep()) for county in counties]
        systemd.notify("READY=1")
        feeding = asyncio.create_task(systemd.feed(lambda: all(county.is_alive for county in counties)))
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


async def _begun(county: CountyAtWork) -> None:
    """Put a county together for the first time; of several, one whose database is away is tried again later.

    Whatever the operator must put right ends all of them before they begin.
    """
    try:
        await county.open()
    except AlreadyServed:
        raise
    except StorageError as error:
        if county.is_alone:
            raise
        county.note(error)


def _brought_up_to_date(settings: Settings) -> list[str]:
    refuse_damaged(settings.database.url)
    return migrate(settings.database.url, settings.database.schema_)


async def _watched(bot: Bot) -> NoReturn:
    """Raise StandsStill when a loop of a county no longer comes round."""
    while True:
        await asyncio.sleep(_LOOK)
        if found := wellbeing.standstills(bot):
            raise StandsStill("; ".join(found.values()))


async def _kept(lock: RunLock) -> NoReturn:
    """See to it that the database may be served; raise AlreadyServed if somebody wants it alone."""
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


def _not_yet() -> bool:
    """Take nothing: what is being put together can do nothing."""
    return False


@asynccontextmanager
async def _leases(settings: Settings) -> AsyncIterator[Leases]:
    """Yield the leases of a county, looked at and not taken: on SQLite all are ours."""
    names = {
        "telegram": settings.telegram.is_set,
        "wecom": settings.wecom.is_set,
        "local": bool(settings.local.listen),
    }
    url = parsed(settings.database.url)
    desk = LeaseDesk(url, settings.database.schema_) if sqlite_file(url) is None else None
    leases = Leases([DUTIES, *(name for name, is_set in names.items() if is_set)], desk, is_well=_not_yet)
    try:
        await leases.see_to()
        yield leases
    finally:
        await leases.let_go()
        await leases.close()


@asynccontextmanager
async def _with_page(settings: Settings, workshop: Workshop) -> AsyncIterator[Bot]:
    """Put a bot together with its messengers and, where the settings ask for it, the local page."""
    texts = sentences.load(settings.texts, settings.language)
    clock = GuardedClock() if settings.telegram.is_set or settings.wecom.is_set else SystemClock()
    async with _leases(settings) as leases:
        messengers = messengers_of(settings, clock, texts, leases.holds)
        for messenger in messengers:
            # Where another process is called now, the address is taken with the lease.
            if not leases[messenger.name].elsewhere:
                messenger.listen()
        platforms: list[ChatPlatform] = [*messengers]
        if not settings.local.listen:
            async with assembled(settings, clock, platforms, workshop, leases=leases) as bot:
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
        if not leases[platform.name].elsewhere:
            platform.listen()
        async with assembled(settings, clock, [*platforms, platform], workshop, leases=leases) as bot:
            page.watch = bot.watch
            bot.has(messengers)
            bot.look_after_file()
            # Whoever is reached by messenger still is: the contact used last comes first.
            await bot.store.perform(lambda tx: settle_in(tx, _BEFORE_EVERYTHING))
            yield bot
