"""Papers go up in pieces, each once; what people send comes down, is decrypted and bears its name."""

import asyncio
import base64
import json
from collections import Counter
from contextlib import suppress
from datetime import timedelta

import pytest
from yarl import URL

from bot.chat import Paper
from bot.clock import VirtualClock
from bot.errors import DeliveryError, Failure
from bot.platforms.wecom import media, upload
from bot.platforms.wecom.bot import BotChannel
from bot.platforms.wecom.errors import NotSent, WeComError
from bot.platforms.wecom.media import Media, filename
from bot.platforms.wecom.parts import Part
from bot.platforms.wecom.upload import kind_of, name_of
from tests.platforms.ear import Ear
from tests.platforms.wecom_bot_running import MONDAY, Pauses, running, words
from tests.wecom.socket import WeComSocket

INIT, CHUNK, FINISH = "aibot_upload_media_init", "aibot_upload_media_chunk", "aibot_upload_media_finish"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
AESKEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def paper(size: int = 3000, name: str = "周报.xlsx", media_type: str = XLSX) -> Paper:
    return Paper(name, media_type, (bytes(range(251)) * (size // 251 + 1))[:size])


async def send(channel: BotChannel, what: Paper, chat: str = "liu", *, in_group: bool = False) -> None:
    assert await channel.deliver(chat, Part(paper=what), in_group=in_group) == ""


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let 3,000 bytes be three pieces."""
    monkeypatch.setattr(upload, "LARGEST_CHUNK", 1000)


# --- up --------------------------------------------------------------------------------------------


async def test_a_paper_goes_up_in_pieces_and_arrives_whole() -> None:
    async with WeComSocket() as wecom, running(wecom) as channel:
        wecom.activates("liu")
        await send(channel, paper(1_300_000))

        (sent,) = wecom.sent
        assert (sent.msgtype, sent.filename) == ("file", "周报.xlsx")
        assert sent.content == paper(1_300_000).content
        assert [index for _, index in wecom.files.chunks] == [0, 1, 2]


async def test_a_digest_for_forty_groups_goes_up_once() -> None:
    groups = [f"G{n}" for n in range(40)]
    async with WeComSocket() as wecom, running(wecom) as channel:
        wecom.activates(groups=tuple(groups))
        picture = paper(name="周报.png", media_type="image/png")
        await asyncio.gather(*(send(channel, picture, group, in_group=True) for group in groups))

        assert Counter(sent.msgtype for sent in wecom.sent) == {"image": 40}
        assert len(wecom.uploads) == 1


async def test_a_paper_of_another_name_or_kind_is_another_file() -> None:
    async with WeComSocket() as wecom, running(wecom) as channel:
        wecom.activates("liu")
        await send(channel, paper())
        await send(channel, paper(name="周报（二）.xlsx"))
        await send(channel, paper(media_type="image/png"))

        assert [sent.filename for sent in wecom.sent] == ["周报.xlsx", "周报（二）.xlsx", "周报.xlsx"]
        assert len(wecom.uploads) == 3


async def test_a_file_that_is_nearly_over_at_wecoms_goes_up_again() -> None:
    clock = VirtualClock(MONDAY)
    async with WeComSocket(clock=clock) as wecom, running(wecom, clock=clock) as channel:
        wecom.activates("liu")
        for hours, uploads in ((0, 1), (70.9, 1), (71.5, 2), (142, 2)):
            clock.set(MONDAY + timedelta(hours=hours))
            await send(channel, paper())
            assert len(wecom.uploads) == uploads


async def test_only_so_many_files_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "_KEPT", 2)
    async with WeComSocket() as wecom, running(wecom) as channel:
        wecom.activates("liu")
        for name in ("1", "2", "1", "3", "1", "2"):
            await send(channel, paper(name=name))

        assert [file.filename for file in wecom.uploads.values()] == ["1", "2", "3", "2"]


async def test_a_file_that_wecom_has_lost_goes_up_again_but_only_once() -> None:
    async with WeComSocket() as wecom, running(wecom) as channel:
        wecom.activates("liu")
        await send(channel, paper())
        wecom.uploads.clear()
        await send(channel, paper())
        wecom.script("aibot_send_msg", "ERRCODE", times=2, code=40007)
        with pytest.raises(WeComError) as caught:
            await send(channel, paper())

        assert caught.value.code == 40007
        assert len(wecom.sent) == 2
        assert Counter(wecom.commands)[FINISH] == 3


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize(("cmd", "pieces"), [(INIT, [0, 1, 2]), (CHUNK, [0, 0, 1, 2]), (FINISH, [0, 1, 2])])
async def test_a_lost_answer_to_a_piece_is_asked_for_again(
    cmd: str, pieces: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "_PATIENCE", 0.05)
    async with WeComSocket() as wecom, running(wecom) as channel:
        wecom.activates("liu")
        wecom.script(cmd, "NO_ACK")
        await send(channel, paper())

        assert wecom.sent[0].content == paper().content
        assert [index for _, index in wecom.files.chunks] == pieces


@pytest.mark.usefixtures("small_pieces")
async def test_an_upload_goes_on_over_the_next_connection() -> None:
    async with WeComSocket() as wecom, running(wecom) as channel:
        wecom.activates("liu")
        wecom.script(CHUNK, "CLOSE_AFTER", after=1)
        await send(channel, paper())

        assert wecom.sent[0].connection == 2
        assert Counter(wecom.commands)[INIT] == 1


async def test_an_upload_that_is_never_confirmed_leaves_no_message_in_doubt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upload, "_PATIENCE", 0.02)
    async with WeComSocket() as wecom, running(wecom) as channel:
        wecom.activates("liu")
        wecom.script(CHUNK, "NO_ACK", times=3)
        with pytest.raises(NotSent):
            await send(channel, paper())
        await send(channel, paper())

        assert len(wecom.sent) == 1


@pytest.mark.parametrize(("cmd", "begun"), [(FINISH, 2), (CHUNK, 2)])
async def test_a_file_that_was_damaged_on_its_way_goes_up_once_more(cmd: str, begun: int) -> None:
    async with WeComSocket() as wecom, running(wecom) as channel:
        wecom.activates("liu")
        wecom.script(cmd, "ERRCODE", code=40058)
        await send(channel, paper())

        assert wecom.sent[0].content == paper().content
        assert Counter(wecom.commands)[INIT] == begun


async def test_a_file_that_is_damaged_every_time_is_refused() -> None:
    async with WeComSocket() as wecom, running(wecom) as channel:
        wecom.activates("liu")
        wecom.script(FINISH, "ERRCODE", times=2, code=40058)
        with pytest.raises(WeComError):
            await send(channel, paper())

        assert wecom.sent == []


async def test_too_many_uploads_are_not_made_more() -> None:
    async with WeComSocket(uploads_per_minute=1) as wecom, running(wecom) as channel:
        wecom.activates("liu")
        await send(channel, paper())
        with pytest.raises(WeComError) as caught:
            await send(channel, paper(name="二.xlsx"))

        assert caught.value.code == 45009
        assert Counter(wecom.commands)[INIT] == 2


@pytest.mark.usefixtures("small_pieces")
async def test_an_upload_waits_for_the_next_connection_longer_than_a_message_does() -> None:
    pauses = Pauses()
    async with WeComSocket() as wecom, running(wecom, patience=0.1, pauses=pauses) as channel:
        wecom.activates("liu")
        wecom.script(CHUNK, "CLOSE_AFTER", after=1)
        pauses.gate.clear()
        asyncio.get_running_loop().call_later(0.15, pauses.gate.set)
        await send(channel, paper())

        assert wecom.sent[0].content == paper().content


@pytest.mark.usefixtures("small_pieces")
async def test_messages_overtake_an_upload() -> None:
    async with WeComSocket() as wecom, running(wecom) as channel:
        wecom.activates("liu")
        wecom.script(CHUNK, "LATE_ACK", seconds=0.05)
        bringing = asyncio.create_task(send(channel, paper()))
        await wecom.until(lambda: CHUNK in wecom.commands)
        await asyncio.gather(*(channel.deliver("liu", words(str(n)), in_group=False) for n in range(20)))
        assert not bringing.done()
        await bringing

    assert [sent.msgtype for sent in wecom.sent] == ["markdown"] * 20 + ["file"]


@pytest.mark.parametrize(
    ("size", "words"),
    [(4, "是空的"), (0, "是空的"), (20 * 1024 * 1024 + 1, "有 20.0 MB，企业微信只收 20 MB 以内的")],
)
def test_a_paper_that_wecom_never_takes_is_refused_in_plain_words(size: int, words: str) -> None:
    with pytest.raises(DeliveryError, match=words) as caught:
        kind_of(Paper("a.xlsx", XLSX, bytes(size)))

    assert caught.value.kind is Failure.REFUSED


@pytest.mark.parametrize(
    ("size", "media_type", "kind"),
    [
        (5, "image/png", "image"),
        (10 * 1024 * 1024, "image/jpeg", "image"),
        (10 * 1024 * 1024 + 1, "image/png", "file"),
        (9, "image/webp", "file"),
        (20 * 1024 * 1024, XLSX, "file"),
    ],
)
def test_a_picture_is_shown_where_wecom_shows_it(size: int, media_type: str, kind: str) -> None:
    assert kind_of(Paper("a", media_type, bytes(size))) == kind


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("周报.xlsx", "周报.xlsx"),
        ("周" * 100 + ".xlsx", "周" * 83 + ".xlsx"),
        ("a." + "x" * 300, "a." + "x" * 254),
        ("a\x00\nb\ud800.png", "a b.png"),
    ],
)
def test_a_name_too_long_keeps_its_ending(name: str, taken: str) -> None:
    assert name_of(Paper(name, XLSX, b"content")) == taken
    assert len(taken.encode()) <= 256


# --- down ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sealed", "content"),
    [
        ("Et/xoZxZznIzSr3qjkv6c/Z8qf4SHPWqPfweXtmc6zE=", b"hello wecom media"),
        (
            "pM0FTH5LpqQ1nBsC5I0qe/+gKs+LhsaMPuHojmHGARDzQvU7glBDeGb2stq0/S25Jq0EtViRxdJZqTAyi3UatA==",
            b"x" * 32,
        ),
    ],
    ids=["V5", "V6"],
)
@pytest.mark.parametrize("aeskey", [AESKEY, AESKEY.rstrip("=")])
def test_files_are_decrypted_as_others_do_it(sealed: str, content: bytes, aeskey: str) -> None:
    assert media.decrypted(base64.b64decode(sealed), media.key_of(aeskey)) == content


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(16), bytes(33)])
def test_what_the_key_does_not_open_is_refused(sealed: bytes) -> None:
    with pytest.raises(DeliveryError) as caught:
        media.decrypted(sealed, media.key_of(AESKEY))

    assert caught.value.kind is Failure.REFUSED


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("size", [0, 31, 32, 33, 100_000])
async def test_a_file_somebody_sent_comes_whole_and_with_its_name(size: int, *, padded: bool) -> None:
    ear = Ear()
    async with WeComSocket() as wecom, running(wecom, ear) as channel:
        await wecom.sends_file("liu", "桥梁 1#.pdf", paper(size).content, padded=padded)
        await wecom.until(lambda: bool(ear.heard))
        (file,) = ear.last.attachments

        fetched = await channel.fetch(file.token.removeprefix("bot:"))

    assert fetched.content == paper(size).content
    assert fetched.name == "桥梁 1#.pdf"


async def test_every_picture_of_a_mixed_message_can_be_fetched() -> None:
    ear = Ear()
    async with WeComSocket() as wecom, running(wecom, ear) as channel:
        await wecom.sends_mixed("liu", "漏水", b"first", b"second", group="G1")
        await wecom.until(lambda: bool(ear.heard))
        tokens = [file.token.removeprefix("bot:") for file in ear.last.attachments]

        fetched = [await channel.fetch(token) for token in tokens]

    assert [(each.content, each.name) for each in fetched] == [(b"first", ""), (b"second", "")]


async def test_a_file_is_over_after_five_minutes() -> None:
    ear, clock = Ear(), VirtualClock(MONDAY)
    async with WeComSocket(clock=clock) as wecom, running(wecom, ear, clock=clock) as channel:
        await wecom.sends_image("liu", b"picture")
        await wecom.until(lambda: bool(ear.heard))
        clock.set(MONDAY + timedelta(minutes=6))
        with pytest.raises(DeliveryError, match="附件已过期（404）") as caught:
            await channel.fetch(ear.last.attachments[0].token.removeprefix("bot:"))

    assert caught.value.kind is Failure.REFUSED


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("GONE", Failure.REFUSED),
        ("PAGE", Failure.REFUSED),
        ("REDIRECT", Failure.REFUSED),
        ("HUGE", Failure.REFUSED),
        ("TRUNCATED", Failure.RETRY),
        ("RESET", Failure.RETRY),
        ("HANG", Failure.RETRY),
    ],
)
async def test_each_way_a_download_fails_is_told_for_what_it_is(
    fault: str, kind: Failure, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault == "HANG":
        monkeypatch.setattr(media, "_WALL", 0.05)
    ear = Ear()
    async with WeComSocket() as wecom, running(wecom, ear) as channel:
        await wecom.sends_image("liu", b"picture" * 100)
        await wecom.until(lambda: bool(ear.heard))
        wecom.media.script(fault, times=2)
        with pytest.raises(DeliveryError) as caught:
            await channel.fetch(ear.last.attachments[0].token.removeprefix("bot:"))

        assert caught.value.kind is kind
        assert "127.0.0.1" not in str(caught.value)
        assert caught.value.__cause__ is None
        # After a reset aiohttp asks once more by itself; a redirect is not followed.
        assert wecom.media.fetched == ["f1"] * (2 if fault == "RESET" else 1)


async def test_nothing_is_kept_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "LIMIT", 100)
    ear = Ear()
    async with WeComSocket() as wecom, running(wecom, ear) as channel:
        for size in (100, 140):
            await wecom.sends_file("liu", "a", paper(size).content)
        await wecom.until(lambda: len(ear.heard) == 2)
        tokens = [said.attachments[0].token.removeprefix("bot:") for said in ear.heard]  # type: ignore[union-attr]

        assert len((await channel.fetch(tokens[0])).content) == 100
        with pytest.raises(DeliveryError, match="没有保存"):
            await channel.fetch(tokens[1])


async def test_a_file_of_a_length_nobody_told_is_read_only_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "LIMIT", 1 << 20)
    hung_up = asyncio.Event()

    async def pour(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                writer.write(bytes(64 << 10))
                await writer.drain()
        writer.close()
        hung_up.set()

    async with await asyncio.start_server(pour, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/f"
        with pytest.raises(DeliveryError, match="没有保存"):
            await Media("127.0.0.1").fetch(json.dumps({"url": address, "aeskey": AESKEY}))
        async with asyncio.timeout(5):
            await hung_up.wait()


@pytest.mark.parametrize(
    "token",
    [
        "",
        "7",
        "[" * 100_000,
        "{}",
        '{"url": 7, "aeskey": ""}',
        json.dumps({"url": "https://a.qq.com/", "aeskey": "AAEC"}),
        json.dumps({"url": "https://a.qq.com/", "aeskey": "键"}),
        json.dumps({"url": "https://a.qq.com:99999/", "aeskey": AESKEY}),
        json.dumps({"url": "https://evil.example/", "aeskey": AESKEY}),
    ],
)
async def test_a_token_that_makes_no_sense_is_refused(token: str) -> None:
    with pytest.raises(DeliveryError) as caught:
        await Media("openws.work.weixin.qq.com").fetch(token)

    assert caught.value.kind is Failure.REFUSED
    assert "evil" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "is_trusted"),
    [
        ("https://ww-aibot-img-1258476243.cos.ap-guangzhou.myqcloud.com/x?sign=a%2Fb", True),
        ("https://wework.qpic.cn/x", True),
        ("https://WEWORK.QQ.COM:443/x", True),
        ("http://wework.qq.com/x", False),
        ("https://wework.qq.com:8443/x", False),
        ("https://evilqq.com/x", False),
        ("https://qq.com.evil.example/x", False),
        ("https://evil.example/x#.qq.com", False),
        ("https://evil.example%2f.qq.com/x", False),
        ("https://somebody@wework.qq.com/x", False),
        ("https://127.0.0.1/x", False),
        ("https://169.254.169.254/x", False),
        ("file:///etc/passwd", False),
        ("//wework.qq.com/x", False),
        ("http://wecom.county.gov.cn:8080/x", True),
        ("https://wecom.county.gov.cn/x", True),
        ("ftp://wecom.county.gov.cn/x", False),
        ("http://other.county.gov.cn/x", False),
    ],
)
def test_files_come_from_wecom_or_the_countys_own_server_and_from_nowhere_else(
    url: str, *, is_trusted: bool
) -> None:
    assert Media("wecom.county.gov.cn")._is_trusted(URL(url, encoded=True)) is is_trusted


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("attachment; filename=\"x.pdf\"; filename*=UTF-8''%E5%91%A8%E6%8A%A5.pdf", "周报.pdf"),
        ("attachment; filename*=utf-8'zh'%E5%91%A8.pdf; filename=x.pdf", "周.pdf"),
        ("attachment; filename*=GBK''%D6%DC.pdf", "周.pdf"),
        ("attachment; filename*=klingon''%E5%91%A8.pdf", "周.pdf"),
        ('attachment; filename="%E5%91%A8.pdf"', "周.pdf"),
        ('attachment; filename="a \\"b\\".pdf"', 'a "b".pdf'),
        ("attachment; filename=x.pdf", "x.pdf"),
        ("attachment; filename=" + "周.pdf".encode().decode("utf-8", "surrogateescape"), "周.pdf"),
        ("attachment; filename=" + "周.pdf".encode("gbk").decode("utf-8", "surrogateescape"), "周.pdf"),
        ("attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("attachment; filename*=idna''%E5%91%A8.pdf", "周.pdf"),  # an encoding that cannot replace anything
        ('attachment; filename="C:\\\\temp\\\\x.pdf"', "x.pdf"),
        ("attachment; filename*=UTF-8''a%0D%0Ab%00%E2%80%AE.pdf", "a\nb□.pdf"),
        ("attachment; filename=", ""),
        ("attachment", ""),
        ("", ""),
        ("\x00;;;=filename", ""),
    ],
)
def test_a_file_is_called_what_its_download_says(disposition: str, name: str) -> None:
    assert filename(disposition) == name
