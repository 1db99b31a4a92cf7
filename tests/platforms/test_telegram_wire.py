"""Telegram's JSON is read as python-telegram-bot reads it, only faster and without faith."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from telegram import Bot, Update

from bot.chat import Address, Attachment, Button, Capabilities, Event, Incoming, Outgoing, Paper, Unreadable
from bot.platforms.telegram.wire import Me, incoming, keyboard, parts, press_id

Json = dict[str, Any]

ME = Me("42", "liaison_bot")
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SENT = 1795395600
SENT_AT = datetime.fromtimestamp(SENT, UTC)
LIU: Json = {"id": 7, "is_bot": False, "first_name": "刘", "last_name": "敏"}
PRIVATE: Json = {"id": 7, "type": "private", "first_name": "刘"}
GROUP: Json = {"id": -100200, "type": "supergroup", "title": "项目专班"}
CARD: Json = {
    "message_id": 5,
    "from": {"id": 42, "is_bot": True, "first_name": "b"},
    "chat": GROUP,
    "date": SENT,
}
PHOTO: Json = {"file_unique_id": "u", "width": 1, "height": 1}
FILE: Json = {"file_id": "D", "file_unique_id": "u"}


def _message(**fields: Any) -> Json:
    return {"message_id": 9, "from": LIU, "chat": PRIVATE, "date": SENT, **fields}


def _read(update: Json, number: int = 1) -> Incoming | Unreadable | None:
    return incoming({"update_id": number, **update}, ME, NOW)


def _said(**fields: Any) -> Incoming:
    said = _read({"message": _message(**fields)})
    assert isinstance(said, Incoming)
    return said


def test_a_typed_line_is_read() -> None:
    assert _said(text="1 主体封顶") == Incoming(
        key="telegram:42:1",
        at=Address("telegram", "7"),
        sender="7",
        sent_at=SENT_AT,
        private=True,
        sender_name="刘 敏",
        text="1 主体封顶",
        message="9",
    )


def test_an_edited_line_replaces_the_words_of_its_message() -> None:
    said = _read({"edited_message": _message(text="2", edit_date=SENT + 60)})

    assert isinstance(said, Incoming)
    assert (said.edited, said.message, said.text) == (True, "9", "2")
    assert (said.sent_at - SENT_AT).total_seconds() == 60


def test_a_press_names_its_card_and_the_chat_the_card_is_in() -> None:
    said = _read(
        {"callback_query": {"id": "q", "from": LIU, "data": "k1", "message": CARD, "chat_instance": "c"}}
    )

    assert said == Incoming(
        key="telegram:42:1",
        at=Address("telegram", "-100200"),
        sender="7",
        sent_at=NOW,
        private=False,
        sender_name="刘 敏",
        button="k1",
        message="5",
    )


def test_a_press_under_a_card_too_old_to_be_shown_is_read() -> None:
    old = {"chat": GROUP, "message_id": 5, "date": 0}

    said = _read({"callback_query": {"id": "q", "from": LIU, "data": "k1", "message": old}})

    assert isinstance(said, Incoming)
    assert (said.button, said.message) == ("k1", "5")


def test_only_a_press_is_answered() -> None:
    assert press_id({"callback_query": {"id": "q9"}}) == "q9"
    assert [press_id(odd) for odd in ({}, None, {"callback_query": {"id": 9}})] == ["", "", ""]


@pytest.mark.parametrize(
    ("fields", "attachment"),
    [
        (
            {
                "photo": [
                    {**PHOTO, "file_id": "small"},
                    {**PHOTO, "file_id": "big", "width": 9, "file_size": 70},
                ]
            },
            Attachment("big", "photo_9.jpg", "image/jpeg", 70),
        ),
        (
            {
                "document": {
                    **FILE,
                    "file_name": "周报\u202egpj.exe",
                    "mime_type": "application/pdf",
                    "file_size": 3,
                }
            },
            Attachment("D", "周报□gpj.exe", "application/pdf", 3),
        ),
        (
            {"document": {**FILE, "mime_type": "<svg>"}},
            Attachment("D", "document_9", "application/octet-stream"),
        ),
        ({"voice": {**FILE, "duration": 1}}, Attachment("D", "voice_9.ogg", "audio/ogg")),
        (
            {"video": {**FILE, "width": 1, "height": 1, "duration": 1}},
            Attachment("D", "video_9.mp4", "video/mp4"),
        ),
    ],
)
def test_a_picture_or_file_comes_with_its_caption(fields: Json, attachment: Attachment) -> None:
    said = _said(**fields, caption="封顶")

    assert said.attachments == (attachment,)
    assert said.text == "封顶"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"sticker": {"emoji": "👍"}}, "👍"),
        ({"sticker": {}}, "🙂"),
        ({"location": {"latitude": 33.438, "longitude": 113}}, "📍 33.43800, 113.00000"),
        ({"venue": {"title": "泵业园", "address": "北环路"}, "location": {}}, "📍 泵业园 北环路"),
        ({"contact": {"first_name": "王强", "phone_number": "138"}}, "👤 王强 138"),
        ({"poll": {"question": "开工?"}}, "📊 开工?"),
        ({"dice": {"emoji": "🎲"}}, "🎲"),
    ],
)
def test_what_has_no_words_is_given_a_sign(fields: Json, text: str) -> None:
    assert _said(**fields).text == text


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("/today@liaison_bot", "/today"),
        ("/start@Liaison_Bot code", "/start code"),
        ("@liaison_bot 1 62%", "1 62%"),
        ("@liaison_bot\n1 62%", "1 62%"),
        ("@liaison_bot", ""),
        ("@wangqiang 1 62%", "@wangqiang 1 62%"),
        ("/today@liaison_bot2", None),
        ("a@liaison_bot", "a@liaison_bot"),
    ],
)
def test_the_name_of_the_bot_is_not_part_of_what_is_said_to_it(typed: str, read: str | None) -> None:
    said = _read({"message": _message(text=typed, chat=GROUP)})

    assert (said.text if isinstance(said, Incoming) else said) == read


def test_the_border_cleans_words_and_names() -> None:
    said = _said(text="e\u0301\x00\ud83d", **{"from": {**LIU, "first_name": "王\u202e强", "last_name": ""}})

    assert (said.text, said.sender_name) == ("é", "王□强")


def test_a_topic_is_kept_and_a_mere_reply_thread_is_not() -> None:
    assert _said(text="1", chat=GROUP, message_thread_id=3, is_topic_message=True).at.topic == "3"
    assert _said(text="1", chat=GROUP, message_thread_id=3).at.topic == ""


@pytest.mark.parametrize(
    ("chat", "old", "new", "event", "detail"),
    [
        (GROUP, "left", "member", Event.JOINED_GROUP, "项目专班"),
        (GROUP, "kicked", "administrator", Event.JOINED_GROUP, "项目专班"),
        (GROUP, "member", "kicked", Event.LEFT_GROUP, "项目专班"),
        (PRIVATE, "member", "kicked", Event.BLOCKED, ""),
        (PRIVATE, "kicked", "member", Event.UNBLOCKED, ""),
    ],
)
def test_coming_and_going_are_events(chat: Json, old: str, new: str, event: Event, detail: str) -> None:
    change = {"chat": chat, "from": LIU, "date": SENT}
    members = {"old_chat_member": {"status": old}, "new_chat_member": {"status": new}}

    said = _read({"my_chat_member": {**change, **members}})

    assert isinstance(said, Incoming)
    assert (said.event, said.detail, said.sender) == (event, detail, "7")


def test_both_sides_of_a_migration_tell_the_same_move() -> None:
    old = {"id": -5, "type": "group", "title": "专班"}
    told = _read({"message": _message(chat=old, migrate_to_chat_id=-100200)})
    heard = _read({"message": _message(chat=GROUP, migrate_from_chat_id=-5)})

    for said in (told, heard):
        assert isinstance(said, Incoming)
        assert (said.event, said.at.chat, said.detail) == (Event.MOVED, "-5", "-100200")


@pytest.mark.parametrize("sign", ["new_chat_title", "chat_owner_changed", "chat_owner_left"])
def test_another_name_or_owner_of_a_group_is_told_with_its_name(sign: str) -> None:
    said = _read({"message": _message(chat=GROUP, **{sign: "x"})})

    assert isinstance(said, Incoming)
    assert (said.event, said.at.chat, said.detail) == (Event.ALTERED, str(GROUP["id"]), GROUP["title"])


@pytest.mark.parametrize(
    "update",
    [
        {"message": _message(new_chat_photo=[])},
        {"message": _message(pinned_message=CARD)},
        {"message": _message(chat=GROUP, new_chat_members=[LIU])},
        {"edited_message": _message(location={"latitude": 1, "longitude": 2})},
        {
            "my_chat_member": {
                "chat": GROUP,
                "from": LIU,
                "date": SENT,
                "old_chat_member": {"status": "member"},
                "new_chat_member": {"status": "administrator"},
            }
        },
    ],
)
def test_what_nobody_said_is_passed_over(update: Json) -> None:
    assert _read(update) is None


@pytest.mark.parametrize(
    "update",
    [
        {"message": []},
        {"message": {}},
        {"message": _message(text=5)},
        {"message": _message(text="x", date="now")},
        {"message": _message(text="x", date=10**30)},
        {"message": _message(text="x", date=float("inf"))},
        {"message": _message(text="x", date=True)},
        {"message": _message(text="x", chat={"id": "7", "type": "private"})},
        {"message": {**_message(text="x"), "from": None}},
        {"message": _message(photo=[[]])},
        {"message": _message(location={"latitude": []})},
        {"message": _message(location={})},
        {"message": _message(story={"id": 1})},
        {"message": _message(text="x", is_topic_message=True)},
        {"callback_query": {"id": "q", "from": LIU, "message": CARD}},
        {"callback_query": {"id": "q", "from": LIU, "data": "k", "inline_message_id": "i"}},
        {"my_chat_member": {"chat": GROUP, "from": LIU, "date": SENT}},
        {"message_reaction": {}},
        {},
    ],
)
def test_what_cannot_be_read_is_kept_whole_with_its_reason(update: Json) -> None:
    said = _read(update)

    assert isinstance(said, Unreadable)
    assert said.key == "telegram:42:1"
    assert json.loads(said.raw) == {"update_id": 1, **update}
    assert said.reason


def test_numbers_no_database_could_hold_are_words() -> None:
    huge = 2**63
    said = _read({"message": _message(text="x", chat={"id": huge, "type": "private"})}, huge)

    assert isinstance(said, Incoming)
    assert (said.at.chat, said.key) == (str(huge), f"telegram:{ME.id}:{huge}")


def test_an_update_without_a_number_is_known_by_its_content() -> None:
    first, again, other = (incoming(odd, ME, NOW) for odd in ("x", "x", ["\ud800"]))

    assert isinstance(first, Unreadable)
    assert isinstance(other, Unreadable)
    assert first == again
    assert first.key != other.key
    other.raw.encode()  # can be stored


SAMPLES = [
    {"message": _message(text="1 主体封顶")},
    {"message": _message(text="x", chat=GROUP, message_thread_id=3, is_topic_message=True)},
    {
        "message": _message(
            caption="c", photo=[{**PHOTO, "file_id": "a"}, {**PHOTO, "file_id": "b", "width": 5}]
        )
    },
    {
        "message": _message(
            caption="c", document={**FILE, "file_name": "a.pdf", "mime_type": "application/pdf"}
        )
    },
    {"edited_message": _message(text="2", edit_date=SENT + 5)},
    {"callback_query": {"id": "q", "from": LIU, "data": "k1", "message": CARD, "chat_instance": "c"}},
]


@pytest.mark.parametrize("sample", SAMPLES)
def test_we_read_what_python_telegram_bot_reads(sample: Json) -> None:
    said = _read(sample, 77)
    theirs = Update.de_json({"update_id": 77, **sample}, Bot("42:x"))

    assert isinstance(said, Incoming)
    assert theirs.effective_chat is not None
    assert theirs.effective_user is not None
    message = theirs.effective_message
    assert message is not None
    assert said.key == f"telegram:42:{theirs.update_id}"
    assert said.at.chat == str(theirs.effective_chat.id)
    assert said.private == (theirs.effective_chat.type == "private")
    assert (said.sender, said.sender_name) == (str(theirs.effective_user.id), theirs.effective_user.full_name)
    assert said.message == str(message.message_id)
    assert said.at.topic == (str(message.message_thread_id) if message.is_topic_message else "")
    assert said.edited == (theirs.edited_message is not None)
    if theirs.callback_query:
        assert said.button == theirs.callback_query.data
    else:
        assert said.text == (message.text or message.caption)
        assert said.sent_at == (message.edit_date or message.date)
        file = message.photo[-1] if message.photo else message.document
        assert [a.token for a in said.attachments] == ([file.file_id] if file else [])


def test_a_keyboard_has_no_empty_rows() -> None:
    rows = ((Button("接办", "a"), Button("转办", "b")), (), (Button("退回", "c"),))

    assert keyboard(rows) == {
        "inline_keyboard": [
            [{"text": "接办", "callback_data": "a"}, {"text": "转办", "callback_data": "b"}],
            [{"text": "退回", "callback_data": "c"}],
        ]
    }


def test_a_paper_takes_a_short_text_as_its_caption_and_a_long_one_after_it() -> None:
    paper = Paper("周报.png", "image/png", b"png")
    rows = ((Button("接办", "a"),),)

    (short,) = parts(Outgoing(Address("telegram", "7"), "字" * 1024, rows, paper), Capabilities())
    first, last = parts(Outgoing(Address("telegram", "7"), "字" * 1025, rows, paper), Capabilities())

    assert (len(short.text), short.buttons, short.paper) == (1024, rows, paper)
    assert (first.text, first.buttons, first.paper) == ("", (), paper)
    assert (len(last.text), last.buttons, last.paper) == (1025, rows, None)
