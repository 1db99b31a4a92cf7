"""What a county lives through in its days; a checker that has never seen a thing has not checked it."""

from collections.abc import Iterator

from bot.papers.forms import forms
from tests.year.checker import Checker

_MONTH, _QUARTER, _YEAR = 31, 91, 365

HAPPENED: dict[str, tuple[int, str]] = {
    "a figure put right by the office (改数)": (_MONTH, "SELECT COUNT(*) FROM amendments"),
    "an objection to a ranking": (
        _MONTH,
        (
            "SELECT COUNT(*) FROM objections o JOIN bulletins b ON b.id = o.bulletin_id"
            " WHERE b.form IN ('项目排名', '流动红旗')"
        ),
    ),
    # Heads wait for the month's conference with it.
    "a decision asked of a head (提请) and answered": (
        _QUARTER,
        "SELECT COUNT(*) FROM requests WHERE kind = '提请' AND answer <> ''",
    ),
    "an extension granted": (
        _MONTH,
        "SELECT COUNT(*) FROM requests WHERE kind = '延期' AND answer = '同意'",
    ),
    "a problem passed on": (
        _MONTH,
        "SELECT COUNT(*) FROM audit WHERE action = 'problem.transferred'",
    ),
    "a problem reopened": (_MONTH, "SELECT COUNT(*) FROM problems WHERE generation > 1"),
    "a problem taken back": (_YEAR, "SELECT COUNT(*) FROM problems WHERE state = '已撤销'"),
    "a liaison away, and asked through a substitute": (
        _MONTH,
        (
            "SELECT COUNT(*) FROM leaves l JOIN prompts p ON p.person_id = l.substitute_id"
            " AND p.day BETWEEN l.first AND l.last JOIN assignments a ON a.person_id = l.person_id"
            " AND a.duty = '联络员' JOIN json_each(p.projects) e ON e.value = a.project_id"
        ),
    ),
    "a planned day moved": (_MONTH, "SELECT COUNT(*) FROM audit WHERE action = 'milestone.moved'"),
    "a letter withdrawn, its day having been moved": (
        _MONTH,
        (
            "SELECT COUNT(*) FROM missives m JOIN projects p ON p.id = m.project_id"
            " WHERE m.state = '已撤回' AND m.matter = '开工' AND m.slot NOT LIKE '%' || p.planned_start"
        ),
    ),
    "a letter withdrawn, the start having been recorded": (
        _YEAR,
        (
            "SELECT COUNT(*) FROM missives m JOIN projects p ON p.id = m.project_id"
            " WHERE m.state = '已撤回' AND m.matter = '开工' AND p.actual_start IS NOT NULL"
        ),
    ),
    "a letter answered late": (
        _YEAR,
        "SELECT COUNT(*) FROM missives WHERE date(replied_at, '+8 hours') > reply_due",
    ),
    "a report corrected (更正)": (
        _MONTH,
        "SELECT COUNT(*) FROM audit WHERE action = 'report.corrected'",
    ),
    "a promise from a visit": (
        _MONTH,
        "SELECT COUNT(*) FROM problems WHERE nature = '任务' AND origin LIKE 'visit:%'",
    ),
    "a change of a plan, agreed to": (
        _MONTH,
        "SELECT COUNT(*) FROM stage_moves WHERE what = '总投资' AND answer = '同意'",
    ),
    "money promised and paid in parts": (
        _MONTH,
        (
            "SELECT COUNT(*) FROM audit WHERE action = 'payout.paid'"
            " AND json_extract(detail, '$.text') LIKE '累计%'"
        ),
    ),
    "money that has come": (
        _YEAR,
        "SELECT COUNT(*) FROM problems WHERE promised IS NOT NULL AND state = '已销号'",
    ),
    "an approval past its day, and decided": (
        _MONTH,
        (
            "SELECT COUNT(*) FROM audit WHERE action = 'approval.noted'"
            " AND json_extract(detail, '$.text') LIKE '%20__-__-__%'"
        ),
    ),
    "a banner with a history": (
        _YEAR,
        "SELECT COUNT(*) > 1 FROM bulletins WHERE form = '流动红旗' AND state = '已发'",
    ),
}
"""Each with the length of a story from which on it must have happened, and what counts it."""


def missed(checker: Checker, length: int) -> Iterator[str]:
    """Yield what should have happened in so many days and did not; in a year every column has a figure."""
    for what, (after, statement) in HAPPENED.items():
        if length >= after and not checker.raw.rows(statement)[0][0]:
            yield f"never happened: {what}"
    for form in forms().values() if length >= _YEAR else ():
        for at, table in enumerate(form.tables):
            for column in table.columns:
                if (form.name, at, column) not in checker.seen:
                    yield f"never had a figure: {form.name}, table {at + 1}, {column}"
