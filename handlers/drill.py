"""The weekly rehearsal: a backup is made, put back somewhere else, and the office hears how it went."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta

from bot.domain.people import Person
from bot.errors import PaperError, StorageError
from handlers import machine
from handlers.turn import Beat
from handlers.watch import Watch
from storage.backup import Drilled

log = logging.getLogger(__name__)

SUBJECT = "backup"
"""Under which the trail tells of backups."""

_DRILLED, _BEGAN = "backup.drilled", "backup.awaited"
_WEEKDAY = 6
_AT = time(3)
_LOOK = 60.0
_SHOWN = 3


class Drilling:
    """Rehearses in the night to Sunday, or once the bot runs again; after a failure every night.

    A loop of its own, as it may take minutes: no duty waits for it.
    """

    def __init__(self, watch: Watch, drill: Callable[[], Awaitable[Drilled]]) -> None:
        self._watch = watch
        self._drill = drill

    async def run(self) -> None:
        """Rehearse whenever it is time, until cancelled."""
        while True:
            try:
                await self.step()
            except Exception:
                # A boundary: what cannot be noted today is tried again.
                log.exception("whether a backup is to be rehearsed cannot be read or noted; trying again")
            await asyncio.sleep(_LOOK)

    async def step(self) -> None:
        """Rehearse if it is time."""
        if not await self._watch.read(is_due):
            return
        if await self._watch.perform(_begins):
            return
        try:
            drilled = await self._drill()
        except (PaperError, StorageError, OSError) as error:
            drilled = Drilled(0, (str(error),))
        if drilled.faults:
            log.error("the backup could not be rehearsed: %s", "; ".join(drilled.faults[:_SHOWN]))
        await self._watch.perform(lambda beat: _note(beat, drilled))


def is_due(beat: Beat) -> bool:
    """Tell whether a night for it has come since the last rehearsal."""
    last = beat.tx.audit.last(SUBJECT, (_DRILLED, _BEGAN))
    if last is None:
        return True
    return last.at < (_night(beat) if last.detail.get("faults") else _sunday(beat)) <= beat.now


def _begins(beat: Beat) -> bool:
    """Note when a county begins: it is rehearsed from its first Sunday on, not when it is tried out."""
    if beat.tx.audit.last(SUBJECT, (_DRILLED, _BEGAN)) is not None:
        return False
    beat.record(None, _BEGAN, SUBJECT)
    return True


def _night(beat: Beat) -> datetime:
    """Return the last moment at which nights began."""
    tonight = beat.county.calendar.at(beat.today, _AT)
    return tonight if tonight <= beat.now else beat.county.calendar.at(beat.today - timedelta(days=1), _AT)


def _sunday(beat: Beat) -> datetime:
    """Return the same of Sundays."""
    sunday = beat.today - timedelta(days=(beat.today.weekday() - _WEEKDAY) % 7)
    begins = beat.county.calendar.at(sunday, _AT)
    return begins if begins <= beat.now else beat.county.calendar.at(sunday - timedelta(days=7), _AT)


def _note(beat: Beat, drilled: Drilled) -> None:
    beat.record(None, _DRILLED, SUBJECT, rows=drilled.rows, faults=list(drilled.faults), copy=drilled.copy)
    if not drilled.faults:
        return
    for colleague in beat.office:
        if any(machine.has_told(beat, colleague, each) for each in ("full", "damaged")):
            continue  # of what it failed for
        faults = beat.say(colleague, "drill.semicolon").join(drilled.faults[:_SHOWN])
        text = beat.say(colleague, "drill.failed", faults=faults)
        beat.tell(colleague, f"drill:{beat.today}:{colleague.id}", text)


def line(beat: Beat, colleague: Person, day: date) -> list[str]:
    """Return the line of a day's summary on the rehearsal since the summary before, if it went well."""
    calendar, at = beat.county.calendar, beat.county.close_at
    last = beat.tx.audit.last(SUBJECT, (_DRILLED,))
    since, until = calendar.at(calendar.workday_before(day), at), calendar.at(day, at)
    if last is None or last.detail["faults"] or not since < last.at <= until:
        return []
    key = "drill.passed" if last.detail["copy"] else "drill.looked_over"
    return [beat.say(colleague, key, rows=f"{last.detail['rows']:,}")]
