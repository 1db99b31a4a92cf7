"""The weekly digest: Monday 08:30, once for each group that has a scope."""

from datetime import date, datetime

import pytest

from bot.chat import Event
from bot.domain.week import Week
from bot.errors import PaperError
from handlers import digest, duties
from storage.store import Store
from tests.world import ZONE, World
from tests.world import county as settings
from tests.world import world as county_at

MONDAY = date(2026, 11, 30)


@pytest.fixture
async def bound(world: World) -> World:
    """A county with one group that sees everything, bound on Monday, 23 November."""
    await world.happens(Event.JOINED_GROUP, chat="group1", detail="全县调度群")
    await world.hears("zhao", button="全县")
    return world


async def test_it_comes_on_monday_at_half_past_eight(bound: World) -> None:
    await bound.day_at(MONDAY, "08:29")
    before = bound.said_to("group1").copy()

    await bound.day_at(MONDAY, "08:30")

    assert before == []
    assert bound.press.printed == ["全县 2026-W48"]
    text, picture, ledger = bound.messages("group1")
    assert text.text == "周报 全县 2026-W48"
    assert [each.paper and each.paper.name for each in (picture, ledger)] == ["digest.png", "ledger.xlsx"]


async def test_it_comes_once_for_a_chat_and_week(bound: World) -> None:
    await bound.day_at(MONDAY, "08:30")

    await bound.day_at(MONDAY, "08:31")
    await bound.day_at(date(2026, 12, 2), "10:00")

    assert len(bound.messages("group1")) == 3


async def test_the_next_week_has_its_own(bound: World) -> None:
    await bound.day_at(MONDAY, "08:30")

    await bound.day_at(date(2026, 12, 7), "08:30")

    assert bound.press.printed == ["全县 2026-W48", "全县 2026-W49"]


async def test_after_down_time_it_comes_once_and_marked_late(bound: World) -> None:
    await bound.day_at(date(2026, 12, 8), "11:00")

    assert bound.press.printed == ["全县 2026-W49 late"]


@pytest.mark.parametrize(
    ("back", "comes"),
    [
        ((date(2026, 12, 8), "23:00"), (date(2026, 12, 9), "07:30")),
        ((date(2026, 12, 12), "11:00"), (date(2026, 12, 14), "07:30")),
    ],
)
async def test_a_late_one_disturbs_nobody_at_night_or_on_a_day_off(
    bound: World, back: tuple[date, str], comes: tuple[date, str]
) -> None:
    await bound.day_at(*back)
    assert bound.messages("group1") == []

    await bound.day_at(*comes)

    assert [each.text for each in bound.messages("group1")][:1] == ["周报 全县 2026-W49"]


async def test_an_hour_of_patience_is_not_late(bound: World) -> None:
    await bound.day_at(MONDAY, "09:30")

    assert bound.press.printed == ["全县 2026-W48"]


async def test_a_group_bound_after_the_moment_waits_a_week(world: World) -> None:
    await world.day_at(MONDAY, "08:45")
    await world.happens(Event.JOINED_GROUP, chat="group1", detail="全县调度群")
    await world.hears("zhao", button="全县")

    await world.beats()
    first = list(world.press.printed)
    await world.day_at(date(2026, 12, 7), "08:30")

    assert (first, world.press.printed) == ([], ["全县 2026-W49"])


async def test_a_group_without_a_scope_gets_none(world: World) -> None:
    await world.happens(Event.JOINED_GROUP, chat="group1", detail="全县调度群")

    await world.day_at(MONDAY, "08:30")

    assert world.press.printed == []


async def test_a_group_that_was_left_gets_none(bound: World) -> None:
    await bound.happens(Event.LEFT_GROUP, chat="group1")

    await bound.day_at(MONDAY, "08:30")

    assert bound.press.printed == []


async def test_every_group_gets_its_own_scope(bound: World) -> None:
    await bound.happens(Event.JOINED_GROUP, chat="group2", detail="大桥镇群")
    await bound.hears("zhao", button="属地…")
    await bound.hears("zhao", button="大桥镇")

    await bound.day_at(MONDAY, "08:30")

    assert bound.press.printed == ["全县 2026-W48", "属地:大桥镇 2026-W48"]
    assert bound.messages("group2")[0].text == "周报 属地:大桥镇 2026-W48"


async def test_a_digest_that_cannot_be_made_keeps_no_other_waiting_and_is_tried_again(bound: World) -> None:
    await bound.happens(Event.JOINED_GROUP, chat="group2", detail="大桥镇群")
    await bound.hears("zhao", button="属地…")
    await bound.hears("zhao", button="大桥镇")
    bound.press.failures.append(PaperError("no ink"))

    await bound.day_at(MONDAY, "08:30")
    first = (len(bound.messages("group1")), len(bound.messages("group2")))
    await bound.day_at(MONDAY, "08:31")

    assert first == (0, 3)
    assert len(bound.messages("group1")) == 3


async def test_a_duty_that_fails_is_named_and_the_others_are_done(bound: World) -> None:
    bound.press.failures.append(RuntimeError("broken"))
    bound.clock.set(datetime(2026, 11, 30, 9, 0, tzinfo=ZONE))

    failed = await duties.keep(bound.watch)
    await bound.delivery.drain()

    assert failed == ["handlers.digest.post"]
    assert "您有 1 个项目" in bound.last("wang")


@pytest.mark.parametrize(
    ("now", "moment"),
    [
        (datetime(2026, 11, 30, 8, 29, tzinfo=ZONE), datetime(2026, 11, 23, 8, 30, tzinfo=ZONE)),
        (datetime(2026, 11, 30, 8, 30, tzinfo=ZONE), datetime(2026, 11, 30, 8, 30, tzinfo=ZONE)),
        # 5 October 2026, a Monday, is in the National Day week, which ends on the 7th.
        (datetime(2026, 10, 6, 12, 0, tzinfo=ZONE), datetime(2026, 9, 28, 8, 30, tzinfo=ZONE)),
        (datetime(2026, 10, 8, 8, 29, tzinfo=ZONE), datetime(2026, 9, 28, 8, 30, tzinfo=ZONE)),
        (datetime(2026, 10, 8, 8, 30, tzinfo=ZONE), datetime(2026, 10, 8, 8, 30, tzinfo=ZONE)),
    ],
)
def test_a_holiday_monday_moves_it_to_the_next_working_day(now: datetime, moment: datetime) -> None:
    assert digest.due_moment(settings(), now) == moment


async def test_a_digest_after_a_holiday_is_of_the_week_before(open_store: Store) -> None:
    world = county_at(open_store, datetime(2026, 9, 29, 10, 0, tzinfo=ZONE))
    await world.is_peopled()
    await world.happens(Event.JOINED_GROUP, chat="group1", detail="全县调度群")
    await world.hears("zhao", button="全县")

    await world.day_at(date(2026, 10, 8), "08:30")

    assert world.press.printed == ["全县 2026-W40"]


async def test_the_next_digest_is_known(world: World) -> None:
    moments = await world.watch.read(digest.next_moments)

    assert moments == [(datetime(2026, 11, 30, 8, 30, tzinfo=ZONE), "event.digest")]


async def test_a_week_is_named_in_its_slot(bound: World) -> None:
    await bound.day_at(MONDAY, "08:30")

    assert await bound.asks(lambda tx: tx.outbox.has(f"digest:1:{Week(2026, 48)}"))
