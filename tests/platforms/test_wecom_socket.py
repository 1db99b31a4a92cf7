"""The loopback WeCom obeys the rules of the real one, whoever talks to it."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bot.clock import VirtualClock
from tests.canary import MARK
from tests.wecom.media import encrypted
from tests.wecom.socket import Fault, WeComSocket

Json = dict[str, Any]

SECRET = MARK
NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
BUTTONS = [{"text": "接办", "style": 1, "key": "k.0"}, {"text": "退回", "style": 2, "key": "k.1"}]
CARD: Json = {
    "card_type": "button_interaction",
    "main_title": {"title": "问题 7"},
    "button_list": BUTTONS,
    "task_id": "k",
}
NOTICE: Json = {
    "card_type": "text_notice",
    "main_title": {"title": "已接办"},
    "task_id": "k",
    "card_action": {"type": 1, "url": "https://work.weixin.qq.com"},
}


class Client:
    """A bare client: it says frames and reads frames."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._next = 0

    async def reads(self) -> Json:
        frame: Json = json.loads(await asyncio.wait_for(self.socket.recv(), 2))
        return frame

    async def writes(self, cmd: str, body: Json | None = None, req_id: str = "") -> str:
        self._next += 1
        req_id = req_id or f"c{self._next}"
        await self.socket.send(json.dumps({"cmd": cmd, "headers": {"req_id": req_id}, "body": body}))
        return req_id

    async def asks(self, cmd: str, body: Json | None = None, req_id: str = "") -> Json:
        req_id = await self.writes(cmd, body, req_id)
        frame = await self.reads()
        assert frame["headers"] == {"req_id": req_id}
        assert "cmd" not in frame
        return frame

    async def code(self, cmd: str, body: Json | None = None, req_id: str = "") -> int:
        return int((await self.asks(cmd, body, req_id))["errcode"])

    async def sends(self, chat: str = "u1", text: str = "早", **more: Any) -> int:
        return await self.code("aibot_send_msg", _words(text, chat, **more))

    async def subscribes(self, secret: str = SECRET, bot_id: str = "B1") -> int:
        return await self.code("aibot_subscribe", {"bot_id": bot_id, "secret": secret})


def _words(text: str, chat: str = "u1", **more: Any) -> Json:
    return {"chatid": chat, "chat_type": 1, "msgtype": "markdown", "markdown": {"content": text}, **more}


def _card(chat: str = "u1", **change: Any) -> Json:
    return {"chatid": chat, "chat_type": 1, "msgtype": "template_card", "template_card": {**CARD, **change}}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NINE)


@pytest.fixture
async def wecom(clock: VirtualClock) -> AsyncIterator[WeComSocket]:
    async with WeComSocket(clock=clock) as wecom:
        wecom.activates("u1", groups=("g1",))
        yield wecom


@pytest.fixture
async def bot(wecom: WeComSocket) -> AsyncIterator[Client]:
    async with connect(wecom.url, ping_interval=None) as socket:
        client = Client(socket)
        assert await client.subscribes() == 0
        yield client


async def test_only_the_right_bot_with_the_right_secret_subscribes(wecom: WeComSocket) -> None:
    async with connect(wecom.url) as socket:
        client = Client(socket)
        assert await client.sends() == 846609
        assert await client.code("ping") == 0
        assert await client.subscribes("wrong") == 40001
        assert await client.subscribes(bot_id="B2") == 40001
        assert await client.sends() == 846609
        assert await client.subscribes() == 0
        assert await client.sends() == 0

    assert wecom.subscribes == [("B1", False), ("B2", False), ("B1", True)]
    assert (wecom.pings, [sent.text for sent in wecom.sent]) == (1, ["早"])


