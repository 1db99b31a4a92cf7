"""What a handler is given: a `Turn` for one message, a `Beat` for one tick of the clock."""

import logging
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar

from bot.chat import Address, Incoming
from bot.domain.county import County
from bot.domain.custody import measured
from bot.domain.deadlines import Light
from bot.domain.people import Duty, Language, Person, Role
from bot.domain.projects import Project
from bot.errors import StorageError
from bot.texts import Texts
from storage.conversations import Question
from storage.letters import Choice, Choices, Lane, Letter
from storage.tx import Tx

log = logging.getLogger(__name__)

T = TypeVar("T")

_PLATFORMS = frozenset({"telegram", "wecom", "local"})
"""The platforms that people have a name for."""

NOWHERE = Address("", "")
"""Where letters wait for somebody who has not joined yet."""

_ALBUM = 120
"""Seconds within which pictures sent without words are answered once."""


_LAPSES = timedelta(hours=12)
"""After this nobody remembers what was asked; what they write then is about something else."""


@dataclass
class Desk:
    """What both have in common: one transaction, one moment, the county, and how to tell people things."""

    tx: Tx
    county: County
    texts: Texts
    now: datetime
    _remembered: dict[Hashable, Any] | None = field(default=None, init=False, repr=False)

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Remember what `once` has answered: to be used while nothing but letters is written."""
        if self._remembered is not None:
            yield
            return
        self._remembered = {}
        try:
            yield
        finally:
            self._remembered = None

    def once(self, question: Callable[..., T], *given: Hashable) -> T:
        """Return the answer to a question to the database; at rest it is asked once."""
        if self._remembered is None:
            return question(*given)
        asked = (question, given)
        if asked not in self._remembered:
            self._remembered[asked] = question(*given)
        answer: T = self._remembered[asked]
        return answer

    @cached_property
    def today(self) -> date:
        """The county's day."""
        return self.county.calendar.day_of(self.now)

    @property
    def local(self) -> datetime:
        """The moment as the clocks of the county show it."""
        return self.now.astimezone(self.county.calendar.zone)

    def say(self, reader: Person | Language | None, key: str, **blanks: object) -> str:
        """Return a sentence in its reader's language."""
        if isinstance(reader, Person):
            reader = reader.language
        return self.texts.say(reader or self.county.language, key, **blanks)

    def tell(
        self,
        person: Person,
        slot: str,
        text: str,
        choices: Choices = (),
        *,
        subject: str = "",
        lane: Lane = Lane.NOW,
        disturb: bool = False,
        in_person: bool = False,
    ) -> bool:
        """Owe somebody a message for a slot; False if that slot is filled.

        It waits for the end of quiet hours unless it may ``disturb``, and for the person to join if
        they have not. Unless it is for them ``in_person``, their substitute gets it while they are on
        leave, with a first line that says for whom. Return whether it is new.
        """
        letter = self.draft(
            person, slot, text, choices, subject=subject, lane=lane, disturb=disturb, in_person=in_person
        )
        return self.tx.outbox.add(letter, self.now)

    def draft(
        self,
        person: Person,
        slot: str,
        text: str,
        choices: Choices = (),
        *,
        subject: str = "",
        lane: Lane = Lane.NOW,
        disturb: bool = False,
        in_person: bool = False,
    ) -> Letter:
        """Return the letter that `tell` would owe; nothing is written."""
        away, person = person, person if in_person else self.stand_in(person)
        if person.id != away.id:
            text = f"{self.say(person, 'leave.on_behalf', name=away.name)}\n{text}"
        due_at = self.now if disturb else self.county.calendar.next_open(self.now)
        to = self.once(self.tx.people.address, person.id) or NOWHERE
        return Letter(
            key=slot,
            to=to,
            text=text,
            due_at=due_at,
            choices=choices,
            person_id=person.id,
            lane=lane,
            subject=subject,
        )

    def stand_in(self, person: Person) -> Person:
        """Return who acts for somebody today: their substitute while they are on leave, or themself."""
        acting = self.once(self.tx.leaves.stand_in, person.id, self.today)
        return person if acting == person.id else self.once(self.tx.people.get, acting)

    def selves(self, person: Person) -> list[int]:
        """Return for whom somebody acts today: themself, then those on leave for whom they stand in."""
        if self._remembered is None:
            return [person.id, *sorted(self.tx.leaves.stands_for(person.id, self.today))]
        away = self.once(self.tx.leaves.everybody, self.today)
        return [person.id, *sorted(each for each, acting in away.items() if acting == person.id)]

    def called(self, reader: Person | Language | None, person: Person) -> str:
        """Return how one speaks of somebody, and who acts for them today: 陈志远（副县长，李强代）."""
        acting = self.stand_in(person)
        if acting.id == person.id:
            return person.call
        key = "leave.titled" if person.title else "leave.untitled"
        return self.say(reader, key, name=person.name, title=person.title, substitute=acting.name)

    def platform(self, reader: Person | Language | None, name: str) -> str:
        """Return how people call a platform: 企业微信."""
        return self.say(reader, f"platform.{name}") if name in _PLATFORMS else name

    def how_to_open(self, reader: Person | Language | None, name: str) -> str:
        """Return what somebody does once on a platform, so that the bot can write to them there."""
        key = f"platform.open_{name}" if name in _PLATFORMS else "platform.open_other"
        return self.say(reader, key, platform=name)

    @property
    def office(self) -> list[Person]:
        """Whom to tell what the whole office hears: not those on leave for whom a colleague hears it too."""
        stand_ins = [(each, self.stand_in(each)) for each in self.tx.people.with_role(Role.OFFICE)]
        return [each for each, acting in stand_ins if acting.id == each.id or not acting.is_office]

    @property
    def office_within_reach(self) -> list[Person]:
        """Whom to tell what is of today only: who joins next week need not read about it."""
        return [each for each in self.office if self.tx.people.address(each.id) is not None]

    def record(self, actor: Person | None, action: str, subject: str, **detail: object) -> None:
        """Enter into the audit who did what to what."""
        self.tx.audit.add(self.now, actor.id if actor else None, action, subject, **detail)

    def clock(self, moment: datetime) -> str:
        """Return a moment as people write it here: 11-23 09:12."""
        return moment.astimezone(self.county.calendar.zone).strftime("%m-%d %H:%M")

    def date(self, reader: Person, day: date) -> str:
        """Return a day as its reader writes it: 11月23日."""
        return self.say(reader, "day.date", month=day.month, day=day.day)

    def hour(self, moment: datetime) -> str:
        """Return a moment of today as people write it here: 09:12."""
        return moment.astimezone(self.county.calendar.zone).strftime("%H:%M")

    def length(self, reader: Person | Language | None, length: timedelta) -> str:
        """Return a length of working time as its reader says it: 3 小时, 1.5 个工作日."""
        unit, count = measured(length, self.county.deadlines)
        return self.say(reader, f"length.{unit}", count=f"{count:g}")

    def sign(self, reader: Person | Language | None, light: Light) -> str:
        """Return how a clock stands, never by colour alone: 🔴 超期."""
        return f"{light.value} {self.say(reader, f'light.{light.name.lower()}')}"


