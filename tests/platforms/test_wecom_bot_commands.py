"""Each command gets the answer that is its own, and what nobody knows is called unknown."""

import asyncio
import json
import logging
from collections import Counter

import pytest
from websockets.asyncio.server import ServerConnection

from bot.errors import Failure
from bot.platforms.wecom.bot import BotChannel
from bot.platforms.wecom.codes import meaning
from bot.platforms.wecom.commands import WINDOW, Commands
from bot.platforms.wecom.errors import NotSent, Unanswered, WeComError
from tests.platforms.ear import Ear
from tests.platforms.wecom_bot_running import Json, ack, card, running, until, wecom_that, words
from tests.wecom.socket import WeComSocket

SEND = "aibot_send_msg"


async def send_all(channel: BotChannel, number: int) -> list[str | BaseException]:
    """Send so many messages at once and return what became of each."""
    sending = (channel.deliver("liu", words(str(n)), in_group=False) for n in range(number))
    return await asyncio.gather(*sending, return_exceptions=True)


async def test_words_and_cards_go_to_people_and_to_groups() -> None:
    async with WeComSocket() as wecom, running(wecom) as channel:
        wecom.activates("liu", groups=("G1",))

        assert await channel.deliver("liu", words("早上好"), in_group=False) == ""
        assert await channel.deliver("G1", card("T1", "接办"), in_group=True) == "bot:T1"

        first, second = wecom.sent
        assert first.body == {
            "chatid": "liu",
            "chat_type": 1,
            "msgtype": "markdown",
            "markdown": {"content": "早上好"},
        }
        assert (second.chat, second.chat_type, second.labels) == ("G1", 2, ("接办",))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (40008, Failure.REFUSED),
        (40058, Failure.REFUSED),
        (45009, Failure.RETRY),
        (93006, Failure.UNOPENED),
        (-1, Failure.RETRY),
        (99999, Failure.REFUSED),
    ],
)
async def test_a_refusal_is_told_with_its_code(code: int, kind: Failure) -> None:
    async with WeComSocket() as wecom, running(wecom) as channel:
        wecom.activates("liu")
        wecom.script(SEND, "ERRCODE", code=code)

        with pytest.raises(WeComError) as caught:
            await channel.deliver("liu", words("好"), in_group=False)

        assert caught.value.code == code
        assert meaning(caught.value).kind is kind
        assert wecom.sent == []


async def test_a_chat_that_never_wrote_is_unopened_and_an_empty_one_refused() -> None:
    async with WeComSocket() as wecom, running(wecom) as channel:
        with pytest.raises(WeComError) as stranger:
            await channel.deliver("stranger", words("好"), in_group=False)
        with pytest.raises(WeComError) as nobody:
            await channel.deliver("", words("好"), in_group=False)

    assert meaning(stranger.value).kind is Failure.UNOPENED
    assert (nobody.value.code, meaning(nobody.value).kind) == (86201, Failure.REFUSED)


@pytest.mark.parametrize("fault", ["NO_ACK", "NO_ACCEPT_NO_ACK", "GARBLED"])
async def test_without_an_answer_nobody_knows_and_nothing_is_sent_again(fault: str) -> None:
    async with WeComSocket() as wecom, running(wecom, patience=0.1) as channel:
        wecom.activates("liu")
        wecom.script(SEND, fault)

        with pytest.raises(Unanswered):
            await channel.deliver("liu", words("好"), in_group=False)

        await channel.deliver("liu", words("还有"), in_group=False)
        assert Counter(wecom.commands)[SEND] == 2


@pytest.mark.parametrize("fault", ["CLOSE_AFTER", "CLOSE_BEFORE"])
async def test_when_the_connection_breaks_before_the_answer_nobody_knows(fault: str) -> None:
    async with WeComSocket() as wecom, running(wecom, patience=600) as channel:
        wecom.activates("liu")
        wecom.script(SEND, fault)

        with pytest.raises(Unanswered):
            await channel.deliver("liu", words("好"), in_group=False)

        await channel.deliver("liu", words("还有"), in_group=False)
        assert wecom.texts("liu")[-1] == "还有"
        assert Counter(wecom.commands)[SEND] == 2


