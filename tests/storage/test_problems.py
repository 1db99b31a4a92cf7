"""Problems: numbered without gaps, one winner for every button, and everybody who held them."""

import asyncio
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.domain.deadlines import Dues
from bot.domain.problems import Problem, State, Urgency
from storage import tables
from storage.custody import Passed
from storage.routes import Route
from storage.store import Store
from storage.tx import Tx
from tests.storage.county import DAY, DUES, HOUR, NOW, County, added, problem, settled

LATER = NOW + HOUR
NEW_DUES = Dues(LATER + HOUR, LATER + DAY, LATER + 2 * DAY)


def now(tx: Tx, of: Problem) -> Problem:
    found = tx.problems.get(of.id)
    assert found is not None
    return found


def held(tx: Tx, of: Problem) -> list[tuple[int, int, datetime, datetime | None, datetime | None, str, str]]:
    """Return who held a problem: generation, person, since, accepted, until, how it ended, why."""
    rows = tx.connection.execute(
        select(tables.custody).where(tables.custody.c.problem_id == of.id).order_by(tables.custody.c.id)
    )
    return [(r.generation, r.person_id, r.since, r.accepted_at, r.until, r.ended, r.reason) for r in rows]


def test_a_reported_problem_comes_back_whole(tx: Tx, county: County) -> None:
    assert problem(tx, county, source="fake:liu:7") == Problem(
        id=now(tx, tx.problems.open()[0]).id,
        number="2026-001",
        project_id=county.pump,
        project="泵业智造产业园",
        place="经开区",
        category="用地",
        text="用地指标未批",
        urgency=Urgency.ORDINARY,
        state=State.WAITING,
        generation=1,
        reporter_id=county.liu,
        reporter="刘敏",
        holder_id=county.sun,
        holder="孙立新",
        confirmer_id=county.liu,
        confirmer="刘敏",
        opened_at=NOW,
        began_at=NOW,
        held_since=NOW,
        first_due=DUES.solve,
        accept_due=DUES.accept,
        feedback_due=DUES.feedback,
        solve_due=DUES.solve,
    )


def test_numbers_count_from_one_each_year(tx: Tx, county: County) -> None:
    numbers = [problem(tx, county, year=year).number for year in (2025, 2026, 2026, 2025)]

    assert numbers == ["2025-001", "2026-001", "2026-002", "2025-002"]


def test_the_thousandth_problem_of_a_year_has_a_number_too(tx: Tx, county: County) -> None:
    last = {"year": 2026, "sequence": 999, "number": "2026-999"}
    tx.connection.execute(
        update(tables.problems).where(tables.problems.c.id == problem(tx, county).id).values(last)
    )

    assert problem(tx, county).number == "2026-1000"


async def test_a_problem_that_was_not_stored_leaves_no_gap(store: Store) -> None:
    county = await store.perform(settled)

    def fail(tx: Tx) -> None:
        problem(tx, county)
        raise ValueError

    works = [lambda tx: problem(tx, county), fail, lambda tx: problem(tx, county)]
    await asyncio.gather(*(store.perform(work) for work in works), return_exceptions=True)

    found = await store.read(lambda tx: tx.problems.open())
    assert [each.number for each in found] == ["2026-001", "2026-002"]


async def test_two_processes_give_no_number_twice(url: str) -> None:
    async with Store(url) as one, Store(url) as other:
        county = await one.perform(settled)

        await asyncio.gather(
            *(store.perform(lambda tx: problem(tx, county)) for _ in range(20) for store in (one, other))
        )

        found = await one.read(lambda tx: tx.problems.open())
    assert sorted(each.number for each in found) == [f"2026-{number:03}" for number in range(1, 41)]


def test_problems_are_found_by_number_by_message_and_by_whom_they_concern(tx: Tx, county: County) -> None:
    first = problem(tx, county, source="fake:liu:7")
    second = problem(tx, county, project_id=county.soda, holder_id=county.chen)
    third = problem(tx, county, project_id=county.bridge, reporter_id=county.wang)
    gone = problem(tx, county)
    tx.problems.withdraw(gone, LATER, "mistaken")

    assert tx.problems.numbered("2026-002") == second
    assert tx.problems.numbered("2026-999") is None
    assert tx.problems.get(404) is None
    assert tx.problems.from_source("fake:liu:7") == first
    assert tx.problems.from_source("fake:liu:8") is None
    assert tx.problems.open() == [first, second, third]
    assert tx.problems.open_of_project(county.pump) == [first]
    assert tx.problems.of_reporter(county.liu) == [first, second, now(tx, gone)]


