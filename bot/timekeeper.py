"""Compares the machine's clock with the platforms', so that nothing is done by a clock that is wrong."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from bot.chat import Messenger
from bot.clock import TOLERATED, GuardedClock
from bot.messengers import TITLES
from handlers import machine
from handlers.watch import Watch

log = logging.getLogger(__name__)

_EVERY = 600.0
_AGAIN = 60.0
"""Seconds between two questions while nobody has ever said what time it is, and it is done without."""
_PATIENCE = 600.0
"""Seconds after the start for which a platform that says what time it is is waited for."""


class Timekeeper:
    """Asks the platforms what time it is: at the start, every ten minutes, and while the clock is doubted.

    An answer may take seconds. It is waited for only while nothing may be done without it.
    """

    def __init__(self, clock: GuardedClock, messengers: Sequence[Messenger], watch: Watch) -> None:
        self._clock = clock
        self._messengers = messengers
        self._watch = watch
        self._started_at = self._asked_at = asyncio.get_running_loop().time()
        self._asking: asyncio.Task[bool] | None = None
        self._has_heard = False
        self._may_go_on = False
        self._witness = ""
        self._wrong = ""

    def sentence(self) -> str:
        """Return an empty string while the clock is right, else what is wrong and what helps."""
        return self._wrong

    async def is_right(self) -> bool:
        """Tell whether what is due by the clock may be done; the office hears it once when it may not."""
        now = asyncio.get_running_loop().time()
        goes_on = self._may_go_on and self._clock.is_sure
        if self._asking is None and (
            not goes_on or now - self._asked_at >= (_EVERY if self._has_heard else _AGAIN)
        ):
            self._asked_at = now
            self._asking = asyncio.create_task(self._ask())
        heard = False
        if self._asking is not None and (self._asking.done() or not goes_on):
            asked, self._asking = self._asking, None
            heard = await asked
        self._may_go_on = await self._is_right(now, heard=heard)
        return self._may_go_on

    async def _is_right(self, now: float, *, heard: bool) -> bool:
        if not self._has_heard:
            return await self._does_without(now)
        if self._clock.is_sure:
            self._wrong = ""
            return True
        ours = self._clock.wall.now()
        if not self._wrong:
            log.error("the machine's clock says %s, and it is %s: what is due waits", ours, self._clock.now())
        self._wrong = (
            f"这台机器的时间是 {ours:%Y-%m-%d %H:%M} UTC，{self._witness or '核对到的时间'}是 "
            f"{self._clock.now():%Y-%m-%d %H:%M} UTC：催报、提醒和升级已停下，"
            "请校准时间（timedatectl set-ntp true）"
        )
        if heard:
            await self._watch.perform(partial(machine.tell_clock, ours, self._witness))
        return False

    async def _ask(self) -> bool:
        """Believe the platform that is nearest to our own clock; False if none says anything."""
        answers = await asyncio.gather(*(each.time() for each in self._messengers))
        heard = [(each, at) for each, at in zip(self._messengers, answers, strict=True) if at is not None]
        if not heard:
            return False
        ours = self._clock.wall.now()
        witness, moment = min(heard, key=lambda each: abs(each[1] - ours))
        self._witness = TITLES.get(witness.name, witness.name)
        self._clock.told(moment)
        self._has_heard = True
        return True

    async def _does_without(self, now: float) -> bool:
        """Tell whether the clock may be gone by although no platform has said what time it is."""
        ours = self._clock.wall.now()
        last = await self._watch.read(lambda beat: beat.tx.pulse.last())
        if last is not None and ours < last - TOLERATED:
            self._wrong = _behind(ours, last)
            return False
        if now - self._started_at < _PATIENCE:
            self._wrong = "还没有平台告知现在的时间，催报、提醒和升级先等着"
            return False
        self._clock.told(ours)
        self._wrong = ""
        return True


def _behind(ours: datetime, last: datetime) -> str:
    return (
        f"这台机器的时间是 {ours:%Y-%m-%d %H:%M} UTC，比机器人上次工作的 {last:%Y-%m-%d %H:%M} UTC 还早："
        "催报、提醒和升级已停下，请校准时间（timedatectl set-ntp true）"
    )
