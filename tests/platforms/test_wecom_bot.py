"""What people say and press reaches the listener in order, and nothing that was read is lost."""

import asyncio
import gc
import logging
import time
from datetime import timedelta

import pytest

from bot.chat import Event, Incoming, Unreadable
from bot.clock import VirtualClock
from bot.errors import StorageError
from bot.platforms.wecom import arrivals, bot
from bot.platforms.wecom.bot import BotChannel
from bot.platforms.wecom.errors import Unanswered, WeComError
from bot.platforms.wecom.parts import Part
from bot.platforms.wecom.websocket import LARGEST_FRAME
from tests.platforms.ear import Ear
from tests.platforms.wecom_bot_running import MONDAY, Pauses, card, running, words
from tests.wecom.socket import WeComSocket

UPDATE = "aibot_respond_update_msg"


async def pressed(wecom: WeComSocket, channel: BotChannel, ear: Ear, task_id: str = "T1") -> Incoming:
    """Send a card, let somebody press it, and return what was heard."""
    wecom.activates("liu")
    await channel.deliver("liu", card(task_id, "接办"), in_group=False)
    heard = len(ear.heard)
    await wecom.presses("liu", "接办")
    await wecom.until(lambda: len(ear.heard) > heard)
    return ear.last


def notice(task_id: str) -> Part:
    return Part(
        card={
            "card_type": "text_notice",
            "main_title": {"title": "已接办"},
            "task_id": task_id,
            "card_action": {"type": 1, "url": "https://work.weixin.qq.com"},
        }
    )


async def test_what_people_say_reaches_the_listener_in_order() -> None:
    ear = Ear()
    ear.gate.clear()
    async with WeComSocket() as wecom, running(wecom, ear):
        msgids = [await wecom.says(f"p{n % 3}", str(n)) for n in range(100)]
        await wecom.until(lambda: len(ear.began) == 100)
        ear.gate.set()
        await wecom.until(lambda: len(ear.heard) == 100)

        assert ear.began == [f"wecom:B1:{msgid}" for msgid in msgids]


async def test_a_message_that_comes_twice_has_the_same_key() -> None:
    ear = Ear()
    async with WeComSocket() as wecom, running(wecom, ear):
        msgid = await wecom.says("liu", "62%", group="G1")
        await wecom.repeats(msgid)
        await wecom.until(lambda: len(ear.heard) == 2)

        assert ear.heard[0] == ear.heard[1]
        assert (ear.last.text, ear.last.at.chat, ear.last.called) == ("62%", "G1", True)


async def test_who_listens_slowly_keeps_nothing_from_being_sent() -> None:
    ear = Ear()
    ear.gate.clear()
    async with WeComSocket() as wecom, running(wecom, ear, patience=1) as channel:
        await wecom.says("liu", "62%")
        await wecom.until(lambda: bool(ear.began))

        assert await channel.deliver("liu", words("好"), in_group=False) == ""
        ear.gate.set()


async def test_a_listener_may_send_while_it_listens() -> None:
    async def hear(said: Incoming | Unreadable) -> str:
        assert isinstance(said, Incoming)
        await channel.deliver(said.at.chat, words(f"{said.text}？"), in_group=False)
        return ""

    async with WeComSocket() as wecom, running(wecom, hear, patience=1) as channel:
        await wecom.says("liu", "62%")
        await wecom.until(lambda: wecom.texts("liu") == ["62%？"])


async def test_frames_that_make_no_sense_are_kept_and_stop_nothing() -> None:
    ear = Ear()
    odd = [
        '{"cmd": "aibot_msg_callback", "bo',
        "7",
        '{"cmd": "aibot_msg_callback"}',
        "[" * 100_000,
        '["\\ud800"]',
    ]
    async with WeComSocket() as wecom, running(wecom, ear):
        for raw in odd:
            await wecom.pushes(raw)
        await wecom.pushes('{"cmd": "aibot_of_tomorrow", "headers": {"req_id": "R"}, "body": {}}')
        await wecom.feedback("liu")
        await wecom.says("liu", "62%")
        await wecom.until(lambda: len(ear.heard) == 6)

        assert [said.raw for said in ear.heard if isinstance(said, Unreadable)] == odd
        assert ear.texts[-1] == "62%"
        assert wecom.connections == 1


