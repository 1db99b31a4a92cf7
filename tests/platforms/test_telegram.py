"""What we owe reaches Telegram once, and every way of failing is told for what it is."""

import asyncio
import logging
import socket
import traceback
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.chat import Address, Attachment, Button, ChatPlatform, Outgoing, Paper, Ref
from bot.clock import VirtualClock
from bot.errors import Cause, ConfigurationError, DeliveryError, Failure
from bot.platforms.telegram.platform import TelegramPlatform
from tests.botapi import BotApi, Fault

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LIU = Address("telegram", "7")
CHEN = Address("telegram", "8")
GROUP = Address("telegram", "-100200")
ROWS = ((Button("接办", "k1"), Button("转办", "k2")),)
PNG = Paper("周报.png", "image/png", b"\x89PNG picture")
XLSX = Paper("台账.xlsx", "application/vnd.ms-excel", b"PK book")


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(MONDAY)


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def patience() -> float:
    """Seconds until no answer counts as none; a busy machine may take some of them."""
    return 10


@pytest.fixture
async def telegram(
    api: BotApi, clock: VirtualClock, pauses: list[float], patience: float
) -> AsyncIterator[TelegramPlatform]:
    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    platform = TelegramPlatform(api.token, api_base=api.base, clock=clock, timeout=patience, pause=pause)
    yield platform
    await platform.close()


async def _failure(platform: ChatPlatform, message: Outgoing | None = None) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await platform.send(message or Outgoing(LIU, "早上好"))
    return caught.value


# -- what arrives -----------------------------------------------------------------------------


async def test_a_text_arrives_as_it_is_with_its_buttons(api: BotApi, telegram: TelegramPlatform) -> None:
    text = "<b>_*[](`& 问题 2026-063｜用地"

    ref = await telegram.send(Outgoing(LIU, text, ROWS))

    (sent,) = api.sent
    assert (sent.chat, sent.text, sent.buttons) == (7, text, ((("接办", "k1"), ("转办", "k2")),))
    assert ref == Ref(LIU, str(sent.message))


async def test_a_topic_of_a_group_gets_its_own_messages(api: BotApi, telegram: TelegramPlatform) -> None:
    topic = Address("telegram", "-100200", "3")

    await telegram.send(Outgoing(topic, "周报"))
    await telegram.send(Outgoing(topic, "周报", paper=PNG))

    assert [entry.topic for entry in api.sent] == [3, 3]


async def test_a_long_text_goes_in_numbered_parts_at_the_pace_of_a_chat(
    api: BotApi, telegram: TelegramPlatform, pauses: list[float]
) -> None:
    ref = await telegram.send(Outgoing(LIU, "😀" * 3000, ROWS))

    first, last = api.sent
    assert first.text.startswith("（1/2）😀")
    assert first.buttons == ()
    assert last.buttons != ()
    assert first.text[5:] + last.text[5:] == "😀" * 3000
    assert ref == Ref(LIU, str(last.message))
    assert pauses == [1]


async def test_what_arrived_of_a_long_text_is_not_sent_again(api: BotApi, telegram: TelegramPlatform) -> None:
    message = Outgoing(LIU, "字" * 9000)
    api.script("sendMessage", Fault.SLOW)
    api.script("sendMessage", Fault.LIMITED, seconds=3)

    failure = await _failure(telegram, message)
    await telegram.send(message)

    assert failure.kind is Failure.RETRY
    assert [text[:5] for text in api.texts(7)] == ["（1/3）", "（2/3）", "（3/3）"]


@pytest.mark.parametrize(("paper", "method"), [(PNG, "sendPhoto"), (XLSX, "sendDocument")])
async def test_a_picture_is_shown_and_a_file_handed_over(
    api: BotApi, telegram: TelegramPlatform, paper: Paper, method: str
) -> None:
    ref = await telegram.send(Outgoing(LIU, "周报", ROWS, paper))

    (sent,) = api.sent
    assert (sent.method, sent.text, sent.file, sent.content) == (method, "周报", paper.name, paper.content)
    assert sent.data("接办") == "k1"
    assert ref == Ref(LIU, str(sent.message))


async def test_a_picture_telegram_cannot_show_goes_as_a_file(api: BotApi, telegram: TelegramPlatform) -> None:
    api.script("sendPhoto", Fault.REFUSED, code=400, words="Bad Request: PHOTO_INVALID_DIMENSIONS")

    await telegram.send(Outgoing(LIU, "周报", paper=PNG))

    assert [entry.method for entry in api.sent] == ["sendDocument"]


