"""`liaison backup`: a copy, and a line of the trail that says so."""

from pathlib import Path

from bot.clock import SystemClock
from bot.config import Settings
from storage.backup import backup
from storage.store import Store


async def back_up(settings: Settings, file: Path) -> None:
    """Copy the database, and note when: `liaison check` asks how long ago it was."""
    url, now = settings.database.url, SystemClock().now()
    backup(url, file)
    async with Store(url, schema=settings.database.schema_) as store:
        await store.perform(lambda tx: tx.audit.add(now, None, "backup.made", "backup", copy=file.name))
