"""四清单 – tasks, duties, problems, deadlines – of what somebody asks for: a workbook, a screen of counts."""

import logging
from dataclasses import replace
from functools import partial

from bot.domain.people import Duty, Person, Role
from bot.domain.rhythm import Occasion, Rhythm, When
from bot.domain.scope import Scope, ScopeKind
from bot.errors import PaperError, Refused
from handlers import pointing
from handlers.turn import Beat, Turn
from handlers.watch import Printed, Watch
from storage.letters import Lane
from storage.orders import Order

log = logging.getLogger(__name__)

PAPER = "清单"
_AT_ONCE = 5


def ask(turn: Turn) -> None:
    """Take 「清单」, 「清单 大桥镇」, 「清单 陈志远」 or 「清单 XM-012」, to be made in the workshop."""
    scope = _scope(turn, turn.argument)
    turn.tx.orders.add(turn.incoming.key, turn.sender.id, PAPER, str(scope), turn.now)
    turn.reply("four_lists.coming", scope=scope.value or turn.county.name)


def _scope(turn: Turn, words: str) -> Scope:
    """Return what is asked for; who is neither office nor head sees their own projects and no others."""
    if turn.sender.has(Role.OFFICE, Role.DEPUTY_HEAD, Role.HEAD):
        found = _anywhere(turn, words)
        if found is None:
            raise Refused("four_lists.unknown", words=words)
        return found
    if not words:
        return _of(turn, turn.sender)
    project = pointing.concerned(turn, words)
    if project is None:
        raise Refused("four_lists.not_yours")
    return Scope(ScopeKind.TASK_FORCE, project.number)


def _anywhere(turn: Turn, words: str) -> Scope | None:
    if not words or words in {str(ScopeKind.COUNTY), turn.county.name}:
        return Scope()
    if words in turn.tx.listing.places():
        return Scope(ScopeKind.PLACE, words)
    if words in {unit.name for unit in turn.tx.people.units()}:
        return Scope(ScopeKind.TASK_FORCE, words)
    name, _, unit = words.rstrip("）)").replace("(", "（").partition("（")
    people = turn.tx.people.named(name, unit)
    if len(people) > 1:
        placed = "、".join(each.placed for each in people)
        raise Refused("office.ambiguous", name=name, units=placed)
    if people:
        return _of(turn, people[0])
    project = pointing.named(turn, words)
    return Scope(ScopeKind.TASK_FORCE, project.number) if project else None


def _of(turn: Turn, person: Person) -> Scope:
    """Return what somebody leads, answers for or owns; of two of a name, with the unit."""
    name = person.placed if len(turn.tx.people.named(person.name, "")) > 1 else person.name
    for duty in (Duty.LEAD_LEADER, Duty.LIAISON, Duty.OWNER):
        if turn.tx.projects.of(person.id, duty, turn.today):
            return Scope(ScopeKind.TASK_FORCE, name if duty is Duty.LEAD_LEADER else f"{name}（{duty}）")
    raise Refused("four_lists.no_projects", name=person.name)


async def make(watch: Watch) -> None:
    """Make what somebody waits for, and hand it over."""
    for order in await watch.read(lambda beat: beat.tx.orders.open(_AT_ONCE)):
        now = watch.clock.now()
        today = watch.county.calendar.day_of(now)
        rhythm = Rhythm(order.paper, When.parse("每个工作日"), scope=order.scope)
        try:
            document = await watch.press.draft(rhythm, Occasion(today, today, now), now)
            printed = await watch.press.print(document)
        except PaperError:
            log.exception("%s of %s could not be made", order.paper, order.scope)
            await watch.perform(partial(_give_up, order=order))
            continue
        await watch.perform(partial(_hand_over, order=order, printed=printed))


def _hand_over(beat: Beat, order: Order, printed: Printed) -> None:
    if not beat.tx.orders.finish(order.id, beat.now):
        return
    person, slot = beat.tx.people.get(order.person_id), f"order:{order.id}"
    beat.tell(person, slot, printed.text, disturb=True, in_person=True)
    paper_id = beat.tx.papers.add(slot, printed.workbook, beat.now)
    letter = beat.draft(person, f"{slot}:workbook", "", lane=Lane.PAPER, disturb=True, in_person=True)
    beat.tx.outbox.add(replace(letter, paper_id=paper_id), beat.now)


def _give_up(beat: Beat, order: Order) -> None:
    if beat.tx.orders.finish(order.id, beat.now):
        person = beat.tx.people.get(order.person_id)
        text = beat.say(person, "four_lists.failed")
        beat.tell(person, f"order:{order.id}", text, disturb=True, in_person=True)
