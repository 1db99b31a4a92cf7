"""What the app and the robots sent, chat by chat, and what stands there now."""

import json
import os
from dataclasses import replace
from pathlib import Path

from bot.clock import Clock, SystemClock
from tests.wecom.api_rules import LIFE_OF_A_CODE, LIFE_OF_A_FILE, Json, wrong
from tests.wecom.socket_rules import Refusal, Sent, Upload


class Chats:
    """The conversations on the other side; a person's is their userid, a robot's ``webhook:<NAME>``."""

    def __init__(self, clock: Clock | None, ledger: Path | None) -> None:
        self.clock = clock or SystemClock()
        self.sent: list[Sent] = []
        self.updates: list[Sent] = []
        self.uploads: dict[str, Upload] = {}
        self.dropped: list[tuple[str, str]] = []
        """Messages that were accepted and not shown: (chat, why)."""
        self.cards: dict[str, Sent] = {}
        self._owners: dict[str, str] = {}
        self._standing: dict[str, list[Sent]] = {}
        self._renewed: dict[tuple[str, str], Json] = {}
        self._codes: dict[str, tuple[str, float]] = {}
        self._file = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if ledger else -1

    def shown(self, chat: str) -> list[Sent]:
        """Return what stands in a conversation now, cards as updated."""
        return [self._as_seen(sent) for sent in self._standing.get(chat, ())]

    def texts(self, chat: str) -> list[str]:
        """Return the words that stand in a conversation, without cards and files."""
        return [sent.text for sent in self.shown(chat) if sent.msgtype in {"text", "markdown", "markdown_v2"}]

    def now(self) -> float:
        """Return the present moment as WeCom writes it."""
        return self.clock.now().timestamp()

    def keep(self, sent: Sent) -> None:
        """Write a message down and show it."""
        self._write_down(sent)
        self.sent.append(sent)
        self._standing.setdefault(sent.chat, []).append(sent)
        if sent.task_id:
            self.cards[sent.task_id] = sent

    def new_code(self, task_id: str) -> str:
        """Return a code with which a card can be changed once."""
        code = f"RC{len(self._codes) + 1}:{task_id}"
        self._codes[code] = (task_id, self.now())
        return code

    def renew(self, code: str, update: Json) -> None:
        """Change a card for those who are named, or refuse a code that is used or too old."""
        task_id, at = self._codes.get(code, ("", 0.0))
        if not task_id or self.now() - at > LIFE_OF_A_CODE:
            raise wrong("invalid response_code")
        self._codes[code] = ("", 0.0)
        sent = self.cards[task_id]
        people = [sent.chat] if update.get("atall") else update.get("userids") or []
        if not people:
            raise wrong("nobody to update")
        changed = replace(sent, body=update, cmd="message/update_template_card", at=self.now())
        self._write_down(changed)
        self.updates.append(changed)
        for person in people:
            self._renewed[task_id, person] = update["template_card"]

    def add_upload(self, upload: Upload, owner: str) -> str:
        """Keep a file for whoever uploaded it; Return its media_id."""
        media_id = f"media-{len(self.uploads) + 1}"
        self.uploads[media_id] = upload
        self._owners[media_id] = owner
        return media_id

    def upload_of(self, payload: Json, kind: str, owner: str) -> Upload:
        """Return the file that a message names."""
        media_id = str(payload.get("media_id", ""))
        upload = self.uploads.get(media_id)
        if upload is None or self._owners[media_id] != owner or self.now() - upload.at > LIFE_OF_A_FILE:
            raise Refusal(40007, "invalid media_id")
        if kind not in {upload.kind, "file"}:
            raise Refusal(40007, "invalid media_id: another kind of file")
        return upload

    def loses(self, media_id: str) -> None:
        """Forget a file before its time."""
        del self.uploads[media_id]

    def close_ledger(self) -> None:
        """Close the ledger's file."""
        if self._file >= 0:
            os.close(self._file)

    def _as_seen(self, sent: Sent) -> Sent:
        card = self._renewed.get((sent.task_id, sent.chat)) if sent.task_id else None
        return replace(sent, body={**sent.body, "template_card": card}) if card else sent

    def _write_down(self, sent: Sent) -> None:
        if self._file >= 0:
            entry = {"accepted": len(self.sent) + 1, "cmd": sent.cmd, "chat": sent.chat, "body": sent.body}
            os.write(self._file, json.dumps(entry, ensure_ascii=False).encode() + b"\n")
