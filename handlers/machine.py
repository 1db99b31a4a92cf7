"""What the office hears of the machine itself: its clock, its disk."""

from datetime import datetime

from bot.domain.people import Person
from handlers.turn import Beat

CLOCK, FILE = "clock", "file"
"""How the two are named among what is wrong; the office is told of them here, and at once."""


def tell_clock(wrong: datetime, witness: str, beat: Beat) -> None:
    """Tell the office, once a day, what the machine's clock says and what time it is."""
    shown = f"{wrong.astimezone(beat.county.calendar.zone):%Y-%m-%d %H:%M}"
    _tell(beat, "clock", shown=shown, told=f"{beat.local:%Y-%m-%d %H:%M}", platform=witness)


def tell_full(beat: Beat) -> None:
    """Tell the office, once a day, that the disk is full, while there is still room to say it."""
    _tell(beat, "full")


def tell_damage(fault: str, beat: Beat) -> None:
    """Tell the office what the night's look at the database found."""
    _tell(beat, "damaged", fault=fault)


def has_told(beat: Beat, colleague: Person, what: str) -> bool:
    """Tell whether somebody has heard of it today."""
    return beat.tx.outbox.has(_slot(beat, colleague, what))


def _tell(beat: Beat, what: str, **blanks: str) -> None:
    for colleague in beat.office_within_reach:
        text = beat.say(colleague, f"machine.{what}", **blanks)
        beat.tell(colleague, _slot(beat, colleague, what), text)


def _slot(beat: Beat, colleague: Person, what: str) -> str:
    return f"machine:{what}:{beat.today}:{colleague.id}"
