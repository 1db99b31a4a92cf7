"""Carrying one of our messages over a channel: part by part, within what the conversation takes."""

from collections import OrderedDict
from datetime import datetime, timedelta

from bot.chat import Outgoing, Ref
from bot.errors import DeliveryError, Failure
from bot.platforms.begun import Begun
from bot.platforms.wecom.channel import Channel
from bot.platforms.wecom.codes import meaning
from bot.platforms.wecom.errors import NotSent, Unanswered, WeComError
from bot.platforms.wecom.parts import Hints, changed, parts, unanswerable
from bot.platforms.wecom.ration import Ration

_REMEMBERED = 1_000


class Sending:
    """Sends over one channel.

    ``drops_repeats_for`` is how long it drops a message that it has had: then none is marked, but for a file
    that another process handed over, which has another name now and is shown again. ``unknown`` is what a
    code means that nobody has seen. Over a channel that ``hears`` nobody no button is shown;
    ``hints.elsewhere`` says where to answer.
    """

    def __init__(
        self,
        channel: Channel,
        ration: Ration,
        hints: Hints,
        *,
        most_bytes: int,
        hears: bool = True,
        drops_repeats_for: timedelta = timedelta(0),
        unknown: Failure = Failure.REFUSED,
    ) -> None:
        self._channel = channel
        self._ration = ration
        self._hints = hints
        self._most_bytes = most_bytes
        self._hears = hears
        self._drops_repeats_for = drops_repeats_for
        self._unknown = unknown
        self._begun = Begun()
        self._enclosed: OrderedDict[str, None] = OrderedDict()

    async def send(self, message: Outgoing, *, in_group: bool) -> Ref | None:
        """Send a message and return what names its card; None where it has none.

        Sent again after a failure, it goes on with the part that failed.
        """
        message = self._shown(message)
        every = parts(message, self._most_bytes, self._hints, mark=not self._is_dropped(message))
        begun = self._begun.take(message)
        name = ""
        for place, part in enumerate(every[begun:], begun):
            try:
                self._ration.take(message.to.chat)
                name = await self._channel.deliver(message.to.chat, part, in_group=in_group)
            except DeliveryError:
                self._begun.note(message, place)
                raise
            except (WeComError, NotSent, Unanswered) as error:
                self._begun.note(message, place)
                raise self._meaning(error) from error
        return Ref(message.to, name) if name else None

    def _is_dropped(self, message: Outgoing) -> bool:
        """Tell whether a repeat of this is the same to the byte, and so is not shown."""
        if message.paper is None or not self._drops_repeats_for:
            return bool(self._drops_repeats_for)
        is_known = message.key in self._enclosed
        self._enclosed[message.key] = None
        if len(self._enclosed) > _REMEMBERED:
            self._enclosed.popitem(last=False)
        return is_known or not message.mark

    async def update(self, ref: Ref, message: Outgoing) -> bool:
        """Put a message in the place of a delivered card; False if that is over."""
        task_id = ref.message.split(":")[1]
        try:
            return await self._channel.change(
                ref.message, changed(self._shown(message), task_id, self._hints)
            )
        except (WeComError, NotSent, Unanswered) as error:
            raise self._meaning(error) from error

    def _shown(self, message: Outgoing) -> Outgoing:
        return message if self._hears else unanswerable(message, self._hints.elsewhere)

    def recall(self, chat: str, at: datetime) -> None:
        """Let what another process sent count."""
        self._ration.recall(chat, at)

    def _meaning(self, error: Exception) -> DeliveryError:
        failure = meaning(error, self._unknown)
        failure.drops_repeats_for = self._drops_repeats_for
        return failure
