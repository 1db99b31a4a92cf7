"""Forms that rank: scorecards of a county's own, and forms that would rank people, which are refused."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from bot.domain.calendar import Calendar
from bot.domain.county import County
from bot.domain.folded import folded
from bot.domain.people import Language, Role
from bot.domain.progress import Standing
from bot.domain.rhythm import Rhythm, When
from bot.domain.timetable import ALWAYS, PRESETS
from bot.errors import ConfigurationError
from bot.papers.drafting import DraftOrder, PrintOrder, draft, printed
from bot.papers.forms import forms, strangers_to, unformed
from storage import tables
from storage.migrate import migrate
from storage.store import Store
from storage.tx import Tx
from tests.storage.county import TODAY, report, settled

OWN = """
title = "{county}五比五突破"
lead = ["第一：{first}。", "打分：{formula}。"]
blanks.first = { list = "ranked.name", where = { rank = 1 } }

[tables.ranked]
dataset = "ranking"
name = "名次"
columns = ["rank", "name", "score", "points_investment", "points_problems"]
weights = { investment = 60, problems = 40 }
"""

RANKED = 'title = "x"\n[tables.a]\nname = "x"\ncolumns = ["name"]\n'


def faults(folder: Path, form: str) -> list[str]:
    (folder / "一张.toml").write_text(form, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        forms(folder)
    return caught.value.faults


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        (
            'dataset = "ranking"\nweights = { plan = 50, answered = 50 }',
            "一张.toml: tables.a.weights: answered: answering and checking in are never ranked",
        ),
        (
            'dataset = "ranking"\nweights = { "签到" = 50 }',
            "tables.a.weights: 签到: answering and checking in",
        ),
        ('dataset = "ranking"\nweights = { plan = "x" }', "tables.a.weights: plan = 'x' is no number"),
        ('dataset = "ranking"\nweights = { plan = 0 }', "tables.a.weights: nothing counts"),
        (
            'dataset = "ranking"\nby = "liaison"',
            "tables.a.by: persons and those who answer for a project are never",
        ),
        ('dataset = "ranking"\nby = "lead_leader"', 'write by = "project" or by = "place"'),
        ('dataset = "ranking"\nby = "county"', "tables.a.by: 'county' cannot be ranked"),
        (
            'dataset = "projects"\nsort = ["-answered"]',
            "tables.a.sort: '-answered' puts in the order of answers; answering and checking in are never",
        ),
        ('dataset = "projects"\nsort = ["asked"]', "formalism"),
        (
            'dataset = "projects"\nweights = { plan = 1 }',
            'this dataset is not ranked: write dataset = "ranking"',
        ),
    ],
)
def test_a_form_that_would_rank_people_or_cannot_rank_is_refused(
    tmp_path: Path, keys: str, fault: str
) -> None:
    found = faults(tmp_path, RANKED + keys)

    assert any(fault in each for each in found), found


@pytest.mark.parametrize(
    "keys", ['sort = ["-closed"]', "limit = 3", "weights = { plan = 1 }", 'by = "place"']
)
def test_leaders_are_not_ranked_in_any_way(tmp_path: Path, keys: str) -> None:
    form = f'title = "x"\n[tables.leaders]\nname = "x"\ncolumns = ["leader", "closed"]\n{keys}'

    (fault,) = faults(tmp_path, form)

    assert "never ranked" in fault
    assert "; remove" in fault


def test_every_paper_of_the_timetables_has_a_form_that_its_readers_may_read() -> None:
    assert unformed(None, [*ALWAYS, *(line for preset in PRESETS.values() for line in preset)]) == []


@pytest.mark.parametrize(("to", "strangers"), [((str(Role.OFFICE),), []), ((str(Role.OFFICE), "群"), ["群"])])
def test_a_paper_that_tells_of_single_units_is_for_the_office_alone(
    to: tuple[str, ...], strangers: list[str]
) -> None:
    rhythm = Rhythm("负担", When.parse("每月末"), to=to)

    assert strangers_to(forms()["负担"], rhythm) == strangers
    assert [each.endswith("remove 群 from to") for each in unformed(None, [rhythm])] == [True] * len(
        strangers
    )


async def test_a_scorecard_of_the_county_s_own_ranks_by_its_own_weights(tmp_path: Path) -> None:
    (tmp_path / "五比五突破.toml").write_text(OWN, encoding="utf-8")
    url = f"sqlite:///{tmp_path / 'county.db'}"
    migrate(url)
    async with Store(url) as store:
        await store.perform(_race)
    order = DraftOrder(
        url=url,
        schema="",
        county=County("青禾县", Calendar(ZoneInfo("Asia/Shanghai"))),
        language=Language.CHINESE,
        rewordings=None,
        forms=tmp_path,
        paper="五比五突破",
        scope="全县",
        first=date(2026, 11, 1),
        last=date(2026, 11, 30),
        until=None,
        now=datetime(2026, 11, 23, 8, tzinfo=UTC),
    )

    paper = draft(order)
    text, _, _ = printed(PrintOrder(folded(paper), Language.CHINESE, None))

    assert "第一：年产100万吨纯碱项目。\n打分：本期投资 60＋按期解决 40。" in text
    # Of who is last the chat says nothing; the table has all, and how to recompute it.
    assert "泵业智造产业园" not in text
    assert [row.values[:3] for row in paper.tables[0].rows] == [
        (1, "年产100万吨纯碱项目", 1000),
        (2, "跨河大桥", 200),
        (3, "泵业智造产业园", 0),
    ]
    note = paper.tables[0].note
    assert "本期投资＝本期完成 ÷ 本期应投" in note
    assert "年度计划＝" not in note
    assert "不足 3 个的组不排名" in note


def _race(tx: Tx) -> None:
    county = settled(tx)
    plan = update(tables.projects).where(tables.projects.c.id == county.bridge).values(planned=1_587_000)
    tx.connection.execute(plan)
    tx.reports.add(report(county.soda, county.liu, TODAY))
    # 20 of the 100 that were due: 23 days of 365.
    tx.reports.add(report(county.bridge, county.wang, TODAY, standing=Standing(0, 20_000)))
