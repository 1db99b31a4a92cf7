"""Closed is what those who had the problem say is solved: nothing closes by silence."""

from datetime import date

import pytest
from sqlalchemy import delete

from bot.domain.problems import State
from storage import tables
from tests.stories.test_custody import chain
from tests.stories.test_ladder import MON, THU, TUE, climbs, heard
from tests.stories.test_problems import _owns
from tests.stories.test_reporting import LAND, local, problem, trail
from tests.world import World

WED, FRI, NEXT_TUE = date(2026, 11, 25), date(2026, 11, 27), date(2026, 12, 1)


async def solved(world: World, *, owned: bool = True) -> None:
    """Let sun call liu's problem solved; qian owns the project."""
    if owned:
        await world.store.perform(lambda tx: _owns(world, tx))
    await world.hears("liu", LAND)
    await world.hears("sun", "已解决 2026-001 指标已批")


# --- both say so ------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second"), [("liu", "qian"), ("qian", "liu")])
async def test_the_reporter_and_the_owner_both_say_so_in_any_order(
    world: World, first: str, second: str
) -> None:
    await solved(world)
    assert world.last("sun") == "已记：问题 2026-001 等刘敏、钱多多确认后销号。"
    for who in ("liu", "qian"):
        assert world.messages(who)[-1].labels == ["销号", "没解决"]

    await world.hears(first, button="销号")
    assert (await problem(world)).state is State.CONFIRMING
    assert any(message.labels == ["没解决"] for message in world.messages(first))
    await world.hears(second, button="销号")

    assert (await problem(world)).state is State.CLOSED
    assert (await trail(world))[-2:] == ["problem.confirmed", "problem.closed"]
    assert (await problem(world)).next_at is None


async def test_saying_so_twice_is_not_both(world: World) -> None:
    await solved(world)

    await world.hears("liu", "销号 2026-001")
    await world.hears("liu", "销号 2026-001")

    assert (await problem(world)).state is State.CONFIRMING


async def test_an_owner_out_of_reach_is_not_waited_for(world: World) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(
            delete(tables.contacts).where(tables.contacts.c.person_id == world.ids["qian"])
        )
    )
    await solved(world)

    await world.hears("liu", button="销号")

    assert (await problem(world)).state is State.CLOSED


async def test_without_an_owner_the_reporter_alone_says_so(world: World) -> None:
    await solved(world, owned=False)
    assert world.last("sun") == "已记：问题 2026-001 等刘敏确认后销号。"

    await world.hears("liu", button="销号")

    assert (await problem(world)).state is State.CLOSED


@pytest.mark.parametrize("who", ["liu", "qian"])
async def test_either_of_them_opens_it_again_one_level_up(world: World, who: str) -> None:
    await solved(world)
    other = "qian" if who == "liu" else "liu"
    await world.hears(other, button="销号")
    await world.waits(hours=1)

    await world.hears(who, button="没解决")
    await world.hears(who, "批文还没拿到")

    found = await problem(world)
    assert (found.state, found.generation, found.holder) == (State.WAITING, 2, "陈志远")
    assert "批文还没拿到" in found.text
    assert (local(found.accept_due), local(found.solve_due)) == ("11-23 13:55", "11-30 18:00")
    assert (found.level, found.step, found.late_step, found.next_rung) == (0, 0, 0, "accept_1")


async def test_what_was_confirmed_of_one_generation_does_not_count_for_the_next(world: World) -> None:
    await solved(world)
    await world.hears("qian", button="销号")
    await world.hears("liu", "没解决 2026-001 批文还没拿到")
    await world.hears("chen", "已解决 2026-001 批文拿到了")

    await world.hears("liu", "销号 2026-001")

    assert (await problem(world)).state is State.CONFIRMING


# --- silence ----------------------------------------------------------------------------