@dataclass
class Turn(Desk):
    """One message of one known person, on its way through one handler.

    ``argument`` is what follows the command word, or what the pressed button carries.
    ``files`` are the attachments that came with it. ``notice`` is shown for a moment to whoever pressed a
    button. ``has_asked`` tells whether this message has led to a question: a second one would take the
    place of the first.
    """

    incoming: Incoming = field(kw_only=True)
    sender: Person = field(kw_only=True)
    text: str = field(kw_only=True)
    argument: str = field(default="", kw_only=True)
    notice: str = field(default="", kw_only=True)
    has_asked: bool = field(default=False, kw_only=True)
    files: list[int] = field(default_factory=list, kw_only=True)
    _replies: int = field(default=0, kw_only=True)

    @cached_property
    def found(self) -> Question | None:
        """The question that was open when this message came, however long ago it was asked."""
        return self.tx.conversations.open(self.sender.id)

    @cached_property
    def question(self) -> Question | None:
        """The question that was open when this message came; one of yesterday has lapsed."""
        return self.found if self.found and self.now - self.found.asked_at < _LAPSES else None

    def close_question(self) -> None:
        """Forget the open question: it is answered, or something else is being done."""
        if self.question is not None:
            self.tx.conversations.end(self.sender.id)

    @cached_property
    def known(self) -> dict[str, Any]:
        """What was known when the question was asked."""
        return dict(self.question.data) if self.question else {}

    @cached_property
    def led(self) -> dict[int, tuple[Project, int]]:
        """The projects that the sender leads, or those do for whom they stand in, each with its leader."""
        return {
            project.id: (project, each)
            for each in self.selves(self.sender)
            for project in self.tx.projects.of(each, Duty.LEAD_LEADER, self.today)
        }

    @property
    def source(self) -> str:
        """The name under which what this message made is found again when it is edited."""
        incoming = self.incoming
        return f"{incoming.at.platform}:{incoming.at.chat}:{incoming.message}" if incoming.message else ""

    def reply(self, key: str, choices: Choices = (), *, subject: str = "", **blanks: object) -> None:
        """Answer the sender where they wrote."""
        self.reply_with(self.say(self.sender, key, **blanks), choices, subject=subject)

    def reply_with(self, text: str, choices: Choices = (), *, subject: str = "") -> None:
        """Answer the sender where they wrote, with words made elsewhere."""
        self._replies += 1
        self._owe(f"reply:{self.incoming.key}:{self._replies}", text, choices, subject)

    def reply_once(self, slot: str, key: str, **blanks: object) -> None:
        """Answer several messages that belong together – the pictures of an album – with one sentence."""
        spell = int(self.now.timestamp()) // _ALBUM
        self._owe(f"{slot}:{self.sender.id}:{spell}", self.say(self.sender, key, **blanks), (), "")

    def _owe(self, slot: str, text: str, choices: Choices, subject: str) -> None:
        letter = Letter(
            key=slot,
            to=self.incoming.at,
            text=text,
            due_at=self.now,
            choices=choices,
            person_id=self.sender.id,
            in_group=not self.incoming.private,
            subject=subject,
        )
        self.tx.outbox.add(letter, self.now)

    def choice(self, key: str, action: str, **blanks: object) -> Choice:
        """Return a button for the sender."""
        return (self.say(self.sender, f"button.{key}", **blanks), action)

    @property
    def has_replied(self) -> bool:
        """Whether the sender gets an answer where they wrote."""
        return self._replies > 0

    def send_notice(self) -> None:
        """Give who pressed a button as a message what cannot be shown for a moment; no group is told."""
        if not self.notice or not self.incoming.button:
            return
        if self.incoming.private:
            self.reply_with(self.notice)
        else:
            slot = f"notice:{self.incoming.key}"
            self.tell(self.sender, slot, self.notice, disturb=True, in_person=True)

    def ask(self, topic: str, **data: object) -> None:
        """Wait for the sender's answer to a question."""
        self.has_asked = True
        self.tx.conversations.ask(self.sender.id, topic, self.now, **data)


