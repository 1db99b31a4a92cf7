"""Rankings, banners and burdens from rows, in a county reckoned by hand."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from bot.domain.document import Document, Heading, Kind, Row, Table
from bot.domain.folded import folded
from bot.domain.people import Role
from bot.domain.ranking import Scorecard, typed_weights
from storage import tables
from storage.dataset import Line, Question
from storage.datasets import DATASETS
from storage.tx import Tx
from tests.storage.county import DAY, NOW, TODAY, County, added, problem, report
from tests.storage.test_figures import question

NOVEMBER = date(2026, 11, 1), date(2026, 11, 30)
"""Up to today, the 23rd: 23 days of 365, and 895 thousandths of the year."""


def lines(tx: Tx, name: str, of: Question | None = None) -> list[Line]:
    return list(DATASETS[name].lines(tx.connection, of or question(*NOVEMBER, NOW)))


def of(found: list[Line], *keys: str) -> list[tuple[Any, ...]]:
    return [tuple(line[key] for key in keys) for line in found]


def dated(tx: Tx, project_id: int, **values: Any) -> None:
    tx.connection.execute(update(tables.projects).where(tables.projects.c.id == project_id).values(**values))


@pytest.fixture
def raced(tx: Tx, county: County) -> County:
    """Three projects of one group: the bridge met its milestone, soda invests, pump stands still."""
    dated(tx, county.soda, planned_start=date(2025, 12, 31), planned_completion=date(2026, 12, 30))
    tx.reports.add(report(county.soda, county.liu, TODAY))
    added(tx, tables.milestones, project_id=county.bridge, name="合龙", planned=TODAY, done=TODAY - DAY)
    return county


@pytest.mark.usefixtures("raced")
def test_a_project_is_ranked_by_numbers_that_stand_beside_it(tx: Tx) -> None:
    found = lines(tx, "ranking")

    assert of(found, "rank", "name", "score", "among", "group") == [
        (1, "跨河大桥", 1000, 3, "在建·落地开工·1亿以下"),
        (2, "年产100万吨纯碱项目", 876, 3, "在建·落地开工·1亿以下"),
        (3, "泵业智造产业园", 0, 3, "在建·落地开工·1亿以下"),
    ]
    bridge, soda, pump = found
    judged = ("points_plan", "points_investment", "points_progress", "points_problems", "points_milestones")
    assert [of([each], *judged)[0] for each in (bridge, soda, pump)] == [
        (None, None, None, None, 1000),
        # 1200 of 2000 against 895 ‰ of the year; 200 of 126 that were due; 12 points of 6.3.
        (670, 1000, 1000, None, None),
        (0, 0, None, None, None),
    ]
    raw = ("cumulative", "planned", "time_share", "invested", "period_plan", "advanced", "period_advance")
    assert of([soda], *raw) == [(1_200_000, 2_000_000, 895, 200_000, 126_027, 120, 63)]
    assert of([bridge], "fallen_due", "met") == [(1, 1)]


@pytest.mark.usefixtures("raced")
def test_other_weights_are_the_form_s_and_the_sample_is_the_county_s(tx: Tx) -> None:
    asked = question(*NOVEMBER, NOW)

    by_plan = lines(tx, "ranking", replace(asked, weights=typed_weights("plan=1")))
    strict = lines(tx, "ranking", replace(asked, county=replace(asked.county, ranking=Scorecard(minimum=4))))

    # Without a plan there is nothing to compare, so two are left, and two are no sample.
    assert of(by_plan, "rank", "score") == [(None, 670), (None, 0), (None, None)]
    assert {line["rank"] for line in strict} == {None}


def test_a_trial_shows_who_would_move_and_changes_nothing(tx: Tx, raced: County) -> None:
    added(tx, tables.milestones, project_id=raced.soda, name="主体", planned=TODAY - DAY, done=None)
    added(
        tx,
        tables.milestones,
        project_id=raced.pump,
        name="主体",
        planned=TODAY - 2 * DAY,
        done=TODAY - 2 * DAY,
    )
    tried = replace(question(*NOVEMBER, NOW), weights=typed_weights("milestones=100"))

    assert of(lines(tx, "trial", tried), "name", "rank", "rank_then", "places", "moves", "move") == [
        ("泵业智造产业园", 3, 1, 2, 1, "泵业智造产业园 3→1"),
        ("年产100万吨纯碱项目", 2, 3, -1, 1, "年产100万吨… 2→3"),
        ("跨河大桥", 1, 1, 0, 0, "跨河大桥 1→1"),
    ]
    assert of(lines(tx, "trial"), "moves") == [(0,), (0,), (0,)]


@pytest.mark.parametrize(
    ("days", "solved", "judged"),
    [
        (7, None, (0, 0)),  # due on the 30th, and today is the 23rd
        (-1, None, (1, 0)),
        (-1, -2, (1, 1)),
        (-2, -1, (1, 0)),
        (7, -1, (1, 1)),  # solved early
        (-30, -1, (0, 0)),  # was due, and was judged, in October
        (-30, -31, (0, 0)),
    ],
)
def test_a_problem_is_judged_once_on_the_day_it_was_solved_or_due(
    tx: Tx, county: County, days: int, solved: int | None, judged: tuple[int, int]
) -> None:
    each = problem(tx, county)
    at = None if solved is None else NOW + solved * DAY
    row = update(tables.problems).where(tables.problems.c.id == each.id)
    tx.connection.execute(row.values(solve_due=NOW + days * DAY, solved_at=at))

    pump = next(line for line in lines(tx, "ranking") if line["number"] == "P-02")

    assert (pump["judged"], pump["judged_in_time"]) == judged


@pytest.mark.parametrize(
    ("planned", "done", "judged"),
    [
        (TODAY, None, (0, 0)),  # not late on its very day
        (TODAY - DAY, None, (1, 0)),
        (TODAY - DAY, TODAY, (1, 0)),
        (TODAY + DAY, TODAY, (1, 1)),
        (date(2026, 10, 31), TODAY, (0, 0)),
        (date(2026, 11, 1), None, (1, 0)),
    ],
)
def test_a_milestone_is_judged_once(
    tx: Tx, county: County, planned: date, done: date | None, judged: tuple[int, int]
) -> None:
    dated(tx, county.pump, planned_start=planned, actual_start=done)

    pump = next(line for line in lines(tx, "ranking") if line["number"] == "P-02")

    assert (pump["fallen_due"], pump["met"]) == judged


@pytest.mark.parametrize(("done", "ranked"), [(date(2026, 10, 31), False), (date(2026, 11, 1), True)])
def test_what_was_complete_before_has_nothing_to_win(
    tx: Tx, county: County, done: date, ranked: bool
) -> None:
    dated(tx, county.soda, actual_completion=done)

    soda = next(line for line in lines(tx, "ranking") if line["number"] == "P-01")

    assert (soda["score"] is not None) is ranked


def test_no_more_is_asked_of_a_project_than_was_left_of_its_plan(tx: Tx, county: County) -> None:
    dated(tx, county.soda, planned=1_010_000)
    dated(tx, county.pump, planned=0)

    by_name = {line["number"]: line for line in lines(tx, "ranking")}

    assert of([by_name["P-01"], by_name["P-02"]], "period_plan", "points_investment") == [
        (10_000, 0),
        (None, None),
    ]


@pytest.mark.usefixtures("raced")
def test_places_are_ranked_by_the_sums_of_their_projects(tx: Tx) -> None:
    asked = replace(question(*NOVEMBER, NOW), by="place")

    assert of(lines(tx, "ranking", asked), "name", "planned", "cumulative", "met", "group", "rank") == [
        ("龙泉街道", 2_000_000, 1_200_000, 0, "5个项目以下", None),
        ("经开区", 800_000, 0, 1, "5个项目以下", None),
    ]


# --- 流动红旗 ---------------------------------------------------------------------------


def released(tx: Tx, last: date, *names: str, state: str = "已发", form: str = "流动红旗") -> None:
    """Keep an earlier paper that proposed somebody, as the office released it."""
    headings = (
        Heading("group", "组别", Kind.PROSE),
        Heading("name", "项目", Kind.PROSE),
        Heading("in_a_row", "连续次数", Kind.COUNT),
    )
    rows = tuple(Row(name, ("在建·落地开工·1亿以下", name, 1)) for name in names)
    others = Table("数据", headings[:2], (Row("x", ("在建·落地开工·1亿以下", "泵业智造产业园")),))
    paper = Document(form, form, "", "青禾县", "全县", str(last), str(last), str(NOW), tables=(
        Table("项目", headings, rows), others,
    ))  # fmt: skip
    added(
        tx, tables.bulletins, slot=f"{form}:{last}:{state}", form=form, scope="全县", first=last, last=last,
        title=form, state=state, content=folded(paper), audience=[], drafted_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("earlier", "in_a_row", "held", "before"),
    [
        ([], 1, 1, ""),
        ([["跨河大桥"], ["跨河大桥"]], 3, 3, "跨河大桥"),
        ([["年产100万吨纯碱项目"], ["跨河大桥"]], 1, 2, "年产100万吨纯碱项目"),
        ([["跨河大桥", "泵业智造产业园"], []], 2, 2, "跨河大桥、泵业智造产业园"),
    ],
)
@pytest.mark.usefixtures("raced")
def test_a_banner_is_proposed_with_its_history(
    tx: Tx, earlier: list[list[str]], in_a_row: int, held: int, before: str
) -> None:
    for ago, names in enumerate(earlier, 1):
        released(tx, NOVEMBER[0] - ago * 90 * DAY, *names)
    released(tx, NOVEMBER[0] - DAY, "跨河大桥", state="不发")
    released(tx, NOVEMBER[0] - DAY, "跨河大桥", form="项目排名")
    released(tx, NOVEMBER[1], "跨河大桥")  # this very paper, drafted before

    (found,) = lines(tx, "banner", replace(question(*NOVEMBER, NOW), form="流动红旗"))

    assert (found["name"], found["score"]) == ("跨河大桥", 1000)
    assert (found["in_a_row"], found["held"], found["holder_before"]) == (in_a_row, held, before)


# --- what it costs ----------------------------------------------------------------------


def sent(tx: Tx, person_id: int, key: str, **values: Any) -> None:
    row = {
        "key": f"{key}:{person_id}", "person_id": person_id, "platform": "fake", "chat": "c",
        "in_group": False, "lane": 0, "due_at": NOW, "state": "sent",
        "text": "…", "buttons": [], "made_at": NOW, "sent_at": NOW,
    }  # fmt: skip
    tx.connection.execute(insert(tables.outbox), row | values)


def test_a_burden_counts_what_was_sent_and_said_and_names_nobody(tx: Tx, county: County) -> None:
    sent(tx, county.liu, "prompt:1")
    sent(tx, county.liu, "remind:1")
    sent(tx, county.liu, "escalation:1")
    sent(tx, county.liu, "reply:1", token="t")
    sent(tx, county.liu, "reply:2", state="superseded")
    sent(tx, county.liu, "prompt:2", sent_at=NOW - 40 * DAY)  # last month's
    sent(tx, county.liu, "prompt:3", sent_at=None, state="waiting")
    sent(tx, county.liu, "group:1", in_group=True)
    sent(tx, county.zhao, "closed:1")  # the office is no liaison
    row = {"person_id": county.liu, "day": TODAY, "projects": [county.soda], "asked_at": NOW}
    tx.connection.execute(insert(tables.prompts), row)
    for project, text, source in (
        (county.soda, "主体封顶", "m1"),
        (county.pump, "", "m2"),
        (county.bridge, "", "m2"),
    ):
        tx.reports.add(report(project, county.liu, TODAY, text=text, source=source))
    tx.reports.add(report(county.soda, county.wang, TODAY, entered_by=county.zhao))  # by phone

    found = lines(tx, "burden")

    assert of(found, "measure", "liaisons", "sum_of_all", "median", "most") == [
        ("messages", 2, 5, 5, 5),
        ("questions", 2, 1, 1, 1),
        ("reminders", 2, 1, 1, 1),
        ("asked_back", 2, 1, 1, 1),
        ("taps", 2, 1, 1, 1),
        ("lines", 2, 1, 1, 1),
        ("minutes", 2, 2, 2, 2),  # 50 + 20 + 60 seconds
    ]
    assert "刘敏" not in str(found)
    assert of(lines(tx, "burden_units"), "unit", "liaisons", "load_messages") == [("经济开发区", 2, 5)]
    assert of(lines(tx, "formalism"), "finding", "how_much") == [("reminded", 1)]


def test_asking_daily_though_nothing_changes_is_named(tx: Tx, county: County) -> None:
    for ago in range(10):
        row = {
            "person_id": county.wang,
            "day": TODAY - timedelta(ago),
            "projects": [county.bridge],
            "asked_at": NOW,
        }
        tx.connection.execute(insert(tables.prompts), row)

    (found,) = lines(tx, "formalism")

    assert (found["finding"], found["how_much"], found["setting"]) == (
        "still", 1, 'prompts.cadence "在建" = "workday"',
    )  # fmt: skip


def test_there_is_no_ranking_of_people_to_be_had() -> None:
    of_people = {name for name, dataset in DATASETS.items() if dataset.of_people}

    assert of_people == {"leaders", "burden_units"}
    assert not any(DATASETS[name].is_ranking for name in of_people)
    for name in ("ranking", "banner", "trial"):
        shown = {figure.key for figure in DATASETS[name].figures}
        assert not shown & {"lead_leader", "leader", "holder", str(Role.LIAISON), "asked", "answered"}
