"""What the app of WeCom is asked to send arrives once, and every failure is told for what it is."""

import asyncio
import contextlib
import json
import logging
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.chat import Event, Finding, Incoming, Listener, Paper, Unreadable
from bot.clock import VirtualClock
from bot.errors import ConfigurationError, DeliveryError, Failure, StorageError
from bot.platforms.wecom.access import AccessToken
from bot.platforms.wecom.api import Api
from bot.platforms.wecom.app import AppChannel
from bot.platforms.wecom.codes import meaning
from bot.platforms.wecom.errors import NotSent, Unanswered, WeComError
from bot.platforms.wecom.exchange import same_bytes
from bot.platforms.wecom.parts import Part
from tests.canary import MARK
from tests.wecom.api import Fault, WeComApi

MONDAY = datetime(2026, 11, 23, 1, tzinfo=UTC)
HELLO = Part(text="早上好")
PNG = Paper('周报 "第48周"/大桥镇.png', "image/png", b"\x89PNG picture")
XLSX = Paper("台账.xlsx", "application/vnd.ms-excel", b"PK book")
IN_DOUBT = [
    Fault.UNANSWERED, Fault.RST, Fault.RST_AFTER, Fault.TRUNCATED,
    Fault.CUT_JSON, Fault.HTML, Fault.HTML_200, Fault.GATEWAY, Fault.HANG,
]  # fmt: skip


class Steps:
    """A pause that lasts until the test takes the next step."""

    def __init__(self) -> None:
        self.begun = 0
        self._waiting = asyncio.Semaphore(0)

    async def pause(self, _seconds: float) -> None:
        self.begun += 1
        await self._waiting.acquire()

    def next(self) -> None:
        self._waiting.release()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(MONDAY)


@pytest.fixture
def steps() -> Steps:
    return Steps()


@pytest.fixture
async def wecom(clock: VirtualClock) -> AsyncIterator[WeComApi]:
    async with WeComApi(clock=clock) as wecom:
        wecom.adds("LiuMin", "刘敏")
        yield wecom


@pytest.fixture
def patience() -> float:
    """Seconds until no answer counts as none; a busy machine may take some of them."""
    return 10


@pytest.fixture
async def app(
    wecom: WeComApi, clock: VirtualClock, steps: Steps, patience: float
) -> AsyncIterator[AppChannel]:
    app = _channel(wecom, clock, steps, patience=patience)
    yield app
    await app.close()


def _channel(
    wecom: WeComApi, clock: VirtualClock, steps: Steps, secret: str = "", patience: float = 10
) -> AppChannel:
    return AppChannel(
        wecom.corp_id,
        wecom.agent_id,
        secret or wecom.secret,
        wecom.token,
        wecom.aes_key,
        clock=clock,
        api_base=wecom.base,
        listen="127.0.0.1:0",
        timeout=patience,
        pause=steps.pause,
    )


def _card(task_id: str = "T1", *labels: str, title: str = "问题 2026-063") -> Part:
    buttons = [{"text": label, "style": 1, "key": f"{task_id}.{label}"} for label in labels or ("接办",)]
    return Part(
        card={
            "card_type": "button_interaction",
            "main_title": {"title": title},
            "button_list": buttons,
            "task_id": task_id,
        }
    )


async def _hello(app: AppChannel, to: str = "LiuMin") -> str:
    return await app.deliver(to, HELLO, in_group=False)


async def _error(doing: Awaitable[object]) -> WeComError:
    with pytest.raises(WeComError) as caught:
        await doing
    return caught.value


def _sends(wecom: WeComApi) -> list[bytes]:
    return [body for path, body in wecom.bodies if path == "message/send"]


# -- the access token -------------------------------------------------------------------------


async def test_fifty_who_send_at_once_ask_for_one_token(wecom: WeComApi, app: AppChannel) -> None:
    texts = [Part(text=f"第 {number} 条") for number in range(50)]

    await asyncio.gather(*(app.deliver("LiuMin", each, in_group=False) for each in texts))

    assert wecom.gettokens == 1
    assert sorted(wecom.texts("LiuMin")) == sorted(each.text for each in texts)


@pytest.mark.parametrize("code", [40014, 41001, 42001])
async def test_a_token_that_is_over_is_renewed_once_and_the_message_arrives(
    wecom: WeComApi, app: AppChannel, code: int
) -> None:
    await _hello(app)
    wecom.script("message/send", Fault.ERRCODE, code=code)

    await app.deliver("LiuMin", Part(text="再来"), in_group=False)

    assert wecom.gettokens == 2
    assert wecom.texts("LiuMin") == ["早上好", "再来"]
    assert len(_sends(wecom)) == 3


