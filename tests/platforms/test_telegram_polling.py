"""Nothing is confirmed to Telegram before it is stored, and nothing stops the polling for good."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from bot.chat import Event, Incoming, Unreadable
from bot.clock import VirtualClock
from bot.errors import StorageError
from bot.platforms.telegram.platform import TelegramPlatform
from tests.botapi import BotApi, Fault
from tests.canary import MARK
from tests.platforms.ear import Ear

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LIU = 7


class Pauses:
    """Takes no time and notes how much it was asked to take."""

    def __init__(self) -> None:
        self.taken: list[float] = []
        self.meanwhile: Callable[[], None] = lambda: None

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        self.meanwhile()
        await asyncio.sleep(0)


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


@asynccontextmanager
async def _running(
    base: str, ear: Ear, *, clock: VirtualClock | None = None, wait: int = 1, margin: float = 10
) -> AsyncIterator[tuple[TelegramPlatform, Pauses]]:
    pauses = Pauses()
    clock = clock or VirtualClock(MONDAY)
    platform = TelegramPlatform(
        f"42:{MARK}", api_base=base, clock=clock, pause=pauses, poll_wait=wait, poll_margin=margin
    )
    task = asyncio.create_task(platform.run(ear))
    try:
        yield platform, pauses
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await platform.close()


async def test_an_update_is_confirmed_only_after_the_listener_returned(api: BotApi) -> None:
    ear = Ear()
    ear.gate.clear()
    number = api.says(LIU, "1 封顶")

    async with _running(api.base, ear):
        await api.until(lambda: bool(ear.began) or len(api.polls) > 1)
        assert api.confirmed == []
        assert len(api.polls) == 1
        ear.gate.set()
        await api.until(lambda: api.confirmed == [number])

    assert ear.texts == ["1 封顶"]


async def test_what_was_being_handled_when_we_stopped_comes_again(api: BotApi) -> None:
    ear = Ear()
    ear.gate.clear()
    api.says(LIU, "1 封顶")

    async with _running(api.base, ear):
        await api.until(lambda: bool(ear.began))
    ear.gate.set()
    async with _running(api.base, ear):
        await api.until(lambda: len(api.confirmed) == 1)

    assert ear.texts == ["1 封顶"]
    assert len(ear.began) == 2
    assert len(set(ear.began)) == 1


async def test_a_batch_is_handed_over_in_order_and_at_once(api: BotApi) -> None:
    ear = Ear()
    ear.gate.clear()
    numbers = [api.says(LIU + n % 3, str(n)) for n in range(100)]

    async with _running(api.base, ear):
        await api.until(lambda: len(ear.began) == 100 or len(api.polls) > 1)

    assert ear.began == [f"telegram:42:{number}" for number in numbers]
    assert ear.heard == []


async def test_what_was_not_stored_and_all_after_it_stays_unconfirmed(api: BotApi) -> None:
    ear = Ear()
    first, second, third = (api.says(LIU, text) for text in "abc")
    ear.fails = lambda said: StorageError("disk full") if said.key.endswith(str(second)) else None

    async with _running(api.base, ear) as (_, pauses):
        await api.until(lambda: len(api.polls) >= 12)
        assert api.confirmed == [first]
        assert {int(poll["offset"]) for poll in api.polls[1:]} == {second}
        ear.fails = lambda _: None
        await api.until(lambda: api.confirmed == [first, second, third])

    assert ear.texts[:2] == ["a", "c"]
    assert ear.texts[-2:] == ["b", "c"]
    assert 0 < pauses.taken[0] < pauses.taken[5] <= 5


async def test_a_mistake_of_ours_is_not_confirmed_away(api: BotApi, caplog: pytest.LogCaptureFixture) -> None:
    ear = Ear()
    ear.fails = lambda _: RuntimeError("a mistake")
    number = api.says(LIU, "a")

    async with _running(api.base, ear):
        await api.until(lambda: len(api.polls) > 2)
        assert api.confirmed == []
        ear.fails = lambda _: None
        await api.until(lambda: api.confirmed == [number])

    assert "a mistake" in caplog.text


async def test_a_malformed_update_holds_up_nobody(api: BotApi) -> None:
    ear = Ear()
    api.says(LIU, "good")
    bad = api.feeds({"message": {"text": "no chat"}})
    unknown = api.feeds({"chat_boost": {}})
    api.says(LIU, "also good")

    async with _running(api.base, ear):
        await api.until(lambda: len(api.confirmed) == 4)

    assert ear.texts == ["good", "?", "?", "also good"]
    assert [said.key for said in ear.heard[1:3]] == [f"telegram:42:{bad}", f"telegram:42:{unknown}"]


@pytest.mark.parametrize(
    "poison",
    [
        b'{"update_id": 1001, "message": {"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b'{"update_id": 1001, "message": {"date": ' + b"9" * 5_000 + b"}}",
        b'{"update_id": 1001, "message": {',
    ],
    ids=["deep", "digits", "cut"],
)
async def test_an_update_that_is_not_json_is_kept_and_passed(api: BotApi, poison: bytes) -> None:
    ear = Ear()
    api.says(LIU, "good")
    api.feeds_raw(1001, poison)
    api.next_update = 1002
    api.says(LIU, "also good")

    async with _running(api.base, ear):
        await api.until(lambda: len(api.confirmed) == 3)

    assert ear.texts == ["good", "?", "also good"]
    kept = ear.heard[1]
    assert isinstance(kept, Unreadable)
    assert kept.key == "telegram:42:1001"
    assert poison.decode() in json.loads(kept.raw)["unparsed"]


async def test_an_update_cut_short_on_its_way_is_not_taken_for_unreadable(api: BotApi) -> None:
    ear = Ear()
    number = api.says(LIU, "a" * 400)
    whole = api.pending[number]
    api.pending[number] = whole[:100]

    async with _running(api.base, ear) as (_, pauses):
        pauses.meanwhile = lambda: api.pending.update({number: whole})
        await api.until(lambda: api.confirmed == [number])

    assert ear.texts == ["a" * 400]


async def test_numbers_may_begin_again_anywhere_and_come_in_any_order(api: BotApi) -> None:
    ear = Ear()

    async with _running(api.base, ear):
        api.feeds({"message": _text(api, "late")}, number=900_000)
        await api.until(lambda: len(api.confirmed) == 1)
        api.feeds({"message": _text(api, "early")}, number=500)
        await api.until(lambda: len(api.confirmed) == 2)

    api.feeds_raw(505, json.dumps({"update_id": 505, "message": _text(api, "five")}).encode())
    api.feeds_raw(503, json.dumps({"update_id": 503, "message": _text(api, "three")}).encode())
    api.next_update = 506
    async with _running(api.base, ear):
        await api.until(lambda: len(api.confirmed) == 4)

    assert ear.texts == ["late", "early", "five", "three"]


def _text(api: BotApi, text: str) -> dict[str, object]:
    sender = {"id": LIU, "is_bot": False, "first_name": "Liu"}
    return {"message_id": 1, "from": sender, "chat": api.chat(LIU), "date": 1795395600, "text": text}


async def test_a_repeated_update_has_the_same_key(api: BotApi) -> None:
    ear = Ear()
    number = api.says(LIU, "a")
    again = api.pending[number]

    async with _running(api.base, ear):
        await api.until(lambda: api.confirmed == [number])
        api.feeds_raw(number, again)
        await api.until(lambda: len(ear.heard) == 2)

    assert len(set(ear.began)) == 1


async def test_a_service_message_is_confirmed_without_a_word(api: BotApi) -> None:
    ear = Ear()
    api.feeds({"message": {**_text(api, ""), "pinned_message": {}, "text": None}})
    del api.pending[1000]
    sender = {"id": LIU, "is_bot": False, "first_name": "Liu"}
    pinned = {"message_id": 1, "from": sender, "chat": api.chat(LIU), "date": 1, "pinned_message": {}}
    number = api.feeds({"message": pinned})

    async with _running(api.base, ear):
        await api.until(lambda: api.confirmed == [number])

    assert ear.heard == []


async def test_polling_begins_when_the_network_comes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    ear = Ear()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    async with _running(f"http://127.0.0.1:{port}", ear) as (platform, pauses):
        while len(pauses.taken) < 20:  # noqa: ASYNC110 -- no clock here to wait with
            await asyncio.sleep(0)
        assert "连不上" in platform.healthy()
        assert all(0 < pause <= 60 for pause in pauses.taken)
        assert pauses.taken[-1] > 40
        async with BotApi(port=port) as api:
            api.says(LIU, "a")
            await api.until(lambda: len(api.confirmed) == 1)
            assert platform.healthy() == ""

    assert ear.texts == ["a"]


@pytest.mark.parametrize("code", [401, 404])
async def test_a_refused_token_is_an_alarm_after_three_polls_and_polling_goes_on(
    api: BotApi, code: int
) -> None:
    ear = Ear()
    async with _running(api.base, ear) as (platform, pauses):
        api.says(LIU, "a")
        await api.until(lambda: len(api.confirmed) == 1)
        api.script("getUpdates", Fault.REFUSED, code=code, words="Unauthorized")
        api.says(LIU, "b")
        await api.until(lambda: len(api.confirmed) == 2)
        assert platform.healthy() == ""

        api.script("getUpdates", Fault.REFUSED, code=code, words="Unauthorized", times=500)
        api.says(LIU, "c")
        taken = len(pauses.taken)
        await api.until(lambda: len(pauses.taken) > taken + 5)
        assert "令牌" in platform.healthy()

        await api.until(lambda: len(api.confirmed) == 3)
        api.says(LIU, "d")
        await api.until(lambda: platform.healthy() == "")

    assert ear.texts == ["a", "b", "c", "d"]


async def test_a_second_poller_and_a_webhook_are_told_apart(api: BotApi) -> None:
    ear = Ear()
    async with _running(api.base, ear) as (platform, pauses):
        words = "Conflict: terminated by other getUpdates request"
        api.script("getUpdates", Fault.REFUSED, code=409, words=words, times=4)
        await api.until(lambda: len(pauses.taken) >= 4)
        assert "另有程序" in platform.healthy()
        api.says(LIU, "a")
        await api.until(lambda: platform.healthy() == "")
        assert all(pause >= 3.5 for pause in pauses.taken)

        api.webhook = "https://elsewhere.example"
        await api.until(lambda: "webhook" in platform.healthy())


async def test_a_429_on_a_poll_is_waited_out(api: BotApi) -> None:
    api.script("getUpdates", Fault.LIMITED, seconds=37)

    async with _running(api.base, Ear()) as (_, pauses):
        await api.until(lambda: len(api.polls) > 0)

    assert pauses.taken == [37]


@pytest.mark.parametrize(
    "fault",
    [
        *(Fault.RESET_BEFORE, Fault.CLOSE_AFTER, Fault.TRUNCATED, Fault.CUT_JSON, Fault.HTML_200),
        *(Fault.EMPTY_502, Fault.REFUSED, Fault.REFUSED_200, Fault.HANG),
    ],
)
async def test_a_broken_poll_loses_nothing(api: BotApi, fault: Fault) -> None:
    ear = Ear()
    api.script("getUpdates", fault, times=3)
    api.says(LIU, "a")

    async with _running(api.base, ear, margin=-0.2 if fault is Fault.HANG else 10) as (_, pauses):
        await api.until(lambda: len(api.confirmed) == 1)

    assert ear.texts == ["a"]
    # What might be one unreadable update is looked at once more before it counts as a failure.
    assert len(pauses.taken) == (2 if fault is Fault.CUT_JSON else 3)


async def test_two_failures_bring_a_fresh_pool_of_connections(api: BotApi) -> None:
    api.script("getUpdates", Fault.HTML_200, times=3)

    async with _running(api.base, Ear()):
        await api.until(lambda: len(api.calls) == 4)
        before = len(api.connections)
        await api.until(lambda: len(api.polls) == 1)

    assert api.calls[:4] == ["getMe", "getUpdates", "getUpdates", "getUpdates"]
    assert before == 3  # getMe's, the first two polls', the third's


async def test_a_poll_that_is_never_answered_ends_at_its_wall_and_the_third_goes_over_a_fresh_pool(
    api: BotApi,
) -> None:
    ear = Ear()
    api.script("getUpdates", Fault.HANG, times=3)
    number = api.says(LIU, "1 封顶")

    async with _running(api.base, ear, wait=0, margin=0.1) as (_, pauses):
        await api.until(lambda: api.calls.count("getUpdates") == 3)
        before = len(api.connections)
        await api.until(lambda: api.confirmed == [number])

    assert before == 4  # a connection each: nobody waits for an answer on one that gave none
    assert ear.texts == ["1 封顶"]
    assert len(pauses.taken) == 3


async def test_two_pollers_of_one_token_do_not_fight_and_lose_nothing(api: BotApi) -> None:
    one, other = Ear(), Ear()
    async with _running(api.base, one) as (first, of_first):
        async with _running(api.base, other) as (second, of_second):
            await api.until(lambda: min(len(of_first.taken), len(of_second.taken)) >= 5)
            for pauses in (of_first, of_second):
                for place, pause in enumerate(pauses.taken[:5]):
                    assert pause >= 0.7 * min(60, 5 * 2**place)
            assert "另有程序" in first.healthy()
            assert "另有程序" in second.healthy()

            numbers = [api.says(LIU + n, str(n)) for n in range(20)]
            await api.until(lambda: set(api.confirmed) == set(numbers))
        await api.until(lambda: first.healthy() == "")

    assert {*one.texts, *other.texts} == {str(n) for n in range(20)}


async def test_health_is_red_when_telegram_fell_silent(api: BotApi) -> None:
    clock = VirtualClock(MONDAY)
    async with _running(api.base, Ear(), clock=clock) as (platform, _):
        assert "还没有连上" in platform.healthy()
        await api.until(lambda: len(api.polls) > 0)
        assert platform.healthy() == ""

        api.script("getUpdates", Fault.HANG)
        await api.until(lambda: api.calls.count("getUpdates") > len(api.polls))
        clock.set(MONDAY + timedelta(seconds=90))
        assert platform.healthy() == ""
        clock.set(MONDAY + timedelta(seconds=91))
        assert "91 秒" in platform.healthy()


async def test_a_press_is_answered_with_the_notice_after_it_was_stored(api: BotApi) -> None:
    ear = Ear()
    ear.notice = "已由 陈 接办"
    number = api.presses_data(LIU, LIU, 5, "k1")

    async with _running(api.base, ear):
        await api.until(lambda: bool(api.answered))

    assert api.answered == {f"q{number}": "已由 陈 接办"}


async def test_a_press_that_cannot_be_answered_delays_nobody(api: BotApi) -> None:
    ear = Ear()
    api.script("answerCallbackQuery", Fault.HANG)
    api.presses_data(LIU, LIU, 5, "k1")

    async with _running(api.base, ear):
        await api.until(lambda: "answerCallbackQuery" in api.calls)
        api.says(LIU, "a")
        await api.until(lambda: len(api.confirmed) == 2)

    assert ear.texts[-1] == "a"


async def test_groups_and_blocking_come_as_events(api: BotApi) -> None:
    ear = Ear()
    api.joins_group(-100200, "项目专班", by=LIU)
    api.blocks(LIU)
    api.unblocks(LIU)
    api.migrates(-5, -100500)
    api.leaves_group(-100200)

    async with _running(api.base, ear):
        await api.until(lambda: len(api.confirmed) == 6)

    assert [said.event for said in ear.heard if isinstance(said, Incoming)] == [
        *(Event.JOINED_GROUP, Event.BLOCKED, Event.UNBLOCKED, Event.MOVED, Event.MOVED, Event.LEFT_GROUP)
    ]
