"""A county: its people, projects, reports, problems, chats, what it owes and a trail nobody can change."""

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

revision = "0001"
down_revision = None

_MOMENT = DateTime(timezone=True)
_FOR_EVER = "the audit trail is never changed"


def upgrade() -> None:
    """Create every table of the first release."""
    _people()
    _projects()
    _daily_round()
    _problems()
    _chats()
    _engine()
    _seal_audit()


def _people() -> None:
    op.create_table(
        "units",
        _id(),
        Column("name", String, nullable=False, unique=True),
        Column("kind", String, nullable=False),
        _words("head"),
    )

    op.create_table(
        "people",
        _id(),
        Column("name", String, nullable=False),
        _to("units", "unit_id", nullable=True),
        _words("title"),
        _words("phone"),
        Column("language", String, nullable=False, server_default="zh-CN"),
        Column("active", Boolean, nullable=False, server_default=text("true")),
        Column("pilot", Boolean, nullable=False, server_default=text("false")),
        UniqueConstraint("name", "unit_id"),
    )

    op.create_table(
        "roles",
        _to("people", "person_id", primary_key=True),
        Column("role", String, primary_key=True),
        Index("ix_roles_role", "role"),
    )

    op.create_table(
        "contacts",
        _id(),
        _to("people", "person_id"),
        Column("platform", String, nullable=False),
        Column("account", String, nullable=False),
        Column("chat", String, nullable=False),
        Column("reachable", Boolean, nullable=False, server_default=text("true")),
        Column("joined_at", _MOMENT, nullable=True),
        UniqueConstraint("platform", "account"),
        Index("ix_contacts_person_id", "person_id"),
    )

    op.create_table(
        "invitations",
        _id(),
        _to("people", "person_id"),
        Column("code_hash", String, nullable=False, unique=True),
        Column("made_at", _MOMENT, nullable=False),
        Column("expires_at", _MOMENT, nullable=False),
        Column("used_at", _MOMENT),
        _words("used_by"),
    )

    op.create_table(
        "strangers",
        Column("platform", String, primary_key=True),
        Column("account", String, primary_key=True),
        Column("told_on", Date),
        Column("wrong_tries", Integer, nullable=False, server_default="0"),
        Column("locked_until", _MOMENT),
    )


def _projects() -> None:
    op.create_table(
        "projects",
        _id(),
        Column("number", String, nullable=False, unique=True),
        Column("name", String, nullable=False),
        _words("level"),
        Column("kind", String, nullable=False),
        Column("stage", String, nullable=False),
        _words("industry"),
        _words("place"),
        Column("total", BigInteger, nullable=False, server_default="0"),
        Column("planned", BigInteger, nullable=False, server_default="0"),
        Column("planned_start", Date),
        Column("planned_completion", Date),
        Column("actual_start", Date),
        Column("actual_completion", Date),
        _to("units", "unit_id", nullable=True),
        Column("start_permille", Integer, nullable=False, server_default="0"),
        Column("start_cumulative", BigInteger, nullable=False, server_default="0"),
        Column("start_on", Date, nullable=False),
        Column("permille", Integer, nullable=False, server_default="0"),
        Column("cumulative", BigInteger, nullable=False, server_default="0"),
        _words("last_text"),
        Column("last_day", Date),
        Column("quiet_until", Date),
        Index("ix_projects_place", "place"),
        Index("ix_projects_industry", "industry"),
    )

    op.create_table(
        "milestones",
        _id(),
        _to("projects", "project_id"),
        Column("name", String, nullable=False),
        Column("planned", Date),
        Column("done", Date),
        UniqueConstraint("project_id", "name"),
    )

    op.create_table(
        "assignments",
        _id(),
        _to("projects", "project_id"),
        _to("people", "person_id"),
        Column("duty", String, nullable=False),
        Column("since", Date, nullable=False),
        Column("until", Date),
        Index("ix_assignments_project_id_assignments_duty", "project_id", "duty"),
        Index("ix_assignments_person_id_assignments_duty", "person_id", "duty"),
    )

    op.create_table(
        "routes",
        _id(),
        Column("category", String, nullable=False),
        _words("place"),
        _to("units", "unit_id", nullable=True),
        _to("people", "person_id", nullable=True),
        UniqueConstraint("category", "place"),
    )


