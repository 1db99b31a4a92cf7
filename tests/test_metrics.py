"""A monitor is told what is due, for how long, and what stands still."""

from datetime import timedelta

from bot import metrics
from bot.metrics import Metric
from tests.world import World


def test_a_label_is_written_as_prometheus_reads_it() -> None:
    metric = Metric("x", "What it is.", {(("channel", 'a"b\\c\nd'),): 1.5, (): 2.0})

    assert [*metric.lines()] == [
        "# HELP x What it is.",
        "# TYPE x gauge",
        'x{channel="a\\"b\\\\c\\nd"} 1.5',
        "x 2",
    ]


async def test_what_is_due_is_counted_by_lane_and_by_age(world: World) -> None:
    await world.hears("liu", "2 问题 用地指标未批", settle=False)
    world.clock.set(world.clock.now() + timedelta(seconds=90))

    backlog = await world.asks(lambda tx: tx.dispatch.backlog(world.clock.now()))

    assert {each.platform for each in backlog} == {"fake"}
    assert sum(each.count for each in backlog) >= 2
    assert {(world.clock.now() - each.since).total_seconds() for each in backlog} == {90.0}

    await world.delivery.drain()
    assert await world.asks(lambda tx: tx.dispatch.backlog(world.clock.now())) == []


async def test_a_running_bot_is_measured(world: World) -> None:
    bot = world.bot()
    await bot.beat()

    told = await metrics.text(bot)

    assert 'liaison_channel_up{channel="fake"} 1' in told
    assert told.endswith("liaison_dead_letters 0\n")
