"""What is due waits while the machine's clock contradicts the platforms; the office is told."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

import pytest

from bot import timekeeper
from bot.chat import Messenger
from bot.clock import GuardedClock, VirtualClock
from bot.platforms.pool import time_at
from bot.platforms.telegram import TelegramPlatform
from bot.timekeeper import Timekeeper
from tests.botapi import BotApi
from tests.fakes import FakePlatform
from tests.world import MONDAY, World

HOUR = timedelta(hours=1)


@dataclass
class Telling(FakePlatform):
    """A platform that says what time it is, or nothing."""

    name: str = "telegram"
    says: VirtualClock | None = None
    asked: int = 0
    answers: asyncio.Event | None = None
    """Until it is set nothing is said at all."""

    async def time(self) -> datetime | None:
        self.asked += 1
        if self.answers is not None:
            await self.answers.wait()
        return self.says.now() if self.says else None


@dataclass
class Machine:
    """A clock that is off, beside the time that really passes."""

    real: VirtualClock
    off: timedelta = timedelta(0)

    def now(self) -> datetime:
        return self.real.now() + self.off


class Post:
    """A timekeeper at its place, in a world whose clock is the real time."""

    def __init__(self, world: World, *says: VirtualClock | None) -> None:
        self.machine = Machine(world.clock)
        self.clock = GuardedClock(self.machine, lambda: world.clock.now().timestamp())
        self.platforms = [Telling(says=each) for each in says]
        self.keeper = Timekeeper(
            self.clock, cast("list[Messenger]", self.platforms), replace(world.watch, clock=self.clock)
        )


async def others_have_their_turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_is_agreed_with_may_go_on(world: World) -> None:
    post = Post(world, world.clock)

    assert await post.keeper.is_right()
    assert post.keeper.sentence() == ""


async def test_who_is_contradicted_waits_and_says_what_to_do(world: World) -> None:
    post = Post(world, world.clock)
    post.machine.off = timedelta(days=3)

    assert not await post.keeper.is_right()
    assert not await post.keeper.is_right()
    await world.settles()

    assert "2026-11-26 00:55 UTC，Telegram是 2026-11-23 00:55 UTC" in post.keeper.sentence()
    assert "timedatectl set-ntp true" in post.keeper.sentence()
    assert world.last("zhao").startswith(
        "机器人所在电脑的时间是 2026-11-26 08:55，Telegram的时间是 2026-11-23 08:55"
    )
    assert len(world.said_to("zhao")) == 1

    post.machine.off = timedelta(0)
    assert await post.keeper.is_right()
    assert post.keeper.sentence() == ""


async def test_one_platform_that_agrees_is_enough(world: World) -> None:
    post = Post(world, VirtualClock(MONDAY + 9 * HOUR), world.clock, None)

    assert await post.keeper.is_right()


async def test_who_slept_goes_on_as_soon_as_a_platform_says_how_late_it_is(world: World) -> None:
    post = Post(world, world.clock)
    assert await post.keeper.is_right()

    # While a machine sleeps its processor counts nothing.
    post.clock._monotonic = lambda: world.clock.now().timestamp() - 8 * 3600
    world.clock.set(world.clock.now() + 8 * HOUR)

    assert await post.keeper.is_right()
    assert post.clock.now() == world.clock.now()
    await world.settles()
    assert world.said_to("zhao") == []


async def test_a_jump_that_nobody_can_explain_waits_without_a_word_to_the_office(world: World) -> None:
    post = Post(world, world.clock)
    assert await post.keeper.is_right()
    post.platforms[0].says = None
    post.machine.off = 2 * HOUR

    assert not await post.keeper.is_right()
    await world.settles()
    assert world.said_to("zhao") == []


async def test_a_bot_that_hears_of_no_time_waits_ten_minutes_after_its_start(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = Post(world, None)
    assert not await post.keeper.is_right()
    assert "还没有平台告知" in post.keeper.sentence()

    monkeypatch.setattr(timekeeper, "_PATIENCE", 0)
    assert await post.keeper.is_right()
    post.machine.off = HOUR  # whom nobody ever tells the time has only this clock
    assert await post.keeper.is_right()
    assert post.clock.now() == world.clock.now() + HOUR


async def test_who_goes_on_does_not_wait_for_a_platform_that_is_slow(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = Post(world, world.clock)
    assert await post.keeper.is_right()
    monkeypatch.setattr(timekeeper, "_EVERY", 0)
    post.platforms[0].answers = asyncio.Event()
    post.platforms[0].says = VirtualClock(MONDAY - HOUR)

    for _ in range(3):
        assert await post.keeper.is_right()
        await others_have_their_turn()
    assert post.platforms[0].asked == 2

    post.platforms[0].answers.set()
    await others_have_their_turn()
    assert not await post.keeper.is_right()  # what it says counts as soon as it is said
    await world.settles()
    assert len(world.said_to("zhao")) == 1


async def test_whom_nobody_ever_tells_the_time_asks_once_a_minute_and_not_at_each_beat(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timekeeper, "_PATIENCE", 0)
    post = Post(world, None)

    for _ in range(5):
        assert await post.keeper.is_right()
        await others_have_their_turn()
    assert post.platforms[0].asked == 1

    monkeypatch.setattr(timekeeper, "_AGAIN", 0)
    assert await post.keeper.is_right()
    await others_have_their_turn()
    assert post.platforms[0].asked == 2


async def test_a_clock_from_before_the_bot_was_last_at_work_is_not_gone_by(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timekeeper, "_PATIENCE", 0)
    await world.store.perform(lambda tx: tx.pulse.beat(MONDAY + HOUR))
    post = Post(world, None)

    assert not await post.keeper.is_right()
    assert "比机器人上次工作的 2026-11-23 01:55 UTC 还早" in post.keeper.sentence()

    post.platforms[0].says = world.clock  # who knows says that the last start was the wrong one
    assert await post.keeper.is_right()


async def test_a_bot_of_telegram_is_told_the_time_without_its_token() -> None:
    async with BotApi(clock=VirtualClock(MONDAY)) as api:
        platform = TelegramPlatform("42:wrong", api_base=api.base, clock=VirtualClock(MONDAY))

        assert await platform.time() == MONDAY
        api.tells_time = False
        assert await platform.time() is None


async def test_a_server_that_is_not_there_says_nothing() -> None:
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    assert await time_at(f"http://127.0.0.1:{port}", within=0.05) is None
    server.close()
    await server.wait_closed()
    assert await time_at(f"http://127.0.0.1:{port}") is None
