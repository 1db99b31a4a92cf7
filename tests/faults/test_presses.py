"""Two processes on one database hear of one problem at the same instant (FAULTS G1, G2).

Nothing is pretended: each has a store of its own, with a thread that writes. ``ROUNDS=1000`` plays
a thousand of them.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from bot.domain.problems import Problem, State
from handlers import duties
from handlers.router import Router
from storage import tables
from storage.store import Store
from tests.stories.test_reporting import local, trail
from tests.stories.test_reporting import problem as current
from tests.world import World
from tests.world import world as make_world

ROUNDS = int(os.environ.get("ROUNDS", "8"))

pytestmark = pytest.mark.slow


@asynccontextmanager
async def beside(world: World) -> AsyncIterator[World]:
    """Yield the same county as a second process serves it; what is owed is delivered by the first."""
    async with Store(world.store.url.render_as_string(hide_password=False)) as store:
        router = Router(store, world.county, world.watch.texts, world.clock)
        yield replace(world, store=store, router=router, watch=replace(world.watch, store=store))


async def reported(world: World, number: int) -> Problem:
    """Let a problem be reported that waits for 孙立新, with 陈志远 to read of it."""
    world.clock.set(world.clock.now() + timedelta(seconds=10))  # nobody takes it for a flood
    await world.hears("liu", f"2 问题 {number}号地块用地指标未批")
    if await world.asks(lambda tx: tx.conversations.open(world.ids["liu"])):
        await world.hears("liu", "2")  # no, it is another one
    last = select(tables.problems.c.number).order_by(tables.problems.c.id.desc()).limit(1)
    return await current(world, await world.asks(lambda tx: tx.connection.execute(last).scalar_one()))


async def is_over(world: World, problem: Problem) -> None:
    """Take it out of the ledger, so that the next round is like the first."""
    await world.hears("zhao", f"撤销 {problem.number} 下一个")


async def letters(world: World, *where: Any) -> list[int]:
    """Return the numbers of the letters that are so, in the order in which they were written."""
    wanted = select(tables.outbox.c.id).where(*where).order_by(tables.outbox.c.id)
    return list(await world.asks(lambda tx: tx.connection.execute(wanted).scalars().all()))


async def test_of_two_who_press_in_two_processes_at_one_instant_one_wins(world: World) -> None:
    async with beside(world) as second:
        for number in range(ROUNDS):
            problem = await reported(world, number)
            pressed = [(world, "sun"), (second, "chen")][:: -1 if number % 2 else 1]

            notices = await asyncio.gather(
                *(process.hears(who, button="接办", settle=False) for process, who in pressed)
            )

            after = await current(world, problem.number)
            deeds = await trail(world, problem.number)
            said = f"问题 {problem.number} 已由{after.holder}于 {local(world.clock.now())} 接办。"
            assert sorted(notices) == sorted(["已接办", said])
            assert after.state is State.WORKING
            assert deeds.count("problem.taken") == 1
            await is_over(world, problem)


async def test_nobody_hears_of_a_problem_as_not_accepted_after_it_was(world: World) -> None:
    outbox = tables.outbox.c
    async with beside(world) as second:
        for number in range(ROUNDS):
            problem = await reported(world, number)
            assert problem.next_at is not None
            world.clock.set(problem.next_at)
            heard = world.hears("sun", button="接办", settle=False)
            climbs = duties.keep(second.watch)

            await asyncio.gather(*((heard, climbs) if number % 2 else (climbs, heard)))

            warned = await letters(world, outbox.key.like(f"escalation:{problem.id}:%"))
            [accepted, *_] = await letters(
                world, outbox.text.contains(f"{problem.number}（泵业智造产业园）已由孙立新接办")
            )
            await world.settles()
            assert (await current(world, problem.number)).state is State.WORKING
            assert all(letter < accepted for letter in warned)
            assert [each for each in world.messages("sun") if "接办" in each.data] == []
            await is_over(world, problem)


@pytest.mark.postgresql
async def test_what_is_accepted_while_its_rung_is_about_to_be_climbed_does_not_climb(
    postgresql_url: str,
) -> None:
    async with Store(postgresql_url) as store:
        world = make_world(store)
        await world.is_peopled()
        problem = await reported(world, 1)
        assert problem.next_at is not None
        world.clock.set(problem.next_at)
        where = postgresql_url.replace("+psycopg", "")
        with psycopg.connect(where) as accepting, psycopg.connect(where, autocommit=True) as looking:
            accepting.execute(
                "UPDATE problems SET state = '办理中', next_at = NULL, next_rung = '' WHERE id = %s",
                (problem.id,),
            )
            climbing = asyncio.create_task(duties.keep(world.watch))
            waits = "SELECT 1 FROM pg_locks WHERE NOT granted"
            while looking.execute(waits).fetchone() is None:  # noqa: ASYNC110 -- the server tells our loop nothing
                await asyncio.sleep(0.01)
            accepting.commit()
            await climbing

        climbed = select(tables.escalations.c.rung)
        assert await world.asks(lambda tx: tx.connection.execute(climbed).all()) == []


async def test_accepted_in_the_moment_it_is_withdrawn_it_is_one_of_the_two(world: World) -> None:
    async with beside(world) as second:
        for number in range(ROUNDS):
            problem = await reported(world, number)
            accepts = world.hears("sun", button="接办", settle=False)
            withdraws = second.hears("liu", f"撤销 {problem.number} 说错了", settle=False)

            await asyncio.gather(*((accepts, withdraws) if number % 2 else (withdraws, accepts)))

            deeds = await trail(world, problem.number)
            assert deeds.count("problem.taken") + deeds.count("problem.withdrawn") == 1
            wanted = State.WORKING if "problem.taken" in deeds else State.WITHDRAWN
            assert (await current(world, problem.number)).state is wanted
            await world.settles()
