"""Early warning (MISSION feature 8): what will be late if it goes on as it does, told with its numbers."""

from dataclasses import dataclass
from datetime import date

PACE_DAYS = 90
"""Days over which the pace of investment is measured, or those since New Year or the first figure."""

SHORTEST = 30
"""Days before which there is no pace to speak of, and for which nothing invested is a warning."""

SHORTFALL = 900
"""Thousandths of the year's plan: whoever is heading for less is warned of."""

SOON = 14
"""Days before a milestone from which it should be moving."""

STILL = 7
"""Days without progress after which a milestone that is near is warned of."""

COPIED = 5
"""Days in a row on which the same words are reported before anybody is asked whether they are still true."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast money is invested, and where that leads by the end of the year."""

    invested: int
    days: int
    projected: int


def measured_from(today: date, days: int, start_on: date) -> date:
    """Return the first day of a measure that ends today: none before New Year, or before the first figure."""
    return max(date.fromordinal(today.toordinal() - days + 1), today.replace(month=1, day=1), start_on)


def pace(cumulative: int, invested: int, first: date, today: date) -> Pace | None:
    """Return the pace of what was invested from a first day to today; None if that was too short a time."""
    days = (today - first).days + 1
    if days < SHORTEST:
        return None
    left = (today.replace(month=12, day=31) - today).days
    return Pace(invested, days, cumulative + max(0, invested) * left // days)


def misses(plan: int, found: Pace) -> bool:
    """Tell whether a year's plan is missed at a pace, by more than anybody would quarrel about."""
    return plan > 0 and found.projected * 1000 < plan * SHORTFALL


def is_still_before(milestone: date, last_progress: date | None, today: date) -> bool:
    """Tell whether a milestone is near and nothing has moved for days."""
    left = (milestone - today).days
    return 0 <= left <= SOON and (last_progress is None or (today - last_progress).days >= STILL)