async def test_a_token_that_is_over_again_at_once_is_not_renewed_for_ever(
    wecom: WeComApi, app: AppChannel
) -> None:
    wecom.script("message/send", Fault.ERRCODE, code=42001, times=2)

    error = await _error(_hello(app))

    assert error.code == 42001
    assert (wecom.gettokens, len(_sends(wecom))) == (2, 2)


async def test_eight_whose_token_is_over_get_one_new_one(wecom: WeComApi, app: AppChannel) -> None:
    await _hello(app)
    wecom.revokes(42001)

    texts = [Part(text=str(number)) for number in range(8)]
    await asyncio.gather(*(app.deliver("LiuMin", each, in_group=False) for each in texts))

    assert wecom.refused.count(("message/send", 42001)) == 8
    assert wecom.gettokens == 2
    assert len(wecom.shown("LiuMin")) == 9


async def test_a_token_is_renewed_shortly_before_its_end(
    wecom: WeComApi, app: AppChannel, clock: VirtualClock
) -> None:
    asked = []
    for minutes in (0, 114, 116):
        clock.set(MONDAY + timedelta(minutes=minutes))
        await app.api.call("GET", "department/list")
        asked.append(wecom.gettokens)

    assert asked == [1, 1, 2]
    assert wecom.refused == []


@pytest.mark.parametrize(("corp_id", "secret", "code"), [("", "wrong", 40001), ("ww0", MARK, 40013)])
async def test_wrong_credentials_are_not_tried_again_for_a_minute(
    wecom: WeComApi, clock: VirtualClock, corp_id: str, secret: str, code: int
) -> None:
    api = Api(wecom.base, corp_id or wecom.corp_id, secret, clock=clock)

    errors = [await _error(api.call("GET", "department/list")) for _ in range(10)]
    asked = wecom.gettokens
    clock.set(MONDAY + timedelta(seconds=61))
    await _error(api.call("GET", "department/list"))
    await api.close()

    assert {error.code for error in errors} == {code}
    assert (asked, wecom.gettokens) == (1, 2)


async def test_who_hears_late_that_the_old_token_is_over_spoils_nothing_for_the_new(
    clock: VirtualClock,
) -> None:
    given: list[str] = []

    async def fetch() -> dict[str, object]:
        given.append(f"token-{len(given) + 1}")
        return {"access_token": given[-1], "expires_in": 7200}

    access = AccessToken(fetch, clock)
    old = await access.get()
    access.drop(old)
    new = await access.get()
    access.drop(old)

    assert await access.get() == new
    assert given == ["token-1", "token-2"]


@pytest.mark.parametrize(("code", "asked"), [(-1, 2), (45009, 1)])
async def test_only_who_is_busy_may_be_asked_for_a_token_again_at_once(
    wecom: WeComApi, app: AppChannel, code: int, asked: int
) -> None:
    wecom.script("gettoken", Fault.ERRCODE, code=code)

    with pytest.raises(WeComError):
        await _hello(app)
    with contextlib.suppress(WeComError):
        await _hello(app)

    assert wecom.calls.count("gettoken") == asked


async def test_who_stops_waiting_for_the_token_takes_it_from_nobody(wecom: WeComApi, app: AppChannel) -> None:
    wecom.script("gettoken", Fault.LATE, seconds=0.05)
    impatient, patient = asyncio.create_task(_hello(app)), asyncio.create_task(_hello(app))
    await wecom.until(lambda: wecom.gettokens == 1)

    impatient.cancel()
    await patient

    assert wecom.gettokens == 1
    assert wecom.texts("LiuMin") == ["早上好"]


# -- what arrives -----------------------------------------------------------------------------


async def test_a_text_goes_to_one_person_and_says_that_it_may_be_a_repeat(
    wecom: WeComApi, app: AppChannel
) -> None:
    name = await _hello(app)

    assert name == ""
    assert json.loads(_sends(wecom)[0]) == {
        "touser": "LiuMin",
        "agentid": wecom.agent_id,
        "msgtype": "text",
        "text": {"content": "早上好"},
        "enable_duplicate_check": 1,
        "duplicate_check_interval": 1800,
    }