async def test_an_answer_that_comes_late_is_nobody_elses(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with WeComSocket() as wecom, running(wecom, patience=0.1) as channel:
        wecom.activates("liu")
        wecom.script(SEND, "LATE_ACK", seconds=0.12)
        wecom.script(SEND, "ERRCODE", code=40058)

        late, refused = await send_all(channel, 2)
        assert isinstance(late, Unanswered)
        assert isinstance(refused, WeComError)
        await until(lambda: "an answer that nobody waits for any more" in caplog.text)
        assert await send_all(channel, 2) == ["", ""]


async def test_an_answer_that_comes_twice_counts_once() -> None:
    async with WeComSocket() as wecom, running(wecom) as channel:
        wecom.activates("liu")
        wecom.script(SEND, "TWICE")

        assert await send_all(channel, 3) == ["", "", ""]


async def test_an_error_without_an_id_is_that_of_the_only_command_on_its_way() -> None:
    async with WeComSocket() as wecom, running(wecom) as channel:
        wecom.activates("liu")
        wecom.script(SEND, "ANONYMOUS", code=40058)

        (error,) = await send_all(channel, 1)

        assert isinstance(error, WeComError)
        assert error.code == 40058
        assert await send_all(channel, 2) == ["", ""]


async def test_errors_without_an_id_are_given_to_those_that_nothing_else_is_left_for() -> None:
    arrived: list[Json] = []

    async def answers(connection: ServerConnection, frame: Json) -> None:
        """Refuse 3 and 5 of the first window at once, and answer the others only afterwards, last first."""
        arrived.append(frame)
        text = frame["body"]["markdown"]["content"]
        if text in {"3", "5"}:
            await connection.send('{"errcode": 40058, "errmsg": "missing"}')
        if len(arrived) == WINDOW:
            for other in reversed(arrived):
                if other["body"]["markdown"]["content"] not in {"3", "5"}:
                    await connection.send(json.dumps(ack(other)))
        elif len(arrived) > WINDOW:
            await connection.send(json.dumps(ack(frame)))

    async with wecom_that(answers) as address, running(address) as channel:
        became = await send_all(channel, WINDOW + 10)

    assert [n for n, outcome in enumerate(became) if outcome != ""] == [3, 5]
    assert all(isinstance(became[n], WeComError) for n in (3, 5))
    assert len(arrived) == WINDOW + 10


async def test_no_command_is_begun_while_an_error_without_an_id_has_no_owner() -> None:
    arrived: list[Json] = []
    lines: list[ServerConnection] = []

    async def answers(connection: ServerConnection, frame: Json) -> None:
        arrived.append(frame)
        lines.append(connection)
        if len(arrived) == 2:
            await connection.send('{"errcode": 40058, "headers": {}}')
        elif len(arrived) > 2:
            await connection.send(json.dumps(ack(frame)))

    async with wecom_that(answers) as address, running(address) as channel:
        first = asyncio.create_task(send_all(channel, 2))
        await until(lambda: channel._connection._commands._errors)
        later = asyncio.create_task(send_all(channel, 1))
        for _ in range(50):
            await asyncio.sleep(0.0005)
        assert len(arrived) == 2
        await lines[0].send(json.dumps(ack(arrived[0])))
        became = await first

        assert became[0] == ""
        assert isinstance(became[1], WeComError)
        assert await later == [""]


async def test_different_errors_without_ids_say_only_that_nothing_was_sent() -> None:
    async def answers(connection: ServerConnection, frame: Json) -> None:
        code = 40058 if frame["body"]["markdown"]["content"] == "0" else 45009
        await connection.send(json.dumps({"errcode": code}))

    async with wecom_that(answers) as address, running(address) as channel:
        became = await send_all(channel, 2)

    assert [type(outcome) for outcome in became] == [NotSent, NotSent]


async def test_an_error_without_an_id_that_may_be_anybodys_is_nobodys() -> None:
    async def answers(connection: ServerConnection, frame: Json) -> None:
        """Never answer 0 and 1, refuse 1 without saying so, answer 2 and what comes later."""
        text = frame["body"]["markdown"]["content"]
        if text == "1":
            await connection.send('{"errcode": 40058, "headers": {"req_id": ""}}')
        if text not in {"0", "1"}:
            await connection.send(json.dumps(ack(frame)))

    async with wecom_that(answers) as address, running(address, patience=0.1) as channel:
        became = await send_all(channel, 3)
        assert [type(outcome) for outcome in became] == [Unanswered, Unanswered, str]
        assert await channel.deliver("liu", words("later"), in_group=False) == ""


async def test_an_error_without_an_id_of_somebody_overdue_is_not_the_next_ones() -> None:
    async def answers(connection: ServerConnection, frame: Json) -> None:
        if frame["body"]["markdown"]["content"] == "overdue":
            return
        await connection.send('{"errcode": 40058, "errmsg": "of the one before"}')
        await connection.send(json.dumps(ack(frame)))

    async with wecom_that(answers) as address, running(address, patience=0.1) as channel:
        with pytest.raises(Unanswered):
            await channel.deliver("liu", words("overdue"), in_group=False)

        assert await channel.deliver("liu", words("next"), in_group=False) == ""


async def test_an_error_without_an_id_when_nothing_is_on_its_way_changes_nothing() -> None:
    async with WeComSocket() as wecom, running(wecom, ear := Ear()) as channel:
        await wecom.pushes('{"errcode": 40058, "errmsg": "whose?"}')
        await wecom.pushes('{"errcode": 0, "errmsg": "whose?"}')
        await wecom.says("liu", "好")
        await wecom.until(lambda: ear.texts == ["好"])

        assert await send_all(channel, 1) == [""]


async def test_a_place_that_is_granted_to_somebody_who_has_just_left_goes_to_the_next() -> None:
    commands = Commands(patience=1, window=1)
    await commands.place()
    leaving, staying, waiting = (asyncio.create_task(commands.place()) for _ in range(3))
    await asyncio.sleep(0)
    commands.give_back()
    leaving.cancel()
    await asyncio.wait({staying}, timeout=1)

    assert staying.done()
    assert not waiting.done()
    waiting.cancel()


async def test_only_so_many_commands_are_on_their_way_at_once() -> None:
    async with WeComSocket() as wecom, running(wecom, patience=0.15) as channel:
        wecom.activates("liu")
        wecom.script(SEND, "NO_ACCEPT_NO_ACK", times=WINDOW)
        sending = asyncio.create_task(send_all(channel, 2 * WINDOW))
        await wecom.until(lambda: Counter(wecom.commands)[SEND] == WINDOW)
        for _ in range(50):
            await asyncio.sleep(0)
        assert Counter(wecom.commands)[SEND] == WINDOW
        became = await sending

    assert [type(outcome) for outcome in became] == [Unanswered] * WINDOW + [str] * WINDOW


async def test_who_gives_up_waiting_leaves_its_place_to_the_next() -> None:
    async with WeComSocket() as wecom, running(wecom, patience=5) as channel:
        wecom.activates("liu")
        wecom.script(SEND, "NO_ACCEPT_NO_ACK", times=WINDOW)
        every = [
            asyncio.create_task(channel.deliver("liu", words(str(n)), in_group=False))
            for n in range(WINDOW + 3)
        ]
        await wecom.until(lambda: Counter(wecom.commands)[SEND] == WINDOW)
        every[WINDOW].cancel()
        every[0].cancel()
        assert await asyncio.gather(*every[WINDOW + 1 :]) == ["", ""]
        for task in every:
            task.cancel()
        await asyncio.gather(*every, return_exceptions=True)

        assert wecom.texts("liu") == [str(WINDOW + 1), str(WINDOW + 2)]


async def test_a_subscription_that_died_while_the_line_stood_is_renewed_and_the_command_given_again() -> None:
    async with WeComSocket() as wecom, running(wecom) as channel:
        wecom.activates("liu")
        await channel.deliver("liu", words("0"), in_group=False)
        wecom.unsubscribes()

        assert await send_all(channel, 5) == [""] * 5

        assert sorted(wecom.texts("liu")) == ["0", "0", "1", "2", "3", "4"]
        assert {sent.connection for sent in wecom.sent[1:]} == {2}
        assert wecom.connections == 2


@pytest.mark.parametrize("code", [846601, 846602, 846609])
async def test_a_command_is_given_again_only_once(code: int) -> None:
    async with WeComSocket() as wecom, running(wecom) as channel:
        wecom.activates("liu")
        wecom.script(SEND, "ERRCODE", times=2, code=code)

        (error,) = await send_all(channel, 1)

        assert isinstance(error, WeComError)
        assert error.code == code
        assert wecom.connections >= 2
        await wecom.until(lambda: not channel.healthy())


async def test_what_is_on_its_way_when_the_subscription_dies_still_hears_its_answer() -> None:
    seen: list[Json] = []

    async def answers(connection: ServerConnection, frame: Json) -> None:
        """Let 0 wait, tell 1 that the subscription died, then answer 0; answer all on the next connection."""
        seen.append(frame)
        if len(seen) == 2:
            await connection.send(json.dumps(ack(seen[1], 846609)))
            await asyncio.sleep(0.03)
            await connection.send(json.dumps(ack(seen[0])))
        elif len(seen) > 2:
            await connection.send(json.dumps(ack(frame)))

    async with wecom_that(answers) as address, running(address) as channel:
        assert await send_all(channel, 2) == ["", ""]

    assert [frame["body"]["markdown"]["content"] for frame in seen] == ["0", "1", "1"]


async def test_frames_are_utf8_as_it_is_and_bear_an_id_of_their_own() -> None:
    frames: list[Json] = []

    async def answers(connection: ServerConnection, frame: Json) -> None:
        frames.append(frame)
        await connection.send(json.dumps(ack(frame)))

    async with wecom_that(answers) as address, running(address) as channel:
        await send_all(channel, 50)

    names = [frame["headers"]["req_id"] for frame in frames]
    assert len(set(names)) == 50
    assert all(name.startswith(SEND) and len(name.encode()) <= 256 for name in names)
