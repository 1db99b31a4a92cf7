"""The errors raised on purpose.

::

    BotError
    ├── ConfigurationError     config.toml cannot be used: every fault, each with its cure
    ├── StorageError           the database cannot be used, or not now
    │   ├── AlreadyServed      another process serves it
    │   └── LeaseLost          another process does by now what this one did
    ├── RosterError            a workbook cannot be imported: every fault, with its cell
    ├── PaperError             a picture or a workbook could not be made
    ├── Refused                a polite no; becomes a sentence to the person who asked
    ├── Unrecognised           nobody can tell yet who wrote; nothing was done
    └── DeliveryError          a platform did not take a message; ``kind`` decides what next
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class BotError(Exception):
    """The root of every error raised on purpose."""


class ConfigurationError(BotError):
    """The configuration cannot be used; ``faults`` names each key, value and cure."""

    def __init__(self, source: str, faults: list[str]) -> None:
        super().__init__("\n".join([f"{source} cannot be used:", *(f"  - {f}" for f in faults)]))
        self.faults = faults


class StorageError(BotError):
    """The database cannot be used; the message says what to do about it."""


class AlreadyServed(StorageError):  # noqa: N818 -- a polite no is not an error
    """Another `liaison run` serves this database; the message names it."""


class LeaseLost(StorageError):  # noqa: N818 -- says what happened
    """Another process does by now what this one did: nothing of it may be committed or sent."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is in the hands of another process by now")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a workbook: where, what, and what would be right."""

    place: str
    wrong: str
    cure: str

    def __str__(self) -> str:
        return f"{self.place}: {self.wrong}，{self.cure}"


class RosterError(BotError):
    """A roster cannot be imported; ``faults`` holds every one found, not just the first."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class Unrecognised(BotError):  # noqa: N818 -- says what happened
    """Who wrote cannot be told before the platform finds out whose the id is: offer it again then."""


class PaperError(BotError):
    """A picture or a workbook could not be made; what it was made from is untouched."""


class TemplateError(PaperError):
    """A Word template does not fit; ``key`` says how, ``what`` names the field or what could not be read.

    ``file`` is empty for our own.
    """

    def __init__(self, file: str, key: str, what: str = "") -> None:
        super().__init__(f"{file}: {key} {what}".rstrip())
        self.file = file
        self.key = key
        self.what = what


_DENIALS = frozenset(
    {"office.only", "problem.held_by", "leave.only_own", "task.only_leaders", "payout.only_leaders"}
)


class Refused(BotError):  # noqa: N818 -- a polite no is not an error
    """What was asked cannot be done; ``key`` and ``blanks`` name the sentence that says why."""

    def __init__(self, key: str, **blanks: object) -> None:
        super().__init__(key)
        self.key = key
        self.blanks = blanks

    @property
    def is_denial(self) -> bool:
        """Whether it was for want of a right, and not for how things stand: the trail keeps it."""
        return self.key.endswith(".not_yours") or self.key in _DENIALS


class Failure(StrEnum):
    """What a failed sending means for the message, the chat and the contact."""

    RETRY = "retry"
    """Nothing was delivered; try again, not before ``after``."""
    IN_DOUBT = "in_doubt"
    """The platform may have taken it: the connection broke after the bytes were written."""
    REFUSED = "refused"
    """This message will never be taken (formatting, length); the contact stays."""
    UNREACHABLE = "unreachable"
    """This contact takes nothing any more (blocked, left, deleted)."""
    UNOPENED = "unopened"
    """This contact takes nothing until somebody there has written to the bot."""
    UNCLEAR = "unclear"
    """A no that we cannot read: where nothing has ever arrived it means UNOPENED, elsewhere REFUSED."""
    MOVED = "moved"
    """The chat has a new address, ``to``."""


class Cause(StrEnum):
    """Why a message did not arrive, as the office is told: the sentences are in the texts."""

    BLOCKED = "blocked"
    GONE = "gone"
    UNOPENED = "unopened"
    TOO_LONG = "too_long"
    MALFORMED = "malformed"
    CREDENTIALS = "credentials"
    """The platform does not know us: a token or secret was revoked, or has no right to this."""
    AWAY = "away"
    UNANSWERED = "unanswered"
    REFUSED = "refused"
    """A no that says no more."""


_CAUSES = {
    Failure.RETRY: Cause.AWAY,
    Failure.IN_DOUBT: Cause.UNANSWERED,
    Failure.UNREACHABLE: Cause.GONE,
    Failure.UNOPENED: Cause.UNOPENED,
    Failure.MOVED: Cause.GONE,
}


class DeliveryError(BotError):
    """A platform did not confirm a message; ``kind`` alone decides what happens next.

    ``after`` is how long the platform asks us to wait. With ``whole_bot`` the wait holds
    for every chat of the connection, not just for this one; with ``until_heard`` it is over
    once somebody there writes. ``to`` is the new chat id of a chat that moved. What is in doubt
    may be sent again as often as need be while the platform ``drops_repeats_for`` so long.
    ``cause`` is what the office reads once it is given up; the reason is in the platform's own words.
    """

    def __init__(
        self,
        kind: Failure,
        reason: str,
        *,
        after: timedelta | None = None,
        whole_bot: bool = False,
        until_heard: bool = False,
        to: str = "",
        drops_repeats_for: timedelta = timedelta(0),
        cause: Cause | None = None,
    ) -> None:
        super().__init__(reason)
        self.kind = kind
        self.after = after
        self.whole_bot = whole_bot
        self.until_heard = until_heard
        self.to = to
        self.drops_repeats_for = drops_repeats_for
        self.cause = cause or _CAUSES.get(kind, Cause.REFUSED)