async def test_two_messages_that_say_the_same_are_both_shown_and_a_repeat_is_not(
    wecom: WeComApi, app: AppChannel
) -> None:
    for key in ("reply:1#0", "reply:2#0", "reply:2#0"):
        await app.deliver("LiuMin", Part(text="已记", key=key), in_group=False)

    assert wecom.texts("LiuMin") == ["已记", "已记"]


def test_what_says_the_same_is_the_same_to_the_byte() -> None:
    card = {"title": "问题", "button_list": [{"text": "接办", "key": "k"}]}
    other = {"button_list": [{"key": "k", "text": "接办"}], "title": "问题"}

    assert same_bytes(card) == same_bytes(other)
    assert "问题".encode() in same_bytes(card)


@pytest.mark.parametrize(
    ("fault", "patience"), [(each, 1 if each is Fault.HANG else 10) for each in IN_DOUBT]
)
@pytest.mark.parametrize("part", [HELLO, _card(), Part(paper=XLSX)], ids=["text", "card", "paper"])
async def test_what_may_have_arrived_is_repeated_to_the_byte_and_shown_once(
    wecom: WeComApi, app: AppChannel, part: Part, fault: Fault
) -> None:
    wecom.script("message/send", fault)

    with pytest.raises(Unanswered) as caught:
        await app.deliver("LiuMin", part, in_group=False)
    await app.deliver("LiuMin", part, in_group=False)

    assert meaning(caught.value).kind is Failure.IN_DOUBT
    first, second = _sends(wecom)
    assert first == second
    assert len(wecom.shown("LiuMin")) == 1


