"""Next year's days off are missing: the office hears of it every week until somebody enters them."""

import logging
from datetime import date, datetime

import pytest

from bot.commands.check import _configuration
from bot.config import Settings
from bot.domain.calendar import Calendar
from handlers import almanac
from storage.store import Store
from tests.world import MONDAY, ZONE, World
from tests.world import county as settings
from tests.world import world as county_at

TUESDAY = date(2026, 12, 1)
WARNING = "2027 年国务院的放假和调休安排还没有录入"


def warnings(world: World, who: str = "zhao") -> list[str]:
    return [text for text in world.said_to(who) if text.startswith(WARNING)]


@pytest.fixture
async def world(open_store: Store) -> World:
    """A county whose calendar ends with 2026, however many years the installed package knows."""
    return await peopled(open_store, MONDAY)


async def peopled(store: Store, start: datetime, *removed: date) -> World:
    calendar = Calendar(ZONE, removed=frozenset(removed), years=(2020, 2026))
    county = county_at(store, start=start, settings=settings(calendar=calendar))
    await county.is_peopled()
    return county


async def test_the_office_is_told_from_the_first_of_december(world: World) -> None:
    await world.day_at(date(2026, 11, 30), "23:00")
    before = warnings(world)

    await world.day_at(TUESDAY, "09:00")

    assert before == []
    (told,) = warnings(world)
    assert all(cure in told for cure in ("[calendar]", "extra", "removed", "holidays"))


async def test_nobody_is_told_before_the_day_begins(world: World) -> None:
    await world.day_at(TUESDAY, "08:59")

    assert warnings(world) == []


async def test_nobody_but_the_office_is_told(world: World) -> None:
    await world.day_at(TUESDAY, "09:00")

    assert [who for who in world.ids if not who.startswith("#") and warnings(world, who)] == ["zhao"]


async def test_the_office_is_told_once_a_week_on_working_days(world: World) -> None:
    told = []
    for day in (TUESDAY, date(2026, 12, 2), date(2026, 12, 5), date(2026, 12, 7), date(2026, 12, 11)):
        await world.day_at(day, "09:00")
        await world.day_at(day, "17:00")
        told.append(len(warnings(world)))

    assert told == [1, 1, 1, 2, 2]


async def test_a_saturday_waits_for_monday(world: World) -> None:
    await world.day_at(date(2026, 12, 5), "09:00")
    await world.day_at(date(2026, 12, 7), "09:00")

    assert len(warnings(world)) == 1


async def test_once_told_no_beat_needs_the_writer_for_it(world: World) -> None:
    await world.day_at(TUESDAY, "09:00")

    assert await world.watch.read(almanac.untold) == []


async def test_it_goes_on_in_the_year_itself(open_store: Store) -> None:
    world = await peopled(open_store, datetime(2027, 1, 4, 8, 0, tzinfo=ZONE))

    await world.day_at(date(2027, 1, 4), "09:00")

    assert len(warnings(world)) == 1


async def test_a_county_that_entered_its_days_hears_nothing(open_store: Store) -> None:
    world = await peopled(open_store, MONDAY, date(2027, 1, 1))

    await world.day_at(TUESDAY, "09:00")

    assert warnings(world) == []


async def test_who_can_be_reached_later_in_the_week_is_told_then(world: World) -> None:
    account = world.account("zhao")
    await world.store.perform(lambda tx: tx.people.reachable("fake", account, yes=False))
    await world.day_at(TUESDAY, "09:00")
    before = warnings(world)

    await world.store.perform(lambda tx: tx.people.reachable("fake", account, yes=True))
    await world.day_at(date(2026, 12, 3), "09:00")

    assert (len(before), len(warnings(world))) == (0, 1)


@pytest.mark.parametrize(("day", "lines"), [(date(2026, 11, 30), 0), (TUESDAY, 1)])
async def test_the_log_says_so_at_the_start(
    world: World, caplog: pytest.LogCaptureFixture, day: date, lines: int
) -> None:
    await world.day_at(day, "00:00")
    caplog.clear()

    with caplog.at_level(logging.WARNING):
        almanac.note(world.watch)

    assert [record.getMessage().count("2027") for record in caplog.records] == [1] * lines


@pytest.mark.parametrize(
    ("moment", "own", "found"),
    [
        ("{known}-11-30T23:59", "", []),
        ("{known}-12-01T00:00", "", ["todo"]),
        ("{known}-12-01T00:00", "02-06", []),
        ("{next}-01-01T00:00", "", ["fault"]),
        ("{next}-01-01T00:00", "02-06", []),
    ],
)
def test_the_checkup_asks_for_next_year_s_days_in_december_and_faults_their_lack_from_january(
    moment: str, own: str, found: list[str]
) -> None:
    known = Calendar(ZONE).official_through
    extra = [f"{known + 1}-{own}"] if own else []
    read = Settings.model_validate({"county": "青禾县", "calendar": {"extra": extra}})
    now = datetime.fromisoformat(moment.format(known=known, next=known + 1)).replace(tzinfo=ZONE)

    findings = [each for each in _configuration(read, now) if f"{known + 1} 年" in each.sentence]

    assert ["fault" if each.fault else "todo" if each.todo else "" for each in findings] == found
