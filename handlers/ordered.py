"""Papers that somebody asked for: made in the workshop, handed over once as a screen and a workbook."""

import logging
from dataclasses import replace
from datetime import datetime
from functools import partial

from bot.chat import Paper
from bot.domain.ranking import Weights, typed_weights
from bot.domain.rhythm import Occasion, Rhythm, When
from bot.errors import PaperError
from handlers import changes, mine, payouts, trial
from handlers.turn import Beat
from handlers.watch import Printed, Watch
from storage.letters import Lane
from storage.orders import Order

log = logging.getLogger(__name__)

_AT_ONCE = 5
_OF_THE_YEAR = frozenset({changes.PAPER, payouts.PAPER})


def waiting(beat: Beat) -> list[Order]:
    """Return what somebody waits for, the oldest first."""
    return beat.tx.orders.open(_AT_ONCE)


async def make(watch: Watch) -> None:
    """Make what somebody waits for, and hand it over."""
    for order in await watch.read(waiting):
        now = watch.clock.now()
        if order.paper == mine.PAPER:
            await _write_down(watch, order, now)
            continue
        rhythm = Rhythm(order.paper, When.parse("每个工作日"), scope=order.scope)
        try:
            occasion = _occasion(watch, order, now)
            (paper,) = await watch.press.draft([rhythm], occasion, now, _weights(order))
            if isinstance(paper, PaperError):
                raise paper
            printed = await watch.press.print(paper.content)
        except PaperError:
            log.exception("%s of %s could not be made", order.paper, order.scope)
            await watch.perform(partial(_give_up, order=order))
            continue
        await watch.perform(partial(_hand_over, order=order, printed=printed))


async def _write_down(watch: Watch, order: Order, now: datetime) -> None:
    try:
        paper = await watch.press.personal(order.person_id, now)
    except PaperError:
        log.exception("%s for person %s could not be kept", order.paper, order.person_id)
        await watch.perform(partial(_give_up, order=order))
    else:
        await watch.perform(partial(_hand_over_file, order=order, paper=paper))


def _occasion(watch: Watch, order: Order, now: datetime) -> Occasion:
    """Return the days a paper is of: today, a register's year, what tries another ranking the last one's."""
    today = watch.county.calendar.day_of(now)
    if order.paper in _OF_THE_YEAR:
        return Occasion(today.replace(month=1, day=1), today, now)
    return trial.occasion(watch.county, today, now) if order.words else Occasion(today, today, now)


def _weights(order: Order) -> Weights:
    return typed_weights(order.words) if order.words else ()


def _hand_over(beat: Beat, order: Order, printed: Printed) -> None:
    if not beat.tx.orders.finish(order.id, beat.now):
        return
    person, slot = beat.tx.people.get(order.person_id), f"order:{order.id}"
    beat.tell(person, slot, printed.text, disturb=True, in_person=True)
    _send_file(beat, order, printed.workbook)


def _hand_over_file(beat: Beat, order: Order, paper: Paper) -> None:
    if beat.tx.orders.finish(order.id, beat.now):
        _send_file(beat, order, paper)


def _send_file(beat: Beat, order: Order, paper: Paper) -> None:
    person, slot = beat.tx.people.get(order.person_id), f"order:{order.id}"
    paper_id = beat.tx.papers.add(slot, paper, beat.now)
    letter = beat.draft(person, f"{slot}:workbook", "", lane=Lane.PAPER, disturb=True, in_person=True)
    beat.tx.outbox.add(replace(letter, paper_id=paper_id), beat.now)


def _give_up(beat: Beat, order: Order) -> None:
    if beat.tx.orders.finish(order.id, beat.now):
        person = beat.tx.people.get(order.person_id)
        text = beat.say(person, "order.failed", paper=order.paper)
        beat.tell(person, f"order:{order.id}", text, disturb=True, in_person=True)
