"""A group remembers that it listens, a person where they want to be written to."""

from alembic import op
from sqlalchemy import Column, DateTime, text

revision = "0003"
down_revision = "0002"

_MOMENT = DateTime(timezone=True)


def upgrade() -> None:
    """Add both, and the way to what was offered to somebody; who is there already goes on as before."""
    with op.batch_alter_table("contacts") as batch:
        batch.add_column(Column("preferred_at", _MOMENT))
    with op.batch_alter_table("chats") as batch:
        batch.add_column(Column("heard_at", _MOMENT))
    # Until now a group was only known by having been joined, and then it takes messages.
    op.execute("UPDATE chats SET heard_at = seen_at")
    has_buttons = text("token IS NOT NULL")
    op.create_index(
        "ix_outbox_offered",
        "outbox",
        ["person_id", "id"],
        sqlite_where=has_buttons,
        postgresql_where=has_buttons,
    )
