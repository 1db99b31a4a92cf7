"""What WeCom pushes over the long connection, in the port's words; nothing here talks to anybody.

Each value is checked as it is read: one odd value costs one message, which is kept whole.
"""

import hashlib
import json
import logging
import re
from datetime import UTC, datetime
from typing import Any, TypeGuard, TypeVar

from bot.chat import Address, Attachment, Event, Incoming, Unreadable
from bot.domain.words import clean
from bot.platforms.wecom import NAME

log = logging.getLogger(__name__)

T = TypeVar("T")
Json = dict[str, Any]

CHANNEL = "bot:"
"""How the tokens of attachments and the names of cards begin that belong to this channel."""

PUSHES = frozenset({"aibot_msg_callback", "aibot_event_callback"})
"""The commands WeCom gives to us."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MENTION = re.compile(r"\s*@\S*(?:\s+|$)")
_LONGEST_ID = 256
_TAIL = 8

# Kind of message → beginning, ending and media type of a file whose name only the download tells.
_FILES = {
    "image": ("图片", ".jpg", "image/jpeg"),
    "file": ("文件", "", "application/octet-stream"),
    "video": ("视频", ".mp4", "video/mp4"),
}


class Odd(Exception):  # noqa: N818 -- becomes an Unreadable, never an error anybody sees
    """Something in a frame is not what WeCom promises."""


def parse(raw: str) -> object:
    """Return what the JSON of a frame says; None if it is none.

    Control characters are known to stand in people's words unescaped.
    """
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(_CONTROLS.sub("", raw), strict=False)
    except (ValueError, RecursionError):
        return None


def req_id(frame: Json) -> str:
    """Return the id that ties a command and its answer together; empty where there is none."""
    headers = frame.get("headers")
    found = headers.get("req_id") if isinstance(headers, dict) else None
    return found if isinstance(found, str) else ""


def is_takeover(frame: Json) -> bool:
    """Tell whether WeCom says that somebody else subscribed with our bot, and that we are out."""
    body = frame.get("body")
    event = body.get("event") if isinstance(body, dict) else None
    return isinstance(event, dict) and _kind(event) == "disconnectedevent"


def incoming(frame: Json, raw: str, bot_id: str, now: datetime) -> Incoming | Unreadable | None:
    """Return what a push says; None for an event that concerns nobody.

    ``raw`` is the frame as it came, ``now`` when it did: most messages do not say when they were sent.
    """
    try:
        body = need(frame, "body", dict)
        event = body.get("event", body if _loosely(body, "templatecardevent") else None)
        if event is not None or body.get("msgtype") == "event":
            return _event(body, of(event, dict), raw, bot_id, now)
        return _message(body, bot_id, now)
    except (Odd, KeyError, TypeError, ValueError, RecursionError) as error:
        return unreadable(raw, bot_id, f"{type(error).__name__}: {error}", frame)


def unreadable(raw: str, bot_id: str, reason: str, frame: object = None) -> Unreadable:
    """Keep a frame whole that cannot be read; without an id its content is its key."""
    body = frame.get("body") if isinstance(frame, dict) else None
    number = body.get("msgid") if isinstance(body, dict) else None
    name = number if _is_id(number) else _digest(raw)
    # No database keeps a NUL or half a surrogate pair.
    whole = _UNSTORABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", raw)
    return Unreadable(f"{NAME}:{bot_id}:{name}", NAME, whole, clean(reason))


def need(source: Json, name: str, kind: type[T]) -> T:
    """Return a field that must be there and be of this very kind."""
    if name not in source:
        raise Odd(f"{name} is missing")
    if type(source[name]) is not kind:
        raise Odd(f"{name} is not {kind.__name__}")
    return source[name]


def of(value: object, kind: type[T]) -> T:
    """Return a value that must be of this very kind."""
    if type(value) is not kind:
        raise Odd(f"{type(value).__name__} where {kind.__name__} was expected")
    return value


def _message(body: Json, bot_id: str, now: datetime) -> Incoming:
    number = _id(body, "msgid")
    at, sender, private = _chat(body)
    words, files = _contents(body, number)
    if not private and words and (mention := _MENTION.match(words[0])):
        words[0] = words[0][mention.end() :]
    return Incoming(
        f"{NAME}:{bot_id}:{number}", at, sender, _moment(body, now), private,
        text=clean("\n".join(filter(None, words))), message=number,
        attachments=tuple(files), called=not private,
    )  # fmt: skip


def _contents(body: Json, number: str) -> tuple[list[str], list[Attachment]]:
    """Return the words of a message, piece by piece, and its pictures and files."""
    kind = need(body, "msgtype", str)
    if kind == "mixed":
        items = [of(item, dict) for item in need(need(body, "mixed", dict), "msg_item", list)]
    else:
        items = [body]
    words: list[str] = []
    files: list[Attachment] = []
    for item in items:
        match of(item.get("msgtype"), str):
            case "text" | "voice" as said:
                words.append(need(need(item, said, dict), "content", str))
            case "image" | "file" | "video" as sent:
                files.append(_attachment(need(item, sent, dict), sent, number, len(files)))
            case other:
                raise Odd(f"kind of message not known: {other[:100]}")
    return words, files


def _attachment(source: Json, kind: str, number: str, place: int) -> Attachment:
    beginning, ending, media_type = _FILES[kind]
    token = json.dumps({"url": need(source, "url", str), "aeskey": of(source.get("aeskey", ""), str)})
    tail = re.sub(r"\W", "", number)[-_TAIL:]
    name = f"{beginning}_{tail}_{place + 1}{ending}" if place else f"{beginning}_{tail}{ending}"
    return Attachment(CHANNEL + token, name, media_type)


def _event(body: Json, event: Json, raw: str, bot_id: str, now: datetime) -> Incoming | None:
    card = _loosely(event, "templatecardevent")
    kind = _kind(event) or ("templatecardevent" if card else "")
    if kind not in {"templatecardevent", "enterchat"}:
        log.debug("an event that concerns nobody: %.50s", kind)
        return None
    number = body.get("msgid")
    # An event comes once and never again: better a key of its content than to lose it.
    key = f"{NAME}:{bot_id}:{number if _is_id(number) else _digest(raw)}"
    at, sender, private = _chat(body)
    if kind == "enterchat":
        return Incoming(key, at, sender, _moment(body, now), private, event=Event.OPENED)
    pressed = of(card or event, dict)
    return Incoming(
        key, at, sender, _moment(body, now), private,
        button=_filled(pressed, "eventkey"), message=_filled(pressed, "taskid"), called=not private,
        shows_notice=False,
    )  # fmt: skip


def _chat(body: Json) -> tuple[Address, str, bool]:
    """Return where something was said, who said it, and whether they are alone with the bot there."""
    sender = _id(need(body, "from", dict), "userid")
    match body.get("chattype") or ("group" if body.get("chatid") else "single"):
        case "single":
            return Address(NAME, sender), sender, True
        case "group":
            return Address(NAME, _id(body, "chatid")), sender, False
    raise Odd("kind of chat not known")


def _moment(body: Json, now: datetime) -> datetime:
    seconds = body.get("create_time")
    if type(seconds) is not int or seconds <= 0:
        return now
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return now


def _kind(event: Json) -> str:
    """Return the kind of an event, however it is written: enter_chat is enterchat."""
    kind = _loosely(event, "eventtype")
    return _bare(kind) if isinstance(kind, str) else ""


def _loosely(source: Json, name: str) -> Any:
    """Return a field however its name is written: task_id, taskId and TaskId have all been seen."""
    return next((value for written, value in source.items() if _bare(written) == name), None)


def _bare(name: str) -> str:
    return name.replace("_", "").lower()


def _filled(source: Json, name: str) -> str:
    if found := clean(of(_loosely(source, name), str)):
        return found
    raise Odd(f"{name} is empty")


def _id(source: Json, name: str) -> str:
    found = source.get(name)
    if _is_id(found):
        return found
    raise Odd(f"{name} is no id")


def _is_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.isprintable()


def _digest(raw: str) -> str:
    return hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()
