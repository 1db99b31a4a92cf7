"""Who is on leave, and who acts for them today."""

import random
from datetime import date, timedelta

import pytest
from sqlalchemy import event, update

from bot.chat import Address
from storage import tables
from storage.leaves import Leave
from storage.letters import Letter
from storage.tx import Tx
from tests.storage.county import NOW, TODAY, County, unasked

DAY = timedelta(days=1)


def away(tx: Tx, person: int, substitute: int, first: date = TODAY, last: date = TODAY) -> Leave:
    return tx.leaves.add(person, first, last, substitute, person, NOW)


def test_who_is_not_on_leave_acts_for_themself_alone(tx: Tx, county: County) -> None:
    assert tx.leaves.stand_in(county.chen, TODAY) == county.chen
    assert tx.leaves.stands_for(county.chen, TODAY) == frozenset()
    assert tx.leaves.everybody(TODAY) == {}


@pytest.mark.parametrize(
    ("today", "is_away"),
    [
        (TODAY - DAY, False),
        (TODAY, True),
        (TODAY + 2 * DAY, True),  # the last day is a day away
        (TODAY + 3 * DAY, False),
    ],
)
def test_a_substitute_acts_from_the_first_day_to_the_last(
    tx: Tx, county: County, today: date, is_away: bool
) -> None:
    away(tx, county.chen, county.sun, TODAY, TODAY + 2 * DAY)

    assert tx.leaves.stand_in(county.chen, today) == (county.sun if is_away else county.chen)
    assert tx.leaves.stands_for(county.sun, today) == (frozenset({county.chen}) if is_away else frozenset())
    assert tx.leaves.everybody(today) == ({county.chen: county.sun} if is_away else {})


def test_a_cancelled_leave_is_none_and_is_cancelled_once(tx: Tx, county: County) -> None:
    leave = away(tx, county.chen, county.sun)

    assert tx.leaves.cancel(leave, NOW)
    assert not tx.leaves.cancel(leave, NOW)
    assert tx.leaves.stand_in(county.chen, TODAY) == county.chen
    assert tx.leaves.of(county.chen, TODAY) == []
    assert tx.leaves.clashing(county.chen, TODAY, TODAY) is None


def test_cover_passes_on_to_the_substitute_of_the_substitute(tx: Tx, county: County) -> None:
    away(tx, county.chen, county.sun)
    away(tx, county.sun, county.wang)
    away(tx, county.liu, county.wang)

    assert tx.leaves.stand_in(county.chen, TODAY) == county.wang
    assert tx.leaves.stands_for(county.wang, TODAY) == {county.chen, county.sun, county.liu}
    assert tx.leaves.stands_for(county.sun, TODAY) == frozenset()
    assert tx.leaves.behind(county.sun, TODAY) == {county.chen}
    assert tx.leaves.everybody(TODAY) == dict.fromkeys([county.chen, county.sun, county.liu], county.wang)


def test_a_substitute_who_has_left_acts_for_nobody(tx: Tx, county: County) -> None:
    away(tx, county.chen, county.sun)
    tx.connection.execute(update(tables.people).where(tables.people.c.id == county.sun).values(active=False))

    assert tx.leaves.stand_in(county.chen, TODAY) == county.chen
    assert tx.leaves.stands_for(county.sun, TODAY) == frozenset()


def test_a_circle_in_an_old_database_ends(tx: Tx, county: County) -> None:
    away(tx, county.chen, county.sun)
    away(tx, county.sun, county.chen)

    assert tx.leaves.stand_in(county.chen, TODAY) in {county.chen, county.sun}
    assert tx.leaves.stands_for(county.sun, TODAY) == frozenset()


@pytest.mark.parametrize("seed", range(5))
def test_whoever_somebody_stands_in_for_finds_them_at_the_end_of_the_chain(
    tx: Tx, county: County, seed: int
) -> None:
    """Leaves entered as the handlers allow them – a substitute is not away – never make a circle."""
    dice = random.Random(seed)
    people = [county.liu, county.wang, county.chen, county.sun, county.zhao]
    for _ in range(40):
        person, substitute = dice.sample(people, 2)
        first = TODAY + dice.randrange(10) * DAY
        last = first + dice.randrange(4) * DAY
        if not any(tx.leaves.clashing(each, first, last) for each in (person, substitute)):
            away(tx, person, substitute, first, last)

    for ahead in range(14):
        day = TODAY + ahead * DAY
        acting = {each: tx.leaves.stand_in(each, day) for each in people}
        on_leave = tx.leaves.everybody(day)
        assert {each for each in people if acting[each] != each} == set(on_leave)
        assert all(acting[acting[each]] == acting[each] for each in people)
        for each in people:
            stood_for = {other for other in people if other != each and acting[other] == each}
            assert tx.leaves.stands_for(each, day) == stood_for


