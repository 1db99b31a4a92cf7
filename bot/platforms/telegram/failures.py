"""What a failure of the Bot API means for the message, the chat and the contact."""

from collections import OrderedDict
from datetime import datetime, timedelta

from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, TelegramError

from bot.clock import Clock
from bot.errors import Cause, DeliveryError, Failure
from bot.platforms.telegram.health import Health, explain
from bot.platforms.telegram.request import Limited, Unanswered

TOKEN_REFUSED_PAUSE = timedelta(seconds=60)

# Telegram has one code, 400, for a bad message and for a chat that takes none.
_GONE = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "chat_write_forbidden",
    "have no rights to send",
    "not enough rights to send",
    "message thread not found",
    "topic_closed",
    "topic_deleted",
)
_CAUSES = {
    "too long": Cause.TOO_LONG,
    "too large": Cause.TOO_LONG,
    "too big": Cause.TOO_LONG,
    "can't parse": Cause.MALFORMED,
    "is empty": Cause.MALFORMED,
    "invalid": Cause.MALFORMED,
}
"""By words only, and only told: nothing is decided by it."""


class Failures:
    """Says what a failed sending means, and tells one chat's limit from the whole bot's.

    Telegram does not tell them apart. A 429 in a group holds for that group (20 a minute);
    one in a private chat holds for that chat (1 a second), unless another private chat was
    refused within ten seconds: then it is the bot's own limit, and every chat waits.
    """

    WITHIN = timedelta(seconds=10)

    def __init__(self, health: Health, clock: Clock) -> None:
        self._health = health
        self._clock = clock
        self._limited: OrderedDict[str, datetime] = OrderedDict()

    def meaning(self, error: TelegramError, chat: str) -> DeliveryError:
        """Return what a failure means: decided by its class, by words only where 400 says no more."""
        reason = str(error)[:200]
        match error:
            case Limited():
                failure = DeliveryError(
                    Failure.RETRY, reason, after=error.after, whole_bot=self._is_whole_bot(chat)
                )
            case Unanswered():
                failure = DeliveryError(Failure.IN_DOUBT, reason)
            case ChatMigrated():
                failure = DeliveryError(Failure.MOVED, reason, to=str(error.new_chat_id))
            case Forbidden():
                failure = DeliveryError(Failure.UNREACHABLE, reason, cause=Cause.BLOCKED)
            case InvalidToken():
                self._health.token_refused()
                failure = DeliveryError(
                    Failure.RETRY,
                    explain(error),
                    after=TOKEN_REFUSED_PAUSE,
                    whole_bot=True,
                    cause=Cause.CREDENTIALS,
                )
            case BadRequest() if any(words in reason.lower() for words in _GONE):
                failure = DeliveryError(Failure.UNREACHABLE, reason)
            case BadRequest():
                said = reason.lower().replace("_", " ")
                causes = (cause for words, cause in _CAUSES.items() if words in said)
                failure = DeliveryError(Failure.REFUSED, reason, cause=next(causes, None))
            case _:  # not sent, or a 5xx in which the Bot API itself says no
                failure = DeliveryError(Failure.RETRY, reason)
        return failure

    def _is_whole_bot(self, chat: str) -> bool:
        if chat.startswith("-"):
            return False
        now = self._clock.now()
        self._limited[chat] = now
        self._limited.move_to_end(chat)
        while now - next(iter(self._limited.values())) > self.WITHIN:
            self._limited.popitem(last=False)
        return len(self._limited) > 1
