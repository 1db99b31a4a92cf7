"""The lines of lists, of the check of 五要件 and of early warnings, reckoned by hand on both databases."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from bot.domain.calendar import Calendar
from bot.domain.county import County as Settings
from bot.domain.progress import Standing
from bot.domain.scope import Scope
from bot.domain.stages import Nod, Step
from storage import tables
from storage.dataset import Line, Question
from storage.datasets import DATASETS
from storage.tx import Tx
from tests.storage.county import DAY, NOW, TODAY, County, added, problem, report
from tests.world import ZONE

SETTINGS = Settings(name="青禾县", calendar=Calendar(ZONE))


def lines(tx: Tx, name: str, scope: str = "全县") -> list[Line]:
    asked = Question(Scope.parse(scope), TODAY, TODAY, SETTINGS, NOW)
    found = list(DATASETS[name].lines(tx.connection, asked))
    keys = {figure.key for figure in DATASETS[name].figures} | {"key", "source"}
    assert all(keys <= set(line) for line in found)
    assert len({line["key"] for line in found}) == len(found)
    return found


def changed(tx: Tx, project_id: int, **values: Any) -> None:
    tx.connection.execute(update(tables.projects).where(tables.projects.c.id == project_id).values(**values))


def milestone(tx: Tx, project_id: int, name: str, planned: date | None, done: date | None = None) -> None:
    added(tx, tables.milestones, project_id=project_id, name=name, planned=planned, done=done)


# --- lists ------------------------------------------------------------------------------


def test_everything_with_a_day_is_listed_the_earliest_first(tx: Tx, county: County) -> None:
    changed(tx, county.soda, planned_start=TODAY - 3 * DAY, planned_completion=TODAY + 9 * DAY)
    changed(tx, county.bridge, planned_start=TODAY, actual_start=TODAY)
    milestone(tx, county.pump, "主体封顶", TODAY + DAY)
    milestone(tx, county.pump, "桩基完成", TODAY - DAY, TODAY)
    problem(tx, county)
    tx.elements.write(county.pump, "手续:用地", "容缺办理", county.sun, NOW, TODAY + 3 * DAY)
    tx.elements.write(county.pump, "手续:环评", "已批", county.sun, NOW)

    found = [
        (line["matter"], line["what"], line["holder"], line["days_left"], line["days_late"])
        for line in lines(tx, "deadlines")
    ]

    assert found == [
        ("start", "", "刘敏", None, 3),
        ("problem", "用地指标未批", "孙立新", 0, None),
        ("milestone", "主体封顶", "刘敏", 1, None),
        ("approval", "用地：容缺办理", "孙立新", 3, None),
        ("completion", "", "刘敏", 9, None),
    ]


@pytest.mark.usefixtures("county")
@pytest.mark.parametrize(
    ("scope", "numbers"),
    [
        ("全县", ["P-01", "P-02", "P-03"]),
        ("属地:经开区", ["P-02", "P-03"]),
        ("专班:陈志远", ["P-01", "P-02"]),
        ("专班:王强", []),
        ("专班:王强（联络员）", ["P-03"]),
        ("专班:王强（经济开发区）（联络员）", ["P-03"]),
        ("专班:自然资源局", ["P-01"]),
        ("专班:P-03", ["P-03"]),
    ],
)
def test_duties_of_a_place_a_unit_a_leader_or_a_project(tx: Tx, scope: str, numbers: list[str]) -> None:
    assert [line["number"] for line in lines(tx, "duties", scope)] == numbers


def test_a_milestone_says_by_how_much_it_is_late(tx: Tx, county: County) -> None:
    milestone(tx, county.pump, "主体封顶", TODAY - 2 * DAY)
    milestone(tx, county.pump, "桩基完成", TODAY - 5 * DAY, TODAY - 4 * DAY)
    milestone(tx, county.pump, "设备安装", TODAY + DAY)

    assert [(line["milestone"], line["milestone_late"]) for line in lines(tx, "milestones")] == [
        ("桩基完成", 1),
        ("主体封顶", 2),
        ("设备安装", None),
    ]


# --- 五要件 -----------------------------------------------------------------------------


def test_a_project_has_what_was_written_and_what_its_columns_say(tx: Tx, county: County) -> None:
    changed(tx, county.soda, planned_start=TODAY, planned_completion=TODAY)
    milestone(tx, county.soda, "主体封顶", TODAY)
    tx.elements.write(county.soda, "举措", "周三现场办公", county.zhao, NOW)
    assert tx.elements.write(county.soda, "举措", "周五现场办公", county.zhao, NOW) == "周三现场办公"

    found = {line["number"]: line["lacking"] for line in lines(tx, "elements")}

    assert found == {"P-01": "奖惩", "P-02": "举措、工期、标准、奖惩", "P-03": "领导、举措、工期、标准、奖惩"}
    assert tx.elements.of(county.soda)["举措"].text == "周五现场办公"


def test_an_approval_past_its_day_is_told_of_once_and_anew_when_it_is_noted_anew(
    tx: Tx, county: County
) -> None:
    for item, due in (("用地", TODAY - DAY), ("环评", TODAY), ("规划", TODAY - 2 * DAY), ("立项", None)):
        tx.elements.write(county.pump, f"手续:{item}", "受理", county.sun, NOW, due)

    past = tx.elements.fallen_due(TODAY, 9)
    assert [each.element for each in past] == ["手续:规划", "手续:用地"]
    assert [tx.elements.tell(past[0], NOW), tx.elements.tell(past[0], NOW)] == [True, False]
    assert [each.element for each in tx.elements.fallen_due(TODAY, 9)] == ["手续:用地"]

    tx.elements.write(county.pump, "手续:规划", "受理", county.sun, NOW, TODAY - DAY)
    assert len(tx.elements.fallen_due(TODAY, 9)) == 2


# --- early warning ----------------------------------------------------------------------


def warned(tx: Tx) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines(tx, "warnings"):
        found.setdefault(str(line["number"]), []).append(str(line["warning"]))
    return found


def test_a_pace_that_misses_the_plan_shows_both_numbers(tx: Tx, county: County) -> None:
    tx.reports.add(report(county.soda, county.liu, TODAY - 95 * DAY, standing=Standing(500, 1_000_000)))
    tx.reports.add(report(county.soda, county.liu, TODAY - DAY, standing=Standing(600, 1_450_000)))
    tx.reports.add(report(county.pump, county.liu, TODAY - DAY, standing=Standing(600, 790_000)))

    (line,) = [each for each in lines(tx, "warnings") if each["warning"] == "pace"]

    assert (line["number"], line["planned"], line["pace"], line["pace_days"]) == (
        "P-01",
        2_000_000,
        450_000,
        90,
    )
    assert line["projected"] == 1_450_000 + 450_000 * 38 // 90
    assert line["source"] == f"{TODAY - DAY} 刘敏"


def test_a_month_without_investment_is_warned_of_on_what_is_being_built(tx: Tx, county: County) -> None:
    changed(tx, county.soda, planned=0)
    changed(tx, county.pump, planned=0, kind="储备")
    changed(tx, county.bridge, actual_completion=TODAY)

    assert warned(tx) == {"P-01": ["nothing"]}
    tx.reports.add(report(county.soda, county.liu, TODAY - 30 * DAY, standing=Standing(500, 1_000_000)))
    tx.reports.add(report(county.soda, county.liu, TODAY - 29 * DAY, standing=Standing(500, 1_000_001)))
    assert warned(tx) == {}


def test_a_milestone_that_is_near_and_still_is_warned_of(tx: Tx, county: County) -> None:
    tx.connection.execute(update(tables.projects).values(kind="新上"))
    milestone(tx, county.soda, "主体封顶", TODAY + 14 * DAY)
    milestone(tx, county.pump, "主体封顶", TODAY + 15 * DAY)

    assert warned(tx) == {"P-01": ["milestone"]}


def test_the_same_words_five_days_in_a_row_are_warned_of(tx: Tx, county: County) -> None:
    tx.connection.execute(update(tables.projects).values(kind="新上"))
    for ago in (7, 6, 5, 4, 3, 2):
        for project in (county.soda, county.pump):
            text = "主体封顶" if (project, ago) in {(county.pump, 6), (county.soda, 7)} else "正在施工"
            tx.reports.add(report(project, county.liu, TODAY - ago * DAY, text=text))

    assert warned(tx) == {"P-01": ["copied"]}
    assert tx.reports.days_of_same_words(county.soda, TODAY) == 5
    assert tx.reports.days_of_same_words(county.pump, TODAY) == 4


# --- steps ------------------------------------------------------------------------------


def test_a_step_is_decided_once_and_said_anew_takes_the_place_of_the_first(tx: Tx, county: County) -> None:
    first = tx.stages.ask(county.pump, Step.START, "", TODAY, county.liu, NOW)
    second = tx.stages.ask(county.pump, Step.START, "", TODAY - DAY, county.liu, NOW)

    assert tx.stages.pending() == [second]
    assert not tx.stages.decide(first, Nod.AGREED, county.zhao, NOW)
    assert tx.stages.decide(second, Nod.AGREED, county.zhao, NOW)
    assert not tx.stages.decide(second, Nod.REFUSED, county.zhao, NOW)
