"""What `liaison check` says of the machine: the last backup, the room on the disk, the clock."""

import asyncio
import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from bot.chat import Finding, Messenger
from bot.config import Settings
from storage.audit import Step
from storage.backup import REHEARSED
from storage.dialects import parsed, sqlite_file
from storage.store import Store
from storage.tx import Tx

_STALE = timedelta(days=8)
"""A week, and a night for the rehearsal that failed."""
_DRIFT = timedelta(minutes=1)
_LEAST_FREE = 200


async def upkeep(settings: Settings, messengers: Sequence[Messenger], now: datetime) -> list[Finding]:
    """Return what must be seen to now and then."""
    async with Store(settings.database.url, schema=settings.database.schema_) as store:
        backed_up, last = await store.read(_asked)
    answers = await asyncio.gather(*(each.time() for each in messengers))
    file = sqlite_file(parsed(settings.database.url))
    return [
        _backup(backed_up, now, is_sqlite=file is not None),
        _room(file),
        _clock(now, last, [at for at in answers if at is not None]),
    ]


def _asked(tx: Tx) -> tuple[Step | None, datetime | None]:
    latest = tx.audit.latest()
    return tx.audit.last("backup", ("backup.made", "backup.drilled")), latest


def _backup(last: Step | None, now: datetime, *, is_sqlite: bool) -> Finding:
    if not is_sqlite:
        return Finding("数据库备份由服务器自己做（pg_dump），机器人不代做；请确认有人每天做、试过恢复")
    if last is None:
        cure = "机器人每周日凌晨自己备份并演练，也可以现在运行 liaison backup 文件名"
        return Finding(f"还没有备份过：{cure}", todo=True)
    if last.detail.get("faults"):
        return Finding("最近一次备份演练没有通过：请运行 liaison verify，按提示处理", fault=True)
    days = (now - last.at).days
    if now - last.at > _STALE:
        return Finding(f"最近一次备份在 {days} 天前：请运行 liaison backup 文件名", todo=True)
    return Finding(f"最近一次备份在 {days} 天前" if days else "24 小时内备份过")


def _room(file: Path | None) -> Finding:
    free = shutil.disk_usage(file.parent if file else Path()).free >> 20
    size = file.stat().st_size >> 20 if file else 0
    if free < _LEAST_FREE:
        return Finding(f"磁盘只剩 {free} MB：请尽快清理，写满了机器人就不能记事", fault=True)
    if free < REHEARSED * size:
        return Finding(f"磁盘只剩 {free} MB，数据库 {size} MB：每周演练备份要三倍的空间，请清理", todo=True)
    return Finding(f"磁盘还有 {free / 1024:.1f} GB")


def _clock(now: datetime, last: datetime | None, times: list[datetime]) -> Finding:
    cure = "请打开系统的自动对时（timedatectl set-ntp true）；钟不准，提问和期限都不准"
    # As `bot.timekeeper` does: the platform that is nearest is believed.
    theirs = min(times, key=lambda at: abs(at - now), default=now)
    if abs(theirs - now) > _DRIFT:
        minutes = round((now - theirs).total_seconds() / 60)
        how = f"快了 {minutes}" if minutes > 0 else f"慢了 {-minutes}"
        return Finding(f"这台机器的时钟比聊天平台{how} 分钟：{cure}", fault=True)
    if last is not None and last - now > _DRIFT:
        return Finding(f"最近一条记录的时间还没有到：时钟被调回过，{cure}", fault=True)
    return Finding("时钟和聊天平台一致" if times else "时钟没有倒退过（聊天平台问不到，没有比对）")
