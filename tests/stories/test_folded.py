"""Many rungs at once are one message: so many lines, and how many more; at night what cannot wait."""

import pytest
from sqlalchemy import insert

from handlers import duties
from storage import tables
from tests.stories.test_ladder import FRI, MON, SAT, at, heard
from tests.stories.test_reporting import LAND, problem
from tests.world import World

_TROUBLES = tuple(f"第{place}块地的用地指标未批" for place in "一二三四五六七八九")


async def _are_reported(world: World, *words: str) -> None:
    for each in words:
        await world.hears("liu", f"2 问题 {each}")
        if "另报" in str(world.messages("liu")[-1].labels):
            await world.hears("liu", button="不是，另报")


async def test_of_nine_lines_eight_are_shown_and_one_is_counted(world: World) -> None:
    await _are_reported(world, *_TROUBLES)

    await heard(world, FRI, "09:30")
    told = world.last("sun").splitlines()

    assert told[0] == "有 9 个问题到了时限："
    assert len([line for line in told if "2026-" in line]) == 8
    assert told[-1] == "……另有 1 个。"
    assert len(world.messages("sun")[-1].labels) == 8


async def test_of_eight_lines_nothing_is_left_out(world: World) -> None:
    await _are_reported(world, *_TROUBLES[:8])

    await heard(world, FRI, "09:30")
    told = world.last("sun").splitlines()

    assert len([line for line in told if "2026-" in line]) == 8
    assert "另有" not in told[-1]


async def test_two_of_the_day_are_told_together_at_once_on_a_saturday(world: World) -> None:
    await world.day_at(SAT, "15:00")
    await _are_reported(world, "当天要办，用地红线内有人堵路", "当天要办，土地红线被人挪了")

    assert await heard(world, SAT, "19:00") == {"sun": ["有 2 个问题到了时限："]}


async def test_the_next_rung_is_what_time_will_bring(world: World) -> None:
    await world.hears("liu", LAND)
    await world.reaches(at(MON, "12:54"))

    assert await world.watch.read(duties.next_event) == (at(MON, "12:55"), "event.escalation")


async def test_a_rung_that_cannot_be_written_holds_up_no_other(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await _are_reported(world, *_TROUBLES[:2])
    first = (await problem(world)).id
    taken = {"problem_id": first, "generation": 1, "level": 1, "rung": "accept_1", "at": world.clock.now()}
    await world.store.perform(lambda tx: tx.connection.execute(insert(tables.escalations).values(taken)))

    told = await heard(world, MON, "13:00")

    assert told == {"sun": ["接办时限已到，请接办（不归您管请转办或退回）："]}
    assert "2026-002" in world.last("sun")
    assert "could not be done" in caplog.text