async def test_a_text_over_a_caption_follows_the_paper(api: BotApi, telegram: TelegramPlatform) -> None:
    ref = await telegram.send(Outgoing(LIU, "字" * 1025, ROWS, XLSX))

    paper, text = api.sent
    assert (paper.method, paper.text, paper.buttons) == ("sendDocument", "", ())
    assert (text.method, len(text.text), bool(text.buttons)) == ("sendMessage", 1025, True)
    assert ref == Ref(LIU, str(text.message))


async def test_words_telegram_could_not_take_are_cleaned(api: BotApi, telegram: TelegramPlatform) -> None:
    await telegram.send(Outgoing(LIU, "a\x00b\ud83d"))

    assert api.texts(7) == ["ab"]


# -- what was sent is changed -----------------------------------------------------------------


async def test_a_card_is_updated_in_place_and_again_unharmed(api: BotApi, telegram: TelegramPlatform) -> None:
    ref = await telegram.send(Outgoing(LIU, "待接办", ROWS))
    assert ref is not None

    assert await telegram.update(ref, Outgoing(LIU, "办理中"))
    assert await telegram.update(ref, Outgoing(LIU, "办理中"))

    shown = api.messages[int(ref.message)]
    assert (shown.text, shown.buttons) == ("办理中", ())
    assert len(api.ledger) == 2


async def test_the_caption_of_a_paper_is_updated(api: BotApi, telegram: TelegramPlatform) -> None:
    ref = await telegram.send(Outgoing(LIU, "周报", paper=PNG))
    assert ref is not None

    assert await telegram.update(ref, Outgoing(LIU, "周报（迟）", paper=PNG))

    assert api.messages[int(ref.message)].text == "周报（迟）"


async def test_the_text_that_followed_a_paper_is_updated(api: BotApi, telegram: TelegramPlatform) -> None:
    ref = await telegram.send(Outgoing(LIU, "字" * 1025, ROWS, PNG))
    assert ref is not None

    assert await telegram.update(ref, Outgoing(LIU, "问" * 1025, (), PNG))

    assert api.messages[int(ref.message)].text == "问" * 1025


async def test_a_card_that_is_gone_cannot_be_updated(api: BotApi, telegram: TelegramPlatform) -> None:
    assert not await telegram.update(Ref(LIU, "99"), Outgoing(LIU, "办理中"))
    api.script("editMessageText", Fault.REFUSED, code=400, words="Bad Request: message can't be edited")
    assert not await telegram.update(Ref(LIU, "99"), Outgoing(LIU, "办理中"))


@pytest.mark.parametrize("patience", [1])
async def test_an_update_without_an_answer_is_an_error(api: BotApi, telegram: TelegramPlatform) -> None:
    api.script("editMessageText", Fault.HANG)
    ref = await telegram.send(Outgoing(LIU, "待接办"))
    assert ref is not None

    with pytest.raises(DeliveryError) as caught:
        await telegram.update(ref, Outgoing(LIU, "办理中"))

    assert caught.value.kind is Failure.IN_DOUBT


# -- what fails -------------------------------------------------------------------------------

AFTER_THE_BYTES = [
    *(Fault.RESET_AFTER, Fault.CLOSE_AFTER, Fault.TRUNCATED, Fault.CUT_JSON),
    *(Fault.HTML_200, Fault.EMPTY_502, Fault.HANG),
]


@pytest.mark.parametrize(
    ("fault", "patience"), [(each, 1 if each is Fault.HANG else 10) for each in AFTER_THE_BYTES]
)
@pytest.mark.parametrize("paper", [None, XLSX], ids=["text", "paper"])
async def test_without_an_answer_to_written_bytes_nobody_knows(
    api: BotApi, telegram: TelegramPlatform, fault: Fault, paper: Paper | None
) -> None:
    api.script("*", fault)

    failure = await _failure(telegram, Outgoing(LIU, "早上好", paper=paper))

    assert failure.kind is Failure.IN_DOUBT
    assert len(api.ledger) == 1


async def test_a_connection_broken_between_two_messages_doubts_only_the_second(
    api: BotApi, telegram: TelegramPlatform
) -> None:
    await telegram.send(Outgoing(LIU, "1"))
    for connection in api.connections:
        connection.close()
    for _ in range(10):  # the close travels to our side
        await asyncio.sleep(0)

    await telegram.send(Outgoing(LIU, "2"))  # a connection seen to be closed is not used again

    assert api.texts(7) == ["1", "2"]


