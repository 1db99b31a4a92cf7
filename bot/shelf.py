"""Where what people send is kept: fetched from its platform, put into a folder beside the database."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from bot.chat import Attachment, ChatPlatform, Fetched, Incoming
from storage.copies import drop_copies


def _always(_name: str) -> bool:
    return True


class Shelf:
    """Fetches attachments from their platforms and keeps them in a folder beside the database.

    ``is_ours`` tells whether a platform is at this moment for us to ask.
    """

    def __init__(
        self,
        platforms: Mapping[str, ChatPlatform],
        folder: Path,
        database: Path | None = None,
        is_ours: Callable[[str], bool] = _always,
    ) -> None:
        self._is_ours = is_ours
        self._platforms = platforms
        self._folder = folder
        self._database = database

    @property
    def platforms(self) -> list[str]:
        """The platforms that attachments can be fetched from."""
        return [name for name in self._platforms if self._is_ours(name)]

    async def fetch(self, platform: str, attachment: Attachment) -> Fetched:
        """Return an attachment's bytes; raise DeliveryError if they cannot be had now."""
        return await self._platforms[platform].fetch(attachment)

    def reread(self, platform: str, raw: str) -> Incoming | None:
        """Read once more what a platform gave us and could not be read; None if it still cannot."""
        return self._platforms[platform].reread(raw) if platform in self._platforms else None

    async def keep(self, name: str, content: bytes) -> str:
        """Keep bytes under a name of ours, readable by nobody else; Return the name."""
        await asyncio.to_thread(self._write, name, content)
        return name

    async def drop(self, path: str) -> None:
        """Keep no longer what is under a name of ours, if anything is."""
        await asyncio.to_thread((self._folder / path).unlink, missing_ok=True)

    async def drop_copies(self, before: datetime) -> int:
        """Drop what upgrades and restores left beside the database before a moment; Return how many."""
        if self._database is None:
            return 0
        return await asyncio.to_thread(drop_copies, self._database, before)

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / name
        path.touch(mode=0o600)
        path.write_bytes(content)
