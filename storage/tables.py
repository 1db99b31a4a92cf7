"""Every table, in one place to read; migrations bring a database here.

Moments are UTC (`Moment`), money is hundredths of 万元, progress is thousandths. Words
that people read – roles, states, categories – are stored as they are read.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept in UTC.

    SQLite silently drops the zone of a ``DateTime(timezone=True)``, so the naive are refused on
    the way in and the zone is put back on the way out.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a zone cannot be stored: {value!r}")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 -- SQLAlchemy passes it
    ) -> datetime | None:
        """Return UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _table(name: str, *columns: Any) -> Table:
    return Table(name, metadata, *columns)


def _id() -> Column[int]:
    # SQLite only counts for us in a column that is exactly INTEGER.
    return Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)


def _to(table: str, name: str = "", *, nullable: bool = False, primary_key: bool = False) -> Column[int]:
    column = name or f"{table.removesuffix('s')}_id"
    return Column(column, ForeignKey(f"{table}.id"), nullable=nullable, primary_key=primary_key)


def _words(name: str, *, primary_key: bool = False) -> Column[str]:
    return Column(name, String, nullable=False, server_default="", primary_key=primary_key)


# --- people -----------------------------------------------------------------------------

units = _table(
    "units",
    _id(),
    Column("name", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    _words("head"),
)

people = _table(
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

roles = _table(
    "roles",
    _to("people", "person_id", primary_key=True),
    Column("role", String, primary_key=True),
    Index(None, "role"),
)

contacts = _table(
    "contacts",
    _id(),
    _to("people", "person_id"),
    Column("platform", String, nullable=False),
    Column("account", String, nullable=False),
    Column("chat", String, nullable=False),
    Column("reachable", Boolean, nullable=False, server_default=text("true")),
    # Empty until somebody has written from there, and again when it takes nothing before they do.
    Column("joined_at", Moment, nullable=True),
    # When they chose to be written to there; the latest choice counts.
    Column("preferred_at", Moment),
    UniqueConstraint("platform", "account"),
    Index(None, "person_id"),
)

invitations = _table(
    "invitations",
    _id(),
    _to("people", "person_id"),
    Column("code_hash", String, nullable=False, unique=True),
    Column("made_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    _words("used_by"),
)

strangers = _table(
    "strangers",
    Column("platform", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("told_on", Date),
    Column("wrong_tries", Integer, nullable=False, server_default="0"),
    Column("locked_until", Moment),
)

leaves = _table(
    "leaves",
    _id(),
    _to("people", "person_id"),
    Column("first", Date, nullable=False),
    # The last day away, not the first one back.
    Column("last", Date, nullable=False),
    _to("people", "substitute_id"),
    _to("people", "by_id"),
    Column("at", Moment, nullable=False),
    Column("cancelled_at", Moment),
    Index(None, "person_id", "last"),
    Index(None, "substitute_id", "last"),
    Index(None, "last"),
)

handovers = _table(
    "handovers",
    _id(),
    _to("people", "from_id"),
    _to("people", "to_id"),
    _to("people", "by_id", nullable=True),
    Column("at", Moment, nullable=False),
    Column("projects", Integer, nullable=False),
    Column("problems", Integer, nullable=False),
    Column("given_at", Moment),
    Column("taken_at", Moment),
)

# --- projects ---------------------------------------------------------------------------

projects = _table(
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
    # The standing when the project was imported; reports build on it.
    Column("start_permille", Integer, nullable=False, server_default="0"),
    Column("start_cumulative", BigInteger, nullable=False, server_default="0"),
    Column("start_on", Date, nullable=False),
    # The standing now, kept here so that a question needs no look through history.
    Column("permille", Integer, nullable=False, server_default="0"),
    Column("cumulative", BigInteger, nullable=False, server_default="0"),
    _words("last_text"),
    Column("last_day", Date),
    Column("quiet_until", Date),
    # 大起底: in which of the four classes of urgency it is provided for.
    _words("tier"),
    Index(None, "place"),
    Index(None, "industry"),
)

milestones = _table(
    "milestones",
    _id(),
    _to("projects", "project_id"),
    Column("name", String, nullable=False),
    Column("planned", Date),
    Column("done", Date),
    UniqueConstraint("project_id", "name"),
)

assignments = _table(
    "assignments",
    _id(),
    _to("projects", "project_id"),
    _to("people", "person_id"),
    Column("duty", String, nullable=False),
    Column("since", Date, nullable=False),
    Column("until", Date),
    Index(None, "project_id", "duty"),
    Index(None, "person_id", "duty"),
)

routes = _table(
    "routes",
    _id(),
    Column("category", String, nullable=False),
    _words("place"),
    _to("units", "unit_id", nullable=True),
    _to("people", "person_id", nullable=True),
    UniqueConstraint("category", "place"),
)

# --- the daily round --------------------------------------------------------------------

rounds = _table(
    "rounds",
    Column("day", Date, primary_key=True),
    Column("state", String, nullable=False),
    Column("asked_at", Moment),
    Column("reminded_at", Moment),
    Column("closed_at", Moment),
)

prompts = _table(
    "prompts",
    _to("people", "person_id", primary_key=True),
    Column("day", Date, primary_key=True),
    Column("projects", JSON, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("reminded_at", Moment),
    Column("answered_at", Moment),
    Index(None, "day"),
)

listings = _table(
    "listings",
    _to("people", "person_id", primary_key=True),
    Column("projects", JSON, nullable=False),
    Column("sent_at", Moment, nullable=False),
)

reports = _table(
    "reports",
    _id(),
    _to("projects", "project_id"),
    Column("day", Date, nullable=False),
    Column("version", Integer, nullable=False),
    Column("current", Boolean, nullable=False),
    # Whether it counted when it came; with the order of ids this tells what counted at any time.
    Column("counted", Boolean, nullable=False, server_default=text("false")),
    Column("kind", String, nullable=False),
    _words("text"),
    Column("permille", Integer, nullable=False),
    Column("cumulative", BigInteger, nullable=False),
    Column("odd", JSON, nullable=False),
    _to("people", "person_id"),
    _to("people", "entered_by", nullable=True),
    _words("source"),
    Column("at", Moment, nullable=False),
    UniqueConstraint("project_id", "day", "version"),
    Index(
        "uq_reports_current",
        "project_id",
        "day",
        unique=True,
        sqlite_where=text("current"),
        postgresql_where=text("current"),
    ),
    Index(None, "day"),
    Index(None, "source", sqlite_where=text("source <> ''"), postgresql_where=text("source <> ''")),
)

asking_pauses = _table(
    "asking_pauses",
    _id(),
    Column("whom", String, nullable=False),
    _words("name"),
    Column("until", Date, nullable=False),
    _to("people", "by_id"),
    Column("since", Moment, nullable=False),
    UniqueConstraint("whom", "name"),
)

# --- problems ---------------------------------------------------------------------------

commons = _table(
    "commons",
    _id(),
    Column("category", String, nullable=False),
    _to("people", "holder_id"),
    Column("state", String, nullable=False),
    Column("at", Moment, nullable=False),
    _to("people", "decided_by", nullable=True),
    Column("decided_at", Moment),
    Index(None, "holder_id", "category"),
)

problems = _table(
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
    # Who says whether it is solved: the reporter, or whoever took over from them.
    _to("people", "confirmer_id"),
    _to("people", "holder_id"),
    Column("opened_at", Moment, nullable=False),
    # When this generation began, and when its holder got it.
    Column("began_at", Moment, nullable=False),
    Column("held_since", Moment, nullable=False),
    Column("accept_due", Moment),
    Column("feedback_due", Moment),
    Column("solve_due", Moment),
    # The deadline of this generation before any 延期.
    Column("first_due", Moment),
    Column("extensions", Integer, nullable=False, server_default="0"),
    Column("accepted_at", Moment),
    Column("feedback_at", Moment),
    Column("solved_at", Moment),
    Column("closed_at", Moment),
    Column("returns", Integer, nullable=False, server_default="0"),
    _words("feedback"),
    _words("solution"),
    _words("source"),
    # 问题, or 任务: what somebody promised or was told to do runs on the same clocks.
    Column("nature", String, nullable=False, server_default="问题"),
    # What a task came from: a visit, a missive, a paper.
    _words("origin"),
    # 政策兑现: what an enterprise was promised, and what of it has been paid.
    Column("promised", BigInteger),
    Column("paid", BigInteger, nullable=False, server_default="0"),
    # The clocks stand still since then, until the one who was asked answers.
    Column("paused_at", Moment),
    _words("question"),
    Column("snoozed_until", Moment),
    Column("snoozes", Integer, nullable=False, server_default="0"),
    # The ladder: rungs climbed in this generation, on the clock that runs now, and on the clock to solve.
    Column("level", Integer, nullable=False, server_default="0"),
    Column("step", Integer, nullable=False, server_default="0"),
    Column("late_step", Integer, nullable=False, server_default="0"),
    Column("rung_at", Moment),
    _words("next_rung"),
    Column("next_at", Moment),
    _to("commons", "common_id", nullable=True),
    UniqueConstraint("year", "sequence"),
    Index(None, "project_id", "state"),
    Index(None, "holder_id", "state"),
    Index(None, "confirmer_id", "state"),
    Index(None, "reporter_id"),
    Index(None, "state", "opened_at"),
    Index(
        None,
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
    Index(
        None,
        "common_id",
        sqlite_where=text("common_id IS NOT NULL"),
        postgresql_where=text("common_id IS NOT NULL"),
    ),
    Index(None, "source", sqlite_where=text("source <> ''"), postgresql_where=text("source <> ''")),
    Index(None, "origin", sqlite_where=text("origin <> ''"), postgresql_where=text("origin <> ''")),
)

custody = _table(
    "custody",
    _id(),
    _to("problems", "problem_id"),
    Column("generation", Integer, nullable=False),
    _to("people", "person_id"),
    Column("since", Moment, nullable=False),
    Column("accepted_at", Moment),
    Column("until", Moment),
    _words("ended"),
    _words("reason"),
    Index(None, "problem_id"),
)

escalations = _table(
    "escalations",
    _id(),
    _to("problems", "problem_id"),
    Column("generation", Integer, nullable=False),
    Column("level", Integer, nullable=False),
    Column("rung", String, nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("problem_id", "generation", "level"),
    Index(None, "at"),
)

escalation_notices = _table(
    "escalation_notices",
    _to("escalations", "escalation_id", primary_key=True),
    _to("people", "person_id", primary_key=True),
    Column("told_at", Moment),
    Index(
        "ix_escalation_notices_untold",
        "person_id",
        sqlite_where=text("told_at IS NULL"),
        postgresql_where=text("told_at IS NULL"),
    ),
)

requests = _table(
    "requests",
    _id(),
    _to("problems", "problem_id"),
    Column("generation", Integer, nullable=False),
    # 提请 or 延期.
    Column("kind", String, nullable=False),
    _to("people", "asker_id", nullable=True),
    # Nobody in particular: the office.
    _to("people", "to_id", nullable=True),
    Column("until", Date),
    Column("text", Text, nullable=False),
    Column("at", Moment, nullable=False),
    _words("answer"),
    _words("words"),
    _to("people", "answered_by", nullable=True),
    Column("answered_at", Moment),
    Index(None, "problem_id"),
    Index(None, "to_id"),
    Index(
        "ix_requests_pending",
        "to_id",
        sqlite_where=text("answer = ''"),
        postgresql_where=text("answer = ''"),
    ),
)

confirmations = _table(
    "confirmations",
    _to("problems", "problem_id", primary_key=True),
    Column("generation", Integer, primary_key=True),
    _to("people", "person_id", primary_key=True),
    Column("at", Moment, nullable=False),
)

attachments = _table(
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
    Column("next_try_at", Moment),
    _words("path"),
    _words("sha256"),
    Column("at", Moment, nullable=False),
    Index(
        None, "next_try_at", sqlite_where=text("state = 'wanted'"), postgresql_where=text("state = 'wanted'")
    ),
    Index(None, "report_id"),
    Index(None, "problem_id"),
)

# --- what a project goes through --------------------------------------------------------

stage_moves = _table(
    "stage_moves",
    _id(),
    _to("projects", "project_id"),
    # 开工, 竣工, 完成 or 阶段; of which milestone, or which stage.
    # Or 变更; of what in the plan, from what to what, why, and its number in the register.
    Column("step", String, nullable=False),
    _words("what"),
    _words("before"),
    _words("after"),
    _words("reason"),
    Column("year", Integer),
    Column("sequence", Integer),
    Column("day", Date, nullable=False),
    # Empty of a change that came with a roster.
    _to("people", "asked_by", nullable=True),
    Column("at", Moment, nullable=False),
    # When the office was shown it; what was shown together has one moment.
    Column("offered_at", Moment),
    # Empty until the office has decided.
    _words("answer"),
    _to("people", "decided_by", nullable=True),
    Column("decided_at", Moment),
    UniqueConstraint("year", "sequence"),
    Index(None, "project_id"),
    Index(None, "offered_at"),
    Index(
        "ix_stage_moves_pending", "at", sqlite_where=text("answer = ''"), postgresql_where=text("answer = ''")
    ),
)

elements = _table(
    "elements",
    _to("projects", "project_id", primary_key=True),
    # One of the 五要件 that no other column holds – 举措, 标准, 奖惩 –, 建设内容, or an approval.
    Column("element", String, primary_key=True),
    Column("text", Text, nullable=False),
    _to("people", "by_id"),
    Column("at", Moment, nullable=False),
    # By when an approval, or what it lacks, is due; and when people were told that the day is past.
    Column("due", Date),
    Column("told_at", Moment),
    Index(
        "ix_elements_due",
        "due",
        sqlite_where=text("told_at IS NULL AND due IS NOT NULL"),
        postgresql_where=text("told_at IS NULL AND due IS NOT NULL"),
    ),
)

visits = _table(
    "visits",
    _id(),
    _to("projects", "project_id"),
    _to("people", "person_id"),
    Column("day", Date, nullable=False),
    Column("planned_at", Moment, nullable=False),
    Column("briefed_at", Moment),
    Column("asked_at", Moment),
    Column("done_at", Moment),
    _words("outcome"),
    Column("note", Text, nullable=False, server_default=""),
    UniqueConstraint("project_id", "person_id", "day"),
    Index(None, "person_id", "day"),
    Index(None, "day"),
)

# --- papers and their rhythm ------------------------------------------------------------

rhythms = _table(
    "rhythms",
    Column("key", String, primary_key=True),
    # The last day whose paper was drafted, or passed by before the rhythm began.
    Column("done_through", Date, nullable=False),
    Column("since", Moment, nullable=False),
    Column("retry_at", Moment),
)

orders = _table(
    "orders",
    _id(),
    # The message that asked for it.
    Column("key", String, nullable=False, unique=True),
    _to("people", "person_id"),
    Column("paper", String, nullable=False),
    Column("scope", String, nullable=False),
    # What else they want of it: the weights of a trial.
    _words("words"),
    Column("at", Moment, nullable=False),
    Column("done_at", Moment),
    Index(None, "at", sqlite_where=text("done_at IS NULL"), postgresql_where=text("done_at IS NULL")),
)

bulletins = _table(
    "bulletins",
    _id(),
    Column("slot", String, nullable=False, unique=True),
    Column("form", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=False),
    Column("title", String, nullable=False),
    Column("state", String, nullable=False),
    # The paper as it was drafted, amendments in place: JSON, deflated where it is made, away from the writer.
    Column("content", LargeBinary, nullable=False),
    Column("lines", Integer, nullable=False, server_default="0"),
    # Each reader gets their own lines only.
    Column("personal", Boolean, nullable=False, server_default=text("false")),
    # The same for papers with the same lines; empty once a figure was put right.
    _words("says"),
    # Where the next paper of its kind begins: the moment of its draft, and the last report it knew.
    Column("made_at", Moment),
    Column("known_through", BigInteger, nullable=False, server_default="0"),
    Column("audience", JSON, nullable=False),
    # Seconds for which it stands open to objections once it is released.
    Column("hold", Integer, nullable=False, server_default="0"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("printed", Integer, nullable=False, server_default="0"),
    Column("drafted_at", Moment, nullable=False),
    _to("people", "decided_by", nullable=True),
    Column("decided_at", Moment),
    _words("reason"),
    Column("post_at", Moment),
    Column("retry_at", Moment),
    Column("posted_at", Moment),
    Index(None, "form", "last"),
    Index(None, "state"),
    Index(
        None, "post_at", sqlite_where=text("posted_at IS NULL"), postgresql_where=text("posted_at IS NULL")
    ),
)

amendments = _table(
    "amendments",
    _id(),
    _to("bulletins", "bulletin_id"),
    Column("line", String, nullable=False),
    Column("figure", String, nullable=False),
    Column("was", JSON),
    Column("value", JSON),
    _to("people", "by_id"),
    Column("at", Moment, nullable=False),
    _words("reason"),
    Index(None, "bulletin_id"),
)

objections = _table(
    "objections",
    _id(),
    _to("bulletins", "bulletin_id"),
    _to("people", "person_id"),
    Column("text", Text, nullable=False),
    Column("at", Moment, nullable=False),
    _words("answer"),
    _to("people", "answered_by", nullable=True),
    Column("answered_at", Moment),
    Index(None, "bulletin_id"),
)

receipts = _table(
    "receipts",
    # What was handed over: bulletin:5, missive:7.
    Column("subject", String, primary_key=True),
    _to("people", "person_id", primary_key=True),
    Column("told_at", Moment, nullable=False),
    Column("received_at", Moment),
)

missives = _table(
    "missives",
    _id(),
    # What calls for it, once: 交办函:12:开工:2026-03-01.
    Column("slot", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    # 开工, 投产, 进度; empty where the office wrote it by itself.
    _words("matter"),
    # Both empty until it goes out: numbers have no gaps.
    Column("year", Integer),
    Column("sequence", Integer),
    _to("projects", "project_id", nullable=True),
    _to("units", "unit_id", nullable=True),
    Column("subject", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("drafted_at", Moment, nullable=False),
    _to("people", "decided_by", nullable=True),
    Column("decided_at", Moment),
    _words("reason"),
    Column("reply_due", Date),
    Column("sent_at", Moment),
    Column("received_at", Moment),
    _to("people", "received_by", nullable=True),
    Column("replied_at", Moment),
    _to("people", "replied_by", nullable=True),
    Column("reply", Text, nullable=False, server_default=""),
    Column("reminded_at", Moment),
    Column("closed_at", Moment),
    _to("problems", "problem_id", nullable=True),
    UniqueConstraint("kind", "year", "sequence"),
    Index(None, "state"),
    Index(None, "project_id", "kind"),
    Index(None, "unit_id"),
)

# --- what the enterprises say -----------------------------------------------------------

ballots = _table(
    "ballots",
    _id(),
    Column("title", String, nullable=False),
    Column("state", String, nullable=False),
    _to("people", "opened_by"),
    Column("opened_at", Moment, nullable=False),
    Column("closes_at", Moment, nullable=False),
    Column("closed_at", Moment),
)

ballot_posts = _table(
    "ballot_posts",
    _id(),
    _to("ballots", "ballot_id"),
    Column("name", String, nullable=False),
    UniqueConstraint("ballot_id", "name"),
)

ballot_voters = _table(
    "ballot_voters",
    _to("ballots", "ballot_id", primary_key=True),
    _to("people", "person_id", primary_key=True),
    # On which post they are still to be asked; what they said stands nowhere with their name.
    Column("post_id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True),
    Column("asked", Boolean, nullable=False, server_default=text("false")),
    Column("voted", Boolean, nullable=False, server_default=text("false")),
)

ballot_tallies = _table(
    "ballot_tallies",
    # Counts, never single answers: not even their order could give anybody away.
    _to("ballot_posts", "post_id", primary_key=True),
    Column("score", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
)

bookings = _table(
    "bookings",
    _id(),
    Column("day", Date, nullable=False),
    _to("people", "person_id"),
    Column("topic", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("state", String, nullable=False),
    _to("problems", "problem_id", nullable=True),
    UniqueConstraint("day", "person_id"),
)

# --- chats and conversations ------------------------------------------------------------

chats = _table(
    "chats",
    _id(),
    Column("platform", String, nullable=False),
    Column("chat", String, nullable=False),
    _words("topic"),
    _words("title"),
    _words("scope"),
    Column("state", String, nullable=False),
    _to("people", "bound_by", nullable=True),
    Column("seen_at", Moment, nullable=False),
    # Empty while the group takes nothing until somebody there has called the bot.
    Column("heard_at", Moment),
    Column("bound_at", Moment),
    UniqueConstraint("platform", "chat"),
)

conversations = _table(
    "conversations",
    _to("people", "person_id", primary_key=True),
    Column("topic", String, nullable=False),
    Column("data", JSON, nullable=False),
    Column("asked_at", Moment, nullable=False),
)

# --- the engine -------------------------------------------------------------------------

inbox = _table(
    "inbox",
    Column("key", String, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("state", String, nullable=False),
    Index(None, "at"),
)

dead_letters = _table(
    "dead_letters",
    _id(),
    Column("key", String, nullable=False, unique=True),
    Column("platform", String, nullable=False),
    Column("raw", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("state", String, nullable=False),
    Column("cause", String, nullable=False, server_default=""),
    Index(None, "state"),
)

papers = _table(
    "papers",
    _id(),
    Column("key", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("media_type", String, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("made_at", Moment, nullable=False),
)

_WAITING = text("state = 'waiting'")
_CLAIMED = text("state = 'claimed'")
_SENT = text("sent_at IS NOT NULL")
_CHANGES = text("updates_id IS NOT NULL")

outbox = _table(
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
    Column("due_at", Moment, nullable=False),
    Column("state", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("buttons", JSON, nullable=False),
    _to("papers", "paper_id", nullable=True),
    # The delivered message that this one replaces in place, where it is an update.
    _to("outbox", "updates_id", nullable=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("doubts", Integer, nullable=False, server_default="0"),
    Column("leased_until", Moment),
    Column("made_at", Moment, nullable=False),
    Column("sent_at", Moment),
    _words("message"),
    _words("error"),
    # In the order in which they are taken: a whole round is due at one moment, and would be sorted each time.
    Index(
        "ix_outbox_waiting",
        "platform",
        "lane",
        "due_at",
        "id",
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    ),
    Index("ix_outbox_claimed", "leased_until", sqlite_where=_CLAIMED, postgresql_where=_CLAIMED),
    # Most letters change none: counted with them, SQLite would take the index for useless, and look through
    # all letters since (`ANALYZE`).
    Index("ix_outbox_updates", "updates_id", sqlite_where=_CHANGES, postgresql_where=_CHANGES),
    Index("ix_outbox_chat", "platform", "chat", "id"),
    # How lately a platform was written to, asked at every start.
    Index("ix_outbox_sent", "platform", "sent_at", sqlite_where=_SENT, postgresql_where=_SENT),
    # What somebody may mean when they type the words of a button.
    Index(
        "ix_outbox_offered",
        "person_id",
        "id",
        sqlite_where=text("token IS NOT NULL"),
        postgresql_where=text("token IS NOT NULL"),
    ),
    Index(None, "subject", sqlite_where=text("subject <> ''"), postgresql_where=text("subject <> ''")),
)

delivery_pauses = _table(
    "delivery_pauses",
    Column("platform", String, primary_key=True),
    # Empty: the whole connection is paused.
    Column("chat", String, primary_key=True),
    Column("until", Moment, nullable=False),
    # Or until somebody there writes, if that is sooner.
    Column("until_heard", Boolean, nullable=False, server_default=text("false")),
)

# Which process does what one does at a time; on SQLite there is but one, and no row.
leases = _table(
    "leases",
    Column("name", String, primary_key=True),
    # Grows with each who takes it: what was begun under an older one is refused.
    Column("epoch", Integer, nullable=False),
    Column("beats", BigInteger, nullable=False),
    _words("mark"),
    _words("holder"),
)

pulse = _table(
    "pulse",
    _id(),
    Column("at", Moment, nullable=False),
)

audit = _table(
    "audit",
    _id(),
    Column("at", Moment, nullable=False),
    _to("people", "actor_id", nullable=True),
    Column("action", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("hash", String, nullable=False),
    Index(None, "subject", "id"),
)