@pytest.mark.parametrize(
    "place", ["http://127.0.0.1:{closed}", "http://name.invalid:{closed}", "https://127.0.0.1:{open}"]
)
async def test_without_a_connection_a_repeat_is_safe(api: BotApi, clock: VirtualClock, place: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    base = place.format(closed=closed, open=api.base.rpartition(":")[2])
    platform = TelegramPlatform(api.token, api_base=base, clock=clock, timeout=0.5)

    failure = await _failure(platform)
    await platform.close()

    assert (failure.kind, failure.after, failure.whole_bot) == (Failure.RETRY, None, False)


async def test_a_connection_that_is_not_made_in_time_is_safe_to_repeat(clock: VirtualClock) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        with socket.create_connection(deaf.getsockname()):  # the queue of one is full now
            base = f"http://127.0.0.1:{deaf.getsockname()[1]}"
            platform = TelegramPlatform("42:x", api_base=base, clock=clock, timeout=0.2)
            failures = await asyncio.gather(*(_failure(platform) for _ in range(3)))
            await platform.close()

    assert {failure.kind for failure in failures} == {Failure.RETRY}


async def test_a_full_pool_is_safe_to_repeat(api: BotApi, clock: VirtualClock) -> None:
    platform = TelegramPlatform(api.token, api_base=api.base, clock=clock, timeout=1, connections=1)
    api.script("sendDocument", Fault.HANG)
    slow = Outgoing(LIU, "", paper=Paper("a.bin", "application/zip", bytes(40_000)))  # may take longer

    failures = await asyncio.gather(_failure(platform, slow), _failure(platform))
    await platform.close()

    assert [failure.kind for failure in failures] == [Failure.IN_DOUBT, Failure.RETRY]


@pytest.mark.parametrize(
    ("code", "words", "kind"),
    [
        (400, "Bad Request: chat not found", Failure.UNREACHABLE),
        (400, "Bad Request: PEER_ID_INVALID", Failure.UNREACHABLE),
        (400, "Bad Request: not enough rights to send text messages to the chat", Failure.UNREACHABLE),
        (400, "Bad Request: message thread not found", Failure.UNREACHABLE),
        (400, "Bad Request: message is too long", Failure.REFUSED),
        (413, "Request Entity Too Large", Failure.REFUSED),
        (402, "something new", Failure.REFUSED),
        (403, "Forbidden: bot was blocked by the user", Failure.UNREACHABLE),
        (403, "Forbidden: user is deactivated", Failure.UNREACHABLE),
        (409, "Conflict", Failure.RETRY),
        (500, "Internal Server Error", Failure.RETRY),
        (502, "Bad Gateway", Failure.RETRY),
    ],
)
async def test_a_refusal_is_told_for_what_it_is(
    api: BotApi, telegram: TelegramPlatform, code: int, words: str, kind: Failure
) -> None:
    api.script("sendMessage", Fault.REFUSED, code=code, words=words)

    failure = await _failure(telegram)

    assert (failure.kind, failure.after, failure.whole_bot) == (kind, None, False)
    assert api.ledger == []


@pytest.mark.parametrize(
    ("code", "words", "cause"),
    [
        (400, "Bad Request: chat not found", Cause.GONE),
        (400, "Bad Request: message is too long", Cause.TOO_LONG),
        (400, "Bad Request: MEDIA_CAPTION_TOO_LONG", Cause.TOO_LONG),
        (400, "Bad Request: something new", Cause.REFUSED),
        (400, "Bad Request: can't parse entities: byte offset 7", Cause.MALFORMED),
        (401, "Unauthorized", Cause.CREDENTIALS),
        (403, "Forbidden: bot was blocked by the user", Cause.BLOCKED),
        (413, "Request Entity Too Large", Cause.TOO_LONG),
        (502, "Bad Gateway", Cause.AWAY),
    ],
)
async def test_the_office_can_be_told_why_in_words_of_its_own(
    api: BotApi, telegram: TelegramPlatform, code: int, words: str, cause: Cause
) -> None:
    api.script("sendMessage", Fault.REFUSED, code=code, words=words)

    assert (await _failure(telegram)).cause is cause


@pytest.mark.parametrize("code", [302, 400, 403, 404, 503])
async def test_a_page_of_a_gateway_says_nothing_about_the_contact(
    api: BotApi, telegram: TelegramPlatform, code: int
) -> None:
    api.script("sendMessage", Fault.PAGE, code=code)

    assert (await _failure(telegram)).kind is Failure.IN_DOUBT


async def test_a_gateway_that_finds_a_paper_too_large_is_believed(
    api: BotApi, telegram: TelegramPlatform
) -> None:
    api.script("sendDocument", Fault.PAGE, code=413)

    assert (await _failure(telegram, Outgoing(LIU, "", paper=XLSX))).kind is Failure.REFUSED


async def test_a_refusal_under_200_is_a_refusal(api: BotApi, telegram: TelegramPlatform) -> None:
    api.script("sendMessage", Fault.REFUSED_200)

    assert (await _failure(telegram)).kind is Failure.RETRY


async def test_a_blocked_bot_and_a_moved_group_are_noticed(api: BotApi, telegram: TelegramPlatform) -> None:
    api.blocks(7)
    api.migrates(-5, -100500)

    blocked = await _failure(telegram)
    moved = await _failure(telegram, Outgoing(Address("telegram", "-5"), "周报"))

    assert blocked.kind is Failure.UNREACHABLE
    assert (moved.kind, moved.to) == (Failure.MOVED, "-100500")


@pytest.mark.parametrize(
    ("fault", "seconds", "after"),
    [
        (Fault.LIMITED, 37, 37),
        (Fault.LIMITED, 10_072, 10_072),
        (Fault.LIMITED_PLAIN, 41, 41),
        (Fault.LIMITED_BARE, 0, 30),
    ],
)
async def test_a_429_holds_as_long_as_it_says(
    api: BotApi, telegram: TelegramPlatform, fault: Fault, seconds: int, after: int
) -> None:
    api.script("sendMessage", fault, seconds=seconds)

    failure = await _failure(telegram)

    assert (failure.kind, failure.whole_bot) == (Failure.RETRY, False)
    assert failure.after == timedelta(seconds=after)


@pytest.mark.parametrize(
    ("chats", "apart", "whole_bot"),
    [
        ([LIU, LIU], 1, [False, False]),
        ([LIU, CHEN], 9, [False, True]),
        ([LIU, CHEN, LIU], 9, [False, True, True]),
        ([LIU, CHEN], 11, [False, False]),
        ([LIU, GROUP, GROUP], 1, [False, False, False]),
        ([GROUP, LIU], 1, [False, False]),
    ],
)
async def test_two_private_chats_limited_at_once_mean_the_whole_bot(
    api: BotApi, clock: VirtualClock, chats: list[Address], apart: int, whole_bot: list[bool]
) -> None:
    platform = TelegramPlatform(api.token, api_base=api.base, clock=clock)
    api.script("sendMessage", Fault.LIMITED, seconds=3, times=len(chats))

    failures = []
    for chat in chats:
        failures.append(await _failure(platform, Outgoing(chat, "早上好")))
        clock.set(clock.now() + timedelta(seconds=apart))
    await platform.close()

    assert [failure.whole_bot for failure in failures] == whole_bot


async def test_a_revoked_token_loses_no_message(api: BotApi, clock: VirtualClock) -> None:
    platform = TelegramPlatform("42:revoked", api_base=api.base, clock=clock)

    failure = await _failure(platform)
    await platform.close()

    assert (failure.kind, failure.whole_bot) == (Failure.RETRY, True)
    assert failure.after == timedelta(seconds=60)
    assert "令牌" in platform.healthy()


# -- files, links, checks ---------------------------------------------------------------------


async def test_a_file_somebody_sent_is_fetched(api: BotApi, telegram: TelegramPlatform) -> None:
    api.files["f1"] = b"%PDF"

    assert (await telegram.fetch(Attachment("f1", "批复.pdf", "application/pdf"))).content == b"%PDF"


async def test_a_file_over_20_mb_is_refused_and_one_of_20_mb_is_not(api: BotApi, clock: VirtualClock) -> None:
    platform = TelegramPlatform(api.token, api_base=api.base, clock=clock)
    limit = 20 * 1024 * 1024
    api.files.update(large=bytes(limit), larger=bytes(limit + 1))

    content = (await platform.fetch(Attachment("large", "a", "video/mp4"))).content
    with pytest.raises(DeliveryError) as caught:
        await platform.fetch(Attachment("larger", "a", "video/mp4"))
    await platform.close()

    assert len(content) == limit
    assert caught.value.kind is Failure.REFUSED


async def test_a_file_the_bot_api_does_not_know_is_refused(telegram: TelegramPlatform) -> None:
    with pytest.raises(DeliveryError) as caught:
        await telegram.fetch(Attachment("unknown", "a", "video/mp4"))

    assert caught.value.kind is Failure.REFUSED


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "http://169.254.169.254/", ""])
async def test_a_path_that_leads_elsewhere_is_not_followed(
    api: BotApi, telegram: TelegramPlatform, path: str
) -> None:
    api.files["f1"] = b"x"
    api.paths["f1"] = path

    with pytest.raises(DeliveryError) as caught:
        await telegram.fetch(Attachment("f1", "a", "video/mp4"))

    assert caught.value.kind is Failure.REFUSED


