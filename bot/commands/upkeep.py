"""What `liaison check` says of the machine: the last backup, the room on the disk, the clock."""

import asyncio
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from bot.chat import Finding
from bot.config import Settings
from storage.audit import Step
from storage.store import Store
from storage.tx import Tx

_STALE = timedelta(days=8)
"""A week, and a night for the rehearsal that failed."""
_DRIFT = timedelta(minutes=1)
_LEAST_FREE = 200
_REHEARSALS = 3
_PATIENCE = 5


async def upkeep(settings: Settings, now: datetime) -> list[Finding]:
    """Return what must be seen to now and then; of a database that is not there yet, only the clock."""
    async with Store(settings.database.url, schema=settings.database.schema_) as store:
        backed_up, last = await store.read(_asked)
    times = await asyncio.to_thread(lambda: list(_platform_times(settings)))
    return [
        _backup(backed_up, now, is_sqlite=settings.database.url.startswith("sqlite")),
        _room(settings),
        _clock(now, last, times),
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


def _room(settings: Settings) -> Finding:
    url = settings.database.url
    file = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None
    free = shutil.disk_usage(file.parent if file else Path()).free >> 20
    size = file.stat().st_size >> 20 if file else 0
    if free < _LEAST_FREE:
        return Finding(f"磁盘只剩 {free} MB：请尽快清理，写满了机器人就不能记事", fault=True)
    if free < _REHEARSALS * size:
        return Finding(f"磁盘只剩 {free} MB，数据库 {size} MB：每周演练备份要三倍的空间，请清理", todo=True)
    return Finding(f"磁盘还有 {free / 1024:.1f} GB")


def _clock(now: datetime, last: datetime | None, times: list[datetime]) -> Finding:
    cure = "请打开系统的自动对时（timedatectl set-ntp true）；钟不准，提问和期限都不准"
    for theirs in times:
        if abs(theirs - now) > _DRIFT:
            minutes = round((now - theirs).total_seconds() / 60)
            how = f"快了 {minutes}" if minutes > 0 else f"慢了 {-minutes}"
            return Finding(f"这台机器的时钟比聊天平台{how} 分钟：{cure}", fault=True)
    if last is not None and last - now > _DRIFT:
        return Finding(f"最近一条记录的时间还没有到：时钟被调回过，{cure}", fault=True)
    return Finding("时钟和聊天平台一致" if times else "时钟没有倒退过（聊天平台问不到，没有比对）")


def _platform_times(settings: Settings) -> Iterator[datetime]:
    """Yield what time it is at each platform that can be asked: on whatever it answers stands a date."""
    telegram, app = settings.telegram, settings.wecom.app
    bases = [
        *([telegram.api_base] if telegram.is_set and not telegram.proxy else []),
        *([app.api_base] if app.corp_id else []),
    ]
    for base in bases:
        parts = urlsplit(base)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.netloc, timeout=_PATIENCE)
        try:
            connection.request("HEAD", "/")
            yield parsedate_to_datetime(connection.getresponse().headers["Date"])
        except (OSError, HTTPException, TypeError, ValueError):
            # Whether it can be reached at all is said elsewhere.
            continue
        finally:
            connection.close()