async def test_a_second_subscription_ousts_the_first(wecom: WeComSocket, bot: Client) -> None:
    async with connect(wecom.url) as socket:
        assert await Client(socket).subscribes() == 0
        assert (await bot.reads())["body"]["event"] == {"eventtype": "disconnected_event"}
        with pytest.raises(ConnectionClosed) as closed:
            await bot.reads()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1000
        assert await Client(socket).sends() == 0
        assert wecom.connections == 2


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (_words("早"), 0),
        (_words("早", chat_type=0), 0),
        (_words("早", "g1", chat_type=2), 0),
        (_words("早", "g1", chat_type=1), 93006),
        (_words("早", "stranger"), 93006),
        (_words("早", "group:g1", chat_type=2), 93006),
        (_words("早", ""), 86201),
        (_words(" \n"), 40058),
        (_words("长" * 6826), 0),
        (_words("长" * 6827), 45002),
        ({"chatid": "u1", "chat_type": 1, "msgtype": "text", "text": {"content": "早"}}, 40008),
        (
            {"chatid": "u1", "chat_type": 1, "msgtype": "image", "image": {"base64": "eA==", "md5": "0"}},
            40058,
        ),
        ({"chatid": "u1", "chat_type": 1, "msgtype": "file", "file": {"media_id": "none"}}, 40007),
        ({"chatid": "u1", "chat_type": 1, "msgtype": "markdown"}, 40058),
    ],
)
async def test_a_push_is_accepted_or_refused_as_wecom_would(
    wecom: WeComSocket, bot: Client, body: Json, code: int
) -> None:
    assert await bot.code("aibot_send_msg", body) == code
    assert [sent.body for sent in wecom.sent] == ([body] if code == 0 else [])
    assert [refused for _, refused in wecom.refused] == ([code] if code else [])


@pytest.mark.parametrize(
    "change",
    [
        {"card_type": "buttons"},
        {"task_id": None},
        {"task_id": "with space"},
        {"task_id": "t" * 129},
        {"button_list": []},
        {"button_list": [{"text": "1", "key": str(key)} for key in range(7)]},
        {"button_list": [BUTTONS[0], BUTTONS[0]]},
        {"button_list": [{"text": "1", "key": "k" * 1025}]},
        {"button_list": [{"text": "", "key": "k"}]},
        {"button_list": [{"text": "1", "key": "k", "style": 5}]},
        {"main_title": {}},
        {"card_type": "text_notice"},
    ],
)
async def test_a_card_that_breaks_a_rule_is_refused(wecom: WeComSocket, bot: Client, change: Json) -> None:
    assert await bot.code("aibot_send_msg", _card(**change)) == 40058
    assert wecom.sent == []


async def test_the_name_of_a_card_is_good_once(wecom: WeComSocket, bot: Client) -> None:
    assert await bot.code("aibot_send_msg", _card()) == 0
    assert await bot.code("aibot_send_msg", _card()) == 40058
    assert await bot.code("aibot_send_msg", _card(task_id="k@2")) == 0
    assert [sent.task_id for sent in wecom.sent] == ["k", "k@2"]


async def test_who_writes_opens_the_conversation_and_who_opens_the_chat_does_not(
    wecom: WeComSocket, bot: Client
) -> None:
    await wecom.opens("u2")
    opened = await bot.reads()
    assert await bot.sends("u2") == 93006
    welcome = {"msgtype": "text", "text": {"content": "您好"}}
    assert await bot.code("aibot_respond_welcome_msg", welcome, opened["headers"]["req_id"]) == 0
    assert wecom.texts("u2") == ["您好"]

    await wecom.says("u2", "帮助")
    said = await bot.reads()
    assert (said["cmd"], said["body"]["text"]) == ("aibot_msg_callback", {"content": "帮助"})
    assert (said["body"]["chattype"], "chatid" in said["body"]) == ("single", False)
    assert await bot.sends("u2") == 0
    wecom.leaves("u2")
    assert await bot.sends("u2") == 93006


async def test_in_a_group_the_words_begin_with_the_mention(wecom: WeComSocket, bot: Client) -> None:
    msgid = await wecom.says("u1", "进度", group="g2", quote={"msgtype": "text", "text": {"content": "旧"}})
    said = await bot.reads()
    await wecom.repeats(msgid)

    assert said["body"]["text"] == {"content": "@联络员 进度"}
    assert (said["body"]["chatid"], said["body"]["quote"]["text"]["content"]) == ("g2", "旧")
    assert await bot.reads() == said
    assert await bot.sends("g2", chat_type=2) == 0
    assert await bot.code("aibot_respond_msg", _words("好"), said["headers"]["req_id"]) == 0
    assert wecom.texts("g2") == ["早", "好"]


