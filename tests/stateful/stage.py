"""A county to which anything may happen in any order; after each step the model judges what is seen."""

import asyncio
import logging
import shutil
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant
from sqlalchemy import Engine, insert

from bot.chat import Address, Incoming, Outgoing, Ref
from bot.domain.county import County
from bot.domain.people import Duty, Role
from bot.domain.problems import Problem
from bot.domain.rights import Deed
from bot.errors import Cause, DeliveryError, Failure
from storage import dialects, tables
from storage.store import Store
from tests.fakes import FakePlatform
from tests.stateful import model, rungs
from tests.stateful.eyes import Eyes, are_wound, is_at_rest, letters_are_in_order, look
from tests.stateful.seen import Seen
from tests.world import NAMES, ZONE, World, county, world

STARTS = tuple(
    datetime(*when, tzinfo=ZONE)
    for when in (
        (2026, 11, 23, 8, 55),  # a plain Monday
        (2026, 11, 27, 17, 30),  # Friday, half an hour before the weekend
        (2026, 9, 30, 15, 0),  # the afternoon before National Day
        (
            2026,
            2,
            13,
            20,
            55,
        ),  # five minutes before the quiet hours before Spring Festival, a 调休 Saturday next
        (2026, 12, 31, 23, 59),  # the last minute of the year
    )
)
EMPTY = "postgres"
"""The database of a server that is migrated and empty."""
EVERYBODY = (*NAMES, "lin")


@dataclass(frozen=True, slots=True)
class Shown:
    """A button that stood in somebody's chat once."""

    who: str
    label: str
    data: str
    message: str


class Mode(StrEnum):
    """How the platform behaves for a while."""

    OK = "ok"
    LIMITED = "429"
    DOWN = "5xx"
    IN_DOUBT = "in doubt"


@dataclass
class Post(FakePlatform):
    """The fake platform, with a memory for every button it ever showed and every message it took."""

    shown: dict[str, Shown] = field(default_factory=dict)
    mode: Mode = Mode.OK
    closed: set[str] = field(default_factory=set)
    """The chats in which it is blocked."""
    accepted: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The marks of the copies of each message that were taken, told or not."""

    async def send(self, message: Outgoing) -> Ref | None:
        if self.mode is Mode.LIMITED:
            raise DeliveryError(Failure.RETRY, "429", after=timedelta(seconds=37))
        if self.mode is Mode.DOWN:
            raise DeliveryError(Failure.RETRY, "502")
        if message.to.chat in self.closed:
            raise DeliveryError(Failure.UNREACHABLE, "403 Forbidden", cause=Cause.BLOCKED)
        ref = await super().send(message)
        self.accepted[message.key].append(message.mark)
        self._remember(message, ref.message if ref else "")
        if self.mode is Mode.IN_DOUBT:
            raise DeliveryError(Failure.IN_DOUBT, "the line broke after it was taken")
        return ref

    async def update(self, ref: Ref, message: Outgoing) -> bool:
        self._remember(message, ref.message)
        return await super().update(ref, message)

    def _remember(self, message: Outgoing, number: str) -> None:
        who = message.to.chat.removeprefix("account-")
        for button in (button for row in message.buttons for button in row):
            self.shown.setdefault(button.data, Shown(who, button.label, button.data, number))


class Complaints(logging.Handler):
    """Everything the handlers logged as an error: what they could not do, and swallowed."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name not in {"handlers.departure", "handlers.undelivered"}:
            self.heard.append(self.format(record))


