"""How often a project is asked about: as its class has it, and daily while something is near or open."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bot.domain.projects import ProjectClass

NEAR = timedelta(days=7)
"""So long before a planned day, and after it while nothing has come of it, a project is asked about daily."""


class Cadence(StrEnum):
    """How often a class is asked about; the values are the words of the settings."""

    WORKDAY = "workday"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


DEFAULT: Mapping[ProjectClass, Cadence] = {
    ProjectClass.BUILDING: Cadence.WORKDAY,
    ProjectClass.NEW: Cadence.WEEKLY,
    ProjectClass.NEGOTIATING: Cadence.WEEKLY,
    ProjectClass.SEEKING: Cadence.WEEKLY,
    ProjectClass.RESERVE: Cadence.MONTHLY,
    ProjectClass.BUILT: Cadence.MONTHLY,
}
"""What a county that says nothing works by (MISSION row 31)."""


@dataclass(frozen=True, slots=True)
class Due:
    """What a day's round asks about: classes whose turn it is, and whatever has a planned day near.

    A project with an open problem is asked about whatever its class.
    """

    kinds: frozenset[ProjectClass]
    near_from: date
    near_until: date

    def asks(self, kind: ProjectClass, planned: Collection[date] = (), *, has_problem: bool = False) -> bool:
        """Tell whether a project is asked about; ``planned`` are the days that nothing has come of yet."""
        is_near = any(self.near_from <= day <= self.near_until for day in planned)
        return kind in self.kinds or is_near or has_problem


def due(day: date, last_round: date | None, cadence: Mapping[ProjectClass, Cadence] = DEFAULT) -> Due:
    """Return what a working day's round asks about, the one before having been on ``last_round``.

    A week's question belongs to the first round of the week – Monday's, or the next working day's –
    and a month's to the first of the month; so what a breakdown swallowed is asked with the next
    round, and the very first one asks about everything.
    """
    turns = {Cadence.WORKDAY}
    if last_round is None or last_round < day - timedelta(days=day.weekday()):
        turns.add(Cadence.WEEKLY)
    if last_round is None or last_round < day.replace(day=1):
        turns.add(Cadence.MONTHLY)
    return Due(
        kinds=frozenset(kind for kind in ProjectClass if cadence.get(kind, DEFAULT[kind]) in turns),
        near_from=day - NEAR,
        near_until=day + NEAR,
    )
