"""Whose problem it is: the first rule that matches, nobody who has left, never nobody."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from bot.domain.people import Duty, Role
from storage import tables
from storage.tx import Tx
from tests.stories.test_reporting import LAND, problem
from tests.world import World

NO_RULE = "2 问题 缺少电焊工"


def person(tx: Tx, name: str, unit_id: int | None = None, *roles: Role, active: bool = True) -> int:
    key = tx.connection.execute(
        insert(tables.people).values(name=name, unit_id=unit_id, active=active)
    ).inserted_primary_key
    assert key is not None
    for role in roles:
        tx.connection.execute(insert(tables.roles).values(person_id=key[0], role=str(role)))
    return int(key[0])


def unit(tx: Tx, name: str) -> int:
    key = tx.connection.execute(insert(tables.units).values(name=name, kind="审批部门")).inserted_primary_key
    assert key is not None
    return int(key[0])


async def ends(world: World, who: str) -> None:
    """Let somebody's duties end."""
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.people).where(tables.people.c.id == world.ids[who]).values(active=False)
        )
    )


async def rule(world: World, category: str, place: str = "", **whom: Any) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(insert(tables.routes).values(category=category, place=place, **whom))
    )


async def test_the_rule_of_a_category_names_a_unit_and_its_department_liaison_holds_it(world: World) -> None:
    await world.hears("liu", LAND)

    assert (await problem(world)).holder == "孙立新"


async def test_the_rule_of_the_place_comes_before_that_of_the_category(world: World) -> None:
    await rule(world, "用地", "大桥镇", person_id=world.ids["wang"])

    await world.hears("liu", LAND)

    assert (await problem(world)).holder == "王强"


async def test_the_rule_of_another_place_does_not_count(world: World) -> None:
    await rule(world, "用地", "河口镇", person_id=world.ids["wang"])

    await world.hears("liu", LAND)

    assert (await problem(world)).holder == "孙立新"


async def test_without_a_rule_the_lead_leader_holds_it_and_gets_one_card(world: World) -> None:
    await world.hears("liu", NO_RULE)

    assert (await problem(world)).holder == "陈志远"
    assert len(world.said_to("chen")) == 1
    assert world.last("chen").startswith("问题 2026-001")


async def test_who_has_left_is_passed_over_for_the_next_rule(world: World) -> None:
    gone = await world.store.perform(lambda tx: person(tx, "马走了", None, active=False))
    await rule(world, "用地", "大桥镇", person_id=gone)

    await world.hears("liu", LAND)

    assert (await problem(world)).holder == "孙立新"


async def test_a_rule_whose_person_has_left_falls_back_on_their_unit(world: World) -> None:
    def leave(tx: Tx) -> tuple[int, int]:
        office = unit(tx, "税务局")
        person(tx, "钱部门", office, Role.DEPARTMENT_LIAISON)
        return office, person(tx, "马走了", office, active=False)

    unit_id, gone = await world.store.perform(leave)
    await rule(world, "用工", unit_id=unit_id, person_id=gone)

    await world.hears("liu", NO_RULE)

    assert (await problem(world)).holder == "钱部门"


async def test_a_unit_whose_people_have_left_falls_back_on_the_lead_leader(world: World) -> None:
    await ends(world, "sun")

    await world.hears("liu", LAND)

    assert (await problem(world)).holder == "陈志远"


async def test_without_rule_and_lead_leader_the_office_holds_it(world: World) -> None:
    await ends(world, "chen")

    await world.hears("liu", NO_RULE)

    assert (await problem(world)).holder == "赵文静"
    assert world.last("zhao").startswith("问题 2026-001")


async def test_a_lead_leader_whose_assignment_has_ended_gets_no_card(world: World) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.assignments)
            .where(tables.assignments.c.duty == str(Duty.LEAD_LEADER))
            .values(until=date(2026, 11, 22))
        )
    )

    await world.hears("liu", LAND)

    assert world.said_to("chen") == []
    assert "问题 2026-001" in world.last("sun")


async def test_who_cannot_be_reached_holds_it_and_the_office_is_told(world: World) -> None:
    def forget(tx: Tx) -> None:
        tx.connection.execute(delete(tables.contacts).where(tables.contacts.c.person_id == world.ids["sun"]))

    await world.store.perform(forget)

    await world.hears("liu", LAND)

    assert (await problem(world)).holder == "孙立新"
    assert "孙立新" in world.last("zhao")
    assert "2026-001" in world.last("zhao")


async def test_the_card_of_who_joins_later_arrives_then_and_is_true(world: World) -> None:
    def forget(tx: Tx) -> None:
        tx.connection.execute(delete(tables.contacts).where(tables.contacts.c.person_id == world.ids["sun"]))

    def join(tx: Tx) -> None:
        at = ("fake", world.account("sun"))
        tx.people.bind(world.ids["sun"], *at, at[1], world.clock.now())
        address = tx.people.address(world.ids["sun"])
        assert address is not None
        tx.outbox.address(world.ids["sun"], address)

    await world.store.perform(forget)
    await world.hears("liu", LAND)
    await world.hears("chen", button="接办")
    await world.store.perform(join)

    await world.beats()

    assert "陈志远已于" in world.last("sun")
    assert world.messages("sun")[-1].labels == []


@pytest.mark.parametrize("missing", [("chen",), ("chen", "zhou"), ("chen", "zhou", "he")])
async def test_reopened_it_goes_to_the_next_level_there_is(world: World, missing: tuple[str, ...]) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "已解决 2026-001 好了")
    for who in missing:
        await ends(world, who)

    await world.hears("liu", "没解决 2026-001")

    expected = {1: "周海涛", 2: "何建国", 3: "赵文静"}[len(missing)]
    assert (await problem(world)).holder == expected
