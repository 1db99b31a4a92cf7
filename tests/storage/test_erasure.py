"""SECURITY row 30: forgetting a person, on both databases."""

from sqlalchemy import func, select, update

from bot.chat import Address
from storage import tables
from storage.letters import Letter
from storage.tx import Tx
from tests.storage.county import NOW, TODAY, County, added

ALIAS = "人员 0001"


def forgotten(tx: Tx, county: County) -> int:
    liu = tx.people.get(county.liu)
    tx.erasure.forget(liu.id, ALIAS, TODAY, NOW)
    return tx.erasure.rename(liu, ALIAS)


def letter(tx: Tx, key: str, person_id: int, chat: str, text: str = "刘敏报来的事") -> int:
    choices = ((("交给刘敏", "assign:1"), ("不用了", "drop")),)
    tx.outbox.add(Letter(key, Address("fake", chat), text, NOW, choices, person_id), NOW)
    return tx.connection.execute(select(tables.outbox.c.id).where(tables.outbox.c.key == key)).scalar_one()


def test_row_30_letters_to_others_name_the_pseudonym_and_keep_their_buttons(tx: Tx, county: County) -> None:
    card = letter(tx, "card", county.sun, "chat of 孙立新")
    own = letter(tx, "own", county.liu, "chat of 刘敏")

    forgotten(tx, county)

    told, emptied = tx.outbox.get(card), tx.outbox.get(own)
    assert told is not None
    assert emptied is not None
    assert told.text == f"{ALIAS}报来的事"
    assert [[list(each) for each in line] for line in told.buttons] == [
        [[f"交给{ALIAS}", "assign:1"], ["不用了", "drop"]]
    ]
    assert (emptied.text, emptied.buttons, emptied.chat, emptied.state) == ("", [], "", "superseded")


def test_row_30_slots_pauses_and_dead_letters_of_an_account_go(tx: Tx, county: County) -> None:
    slot = letter(tx, f"joined:{county.liu}:fake:刘敏:{county.zhao}", county.zhao, "chat of 赵文静")
    tx.dispatch.pause("fake", "chat of 刘敏", NOW)
    tx.inbox.bury("m1", "fake", {"sender": "刘敏"}, "failed", NOW)
    tx.inbox.bury("m2", "fake", {"sender": "王强"}, "failed", NOW)

    forgotten(tx, county)

    found = tx.outbox.get(slot)
    assert found is not None
    assert found.key == f"erased:{slot}"
    assert tx.connection.execute(select(func.count()).select_from(tables.delivery_pauses)).scalar_one() == 0
    assert tx.inbox.buried() == 1


def test_row_30_a_unit_has_a_head_no_more_who_was_forgotten(tx: Tx, county: County) -> None:
    sun = tx.people.get(county.sun)
    tx.erasure.forget(sun.id, "人员 0004", TODAY, NOW)
    tx.erasure.rename(sun, "人员 0004")

    assert {unit.name: unit.head for unit in tx.people.units()}["自然资源局"] == ""


def test_row_30_a_namesake_keeps_name_and_account(tx: Tx, county: County) -> None:
    twin = added(tx, tables.people, name="刘敏", unit_id=county.bureau)
    tx.people.bind(twin, "fake", "刘敏2", "chat of 刘敏2", NOW)

    forgotten(tx, county)

    assert tx.people.get(twin).name == "刘敏"
    assert tx.people.address(twin) == Address("fake", "chat of 刘敏2")
    assert tx.people.address(county.liu) is None


def text_of(tx: Tx, letter_id: int) -> str:
    found = tx.outbox.get(letter_id)
    assert found is not None
    return found.text


def test_row_30_of_two_of_one_name_only_who_is_told_apart_is_renamed(tx: Tx, county: County) -> None:
    added(tx, tables.people, name="刘敏", unit_id=county.bureau)
    told = "刘敏（经济开发区）请假，由刘敏（自然资源局）代办，刘敏报来的事照旧"
    card = letter(tx, "card", county.sun, "chat of 孙立新", told)

    left = forgotten(tx, county)

    assert text_of(tx, card) == f"{ALIAS}（经济开发区）请假，由刘敏（自然资源局）代办，刘敏报来的事照旧"
    assert left == 1


def test_row_30_a_title_that_both_bear_tells_nobody_apart(tx: Tx, county: County) -> None:
    added(tx, tables.people, name="刘敏", unit_id=county.bureau, title="局长")
    tx.connection.execute(update(tables.people).where(tables.people.c.id == county.liu).values(title="局长"))
    card = letter(tx, "card", county.sun, "chat of 孙立新", "刘敏（局长）问您")

    assert forgotten(tx, county) == 1
    assert text_of(tx, card) == "刘敏（局长）问您"


def test_row_30_a_unit_keeps_a_head_who_may_be_the_other_of_that_name(tx: Tx, county: County) -> None:
    added(tx, tables.people, name="刘敏", unit_id=county.bureau)
    tx.connection.execute(update(tables.units).values(head="刘敏"))

    forgotten(tx, county)

    assert {unit.name: unit.head for unit in tx.people.units()} == {"自然资源局": "刘敏", "经济开发区": ""}


def test_row_30_who_bears_a_longer_name_keeps_it(tx: Tx, county: County) -> None:
    added(tx, tables.people, name="刘敏华")
    card = letter(tx, "card", county.sun, "chat of 孙立新", "刘敏华接办刘敏报来的事")

    assert forgotten(tx, county) == 0
    assert text_of(tx, card) == f"刘敏华接办{ALIAS}报来的事"
