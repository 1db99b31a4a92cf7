"""The warning that the State Council's days of a year are missing, before they are needed."""

import logging

from bot.domain.people import Person
from bot.domain.week import Week
from handlers.turn import Beat
from handlers.watch import Watch

log = logging.getLogger(__name__)


async def warn(watch: Watch) -> None:
    """Tell the office, once a week, that next year's days off are not known, and what to do."""
    if await watch.read(untold):
        await watch.perform(_tell)


def note(watch: Watch) -> None:
    """Say the same in the log, when the bot starts."""
    calendar = watch.county.calendar
    if year := calendar.missing_year(calendar.day_of(watch.clock.now())):
        log.warning(
            "%s: the days off and make-up days of %s are not known, so Mondays to Fridays are worked; "
            "enter them in [calendar] extra and removed, or update the holidays package",
            watch.county.name,
            year,
        )


def untold(beat: Beat) -> list[Person]:
    """Return who of the office can be told this week and has not been."""
    calendar = beat.county.calendar
    is_open = calendar.is_workday(beat.today) and beat.now >= calendar.at(beat.today, beat.county.ask_at)
    if not is_open or calendar.missing_year(beat.today) is None:
        return []
    return [
        colleague
        for colleague in beat.office
        if beat.tx.people.address(colleague.id) and not beat.tx.outbox.has(_slot(beat, colleague))
    ]


def _tell(beat: Beat) -> None:
    year = beat.county.calendar.missing_year(beat.today)
    for colleague in untold(beat):
        text = beat.say(colleague, "almanac.missing", year=year)
        beat.tell(colleague, _slot(beat, colleague), text)


def _slot(beat: Beat, colleague: Person) -> str:
    return f"calendar:{beat.county.calendar.missing_year(beat.today)}:{Week.of(beat.today)}:{colleague.id}"
