"""What a platform can do, what a person sees there, and what the people's side of one looks like."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from bot.chat import ChatPlatform


class Changes(Enum):
    """When a message that stands in a chat can still be changed."""

    ALWAYS = "always"
    WHEN_PRESSED = "within five seconds, and only the card that was pressed"
    BY_CODE = "for 72 hours: once for its sending, and once for each press"


class Joining(Enum):
    """How the bot comes to know a group."""

    EVENT = "the platform says that it was added"
    CALL = "somebody there calls it by its name"
    SETTINGS = "the group robot's address stands in the settings"


@dataclass(frozen=True, slots=True)
class Can:
    """What a platform can do: a story that goes differently somewhere looks here, and at no name."""

    changes_cards: Changes = Changes.ALWAYS
    shows_notices: bool = True
    needs_first_word: bool = False
    most_buttons: int | None = None
    joins_groups_by: Joining = Joining.EVENT
    greets_opening: bool = False
    pictures_have_words: bool = True

    def changes(self, *, pressed: bool = False, late: bool = False, before: int = 0) -> bool:
        """Tell whether a card changes that was pressed or not, just now or not, changed so often before."""
        match self.changes_cards:
            case Changes.ALWAYS:
                return True
            case Changes.WHEN_PRESSED:
                return pressed and not late
            case Changes.BY_CODE:
                return pressed or not before

    def cut(self, labels: list[str]) -> list[str]:
        """Return those of these buttons that a card shows; the others can be typed."""
        return labels[: self.most_buttons]


@dataclass(frozen=True, slots=True)
class Seen:
    """One message of the bot's as it stands in a chat now."""

    text: str
    labels: tuple[str, ...] = ()
    file: str = ""
    content: bytes = field(default=b"", repr=False)
    is_picture: bool = False


@dataclass(frozen=True, slots=True)
class Finger:
    """What pressing a button sends, also when the button is no longer there."""

    message: str
    data: str


class Side(Protocol):
    """The people's side of a platform; each deed goes over the wire to the real adapter."""

    @property
    def can(self) -> Can:
        """What the platform can do."""

    @property
    def platform(self) -> ChatPlatform:
        """The real adapter."""

    async def open(self) -> None:
        """Listen, and make the adapter that connects here."""

    async def close(self) -> None:
        """Hang up."""

    def account(self, who: str) -> str:
        """Return the platform's id of somebody."""

    def chat(self, who: str) -> str:
        """Return somebody's own chat with the bot."""

    def group(self, name: str) -> str:
        """Return the chat of a group."""

    def knows(self, who: str) -> None:
        """Take it that somebody has written to the bot before."""

    async def says(self, who: str, text: str, *, group: str = "") -> None:
        """Let somebody write; in a group they call the bot."""

    async def presses(self, who: str, finger: Finger) -> str:
        """Let somebody press; return the notice that is shown to them for a moment."""

    async def sends_picture(self, who: str, content: bytes, words: str = "") -> None:
        """Let somebody send a picture, with words where the platform lets them."""

    async def opens(self, who: str) -> None:
        """Let somebody open their chat with the bot, and say nothing."""

    async def joins(self, name: str, *, by: str) -> None:
        """Let somebody bring the bot into a group."""

    async def shown(self, chat: str) -> list[Seen]:
        """Return what the bot said in a chat, as it stands now."""

    async def finger(self, who: str, label: str) -> Finger:
        """Return what the newest button with a label sends."""
