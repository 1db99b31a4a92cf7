"""Every version of every daily report; nothing said is ever overwritten."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from bot.domain.progress import Kind, Standing
from storage.copied import LOOKED_BACK, copied_runs
from storage.prepared import Prepared
from storage.tables import people, projects, reports


@dataclass(frozen=True, slots=True)
class Report:
    """What was said about a project on a day; ``version`` counts the answers of that day."""

    id: int
    project_id: int
    day: date
    version: int
    kind: Kind
    text: str
    standing: Standing
    person_id: int
    person: str
    entered_by: int | None
    at: datetime
    odd: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """A report about to be stored; ``source`` names the message it came in, so that an edit finds it."""

    project_id: int
    day: date
    kind: Kind
    text: str
    standing: Standing
    person_id: int
    at: datetime
    source: str = ""
    entered_by: int | None = None
    odd: tuple[str, ...] = ()


_REPORT = select(reports, people.c.name.label("person")).join(people, people.c.id == reports.c.person_id)
_CURRENT = Prepared(
    _REPORT.where(reports.c.day == bindparam("today"), reports.c.current).where(
        reports.c.project_id.in_(bindparam("of", expanding=True))
    ),
    "of",
)
_BEFORE = Prepared(
    select(reports.c.permille, reports.c.cumulative)
    .where(reports.c.project_id == bindparam("of"), reports.c.current)
    .where(reports.c.day < bindparam("today"), reports.c.day >= bindparam("since"))
    .order_by(reports.c.day.desc())
    .limit(1)
)
_START = Prepared(
    select(projects.c.start_permille, projects.c.start_cumulative, projects.c.start_on).where(
        projects.c.id == bindparam("of")
    )
)
_RETIRE = Prepared(
    update(reports)
    .where(reports.c.project_id == bindparam("of"), reports.c.day == bindparam("today"), reports.c.current)
    .values(current=False)
)
_said = reports.alias("said")
_version = (
    select(func.coalesce(func.max(_said.c.version), 0) + 1)
    .where(_said.c.project_id == bindparam("of"), _said.c.day == bindparam("today"))
    .scalar_subquery()
)
_INSERT = Prepared(insert(reports).values(version=_version).returning(reports.c.id))
_stand = (
    update(projects)
    .where(projects.c.id == bindparam("of"))
    .values(permille=bindparam("at_permille"), cumulative=bindparam("at_cumulative"))
)
_STAND = Prepared(_stand)
_STAND_AND_SAY = Prepared(_stand.values(last_text=bindparam("said"), last_day=bindparam("on_day")))


class Reports:
    """What the liaisons said; nothing said is ever overwritten."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def on(self, project_ids: Iterable[int], day: date) -> dict[int, Report]:
        """Return what counts for each project on a day."""
        rows = _CURRENT.all(self._connection, of=list(project_ids), today=day)
        return {row.project_id: _report(row) for row in rows}

    def standing_before(self, project_id: int, day: date) -> Standing:
        """Return where a project stood before a day; money counts from the first of January."""
        new_year = day.replace(month=1, day=1)
        row = _BEFORE.first(self._connection, of=project_id, today=day, since=new_year)
        if row is not None:
            return Standing(row.permille, row.cumulative)
        start = _START.one(self._connection, of=project_id)
        if start.start_on >= new_year:
            return Standing(start.start_permille, start.start_cumulative)
        row = _BEFORE.first(self._connection, of=project_id, today=day, since=date.min)
        return Standing(row.permille if row else start.start_permille, 0)

    def add(self, answered: Answered, *, counts: bool = True) -> int:
        """Store a report and Return its id.

        One that counts becomes the day's report and the project's standing; the versions before it
        stay. One that does not count is only kept.
        """
        day = {"of": answered.project_id, "today": answered.day}
        if counts:
            _RETIRE.run(self._connection, **day)
        row = {
            "project_id": answered.project_id,
            "day": answered.day,
            "current": counts,
            "counted": counts,
            "kind": str(answered.kind),
            "text": answered.text,
            "permille": answered.standing.permille,
            "cumulative": answered.standing.cumulative,
            "odd": list(answered.odd),
            "person_id": answered.person_id,
            "entered_by": answered.entered_by,
            "source": answered.source,
            "at": answered.at,
        }
        report_id: int = _INSERT.scalar(self._connection, **day, **row)
        if counts:
            self._stand(answered)
        return report_id

    def _stand(self, answered: Answered) -> None:
        given = {
            "of": answered.project_id,
            "at_permille": answered.standing.permille,
            "at_cumulative": answered.standing.cumulative,
        }
        if answered.text and answered.kind is not Kind.UNCHANGED:
            _STAND_AND_SAY.run(self._connection, **given, said=answered.text, on_day=answered.day)
        else:
            _STAND.run(self._connection, **given)

    def from_source(self, source: str) -> list[Report]:
        """Return the counting reports that one message made, to revise them when it is edited."""
        rows = self._connection.execute(
            _REPORT.where(reports.c.source == source, reports.c.current).order_by(reports.c.id)
        )
        return [_report(row) for row in rows]

    def latest(self, project_id: int) -> Report | None:
        """Return the counting report of the last day that has one."""
        row = self._connection.execute(
            _REPORT.where(reports.c.project_id == project_id, reports.c.current)
            .order_by(reports.c.day.desc())
            .limit(1)
        ).first()
        return _report(row) if row else None

    def days_of_same_words(self, project_id: int, today: date) -> int:
        """Return on how many days in a row a project was reported in the words that it was last."""
        runs = copied_runs(today - LOOKED_BACK).where(reports.c.project_id == project_id)
        row = self._connection.execute(runs).first()
        return row.days if row else 0

    def confirm(self, report_id: int) -> None:
        """Note that an odd figure is meant."""
        self._connection.execute(update(reports).where(reports.c.id == report_id).values(odd=[]))

    def restore(self, report: Report, standing: Standing, now: datetime) -> int:
        """Keep the words of a report but not its figures, as its next version."""
        return self.add(
            Answered(
                project_id=report.project_id,
                day=report.day,
                kind=report.kind,
                text=report.text,
                standing=standing,
                person_id=report.person_id,
                at=now,
            )
        )

    def get(self, report_id: int) -> Report:
        """Return a report known to exist."""
        return _report(self._connection.execute(_REPORT.where(reports.c.id == report_id)).one())


def _report(row: Row[Any]) -> Report:
    return Report(
        id=row.id,
        project_id=row.project_id,
        day=row.day,
        version=row.version,
        kind=Kind(row.kind),
        text=row.text,
        standing=Standing(row.permille, row.cumulative),
        person_id=row.person_id,
        person=row.person,
        entered_by=row.entered_by,
        at=row.at,
        odd=tuple(row.odd),
    )
