"""The week played once in the process that the others are copies of: what is slow once is done, SQL compiled.

Importing this is the rehearsal: it is what ``set_forkserver_preload`` takes.
"""

import asyncio
import gc
import tempfile
from pathlib import Path

from bot.clock import VirtualClock
from tests import compiled
from tests.faults import county, program
from tests.faults.places import PLACES, place_of
from tests.faults.program import Part
from tests.faults.sweep import is_quiet, prepared

_PATIENCE = 60.0
_ENOUGH = {"telegram": 10_000, "wecom": 12}
"""How many steps; the second platform has only its own to learn."""


async def _rehearsed(name: str, folder: Path) -> None:
    clock = VirtualClock(county.START)
    (await prepared(folder, name)).rename(folder / program.FILE)
    async with place_of(name, clock) as place:
        part = Part(folder, place.settings, county.START)
        async with program.bot_of(part, clock) as bot:
            running = [asyncio.create_task(each.run(bot.router.receive)) for each in bot.platforms.values()]
            running.append(asyncio.create_task(bot.delivery.run()))
            for step, _ in zip(county.whole_script(), range(_ENOUGH[name]), strict=False):
                clock.set(step.at)
                await bot.beat()
                if step.do is not None:
                    step.do(place)
                async with asyncio.timeout(_PATIENCE):
                    while not is_quiet(place, folder / program.FILE, clock.now()):  # noqa: ASYNC110 -- a file tells nobody
                        await asyncio.sleep(0.001)
                await bot.beat()
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


def _rehearse() -> None:
    compiled.share()
    for name in PLACES:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(_rehearsed(name, Path(folder)))
    # What is there now stays; nobody's copy is to touch it only to count it.
    gc.collect()
    gc.freeze()


_rehearse()
