"""The dead man's message: what stands still is told over a platform that works, and when it is over."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.chat import Address
from bot.domain.people import Person
from handlers import machine
from handlers.turn import Beat
from handlers.watch import Watch
from storage.letters import Letter

log = logging.getLogger(__name__)

_RAISED, _OVER = "alarm.raised", "alarm.over"
_AFTER = timedelta(minutes=5)
"""So long something must stand still: a restart of a platform is nobody's business."""
_WELL_FOR = timedelta(minutes=5)
"""So long it must be well again: what comes and goes is one alarm, and the message says since when."""
_LOOK = 10.0

LOOPS = ("writer", "duties", "fetching")
DELIVERY = "delivery "
"""How the names of the loops begin that deliver to a platform."""


class Alarm:
    """Looks at everything that must come round, in a loop of its own: it must not stand still with them.

    ``ailments`` returns a sentence for each thing that is wrong: under the name of a platform that is out of
    reach, of a loop of ours, or of what the office hears of at once (`handlers.machine`).
    """

    def __init__(self, watch: Watch, ailments: Callable[[], Mapping[str, str]]) -> None:
        self._watch = watch
        self._ailments = ailments
        self._since: dict[str, datetime] = {}
        self._well_since: dict[str, datetime] = {}
        self._raised: dict[str, bool] = {}

    async def run(self) -> None:
        """Look for ever."""
        while True:
            # Not at once: nothing has been reached when the bot begins.
            await asyncio.sleep(_LOOK)
            try:
                await self.step()
            except Exception:
                # A boundary: the log has said what ails us, and nobody else can be told now.
                log.exception("nobody can be told what ails the bot; trying again")

    async def step(self) -> None:
        """Look once."""
        now, found = self._watch.clock.now(), self._ailments()
        ill = {name: why for name, why in found.items() if name not in {machine.CLOCK, machine.FILE}}
        self._note(ill, now)
        for name, since in self._since.items():
            if now - since >= _AFTER and not await self._is_raised(name):
                self._raised[name] = await self._watch.perform(partial(_raise, name, since, dict(ill)))
        for name, since in list(self._well_since.items()):
            if now - since >= _WELL_FOR:
                if await self._is_raised(name):
                    await self._watch.perform(partial(_end, name, since))
                    self._raised[name] = False
                del self._well_since[name]

    def _note(self, ill: Mapping[str, str], now: datetime) -> None:
        if not self._since and ill:
            log.error("%s is not well: %s", self._watch.county.name, "; ".join(ill.values()))
        elif self._since and not ill:
            log.info("%s is well again", self._watch.county.name)
        for name in [each for each in self._since if each not in ill]:
            del self._since[name]
            self._well_since.setdefault(name, now)
        for name in ill:
            self._since.setdefault(name, now)
            self._well_since.pop(name, None)

    async def _is_raised(self, name: str) -> bool:
        """Tell whether the office knows, also from a process before this one."""
        if name not in self._raised:
            last = await self._watch.read(lambda beat: beat.tx.audit.last(_subject(name), (_RAISED, _OVER)))
            self._raised[name] = last is not None and last.action == _RAISED
        return self._raised[name]


def _subject(name: str) -> str:
    return f"alarm:{name}"


def _raise(name: str, since: datetime, ill: dict[str, str], beat: Beat) -> bool:
    """Tell everybody of the office whom another platform reaches; False if there is nobody."""
    out = {each.removeprefix(DELIVERY) for each in ill}
    letters = [letter for each in beat.office if (letter := _letter(beat, each, name, since, ill[name], out))]
    for letter in letters:
        beat.tx.outbox.add(letter, beat.now)
    if letters:
        beat.record(None, _RAISED, _subject(name), why=ill[name])
    return bool(letters)


def _letter(
    beat: Beat, colleague: Person, name: str, since: datetime, why: str, out: set[str]
) -> Letter | None:
    drafted = beat.draft(colleague, f"{_subject(name)}:{since}:{colleague.id}", "", subject=_subject(name))
    reader = colleague if drafted.person_id is None else beat.tx.people.get(drafted.person_id)
    ways = [each.at for each in beat.tx.contacts.of(reader.id) if each.takes_messages]
    to = next((at for at in ways if at.platform not in out), None)
    if to is None:
        return None
    text = beat.say(
        reader, f"alarm.{_kind(name)}", name=_called(beat, reader, name), at=beat.clock(since), why=why
    )
    return replace(drafted, to=to, text=text)


def _kind(name: str) -> str:
    """Return what stands still: one of our loops, or a platform."""
    return "loop" if name in LOOPS or name.startswith(DELIVERY) else "platform"


def _called(beat: Beat, reader: Person, name: str) -> str:
    if name.startswith(DELIVERY):
        platform = beat.platform(reader, name.removeprefix(DELIVERY))
        return beat.say(reader, "alarm.delivery", platform=platform)
    return beat.say(reader, f"alarm.{name}") if name in LOOPS else beat.platform(reader, name)


def _end(name: str, since: datetime, beat: Beat) -> None:
    """Tell those who heard of it that it is over; who was to hear of it in the morning hears nothing."""
    beat.record(None, _OVER, _subject(name))
    rows = beat.tx.outbox.live(_subject(name))
    beat.tx.outbox.supersede([row.id for row in rows])
    for row in rows:
        if row.state == "waiting":
            continue
        reader = beat.tx.people.get(row.person_id)
        letter = beat.draft(reader, f"{row.key}:over", "", in_person=True)
        key = f"alarm.{_kind(name)}_over"
        text = beat.say(reader, key, name=_called(beat, reader, name), at=beat.clock(since))
        beat.tx.outbox.add(
            replace(letter, to=Address(row.platform, row.chat, row.topic), text=text), beat.now
        )