@pytest.mark.parametrize(
    ("names", "field"), [("snake", "task_id"), ("camel", "taskId"), ("pascal", "TaskId")]
)
async def test_a_pressed_card_may_be_renewed_for_five_seconds(
    wecom: WeComSocket, bot: Client, clock: VirtualClock, names: str, field: str
) -> None:
    await bot.code("aibot_send_msg", _card())
    await wecom.presses("u1", "接办", names=names, as_message=names == "camel")
    event = await bot.reads()
    pressed, req_id = event["body"]["event"]["template_card_event"], event["headers"]["req_id"]
    update = {"response_type": "update_template_card", "template_card": NOTICE}
    other = {**update, "template_card": {**NOTICE, "task_id": "another"}}

    assert event["cmd"] == ("aibot_msg_callback" if names == "camel" else "aibot_event_callback")
    assert (pressed[field], "k.0" in pressed.values()) == ("k", True)
    assert await bot.code("aibot_respond_msg", _words("好"), req_id) == 846605
    assert await bot.code("aibot_respond_update_msg", other, req_id) == 846605
    assert wecom.shown("u1")[0].labels == ("接办", "退回")
    clock.set(NINE + timedelta(seconds=5))
    assert await bot.code("aibot_respond_update_msg", update, req_id) == 0
    assert [sent.words for sent in wecom.shown("u1")] == ["已接办"]
    with pytest.raises(AssertionError):
        await wecom.presses("u1", "接办")
    clock.set(NINE + timedelta(seconds=5.1))
    assert await bot.code("aibot_respond_update_msg", update, req_id) == 846605
    assert len(wecom.updates) == 1


async def test_in_a_group_a_card_may_change_for_one_person(wecom: WeComSocket, bot: Client) -> None:
    await bot.code("aibot_send_msg", {**_card("g1"), "chat_type": 2})
    await wecom.presses("u1", "退回", group="g1")
    req_id = (await bot.reads())["headers"]["req_id"]
    update = {"response_type": "update_template_card", "userids": ["u1"], "template_card": NOTICE}

    assert await bot.code("aibot_respond_update_msg", update, req_id) == 0
    assert [sent.words for sent in wecom.shown("g1", by="u1")] == ["已接办"]
    assert [sent.words for sent in wecom.shown("g1")] == ["问题 7"]


async def test_what_came_over_an_old_connection_cannot_be_answered_over_a_new_one(
    wecom: WeComSocket, bot: Client
) -> None:
    await wecom.says("u1", "在吗")
    req_id = (await bot.reads())["headers"]["req_id"]
    await wecom.closes(1006)
    with pytest.raises(ConnectionClosed):
        await bot.reads()
    await wecom.says("u1", "喂", wait=False)
    assert len(wecom.lost) == 1
    async with connect(wecom.url) as socket:
        again = Client(socket)
        await again.subscribes()
        assert await again.code("aibot_respond_msg", _words("在"), req_id) == 846605
        assert await again.sends() == 0


async def test_a_stream_shows_its_last_words(wecom: WeComSocket, bot: Client) -> None:
    await wecom.says("u1", "在吗")
    req_id = (await bot.reads())["headers"]["req_id"]

    async def streams(content: str, *, finish: bool) -> int:
        body = {"msgtype": "stream", "stream": {"id": "s", "finish": finish, "content": content}}
        return await bot.code("aibot_respond_msg", body, req_id)

    assert await streams("在", finish=False) == 0
    assert await streams("在的", finish=True) == 0
    assert wecom.texts("u1") == ["在的"]
    assert await streams("在的。", finish=True) == 846608


async def test_a_conversation_takes_so_many_in_a_minute_and_in_an_hour(clock: VirtualClock) -> None:
    async with WeComSocket(clock=clock, per_minute=2, per_hour=3) as wecom, connect(wecom.url) as socket:
        client = Client(socket)
        wecom.activates("u1", "u2")
        await client.subscribes()

        assert [await client.sends() for _ in range(3)] == [0, 0, 45009]
        assert await client.sends("u2") == 0
        clock.set(NINE + timedelta(seconds=60))
        assert [await client.sends() for _ in range(2)] == [0, 45009]
        clock.set(NINE + timedelta(seconds=3600))
        assert await client.sends() == 0


