"""What must hold of the rows, asked in SQL: by `liaison verify`, the weekly rehearsal and the tests."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    String,
    cast,
    func,
    literal,
    or_,
    select,
)

from bot.domain.problems import OPEN
from storage.tables import (
    custody,
    dead_letters,
    escalations,
    inbox,
    metadata,
    missives,
    outbox,
    problems,
    prompts,
    reports,
    rounds,
    stage_moves,
)

_MOST = 5
"""So many of one kind are named; a ruined table has thousands."""

_ENDS = ("waiting", "claimed", "sent", "superseded", "failed")
_open = problems.c.state.in_([str(state) for state in OPEN])


def _text(*parts: ColumnElement[object] | str) -> ColumnElement[str]:
    told: ColumnElement[str] = literal("")
    for part in parts:
        told = told.concat(literal(part) if isinstance(part, str) else cast(part, String))
    return told


def _unlike(
    of: FromClause, by: tuple[str, ...], count: str, where: ColumnElement[bool] | None = None
) -> Select[Any]:
    """Return the groups of rows whose numbers do not run from 1 without a gap."""
    names = [of.c[name] for name in by]
    told = [part for name in names for part in (name, " ")]
    asked = select(_text(*told, func.max(of.c[count]))).group_by(*names)
    return (asked.where(where) if where is not None else asked).having(
        or_(func.min(of.c[count]) != 1, func.max(of.c[count]) != func.count())
    )


_in_hand = (custody.c.problem_id == problems.c.id, custody.c.until.is_(None))
_held = select(custody.c.id).where(*_in_hand)

INVARIANTS: dict[str, Select[Any]] = {
    "a message is in a state that does not exist": select(_text(outbox.c.key, " ", outbox.c.state)).where(
        outbox.c.state.not_in(_ENDS)
    ),
    "a message was sent, and nobody knows when": select(outbox.c.key).where(
        outbox.c.state == "sent", outbox.c.sent_at.is_(None)
    ),
    "a message is on its way with nobody who carries it": select(outbox.c.key).where(
        outbox.c.state == "claimed", or_(outbox.c.leased_until.is_(None), outbox.c.platform == "")
    ),
    "what could not be handled was not kept": select(inbox.c.key).where(
        inbox.c.state == "dead", ~select(dead_letters.c.id).where(dead_letters.c.key == inbox.c.key).exists()
    ),
    "a liaison was asked twice on a day": select(_text(prompts.c.person_id, " ", prompts.c.day))
    .group_by(prompts.c.person_id, prompts.c.day)
    .having(func.count() > 1),
    "a liaison was asked on a day without a round": select(
        _text(prompts.c.person_id, " ", prompts.c.day)
    ).where(~select(rounds.c.day).where(rounds.c.day == prompts.c.day).exists()),
    "versions of a report are missing": _unlike(reports, ("project_id", "day"), "version"),
    "a day's report does not count exactly once": select(_text(reports.c.project_id, " ", reports.c.day))
    .where(reports.c.current)
    .group_by(reports.c.project_id, reports.c.day)
    .having(func.count() > 1),
    "levels of an escalation are missing or twice": _unlike(
        escalations, ("problem_id", "generation"), "level"
    ),
    "an open problem is not in one hand": select(problems.c.number).where(
        _open,
        or_(
            select(func.count(custody.c.id)).where(*_in_hand).scalar_subquery() != 1,
            ~_held.where(
                custody.c.person_id == problems.c.holder_id, custody.c.generation == problems.c.generation
            ).exists(),
        ),
    ),
    "a closed problem is in somebody's hand": select(problems.c.number).where(~_open, _held.exists()),
    "a rung without a moment": select(problems.c.number).where(
        problems.c.next_at.is_(None), problems.c.next_rung != ""
    ),
    "numbers of letters are missing": _unlike(
        missives, ("kind", "year"), "sequence", missives.c.sequence.is_not(None)
    ),
    "numbers of changes are missing": _unlike(
        stage_moves, ("year",), "sequence", stage_moves.c.sequence.is_not(None)
    ),
}
"""What would be wrong, and the rows that are."""


def broken(connection: Connection) -> Iterator[str]:
    """Yield a sentence for each thing that does not hold, with the first rows that it is about."""
    for wrong, rows in INVARIANTS.items():
        if found := list(connection.execute(rows.limit(_MOST)).scalars()):
            yield f"{wrong}: {', '.join(map(str, found))}"


def rows_in(connection: Connection) -> int:
    """Return how many rows there are in all."""
    return sum(
        connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in metadata.sorted_tables
    )
