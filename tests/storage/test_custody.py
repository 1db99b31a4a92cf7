"""Who held a problem, and which rungs it climbed."""

from bot.domain.custody import Span
from storage import tables
from storage.custody import Climbed
from storage.tx import Tx
from tests.storage.county import DAY, DUES, HOUR, NOW, County, added, problem


def test_a_problem_just_reported_has_one_holder(tx: Tx, county: County) -> None:
    found = problem(tx, county)

    assert tx.custody.spans(found.id) == [Span(1, county.sun, "孙立新", "自然资源局", NOW)]
    assert tx.custody.spans(found.id + 1) == []


def test_the_chain_is_told_in_its_order_with_how_and_why(tx: Tx, county: County) -> None:
    found = problem(tx, county)
    other = problem(tx, county)
    tx.problems.take(found, county.sun, NOW + HOUR)
    taken = tx.problems.get(found.id)
    assert taken is not None
    tx.problems.hand(taken, county.chen, DUES, NOW + DAY, ended="transferred", reason="归县里")

    assert tx.custody.spans(found.id) == [
        Span(
            1,
            county.sun,
            "孙立新",
            "自然资源局",
            NOW,
            accepted_at=NOW + HOUR,
            until=NOW + DAY,
            ended="transferred",
            reason="归县里",
        ),
        Span(1, county.chen, "陈志远", "", NOW + DAY),
    ]
    assert len(tx.custody.spans(other.id)) == 1


def test_the_rungs_climbed_are_told_with_who_heard(tx: Tx, county: County) -> None:
    found = problem(tx, county)
    for level, (rung, heard) in enumerate(
        [("accept_1", [county.sun]), ("solve_1", [county.zhao, county.chen])]
    ):
        escalation = added(
            tx,
            tables.escalations,
            problem_id=found.id,
            generation=1,
            level=level + 1,
            rung=rung,
            at=NOW + level * DAY,
        )
        for person_id in heard:
            added_notice(tx, escalation, person_id)

    assert tx.custody.climbs(found.id) == [
        Climbed("accept_1", NOW, ("孙立新",)),
        Climbed("solve_1", NOW + DAY, ("陈志远", "赵文静")),
    ]
    assert tx.custody.climbs(found.id + 1) == []


def added_notice(tx: Tx, escalation_id: int, person_id: int) -> None:
    tx.connection.execute(
        tables.escalation_notices.insert().values(escalation_id=escalation_id, person_id=person_id)
    )
