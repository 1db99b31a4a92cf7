"""When a paper comes: the day before, the day, the day after; days off, short months, campaigns."""

from datetime import date, datetime, time, timedelta
from itertools import islice, pairwise

import pytest

from bot.domain.calendar import Calendar
from bot.domain.rhythm import Occasion, Rhythm, Shift, When
from tests.world import ZONE

CALENDAR = Calendar(ZONE)


def first(words: str, after: date, **changes: object) -> Occasion:
    rhythm = Rhythm("旬督查表", When.parse(words), **changes)  # type: ignore[arg-type]
    return next(rhythm.occasions(after, CALENDAR))


@pytest.mark.parametrize(
    ("words", "after", "of", "drafted"),
    [
        ("每旬", date(2026, 11, 9), (date(2026, 11, 1), date(2026, 11, 10)), date(2026, 11, 10)),
        ("每旬", date(2026, 11, 10), (date(2026, 11, 11), date(2026, 11, 20)), date(2026, 11, 20)),
        ("每旬", date(2026, 11, 20), (date(2026, 11, 21), date(2026, 11, 30)), date(2026, 11, 30)),
        # A leap year's February ends on the 29th; in 2026 it is the 28th, a make-up Saturday that is worked.
        ("每旬", date(2028, 2, 20), (date(2028, 2, 21), date(2028, 2, 29)), date(2028, 2, 29)),
        ("每旬", date(2026, 2, 20), (date(2026, 2, 21), date(2026, 2, 28)), date(2026, 2, 28)),
        # 10 October 2026 is a Saturday, but worked: 调休.
        ("每旬", date(2026, 10, 1), (date(2026, 10, 1), date(2026, 10, 10)), date(2026, 10, 10)),
        ("每半月", date(2026, 11, 1), (date(2026, 11, 1), date(2026, 11, 15)), date(2026, 11, 16)),
        ("每月末", date(2026, 10, 15), (date(2026, 10, 1), date(2026, 10, 31)), date(2026, 11, 2)),
        ("每月8日", date(2026, 11, 8), (date(2026, 11, 9), date(2026, 12, 8)), date(2026, 12, 8)),
        ("每季末", date(2026, 7, 1), (date(2026, 7, 1), date(2026, 9, 30)), date(2026, 9, 30)),
        ("每半年末", date(2026, 7, 1), (date(2026, 7, 1), date(2026, 12, 31)), date(2026, 12, 31)),
        ("每年末", date(2026, 7, 1), (date(2026, 1, 1), date(2026, 12, 31)), date(2026, 12, 31)),
        # The Friday of the national holiday moves behind it.
        ("每周五", date(2026, 9, 26), (date(2026, 9, 26), date(2026, 10, 2)), date(2026, 10, 8)),
    ],
)
def test_a_paper_is_of_the_days_since_the_one_before(
    words: str, after: date, of: tuple[date, date], drafted: date
) -> None:
    occasion = first(words, after)

    assert (occasion.first, occasion.last) == of
    assert occasion.at == datetime.combine(drafted, time(16, 0), ZONE)


def test_a_county_may_have_its_papers_before_a_day_off() -> None:
    rhythm = Rhythm("旬督查表", When.parse("每月末"), shift=Shift.BEFORE)

    october, november = islice(rhythm.occasions(date(2026, 10, 15), CALENDAR), 2)

    # 31 October is a Saturday: what is said on it belongs to November.
    assert (october.last, october.at.date()) == (date(2026, 10, 30), date(2026, 10, 30))
    assert october.day == date(2026, 10, 31)
    assert november.first == date(2026, 10, 31)


def test_no_day_of_a_year_belongs_to_two_papers_or_to_none() -> None:
    for words in ("每旬", "每半月", "每月末", "每月8日", "每周五", "每季末"):
        rhythm = Rhythm("旬督查表", When.parse(words))
        papers = list(islice(rhythm.occasions(date(2027, 12, 31), CALENDAR), 40))
        for one, following in pairwise(papers):
            assert following.first == one.last + timedelta(days=1)


def test_every_working_day_has_its_own_and_a_day_off_none() -> None:
    rhythm = Rhythm("旬督查表", When.parse("每个工作日"))

    days = [each.last for each in islice(rhythm.occasions(date(2026, 9, 30), CALENDAR), 3)]

    assert days == [date(2026, 10, 8), date(2026, 10, 9), date(2026, 10, 10)]


def test_a_campaign_begins_and_ends() -> None:
    rhythm = Rhythm("旬督查表", When.parse("每周五"), since=date(2026, 9, 2), until=date(2026, 9, 18))

    of = [(each.first, each.last) for each in rhythm.occasions(date(2026, 1, 1), CALENDAR)]

    assert of == [
        (date(2026, 9, 2), date(2026, 9, 4)),
        (date(2026, 9, 5), date(2026, 9, 11)),
        (date(2026, 9, 12), date(2026, 9, 18)),
    ]
    assert rhythm.days_left(date(2026, 9, 11)) == 7


@pytest.mark.parametrize(
    "words", ["每年2月30日", "每年2月29日", "每月31日", "每月0日", "每天", "", "每年13月1日"]
)
def test_days_that_do_not_come_are_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r"names no days|does not come every"):
        When.parse(words)
