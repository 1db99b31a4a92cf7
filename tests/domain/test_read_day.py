"""The day that a line begins with, and the words after it."""

from datetime import date

import pytest

from bot.domain.until import read_day

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "day", "words"),
    [
        ("12月10日 已组卷上报，12月8日前批复", date(2026, 12, 10), "已组卷上报，12月8日前批复"),
        ("12月10日，已组卷上报", date(2026, 12, 10), "已组卷上报"),
        ("延期到12月10日 已组卷", date(2026, 12, 10), "已组卷"),
        ("到 12月10日前 已组卷", date(2026, 12, 10), "已组卷"),
        ("12-10 已组卷", date(2026, 12, 10), "已组卷"),
        ("12.10 已组卷", date(2026, 12, 10), "已组卷"),
        ("2026年12月10日 已组卷", date(2026, 12, 10), "已组卷"),
        ("2027-01-05 已组卷", date(2027, 1, 5), "已组卷"),
        ("1月5日 已组卷", date(2027, 1, 5), "已组卷"),  # in November, that is January to come
        ("１２月１０日　已组卷", date(2026, 12, 10), "已组卷"),
        ("十二月十日 已组卷", date(2026, 12, 10), "已组卷"),
        ("到明天 等局长签字", date(2026, 11, 24), "等局长签字"),
        ("后天等局长签字", date(2026, 11, 25), "等局长签字"),
        ("大后天 等", date(2026, 11, 26), "等"),
        ("今天 等", TODAY, "等"),
        ("Tomorrow, waiting for a signature", date(2026, 11, 24), "waiting for a signature"),
        ("下周三 等评审会", date(2026, 12, 2), "等评审会"),
        ("周五 等评审会", date(2026, 11, 27), "等评审会"),
        ("月底 能办完", date(2026, 11, 30), "能办完"),
        ("28日 能办完", date(2026, 11, 28), "能办完"),
        ("12月10日", date(2026, 12, 10), ""),
        # A day of this year that is past is returned, for somebody to say so.
        ("11月20日 马上办", date(2026, 11, 20), "马上办"),
        ("2月29日 马上办", None, "马上办"),  # there is none in 2026 or 2027
        ("13月40日 马上办", None, "马上办"),
        ("我们会抓紧", None, "我们会抓紧"),
        ("预计三天办完，12月10日前批复", None, "预计三天办完，12月10日前批复"),  # not at the beginning
        ("", None, ""),
    ],
)
def test_a_line_begins_with_a_day(text: str, day: date | None, words: str) -> None:
    assert read_day(text, TODAY) == (day, words)
