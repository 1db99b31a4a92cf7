"""The long connection comes back whatever ends it, and says so while it is away."""

import asyncio
import json
import logging
from datetime import timedelta

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from bot.clock import VirtualClock
from bot.errors import DeliveryError, Failure
from bot.platforms.wecom.bot import BotChannel
from bot.platforms.wecom.errors import NotSent, Unanswered
from tests.canary import MARK
from tests.platforms.ear import Ear
from tests.platforms.wecom_bot_running import (
    MONDAY,
    Json,
    Pauses,
    ack,
    running,
    until,
    wecom_that,
    words,
)
from tests.wecom.socket import WeComSocket

SEND = "aibot_send_msg"


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1011])
async def test_a_connection_that_ends_is_opened_again(code: int) -> None:
    ear = Ear()
    async with WeComSocket() as wecom, running(wecom, ear) as channel:
        await until(lambda: not channel.healthy())
        await wecom.closes(code)
        await wecom.until(lambda: wecom.connections == 2 and wecom.subscribed)
        await wecom.says("liu", "62%")
        await wecom.until(lambda: ear.texts == ["62%"])
        await channel.deliver("liu", words("好"), in_group=False)

        assert wecom.sent[0].connection == 2
        assert channel.healthy() == ""


async def test_a_connection_that_has_gone_silent_is_given_up_after_two_pings() -> None:
    async with WeComSocket() as wecom, running(wecom, heartbeat=0.03) as channel:
        await wecom.until(lambda: wecom.pings >= 1)
        wecom.goes_silent()
        await wecom.until(lambda: wecom.connections == 2 and wecom.subscribed)
        await wecom.until(lambda: not channel.healthy())


async def test_one_unanswered_ping_is_forgiven() -> None:
    async with WeComSocket() as wecom:
        wecom.script("ping", "NO_ACK")
        async with running(wecom, heartbeat=0.02):
            await wecom.until(lambda: wecom.pings >= 4)

        assert wecom.connections == 1


async def test_after_a_command_without_an_answer_nothing_is_sent_before_a_ping_is_answered() -> None:
    async with WeComSocket() as wecom, running(wecom, patience=0.1, heartbeat=600) as channel:
        wecom.activates("liu")
        wecom.script(SEND, "LATE_ACK", seconds=0.12)
        wecom.script("ping", "LATE_ACK", seconds=0.05)
        with pytest.raises(Unanswered):
            await channel.deliver("liu", words("1"), in_group=False)
        sending = asyncio.create_task(channel.deliver("liu", words("2"), in_group=False))
        await wecom.until(lambda: "ping" in wecom.commands)
        for _ in range(20):
            await asyncio.sleep(0.001)

        assert wecom.texts("liu") == ["1"]
        await sending
        assert wecom.texts("liu") == ["1", "2"]
        assert (wecom.commands[1:], wecom.connections) == ([SEND, "ping", SEND], 1)


async def test_a_hung_connection_is_given_up_as_soon_as_a_ping_after_a_command_is_not_answered() -> None:
    async with WeComSocket() as wecom, running(wecom, patience=0.1, heartbeat=600) as channel:
        wecom.activates("liu")
        await wecom.until(lambda: not channel.healthy())
        wecom.goes_silent()
        with pytest.raises(Unanswered):
            await channel.deliver("liu", words("1"), in_group=False)
        with pytest.raises(NotSent):
            await channel.deliver("liu", words("2"), in_group=False)
        await wecom.until(lambda: wecom.connections == 2 and wecom.subscribed)
        await channel.deliver("liu", words("2"), in_group=False)

        assert wecom.texts("liu") == ["2"]


async def test_a_subscription_that_is_not_answered_is_tried_again() -> None:
    async with WeComSocket() as wecom:
        wecom.script("aibot_subscribe", "NO_ACCEPT_NO_ACK")
        async with running(wecom, patience=0.1) as channel:
            await wecom.until(lambda: not channel.healthy())

        assert wecom.connections == 2


async def test_a_connection_that_ends_before_the_subscription_is_opened_again_at_once() -> None:
    async with WeComSocket() as wecom:
        wecom.script("aibot_subscribe", "CLOSE_BEFORE", code=1000)
        async with running(wecom, patience=600) as channel:
            await wecom.until(lambda: not channel.healthy())


async def test_connections_that_do_not_last_are_opened_ever_more_slowly() -> None:
    pauses = Pauses()
    async with WeComSocket() as wecom, running(wecom, pauses=pauses):
        for number in range(1, 8):
            await wecom.until(lambda number=number: wecom.connections == number and wecom.subscribed)  # type: ignore[misc]
            await wecom.closes(1000)
        await wecom.until(lambda: len(pauses.taken) == 7)

    for taken, most in zip(pauses.taken, [1, 2, 4, 8, 16, 30, 30], strict=True):
        assert 0.7 * most <= taken <= most