def _daily_round() -> None:
    op.create_table(
        "rounds",
        Column("day", Date, primary_key=True),
        Column("state", String, nullable=False),
        Column("asked_at", _MOMENT),
        Column("reminded_at", _MOMENT),
        Column("closed_at", _MOMENT),
    )

    op.create_table(
        "prompts",
        _to("people", "person_id", primary_key=True),
        Column("day", Date, primary_key=True),
        Column("projects", JSON, nullable=False),
        Column("asked_at", _MOMENT, nullable=False),
        Column("reminded_at", _MOMENT),
        Column("answered_at", _MOMENT),
        Index("ix_prompts_day", "day"),
    )

    op.create_table(
        "listings",
        _to("people", "person_id", primary_key=True),
        Column("projects", JSON, nullable=False),
        Column("sent_at", _MOMENT, nullable=False),
    )

    op.create_table(
        "reports",
        _id(),
        _to("projects", "project_id"),
        Column("day", Date, nullable=False),
        Column("version", Integer, nullable=False),
        Column("current", Boolean, nullable=False),
        Column("kind", String, nullable=False),
        _words("text"),
        Column("permille", Integer, nullable=False),
        Column("cumulative", BigInteger, nullable=False),
        Column("odd", JSON, nullable=False),
        _to("people", "person_id"),
        _to("people", "entered_by", nullable=True),
        _words("source"),
        Column("at", _MOMENT, nullable=False),
        UniqueConstraint("project_id", "day", "version"),
        _partial("uq_reports_current", "project_id", "day", only="current", unique=True),
        Index("ix_reports_day", "day"),
        _partial("ix_reports_source", "source", only="source <> ''"),
    )

    op.create_table(
        "asking_pauses",
        _id(),
        Column("whom", String, nullable=False),
        _words("name"),
        Column("until", Date, nullable=False),
        _to("people", "by_id"),
        Column("since", _MOMENT, nullable=False),
        UniqueConstraint("whom", "name"),
    )


def _problems() -> None:
    op.create_table(
        "problems",
        _id(),
        Column("number", String, nullable=False, unique=True),
        Column("year", Integer, nullable=False),
        Column("sequence", Integer, nullable=False),
        _to("projects", "project_id"),
        Column("category", String, nullable=False),
        Column("text", Text, nullable=False),
        Column("urgency", String, nullable=False),
        Column("state", String, nullable=False),
        Column("generation", Integer, nullable=False, server_default="1"),
        _to("people", "reporter_id"),
        _to("people", "holder_id"),
        Column("opened_at", _MOMENT, nullable=False),
        Column("accept_due", _MOMENT),
        Column("feedback_due", _MOMENT),
        Column("solve_due", _MOMENT),
        Column("accepted_at", _MOMENT),
        Column("feedback_at", _MOMENT),
        Column("solved_at", _MOMENT),
        Column("closed_at", _MOMENT),
        Column("returns", Integer, nullable=False, server_default="0"),
        _words("feedback"),
        _words("solution"),
        _words("source"),
        UniqueConstraint("year", "sequence"),
        Index("ix_problems_project_id_problems_state", "project_id", "state"),
        Index("ix_problems_holder_id_problems_state", "holder_id", "state"),
        Index("ix_problems_reporter_id_problems_state", "reporter_id", "state"),
        Index("ix_problems_state_problems_opened_at", "state", "opened_at"),
        _partial("ix_problems_source", "source", only="source <> ''"),
    )

    op.create_table(
        "custody",
        _id(),
        _to("problems", "problem_id"),
        Column("generation", Integer, nullable=False),
        _to("people", "person_id"),
        Column("since", _MOMENT, nullable=False),
        Column("accepted_at", _MOMENT),
        Column("until", _MOMENT),
        _words("ended"),
        _words("reason"),
        Index("ix_custody_problem_id", "problem_id"),
    )

    op.create_table(
        "attachments",
        _id(),
        _to("people", "person_id"),
        _to("reports", "report_id", nullable=True),
        _to("problems", "problem_id", nullable=True),
        Column("platform", String, nullable=False),
        Column("token", String, nullable=False),
        Column("name", String, nullable=False),
        Column("media_type", String, nullable=False),
        Column("size", BigInteger),
        Column("state", String, nullable=False),
        Column("tries", Integer, nullable=False, server_default="0"),
        Column("next_try_at", _MOMENT),
        _words("path"),
        _words("sha256"),
        Column("at", _MOMENT, nullable=False),
        _partial("ix_attachments_next_try_at", "next_try_at", only="state = 'wanted'"),
        Index("ix_attachments_report_id", "report_id"),
        Index("ix_attachments_problem_id", "problem_id"),
    )


