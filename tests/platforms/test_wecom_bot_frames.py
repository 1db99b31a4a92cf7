"""What WeCom pushes is read with care: every odd frame is kept, none raises."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat import Address, Event, Incoming, Unreadable
from bot.platforms.wecom import frames

Json = dict[str, Any]

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
MEDIA = {"url": "https://a.qq.com/f?sign=1%2F2", "aeskey": "AAEC"}


def frame(body: Json, cmd: str = "aibot_msg_callback") -> Json:
    return {"cmd": cmd, "headers": {"req_id": "R1"}, "body": body}


def body(msgtype: str = "text", *, group: str = "", **more: Any) -> Json:
    where = {"chatid": group, "chattype": "group"} if group else {"chattype": "single"}
    return {
        "msgid": "M-12345678",
        "aibotid": "B1",
        **where,
        "from": {"userid": "liu"},
        "msgtype": msgtype,
        **more,
    }


def event(kind: str, *, group: str = "", **more: Any) -> Json:
    return frame(body("event", group=group, event={"eventtype": kind, **more}), "aibot_event_callback")


def read(pushed: Json) -> Incoming | Unreadable | None:
    return frames.incoming(pushed, json.dumps(pushed), "B1", NOW)


def heard(pushed: Json) -> Incoming:
    said = read(pushed)
    assert isinstance(said, Incoming)
    return said


def test_words_in_a_chat_of_two_are_from_and_in_the_chat_of_the_sender() -> None:
    assert heard(frame(body(text={"content": "62% @张三 已封顶"}))) == Incoming(
        "wecom:B1:M-12345678", Address("wecom", "liu"), "liu", NOW, private=True,
        text="62% @张三 已封顶", message="M-12345678",
    )  # fmt: skip


def test_words_in_a_group_are_from_the_sender_in_the_group_and_call_the_bot() -> None:
    said = heard(frame(body(group="G1", text={"content": "@联络员 62%"})))

    assert (said.at, said.sender, said.private) == (Address("wecom", "G1"), "liu", False)
    assert (said.text, said.called) == ("62%", True)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("@联络员 62%", "62%"),
        ("@联络员\u200562%", "62%"),
        (" @联络员  帮助", "帮助"),
        ("@联络员", ""),
        ("@联络员 @张三 请看", "@张三 请看"),
        ("62% @联络员 好", "62% @联络员 好"),
        ("张@联络员 好", "张@联络员 好"),
        ("@联络员\n第一行\n第二行", "第一行\n第二行"),
    ],
)
def test_the_name_of_the_bot_is_taken_off_the_beginning_of_what_a_group_says(content: str, text: str) -> None:
    assert heard(frame(body(group="G1", text={"content": content}))).text == text


@pytest.mark.parametrize(
    ("pushed", "name", "media_type"),
    [
        (body("image", image=MEDIA), "图片_12345678.jpg", "image/jpeg"),
        (body("file", file=MEDIA), "文件_12345678", "application/octet-stream"),
        (body("video", video=MEDIA), "视频_12345678.mp4", "video/mp4"),
    ],
)
def test_a_file_is_an_attachment_with_all_that_is_needed_to_fetch_it(
    pushed: Json, name: str, media_type: str
) -> None:
    (file,) = heard(frame(pushed)).attachments

    assert (file.name, file.media_type, file.size) == (name, media_type, None)
    assert file.token.startswith("bot:")
    assert json.loads(file.token.removeprefix("bot:")) == MEDIA


def test_a_mixed_message_is_its_words_and_every_picture() -> None:
    items = [
        {"msgtype": "text", "text": {"content": "@联络员 漏水"}},
        {"msgtype": "image", "image": MEDIA},
        {"msgtype": "text", "text": {"content": "二楼也是"}},
        {"msgtype": "image", "image": MEDIA},
    ]

    said = heard(frame(body("mixed", group="G1", mixed={"msg_item": items})))

    assert said.text == "漏水\n二楼也是"
    assert [file.name for file in said.attachments] == ["图片_12345678.jpg", "图片_12345678_2.jpg"]


def test_pictures_after_nothing_but_the_name_of_the_bot_have_no_words() -> None:
    items = [{"msgtype": "text", "text": {"content": "@联络员 "}}, {"msgtype": "image", "image": MEDIA}]

    said = heard(frame(body("mixed", group="G1", mixed={"msg_item": items})))

    assert (said.text, len(said.attachments)) == ("", 1)


def test_a_voice_message_is_its_transcript() -> None:
    assert heard(frame(body("voice", voice={"content": "进度百分之六十二"}))).text == "进度百分之六十二"


@pytest.mark.parametrize(
    "quote", [{"msgtype": "text", "text": {"content": "旧话"}}, None, 7, {"msgtype": []}]
)
def test_what_is_quoted_changes_nothing(quote: object) -> None:
    assert heard(frame(body(text={"content": "好"}, quote=quote))).text == "好"


@pytest.mark.parametrize(
    "card",
    [
        {"event_key": "Xy3.0", "task_id": "T1", "selected_items": {"selected_item": []}},
        {"eventKey": "Xy3.0", "taskId": "T1"},
        {"EventKey": "Xy3.0", "TaskId": "T1"},
    ],
)
@pytest.mark.parametrize("name", ["template_card_event", "templateCardEvent", "TemplateCardEvent"])
@pytest.mark.parametrize("cmd", ["aibot_event_callback", "aibot_msg_callback"])
@pytest.mark.parametrize("shape", ["event", "without its kind", "at the top"])
def test_a_press_is_read_however_wecom_writes_it(card: Json, name: str, cmd: str, shape: str) -> None:
    pushed = {
        "event": body("event", event={"eventtype": "template_card_event", name: card}),
        "without its kind": body("event", event={name: card}),
        "at the top": {**body("template_card_event"), name: card},
    }[shape]

    said = heard(frame(pushed, cmd))

    assert (said.button, said.message, said.sender, said.text) == ("Xy3.0", "T1", "liu", "")
    assert said.key == "wecom:B1:M-12345678"


def test_a_press_in_a_group_is_in_the_group() -> None:
    said = heard(
        event("template_card_event", group="G1", template_card_event={"event_key": "k", "task_id": "T"})
    )

    assert (said.at.chat, said.private, said.called) == ("G1", False, True)


def test_a_press_without_an_id_has_a_key_of_its_own_all_the_same() -> None:
    pushed = event("template_card_event", template_card_event={"event_key": "k", "task_id": "T"})
    del pushed["body"]["msgid"]
    other = {**pushed, "headers": {"req_id": "R2"}}

    assert heard(pushed).key == heard(pushed).key != heard(other).key


def test_an_opened_chat_is_an_event() -> None:
    said = heard(event("enter_chat"))

    assert (said.event, said.at.chat, said.text) == (Event.OPENED, "liu", "")


@pytest.mark.parametrize("kind", ["feedback_event", "enter_check_update", "auth_change_event", "", 7])
def test_events_that_concern_nobody_are_left_alone(kind: Any) -> None:
    assert read(event(kind)) is None


@pytest.mark.parametrize(("kind", "is_it"), [("disconnected_event", True), ("enter_chat", False)])
def test_being_thrown_out_is_told_from_other_events(kind: str, is_it: bool) -> None:
    assert frames.is_takeover(event(kind)) is is_it
    assert not frames.is_takeover({"body": []})


@pytest.mark.parametrize(
    ("told", "sent_at"),
    [
        (1700000000, datetime.fromtimestamp(1700000000, UTC)),
        (1700000000000000, NOW),
        (10**40, NOW),
        (-5, NOW),
        (0, NOW),
        ("1700000000", NOW),
        (None, NOW),
        (True, NOW),
    ],
)
def test_the_moment_is_wecoms_where_it_gives_one_that_can_be(told: object, sent_at: datetime) -> None:
    assert heard(frame(body(text={"content": "好"}, create_time=told))).sent_at == sent_at


@pytest.mark.parametrize(
    "pushed",
    [
        {"cmd": "aibot_msg_callback"},
        frame([]),  # type: ignore[arg-type]
        frame({}),
        frame(body("text")),
        frame(body("text", text="words")),
        frame(body("text", text={"content": 7})),
        frame(body("location", location={})),
        frame(body([])),  # type: ignore[arg-type]
        frame(body("image", image={"aeskey": "AAEC"})),
        frame(body("image", image={"url": 7})),
        frame(body("mixed", mixed={"msg_item": [7]})),
        frame(body("mixed", mixed={"msg_item": [{"msgtype": "sticker"}]})),
        frame({**body(text={"content": "好"}), "from": "liu"}),
        frame({**body(text={"content": "好"}), "from": {"userid": ""}}),
        frame({**body(text={"content": "好"}), "from": {"userid": "liu\x00"}}),
        frame({**body(text={"content": "好"}), "msgid": ""}),
        frame({**body(text={"content": "好"}), "msgid": "M\ud800"}),
        frame({**body(text={"content": "好"}), "msgid": "M" * 3000}),
        frame({**body(text={"content": "好"}), "chattype": "channel"}),
        frame({**body(group="G1", text={"content": "好"}), "chatid": ["G1"]}),
        event("template_card_event", template_card_event={"event_key": "k"}),
        event("template_card_event", template_card_event={"event_key": "", "task_id": "T"}),
        event("template_card_event", template_card_event=[]),
        frame(body("event", event="enter_chat")),
        frame({**body("event"), "event": None}),
    ],
)
def test_an_odd_frame_is_kept_whole_under_the_same_key_each_time(pushed: Json) -> None:
    said = read(pushed)

    assert isinstance(said, Unreadable)
    assert said == read(pushed)
    assert said.raw == json.dumps(pushed)
    assert said.reason
    assert said.key.isprintable()
    assert len(said.key) < 300


def test_an_odd_frame_with_an_id_bears_it() -> None:
    said = read(frame(body("location")))

    assert isinstance(said, Unreadable)
    assert said.key == "wecom:B1:M-12345678"
    assert said.reason == "Odd: kind of message not known: location"


def test_what_no_database_keeps_is_written_out() -> None:
    said = frames.unreadable('{"a": "\x00\ud800"', "B1", "not a frame")

    assert said.raw == '{"a": "\\u0000\\ud800"'


@pytest.mark.parametrize(
    "bomb",
    ["[" * 200_000, '{"a":' * 200_000, '{"errcode": ' + "9" * 100_000 + "}", '{"cmd": "aibot', "", "\x00"],
    ids=["lists", "dicts", "number", "half", "empty", "nul"],
)
def test_what_is_no_json_is_nothing_rather_than_an_error(bomb: str) -> None:
    assert frames.parse(bomb) is None


def test_control_characters_do_not_make_a_frame_unreadable() -> None:
    assert frames.parse('{"content": "6\x0b2%\x00\n好"}') == {"content": "62%\n好"}


def test_a_nest_that_is_still_json_is_kept() -> None:
    deep: Any = []
    for _ in range(300):
        deep = [deep]

    assert isinstance(read(frame(body("text", text=deep))), Unreadable)


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_known = [
    frame(body(text={"content": "好"})),
    frame(body("mixed", group="G1", mixed={"msg_item": [{"msgtype": "image", "image": MEDIA}]})),
    event("template_card_event", template_card_event={"event_key": "k", "task_id": "T"}),
    event("enter_chat"),
]


@given(st.sampled_from(_known), st.data())
@settings(max_examples=200)
def test_whatever_stands_in_a_frame_it_is_read_or_kept_or_left(known: Json, data: st.DataObject) -> None:
    pushed = json.loads(json.dumps(known))
    place = pushed
    while True:
        name = data.draw(
            st.sampled_from(sorted(place) if isinstance(place, dict) else list(range(len(place))))
        )
        if not place[name] or not isinstance(place[name], dict | list) or data.draw(st.booleans()):
            place[name] = data.draw(_anything)
            break
        place = place[name]

    said = read(pushed)

    assert said is None or said.key.startswith("wecom:B1:")
    assert frames.req_id(pushed) in {"R1", ""} or isinstance(pushed["headers"]["req_id"], str)
    frames.is_takeover(pushed)
