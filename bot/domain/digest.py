"""The weekly digest: what moved, what was spent, and which problems stand – for one scope.

It counts projects and problems, never people: no ranking of persons, no names of the silent,
no phone numbers.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.calendar import year_permille
from bot.domain.deadlines import Light
from bot.domain.lines import Pace, ProblemLine, ProjectLine
from bot.domain.problems import OTHER, State
from bot.domain.scope import Scope, ScopeKind
from bot.domain.week import Week

__all__ = ["Digest", "Pace", "ProblemLine", "ProjectLine", "Scope", "ScopeKind", "Week"]


STILL_AFTER = timedelta(days=14)
"""A project without progress for this long is counted as standing still."""


@dataclass(frozen=True, slots=True)
class Digest:
    """One week of one scope, as known at ``made_at``.

    What flows (invested, opened, closed) is counted within the week; what stands (open,
    overdue) is as of ``made_at``, so that picture and ledger agree. ``visited`` counts projects.
    """

    scope: Scope
    county: str
    zone: ZoneInfo
    week: Week
    projects: tuple[ProjectLine, ...]
    problems: tuple[ProblemLine, ...]
    made_at: datetime
    late: bool = False
    visited: int = 0

    def day_of(self, moment: datetime) -> date:
        """Return the county's day that a moment falls on."""
        return moment.astimezone(self.zone).date()

    @property
    def as_of(self) -> date:
        """The last day the figures speak of: Sunday, or the day of making if that is earlier."""
        return min(self.week.sunday, self.day_of(self.made_at))

    @property
    def year_permille(self) -> int:
        """The share of the year gone by, in thousandths."""
        return year_permille(self.as_of)

    @property
    def answered_permille(self) -> int | None:
        """The share of questions answered; None when none was asked. Unasked answers do not count."""
        return _permille(
            sum(min(line.answered_days, line.asked_days) for line in self.projects),
            sum(line.asked_days for line in self.projects),
        )

    @property
    def invested(self) -> int:
        """What was invested this week."""
        return sum(line.invested for line in self.projects)

    @property
    def cumulative(self) -> int:
        """What was invested this year."""
        return sum(line.cumulative for line in self.projects)

    @property
    def planned(self) -> int:
        """What was planned for this year."""
        return sum(line.planned for line in self.projects)

    @property
    def plan_permille(self) -> int | None:
        """How much of the year's plan is done, in thousandths; None without a plan."""
        return _permille(self.cumulative, self.planned)

    @property
    def moved(self) -> tuple[ProjectLine, ...]:
        """The projects with progress this week."""
        return tuple(line for line in self.projects if line.has_moved(self.week))

    @property
    def standing_still(self) -> tuple[ProjectLine, ...]:
        """The projects known to have had no progress for two weeks or more."""
        since = self.as_of - STILL_AFTER
        return tuple(
            line
            for line in self.projects
            if line.last_progress and line.last_progress <= since and not line.has_moved(self.week)
        )

    @property
    def by_movement(self) -> tuple[ProjectLine, ...]:
        """All projects: most invested this week first, then most advanced, then those with words."""
        return tuple(
            sorted(
                self.projects,
                key=lambda line: (
                    -line.invested,
                    -line.advanced,
                    not line.has_moved(self.week),
                    line.number,
                ),
            )
        )

    @property
    def opened(self) -> tuple[ProblemLine, ...]:
        """The problems reported this week, mistaken ones left out."""
        return self._problems(
            lambda line: line.state is not State.WITHDRAWN and self.day_of(line.opened_at) in self.week
        )

    @property
    def closed(self) -> tuple[ProblemLine, ...]:
        """The problems closed this week."""
        return self._problems(
            lambda line: (
                line.state is State.CLOSED
                and line.closed_at is not None
                and self.day_of(line.closed_at) in self.week
            )
        )

    @property
    def open(self) -> tuple[ProblemLine, ...]:
        """The problems that somebody still owes something."""
        return self._problems(lambda line: line.is_open)

    @property
    def overdue(self) -> tuple[ProblemLine, ...]:
        """The open problems that are late, the longest late first."""
        late = self._problems(lambda line: line.overdue)
        return tuple(sorted(late, key=lambda line: (line.solve_due or line.opened_at, line.number)))

    def shining(self, light: Light) -> int:
        """Return how many open problems stand so: in time, due soon, overdue."""
        return sum(line.light is light for line in self.open)

    @property
    def solved_permille(self) -> int | None:
        """The share of all problems ever reported that are closed; None when there was none."""
        counted = self._problems(lambda line: line.state is not State.WITHDRAWN)
        return _permille(sum(line.state is State.CLOSED for line in counted), len(counted))

    @property
    def by_category(self) -> tuple[tuple[str, int], ...]:
        """The open problems counted by category, the most frequent first; 其他 comes last."""
        counts = Counter(line.category for line in self.open)
        return tuple(sorted(counts.items(), key=lambda item: (item[0] == OTHER, -item[1], item[0])))

    def _problems(self, keep: Callable[[ProblemLine], bool]) -> tuple[ProblemLine, ...]:
        return tuple(line for line in self.problems if keep(line))


def _permille(part: int, whole: int) -> int | None:
    return part * 1000 // whole if whole else None
