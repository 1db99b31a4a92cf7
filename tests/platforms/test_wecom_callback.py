"""Only what Tencent sealed gets in, once, and it is confirmed when it is stored; over real sockets."""

import asyncio
import base64
import logging
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import pytest_asyncio
from aiohttp import ClientSession, ClientTimeout, TCPConnector
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.chat import Incoming, Unreadable
from bot.clock import VirtualClock
from bot.errors import StorageError
from bot.platforms.wecom.callback import LARGEST_BODY, Callback
from bot.platforms.wecom.crypto import Crypt
from bot.web import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
CORP = "wx5823bf96d3bd56c7"
KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
CRYPT = Crypt("QDG6eK", KEY, CORP)
AGENT = 1000002
CANARY = "刘敏说的话canary"


def _xml(content: str = CANARY, number: object = 1, **changed: object) -> bytes:
    fields = {
        "ToUserName": CORP,
        "FromUserName": "liumin",
        "CreateTime": 1795395600,
        "MsgType": "text",
        "Content": content,
        "MsgId": number,
        "AgentID": AGENT,
        **changed,
    }
    return f"<xml>{''.join(f'<{name}>{value}</{name}>' for name, value in fields.items())}</xml>".encode()


def _press(key: str = "Xy3.0") -> bytes:
    kind = {"MsgType": "event", "Event": "template_card_event", "EventKey": key}
    body = _xml(**kind, TaskId="Xy3", ResponseCode="RC")
    return body.replace(b"<MsgId>1</MsgId>", b"")


def _envelope(sealed: str) -> bytes:
    return f"<xml><ToUserName>x</ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()


@dataclass
class Ear:
    """A listener that notes what it was told, and fails or waits when asked to."""

    heard: list[Incoming | Unreadable] = field(default_factory=list)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    fails: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate.set()

    async def __call__(self, said: Incoming | Unreadable) -> str:
        self.began.set()
        await self.gate.wait()
        if self.fails:
            raise self.fails.pop()
        self.heard.append(said)
        return "知道了"

    @property
    def texts(self) -> list[str]:
        return [said.text for said in self.heard if isinstance(said, Incoming)]


@dataclass(frozen=True)
class Post:
    """One request as Tencent makes it, to be bent by a test."""

    params: dict[str, Any]
    body: bytes
    method: str = "POST"
    path: str = "/wecom/callback"

    def bent(self, without: str = "", /, **params: Any) -> "Post":
        kept = {name: value for name, value in {**self.params, **params}.items() if name != without}
        return Post(kept, self.body, self.method, self.path)