class Stage(RuleBasedStateMachine):
    """The real core on a real database; only the clock and the platform are fakes."""

    template: Path
    """A migrated, empty SQLite database to copy."""
    make: Callable[[str], str] | None = None
    """Returns the URL of a copy of a database on a server, which takes the place of a file."""
    w: World
    store: Store
    engine: Engine
    seen: Seen

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.folder = TemporaryDirectory(dir=self.template.parent)
        self.file = Path(self.folder.name) / "liaison.db"
        self.complaints = Complaints()
        for name in ("handlers", "storage"):
            logging.getLogger(name).addHandler(self.complaints)
        self.said: list[tuple[str, str, str]] = []
        self.words: dict[str, list[str]] = {}
        self.edited: dict[str, str] = {}
        self.count = 0
        self.has_begun = False

    # --- how it begins and ends ---------------------------------------------------------

    @initialize(start=st.sampled_from(STARTS), climbs=st.booleans())
    def begins(self, start: datetime, climbs: bool) -> None:
        """A small county with two in the office and a project whose owner is asked too."""
        if self.make is None:
            shutil.copyfile(self.template, self.file)
        self.url = type(self).make(EMPTY) if self.make is not None else f"sqlite:///{self.file}"  # type: ignore[misc]
        self.post = Post()
        self.opens(start, county(climbs=climbs))
        self.loop.run(self.w.is_peopled())
        self.loop.run(self.store.perform(self._furnish))
        self.keys = {number: who for who, number in self.w.ids.items() if not who.startswith("#")}
        self.engine = dialects.readonly_engine(dialects.parsed(self.url))
        self.eyes = Eyes()
        self.seen = look(self.engine, self.eyes, self.w)
        self.has_begun = True

    def opens(self, now: datetime, settings: County) -> None:
        """Start a process on the database, with the platform that is there."""
        self.store = Store(self.url, durable=False)
        self.loop.run(self.store.__aenter__())
        self.w = self.another(self.store, now, settings)

    def another(self, store: Store, now: datetime, settings: County) -> World:
        """Return a process's world around a store and the platform that is there."""
        town = world(store, now, settings)
        town.platform = town.fetchers.platform = self.post
        for carrier in town.delivery.carriers.values():
            carrier._platform = self.post
        return town

    def closes(self) -> None:
        """End the process."""
        self.loop.run(self.store.__aexit__(None, None, None))

    def _furnish(self, tx: Any) -> None:
        made = tx.connection.execute(insert(tables.people).values(name="林芳", unit_id=None, title="副主任"))
        self.w.ids["lin"] = lin = made.inserted_primary_key[0]
        tx.connection.execute(insert(tables.roles).values(person_id=lin, role=str(Role.OFFICE)))
        tx.people.bind(lin, "fake", "account-lin", "account-lin", self.w.clock.now())
        row = {"project_id": self.w.ids["#pump"], "person_id": self.w.ids["qian"], "duty": str(Duty.OWNER)}
        tx.connection.execute(insert(tables.assignments).values(**row, since=self.w.clock.now().date()))

    def teardown(self) -> None:
        """Once nothing disturbs any more, within two weeks nobody is owed anything (liveness)."""
        try:
            if self.has_begun and sys.exc_info()[0] is None:
                self._comes_to_rest()
        finally:
            for name in ("handlers", "storage"):
                logging.getLogger(name).removeHandler(self.complaints)
            if self.has_begun:
                self.engine.dispose()
                self.closes()
            self.loop.close()
            self.folder.cleanup()

    def _comes_to_rest(self) -> None:
        self.post.failures.clear()
        self.post.closed.clear()
        self.post.mode = Mode.OK
        for days, hour in ((1, 10), (4, 15), (14, 10)):
            at = (self.w.clock.now() + timedelta(days=days)).astimezone(ZONE)
            self.beats_at(at.replace(hour=hour))
        is_at_rest(self.engine, self.w)

    # --- a step, and its judgement ------------------------------------------------------

    def step(self, *doings: Awaitable[Any], by: tuple[str, ...] = (), beats: bool = False) -> list[Any]:
        """Do something – several things at once – and judge what came of it."""

        async def all_of_it() -> list[Any]:
            done = await asyncio.gather(*doings)
            await self.w.delivery.drain()
            return list(done)

        # Who writes or presses has opened the chat.
        self.post.closed -= {self.w.account(who) for who in by}
        try:
            results = self.loop.run(all_of_it())
        except AssertionError as error:
            error.add_note("\n".join(self.complaints.heard))
            raise
        self.judge({self.w.ids[who] for who in by}, beats=beats)
        return results

    def judge(self, speakers: set[int], *, beats: bool) -> None:
        """Compare what is seen now with what was seen before."""
        before, self.seen = self.seen, look(self.engine, self.eyes, self.w)
        assert not self.complaints.heard, self.complaints.heard
        model.is_legal(before, self.seen, self.eyes.deeds, speakers)
        is_quiet = self.w.county.calendar.is_quiet(self.w.clock.now())
        if beats:
            left = {each.problem_id for each in self.eyes.deeds if each.action == "left"}
            rungs.has_climbed(before, self.seen, left, is_quiet=is_quiet)
        else:
            assert before.climbed.keys() == self.seen.climbed.keys(), "a rung without a beat"
        are_wound(self.engine, self.eyes, self.seen, self.w)
        letters_are_in_order(self.engine, self.eyes, self.seen, self.w)

    @invariant()
    def is_in_one_hand(self) -> None:
        """Every open problem has one holder."""
        if self.has_begun:
            model.is_in_one_hand(self.seen)

    @invariant()
    def has_lost_no_word(self) -> None:
        """There are as many problems as were reported, and each says all that was said of it."""
        if self.has_begun:
            said = {each.number: each.text for each in self.seen.problems.values()}
            assert said.keys() == self.words.keys()
            lost = {n: word for n, words in self.words.items() for word in words if word not in said[n]}
            assert not lost, f"lost words: {lost}"

    @invariant()
    def has_said_nothing_twice_unmarked(self) -> None:
        """Of each message the platform took one copy, and others only with the mark of a repeat (I4)."""
        if self.has_begun:
            for key, marks in self.post.accepted.items():
                assert all(marks[1:]), f"{key} arrived twice: {marks}"

    def numbered(self, number: str) -> Problem:
        return next(each for each in self.seen.problems.values() if each.number == number)

    def beats_at(self, moment: datetime) -> None:
        self.step(self.w.reaches(moment), beats=True)

    def pick(self, number: int) -> Problem:
        """Return one of the problems there are."""
        found = list(self.seen.problems.values())
        return found[number % len(found)]

    def who(self, role: str, problem: Problem) -> str:
        """Return who is meant: somebody by name, or by what they are to the problem."""
        if role in self.keys.values():
            return role
        leads = self.seen.duties.get((problem.project_id, Duty.LEAD_LEADER), frozenset())
        passed = [link.person_id for link in self.seen.custody.values() if link.problem_id == problem.id]
        return self.keys[
            {
                "holder": problem.holder_id,
                "lead": min(leads, default=problem.holder_id),
                "office": self.w.ids["zhao"],
                "confirmer": problem.confirmer_id,
                "passed": passed[-2] if len(passed) > 1 else passed[-1],
            }[role]
        ]

    def says(self, who: str, text: str, **more: Any) -> None:
        """Let somebody type something in their own chat; the bot never leaves them without an answer."""
        self.count += 1
        key, message = f"m{self.count}", f"msg{self.count}"
        self.said.append((who, text, key))
        before = self.eyes.last_letter
        (notice,) = self.step(
            self.w.hears(who, text, key=key, message=message, settle=False, **more), by=(who,)
        )
        assert notice or self.eyes.last_letter > before, f"{who} said {text!r} and got no answer"

    def tries(self, deed: Deed, who: str, problem: Problem, text: str) -> bool:
        """Let somebody type a deed; it is done exactly if they have the right to it and it fits."""
        expected = self.seen.can(self.w.ids[who], deed, problem)
        self.says(who, text)
        return expected

    def done(self, action: str, problem: Problem) -> bool:
        """Tell whether something was done to a problem in the last step."""
        return any(each.action == action and each.problem_id == problem.id for each in self.eyes.deeds)

    def press(self, shown: Shown, who: str) -> Awaitable[str]:
        """Let somebody press a button that stands, or stood, in somebody's chat."""
        self.count += 1
        account = self.w.account(who)
        return self.w.router.receive(
            Incoming(
                key=f"b{self.count}",
                at=Address("fake", account),
                sender=account,
                sent_at=self.w.clock.now(),
                button=shown.data,
                message=shown.message,
            )
        )

    # --- what they share ----------------------------------------------------------------

    def standing(self, who: str) -> list[Shown]:
        """Return the buttons under somebody's last message."""
        messages = self.post.chats[self.w.account(who)]
        return [self.post.shown[data] for data in messages[-1].data.values()] if messages else []

    def asked_of(self, who: str) -> str:
        question = self.loop.run(self.w.asks(lambda tx: tx.conversations.open(self.w.ids[who])))
        return question.topic if question else ""

    def name(self, who: str) -> str:
        return "林芳" if who == "lin" else NAMES[who]
