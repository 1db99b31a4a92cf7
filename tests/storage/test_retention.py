"""FAULTS I22, SECURITY row 31: what is too old is found and dropped, on both databases."""

import os
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, select, update

from bot.chat import Address
from storage import tables
from storage.copies import drop_copies
from storage.letters import SENT, Letter
from storage.tx import Tx
from tests.storage.county import DAY, NOW, County

OLD, MOST = NOW - 400 * DAY, 200
BEFORE = NOW - 365 * DAY


def letter(tx: Tx, key: str, state: str, at: object = OLD) -> int:
    choices = ((("接办", "take:1"),),)
    tx.outbox.add(Letter(key, Address("fake", "chat"), "刘敏报来的事", NOW, choices), OLD)
    mine = tables.outbox.c.key == key
    tx.connection.execute(update(tables.outbox).where(mine).values(state=state, made_at=at))
    return tx.connection.execute(select(tables.outbox.c.id).where(mine)).scalar_one()


def test_row_31_an_old_letter_is_emptied_and_its_slot_stays_filled(tx: Tx) -> None:
    old = letter(tx, "old", "sent")
    letter(tx, "waiting", "waiting")
    letter(tx, "young", "sent", NOW)

    found = tx.expired.found("messages", BEFORE, None, MOST)
    tx.expired.drop("messages", found)

    assert found == [old]
    row = tx.outbox.get(old)
    assert row is not None
    assert (row.text, row.buttons, row.token, row.state) == ("", [], None, "sent")
    assert tx.outbox.has("old")
    assert tx.expired.found("messages", BEFORE, None, MOST) == []


def test_row_31_what_was_sent_in_hours_that_were_lost_stays_noted(tx: Tx) -> None:
    for key in ("telegram:1", f"{SENT}escalation:1:1:1:2"):
        tx.inbox.admit(key, OLD)

    assert tx.expired.found("inbox", BEFORE, None, MOST) == ["telegram:1"]


def test_row_31_each_look_goes_on_behind_the_one_before(tx: Tx) -> None:
    ids = [letter(tx, f"old{number}", "sent") for number in range(5)]

    first = tx.expired.found("messages", BEFORE, None, 3)
    then = tx.expired.found("messages", BEFORE, first[-1], 3)

    assert (first, then) == (ids[:3], ids[3:])


def test_row_31_who_came_back_keeps_what_they_have(tx: Tx, county: County) -> None:
    for person_id in (county.liu, county.wang):
        gone = update(tables.people).where(tables.people.c.id == person_id)
        tx.connection.execute(gone.values(active=False, phone="13900001111"))
        tx.audit.add(OLD, None, "roster.ended", f"person:{person_id}")
    tx.audit.add(NOW - DAY, None, "roster.ended", f"person:{county.wang}")
    tx.audit.settle()

    found = tx.expired.found("contacts", BEFORE, None, MOST)
    tx.expired.drop("contacts", [*found, county.chen])

    assert found == [county.liu]
    assert tx.contacts.of(county.liu) == []
    assert tx.contacts.of(county.wang) != []
    assert tx.contacts.of(county.chen) != []


def test_row_31_a_stranger_who_is_locked_out_is_remembered(tx: Tx) -> None:
    for account, told, locked in (
        ("old", OLD.date(), None),
        ("locked", OLD.date(), NOW + DAY),
        ("free", None, OLD),
        ("young", NOW.date(), None),
    ):
        row = {"platform": "fake", "account": account, "told_on": told, "locked_until": locked}
        tx.connection.execute(insert(tables.strangers).values(row))

    tx.expired.drop("strangers", tx.expired.found("strangers", BEFORE, None, MOST))

    left = tx.connection.execute(select(tables.strangers.c.account).order_by(tables.strangers.c.account))
    assert left.scalars().all() == ["locked", "young"]


def test_row_31_the_same_account_elsewhere_is_somebody_else(tx: Tx) -> None:
    for platform, day in (("telegram", OLD), ("wecom", NOW)):
        row = {"platform": platform, "account": "zhang", "told_on": day.date()}
        tx.connection.execute(insert(tables.strangers).values(row))

    found = tx.expired.found("strangers", BEFORE, None, MOST)
    tx.expired.drop("strangers", found)

    left = tx.connection.execute(select(tables.strangers.c.platform)).scalars().all()
    assert (len(found), left) == (1, ["wecom"])


def test_row_31_strangers_go_a_chunk_at_a_time(tx: Tx) -> None:
    for number in range(3):
        for platform in ("telegram", "wecom"):
            row = {"platform": platform, "account": str(number), "told_on": OLD.date()}
            tx.connection.execute(insert(tables.strangers).values(row))

    first = tx.expired.found("strangers", BEFORE, None, 4)
    second = tx.expired.found("strangers", BEFORE, first[-1], 4)

    assert (len(first), len(second), len({*first, *second})) == (4, 2, 6)


def test_row_31_the_bot_drops_the_copies_it_made_and_no_other(tmp_path: Path) -> None:
    names = (
        "liaison.db",
        "liaison.db.before-0004",
        "liaison.db.before-restore",
        "liaison.db.before-restore2",
    )
    for name in (*names, "backup.db", "other.db.before-0004"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (OLD.timestamp(), OLD.timestamp()))
    os.utime(tmp_path / "liaison.db.before-restore2", (NOW.timestamp(), NOW.timestamp()))

    dropped = drop_copies(tmp_path / "liaison.db", NOW - timedelta(days=365))

    assert dropped == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "backup.db",
        "liaison.db",
        "liaison.db.before-restore2",
        "other.db.before-0004",
    ]
