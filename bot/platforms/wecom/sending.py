"""Carrying one of our messages over a channel: part by part, within what the conversation takes."""

from datetime import datetime, timedelta

from bot.chat import Outgoing, Ref
from bot.errors import DeliveryError, Failure
from bot.platforms.begun import Begun
from bot.platforms.wecom.channel import Channel
from bot.platforms.wecom.codes import meaning
from bot.platforms.wecom.errors import NotSent, Unanswered, WeComError
from bot.platforms.wecom.parts import Hints, changed, parts, unanswerable
from bot.platforms.wecom.ration import Ration


class Sending:
    """Sends over one channel.

    ``drops_repeats_for`` is how long it drops a message that it has had: then none is marked. ``unknown``
    is what a code means that nobody has seen. Over a channel that ``hears`` nobody no button is shown;
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

    async def send(self, message: Outgoing, *, in_group: bool) -> Ref | None:
        """Send a message and return what names its card; None where it has none.

        Sent again after a failure, it goes on with the part that failed.
        """
        message = self._shown(message)
        every = parts(message, self._most_bytes, self._hints, mark=not self._drops_repeats_for)
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