async def test_a_file_comes_in_pieces_in_any_order_and_lives_three_days(
    wecom: WeComSocket, bot: Client, clock: VirtualClock
) -> None:
    content = bytes(range(256)) * 2100  # more than one piece
    half = 512 << 10

    async def adds(upload: str, index: int, data: bytes) -> int:
        body = {"upload_id": upload, "chunk_index": index, "base64_data": base64.b64encode(data).decode()}
        return await bot.code("aibot_upload_media_chunk", body)

    begun = await bot.asks("aibot_upload_media_init", _init(content, total_chunks=2))
    upload = begun["body"]["upload_id"]
    assert await adds(upload, 1, content[half:]) == 0
    assert await bot.code("aibot_upload_media_finish", {"upload_id": upload}) == 40058
    assert await adds(upload, 0, content[:half]) == 0
    assert await adds(upload, 0, content[:half]) == 0
    assert await adds(upload, 2, b"x") == 40058
    assert await adds(upload, 0, content[: half + 1]) == 40058
    assert await adds("unknown", 0, b"x") == 40058
    done = await bot.asks("aibot_upload_media_finish", {"upload_id": upload})

    media = done["body"]["media_id"]
    body = {"chatid": "u1", "chat_type": 1, "msgtype": "file", "file": {"media_id": media}}
    assert await bot.code("aibot_send_msg", body) == 0
    assert (wecom.sent[0].filename, wecom.sent[0].content) == ("周报.xlsx", content)
    assert await bot.code("aibot_send_msg", {**body, "msgtype": "image", "image": body["file"]}) == 40007
    clock.set(NINE + timedelta(days=3, seconds=1))
    assert await bot.code("aibot_send_msg", body) == 40007


def _init(content: bytes, **change: Any) -> Json:
    md5 = hashlib.md5(content).hexdigest()  # noqa: S324 -- what WeCom asks for
    size = len(content)
    body = {"type": "file", "filename": "周报.xlsx", "total_size": size, "total_chunks": 1, "md5": md5}
    return {**body, **change}


@pytest.mark.parametrize(
    "change",
    [
        {"type": "paper"},
        {"filename": "长" * 86},
        {"total_size": 4},
        {"type": "image", "total_size": (10 << 20) + 1, "total_chunks": 21},
        {"total_size": (20 << 20) + 1, "total_chunks": 41},
        {"total_size": (512 << 10) + 1},
        {"total_chunks": 101},
        {"md5": "0"},
    ],
)
async def test_an_upload_that_breaks_a_rule_is_refused(bot: Client, change: Json) -> None:
    assert await bot.code("aibot_upload_media_init", _init(b"12345", **change)) == 40058


async def test_a_file_that_arrived_otherwise_than_promised_is_refused(
    wecom: WeComSocket, bot: Client
) -> None:
    begun = await bot.asks("aibot_upload_media_init", _init(b"12345", md5="0" * 32))
    piece = {**begun["body"], "chunk_index": 0, "base64_data": base64.b64encode(b"12345").decode()}

    assert await bot.code("aibot_upload_media_chunk", piece) == 0
    assert await bot.code("aibot_upload_media_finish", begun["body"]) == 40058
    assert wecom.uploads == {}


@pytest.mark.parametrize(
    ("ciphertext", "content"),
    [
        ("Et/xoZxZznIzSr3qjkv6c/Z8qf4SHPWqPfweXtmc6zE=", b"hello wecom media"),
        (
            "pM0FTH5LpqQ1nBsC5I0qe/+gKs+LhsaMPuHojmHGARDzQvU7glBDeGb2stq0/S25Jq0EtViRxdJZqTAyi3UatA==",
            b"x" * 32,
        ),
    ],
)
def test_files_are_sealed_as_wecom_seals_them(ciphertext: str, content: bytes) -> None:
    assert base64.b64encode(encrypted(content, bytes(range(32)))).decode() == ciphertext


