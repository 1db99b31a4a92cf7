"""What reached us: once, and nothing lost that could not be handled."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from storage import tables
from storage.tx import Tx
from tests.storage.county import DAY, NOW


def test_the_same_thing_is_let_in_once(tx: Tx) -> None:
    assert tx.inbox.admit("telegram:1", NOW)
    assert not tx.inbox.admit("telegram:1", NOW + DAY)
    assert tx.inbox.admit("telegram:2", NOW)


def test_what_could_not_be_handled_is_kept_whole_once_and_never_let_in_again(tx: Tx) -> None:
    raw = {"text": "用地", "at": NOW}
    assert tx.inbox.bury("telegram:1", "telegram", raw, "ValueError", NOW)
    assert not tx.inbox.bury("telegram:1", "telegram", raw, "ValueError", NOW)
    assert tx.inbox.bury("telegram:2", "telegram", "{broken", "not JSON", NOW)

    assert not tx.inbox.admit("telegram:1", NOW)
    assert tx.inbox.buried() == 2
    kept = tx.connection.execute(
        select(tables.dead_letters.c.raw).order_by(tables.dead_letters.c.id)
    ).scalars()
    assert [json.loads(next(kept))["text"], next(kept)] == ["用地", "{broken"]


def test_what_was_let_in_before_can_still_be_buried(tx: Tx) -> None:
    tx.inbox.admit("telegram:1", NOW)

    assert tx.inbox.bury("telegram:1", "telegram", "x", "reason", NOW)

    kept = tx.connection.execute(select(tables.inbox)).all()
    assert [(row.key, row.state) for row in kept] == [("telegram:1", "dead")]


def test_old_keys_are_forgotten_and_new_ones_are_not(tx: Tx) -> None:
    tx.inbox.admit("old", NOW - DAY)
    tx.inbox.admit("new", NOW)

    assert tx.inbox.forget(NOW) == 1
    assert tx.inbox.admit("old", NOW)
    assert not tx.inbox.admit("new", NOW)


@pytest.mark.parametrize(
    ("before", "after", "missing"),
    [
        ((1000, 998), (), None),
        ((1000, 998), (1302, 1301), 300),
        ((1000,), (1001,), 0),
        ((1000,), (7,), 0),
        ((), (7,), 0),
    ],
)
def test_the_numbers_of_a_platform_tell_how_much_did_not_come(
    tx: Tx, before: tuple[int, ...], after: tuple[int, ...], missing: int | None
) -> None:
    for numbers, at in ((before, NOW), (after, NOW + timedelta(hours=25))):
        for number in numbers:
            tx.inbox.admit(f"telegram:42:{number}", at)
        tx.inbox.admit(f"wecom:{at:%d}9999", at)

    assert tx.inbox.missing("telegram", NOW + timedelta(hours=1)) == missing
