"""How far each project came in any days, by whose word; a week is only one such time."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    Text,
    and_,
    cast,
    func,
    select,
    text,
)

from bot.domain.progress import Kind, Standing
from storage.rows import light
from storage.tables import people, projects, prompts, reports, units

_DAY = timedelta(days=1)
NOTHING = Standing(0, 0)
_now, _said = reports.alias("now"), reports.alias("said")
_one = reports.alias("one")
# Who types 「2 照旧」 has said a word, and nothing new.
_NEWS = _one.c.kind != str(Kind.UNCHANGED)
_reporter = people.alias("reporter")
_speaker = people.alias("speaker")


class Course(NamedTuple):
    """How far a project came in some days; money is of the year of the last one.

    The figures *before* are those when the first day began, counted in the same year: money begins at
    zero on 1 January. What was invested in those of the days that lie in the ``old_year`` stands beside.
    What came ``late`` is what has since been said of the days before, after somebody had counted them.
    ``row`` is the project with its unit; ``source`` whose word the figures are.
    """

    row: Any
    cumulative: int
    cumulative_before: int
    permille: int
    permille_before: int
    last_text: str
    last_text_day: date | None
    last_text_by: str
    last_progress: date | None
    source: str | None
    old_year: int = 0
    late: Standing = NOTHING
    progress_is_late: bool = False

    @property
    def invested(self) -> int:
        """What was invested in these days, or came late; negative when a figure was corrected."""
        return self.old_year + self.invested_this_year

    @property
    def invested_this_year(self) -> int:
        """What was invested since New Year if the days begin earlier."""
        return self.cumulative - self.cumulative_before + self.late.cumulative

    @property
    def advanced(self) -> int:
        """How far the visible progress came, in thousandths."""
        return self.permille - self.permille_before + self.late.permille

    def has_moved(self, first: date) -> bool:
        """Tell whether anything was built, spent or otherwise brought forward."""
        reported = self.last_progress is not None and self.last_progress >= first
        return reported or self.progress_is_late or self.invested > 0 or self.advanced > 0


Standings = Sequence[Any]


def standings(connection: Connection, wanted: Select[Any], last: date) -> Standings:
    """Return where each of some projects stood after a day, in the order of the roster.

    Each figure is looked up by the index of counting reports; no query reads through all of them.
    """
    rows = connection.execute(
        select(
            projects,
            units.c.name.label("unit"),
            _now.c.day.label("now_day"),
            _now.c.permille.label("now_permille"),
            _now.c.cumulative.label("now_cumulative"),
            _reporter.c.name.label("now_by"),
            _said.c.text.label("said_text"),
            _said.c.day.label("said_day"),
            _speaker.c.name.label("said_by"),
            _latest(_one.c.day, last, _NEWS).label("progress_day"),
        )
        .outerjoin(units, units.c.id == projects.c.unit_id)
        .outerjoin(_now, _now.c.id == _latest(_one.c.id, last))
        .outerjoin(_reporter, _reporter.c.id == _now.c.person_id)
        .outerjoin(_said, _said.c.id == _latest(_one.c.id, last, _one.c.text != "", _NEWS))
        .outerjoin(_speaker, _speaker.c.id == _said.c.person_id)
        .where(projects.c.id.in_(wanted))
        .order_by(projects.c.id)
    )
    return list(light(rows))


def courses(
    connection: Connection,
    wanted: Select[Any],
    first: date,
    last: date,
    known_through: int | None = None,
    after: Standings = (),
) -> Iterator[Course]:
    """Yield how far each of some projects came from a first to a last day, in the order of the roster.

    ``known_through`` is the last report that was known when the days before were counted; what came after
    it is of these days. Where they stood ``after`` the last may be known already.
    """
    new_year, old_new_year, new_year_before = (
        day.replace(month=1, day=1) for day in (last, first, first - _DAY)
    )
    before = _before(connection, wanted, first)
    eve = _before(connection, wanted, new_year) if first < new_year else {}
    known = {} if known_through is None else _known(connection, wanted, first, last, known_through)
    for row in after or standings(connection, wanted, last):
        then = before.get(row.id, _NEVER)
        now = row.now_day, 0, row.now_cumulative or 0
        late, progress_is_late, old_year = NOTHING, False, 0
        if eve:
            old_year = _money(row, eve.get(row.id, _NEVER), old_new_year) - _money(row, then, old_new_year)
        if known_through is not None:
            progress_id, counted = known[row.id]
            late = Standing(
                _height(row, then) - _height(row, counted),
                _money(row, then, new_year_before) - _money(row, counted, new_year_before),
            )
            progress_is_late = (progress_id or 0) > known_through
        yield Course(
            row=row,
            cumulative=_money(row, now, new_year),
            cumulative_before=_money(row, then, new_year),
            permille=row.start_permille if row.now_day is None else row.now_permille,
            permille_before=_height(row, then),
            last_text=row.said_text or "",
            last_text_day=row.said_day,
            last_text_by=row.said_by or "",
            last_progress=row.progress_day,
            source=f"{row.now_day} {row.now_by}" if row.now_day else None,
            old_year=old_year,
            late=late,
            progress_is_late=progress_is_late,
        )


_Told = tuple[date | None, int, int]
"""The day and the figures of a report; no day is none."""
_NEVER: _Told = (None, 0, 0)


def _money(row: Any, told: _Told, new_year: date) -> int:
    """Return the money of a year by a report; if it is of an earlier one, by the roster of the year."""
    day, _, cumulative = told
    if day and day >= new_year:
        return cumulative
    return int(row.start_cumulative) if row.start_on.year == new_year.year else 0


def _height(row: Any, told: _Told) -> int:
    """Return the visible progress by a report; without one, by the roster."""
    day, permille, _ = told
    return row.start_permille if day is None else permille


def _before(connection: Connection, wanted: Select[Any], first: date) -> dict[int, _Told]:
    """Return the day and the figures of the last report of each project before a day, if there is one."""
    last = reports.alias("last")
    rows = connection.execute(
        select(projects.c.id, last.c.day, last.c.permille, last.c.cumulative)
        .select_from(projects)
        .join(last, last.c.id == _latest(_one.c.id, first - _DAY))
        .where(projects.c.id.in_(wanted))
    )
    return {project_id: (day, permille, cumulative) for project_id, day, permille, cumulative in rows.all()}


def _known(
    connection: Connection, wanted: Select[Any], first: date, last: date, known_through: int
) -> dict[int, tuple[int | None, _Told]]:
    """Return, by project, the report of its last progress, and what was known of the days before."""
    known = reports.alias("known")
    rows = connection.execute(
        select(
            projects.c.id,
            _latest(_one.c.id, last, _NEWS),
            known.c.day,
            known.c.permille,
            known.c.cumulative,
        )
        .select_from(projects)
        .outerjoin(known, known.c.id == _known_then(first - _DAY, known_through))
        .where(projects.c.id.in_(wanted))
    )
    return {
        project_id: (progress_id, (day, permille or 0, cumulative or 0))
        for project_id, progress_id, day, permille, cumulative in rows.all()
    }


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


def answered_days(connection: Connection, wanted: Select[Any], first: date, last: date) -> dict[int, int]:
    """Return on how many days each of some projects was reported."""
    many = (
        select(func.count())
        .where(_counts(), _one.c.day.between(first, last))
        .correlate(projects)
        .scalar_subquery()
    )
    rows = connection.execute(select(projects.c.id, many).where(projects.c.id.in_(wanted)))
    return {project_id: days for project_id, days in rows.all()}  # noqa: C416 -- a row is no pair for the types


def asked_days(connection: Connection, first: date, last: date) -> dict[int, int]:
    """Return on how many days each project was asked about."""
    rows = connection.execute(
        select(func.aggregate_strings(cast(prompts.c.projects, Text), ","))
        .where(prompts.c.day.between(first, last))
        .group_by(prompts.c.day)
    )
    days: Counter[str] = Counter()
    for (listed,) in rows:
        # What two people are asked about on a day is asked about once.
        days.update(set(listed.replace("[", "").replace("]", "").replace(" ", "").split(",")))
    return {int(project_id): many for project_id, many in days.items() if project_id}
