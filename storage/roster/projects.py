"""The sheet 项目: the projects, where they start, and who answers for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, exists, select

from bot.domain.changes import COLUMNS
from bot.domain.columns import Sheet
from bot.domain.people import Duty
from bot.domain.projects import ProjectClass, stage_spoken_for
from bot.domain.roster import ProjectRow
from storage.changes import Changes
from storage.roster.changes import Change, Journal, What, differences, label, listed, shown
from storage.roster.duties import Duties
from storage.roster.merge import Merged, Values, merge
from storage.roster.people import UnitIds
from storage.roster.register import Register
from storage.tables import projects, reports

_NEVER_WITHOUT = frozenset({Duty.LEAD_LEADER, Duty.LIAISON})
"""The duties that an empty cell does not end."""
_FRESH = {"kind": str(ProjectClass.BUILDING), "total": 0, "planned": 0}
_FRESH_START = {"start_permille": 0, "start_cumulative": 0, "permille": 0, "cumulative": 0}
_FACTS = (
    "number",
    "name",
    "level",
    "kind",
    "stage",
    "industry",
    "place",
    "total",
    "planned",
    "planned_start",
    "planned_completion",
    "actual_start",
    "actual_completion",
)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A project as the other sheets refer to it."""

    id: int
    place: str


def merge_projects(
    connection: Connection,
    rows: Sequence[ProjectRow],
    unit_ids: UnitIds,
    register: Register,
    duties: Duties,
    today: date,
    journal: Journal,
) -> Mapping[str, Numbered]:
    """Bring the projects up to the roster and return all there are, by number."""
    if rows:
        _merge(connection, rows, unit_ids, register, duties, today, journal)
    known = connection.execute(select(projects.c.number, projects.c.id, projects.c.place))
    return {row.number: Numbered(row.id, row.place) for row in known}


def _merge(
    connection: Connection,
    rows: Sequence[ProjectRow],
    unit_ids: UnitIds,
    register: Register,
    duties: Duties,
    today: date,
    journal: Journal,
) -> None:
    standings = _Standings(connection, today)
    merged = merge(
        connection,
        projects,
        ("number",),
        [
            {
                **{name: getattr(row, name) for name in _FACTS},
                "kind": row.kind and str(row.kind),
                "stage": standings.stage(row),
                "unit_id": unit_ids[row.unit],
                **standings.start(row),
            }
            for row in rows
        ],
        fresh=_FRESH | _FRESH_START | {"start_on": today},
    )
    Changes(connection).import_(_changed(merged), today, journal.now)
    unit_names = {unit_id: name for name, unit_id in unit_ids.items()}
    for row, project in zip(rows, merged, strict=True):
        said = []
        if project.is_new and row.stage is None:
            said.append(f"阶段没填，按日期和类别记作「{standings.stage(row)}」")
        _assign(row, project, unit_names, register, duties, journal, said)
        if kept := standings.kept(row):
            journal.keep(Sheet.PROJECTS, _name(row), kept)


def _changed(merged: Sequence[Merged]) -> list[tuple[int, str, str, str]]:
    """Return which plans are others now; what stood nowhere before is no change."""
    return [
        (each.id, str(item), str(each.was[column]), str(each.now[column]))
        for each in merged
        for item, column in COLUMNS.items()
        if column in each.now and each.was.get(column)
    ]


def _name(row: ProjectRow) -> str:
    return f"{row.number} {row.name}"


class _Standings:
    """Where the projects stand: 累计完成 and 形象进度 only say where one started."""

    def __init__(self, connection: Connection, today: date) -> None:
        self._today = today
        # Locked before the reports are looked for: a first report that comes now waits, and then counts.
        rows = connection.execute(
            select(projects.c.id, projects.c.number, projects.c.permille, projects.c.cumulative)
            .order_by(projects.c.id)
            .with_for_update(key_share=True)
        ).all()
        has_report = exists().where(reports.c.project_id == projects.c.id, reports.c.current)
        reported = set(connection.execute(select(projects.c.id).where(has_report)).scalars())
        self._reported = {row.number: row for row in rows if row.id in reported}
        self._started = {row.number: row for row in rows}

    def start(self, row: ProjectRow) -> Values:
        """Return the columns of a start: nothing where the row says nothing, or a report said it."""
        permille, cumulative = row.permille, row.cumulative
        if row.number in self._reported:
            permille = cumulative = None
        old = self._started.get(row.number)
        is_news = old is not None and cumulative not in {None, old.cumulative}
        return {
            "permille": permille,
            "cumulative": cumulative,
            "start_permille": permille,
            "start_cumulative": cumulative,
            # Money counts from New Year on: what is told now is told of this year.
            "start_on": self._today if is_news else None,
        }

    def is_new(self, row: ProjectRow) -> bool:
        """Tell whether a project is in no roster before this one."""
        return row.number not in self._started

    def stage(self, row: ProjectRow) -> str | None:
        """Return the stage of a row; of a new project with an empty cell, what its dates speak for."""
        if row.stage is not None or not self.is_new(row):
            return row.stage and str(row.stage)
        return str(
            stage_spoken_for(
                row.kind,
                planned_start=row.planned_start,
                actual_start=row.actual_start,
                actual_completion=row.actual_completion,
                is_built_at=bool(row.permille),
                today=self._today,
            )
        )

    def kept(self, row: ProjectRow) -> str:
        """Return what the reports say and the row contradicts; nothing where they agree."""
        stands = self._reported.get(row.number)
        if stands is None:
            return ""
        told = {"permille": row.permille, "cumulative": row.cumulative}
        contradicted = [
            f"{label(Sheet.PROJECTS, name)} {shown(Sheet.PROJECTS, name, getattr(stands, name))}"
            f"（表中 {shown(Sheet.PROJECTS, name, value)}）"
            for name, value in told.items()
            if value not in {None, getattr(stands, name)}
        ]
        return f"已有日报，以日报为准：{'；'.join(contradicted)}" if contradicted else ""


def _assign(
    row: ProjectRow,
    project: Merged,
    unit_names: Mapping[int | None, str],
    register: Register,
    duties: Duties,
    journal: Journal,
    said: Sequence[str],
) -> None:
    """Give a project the people of its row, and tell everything that became of it."""
    was, now = dict(project.was), dict(project.now)
    shown_was, shown_now = dict(was), dict(now)
    if "unit_id" in was:
        shown_was["unit"], shown_now["unit"] = unit_names[was["unit_id"]], unit_names[now["unit_id"]]
    told = [*said] if project.is_new else differences(Sheet.PROJECTS, shown_was, shown_now)
    given = list(row.duties())
    for duty in Duty:
        wanted = [register.get(who) for of, who in given if of is duty]
        before = duties.on(project.id, duty)
        if (not wanted and duty in _NEVER_WITHOUT) or not duties.set(project.id, duty, wanted):
            continue
        after = duties.on(project.id, duty)
        was[duty], now[duty] = before, after
        names = [listed(map(register.name, each)) for each in (before, after)]
        told.append(f"{duty} {names[1]}" if project.is_new else f"{duty} {names[0]} → {names[1]}")
    if project.is_new or told:
        what = What.ADDED if project.is_new else What.CHANGED
        change = Change(Sheet.PROJECTS, what, _name(row), "；".join(told))
        journal.add(change, f"project:{project.id}", was, now)
