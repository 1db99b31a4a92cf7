"""Who is who, where they are reached, and how strangers become known."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import NoResultFound

from bot.chat import Address
from bot.domain.people import Language, Person, Role, Unit, UnitKind
from storage import tables
from storage.people import Known
from storage.tx import Tx
from tests.storage.county import DAY, HOUR, NOW, TODAY, County, added


def names(people: list[Person]) -> list[str]:
    return [person.name for person in people]


def changed(tx: Tx, person_id: int, **values: Any) -> None:
    tx.connection.execute(update(tables.people).where(tables.people.c.id == person_id).values(**values))


def test_a_person_is_known_by_the_account_alone(tx: Tx, county: County) -> None:
    chen = Person(county.chen, "陈志远", title="副县长", roles=frozenset({Role.LEAD_LEADER}))

    assert tx.people.at("fake", "陈志远") == Known(
        chen, "陈志远", "chat of 陈志远", is_new=False, is_back=False, is_awaited=False
    )
    assert tx.people.at("other", "陈志远") is None
    assert tx.people.at("fake", "mallory") is None


def test_a_person_is_known_by_the_second_id_of_their_account_too(tx: Tx, county: County) -> None:
    assert tx.people.bind(county.liu, "wecom", "liumin", "liumin", NOW)
    assert tx.people.at("wecom", "enc-liu", "enc-liu") is None
    assert tx.people.at("wecom", "", "") is None

    tx.people.rename_chat("wecom", "liumin", "enc-liu")

    for account in ("liumin", "enc-liu"):
        known = tx.people.at("wecom", account, "enc-liu")
        assert known is not None
        assert (known.person.id, known.account, known.chat) == (county.liu, "liumin", "enc-liu")
    assert tx.people.at("fake", "enc-liu", "enc-liu") is None


def test_who_joined_under_the_second_id_is_known_when_the_first_comes_to_light(
    tx: Tx, county: County
) -> None:
    assert tx.people.bind(county.liu, "wecom", "enc-liu", "enc-liu", NOW)

    known = tx.people.at("wecom", "liumin", "enc-liu")

    assert known is not None
    assert (known.person.id, known.account) == (county.liu, "enc-liu")


def test_a_person_comes_with_the_unit_and_every_role(tx: Tx, county: County) -> None:
    added(tx, tables.roles, person_id=county.sun, role="联络员")
    changed(tx, county.sun, language="en")

    sun = tx.people.get(county.sun)

    assert (sun.unit_id, sun.unit, sun.language) == (county.bureau, "自然资源局", Language.ENGLISH)
    assert sun.roles == {Role.LIAISON, Role.DEPARTMENT_LIAISON}
    assert tx.people.find(county.sun) == sun


def test_somebody_who_does_not_exist_is_none_or_an_error(tx: Tx) -> None:
    assert tx.people.find(404) is None
    with pytest.raises(NoResultFound):
        tx.people.get(404)


def test_who_no_longer_has_duties_is_a_stranger_with_a_name(tx: Tx, county: County) -> None:
    changed(tx, county.wang, active=False)

    assert tx.people.at("fake", "王强") is None
    assert names(tx.people.all()) == ["刘敏", "陈志远", "孙立新", "赵文静"]
    assert names(tx.people.everybody()) == ["刘敏", "王强", "陈志远", "孙立新", "赵文静"]
    assert names(tx.people.with_role(Role.LIAISON)) == ["刘敏"]
    assert names(tx.people.named("王强")) == []
    assert names(tx.people.of_unit(county.park, Role.LIAISON)) == ["刘敏"]
    assert not tx.people.get(county.wang).active


def test_people_are_found_by_role_by_name_and_by_unit_in_the_order_of_the_roster(
    tx: Tx, county: County
) -> None:
    added(tx, tables.people, name="王强", unit_id=county.bureau)

    assert names(tx.people.with_role(Role.LEAD_LEADER, Role.LIAISON)) == ["刘敏", "王强", "陈志远"]
    assert names(tx.people.with_role(Role.HEAD)) == []
    assert [person.unit for person in tx.people.named("王强")] == ["经济开发区", "自然资源局"]
    assert [person.unit for person in tx.people.named("王强", "自然资源局")] == ["自然资源局"]
    assert names(tx.people.of_unit(county.park, Role.LIAISON)) == ["刘敏", "王强"]
    assert names(tx.people.of_unit(county.bureau, Role.LIAISON)) == []


def test_the_units_come_in_the_order_of_the_roster(tx: Tx, county: County) -> None:
    assert tx.people.units() == [
        Unit(county.bureau, "自然资源局", UnitKind.DEPARTMENT, "孙立新"),
        Unit(county.park, "经济开发区", UnitKind.PARK),
    ]


# --- contacts ---------------------------------------------------------------------------


def test_an_account_belongs_to_one_person(tx: Tx, county: County) -> None:
    assert not tx.people.bind(county.wang, "fake", "刘敏", "elsewhere", NOW)

    assert tx.people.address(county.liu) == Address("fake", "chat of 刘敏")


def test_a_person_is_reached_where_they_joined_last(tx: Tx, county: County) -> None:
    assert tx.people.bind(county.liu, "other", "liu", "other chat", NOW)
    # Named in the roster, but nobody has written from there yet.
    added(tx, tables.contacts, person_id=county.liu, platform="third", account="liu", chat="third chat")

    assert tx.people.address(county.liu) == Address("other", "other chat")
    assert tx.people.addresses([county.liu, county.wang, 404]) == {
        county.liu: Address("other", "other chat"),
        county.wang: Address("fake", "chat of 王强"),
    }


def test_of_two_accounts_of_one_moment_both_questions_choose_the_same(tx: Tx, county: County) -> None:
    for platform in ("a", "b"):
        tx.people.bind(county.liu, platform, "liu", platform, NOW)

    assert tx.people.addresses([county.liu]) == {county.liu: tx.people.address(county.liu)}


def test_who_cannot_be_reached_has_no_address_until_they_are_back(tx: Tx, county: County) -> None:
    assert tx.people.reachable("fake", "刘敏", yes=False) == [county.liu]
    assert tx.people.reachable("fake", "刘敏", yes=False) == []
    assert tx.people.address(county.liu) is None
    assert tx.people.addresses([county.liu]) == {}
    assert tx.people.joined() == {county.wang, county.chen, county.sun, county.zhao}

    known = tx.people.at("fake", "刘敏")
    assert known is not None
    assert known.is_back
    assert tx.people.reachable("fake", "刘敏", yes=True) == [county.liu]
    assert tx.people.address(county.liu) == Address("fake", "chat of 刘敏")
    assert tx.people.reachable("fake", "mallory", yes=False) == []


def test_who_is_named_in_the_roster_is_greeted_once(tx: Tx, county: County) -> None:
    added(tx, tables.contacts, person_id=county.liu, platform="third", account="liu", chat="liu")
    known = tx.people.at("third", "liu")
    assert known is not None
    assert known.is_new

    tx.people.reachable("fake", "刘敏", yes=False)
    assert tx.people.address(county.liu) is None  # a bot may not write first

    assert tx.people.greet(Address("third", "liu"), "liu", NOW)
    assert tx.people.address(county.liu) == Address("third", "liu")
    assert not tx.people.greet(Address("third", "liu"), "liu", NOW)
    known = tx.people.at("third", "liu")
    assert known is not None
    assert not known.is_new


# --- joining ----------------------------------------------------------------------------


def test_an_invitation_is_used_once_and_by_whom_is_kept(tx: Tx, county: County) -> None:
    tx.people.invite(county.liu, "hash", NOW, NOW + DAY)

    assert tx.people.redeem("other hash", "fake:9", NOW) is None
    assert tx.people.redeem("hash", "fake:9", NOW + HOUR) == county.liu
    assert tx.people.redeem("hash", "fake:10", NOW + HOUR) is None


@pytest.mark.parametrize(("after", "works"), [(timedelta(hours=23, minutes=59), True), (DAY, False)])
def test_an_invitation_ends(tx: Tx, county: County, after: timedelta, works: bool) -> None:
    tx.people.invite(county.liu, "hash", NOW, NOW + DAY)

    assert (tx.people.redeem("hash", "fake:9", NOW + after) == county.liu) is works


def test_a_stranger_is_told_once_a_day(tx: Tx) -> None:
    days = [TODAY, TODAY, TODAY + DAY, TODAY + DAY]

    assert [tx.people.first_today("fake", "mallory", day) for day in days] == [True, False, True, False]
    assert tx.people.first_today("other", "mallory", TODAY)


def test_the_last_wrong_code_allowed_locks_the_account_and_the_count_begins_anew(tx: Tx) -> None:
    assert tx.people.locked_until("fake", "mallory") is None
    tries = [tx.people.wrong_code("fake", "mallory", 5, NOW + HOUR) for _ in range(6)]

    assert tries == [False, False, False, False, True, False]
    assert tx.people.locked_until("fake", "mallory") == NOW + HOUR
    assert tx.people.locked_until("fake", "eve") is None


def test_what_the_chat_of_an_account_is_called_shows_when_it_writes_first(tx: Tx, county: County) -> None:
    added(tx, tables.contacts, person_id=county.liu, platform="third", account="liu", chat="liu")
    tx.people.reachable("fake", "刘敏", yes=False)

    tx.people.greet(Address("third", "wo8Xencrypted"), "liu", NOW)

    assert tx.people.address(county.liu) == Address("third", "wo8Xencrypted")
