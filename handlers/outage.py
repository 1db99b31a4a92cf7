"""What nobody heard while the bot was down is asked for once more; what is lost is never lost in silence."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from bot.domain.people import Duty, Person
from bot.domain.problems import State
from handlers.turn import Beat
from handlers.watch import Watch
from storage.letters import Lane

T = TypeVar("T")

log = logging.getLogger(__name__)

_NOTICED = timedelta(seconds=150)
"""So long Telegram keeps the press of a button; anything shorter costs nobody anything."""
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

    ``keeps`` says how long each platform holds what people send. Done again, nobody is told twice.
    """
    since, until = await watch.read(lambda beat: beat.tx.pulse.last()), watch.clock.now()
    if since is None or until - since <= _NOTICED:
        return []
    log.warning("nobody listened from %s to %s", since, until)
    lost = {name: until - kept for name, kept in keeps.items() if until - kept - since > _WORTH_A_WORD}
    told = await watch.read(_who_may_have_pressed)
    for chunk in _chunks(list(told.items())):
        await watch.perform(partial(_tell_to_press, since, chunk))
    people = await watch.read(_who_may_have_written) if lost else []
    for some in _chunks(people):
        await watch.perform(partial(_tell_to_write, since, lost, some))
    return [Gap(name, since, to) for name, to in lost.items()]


async def counted(watch: Watch, gap: Gap) -> bool:
    """Tell the office how much was lost at most, by the platform's own numbers, once the first came."""
    missing = await watch.read(lambda beat: beat.tx.inbox.missing(gap.platform, gap.to))
    # After a quiet week Telegram begins anywhere; a number is then no count.
    if missing and watch.clock.now() - gap.since < _COUNTS_ON:
        await watch.perform(partial(_tell_count, gap, missing))
    return missing is not None


def _who_may_have_pressed(beat: Beat) -> dict[int, list[str]]:
    """Return whose press a problem waits for, and the numbers of the problems."""
    waiting: dict[int, list[str]] = {}
    for problem in beat.tx.problems.open():
        if problem.state is not State.WORKING:
            who = problem.holder_id if problem.state is State.WAITING else problem.confirmer_id
            waiting.setdefault(who, []).append(problem.number)
    return waiting


def _who_may_have_written(beat: Beat) -> list[int]:
    """Return the liaisons of today and the office."""
    projects = [project.id for project in beat.tx.projects.all()]
    asked = beat.tx.projects.on(projects, Duty.LIAISON, beat.today)
    return sorted({*(each for those in asked.values() for each in those), *(each.id for each in beat.office)})


def _tell_to_press(since: datetime, chunk: Iterable[tuple[int, list[str]]], beat: Beat) -> None:
    for person_id, numbers in chunk:
        _tell(beat, beat.tx.people.get(person_id), since, "press", problems="、".join(numbers))


def _tell_to_write(
    since: datetime, lost: Mapping[str, datetime], person_ids: Iterable[int], beat: Beat
) -> None:
    for person_id in person_ids:
        person = beat.tx.people.get(person_id)
        address = beat.tx.people.address(person_id)
        if address is not None and address.platform in lost:
            _tell(beat, person, since, "lost", to=beat.clock(lost[address.platform]))


def _tell_count(gap: Gap, missing: int, beat: Beat) -> None:
    for colleague in beat.office_within_reach:
        name = beat.platform(colleague, gap.platform)
        _tell(beat, colleague, gap.since, "count", platform=name, count=str(missing))


def _tell(beat: Beat, person: Person, since: datetime, key: str, **blanks: str) -> None:
    text = beat.say(person, f"outage.{key}", start=beat.clock(since), until=beat.clock(beat.now), **blanks)
    beat.tell(person, f"outage:{since:%Y%m%d%H%M}:{key}:{person.id}", text, lane=Lane.ROUND)


def _chunks(items: list[T]) -> Iterable[list[T]]:
    return (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))
