"""The demo in the browser: the sample county, with a clock that can be pushed."""

import asyncio
import signal
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, time, timedelta
from pathlib import Path

from bot.clock import VirtualClock
from bot.county_page import CountyPage
from bot.demo.chronicle import Chronicle, Note
from bot.demo.town import SETTINGS, START, Town, town
from bot.platforms.local import LocalPlatform
from bot.platforms.local.county import Jump

_MORNING = time(8, 55)
_DOWN = timedelta(days=3)


class DemoPage(CountyPage):
    """A page with hands on the clock."""

    controllable = True
    town: Town
    note: Note

    async def jump(self, to: Jump) -> None:
        """Push the clock forward, through everything that happens on the way."""
        moment = await self._moment(to)
        if to is not Jump.DOWN:
            await self.town.reach(moment)
            return
        # Nothing is asked, climbed or delivered before the plug is in again.
        self._log(self.now(), "event.down")
        self._log(moment, "event.up")
        await self.town.sleep(moment)

    def _log(self, at: datetime, key: str) -> None:
        self.note(at, self._behind.texts.say(self._county.language, key))

    async def _moment(self, to: Jump) -> datetime:
        calendar, now = self._county.calendar, self.now()
        today = calendar.day_of(now)
        match to:
            case Jump.EVENT:
                event = await self.town.next_event()
                return event[0] if event else now
            case Jump.HOUR:
                return now + timedelta(hours=1)
            case Jump.WORKDAY:
                return calendar.at(calendar.next_workday(today), _MORNING)
            case Jump.DOWN:
                return now + _DOWN
            case Jump.MONDAY:
                # Past the digest of 08:30: it is what one pushes the clock to Monday for.
                return calendar.at(today + timedelta(days=7 - today.weekday()), _MORNING)


async def serve(listen: str, ready: "asyncio.Future[str]") -> None:
    """Serve the demo's page until cancelled; its database is gone with it."""
    clock = VirtualClock(START, running=True)
    page = DemoPage(SETTINGS.of_county(), clock)
    platform = LocalPlatform(page, listen)
    platform.listen()
    with tempfile.TemporaryDirectory(prefix="liaison-demo-") as folder:
        async with town(Path(folder), platform, clock) as built:
            page.watch, page.town, page.note = built.bot.watch, built, platform.note
            built.cast.say = platform.say
            chronicle = Chronicle(built.bot, platform.note)
            async with asyncio.TaskGroup() as group:
                group.create_task(platform.run(built.listen))
                group.create_task(built.bot.delivery.run())
                group.create_task(built.bot.fetching.run())
                group.create_task(built.live())
                group.create_task(chronicle.keep())
                ready.set_result(platform.url)


async def serve_until_stopped(listen: str, say: Callable[[str], None]) -> None:
    """Serve the demo's page until Ctrl-C or SIGTERM; say its address when it is there."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[str] = loop.create_future()
    ready.add_done_callback(lambda url: None if url.cancelled() else say(url.result()))
    serving = asyncio.create_task(serve(listen, ready))
    for told in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(told, serving.cancel)
    with suppress(asyncio.CancelledError):
        await serving
