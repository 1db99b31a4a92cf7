"""Visits are planned once for a day and told of once; papers count those that were made."""

from datetime import date

from bot.domain.problems import Nature, Urgency
from bot.domain.visits import Outcome, Visit
from storage.datasets import DATASETS
from storage.problems import Reported
from storage.tx import Tx
from tests.storage.county import DAY, DUES, NOW, TODAY, County
from tests.storage.test_figures import question

THURSDAY = date(2026, 11, 26)


def planned(tx: Tx, county: County, day: date = THURSDAY) -> Visit:
    assert tx.visits.plan(county.chen, county.soda, day, NOW)
    found = tx.visits.on(county.chen, county.soda, day)
    assert found is not None
    return found


def test_a_visit_is_planned_once_for_a_day_and_again_when_it_was_called_off(tx: Tx, county: County) -> None:
    visit = planned(tx, county)

    assert not tx.visits.plan(county.chen, county.soda, THURSDAY, NOW)
    assert tx.visits.briefed(visit.id, NOW)
    assert not tx.visits.briefed(visit.id, NOW)
    assert tx.visits.settle(visit, Outcome.MOVED, NOW)
    assert tx.visits.between(TODAY, THURSDAY, [county.soda]) == []
    again = planned(tx, county)
    assert (again.id, again.outcome) == (visit.id, None)
    assert [each.id for each in tx.visits.unbriefed(TODAY)] == [visit.id]


def test_of_two_who_tell_of_a_visit_one_wins(tx: Tx, county: County) -> None:
    visit = planned(tx, county)

    assert tx.visits.settle(visit, Outcome.WENT, NOW)
    assert not tx.visits.settle(visit, Outcome.DROPPED, NOW)


def test_papers_count_the_visits_that_were_made_and_what_was_promised_there(tx: Tx, county: County) -> None:
    made, dropped = planned(tx, county, TODAY), planned(tx, county, THURSDAY)
    tx.visits.settle(made, Outcome.HARD, NOW)
    tx.visits.settle(dropped, Outcome.DROPPED, NOW)
    tx.problems.add(
        Reported(
            project_id=county.soda,
            category="用电",
            text="协调用电",
            urgency=Urgency.ORDINARY,
            reporter_id=county.chen,
            holder_id=county.sun,
            dues=DUES,
            at=NOW,
            nature=Nature.TASK,
            origin=made.origin,
        ),
        2026,
    )
    asked = question(TODAY, THURSDAY, NOW + 5 * DAY)

    (line,) = DATASETS["visits"].lines(tx.connection, asked)
    (task,) = DATASETS["tasks"].lines(tx.connection, asked)

    assert (line["key"], line["outcome"], line["promised"]) == ("P-01 2026-11-23", "有困难", 1)
    assert (task["origin"], task["giver"], task["holder"]) == ("visit", "陈志远", "孙立新")
    assert [each.text for each in tx.visits.promises(county.soda, 3)] == ["协调用电"]
