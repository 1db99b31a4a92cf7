"""What a callback says: from WeCom's XML to the port's words; nothing here talks to anybody.

The envelope may come from anybody, so it is read before anything else is known of it: no DTD,
no entities, and reading stops at the first thing no message of WeCom's looks like.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from bot.chat import Address, Attachment, Event, Incoming, Unreadable
from bot.domain.words import clean
from bot.platforms.wecom import NAME

Leaves = dict[str, str]
"""The words of what stands directly under the root, by the name of the element."""

_MOST_SIGNS = 64
_LEAF = 2
_MOST_ELEMENTS = 1000
"""A card with every choice made, or an approval, has some hundred."""

_MESSAGE_ID = re.compile(r"(?!0+\Z)[0-9A-Za-z_-]{1,64}")
# No `|` and no `@all`: as an address these would be many people.
_ACCOUNT = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.@-]{0,127}")
_MEDIA = re.compile(r"[!-~]{1,512}")
_TASK = re.compile(r"[0-9A-Za-z_@-]{1,128}")
_CODE = re.compile(r"[!-~]{0,1024}")
_SECONDS = re.compile(r"[0-9]{1,10}")
_DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,15})?")
_LONGEST_BUTTON = 1024

# What XML cannot hold, though people can type some of it; halves of surrogate pairs stand for bytes
# that are not UTF-8.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

# Kind of message → name, ending and media type of its file.
_FILES = {
    "image": ("图片", ".jpg", "image/jpeg"),
    "voice": ("语音", ".amr", "audio/amr"),
    "video": ("视频", ".mp4", "video/mp4"),
}
_EVENTS = {"enter_agent": Event.OPENED, "subscribe": Event.UNBLOCKED, "unsubscribe": Event.BLOCKED}
_PRESSES = {"template_card_event", "template_card_menu_event"}


class Odd(Exception):  # noqa: N818 -- becomes a refusal or an Unreadable, never an error anybody sees
    """Something in an XML is not what WeCom promises."""


class Foreign(Exception):  # noqa: N818 -- becomes a refusal
    """A message under a right seal, but meant for another corp or another app."""


@dataclass(frozen=True, slots=True)
class Received:
    """What a callback said; with the press of a button ``response_code``, which changes that card once."""

    said: Incoming | Unreadable | None
    response_code: str = ""


def encrypted(xml: bytes) -> str:
    """Return what is sealed in an envelope, all of it that is looked at; raise Odd if it is none."""
    # Each element, comment and attribute takes the parser time, and an envelope has a handful.
    if max(xml.count(b"<"), xml.count(b"=")) > _MOST_SIGNS:
        raise Odd("more elements than an envelope has")
    return _need(_leaves(xml), "Encrypt")


def incoming(body: bytes, corp_id: str, agent_id: int, now: datetime) -> Received:
    """Return what a decrypted callback says; nothing where nobody said anything that concerns us.

    ``now`` is when it reached us, for what does not say when it was sent. Raise Foreign if it is meant
    for another corp or app.

    The key is WeCom's number, else the content itself: an event has no number, and two of one person
    within a second are two.
    """
    digest = hashlib.sha256(body).hexdigest()
    key = f"{NAME}:{corp_id}:{agent_id}:{digest}"
    try:
        leaves = _leaves(_FORBIDDEN.sub("", body.decode("utf-8", "surrogateescape")).encode())
        _check_ours(leaves, corp_id, agent_id)
        if _need(leaves, "MsgType") == "event":
            return _event(leaves, key, now)
        number = leaves.get("MsgId", "")
        if _MESSAGE_ID.fullmatch(number):
            key = f"{NAME}:{corp_id}:{agent_id}:{number}"
        else:
            number = digest[:16]
        return _message(leaves, key, number, now)
    except Odd as error:
        # Kept whole, in a form that every database takes.
        raw = body.decode("utf-8", "backslashreplace").replace("\0", "\\x00")
        return Received(Unreadable(key, NAME, raw, str(error)))


def _message(leaves: Leaves, key: str, number: str, now: datetime) -> Received:
    kind = _need(leaves, "MsgType")
    text = ""
    files: tuple[Attachment, ...] = ()
    if kind in _FILES:
        name, ending, media_type = _FILES[kind]
        files = (
            Attachment(f"app:{_need(leaves, 'MediaId', _MEDIA)}", f"{name}_{number}{ending}", media_type),
        )
    elif kind == "text":
        text = _need(leaves, "Content")
    elif kind == "location":
        text = f"📍 {leaves.get('Label') or _coordinates(leaves)}"
    elif kind == "link":
        text = "\n".join(filter(None, (leaves.get("Title"), _need(leaves, "Url"))))
    else:
        raise Odd(f"kind of message not known: {clean(kind)[:50]}")
    at, sent_at = _sender(leaves), _moment(leaves, now)
    return Received(Incoming(key, at, at.chat, sent_at, text=clean(text), message=number, attachments=files))


def _event(leaves: Leaves, key: str, now: datetime) -> Received:
    kind = _need(leaves, "Event")
    if kind in _EVENTS:
        at = _sender(leaves)
        return Received(Incoming(key, at, at.chat, _moment(leaves, now), event=_EVENTS[kind]))
    if kind not in _PRESSES:
        return Received(None)
    at, task_id, button = _sender(leaves), _need(leaves, "TaskId", _TASK), _need(leaves, "EventKey")
    if not 0 < len(button) <= _LONGEST_BUTTON:
        raise Odd("EventKey is empty or too long")
    code = _need(leaves, "ResponseCode", _CODE) if "ResponseCode" in leaves else ""
    press = Incoming(
        key,
        at,
        at.chat,
        _moment(leaves, now),
        button=clean(button),
        message=task_id,
        shows_notice=False,
    )
    return Received(press, code)


def _check_ours(leaves: Leaves, corp_id: str, agent_id: int) -> None:
    if _need(leaves, "ToUserName") != corp_id:
        raise Foreign("for another corp inside")
    if leaves.get("AgentID", str(agent_id)).strip() != str(agent_id):
        raise Foreign("for another app")


def _sender(leaves: Leaves) -> Address:
    return Address(NAME, _need(leaves, "FromUserName", _ACCOUNT))


def _moment(leaves: Leaves, now: datetime) -> datetime:
    if not leaves.get("CreateTime"):
        return now
    return datetime.fromtimestamp(int(_need(leaves, "CreateTime", _SECONDS)), UTC)


def _coordinates(leaves: Leaves) -> str:
    return ", ".join(f"{float(_need(leaves, name, _DEGREES)):.5f}" for name in ("Location_X", "Location_Y"))


def _need(leaves: Leaves, name: str, form: re.Pattern[str] | None = None) -> str:
    """Return an element that must be there, and of a form where one is given."""
    if name not in leaves:
        raise Odd(f"{name} is missing")
    value = leaves[name]
    if form is not None and not form.fullmatch(value):
        raise Odd(f"{name} is not of the usual form")
    return value


def _leaves(xml: bytes) -> Leaves:
    """Read an XML without trust; raise Odd where it is not a flat list of named words."""
    reader = _Reader()
    # Told the encoding, the parser does not look for the one that the XML claims.
    parser = DefusedXMLParser(target=reader, encoding="utf-8", forbid_dtd=True)
    try:
        # In one piece: fed in several, expat before 2.6 reads a long token again with each.
        parser.feed(xml)
        parser.close()
    except (ParseError, DefusedXmlException) as error:
        raise Odd(f"not XML as WeCom writes it: {type(error).__name__}") from None
    return reader.leaves


class _Reader:
    """Takes an XML as it is read, and stops the reading at what no message of WeCom's has."""

    def __init__(self) -> None:
        self.leaves: Leaves = {}
        self._words: list[str] = []
        self._depth = 0
        self._elements = 0

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._elements > _MOST_ELEMENTS:
            raise Odd("more elements than a message has")
        if self._depth == _LEAF:
            # Whoever could slip an element of their own in among WeCom's would speak as somebody else.
            if name in self.leaves:
                raise Odd("an element is there twice")
            self._words.clear()

    def data(self, words: str) -> None:
        if self._depth == _LEAF:
            self._words.append(words)

    def end(self, name: str) -> None:
        if self._depth == _LEAF:
            self.leaves[name] = "".join(self._words)
        self._depth -= 1

    def close(self) -> None:
        """Do nothing: what was read is in ``leaves``."""
