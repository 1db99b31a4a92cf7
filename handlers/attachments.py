"""Pictures and files are fetched in the background, before their links die; a report never waits for one."""

import asyncio
import dataclasses
import hashlib
import logging
from datetime import timedelta
from typing import Any

from bot.chat import Attachment
from bot.domain.words import clean, visible
from bot.errors import DeliveryError, Failure
from handlers.turn import Beat, Turn
from handlers.watch import Watch
from storage.files import Wanted

log = logging.getLogger(__name__)

_AT_ONCE = 20
_MOST_TRIES = 8
_LONGEST_WAIT = timedelta(hours=1)


def so_far(turn: Turn) -> list[dict[str, Any]]:
    """Return the files of this message and of the one it completes, as an open question keeps them."""
    now = [dataclasses.asdict(attachment) for attachment in turn.incoming.attachments]
    return [*turn.known.get("files", ()), *now]


def keep(turn: Turn, *, report_id: int | None = None, problem_id: int | None = None) -> int:
    """Keep what came with this message, or with the one it completes; Return how many files."""
    files = [Attachment(**file) for file in so_far(turn)]
    for attachment in files:
        turn.tx.attachments.add(
            turn.incoming.at.platform,
            attachment,
            turn.sender.id,
            turn.now,
            report_id=report_id,
            problem_id=problem_id,
        )
    return len(files)


async def fetch(watch: Watch) -> None:
    """Fetch what is wanted; try again later what could not be had."""
    fetchers = watch.fetchers
    found = await watch.read(lambda beat: beat.tx.attachments.wanted(fetchers.platforms, beat.now, _AT_ONCE))
    async with asyncio.TaskGroup() as group:
        for wanted in found:
            group.create_task(_fetch(watch, wanted))


async def _fetch(watch: Watch, wanted: Wanted) -> None:
    try:
        file = await watch.fetchers.fetch(wanted.platform, wanted.attachment)
    except DeliveryError as failure:
        log.warning("attachment %d could not be fetched: %s", wanted.id, failure)
        final = failure.kind in {Failure.REFUSED, Failure.UNREACHABLE}
        await watch.perform(lambda beat: _postpone(beat, wanted, final=final))
        return
    digest = hashlib.sha256(file.content).hexdigest()
    path = await watch.fetchers.keep(f"{wanted.id}-{digest[:16]}", file.content)
    name = visible(clean(file.name))
    await watch.perform(
        lambda beat: beat.tx.attachments.fetched(wanted.id, path, digest, len(file.content), name)
    )


def _postpone(beat: Beat, wanted: Wanted, *, final: bool) -> None:
    if final or wanted.tries + 1 >= _MOST_TRIES:
        beat.tx.attachments.postpone(wanted.id, None)
        return
    wait = min(timedelta(seconds=10 * 2**wanted.tries), _LONGEST_WAIT)
    beat.tx.attachments.postpone(wanted.id, beat.now + wait)
