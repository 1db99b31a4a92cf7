"""WeCom's XML is read as WeCom writes it, and nothing anybody else writes costs time or does harm."""

import time
import tracemalloc
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from bot.chat import Address, Attachment, Event, Incoming, Unreadable
from bot.platforms.wecom.envelope import Foreign, Odd, Received, encrypted, incoming

CORP = "ww1a2b3c"
AGENT = 1000002
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SENT = 1795395600
SENT_AT = datetime.fromtimestamp(SENT, UTC)
LIU = Address("wecom", "liumin")
LARGEST = 256 * 1024


def _element(name: str, value: object) -> str:
    return f"<{name}>{value}</{name}>" if isinstance(value, int) else f"<{name}><![CDATA[{value}]]></{name}>"


def _xml(without: str = "", **fields: object) -> bytes:
    known = {"ToUserName": CORP, "FromUserName": "liumin", "CreateTime": SENT, "AgentID": AGENT, **fields}
    known.pop(without, None)
    return f"<xml>{''.join(_element(*each) for each in known.items())}</xml>".encode()


def _message(kind: str, **fields: object) -> bytes:
    return _xml("", MsgType=kind, **{"MsgId": 1234567890123456, **fields})


def _event(name: str, **fields: object) -> bytes:
    return _xml("", MsgType="event", Event=name, **fields)


def _read(body: bytes) -> Received:
    return incoming(body, CORP, AGENT, NOW)


def _said(body: bytes) -> Incoming:
    said = _read(body).said
    assert isinstance(said, Incoming)
    return said


def _unreadable(body: bytes) -> Unreadable:
    said = _read(body).said
    assert isinstance(said, Unreadable)
    return said


def test_a_typed_line_is_read() -> None:
    assert _said(_message("text", Content="1 主体封顶")) == Incoming(
        key=f"wecom:{CORP}:{AGENT}:1234567890123456",
        at=LIU,
        sender="liumin",
        sent_at=SENT_AT,
        private=True,
        text="1 主体封顶",
        message="1234567890123456",
    )


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("第一行\r\n第二行", "第一行\n第二行"),
        ("a\x00b\x08c\x0bd\x1fe\ufffef\x7fg", "abcdefg"),
        ("e\u0301", "é"),
        ("> \u0338", "> \u0338"),
        ("<b>&amp; ]] > <!-- ", "<b>&amp; ]] > <!-- "),
        ("", ""),
        ("👨‍👩‍👧 😀", "👨‍👩‍👧 😀"),
    ],
)
def test_what_databases_choke_on_is_dropped_from_a_text_and_nothing_else(typed: str, read: str) -> None:
    assert _said(_message("text", Content=typed)).text == read


def test_bytes_that_are_no_letters_are_dropped_and_the_rest_is_read() -> None:
    body = _message("text", Content="甲乙").replace(
        "乙".encode(), b"\xed\xa0\x80\xff\xc0\x80" + "乙".encode()
    )

    assert _said(body).text == "甲乙"


def test_a_letter_that_would_melt_into_the_markup_stays_in_its_text() -> None:
    body = _message("text", Content="x").replace(b"<![CDATA[x]]>", b"\xcc\xb8x")

    assert _said(body).text == "\u0338x"


@pytest.mark.parametrize(
    ("kind", "fields", "file"),
    [
        (
            "image",
            {"PicUrl": "http://p/1"},
            Attachment("app:M-1_a", "图片_1234567890123456.jpg", "image/jpeg"),
        ),
        ("voice", {"Format": "amr"}, Attachment("app:M-1_a", "语音_1234567890123456.amr", "audio/amr")),
        ("video", {"ThumbMediaId": "T"}, Attachment("app:M-1_a", "视频_1234567890123456.mp4", "video/mp4")),
    ],
)
def test_a_picture_a_voice_and_a_video_can_be_fetched(
    kind: str, fields: dict[str, str], file: Attachment
) -> None:
    said = _said(_message(kind, MediaId="M-1_a", **fields))

    assert (said.text, said.attachments) == ("", (file,))