async def test_three_working_days_of_silence_remind_and_two_more_leave_it_to_the_office(
    world: World,
) -> None:
    await solved(world)
    await world.hears("qian", button="销号")

    assert "liu" not in await heard(world, THU, "08:54")
    assert await heard(world, THU, "08:55") == {
        "liu": ["请您确认：这个问题解决了吗？解决了点「销号」，没有点「没解决」："]
    }
    await world.hears("zhao", "销号 2026-001")
    assert (await problem(world)).state is State.CONFIRMING
    for day in (FRI, date(2026, 11, 28)):
        assert "zhao" not in await heard(world, day, "18:00")
    told = await heard(world, date(2026, 11, 30), "08:55")
    assert told["zhao"] == [
        "报了解决，一直等不到确认，请办公室核实后定：解决了点「销号」，没有点「没解决」："
    ]

    assert await heard(world, date(2026, 12, 31), "12:00") == {}
    assert (await problem(world)).state is State.CONFIRMING
    assert await climbs(world) == ["confirm_1", "confirm_2"]
    await world.hears("zhao", button="销号")
    assert (await problem(world)).state is State.CLOSED
    assert "已由赵文静确认解决" in world.last("liu")


async def test_the_office_may_say_after_the_silence_that_it_is_not_solved(world: World) -> None:
    await solved(world)
    await heard(world, THU, "08:55")
    await heard(world, date(2026, 11, 30), "08:55")

    await world.hears("zhao", button="没解决")

    found = await problem(world)
    assert (found.state, found.generation, found.holder) == (State.WAITING, 2, "陈志远")


async def test_until_the_silence_has_lasted_the_office_says_nothing(world: World) -> None:
    await solved(world)
    await heard(world, WED, "12:00")

    for words in ("销号 2026-001", "没解决 2026-001"):
        await world.hears("zhao", words)

    found = await problem(world)
    assert (found.state, found.generation) == (State.CONFIRMING, 1)


# --- opened again later -----------------------------------------------------------------


async def test_closed_it_is_opened_again_for_thirty_days_in_a_new_generation(world: World) -> None:
    await solved(world, owned=False)
    await world.hears("liu", button="销号")
    await world.day_at(date(2026, 12, 23), "08:55")

    await world.hears("liu", button="没解决")

    found = await problem(world)
    assert (found.state, found.generation, found.holder) == (State.WAITING, 2, "陈志远")
    assert (found.closed_at, found.first_due == found.solve_due) == (None, True)
    assert [link[:2] for link in await chain(world)] == [("孙立新", "closed"), ("陈志远", "")]


async def test_on_the_thirty_first_day_it_is_a_new_problem(world: World) -> None:
    await solved(world, owned=False)
    await world.hears("liu", button="销号")
    await world.day_at(date(2026, 12, 23), "08:56")

    await world.hears("liu", button="没解决")

    assert world.last("liu") == "问题 2026-001 销号已超过 30 天，请作为新问题上报。"
    assert (await problem(world)).state is State.CLOSED


async def test_opened_again_the_ladder_begins_anew(world: World) -> None:
    await world.hears("liu", LAND)
    await heard(world, MON, "12:55")
    await world.hears("sun", "已解决 2026-001 指标已批")
    await world.hears("liu", "没解决 2026-001 没看到批文")

    assert set(await heard(world, MON, "16:55")) == {"chen"}
    assert set(await heard(world, TUE, "11:25")) == {"zhao"}
    assert await climbs(world) == ["accept_1", "accept_1", "accept_3"]


async def test_opened_again_after_it_was_late_the_clock_to_solve_begins_at_its_foot(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "接办 2026-001 已到现场")
    await heard(world, date(2026, 11, 30), "18:00")
    await heard(world, NEXT_TUE, "18:00")
    await world.hears("sun", "已解决 2026-001 指标已批")

    await world.hears("liu", "没解决 2026-001 没看到批文")

    found = await problem(world)
    assert (found.late_step, found.level) == (0, 0)
    await world.hears("chen", "接办 2026-001 我来办")
    assert (await problem(world)).next_rung == "solve_1"


async def test_the_holder_and_their_leaders_do_not_open_it_again(world: World) -> None:
    await solved(world, owned=False)
    await world.hears("liu", button="销号")

    for who in ("sun", "chen", "zhou"):
        await world.hears(who, "重开 2026-001")

    assert (await problem(world)).state is State.CLOSED
