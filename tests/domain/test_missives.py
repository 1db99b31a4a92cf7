"""What calls for one of the three letters, around every edge, and how people name a letter."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.domain.calendar import year_permille
from bot.domain.missives import (
    Matter,
    MissiveKind,
    MissiveRules,
    calls,
    months_before,
    read_number,
)
from bot.domain.projects import Project, ProjectClass, Stage

RULES = MissiveRules()
DAY = timedelta(days=1)
PLAIN = Project(7, "XM-007", "智慧物流园", kind=ProjectClass.NEW, stage=Stage.SITING)


def called(project: Project, day: date, rules: MissiveRules = RULES) -> list[str]:
    return [call.slot for call in calls(project, day, rules)]


@pytest.mark.parametrize(
    ("start", "due"),
    [
        (date(2026, 12, 15), date(2026, 11, 15)),
        (date(2026, 3, 31), date(2026, 2, 28)),
        (date(2028, 3, 31), date(2028, 2, 29)),
        (date(2028, 3, 29), date(2028, 2, 29)),
        (date(2028, 2, 29), date(2028, 1, 29)),
        (date(2027, 1, 10), date(2026, 12, 10)),
        (date(2026, 7, 31), date(2026, 6, 30)),
    ],
)
def test_a_start_is_reminded_of_one_calendar_month_before(start: date, due: date) -> None:
    project = replace(PLAIN, planned_start=start)
    slot = f"提醒函:7:开工:{start}"

    assert months_before(start, 1) == due
    assert called(project, due - DAY) == []
    assert called(project, due) == [slot]
    assert called(project, start - DAY) == [slot]
    assert called(project, start) == []


@pytest.mark.parametrize("planned", [date(2026, 11, 1), date(2028, 2, 14), date(2026, 12, 25)])
@pytest.mark.parametrize("matter", [Matter.START, Matter.PRODUCTION])
def test_half_a_month_overdue_is_fifteen_days(planned: date, matter: Matter) -> None:
    project = (
        replace(PLAIN, planned_start=planned)
        if matter is Matter.START
        else replace(PLAIN, planned_completion=planned, actual_start=date(2025, 1, 1))
    )
    due = planned + timedelta(days=15)

    assert called(project, due - DAY) == []
    assert called(project, due) == called(project, due + DAY) == [f"交办函:7:{matter}:{planned}"]


def test_what_was_recorded_in_time_calls_for_nothing() -> None:
    late = replace(PLAIN, planned_start=date(2026, 1, 1), planned_completion=date(2026, 6, 1), planned=100)
    day = date(2026, 11, 23)

    assert called(late, day) == [
        "交办函:7:开工:2026-01-01",
        "交办函:7:投产:2026-06-01",
        "督办函:7:进度:2026Q4",
    ]
    started = replace(late, actual_start=date(2026, 3, 1))
    assert called(started, day) == ["交办函:7:投产:2026-06-01", "督办函:7:进度:2026Q4"]
    assert called(replace(started, cumulative=80), day) == ["交办函:7:投产:2026-06-01"]
    assert called(replace(late, actual_completion=date(2026, 7, 1)), day) == []


def test_a_moved_date_is_another_matter() -> None:
    before = replace(PLAIN, planned_start=date(2026, 10, 1))
    moved = replace(before, planned_start=date(2026, 11, 8))

    assert called(before, date(2026, 11, 23)) == ["交办函:7:开工:2026-10-01"]
    assert called(moved, date(2026, 11, 22)) == []
    assert called(moved, date(2026, 11, 23)) == ["交办函:7:开工:2026-11-08"]


START, PRODUCTION = "交办函:7:开工:2026-01-01", "交办函:7:投产:2026-06-01"


@pytest.mark.parametrize(
    ("kind", "stage", "expected"),
    [
        (ProjectClass.NEW, Stage.SITING, [START, PRODUCTION]),
        (ProjectClass.BUILDING, Stage.SITING, [START, PRODUCTION]),
        (ProjectClass.BUILDING, Stage.STARTED, [PRODUCTION]),
        (ProjectClass.NEW, Stage.ASSESSMENT, [PRODUCTION]),
        (ProjectClass.BUILDING, Stage.PRODUCTION, []),
        (ProjectClass.BUILT, Stage.SITING, []),
    ],
)
def test_where_no_actual_date_is_recorded_stage_and_class_tell_what_has_started_or_is_done(
    kind: ProjectClass, stage: Stage, expected: list[str]
) -> None:
    late = replace(PLAIN, planned_start=date(2026, 1, 1), planned_completion=date(2026, 6, 1))

    assert called(replace(late, kind=kind, stage=stage), date(2026, 11, 23)) == expected


# 30 June is day 181 of 365: 495 thousandths of the year.
@pytest.mark.parametrize(("done", "behind"), [(295, True), (296, False), (0, True), (1000, False)])
def test_behind_is_twenty_points_against_the_share_of_the_year(done: int, behind: bool) -> None:
    day = date(2026, 6, 30)
    project = replace(PLAIN, planned=1000, cumulative=done, actual_start=date(2025, 5, 1))

    assert year_permille(day) == 495
    assert called(project, day) == (["督办函:7:进度:2026Q2"] if behind else [])


def test_nobody_is_behind_before_the_end_of_march_nor_before_a_start_to_come() -> None:
    idle = replace(PLAIN, planned=1000)

    assert called(idle, date(2026, 3, 30)) == []
    assert called(idle, date(2026, 3, 31)) == ["督办函:7:进度:2026Q1"]
    assert called(idle, date(2026, 4, 1)) == ["督办函:7:进度:2026Q2"]
    assert called(replace(idle, planned_start=date(2026, 9, 1)), date(2026, 5, 6)) == []
    assert called(replace(idle, planned=0), date(2026, 5, 6)) == []


@pytest.mark.parametrize("kind", ProjectClass)
def test_what_is_only_talked_of_is_not_supervised(kind: ProjectClass) -> None:
    idle = replace(PLAIN, planned=1000, kind=kind, stage=Stage.SITING)
    expected = ["督办函:7:进度:2026Q2"] if kind in {ProjectClass.BUILDING, ProjectClass.NEW} else []

    assert called(idle, date(2026, 4, 1)) == expected


def test_a_county_chooses_which_letters_are_drafted_and_when() -> None:
    late = replace(PLAIN, planned_start=date(2026, 11, 1), planned=1000)
    day = date(2026, 11, 23)

    assert called(late, day, replace(RULES, drafts=())) == []
    assert called(late, day, replace(RULES, overdue_after=timedelta(days=23), behind=950)) == []
    assert called(late, day, replace(RULES, drafts=(MissiveKind.SUPERVISION,))) == ["督办函:7:进度:2026Q4"]
    early = replace(PLAIN, planned_start=date(2027, 1, 15))
    assert called(early, day, replace(RULES, remind_before=2)) == ["提醒函:7:开工:2027-01-15"]


@pytest.mark.parametrize(
    ("text", "kind", "year", "sequence", "rest"),
    [
        ("交办3号 已于12月3日开工", MissiveKind.ASSIGNMENT, None, 3, "已于12月3日开工"),
        ("〔2025〕督办12号，已整改", MissiveKind.SUPERVISION, 2025, 12, "已整改"),
        ("[2026] 交办函 第3号", MissiveKind.ASSIGNMENT, 2026, 3, ""),
        ("提示 5：收到", MissiveKind.HINT, None, 5, "收到"),
    ],
)
def test_a_letter_is_named_as_people_write_it(
    text: str, kind: MissiveKind, year: int | None, sequence: int, rest: str
) -> None:
    named = read_number(text)

    assert named is not None
    assert (named.kind, named.year, named.sequence, named.rest) == (kind, year, sequence, rest)


@pytest.mark.parametrize("text", ["主体封顶", "交办给王强", "3号楼封顶", ""])
def test_other_words_name_no_letter(text: str) -> None:
    assert read_number(text) is None