def _post(message: bytes, *, crypt: Crypt = CRYPT, late: int = 0, nonce: str = "n1") -> Post:
    timestamp = str(int(NOW.timestamp()) + late)
    sealed, signature = crypt.seal(message, timestamp, nonce)
    return Post({"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}, _envelope(sealed))


def _signed(body: Callable[[str], bytes], sealed: str) -> Post:
    timestamp = str(int(NOW.timestamp()))
    signature = CRYPT.signature(timestamp, "n1", sealed)
    return Post({"msg_signature": signature, "timestamp": timestamp, "nonce": "n1"}, body(sealed))


@dataclass
class Tencent:
    """Somebody who posts, and the bot that is posted to."""

    url: str
    session: ClientSession
    callback: Callback
    clock: VirtualClock
    ear: Ear

    async def send(self, post: Post) -> tuple[int, bytes]:
        url = f"{self.url}{post.path}?{urlencode(post.params, doseq=True)}"
        async with self.session.request(post.method, url, data=post.body or None) as answer:
            return answer.status, await answer.read()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        address = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            yield reader, writer
        finally:
            writer.close()


class Stage:
    """One server for all the tests here, since each takes a while to stop; the site is each test's own."""

    def __init__(self, session: ClientSession, port: int) -> None:
        self._session = session
        self._port = port
        self._site: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._site is not None
        await self._site(scope, receive, send)

    def tencent(self, at: datetime = NOW, **options: Any) -> Tencent:
        clock, ear = VirtualClock(at), Ear()
        callback = Callback(CRYPT, clock, agent_id=AGENT, **options)
        callback.listener = ear
        self._site = callback.site()
        return Tencent(f"http://127.0.0.1:{self._port}", self._session, callback, clock, ear)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def stage() -> AsyncIterator[Stage]:
    connector = TCPConnector(force_close=True, limit=0)
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as listening:
        listening.setblocking(False)
        async with ClientSession(connector=connector, timeout=ClientTimeout(10)) as session:
            stage = Stage(session, listening.getsockname()[1])
            server = Server(stage)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            yield stage
        server.leave()
        await serving


@pytest.fixture
def tencent(stage: Stage) -> Tencent:
    return stage.tencent()


def _request(post: Post, *headers: str) -> bytes:
    lines = [f"POST {post.path}?{urlencode(post.params)} HTTP/1.1", "Host: bot", *headers, "", ""]
    return "\r\n".join(lines).encode()


async def test_the_address_is_verified_with_tencents_own_sample(stage: Stage) -> None:
    sealed = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
    signature = "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"
    params = {"msg_signature": signature, "timestamp": "1409659589", "nonce": "263014780", "echostr": sealed}
    asked = Post(params, b"", "GET")
    tencent = stage.tencent(datetime.fromtimestamp(1409659589, UTC))
    forged = await tencent.send(asked.bent(nonce="263014781"))
    without = await tencent.send(asked.bent("echostr"))
    verified_before = tencent.callback.verified_at
    answer = await tencent.send(asked)
    unquoted = await tencent.send(asked.bent(echostr=sealed.replace("+", " ")))

    assert (forged, without, verified_before) == ((403, b""), (403, b""), None)
    assert answer == unquoted == (200, b"1616140317555161061")
    assert tencent.callback.verified_at == tencent.clock.now()
    assert tencent.ear.heard == []


async def test_a_message_somebody_caught_is_not_read_back_to_them(tencent: Tencent) -> None:
    timestamp = str(int(NOW.timestamp()))
    sealed, signature = CRYPT.seal(_xml(), timestamp, "n1")
    params = {"msg_signature": signature, "timestamp": timestamp, "nonce": "n1", "echostr": sealed}

    assert await tencent.send(Post(params, b"", "GET")) == (403, b"")
    assert tencent.callback.verified_at is None


async def test_a_message_is_heard_and_confirmed_without_a_word(tencent: Tencent) -> None:
    assert tencent.callback.heard_at is None

    assert await tencent.send(_post(_xml())) == (200, b"")

    assert tencent.ear.texts == [CANARY]
    assert tencent.callback.heard_at == NOW


def _by_hand(length: int, rest: bytes, *, pad: bytes | None = None) -> str:
    """Seal with our key what Tencent would not."""
    inside = b"r" * 16 + struct.pack(">I", length) + rest
    inside += pad or bytes([32 - len(inside) % 32]) * (32 - len(inside) % 32)
    key = base64.b64decode(KEY + "=")
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(inside) + encryptor.finalize()).decode()


GOOD = _post(_xml())
SEALED = CRYPT.seal(_xml(), "1", "1")[0]
SHORT = base64.b64encode(base64.b64decode(SEALED)[:-16]).decode()
CUT = base64.b64encode(base64.b64decode(SEALED)[:-1]).decode()
DTD = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))