def test_what_is_to_come_is_told_in_order(tx: Tx, county: County) -> None:
    later = away(tx, county.chen, county.sun, TODAY + 5 * DAY, TODAY + 6 * DAY)
    now = away(tx, county.chen, county.liu, TODAY - DAY, TODAY)
    away(tx, county.chen, county.liu, TODAY - 5 * DAY, TODAY - 4 * DAY)

    assert tx.leaves.of(county.chen, TODAY) == [now, later]
    assert tx.leaves.covered_by(county.sun, TODAY) == [later]
    assert tx.leaves.clashing(county.chen, TODAY + DAY, TODAY + 4 * DAY) is None
    assert tx.leaves.clashing(county.chen, TODAY + DAY, TODAY + 5 * DAY) == later
    assert tx.leaves.clashing(county.chen, TODAY, TODAY) == now


def test_a_beginning_and_an_end_are_due_until_they_are_told(tx: Tx, county: County) -> None:
    now = away(tx, county.chen, county.sun, TODAY - DAY, TODAY)
    over = away(tx, county.liu, county.sun, TODAY - 9 * DAY, TODAY - DAY)
    away(tx, county.wang, county.sun, TODAY - 90 * DAY, TODAY - 40 * DAY)
    away(tx, county.wang, county.sun, TODAY + DAY, TODAY + DAY)

    assert tx.leaves.beginning(TODAY) == [now]
    assert tx.leaves.ending(TODAY) == [over]

    for key in (f"leave:{now.id}:begins", f"leave:{over.id}:ends"):
        tx.outbox.add(Letter(key, Address("fake", "1"), "…", NOW), NOW)

    assert tx.leaves.beginning(TODAY) == []
    assert tx.leaves.ending(TODAY) == []


def test_the_substitute_is_asked_what_the_one_on_leave_would_be(tx: Tx, county: County) -> None:
    away(tx, county.liu, county.wang)

    assert unasked(tx) == {county.wang: [county.bridge, county.soda, county.pump]}


def test_a_substitute_without_projects_is_asked_all_the_same_and_once(tx: Tx, county: County) -> None:
    away(tx, county.liu, county.sun)

    found = unasked(tx)
    tx.rounds.ask({county.sun: found[county.sun]}, TODAY, NOW)

    assert found == {county.wang: [county.bridge], county.sun: [county.soda, county.pump]}
    assert unasked(tx) == {county.wang: [county.bridge]}


def test_who_acts_for_everybody_is_asked_once_however_many_are_away(tx: Tx, county: County) -> None:
    away(tx, county.chen, county.sun)
    away(tx, county.sun, county.wang)
    away(tx, county.liu, county.wang)
    asked = []
    event.listen(tx.connection, "before_cursor_execute", lambda *given: asked.append(given[2]))

    found = tx.leaves.everybody(TODAY)

    assert found == dict.fromkeys([county.chen, county.sun, county.liu], county.wang)
    assert len(asked) == 1


def test_nothing_is_looked_for_without_an_index(tx: Tx, county: County) -> None:
    asked = []

    def note(_c: object, _u: object, statement: str, values: object, *_: object) -> None:
        asked.append((statement, values))

    is_sqlite = tx.connection.dialect.name == "sqlite"
    if not is_sqlite:
        # So small a table PostgreSQL reads whole, if it may.
        tx.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    event.listen(tx.connection, "before_cursor_execute", note)
    tx.leaves.stand_in(county.chen, TODAY)
    tx.leaves.stands_for(county.chen, TODAY)
    assert len(asked) == 2  # nobody is on leave: one cheap question each
    tx.leaves.everybody(TODAY)
    tx.leaves.beginning(TODAY)
    tx.leaves.ending(TODAY)
    event.remove(tx.connection, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
    steps = [
        str(row[-1])
        for statement, values in asked
        for row in tx.connection.exec_driver_sql(f"{explain} {statement}", values)  # type: ignore[arg-type]
    ]

    assert steps
    assert [step for step in steps if step.startswith("SCAN") or "Seq Scan on leaves" in step] == []
