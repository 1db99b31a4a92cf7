"""The word to the office that the machine's clock is wrong, and that what is due waits for it."""

from datetime import datetime

from handlers.turn import Beat


def tell_office(wrong: datetime, witness: str, beat: Beat) -> None:
    """Tell the office, once a day, what the machine's clock says and what time it is."""
    zone = beat.county.calendar.zone
    for colleague in beat.office_within_reach:
        text = beat.say(
            colleague,
            "clock.wrong",
            shown=f"{wrong.astimezone(zone):%Y-%m-%d %H:%M}",
            told=f"{beat.local:%Y-%m-%d %H:%M}",
            platform=witness,
        )
        beat.tell(colleague, f"clock:{beat.today}:{colleague.id}", text)