@pytest.mark.parametrize(
    ("kind", "fields", "text"),
    [
        ("location", {"Location_X": "23.134", "Location_Y": "113.358", "Label": "衡山大道"}, "📍 衡山大道"),
        (
            "location",
            {"Location_X": "23.134521", "Location_Y": "-113.3588", "Label": ""},
            "📍 23.13452, -113.35880",
        ),
        ("link", {"Title": "通知", "Description": "略", "Url": "https://x/1"}, "通知\nhttps://x/1"),
        ("link", {"Url": "https://x/1"}, "https://x/1"),
    ],
)
def test_a_place_and_a_link_are_read_as_words(kind: str, fields: dict[str, str], text: str) -> None:
    assert _said(_message(kind, **fields)).text == text


@pytest.mark.parametrize("event", ["template_card_event", "template_card_menu_event"])
def test_a_press_names_its_button_its_card_and_what_changes_it(event: str) -> None:
    chosen = (
        "<SelectedItems><SelectedItem><QuestionKey><![CDATA[q1]]></QuestionKey><OptionIds>"
        "<OptionId><![CDATA[o1]]></OptionId><OptionId><![CDATA[o2]]></OptionId></OptionIds></SelectedItem>"
        "<SelectedItem><QuestionKey><![CDATA[q2]]></QuestionKey></SelectedItem></SelectedItems>"
    )
    body = _event(event, EventKey="Xy3.0", TaskId="Xy3@2", CardType="b", ResponseCode="RC")
    body = body.replace(b"</xml>", chosen.encode() + b"</xml>")

    assert _read(body) == Received(
        Incoming(
            key=f"wecom:{CORP}:{AGENT}:{sha256(body).hexdigest()}",
            at=LIU,
            sender="liumin",
            sent_at=SENT_AT,
            button="Xy3.0",
            message="Xy3@2",
            shows_notice=False,
        ),
        "RC",
    )


def test_a_press_without_a_response_code_is_a_press() -> None:
    received = _read(_event("template_card_event", EventKey="Xy3.0", TaskId="Xy3"))

    assert isinstance(received.said, Incoming)
    assert received.response_code == ""


@pytest.mark.parametrize(
    ("name", "event"),
    [("enter_agent", Event.OPENED), ("subscribe", Event.UNBLOCKED), ("unsubscribe", Event.BLOCKED)],
)
def test_who_opens_the_app_joins_it_or_leaves_it_is_known(name: str, event: Event) -> None:
    body = _event(name, EventKey="")

    assert _said(body) == Incoming(
        f"wecom:{CORP}:{AGENT}:{sha256(body).hexdigest()}", LIU, "liumin", SENT_AT, event=event
    )


@pytest.mark.parametrize(
    "event", ["LOCATION", "view", "click", "change_contact", "close_inactive_agent", "low_active", "new", ""]
)
def test_other_events_concern_nobody(event: str) -> None:
    assert _read(_event(event, FromUserName="sys@", Latitude="23.1")) == Received(None)


def test_the_same_number_is_the_same_message_whatever_else_differs() -> None:
    first, again = (_said(_message("text", Content="1", CreateTime=SENT + later)) for later in (0, 1))

    assert first.key == again.key


def test_two_events_of_one_person_in_one_second_are_two() -> None:
    keys = {
        _said(_event("template_card_event", EventKey=key, TaskId="Xy3", ResponseCode=code)).key
        for key, code in [("Xy3.0", "A"), ("Xy3.1", "A"), ("Xy3.0", "B")]
    }

    assert len(keys) == 3


def test_the_same_event_again_is_the_same() -> None:
    first, again = (_said(_event("enter_agent", EventKey="")) for _ in range(2))

    assert first.key == again.key


@pytest.mark.parametrize("number", ["", "0", "00", "x" * 65, "1 2", "1\n", "编号"])
def test_a_number_that_cannot_be_one_does_not_make_two_messages_one(number: str) -> None:
    keys = {_said(_message("text", Content=text, MsgId=number)).key for text in ("1", "2")}

    assert len(keys) == 2


def test_the_app_and_the_corp_are_part_of_the_key() -> None:
    keys = set()
    for corp, agent in [("ww1", 1), ("ww1", 2), ("ww2", 1)]:
        body = _message("text", Content="1", ToUserName=corp, AgentID=agent)
        said = incoming(body, corp, agent, NOW).said
        assert said is not None
        keys.add(said.key)

    assert len(keys) == 3


