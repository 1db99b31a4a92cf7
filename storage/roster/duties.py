"""Who is what on which project, and how a roster changes it: assignments end, none is overwritten."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from bot.domain.people import Duty
from storage.tables import assignments, projects

_HELD = (
    select(assignments, projects.c.number)
    .join(projects, projects.c.id == assignments.c.project_id)
    .where(or_(assignments.c.until.is_(None), assignments.c.until > bindparam("today")))
    .order_by(assignments.c.id)
)
_END = update(assignments).where(assignments.c.id == bindparam("of")).values(until=bindparam("today"))


class Duties:
    """The assignments of today, changed in memory and written at once."""

    def __init__(self, connection: Connection, today: date) -> None:
        self._connection = connection
        self._today = today
        self._held: dict[tuple[int, Duty], dict[int, int | None]] = {}
        self._labels: dict[int, list[tuple[int, Duty, str]]] = {}
        self._ended: list[int] = []
        for row in connection.execute(_HELD, {"today": today}):
            duty = Duty(row.duty)
            self._held.setdefault((row.project_id, duty), {})[row.person_id] = row.id
            self._labels.setdefault(row.person_id, []).append((row.project_id, duty, row.number))

    def on(self, project_id: int, duty: Duty) -> list[int]:
        """Return who has a duty on a project, the longest first."""
        return list(self._held.get((project_id, duty), {}))

    def labels(self, person_id: int) -> list[str]:
        """Return the duties somebody had before the import: QH001 联络员."""
        return [f"{number} {duty}" for _, duty, number in self._labels.get(person_id, [])]

    def set(self, project_id: int, duty: Duty, wanted: Sequence[int]) -> bool:
        """Let exactly these people have a duty on a project; False if they had it already."""
        held = self._held.setdefault((project_id, duty), {})
        if held.keys() == set(wanted):
            return False
        for person_id in [each for each in held if each not in wanted]:
            self._end(project_id, duty, person_id)
        for person_id in wanted:
            held.setdefault(person_id, None)
        return True

    def end(self, person_id: int) -> None:
        """End whatever duties somebody still has."""
        for project_id, duty, _ in self._labels.get(person_id, []):
            self._end(project_id, duty, person_id)

    def pass_on(self, person_id: int, to_id: int) -> None:
        """Let another have whatever duties somebody has; one that the other has already just ends."""
        for project_id, duty, _ in self._labels.get(person_id, []):
            rest = [to_id if each == person_id else each for each in self.on(project_id, duty)]
            self.set(project_id, duty, rest)

    def _end(self, project_id: int, duty: Duty, person_id: int) -> None:
        assignment_id = self._held[project_id, duty].pop(person_id, None)
        if assignment_id is not None:
            self._ended.append(assignment_id)

    def write(self) -> None:
        """Write what ended and what began today."""
        begun = [
            {"project_id": project_id, "duty": str(duty), "person_id": person_id, "since": self._today}
            for (project_id, duty), held in self._held.items()
            for person_id, assignment_id in held.items()
            if assignment_id is None
        ]
        if self._ended:
            self._connection.execute(_END, [{"of": each, "today": self._today} for each in self._ended])
        if begun:
            self._connection.execute(insert(assignments), begun)