BOMBS = {
    "empty lists": "[" + "[]," * (LARGEST_FRAME // 3 - 1) + "[]",
    "half of many": '{"cmd": "aibot_msg_callback", "body": [' + "[]," * (LARGEST_FRAME // 3 - 20),
    "names": "{" + ",".join(f'"{number}":0' for number in range(LARGEST_FRAME // 12)) + "}",
    "a number": '{"errcode": ' + "9" * (LARGEST_FRAME - 20) + "}",
}


@pytest.mark.parametrize("name", BOMBS)
async def test_the_worst_frame_there_may_be_delays_the_next_by_less_than_a_second(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    ear = Ear()
    # What thousands of tests have left in memory is not for this one's garbage collector to go through.
    gc.freeze()
    async with WeComSocket() as wecom, running(wecom, ear):
        began = time.process_time()
        await wecom.pushes(BOMBS[name])
        await wecom.says("liu", "62%")
        await wecom.until(lambda: "62%" in ear.texts)
        took = time.process_time() - began
        gc.unfreeze()

        assert took < 1
        assert wecom.connections == 1
    assert all(len(record.getMessage()) < 300 for record in caplog.records)


async def test_what_could_not_be_stored_is_offered_again_before_what_came_later() -> None:
    ear, pauses, broken = Ear(), Pauses(), [True]
    ear.fails = lambda _: StorageError("no database") if broken[0] else None
    async with WeComSocket() as wecom, running(wecom, ear, pauses=pauses):
        for n in range(5):
            await wecom.says("liu", str(n))
        await wecom.until(lambda: len(pauses.taken) >= 9)
        pauses.gate.clear()
        await wecom.says("liu", "5")
        rounds = [ear.began[start : start + 5] for start in range(0, len(ear.began), 5)][1:]
        broken[0] = False
        pauses.gate.set()
        await wecom.until(lambda: len(ear.heard) == 6)
        broken[0] = True
        taken = len(pauses.taken)
        await wecom.says("liu", "6")
        await wecom.until(lambda: len(pauses.taken) > taken)
        broken[0] = False

    assert ear.texts == [str(n) for n in range(7)]
    assert all(order == rounds[0] for order in rounds)
    assert pauses.taken[:9] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5, 5, 5])
    assert pauses.taken[taken] == pytest.approx(0.1)


async def test_nothing_overtakes_what_is_to_be_offered_again() -> None:
    began: list[str] = []
    slow, failed = asyncio.Event(), asyncio.Event()

    async def hear(said: Incoming | Unreadable) -> str:
        assert isinstance(said, Incoming)
        began.append(said.text)
        if said.text == "slow":
            await slow.wait()
        if said.text == "failing" and not failed.is_set():
            failed.set()
            raise StorageError("not now")
        return ""

    async with WeComSocket() as wecom, running(wecom, hear):
        await wecom.says("liu", "slow")
        await wecom.says("liu", "failing")
        await wecom.until(failed.is_set)
        await wecom.says("liu", "later")
        for _ in range(20):
            await asyncio.sleep(0.0005)
        assert began == ["slow", "failing"]
        slow.set()
        await wecom.until(lambda: len(began) == 4)

    assert began == ["slow", "failing", "failing", "later"]


async def test_one_message_that_cannot_be_stored_holds_up_no_other() -> None:
    ear = Ear()
    ear.fails = lambda said: StorageError("not this one") if getattr(said, "text", "") == "0" else None
    async with WeComSocket() as wecom, running(wecom, ear):
        for n in range(3):
            await wecom.says("liu", str(n))
        await wecom.until(lambda: len(ear.heard) == 2)
        await wecom.says("liu", "3")
        await wecom.until(lambda: len(ear.heard) == 3)
        ear.fails = lambda _: None
        await wecom.until(lambda: len(ear.heard) == 4)

    assert ear.texts == ["1", "2", "3", "0"]


async def test_what_is_not_stored_yet_survives_a_new_connection() -> None:
    ear, broken = Ear(), [True]
    ear.fails = lambda _: StorageError("no database") if broken[0] else None
    async with WeComSocket() as wecom, running(wecom, ear):
        await wecom.says("liu", "1")
        await wecom.until(lambda: bool(ear.began))
        await wecom.closes(1006)
        await wecom.until(lambda: wecom.connections == 2 and wecom.subscribed)
        await wecom.says("liu", "2")
        broken[0] = False
        await wecom.until(lambda: len(ear.heard) == 2)

    assert ear.texts == ["1", "2"]


async def test_a_mistake_of_ours_is_logged_and_loses_nothing(caplog: pytest.LogCaptureFixture) -> None:
    ear, mistakes = Ear(), [ValueError("a mistake")]
    ear.fails = lambda _: mistakes.pop() if mistakes else None
    async with WeComSocket() as wecom, running(wecom, ear):
        await wecom.says("liu", "1")
        await wecom.until(lambda: ear.texts == ["1"])

    assert [
        record.exc_info is not None for record in caplog.records if "listener failed" in record.message
    ] == [True]


async def test_nothing_more_is_read_while_too_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "MOST", 3)
    ear = Ear()
    ear.gate.clear()
    async with WeComSocket() as wecom, running(wecom, ear, heartbeat=0.01) as channel:
        for n in range(10):
            await wecom.says("liu", str(n))
        await wecom.until(lambda: len(ear.began) == 4)
        pings = wecom.pings
        await wecom.until(lambda: wecom.pings > pings + 3)
        assert len(ear.began) == 4
        sending = asyncio.create_task(channel.deliver("liu", words("好"), in_group=False))
        await wecom.until(lambda: wecom.pings > pings + 5)
        assert "aibot_send_msg" not in wecom.commands
        ear.gate.set()
        await wecom.until(lambda: len(ear.heard) == 10)
        await sending

        assert ear.texts == [str(n) for n in range(10)]
        assert wecom.connections == 1


async def test_stopping_waits_until_what_was_read_is_stored() -> None:
    ear = Ear()
    ear.gate.clear()
    async with WeComSocket() as wecom:
        channel = BotChannel("B1", wecom.secret, clock=VirtualClock(MONDAY), ws_url=wecom.url)
        task = asyncio.create_task(channel.run(ear))
        await wecom.says("liu", "最后一句")
        await wecom.until(lambda: bool(ear.began))
        task.cancel()
        for _ in range(20):
            await asyncio.sleep(0)
        assert not task.done()
        ear.gate.set()
        await asyncio.gather(task, return_exceptions=True)
        await channel.close()

    assert task.cancelled()
    assert ear.texts == ["最后一句"]


async def test_stopping_does_not_wait_for_a_database_for_ever(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bot, "_STORED_WITHIN", 0.02)
    monkeypatch.setattr(bot, "_STORED_AT_LAST", 0.02)
    ear = Ear()
    ear.gate.clear()
    async with WeComSocket() as wecom, running(wecom, ear):
        await wecom.says("liu", "最后一句")
        await wecom.until(lambda: bool(ear.began))

    assert "1 messages that reached us could not be stored in time" in caplog.text


# --- buttons ---------------------------------------------------------------------------------------


async def test_a_pressed_card_is_changed_at_once() -> None:
    ear = Ear()
    async with WeComSocket() as wecom, running(wecom, ear) as channel:
        said = await pressed(wecom, channel, ear)

        assert (said.button, said.message) == ("T1.0", "T1")
        assert await channel.change("bot:T1", notice("T1"))
        (update,) = wecom.updates
        assert update.body["response_type"] == "update_template_card"
        assert update.card == notice("T1").card
        assert not await channel.change("bot:T2", notice("T2"))
        assert not await channel.change("bot:T1", words("no card"))


async def test_of_two_quick_presses_the_second_is_the_one_that_is_answered() -> None:
    ear = Ear()
    async with WeComSocket() as wecom, running(wecom, ear) as channel:
        await pressed(wecom, channel, ear)
        first, second = (dict(channel._presses), await wecom.presses("liu", "接办"))
        await wecom.until(lambda: len(ear.heard) == 2)

        assert await channel.change("bot:T1", notice("T1"))
        assert channel._presses["T1"].req_id != first["T1"].req_id
        assert ear.last.key.endswith(second)


async def test_a_card_is_not_changed_later_than_wecom_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    ear = Ear()
    async with WeComSocket() as wecom, running(wecom, ear) as channel:
        await pressed(wecom, channel, ear)
        monkeypatch.setattr(bot, "ANSWERED_WITHIN", 0.0)

        assert not await channel.change("bot:T1", notice("T1"))
        assert UPDATE not in wecom.commands


async def test_a_press_that_came_over_an_older_connection_is_past() -> None:
    ear = Ear()
    async with WeComSocket() as wecom, running(wecom, ear) as channel:
        await pressed(wecom, channel, ear)
        await wecom.closes(1001)
        assert not await channel.change("bot:T1", notice("T1"))
        await wecom.until(lambda: wecom.connections == 2 and wecom.subscribed)
        await channel.deliver("liu", words("好"), in_group=False)

        assert not await channel.change("bot:T1", notice("T1"))
        assert UPDATE not in wecom.commands


@pytest.mark.parametrize("code", [846605, 846609])
async def test_a_press_that_wecom_no_longer_knows_is_past(code: int) -> None:
    ear = Ear()
    async with WeComSocket() as wecom, running(wecom, ear) as channel:
        await pressed(wecom, channel, ear)
        wecom.script(UPDATE, "ERRCODE", code=code)

        assert not await channel.change("bot:T1", notice("T1"))
        await channel.deliver("liu", words("好"), in_group=False)
        assert wecom.sent[-1].connection == (1 if code == 846605 else 2)


async def test_another_refusal_of_a_change_and_none_at_all_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    ear = Ear()
    async with WeComSocket() as wecom, running(wecom, ear) as channel:
        await pressed(wecom, channel, ear)
        wecom.script(UPDATE, "ERRCODE", code=40058)
        with pytest.raises(WeComError):
            await channel.change("bot:T1", notice("T1"))
        # Not from the beginning: a busy machine takes longer to connect.
        monkeypatch.setattr(channel, "_patience", 0.05)
        wecom.script(UPDATE, "NO_ACK")
        with pytest.raises(Unanswered):
            await channel.change("bot:T1", notice("T1"))


async def test_a_change_does_not_wait_behind_messages() -> None:
    ear = Ear()
    async with WeComSocket() as wecom, running(wecom, ear) as channel:
        await pressed(wecom, channel, ear)
        wecom.script("aibot_send_msg", "NO_ACCEPT_NO_ACK", times=16)
        waiting = [
            asyncio.create_task(channel.deliver("liu", words(str(n)), in_group=False)) for n in range(20)
        ]
        await wecom.until(lambda: wecom.commands.count("aibot_send_msg") == 17)

        assert await channel.change("bot:T1", notice("T1"))
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


# --- greetings -------------------------------------------------------------------------------------


async def test_who_opens_the_chat_is_greeted_with_what_the_listener_says() -> None:
    ear = Ear()
    ear.notice = "您好\x00！"
    async with WeComSocket() as wecom, running(wecom, ear):
        await wecom.opens("liu")
        await wecom.until(lambda: bool(wecom.welcomes))

        assert ear.last.event is Event.OPENED
        assert (wecom.welcomes[0].msgtype, wecom.welcomes[0].text) == ("text", "您好！")


async def test_who_is_told_nothing_or_speaks_is_not_greeted() -> None:
    ear = Ear()
    async with WeComSocket() as wecom, running(wecom, ear):
        await wecom.opens("liu")
        await wecom.until(lambda: len(ear.heard) == 1)
        ear.notice = "您好！"
        await wecom.says("liu", "你好")
        await wecom.until(lambda: len(ear.heard) == 2)
        await wecom.closes(1000)
        await wecom.until(lambda: wecom.connections == 2 and wecom.subscribed)

        assert "aibot_respond_welcome_msg" not in wecom.commands


async def test_a_greeting_that_comes_too_late_or_is_refused_is_left(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ear = Ear()
    ear.notice = "您好！"
    ear.gate.clear()
    async with WeComSocket() as wecom, running(wecom, ear):
        await wecom.opens("liu")
        await wecom.until(lambda: bool(ear.began))
        await wecom.closes(1000)
        await wecom.until(lambda: wecom.connections == 2 and wecom.subscribed)
        ear.gate.set()
        wecom.script("aibot_respond_welcome_msg", "ERRCODE", code=846605)
        await wecom.opens("liu")
        await wecom.until(lambda: "somebody was not greeted" in caplog.text)

        assert wecom.commands.count("aibot_respond_welcome_msg") == 1
        assert wecom.welcomes == []


async def test_the_moment_of_a_message_is_when_it_came() -> None:
    ear, clock = Ear(), VirtualClock(MONDAY)
    async with WeComSocket(clock=clock) as wecom, running(wecom, ear, clock=clock):
        clock.set(MONDAY + timedelta(hours=1))
        await wecom.says("liu", "62%")
        await wecom.until(lambda: bool(ear.heard))

        assert ear.last.sent_at == MONDAY + timedelta(hours=1)
