"""When the next message may go out: one slot after another for the bot, for each chat, for each group."""

import math
from collections import deque

from bot.chat import Capabilities

_MINUTE = 60.0


class Pace:
    """The pace of one connection, in seconds of a clock that never jumps.

    Slots are evenly spaced; who comes a fortieth of a second late may catch up, never more: a burst is
    what platforms answer with 429. Whoever takes a slot tells when the platform has answered.
    """

    def __init__(self, capabilities: Capabilities) -> None:
        self._gap = 1 / capabilities.per_second if capabilities.per_second else 0.0
        self._second = _Second(capabilities.per_second) if capabilities.per_second else None
        self._chat_gap = 1 / capabilities.per_chat_second if capabilities.per_chat_second else 0.0
        self._a_minute = int(capabilities.per_group_minute or 0)
        self._next = 0.0
        self._next_of_chat: dict[str, float] = {}
        self._sent_to_group: dict[str, deque[float]] = {}

    def opens(self, chat: str, *, in_group: bool) -> float:
        """Return from when on a message to this chat may go out; infinity until an answer comes."""
        opens = max(self._next, self._next_of_chat.get(chat, 0.0))
        if self._second:
            opens = max(opens, self._second.opens())
        if in_group and self._a_minute:
            sent = self._sent_to_group.get(chat)
            if sent and len(sent) == self._a_minute:
                opens = max(opens, sent[0] + _MINUTE)
        return opens

    def take(self, chat: str, now: float, *, in_group: bool) -> None:
        """Use the slot that is open now."""
        if self._second:
            self._next = max(self._next, now - _LATE) + self._gap
            self._second.take()
        if self._chat_gap:
            self._next_of_chat[chat] = now + self._chat_gap
            if len(self._next_of_chat) > _MANY:
                self._next_of_chat = {key: at for key, at in self._next_of_chat.items() if at > now}
        if in_group and self._a_minute:
            self._sent_to_group.setdefault(chat, deque(maxlen=self._a_minute)).append(now)

    def answered(self, taken: float, now: float) -> None:
        """Note that what went out in the slot of a moment has been answered, or never will be."""
        if self._second:
            self._second.answered(taken, now)


class _Second:
    """What a platform may have counted within the last second.

    It counts a message at some time between our sending and its answer. So one that is under way may be
    counted at any time from now on. One that was answered was counted before that, by the way back; the next
    message has the way there before it. Both together are at least the shortest time that an answer took
    lately, as long as the way stays the same and not all letters are of many parts, which take longer.
    """

    def __init__(self, pace: float) -> None:
        self._most = max(1, round(pace / _OF_ALLOWED))
        self._under_way = 0
        self._answered: deque[float] = deque(maxlen=self._most)
        self._shortest = self._lately = 0.0
        self._lately_ends = -math.inf

    def opens(self) -> float:
        """Return from when on one more is within what the platform takes; infinity until an answer comes."""
        room = self._most - self._under_way
        if room <= 0:
            return math.inf
        return self._answered[-room] + 1 - self._shortest if len(self._answered) >= room else 0.0

    def take(self) -> None:
        """Note that one goes out."""
        self._under_way += 1

    def answered(self, taken: float, now: float) -> None:
        """Note that one which went out at a moment is under way no longer."""
        self._under_way -= 1
        self._answered.append(now)
        if now >= self._lately_ends:
            self._shortest, self._lately, self._lately_ends = self._lately, math.inf, now + _LATELY
        self._lately = min(self._lately, now - taken)
        self._shortest = min(self._shortest, self._lately)


_MANY = 10_000
_LATELY = 5.0
"""Seconds: the shortest way is that of so long at least, of twice as long at most."""
_LATE = 0.025
_OF_ALLOWED = 28.7 / 30
"""The pace is so much of what the platform takes within a second (Telegram's 30): an answer may be 45 ms
later than the quickest before anything has to wait for it.
"""
