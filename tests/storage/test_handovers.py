"""What passes from hand to hand: duties, rules, requests, leaves and roles, with all of history kept."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.chat import Address
from bot.domain.people import Duty, Role
from bot.domain.requests import Asking
from storage import tables
from storage.handovers import Held
from storage.store import Store
from storage.tx import Tx
from tests.storage.county import DAY, HOUR, NOW, TODAY, County, added, assigned, problem, settled


def history(tx: Tx, project_id: int, duty: Duty) -> list[tuple[int, date, date | None]]:
    """Return who had a duty on a project, from when until when."""
    held = tables.assignments.c
    rows = tx.connection.execute(
        select(held.person_id, held.since, held.until)
        .where(held.project_id == project_id, held.duty == str(duty))
        .order_by(held.id)
    )
    return [(row.person_id, row.since, row.until) for row in rows]


def leave(tx: Tx, person_id: int, substitute_id: int, first: date, last: date, **values: Any) -> int:
    return added(
        tx,
        tables.leaves,
        person_id=person_id,
        substitute_id=substitute_id,
        first=first,
        last=last,
        by_id=person_id,
        at=NOW,
        **values,
    )


# --- duties -----------------------------------------------------------------------------


def test_the_duties_of_today_are_known_and_those_that_ended_are_not(tx: Tx, county: County) -> None:
    assigned(tx, county.bridge, county.wang, Duty.STEWARD)

    assert tx.handovers.duties(county.wang, TODAY) == [
        Held(county.bridge, "跨河大桥", Duty.LIAISON),
        Held(county.bridge, "跨河大桥", Duty.STEWARD),
    ]


def test_a_duty_ends_today_for_one_and_begins_today_for_the_other(tx: Tx, county: County) -> None:
    tx.handovers.pass_duties(county.liu, county.wang, TODAY)

    new_year = date(2026, 1, 1)
    assert history(tx, county.soda, Duty.LIAISON) == [
        (county.wang, new_year, date(2026, 11, 1)),
        (county.liu, new_year, TODAY),
        (county.wang, TODAY, None),
    ]
    assert tx.handovers.duties(county.liu, TODAY) == []
    assert history(tx, county.soda, Duty.LEAD_LEADER) == [(county.chen, new_year, None)]


def test_a_duty_both_have_only_ends_for_one(tx: Tx, county: County) -> None:
    assigned(tx, county.pump, county.wang, Duty.LIAISON)

    tx.handovers.pass_duties(county.liu, county.wang, TODAY)

    assert history(tx, county.pump, Duty.LIAISON) == [
        (county.liu, date(2026, 1, 1), TODAY),
        (county.wang, date(2026, 1, 1), None),
    ]


# --- rules and requests -----------------------------------------------------------------


def test_the_rules_that_name_somebody_name_the_other(tx: Tx, county: County) -> None:
    own = added(tx, tables.routes, category="用地", place="", person_id=county.sun)
    other = added(tx, tables.routes, category="资金", place="", person_id=county.chen)
    added(tx, tables.routes, category="规划", place="", unit_id=county.bureau)

    tx.handovers.pass_routes(county.sun, county.wang)

    assert tx.handovers.routes(county.wang) == [own]
    assert tx.handovers.routes(county.chen) == [other]
    assert tx.handovers.routes(county.sun) == []


def test_a_unit_is_routed_to_when_a_rule_names_it(tx: Tx, county: County) -> None:
    added(tx, tables.routes, category="用地", place="", unit_id=county.bureau)
    added(tx, tables.routes, category="资金", place="", person_id=county.chen)

    assert tx.handovers.is_routed_to(county.bureau)
    assert not tx.handovers.is_routed_to(county.park)


def test_only_what_is_unanswered_is_asked_of_another_or_of_the_office(tx: Tx, county: County) -> None:
    of = problem(tx, county)
    answered, pending, other = (
        tx.requests.add(
            of, Asking.TIME, "等批复", NOW, asker_id=county.sun, to_id=county.chen, until=TODAY + DAY
        ).id
        for _ in range(3)
    )
    asked = tx.requests.pending_for([county.chen])
    tx.connection.execute(
        tables.requests.update().where(tables.requests.c.id == answered).values(answer="同意")
    )

    for request, to in zip(asked, (county.zhao, county.zhao, None), strict=True):
        tx.handovers.pass_request(request, to)

    rows = tx.connection.execute(select(tables.requests.c.id, tables.requests.c.to_id))
    assert {row.id: row.to_id for row in rows} == {
        answered: county.chen,
        pending: county.zhao,
        other: None,
    }


# --- leaves -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "is_covered"),
    [(-3, -1, False), (-3, 0, True), (1, 1, True), (2, 5, True), (3, 5, False)],
)
def test_a_substitute_counts_on_the_days_of_the_leave(
    tx: Tx, county: County, first: int, last: int, *, is_covered: bool
) -> None:
    leave(tx, county.wang, county.liu, TODAY, TODAY + 2 * DAY)
    leave(tx, county.wang, county.chen, TODAY, TODAY + 2 * DAY, cancelled_at=NOW)

    found = tx.handovers.substitutes(county.wang, TODAY + first * DAY, TODAY + last * DAY)

    assert found == ([county.liu] if is_covered else [])


def test_a_leave_is_covered_by_another(tx: Tx, county: County) -> None:
    leave(tx, county.chen, county.liu, TODAY, TODAY)
    leave(tx, county.sun, county.liu, TODAY, TODAY)
    one, other = tx.leaves.covered_by(county.liu, TODAY)

    tx.handovers.pass_cover(one, county.wang)

    assert tx.leaves.covered_by(county.liu, TODAY) == [other]
    assert [each.id for each in tx.leaves.covered_by(county.wang, TODAY)] == [one.id]


# --- roles ------------------------------------------------------------------------------


def test_a_role_is_given_once_and_taken(tx: Tx, county: County) -> None:
    tx.handovers.grant(county.liu, Role.LEAD_LEADER)
    tx.handovers.grant(county.liu, Role.LEAD_LEADER)
    tx.handovers.revoke(county.liu, Role.LIAISON)
    tx.handovers.revoke(county.liu, Role.OWNER)

    assert tx.people.get(county.liu).roles == {Role.LEAD_LEADER}
    assert tx.people.get(county.wang).roles == {Role.LIAISON}


# --- the handover -----------------------------------------------------------------------


def test_each_side_signs_once(tx: Tx, county: County) -> None:
    handover_id = tx.handovers.add(county.liu, county.wang, None, NOW, projects=2, problems=1)
    handover = tx.handovers.get(handover_id)
    assert handover is not None

    assert tx.handovers.given(handover, NOW + HOUR)
    assert not tx.handovers.given(handover, NOW + 2 * HOUR)
    assert tx.handovers.taken(handover, NOW + 3 * HOUR)

    signed = tx.handovers.get(handover_id)
    assert signed is not None
    assert (signed.giver_id, signed.taker_id, signed.at) == (county.liu, county.wang, NOW)
    assert (signed.given_at, signed.taken_at) == (NOW + HOUR, NOW + 3 * HOUR)
    assert tx.handovers.get(handover_id + 1) is None


async def test_what_fails_midway_has_passed_nothing(store: Store) -> None:
    county = await store.perform(settled)

    def fail(tx: Tx) -> None:
        tx.handovers.pass_duties(county.liu, county.wang, TODAY)
        tx.handovers.revoke(county.liu, Role.LIAISON)
        raise ValueError("midway")

    with pytest.raises(ValueError, match="midway"):
        await store.perform(fail)

    assert len(await store.read(lambda tx: tx.handovers.duties(county.liu, TODAY))) == 2
    assert (await store.read(lambda tx: tx.people.get(county.liu))).roles == {Role.LIAISON}


def test_the_accounts_written_to_in_a_chat_are_found(tx: Tx, county: County) -> None:
    tx.connection.execute(
        insert(tables.contacts).values(
            person_id=county.liu, platform="other", account="liu", chat="chat of 刘敏", joined_at=NOW
        )
    )

    at = [tx.contacts.at(Address("fake", chat)) for chat in ("chat of 刘敏", "刘敏")]
    assert [[each.account for each in found] for found in at] == [["刘敏"], []]
