"""A calendar edited in the day; midnight, the ends of weeks, months and years, 29 February (D6, D7)."""

from calendar import monthrange
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from bot.chat import Event
from bot.domain.calendar import Calendar
from bot.domain.deadlines import Deadlines, dues
from bot.domain.problems import Urgency
from handlers.delivery import Delivery
from handlers.router import Router
from storage import tables
from storage.store import Store
from tests.stories.test_reporting import LAND, problem
from tests.stories.test_round import prompts_in, round_states
from tests.world import ZONE, World, county
from tests.world import world as make_world

MONDAY = date(2026, 11, 23)
A_MOMENT = timedelta(milliseconds=100)


def edited(world: World, calendar: Calendar) -> World:
    """Return the county as it goes on when it was started anew with another calendar."""
    settings, words = replace(world.county, calendar=calendar), world.watch.texts
    return replace(
        world,
        county=settings,
        router=Router(world.store, settings, words, world.clock),
        delivery=Delivery(world.store, {"fake": world.platform}, settings, words, world.clock),
        watch=replace(world.watch, county=settings),
    )


# --- a calendar that is edited (D6) -------------------------------------------------------


async def test_a_calendar_edited_in_the_day_changes_only_what_is_still_to_come(world: World) -> None:
    await world.day_at(MONDAY, "09:00")
    await world.hears("liu", LAND)
    before = await problem(world)
    thursday, saturday = date(2026, 11, 26), date(2026, 11, 28)
    calendar = Calendar(ZONE, extra=frozenset({saturday}), removed=frozenset({MONDAY, thursday}))

    world = edited(world, calendar)
    asked = []
    for day in (MONDAY + timedelta(days=n) for n in range(7)):
        had = len(prompts_in(world, "wang"))
        for clock in ("09:01", "12:00"):
            if (day, clock) > (MONDAY, "09:01"):
                await world.day_at(day, clock)
        asked += [day] * (len(prompts_in(world, "wang")) - had)

    assert asked == [date(2026, 11, day) for day in (24, 25, 27, 28)]
    assert len(prompts_in(world, "wang")) == 5  # with the one of Monday
    assert set(await round_states(world)) == {MONDAY, *asked}
    after = await problem(world)
    assert (after.accept_due, after.feedback_due, after.solve_due) == (
        before.accept_due,
        before.feedback_due,
        before.solve_due,
    )


# --- the edges of days, weeks, months and years (D7) --------------------------------------


async def test_what_is_said_around_midnight_is_of_the_day_it_was_said(world: World) -> None:
    await world.day_at(MONDAY, "09:00")
    midnight = datetime.combine(MONDAY + timedelta(days=1), time(0), ZONE)
    said = {midnight - A_MOMENT: "形象进度31%", midnight: "形象进度32%"}

    for moment, words in said.items():
        world.clock.set(moment)
        await world.hears("wang", words)

    wanted = select(tables.reports.c.day, tables.reports.c.permille).order_by(tables.reports.c.id)
    rows = await world.asks(lambda tx: tx.connection.execute(wanted).all())
    assert [tuple(row) for row in rows] == [(MONDAY, 310), (midnight.date(), 320)]


async def test_who_is_asked_at_midnight_is_asked_once_and_of_the_new_day(open_store: Store) -> None:
    start = datetime.combine(MONDAY, time(23, 0), ZONE)
    world = make_world(open_store, start, county(ask_at=time(0), remind_at=time(15), close_at=time(18)))
    await world.is_peopled()
    midnight = start + timedelta(hours=1)

    await world.reaches(midnight - A_MOMENT)
    before = prompts_in(world, "wang")
    for moment in (midnight, midnight, midnight + A_MOMENT):
        await world.reaches(moment)

    assert before == []
    assert len(prompts_in(world, "wang")) == 1
    assert set(await round_states(world)) == {midnight.date()}


async def test_the_last_week_of_a_year_and_the_first_have_a_digest_each(open_store: Store) -> None:
    world = make_world(open_store, datetime(2026, 12, 27, 20, 0, tzinfo=ZONE))
    await world.is_peopled()
    await world.happens(Event.JOINED_GROUP, chat="group1", detail="全县调度群")
    await world.hears("zhao", button="全县")

    day = date(2026, 12, 28)
    while day <= date(2027, 1, 12):
        await world.day_at(day, "08:30")
        day += timedelta(days=1)

    assert world.press.printed == ["全县 2026-W52", "全县 2026-W53", "全县 2027-W01"]


@pytest.mark.parametrize(
    ("opened", "solve"),
    [
        ("2028-02-22 10:00", "2028-02-29 18:00"),  # a week, in a leap year
        ("2028-02-23 10:00", "2028-03-01 18:00"),
        ("2027-02-22 10:00", "2027-03-01 18:00"),  # the year before has no such day
        ("2028-01-24 10:00", "2028-01-31 18:00"),
        ("2027-12-24 10:00", "2027-12-31 18:00"),
    ],
)
def test_a_deadline_may_fall_on_the_29th_of_february_or_leap_over_it(opened: str, solve: str) -> None:
    due = dues(
        Urgency.ORDINARY,
        datetime.fromisoformat(opened).replace(tzinfo=ZONE),
        Deadlines(working=frozenset()),
        Calendar(ZONE),
    )

    assert due.solve == datetime.fromisoformat(solve).replace(tzinfo=ZONE)


async def test_every_month_end_is_asked_once(open_store: Store) -> None:
    world = make_world(open_store, datetime(2028, 1, 30, 20, 0, tzinfo=ZONE))
    await world.is_peopled()
    edges = [
        date(2028, month, monthrange(2028, month)[1]) + timedelta(days=by)
        for month in range(1, 12)
        for by in (0, 1)
    ]

    asked = []
    for day in edges:
        had = len(prompts_in(world, "wang"))
        for clock in ("09:00", "09:00", "11:00"):
            await world.day_at(day, clock)
        asked += [day] * (len(prompts_in(world, "wang")) - had)

    assert date(2028, 2, 29) in asked
    assert asked == [day for day in edges if world.county.calendar.is_workday(day)]
