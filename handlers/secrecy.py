"""What must leave no trace, least of all when it fails: a private message, an anonymous vote."""

import dataclasses
import re
import traceback

from bot.chat import Incoming
from bot.domain.people import Person, Role
from storage.letters import PRIVATE
from storage.tx import Tx

PREFIX = re.compile(r"\s*/?(?:密件|confide\b)", re.IGNORECASE)
"""How words begin that only the inspector may read."""

_MENTIONED = re.compile(r"密件|\\u5bc6\\u4ef6|confide\b", re.IGNORECASE)
_BUTTON = re.compile(r"[A-Za-z0-9_-]{12}\.\d{1,2}")
_SECRET = ("private", "vote")
"""Verbs of buttons."""


def is_secret(tx: Tx, incoming: Incoming, sender: Person) -> bool:
    """Tell whether a message may be private, or a vote: also what looks like one only from where it came."""
    if incoming.button:
        return _is_secret_button(tx, incoming.button)
    question = tx.conversations.open(sender.id)
    return (
        PREFIX.match(incoming.text) is not None
        or (question is not None and question.topic == PRIVATE)
        or (sender.has(Role.OWNER) and tx.ballots.before(sender.id) is not None)
    )


def may_hold_secrets(tx: Tx, raw: str) -> bool:
    """Tell whether what could not be read names the private line, or holds a vote."""
    return _MENTIONED.search(raw) is not None or any(
        _is_secret_button(tx, found) for found in _BUTTON.findall(raw)
    )


def _is_secret_button(tx: Tx, data: str) -> bool:
    pressed = tx.outbox.pressed(data)
    return pressed is not None and pressed.action.startswith(_SECRET)


def without_words(incoming: Incoming) -> Incoming:
    """Return what may be kept of a message whose words may not."""
    return dataclasses.replace(incoming, text="", button="", attachments=())


def place_of(error: Exception) -> str:
    """Return where and as what something failed; what an exception says may quote the words."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at {frames[-1].filename}:{frames[-1].lineno}" if frames else "?"
