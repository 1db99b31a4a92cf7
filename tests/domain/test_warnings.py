"""What is warned of, at the edges: pace, milestones that are near, measures too short to speak of."""

from datetime import date

import pytest

from bot.domain.warnings import Pace, is_still_before, measured_from, misses, pace

LONG_AGO = date(2025, 6, 1)


@pytest.mark.parametrize(
    ("today", "start_on", "first"),
    [
        (date(2026, 11, 23), LONG_AGO, date(2026, 8, 26)),
        (date(2026, 3, 31), LONG_AGO, date(2026, 1, 1)),  # ninety days into the year
        (date(2028, 3, 30), LONG_AGO, date(2028, 1, 1)),  # the same, over a 29 February
        (date(2026, 2, 1), LONG_AGO, date(2026, 1, 1)),
        (date(2026, 11, 23), date(2026, 11, 1), date(2026, 11, 1)),
    ],
)
def test_pace_is_measured_in_one_year_and_from_the_first_figure(
    today: date, start_on: date, first: date
) -> None:
    assert measured_from(today, 90, start_on) == first


@pytest.mark.parametrize(
    ("first", "today", "found"),
    [
        (date(2026, 8, 26), date(2026, 11, 23), Pace(9_000, 90, 50_000 + 3_800)),  # 38 days left
        (date(2026, 1, 1), date(2026, 1, 30), Pace(9_000, 30, 50_000 + 9_000 * 335 // 30)),
        (date(2026, 1, 1), date(2026, 1, 29), None),  # a day too short
        (date(2026, 10, 3), date(2026, 12, 31), Pace(9_000, 90, 50_000)),  # nothing is left of the year
        (date(2028, 1, 1), date(2028, 3, 30), Pace(9_000, 90, 50_000 + 27_600)),  # 276 days left of 366
    ],
)
def test_a_pace_leads_to_the_end_of_the_year(first: date, today: date, found: Pace | None) -> None:
    assert pace(50_000, 9_000, first, today) == found


def test_a_corrected_figure_is_no_pace_backwards() -> None:
    assert pace(50_000, -9_000, date(2026, 8, 26), date(2026, 11, 23)) == Pace(-9_000, 90, 50_000)


@pytest.mark.parametrize(
    ("plan", "projected", "missed"), [(100_000, 89_999, True), (100_000, 90_000, False), (0, 0, False)]
)
def test_a_plan_is_missed_by_more_than_a_tenth(plan: int, projected: int, missed: bool) -> None:
    assert misses(plan, Pace(0, 90, projected)) is missed


@pytest.mark.parametrize(
    ("milestone", "last_progress", "warned"),
    [
        (date(2026, 12, 7), date(2026, 11, 16), True),  # fourteen days ahead, seven still
        (date(2026, 12, 8), date(2026, 11, 16), False),
        (date(2026, 12, 7), date(2026, 11, 17), False),
        (date(2026, 11, 23), None, True),
        (date(2026, 11, 22), None, False),  # overdue is another matter
    ],
)
def test_a_milestone_that_is_near_and_does_not_move(
    milestone: date, last_progress: date | None, warned: bool
) -> None:
    assert is_still_before(milestone, last_progress, date(2026, 11, 23)) is warned
