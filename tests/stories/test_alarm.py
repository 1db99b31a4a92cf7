"""What stands still is told over a platform that works: once, and once more when it is over."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

import handlers.alarm
from handlers.alarm import Alarm
from tests.world import World

DOWN = {"fake": "连不上"}


async def passes(world: World, alarm: Alarm, **length: float) -> None:
    """Let time pass, looking every ten seconds."""
    end = world.clock.now() + timedelta(**length)
    while world.clock.now() < end:
        world.clock.set(min(end, world.clock.now() + timedelta(seconds=10)))
        await alarm.step()
    await world.settles()


async def told(world: World) -> list[str]:
    return [text for text in world.said_to("zhao", "other") if "连不上" in text or "恢复" in text]


async def test_a_platform_out_of_reach_is_told_over_the_other_one_and_its_return_too(world: World) -> None:
    await world.has("zhao")
    ill = dict(DOWN)
    alarm = Alarm(world.watch, lambda: ill)
    await world.day_at(world.clock.now().date(), "10:00")

    await passes(world, alarm, minutes=4.9)
    assert await told(world) == []
    await passes(world, alarm, hours=2)
    assert await told(world) == [
        "fake从 11-23 10:00 起连不上（连不上）。发往那里的消息都已保存，恢复后自动补发；急事请打电话。"
    ]
    ill.clear()
    await passes(world, alarm, minutes=4.9)
    assert len(await told(world)) == 1
    await passes(world, alarm, minutes=10)

    assert (await told(world))[1:] == ["fake 11-23 12:05 恢复了，积压的消息正在补发。"]
    assert not any("连不上" in text for text in world.said_to("zhao"))


async def test_a_restart_in_between_tells_nothing_twice(world: World) -> None:
    await world.has("zhao")
    ill = dict(DOWN)
    await world.day_at(world.clock.now().date(), "10:00")
    await passes(world, Alarm(world.watch, lambda: ill), minutes=10)

    after = Alarm(world.watch, lambda: ill)
    await passes(world, after, minutes=10)
    assert len(await told(world)) == 1
    ill.clear()
    await passes(world, after, minutes=10)

    assert len(await told(world)) == 2


async def test_what_flickers_is_one_alarm(world: World) -> None:
    await world.has("zhao")
    ill = dict(DOWN)
    alarm = Alarm(world.watch, lambda: ill)
    await world.day_at(world.clock.now().date(), "10:00")
    await passes(world, alarm, minutes=10)

    for _ in range(5):
        ill.clear()
        await passes(world, alarm, minutes=4)
        ill.update(DOWN)
        await passes(world, alarm, minutes=6)

    assert len(await told(world)) == 1


async def test_at_night_nobody_is_woken_and_what_is_over_by_morning_is_not_told(world: World) -> None:
    await world.has("zhao")
    ill = dict(DOWN)
    alarm = Alarm(world.watch, lambda: ill)
    await world.day_at(world.clock.now().date(), "23:00")

    await passes(world, alarm, minutes=10)
    ill.clear()
    await passes(world, alarm, minutes=10)
    await world.day_at((world.clock.now() + timedelta(days=1)).date(), "09:00")

    assert await told(world) == []


async def test_a_loop_that_stands_still_is_told_by_its_name_to_whom_can_be_reached(world: World) -> None:
    ill = {"delivery fake": "nothing has been delivered"}
    alarm = Alarm(world.watch, lambda: ill)
    await world.day_at(world.clock.now().date(), "10:00")
    await passes(world, alarm, minutes=10)
    assert not any("停住" in text for text in world.said_to("zhao"))

    await world.has("zhao")
    await passes(world, alarm, minutes=1)

    assert world.last("zhao", "other").startswith("机器人的fake发送从 11-23 10:00 起停住了")


async def test_duties_that_stand_still_are_told_where_people_are(world: World) -> None:
    alarm = Alarm(world.watch, lambda: {"duties": "the duties have not been done for 90 seconds"})
    await world.day_at(world.clock.now().date(), "10:00")

    await passes(world, alarm, minutes=6)

    assert world.last("zhao") == (
        "机器人的定时工作从 11-23 10:00 起停住了。请管理员重启机器人；已经收下的消息不会丢。"
    )


async def test_of_the_clock_and_the_disk_the_office_hears_elsewhere(world: World) -> None:
    alarm = Alarm(world.watch, lambda: {"clock": "这台机器的时间不对", "file": "磁盘快满了"})
    await world.day_at(world.clock.now().date(), "10:00")
    before = len(world.said_to("zhao"))

    await passes(world, alarm, minutes=10)

    assert len(world.said_to("zhao")) == before


async def test_a_database_that_is_away_does_not_end_the_bot(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    again = asyncio.Event()

    def ailments() -> dict[str, str]:
        looks.append(len(looks))
        if len(looks) > 1:
            again.set()
            return {}
        raise OperationalError("SELECT 1", None, Exception("the server closed the connection"))

    monkeypatch.setattr(handlers.alarm, "_LOOK", 0)
    running = asyncio.create_task(Alarm(world.watch, ailments).run())
    async with asyncio.timeout(10):
        await again.wait()

    assert not running.done()
    running.cancel()
