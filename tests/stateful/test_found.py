"""What the machine found once, told as stories, so that it stays found."""

from sqlalchemy import select

from storage import tables
from storage.tx import Tx
from tests.world import World


async def rungs(world: World) -> list[str]:
    def ask(tx: Tx) -> list[str]:
        return list(tx.connection.execute(select(tables.escalations.c.rung)).scalars())

    return await world.asks(ask)


async def test_after_down_time_one_rung_comes_though_two_clocks_have_run_out(world: World) -> None:
    await world.hears("liu", "2 问题 当天要办：围墙倒了")
    await world.waits(hours=72)
    assert await rungs(world) == ["accept_1"]

    await world.waits(seconds=10)
    assert await rungs(world) == ["accept_1"]

    await world.waits(minutes=15)
    assert len(await rungs(world)) == 2