REFUSED: dict[str, tuple[Post, int]] = {
    "forged": (GOOD.bent(msg_signature="0" * 40), 403),
    "signed with another token": (_post(_xml(), crypt=Crypt("other", KEY, CORP)), 403),
    "another message under its signature": (Post(GOOD.params, _post(_xml("2")).body), 403),
    "another nonce": (GOOD.bent(nonce="n2"), 403),
    "another time": (GOOD.bent(timestamp=str(int(NOW.timestamp()) + 1)), 403),
    "stale": (_post(_xml(), late=-301), 403),
    "from the future": (_post(_xml(), late=301), 403),
    "of another corp": (_post(_xml(), crypt=Crypt("QDG6eK", KEY, "wx0000000000000000")), 403),
    "of no corp": (_post(_xml(), crypt=Crypt("QDG6eK", KEY, "")), 403),
    "of another corp inside": (_post(_xml(ToUserName="wx0000000000000000")), 403),
    "of another app": (_post(_xml(AgentID=1)), 403),
    "of another key": (_post(_xml(), crypt=Crypt("QDG6eK", "a" * 43, CORP)), 403),
    "wrong padding": (_signed(_envelope, _by_hand(1, b"x" * 11, pad=b"\x00")), 403),
    "wrong length": (_signed(_envelope, _by_hand(99, b"x" + CORP.encode())), 403),
    "AES without its end": (_signed(_envelope, SHORT), 403),
    "AES cut": (_signed(_envelope, CUT), 403),
    "no base64": (_signed(_envelope, CANARY), 403),
    **{f"no {name}": (GOOD.bent(name), 403) for name in GOOD.params},
    **{f"two of {name}": (GOOD.bent("", **{name: [value] * 2}), 403) for name, value in GOOD.params.items()},
    "a long signature": (GOOD.bent(msg_signature="0" * 4000), 403),
    "a signature in letters": (GOOD.bent(msg_signature=CANARY), 403),
    "a long timestamp": (GOOD.bent(timestamp="1" * 5000), 403),
    "a timestamp in other digits": (GOOD.bent(timestamp="١٧٩٥٣٩٥٦٠٠"), 403),
    "a negative timestamp": (GOOD.bent(timestamp="-1"), 403),
    "a long nonce": (GOOD.bent(nonce="n" * 129), 403),
    "no body": (Post(GOOD.params, b""), 400),
    "no XML": (Post(GOOD.params, CANARY.encode()), 400),
    "plain text": (Post(GOOD.params, _xml()), 400),
    "an external entity": (
        _signed(lambda sealed: f"{DTD}<xml><Encrypt>&f;</Encrypt><a>{sealed}</a></xml>".encode(), SEALED),
        400,
    ),
    "a DTD around a good message": (Post(GOOD.params, b"<!DOCTYPE xml>" + GOOD.body), 400),
    "billion laughs": (
        Post(
            GOOD.params, f'<!DOCTYPE x [<!ENTITY l0 "l">{LAUGHS}]><xml><Encrypt>&l9;</Encrypt></xml>'.encode()
        ),
        400,
    ),
    "quadratic blow-up": (
        Post(
            GOOD.params,
            b'<!DOCTYPE x [<!ENTITY a "%b">]><xml><Encrypt>%b</Encrypt></xml>'
            % (b"a" * 50_000, b"&a;" * 50_000),
        ),
        400,
    ),
    "80,000 deep": (Post(GOOD.params, b"<a>" * 80_000), 400),
    "as large as may be": (Post(GOOD.params, b"a" * LARGEST_BODY), 400),
    "PUT": (Post(GOOD.params, GOOD.body, "PUT"), 405),
    "DELETE": (Post(GOOD.params, b"", "DELETE"), 405),
    "GET of a message": (Post(GOOD.params, b"", "GET"), 403),
    "another path": (Post(GOOD.params, GOOD.body, path="/wecom/callback/"), 404),
}


