"""The people on the other side of the loopback Bot API, and the updates they cause."""

import json
from typing import Any

from bot.clock import Clock, SystemClock
from tests.botapi_rules import Accepted

Json = dict[str, Any]


class People:
    """Whoever talks to the bot; each deed becomes an update that waits to be fetched."""

    def __init__(self, token: str, clock: Clock | None) -> None:
        self.bot_id = int(token.partition(":")[0])
        self.username = "liaison_test_bot"
        self.names: dict[int, str] = {}
        self.groups: dict[int, str] = {}
        self.blocked: set[int] = set()
        self.moved: dict[int, int] = {}
        self.messages: dict[int, Accepted] = {}
        self.next_update = 1_000
        self.pending: dict[int, bytes] = {}
        self.files: dict[str, bytes] = {}
        self.paths: dict[str, str] = {}
        self._clock = clock or SystemClock()
        self._next_message = 1
        self._said: dict[int, Json] = {}

    @property
    def last_said(self) -> int:
        """The number of the last message, which :meth:`edits` wants."""
        return self._next_message - 1

    def says(self, user: int, text: str, chat: int | None = None, **more: Any) -> int:
        """Let somebody write, in private or in a group; return the number of the update."""
        return self._message(user, chat, {"text": text, **more})

    def sends_file(
        self, user: int, name: str, content: bytes, caption: str = "", chat: int | None = None
    ) -> int:
        """Let somebody send a picture (`.jpg`) or a document."""
        token = f"file-{len(self.files)}"
        self.files[token] = content
        size = {"file_id": token, "file_unique_id": token, "file_size": len(content)}
        if name.endswith(".jpg"):
            small = {"file_id": "thumbnail", "file_unique_id": "t", "width": 90, "height": 60}
            body: Json = {"photo": [small, {**size, "width": 1280, "height": 853}]}
        else:
            body = {"document": {**size, "file_name": name, "mime_type": "application/pdf"}}
        return self._message(user, chat, {**body, **({"caption": caption} if caption else {})})

    def edits(self, user: int, message: int, text: str) -> int:
        """Let somebody change what they wrote."""
        original = self._said[message]
        if original["from"]["id"] != user:
            raise AssertionError("people edit only what they wrote themselves")
        return self.feeds({"edited_message": {**original, "text": text, "edit_date": self.now()}})

    def presses(self, user: int, message: Accepted | int, label: str) -> int:
        """Let somebody press the button with this label under a message of ours."""
        number = message.message if isinstance(message, Accepted) else message
        shown = self.messages[number]
        return self.presses_data(user, shown.chat, number, shown.data(label))

    def presses_data(self, user: int, chat: int, message: int, data: str) -> int:
        """Let somebody press a button that sends this data."""
        card = {
            "message_id": message,
            "from": self.me(),
            "chat": self.chat(chat),
            "date": self.now(),
            "text": "…",
        }
        query = {"id": f"q{self.next_update}", "from": self._user(user), "message": card, "data": data}
        return self.feeds({"callback_query": {**query, "chat_instance": str(chat)}})

    def joins_group(self, chat: int, title: str, by: int = 1) -> int:
        """Let somebody add the bot to a group."""
        self.groups[chat] = title
        return self._membership(by, chat, "left", "member")

    def leaves_group(self, chat: int, by: int = 1) -> int:
        """Let somebody throw the bot out of a group."""
        self.blocked.add(chat)
        return self._membership(by, chat, "member", "kicked")

    def blocks(self, user: int) -> int:
        """Let somebody block the bot."""
        self.blocked.add(user)
        return self._membership(user, user, "member", "kicked")

    def unblocks(self, user: int) -> int:
        """Let somebody unblock the bot."""
        self.blocked.discard(user)
        return self._membership(user, user, "kicked", "member")

    def migrates(self, old: int, new: int) -> tuple[int, int]:
        """Turn a group into a supergroup; return the numbers of the two updates that tell of it."""
        self.groups[new] = self.groups.get(old, "group")
        self.moved[old] = new
        return (
            self._message(1, old, {"migrate_to_chat_id": new}),
            self._message(1, new, {"migrate_from_chat_id": old}),
        )

    def feeds(self, update: Json, *, number: int | None = None) -> int:
        """Queue any update, well formed or not."""
        number = self.next_update if number is None else number
        self.next_update = number + 1
        self.feeds_raw(number, json.dumps({"update_id": number, **update}).encode())
        return number

    def feeds_raw(self, number: int, raw: bytes) -> None:
        """Queue the bytes of an update, JSON or not; fed again, it comes again."""
        self.pending[number] = raw
        self.arrived()

    def arrived(self) -> None:
        """Do what is due when an update arrives; the server answers a waiting poll."""

    def number_message(self) -> int:
        """Return the number of the next message."""
        self._next_message += 1
        return self._next_message - 1

    def now(self) -> int:
        """Return the present moment as Telegram writes it."""
        return int(self._clock.now().timestamp())

    def me(self) -> Json:
        """Return the bot as a user."""
        return {"id": self.bot_id, "is_bot": True, "first_name": "Liaison", "username": self.username}

    def chat(self, number: int) -> Json:
        """Return a chat as messages show it."""
        if number < 0:
            return {"id": number, "type": "supergroup", "title": self.groups.get(number, "group")}
        return {"id": number, "type": "private", "first_name": self.names.get(number, "Liu")}

    def _user(self, number: int) -> Json:
        return {"id": number, "is_bot": False, "first_name": self.names.get(number, "Liu")}

    def _message(self, user: int, chat: int | None, body: Json) -> int:
        number = self.number_message()
        where = user if chat is None else chat
        message = {
            "message_id": number,
            "from": self._user(user),
            "chat": self.chat(where),
            "date": self.now(),
        }
        self._said[number] = message
        return self.feeds({"message": {**message, **body}})

    def _membership(self, user: int, chat: int, old: str, new: str) -> int:
        before, after = ({"user": self.me(), "status": status, "until_date": 0} for status in (old, new))
        change = {"chat": self.chat(chat), "from": self._user(user), "date": self.now()}
        return self.feeds({"my_chat_member": {**change, "old_chat_member": before, "new_chat_member": after}})
