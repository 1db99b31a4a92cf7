"""What somebody has before them, and what is over: the outbox as those see it who read and type."""

from datetime import timedelta

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
    nowhere = type(LIU)("", "")
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
