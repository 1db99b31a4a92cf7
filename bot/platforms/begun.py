"""Long messages of which only the first parts were delivered."""

from collections import OrderedDict
from dataclasses import replace

from bot.chat import Outgoing

_MOST = 1000


class Begun:
    """Remembers where to go on, so that nobody gets the first page twice because the second failed."""

    def __init__(self) -> None:
        self._places: OrderedDict[Outgoing, int] = OrderedDict()

    def take(self, message: Outgoing) -> int:
        """Return how many parts of a message are there already, and forget it."""
        return self._places.pop(replace(message, mark=""), 0)

    def note(self, message: Outgoing, place: int) -> None:
        """Note that a message has to go on with the part at a place."""
        if place:
            self._places[replace(message, mark="")] = place
            if len(self._places) > _MOST:
                self._places.popitem(last=False)
