"""What is done when time passes: the table of contents for time.

The database knows what is due; the beat only wakes us. Each duty asks for what is due, in chunks
of its own transactions, and whatever it creates has a key that names the slot, so a second beat,
a restart or a second process changes nothing.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from handlers import (
    absence,
    almanac,
    ballots,
    briefs,
    bulletins,
    commons,
    departure,
    digest,
    escalation,
    missive_post,
    missives,
    morning,
    nods,
    opening,
    ordered,
    posting,
    private_line,
    reception_days,
    rounds,
)
from handlers.turn import Beat
from handlers.watch import Watch

log = logging.getLogger(__name__)

Duty = Callable[[Watch], Awaitable[None]]

DUTIES: tuple[Duty, ...] = (
    departure.cover,
    opening.write_first,
    escalation.climb,
    absence.keep,
    rounds.close,
    rounds.ask,
    rounds.remind,
    digest.post,
    bulletins.draft,
    bulletins.show,
    posting.post,
    morning.tell,
    briefs.brief,
    briefs.ask,
    briefs.remind,
    missives.keep,
    missive_post.send,
    commons.keep,
    nods.offer,
    ordered.make,
    almanac.warn,
    private_line.keep,
    ballots.close,
    ballots.ask,
    reception_days.keep,
)


async def keep(watch: Watch) -> list[str]:
    """Do every duty; one that fails does not keep the others from being done. Return what failed."""
    failed = []
    for duty in DUTIES:
        try:
            await duty(watch)
        except Exception:
            name = f"{duty.__module__}.{duty.__name__}"
            log.exception("duty %s failed; the next beat tries again", name)
            failed.append(name)
    return failed


def next_event(beat: Beat) -> tuple[datetime, str] | None:
    """Return when time will next bring something, and the key of its name; for a clock pushed by hand."""
    due = beat.tx.dispatch.next_due(beat.now)
    events = [
        *rounds.next_moments(beat),
        *morning.next_moments(beat),
        *missives.next_moments(beat),
        *digest.next_moments(beat),
        *bulletins.next_moments(beat),
        *escalation.next_moments(beat),
        *briefs.next_moments(beat),
        *absence.next_moments(beat),
        *nods.next_moments(beat),
    ]
    if due is not None and due > beat.now:
        events.append((due, "event.delivery"))
    return min(events, default=None)
