"""What a county's rows say, to be held against another's that should say the same."""

from collections.abc import Collection

from sqlalchemy import select

from storage import tables
from storage.invariants import broken
from storage.tx import Tx

ROWS: dict[str, tuple[str, ...]] = {
    "reports": ("project_id", "day", "version", "current", "kind", "text", "permille", "cumulative"),
    "problems": ("number", "state", "generation", "holder_id", "confirmer_id", "level", "solve_due", "text"),
    "custody": ("problem_id", "generation", "person_id", "since", "until", "ended"),
    "escalations": ("problem_id", "generation", "level", "rung", "at"),
    "prompts": ("person_id", "day", "projects"),
    "leaves": ("person_id", "first", "last", "substitute_id", "cancelled_at"),
    "conversations": ("person_id", "topic"),
    "audit": ("at", "actor_id", "action", "subject"),
    "outbox": ("key", "person_id", "chat", "lane", "due_at", "state", "text"),
    "dead_letters": ("key",),
}  # fmt: skip


def told(tx: Tx, but: Collection[str] = ()) -> dict[str, list[str]]:
    """Return what the rows say, in no order, without the ids that it falls to them to have."""
    assert list(broken(tx.connection)) == []
    found = {}
    for name, columns in ROWS.items():
        if name in but:
            continue
        table = tables.metadata.tables[name]
        rows = tx.connection.execute(select(*(table.c[column] for column in columns)))
        found[name] = sorted(str(tuple(row)) for row in rows)
    return found