@dataclass
class Beat(Desk):
    """One chunk of one duty, in one transaction."""

    writes_first: frozenset[str] = frozenset()
    """The platforms on which the bot may write to who has never written to it."""

    def each(self, items: Sequence[T], do: Callable[[T], None]) -> int:
        """Do something for each item; Return for how many it was done.

        One that fails is undone alone and keeps nobody else waiting.
        """
        done = 0
        for item in items:
            try:
                with self.tx.savepoint():
                    do(item)
                done += 1
            except StorageError:
                raise
            except Exception:
                log.exception("%s could not be done; the next beat tries again", item)
        return done

    def together(self, items: Sequence[T], do: Callable[[Sequence[T]], None]) -> int:
        """Do something for all items at once or, should that fail, for `each`; Return for how many it was."""
        if not items:
            return 0
        try:
            with self.tx.savepoint():
                do(items)
        except StorageError:
            raise
        except Exception:
            log.warning("%d could not be done at once, and are done one by one", len(items), exc_info=True)
            return self.each([[item] for item in items], do)
        return len(items)


def rows_of(choices: Iterable[Choice], width: int) -> Choices:
    """Return buttons in rows of a width."""
    flat = list(choices)
    return tuple(tuple(flat[start : start + width]) for start in range(0, len(flat), width))
