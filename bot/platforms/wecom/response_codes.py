"""The codes that change a card: one comes with its sending, one with each press, each is good once."""

from collections import OrderedDict
from datetime import datetime, timedelta

from bot.clock import Clock

GOOD_FOR = timedelta(hours=72)

_REMEMBERED = 10_000


class ResponseCodes:
    """Remembers the code of each card's newest press, and which codes are used up."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pressed: OrderedDict[str, tuple[str, datetime]] = OrderedDict()
        self._used: OrderedDict[str, None] = OrderedDict()

    def pressed(self, task_id: str, code: str) -> None:
        """Remember the code that came with a press."""
        if code:
            self._pressed[task_id] = (code, self._clock.now())
            self._pressed.move_to_end(task_id)
            if len(self._pressed) > _REMEMBERED:
                self._pressed.popitem(last=False)

    def left(self, task_id: str, sent_with: str) -> list[str]:
        """Return the codes that may still change a card, the one of the newest press first."""
        code, at = self._pressed.get(task_id, ("", self._clock.now()))
        pressed = code if self._clock.now() - at < GOOD_FOR else ""
        return [each for each in dict.fromkeys((pressed, sent_with)) if each and each not in self._used]

    def use_up(self, code: str) -> None:
        """Note that a code is good no more."""
        self._used[code] = None
        if len(self._used) > _REMEMBERED:
            self._used.popitem(last=False)
