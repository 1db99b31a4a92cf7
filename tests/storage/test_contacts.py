"""Accounts: opened, closed until somebody writes, chosen among several."""

from sqlalchemy import update

from bot.chat import Address
from storage import tables
from storage.letters import Letter
from storage.people import Missing
from storage.tx import Tx
from tests.storage.county import HOUR, NOW, County, added


def named(tx: Tx, person_id: int, platform: str = "other", account: str = "liu") -> Address:
    """Let the roster name an account from which nobody has written."""
    added(tx, tables.contacts, person_id=person_id, platform=platform, account=account, chat=account)
    return Address(platform, account)


def test_an_account_is_closed_once_and_then_takes_nothing_until_its_owner_writes(
    tx: Tx, county: County
) -> None:
    at = Address("fake", "chat of 刘敏")
    (contact,) = tx.contacts.at(at)
    assert contact.takes_messages

    assert tx.contacts.unopen(contact)
    assert not tx.contacts.unopen(contact)

    assert tx.people.address(county.liu) is None
    (closed,) = tx.contacts.at(at)
    assert not closed.takes_messages
    assert closed.spell != contact.spell
    assert tx.people.greet(Address("fake", "chat of 刘敏"), "刘敏", NOW)
    assert tx.people.address(county.liu) == at


def test_who_may_be_written_to_first_is_named_and_was_never_written_to(tx: Tx, county: County) -> None:
    for person_id, account in ((county.liu, "liu"), (county.wang, "wang"), (county.sun, "sun")):
        named(tx, person_id, account=account)
    named(tx, county.chen, "third", "chen")
    tx.people.reachable("other", "wang", yes=False)
    assert tx.contacts.unopened(["other", "third"], 10) == []  # all of them are reached elsewhere
    tx.connection.execute(
        update(tables.contacts).where(tables.contacts.c.platform == "fake").values(joined_at=None)
    )
    gone = update(tables.people).where(tables.people.c.id == county.sun)
    tx.connection.execute(gone.values(active=False))

    (found,) = tx.contacts.unopened(["other"], 10)
    tx.outbox.add(Letter(found.opening, found.at, "hello", NOW), NOW)

    assert found.person_id == county.liu
    assert tx.contacts.unopened(["other"], 10) == []
    assert [each.person_id for each in tx.contacts.unopened(["third"], 10)] == [county.chen]


def test_a_chosen_account_comes_first_while_it_takes_messages(tx: Tx, county: County) -> None:
    first = Address("fake", "chat of 刘敏")
    second = named(tx, county.liu)
    tx.people.greet(Address("other", "liu"), "liu", NOW)
    assert tx.people.address(county.liu) == second

    (contact,) = tx.contacts.at(first)
    tx.contacts.prefer(contact, NOW)

    assert tx.people.address(county.liu) == first
    assert tx.people.addresses([county.liu]) == {county.liu: first}
    assert [each.at for each in tx.contacts.of(county.liu)] == [first, second]
    tx.contacts.prefer(tx.contacts.at(second)[0], NOW + HOUR)
    assert tx.people.address(county.liu) == second
    tx.contacts.unopen(tx.contacts.at(second)[0])
    assert tx.people.address(county.liu) == first
    assert [each.at for each in tx.contacts.of(county.liu)] == [first, second]
    assert tx.people.addresses([county.liu]) == {county.liu: first}


def test_those_are_missing_whom_no_account_reaches(tx: Tx, county: County) -> None:
    tx.contacts.unopen(tx.contacts.at(Address("fake", "chat of 刘敏"))[0])
    named(tx, county.liu)
    named(tx, county.wang, account="wang")
    tx.people.reachable("fake", "赵文静", yes=False)
    tx.connection.execute(tables.contacts.delete().where(tables.contacts.c.person_id == county.chen))
    tx.people.reachable("fake", "孙立新", yes=False)
    gone = update(tables.people).where(tables.people.c.id == county.sun)
    tx.connection.execute(gone.values(active=False))

    liu, chen, zhao = (tx.people.get(each) for each in (county.liu, county.chen, county.zhao))

    assert tx.people.missing() == [
        Missing(liu, ("fake", "other")),
        Missing(chen, ()),
        Missing(zhao, ("fake",)),
    ]
