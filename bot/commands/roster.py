"""`liaison import`: a workbook becomes the county's roster, whole or not at all."""

from pathlib import Path

from bot.clock import SystemClock
from bot.config import Settings
from bot.papers.roster import read_roster
from storage.migrate import migrate
from storage.roster import Change
from storage.store import Store
from storage.tx import Tx


class _OnlyLookingError(Exception):
    """Undoes a dry run, and carries what it would have changed."""

    def __init__(self, changes: tuple[Change, ...]) -> None:
        super().__init__()
        self.changes = changes


async def import_roster(settings: Settings, file: Path, *, dry_run: bool) -> tuple[Change, ...]:
    """Import a workbook and Return what changed; raise RosterError with every fault.

    The database is made if there is none. A dry run does everything and undoes it.
    """
    migrate(settings.database.url, settings.database.schema_)
    county = settings.of_county()
    now = SystemClock().now()
    async with Store(settings.database.url, schema=settings.database.schema_) as store:
        known = await store.read(lambda tx: tx.rosters.known())
        roster = read_roster(file, categories=county.categories, known=known)

        def apply(tx: Tx) -> tuple[Change, ...]:
            changes = tx.rosters.apply(roster, county.calendar.day_of(now), now, zone=county.calendar.zone)
            if dry_run:
                raise _OnlyLookingError(changes)
            return changes

        try:
            return await store.perform(apply)
        except _OnlyLookingError as looked:
            return looked.changes
