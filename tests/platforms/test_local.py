"""The local page over real sockets: who may speak, what reaches the bot, what a browser is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientSession, StreamReader

from bot.chat import Address, Attachment, Button, ChatPlatform, Event, Outgoing, Paper, Ref
from bot.errors import ConfigurationError, DeliveryError, Failure
from bot.platforms.local import Jump, LocalPlatform
from bot.platforms.local.shelf import Shelf, plain_name
from bot.platforms.local.timeline import Timeline
from tests.platforms.local_county import (
    CHEN,
    GROUP,
    LIU,
    LIU_CHAT,
    MONDAY,
    SUN,
    FakeBot,
    FakeCounty,
    open_page,
)

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
SAME = Button("全部照旧", "same:1")
REFUSALS = [(400, {"error": "bad_request"}), (400, {"error": "empty"})]
HOSTILE = "<b>粗</b> _*[]( \u202egnp.exe <img src=x onerror=alert(1)> \x00 \ud800 \u2028 =1+1"


@dataclass
class Browser:
    """What a browser does, without the browser."""

    session: ClientSession
    platform: LocalPlatform

    async def post(self, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        return await self.post_raw(path, json.dumps(body).encode())

    async def post_raw(self, path: str, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
        origin = {"Origin": self.platform.url.rstrip("/")} | headers
        async with self.session.post(self.platform.url + path, data=BytesIO(body), headers=origin) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str) -> Any:
        async with self.session.get(self.platform.url + path) as answer:
            assert answer.status == 200
            return await answer.json()

    async def history(self, chat: str = LIU_CHAT.chat) -> list[dict[str, Any]]:
        return list(await self.get(f"chat?id={quote(chat)}"))

    @asynccontextmanager
    async def feed(self, after: str | None = None) -> AsyncIterator["Feed"]:
        headers = {} if after is None else {"Last-Event-ID": after}
        mark = (await self.get("state"))["mark"] if after is None else ""
        async with self.session.get(f"{self.platform.url}feed?after={mark}", headers=headers) as answer:
            assert answer.content_type == "text/event-stream"
            yield Feed(answer.content)


@dataclass
class Feed:
    """The events of one connection, without the ticking of the clock."""

    lines: StreamReader
    mark: str = ""

    async def next(self) -> tuple[str, dict[str, Any]]:
        async with asyncio.timeout(10):
            while True:
                block = {}
                while line := (await self.lines.readuntil()).decode().rstrip("\n"):
                    name, _, value = line.partition(": ")
                    block[name] = value
                self.mark = block.get("id", self.mark)
                if "id" in block:
                    return block["event"], json.loads(block["data"])

    async def texts(self, count: int) -> list[str]:
        return [(await self.next())[1]["text"] for _ in range(count)]


@pytest.fixture
def county() -> FakeCounty:
    return FakeCounty()


@pytest.fixture
def bot(county: FakeCounty) -> FakeBot:
    return FakeBot(county)


@pytest.fixture
async def browser(county: FakeCounty, bot: FakeBot) -> AsyncIterator[Browser]:
    async with open_page(county, bot) as platform, ClientSession() as session:
        yield Browser(session, platform)


async def say(browser: Browser, text: str) -> str:
    """Let Liu write something; return the id of the message."""
    status, _ = await browser.post("say", chat=LIU_CHAT.chat, text=text)
    assert status == 200
    return str((await browser.history())[-1]["id"])


async def ask(browser: Browser) -> Ref:
    """Let the bot ask Liu something with a button."""
    ref = await browser.platform.send(Outgoing(LIU_CHAT, "您有 2 个项目", ((SAME,),)))
    assert ref is not None
    return ref


async def test_what_somebody_writes_in_their_chat_reaches_the_bot_as_theirs(
    browser: Browser, bot: FakeBot
) -> None:
    await browser.post("say", chat="p:15", sender=CHEN, text="1 主体封顶")

    assert (bot.last.sender, bot.last.text, bot.last.private) == (LIU, "1 主体封顶", True)
    assert bot.last.at == Address("local", "p:15")
    assert bot.last.sent_at == MONDAY


async def test_in_a_group_the_chosen_person_speaks(browser: Browser, bot: FakeBot) -> None:
    await browser.post("say", chat=GROUP.chat, sender=CHEN, text="收到")

    assert (bot.last.sender, bot.last.private, bot.last.at) == (CHEN, False, GROUP)


async def test_every_message_has_a_key_of_its_own_even_across_runs(county: FakeCounty, bot: FakeBot) -> None:
    for _ in range(2):
        async with open_page(county, bot) as platform, ClientSession() as session:
            await say(Browser(session, platform), "照旧")
            await say(Browser(session, platform), "照旧")

    assert len({incoming.key for incoming in bot.heard}) == 4
    assert all(incoming.key.startswith("local:") for incoming in bot.heard)


async def test_messages_reach_the_bot_in_the_order_they_are_shown(browser: Browser, bot: FakeBot) -> None:
    await asyncio.gather(*(browser.post("say", chat="p:15", text=str(n)) for n in range(30)))

    assert [said["text"] for said in await browser.history()] == [incoming.text for incoming in bot.heard]


async def test_a_pressed_button_reaches_the_bot_and_its_notice_comes_back(
    browser: Browser, bot: FakeBot
) -> None:
    ref, bot.notice = await ask(browser), "已记下"

    answer = await browser.post("press", chat="p:15", message=ref.message, data=SAME.data)

    assert answer == (200, {"notice": "已记下"})
    assert (bot.last.button, bot.last.message, bot.last.sender) == ("same:1", ref.message, LIU)


async def test_a_button_of_another_run_is_answered_with_a_sentence(browser: Browser, bot: FakeBot) -> None:
    answer = await browser.post("press", chat="p:15", message="0000-1", data="same:1")

    assert answer == (410, {"error": "message_gone"})
    assert bot.heard == []


async def test_an_update_changes_the_message_in_its_place(browser: Browser) -> None:
    ref = await ask(browser)
    async with browser.feed() as feed:
        changed = await browser.platform.update(ref, Outgoing(LIU_CHAT, "已记：照旧"))
        kind, told = await feed.next()

    assert changed
    assert (kind, told["id"], told["text"], told["buttons"]) == ("message", ref.message, "已记：照旧", [])
    assert [said["text"] for said in await browser.history()] == ["已记：照旧"]
    assert told["revision"] > 1


async def test_a_message_of_another_run_cannot_be_updated(browser: Browser) -> None:
    assert not await browser.platform.update(Ref(LIU_CHAT, "0000-1"), Outgoing(LIU_CHAT, "已记"))


async def test_what_a_person_wrote_cannot_be_updated_by_the_bot(browser: Browser) -> None:
    message = await say(browser, "照旧")

    assert not await browser.platform.update(Ref(LIU_CHAT, message), Outgoing(LIU_CHAT, "别的"))


async def test_an_update_is_not_counted_as_unread(browser: Browser) -> None:
    ref = await ask(browser)
    await browser.platform.update(ref, Outgoing(LIU_CHAT, "已记：照旧"))

    assert [said["nth"] for said in (await browser.get("state"))["latest"]] == [1]


async def test_an_uploaded_file_can_be_fetched_by_the_bot(browser: Browser, bot: FakeBot) -> None:
    content = bytes(range(256)) * 1000
    _, kept = await browser.post_raw(
        f"uploads?name={quote('现场 照片.zip')}", content, **{"Content-Type": "x/zip"}
    )

    await browser.post("say", chat="p:15", text="照片", files=[kept["token"]])

    (attachment,) = bot.last.attachments
    assert attachment == Attachment(kept["token"], "现场 照片.zip", "x/zip", len(content))
    assert (await browser.platform.fetch(attachment)).content == content


async def test_a_file_no_longer_kept_is_refused_for_good(browser: Browser) -> None:
    with pytest.raises(DeliveryError) as error:
        await browser.platform.fetch(Attachment("gone", "图.png", "image/png"))

    assert error.value.kind is Failure.REFUSED


async def test_a_file_over_the_limit_is_not_taken(browser: Browser) -> None:
    assert await browser.post_raw("uploads?name=a", b"x" * (20 * 2**20 + 1)) == (413, {"error": "too_large"})


async def test_what_the_bot_handed_over_cannot_be_sent_back_as_ones_own(
    browser: Browser, bot: FakeBot
) -> None:
    await browser.platform.send(Outgoing(LIU_CHAT, "台账", paper=Paper("a.xlsx", "x/y", b"1")))
    token = (await browser.history())[0]["files"][0]["token"]

    assert (await browser.post("say", chat="p:15", text="", files=[token]))[0] == 410
    assert bot.heard == []


@pytest.mark.parametrize(
    ("media_type", "content", "served", "where"),
    [
        ("image/png", PNG, "image/png", "inline"),
        ("image/png", b"<svg onload=alert(1)>", "application/octet-stream", "attachment"),  # only says so
        ("image/svg+xml", b"<svg/>", "application/octet-stream", "attachment"),
        ("text/html", b"<script>1</script>", "application/octet-stream", "attachment"),
    ],
)
async def test_only_our_own_pictures_open_in_the_browser(
    browser: Browser, media_type: str, content: bytes, served: str, where: str
) -> None:
    await browser.platform.send(Outgoing(LIU_CHAT, "", paper=Paper("周报.png", media_type, content)))
    token = (await browser.history())[0]["files"][0]["token"]

    async with browser.session.get(f"{browser.platform.url}files/{token}") as answer:
        assert answer.content_type == served
        assert answer.headers["Content-Disposition"] == f"{where}; filename*=UTF-8''{quote('周报.png')}"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")
        assert await answer.read() == content


async def test_a_picture_somebody_sent_is_a_download_whatever_it_is(browser: Browser) -> None:
    _, kept = await browser.post_raw("uploads?name=a.png", PNG)

    async with browser.session.get(f"{browser.platform.url}files/{kept['token']}") as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment")


async def test_what_could_not_be_stored_stays_as_unsent_and_is_offered_again_under_the_same_key(
    browser: Browser, bot: FakeBot
) -> None:
    bot.broken = True
    assert await browser.post("say", chat="p:15", text="1 问题") == (503, {"error": "not_stored"})
    (unsent,) = await browser.history()
    await browser.post("again", chat="p:15", message=unsent["id"])
    bot.broken = False
    await browser.post("again", chat="p:15", message=unsent["id"])

    (sent,) = await browser.history()
    assert (unsent["unsent"], sent["unsent"]) == (True, False)
    assert (bot.last.text, bot.last.message) == ("1 问题", sent["id"])
    assert (await browser.post("again", chat="p:15", message=sent["id"]))[0] == 410
    assert len(bot.heard) == 1


async def test_an_edit_replaces_the_words_and_says_so(browser: Browser, bot: FakeBot) -> None:
    message = await say(browser, "1 形象进度26%")

    await browser.post("edit", chat="p:15", message=message, text="1 形象进度62%")

    assert (bot.last.text, bot.last.message, bot.last.edited) == ("1 形象进度62%", message, True)
    assert bot.heard[0].key != bot.last.key
    assert [(said["text"], said["edited"]) for said in await browser.history()] == [("1 形象进度62%", True)]


async def test_words_that_never_arrived_are_not_an_edit_when_they_do(browser: Browser, bot: FakeBot) -> None:
    bot.broken = True
    await browser.post("say", chat="p:15", text="1 形象进度26%")
    (unsent,) = await browser.history()
    bot.broken = False

    await browser.post("edit", chat="p:15", message=unsent["id"], text="1 形象进度62%")

    assert (bot.last.text, bot.last.edited) == ("1 形象进度62%", False)
    assert not (await browser.history())[0]["unsent"]


async def test_an_edit_that_could_not_be_stored_is_still_an_edit_the_next_time(
    browser: Browser, bot: FakeBot
) -> None:
    message = await say(browser, "1 形象进度26%")
    bot.broken = True
    await browser.post("edit", chat="p:15", message=message, text="1 形象进度61%")
    bot.broken = False

    await browser.post("edit", chat="p:15", message=message, text="1 形象进度62%")

    assert (bot.last.text, bot.last.edited) == ("1 形象进度62%", True)


async def test_nobody_edits_the_words_of_others(browser: Browser, bot: FakeBot) -> None:
    await browser.post("say", chat=GROUP.chat, sender=CHEN, text="收到")
    (said,) = await browser.history(GROUP.chat)

    status, _ = await browser.post("edit", chat=GROUP.chat, sender=LIU, message=said["id"], text="不同意")

    assert status == 410
    assert len(bot.heard) == 1


async def test_adding_the_bot_to_a_new_group_is_an_event_with_its_title(
    browser: Browser, bot: FakeBot
) -> None:
    _, answer = await browser.post("groups", title="云集镇项目群", sender=SUN)

    assert (bot.last.event, bot.last.detail) == (Event.JOINED_GROUP, "云集镇项目群")
    assert (bot.last.sender, bot.last.private, bot.last.at.chat) == (SUN, False, answer["chat"])
    assert answer["chat"] in [group["chat"] for group in (await browser.get("state"))["groups"]]


async def test_hostile_text_passes_unchanged(browser: Browser, bot: FakeBot) -> None:
    await say(browser, HOSTILE)

    assert bot.last.text == HOSTILE
    assert [said["text"] for said in await browser.history()] == [HOSTILE]


async def test_a_browser_that_was_away_gets_what_it_missed_once(browser: Browser) -> None:
    async with browser.feed() as feed:
        await ask(browser)
        await feed.next()
        mark = feed.mark
    for n in range(3):
        await browser.platform.send(Outgoing(LIU_CHAT, str(n)))

    async with browser.feed(after=mark) as feed:
        missed = await feed.texts(3)
        await browser.platform.send(Outgoing(LIU_CHAT, "3"))
        assert missed + await feed.texts(1) == ["0", "1", "2", "3"]


@pytest.mark.parametrize("mark", ["", "0123456789abcdef.0", "nonsense", "{boot}.99", "{boot}.x"])
async def test_a_browser_of_another_run_is_told_to_start_afresh(browser: Browser, mark: str) -> None:
    boot = (await browser.get("state"))["boot"]
    async with browser.feed(after=mark.format(boot=boot)) as feed:
        assert (await feed.next())[0] == "reload"
        await browser.platform.send(Outgoing(LIU_CHAT, "早上好"))
        assert await feed.texts(1) == ["早上好"]


async def test_a_browser_that_does_not_read_holds_up_nobody_and_then_starts_afresh(browser: Browser) -> None:
    async with browser.feed() as slow:
        for _ in range(4000):
            await browser.platform.send(Outgoing(LIU_CHAT, "x" * 4000))
        kinds = []
        while "reload" not in kinds:
            kinds.append((await slow.next())[0])

    assert len(kinds) < 3000


async def test_the_event_log_is_told_and_kept(browser: Browser) -> None:
    async with browser.feed() as feed:
        browser.platform.note(MONDAY, "每日催报：46 条")
        kind, told = await feed.next()

    assert (kind, told["text"]) == ("note", "每日催报：46 条")
    assert (await browser.get("state"))["notes"] == [told]


@pytest.mark.parametrize("to", list(Jump))
async def test_pushing_the_clock_moves_the_county_and_tells_every_browser(
    browser: Browser, county: FakeCounty, to: Jump
) -> None:
    async with browser.feed() as feed:
        status, clock = await browser.post("clock", to=to)
        told = [await feed.next(), await feed.next()]

    assert county.jumps == [to]
    assert (status, clock["now"]) == (200, "2026-11-23T01:55:00+00:00")
    assert [(kind, clock["moving"]) for kind, clock in told] == [("clock", True), ("clock", False)]


async def test_only_one_hand_at_a_time_pushes_the_clock(browser: Browser, county: FakeCounty) -> None:
    county.going = asyncio.Event()
    async with browser.feed() as feed:
        first = asyncio.create_task(browser.post("clock", to="hour"))
        await feed.next()
        async with asyncio.timeout(10):
            second = await browser.post("clock", to="hour")
        county.going.set()

    assert second == (409, {"error": "clock_moving"})
    assert (await first)[0] == 200
    assert county.jumps == [Jump.HOUR]


async def test_the_clock_of_a_real_county_cannot_be_pushed(browser: Browser, county: FakeCounty) -> None:
    county.controllable = False

    assert await browser.post("clock", to="hour") == (403, {"error": "clock_fixed"})
    assert county.jumps == []


NONSENSE = [
    ("say", b"not json"),
    ("say", b"[1]"),
    ("say", b"[" * 200_000),
    ("say", b'{"chat": "p:15"}'),
    ("say", b'{"chat": "p:15", "text": ["a"]}'),
    ("say", b'{"chat": "p:15", "text": "a", "files": {"a": 1}}'),
    ("say", b'{"chat": "p:0", "text": "a"}'),
    ("say", b'{"chat": "p:15/../1", "text": "a"}'),
    ("say", b'{"chat": "g:county", "text": "a"}'),
    ("say", '{"chat": "p:１５", "text": "a"}'.encode()),
    ("press", b'{"chat": "p:15", "message": "m", "data": ""}'),
    ("press", json.dumps({"chat": "p:15", "message": "m", "data": "一" * 22}).encode()),
    ("groups", b'{"title": "  ", "sender": "40"}'),
    ("groups", b'{"title": "a", "sender": "everyone"}'),
    ("clock", b'{"to": "yesterday"}'),
]


async def test_nonsense_is_refused_and_reaches_nobody(browser: Browser, bot: FakeBot) -> None:
    answers = [(path, body[:60], *await browser.post_raw(path, body)) for path, body in NONSENSE]

    assert [answer for answer in answers if answer[2:] not in REFUSALS] == []
    assert bot.heard == []


FOREIGN = [
    {"Host": "evil.example"},  # DNS rebinding: their name, our address
    {"Host": "127.0.0.1.evil.example"},
    {"Host": "evil@127.0.0.1"},
    {"Host": ""},
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost:1"},  # another port is another site
    {"Origin": "null"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
]


async def test_no_other_page_speaks_for_the_people_here(browser: Browser, bot: FakeBot) -> None:
    own = {"Origin": browser.platform.url.rstrip("/")}
    body = json.dumps({"chat": "p:15", "text": "照旧"})
    heard = []
    for headers in FOREIGN:
        async with browser.session.post(
            f"{browser.platform.url}say", data=body, headers=own | headers
        ) as answer:
            if answer.status != 403:
                heard.append(headers)

    assert heard == []
    assert bot.heard == []


READERS = [
    ({"Host": "evil.example:8765"}, 403),
    ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
    ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),  # a link in a mail
    ({"Host": "localhost:9999"}, 200),  # through ssh -L
    ({"Host": "[::1]:8765"}, 200),
]


async def test_reading_is_for_this_machine_under_its_own_name(browser: Browser) -> None:
    answers = []
    for headers, _ in READERS:
        async with browser.session.get(f"{browser.platform.url}state", headers=headers) as answer:
            answers.append((headers, answer.status))

    assert answers == READERS


async def test_every_answer_is_sealed(browser: Browser) -> None:
    for path in ("", "page.js", "page.css", "state", "files/none"):
        async with browser.session.get(browser.platform.url + path) as answer:
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert "Server" not in answer.headers


@pytest.mark.parametrize(
    "listen",
    [
        "0.0.0.0:8765",
        "[::]:8765",
        "192.168.1.5:8765",
        "county.example:8765",
        ":8765",
        "127.0.0.1",
        "8765",
        "127.0.0.1:x",
    ],
)
def test_an_address_others_could_reach_is_refused_with_its_cure(listen: str) -> None:
    with pytest.raises(ConfigurationError, match=r"127\.0\.0\.1:8765") as error:
        LocalPlatform(FakeCounty(), listen)

    assert error.value.faults[0].startswith("local.listen: ")
    assert repr(listen) in error.value.faults[0]


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        ("127.0.0.1:8765", "http://127.0.0.1:8765/"),
        ("localhost:8765", "http://127.0.0.1:8765/"),
        ("127.0.0.2:8765", "http://127.0.0.2:8765/"),
        ("[::1]:8765", "http://[::1]:8765/"),
    ],
)
def test_an_address_of_this_machine_is_taken(listen: str, url: str) -> None:
    assert LocalPlatform(FakeCounty(), listen).url == url


async def test_a_taken_port_is_said_with_its_cure(browser: Browser) -> None:
    taken = browser.platform.url.removeprefix("http://").rstrip("/")
    port = int(taken.rpartition(":")[2])

    with pytest.raises(ConfigurationError, match=f"port {port} is taken.*for example 127.0.0.1:"):
        LocalPlatform(FakeCounty(), taken).listen()


async def test_stopping_lets_every_browser_and_the_port_go(county: FakeCounty, bot: FakeBot) -> None:
    async with ClientSession() as session:
        async with open_page(county, bot) as platform:
            browser = Browser(session, platform)
            assert await browser.get("state")
            assert platform.healthy() == ""
            feed = await session.get(f"{platform.url}feed")
            await feed.content.readline()
        async with asyncio.timeout(5):
            await feed.read()
    again = LocalPlatform(county, platform.url.removeprefix("http://").rstrip("/"))
    again.listen()
    await again.close()

    assert "not being served" in platform.healthy()


async def test_the_page_is_a_platform_like_the_others(county: FakeCounty) -> None:
    platform: ChatPlatform = LocalPlatform(county)

    assert platform.name == "local"
    assert platform.capabilities.per_second is None
    assert await platform.link("code") == ""
    with pytest.raises(DeliveryError) as error:
        await platform.send(Outgoing(Address("local", "42"), "早上好"))
    assert error.value.kind is Failure.UNREACHABLE


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("现场 照片.png", "现场 照片.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.xlsx", "a.xlsx"),
        ("\u202egnp.exe", "gnp.exe"),
        ("a\r\nSet-Cookie: b", "aSet-Cookie: b"),
        ("\ud800.txt", "txt"),
        ("..", "file"),
        ("", "file"),
        ("长" * 300 + ".png", "长" * 146 + ".png"),
    ],
)
def test_a_file_name_is_a_name_and_nothing_else(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_the_oldest_files_go_when_there_is_no_room() -> None:
    shelf = Shelf(room=100)
    first, second, third = (shelf.put("a", "x/y", b"x" * 40, ours=False) for _ in range(3))

    assert shelf.get(first.token) is None
    assert shelf.get(second.token) is second
    assert shelf.get(third.token) is third


def test_a_place_is_remembered_only_as_long_as_nothing_after_it_is_forgotten() -> None:
    timeline = Timeline(keep=3)
    for n in range(5):
        timeline.add("note", {"n": n})

    assert timeline.after(1) is None
    assert [happening.number for happening in timeline.after(2) or []] == [3, 4, 5]
    assert timeline.after(5) == []


async def test_the_state_names_everybody_with_their_chat(browser: Browser) -> None:
    state = await browser.get("state")

    assert [(person["id"], person["chat"], person["joined"]) for person in state["people"]] == [
        ("15", "p:15", True),
        ("21", "p:21", True),
        ("40", "p:40", True),
        ("51", "p:51", False),
    ]
    assert state["clock"]["workday"] is True
    assert datetime.fromisoformat(state["clock"]["next"]["at"]) == datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
