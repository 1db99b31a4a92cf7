"""Open questions and numbered lists: one of each a person, the newer in the place of the older."""

from storage.conversations import Question
from storage.tx import Tx
from tests.storage.county import HOUR, NOW, County


def test_a_newer_question_takes_the_place_of_the_older(tx: Tx, county: County) -> None:
    assert tx.conversations.open(county.liu) is None

    tx.conversations.ask(county.liu, "figure", NOW, project=1, text="62")
    tx.conversations.ask(county.liu, "category", NOW + HOUR, problem=2)
    tx.conversations.ask(county.wang, "figure", NOW)

    assert tx.conversations.open(county.liu) == Question("category", {"problem": 2}, NOW + HOUR)
    assert tx.conversations.open(county.wang) == Question("figure", {}, NOW)


def test_a_question_that_was_answered_is_no_longer_open(tx: Tx, county: County) -> None:
    for person in (county.liu, county.wang):
        tx.conversations.ask(person, "figure", NOW)

    tx.conversations.end(county.liu)
    tx.conversations.end(county.liu)

    assert tx.conversations.open(county.liu) is None
    assert tx.conversations.open(county.wang) is not None


def test_a_number_means_the_list_last_sent(tx: Tx, county: County) -> None:
    assert tx.conversations.listed(county.liu) == []

    tx.conversations.list({county.liu: [county.soda, county.pump]}, NOW)
    tx.conversations.list({county.liu: [county.bridge, county.soda]}, NOW + HOUR)

    assert tx.conversations.listed(county.liu) == [county.bridge, county.soda]
    assert tx.conversations.listed(county.wang) == []
