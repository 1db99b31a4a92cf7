"""What a Telegram message holds besides its words; and the careful reading of JSON."""

import re
from typing import Any, TypeVar

from bot.chat import Attachment
from bot.domain.words import clean, visible

T = TypeVar("T")
Json = dict[str, Any]

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)

# Field of the message → ending and media type where Telegram gives none.
_FILES = {
    "document": ("", "application/octet-stream"),
    "voice": (".ogg", "audio/ogg"),
    "audio": (".mp3", "audio/mpeg"),
    "video": (".mp4", "video/mp4"),
    "video_note": (".mp4", "video/mp4"),
}

_SERVICE = {
    *("new_chat_members", "left_chat_member", "new_chat_title", "new_chat_photo", "delete_chat_photo"),
    *("group_chat_created", "supergroup_chat_created", "channel_chat_created", "pinned_message"),
    *("message_auto_delete_timer_changed", "successful_payment", "refunded_payment", "users_shared"),
    *("chat_shared", "gift", "unique_gift", "gift_upgrade_sent", "connected_website", "passport_data"),
    *("write_access_allowed", "proximity_alert_triggered", "boost_added", "chat_background_set"),
    *("checklist_tasks_done", "checklist_tasks_added", "direct_message_price_changed"),
    *("forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened"),
    *("general_forum_topic_hidden", "general_forum_topic_unhidden", "paid_message_price_changed"),
    *("giveaway_created", "giveaway_completed", "suggested_post_approved", "suggested_post_declined"),
    *("suggested_post_approval_failed", "suggested_post_paid", "suggested_post_refunded"),
    *("video_chat_scheduled", "video_chat_started", "video_chat_ended", "web_app_data"),
    *("video_chat_participants_invited", "chat_owner_left", "chat_owner_changed"),
}
_ENVELOPE = {"message_id", "from", "chat", "date", "is_topic_message", "message_thread_id", "sender_chat"}


class Odd(Exception):  # noqa: N818 -- becomes an Unreadable, never an error anybody sees
    """Something in an update is not what Telegram promises."""


def need(source: Json, name: str, kind: type[T]) -> T:
    """Return a field that must be there and be of this very kind."""
    if name not in source:
        raise Odd(f"{name} is missing")
    value = source[name]
    if type(value) is not kind:
        raise Odd(f"{name} is not {kind.__name__}")
    return value


def of(value: object, kind: type[T]) -> T:
    """Return a value that must be of this very kind."""
    if type(value) is not kind:
        raise Odd(f"{type(value).__name__} where {kind.__name__} was expected")
    return value


def is_service(message: Json) -> bool:
    """Tell whether Telegram tells about a chat in the shape of a message: nobody said anything."""
    return not _SERVICE.isdisjoint(message)


def attachments(message: Json, number: int) -> tuple[Attachment, ...]:
    """Return the picture (the largest size) or the file of a message."""
    if sizes := message.get("photo"):
        largest = max((of(size, dict) for size in of(sizes, list)), key=_area)
        return (
            Attachment(need(largest, "file_id", str), f"photo_{number}.jpg", "image/jpeg", _size(largest)),
        )
    for kind, (ending, usual) in _FILES.items():
        if found := message.get(kind):
            file = of(found, dict)
            name = of(file.get("file_name") or f"{kind}_{number}{ending}", str)
            given = of(file.get("mime_type") or usual, str)
            media_type = given if _MEDIA_TYPE.fullmatch(given) else usual
            token = need(file, "file_id", str)
            return (Attachment(token, visible(clean(name)), media_type, _size(file)),)
    return ()


def sign(message: Json) -> str:
    """Return a sign for what has no words but was meant to say something."""
    if "sticker" in message:
        return clean(of(need(message, "sticker", dict).get("emoji") or "🙂", str))
    if "dice" in message:
        return clean(need(need(message, "dice", dict), "emoji", str))
    if "poll" in message:
        return clean(f"📊 {need(need(message, 'poll', dict), 'question', str)}")
    if "venue" in message:
        venue = need(message, "venue", dict)
        return clean(f"📍 {need(venue, 'title', str)} {need(venue, 'address', str)}")
    if "location" in message:
        place = need(message, "location", dict)
        return f"📍 {float(place['latitude']):.5f}, {float(place['longitude']):.5f}"
    if "contact" in message:
        contact = need(message, "contact", dict)
        return clean(f"👤 {need(contact, 'first_name', str)} {need(contact, 'phone_number', str)}")
    raise Odd(f"kind of message not known: {', '.join(sorted(message.keys() - _ENVELOPE))[:100]}")


def _area(size: Json) -> int:
    return need(size, "width", int) * need(size, "height", int)


def _size(file: Json) -> int | None:
    size = file.get("file_size")
    return size if type(size) is int else None