@pytest.mark.parametrize("fault", [Fault.PAGE, Fault.TRUNCATED])
async def test_a_file_that_does_not_come_whole_or_from_elsewhere_is_fetched_again(
    api: BotApi, telegram: TelegramPlatform, fault: Fault
) -> None:
    api.files["f1"] = b"x"
    api.script("file", fault, code=302)

    with pytest.raises(DeliveryError) as caught:
        await telegram.fetch(Attachment("f1", "a", "video/mp4"))

    assert caught.value.kind is Failure.RETRY
    assert (await telegram.fetch(Attachment("f1", "a", "video/mp4"))).content == b"x"


@pytest.mark.parametrize("patience", [1])
async def test_a_fetch_without_an_answer_may_be_repeated(api: BotApi, telegram: TelegramPlatform) -> None:
    api.files["f1"] = b"x"
    api.script("getFile", Fault.HANG)

    with pytest.raises(DeliveryError) as caught:
        await telegram.fetch(Attachment("f1", "a", "video/mp4"))

    assert caught.value.kind is Failure.RETRY


async def test_the_link_names_the_bot_and_asks_its_name_once(api: BotApi, telegram: TelegramPlatform) -> None:
    api.script("getMe", Fault.EMPTY_502)

    assert await telegram.link("c0de") == ""
    assert await telegram.link("c0de") == "https://t.me/liaison_test_bot?start=c0de"
    assert await telegram.link("c1de") == "https://t.me/liaison_test_bot?start=c1de"
    assert api.calls.count("getMe") == 2


