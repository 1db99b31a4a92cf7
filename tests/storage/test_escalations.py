"""The rungs that problems climbed: each once, found by an index, told until everybody has been."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.domain.ladder import BY_NAME, climbed
from bot.domain.problems import Problem, State
from storage import tables
from storage.escalations import Climb, Notice
from storage.problems import DUE
from storage.tx import Tx
from tests.storage.county import DAY, DUES, HOUR, NOW, County, problem

RUNG = BY_NAME["accept_1"]
LATER = NOW + HOUR


def after(of: Problem, *person_ids: int) -> Climb:
    return Climb(replace(climbed(of, RUNG, LATER), next_rung="accept_2", next_at=NOW + DAY), RUNG, person_ids)


def now(tx: Tx, of: Problem) -> Problem:
    return tx.problems.several([of.id])[0]


def test_a_rung_moves_its_problem_up_and_says_what_comes_next(tx: Tx, county: County) -> None:
    one, other = problem(tx, county), problem(tx, county)

    tx.escalations.add([after(one, county.sun), after(other, county.sun, county.chen)], LATER)

    found = now(tx, other)
    assert (found.level, found.step, found.late_step, found.rung_at) == (1, 1, 0, LATER)
    assert (found.next_rung, found.next_at) == ("accept_2", NOW + DAY)
    rows = tx.connection.execute(select(tables.escalations).order_by(tables.escalations.c.id)).all()
    assert [(row.problem_id, row.generation, row.level, row.rung) for row in rows] == [
        (one.id, 1, 1, "accept_1"),
        (other.id, 1, 1, "accept_1"),
    ]


def test_a_rung_is_climbed_once(tx: Tx, county: County) -> None:
    one = problem(tx, county)
    tx.escalations.add([after(one, county.sun)], LATER)

    with pytest.raises(IntegrityError), tx.savepoint():
        tx.escalations.add([after(one, county.sun)], LATER)

    assert now(tx, one).level == 1


def test_everybody_is_told_once_of_each(tx: Tx, county: County) -> None:
    one, other = problem(tx, county), problem(tx, county)
    tx.escalations.add([after(one, county.sun), after(other, county.sun, county.chen)], LATER)

    untold = tx.escalations.untold(10)
    assert {person: [each.problem_id for each in notices] for person, notices in untold.items()} == {
        county.sun: [one.id, other.id],
        county.chen: [other.id],
    }
    tx.escalations.told(untold[county.sun], LATER)

    left = tx.escalations.untold(10)
    assert list(left) == [county.chen]
    assert left[county.chen][0] == replace(untold[county.sun][1], person_id=county.chen)
    tx.escalations.told(left[county.chen], LATER)
    assert tx.escalations.untold(10) == {}


def test_so_many_people_are_told_at_a_time(tx: Tx, county: County) -> None:
    one = problem(tx, county)
    tx.escalations.add([after(one, county.sun, county.chen, county.zhao)], LATER)

    assert [[type(each) for each in notices] for notices in tx.escalations.untold(2).values()] == [
        [Notice]
    ] * 2


def test_what_is_due_is_found_the_longest_due_first(tx: Tx, county: County) -> None:
    late, later, calm, quiet = (problem(tx, county) for _ in range(4))
    for each, at in ((late, NOW - HOUR), (later, NOW - DAY), (calm, NOW + HOUR), (quiet, None)):
        tx.problems.wind(each.id, "accept_1", at)

    assert [each.id for each in tx.problems.due(NOW, 10)] == [later.id, late.id]
    assert [each.id for each in tx.problems.due(NOW, 1)] == [later.id]
    assert tx.problems.next_rung_at(NOW) == NOW + HOUR


def test_a_beat_reads_no_rows_but_those_due(tx: Tx, county: County) -> None:
    """Ten thousand open problems, a hundred of them due: the index of the next moment finds those."""
    _fill(tx, county)
    dialect = tx.connection.dialect
    text = DUE.params(now=NOW, most=200).compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    is_postgresql = dialect.name == "postgresql"

    plan = tx.connection.exec_driver_sql(
        f"{'EXPLAIN' if is_postgresql else 'EXPLAIN QUERY PLAN'} {text}"
    ).all()

    steps = "\n".join(str(row) for row in plan)
    assert "ix_problems_next_at" in steps, steps
    assert "Seq Scan on problems" not in steps, steps
    assert "SCAN problems" not in steps.replace("SCAN problems USING INDEX ix_problems_next_at", ""), steps
    assert len(tx.problems.due(NOW, 200)) == 100


def _fill(tx: Tx, county: County) -> None:
    rows = [
        {
            "number": f"2020-{number:05}",
            "year": 2020,
            "sequence": number,
            "project_id": county.pump,
            "category": "用地",
            "text": "用地指标未批",
            "urgency": "一般",
            "state": str(State.WAITING),
            "reporter_id": county.liu,
            "confirmer_id": county.liu,
            "holder_id": county.sun,
            "opened_at": NOW,
            "began_at": NOW,
            "held_since": NOW,
            "solve_due": DUES.solve,
            "next_rung": "accept_1",
            "next_at": NOW + timedelta(minutes=number - 99),
        }
        for number in range(10_000)
    ]
    tx.connection.execute(insert(tables.problems), rows)
    if tx.connection.dialect.name == "postgresql":
        tx.connection.exec_driver_sql("ANALYZE problems")
    # Everything but the first hundred is due in days.
    tx.connection.execute(
        update(tables.problems).where(tables.problems.c.next_at > NOW).values(next_at=NOW + DAY)
    )
