"""The weekly digest: what it counts, and what it says on one screen."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.domain.deadlines import Light
from bot.domain.digest import Digest
from bot.domain.lines import Pace
from bot.domain.people import Language
from bot.domain.problems import State
from bot.domain.scope import Scope, ScopeKind
from bot.domain.summary import cut, lateness_words, money, percent, points, summary
from bot.domain.week import Week
from tests.papers import sample
from tests.papers.sample import problem, project

SAY = sample.sentences()
LATE_SUNDAY = datetime(2026, 11, 22, 15, 59, tzinfo=UTC)
MONDAY = datetime(2026, 11, 22, 16, tzinfo=UTC)


def digest_of(*, projects: tuple[Any, ...] = (), problems: tuple[Any, ...] = (), **changes: Any) -> Digest:
    return replace(sample.digest(0, 0), projects=projects, problems=problems, **changes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("全县", Scope()),
        ("属地:大浦镇", Scope(ScopeKind.PLACE, "大浦镇")),
        ("属地：大浦镇", Scope(ScopeKind.PLACE, "大浦镇")),
        (" 行业 : 化工 ", Scope(ScopeKind.INDUSTRY, "化工")),
        ("专班:泵业:二期", Scope(ScopeKind.TASK_FORCE, "泵业:二期")),
    ],
)
def test_a_scope_is_read_with_either_colon(text: str, expected: Scope) -> None:
    assert Scope.parse(text) == expected
    assert Scope.parse(str(expected)) == expected


@pytest.mark.parametrize("text", ["", "全省", "属地", "属地:", "属地： ", "全县:大浦镇", "大浦镇"])
def test_what_is_no_scope_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not 全县"):
        Scope.parse(text)


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 11, 16), "2026-W47"),
        (date(2026, 11, 22), "2026-W47"),
        (date(2026, 11, 23), "2026-W48"),
        (date(2027, 1, 3), "2026-W53"),  # a week belongs to the year of its Thursday
        (date(2024, 12, 30), "2025-W01"),
    ],
)
def test_a_day_falls_in_the_iso_week_that_is_written_so(day: date, text: str) -> None:
    week = Week.of(day)

    assert str(week) == text
    assert Week.parse(text) == week
    assert day in week
    assert week.monday.isoweekday() == 1
    assert week.sunday - week.monday == timedelta(days=6)


@pytest.mark.parametrize(
    "text", ["2026-47", "2026-W7", "2026-W00", "2025-W53", "2026-W54", "０2026-W47", "W47"]
)
def test_what_is_no_week_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a week|Invalid week"):
        Week.parse(text)


def test_the_week_before_the_first_is_the_last_of_the_year_before() -> None:
    assert Week(2027, 1).before() == Week(2026, 53)
    assert Week(2026, 53).before() == Week(2026, 52)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, False),
        ({"cumulative": 1}, True),
        ({"permille": 1}, True),
        ({"last_progress": date(2026, 11, 16)}, True),
        ({"last_progress": date(2026, 11, 22)}, True),
        ({"last_progress": date(2026, 11, 15)}, False),
        ({"cumulative_before": 5}, False),  # a correction downwards is no progress
    ],
)
def test_a_project_has_moved_when_money_figures_or_words_say_so(
    changes: dict[str, Any], expected: bool
) -> None:
    still = {
        "cumulative": 0,
        "cumulative_before": 0,
        "permille": 0,
        "permille_before": 0,
        "last_progress": None,
    }
    line = project(1, **(still | changes))

    assert line.has_moved(sample.WEEK) is expected


@pytest.mark.parametrize(
    ("done", "expected"),
    [(900, Pace.ON_TIME), (893, Pace.ON_TIME), (892, Pace.CLOSE), (793, Pace.CLOSE), (792, Pace.BEHIND)],
)
def test_pace_is_the_plan_against_the_time_of_the_year(done: int, expected: Pace) -> None:
    assert project(1, planned=1000, cumulative=done).pace(893) is expected


def test_without_a_plan_there_is_no_pace() -> None:
    line = project(1, planned=0)

    assert line.pace(893) is None
    assert line.plan_permille is None


def test_what_is_only_being_talked_about_cannot_be_behind() -> None:
    line = project(1, planned=1000, cumulative=0, paced=False)

    assert line.pace(893) is None
    assert project(1, planned=1000, cumulative=0).pace(893) is Pace.BEHIND


def test_the_week_of_new_year_counts_what_was_invested_before_it() -> None:
    assert project(1, cumulative=5, cumulative_before=0, old_year=20).invested == 25


def test_money_and_plans_add_up() -> None:
    digest = digest_of(
        projects=(
            project(1, planned=400, cumulative=300, cumulative_before=250),
            project(2, planned=0, cumulative=90, cumulative_before=100),
        )
    )

    assert (digest.invested, digest.cumulative, digest.planned) == (40, 390, 400)
    assert digest.plan_permille == 975


@pytest.mark.parametrize(
    ("week", "made_at", "expected"),
    [
        (Week(2026, 47), datetime(2026, 11, 23, tzinfo=UTC), 326 * 1000 // 365),
        (Week(2026, 47), datetime(2026, 11, 18, 16, tzinfo=UTC), 323 * 1000 // 365),  # the 19th in Shanghai
        (Week(2026, 53), datetime(2027, 1, 4, tzinfo=UTC), 3 * 1000 // 365),
        (Week(2028, 52), datetime(2029, 1, 1, tzinfo=UTC), 1000),  # 2028 has 366 days
    ],
)
def test_the_time_of_the_year_is_counted_to_sunday_or_to_the_day_of_making(
    week: Week, made_at: datetime, expected: int
) -> None:
    assert digest_of(week=week, made_at=made_at).year_permille == expected


@pytest.mark.parametrize(
    ("last", "expected"),
    [(date(2026, 11, 8), 1), (date(2026, 11, 9), 0), (None, 0)],  # never reported is not known
)
def test_a_project_stands_still_after_two_weeks_without_progress(last: date | None, expected: int) -> None:
    line = project(1, cumulative=0, cumulative_before=0, permille=0, permille_before=0, last_progress=last)

    assert len(digest_of(projects=(line,)).standing_still) == expected


def test_the_projects_that_moved_most_come_first() -> None:
    still = {
        "cumulative": 9,
        "cumulative_before": 9,
        "permille": 9,
        "permille_before": 9,
        "last_progress": None,
    }
    lines = (
        project(1, **still),
        project(2, **still | {"cumulative": 8}),  # corrected downwards
        project(3, **still | {"last_progress": date(2026, 11, 17)}),
        project(4, **still | {"permille": 11}),
        project(5, **still | {"cumulative": 10}),
    )

    ordered = digest_of(projects=lines).by_movement

    assert [line.number for line in ordered] == ["HD-005", "HD-004", "HD-003", "HD-001", "HD-002"]


@pytest.mark.parametrize(
    ("moment", "counted"),
    [
        (datetime(2026, 11, 15, 15, 59, tzinfo=UTC), 0),
        (datetime(2026, 11, 15, 16, 0, tzinfo=UTC), 1),  # Monday 00:00 in Shanghai
        (LATE_SUNDAY, 1),
        (MONDAY, 0),
    ],
)
def test_what_flows_is_counted_by_the_countys_days(moment: datetime, counted: int) -> None:
    opened = problem(1, opened_at=moment)
    closed = problem(2, state=State.CLOSED, opened_at=MONDAY - timedelta(days=60), closed_at=moment)
    digest = digest_of(problems=(opened, closed))

    assert len(digest.opened) == counted
    assert len(digest.closed) == counted


def test_a_mistaken_problem_counts_nowhere() -> None:
    withdrawn = problem(1, state=State.WITHDRAWN, opened_at=LATE_SUNDAY, light=Light.RED)
    digest = digest_of(problems=(withdrawn,))

    assert digest.opened == digest.closed == digest.open == digest.overdue == ()
    assert digest.by_category == ()
    assert digest.solved_permille is None


def test_only_an_open_problem_can_be_overdue_and_the_longest_late_comes_first() -> None:
    early, late = LATE_SUNDAY - timedelta(days=9), LATE_SUNDAY - timedelta(days=3)
    digest = digest_of(
        problems=(
            problem(1, solve_due=late, light=Light.RED),
            problem(2, solve_due=early, light=Light.RED),
            problem(3, solve_due=early, light=Light.RED, state=State.CLOSED, closed_at=late),
            problem(4, solve_due=early),
        )
    )

    assert [line.number for line in digest.overdue] == ["2026-002", "2026-001"]


def test_only_open_problems_shine() -> None:
    lights = (Light.GREEN, Light.YELLOW, Light.YELLOW, Light.RED)
    digest = digest_of(
        problems=(
            *(problem(n, light=light) for n, light in enumerate(lights)),
            problem(9, light=Light.YELLOW, state=State.CLOSED),
        )
    )

    assert [digest.shining(light) for light in Light] == [1, 2, 1]


def test_the_solved_rate_is_of_all_problems_ever() -> None:
    states = (State.CLOSED, State.CLOSED, State.WORKING, State.WITHDRAWN)
    digest = digest_of(problems=tuple(problem(n, state=state) for n, state in enumerate(states)))

    assert digest.solved_permille == 666


def test_open_problems_are_counted_by_category_the_most_frequent_first() -> None:
    categories = ("资金", "用地", "用地", "征拆")
    digest = digest_of(problems=tuple(problem(n, category=c) for n, c in enumerate(categories)))

    assert digest.by_category == (("用地", 2), ("征拆", 1), ("资金", 1))


def test_the_share_of_answers_is_of_all_questions() -> None:
    asked = (project(1, answered_days=5, asked_days=5), project(2, answered_days=0, asked_days=3))

    assert digest_of(projects=asked).answered_permille == 625
    unasked = (*asked, project(3, answered_days=4, asked_days=0))
    assert digest_of(projects=unasked).answered_permille == 625
    assert digest_of(projects=(project(1, asked_days=0),)).answered_permille is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"solve_due": datetime(2026, 11, 20, 10, tzinfo=UTC)}, "超期 3 天"),
        ({"solve_due": datetime(2026, 11, 22, 16, 30, tzinfo=UTC)}, "今日超期"),
        ({"solve_due": None, "opened_at": datetime(2026, 11, 21, 1, tzinfo=UTC)}, "已报 2 天，待接办"),
    ],
)
def test_lateness_is_told_in_the_countys_days(changes: dict[str, Any], expected: str) -> None:
    assert lateness_words(problem(1, **changes), digest_of(), SAY) == expected


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (0, "0 万元"),
        (320_000, "3,200 万元"),
        (1_250, "12.5 万元"),
        (1_205, "12.05 万元"),
        (999_999, "9,999.99 万元"),
        (1_000_000, "1.00 亿元"),
        (129_240_000, "129.24 亿元"),
        (-30_000, "-300 万元"),
    ],
)
def test_money_is_told_in_wan_or_in_yi(amount: int, expected: str) -> None:
    assert money(amount, SAY) == expected


def test_figures_lose_only_a_zero() -> None:
    assert [percent(n) for n in (0, 625, 620, 1000, 12345)] == ["0%", "62.5%", "62%", "100%", "1234.5%"]
    assert [points(n) for n in (40, 15, -30)] == ["+4", "+1.5", "-3"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("两行\n名称\t三", "两行 名称 三"),
        ("甲\u202e乙", "甲□乙"),
        ("甲\ud800乙\x00", "甲乙"),
        ("长" * 9, "长" * 7 + "…"),
    ],
)
def test_a_users_text_is_cut_to_one_harmless_line(text: str, expected: str) -> None:
    assert cut(text, 8) == expected


def test_the_summary_tells_the_week() -> None:
    text = summary(sample.digest(), SAY)

    assert text.startswith("【重点项目周报】衡山湖县·全县\n2026 年第 47 周（11月16日至11月22日）\n")
    assert "本周新增 5 个，销号 3 个；未销号 16 个，其中超期 6 个、临期 2 个；累计销号率 33.3%。" in text
    assert "\n🔴 超期：2026-020 高端装备轴承生产线，" in text
    assert "共 37 个，本周 30 个有进展。连续两周以上无进展 7 个。" in text


def test_a_quiet_week_is_told_in_few_words() -> None:
    assert summary(sample.digest(0, 0), SAY).splitlines()[2:] == [
        "本范围内暂无项目。",
        "问题：本周无新增，无未销号问题。",
        "详见附图和台账。",
    ]


def test_a_late_digest_says_so() -> None:
    assert "（补发）" in summary(sample.digest(1, 0, late=True), SAY)


@pytest.mark.parametrize("language", list(Language))
def test_the_summary_stays_on_one_screen_whatever_the_names(language: Language) -> None:
    long = "长W" * 100
    huge = tuple(
        project(n, name=long, cumulative=10**8, cumulative_before=10**7, permille=999, permille_before=1)
        for n in range(1, 200)
    )
    troubles = tuple(problem(n, project=long, category=f"{n % 9}{long}", light=Light.RED) for n in range(900))
    worst = digest_of(
        projects=huge, problems=troubles, county=long, scope=Scope(ScopeKind.PLACE, long), late=True
    )

    for digest in (worst, sample.digest(), sample.digest(80, 60)):
        text = summary(digest, sample.sentences(language))

        assert len(text) <= 600, text
        assert len(text.splitlines()) <= 14


@pytest.mark.parametrize("language", list(Language))
def test_the_summary_names_no_person(language: Language) -> None:
    text = summary(sample.digest(80, 60), sample.sentences(language))

    assert "陈志远" not in text
    assert "王强" not in text
