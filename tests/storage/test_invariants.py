"""What must hold of the rows: a county in order breaks no rule, and each rule finds what breaks it."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, insert, update

from bot.chat import Address
from storage import tables
from storage.invariants import broken
from storage.letters import Letter
from storage.tx import Tx
from tests.storage.county import NOW, TODAY, County, added, problem, report

Break = Callable[[Tx, County], object]


@pytest.fixture
def busy(tx: Tx, county: County) -> County:
    """The county after a morning: asked, answered, a problem that has climbed twice, a letter sent."""
    tx.rounds.open(TODAY, "asked", NOW)
    tx.rounds.ask({county.liu: [county.soda]}, TODAY, NOW)
    tx.reports.add(report(county.soda, county.liu, TODAY))
    tx.reports.add(report(county.soda, county.liu, TODAY, text="改了"))
    held = problem(tx, county)
    for level in (1, 2):
        added(tx, tables.escalations, problem_id=held.id, generation=1, level=level, rung="accept_1", at=NOW)
    tx.outbox.add(Letter("prompt:1", Address("fake", "liu"), "早上好", NOW, person_id=county.liu), NOW)
    return county


def test_a_county_in_order_breaks_no_rule(tx: Tx, busy: County) -> None:
    assert busy.liu

    assert list(broken(tx.connection)) == []


def changed(table: str, **values: object) -> Break:
    return lambda tx, _: tx.connection.execute(update(tables.metadata.tables[table]).values(**values))


def gone(table: str, **where: object) -> Break:
    def do(tx: Tx, _: County) -> None:
        rows = tables.metadata.tables[table]
        tx.connection.execute(delete(rows).where(*(rows.c[name] == value for name, value in where.items())))

    return do


def dead_without_a_letter(tx: Tx, _: County) -> None:
    tx.connection.execute(insert(tables.inbox).values(key="telegram:9", at=NOW, state="dead"))


def change_without_the_one_before(tx: Tx, county: County) -> None:
    values = {"project_id": county.soda, "step": "变更", "day": TODAY, "at": NOW}
    added(tx, tables.stage_moves, **values, year=2026, sequence=2)


def letter_without_the_one_before(tx: Tx, county: County) -> None:
    added(
        tx, tables.missives, slot="x", kind="交办函", project_id=county.soda, subject="s", text="t",
        state="已发", drafted_at=NOW, year=2026, sequence=2,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("do", "complaint"),
    [
        (changed("outbox", state="lost"), "in a state that does not exist: prompt:1 lost"),
        (changed("outbox", state="sent"), "nobody knows when: prompt:1"),
        (changed("outbox", state="claimed"), "nobody who carries it: prompt:1"),
        (dead_without_a_letter, "was not kept: telegram:9"),
        (gone("rounds", day=TODAY), "without a round: "),
        (gone("reports", version=1), "versions of a report are missing: "),
        (gone("escalations", level=1), "levels of an escalation are missing or twice: "),
        (changed("custody", until=NOW), "not in one hand: 2026-001"),
        (changed("custody", generation=2), "not in one hand: 2026-001"),
        (changed("problems", state="已销号"), "in somebody's hand: 2026-001"),
        (changed("problems", next_rung="accept_1"), "a rung without a moment: 2026-001"),
        (letter_without_the_one_before, "numbers of letters are missing: 交办函 2026 2"),
        (change_without_the_one_before, "numbers of changes are missing: 2026 2"),
    ],
)
def test_what_breaks_a_rule_is_found_and_named(tx: Tx, busy: County, do: Break, complaint: str) -> None:
    do(tx, busy)

    (told,) = broken(tx.connection)

    assert complaint in told
