"""A group robot of WeCom posts to its group within its limits, and tells nobody its address."""

import asyncio
import contextlib
import hashlib
import logging
import re
import traceback
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.chat import Address, Event, Incoming, Paper, Unreadable
from bot.clock import VirtualClock
from bot.errors import ConfigurationError, DeliveryError, Failure, StorageError
from bot.platforms.wecom.codes import meaning
from bot.platforms.wecom.errors import NotSent, Unanswered, WeComError
from bot.platforms.wecom.parts import Part
from bot.platforms.wecom.robots import RobotsChannel
from tests.wecom.api import Fault, WeComApi

MONDAY = datetime(2026, 11, 23, 1, tzinfo=UTC)
GROUP = "webhook:大桥镇群"
KEY = "canary-693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
PNG = Paper("周报.png", "image/png", b"\x89PNG picture")
XLSX = Paper("台账 2026-W48.xlsx", "application/vnd.ms-excel", b"PK book")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(MONDAY)


@pytest.fixture
async def wecom(clock: VirtualClock) -> AsyncIterator[WeComApi]:
    async with WeComApi(clock=clock) as wecom:
        yield wecom


@pytest.fixture
async def robots(wecom: WeComApi, clock: VirtualClock) -> AsyncIterator[RobotsChannel]:
    webhooks = {"大桥镇群": wecom.webhook("大桥镇群", KEY), "指挥部": wecom.webhook("指挥部")}
    robots = RobotsChannel(webhooks, clock=clock)
    yield robots
    await robots.close()


async def _post(robots: RobotsChannel, text: str = "周报") -> str:
    return await robots.deliver(GROUP, Part(text=text), in_group=True)


async def test_words_are_posted_in_their_own_group_and_cannot_be_changed(
    wecom: WeComApi, robots: RobotsChannel
) -> None:
    name = await robots.deliver(GROUP, Part(text="字" * 1365), in_group=True)

    (sent,) = wecom.shown(GROUP)
    assert (sent.msgtype, sent.text) == ("markdown_v2", "字" * 1365)
    assert wecom.shown("webhook:指挥部") == []
    assert name == ""
    assert not await robots.change(name, Part(text="再来"))


@pytest.mark.parametrize(
    ("paper", "kind"),
    [
        (PNG, "image"),
        (Paper("周报.jpg", "image/jpeg", b"\xff\xd8\xff" + bytes(2 << 20)), "file"),
        (Paper("动图.gif", "image/gif", b"GIF89a picture"), "file"),
        (XLSX, "file"),
    ],
    ids=["png", "large", "gif", "xlsx"],
)
async def test_a_picture_is_shown_up_to_2_mb_and_all_else_is_a_file(
    wecom: WeComApi, robots: RobotsChannel, paper: Paper, kind: str
) -> None:
    await robots.deliver(GROUP, Part(paper=paper), in_group=True)

    (sent,) = wecom.shown(GROUP)
    assert (sent.msgtype, sent.content == paper.content) == (kind, True)
    assert sent.filename == ("" if kind == "image" else paper.name)
    if kind == "image":
        assert sent.body["image"]["md5"] == hashlib.md5(paper.content).hexdigest()  # noqa: S324 -- WeCom's


async def test_over_twenty_a_minute_it_waits_a_minute(
    wecom: WeComApi, robots: RobotsChannel, clock: VirtualClock
) -> None:
    for number in range(20):
        await _post(robots, str(number))
    with pytest.raises(WeComError) as caught:
        await _post(robots, "20")
    clock.set(MONDAY + timedelta(minutes=1))
    await _post(robots, "20")

    failure = meaning(caught.value)
    assert (failure.kind, failure.after) == (Failure.RETRY, timedelta(minutes=1))
    assert len(wecom.shown(GROUP)) == 21


async def test_words_over_4096_bytes_are_refused_for_good(robots: RobotsChannel) -> None:
    with pytest.raises(WeComError) as caught:
        await _post(robots, "字" * 1366)

    assert meaning(caught.value).kind is Failure.REFUSED


@pytest.mark.parametrize(
    ("path", "part", "error"),
    [
        ("webhook/send", Part(text="周报"), Unanswered),
        ("webhook/send", Part(paper=XLSX), Unanswered),
        ("webhook/upload_media", Part(paper=XLSX), NotSent),
    ],
    ids=["words", "file", "upload"],
)
@pytest.mark.parametrize("fault", [Fault.UNANSWERED, Fault.TRUNCATED, Fault.HTML_200, Fault.HTML])
async def test_only_what_the_group_may_have_seen_is_in_doubt(
    wecom: WeComApi, robots: RobotsChannel, path: str, part: Part, error: type[Exception], fault: Fault
) -> None:
    wecom.script(path, fault)

    with pytest.raises(error):
        await robots.deliver(GROUP, part, in_group=True)