def test_a_problem_waits_for_its_holder_and_then_for_its_reporter(tx: Tx, county: County) -> None:
    reported = problem(tx, county)
    assert tx.problems.waiting_for(county.sun) == [reported]
    assert tx.problems.waiting_for(county.liu) == []

    tx.problems.solve(reported, "done", LATER)

    assert tx.problems.waiting_for(county.sun) == []
    assert tx.problems.waiting_for(county.liu) == [now(tx, reported)]


def test_of_two_who_take_a_problem_one_wins(tx: Tx, county: County) -> None:
    seen_by_both = problem(tx, county)

    assert tx.problems.take(seen_by_both, county.sun, LATER)
    assert not tx.problems.take(seen_by_both, county.chen, LATER)

    assert (now(tx, seen_by_both).state, now(tx, seen_by_both).holder) == (State.WORKING, "孙立新")
    assert held(tx, seen_by_both) == [(1, county.sun, NOW, LATER, None, "", "")]


def test_a_card_of_an_earlier_holder_or_generation_no_longer_counts(tx: Tx, county: County) -> None:
    first = problem(tx, county)
    tx.problems.hand(first, county.chen, NEW_DUES, LATER, ended="handed", reason="")
    handed = now(tx, first)
    assert not tx.problems.take(first, county.sun, LATER)

    tx.problems.solve(handed, "done", LATER)
    tx.problems.reopen(now(tx, first), county.chen, NEW_DUES, LATER, "没解决")
    # Waiting again and held by Chen again, but it is not the same problem any more.
    assert not tx.problems.take(handed, county.chen, LATER)

    assert tx.problems.take(now(tx, first), county.chen, LATER)


async def test_of_two_who_take_a_problem_in_two_processes_one_wins(url: str) -> None:
    async with Store(url) as one, Store(url) as other:
        county = await one.perform(settled)
        seen = await one.perform(lambda tx: problem(tx, county))

        def take(person_id: int) -> Any:
            return lambda tx: tx.problems.take(seen, person_id, LATER)

        outcomes = await asyncio.gather(
            *(store.perform(take(person)) for person in (county.sun, county.chen) for store in (one, other))
        )
        holders = await one.read(lambda tx: held(tx, seen))

    assert sorted(outcomes) == [False, False, False, True]
    assert sum(until is None for *_, until, _, _ in holders) == 1


def test_who_takes_a_problem_of_another_holds_it(tx: Tx, county: County) -> None:
    reported = problem(tx, county)

    assert tx.problems.take(reported, county.chen, LATER)

    assert now(tx, reported).holder == "陈志远"
    assert now(tx, reported).accepted_at == LATER
    assert held(tx, reported) == [
        (1, county.sun, NOW, None, LATER, "taken_over", ""),
        (1, county.chen, LATER, LATER, None, "", ""),
    ]
    assert tx.custody.holders(reported.id) == [county.sun, county.chen]


def test_a_problem_handed_on_has_new_dues_and_is_to_be_accepted_anew(tx: Tx, county: County) -> None:
    reported = problem(tx, county)
    tx.problems.take(reported, county.sun, NOW)
    working = now(tx, reported)

    assert tx.problems.hand(working, county.chen, NEW_DUES, LATER, ended="handed", reason="归他管")
    assert not tx.problems.hand(working, county.zhao, NEW_DUES, LATER, ended="handed", reason="")

    after = now(tx, reported)
    assert (after.state, after.holder, after.accepted_at, after.returns) == (State.WAITING, "陈志远", None, 0)
    assert (after.accept_due, after.feedback_due, after.solve_due) == (
        NEW_DUES.accept, NEW_DUES.feedback, NEW_DUES.solve,
    )  # fmt: skip
    assert held(tx, reported) == [
        (1, county.sun, NOW, NOW, LATER, "handed", "归他管"),
        (1, county.chen, LATER, None, None, "", ""),
    ]


def test_how_a_problem_left_its_last_holder_is_known(tx: Tx, county: County) -> None:
    reported = problem(tx, county)
    assert tx.custody.passed_on(reported.id, 1) is None

    tx.problems.hand(reported, county.chen, NEW_DUES, LATER, ended="handed", reason="归他管")
    tx.problems.hand(now(tx, reported), county.sun, NEW_DUES, LATER, ended="returned", reason="不归我管")

    assert tx.custody.passed_on(reported.id, 1) == Passed(county.chen, "returned", "不归我管")
    assert tx.custody.passed_on(reported.id, 2) is None