async def test_what_tencent_did_not_seal_for_us_now_is_refused_before_anything_is_done(
    tencent: Tencent, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    answers = {name: await tencent.send(post) for name, (post, _) in REFUSED.items()}

    assert answers == {name: (status, b"") for name, (_, status) in REFUSED.items()}
    assert tencent.ear.heard == []
    assert tencent.callback.heard_at is None
    for secret in ("canary", GOOD.params["msg_signature"], SEALED[:20], KEY[:10], "root", "n1"):
        assert secret not in caplog.text
    ours = [record for record in caplog.records if record.name == "bot.platforms.wecom.callback"]
    assert {record.levelno for record in ours} == {logging.WARNING}
    assert "from 127.0.0.1: wrong signature" in caplog.text


@pytest.mark.parametrize("late", [-300, 300])
async def test_five_minutes_between_two_clocks_are_borne(tencent: Tencent, late: int) -> None:
    assert (await tencent.send(_post(_xml(), late=late)))[0] == 200


async def test_what_says_it_is_too_large_is_refused_before_it_is_sent(tencent: Tencent) -> None:
    for length, status in ((LARGEST_BODY + 1, 413), (50 * 2**20, 413), (10**19, 413), ("9" * 5000, 400)):
        async with tencent.connection() as (reader, writer):
            writer.write(_request(GOOD, f"Content-Length: {length}"))
            answer = await reader.read()

        assert answer.startswith(f"HTTP/1.1 {status} ".encode())
        assert tencent.ear.heard == []


async def test_what_turns_out_too_large_is_refused_at_the_limit(tencent: Tencent) -> None:
    chunk = b"8000\r\n" + b"<" * 0x8000 + b"\r\n"
    async with tencent.connection() as (reader, writer):
        writer.write(_request(GOOD, "Transfer-Encoding: chunked") + chunk * 8)
        await writer.drain()
        writer.write(b"1\r\n<\r\n")
        answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert tencent.ear.heard == []


async def test_a_message_in_pieces_is_heard(tencent: Tencent) -> None:
    pieces = [GOOD.body[start : start + 100] for start in range(0, len(GOOD.body), 100)]
    async with tencent.connection() as (reader, writer):
        writer.write(_request(GOOD, "Transfer-Encoding: chunked", "Connection: close"))
        for piece in [*pieces, b""]:
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert tencent.ear.texts == [CANARY]


async def test_nobody_holds_a_connection_by_sending_slowly(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    tencent = stage.tencent(patience=0.02)
    async with tencent.connection() as (reader, writer):
        writer.write(_request(GOOD, f"Content-Length: {len(GOOD.body)}") + GOOD.body[:-1])
        async with asyncio.timeout(4):
            answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert "too slow" in caplog.text
    assert tencent.ear.heard == []


async def test_what_is_broken_off_is_dropped_without_a_traceback(
    tencent: Tencent, caplog: pytest.LogCaptureFixture
) -> None:
    async with tencent.connection() as (_, writer):
        writer.write(_request(GOOD, f"Content-Length: {len(GOOD.body)}") + GOOD.body[:-1])
        await writer.drain()
    async with asyncio.timeout(10):
        while not caplog.records:  # noqa: ASYNC110 -- a log has no event to wait for
            await asyncio.sleep(0)

    assert [record.getMessage() for record in caplog.records] == [
        "refused a callback from 127.0.0.1: broken off (and 0 more before it)"
    ]
    assert tencent.ear.heard == []


async def test_what_was_handled_and_comes_again_is_confirmed_with_no_work(tencent: Tencent) -> None:
    answers = [await tencent.send(GOOD) for _ in range(3)]

    assert answers == [(200, b"")] * 3
    assert len(tencent.ear.heard) == 1


async def test_what_was_caught_long_ago_is_refused_after_it_is_forgotten(tencent: Tencent) -> None:
    await tencent.send(GOOD)
    tencent.clock.set(NOW + timedelta(seconds=301))

    assert await tencent.send(GOOD) == (403, b"")
    assert len(tencent.ear.heard) == 1


async def test_what_could_not_be_stored_is_not_confirmed_and_is_heard_when_it_comes_again(
    tencent: Tencent, caplog: pytest.LogCaptureFixture
) -> None:
    tencent.ear.fails = [StorageError("the disk is full")]

    answers = [await tencent.send(GOOD) for _ in range(3)]

    assert answers == [(503, b""), (200, b""), (200, b"")]
    assert tencent.ear.texts == [CANARY]
    assert "could not be stored" in caplog.text


async def test_a_mistake_of_ours_is_not_confirmed_either(
    tencent: Tencent, caplog: pytest.LogCaptureFixture
) -> None:
    tencent.ear.fails = [LookupError("a mistake")]

    answers = [(await tencent.send(GOOD))[0] for _ in range(2)]

    assert answers == [500, 200]
    assert tencent.ear.texts == [CANARY]
    assert "LookupError: a mistake" in caplog.text


async def test_before_anybody_listens_tencent_is_asked_to_come_again(tencent: Tencent) -> None:
    tencent.callback.listener = None
    before = await tencent.send(GOOD)
    tencent.callback.listener = tencent.ear

    assert (before, await tencent.send(GOOD)) == ((503, b""), (200, b""))
    assert tencent.ear.texts == [CANARY]


async def test_nothing_is_confirmed_before_it_is_stored(tencent: Tencent) -> None:
    tencent.ear.gate.clear()
    sending = asyncio.create_task(tencent.send(GOOD))
    await tencent.ear.began.wait()
    others = [await tencent.send(_post(_press(), late=-301)) for _ in range(3)]

    assert not sending.done()
    assert others == [(403, b"")] * 3

    tencent.ear.gate.set()
    assert await sending == (200, b"")


async def test_tencents_second_try_of_a_message_has_the_key_of_the_first(tencent: Tencent) -> None:
    tencent.ear.gate.clear()
    tries = [asyncio.create_task(tencent.send(_post(_xml(), nonce=nonce))) for nonce in ("n1", "n2", "n3")]
    await tencent.ear.began.wait()
    tries[0].cancel()
    tencent.ear.gate.set()
    answers = await asyncio.gather(*tries[1:])

    assert answers == [(200, b"")] * 2
    assert {said.key for said in tencent.ear.heard} == {f"wecom:{CORP}:{AGENT}:1"}


async def test_two_presses_of_one_person_in_one_second_are_two(tencent: Tencent) -> None:
    answers = [await tencent.send(_post(_press(key))) for key in ("Xy3.0", "Xy3.1", "Xy3.0")]

    assert answers == [(200, b"")] * 3
    assert [said.button for said in tencent.ear.heard if isinstance(said, Incoming)] == [
        "Xy3.0",
        "Xy3.1",
        "Xy3.0",
    ]
    assert len({said.key for said in tencent.ear.heard}) == 2


async def test_the_code_of_a_pressed_card_is_told_before_the_press(tencent: Tencent) -> None:
    told: list[tuple[str, str, int]] = []
    tencent.callback.pressed = lambda task, code: told.append((task, code, len(tencent.ear.heard)))

    await tencent.send(_post(_press()))

    assert told == [("Xy3", "RC", 0)]
    assert len(tencent.ear.heard) == 1


async def test_what_cannot_be_read_is_kept_and_confirmed(tencent: Tencent) -> None:
    odd = _xml(MsgType="hologram")

    assert await tencent.send(_post(odd)) == (200, b"")

    (kept,) = tencent.ear.heard
    assert isinstance(kept, Unreadable)
    assert kept.raw == odd.decode()


async def test_what_concerns_nobody_is_confirmed_and_goes_no_further(tencent: Tencent) -> None:
    assert await tencent.send(_post(_xml(MsgType="event", Event="view"))) == (200, b"")
    assert tencent.ear.heard == []
    assert tencent.callback.heard_at == NOW


async def test_a_flood_of_forgeries_delays_nobody_and_fills_no_log(
    tencent: Tencent, caplog: pytest.LogCaptureFixture
) -> None:
    loop = asyncio.get_running_loop()
    forged = GOOD.bent(msg_signature="0" * 40)
    bomb = Post(GOOD.params, b"<a>" * 20_000)
    flood = [asyncio.create_task(tencent.send(each)) for each in [forged, bomb] * 50]
    began = loop.time()
    answer = await tencent.send(GOOD)
    took = loop.time() - began
    answers = await asyncio.gather(*flood)

    assert answer == (200, b"")
    assert took < 1
    assert {status for status, _ in answers} == {403, 400}
    assert len(tencent.ear.heard) == 1
    assert len(caplog.records) == 2


async def test_a_minute_later_the_log_says_how_many_there_were(
    tencent: Tencent, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        await tencent.send(GOOD.bent(nonce="n2"))
    tencent.clock.set(NOW + timedelta(seconds=60))
    await tencent.send(GOOD.bent(nonce="n2"))

    assert [record.getMessage().partition(": ")[2] for record in caplog.records] == [
        "wrong signature (and 0 more before it)",
        "wrong signature (and 2 more before it)",
    ]


async def test_what_was_handled_is_remembered_for_as_long_as_it_would_be_fresh_and_within_bounds() -> None:
    handled = Callback(CRYPT, VirtualClock(NOW), agent_id=AGENT)._handled
    for second in range(1000):
        handled.note(str(second), NOW + timedelta(seconds=second))

    later = NOW + timedelta(seconds=999)
    assert [handled.knows(name, later) for name in ("398", "399", "999")] == [False, True, True]
    for number in range(20_000):
        handled.note(f"of one second {number}", later)
    assert len(handled._at) == 10_000
    assert handled.knows("of one second 19999", later)
