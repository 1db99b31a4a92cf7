"""When the next message may go out: one slot after another for the bot, for each chat, for each group."""

from collections import deque

from bot.chat import Capabilities

_MINUTE = 60.0


class Pace:
    """The pace of one connection, in seconds of a clock that never jumps.

    Slots are evenly spaced; who comes a hundredth of a second late may catch up, never more: a burst is
    what platforms answer with 429.
    """

    def __init__(self, capabilities: Capabilities) -> None:
        self._gap = 1 / capabilities.per_second if capabilities.per_second else 0.0
        self._chat_gap = 1 / capabilities.per_chat_second if capabilities.per_chat_second else 0.0
        self._a_minute = int(capabilities.per_group_minute or 0)
        self._next = 0.0
        self._next_of_chat: dict[str, float] = {}
        self._sent_to_group: dict[str, deque[float]] = {}

    def opens(self, chat: str, *, in_group: bool) -> float:
        """Return from when on a message to this chat may go out."""
        opens = max(self._next, self._next_of_chat.get(chat, 0.0))
        if in_group and self._a_minute:
            sent = self._sent_to_group.get(chat)
            if sent and len(sent) == self._a_minute:
                opens = max(opens, sent[0] + _MINUTE)
        return opens

    def take(self, chat: str, now: float, *, in_group: bool) -> None:
        """Use the slot that is open now."""
        if self._gap:
            self._next = max(self._next, now - _LATE) + self._gap
        if self._chat_gap:
            self._next_of_chat[chat] = now + self._chat_gap
            if len(self._next_of_chat) > _MANY:
                self._next_of_chat = {key: at for key, at in self._next_of_chat.items() if at > now}
        if in_group and self._a_minute:
            self._sent_to_group.setdefault(chat, deque(maxlen=self._a_minute)).append(now)


_MANY = 10_000
_LATE = 0.01
"""Seconds. With a whole slot to catch up with, 28 a second was the most that kept within 30 in any one
second; so it is 28.7, with the same 35 ms to spare for messages that are longer on their way than others.
"""