async def test_a_file_somebody_sent_can_be_fetched_for_five_minutes(
    wecom: WeComSocket, bot: Client, clock: VirtualClock
) -> None:
    await wecom.sends_file("u1", "合同 第一版.pdf", b"%PDF", padded=False)
    file = (await bot.reads())["body"]["file"]
    await wecom.sends_mixed("u1", "看图", b"png", group="g1")
    mixed = (await bot.reads())["body"]["mixed"]["msg_item"]
    head, body = await _get(file["url"])

    assert not file["aeskey"].endswith("=")
    assert "filename*=UTF-8''%E5%90%88%E5%90%8C%20%E7%AC%AC%E4%B8%80%E7%89%88.pdf" in head
    assert _opened(body, file["aeskey"] + "=") == b"%PDF"
    assert [item["msgtype"] for item in mixed] == ["text", "image"]
    assert mixed[0]["text"] == {"content": "@联络员 看图"}
    clock.set(NINE + timedelta(minutes=5, seconds=1))
    assert (await _get(file["url"]))[0].startswith("HTTP/1.1 404")
    assert wecom.media.fetched == ["f1", "f1"]


async def _get(url: str) -> tuple[str, bytes]:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(f"GET {address.path}?{address.query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = int(head.partition("Content-Length: ")[2].split("\r\n")[0])
    body = await reader.readexactly(length)
    writer.close()
    await writer.wait_closed()
    return head, body


def _opened(sealed: bytes, aeskey: str) -> bytes:
    key = base64.b64decode(aeskey)
    opener = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    content = opener.update(sealed) + opener.finalize()
    return content[: -content[-1]]


@pytest.mark.parametrize(
    ("fault", "accepted", "code"),
    [
        (Fault.ERRCODE, 0, -1),
        (Fault.ANONYMOUS, 0, 40058),
        (Fault.NO_ACCEPT_NO_ACK, 0, None),
        (Fault.CLOSE_BEFORE, 0, 1006),
        (Fault.NO_ACK, 1, None),
        (Fault.LATE_ACK, 1, 0),
        (Fault.TWICE, 1, 0),
        (Fault.CLOSE_AFTER, 1, 1006),
    ],
)
async def test_a_command_fails_as_told(
    wecom: WeComSocket, bot: Client, fault: Fault, accepted: int, code: int | None
) -> None:
    wecom.script("aibot_send_msg", fault, seconds=0.01, after=1)
    assert await bot.sends() == 0
    await bot.writes("aibot_send_msg", _words("晚"), "it")

    if code == 1006:
        with pytest.raises(ConnectionClosed):
            await bot.reads()
    else:
        frame = await bot.reads() if code is not None else {"errcode": None}
        assert frame["errcode"] == code
        assert ("headers" in frame) == (fault in {Fault.ERRCODE, Fault.LATE_ACK, Fault.TWICE})
        if fault is Fault.TWICE:
            assert await bot.reads() == frame
        assert await bot.code("ping") == 0
    assert len(wecom.sent) == 1 + accepted


async def test_a_subscription_that_died_is_renewed_on_the_same_line(wecom: WeComSocket, bot: Client) -> None:
    wecom.unsubscribes()

    assert await bot.sends() == 846609
    assert await bot.code("ping") == 0
    assert await bot.subscribes() == 0
    assert await bot.sends() == 0


async def test_a_silent_line_stays_open_and_answers_not_even_a_ping(wecom: WeComSocket, bot: Client) -> None:
    wecom.script("ping", Fault.LATE_ACK, seconds=0.005)
    await bot.writes("ping")
    await wecom.until(lambda: wecom.pings == 1)
    wecom.goes_silent()
    await bot.writes("ping")
    pong = asyncio.ensure_future(await bot.socket.ping())

    assert (wecom.open, wecom.subscribed) == (0, False)
    async with connect(wecom.url) as socket:
        assert await Client(socket).subscribes() == 0
        await wecom.says("u1", "在吗")
        assert (await Client(socket).reads())["body"]["text"] == {"content": "在吗"}
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(bot.socket.recv(), 0.01)
    assert not pong.done()
    bot.socket.transport.abort()


@pytest.mark.parametrize("code", [1000, 1001, 1011])
async def test_a_line_is_closed_with_the_code_asked_for(wecom: WeComSocket, bot: Client, code: int) -> None:
    closing = asyncio.create_task(wecom.closes(code))
    with pytest.raises(ConnectionClosed) as closed:
        await bot.reads()
    await closing

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == code
