"""What WeCom's socket accepts, how it fails when told to, and what is written down of it."""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

Json = dict[str, Any]

LONGEST_WORDS = 20480
WINDOW_OF_A_PRESS = 5.0
WINDOW_OF_A_MESSAGE = 24 * 3600.0
WINDOW_OF_A_STREAM = 600.0
MEDIA = ("image", "file", "voice", "video")


class Fault(Enum):
    """What goes wrong with a command; in those from NO_ACK on it was accepted before."""

    ERRCODE = "refused with ``code`` (-1: busy)"
    ANONYMOUS = "refused with ``code`` (40058) in a frame without headers"
    NO_ACCEPT_NO_ACK = "nothing happens"
    CLOSE_BEFORE = "the connection ends with ``code`` (1006)"
    HANG = "nothing happens, and nothing ever after on this connection, which stays open"
    NO_ACK = "accepted, no ack"
    LATE_ACK = "accepted, the ack comes after ``seconds``"
    TWICE = "accepted, acked twice"
    GARBLED = "accepted, the ack is not JSON"
    MUTE = "accepted, as whatever follows, and nothing is said on this connection any more"
    CLOSE_AFTER = "accepted, then the connection ends with ``code`` (1006) instead of an ack"


@dataclass(frozen=True, slots=True)
class Script:
    """A fault that waits for a call of a command (``*``: of any); without a fault the call goes well."""

    cmd: str
    fault: Fault | None
    code: int = 0
    seconds: float = 0


class Refusal(Exception):  # noqa: N818 -- an answer of the server, not an error of the test
    """An ack with an error code; an anonymous one comes without headers."""

    def __init__(self, code: int, words: str, *, anonymous: bool = False) -> None:
        super().__init__(f"{code}: {words}")
        self.code = code
        self.words = words
        self.anonymous = anonymous


@dataclass(frozen=True, slots=True)
class Upload:
    """A file the bot uploaded."""

    kind: str
    filename: str
    content: bytes
    at: float


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that was accepted, written down before it was acked."""

    chat: str
    chat_type: int
    msgtype: str
    body: Json
    connection: int
    cmd: str = "aibot_send_msg"
    at: float = 0.0
    file: Upload | None = field(default=None, repr=False)

    @property
    def text(self) -> str:
        """The words of a message that is words."""
        return str(self.body[self.msgtype].get("content", "")) if self.msgtype != "template_card" else ""

    @property
    def card(self) -> Json:
        """The card of a message that is one."""
        card: Json = self.body.get("template_card", {})
        return card

    @property
    def words(self) -> str:
        """What is read of it: the words, those of the card, or the name of the file."""
        title = self.card.get("main_title", {}).get("title", "")
        lines = (title, self.card.get("sub_title_text", "")) if self.card else (self.text or self.filename,)
        return "\n".join(line for line in lines if line)

    @property
    def labels(self) -> tuple[str, ...]:
        """What stands on the buttons."""
        return tuple(button["text"] for button in self.card.get("button_list", ()))

    @property
    def task_id(self) -> str:
        """What names the card."""
        return str(self.card.get("task_id", ""))

    @property
    def filename(self) -> str:
        """The name of the file that was sent."""
        return self.file.filename if self.file else ""

    @property
    def content(self) -> bytes:
        """The bytes of the file that was sent."""
        return self.file.content if self.file else b""

    def key(self, label: str) -> str:
        """Return what the button with this label sends back."""
        for button in self.card.get("button_list", ()):
            if button["text"] == label:
                return str(button["key"])
        raise AssertionError(f"no button {label} in {self.labels}")


class Pace:
    """How much one conversation takes in a minute and in an hour; None is any number."""

    def __init__(self, per_minute: int | None, per_hour: int | None) -> None:
        self._windows = [(most, length) for most, length in ((per_minute, 60), (per_hour, 3600)) if most]
        self._sent: dict[str, deque[float]] = {}

    def admit(self, chat: str, now: float) -> None:
        """Refuse a message that comes too early."""
        if not self._windows:
            return
        sent = self._sent.setdefault(chat, deque(maxlen=max(most for most, _ in self._windows)))
        for most, length in self._windows:
            if len(sent) >= most and now - sent[-most] < length:
                raise Refusal(45009, f"api freq out of limit: {most} in {length} s")
        sent.append(now)


def required(values: Json, name: str) -> Any:
    """Return a field, or refuse the command that lacks it."""
    if not values.get(name) and values.get(name) != 0:
        raise Refusal(40058, f"missing {name}")
    return values[name]


def check_words(payload: Json) -> None:
    """Refuse words that are none, or too many."""
    content = payload.get("content")
    if not isinstance(content, str) or not content.strip():
        raise Refusal(40058, "missing content")
    check_length(content)


def check_length(content: str) -> None:
    """Refuse words that are too many."""
    if len(content) * 3 > LONGEST_WORDS and len(content.encode()) > LONGEST_WORDS:
        raise Refusal(45002, "content size out of limit")
