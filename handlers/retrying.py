"""What the office wants handled once more goes the way of a message again."""

import logging
from dataclasses import replace
from datetime import datetime
from functools import partial

from bot.chat import Address, Attachment, Event, Incoming
from bot.errors import Unrecognised
from handlers.router import Router
from handlers.turn import Beat
from handlers.watch import Watch
from storage.leftovers import Leftover, kept

log = logging.getLogger(__name__)


def wanted(beat: Beat) -> bool:
    """Tell whether something is to be handled once more."""
    return beat.tx.leftovers.has_retried()


async def retry(watch: Watch) -> None:
    """Handle it as if it came now, under the name it had; what fails again is left to the office again."""
    router = Router(watch.store, watch.county, watch.texts, watch.clock)
    for each in await watch.read(lambda beat: beat.tx.leftovers.retried()):
        incoming = revived(each.raw) or watch.fetchers.reread(each.platform, each.raw)
        try:
            if incoming is not None:
                await router.again(replace(incoming, key=each.key))
                continue
            reason = "it cannot be read now either"
        except Unrecognised:
            reason = "nobody can tell who wrote it"
        log.warning("%s is left to the office again: %s", each.key, reason)
        await watch.perform(partial(_leave, each, reason))


def _leave(each: Leftover, reason: str, beat: Beat) -> None:
    beat.tx.inbox.bury(each.key, each.platform, each.raw, reason, beat.now)


def revived(raw: str) -> Incoming | None:
    """Return a message as it was kept when it could not be handled; None if it could not even be read.

    Nor can what an older release kept, where that had other parts.
    """
    told = kept(raw)
    if told is None:
        return None
    event = told.pop("event", None)
    try:
        return Incoming(
            **{
                **told,
                "at": Address(**told["at"]),
                "sent_at": datetime.fromisoformat(told["sent_at"]),
                "attachments": tuple(Attachment(**each) for each in told["attachments"]),
                "event": Event(event) if event else None,
            }
        )
    except (KeyError, TypeError, ValueError):
        return None
