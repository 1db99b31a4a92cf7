"""The projects, and who is what on them from when to when."""

from datetime import date

import pytest
from sqlalchemy import update
from sqlalchemy.exc import NoResultFound

from bot.domain.people import Duty
from bot.domain.projects import Project, ProjectClass, Stage
from storage import tables
from storage.tx import Tx
from tests.storage.county import TODAY, County, assigned


def test_a_project_comes_as_the_roster_wrote_it(tx: Tx, county: County) -> None:
    soda = Project(
        id=county.soda,
        number="P-01",
        name="年产100万吨纯碱项目",
        kind=ProjectClass.BUILDING,
        stage=Stage.STARTED,
        industry="化工",
        place="龙泉街道",
        planned=2_000_000,
        unit="自然资源局",
    )

    assert tx.projects.get(county.soda) == soda
    assert tx.projects.numbered("P-01") == soda
    assert tx.projects.numbered("P-99") is None
    with pytest.raises(NoResultFound):
        tx.projects.get(404)


def test_projects_come_in_the_order_asked_for_and_all_in_that_of_the_roster(tx: Tx, county: County) -> None:
    asked = [county.bridge, 404, county.soda]

    assert [project.number for project in tx.projects.many(asked)] == ["P-03", "P-01"]
    assert tx.projects.many([]) == []
    assert [project.number for project in tx.projects.all()] == ["P-01", "P-02", "P-03"]


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 10, 31), ["P-01", "P-03"]),
        (date(2026, 11, 1), ["P-03"]),  # the day on which it ended is no longer Wang's
    ],
)
def test_an_assignment_ends_with_its_day(tx: Tx, county: County, today: date, expected: list[str]) -> None:
    assert [project.number for project in tx.projects.of(county.wang, Duty.LIAISON, today)] == expected
    assert (county.wang in tx.projects.on([county.soda], Duty.LIAISON, today)[county.soda]) is (
        "P-01" in expected
    )


def test_a_duty_on_a_project_is_not_another_duty(tx: Tx, county: County) -> None:
    assert tx.projects.of(county.chen, Duty.LIAISON, TODAY) == []
    assert len(tx.projects.of(county.chen, Duty.LEAD_LEADER, TODAY)) == 2


def test_those_on_each_project_come_in_the_order_in_which_they_were_named(tx: Tx, county: County) -> None:
    assigned(tx, county.soda, county.sun, Duty.LIAISON)
    assigned(tx, county.soda, county.zhao, Duty.LIAISON)
    tx.connection.execute(update(tables.people).where(tables.people.c.id == county.sun).values(active=False))

    found = tx.projects.on([county.soda, county.pump, county.bridge], Duty.LIAISON, TODAY)

    assert found == {
        county.soda: [county.liu, county.zhao],
        county.pump: [county.liu],
        county.bridge: [county.wang],
    }
    assert tx.projects.on([county.bridge], Duty.LEAD_LEADER, TODAY) == {}


def test_a_project_rests_until_a_day_and_can_be_woken(tx: Tx, county: County) -> None:
    tx.projects.rest(county.soda, date(2026, 12, 5))
    assert tx.projects.get(county.soda).quiet_until == date(2026, 12, 5)

    tx.projects.rest(county.soda, None)
    assert tx.projects.get(county.soda).quiet_until is None
