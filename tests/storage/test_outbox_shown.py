"""What somebody has before them, and what is over: the outbox as those see it who read and type."""

from datetime import timedelta
from typing import Any

from bot.chat import Address
from storage.letters import Lane, Letter
from storage.tx import Tx
from tests.storage.county import NOW, County
from tests.storage.test_outbox import CARD, LIU, WANG, claim, delivered, owed, state

_LATER = NOW + timedelta(minutes=5)
_OTHER = ((("照旧", "same:1"),),)


def shown(tx: Tx, person_id: int) -> list[list[str]]:
    return [[choice.label for choice in offer.choices] for offer in tx.outbox.shown(person_id)]


def arrives(tx: Tx, letter_id: int, message: str) -> None:
    assert letter_id in [letter.id for letter in claim(tx)]
    tx.dispatch.sent([(letter_id, message)], _LATER)


def test_buttons_are_shown_that_have_arrived_and_only_to_whom_they_were_sent(tx: Tx, county: County) -> None:
    owed(tx, "plain", person_id=county.liu)
    owed(tx, "card", person_id=county.liu, choices=CARD)
    owed(tx, "of another", WANG, person_id=county.sun, choices=_OTHER)
    owed(tx, "in a group", person_id=county.liu, choices=_OTHER, in_group=True)
    assert shown(tx, county.liu) == []
    delivered(tx)
    owed(tx, "on its way", person_id=county.liu, choices=_OTHER)
    claim(tx)

    assert shown(tx, county.liu) == [["接办", "转办", "退回"]]
    assert shown(tx, county.sun) == [["照旧"]]


def test_what_is_shown_is_the_last_change_in_the_place_of_its_message(tx: Tx, county: County) -> None:
    card = owed(tx, "reply:1", person_id=county.liu, choices=CARD)
    arrives(tx, card, "m1")
    other = owed(tx, "other", person_id=county.liu, choices=CARD)
    delivered(tx, other)
    change = owed(tx, "change", person_id=county.liu, choices=_OTHER, updates_id=card)
    assert shown(tx, county.liu)[1] == ["接办", "转办", "退回"]
    arrives(tx, change, "m1")

    newest, changed = tx.outbox.shown(county.liu)

    assert (newest.is_answer, [each.label for each in newest.choices]) == (False, ["接办", "转办", "退回"])
    assert (changed.is_answer, [each.label for each in changed.choices]) == (True, ["照旧"])
    assert changed.sent_at == _LATER
    assert len(tx.outbox.shown(county.liu, most=1)) == 1


def test_a_change_that_could_not_be_made_leaves_the_message_as_it_was(tx: Tx, county: County) -> None:
    card = owed(tx, "card", person_id=county.liu, choices=CARD)
    arrives(tx, card, "m1")
    arrives(tx, owed(tx, "change", person_id=county.liu, choices=_OTHER, updates_id=card), "")

    assert shown(tx, county.liu) == [["接办", "转办", "退回"]]


def test_only_questions_of_a_round_that_is_over_end_with_it(tx: Tx) -> None:
    def add(key: str, subject: str, lane: Lane, made_at: object = NOW) -> int:
        assert tx.outbox.add(Letter(key, LIU, key, NOW, subject=subject, lane=lane), made_at)  # type: ignore[arg-type]
        return tx.connection.exec_driver_sql("SELECT max(id) FROM outbox").scalar_one()

    over = add("over", "prompt:1", Lane.ROUND)
    answer = add("answer", "prompt:1", Lane.NOW)
    card = add("card", "problem:1", Lane.ROUND)
    new = add("new", "prompt:2", Lane.ROUND, _LATER)

    tx.outbox.lapse(_LATER)

    assert [state(tx, each) for each in (over, answer, card, new)] == ["superseded"] + ["waiting"] * 3


def test_the_cards_that_wait_for_somebody_to_join_are_theirs_and_are_cards(tx: Tx, county: County) -> None:
    nowhere = Address("", "")
    card = owed(tx, "card", nowhere, person_id=county.sun, subject="problem:12")
    owed(tx, "question", nowhere, person_id=county.sun, subject="prompt:12")
    owed(tx, "of another", nowhere, person_id=county.liu, subject="problem:13")
    owed(tx, "on its way", LIU, person_id=county.sun, subject="problem:14")
    tx.outbox.supersede([owed(tx, "taken back", nowhere, person_id=county.sun, subject="problem:15")])

    assert tx.outbox.waiting_cards(county.sun) == {card: 12}


def test_when_a_slot_was_filled_is_known(tx: Tx) -> None:
    owed(tx, "card", due_at=_LATER)

    assert tx.outbox.made("card") == NOW
    assert tx.outbox.made("another") is None


def where(tx: Tx, letter_id: int) -> tuple[str, str, str]:
    row = tx.outbox.get(letter_id)
    assert row is not None
    return row.platform, row.chat, row.topic


