"""政策兑现: what enterprises were promised, what of it has been paid, and what is late."""

from collections.abc import Iterator

from sqlalchemy import Connection, or_, select

from bot.domain.document import Kind
from bot.domain.problems import OPEN, State
from storage.dataset import Figure, Line, Question
from storage.figures import within
from storage.problem_rows import PROBLEM, problem_of
from storage.scoping import lead_leaders, projects_in
from storage.tables import people, problems, projects, units
from storage.task_figures import task_head

PAYOUTS = (
    Figure("number", Kind.WORD, 10),
    Figure("project_number", Kind.WORD, 11),
    Figure("project", Kind.PROSE, 24),
    Figure("place", Kind.WORD, 10),
    Figure("lead_leader", Kind.WORD, 10),
    Figure("policy", Kind.PROSE, 36),
    Figure("promiser", Kind.WORD, 10),
    Figure("given_on", Kind.DAY, 12),
    Figure("payer", Kind.WORD, 10),
    Figure("payer_unit", Kind.PROSE, 16),
    Figure("promised_sum", Kind.MONEY, 14),
    Figure("paid_sum", Kind.MONEY, 14),
    Figure("outstanding_sum", Kind.MONEY, 14),
    Figure("paid_share", Kind.SHARE, 10, of=("paid_sum", "promised_sum")),
    Figure("pay_by", Kind.DAY, 12),
    Figure("days_late", Kind.COUNT, 8),
    Figure("receiver", Kind.WORD, 10),
    Figure("state", Kind.WORD, 8),
    Figure("confirmed_on", Kind.DAY, 12),
)
_OPEN = [str(each) for each in OPEN]


def payout_lines(connection: Connection, question: Question) -> Iterator[Line]:
    """Yield the promises that are open, or were made or confirmed in these days; the earliest due first."""
    wanted = projects_in(question.scope, question.today)
    leads = question.once(connection, lead_leaders)
    unit_of = (
        select(units.c.name)
        .join(people, people.c.unit_id == units.c.id)
        .where(people.c.id == problems.c.holder_id)
        .scalar_subquery()
    )
    rows = connection.execute(
        PROBLEM.add_columns(projects.c.number.label("project_number"), unit_of.label("payer_unit"))
        .where(
            problems.c.project_id.in_(wanted),
            problems.c.promised.is_not(None),
            problems.c.state != str(State.WITHDRAWN),
            or_(
                problems.c.state.in_(_OPEN),
                within(problems.c.opened_at, question),
                within(problems.c.closed_at, question),
            ),
        )
        .order_by(problems.c.state.in_(_OPEN).desc(), problems.c.solve_due.nulls_last(), problems.c.id)
    )
    for row in rows:
        task, given_on = problem_of(row), question.day_of(row.opened_at)
        due = question.county.calendar.day_of(task.solve_due) if task.solve_due else None
        late = task.is_unsolved and due is not None and due < question.today
        yield {
            **task_head(task, row.project_number, leads, given_on),
            "policy": task.text,
            "promiser": task.reporter,
            "given_on": given_on,
            "payer": task.holder,
            "payer_unit": row.payer_unit or "",
            "promised_sum": task.promised,
            "paid_sum": task.paid,
            "outstanding_sum": task.outstanding,
            "paid_share": task.paid * 1000 // task.promised if task.promised else None,
            "pay_by": question.day_of(task.solve_due),
            "days_late": (question.today - due).days if late and due else None,
            "receiver": task.confirmer,
            "state": str(task.state),
            "confirmed_on": question.day_of(task.closed_at),
        }
