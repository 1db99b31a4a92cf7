"""FAULTS I22, SECURITY row 31: nothing is kept for longer than the county says, and the trail tells so."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from bot.domain.retention import Retention
from handlers import retention
from storage import tables
from storage.store import Store
from storage.tx import Tx
from tests.world import World, county, world

DAY = timedelta(days=1)
NIGHT = date(2028, 1, 5)


async def rows(world: World, statement: Any) -> list[Any]:
    return list(await world.asks(lambda tx: tx.connection.execute(statement).all()))


async def kept(world: World, day: date) -> dict[str, int]:
    """Return what the trail says of a night."""
    found = await world.asks(lambda tx: tx.audit.trail(f"retention:{day}"))
    (step,) = found
    return dict(step.detail)


async def test_row_31_at_night_what_is_too_old_goes_and_the_trail_tells_how_much(world: World) -> None:
    await world.hears("liu", "1 主体封顶，形象进度62%")
    await world.hears("mallory", "芝麻开门")
    await world.store.perform(lambda tx: tx.inbox.bury("bad", "fake", "{}", "failed", world.clock.now()))

    await world.day_at(NIGHT, "02:30")

    told = await kept(world, NIGHT)
    assert (told["dead_letters"], told["strangers"]) == (1, 1)
    assert told["messages"] > 0
    assert told["inbox"] >= 2
    assert await rows(world, select(tables.dead_letters)) == []
    assert await rows(world, select(tables.strangers)) == []
    old = tables.outbox.c.made_at < world.clock.now() - 365 * DAY
    assert {row.text for row in await rows(world, select(tables.outbox.c.text).where(old))} == {""}
    (report,) = await rows(world, select(tables.reports.c.text))
    assert report.text == "主体封顶，形象进度62%"


async def test_row_31_it_is_done_once_a_night_and_not_by_day(world: World) -> None:
    await world.day_at(NIGHT, "09:00")
    assert await world.asks(lambda tx: tx.audit.trail(f"retention:{NIGHT}")) == []

    await world.day_at(NIGHT + DAY, "02:00")
    await world.beats()
    await world.day_at(NIGHT + DAY, "04:59")

    assert len(await world.asks(lambda tx: tx.audit.trail(f"retention:{NIGHT + DAY}"))) == 1


async def test_row_31_what_is_younger_than_its_term_stays(world: World) -> None:
    await world.hears("liu", "1 主体封顶，形象进度62%")
    await world.hears("mallory", "芝麻开门")

    await world.day_at(date(2026, 12, 22), "02:30")

    assert set((await kept(world, date(2026, 12, 22))).values()) == {0}
    assert all(row.text for row in await rows(world, select(tables.outbox.c.text)))


async def test_row_31_a_button_of_an_emptied_message_is_dead_and_harms_nobody(world: World) -> None:
    await world.hears("liu", "2 问题 用地指标未批")
    data, _ = world.find_button("sun", "接办")
    await world.day_at(NIGHT, "02:30")

    assert await world.asks(lambda tx: tx.outbox.pressed(data)) is None
    await world.hears("sun", "1")
    await world.hears("sun", "接办 2026-001")

    assert "您已接办问题 2026-001" in "\n".join(world.said_to("sun"))


async def test_row_31_more_than_one_chunk_goes_in_chunks(world: World) -> None:
    async def bury(first: int) -> None:
        await world.store.perform(
            lambda tx: [
                tx.inbox.bury(f"bad{number}", "fake", "{}", "failed", world.clock.now())
                for number in range(first, first + 150)
            ]
        )

    for first in (0, 150, 300):
        await bury(first)

    await world.day_at(NIGHT, "02:30")

    assert (await kept(world, NIGHT))["dead_letters"] == 450
    assert await rows(world, select(tables.dead_letters)) == []


async def test_row_31_accounts_and_telephone_of_who_left_go_half_a_year_later(world: World) -> None:
    def leave(tx: Tx) -> None:
        qian = tables.people.c.id == world.ids["qian"]
        tx.connection.execute(update(tables.people).where(qian).values(active=False, phone="13900001111"))
        tx.audit.add(world.clock.now(), None, "roster.ended", f"person:{world.ids['qian']}")

    await world.store.perform(leave)
    mine = select(tables.contacts).where(tables.contacts.c.person_id == world.ids["qian"])

    await world.day_at(date(2027, 5, 10), "02:30")
    assert len(await rows(world, mine)) == 1
    await world.day_at(date(2027, 5, 25), "02:30")

    assert await rows(world, mine) == []
    (person,) = await rows(world, select(tables.people).where(tables.people.c.id == world.ids["qian"]))
    assert (person.name, person.phone) == ("钱多多", "")
    assert len(await rows(world, select(tables.contacts))) == 7


async def test_row_31_files_go_with_their_term(open_store: Store) -> None:
    own = world(open_store, settings=county(retention=Retention(attachments=30 * DAY)))
    await own.is_peopled()
    own.fetchers.kept["photo.jpg"] = b"jpg"
    row = {
        "person_id": own.ids["liu"], "platform": "fake", "token": "t", "name": "现场.jpg",
        "media_type": "image/jpeg", "state": "fetched", "path": "photo.jpg", "at": own.clock.now(),
    }  # fmt: skip
    await own.hears("liu", "1 主体封顶")
    (report,) = await rows(own, select(tables.reports.c.id))
    await own.store.perform(
        lambda tx: tx.connection.execute(insert(tables.attachments).values(row | {"report_id": report.id}))
    )

    await own.day_at(date(2026, 12, 20), "02:30")
    assert own.fetchers.kept == {"photo.jpg": b"jpg"}
    await own.day_at(date(2026, 12, 24), "02:30")

    assert own.fetchers.kept == {}
    (left,) = await rows(own, select(tables.attachments))
    assert (left.state, left.path, left.token) == ("expired", "", "")
    assert (await kept(own, date(2026, 12, 24)))["attachments"] == 1


async def test_row_31_an_old_database_is_cleared_in_many_beats(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 2)
    monkeypatch.setattr(retention, "_A_BEAT", 3)
    begun = world.clock.now()
    await world.store.perform(lambda tx: [tx.inbox.admit(f"bad:{number}", begun) for number in range(10)])
    await world.day_at(NIGHT, "01:59")
    world.clock.set(world.clock.now() + timedelta(minutes=1))

    for _ in range(2):
        await retention.keep(world.watch)
    steps = await world.asks(lambda tx: tx.audit.trail(f"retention:{NIGHT}"))

    assert [(step.action, step.detail["inbox"]) for step in steps] == [
        ("retention.paused", 6),
        ("retention.kept", 4),
    ]
    assert await rows(world, select(tables.inbox)) == []
