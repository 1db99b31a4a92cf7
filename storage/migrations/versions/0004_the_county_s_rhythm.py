"""The county's rhythm: papers, missives, visits, stages, ballots; tasks beside the problems."""

from itertools import groupby

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)

revision = "0004"
down_revision = "0003"

_MOMENT = DateTime(timezone=True)


def upgrade() -> None:
    """Add what papers, missives, visits and ballots need; whatever is there stays as it is."""
    with op.batch_alter_table("problems") as batch:
        batch.add_column(Column("nature", String, nullable=False, server_default="问题"))
        batch.add_column(Column("origin", String, nullable=False, server_default=""))
        batch.add_column(Column("promised", BigInteger))
        batch.add_column(Column("paid", BigInteger, nullable=False, server_default="0"))
    where = text("origin <> ''")
    op.create_index("ix_problems_origin", "problems", ["origin"], sqlite_where=where, postgresql_where=where)
    sent = text("sent_at IS NOT NULL")
    columns = ["platform", "sent_at"]
    op.create_index("ix_outbox_sent", "outbox", columns, sqlite_where=sent, postgresql_where=sent)
    changes, waiting = text("updates_id IS NOT NULL"), text("state = 'waiting'")
    op.drop_index("ix_outbox_updates", "outbox")
    op.create_index(
        "ix_outbox_updates", "outbox", ["updates_id"], sqlite_where=changes, postgresql_where=changes
    )
    columns = ["platform", "lane", "due_at", "id"]
    op.drop_index("ix_outbox_waiting", "outbox")
    op.create_index("ix_outbox_waiting", "outbox", columns, sqlite_where=waiting, postgresql_where=waiting)
    with op.batch_alter_table("delivery_pauses") as batch:
        batch.add_column(Column("until_heard", Boolean, nullable=False, server_default=text("false")))
    # Until now every one ended when somebody there wrote.
    op.execute("UPDATE delivery_pauses SET until_heard = true")
    with op.batch_alter_table("projects") as batch:
        batch.add_column(Column("tier", String, nullable=False, server_default=""))
    with op.batch_alter_table("reports") as batch:
        batch.add_column(Column("counted", Boolean, nullable=False, server_default=text("false")))
    # What counted earlier and does no more is asked about by no paper: none has been drafted yet.
    op.execute("UPDATE reports SET counted = current")
    _projects()
    _papers()
    _enterprises()
    op.create_table("pulse", _id(), Column("at", _MOMENT, nullable=False))
    op.create_table(
        "leases",
        Column("name", String, nullable=False, primary_key=True),
        Column("epoch", Integer, nullable=False),
        Column("beats", BigInteger, nullable=False),
        Column("mark", String, nullable=False, server_default=""),
        Column("holder", String, nullable=False, server_default=""),
    )
    op.create_index("ix_dead_letters_state", "dead_letters", ["state"])
    with op.batch_alter_table("dead_letters") as batch:
        batch.add_column(Column("cause", String, nullable=False, server_default=""))
    _order_words_alike()


def _projects() -> None:
    op.create_table(
        "stage_moves",
        _id(),
        _to("projects", "project_id"),
        Column("step", String, nullable=False),
        Column("what", String, nullable=False, server_default=""),
        Column("before", String, nullable=False, server_default=""),
        Column("after", String, nullable=False, server_default=""),
        Column("reason", String, nullable=False, server_default=""),
        Column("year", Integer),
        Column("sequence", Integer),
        Column("day", Date, nullable=False),
        _to("people", "asked_by", nullable=True),
        Column("at", _MOMENT, nullable=False),
        Column("offered_at", _MOMENT),
        Column("answer", String, nullable=False, server_default=""),
        _to("people", "decided_by", nullable=True),
        Column("decided_at", _MOMENT),
        UniqueConstraint("year", "sequence"),
        Index("ix_stage_moves_project_id", "project_id"),
        Index("ix_stage_moves_offered_at", "offered_at"),
        Index(
            "ix_stage_moves_pending",
            "at",
            sqlite_where=text("answer = ''"),
            postgresql_where=text("answer = ''"),
        ),
    )
    op.create_table(
        "elements",
        _to("projects", "project_id", primary_key=True),
        Column("element", String, primary_key=True),
        Column("text", Text, nullable=False),
        _to("people", "by_id"),
        Column("at", _MOMENT, nullable=False),
        Column("due", Date),
        Column("told_at", _MOMENT),
        Index(
            "ix_elements_due",
            "due",
            sqlite_where=text("told_at IS NULL AND due IS NOT NULL"),
            postgresql_where=text("told_at IS NULL AND due IS NOT NULL"),
        ),
    )
    op.create_table(
        "visits",
        _id(),
        _to("projects", "project_id"),
        _to("people", "person_id"),
        Column("day", Date, nullable=False),
        Column("planned_at", _MOMENT, nullable=False),
        Column("briefed_at", _MOMENT),
        Column("asked_at", _MOMENT),
        Column("done_at", _MOMENT),
        Column("outcome", String, nullable=False, server_default=""),
        Column("note", Text, nullable=False, server_default=""),
        UniqueConstraint("project_id", "person_id", "day"),
        Index("ix_visits_person_id_visits_day", "person_id", "day"),
        Index("ix_visits_day", "day"),
    )


