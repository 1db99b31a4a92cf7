"""The carrier against a platform that fails on purpose; the database is real."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import Engine, event, insert, select

from bot import texts
from bot.chat import Address, Capabilities, Outgoing, Paper, Ref
from bot.clock import VirtualClock
from bot.errors import DeliveryError, Failure, StorageError
from handlers import delivery
from handlers.delivery import Carrier, Delivery
from storage import tables
from storage.letters import SENT, Lane, Letter
from storage.store import Store
from storage.tx import Tx
from tests.fakes import FakePlatform
from tests.world import county

T = TypeVar("T")

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
MARK = "（可能重复"


def retry(seconds: float | None = None, *, whole_bot: bool = False) -> DeliveryError:
    after = None if seconds is None else timedelta(seconds=seconds)
    return DeliveryError(Failure.RETRY, "not now", after=after, whole_bot=whole_bot)


def doubt(drops_repeats_for: timedelta = timedelta(0)) -> DeliveryError:
    return DeliveryError(Failure.IN_DOUBT, "the connection broke", drops_repeats_for=drops_repeats_for)


@dataclass
class Wire(FakePlatform):
    """A platform whose every answer can be scripted; ``ledger`` is what it accepted, in order."""

    outcomes: dict[str, list[Exception]] = field(default_factory=dict)
    """What is raised for a text, before it is accepted; for every text, under ``""``."""
    ledger: list[tuple[str, str]] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    on_send: Callable[[Outgoing], Awaitable[None]] | None = None
    names: bool = True

    def __post_init__(self) -> None:
        self.open.set()

    async def send(self, message: Outgoing) -> Ref | None:
        words = message.marked.rpartition("\n")[2]
        self.tried.append(words)
        if self.on_send is not None:
            await self.on_send(message)
        await self.open.wait()
        for key in (words, ""):
            if self.outcomes.get(key):
                raise self.outcomes[key].pop(0)
        self.ledger.append((message.to.chat, message.marked))
        ref = await super().send(message)
        return ref if self.names else None

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.ledger]


@dataclass
class Post:
    """An outbox, a wire, and as many carriers one after the other as a story needs."""

    store: Store
    wire: Wire
    clock: VirtualClock
    carrier: Carrier

    def restart(self) -> None:
        """Let the process die and another begin."""
        self.store.on_owed.clear()
        self.carrier = Carrier(self.store, self.wire, county(), texts.load(), self.clock)

    async def owes(self, *letters: tuple[str, str] | Letter, lane: Lane = Lane.NOW) -> None:
        made = [self.letter(*each, lane=lane) if isinstance(each, tuple) else each for each in letters]
        await self.store.perform(lambda tx: [tx.outbox.add(letter, self.clock.now()) for letter in made])

    def letter(self, chat: str, text: str, **more: Any) -> Letter:
        return Letter(f"{chat}:{text}", Address("fake", chat), text, self.clock.now(), **more)

    async def owes_many(self, count: int, lane: Lane, chat: str = "chat{}") -> None:
        now = self.clock.now()
        rows = [
            {
                "key": f"many:{chat}:{number}",
                "platform": "fake",
                "chat": chat.format(number),
                "in_group": False,
                "lane": int(lane),
                "due_at": now,
                "state": "waiting",
                "text": f"prompt {number}",
                "buttons": (),
                "made_at": now,
            }
            for number in range(count)
        ]
        await self.store.perform(lambda tx: tx.connection.execute(insert(tables.outbox), rows))

    async def waits(self, **length: float) -> None:
        self.clock.set(self.clock.now() + timedelta(**length))
        await self.carrier.drain()

    async def states(self) -> dict[str, str]:
        statement = select(tables.outbox.c.text, tables.outbox.c.state)
        return dict(await self.store.read(lambda tx: tx.connection.execute(statement).all()))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.carrier.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def looks_again(self) -> None:
        """Let the carrier look at the database as often as it has reason to."""
        for _ in range(4):
            # Whoever waits for the one writer has waited for what was asked of it before.
            await self.store.perform(lambda _: None)
            for _ in range(10):
                await asyncio.sleep(0)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not holds():  # noqa: ASYNC110 -- nothing of the carrier's tells a test that it is idle
                await asyncio.sleep(0.001)


@pytest.fixture
async def post(open_store: Store) -> Post:
    clock, wire = VirtualClock(NOON), Wire()
    return Post(open_store, wire, clock, Carrier(open_store, wire, county(), texts.load(), clock))


def paced(post: Post, **pace: Any) -> None:
    post.wire.capabilities = Capabilities(**pace)
    post.restart()


# --- order and lanes --------------------------------------------------------------------


def unanswered(carrier: delivery.Carrier) -> int:
    """Return how many letters count for the platform's second as long as they are under way."""
    second = carrier._pace._second
    assert second is not None
    return second._under_way


async def at_once(post: Post) -> int:
    """Deliver over a wire that holds everything up; Return how many letters were on their way meanwhile."""
    post.wire.tried.clear()
    post.wire.open.clear()
    going_on = asyncio.create_task(post.carrier.drain())
    await post.until(lambda: bool(post.wire.tried))
    await post.looks_again()
    on_their_way = len(post.wire.tried)
    post.wire.open.set()
    await going_on
    return on_their_way


