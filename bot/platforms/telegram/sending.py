"""Carrying our messages to Telegram: in parts where they are long, papers as pictures or files."""

from typing import Any

from telegram import Bot, InlineKeyboardMarkup, Message
from telegram.error import BadRequest, TelegramError

from bot.chat import Address, Capabilities, Outgoing, Paper, Ref
from bot.platforms.begun import Begun
from bot.platforms.telegram import wire
from bot.platforms.telegram.failures import Failures
from bot.platforms.telegram.polling import Pause
from bot.platforms.telegram.request import Transport

PHOTO_LIMIT = 10 * 1024 * 1024

_NO_PREVIEW = {"is_disabled": True}
_UNCHANGED = "message is not modified"
_FIXED = ("message to edit not found", "message can't be edited", "message_id_invalid")


class Sending:
    """Sends and updates messages, and remembers which long one is only half delivered."""

    def __init__(
        self, transport: Transport, bot: Bot, failures: Failures, capabilities: Capabilities, pause: Pause
    ) -> None:
        self._transport = transport
        self._bot = bot
        self._failures = failures
        self._capabilities = capabilities
        self._pause = pause
        self._begun = Begun()

    async def send(self, message: Outgoing) -> Ref | None:
        """Send a message, its buttons under the last part, and return what names that part.

        Sent again after a failure, it goes on with the part that failed: nobody gets the
        first page twice because the second was refused.
        """
        parts = wire.parts(message, self._capabilities)
        begun = self._begun.take(message)
        number: int | None = None
        for place, part in enumerate(parts[begun:], begun):
            if place > begun and self._capabilities.per_chat_second:
                await self._pause(1 / self._capabilities.per_chat_second)
            try:
                number = await self._deliver(message.to, part)
            except TelegramError as error:
                self._begun.note(message, place)
                raise self._failures.meaning(error, message.to.chat) from error
        return None if number is None else Ref(message.to, str(number))

    async def update(self, ref: Ref, message: Outgoing) -> bool:
        """Replace the words and buttons of a message; False where Telegram no longer allows it."""
        part = wire.parts(message, self._capabilities)[-1]
        values = _fields(ref.to, part)
        values["message_id"] = ref.message
        values["reply_markup"] = wire.keyboard(part.buttons)
        method = "editMessageText"
        if part.paper is not None:
            method = "editMessageCaption"
            values["caption"] = values.pop("text")
        try:
            await self._transport.call(method, values)
        except TelegramError as error:
            words = str(error).lower() if isinstance(error, BadRequest) else ""
            if any(fixed in words for fixed in _FIXED):
                return False
            if _UNCHANGED not in words:
                raise self._failures.meaning(error, ref.to.chat) from error
        return True

    async def _deliver(self, to: Address, part: wire.Part) -> int | None:
        """Send one part and return its number; None should Telegram, having taken it, not say."""
        if part.paper is not None:
            return (await self._deliver_paper(to, part, part.paper)).message_id
        # Not Bot.send_message: building the Message it returns costs more than all the rest.
        sent = await self._transport.call("sendMessage", _fields(to, part))
        number = sent.get("message_id") if isinstance(sent, dict) else None
        return number if isinstance(number, int) else None

    async def _deliver_paper(self, to: Address, part: wire.Part, paper: Paper) -> Message:
        rest: dict[str, Any] = {
            "caption": part.text or None,
            "filename": paper.name,
            "message_thread_id": int(to.topic) if to.topic else None,
            "reply_markup": InlineKeyboardMarkup.de_json(wire.keyboard(part.buttons))
            if part.buttons
            else None,
        }
        if paper.is_picture and len(paper.content) <= PHOTO_LIMIT:
            try:
                return await self._bot.send_photo(to.chat, paper.content, **rest)
            except BadRequest as error:
                # Too wide, too tall or not a picture to Telegram: it was refused, so nothing is sent twice.
                if not any(word in str(error).lower() for word in ("photo", "image")):
                    raise
        return await self._bot.send_document(to.chat, paper.content, **rest)


def _fields(to: Address, part: wire.Part) -> dict[str, Any]:
    fields: dict[str, Any] = {"chat_id": to.chat, "text": part.text, "link_preview_options": _NO_PREVIEW}
    if to.topic:
        fields["message_thread_id"] = to.topic
    if part.buttons:
        fields["reply_markup"] = wire.keyboard(part.buttons)
    return fields
