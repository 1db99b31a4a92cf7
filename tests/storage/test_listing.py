"""The ledger a page at a time: found by an index, the overdue first, nobody sees more than they may."""

from typing import Any

import pytest
from sqlalchemy import insert, update

from bot.domain.problems import Problem, State
from bot.domain.wanted import Wanted
from storage import tables
from storage.listing import Counted, Sight, page_statement
from storage.tx import Tx
from tests.storage.county import DAY, DUES, HOUR, NOW, County, problem

ALL = Sight([], everything=True)
OPEN = Wanted()


def page(
    tx: Tx, wanted: Wanted, sight: Sight = ALL, now: Any = NOW, skip: int = 0, most: int = 8
) -> list[str]:
    ids = tx.listing.page(wanted, sight, now, skip=skip, most=most)
    return [each.number for each in tx.problems.several(ids)]


def became(tx: Tx, of: Problem, **values: Any) -> None:
    tx.connection.execute(update(tables.problems).where(tables.problems.c.id == of.id).values(**values))


def test_the_overdue_come_first_the_longest_late_before_the_others(tx: Tx, county: County) -> None:
    calm, late, later, confirmed, paused = (problem(tx, county) for _ in range(5))
    became(tx, calm, accept_due=NOW + DAY)
    became(tx, late, accept_due=NOW - HOUR)
    became(tx, later, state=str(State.WORKING), accept_due=None, solve_due=NOW - DAY)
    became(tx, confirmed, state=str(State.CONFIRMING), solve_due=NOW - 9 * DAY)
    became(tx, paused, accept_due=NOW - 9 * DAY, paused_at=NOW - DAY)

    found = page(tx, Wanted())

    assert found == [later.number, late.number, *(each.number for each in (confirmed, paused, calm))]
    assert tx.listing.count(Wanted(), ALL, NOW) == Counted(5, 2)
    assert page(tx, Wanted(overdue=True)) == found[:2]
    # As the card has it, so has the list.
    assert [each.number for each in tx.problems.open() if each.is_overdue(NOW)] == sorted(found[:2])


def test_what_is_due_at_this_moment_is_overdue(tx: Tx, county: County) -> None:
    problem(tx, county)

    assert tx.listing.count(Wanted(), ALL, DUES.accept - HOUR) == Counted(1, 0)
    assert tx.listing.count(Wanted(), ALL, DUES.accept) == Counted(1, 1)


def test_the_closed_come_latest_first_and_the_withdrawn_never(tx: Tx, county: County) -> None:
    old, new, withdrawn, _ = (problem(tx, county) for _ in range(4))
    became(tx, old, state=str(State.CLOSED), closed_at=NOW - DAY)
    became(tx, new, state=str(State.CLOSED), closed_at=NOW)
    became(tx, withdrawn, state=str(State.WITHDRAWN), closed_at=NOW)

    assert page(tx, Wanted(closed=True)) == [new.number, old.number]
    assert tx.listing.count(Wanted(closed=True, overdue=True), ALL, NOW) == Counted(0, 0)


def test_pages_follow_each_other_without_gap_or_repeat(tx: Tx, county: County) -> None:
    every = [problem(tx, county).number for _ in range(20)]

    assert [page(tx, Wanted(), skip=skip) for skip in (0, 8, 16, 24)] == [
        every[:8], every[8:16], every[16:], [],
    ]  # fmt: skip


def test_everybody_sees_what_they_are_part_of_and_no_more(tx: Tx, county: County) -> None:
    held = problem(tx, county, project_id=county.bridge, reporter_id=county.wang, holder_id=county.sun)
    reported = problem(tx, county, project_id=county.bridge, reporter_id=county.liu, holder_id=county.chen)
    confirmed = problem(tx, county, project_id=county.bridge, reporter_id=county.wang, holder_id=county.chen)
    became(tx, confirmed, confirmer_id=county.zhao)
    led = problem(tx, county, project_id=county.pump, reporter_id=county.wang, holder_id=county.chen)

    def seen(person_id: int, *project_ids: int, wanted: Wanted = OPEN) -> list[str]:
        return page(tx, wanted, Sight([person_id], project_ids))

    assert seen(county.sun) == [held.number]
    assert seen(county.liu) == [reported.number]
    assert seen(county.zhao) == [confirmed.number]
    assert seen(county.liu, county.pump) == [reported.number, led.number]
    assert seen(county.liu, county.pump, wanted=Wanted(mine=True)) == [reported.number]
    assert len(page(tx, Wanted())) == 4
    assert page(tx, Wanted(mine=True), Sight([county.sun], everything=True)) == [held.number]
    assert page(tx, Wanted(), Sight([county.sun, county.zhao])) == [held.number, confirmed.number]


def test_places_and_categories_narrow_each_other_and_widen_among_themselves(tx: Tx, county: County) -> None:
    soda = problem(tx, county, project_id=county.soda, category="用水")  # 龙泉街道
    pump = problem(tx, county, project_id=county.pump, category="用地")  # 经开区
    bridge = problem(tx, county, project_id=county.bridge, category="用水")  # 经开区

    def found(*places: str, of: tuple[str, ...] = ()) -> list[str]:
        return page(tx, Wanted(places=places, categories=of))

    assert found("经开区") == [pump.number, bridge.number]
    assert found("经开区", of=("用水",)) == [bridge.number]
    assert found("经开区", "龙泉街道", of=("用水",)) == [soda.number, bridge.number]
    assert found(of=("用水", "用地")) == [soda.number, pump.number, bridge.number]
    assert found("' OR 1=1 --") == []
    assert set(tx.listing.places()) == {"经开区", "龙泉街道"}


@pytest.mark.parametrize(
    ("wanted", "everything"),
    [
        (Wanted(), True),
        (Wanted(), False),
        (Wanted(mine=True), True),
        (Wanted(overdue=True), True),
        (Wanted(overdue=True, mine=True, categories=("用地",)), False),
        (Wanted(places=("经开区",)), True),
    ],
)
def test_a_page_is_found_by_an_index(tx: Tx, county: County, wanted: Wanted, *, everything: bool) -> None:
    """Nine in ten problems of a county are closed; none of them is read."""
    _fill(tx, county)
    statement = page_statement(wanted, Sight([county.sun], [county.soda], everything), NOW).limit(8)
    dialect = tx.connection.dialect
    text = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN" if dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"

    plan = tx.connection.exec_driver_sql(f"{explain} {text}").all()

    steps = "\n".join(str(row) for row in plan)
    assert "ix_problems_" in steps, steps
    assert "Seq Scan on problems" not in steps, steps
    assert "SCAN problems" not in steps, steps


def _fill(tx: Tx, county: County) -> None:
    rows = [
        {
            "number": f"2020-{number:04}",
            "year": 2020,
            "sequence": number,
            "project_id": (county.soda, county.pump, county.bridge)[number % 3],
            "category": "用地",
            "text": "用地指标未批",
            "urgency": "一般",
            "state": str(State.WORKING if number % 10 == 0 else State.CLOSED),
            "reporter_id": (county.liu, county.wang)[number % 2],
            "confirmer_id": (county.liu, county.wang)[number % 2],
            "holder_id": county.sun if number % 50 == 0 else county.chen,
            "opened_at": NOW,
            "began_at": NOW,
            "held_since": NOW,
            "solve_due": NOW + HOUR,
        }
        for number in range(1, 3001)
    ]
    tx.connection.execute(insert(tables.problems), rows)
    if tx.connection.dialect.name == "postgresql":
        tx.connection.exec_driver_sql("ANALYZE problems")
