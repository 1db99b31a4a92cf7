"""What a line says of a task: who is to do it, and by when; and what a county counts of either."""

from datetime import date

import pytest

from bot import texts
from bot.domain.people import Language
from bot.domain.phrase import Phrase
from bot.domain.tasks import PastDayError, read_due, read_holder

TODAY = date(2026, 11, 26)
TEXTS = texts.load()


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ("12月5日前协调用电", date(2026, 12, 5)),
        ("协调用电，12月5日前接通", date(2026, 12, 5)),
        ("周五前上报图纸", date(2026, 11, 27)),
        ("明天上报图纸", date(2026, 11, 27)),
        ("今天上报图纸", TODAY),
        ("1月5日前完成组卷", date(2027, 1, 5)),
        ("协调用电", None),
        ("1.5公里管线迁改", None),
        ("补齐10月5日欠的材料", None),
    ],
)
def test_a_task_is_due_on_the_day_that_is_said(words: str, due: date | None) -> None:
    assert read_due(words, TODAY) == due


@pytest.mark.parametrize("words", ["11月5日前协调用电", "2月30日前协调用电"])
def test_a_day_that_is_past_or_none_is_no_day_to_be_done_by(words: str) -> None:
    with pytest.raises(PastDayError):
        read_due(words, TODAY)


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("自然资源局 12月10日前完成组卷", ("自然资源局", "12月10日前完成组卷")),
        ("自然资源局12月10日前完成组卷", ("自然资源局", "12月10日前完成组卷")),
        ("由自然资源局完成组卷", ("自然资源局", "完成组卷")),
        ("请王强，周五前报图纸", ("王强", "周五前报图纸")),
        ("王强调度用电", ("", "王强调度用电")),
        ("12月5日前协调用电", ("", "12月5日前协调用电")),
    ],
)
def test_a_promise_may_begin_with_whose_it_is(words: str, read: tuple[str, str]) -> None:
    assert read_holder(words, ["王强", "刘敏"], ["自然资源局", "经济开发区"]) == read


def test_a_phrase_is_said_in_the_readers_language_and_begins_a_sentence_with_a_capital() -> None:
    task = Phrase("task.called", {"number": "2026-065"})

    chinese = TEXTS.say(Language.CHINESE, "problem.ask_return", problem=task)
    english = TEXTS.say(Language.ENGLISH, "problem.ask_return", problem=task)
    within = TEXTS.say(Language.ENGLISH, "problem.added", problem=task)

    assert chinese.startswith("任务 2026-065 为什么退回？")
    assert within.endswith("added to task 2026-065.")
    assert english == "Why is task 2026-065 returned? One line, please."
    assert TEXTS.say(Language.ENGLISH, "problem.not_yours", problem=task).startswith("Task 2026-065 is")
