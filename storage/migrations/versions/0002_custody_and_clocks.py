"""Clocks and a ladder for every problem; leave, handover, requests, confirmations, common problems."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)

revision = "0002"
down_revision = "0001"

_MOMENT = DateTime(timezone=True)


def upgrade() -> None:
    """Add what keeps a problem moving; problems that are there already get clocks at the next start."""
    _people()
    _commons()
    _problems()
    _around_problems()


def _people() -> None:
    op.create_table(
        "leaves",
        _id(),
        _to("people", "person_id"),
        Column("first", Date, nullable=False),
        Column("last", Date, nullable=False),
        _to("people", "substitute_id"),
        _to("people", "by_id"),
        Column("at", _MOMENT, nullable=False),
        Column("cancelled_at", _MOMENT),
        Index("ix_leaves_person_id_leaves_last", "person_id", "last"),
        Index("ix_leaves_substitute_id_leaves_last", "substitute_id", "last"),
        Index("ix_leaves_last", "last"),
    )
    op.create_table(
        "handovers",
        _id(),
        _to("people", "from_id"),
        _to("people", "to_id"),
        _to("people", "by_id", nullable=True),
        Column("at", _MOMENT, nullable=False),
        Column("projects", Integer, nullable=False),
        Column("problems", Integer, nullable=False),
        Column("given_at", _MOMENT),
        Column("taken_at", _MOMENT),
    )


def _commons() -> None:
    op.create_table(
        "commons",
        _id(),
        Column("category", String, nullable=False),
        _to("people", "holder_id"),
        Column("state", String, nullable=False),
        Column("at", _MOMENT, nullable=False),
        _to("people", "decided_by", nullable=True),
        Column("decided_at", _MOMENT),
        Index("ix_commons_holder_id_commons_category", "holder_id", "category"),
    )


def _problems() -> None:
    added = (
        _to("people", "confirmer_id", nullable=True),
        Column("began_at", _MOMENT),
        Column("held_since", _MOMENT),
        Column("first_due", _MOMENT),
        Column("extensions", Integer, nullable=False, server_default="0"),
        Column("paused_at", _MOMENT),
        Column("question", String, nullable=False, server_default=""),
        Column("snoozed_until", _MOMENT),
        Column("snoozes", Integer, nullable=False, server_default="0"),
        Column("level", Integer, nullable=False, server_default="0"),
        Column("step", Integer, nullable=False, server_default="0"),
        Column("late_step", Integer, nullable=False, server_default="0"),
        Column("rung_at", _MOMENT),
        Column("next_rung", String, nullable=False, server_default=""),
        Column("next_at", _MOMENT),
        _to("commons", "common_id", nullable=True),
    )
    with op.batch_alter_table("problems") as batch:
        for column in added:
            batch.add_column(column)
    op.execute(
        "UPDATE problems SET confirmer_id = reporter_id, began_at = opened_at, first_due = solve_due, "
        "held_since = coalesce((SELECT max(since) FROM custody WHERE problem_id = problems.id), opened_at), "
        # Due at once: the first beat winds the clocks of what is open.
        "next_at = CASE WHEN state IN ('待接办', '办理中', '待确认') THEN opened_at END"
    )
    with op.batch_alter_table("problems") as batch:
        for name in ("confirmer_id", "began_at", "held_since"):
            batch.alter_column(name, nullable=False)
        batch.drop_index("ix_problems_reporter_id_problems_state")
        batch.create_index("ix_problems_reporter_id", ["reporter_id"])
        batch.create_index("ix_problems_confirmer_id_problems_state", ["confirmer_id", "state"])
    _index("ix_problems_next_at", "problems", "next_at", only="next_at IS NOT NULL")
    _index("ix_problems_common_id", "problems", "common_id", only="common_id IS NOT NULL")


def _around_problems() -> None:
    op.create_table(
        "escalations",
        _id(),
        _to("problems", "problem_id"),
        Column("generation", Integer, nullable=False),
        Column("level", Integer, nullable=False),
        Column("rung", String, nullable=False),
        Column("at", _MOMENT, nullable=False),
        UniqueConstraint("problem_id", "generation", "level"),
        Index("ix_escalations_at", "at"),
    )
    op.create_table(
        "escalation_notices",
        _to("escalations", "escalation_id", primary_key=True),
        _to("people", "person_id", primary_key=True),
        Column("told_at", _MOMENT),
    )
    _index("ix_escalation_notices_untold", "escalation_notices", "person_id", only="told_at IS NULL")
    op.create_table(
        "requests",
        _id(),
        _to("problems", "problem_id"),
        Column("generation", Integer, nullable=False),
        Column("kind", String, nullable=False),
        _to("people", "asker_id", nullable=True),
        _to("people", "to_id", nullable=True),
        Column("until", Date),
        Column("text", Text, nullable=False),
        Column("at", _MOMENT, nullable=False),
        Column("answer", String, nullable=False, server_default=""),
        Column("words", String, nullable=False, server_default=""),
        _to("people", "answered_by", nullable=True),
        Column("answered_at", _MOMENT),
        Index("ix_requests_problem_id", "problem_id"),
        Index("ix_requests_to_id", "to_id"),
    )
    _index("ix_requests_pending", "requests", "to_id", only="answer = ''")
    op.create_table(
        "confirmations",
        _to("problems", "problem_id", primary_key=True),
        Column("generation", Integer, primary_key=True),
        _to("people", "person_id", primary_key=True),
        Column("at", _MOMENT, nullable=False),
    )


def _id() -> Column[int]:
    return Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)


def _to(table: str, column: str, *, nullable: bool = False, primary_key: bool = False) -> Column[int]:
    number = BigInteger().with_variant(Integer(), "sqlite")
    return Column(column, number, ForeignKey(f"{table}.id"), nullable=nullable, primary_key=primary_key)


def _index(name: str, table: str, *columns: str, only: str) -> None:
    where = text(only)
    op.create_index(name, table, list(columns), sqlite_where=where, postgresql_where=where)