async def test_check_tells_the_name_the_webhook_and_the_privacy_mode(
    api: BotApi, telegram: TelegramPlatform
) -> None:
    plain = await telegram.check()
    api.webhook = "https://elsewhere.example"
    api.reads_all = True
    hooked = await telegram.check()

    assert "@liaison_test_bot" in plain[0].sentence
    assert "/setprivacy" in plain[1].sentence
    assert not any(finding.fault for finding in plain)
    assert [finding.fault for finding in hooked] == [False, True]
    assert "deleteWebhook" in hooked[1].sentence


async def test_check_tells_a_wrong_token_from_no_network(api: BotApi, clock: VirtualClock) -> None:
    wrong = TelegramPlatform("42:wrong", api_base=api.base, clock=clock)
    down = TelegramPlatform("42:x", api_base="http://name.invalid", clock=clock)

    (token,), (network,) = await wrong.check(), await down.check()
    await wrong.close()
    await down.close()

    assert token.fault
    assert "@BotFather" in token.sentence
    assert network.fault
    assert "连不上" in network.sentence


def test_a_socks_proxy_is_refused_with_its_cure(clock: VirtualClock) -> None:
    with pytest.raises(ConfigurationError, match="HTTP proxy"):
        TelegramPlatform("42:x", clock=clock, proxy="socks5://127.0.0.1:1080")


async def test_everything_goes_through_the_proxy(api: BotApi, clock: VirtualClock) -> None:
    platform = TelegramPlatform(api.token, api_base="http://api.example", proxy=api.base, clock=clock)

    await platform.send(Outgoing(LIU, "早上好"))
    await platform.close()

    assert api.texts(7) == ["早上好"]


# -- the token --------------------------------------------------------------------------------


async def test_the_token_is_told_to_nobody(
    api: BotApi, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    canary = "CANARY-c0ffee"
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "telegram")
    api.token = f"42:{canary}"
    api.files["f1"] = b"x"
    told: list[str] = []
    for base in (api.base, "http://127.0.0.1:9", "http://name.invalid", "https" + api.base[4:]):
        for token in (api.token, f"43:{canary}-wrong"):
            platform = TelegramPlatform(token, api_base=base, clock=clock, timeout=0.2)
            told += await _everything_told(platform, api if base == api.base else None)
            await platform.close()

    assert len(told) > 50
    assert canary not in "".join(told)
    assert canary not in caplog.text
    assert "sendMessage" in caplog.text or "sendDocument" in caplog.text  # python-telegram-bot did log