def test_only_what_waits_for_the_chat_that_moved_moves_along(tx: Tx) -> None:
    mine, another, elsewhere = (owed(tx, f"{to}", to) for to in (LIU, WANG, Address("other", "liu")))

    tx.outbox.move("fake", "liu", "new")

    assert [where(tx, each)[1] for each in (mine, another, elsewhere)] == ["new", "wang", "liu"]


def test_an_address_is_taken_whole_and_given_up_whole(tx: Tx, county: County) -> None:
    letter = owed(tx, "card", Address("", ""), person_id=county.liu)
    tx.outbox.address(county.liu, Address("fake", "liu", "7"))
    assert where(tx, letter) == ("fake", "liu", "7")

    assert tx.outbox.recall("fake", "liu") == {county.liu}

    assert where(tx, letter) == ("", "", "")


def test_what_waits_on_the_chosen_platform_stays_in_its_chat(tx: Tx, county: County) -> None:
    there = owed(tx, "there", Address("other", "second"), person_id=county.liu)
    here = owed(tx, "here", LIU, person_id=county.liu)

    tx.outbox.redirect(county.liu, Address("other", "first"))

    assert [where(tx, each)[1] for each in (there, here)] == ["second", "first"]


def test_nothing_gives_way_to_a_letter_about_nothing(tx: Tx, county: County) -> None:
    old = owed(tx, "old", person_id=county.liu)
    card = owed(tx, "card", person_id=county.liu, subject="problem:1")

    tx.outbox.give_way([Letter("new", LIU, "new", NOW, person_id=county.liu)])
    assert (state(tx, old), state(tx, card)) == ("waiting", "waiting")

    tx.outbox.give_way([Letter("new", LIU, "new", NOW, person_id=county.liu, subject="problem:1")])
    assert (state(tx, old), state(tx, card)) == ("waiting", "superseded")


def test_only_older_letters_to_the_same_person_that_wait_give_way(tx: Tx, county: County) -> None:
    def card(key: str, **values: Any) -> int:
        shared: dict[str, Any] = {"person_id": county.liu, "subject": "problem:1"}
        return owed(tx, key, **shared | values)

    sent = card("sent")
    delivered(tx, sent)
    change = card("change", updates_id=sent)
    others = card("to another", person_id=county.sun)
    waiting, new = card("waiting"), card("new")

    tx.outbox.give_way([Letter("new", LIU, "new", NOW, person_id=county.liu, subject="problem:1")])

    assert [state(tx, each) for each in (sent, change, others, new)] == ["sent", *["waiting"] * 3]
    assert state(tx, waiting) == "superseded"


def test_the_cards_of_whom_nothing_reaches_wait_without_an_address(tx: Tx, county: County) -> None:
    here = Address("fake", "liu", "7")
    card = owed(tx, "card", here, person_id=county.liu, subject="problem:1")
    question = owed(tx, "question", here, person_id=county.liu, subject="prompt:1")
    another = owed(tx, "another", WANG, person_id=county.wang, subject="problem:1")
    same_name = owed(tx, "same name", Address("other", "liu"), person_id=county.wang, subject="problem:1")
    unaddressed = owed(tx, "group", here, subject="problem:2", in_group=True)

    assert tx.outbox.unaddress("fake", "liu") == {county.liu}

    assert where(tx, card) == where(tx, unaddressed) == ("", "", "")
    assert [state(tx, each) for each in (card, question, another)] == ["waiting", "failed", "waiting"]
    assert [where(tx, each)[1] for each in (another, same_name)] == ["wang", "liu"]


def test_who_joins_gets_what_waits_and_not_what_was_taken_back(tx: Tx, county: County) -> None:
    nowhere = Address("", "")
    back = owed(tx, "back", nowhere, person_id=county.liu)
    tx.outbox.supersede([back])
    waiting = owed(tx, "waiting", nowhere, person_id=county.liu)

    assert tx.outbox.address(county.liu, LIU) == 1
    assert [where(tx, each)[1] for each in (back, waiting)] == ["", "liu"]


def test_only_what_is_owed_to_them_follows_whoever_chose_a_platform(tx: Tx, county: County) -> None:
    another = owed(tx, "another", WANG, person_id=county.wang)
    group = owed(tx, "group", WANG, person_id=county.liu, in_group=True)
    gone = owed(tx, "gone", person_id=county.liu)
    delivered(tx, gone)
    late = owed(tx, "late", WANG, person_id=county.wang)

    tx.outbox.redirect(county.liu, Address("other", "first"))

    assert [where(tx, each)[0] for each in (another, group, gone, late)] == ["fake"] * 4


def test_the_place_of_a_button_may_be_as_long_as_somebody_forges_it(tx: Tx, county: County) -> None:
    letter = owed(tx, "card", person_id=county.liu, choices=CARD)
    row = tx.outbox.get(letter)

    assert row is not None
    assert tx.outbox.pressed(f"{row.token}.{'9' * 5_000}") is None
    assert tx.outbox.pressed(f"{row.token}.3") is None
    assert tx.outbox.pressed(f"{row.token}.2") is not None
