"""The leader's two-minute card (MISSION feature 9): what waits for them, what changed – or nothing at all.

A line each for what is new or late since their last card; of what stood there before, the count.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial

from bot.domain.custody import light_of
from bot.domain.deadlines import Light
from bot.domain.people import Duty, Person, Role
from bot.domain.problems import Problem, State
from bot.domain.words import visible
from bot.errors import StorageError
from handlers import cards, prompts
from handlers.turn import Beat, rows_of
from handlers.watch import Watch
from storage.letters import Choices, Lane
from storage.mornings import News

AT = time(7, 50)
"""When leaders read it, on working days."""

UNTIL = time(12, 0)
"""After this it is stale: what is urgent has come by itself."""

CHUNK = 200
"""Cards of one transaction at most, so that a message never waits for a round."""

_MOST_LINES = 6
_MOST_NUMBERS = 6
_LOOKED_BACK = 10
"""Working days; who had no card in two weeks has forgotten the last one."""

log = logging.getLogger(__name__)

_LEADERS = (Role.LEAD_LEADER, Role.DEPUTY_HEAD, Role.HEAD)


@dataclass(frozen=True, slots=True)
class _Card:
    """One leader's morning."""

    person: Person
    text: str
    choices: Choices


@dataclass(frozen=True, slots=True)
class _Item:
    """Something that waits for a leader: about which problem, since when, and the key of its line."""

    problem: Problem
    light: Light
    since: datetime
    key: str
    text: str
    until: date | None = None

    def changed(self, now: datetime) -> datetime:
        """Return when it last became something else to its reader: theirs, or late."""
        due = self.problem.accept_due
        late = self.key == "morning.accept" and due is not None and due <= now
        return max(self.since, due) if late and due is not None else self.since

    @property
    def rank(self) -> tuple[bool, datetime]:
        """Overdue first, then what has waited longest."""
        return self.light is not Light.RED, self.since


async def tell(watch: Watch) -> None:
    """Give every leader one short card a working day; none to whom nothing is to be said.

    The cards are written from what the readers see; the writer only takes them in.
    """
    if not await watch.read(is_time):
        return
    due = []
    for person in await watch.read(_leaders):
        try:
            card = await watch.read(partial(_card, person))
        except StorageError:
            raise
        except Exception:
            log.exception("the morning card of %s could not be written; the others go out", person.name)
            continue
        if card is not None:
            due.append(card)
    told = 0
    for start in range(0, len(due), CHUNK):
        told += await watch.perform(partial(_tell_some, due[start : start + CHUNK]))
    if told == len(due):
        await watch.perform(partial(_note, told))


def is_time(beat: Beat) -> bool:
    """Tell whether today's cards are still to be given."""
    calendar = beat.county.calendar
    if not calendar.is_workday(beat.today):
        return False
    if not _moment(beat, beat.today) <= beat.now < calendar.at(beat.today, UNTIL):
        return False
    return not beat.tx.audit.trail(_subject(beat))


def _moment(beat: Beat, day: date) -> datetime:
    return beat.county.calendar.at(day, AT)


def _subject(beat: Beat) -> str:
    return f"morning:{beat.today}"


def _leaders(beat: Beat) -> list[Person]:
    """Return the leaders who can be reached; of old mornings nobody reads when they join."""
    joined = beat.tx.people.joined()
    leaders = beat.tx.people.with_role(*_LEADERS)
    return [person for person in leaders if beat.stand_in(person).id in joined]


def _tell_some(cards_due: list[_Card], beat: Beat) -> int:
    return beat.each(cards_due, lambda card: _tell(beat, card))


def _tell(beat: Beat, card: _Card) -> None:
    beat.tell(card.person, _slot(card.person, beat.today), card.text, card.choices, lane=Lane.ROUND)


def _slot(person: Person, day: date) -> str:
    return f"morning:{person.id}:{day}"


def _note(told: int, beat: Beat) -> None:
    """Note that this morning is done: whose card was empty is not told at nine of what came at eight."""
    if not beat.tx.audit.trail(_subject(beat)):
        beat.record(None, "morning.told" if told else "morning.silent", _subject(beat), count=told)


# --- what it says -----------------------------------------------------------------------


def _card(person: Person, beat: Beat) -> _Card | None:
    items = sorted(_items(beat, person), key=lambda item: item.rank)
    last = _last_card(beat, person)
    fresh = [item for item in items if last is None or item.changed(beat.now) > last]
    known = [item for item in items if item not in fresh]
    news = _news(beat, person)
    visits = _visits(beat, person)
    if not items and not news and not visits:
        return None
    head = beat.say(
        person,
        "morning.head",
        name=person.name,
        date=beat.date(person, beat.today),
        weekday=beat.say(person, f"weekday.{beat.today.weekday()}"),
    )
    lines = [head, *visits, *_told(beat, person, fresh), *_known(beat, person, known), *news]
    choices = _choices(fresh)
    if known:
        choices = (*choices, ((beat.say(person, "button.all"), "today"),))
    return _Card(person, "\n".join(lines), choices)


