"""The conversations on the other side of the socket: who wrote, what was sent, what stands there now."""

import json
import os
from dataclasses import replace
from pathlib import Path

from bot.clock import Clock, SystemClock
from tests.wecom.socket_rules import Json, Pace, Refusal, Sent

SINGLE, GROUP = 1, 2


class Chats:
    """What the bot sent, chat by chat."""

    def __init__(self, clock: Clock | None, pace: Pace, ledger: Path | None, *, activated_only: bool) -> None:
        self.clock = clock or SystemClock()
        self.pace = pace
        self.activated_only = activated_only
        self.activated: dict[int, set[str]] = {SINGLE: set(), GROUP: set()}
        self.sent: list[Sent] = []
        self.welcomes: list[Sent] = []
        self.updates: list[Sent] = []
        self.cards: dict[str, Sent] = {}
        self._standing: dict[str, list[Sent]] = {}
        self._renewed: dict[tuple[str, str], Json] = {}
        self._file = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if ledger else -1

    def activates(self, *chats: str, groups: tuple[str, ...] = ()) -> None:
        """Take conversations as activated although nobody wrote there."""
        self.activated[SINGLE].update(chats)
        self.activated[GROUP].update(groups)

    def leaves(self, chat: str) -> None:
        """End a conversation: what is sent there is refused with 93006 until somebody writes again."""
        for chats in self.activated.values():
            chats.discard(chat)

    def shown(self, chat: str, by: str = "") -> list[Sent]:
        """Return what stands in a conversation now, cards as updated; ``by``: as this person sees it."""
        return [self._as_seen(sent, by) for sent in self._standing.get(chat, ())]

    def texts(self, chat: str) -> list[str]:
        """Return the words that stand in a conversation, without cards and files."""
        return [sent.text for sent in self.shown(chat) if sent.text]

    def reachable(self, body: Json) -> tuple[str, int]:
        """Return the chat a push is for and its type, or refuse it."""
        chat, kind = body.get("chatid"), body.get("chat_type", 0)
        if not chat or not isinstance(chat, str):
            raise Refusal(86201, "missing chatid")
        if kind not in {0, SINGLE, GROUP}:
            raise Refusal(40058, "invalid chat_type")
        for each in (GROUP, SINGLE):
            if kind in {0, each} and chat in self.activated[each]:
                return chat, each
        if self.activated_only or ":" in chat or any(chat in each for each in self.activated.values()):
            raise Refusal(93006, "invalid chatid")
        return chat, kind or SINGLE

    def keep(self, sent: Sent) -> None:
        """Write a message down and show it."""
        self._write_down(sent)
        (self.welcomes if sent.cmd == "aibot_respond_welcome_msg" else self.sent).append(sent)
        standing = self._standing.setdefault(sent.chat, [])
        if sent.msgtype == "stream":
            stream = sent.body["stream"]["id"]
            standing[:] = [old for old in standing if old.body.get("stream", {}).get("id") != stream]
        if sent.task_id:
            self.cards[sent.task_id] = sent
        standing.append(sent)

    def renew(self, update: Sent) -> None:
        """Write down that a card changed, for everybody or for some."""
        self._write_down(update)
        self.updates.append(update)
        people = update.body.get("userids") or []
        if not people or update.chat_type == SINGLE:
            for key in [key for key in self._renewed if key[0] == update.task_id]:
                del self._renewed[key]
            people = [""]
        for person in people:
            self._renewed[update.task_id, person] = update.card

    def close_ledger(self) -> None:
        """Close the ledger's file."""
        if self._file >= 0:
            os.close(self._file)

    def now(self) -> float:
        """Return the present moment as WeCom writes it."""
        return self.clock.now().timestamp()

    def _as_seen(self, sent: Sent, by: str) -> Sent:
        if not sent.task_id or not self._renewed:
            return sent
        card = self._renewed.get((sent.task_id, by)) or self._renewed.get((sent.task_id, ""))
        return replace(sent, body={**sent.body, "template_card": card}) if card else sent

    def _write_down(self, sent: Sent) -> None:
        if self._file >= 0:
            entry = {"accepted": len(self.sent) + 1, "cmd": sent.cmd, "chat": sent.chat, "body": sent.body}
            os.write(self._file, json.dumps(entry, ensure_ascii=False).encode() + b"\n")
