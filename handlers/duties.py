"""What is done when time passes: the table of contents for time.

The database knows what is due; the beat only wakes us. Each duty asks for what is due, in chunks
of its own transactions, and whatever it creates has a key that names the slot, so a second beat,
a restart or a second process changes nothing.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from handlers import (
    absence,
    almanac,
    approval_terms,
    ballots,
    briefs,
    bulletins,
    commons,
    departure,
    digest,
    escalation,
    leftovers,
    missive_post,
    missives,
    morning,
    nods,
    opening,
    ordered,
    posting,
    private_line,
    reception_days,
    retention,
    retrying,
    rounds,
)
from handlers.turn import Beat
from handlers.watch import Watch

log = logging.getLogger(__name__)


class Duty(NamedTuple):
    """Something that time brings: whether it is due, asked without writing, and the doing of it."""

    is_due: Callable[[Beat], object]
    do: Callable[[Watch], Awaitable[None]]

    def __str__(self) -> str:
        return f"{self.do.__module__}.{self.do.__name__}"


DUTIES: tuple[Duty, ...] = (
    Duty(departure.has_gone, departure.cover),
    Duty(opening.is_due, opening.write_first),
    Duty(escalation.is_due, escalation.climb),
    Duty(absence.is_due, absence.keep),
    Duty(rounds.is_time_to_close, rounds.close),
    Duty(rounds.is_time_to_ask, rounds.ask),
    Duty(rounds.is_time_to_remind, rounds.remind),
    Duty(digest.due_chats, digest.post),
    Duty(bulletins.is_due, bulletins.draft),
    Duty(bulletins.unprinted, bulletins.show),
    Duty(posting.to_post, posting.post),
    Duty(morning.is_time, morning.tell),
    Duty(briefs.unbriefed, briefs.brief),
    Duty(briefs.unasked, briefs.ask),
    Duty(briefs.is_time, briefs.remind),
    Duty(missives.is_time, missives.keep),
    Duty(missive_post.approved, missive_post.send),
    Duty(commons.look, commons.keep),
    Duty(nods.is_time, nods.offer),
    Duty(approval_terms.is_time, approval_terms.keep),
    Duty(ordered.waiting, ordered.make),
    Duty(almanac.untold, almanac.warn),
    Duty(private_line.has_stranded, private_line.keep),
    Duty(ballots.due, ballots.close),
    Duty(ballots.some_wait, ballots.ask),
    Duty(reception_days.due, reception_days.keep),
    Duty(retrying.wanted, retrying.retry),
    Duty(leftovers.is_due, leftovers.tell),
    Duty(retention.is_time, retention.keep),
)


async def keep(watch: Watch) -> list[str]:
    """Do every duty that is due; one that fails does not keep the others from being done.

    Return what failed. All are asked in one look at the database, and the rest again after one was done.
    """
    failed = []
    ahead: Sequence[Duty] = DUTIES
    while ahead := await watch.read(partial(_from_first_due, ahead)):
        duty, *ahead = ahead
        try:
            await duty.do(watch)
        except Exception:
            log.exception("duty %s failed; the next beat tries again", duty)
            failed.append(str(duty))
    return failed


def _from_first_due(ahead: Sequence[Duty], beat: Beat) -> Sequence[Duty]:
    for place, duty in enumerate(ahead):
        try:
            if duty.is_due(beat):
                return ahead[place:]
        except Exception:  # it asks once more when it is done, and its failure is told there
            log.debug("nobody knows whether %s is due", duty, exc_info=True)
            return ahead[place:]
    return ()


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
        *ballots.next_moments(beat),
        *reception_days.next_moments(beat),
    ]
    if due is not None and due > beat.now:
        events.append((due, "event.delivery"))
    return min(events, default=None)
