"""`liaison migrate --to URL`: the county moved into another database, and the files that people sent."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bot.app import attachments_folder
from bot.commands.progress import progress
from bot.config import Database, Settings
from storage.moving import Moved, Place, move


def move_to(settings: Settings, url: str) -> Iterator[str]:
    """Move everything into the database at a URL and say what came of it, last what to write down."""
    schema = settings.database.schema_
    target = Place(url, schema)
    with ExitStack() as stack:
        moved = move(
            Place(settings.database.url, schema),
            target,
            lambda pages: stack.enter_context(progress("搬库 moving", pages)),
        )
    yield _told(moved)
    if moved.broken is not None:
        yield f"✗ 审计链在第 {moved.broken} 条断开：原来的数据库就是这样，照原样搬了过来。"
    folder = attachments_folder(_in(settings, url)).resolve()
    where = "" if url.startswith("sqlite") else f"请在 {folder.parent} 里启动机器人，它到那里找。"
    yield _files(attachments_folder(settings).resolve(), folder) + where
    yield f'原来的数据库没有动。请在 config.toml 的 [database] 里写：url = "{target}"'


def _told(moved: Moved) -> str:
    done = "已搬" if moved.afresh else "早已搬好，没有再动："
    trail = f"，留痕码 {moved.anchor}" if moved.anchor else ""
    return f"{done} {moved.rows:,} 行，逐行核对，两边一致{trail}。"


def _in(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"database": Database(url=url, schema=settings.database.schema_)})


def _files(source: Path, target: Path) -> str:
    """Copy what people sent to where it will be looked for; Return what became of it."""
    if source == target or not source.is_dir():
        return f"照片和文件不用搬，就在 {target}。"
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = [path for path in source.iterdir() if path.is_file()]
    for path in files:
        copy = target / path.name
        # What has its name and its size was copied whole before.
        if not copy.exists() or copy.stat().st_size != path.stat().st_size:
            part = copy.with_name(f"{copy.name}.part")
            shutil.copy2(path, part)
            part.replace(copy)
    return f"照片和文件 {len(files)} 个，已复制到 {target}。"
