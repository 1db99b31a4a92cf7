"""What a process says of itself while another one does the work."""

import asyncio
from dataclasses import replace
from typing import cast

from bot import metrics, wellbeing
from handlers.leases import DUTIES, Leases
from storage.leases import LeaseDesk, Sighting
from tests.world import World


def standing_by() -> Leases:
    """Leases of which another process holds all."""
    leases = Leases([DUTIES, "fake"], cast("LeaseDesk", object()))
    for lease in leases:
        lease.sighting = Sighting(1, 1, "mark", "4711@pc-1")
    return leases


async def test_who_stands_by_is_well_and_says_for_whom(world: World) -> None:
    bot = replace(world.bot(), leases=standing_by())

    assert wellbeing.ailments(bot) == {}
    assert wellbeing.standing_by(bot) == [
        "standing by: duties is held by process 4711 on host pc-1",
        "standing by: fake is held by process 4711 on host pc-1",
    ]
    assert [each.sentence for each in wellbeing.findings(bot)] == [
        "fake：本进程待命，由主机 pc-1 上的进程 4711 收发"
    ]
    told = await metrics.text(bot)
    assert "liaison_well 1\n" in told
    assert 'liaison_lease_held{lease="duties"} 0\n' in told
    assert "liaison_channel_up{" not in told


async def test_of_who_stands_by_only_the_loops_it_has_must_come_round(world: World) -> None:
    bot = replace(world.bot(), started_at=asyncio.get_running_loop().time() - 91)
    assert set(wellbeing.standstills(bot)) == {"duties", "fetching", "delivery fake"}

    bot = replace(bot, leases=standing_by())
    assert set(wellbeing.standstills(bot)) == {"fetching"}


async def test_a_county_whose_leases_cannot_be_seen_to_is_ill(world: World) -> None:
    bot = replace(world.bot(), leases=standing_by())
    bot.leases.ailment = "connection refused"

    assert list(wellbeing.ailments(bot).values()) == [
        "数据库连不上（connection refused）：请检查数据库服务器和网络"
    ]


async def test_a_loop_is_given_its_time_from_when_it_became_ours(world: World) -> None:
    leases = standing_by()
    bot = replace(world.bot(), leases=leases, started_at=asyncio.get_running_loop().time() - 91)
    bot.fetching.beat_at = asyncio.get_running_loop().time()
    for lease in leases:
        lease.granted(2, 1e12)

    assert wellbeing.standstills(bot) == {}
