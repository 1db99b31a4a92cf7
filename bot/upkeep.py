"""Looks after the database's file: room on the disk, the length of its journal, damage."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from functools import partial
from pathlib import Path

from handlers import machine
from handlers.watch import Watch
from storage.ballast import ENOUGH, Ballast

log = logging.getLogger(__name__)

LONGEST_JOURNAL = 64 * 1024 * 1024
_HOUR = 2
"""When the whole file is looked over: before a backup is rehearsed, which would fail for the same fault."""


class Upkeep:
    """What is done for the file at each beat, and what there is to say of it."""

    def __init__(
        self, watch: Watch, file: Path, ballast: Ballast, look_over: Callable[[Path], Awaitable[list[str]]]
    ) -> None:
        self._watch = watch
        self._file = file
        self._ballast = ballast
        self._look_over = look_over
        self._checked_on = self._local(watch.clock.now()).date()
        self._told_on: date | None = None
        self._fault = ""
        self._night: asyncio.Task[None] | None = None
        ballast.lay()

    def sentence(self) -> str:
        """Return an empty string while the file is well, else what is wrong and what helps."""
        found = []
        if self._watch.store.ailment:
            found.append(
                f"数据库写不进去（{self._watch.store.ailment}）：收到的内容先不确认，平台会再送来；"
                "请检查磁盘的空间和好坏"
            )
        if not self._ballast.lies:
            found.append(f"磁盘快满了：数据库所在的磁盘请至少腾出 {ENOUGH // 1024 // 1024} MB")
        if self._journal_size() > LONGEST_JOURNAL:
            found.append(f"{self._file}-wal 超过 64 MB：有别的程序一直开着数据库（备份、查看工具），请关掉它")
        if self._fault:
            found.append(f"数据库有损坏（{self._fault}）：请停下机器人，用 liaison restore 恢复最近的备份")
        return "；".join(found)

    async def look(self) -> None:
        """Look after the file; what takes long is done beside."""
        local = self._local(self._watch.clock.now())
        if not self._ballast.lies:
            await asyncio.to_thread(self._ballast.lay)
        if not self._ballast.lies and self._told_on != local.date():
            await self._watch.perform(machine.tell_full)
            self._told_on = local.date()
        if local.hour >= _HOUR and local.date() > self._checked_on:
            self._checked_on = local.date()
            self._night = asyncio.create_task(self._look_at_all())

    def close(self) -> None:
        """Look over nothing more."""
        if self._night is not None:
            self._night.cancel()

    async def _look_at_all(self) -> None:
        try:
            faults = await self._look_over(self._file)
            self._fault = faults[0] if faults else ""
            if faults:
                log.critical("%s is damaged: %s", self._file, "; ".join(faults))
                await self._watch.perform(partial(machine.tell_damage, self._fault))
        except Exception:
            # A boundary: nobody waits for this task, and tomorrow night it is tried again.
            log.exception("%s could not be looked over", self._file)

    def _journal_size(self) -> int:
        try:
            return Path(f"{self._file}-wal").stat().st_size
        except FileNotFoundError:
            return 0

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self._watch.county.calendar.zone)