def _papers() -> None:
    op.create_table(
        "rhythms",
        Column("key", String, primary_key=True),
        Column("done_through", Date, nullable=False),
        Column("since", _MOMENT, nullable=False),
        Column("retry_at", _MOMENT),
    )
    op.create_table(
        "orders",
        _id(),
        Column("key", String, nullable=False, unique=True),
        _to("people", "person_id"),
        Column("paper", String, nullable=False),
        Column("scope", String, nullable=False),
        Column("words", String, nullable=False, server_default=""),
        Column("at", _MOMENT, nullable=False),
        Column("done_at", _MOMENT),
        Index(
            "ix_orders_at",
            "at",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )
    op.create_table(
        "bulletins",
        _id(),
        Column("slot", String, nullable=False, unique=True),
        Column("form", String, nullable=False),
        Column("scope", String, nullable=False),
        Column("first", Date, nullable=False),
        Column("last", Date, nullable=False),
        Column("title", String, nullable=False),
        Column("state", String, nullable=False),
        Column("content", LargeBinary, nullable=False),
        Column("lines", Integer, nullable=False, server_default="0"),
        Column("personal", Boolean, nullable=False, server_default=text("false")),
        Column("says", String, nullable=False, server_default=""),
        Column("made_at", _MOMENT),
        Column("known_through", BigInteger, nullable=False, server_default="0"),
        Column("audience", JSON, nullable=False),
        Column("hold", Integer, nullable=False, server_default="0"),
        Column("version", Integer, nullable=False, server_default="1"),
        Column("printed", Integer, nullable=False, server_default="0"),
        Column("drafted_at", _MOMENT, nullable=False),
        _to("people", "decided_by", nullable=True),
        Column("decided_at", _MOMENT),
        Column("reason", String, nullable=False, server_default=""),
        Column("post_at", _MOMENT),
        Column("retry_at", _MOMENT),
        Column("posted_at", _MOMENT),
        Index("ix_bulletins_form_bulletins_last", "form", "last"),
        Index("ix_bulletins_state", "state"),
        Index(
            "ix_bulletins_post_at",
            "post_at",
            sqlite_where=text("posted_at IS NULL"),
            postgresql_where=text("posted_at IS NULL"),
        ),
    )
    op.create_table(
        "amendments",
        _id(),
        _to("bulletins", "bulletin_id"),
        Column("line", String, nullable=False),
        Column("figure", String, nullable=False),
        Column("was", JSON),
        Column("value", JSON),
        _to("people", "by_id"),
        Column("at", _MOMENT, nullable=False),
        Column("reason", String, nullable=False, server_default=""),
        Index("ix_amendments_bulletin_id", "bulletin_id"),
    )
    op.create_table(
        "objections",
        _id(),
        _to("bulletins", "bulletin_id"),
        _to("people", "person_id"),
        Column("text", Text, nullable=False),
        Column("at", _MOMENT, nullable=False),
        Column("answer", String, nullable=False, server_default=""),
        _to("people", "answered_by", nullable=True),
        Column("answered_at", _MOMENT),
        Index("ix_objections_bulletin_id", "bulletin_id"),
    )
    op.create_table(
        "receipts",
        Column("subject", String, primary_key=True),
        _to("people", "person_id", primary_key=True),
        Column("told_at", _MOMENT, nullable=False),
        Column("received_at", _MOMENT),
    )
    op.create_table(
        "missives",
        _id(),
        Column("slot", String, nullable=False, unique=True),
        Column("kind", String, nullable=False),
        Column("matter", String, nullable=False, server_default=""),
        Column("year", Integer),
        Column("sequence", Integer),
        _to("projects", "project_id", nullable=True),
        _to("units", "unit_id", nullable=True),
        Column("subject", String, nullable=False),
        Column("text", Text, nullable=False),
        Column("state", String, nullable=False),
        Column("version", Integer, nullable=False, server_default="1"),
        Column("drafted_at", _MOMENT, nullable=False),
        _to("people", "decided_by", nullable=True),
        Column("decided_at", _MOMENT),
        Column("reason", String, nullable=False, server_default=""),
        Column("reply_due", Date),
        Column("sent_at", _MOMENT),
        Column("received_at", _MOMENT),
        _to("people", "received_by", nullable=True),
        Column("replied_at", _MOMENT),
        _to("people", "replied_by", nullable=True),
        Column("reply", Text, nullable=False, server_default=""),
        Column("reminded_at", _MOMENT),
        Column("closed_at", _MOMENT),
        _to("problems", "problem_id", nullable=True),
        UniqueConstraint("kind", "year", "sequence"),
        Index("ix_missives_state", "state"),
        Index("ix_missives_project_id_missives_kind", "project_id", "kind"),
        Index("ix_missives_unit_id", "unit_id"),
    )


def _enterprises() -> None:
    op.create_table(
        "ballots",
        _id(),
        Column("title", String, nullable=False),
        Column("state", String, nullable=False),
        _to("people", "opened_by"),
        Column("opened_at", _MOMENT, nullable=False),
        Column("closes_at", _MOMENT, nullable=False),
        Column("closed_at", _MOMENT),
    )
    op.create_table(
        "ballot_posts",
        _id(),
        _to("ballots", "ballot_id"),
        Column("name", String, nullable=False),
        UniqueConstraint("ballot_id", "name"),
    )
    op.create_table(
        "ballot_voters",
        _to("ballots", "ballot_id", primary_key=True),
        _to("people", "person_id", primary_key=True),
        Column("post_id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True),
        Column("asked", Boolean, nullable=False, server_default=text("false")),
        Column("voted", Boolean, nullable=False, server_default=text("false")),
    )
    op.create_table(
        "ballot_tallies",
        _to("ballot_posts", "post_id", primary_key=True),
        Column("score", Integer, primary_key=True),
        Column("count", Integer, nullable=False),
    )
    op.create_table(
        "bookings",
        _id(),
        Column("day", Date, nullable=False),
        _to("people", "person_id"),
        Column("topic", Text, nullable=False),
        Column("at", _MOMENT, nullable=False),
        Column("state", String, nullable=False),
        _to("problems", "problem_id", nullable=True),
        UniqueConstraint("day", "person_id"),
    )


def _order_words_alike() -> None:
    """Let PostgreSQL order words sign by sign, as SQLite does, whatever language the server speaks."""
    if op.get_bind().dialect.name == "sqlite":
        return
    rows = op.get_bind().execute(
        text(
            "SELECT table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND data_type IN ('character varying', 'text') "
            "AND collation_name IS NULL ORDER BY table_name"
        )
    )
    for table, columns in groupby(rows, lambda row: row.table_name):
        changes = [f'ALTER "{each.column_name}" TYPE {each.data_type} COLLATE "C"' for each in columns]
        op.execute(f'ALTER TABLE "{table}" {", ".join(changes)}')


def _id() -> Column[int]:
    return Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)


def _to(table: str, column: str, *, nullable: bool = False, primary_key: bool = False) -> Column[int]:
    number = BigInteger().with_variant(Integer(), "sqlite")
    return Column(column, number, ForeignKey(f"{table}.id"), nullable=nullable, primary_key=primary_key)
