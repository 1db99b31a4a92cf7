"""The trail: chained, complete, and not to be changed."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError, OperationalError

from storage import audit, dialects
from storage.audit import Step
from storage.store import Store
from storage.tx import Tx
from tests.storage.county import DAY, NOW, County


def told(tx: Tx, *actions: str) -> None:
    """Write entries, a second apart in the telling."""
    for action in actions:
        tx.audit.add(NOW, None, action, "problem:1", why="因为", deep={"2": [1.5, None]})
    tx.audit.settle()


def unsealed(tx: Tx) -> None:
    """Break the seal, as somebody with the file in hand could."""
    if tx.connection.dialect.name == "sqlite":
        tx.connection.exec_driver_sql("DROP TRIGGER audit_no_update")
        tx.connection.exec_driver_sql("DROP TRIGGER audit_no_delete")
    else:
        tx.connection.exec_driver_sql("DROP TRIGGER audit_sealed ON audit")


async def test_the_chain_holds_over_many_commits(store: Store) -> None:
    await asyncio.gather(
        *(store.perform(lambda tx: tx.audit.add(NOW, None, "seen", "x", n=1)) for _ in range(100))
    )
    await store.perform(lambda tx: tx.audit.add(NOW + DAY, None, "seen", "x"))

    assert await store.read(lambda tx: len(tx.audit.trail("x"))) == 101
    assert await store.read(lambda tx: tx.audit.broken_at()) is None


async def test_two_processes_write_one_chain(url: str) -> None:
    async with Store(url) as one, Store(url) as other:
        await asyncio.gather(
            *(
                store.perform(lambda tx: tx.audit.add(NOW, None, "seen", "x"))
                for _ in range(200)
                for store in (one, other)
            )
        )

        assert await one.read(lambda tx: tx.audit.broken_at()) is None
        assert await one.read(lambda tx: len(tx.audit.trail("x"))) == 400


@pytest.mark.postgresql
def test_who_adds_to_the_chain_waits_for_whoever_is_adding(postgresql_url: str) -> None:
    engine = dialects.writer_engine(dialects.parsed(postgresql_url))
    with engine.connect() as one, engine.connect() as other:
        for connection in (one, other):
            dialects.begin(connection, writing=True)
        told(Tx(one), "a")
        other.exec_driver_sql("SET lock_timeout = '50ms'")

        with pytest.raises(OperationalError, match="lock timeout"):
            told(Tx(other), "b")
    engine.dispose()


async def test_what_was_undone_leaves_no_entry_and_the_chain_holds(store: Store) -> None:
    def note(tx: Tx) -> None:
        tx.audit.add(NOW, None, "noted", "x")

    def fail(tx: Tx) -> None:
        tx.audit.add(NOW, None, "failed", "x")
        raise ValueError

    await asyncio.gather(*(store.perform(work) for work in (note, fail, note)), return_exceptions=True)

    assert [step.action for step in await store.read(lambda tx: tx.audit.trail("x"))] == ["noted", "noted"]
    assert await store.read(lambda tx: tx.audit.broken_at()) is None


@pytest.mark.parametrize(
    "deed",
    [
        "UPDATE audit SET detail = '{}' WHERE action = 'b'",
        "UPDATE audit SET action = 'x' WHERE action = 'b'",
        "UPDATE audit SET subject = 'problem:2' WHERE action = 'b'",
        "UPDATE audit SET at = '2020-01-01 00:00:00' WHERE action = 'b'",
    ],
)
def test_an_entry_that_was_changed_is_found(tx: Tx, deed: str) -> None:
    told(tx, "a", "b", "c")
    second = tx.audit.after(0, 10)[1].id
    assert tx.audit.broken_at() is None

    unsealed(tx)
    tx.connection.exec_driver_sql(deed)

    assert tx.audit.broken_at() == second


def test_an_entry_that_was_removed_is_found_at_the_next_one(tx: Tx) -> None:
    told(tx, "a", "b", "c")
    third = tx.audit.after(0, 10)[2].id

    unsealed(tx)
    tx.connection.exec_driver_sql("DELETE FROM audit WHERE action = 'b'")

    assert tx.audit.broken_at() == third


@pytest.mark.parametrize("deed", ["UPDATE audit SET action = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
def test_the_database_itself_refuses_to_change_the_trail(tx: Tx, deed: str) -> None:
    if deed.startswith("TRUNCATE") and tx.connection.dialect.name == "sqlite":
        deed = "DELETE FROM audit WHERE true"
    told(tx, "a")

    with pytest.raises(DBAPIError, match="the audit trail is never changed"):
        tx.connection.exec_driver_sql(deed)


def test_a_trail_longer_than_a_page_is_followed_to_its_end(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_PAGE", 2)
    told(tx, "a", "b", "c", "d", "e")
    assert tx.audit.broken_at() is None

    unsealed(tx)
    tx.connection.exec_driver_sql("UPDATE audit SET action = 'x' WHERE action = 'e'")

    assert tx.audit.broken_at() is not None


@pytest.mark.parametrize(
    "detail", [{"at": NOW}, {"share": float("nan")}, {"text": "\ud800"}, {"who": {"liu"}}]
)
async def test_what_cannot_be_written_is_refused_at_once_and_takes_nobody_down(
    store: Store, detail: dict[str, Any]
) -> None:
    works: list[Callable[[Tx], Any]] = [
        lambda tx: tx.inbox.admit("a", NOW),
        lambda tx: tx.audit.add(NOW, None, "odd", "x", **detail),
        lambda tx: tx.inbox.admit("b", NOW),
    ]

    outcomes = await asyncio.gather(*(store.perform(work) for work in works), return_exceptions=True)

    assert outcomes[0] is outcomes[2] is True
    assert isinstance(outcomes[1], TypeError | ValueError)
    assert await store.read(lambda tx: tx.audit.trail("x")) == []


def test_details_that_json_writes_otherwise_do_not_break_the_chain(tx: Tx) -> None:
    tx.audit.add(NOW, None, "odd", "x", by_day={10: (1, 2), 9: 0.1}, nul="\x00")
    tx.audit.settle()

    assert tx.audit.broken_at() is None
    assert tx.audit.trail("x")[0].detail == {"by_day": {"10": [1, 2], "9": 0.1}, "nul": "\x00"}


def test_a_trail_names_the_actors_and_shows_what_is_not_written_yet(tx: Tx, county: County) -> None:
    tx.audit.add(NOW, county.liu, "reported", "problem:1")
    tx.audit.settle()
    tx.audit.add(NOW + DAY, None, "reminded", "problem:1", level=1)
    tx.audit.add(NOW + DAY, county.sun, "took", "problem:1")
    tx.audit.add(NOW + DAY, county.sun, "took", "problem:2")

    assert tx.audit.trail("problem:1") == [
        Step(NOW, "刘敏", "reported", {}),
        Step(NOW + DAY, "", "reminded", {"level": 1}),
        Step(NOW + DAY, "孙立新", "took", {}),
    ]


def test_the_entries_after_one_come_in_order_and_no_more_than_asked_for(tx: Tx) -> None:
    told(tx, "a", "b", "c", "d")
    first = tx.audit.after(0, 1)[0].id

    assert [entry.action for entry in tx.audit.after(first, 2)] == ["b", "c"]


def test_nothing_to_write_writes_nothing(tx: Tx) -> None:
    tx.audit.settle()

    assert tx.audit.after(0, 1) == []


async def test_an_anchor_shows_that_the_end_was_cut_off(store: Store) -> None:
    def cut(tx: Tx) -> None:
        unsealed(tx)
        tx.connection.exec_driver_sql("DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)")

    assert await store.read(lambda tx: tx.audit.anchor()) == ""
    for _ in range(3):
        await store.perform(lambda tx: tx.audit.add(NOW, None, "seen", "x"))
    anchor = await store.read(lambda tx: tx.audit.anchor())
    await store.perform(lambda tx: tx.audit.add(NOW, None, "seen", "x"))
    assert await store.read(lambda tx: tx.audit.holds(f" {anchor.upper()} "))

    await store.perform(cut)
    assert await store.read(lambda tx: tx.audit.holds(anchor))
    await store.perform(lambda tx: tx.connection.exec_driver_sql("DELETE FROM audit WHERE id = 3"))

    assert await store.read(lambda tx: tx.audit.broken_at()) is None  # the chain knows nothing of it
    assert not await store.read(lambda tx: tx.audit.holds(anchor))


@pytest.mark.parametrize(
    "words", ["", "512", "512-3fa9", "512-3fa9c2d41bxx", "-3fa9c2d41b07", "1" * 30 + "-3fa9c2d41b07"]
)
def test_what_is_no_anchor_is_refused(tx: Tx, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}$"):
        tx.audit.holds(words)
