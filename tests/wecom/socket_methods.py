"""The commands of the loopback socket: what the bot may say, where, and until when."""

from dataclasses import dataclass
from pathlib import Path

from bot.clock import Clock
from tests.wecom.socket_cards import check_card
from tests.wecom.socket_chats import GROUP, SINGLE, Chats
from tests.wecom.socket_rules import (
    MEDIA,
    WINDOW_OF_A_MESSAGE,
    WINDOW_OF_A_PRESS,
    WINDOW_OF_A_STREAM,
    Json,
    Pace,
    Refusal,
    Sent,
    Upload,
    check_length,
    check_words,
    required,
)
from tests.wecom.socket_uploads import Uploads

_PUSHED = ("markdown", "template_card", *MEDIA)


@dataclass(frozen=True, slots=True)
class Push:
    """What reached the bot and may be answered: until when, over which connection, with what."""

    kind: str
    chat: str
    chat_type: int
    connection: int
    at: float
    task_id: str = ""


class Methods(Chats):
    """What the bot can ask for."""

    def __init__(
        self,
        clock: Clock | None,
        pace: Pace,
        ledger: Path | None,
        *,
        activated_only: bool,
        uploads_per_minute: int | None,
    ) -> None:
        super().__init__(clock, pace, ledger, activated_only=activated_only)
        self.files = Uploads(uploads_per_minute)
        self.pushed: dict[str, Push] = {}
        self._streams: dict[str, tuple[float, bool]] = {}

    @property
    def uploads(self) -> dict[str, Upload]:
        """The files the bot uploaded, by media_id."""
        return self.files.files

    def accept(self, cmd: str, req_id: str, body: Json, connection: int) -> Json | None:
        """Do what was asked and return the body of the ack, or raise Refusal."""
        now = self.now()
        match cmd:
            case "aibot_send_msg":
                self._send(body, connection, now)
            case "aibot_respond_msg":
                self._respond(req_id, body, connection, now)
            case "aibot_respond_welcome_msg":
                self._welcome(req_id, body, connection, now)
            case "aibot_respond_update_msg":
                self._update(req_id, body, connection, now)
            case "aibot_upload_media_init":
                return self.files.begin(body, now)
            case "aibot_upload_media_chunk":
                self.files.add(body, now)
            case "aibot_upload_media_finish":
                return self.files.finish(body, now)
            case _:
                raise Refusal(40058, f"invalid cmd {cmd[:40]}")
        return None

    def _send(self, body: Json, connection: int, now: float) -> None:
        chat, kind = self.reachable(body)
        file = self._checked(body, _PUSHED, now)
        self.pace.admit(chat, now)
        self.keep(Sent(chat, kind, body["msgtype"], body, connection, "aibot_send_msg", now, file))

    def _respond(self, req_id: str, body: Json, connection: int, now: float) -> None:
        push = self._answerable(req_id, {"message"}, connection, now, WINDOW_OF_A_MESSAGE)
        file = self._checked(body, ("stream", *_PUSHED), now)
        if body["msgtype"] == "stream":
            self._go_on(body["stream"], now)
        self.pace.admit(push.chat, now)
        kind = push.chat_type
        self.keep(Sent(push.chat, kind, body["msgtype"], body, connection, "aibot_respond_msg", now, file))

    def _welcome(self, req_id: str, body: Json, connection: int, now: float) -> None:
        push = self._answerable(req_id, {"opened"}, connection, now, WINDOW_OF_A_PRESS)
        self._checked(body, ("text", "template_card"), now)
        del self.pushed[req_id]  # one welcome for one opening
        cmd = "aibot_respond_welcome_msg"
        self.keep(Sent(push.chat, push.chat_type, body["msgtype"], body, connection, cmd, now))

    def _update(self, req_id: str, body: Json, connection: int, now: float) -> None:
        push = self._answerable(req_id, {"pressed"}, connection, now, WINDOW_OF_A_PRESS)
        if body.get("response_type") != "update_template_card":
            raise Refusal(40058, "invalid response_type")
        card = _dict(body, "template_card")
        check_card(card)
        if card.get("task_id") != push.task_id:
            raise Refusal(846605, "invalid req_id: another task_id")
        cmd = "aibot_respond_update_msg"
        self.renew(Sent(push.chat, push.chat_type, "template_card", body, connection, cmd, now))

    def _answerable(self, req_id: str, kinds: set[str], connection: int, now: float, window: float) -> Push:
        push = self.pushed.get(req_id)
        if push is None or push.kind not in kinds or push.connection != connection or now - push.at > window:
            raise Refusal(846605, "invalid req_id")
        return push

    def _checked(self, body: Json, allowed: tuple[str, ...], now: float) -> Upload | None:
        """Refuse a body that WeCom would refuse; return the file it names."""
        kind = required(body, "msgtype")
        if kind not in allowed:
            raise Refusal(40008, f"invalid message type {kind}")
        payload = _dict(body, kind)
        if kind in MEDIA:
            return self.files.file(kind, payload, now)
        if kind == "template_card":
            check_card(payload)
            if payload.get("task_id") in self.cards:
                raise Refusal(40058, "duplicate task_id")
        elif kind == "stream":
            required(payload, "id")
            check_length(str(payload.get("content", "")))
        else:
            check_words(payload)
        return None

    def _go_on(self, stream: Json, now: float) -> None:
        begun, finished = self._streams.setdefault(str(stream["id"]), (now, False))
        if finished or now - begun > WINDOW_OF_A_STREAM:
            raise Refusal(846608, "stream message update expired")
        self._streams[str(stream["id"])] = (begun, bool(stream.get("finish")))

    def note_push(self, frame: Json, connection: int) -> None:
        """Remember what was pushed, for the answer, and that somebody wrote."""
        body = frame.get("body") or {}
        event = body.get("event") or {}
        userid = (body.get("from") or {}).get("userid", "")
        chat_type = GROUP if body.get("chattype") == "group" else SINGLE
        chat = body.get("chatid") or userid
        pressed = {key.lower().replace("_", ""): value for key, value in _pressed(event).items()}
        kind = {"enter_chat": "opened"}.get(event.get("eventtype", ""), "event") if event else "message"
        if pressed:
            kind = "pressed"
        task = str(pressed.get("taskid", ""))
        req_id = (frame.get("headers") or {}).get("req_id", "")
        self.pushed[req_id] = Push(kind, chat, chat_type, connection, self.now(), task)


def _pressed(event: Json) -> Json:
    card: Json = event.get("template_card_event") or event.get("templateCardEvent") or {}
    return card


def _dict(body: Json, name: str) -> Json:
    payload = body.get(name)
    if not isinstance(payload, dict):
        raise Refusal(40058, f"missing {name}")
    return payload
