"""The methods of the loopback Bot API: what it accepts, and the ledger it keeps of it."""

import asyncio
import json
import os
from pathlib import Path

from bot.clock import Clock
from bot.domain.words import units
from tests.botapi_http import Request
from tests.botapi_people import Json, People
from tests.botapi_rules import Accepted, Pace, Refusal

_LIMITS = {"text": 4096, "caption": 1024}


class Methods(People):
    """What the bot can ask for."""

    def __init__(self, token: str, clock: Clock | None, pace: Pace, ledger: Path | None) -> None:
        super().__init__(token, clock)
        self.pace = pace
        self.ledger: list[Accepted] = []
        self.answered: dict[str, str] = {}
        self.unknown: set[int] = set()
        self.reads_all = False
        self.webhook = ""
        self._file = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if ledger else -1

    @property
    def sent(self) -> list[Accepted]:
        """The messages accepted, without the edits."""
        return [entry for entry in self.ledger if entry.method.startswith("send")]

    def texts(self, chat: int) -> list[str]:
        """Return what was sent to a chat."""
        return [entry.text for entry in self.sent if entry.chat == chat]

    def accept(self, method: str, request: Request) -> bytes:
        """Do what was asked and return the answer, or raise Refusal."""
        values = request.values
        result: Json | bool
        match method:
            case "sendMessage" | "sendPhoto" | "sendDocument" | "editMessageText" | "editMessageCaption":
                result = self._take(method, values, request.files)
            case "answerCallbackQuery":
                result = self._answer_press(str(values["callback_query_id"]), str(values.get("text", "")))
            case "getMe":
                abilities = {"can_join_groups": True, "can_read_all_group_messages": self.reads_all}
                result = {**self.me(), **abilities, "supports_inline_queries": False}
            case "getFile":
                token = str(values["file_id"])
                if token not in self.files:
                    raise Refusal(400, "Bad Request: invalid file_id")
                result = {
                    "file_id": token,
                    "file_unique_id": token,
                    "file_path": self.paths.get(token, f"documents/{token}"),
                }
            case "getWebhookInfo":
                waiting = len(self.pending)
                result = {
                    "url": self.webhook,
                    "has_custom_certificate": False,
                    "pending_update_count": waiting,
                }
            case "deleteWebhook" | "setMyCommands" | "sendChatAction":
                result = True
            case _:
                raise Refusal(404, "Not Found")
        return json.dumps({"ok": True, "result": result}).encode()

    def _take(self, method: str, values: Json, files: dict[str, tuple[str, bytes]]) -> Json:
        chat = self._reachable(values["chat_id"])
        text, buttons = _checked(method, values)
        now = asyncio.get_running_loop().time()
        if method.startswith("send"):
            self.pace.admit(chat, now)
            number = self.number_message()
        else:
            number = int(values["message_id"])
            shown = self.messages.get(number)
            if shown is None or shown.chat != chat:
                raise Refusal(400, "Bad Request: message to edit not found")
            if (shown.text, shown.buttons) == (text, buttons):
                words = (
                    "specified new message content and reply markup are exactly the same as a current content"
                )
                raise Refusal(400, f"Bad Request: message is not modified: {words}")
        topic = int(values["message_thread_id"]) if values.get("message_thread_id") else None
        name, content = next(iter(files.values()), ("", b""))
        entry = Accepted(method, number, chat, text, buttons, topic, name, content, now)
        self.write_down(
            {"accepted": number, "method": method, "chat": chat, "text": text, "buttons": buttons}
        )
        self.ledger.append(entry)
        self.messages[number] = entry
        message = {"message_id": number, "from": self.me(), "chat": self.chat(chat), "date": self.now()}
        if name:
            file = {"file_id": f"sent-{number}", "file_unique_id": str(number)}
            picture = [{**file, "width": 1, "height": 1}]
            return {
                **message,
                "caption": text,
                **({"photo": picture} if "Photo" in method else {"document": file}),
            }
        return {**message, "text": text}

    def close_ledger(self) -> None:
        """Close the ledger's file."""
        if self._file >= 0:
            os.close(self._file)

    def _reachable(self, named: object) -> int:
        chat = int(str(named)) if str(named).lstrip("-").isdecimal() else 0
        if chat in self.moved:
            words = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refusal(400, words, migrate_to_chat_id=self.moved[chat])
        if not chat or chat in self.unknown:
            raise Refusal(400, "Bad Request: chat not found")
        if chat in self.blocked:
            who = "bot was kicked from the supergroup chat" if chat < 0 else "bot was blocked by the user"
            raise Refusal(403, f"Forbidden: {who}")
        return chat

    def _answer_press(self, query: str, text: str) -> bool:
        if query in self.answered:
            raise Refusal(
                400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )
        self.answered[query] = text
        return True

    def write_down(self, entry: Json) -> None:
        """Put a line into the ledger's file, before anybody is told."""
        if self._file >= 0:
            os.write(self._file, json.dumps(entry, ensure_ascii=False).encode() + b"\n")


def _checked(method: str, values: Json) -> tuple[str, tuple[tuple[tuple[str, str], ...], ...]]:
    """Return the words and the buttons of a message, or refuse what Telegram refuses."""
    field = "text" if method in {"sendMessage", "editMessageText"} else "caption"
    text = str(values.get(field) or "")
    if units(text) > _LIMITS[field]:
        raise Refusal(400, f"Bad Request: message {'caption ' if field == 'caption' else ''}is too long")
    if field == "text" and not text.strip():
        raise Refusal(400, "Bad Request: message text is empty")
    markup = values.get("reply_markup") or {}
    if isinstance(markup, str):
        markup = json.loads(markup)
    rows = markup.get("inline_keyboard", ())
    buttons = tuple(tuple((key["text"], key["callback_data"]) for key in row) for row in rows)
    if any(len(data.encode()) > 64 for row in buttons for _, data in row):
        raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
    return text, buttons