async def test_what_never_left_may_be_sent_again_without_a_doubt(
    wecom: WeComApi, clock: VirtualClock, app: AppChannel
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        base = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    nowhere = Api(base, wecom.corp_id, wecom.secret, clock=clock)
    wecom.script("gettoken", Fault.UNANSWERED, times=3)

    with pytest.raises(NotSent):
        await nowhere.call("POST", "message/send", json={})
    with pytest.raises(NotSent) as caught:
        await _hello(app)
    await nowhere.close()

    assert meaning(caught.value).kind is Failure.RETRY
    assert _sends(wecom) == []


MEANINGS = [
    (-1, Failure.RETRY, 5, False),
    (40058, Failure.REFUSED, None, False),
    (45009, Failure.RETRY, 60, False),
    (45033, Failure.RETRY, 5, False),
    (60020, Failure.RETRY, 600, True),
    (81013, Failure.UNREACHABLE, None, False),
    (999999, Failure.REFUSED, None, False),
]


@pytest.mark.parametrize(("code", "kind", "seconds", "whole_bot"), MEANINGS)
async def test_a_code_says_what_becomes_of_the_message(
    wecom: WeComApi, app: AppChannel, code: int, kind: Failure, seconds: int | None, *, whole_bot: bool
) -> None:
    wecom.script("message/send", Fault.ERRCODE, code=code, times=2)

    failure = meaning(await _error(_hello(app)))

    assert (failure.kind, failure.whole_bot) == (kind, whole_bot)
    assert failure.after == (None if seconds is None else timedelta(seconds=seconds))
    assert str(code) in str(failure)


async def test_a_yes_that_names_our_reader_as_invalid_or_unlicensed_is_a_no(
    wecom: WeComApi, app: AppChannel
) -> None:
    wecom.refuses_all_invalid = False
    wecom.adds("ChenZhiyuan", is_licensed=False)

    errors = [await _error(_hello(app, to)) for to in ("Mallory", "ChenZhiyuan")]

    assert [error.code for error in errors] == [81013, 81013]
    assert meaning(errors[0]).kind is Failure.UNREACHABLE
    assert wecom.sent == []


async def test_who_is_known_here_by_another_id_is_found_and_remembered(
    wecom: WeComApi, app: AppChannel
) -> None:
    wecom.adds("ChenZhiyuan", encrypted="woAJ2GCAAAXtWyujaWJHDDGi0mACAAAA")

    await _hello(app, "woAJ2GCAAAXtWyujaWJHDDGi0mACAAAA")
    await app.deliver("woAJ2GCAAAXtWyujaWJHDDGi0mACAAAA", Part(text="又好"), in_group=False)

    assert wecom.texts("ChenZhiyuan") == ["早上好", "又好"]
    assert (wecom.refused, len(_sends(wecom))) == ([("message/send", 81013)], 3)


@pytest.mark.parametrize("code", [81013, 40003, 60111])
async def test_who_has_no_other_id_is_not_tried_twice(wecom: WeComApi, app: AppChannel, code: int) -> None:
    wecom.script("message/send", Fault.ERRCODE, code=code)

    error = await _error(_hello(app))

    assert (error.code, len(_sends(wecom))) == (code, 1)


async def test_a_directory_that_cannot_be_asked_makes_nobody_unreachable(
    wecom: WeComApi, app: AppChannel
) -> None:
    wecom.script("batch/openuserid_to_userid", Fault.HTML)
    with pytest.raises(NotSent):
        await _hello(app, "woAJ")

    wecom.script("batch/openuserid_to_userid", Fault.ERRCODE, code=48002)
    error = await _error(_hello(app, "woAJ"))

    assert error.code == 81013


async def test_no_address_is_everybody_or_a_group_or_many(wecom: WeComApi, app: AppChannel) -> None:
    for chat in ("@all", "LiuMin|ChenZhiyuan", ""):
        await _error(_hello(app, chat))
    group = await _error(app.deliver("wrGroup", HELLO, in_group=True))

    assert meaning(group).kind is Failure.UNREACHABLE
    assert wecom.calls == []


async def test_a_text_that_wecom_would_cut_off_is_not_sent(wecom: WeComApi, app: AppChannel) -> None:
    await app.deliver("LiuMin", Part(text="字" * 682), in_group=False)
    error = await _error(app.deliver("LiuMin", Part(text="字" * 683), in_group=False))

    assert error.code == 45002
    assert wecom.texts("LiuMin") == ["字" * 682]


# -- papers -----------------------------------------------------------------------------------

PAPERS = [
    (PNG, "image", "周报 '第48周'_大桥镇.png"),
    (XLSX, "file", "台账.xlsx"),
    (Paper("动图.gif", "image/gif", b"GIF89a picture"), "file", "动图.gif"),
    (Paper("大图.png", "image/png", b"\x89PNG" + bytes(10 << 20)), "file", "大图.png"),
]


@pytest.mark.parametrize(("paper", "kind", "name"), PAPERS, ids=["png", "xlsx", "gif", "large"])
async def test_a_picture_is_shown_and_a_file_handed_over_under_its_name(
    wecom: WeComApi, app: AppChannel, paper: Paper, kind: str, name: str
) -> None:
    await app.deliver("LiuMin", Part(paper=paper), in_group=False)

    (sent,) = wecom.shown("LiuMin")
    assert (sent.msgtype, sent.filename, sent.content == paper.content) == (kind, name, True)


async def test_a_paper_is_uploaded_once_in_three_days_for_all_who_get_it(
    wecom: WeComApi, app: AppChannel, clock: VirtualClock
) -> None:
    readers = [f"reader{number}" for number in range(10)]
    for reader in readers:
        wecom.adds(reader)

    await asyncio.gather(*(app.deliver(each, Part(paper=XLSX), in_group=False) for each in readers))
    at_once = len(wecom.uploads)
    await app.deliver("LiuMin", Part(paper=Paper(XLSX.name, XLSX.media_type, b"PK other")), in_group=False)
    clock.set(MONDAY + timedelta(days=3))
    await app.deliver("LiuMin", Part(paper=XLSX), in_group=False)

    assert (at_once, len(wecom.uploads)) == (1, 3)
    assert len(wecom.sent) == 12


async def test_a_paper_that_wecom_has_lost_is_uploaded_again_once(wecom: WeComApi, app: AppChannel) -> None:
    await app.deliver("LiuMin", Part(paper=XLSX), in_group=False)
    wecom.loses("media-1")
    wecom.adds("ChenZhiyuan")
    await app.deliver("ChenZhiyuan", Part(paper=XLSX), in_group=False)
    wecom.script("message/send", Fault.ERRCODE, code=40007, times=2)

    error = await _error(app.deliver("LiuMin", Part(paper=XLSX), in_group=False))

    assert [sent.content for sent in wecom.shown("ChenZhiyuan")] == [XLSX.content]
    assert (error.code, wecom.calls.count("media/upload")) == (40007, 3)


async def test_an_upload_without_an_answer_is_no_doubt_for_nobody_has_seen_it(
    wecom: WeComApi, app: AppChannel
) -> None:
    wecom.script("media/upload", Fault.UNANSWERED)

    with pytest.raises(NotSent):
        await app.deliver("LiuMin", Part(paper=XLSX), in_group=False)


@pytest.mark.parametrize("content", [b"12345", bytes((20 << 20) + 1)], ids=["tiny", "huge"])
async def test_a_paper_that_wecom_never_takes_is_refused_here(
    wecom: WeComApi, app: AppChannel, content: bytes
) -> None:
    with pytest.raises(DeliveryError) as caught:
        await app.deliver("LiuMin", Part(paper=Paper("a.xlsx", "x/y", content)), in_group=False)

    assert caught.value.kind is Failure.REFUSED
    assert wecom.calls == []


# -- cards ------------------------------------------------------------------------------------


async def test_a_card_is_changed_once_for_each_code(wecom: WeComApi, app: AppChannel) -> None:
    name = await app.deliver("LiuMin", _card("T1", "接办", "转办"), in_group=False)
    assert app.server is not None

    changes = [await app.change(name, _card(title="已接办")) for _ in range(2)]
    app.server.callback.pressed("T1", wecom.new_code("T1"))
    changes += [await app.change(name, _card(title="已办结")) for _ in range(2)]

    assert name == "app:T1:RC1:T1"
    assert changes == [True, False, True, False]
    assert wecom.calls.count("message/update_template_card") == 2
    assert wecom.shown("LiuMin")[0].words == "已办结"


async def test_the_code_of_the_newest_press_is_used_before_that_of_the_sending(
    wecom: WeComApi, app: AppChannel, clock: VirtualClock
) -> None:
    name = await app.deliver("LiuMin", _card(), in_group=False)
    codes = [wecom.new_code("T1") for _ in range(2)]
    assert app.server is not None
    for code in codes:
        app.server.callback.pressed("T1", code)

    await app.change(name, _card())
    app.server.callback.pressed("T1", wecom.new_code("T1"))
    clock.set(MONDAY + timedelta(hours=72))
    await app.change(name, _card())

    used = [update.body["response_code"] for update in wecom.updates]
    assert used == [codes[1], name.removeprefix("app:T1:")]


async def test_a_code_that_wecom_refuses_gives_way_to_the_next_and_then_it_is_over(
    wecom: WeComApi, app: AppChannel
) -> None:
    name = await app.deliver("LiuMin", _card(), in_group=False)
    assert app.server is not None
    app.server.callback.pressed("T1", "made-up")

    changes = [await app.change(name, _card()), await app.change("app:T1:made-up", _card())]
    unnamed = [await app.change(each, _card("T7")) for each in ("app:T7:", "app:T7:unknown", "app", "")]

    assert changes == [True, False]
    assert unnamed == [False] * 4
    assert len(wecom.updates) == 1
    # made-up, that of the sending, unknown: nothing is tried twice
    assert wecom.calls.count("message/update_template_card") == 3


@pytest.mark.parametrize(
    ("fault", "code", "error"),
    [
        (Fault.ERRCODE, 45009, WeComError),
        (Fault.ERRCODE, 60020, WeComError),
        (Fault.RST, 0, Unanswered),
        (Fault.HTML, 0, Unanswered),
    ],
)
async def test_a_change_that_failed_for_now_can_be_made_later(
    wecom: WeComApi, app: AppChannel, fault: Fault, code: int, error: type[Exception]
) -> None:
    name = await app.deliver("LiuMin", _card(), in_group=False)
    wecom.script("message/update_template_card", fault, code=code)

    with pytest.raises(error):
        await app.change(name, _card(title="已接办"))

    assert await app.change(name, _card(title="已接办"))
    assert wecom.shown("LiuMin")[0].words == "已接办"


async def test_words_take_the_place_of_no_card(app: AppChannel) -> None:
    name = await app.deliver("LiuMin", _card(), in_group=False)

    assert not await app.change(name, HELLO)


# -- what people send -------------------------------------------------------------------------


class Desk:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[Incoming] = []

    async def listen(self, said: Incoming | Unreadable) -> str:
        assert isinstance(said, Incoming)
        self.heard.append(said)
        return ""


@contextlib.asynccontextmanager
async def _running(app: AppChannel, wecom: WeComApi, listener: Listener) -> AsyncIterator[None]:
    app.listen()
    wecom.callbacks.url = app.callback_url
    running = asyncio.create_task(app.run(listener))
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_what_people_write_press_and_send_reaches_the_listener(
    wecom: WeComApi, app: AppChannel
) -> None:
    desk = Desk()
    name = await app.deliver("LiuMin", _card("T1", "接办"), in_group=False)
    await app.change(name, _card("T1", "接办", title="再看"))

    async with _running(app, wecom, desk.listen):
        assert await wecom.verifies()
        number = await wecom.says("LiuMin", "今天完成 62%")
        await wecom.repeats(number)
        await wecom.presses("LiuMin", "接办")
        await wecom.sends_image("LiuMin", b"\xff\xd8\xffpicture")
        await wecom.opens("LiuMin")
        changed = await app.change(name, _card("T1", title="已接办"))
        ill = app.healthy()

    text, again, press, image, opened = desk.heard
    assert (text.sender, text.text, text.key == again.key) == ("LiuMin", "今天完成 62%", True)
    assert (press.button, press.message) == ("T1.接办", "T1")
    assert (
        await app.fetch(image.attachments[0].token.removeprefix("app:"))
    ).content == b"\xff\xd8\xffpicture"
    assert opened.event is Event.OPENED
    assert (changed, wecom.shown("LiuMin")[0].words) == (True, "已接办")
    assert {status for _, status in wecom.posts} == {200}
    assert ill == ""
    assert "没有在监听" in app.healthy()


async def test_what_could_not_be_stored_comes_again(wecom: WeComApi, app: AppChannel) -> None:
    heard: list[str] = []

    async def listen(said: Incoming | Unreadable) -> str:
        heard.append(said.key)
        if len(heard) < 3:
            raise StorageError("away")
        return ""

    async with _running(app, wecom, listen):
        number = await wecom.says("LiuMin", "今天完成 62%")

    assert wecom.posts == [(number, 503), (number, 503), (number, 200)]
    assert len(set(heard)) == 1


async def test_a_port_that_is_taken_is_said_with_its_setting(
    wecom: WeComApi, clock: VirtualClock, steps: Steps
) -> None:
    app = AppChannel(
        wecom.corp_id, 1, "s", wecom.token, wecom.aes_key,
        clock=clock, api_base=wecom.base, listen=wecom.base.removeprefix("http://"), pause=steps.pause,
    )  # fmt: skip

    with pytest.raises(ConfigurationError, match=r"wecom\.app\.listen"):
        await app.run(Desk().listen)
    await app.close()


async def test_without_the_callbacks_credentials_it_only_writes(
    wecom: WeComApi, clock: VirtualClock, steps: Steps
) -> None:
    app = AppChannel(
        wecom.corp_id, wecom.agent_id, wecom.secret, "", "",
        clock=clock, api_base=f"{wecom.base}/cgi-bin/", pause=steps.pause,
    )  # fmt: skip
    running = asyncio.create_task(app.run(Desk().listen))
    await _hello(app)
    findings = await app.check()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await app.close()

    assert wecom.texts("LiuMin") == ["早上好"]
    assert app.healthy() == ""
    assert "只发不收" in findings[-1].sentence


async def test_a_file_that_somebody_sent_comes_with_its_name(app: AppChannel) -> None:
    fetched = await app.fetch(await app.api.upload(XLSX, "file"))

    assert (fetched.name, fetched.content) == (XLSX.name, XLSX.content)


@pytest.mark.parametrize(
    ("fault", "code", "kind"),
    [
        (None, 0, Failure.REFUSED),
        (Fault.ERRCODE, 45009, Failure.RETRY),
        (Fault.RST, 0, Failure.RETRY),
        (Fault.HTML_200, 0, Failure.RETRY),
    ],
)
async def test_a_file_that_cannot_be_had_says_whether_to_try_again(
    wecom: WeComApi, app: AppChannel, fault: Fault | None, code: int, kind: Failure
) -> None:
    if fault:
        # A read that broke off on an old connection is tried once more by itself.
        wecom.script("media/get", fault, code=code, times=2)

    with pytest.raises(DeliveryError) as caught:
        await app.fetch("media-9")

    assert caught.value.kind is kind


async def test_a_file_over_20_mb_is_not_fetched(wecom: WeComApi, app: AppChannel) -> None:
    wecom.callbacks.url = "http://127.0.0.1:9/"
    await wecom.sends_image("LiuMin", bytes((20 << 20) + 1))

    with pytest.raises(DeliveryError) as caught:
        await app.fetch("media-1")

    assert caught.value.kind is Failure.REFUSED


# -- health and check -------------------------------------------------------------------------


async def test_an_untrusted_address_is_said_with_the_cure_and_mends_by_itself(
    wecom: WeComApi, app: AppChannel, steps: Steps
) -> None:
    wecom.untrusted_ip = "203.0.113.9"

    async with _running(app, wecom, Desk().listen):
        await wecom.until(lambda: steps.begun == 1)
        ill = app.healthy()
        wecom.untrusted_ip = ""
        steps.next()
        await wecom.until(lambda: steps.begun == 2)
        mended, asked = app.healthy(), len(wecom.calls)
        steps.next()
        await wecom.until(lambda: steps.begun == 3)

    assert "出口 IP 203.0.113.9 不在企业可信 IP 里" in ill
    assert "60020" in ill
    assert "hint" not in ill
    assert mended == ""
    assert len(wecom.calls) == asked


async def test_a_line_that_fails_three_times_is_ill_until_it_answers(
    wecom: WeComApi, app: AppChannel
) -> None:
    said = []
    wecom.script("department/list", Fault.HTML, times=3)
    for _ in range(4):
        with contextlib.suppress(NotSent):
            await app.api.call("GET", "department/list")
        said.append(app.api.standing.sentence())

    assert [bool(sentence) for sentence in said] == [False, False, True, False]
    assert "已连续 3 次" in said[2]


FAULTS = [
    (40001, "Secret 不对"),
    (40013, "企业 ID 不对"),
    (40056, "应用编号不对"),
    (48002, "没有调用应用接口的权限"),
    (301002, "成对复制"),
    (60020, "出口 IP 203.0.113.9 不在企业可信 IP 里"),
]


@pytest.mark.parametrize(("code", "words"), FAULTS)
async def test_check_says_what_is_wrong_with_the_code_and_the_menu(
    wecom: WeComApi, app: AppChannel, code: int, words: str
) -> None:
    wecom.script("agent/get", Fault.ERRCODE, code=code, words="nope, hint: [17], from ip: 203.0.113.9, more")

    fault, callback = await app.check()

    assert fault.fault
    assert words in fault.sentence
    assert f"错误码 {code}" in fault.sentence
    assert "→" in fault.sentence
    assert "hint" not in fault.sentence
    assert not callback.fault


async def test_check_tells_a_wrong_secret_by_the_token_and_a_dead_line_by_the_network(
    wecom: WeComApi, clock: VirtualClock, steps: Steps
) -> None:
    app = _channel(wecom, clock, steps, secret="not-it")

    wrong, _ = await app.check()
    clock.set(MONDAY + timedelta(seconds=61))
    wecom.script("gettoken", Fault.HTML)
    dead, _ = await app.check()
    await app.close()

    assert "Secret 不对" in wrong.sentence
    assert "请检查网络" in dead.sentence
    assert wrong.fault
    assert dead.fault


async def test_check_names_the_app_and_whom_it_reaches(wecom: WeComApi, app: AppChannel) -> None:
    wecom.adds("ZhaoJianguo", departments=(9,))
    before = await app.check()
    wecom.departments, wecom.people = {}, {}
    wecom.agent["close"] = 1
    _, closed, nobody, _ = await app.check()

    assert not any(finding.fault for finding in before)
    assert "「联络员机器人」" in before[0].sentence
    assert "1 个部门、1 名成员" in before[1].sentence
    assert "只有在 liaison run 运行时才能验证" in before[2].sentence
    assert closed.fault
    assert nobody.fault
    assert "可见范围" in nobody.sentence


async def test_a_running_app_tells_when_its_callback_was_verified_and_last_called(
    wecom: WeComApi, app: AppChannel, clock: VirtualClock
) -> None:
    told = []

    def look(later: timedelta = timedelta(0)) -> None:
        clock.set(clock.now() + later)
        told.append(app.state()[-1])

    async with _running(app, wecom, Desk().listen):
        look()
        await wecom.verifies()
        look(timedelta(minutes=2))
        await wecom.says("LiuMin", "在")
        look(timedelta(seconds=59))
        look(timedelta(days=3))

    assert [finding.todo for finding in told] == [True, False, False, True]
    assert "还没有来过" in told[0].sentence
    assert "地址已通过验证（2 分钟前），还没有收到过消息" in told[1].sentence
    assert "收得到消息，最近一次：刚刚" in told[2].sentence
    assert "上一次来：3 天前" in told[3].sentence
    assert not any(finding.fault for finding in told)


MISTAKES = [
    ("another-token", "", timedelta(0), "Token 和管理后台上的不一样"),
    ("", "a" * 43, timedelta(0), "EncodingAESKey 或企业 ID 和管理后台上的不一样"),
    ("", "", timedelta(minutes=6), "本机的时间不准"),
]


@pytest.mark.parametrize(("token", "aes_key", "slow", "words"), MISTAKES, ids=range(3))
async def test_who_saves_an_address_with_other_keys_than_ours_is_told_which(
    wecom: WeComApi, clock: VirtualClock, steps: Steps, token: str, aes_key: str, slow: timedelta, words: str
) -> None:
    late = VirtualClock(clock.now() - slow)
    app = AppChannel(
        wecom.corp_id, wecom.agent_id, wecom.secret, token or wecom.token, aes_key or wecom.aes_key,
        clock=late, api_base=wecom.base, listen="127.0.0.1:0", pause=steps.pause,
    )  # fmt: skip
    async with _running(app, wecom, Desk().listen):
        good = await wecom.verifies()
        finding = app.state()[-1]
    await app.close()

    assert not good
    assert finding.fault
    assert words in finding.sentence
    assert "点「保存」" in finding.sentence


async def test_a_running_app_counts_whom_it_does_not_reach_until_it_does(
    wecom: WeComApi, app: AppChannel
) -> None:
    waiting = app.state()[0]
    for who, code in (("LiuMin", 60011), ("Mallory", 81013)):
        wecom.script("message/send", Fault.ERRCODE, code=code)
        await _error(_hello(app, who))
    missed = app.state()[1]
    await _hello(app)
    good, fewer, _ = app.state()
    wecom.adds("Mallory")
    await _hello(app, "Mallory")

    assert waiting.todo
    assert "发不到 2 人（错误码 60011、81013）" in missed.sentence
    assert "可见范围" in missed.sentence
    assert good == Finding("自建应用：凭据有效，本机 IP 可信")
    assert "发不到 1 人（错误码 81013）" in fewer.sentence
    assert len(app.state()) == 2


@pytest.mark.parametrize(
    ("base", "token", "aes_key", "setting"),
    [
        ("qyapi.example/canary", "t", "", "api_base"),
        ("http://[canary", "t", "", "api_base"),
        ("", "", "k" * 43, "token"),
        ("", "t", "canary", "aes_key"),
    ],
)
def test_settings_that_cannot_be_right_are_named_but_not_shown(
    clock: VirtualClock, base: str, token: str, aes_key: str, setting: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        AppChannel("ww1", 1, "s", token, aes_key, clock=clock, api_base=base or "https://qyapi.example")

    assert f"wecom.app.{setting}" in str(caught.value)
    assert "canary" not in str(caught.value)


# -- secrets ----------------------------------------------------------------------------------


async def test_no_log_and_no_error_tells_a_secret_a_token_or_an_address(
    wecom: WeComApi, clock: VirtualClock, steps: Steps, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    app = _channel(wecom, clock, steps, secret="canary-secret")
    wecom.secret = app.api._secret
    told = [repr(app), repr(app.api)]
    doings: dict[str, Callable[[AppChannel], Awaitable[object]]] = {
        "gettoken": _hello,
        "message/send": _hello,
        "media/get": lambda app: app.fetch("media-1"),
        "media/upload": lambda app: app.deliver("LiuMin", Part(paper=PNG), in_group=False),
        "message/update_template_card": lambda app: app.change("app:T1:canary-code", _card()),
        "batch/openuserid_to_userid": lambda app: _hello(app, "woAJ"),
    }
    for path, do in doings.items():
        for fault in (*IN_DOUBT[:-1], Fault.ERRCODE):
            words = "bad {echo}, from ip: 203.0.113.9"
            wecom.script(path, fault, code=60020, words=words)
            clock.set(clock.now() + timedelta(hours=3))
            try:
                await do(app)
            except (WeComError, NotSent, Unanswered, DeliveryError) as error:
                told += [*traceback.format_exception(error), str(meaning(error))]
            told.append(app.healthy())
    told += [finding.sentence for finding in await app.check()]
    await app.close()
    await wecom.__aexit__()
    told += [finding.sentence for finding in await app.check()]
    await app.close()

    everything = "\n".join([*told, caplog.text])
    assert "errcode 60020" in everything
    assert "canary" not in everything
    assert "127.0.0.1" not in everything.replace(app.callback_url, "")
    assert wecom.aes_key not in everything