async def test_a_connection_that_has_lasted_is_followed_by_another_at_once() -> None:
    pauses = Pauses()
    async with WeComSocket() as wecom, running(wecom, pauses=pauses, heartbeat=0.02) as channel:
        for number in range(1, 4):
            await wecom.until(lambda number=number: wecom.connections == number and wecom.subscribed)  # type: ignore[misc]
            await wecom.closes(1011)
        pings = wecom.pings
        await wecom.until(lambda: wecom.connections == 4 and wecom.pings > pings + 1)
        await wecom.closes(1011)
        await wecom.until(lambda: len(pauses.taken) == 4 and not channel.healthy())

    assert pauses.taken[-1] <= 1 < pauses.taken[2]


async def test_a_wrong_secret_is_tried_seldom_and_told_with_its_cure() -> None:
    pauses = Pauses()
    async with WeComSocket() as wecom, running(wecom, secret="wrong", pauses=pauses) as channel:
        await wecom.until(lambda: len(pauses.taken) == 8)
        pauses.gate.clear()
        sentence = channel.healthy()
        with pytest.raises(DeliveryError) as caught:
            await channel.deliver("liu", words("好"), in_group=False)

        assert "Secret 不对：请到管理后台重新复制（错误码 40001）" in sentence
        assert (caught.value.kind, caught.value.whole_bot) == (Failure.RETRY, True)
        assert caught.value.after == timedelta(minutes=1)
        assert pauses.taken[:8] == [60, 120, 240, 480, 960, 1920, 3600, 3600]


async def test_a_secret_that_is_put_right_on_the_other_side_is_enough() -> None:
    async with WeComSocket() as wecom:
        wecom.script("aibot_subscribe", "ERRCODE", code=45009)
        async with running(wecom) as channel:
            await wecom.until(lambda: not channel.healthy())
            await wecom.closes(1000)
            await wecom.until(lambda: wecom.connections == 3 and not channel.healthy())


async def test_who_is_thrown_out_by_another_program_stays_away_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with WeComSocket() as wecom, running(wecom, heartbeat=0.01) as channel:
        await wecom.until(lambda: not channel.healthy())
        await wecom.steals()
        await wecom.until(lambda: wecom.open == 0)
        with pytest.raises(DeliveryError) as caught:
            await channel.deliver("liu", words("好"), in_group=False)
        pings = wecom.pings
        for _ in range(20):
            await asyncio.sleep(0.002)

        assert wecom.connections == 1
        assert wecom.pings == pings
        assert channel.healthy().startswith("另一个程序正在用这个机器人的长连接")
        assert channel.healthy().endswith("请停掉其中一个，再重启")
        assert (caught.value.kind, caught.value.whole_bot) == (Failure.RETRY, True)
        assert caught.value.after == timedelta(minutes=1)
    assert [record.levelno for record in caplog.records if "another program" in record.message] == [
        logging.CRITICAL
    ]


async def test_nothing_is_sent_while_there_is_no_connection() -> None:
    async with WeComSocket() as wecom:
        address = wecom.url
    async with running(address, patience=0.05, pauses=(pauses := Pauses())) as channel:
        await until(lambda: pauses.taken)
        pauses.gate.clear()
        with pytest.raises(NotSent):
            await channel.deliver("liu", words("好"), in_group=False)

        assert channel.healthy().startswith(
            "智能机器人的长连接断开（Connection refused）：请检查本机能否访问 127.0.0.1。正在重连，已连续 "
        )


async def test_what_is_sent_between_two_connections_goes_out_over_the_next() -> None:
    pauses = Pauses()
    async with WeComSocket() as wecom, running(wecom, pauses=pauses) as channel:
        wecom.activates("liu")
        await wecom.until(lambda: not channel.healthy())
        pauses.gate.clear()
        await wecom.closes(1006)
        await until(lambda: channel.healthy() and pauses.taken)
        sending = asyncio.create_task(channel.deliver("liu", words("好"), in_group=False))
        await asyncio.sleep(0)
        pauses.gate.set()
        await sending

        assert [sent.connection for sent in wecom.sent] == [2]


async def test_health_is_a_sentence_until_wecom_has_answered() -> None:
    clock = VirtualClock(MONDAY)
    async with WeComSocket() as wecom, running(wecom, clock=clock, heartbeat=30, patience=5) as channel:
        assert channel.healthy() == "还没有连上智能机器人的长连接"
        await until(lambda: not channel.healthy())
        clock.set(MONDAY + timedelta(seconds=95))
        assert channel.healthy() == ""
        clock.set(MONDAY + timedelta(seconds=96))
        assert channel.healthy() == "智能机器人的长连接已有 96 秒没有应答，请检查网络"


