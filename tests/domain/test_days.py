"""Days at the beginning or the end of a line: the last such day when done, the next when planned."""

from datetime import date

import pytest

from bot.domain.days import read_day_done, read_day_planned

TODAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("text", "day", "rest"),
    [
        ("2月28日", date(2026, 2, 28), ""),
        ("3月1日", TODAY, ""),
        ("3月2日", date(2026, 3, 2), ""),  # ahead: for somebody to say so
        ("12月20日", date(2025, 12, 20), ""),  # before New Year
        ("2月29日", None, ""),  # no leap year
        ("2024年2月29日", date(2024, 2, 29), ""),
        ("2月30日", None, ""),
        ("主体封顶 2月20日", date(2026, 2, 20), "主体封顶"),
        ("主体封顶，2月20日。", date(2026, 2, 20), "主体封顶"),
        ("2-20 主体封顶", date(2026, 2, 20), "主体封顶"),
        ("2026-02-20", date(2026, 2, 20), ""),
        ("昨天", date(2026, 2, 28), ""),
        ("二月二十日", date(2026, 2, 20), ""),
        ("主体封顶", None, "主体封顶"),
        ("形象进度 2-20%", None, "形象进度 2-20%"),
    ],
)
def test_a_day_on_which_something_was_done(text: str, day: date | None, rest: str) -> None:
    said = read_day_done(text, TODAY)

    assert (said.day, said.rest) == (day, rest)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("主体封顶 3月1日", TODAY),
        ("主体封顶 2月28日", date(2026, 2, 28)),  # a year ahead it is not: a slip, for somebody to say so
        ("主体封顶 8月31日", date(2026, 8, 31)),
        ("主体封顶 明年2月1日", date(2027, 2, 1)),
        ("主体封顶 2028年2月29日", date(2028, 2, 29)),
        ("主体封顶 明天", date(2026, 3, 2)),
    ],
)
def test_a_day_for_which_something_is_planned(text: str, day: date) -> None:
    assert read_day_planned(text, TODAY).day == day
    assert read_day_planned(text, TODAY).rest == "主体封顶"


def test_over_new_year_the_next_such_day_is_planned() -> None:
    assert read_day_planned("1月20日", date(2026, 12, 1)).day == date(2027, 1, 20)
