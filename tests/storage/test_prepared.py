from datetime import UTC, date, datetime

import pytest
from sqlalchemy import bindparam, event, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError, NoResultFound

from storage.prepared import Prepared
from storage.store import Store
from storage.tables import audit, inbox, people, projects, prompts
from storage.tx import Tx

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)

_ADMIT = Prepared(insert(inbox))
_KEYS = select(inbox).where(inbox.c.key.in_(bindparam("of", expanding=True))).order_by(inbox.c.key)
_AMONG = Prepared(_KEYS, "of")
_STATE = Prepared(
    update(inbox)
    .where(inbox.c.key == bindparam("of"), inbox.c.state.in_(("done", "dead")))
    .values(state=bindparam("as_state"))
)


def _admitted(tx: Tx, *keys: str) -> None:
    _ADMIT.run_each(tx.connection, [{"key": key, "at": AT, "state": "done"} for key in keys])


async def test_rows_are_those_that_sqlalchemy_reads(store: Store) -> None:
    def work(tx: Tx) -> None:
        _admitted(tx, "a", "b", "c", "d")
        row = {"id": 7, "number": "P-7", "name": "纯碱扩建", "kind": "在建", "stage": "落地开工"}
        tx.connection.execute(insert(projects), row | {"start_on": date(2026, 1, 1)})
        tx.connection.execute(insert(people), {"id": 7, "name": "刘敏"})
        asked = {"person_id": 7, "day": AT.date(), "projects": [7, 8], "asked_at": AT}
        tx.connection.execute(insert(prompts), asked)

        for table in (inbox, projects, people, prompts):
            known = [tuple(row) for row in tx.connection.execute(select(table))]
            assert [tuple(row) for row in Prepared(select(table)).all(tx.connection)] == known
        for given in ([], ["a"], ["a", "c"], ["a", "c", "d"]):
            known = [tuple(row) for row in tx.connection.execute(_KEYS, {"of": given})]
            assert [tuple(row) for row in _AMONG.all(tx.connection, of=given)] == known
            assert [row.key for row in _AMONG.all(tx.connection, of=given)] == given

    await store.perform(work)


async def test_what_was_changed_is_counted(store: Store) -> None:
    def work(tx: Tx) -> None:
        _admitted(tx, "a", "b")

        assert _STATE.run(tx.connection, of="a", as_state="lost") == 1
        assert _STATE.run(tx.connection, of="a", as_state="dead") == 0

    await store.perform(work)


async def test_a_reader_answers_as_well(store: Store) -> None:
    await store.perform(lambda tx: _admitted(tx, "a", "b"))

    found = await store.read(lambda tx: _AMONG.all(tx.connection, of=["a", "b", "x"]))

    assert [(row.key, row.at) for row in found] == [("a", AT), ("b", AT)]


async def test_errors_are_those_of_sqlalchemy_and_tell_no_values(store: Store) -> None:
    def twice(tx: Tx) -> None:
        _admitted(tx, "secret", "secret")

    with pytest.raises(IntegrityError) as caught:
        await store.perform(twice)

    assert "'secret'" not in str(caught.value).replace(str(caught.value.orig), "")
    assert await store.read(lambda tx: _AMONG.all(tx.connection, of=["secret"])) == []


async def test_a_statement_that_fails_in_the_driver_leaves_the_transaction_usable(store: Store) -> None:
    with pytest.raises((DBAPIError, OverflowError)):
        await store.perform(lambda tx: tx.projects.get(2**70))

    assert await store.perform(lambda tx: tx.inbox.admit("b", AT))


async def test_values_that_are_asked_for_must_be_given_and_no_others(store: Store) -> None:
    for wrong in ({}, {"of": ["a"], "more": 1}):
        with pytest.raises((KeyError, TypeError)):
            await store.perform(lambda tx, given=wrong: Prepared(_KEYS, "of").all(tx.connection, **given))  # type: ignore[misc]
    with pytest.raises(NoResultFound):
        await store.perform(lambda tx: tx.people.get(404))


async def test_many_rows_are_added_in_their_order_with_all_that_they_hold(store: Store) -> None:
    said = ['a "quoted" \\ word', "{1,2}", "NULL", "", "第1行\n第2行"]
    trail = [
        {"at": AT, "actor_id": None, "action": "a", "subject": words, "detail": {"a": [1, None]}, "hash": "h"}
        for words in said
    ]
    asked = [
        {"person_id": n, "day": AT.date(), "projects": of, "asked_at": AT}
        for n, of in ((1, [1]), (2, [2, 2]), (70_000, [7]))
    ]
    once = {
        "sqlite": Prepared(sqlite.insert(prompts).on_conflict_do_nothing()),
        "postgresql": Prepared(postgresql.insert(prompts).on_conflict_do_nothing()),
    }

    def work(tx: Tx) -> None:
        kind = tx.connection.dialect.name
        tx.connection.execute(insert(people), [{"id": each["person_id"], "name": "刘敏"} for each in asked])
        Prepared(insert(audit)).run_each(tx.connection, trail)
        once[kind].run_each(tx.connection, asked[:1])
        once[kind].run_each(tx.connection, asked)

    await store.perform(work)

    written = await store.read(lambda tx: tx.connection.execute(select(audit).order_by(audit.c.id)).all())
    found = await store.read(lambda tx: tx.connection.execute(select(prompts)).all())
    assert [(row.subject, row.detail, row.actor_id, row.at) for row in written] == [
        (each["subject"], each["detail"], None, AT) for each in trail
    ]
    assert [(row.person_id, row.projects) for row in found] == [(1, [1]), (2, [2, 2]), (70_000, [7])]


async def test_a_statement_has_few_forms_and_on_postgresql_one(store: Store) -> None:
    heard: set[str] = set()
    among = Prepared(_KEYS, "of")

    def listen(_: object, __: object, statement: str, *___: object) -> None:
        heard.add(statement)

    def work(tx: Tx) -> str:
        event.listen(tx.connection, "before_cursor_execute", listen)
        for many in (0, 1, 3, 4, 65, 128):
            among.all(tx.connection, of=[str(n) for n in range(many)])
        event.remove(tx.connection, "before_cursor_execute", listen)
        return tx.connection.dialect.name

    kind = await store.perform(work)

    assert len(heard) == {"sqlite": 4, "postgresql": 1}[kind]


async def test_what_is_in_no_list_is_found(store: Store) -> None:
    others = Prepared(select(inbox.c.key).where(inbox.c.key.not_in(bindparam("of", expanding=True))), "of")

    def work(tx: Tx) -> None:
        _admitted(tx, "a", "b", "c")
        for given in ([], ["a"], ["a", "c"], ["x", "y", "z"]):
            found = {row.key for row in others.all(tx.connection, of=given)}
            assert found == {"a", "b", "c"} - set(given)

    await store.perform(work)


async def test_listeners_hear_of_it(store: Store) -> None:
    heard: list[str] = []

    def listen(_: object, __: object, statement: str, *___: object) -> None:
        heard.append(statement)

    def work(tx: Tx) -> None:
        event.listen(tx.connection, "before_cursor_execute", listen)
        _admitted(tx, "a")
        event.remove(tx.connection, "before_cursor_execute", listen)

    await store.perform(work)

    (statement,) = heard
    assert statement.startswith("INSERT INTO inbox")
