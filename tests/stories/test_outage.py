"""After down time everybody knows what may be lost: presses after minutes, words after a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import pytest

from bot.chat import Capabilities
from bot.errors import DeliveryError, Failure
from bot.timekeeper import Timekeeper
from handlers import outage
from tests.world import World

KEEPS = {"fake": timedelta(hours=24)}


@dataclass
class Doubtful:
    """Says of the clock at each beat whether it is right."""

    answers: list[bool]

    async def is_right(self) -> bool:
        return self.answers.pop(0)


@pytest.fixture
async def waiting(world: World) -> World:
    """A county in which a problem waits for 孙立新 to accept it."""
    await world.waits(minutes=5)
    await world.hears("wang", "问题 用地指标未批")
    return world


async def down(world: World, keeps: Mapping[str, timedelta] = KEEPS, **length: float) -> None:
    """Let the bot be down for a while."""
    await world.store.perform(lambda tx: tx.pulse.beat(world.clock.now()))
    world.clock.set(world.clock.now() + timedelta(**length))
    for _ in range(2):  # a start that died in the middle is made again
        await outage.make_up(world.watch, keeps)
    await world.settles()


def told(world: World, who: str) -> list[str]:
    return [text for text in world.said_to(who) if text.startswith("机器人从")]


async def test_two_minutes_cost_nobody_anything(waiting: World) -> None:
    await down(waiting, minutes=2)

    assert told(waiting, "sun") == told(waiting, "wang") == []


async def test_after_three_minutes_whoever_is_waited_for_is_asked_to_press_again(waiting: World) -> None:
    await down(waiting, minutes=3)

    (text,) = told(waiting, "sun")
    assert "从 11-23 09:00 到 11-23 09:03 停机" in text
    assert "2026-001 还在等您，点过的请再点一次" in text
    assert told(waiting, "wang") == []


async def test_nobody_is_asked_to_press_what_is_done(waiting: World) -> None:
    await waiting.hears("sun", button="接办")
    await down(waiting, minutes=30)

    assert told(waiting, "sun") == []


async def test_nobody_is_asked_to_press_where_no_press_is_ever_lost(waiting: World) -> None:
    await down(waiting, keeps={}, minutes=30)

    assert told(waiting, "sun") == []


async def test_nobody_is_asked_to_press_what_they_never_had_before_them(waiting: World) -> None:
    later = DeliveryError(Failure.RETRY, "busy", after=timedelta(minutes=45))
    waiting.platform.failures.append(later)
    await waiting.hears("liu", "2 问题 用地指标未批")
    await down(waiting, minutes=30)
    await waiting.waits(minutes=20)

    (text,) = told(waiting, "sun")
    assert "2026-001 还在等您" in text


async def test_nobody_is_asked_about_a_stop_in_the_night(waiting: World) -> None:
    await waiting.waits(hours=17)
    await down(waiting, minutes=10)
    await waiting.waits(hours=9)

    assert told(waiting, "sun") == []


async def test_one_message_tells_all_that_somebody_may_have_lost(waiting: World) -> None:
    await waiting.hears("liu", "1 问题 设备未到货")
    await waiting.hears("liu", "2 问题 用地指标未批")
    await waiting.hears("chen", "接办")
    await down(waiting, minutes=30)

    (text,) = told(waiting, "sun")
    assert "2026-001、2026-003 还在等您" in text


async def test_who_may_have_lost_words_and_presses_hears_of_both_at_once(waiting: World) -> None:
    await waiting.hears("sun", button="接办")
    await waiting.hears("sun", button="已解决")
    await waiting.hears("sun", "已批复")
    await down(waiting, hours=25)

    (text,) = told(waiting, "wang")
    assert text.startswith("机器人从 11-23 09:00 到 11-24 10:00 停机。11-23 09:00 到 11-23 10:00 之间发来的")
    assert "2026-001 还在等您" in text


async def test_after_a_day_the_liaisons_and_the_office_hear_what_is_lost(waiting: World) -> None:
    await down(waiting, hours=25)

    for who in ("liu", "wang", "zhao"):
        (text,) = told(waiting, who)
        assert "11-23 09:00 到 11-23 10:00 之间发来的内容没有收到" in text
    assert told(waiting, "he") == []


@pytest.mark.parametrize(
    ("away", "first", "told_of"),
    [(25, 1301, ["最多有 300 条没有收到"]), (25, 1001, []), (25, 7, []), (24 * 8, 1301, [])],
)
async def test_the_office_hears_how_much_is_lost_at_most(
    waiting: World, away: int, first: int, told_of: list[str]
) -> None:
    """Numbers that begin anew, as Telegram's may after a week, are no count."""
    since = waiting.clock.now()
    await waiting.store.perform(lambda tx: tx.pulse.beat(since))
    waiting.clock.set(since + timedelta(seconds=59))  # word of being at work is left once a minute
    await waiting.hears("liu", "收到", key="fake:42:1000")
    waiting.clock.set(since + timedelta(hours=away))
    gaps = await outage.make_up(waiting.watch, KEEPS)
    early = [await outage.counted(waiting.watch, gap) for gap in gaps]

    for number in (first, first + 1):
        await waiting.hears("liu", "收到", key=f"fake:42:{number}")
    later = [await outage.counted(waiting.watch, gap) for gap in [*gaps, *gaps]]
    await waiting.settles()

    assert (early, later) == ([False], [True, True])
    assert [words for words in told_of if words in "".join(told(waiting, "zhao"))] == told_of
    assert sum("编号" in text for text in told(waiting, "zhao")) == len(told_of)
    assert not any("编号" in text for text in told(waiting, "liu"))


async def test_nobody_hears_it_of_a_platform_that_kept_everything(waiting: World) -> None:
    await down(waiting, hours=23)

    assert told(waiting, "liu") == []


async def test_a_first_start_is_no_outage(world: World) -> None:
    await outage.make_up(world.watch, KEEPS)
    await world.settles()

    assert told(world, "liu") == []


async def test_a_start_that_waits_for_the_time_still_knows_when_the_bot_was_last_at_work(
    waiting: World,
) -> None:
    waiting.platform.capabilities = Capabilities(keeps=KEEPS["fake"])
    bot = waiting.bot()
    bot.timekeeper, bot.is_awake = cast("Timekeeper", Doubtful([False, False, True])), False
    await waiting.store.perform(lambda tx: tx.pulse.beat(waiting.clock.now()))
    waiting.clock.set(waiting.clock.now() + timedelta(hours=1))

    for _ in range(3):
        await bot.beat()
    await waiting.settles()

    assert len(told(waiting, "sun")) == 1
    assert await waiting.asks(lambda tx: tx.pulse.last()) == waiting.clock.now()
