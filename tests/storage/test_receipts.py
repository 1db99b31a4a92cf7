"""What was handed to whom, and that they have read it."""

from sqlalchemy import insert

from storage import tables
from storage.tx import Tx
from tests.storage.county import DAY, NOW, County

PAPER = "bulletin:1"


def test_something_goes_to_each_once_and_is_signed_for_once(tx: Tx, county: County) -> None:
    assert tx.receipts.hand(PAPER, [county.liu], NOW)
    assert tx.receipts.hand(PAPER, [county.liu, county.wang], NOW)
    assert not tx.receipts.hand(PAPER, [county.liu, county.wang], NOW)

    assert tx.receipts.sign(PAPER, [county.liu], NOW + DAY)
    assert not tx.receipts.sign(PAPER, [county.liu], NOW + 2 * DAY)
    assert tx.receipts.of(PAPER) == {county.liu: NOW + DAY, county.wang: None}


def test_nobody_signs_for_what_they_were_not_handed(tx: Tx, county: County) -> None:
    tx.receipts.hand(PAPER, [county.liu], NOW)

    assert not tx.receipts.sign(PAPER, [county.wang], NOW)
    assert not tx.receipts.sign("missive:1", [county.liu], NOW)
    assert tx.receipts.sign(PAPER, [county.wang, county.liu], NOW)
    assert tx.receipts.of(PAPER) == {county.liu: NOW}


def test_who_handed_their_work_over_since_has_handed_it_on(tx: Tx, county: County) -> None:
    tx.receipts.hand(PAPER, [county.liu, county.wang], NOW)
    for giver, taker, days in ((county.liu, county.chen, -1), (county.wang, county.chen, 1)):
        row = {"from_id": giver, "to_id": taker, "at": NOW + days * DAY, "projects": 0, "problems": 0}
        tx.connection.execute(insert(tables.handovers), row)

    assert tx.receipts.handed_on(PAPER) == {county.wang}