async def test_a_token_that_telegram_sends_back_is_kept_nowhere(api: BotApi, clock: VirtualClock) -> None:
    platform = TelegramPlatform(api.token, api_base=api.base, clock=clock)
    secret = api.token.partition(":")[2]
    api.script("sendMessage", Fault.REFUSED, code=500, words=f"bad gateway for bot{api.token}")
    api.feeds({"message": f"no message of {api.token}"})
    heard: list[object] = []

    async def listener(said: object) -> str:
        heard.append(said)
        return ""

    with pytest.raises(DeliveryError) as caught:
        await platform.send(Outgoing(LIU, "早上好"))
    await platform._polling.once(listener)
    await platform.close()

    assert "bad gateway" in str(caught.value)
    assert "no message of 42:***" in str(heard)
    assert secret not in f"{caught.value}{heard}"


async def _everything_told(platform: TelegramPlatform, api: BotApi | None) -> list[str]:
    """Make everything fail that can, and return every word said about it."""
    told: list[str] = []
    faults = [*AFTER_THE_BYTES, Fault.RESET_BEFORE, Fault.LIMITED_PLAIN, Fault.PAGE, Fault.REFUSED]
    for fault in faults if api else [Fault.HANG]:
        for paper in (None, XLSX):
            if api:
                api.script("*", fault, code=403)
            try:
                await platform.send(Outgoing(LIU, "早上好", paper=paper))
            except DeliveryError as error:
                told += traceback.format_exception(error)
        try:
            await platform.fetch(Attachment("f1", "a", "video/mp4"))
        except DeliveryError as error:
            told += traceback.format_exception(error)
    told += [finding.sentence for finding in await platform.check()]
    told += [await platform.link("c"), platform.healthy(), repr(platform), repr(vars(platform))]
    return told


# -- the loopback itself ------------------------------------------------------------------------


async def test_the_loopback_refuses_what_telegram_refuses(api: BotApi, telegram: TelegramPlatform) -> None:
    call = telegram._transport.call
    refused: list[tuple[str, dict[str, Any]]] = [
        ("sendMessage", {"chat_id": 7, "text": "x" * 4097}),
        ("sendMessage", {"chat_id": 7, "text": " "}),
        ("sendMessage", {"chat_id": 7, "text": "x", "reply_markup": _row("k" * 65)}),
        ("sendMessage", {"chat_id": "nobody", "text": "x"}),
        ("editMessageText", {"chat_id": 7, "message_id": 99, "text": "x"}),
    ]
    for method, values in refused:
        with pytest.raises(Exception, match=r"(?i)too long|is empty|button_data|not found"):
            await call(method, values)

    assert api.ledger == []
    assert await call("sendMessage", {"chat_id": 7, "text": "x" * 4096, "reply_markup": _row("k" * 64)})
    assert await call("answerCallbackQuery", {"callback_query_id": "q"})
    with pytest.raises(Exception, match="Query is too old"):
        await call("answerCallbackQuery", {"callback_query_id": "q"})


def _row(data: str) -> dict[str, list[list[dict[str, str]]]]:
    return {"inline_keyboard": [[{"text": "接办", "callback_data": data}]]}


@pytest.mark.parametrize(
    ("limits", "chat", "allowed"),
    [
        ({"bucket": 5}, LIU, 5),
        ({"window": 5}, LIU, 5),
        ({"group_minute": 5}, GROUP, 5),
        ({"group_minute": 5}, LIU, 9),
    ],
)
async def test_the_loopback_holds_the_pace(
    clock: VirtualClock, limits: dict[str, int], chat: Address, allowed: int
) -> None:
    async with BotApi(**limits) as api:  # type: ignore[arg-type]  # whole numbers are fine
        platform = TelegramPlatform(api.token, api_base=api.base, clock=clock)
        results = await asyncio.gather(
            *(platform.send(Outgoing(chat, str(n))) for n in range(9)), return_exceptions=True
        )
        await platform.close()

    refused = [result for result in results if isinstance(result, DeliveryError)]
    assert len(api.sent) == allowed
    assert api.pace.refused == len(refused) == 9 - allowed
    assert all(error.after is not None and error.after >= timedelta(seconds=1) for error in refused)
