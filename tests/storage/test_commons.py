"""Common problems on either database: what is found together, answered once, and followed."""

from datetime import timedelta

from bot.domain.commons import Common, CommonState
from storage.commons import Tie
from storage.tx import Tx
from tests.storage.county import DAY, HOUR, NOW, County, problem

SINCE = NOW - timedelta(days=30)


def three(tx: Tx, county: County) -> Common:
    """Offer what stands in the way on all three projects."""
    for project_id in (county.soda, county.pump, county.bridge):
        problem(tx, county, project_id=project_id)
    common = tx.commons.offer("用地", county.sun, SINCE, NOW)
    assert common is not None
    return common


def merged(tx: Tx, county: County) -> Common:
    """Make one item of them."""
    common = three(tx, county)
    assert tx.commons.decide(common, CommonState.MERGED, county.zhao, NOW)
    tx.commons.join(common.id, [each.id for each in tx.commons.loose("用地", county.sun, SINCE)])
    return common


def test_what_is_on_three_projects_is_offered_once(tx: Tx, county: County) -> None:
    problem(tx, county, project_id=county.soda)
    problem(tx, county, project_id=county.pump)
    problem(tx, county, project_id=county.pump)
    assert tx.commons.to_offer(SINCE) == []
    problem(tx, county, project_id=county.bridge)

    assert tx.commons.to_offer(NOW) == []
    assert tx.commons.to_offer(SINCE) == [("用地", county.sun)]
    assert tx.commons.offer("用地", county.sun, SINCE, NOW) is not None
    assert tx.commons.offer("用地", county.sun, SINCE, NOW) is None
    assert tx.commons.to_offer(SINCE) == []


def test_an_offer_is_answered_once(tx: Tx, county: County) -> None:
    common = three(tx, county)

    assert tx.commons.decide(common, CommonState.DECLINED, county.zhao, NOW + HOUR)
    assert not tx.commons.decide(common, CommonState.MERGED, county.chen, NOW + HOUR)

    found = tx.commons.get(common.id)
    assert found is not None
    assert (found.state, found.decided_by, found.decided_at) == ("declined", "赵文静", NOW + HOUR)


def test_declined_it_is_worth_an_offer_again_when_three_new_ones_have_come(tx: Tx, county: County) -> None:
    tx.commons.decide(three(tx, county), CommonState.DECLINED, county.zhao, NOW + HOUR)

    found = []
    for _ in range(3):
        problem(tx, county, at=NOW + DAY)
        found.append(tx.commons.to_offer(SINCE))

    assert found == [[], [], [("用地", county.sun)]]


def test_newcomers_join_and_who_went_elsewhere_leaves(tx: Tx, county: County) -> None:
    problem(tx, county, at=NOW - 40 * DAY)
    common = merged(tx, county)
    assert (tx.commons.joining(), tx.commons.leaving(), tx.commons.over()) == ([], [], [])
    newcomer = problem(tx, county, at=NOW + HOUR)
    first = tx.problems.held_by(county.sun)[1]
    tx.problems.succeed(first, county.chen, NOW + HOUR, ended="handed_over", reason="")

    assert tx.commons.joining() == [Tie(newcomer.id, common.id)]
    assert tx.commons.leaving() == [Tie(first.id, common.id)]


def test_it_is_over_when_nothing_is_open(tx: Tx, county: County) -> None:
    common = merged(tx, county)
    for each in tx.problems.held_by(county.sun):
        assert tx.commons.over() == []
        tx.problems.withdraw(each, NOW + HOUR, "")

    assert tx.commons.over() == [common.id]
    assert tx.commons.close(common.id)
    assert not tx.commons.close(common.id)
    assert tx.commons.over() == []


def test_what_comes_after_it_is_over_is_offered_afresh(tx: Tx, county: County) -> None:
    common = merged(tx, county)
    for each in tx.problems.held_by(county.sun):
        tx.problems.withdraw(each, NOW + HOUR, "")
    tx.commons.close(common.id)

    assert three(tx, county).id != common.id


def test_what_changed_within_a_morning_is_told_by_how(tx: Tx, county: County) -> None:
    new, old = problem(tx, county), problem(tx, county, at=NOW - DAY)
    tx.problems.solve(old, "批了", NOW + HOUR)

    told = tx.mornings.news(county.chen, [county.pump], NOW, NOW + 2 * HOUR)
    elsewhere = tx.mornings.news(county.chen, [county.soda], NOW, NOW + 2 * HOUR)
    before = tx.mornings.news(county.chen, [county.pump], NOW - HOUR, NOW)

    assert (told.reported, told.solved, told.closed, told.escalated) == ((new.number,), (old.number,), (), ())
    assert (elsewhere.reported, elsewhere.solved) == ((), ())
    assert (before.reported, before.solved) == ((), ())