async def test_what_no_robot_can_do_is_said_at_once(wecom: WeComApi, robots: RobotsChannel) -> None:
    failures = []
    for doing in (
        robots.deliver("webhook:县政府群", Part(text="周报"), in_group=True),
        robots.deliver(GROUP, Part(card={"card_type": "button_interaction"}), in_group=True),
        robots.deliver(GROUP, Part(paper=Paper("a.xlsx", "x/y", b"12345")), in_group=True),
        robots.fetch("media-1"),
    ):
        with pytest.raises(DeliveryError) as caught:
            await doing
        failures.append(caught.value.kind)

    assert failures == [Failure.UNREACHABLE, Failure.REFUSED, Failure.REFUSED, Failure.REFUSED]
    assert wecom.calls == []


async def test_each_group_is_told_of_once_and_again_while_the_database_is_away(
    wecom: WeComApi, clock: VirtualClock
) -> None:
    heard: list[Incoming] = []
    pauses: list[float] = []
    done = asyncio.Event()

    async def listen(said: Incoming | Unreadable) -> str:
        assert isinstance(said, Incoming)
        if len(pauses) < 2:
            raise StorageError("away")
        heard.append(said)
        if len(heard) == 2:
            done.set()
        return ""

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    webhooks = {"大桥镇群": wecom.webhook("大桥镇群"), "指挥部": wecom.webhook("指挥部")}
    robots = RobotsChannel(webhooks, clock=clock, pause=pause)
    running = asyncio.create_task(robots.run(listen))
    await asyncio.wait_for(done.wait(), 5)
    still = not running.done()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    await robots.close()

    first, second = heard
    assert first.at == Address("wecom", GROUP)
    assert first.event is Event.JOINED_GROUP
    # Another address under the same name is met anew; the same one is the same news.
    assert re.fullmatch(r"wecom:webhook:大桥镇群:[0-9a-f]{12}", first.key)
    assert first.key.rpartition(":")[2] != second.key.rpartition(":")[2]
    assert (first.detail, first.private, first.sender) == ("大桥镇群", False, "")
    assert second.detail == "指挥部"
    assert still


async def test_a_robot_that_was_thrown_out_is_ill_until_it_posts_again(
    wecom: WeComApi, robots: RobotsChannel
) -> None:
    del wecom.robots[KEY]
    with pytest.raises(WeComError) as caught:
        await _post(robots)
    ill = robots.healthy()
    wecom.adds_robot("大桥镇群", KEY)
    await _post(robots)

    assert meaning(caught.value).kind is Failure.UNREACHABLE
    assert "「大桥镇群」" in ill
    assert "93000" in ill
    assert robots.healthy() == ""


async def test_check_tries_each_address_and_posts_nothing(wecom: WeComApi, robots: RobotsChannel) -> None:
    wecom.script("webhook/send", Fault.ERRCODE, code=45009)
    busy, works = await robots.check()
    wecom.script("webhook/send", Fault.HTML)
    del wecom.robots["key-2"]
    away, thrown_out = await robots.check()

    assert [finding.fault for finding in (busy, works, away, thrown_out)] == [False, False, True, True]
    assert "45009" in busy.sentence
    assert "「指挥部」：地址可用" in works.sentence
    assert "请检查网络" in away.sentence
    assert "wecom.webhooks.指挥部" in thrown_out.sentence
    assert wecom.sent == []


@pytest.mark.parametrize(
    "url",
    [
        KEY,
        f"https://qyapi.example/cgi-bin/webhook/send?kee={KEY}",
        f"https://qyapi.example/{KEY}",
        f"https://qyapi.example/cgi-bin/webhook/upload_media?key={KEY}",
        f"http://[{KEY}",
    ],
)
def test_an_address_that_is_none_is_refused_but_not_shown(clock: VirtualClock, url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RobotsChannel({"大桥镇群": url}, clock=clock)

    assert "wecom.webhooks.大桥镇群" in str(caught.value)
    assert "canary" not in str(caught.value)


async def test_no_log_and_no_error_tells_an_address(
    wecom: WeComApi, robots: RobotsChannel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = [repr(robots), repr(robots._robots)]
    for path in ("webhook/send", "webhook/upload_media"):
        for fault in Fault:
            if fault in {Fault.LATE, Fault.HANG}:
                continue
            wecom.script(path, fault, code=93000, words="bad {echo}")
            with contextlib.suppress(WeComError, NotSent, Unanswered):
                try:
                    await robots.deliver(GROUP, Part(paper=XLSX), in_group=True)
                except (WeComError, NotSent, Unanswered) as error:
                    told += [*traceback.format_exception(error), robots.healthy()]
                    raise
    told += [finding.sentence for finding in await robots.check()]

    everything = "\n".join([*told, caplog.text])
    assert "errcode 93000: bad …" in everything
    assert "canary" not in everything
    assert "127.0.0.1" not in everything