def test_returns_are_counted(tx: Tx, county: County) -> None:
    reported = problem(tx, county)
    assert tx.custody.returns(reported.id, 1) == 0

    tx.problems.hand(reported, county.chen, NEW_DUES, LATER, ended="returned", reason="不归我管")

    assert now(tx, reported).returns == 1
    assert tx.custody.returns(reported.id, 1) == 1
    assert tx.custody.returns(reported.id, 2) == 0


def test_how_it_goes_can_be_said_until_it_is_solved(tx: Tx, county: County) -> None:
    reported = problem(tx, county)
    assert tx.problems.note(reported, "已过问", NOW)
    tx.problems.take(now(tx, reported), county.sun, NOW)

    assert tx.problems.note(now(tx, reported), "正在报批", LATER)
    assert (now(tx, reported).feedback, now(tx, reported).feedback_at) == ("正在报批", LATER)

    tx.problems.solve(now(tx, reported), "批了", LATER)
    assert not tx.problems.note(now(tx, reported), "再说一句", LATER)


def test_a_problem_is_closed_only_when_it_was_called_solved(tx: Tx, county: County) -> None:
    reported = problem(tx, county)
    tx.problems.take(reported, county.sun, NOW)
    assert not tx.problems.close(now(tx, reported), LATER)

    assert tx.problems.solve(now(tx, reported), "指标已批", LATER)
    assert not tx.problems.solve(now(tx, reported), "again", LATER)
    assert tx.problems.close(now(tx, reported), LATER + HOUR)
    assert not tx.problems.close(now(tx, reported), LATER + HOUR)

    closed = now(tx, reported)
    assert (closed.state, closed.solution, closed.solved_at, closed.closed_at) == (
        State.CLOSED, "指标已批", LATER, LATER + HOUR,
    )  # fmt: skip
    assert held(tx, reported) == [(1, county.sun, NOW, NOW, LATER + HOUR, "closed", "")]


def test_a_problem_not_solved_after_all_begins_its_next_generation(tx: Tx, county: County) -> None:
    reported = problem(tx, county)
    assert not tx.problems.reopen(reported, county.chen, NEW_DUES, LATER, "没解决")
    tx.problems.solve(reported, "done", NOW)
    confirming = now(tx, reported)

    assert tx.problems.reopen(confirming, county.chen, NEW_DUES, LATER, "没解决")
    assert not tx.problems.close(confirming, LATER)

    after = now(tx, reported)
    assert (after.state, after.generation, after.holder) == (State.WAITING, 2, "陈志远")
    assert (after.accepted_at, after.solved_at, after.feedback_at) == (None, None, None)
    assert held(tx, reported) == [
        (1, county.sun, NOW, None, LATER, "reopened", "没解决"),
        (2, county.chen, LATER, None, None, "", ""),
    ]


def test_a_mistaken_problem_leaves_the_ledger_and_keeps_its_trail(tx: Tx, county: County) -> None:
    reported = problem(tx, county)

    assert tx.problems.withdraw(reported, LATER, "报错了")
    assert not tx.problems.withdraw(reported, LATER, "again")

    assert now(tx, reported).state is State.WITHDRAWN
    assert tx.problems.open() == []
    assert held(tx, reported) == [(1, county.sun, NOW, None, LATER, "withdrawn", "报错了")]


def test_words_can_be_mended_while_nobody_has_moved_the_problem_on(tx: Tx, county: County) -> None:
    reported = problem(tx, county)

    assert tx.problems.amend(reported, category="审批", text="施工许可未办")
    assert (now(tx, reported).category, now(tx, reported).text) == ("审批", "施工许可未办")

    tx.problems.take(reported, county.sun, LATER)
    assert not tx.problems.amend(reported, category="资金")


@pytest.mark.parametrize(
    ("category", "place", "expected"),
    [
        ("用地", "经开区", Route("用地", "经开区", None, 1)),
        ("用地", "龙泉街道", Route("用地", "", 1, None)),
        ("用地", "", Route("用地", "", 1, None)),
        ("用电", "经开区", None),
    ],
)
def test_the_rule_of_a_place_comes_before_the_rule_for_everywhere(
    tx: Tx, county: County, category: str, place: str, expected: Route | None
) -> None:
    added(tx, tables.routes, category="用地", place="", unit_id=county.bureau)
    added(tx, tables.routes, category="用地", place="经开区", person_id=county.sun)

    found = tx.routes.match(category, place)

    if expected is None or found is None:
        assert found is expected
    else:
        assert (found.category, found.place) == (expected.category, expected.place)
        assert found.unit_id == (county.bureau if expected.unit_id else None)
        assert found.person_id == (county.sun if expected.person_id else None)
