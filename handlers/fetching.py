"""Brings in what people send, in the background: links die within minutes, and a report waits for none."""

import asyncio
import hashlib
import logging
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from bot.domain.files import is_kept
from bot.domain.words import clean, visible
from bot.errors import DeliveryError, Failure, StorageError
from handlers.turn import Beat
from handlers.watch import Watch
from storage.files import Wanted

log = logging.getLogger(__name__)

_AT_ONCE = 8
_POLL = 5.0
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(minutes=10)
_TRIED_FOR = timedelta(days=1)
_STRAYS_KEPT_FOR = timedelta(days=3)
"""Longer than any question stays open, and than the office takes to be asked."""
_TIDY_EVERY = timedelta(hours=1)
_TIDY_AT_ONCE = 100
_TOLD_ONCE_IN = 600
"""Seconds: of an album that is lost its sender hears once."""


class Fetching:
    """Fetches what is wanted, a few at a time; one that is slow keeps no other waiting."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._flying: dict[int, asyncio.Task[None]] = {}
        self._news = asyncio.Event()
        self._tidied_at: datetime | None = None
        self.beat_at = 0.0
        watch.store.on_wanted.append(self._news.set)

    async def run(self) -> None:
        """Fetch until cancelled; what is on its way then is fetched after the next start."""
        try:
            while True:
                self.beat_at = asyncio.get_running_loop().time()
                self._news.clear()
                try:
                    await self._take()
                    await self._tidy()
                except StorageError:
                    log.exception("it cannot be read which files are wanted; trying again")
                    await asyncio.sleep(_POLL)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_POLL):
                        await self._news.wait()
        finally:
            tasks = list(self._flying.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def drain(self) -> None:
        """Fetch everything that is wanted now, and return."""
        await self._tidy()
        while await self._take():
            await asyncio.wait(self._flying.values(), return_when=asyncio.FIRST_COMPLETED)

    async def _take(self) -> int:
        """Begin with what is wanted; Return how many files are on their way."""
        room, platforms = _AT_ONCE - len(self._flying), self._watch.fetchers.platforms
        if room:
            # What is on its way is still wanted, as far as the database knows.
            most = _AT_ONCE + len(self._flying)
            found = await self._watch.read(lambda beat: beat.tx.attachments.wanted(platforms, beat.now, most))
            for wanted in [each for each in found if each.id not in self._flying][:room]:
                task = asyncio.create_task(self._bring(wanted))
                self._flying[wanted.id] = task
                task.add_done_callback(partial(self._landed, wanted.id))
        return len(self._flying)

    def _landed(self, attachment_id: int, _task: asyncio.Task[None]) -> None:
        del self._flying[attachment_id]
        self._news.set()

    async def _bring(self, wanted: Wanted) -> None:
        """Fetch one file and keep it, or settle why not."""
        try:
            await self._fetch(wanted)
        except DeliveryError as failure:
            await self._settle(wanted, failure)
        except StorageError:
            log.exception("attachment %d could not be noted; trying again", wanted.id)
            await asyncio.sleep(_POLL)
        except Exception as error:
            # A boundary, as delivery is: a full disk, or a mistake of ours, must not end the loop.
            log.exception("attachment %d could not be kept", wanted.id)
            await self._settle(wanted, DeliveryError(Failure.RETRY, repr(error)))

    async def _fetch(self, wanted: Wanted) -> None:
        watch = self._watch
        file = await watch.fetchers.fetch(wanted.platform, wanted.attachment)
        if not is_kept(file.name, ""):
            # Over WeCom only the download tells what it is called.
            raise DeliveryError(Failure.REFUSED, "it is of no kind that is kept")
        digest = hashlib.sha256(file.content).hexdigest()
        path = await watch.fetchers.keep(f"{wanted.id}-{digest[:16]}", file.content)
        name, size = visible(clean(file.name)), len(file.content)
        await watch.perform(lambda beat: beat.tx.attachments.fetched(wanted.id, path, digest, size, name))

    async def _settle(self, wanted: Wanted, failure: DeliveryError) -> None:
        log.warning("attachment %d could not be fetched: %s", wanted.id, failure)
        try:
            await self._watch.perform(lambda beat: _postpone(beat, wanted, failure))
        except StorageError:
            log.exception("attachment %d could not be put off; trying again", wanted.id)
            await asyncio.sleep(_POLL)

    async def _tidy(self) -> None:
        """Drop now and then what belongs to nothing and nobody asked about any more."""
        watch, now = self._watch, self._watch.clock.now()
        if self._tidied_at is not None and now - self._tidied_at < _TIDY_EVERY:
            return
        before = now - _STRAYS_KEPT_FOR
        strays = await watch.read(lambda beat: beat.tx.attachments.strays(before, _TIDY_AT_ONCE))
        if len(strays) < _TIDY_AT_ONCE:
            self._tidied_at = now
        if not strays:
            return
        for path in filter(None, strays.values()):
            await watch.fetchers.drop(path)
        # The rows last: what is left of a crash in between is dropped again.
        await watch.perform(lambda beat: beat.tx.attachments.forget(list(strays)))


def _postpone(beat: Beat, wanted: Wanted, failure: DeliveryError) -> None:
    """Try again later; give up what is gone, and tell who sent it."""
    final = failure.kind in {Failure.REFUSED, Failure.UNREACHABLE}
    if not final and beat.now - wanted.at < _TRIED_FOR:
        wait = min(_FIRST_WAIT * 2 ** min(wanted.tries, 10), _LONGEST_WAIT)
        beat.tx.attachments.postpone(wanted.id, beat.now + (failure.after or wait))
        return
    beat.tx.attachments.postpone(wanted.id, None)
    sender = beat.tx.people.get(wanted.person_id)
    slot = f"lost_file:{sender.id}:{int(beat.now.timestamp()) // _TOLD_ONCE_IN}"
    text = beat.say(sender, "progress.lost_files", at=beat.clock(wanted.at))
    beat.tell(sender, slot, text, disturb=True, in_person=True)
