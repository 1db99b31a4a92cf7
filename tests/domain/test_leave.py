"""A leave as people write it."""

from datetime import date

import pytest

from bot.domain.leave import Written, read_leave

MONDAY = date(2026, 11, 23)
FIRST, FIFTH = date(2026, 12, 1), date(2026, 12, 5)


@pytest.mark.parametrize(
    "text",
    [
        "12-01 12-05 李强",
        "12-1 12-5 李强代",
        "12.1-12.5 李强",
        "12/1~12/5，由李强代班",
        "12-01—12-05 请李强代一下",
        "12月1日到12月5日 李强代",
        "12月1号至12月5号，李强",
        "从12月1日起到12月5日止 李强代办",
        "12月1日到5日 李强",
        "十二月一日至十二月五日 李强替我",
        "2026-12-01 2026-12-05 李强",
        "2026年12月1日到2026年12月5日 交给李强",
        "１２－０１　１２－０５　李强",
    ],
)
def test_a_leave_is_read_however_it_is_written(text: str) -> None:
    assert read_leave(text, MONDAY) == Written(FIRST, FIFTH, substitute="李强")


@pytest.mark.parametrize(
    ("text", "first", "last", "substitute"),
    [
        ("明天 后天 李强", date(2026, 11, 24), date(2026, 11, 25), "李强"),
        ("今天 李强", MONDAY, MONDAY, "李强"),
        ("明天李强代", date(2026, 11, 24), date(2026, 11, 24), "李强"),
        ("下周一到下周三 李强", date(2026, 11, 30), date(2026, 12, 2), "李强"),
        ("12-01 李强", FIRST, FIRST, "李强"),
        ("12-01 12-05", FIRST, FIFTH, ""),
        ("12-01", FIRST, FIRST, ""),
        ("12-01 12-05 李强（发展和改革局）", FIRST, FIFTH, "李强（发展和改革局）"),
        ("12-01 12-05 周一鸣", FIRST, FIFTH, "周一鸣"),  # no Monday
        ("12-01 周天宇", FIRST, FIRST, "周天宇"),
        ("12-01 12-05 时代", FIRST, FIFTH, "时代"),  # a name of two characters keeps both
    ],
)
def test_days_and_names_in_every_shape(text: str, first: date, last: date, substitute: str) -> None:
    assert read_leave(text, MONDAY) == Written(first, last, substitute=substitute)


@pytest.mark.parametrize(
    ("text", "today", "first", "last"),
    [
        ("12-24 12-26", MONDAY, date(2026, 12, 24), date(2026, 12, 26)),
        ("01-03 01-05", date(2026, 12, 30), date(2027, 1, 3), date(2027, 1, 5)),
        ("12-30 01-03", MONDAY, date(2026, 12, 30), date(2027, 1, 3)),
        ("12-30 01-03", date(2026, 12, 31), date(2026, 12, 30), date(2027, 1, 3)),
        ("2027-01-04 01-08", MONDAY, date(2027, 1, 4), date(2027, 1, 8)),
        ("1月1日到5日", MONDAY, date(2027, 1, 1), date(2027, 1, 5)),
        ("5-20 6-10", MONDAY, date(2027, 5, 20), date(2027, 6, 10)),  # the end lies past half a year
        ("11-20 11-25", MONDAY, date(2026, 11, 20), date(2026, 11, 25)),  # it has begun
        ("11-19 11-20", MONDAY, date(2026, 11, 19), date(2026, 11, 20)),  # past, to be told so
        ("12-05 12-01", MONDAY, FIFTH, FIRST),  # turned round, to be told so
        ("后天 明天", MONDAY, date(2026, 11, 25), date(2026, 11, 24)),
        ("2028-02-28 2028-02-29", MONDAY, date(2028, 2, 28), date(2028, 2, 29)),
    ],
)
def test_a_date_without_a_year_is_the_next_such_day(text: str, today: date, first: date, last: date) -> None:
    assert read_leave(text, today) == Written(first, last)


@pytest.mark.parametrize(
    ("text", "who", "substitute"),
    [
        ("陈志远 12-01 12-05 李强", "陈志远", "李强"),
        ("陈志远12-01 12-05李强代", "陈志远", "李强"),
        ("陈志远（县政府） 12-01 12-05", "陈志远（县政府）", ""),
        ("陈志远从12月1日到12月5日，由李强代", "陈志远", "李强"),
        ("周一鸣 12-01 12-05 李强", "周一鸣", "李强"),
    ],
)
def test_whose_leave_it_is_may_stand_first(text: str, who: str, substitute: str) -> None:
    assert read_leave(text, MONDAY) == Written(FIRST, FIFTH, who, substitute)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "李强",
        "13-45 12-05 李强",
        "12-01 13-45 李强",
        "02-30 李强",
        "2026-02-29 2026-03-01 李强",
        "12-01 12-05 12-09 李强",
        "三天 李强",
        "3天 李强",
        "12-01到李强5",
        "a" * 5000,
        "12-01 " + "李" * 5000 + "9",
    ],
)
def test_what_has_no_dates_or_dates_that_are_none_is_no_leave(text: str) -> None:
    assert read_leave(text, MONDAY) is None


def test_both_ends_count() -> None:
    assert [Written(FIRST, FIFTH).days, Written(FIRST, FIRST).days] == [5, 1]