async def test_what_was_owed_when_the_bot_stopped_still_goes_out() -> None:
    ear = Ear()
    async with WeComSocket() as wecom:
        channel = BotChannel("B1", wecom.secret, clock=VirtualClock(MONDAY), ws_url=wecom.url)
        task = asyncio.create_task(channel.run(ear))
        await wecom.says("liu", "再见")
        await wecom.until(lambda: ear.texts == ["再见"])
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        await channel.deliver("liu", words("再见"), in_group=False)
        await wecom.says("liu", "等等")
        await wecom.until(lambda: ear.texts == ["再见", "等等"])
        await channel.close()

        assert wecom.texts("liu") == ["再见"]
        await wecom.until(lambda: wecom.open == 0)


async def test_the_secret_is_not_carried_to_another_address() -> None:
    async with WeComSocket() as elsewhere:

        def redirect(_connection: ServerConnection, _request: Request) -> Response:
            return Response(302, "Found", Headers({"Location": elsewhere.url.replace("ws", "http", 1)}))

        async with serve(lambda _: asyncio.sleep(0), "127.0.0.1", 0, process_request=redirect) as server:
            address = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            async with running(address) as channel:
                await until(lambda: "正在重连" in channel.healthy())

        assert elsewhere.connections == 0


async def test_neither_the_secret_nor_anybodys_words_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with (
        WeComSocket(secret="s3cr3t") as wecom,
        running(wecom, ear := Ear(), secret="s3cr3t") as channel,
    ):
        await wecom.says("liu", "机密的话")
        await wecom.sends_image("liu", b"picture")
        await wecom.pushes('{"cmd": "aibot_msg_callback", "half": "机密的话')
        await wecom.pushes({"cmd": "aibot_other", "headers": {"req_id": "R"}, "body": {"x": "机密的话"}})
        await wecom.until(lambda: len(ear.heard) == 3)
        wecom.script("aibot_send_msg", "ANONYMOUS")
        with pytest.raises(Exception, match="errcode 40058"):
            await channel.deliver("liu", words("机密的话"), in_group=False)
        await wecom.closes(1011)
        await wecom.until(lambda: wecom.connections == 2 and not channel.healthy())

    ours = [record.getMessage() for record in caplog.records if record.name.startswith("bot.")]
    assert ours
    assert not [
        line for line in ours if "s3cr3t" in line or "机密" in line or "aeskey" in line or "sign=" in line
    ]


@pytest.mark.parametrize(
    ("secret", "sentence", "fault"),
    [
        (MARK, "智能机器人：长连接可用", False),
        ("wrong", "Secret 不对：请到管理后台重新复制（错误码 40001）", True),
    ],
)
async def test_a_check_says_whether_the_bot_can_connect(secret: str, sentence: str, *, fault: bool) -> None:
    async with WeComSocket() as wecom:
        channel = BotChannel("B1", secret, clock=VirtualClock(MONDAY), ws_url=wecom.url)
        (finding,) = await channel.check()
        await channel.close()
        await wecom.until(lambda: wecom.open == 0)

    assert sentence in finding.sentence
    assert finding.fault is fault


async def test_a_check_says_that_wecom_is_out_of_reach() -> None:
    async with WeComSocket() as wecom:
        address = wecom.url
    (finding,) = await BotChannel("B1", "s", clock=VirtualClock(MONDAY), ws_url=address).check()

    assert finding.fault
    cure = "智能机器人的长连接断开（Connection refused）：请检查本机能否访问 127.0.0.1"
    assert finding.sentence == cure


async def test_binary_frames_are_read_like_others() -> None:
    async def answers(connection: ServerConnection, frame: Json) -> None:
        await connection.send(json.dumps(ack(frame)).encode())

    async with wecom_that(answers) as address, running(address) as channel:
        assert await channel.deliver("liu", words("好"), in_group=False) == ""


@pytest.mark.parametrize("frame", ['{"cmd": {}}', '{"cmd": []}', '{"cmd": 7}', "[]", "7", '"x"'])
async def test_a_frame_that_is_none_ends_nothing(frame: str) -> None:
    ear = Ear()
    async with WeComSocket() as wecom, running(wecom, ear):
        await wecom.until(lambda: wecom.subscribed)
        await wecom.pushes(frame)
        await wecom.says("liu", "62%")
        await wecom.until(lambda: "62%" in ear.texts)

        assert wecom.connections == 1


@pytest.mark.parametrize("code", [-1, 45009])
async def test_a_busy_wecom_is_tried_again_as_after_any_close(code: int) -> None:
    async with WeComSocket() as wecom:
        wecom.script("aibot_subscribe", "ERRCODE", code=code)
        pauses = Pauses()
        async with running(wecom, pauses=pauses) as channel:
            await wecom.until(lambda: wecom.subscribed)
            await until(lambda: not channel.healthy())

    assert max(pauses.taken, default=0) < 30
