"""Translation between Telegram's JSON and the port's words; nothing here talks to anybody.

Updates are read straight from their JSON, each value checked: building
python-telegram-bot's objects takes 250 µs an update, and one odd value in one update
would cost the batch. A test holds the two to the same reading.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.chat import Address, Button, Capabilities, Event, Incoming, Outgoing, Paper, Unreadable
from bot.domain.words import clean, split, units, visible
from bot.platforms.telegram.contents import Json, Odd, attachments, is_service, need, of, sign

KINDS = ["message", "edited_message", "callback_query", "my_chat_member"]
"""What we ask Telegram for."""

NAME = "telegram"

_CALL = re.compile(r"(?P<command>/\w+)?@(?P<name>\w+)(?!\S)")
_PRESENT = {"creator", "administrator", "member"}
_ALTERED = frozenset({"new_chat_title", "chat_owner_changed", "chat_owner_left"})


@dataclass(frozen=True, slots=True)
class Me:
    """The bot itself: its id, and the name by which groups call it."""

    id: str
    username: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One message on the wire of what may be several."""

    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    paper: Paper | None = None


def incoming(update: object, me: Me, now: datetime) -> Incoming | Unreadable | None:
    """Return what an update says; None where nobody said anything that concerns us.

    ``now`` is when it reached us: Telegram does not say when a button was pressed.
    """
    try:
        fields = of(update, dict)
        key = f"{NAME}:{me.id}:{need(fields, 'update_id', int)}"
        if "message" in fields:
            return _message(need(fields, "message", dict), key, me, edited=False)
        if "callback_query" in fields:
            return _press(need(fields, "callback_query", dict), key, now)
        if "edited_message" in fields:
            return _message(need(fields, "edited_message", dict), key, me, edited=True)
        if "my_chat_member" in fields:
            return _membership(need(fields, "my_chat_member", dict), key)
    except (Odd, KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        return unreadable(update, me, f"{type(error).__name__}: {error}")
    kinds = ", ".join(sorted(fields.keys() - {"update_id"}))
    return unreadable(update, me, f"kind of update not known: {kinds[:100]}")


def unreadable(update: object, me: Me, reason: str) -> Unreadable:
    """Keep an update whole that cannot be read; without a number its content is its key."""
    number = update_id(update)
    try:
        raw = json.dumps(update)
    except RecursionError:
        raw = f'{{"update_id": {number}}}'
    name = hashlib.sha256(raw.encode()).hexdigest() if number is None else number
    return Unreadable(f"{NAME}:{me.id}:{name}", NAME, raw, clean(reason))


def update_id(update: object) -> int | None:
    """Return the number of an update, if it has one."""
    number = update.get("update_id") if isinstance(update, dict) else None
    return number if type(number) is int else None


def press_id(update: object) -> str:
    """Return the id under which the press of a button is answered; empty for anything else."""
    query = update.get("callback_query") if isinstance(update, dict) else None
    number = query.get("id") if isinstance(query, dict) else None
    return number if isinstance(number, str) else ""


def keyboard(buttons: tuple[tuple[Button, ...], ...]) -> Json:
    """Return buttons as Telegram takes them."""
    rows = [[{"text": button.label, "callback_data": button.data} for button in row] for row in buttons]
    return {"inline_keyboard": [row for row in rows if row]}


def parts(message: Outgoing, limits: Capabilities) -> list[Part]:
    """Return the messages that carry one of ours; the last one has the buttons."""
    text = clean(message.marked)
    if message.paper is not None and units(text) <= limits.caption_limit:
        return [Part(text, message.buttons, message.paper)]
    *first, last = split(text, limits.text_limit)
    papers = [Part("", (), message.paper)] if message.paper is not None else []
    return [*papers, *(Part(words) for words in first), Part(last, message.buttons)]


def _message(message: Json, key: str, me: Me, *, edited: bool) -> Incoming | None:
    at, private, title = _chat(message)
    sent_at = _moment(message, "edit_date" if edited and "edit_date" in message else "date")
    if (new := message.get("migrate_to_chat_id")) is not None:
        return Incoming(key, at, "", sent_at, private, event=Event.MOVED, detail=str(of(new, int)))
    if (old := message.get("migrate_from_chat_id")) is not None:
        at, new = Address(NAME, str(of(old, int))), at.chat
        return Incoming(key, at, "", sent_at, private, event=Event.MOVED, detail=new)
    if not (private or _ALTERED.isdisjoint(message)):
        return Incoming(key, at, "", sent_at, private, event=Event.ALTERED, detail=title)
    number = need(message, "message_id", int)
    text = _words(message)
    files = attachments(message, number)
    if text is None and not files:
        # A live location is an edit every few seconds.
        if edited or is_service(message):
            return None
        text = sign(message)
    addressed = _addressed(text or "", me)
    if addressed is None:
        return None
    sender, name = _account(message)
    return Incoming(
        key, at, sender, sent_at, private, name, addressed,
        message=str(number), edited=edited, attachments=files,
        called=not private and addressed != (text or ""),
    )  # fmt: skip


def _press(query: Json, key: str, now: datetime) -> Incoming:
    message = need(query, "message", dict)
    at, private, _ = _chat(message)
    sender, name = _account(query)
    return Incoming(
        key, at, sender, now, private, name,
        button=need(query, "data", str), message=str(need(message, "message_id", int)),
    )  # fmt: skip


def _membership(change: Json, key: str) -> Incoming | None:
    at, private, title = _chat(change)
    before, after = (_is_in(need(change, name, dict)) for name in ("old_chat_member", "new_chat_member"))
    if before == after:
        return None
    if private:
        event = Event.UNBLOCKED if after else Event.BLOCKED
    else:
        event = Event.JOINED_GROUP if after else Event.LEFT_GROUP
    sender, name = _account(change)
    detail = "" if private else title
    return Incoming(key, at, sender, _moment(change, "date"), private, name, event=event, detail=detail)


def _chat(source: Json) -> tuple[Address, bool, str]:
    chat = need(source, "chat", dict)
    topic = ""
    if source.get("is_topic_message") is True:
        topic = str(need(source, "message_thread_id", int))
    title = chat.get("title", "")
    address = Address(NAME, str(need(chat, "id", int)), topic)
    return address, need(chat, "type", str) == "private", visible(clean(of(title, str)))


def _account(source: Json) -> tuple[str, str]:
    user = need(source, "from", dict)
    name = need(user, "first_name", str)
    if last := user.get("last_name"):
        name = f"{name} {of(last, str)}"
    return str(need(user, "id", int)), visible(clean(name))


def _words(message: Json) -> str | None:
    for name in ("text", "caption"):
        if name in message:
            return clean(need(message, name, str))
    return None


def _addressed(text: str, me: Me) -> str | None:
    """Return a text as it would be in private, without the name of the bot; None for another bot.

    In groups people write `/today@our_bot` and `@our_bot 62%`.
    """
    call = _CALL.match(text)
    if call is None or not me.username:
        return text
    if call["name"].casefold() == me.username.casefold():
        return f"{call['command']}{text[call.end() :]}" if call["command"] else text[call.end() :].lstrip()
    return None if call["command"] else text


def _is_in(member: Json) -> bool:
    status = need(member, "status", str)
    return status in _PRESENT or (status == "restricted" and member.get("is_member") is True)


def _moment(source: Json, name: str) -> datetime:
    return datetime.fromtimestamp(need(source, name, int), UTC)