@pytest.mark.parametrize(
    "fields", [{"ToUserName": "ww9z"}, {"ToUserName": ""}, {"AgentID": 1000003}, {"AgentID": ""}]
)
def test_what_is_meant_for_another_corp_or_app_is_not_taken(fields: dict[str, object]) -> None:
    with pytest.raises(Foreign):
        _read(_message("text", Content="1", **fields))


def test_without_the_number_of_an_app_a_message_is_ours() -> None:
    assert _said(_xml("AgentID", MsgType="text", Content="1")).text == "1"


def test_what_does_not_say_when_it_was_sent_was_sent_now() -> None:
    assert _said(_xml("CreateTime", MsgType="text", Content="1")).sent_at == NOW


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not XML"),
        (b"1616140317555161061", "not XML"),
        (b"<xml></xml>", "ToUserName"),
        (_xml(), "MsgType"),
        (_message("text"), "Content"),
        (_message("file", MediaId="M", FileName="x"), "kind of message not known: file"),
        (_message("长" * 99), "kind of message not known: 长"),
        (_message("image"), "MediaId"),
        (_message("image", MediaId="M 1"), "MediaId"),
        (_message("image", MediaId=""), "MediaId"),
        (_message("image", MediaId="M" * 513), "MediaId"),
        (_message("location", Location_X="1e999", Location_Y="1"), "Location_X"),
        (_message("location", Location_X="nan", Location_Y="1"), "Location_X"),
        (_message("location", Location_X="1"), "Location_Y"),
        (_message("link", Title="t"), "Url"),
        (_message("text", Content="1", FromUserName="@all"), "FromUserName"),
        (_message("text", Content="1", FromUserName="a|b"), "FromUserName"),
        (_message("text", Content="1", FromUserName=""), "FromUserName"),
        (_message("text", Content="1", FromUserName="a\n"), "FromUserName"),
        (_message("text", Content="1", FromUserName="а"), "FromUserName"),  # a Cyrillic letter
        (_message("text", Content="1", FromUserName="x" * 129), "FromUserName"),
        (_message("text", Content="1", CreateTime="tomorrow"), "CreateTime"),
        (_message("text", Content="1", CreateTime="٣"), "CreateTime"),
        (_message("text", Content="1", CreateTime="9" * 5000), "CreateTime"),
        (_event("template_card_event", EventKey="k"), "TaskId"),
        (_event("template_card_event", TaskId="T"), "EventKey"),
        (_event("template_card_event", EventKey="", TaskId="T"), "EventKey"),
        (_event("template_card_event", EventKey="k" * 1025, TaskId="T"), "EventKey"),
        (_event("template_card_event", EventKey="k", TaskId="T:1"), "TaskId"),
        (_event("template_card_event", EventKey="k", TaskId="T" * 129), "TaskId"),
        (_event("template_card_event", EventKey="k", TaskId="T", ResponseCode="R C"), "ResponseCode"),
        (_event("template_card_event", EventKey="k", TaskId="T", ResponseCode="R" * 1025), "ResponseCode"),
        (b"<xml>" + b"<a>" * 100_000, "more elements"),
        (b"<xml>" + b"".join(b"<a%d/>" % n for n in range(2000)), "more elements"),
        (_message("text", Content="1").replace(b"<xml>", b'<xml a="1" a="2">'), "not XML"),
    ],
    ids=range(35),
)
def test_what_cannot_be_read_is_kept_whole_with_a_reason(body: bytes, reason: str) -> None:
    kept = _unreadable(body)

    assert reason in kept.reason
    assert kept.raw == body.decode()
    assert kept.platform == "wecom"
    assert kept.key.startswith(f"wecom:{CORP}:{AGENT}:")


def test_what_is_kept_of_an_unreadable_message_fits_into_every_database() -> None:
    assert _unreadable("<xml>甲".encode() + b"\x00\xff\xed\xa0\x80").raw == "<xml>甲\\x00\\xff\\xed\\xa0\\x80"


def test_an_unreadable_message_that_comes_again_has_the_same_key() -> None:
    assert _unreadable(_message("file")).key == _unreadable(_message("file", MediaId="M")).key
    assert _unreadable(b"<xml>1").key != _unreadable(b"<xml>2").key


