"""Every version of every daily report; nothing said is ever overwritten."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from bot.domain.progress import Kind, Standing
from storage.copied import LOOKED_BACK, copied_runs
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
_OF_TODAY = _REPORT.where(reports.c.day == bindparam("today"), reports.c.current)
_CURRENT = _OF_TODAY.where(reports.c.project_id.in_(bindparam("of", expanding=True)))
_CURRENT_OF_ONE = _OF_TODAY.where(reports.c.project_id == bindparam("of"))
_BEFORE = (
    select(reports.c.permille, reports.c.cumulative)
    .where(reports.c.project_id == bindparam("of"), reports.c.current)
    .where(reports.c.day < bindparam("today"), reports.c.day >= bindparam("since"))
    .order_by(reports.c.day.desc())
    .limit(1)
)
_START = select(projects.c.start_permille, projects.c.start_cumulative, projects.c.start_on).where(
    projects.c.id == bindparam("of")
)
_VERSIONS = select(func.max(reports.c.version)).where(
    reports.c.project_id == bindparam("of"), reports.c.day == bindparam("today")
)
_RETIRE = (
    update(reports)
    .where(reports.c.project_id == bindparam("of"), reports.c.day == bindparam("today"), reports.c.current)
    .values(current=False)
)
_INSERT = insert(reports)
_STAND = (
    update(projects)
    .where(projects.c.id == bindparam("of"))
    .values(permille=bindparam("at_permille"), cumulative=bindparam("at_cumulative"))
)
_STAND_AND_SAY = _STAND.values(last_text=bindparam("said"), last_day=bindparam("on_day"))


class Reports:
    """What the liaisons said; nothing said is ever overwritten."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def on(self, project_ids: Iterable[int], day: date) -> dict[int, Report]:
        """Return what counts for each project on a day."""
        ids = list(project_ids)
        # Most people have one project: an IN of one costs twice an equality.
        one = len(ids) == 1
        given = {"of": ids[0] if one else ids, "today": day}
        rows = self._connection.execute(_CURRENT_OF_ONE if one else _CURRENT, given)
        return {row.project_id: _report(row) for row in rows}

    def standing_before(self, project_id: int, day: date) -> Standing:
        """Return where a project stood before a day; money counts from the first of January."""
        new_year = day.replace(month=1, day=1)
        given = {"of": project_id, "today": day, "since": new_year}
        row = self._connection.execute(_BEFORE, given).first()
        if row is not None:
            return Standing(row.permille, row.cumulative)
        start = self._connection.execute(_START, {"of": project_id}).one()
        if start.start_on >= new_year:
            return Standing(start.start_permille, start.start_cumulative)
        row = self._connection.execute(_BEFORE, given | {"since": date.min}).first()
        return Standing(row.permille if row else start.start_permille, 0)

    def add(self, answered: Answered, *, counts: bool = True) -> int:
        """Store a report and Return its id.

        One that counts becomes the day's report and the project's standing; the versions before it
        stay. One that does not count is only kept.
        """
        day = {"of": answered.project_id, "today": answered.day}
        version = (self._connection.execute(_VERSIONS, day).scalar() or 0) + 1
        if counts and version > 1:
            self._connection.execute(_RETIRE, day)
        row = {
            "project_id": answered.project_id,
            "day": answered.day,
            "version": version,
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
        key: Any = self._connection.execute(_INSERT, row).inserted_primary_key
        if counts:
            self._stand(answered)
        return int(key[0])

    def _stand(self, answered: Answered) -> None:
        given = {
            "of": answered.project_id,
            "at_permille": answered.standing.permille,
            "at_cumulative": answered.standing.cumulative,
        }
        if answered.text and answered.kind is not Kind.UNCHANGED:
            self._connection.execute(_STAND_AND_SAY, given | {"said": answered.text, "on_day": answered.day})
        else:
            self._connection.execute(_STAND, given)

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
