"""How far each project came in any days, by whose word; a week is only one such time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    Select,
    String,
    Text,
    and_,
    cast,
    func,
    select,
    text,
)

from bot.domain.progress import Kind, Standing
from storage.tables import people, projects, prompts, reports, units

_DAY = timedelta(days=1)
NOTHING = Standing(0, 0)
_now, _before, _said, _known = (reports.alias(name) for name in ("now", "before", "said", "known"))
_one = reports.alias("one")
# Who types 「2 照旧」 has said a word, and nothing new.
_NEWS = _one.c.kind != str(Kind.UNCHANGED)
_reporter = people.alias("reporter")
_speaker = people.alias("speaker")


@dataclass(frozen=True, slots=True)
class Course:
    """How far a project came in some days; money is of the year of the last one.

    The figures *before* are those when the first day began, counted in the same year: money begins at
    zero on 1 January. What came ``late`` is what has since been said of the days before, after somebody
    had counted them. ``row`` is the project with its unit; ``source`` whose word the figures are.
    """

    row: Row[Any]
    cumulative: int
    cumulative_before: int
    permille: int
    permille_before: int
    answered_days: int
    asked_days: int
    last_text: str
    last_text_day: date | None
    last_text_by: str
    last_progress: date | None
    source: str | None
    late: Standing = NOTHING
    progress_is_late: bool = False

    @property
    def invested(self) -> int:
        """What was invested in these days, or came late; negative when a figure was corrected."""
        return self.cumulative - self.cumulative_before + self.late.cumulative

    @property
    def advanced(self) -> int:
        """How far the visible progress came, in thousandths."""
        return self.permille - self.permille_before + self.late.permille

    def has_moved(self, first: date) -> bool:
        """Tell whether anything was built, spent or otherwise brought forward."""
        reported = self.last_progress is not None and self.last_progress >= first
        return reported or self.progress_is_late or self.invested > 0 or self.advanced > 0


def courses(
    connection: Connection, wanted: Select[Any], first: date, last: date, known_through: int | None = None
) -> Iterator[Course]:
    """Yield how far each of some projects came from a first to a last day, in the order of the roster.

    ``known_through`` is the last report that was known when the days before were counted; what came after
    it is of these days. Each figure is looked up by an index; no query reads through all reports.
    """
    asked = asked_days(connection, first, last)
    new_year = last.replace(month=1, day=1)
    for row in connection.execute(_courses(wanted, first, last, known_through)).all():
        start = row.start_cumulative if row.start_on.year == last.year else 0
        is_late = known_through is not None and (row.progress_id or 0) > known_through
        yield Course(
            row=row,
            cumulative=row.now_cumulative if row.now_day and row.now_day >= new_year else start,
            cumulative_before=row.before_cumulative
            if row.before_day and row.before_day >= new_year
            else start,
            permille=row.start_permille if row.now_day is None else row.now_permille,
            permille_before=row.start_permille if row.before_day is None else row.before_permille,
            answered_days=row.answered,
            asked_days=asked.get(row.id, 0),
            last_text=row.said_text or "",
            last_text_day=row.said_day,
            last_text_by=row.said_by or "",
            last_progress=row.progress_day,
            source=f"{row.now_day} {row.now_by}" if row.now_day else None,
            late=NOTHING if known_through is None else _late(row, (first - _DAY).replace(month=1, day=1)),
            progress_is_late=is_late,
        )


def _late(row: Row[Any], new_year: date) -> Standing:
    """Return by how much the days before stand higher now than when they were counted, in their own year."""
    start = row.start_cumulative if row.start_on.year == new_year.year else 0
    now = row.before_cumulative if row.before_day and row.before_day >= new_year else start
    then = row.known_cumulative if row.known_day and row.known_day >= new_year else start
    permille_now = row.start_permille if row.before_day is None else row.before_permille
    permille_then = row.start_permille if row.known_day is None else row.known_permille
    return Standing(permille_now - permille_then, now - then)


def _courses(wanted: Select[Any], first: date, last: date, known_through: int | None) -> Select[Any]:
    answered = (
        select(func.count())
        .where(_counts(), _one.c.day.between(first, last))
        .correlate(projects)
        .scalar_subquery()
    )
    statement = (
        select(
            projects,
            units.c.name.label("unit"),
            _now.c.day.label("now_day"),
            _now.c.permille.label("now_permille"),
            _now.c.cumulative.label("now_cumulative"),
            _reporter.c.name.label("now_by"),
            _before.c.day.label("before_day"),
            _before.c.permille.label("before_permille"),
            _before.c.cumulative.label("before_cumulative"),
            _said.c.text.label("said_text"),
            _said.c.day.label("said_day"),
            _speaker.c.name.label("said_by"),
            _latest(_one.c.day, last, _NEWS).label("progress_day"),
            answered.label("answered"),
        )
        .outerjoin(units, units.c.id == projects.c.unit_id)
        .outerjoin(_now, _now.c.id == _latest(_one.c.id, last))
        .outerjoin(_reporter, _reporter.c.id == _now.c.person_id)
        .outerjoin(_before, _before.c.id == _latest(_one.c.id, first - _DAY))
        .outerjoin(_said, _said.c.id == _latest(_one.c.id, last, _one.c.text != "", _NEWS))
        .outerjoin(_speaker, _speaker.c.id == _said.c.person_id)
        .where(projects.c.id.in_(wanted))
        .order_by(projects.c.id)
    )
    if known_through is None:
        return statement
    return statement.add_columns(
        _known.c.day.label("known_day"),
        _known.c.permille.label("known_permille"),
        _known.c.cumulative.label("known_cumulative"),
        _latest(_one.c.id, last, _NEWS).label("progress_id"),
    ).outerjoin(_known, _known.c.id == _known_then(first - _DAY, known_through))


def _known_then(last: date, known_through: int) -> ScalarSelect[Any]:
    """Return the report that was a project's last up to a day when a report was the last of all."""
    return (
        select(_one.c.id)
        .where(_one.c.project_id == projects.c.id, _one.c.counted)
        .where(_one.c.day <= last, _one.c.id <= known_through)
        .order_by(_one.c.day.desc(), _one.c.version.desc())
        .limit(1)
        .correlate(projects)
        .scalar_subquery()
    )


def _counts() -> ColumnElement[bool]:
    # Bare, as in the index: SQLite does not see that `current = 1` is the same.
    return and_(_one.c.project_id == projects.c.id, text("one.current"))


def _latest(what: Any, last: date, *conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
    """Return something of a project's last counting report up to a day."""
    return (
        select(what)
        .where(_counts(), _one.c.day <= last, *conditions)
        .order_by(_one.c.day.desc())
        .limit(1)
        .correlate(projects)
        .scalar_subquery()
    )


def asked_days(connection: Connection, first: date, last: date) -> dict[int, int]:
    """Return on how many days each project was asked about."""
    # A liaison is asked about the same projects day after day: each list is read once.
    listed = cast(prompts.c.projects, Text)
    rows = connection.execute(
        select(
            listed.label("projects"), func.aggregate_strings(cast(prompts.c.day, String), ",").label("days")
        )
        .where(prompts.c.day.between(first, last))
        .group_by(listed)
    )
    days: dict[int, set[str]] = {}
    for row in rows:
        on = set(row.days.split(","))
        for project_id in _ids(row.projects):
            days[project_id] = days[project_id] | on if project_id in days else on
    return {project_id: len(on) for project_id, on in days.items()}


def _ids(listed: str) -> list[int]:
    return [int(each) for each in listed.strip("[]").split(",") if each.strip()]
