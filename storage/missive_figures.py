"""The missives of a paper: what went out in some days, and what has become of it."""

from collections.abc import Iterator

from sqlalchemy import Connection

from bot.domain.document import Kind
from bot.domain.scope import ScopeKind
from storage.dataset import Figure, Line, Question
from storage.missives import MISSIVE, missive_of
from storage.scoping import projects_in
from storage.tables import missives

MISSIVE_FIGURES = (
    Figure("missive", Kind.WORD, 16),
    Figure("missive_kind", Kind.WORD, 10),
    Figure("subject", Kind.PROSE, 32),
    Figure("name", Kind.PROSE, 26),
    Figure("unit", Kind.PROSE, 16),
    Figure("sent", Kind.DAY, 12),
    Figure("received", Kind.DAY, 12),
    Figure("reply_due", Kind.DAY, 12),
    Figure("replied", Kind.DAY, 12),
    Figure("reply_late", Kind.MARK, 8),
    Figure("missive_state", Kind.WORD, 10),
)


def missive_lines(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield every letter that went out in the days asked for, in the order of their numbers."""
    statement = MISSIVE.where(
        missives.c.sent_at >= question.begins, missives.c.sent_at < question.ends
    ).order_by(missives.c.kind, missives.c.year, missives.c.sequence)
    if question.scope.kind is not ScopeKind.COUNTY:
        statement = statement.where(missives.c.project_id.in_(projects_in(question.scope, question.today)))
    for missive in map(missive_of, connection.execute(statement)):
        yield {
            "key": missive.number,
            "source": "",
            "missive": missive.number,
            "missive_kind": missive.kind,
            "subject": missive.subject,
            "name": missive.project,
            "unit": missive.unit,
            "sent": question.day_of(missive.sent_at),
            "received": question.day_of(missive.received_at),
            "reply_due": missive.reply_due.isoformat() if missive.reply_due else None,
            "replied": question.day_of(missive.replied_at),
            "reply_late": int(missive.is_overdue(question.today)),
            "missive_state": missive.state,
        }
