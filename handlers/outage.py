"""What nobody heard while the bot was down is asked for once more; what is lost is never lost in silence."""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from bot.domain.people import Duty
from bot.domain.problems import Problem, State
from handlers import cards
from handlers.turn import Beat
from handlers.watch import Watch
from storage.letters import Lane

T = TypeVar("T")

log = logging.getLogger(__name__)

_NOTICED = timedelta(seconds=150)
"""So long Telegram keeps the press of a button; anything shorter costs nobody anything."""
_MOST_SHOWN = 200
_WORTH_A_WORD = timedelta(minutes=30)
_COUNTS_ON = timedelta(days=7)
_CHUNK = 50


@dataclass(frozen=True, slots=True)
class Gap:
    """A platform threw away what people sent from a moment, when we were last at work, to another."""

    platform: str
    since: datetime
    to: datetime


async def make_up(watch: Watch, keeps: Mapping[str, timedelta]) -> list[Gap]:
    """Ask again for what was lost since the bot was last at work; Return where something was.

    ``keeps`` says how long each platform holds what people send. Everybody hears of it once, whatever they
    may have lost; done again, nobody is told twice.
    """
    since, until = await watch.read(lambda beat: beat.tx.pulse.last()), watch.clock.now()
    if since is None or until - since <= _NOTICED:
        return []
    log.warning("nobody listened from %s to %s", since, until)
    lost = {name: until - kept for name, kept in keeps.items() if until - kept - since > _WORTH_A_WORD}
    pressed = await watch.read(partial(_who_may_have_pressed, since, keeps.keys()))
    wrote = await watch.read(partial(_who_may_have_written, lost)) if lost else {}
    for some in _chunks(sorted(pressed.keys() | wrote.keys())):
        await watch.perform(partial(_tell_people, since, pressed, wrote, some))
    return [Gap(name, since, to) for name, to in lost.items()]


async def counted(watch: Watch, gap: Gap) -> bool:
    """Tell the office how much was lost at most, by the platform's own numbers, once the first came."""
    missing = await watch.read(lambda beat: beat.tx.inbox.missing(gap.platform, gap.to))
    # After a quiet week Telegram begins anywhere; a number is then no count.
    if missing and watch.clock.now() - gap.since < _COUNTS_ON:
        await watch.perform(partial(_tell_count, gap, missing))
    return missing is not None


def _who_may_have_pressed(since: datetime, forgetful: Collection[str], beat: Beat) -> dict[int, list[str]]:
    """Return whose press a problem waits for, and the numbers of the problems.

    Only who had its card before them, on a platform that forgets presses, and at an hour at which the bot
    writes: what is pressed at night is rare, and the morning shows what still waits.
    """
    if beat.county.calendar.next_open(since) >= beat.now:
        return {}
    waiting: dict[int, list[Problem]] = {}
    for problem in beat.tx.problems.open():
        if problem.state is not State.WORKING:
            who = problem.holder_id if problem.state is State.WAITING else problem.confirmer_id
            waiting.setdefault(who, []).append(problem)
    pressed = {}
    for who, problems in waiting.items():
        shown = {
            offer.subject
            for reader in {who, beat.tx.leaves.stand_in(who, beat.today)}
            for offer in beat.tx.outbox.shown(reader, _MOST_SHOWN)
            if offer.to.platform in forgetful
        }
        if numbers := [each.number for each in problems if cards.subject(each) in shown]:
            pressed[who] = numbers
    return pressed


def _who_may_have_written(lost: Mapping[str, datetime], beat: Beat) -> dict[int, datetime]:
    """Return the liaisons of today and the office, and up to when what they sent was lost."""
    projects = [project.id for project in beat.tx.projects.all()]
    asked = beat.tx.projects.on(projects, Duty.LIAISON, beat.today)
    people = {*(each for those in asked.values() for each in those), *(each.id for each in beat.office)}
    addresses = beat.tx.people.addresses(sorted(people))
    return {each: lost[to.platform] for each, to in addresses.items() if to.platform in lost}


def _tell_people(
    since: datetime,
    pressed: Mapping[int, list[str]],
    wrote: Mapping[int, datetime],
    person_ids: Iterable[int],
    beat: Beat,
) -> None:
    for person_id in person_ids:
        person = beat.tx.people.get(person_id)
        said = beat.say(person, "outage.head", start=beat.clock(since), until=beat.clock(beat.now))
        if person_id in wrote:
            to = beat.clock(wrote[person_id])
            said += beat.say(person, "outage.lost", start=beat.clock(since), to=to)
        if person_id in pressed:
            said += beat.say(person, "outage.press", problems="、".join(pressed[person_id]))
        beat.tell(person, f"outage:{since:%Y%m%d%H%M}:{person_id}", said, lane=Lane.ROUND)


def _tell_count(gap: Gap, missing: int, beat: Beat) -> None:
    for colleague in beat.office_within_reach:
        said = beat.say(colleague, "outage.head", start=beat.clock(gap.since), until=beat.clock(beat.now))
        name = beat.platform(colleague, gap.platform)
        said += beat.say(colleague, "outage.count", platform=name, count=missing)
        slot = f"outage:{gap.since:%Y%m%d%H%M}:count:{colleague.id}"
        beat.tell(colleague, slot, said, lane=Lane.ROUND)


def _chunks(items: list[T]) -> Iterable[list[T]]:
    return (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))