def _last_card(beat: Beat, person: Person) -> datetime | None:
    """Return when somebody got their last card; None if that is long ago."""
    day = beat.today
    for _ in range(_LOOKED_BACK):
        day = beat.county.calendar.workday_before(day)
        if made := beat.tx.outbox.made(_slot(person, day)):
            return made
    return None


def _known(beat: Beat, person: Person, items: list[_Item]) -> Iterator[str]:
    """Yield the line that counts what stood on an earlier card: nobody reads the same lines twice."""
    if items:
        late = sum(item.light is Light.RED for item in items)
        key = "morning.known_late" if late else "morning.known"
        yield beat.say(person, key, count=len(items), late=late)


def _visits(beat: Beat, person: Person) -> list[str]:
    """Return the line that names the projects a leader visits today."""
    planned = [each.project_id for each in beat.tx.visits.planned(beat.today, person.id)]
    if not planned:
        return []
    names = [prompts.shortened(each.name, 16) for each in beat.tx.projects.many(planned)]
    return [beat.say(person, "visit.today", projects=beat.say(person, "visit.comma").join(names))]


def _items(beat: Beat, person: Person) -> Iterator[_Item]:
    """Yield what waits for somebody's decision: one line for each problem."""
    asked = set()
    for request in beat.tx.requests.pending_for([person.id]):
        problem = beat.tx.problems.get(request.problem_id)
        if problem is None or not problem.is_unsolved or problem.id in asked:
            continue
        asked.add(problem.id)
        key = f"morning.{request.asking.name.lower()}"
        yield _Item(problem, _light(beat, problem), request.at, key, request.text, request.until)
    for problem in beat.tx.problems.held_by(person.id):
        if problem.id not in asked and not _rests(beat, problem):
            yield from _held(beat, problem)


def _held(beat: Beat, problem: Problem) -> Iterator[_Item]:
    """Yield a problem that its holder has to accept, or has not solved in time."""
    light = _light(beat, problem)
    if problem.state is State.WAITING:
        yield _Item(problem, light, problem.held_since, "morning.accept", problem.text)
    elif problem.state is State.WORKING and light is Light.RED and problem.solve_due is not None:
        yield _Item(problem, light, problem.solve_due, "morning.overdue", problem.text)


def _rests(beat: Beat, problem: Problem) -> bool:
    """Tell whether it waits for somebody else's answer, or was put off to a later moment."""
    return problem.paused_at is not None or (
        problem.snoozed_until is not None and problem.snoozed_until > beat.now
    )


def _light(beat: Beat, problem: Problem) -> Light:
    return light_of(problem, beat.now, beat.county.deadlines, beat.county.calendar)


def _told(beat: Beat, person: Person, items: list[_Item]) -> Iterator[str]:
    if not items:
        return
    yield beat.say(person, "morning.waiting", count=len(items))
    for item in items[:_MOST_LINES]:
        yield beat.say(
            person,
            item.key,
            light=beat.sign(person, item.light),
            number=item.problem.number,
            project=prompts.shortened(item.problem.project, 16),
            text=visible(prompts.shortened(item.text)),
            at=beat.clock(item.since),
            day=cards.day(beat, item.since),
            until=item.until.strftime("%m-%d") if item.until else "",
        )
    if len(items) > _MOST_LINES:
        yield beat.say(person, "morning.more", count=len(items) - _MOST_LINES)


def _choices(items: list[_Item]) -> Choices:
    shown = [item.problem for item in items[:_MOST_LINES]]
    return rows_of(((problem.number, f"show:{problem.id}") for problem in shown), 3)


def _news(beat: Beat, person: Person) -> list[str]:
    """Return the line that counts what has changed since the morning of the last working day."""
    last = beat.county.calendar.workday_before(beat.today)
    led = beat.tx.projects.of(person.id, Duty.LEAD_LEADER, beat.today)
    found = beat.tx.mornings.news(
        person.id, [project.id for project in led], _moment(beat, last), _moment(beat, beat.today)
    )
    parts = [
        beat.say(person, f"morning.{kind}", count=len(numbers), numbers=_listed(beat, person, numbers))
        for kind, numbers in _kinds(found)
        if numbers
    ]
    if not parts:
        return []
    since = prompts.day_word(beat, person, last)
    return [
        beat.say(person, "morning.news", since=since, parts=beat.say(person, "morning.semicolon").join(parts))
    ]


def _kinds(news: News) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        ("reported", news.reported),
        ("escalated", news.escalated),
        ("solved", news.solved),
        ("closed", news.closed),
    )


def _listed(beat: Beat, person: Person, numbers: tuple[str, ...]) -> str:
    shown = beat.say(person, "morning.comma").join(numbers[:_MOST_NUMBERS])
    return shown if len(numbers) <= _MOST_NUMBERS else beat.say(person, "morning.among", numbers=shown)


def next_moments(beat: Beat) -> list[tuple[datetime, str]]:
    """Return the next moment at which leaders get their card, with the key of its name."""
    calendar, today = beat.county.calendar, beat.today
    is_ahead = calendar.is_workday(today) and _moment(beat, today) > beat.now
    day = today if is_ahead else calendar.next_workday(today)
    return [(_moment(beat, day), "event.morning")]
