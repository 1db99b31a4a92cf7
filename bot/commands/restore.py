"""`liaison restore`: a backup put back, and what it owed left to the office."""

from collections.abc import Iterator
from pathlib import Path

from bot.clock import SystemClock
from bot.config import Settings
from bot.errors import BotError
from storage.backup import restore, set_owed_aside
from storage.lock import RunLock


def bring_back(settings: Settings, file: Path | None) -> Iterator[str]:
    """Put a backup back and say what came of it; without a file a server has done that with its own tools."""
    now, url, schema = SystemClock().now(), settings.database.url, settings.database.schema_
    if file is not None:
        restored = restore(url, file, now)
        owed = restored.owed
        yield f"已恢复。原来的数据库留在旁边（{restored.aside.name}）。" if restored.aside else "已恢复。"
    elif url.startswith("sqlite"):
        raise BotError("name the backup: liaison restore FILE")
    else:
        with RunLock(url, schema):
            owed = set_owed_aside(url, schema, now)
    if owed:
        yield f"备份时没发出的 {owed} 条可能已经发过，不自动重发，由指挥部办公室决定（发「待核」）。"
