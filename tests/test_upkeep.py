"""What `liaison check` says of the machine: each sentence when it is true, and only then."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from shutil import _ntuple_diskusage

import pytest
from aiohttp import web

from bot import texts
from bot.chat import Finding
from bot.clock import VirtualClock
from bot.commands.upkeep import upkeep
from bot.config import Settings
from bot.messengers import messengers_of
from storage.store import Store

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)


class Platform:
    """Something that only says what time it is."""

    def __init__(self) -> None:
        self.time = NOW

    async def answer(self, _: web.BaseRequest) -> web.Response:
        return web.Response(status=404, headers={"Date": format_datetime(self.time, usegmt=True)})


@pytest.fixture
async def platform() -> AsyncIterator[tuple[Platform, str]]:
    there = Platform()
    runner = web.ServerRunner(web.Server(there.answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield there, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
def settings(empty_database: Path, tmp_path: Path, platform: tuple[Platform, str]) -> Settings:
    file = tmp_path / "liaison.db"
    file.write_bytes(empty_database.read_bytes())
    telegram = {"token": "42:AAAAAAAAAAAAAAAAAAAAAAAA", "api_base": platform[1]}
    return Settings.model_validate(
        {"county": "青禾县", "database": {"url": f"sqlite:///{file}"}, "telegram": telegram}
    )


async def notes(settings: Settings, at: datetime, action: str, **detail: object) -> None:
    async with Store(settings.database.url) as store:
        await store.perform(lambda tx: tx.audit.add(at, None, action, "backup", **detail))


async def looked(settings: Settings) -> tuple[Finding, Finding, Finding]:
    messengers = messengers_of(settings, VirtualClock(NOW), texts.load(None, settings.language))
    backup, room, clock = await upkeep(settings, messengers, NOW)
    for each in messengers:
        await each.close()
    return backup, room, clock


@pytest.mark.parametrize(
    ("ago", "faults", "sentence", "mark"),
    [
        (timedelta(hours=23), [], "24 小时内备份过", "✓"),
        (8 * DAY, [], "最近一次备份在 8 天前", "✓"),
        (9 * DAY, [], "最近一次备份在 9 天前：请运行 liaison backup 文件名", "!"),
        (DAY, ["audit: x"], "最近一次备份演练没有通过：请运行 liaison verify，按提示处理", "✗"),
    ],
)
async def test_how_long_ago_the_last_backup_was(
    settings: Settings, ago: timedelta, faults: list[str], sentence: str, mark: str
) -> None:
    await notes(settings, NOW - 30 * DAY, "backup.made")
    await notes(settings, NOW - ago, "backup.drilled", faults=faults)

    backup, _, _ = await looked(settings)

    assert (backup.sentence, "✗" if backup.fault else "!" if backup.todo else "✓") == (sentence, mark)


async def test_a_county_that_was_never_backed_up_is_told_how(settings: Settings) -> None:
    backup, _, _ = await looked(settings)

    assert (backup.sentence.startswith("还没有备份过："), backup.todo) == (True, True)


@pytest.mark.parametrize(("free", "is_fault"), [(199, True), (201, False)])
async def test_a_full_disk_is_a_fault(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, free: int, is_fault: bool
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: _ntuple_diskusage(0, 0, free << 20))

    _, room, _ = await looked(settings)

    assert room.fault is is_fault


@pytest.mark.parametrize(
    ("off", "sentence"),
    [
        (timedelta(seconds=50), "时钟和聊天平台一致"),
        (timedelta(minutes=-7), "这台机器的时钟比聊天平台快了 7 分钟"),
        (timedelta(minutes=7), "这台机器的时钟比聊天平台慢了 7 分钟"),
    ],
)
async def test_the_clock_is_held_against_the_platform_s(
    settings: Settings, platform: tuple[Platform, str], off: timedelta, sentence: str
) -> None:
    platform[0].time = NOW + off

    _, _, clock = await looked(settings)

    assert clock.sentence.startswith(sentence)
    assert clock.fault is (abs(off) > timedelta(minutes=1))


async def test_a_clock_that_was_turned_back_is_told(settings: Settings) -> None:
    await notes(settings, NOW + timedelta(hours=2), "backup.made")

    _, _, clock = await looked(settings)

    assert clock.fault
    assert "时钟被调回过" in clock.sentence