def _chats() -> None:
    op.create_table(
        "chats",
        _id(),
        Column("platform", String, nullable=False),
        Column("chat", String, nullable=False),
        _words("topic"),
        _words("title"),
        _words("scope"),
        Column("state", String, nullable=False),
        _to("people", "bound_by", nullable=True),
        Column("seen_at", _MOMENT, nullable=False),
        Column("bound_at", _MOMENT),
        UniqueConstraint("platform", "chat"),
    )

    op.create_table(
        "conversations",
        _to("people", "person_id", primary_key=True),
        Column("topic", String, nullable=False),
        Column("data", JSON, nullable=False),
        Column("asked_at", _MOMENT, nullable=False),
    )


def _engine() -> None:
    op.create_table(
        "inbox",
        Column("key", String, primary_key=True),
        Column("at", _MOMENT, nullable=False),
        Column("state", String, nullable=False),
        Index("ix_inbox_at", "at"),
    )

    op.create_table(
        "dead_letters",
        _id(),
        Column("key", String, nullable=False, unique=True),
        Column("platform", String, nullable=False),
        Column("raw", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("at", _MOMENT, nullable=False),
        Column("state", String, nullable=False),
    )

    op.create_table(
        "papers",
        _id(),
        Column("key", String, nullable=False, unique=True),
        Column("name", String, nullable=False),
        Column("media_type", String, nullable=False),
        Column("content", LargeBinary, nullable=False),
        Column("made_at", _MOMENT, nullable=False),
    )

    op.create_table(
        "outbox",
        _id(),
        Column("key", String, nullable=False, unique=True),
        Column("token", String, unique=True),
        _words("subject"),
        _to("people", "person_id", nullable=True),
        Column("platform", String, nullable=False),
        Column("chat", String, nullable=False),
        _words("topic"),
        Column("in_group", Boolean, nullable=False),
        Column("lane", Integer, nullable=False),
        Column("due_at", _MOMENT, nullable=False),
        Column("state", String, nullable=False),
        Column("text", Text, nullable=False),
        Column("buttons", JSON, nullable=False),
        _to("papers", "paper_id", nullable=True),
        _to("outbox", "updates_id", nullable=True),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("doubts", Integer, nullable=False, server_default="0"),
        Column("leased_until", _MOMENT),
        Column("made_at", _MOMENT, nullable=False),
        Column("sent_at", _MOMENT),
        _words("message"),
        _words("error"),
        _partial("ix_outbox_waiting", "platform", "lane", "due_at", only="state = 'waiting'"),
        _partial("ix_outbox_claimed", "leased_until", only="state = 'claimed'"),
        Index("ix_outbox_updates", "updates_id"),
        Index("ix_outbox_chat", "platform", "chat", "id"),
        _partial("ix_outbox_subject", "subject", only="subject <> ''"),
    )

    op.create_table(
        "delivery_pauses",
        Column("platform", String, primary_key=True),
        Column("chat", String, primary_key=True),
        Column("until", _MOMENT, nullable=False),
    )

    op.create_table(
        "audit",
        _id(),
        Column("at", _MOMENT, nullable=False),
        _to("people", "actor_id", nullable=True),
        Column("action", String, nullable=False),
        Column("subject", String, nullable=False),
        Column("detail", JSON, nullable=False),
        Column("hash", String, nullable=False),
        Index("ix_audit_subject_audit_id", "subject", "id"),
    )


def _seal_audit() -> None:
    """Forbid, in the database itself, to change or to drop what was done."""
    if op.get_bind().dialect.name == "sqlite":
        for deed in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{deed.lower()} BEFORE {deed} ON audit "
                f"BEGIN SELECT RAISE(ABORT, '{_FOR_EVER}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_is_sealed() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_FOR_EVER}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_sealed()"
    )


def _id() -> Column[int]:
    # SQLite only counts for us in a column that is exactly INTEGER.
    return Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)


def _to(table: str, column: str, *, nullable: bool = False, primary_key: bool = False) -> Column[int]:
    number = BigInteger().with_variant(Integer(), "sqlite")
    return Column(column, number, ForeignKey(f"{table}.id"), nullable=nullable, primary_key=primary_key)


def _words(name: str) -> Column[str]:
    return Column(name, String, nullable=False, server_default="")


def _partial(name: str, *columns: str, only: str, unique: bool = False) -> Index:
    where = text(only)
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)