@pytest.mark.parametrize(
    "typed",
    [
        "]]></Content><FromUserName><![CDATA[chenzhiyuan]]></FromUserName><Content><![CDATA[",
        "]]></Content><AgentID>1</AgentID><Content><![CDATA[",
        "1]]></Content></xml><!--",
        "]]></Content><MsgType><![CDATA[event]]></MsgType><A><![CDATA[",
    ],
)
def test_nobody_speaks_as_somebody_else_by_writing_markup(typed: str) -> None:
    assert isinstance(_read(_message("text", Content=typed)).said, Unreadable)


def test_the_sealed_part_of_an_envelope_is_all_that_is_looked_at() -> None:
    envelope = (
        b"<xml><ToUserName>ww9z</ToUserName><Encrypt><![CDATA[AbC+/=]]></Encrypt><AgentID>x</AgentID></xml>"
    )

    assert encrypted(envelope) == "AbC+/="


@pytest.mark.parametrize("claim", ["gbk", "gzip", "utf-7", "rot13", "x" * 500])
def test_the_encoding_an_xml_claims_to_have_is_not_looked_for(claim: str) -> None:
    envelope = f'<?xml version="1.0" encoding="{claim}"?><xml><Encrypt>A</Encrypt></xml>'

    assert encrypted(envelope.encode()) == "A"


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMBS = {
    "billion laughs": f'<!DOCTYPE x [<!ENTITY l0 "lol">{LAUGHS}]><xml><Encrypt>&l9;</Encrypt></xml>'.encode(),
    "quadratic blow-up": (
        b'<!DOCTYPE x [<!ENTITY a "'
        + b"a" * 50_000
        + b'">]><xml><Encrypt>'
        + b"&a;" * 50_000
        + b"</Encrypt></xml>"
    ),
    "external DTD": b'<!DOCTYPE xml SYSTEM "http://127.0.0.1:9/x.dtd"><xml><Encrypt>A</Encrypt></xml>',
    "parameter entity": b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/">%p;]><xml><Encrypt>A</Encrypt></xml>',
    "depth": b"<a>" * 80_000,
    "deep and closed": b"<a>" * 37_000 + b"</a>" * 37_000,
    "elements": b"<xml>" + b"<a/>" * 60_000,
    "attributes": b"<xml " + b" ".join(b'a%d=""' % n for n in range(25_000)) + b"/>",
    "name spaces": b"<xml " + b" ".join(b'xmlns:a%d="u"' % n for n in range(12_000)) + b"/>",
    "comments": b"<xml>" + b"<!---->" * 36_000 + b"</xml>",
    "one long name": b"<xml><" + b"a" * 250_000 + b"/></xml>",
    "one long attribute": b'<xml a="' + b"a" * 250_000,
    "no XML": b"\x1f\x8b\x08" + bytes(range(256)) * 1000,
    "nothing": b"",
    "twice": b"<xml><Encrypt>A</Encrypt><Encrypt>B</Encrypt></xml>",
    "too deep": b"<xml><a><Encrypt>A</Encrypt></a></xml>",
    "in a name space": b'<xml xmlns="u"><Encrypt>A</Encrypt></xml>',
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_no_time_and_no_space(name: str) -> None:
    bomb = BOMBS[name][:LARGEST]
    began = time.process_time()
    with pytest.raises(Odd):
        encrypted(bomb)
    took = time.process_time() - began
    tracemalloc.start()
    with pytest.raises(Odd):
        encrypted(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert took < 0.05
    assert peak < 5_000_000


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_under_a_right_seal_is_unreadable_and_nothing_worse(name: str) -> None:
    assert isinstance(_read(BOMBS[name]).said, Unreadable)


@pytest.mark.parametrize("reading", [encrypted, _read])
def test_no_file_of_ours_gets_into_a_message(reading: object, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("canary")
    body = (
        f'<!DOCTYPE x [<!ENTITY f SYSTEM "file://{tmp_path}/secret">]>'
        f"<xml><ToUserName>{CORP}</ToUserName><Encrypt>&f;</Encrypt></xml>"
    ).encode()

    try:
        found = str(_read(body)) if reading is _read else encrypted(body)
    except Odd as error:
        found = str(error)

    assert "canary" not in found