async def test_an_answer_overtakes_five_thousand_waiting_prompts(post: Post) -> None:
    paced(post, per_second=500)
    await post.owes_many(5_000, Lane.ROUND)
    owed_after: list[int] = []

    async def owe(_: Outgoing) -> None:
        if len(post.wire.ledger) == 20 and not owed_after:
            owed_after.append(20)
            await post.owes(("liu", "已记"))

    post.wire.on_send = owe
    async with post.running():
        await post.until(lambda: "已记" in post.wire.texts)

    assert post.wire.texts.index("已记") - 20 < 25


async def test_a_chat_with_a_thousand_letters_holds_up_nobody(post: Post) -> None:
    paced(post, per_chat_second=1)
    await post.owes_many(1_000, Lane.NOW, chat="zhao")
    await post.owes(("liu", "已记"), ("wang", "已记"))

    async with post.running():
        await post.until(lambda: len(post.wire.ledger) == 3)

    assert sorted(chat for chat, _ in post.wire.ledger) == ["liu", "wang", "zhao"]


async def test_many_chats_with_many_letters_hold_up_nobody_for_long(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_POLL", 60)
    paced(post, per_chat_second=1)
    for chat in range(6):
        await post.owes_many(200, Lane.NOW, chat=f"loud{chat}")
    await post.owes(("liu", "已记"))

    async with post.running():
        await post.until(lambda: "已记" in post.wire.texts)

    assert post.wire.texts.index("已记") <= 6


async def test_who_has_found_all_that_is_due_does_not_look_again(post: Post) -> None:
    looks = 0

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        nonlocal looks
        looks += "COMMIT" in statement

    await post.owes(("liu", "一"), ("liu", "二"), ("wang", "三"))
    event.listen(Engine, "before_cursor_execute", note)
    try:
        await post.carrier.drain()
    finally:
        event.remove(Engine, "before_cursor_execute", note)

    # Two are taken, the second of a chat when the first has arrived, and what arrived is noted.
    assert looks == 3


async def test_who_is_called_off_sends_nothing_when_the_next_slot_opens(post: Post) -> None:
    paced(post, per_second=20)
    await post.owes(*[(f"chat{number}", f"{number}") for number in range(9)])
    async with post.running():
        await post.until(lambda: bool(post.wire.tried))
        await post.looks_again()
    tried, passed = len(post.wire.tried), asyncio.Event()
    asyncio.get_running_loop().call_later(0.2, passed.set)

    await passed.wait()

    assert len(post.wire.tried) == tried < 9


async def test_letters_of_a_chat_arrive_in_order(post: Post) -> None:
    await post.owes(*[("liu", f"{number}") for number in range(10)])

    await post.carrier.drain()

    assert post.wire.texts == [f"{number}" for number in range(10)]


async def test_the_longest_due_goes_first(post: Post) -> None:
    later, sooner = post.letter("liu", "later"), post.letter("liu", "sooner")
    await post.owes(
        Letter(later.key, later.to, later.text, NOON - timedelta(hours=1)),
        Letter(sooner.key, sooner.to, sooner.text, NOON - timedelta(hours=2)),
    )

    await post.carrier.drain()

    assert post.wire.texts == ["sooner", "later"]


async def test_answers_go_before_prompts_and_prompts_before_papers(post: Post) -> None:
    for lane, text in ((Lane.PAPER, "paper"), (Lane.ROUND, "prompt"), (Lane.NOW, "answer")):
        await post.owes(("liu", text), lane=lane)

    await post.carrier.drain()

    assert post.wire.texts == ["answer", "prompt", "paper"]


async def test_order_is_kept_across_a_retry_and_other_chats_go_on(post: Post) -> None:
    post.wire.outcomes["1"] = [retry(37)]
    await post.owes(("liu", "1"), ("liu", "2"), ("wang", "3"))

    await post.carrier.drain()
    assert post.wire.texts == ["3"]
    await post.waits(seconds=36.9)
    assert post.wire.tried == ["1", "3"]
    await post.waits(seconds=0.1)

    assert post.wire.texts == ["3", "1", "2"]


async def test_order_is_kept_when_news_come_while_a_failure_is_being_settled(post: Post) -> None:
    post.wire.outcomes["1"] = [retry(10)]
    await post.owes(("liu", "1"))
    failing = asyncio.create_task(post.carrier.drain())
    await post.owes(("liu", "2"), ("liu", "3"))
    await failing

    await post.carrier.drain()
    await post.waits(seconds=10)

    assert post.wire.texts == ["1", "2", "3"]


async def test_a_letter_refused_for_good_does_not_hold_up_the_next(post: Post) -> None:
    post.wire.outcomes["1"] = [DeliveryError(Failure.REFUSED, "too long")]
    await post.owes(("liu", "1"), ("liu", "2"))

    await post.carrier.drain()

    assert post.wire.texts == ["2"]
    assert await post.states() == {"1": "failed", "2": "sent"}


# --- pace -------------------------------------------------------------------------------


async def test_letters_keep_the_pace_of_the_platform(post: Post) -> None:
    paced(post, per_second=200)
    await post.owes(*[(f"chat{number}", "x") for number in range(12)])
    loop = asyncio.get_running_loop()
    start = loop.time()

    await post.carrier.drain()

    # Eleven gaps, of which a fortieth of a second may be caught up with.
    assert 11 / 200 - 0.025 <= loop.time() - start < 1
    assert len(post.wire.ledger) == 12
    assert unanswered(post.carrier) == 0


async def test_a_slot_is_used_as_soon_as_it_opens_and_not_at_the_next_look(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_POLL", 3_600)
    paced(post, per_second=20, per_group_minute=1)
    crowd = [post.letter("group", f"for all {number}", in_group=True) for number in range(2)]
    await post.owes(*crowd, *[(f"chat{number}", str(number)) for number in range(4)])

    async with post.running():
        await post.until(lambda: len(post.wire.ledger) == 5)

    assert set(post.wire.texts) == {"for all 0", "0", "1", "2", "3"}


async def test_a_group_keeps_its_own_pace(post: Post) -> None:
    paced(post, per_group_minute=2)
    await post.owes(*[post.letter("group", str(number), in_group=True) for number in range(5)])

    async with post.running():
        await post.until(lambda: len(post.wire.ledger) == 2)
        await asyncio.sleep(0.02)

    assert post.wire.texts == ["0", "1"]


async def test_what_is_held_in_memory_is_bounded_while_the_platform_hangs(post: Post) -> None:
    post.wire.open.clear()
    for lane in Lane:
        await post.owes_many(1_000, lane, chat=f"lane{int(lane)}-{{}}")

    async with post.running():
        await post.until(lambda: len(post.wire.tried) == 128 + 32 + 4)
        for _ in range(5):
            await post.store.perform(lambda tx: tx.dispatch.release([]))
            await asyncio.sleep(0.002)
        held = len(post.carrier._in_hand) + len(post.carrier._flying)
        post.wire.open.set()

    assert held == len(post.wire.tried) == 128 + 32 + 4


@pytest.mark.parametrize(("per_second", "expected"), [(300, (16, 12)), (1_000, (41, 40))])
async def test_of_a_platform_with_a_pace_no_more_is_held_than_half_a_second_of_slots(
    post: Post, per_second: float, expected: tuple[int, int]
) -> None:
    paced(post, per_second=per_second)
    post.wire.outcomes["unsure"] = [doubt()]
    await post.owes(("chat", "unsure"))
    await post.carrier.drain()
    post.clock.set(NOON + timedelta(minutes=1))
    await post.owes_many(40, Lane.NOW)
    await post.owes_many(40, Lane.ROUND, chat="other{}")
    post.wire.open.clear()
    going_on = asyncio.create_task(post.carrier.drain())
    await post.until(lambda: bool(post.carrier._flying))
    await post.looks_again()
    lanes = select(tables.outbox.c.lane).where(tables.outbox.c.state == "claimed")
    held = await post.store.read(lambda tx: tx.connection.execute(lanes).scalars().all())
    post.wire.open.set()
    await going_on

    assert (held.count(int(Lane.NOW)), held.count(int(Lane.ROUND))) == expected


# --- patience ---------------------------------------------------------------------------


async def test_a_pause_survives_a_restart(post: Post) -> None:
    post.wire.outcomes["1"] = [retry(37)]
    await post.owes(("liu", "1"), ("wang", "2"))
    await post.carrier.drain()

    post.restart()
    await post.carrier.recover()
    await post.waits(seconds=36)
    assert post.wire.texts == ["2"]
    await post.waits(seconds=1)

    assert post.wire.texts == ["2", "1"]


async def test_a_pause_of_the_whole_bot_stops_what_was_in_hand_already(post: Post) -> None:
    paced(post, per_second=40)
    post.wire.outcomes[""] = [retry(37, whole_bot=True)]
    await post.owes(*[(f"chat{number}", str(number)) for number in range(20)])

    await post.carrier.drain()

    # One slot of catch-up: two may have been on the wire when the first came back.
    assert len(post.wire.tried) <= 2
    tried = len(post.wire.tried)
    await post.waits(seconds=36.9)
    assert len(post.wire.tried) == tried
    await post.waits(seconds=0.2)
    assert len(post.wire.ledger) == 20
    assert all(not text.startswith(MARK) for text in post.wire.texts)


async def test_a_pause_of_the_whole_bot_stops_what_was_being_claimed(post: Post) -> None:
    post.wire.outcomes["1"] = [retry(37, whole_bot=True)]
    post.wire.open.clear()
    await post.owes(("liu", "1"))
    async with post.running():
        await post.until(lambda: post.wire.tried == ["1"])
        owing = asyncio.create_task(post.owes(("wang", "2"), ("sun", "3")))
        post.carrier._news.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        post.wire.open.set()
        await owing
        await post.until(lambda: not (post.carrier._flying or post.carrier._in_hand or post.carrier._failed))
        await asyncio.sleep(0.01)
    late = [each for each in post.wire.tried if each != "1"]

    await post.waits(seconds=37)

    assert len(post.wire.ledger) == 3
    assert len(set(post.wire.texts)) == 3
    assert len(late) <= 2


async def test_what_is_on_the_wire_while_all_must_wait_is_neither_sent_again_nor_forgotten(
    post: Post,
) -> None:
    post.wire.outcomes["1"] = [retry(37, whole_bot=True)]

    async def hold(message: Outgoing) -> None:
        if message.text == "2":
            await slow.wait()

    slow, post.wire.on_send = asyncio.Event(), hold
    await post.owes(("liu", "1"), ("wang", "2"))
    async with post.running():
        await post.until(lambda: len(post.wire.tried) == 2)
        await post.looks_again()
        slow.set()
        await post.until(lambda: post.wire.texts == ["2"])
        await post.looks_again()
    await post.waits(seconds=37)

    assert post.wire.texts == ["2", "1"]


async def test_a_shorter_wait_does_not_shorten_a_longer_one(post: Post) -> None:
    post.wire.outcomes["1"] = [retry(60, whole_bot=True)]
    post.wire.outcomes["2"] = [retry(5, whole_bot=True)]
    post.wire.open.clear()
    await post.owes(("liu", "1"), ("wang", "2"))
    draining = asyncio.create_task(post.carrier.drain())
    await post.until(lambda: len(post.wire.tried) == 2)
    post.wire.open.set()
    await draining

    await post.waits(seconds=59)
    assert post.wire.texts == []
    await post.waits(seconds=1)

    assert sorted(post.wire.texts) == ["1", "2"]


async def test_without_a_wait_from_the_platform_each_try_waits_longer(post: Post) -> None:
    post.wire.outcomes["1"] = [retry() for _ in range(2)]
    await post.owes(("liu", "1"))
    await post.carrier.drain()

    await post.waits(seconds=1.9)
    assert len(post.wire.tried) == 1
    await post.waits(seconds=0.1)
    assert len(post.wire.tried) == 2
    await post.waits(seconds=3.9)
    assert len(post.wire.tried) == 2
    await post.waits(seconds=0.1)

    assert post.wire.texts == ["1"]


async def test_no_letter_waits_longer_than_a_minute_for_its_next_try(post: Post) -> None:
    post.wire.outcomes["1"] = [retry() for _ in range(8)]
    await post.owes(("liu", "1"))
    await post.carrier.drain()

    for tries, seconds in enumerate((2, 4, 8, 16, 32, 60, 60), 1):
        await post.waits(seconds=seconds - 0.1)
        assert len(post.wire.tried) == tries
        await post.waits(seconds=0.1)
    await post.waits(seconds=60)

    assert post.wire.texts == ["1"]


async def test_a_failing_platform_rests_and_is_tried_with_one_letter(post: Post) -> None:
    post.wire.outcomes[""] = [retry() for _ in range(8)]
    post.wire.open.clear()
    await post.owes(*[(f"chat{number}", str(number)) for number in range(3)])
    draining = asyncio.create_task(post.carrier.drain())
    await post.until(lambda: len(post.wire.tried) == 3)
    post.wire.open.set()
    await draining
    await post.owes(*[(f"fresh{number}", f"fresh{number}") for number in range(20)])
    await post.owes(*[(f"round{number}", f"round{number}") for number in range(10)], lane=Lane.ROUND)

    tries = [len(post.wire.tried)]
    for seconds in (0.9, 0.2, 2.1, 4.1, 8.1, 16.1):
        await post.waits(seconds=seconds)
        tries.append(len(post.wire.tried))
    assert tries == [3, 3, 4, 5, 6, 7, 8]
    await post.waits(seconds=33)
    await post.waits(seconds=60)

    assert len(post.wire.ledger) == len(set(post.wire.texts)) == 33


async def test_failures_with_an_arrival_between_them_make_nobody_rest(post: Post) -> None:
    for chat, text in (("a", "fails"), ("b", "fails"), ("c", "arrives"), ("d", "fails")):
        post.wire.outcomes["fails"] = [retry(), retry(), retry()]
        await post.owes((chat, text))
        await post.carrier.drain()

    await post.owes(("liu", "已记"))
    await post.carrier.drain()

    assert post.wire.texts == ["arrives", "已记"]


async def test_many_failures_at_once_make_the_first_rest_no_longer(post: Post) -> None:
    post.wire.outcomes[""] = [retry() for _ in range(100)]
    post.wire.open.clear()
    await post.owes(*[(f"chat{number}", str(number)) for number in range(100)])
    draining = asyncio.create_task(post.carrier.drain())
    await post.until(lambda: len(post.wire.tried) == 100)
    post.wire.open.set()
    await draining

    await post.owes(("liu", "已记"))
    await post.waits(seconds=1.1)

    assert "已记" in post.wire.texts


async def test_three_chats_that_must_wait_do_not_make_the_others_wait(post: Post) -> None:
    post.wire.outcomes = {str(number): [retry(30)] for number in range(5)}
    await post.owes(*[(f"group{number}", str(number)) for number in range(5)])
    await post.carrier.drain()

    await post.owes(("liu", "已记"))
    await post.carrier.drain()

    assert post.wire.texts == ["已记"]


# --- doubt ------------------------------------------------------------------------------


async def test_a_letter_in_doubt_is_sent_again_once_and_says_so(post: Post) -> None:
    post.wire.outcomes["1"] = [doubt()]
    await post.owes(("liu", "1"), ("liu", "2"))

    await post.carrier.drain()
    await post.waits(seconds=2)

    assert post.wire.texts[0].startswith(MARK)
    assert post.wire.texts[0].endswith("\n1")
    assert post.wire.texts[1:] == ["2"]


async def test_a_letter_twice_in_doubt_is_given_up(post: Post) -> None:
    post.wire.outcomes["1"] = [doubt(), doubt()]
    await post.owes(("liu", "1"), ("liu", "2"))

    await post.carrier.drain()
    await post.waits(seconds=2)
    await post.waits(minutes=10)

    assert post.wire.texts == ["2"]
    assert await post.states() == {"1": "failed", "2": "sent"}


async def test_a_second_cut_finds_one_letter_in_doubt_on_its_way_and_the_others_arrive(post: Post) -> None:
    await post.owes(*((f"chat{number}", f"old {number}") for number in range(8)))
    post.wire.outcomes[""] = [doubt() for _ in range(8)]
    await post.carrier.drain()
    post.wire.tried.clear()

    async def hang(_message: Outgoing) -> None:
        if len(post.wire.tried) == 2:
            post.wire.open.clear()

    post.wire.on_send = hang
    await post.owes(*((f"new{number}", f"new {number}") for number in range(4)), ("chat7", "after old 7"))
    post.clock.set(post.clock.now() + timedelta(minutes=1))
    async with post.running():
        await post.until(lambda: len(post.wire.tried) == 6)
        await post.looks_again()
        on_their_way = post.wire.tried[1:]
        post.wire.outcomes[""] = [doubt() for _ in range(5)]
        post.wire.on_send = None
        post.wire.open.set()
        await post.until(lambda: not post.wire.outcomes[""])
    for _ in range(3):
        await post.waits(minutes=1)

    assert sorted(on_their_way) == ["new 0", "new 1", "new 2", "new 3", "old 1"]
    assert {text for text, state in (await post.states()).items() if state == "failed"} == {"old 1"}
    assert [text for chat, text in post.wire.ledger if chat == "chat7"][1:] == ["after old 7"]


async def test_letters_that_a_dead_process_left_in_doubt_go_one_after_the_other(post: Post) -> None:
    await post.owes(*((f"chat{number}", f"old {number}") for number in range(3)))
    post.wire.outcomes[""] = [doubt() for _ in range(3)]
    await post.carrier.drain()
    post.restart()
    post.clock.set(NOON + timedelta(minutes=1))
    post.wire.open.clear()
    post.wire.tried.clear()
    async with post.running():
        await post.until(lambda: bool(post.wire.tried))
        await post.looks_again()
        on_their_way = [*post.wire.tried]
        post.wire.open.set()
        await post.until(lambda: len(post.wire.ledger) == 3)

    assert on_their_way == ["old 0"]
    assert post.wire.tried == ["old 0", "old 1", "old 2"]


async def test_what_a_dead_process_had_on_its_way_goes_one_after_the_other(post: Post) -> None:
    await post.owes(*((f"chat{number}", f"old {number}") for number in range(3)))
    await post.store.perform(
        lambda tx: tx.dispatch.claim("fake", Lane.NOW, 3, post.clock.now(), timedelta(seconds=30))[0]
    )
    post.restart()
    await post.carrier.recover()

    assert await at_once(post) == 1
    assert all(text.startswith(MARK) for text in post.wire.texts)


async def test_letters_in_doubt_go_one_after_the_other_in_the_same_process_too(post: Post) -> None:
    await post.owes(*((f"chat{number}", f"old {number}") for number in range(3)))
    post.wire.outcomes[""] = [doubt() for _ in range(2)]
    await post.carrier.drain()
    post.clock.set(NOON + timedelta(minutes=1))

    assert await at_once(post) == 1
    assert len(post.wire.ledger) == 3


async def test_a_repeat_that_the_platform_drops_is_made_as_often_as_need_be_while_it_does(post: Post) -> None:
    await post.owes(("chat", "hello"))
    post.wire.outcomes["hello"] = [doubt(drops_repeats_for=timedelta(minutes=30)) for _ in range(40)]
    await post.carrier.drain()
    for _ in range(29):
        await post.waits(minutes=1)
    before = await post.states()
    for _ in range(3):
        await post.waits(minutes=1)

    assert before == {"hello": "waiting"}
    assert (await post.states())["hello"] == "failed"
    assert len(post.wire.tried) == 31


async def test_what_may_have_gone_out_and_is_owed_for_tomorrow_keeps_no_answer_waiting(post: Post) -> None:
    """After a restore a key of which it is known that it was sent comes again, at its time."""
    tomorrow = post.clock.now() + timedelta(days=1)
    later = Letter("later", Address("fake", "a"), "of tomorrow", tomorrow)
    await post.store.perform(lambda tx: tx.inbox.admit(f"{SENT}later", post.clock.now()))
    await post.owes(later, ("a", "answer"))
    await post.carrier.drain()
    assert post.wire.texts == ["answer"]

    post.clock.set(tomorrow)
    await post.carrier.drain()
    assert post.wire.texts[1].endswith("of tomorrow")
    assert MARK in post.wire.texts[1]


async def test_an_unforeseen_error_of_a_platform_is_a_doubt(post: Post) -> None:
    post.wire.outcomes["1"] = [RuntimeError("a bug")]
    await post.owes(("liu", "1"))

    await post.carrier.drain()
    await post.waits(seconds=2)

    assert post.wire.texts[0].startswith(MARK)


async def test_what_was_on_its_way_in_a_crash_is_sent_again_exactly_once_and_says_so(post: Post) -> None:
    post.wire.open.clear()
    await post.owes(("liu", "1"), ("liu", "2"), ("wang", "3"))
    dying = asyncio.create_task(post.carrier.step())
    await post.until(lambda: len(post.wire.tried) == 2)
    dying.cancel()
    post.wire.open.set()
    await post.until(lambda: len(post.wire.ledger) == 2)

    post.restart()
    await post.carrier.recover()
    await post.carrier.drain()
    post.restart()
    await post.carrier.recover()
    await post.carrier.drain()

    assert sorted(post.wire.texts[:2]) == ["1", "3"]
    assert sorted(text.splitlines()[-1] for text in post.wire.texts[2:]) == ["1", "2", "3"]
    assert sorted(text.startswith(MARK) for text in post.wire.texts[2:]) == [False, True, True]
    assert set((await post.states()).values()) == {"sent"}


async def test_whoever_takes_over_takes_up_first_what_was_on_its_way(post: Post) -> None:
    await post.owes(("liu", "1"))
    await post.store.perform(
        lambda tx: tx.dispatch.claim("fake", Lane.NOW, 1, post.clock.now(), timedelta(seconds=30))[0]
    )
    post.restart()
    # It belongs to another until it is taken up.
    await post.carrier.drain()
    assert post.wire.tried == []

    await post.owes(("liu", "2"))
    async with post.running():
        await post.until(lambda: len(post.wire.ledger) == 2)

    assert [text.startswith(MARK) for text in post.wire.texts] == [True, False]


@pytest.mark.parametrize(("per_second", "in_hand"), [(300, 12), (2_000, 64)])
async def test_a_broadcast_that_is_killed_reaches_everybody_and_nobody_twice(
    post: Post, per_second: float, in_hand: int
) -> None:
    paced(post, per_second=per_second)
    await post.owes_many(300, Lane.ROUND)
    for number, tries in enumerate((1, 60, 150, 250)):

        async def hang(_: Outgoing, at: int = tries) -> None:
            if len(post.wire.tried) >= at:
                post.wire.open.clear()

        post.wire.on_send = hang
        async with post.running():
            await post.until(lambda: not post.wire.open.is_set())
        post.wire.on_send = None
        # What was on the wire arrives, and whoever sent it never hears of it; or it was never read.
        flying = set(post.carrier._tasks)
        if number % 2:
            for task in flying:
                task.cancel()
        post.wire.open.set()
        await asyncio.gather(*flying, return_exceptions=True)
        post.restart()

    await post.carrier.recover()
    await post.carrier.drain()

    got = {chat: [text for of, text in post.wire.ledger if of == chat] for chat, _ in post.wire.ledger}
    again = [texts for texts in got.values() if len(texts) > 1]
    # Of those in doubt one may be on its way again when the next cut comes; the office hears of it.
    left = {words.split()[1] for words, state in (await post.states()).items() if state == "failed"}
    assert len(left) <= 3
    assert set(got) | {f"chat{number}" for number in left} == {f"chat{number}" for number in range(300)}
    assert 0 < len(again) <= 4 * in_hand
    assert all([text.startswith(MARK) for text in texts] == [False, True] for texts in again)
    assert set((await post.states()).values()) <= {"sent", "failed"}


async def test_a_letter_that_a_crash_catches_twice_is_given_up(post: Post) -> None:
    await post.owes(("liu", "1"))
    for _ in range(2):
        await post.store.perform(
            lambda tx: tx.dispatch.claim("fake", Lane.NOW, 1, post.clock.now(), timedelta(seconds=30))[0]
        )
        post.restart()
        await post.carrier.recover()

    await post.carrier.drain()

    assert post.wire.tried == []
    assert await post.states() == {"1": "failed"}


async def test_what_the_last_process_sent_within_the_hour_counts_for_the_pace(post: Post) -> None:
    await post.owes(("old", "too long ago"))
    await post.carrier.drain()
    post.clock.set(NOON + timedelta(minutes=61))
    await post.owes(("chat", "1"), ("chat", "2"), ("other", "3"))
    await post.carrier.drain()

    post.restart()
    await post.carrier.recover()

    assert [chat for chat, _ in sorted(post.wire.recalled)] == ["chat", "chat", "other"]
    assert {at for _, at in post.wire.recalled} == {NOON + timedelta(minutes=61)}


async def test_who_is_followed_by_another_sees_to_its_end_what_is_on_the_wire(post: Post) -> None:
    paced(post, per_second=1)
    post.wire.open.clear()
    letters = [("liu", "0"), *((f"chat{number}", str(number)) for number in range(1, 6)), ("liu", "6")]
    await post.owes(*letters)
    await post.carrier.step()
    await post.until(lambda: bool(post.wire.tried))
    on_the_wire = [*post.wire.tried]
    landing = asyncio.create_task(post.carrier.land())
    await post.looks_again()
    assert not landing.done()
    post.wire.open.set()
    await landing

    assert len(on_the_wire) < 6
    assert {text for text, state in (await post.states()).items() if state == "sent"} == {*on_the_wire}
    assert {*(await post.states()).values()} == {"sent", "waiting"}
    paced(post)
    await post.carrier.recover()
    await post.carrier.drain()
    assert sorted(post.wire.texts) == [text for _, text in letters]


async def test_what_failed_at_the_last_moment_is_settled_before_another_follows(post: Post) -> None:
    post.wire.outcomes["1"] = [retry(10)]
    post.wire.open.clear()
    await post.owes(("liu", "1"))
    await post.carrier.step()
    await post.until(lambda: post.wire.tried == ["1"])
    landing = asyncio.create_task(post.carrier.land())
    post.wire.open.set()
    await landing

    post.restart()
    await post.carrier.recover()
    await post.waits(seconds=9.9)
    assert post.wire.tried == ["1"]
    await post.waits(seconds=0.1)
    assert post.wire.texts == ["1"]


async def test_who_begins_anew_knows_nothing_of_what_was_on_the_wire_before(post: Post) -> None:
    post.wire.open.clear()
    await post.owes(("liu", "1"), ("liu", "2"))
    async with post.running():
        await post.until(lambda: post.wire.tried == ["1"])
    # The same process is given back what it had lost.
    async with post.running():
        post.wire.open.set()
        await post.until(lambda: len(post.wire.ledger) == 2)

    assert [text.startswith(MARK) for text in post.wire.texts] == [True, False]


async def test_what_was_not_sent_when_we_had_to_stop_is_no_doubt(post: Post) -> None:
    paced(post, per_chat_second=0.01)
    await post.owes(("liu", "1"), ("liu", "2"))
    with suppress(TimeoutError):
        async with asyncio.timeout(0.05):
            await post.carrier.drain()

    paced(post)
    await post.carrier.recover()
    await post.carrier.drain()

    assert post.wire.texts == ["1", "2"]


async def test_what_was_put_back_when_we_had_to_stop_is_sent_once(post: Post) -> None:
    paced(post, per_chat_second=10)
    await post.owes(("liu", "1"), ("liu", "2"))
    with suppress(TimeoutError):
        async with asyncio.timeout(0.05):
            await post.carrier.drain()

    await post.carrier.drain()
    await post.carrier.drain()

    assert post.wire.texts == ["1", "2"]


# --- a database that fails --------------------------------------------------------------


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("call", [0, 1, 2, 3])
async def test_a_failing_database_makes_nothing_go_twice_and_nothing_stay(
    post: Post, monkeypatch: pytest.MonkeyPatch, *, committed: bool, call: int
) -> None:
    monkeypatch.setattr(delivery, "_POLL", 0.002)
    post.wire.outcomes["2"] = [retry(0)]
    await post.owes(("liu", "1"), ("liu", "2"), ("wang", "3"))
    perform, calls = post.store.perform, 0

    async def failing(work: Callable[[Tx], T]) -> T:
        nonlocal calls
        calls += 1
        if calls != call + 1:
            return await perform(work)
        if committed:
            await perform(work)
        raise StorageError("the disk is full")

    monkeypatch.setattr(post.store, "perform", failing)
    async with post.running():
        await post.until(lambda: len(post.wire.ledger) == 3)
        await post.until(lambda: not (post.carrier._sent or post.carrier._failed))

    assert sorted(post.wire.texts) == ["1", "2", "3"]
    monkeypatch.setattr(post.store, "perform", perform)
    assert set((await post.states()).values()) == {"sent"}


async def test_a_failure_that_cannot_be_settled_gives_the_letter_up_and_nothing_else(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("handlers.undelivered.settle", broken)
    post.wire.outcomes["1"] = [doubt()]
    await post.owes(("liu", "1"), ("wang", "2"))

    await post.carrier.drain()

    assert await post.states() == {"1": "failed", "2": "sent"}


async def test_a_failure_is_told_again_when_the_database_did_not_take_it(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageError("the disk is full")

    post.wire.outcomes["1"] = [retry(10)]
    await post.owes(("liu", "1"))
    with monkeypatch.context() as broken:
        broken.setattr("handlers.undelivered.settle", full)
        with pytest.raises(StorageError):
            await post.carrier.drain()

    await post.carrier.drain()
    assert await post.states() == {"1": "waiting"}
    await post.waits(seconds=10)

    assert post.wire.texts == ["1"]


# --- papers and updates -----------------------------------------------------------------


async def test_a_paper_is_loaded_and_sent(post: Post) -> None:
    paper = Paper("周报.png", "image/png", b"picture")
    paper_id = await post.store.perform(lambda tx: tx.papers.add("digest", paper, NOON))
    await post.owes(post.letter("group", "", paper_id=paper_id, lane=Lane.PAPER))

    await post.carrier.drain()

    assert post.wire.chats["group"][0].paper == paper


async def test_a_paper_that_cannot_be_read_now_is_no_doubt(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = Paper("周报.png", "image/png", b"picture")
    paper_id = await post.store.perform(lambda tx: tx.papers.add("digest", paper, NOON))
    await post.owes(post.letter("group", "", paper_id=paper_id))
    with monkeypatch.context() as broken:

        async def unreadable(_: object) -> None:
            raise StorageError("the file is gone")

        broken.setattr(post.store, "read", unreadable)
        await post.carrier.drain()

    await post.waits(seconds=5)

    assert [text for _, text in post.wire.ledger] == [""]


async def test_an_update_waits_until_its_message_has_been_delivered(post: Post) -> None:
    post.wire.outcomes["old"] = [retry(10)]
    await post.owes(("liu", "old"))
    original = await post.store.read(
        lambda tx: tx.connection.execute(select(tables.outbox.c.id)).scalar_one()
    )
    await post.owes(post.letter("liu", "new", updates_id=original))

    await post.carrier.drain()
    assert post.wire.chats["liu"] == []
    await post.waits(seconds=10)

    (shown,) = post.wire.chats["liu"]
    assert (shown.text, shown.edits) == ("new", 1)


@pytest.mark.parametrize("outcome", ["no name", "failed"])
async def test_an_update_of_what_cannot_be_updated_ends_quietly(post: Post, outcome: str) -> None:
    post.wire.names = outcome != "no name"
    if outcome == "failed":
        post.wire.outcomes["old"] = [DeliveryError(Failure.REFUSED, "too long")]
    await post.owes(("liu", "old"))
    original = await post.store.read(
        lambda tx: tx.connection.execute(select(tables.outbox.c.id)).scalar_one()
    )
    await post.owes(post.letter("liu", "new", updates_id=original))

    await post.carrier.drain()

    assert (await post.states())["new"] == "sent"
    assert all(shown.edits == 0 for shown in post.wire.chats["liu"])


async def test_an_update_of_a_message_that_is_gone_ends_quietly(post: Post) -> None:
    await post.owes(("liu", "old"))
    await post.carrier.drain()
    original = await post.store.read(
        lambda tx: tx.connection.execute(select(tables.outbox.c.id)).scalar_one()
    )
    post.wire.chats["liu"].clear()
    await post.owes(post.letter("liu", "new", updates_id=original))

    await post.carrier.drain()

    assert (await post.states())["new"] == "sent"


async def test_a_message_that_cannot_be_changed_stays_and_nothing_is_sent_in_its_place(post: Post) -> None:
    post.wire.edits = False
    await post.owes(("liu", "old"))
    await post.carrier.drain()
    first = select(tables.outbox.c.id).order_by(tables.outbox.c.id).limit(1)
    original = await post.store.read(lambda tx: tx.connection.execute(first).scalar_one())

    await post.owes(post.letter("liu", "new", updates_id=original, subject="problem:1"))
    await post.carrier.drain()

    assert post.wire.texts == ["old"]
    assert (await post.states())["new"] == "sent"


@pytest.mark.parametrize(("edits", "names"), [(True, True), (False, True), (True, False)])
async def test_only_what_can_be_seen_has_the_name_that_the_platform_gave_it(
    post: Post, edits: bool, names: bool
) -> None:
    post.wire.edits, post.wire.names = edits, names
    await post.owes(("liu", "old"))
    await post.carrier.drain()
    first = select(tables.outbox.c.id)
    original = await post.store.read(lambda tx: tx.connection.execute(first).scalar_one())
    await post.owes(post.letter("liu", "new", updates_id=original))
    await post.carrier.drain()

    told = select(tables.outbox.c.message).order_by(tables.outbox.c.id)
    kept = await post.store.read(lambda tx: tx.connection.execute(told).scalars().all())
    assert kept == ["1" if names else "", "1" if edits and names else ""]


# --- idle -------------------------------------------------------------------------------


async def test_an_idle_carrier_asks_the_database_once_a_second(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    perform = post.store.perform

    async def counting(work: Callable[[Tx], T]) -> T:
        nonlocal asked
        asked += 1
        return await perform(work)

    await post.owes(("liu", "1"))
    monkeypatch.setattr(post.store, "perform", counting)
    async with post.running():
        await post.until(lambda: post.wire.texts == ["1"])
        await asyncio.sleep(0.05)

    # Recovering, claiming, marking, and at most one look more for each wake-up.
    assert asked <= 6


async def test_a_paused_carrier_does_not_spin(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    perform = post.store.perform

    async def counting(work: Callable[[Tx], T]) -> T:
        nonlocal asked
        asked += 1
        return await perform(work)

    post.wire.outcomes[""] = [retry(60, whole_bot=True)]
    await post.owes(*[(f"chat{number}", str(number)) for number in range(50)])
    monkeypatch.setattr(post.store, "perform", counting)
    async with post.running():
        await post.until(lambda: len(post.wire.tried) >= 1)
        await asyncio.sleep(0.05)

    assert asked <= 110


async def test_a_carrier_is_woken_by_the_commit_that_owes(post: Post) -> None:
    async with post.running():
        await asyncio.sleep(0.02)
        start = asyncio.get_running_loop().time()
        await post.owes(("liu", "1"))
        await post.until(lambda: post.wire.texts == ["1"])

    assert asyncio.get_running_loop().time() - start < 0.5


async def test_health_sees_the_carrier_beat(post: Post) -> None:
    async with post.running():
        await post.until(lambda: post.carrier.beat_at > 0)

    assert post.carrier.beat_at <= asyncio.get_running_loop().time()


async def test_every_platform_has_a_carrier_of_its_own(post: Post) -> None:
    other = Wire(name="other")
    whole = Delivery(post.store, {"fake": post.wire, "other": other}, county(), texts.load(), post.clock)
    await post.owes(("liu", "1"), Letter("k", Address("other", "wang"), "2", post.clock.now()))
    assert await whole.pending() == 2

    running = asyncio.create_task(whole.run())
    await post.until(lambda: bool(post.wire.texts and other.texts))
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await whole.drain()

    assert (post.wire.texts, other.texts) == (["1"], ["2"])
    assert await whole.pending() == 0
