"""Which words say plainly that a step was taken, and what a step changes."""

from dataclasses import replace
from datetime import date

import pytest

from bot.domain.projects import Project, ProjectClass, Stage
from bot.domain.stages import Milestone, Step, changes, plainly_said

TODAY = date(2026, 11, 23)
NEW = Project(1, "XM-001", "智慧物流园", kind=ProjectClass.NEW, stage=Stage.SITING)
ROOF = Milestone(1, 1, "主体封顶", TODAY)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("今天正式开工", Step.START),
        ("已开工建设，进场机械12台", Step.START),
        ("昨日顺利动工", Step.START),
        ("项目竣工", Step.COMPLETION),
        ("一号炉点火，今日正式投产", Step.COMPLETION),
        ("主体封顶，形象进度62%", Step.MILESTONE),
        ("主体未封顶", None),
        ("准备开工", None),
        ("预计12月主体封顶", None),
        ("开工手续正在办理", None),
        ("未开工", None),
        ("二期桩基开工", None),
        ("确保年底前竣工", None),
        ("竣工验收资料在整理", None),
        ("主体封顶还差两层", None),
        ("照旧", None),
    ],
)
def test_only_what_is_said_plainly_is_offered(text: str, step: Step | None) -> None:
    plain = plainly_said(text, NEW, [ROOF], TODAY)

    assert (plain.step if plain else None) is step


def test_what_has_been_taken_is_not_offered_again() -> None:
    started = replace(NEW, actual_start=TODAY)

    assert plainly_said("今天正式开工", started, [], TODAY) is None
    assert plainly_said("主体封顶", started, [replace(ROOF, done=TODAY)], TODAY) is None


def test_the_day_is_the_one_said() -> None:
    plain = plainly_said("昨天正式开工", NEW, [], TODAY)

    assert plain is not None
    assert plain.day == date(2026, 11, 22)


def test_who_has_started_is_being_built_and_a_stage_never_goes_back() -> None:
    assert changes(NEW, Step.START, "", TODAY) == {
        "actual_start": TODAY, "stage": "落地开工", "kind": "在建",
    }  # fmt: skip
    late = replace(NEW, stage=Stage.ASSESSMENT, kind=ProjectClass.BUILT)
    assert changes(late, Step.START, "", TODAY)["stage"] == "履约评估"
    assert changes(late, Step.START, "", TODAY)["kind"] == "建成"
    assert changes(NEW, Step.COMPLETION, "", TODAY)["kind"] == "建成"
