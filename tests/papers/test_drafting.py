"""From the database to what is handed over: drafted from a form, in a process of its own."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.config import Database, Settings
from bot.domain.bulletins import Stage
from bot.domain.document import Document
from bot.domain.folded import Folded, folded, opened
from bot.domain.people import Language
from bot.domain.progress import Standing
from bot.domain.rhythm import Occasion, Rhythm, When
from bot.domain.stages import Nod
from bot.errors import PaperError
from bot.papers.drafting import PrintOrder, draft, drafts, printed, printed_for
from bot.papers.forms import forms
from bot.papers.workshop import Workshop
from bot.press import WorkshopPress, draft_order
from bot.timetable import RhythmSettings
from storage import dialects
from storage.tables import problems
from storage.tx import Tx
from tests.storage.county import DAY, TODAY, problem, report, settled

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
OCCASION = Occasion(date(2026, 11, 21), date(2026, 11, 30), NOW)


@pytest.fixture
def settings(copied: Callable[..., str]) -> Settings:
    """A county with a small database of its own."""
    settings = Settings(county="青禾县", database=Database(url=copied(), schema=""))
    writes(settings, _said)
    return settings


def _said(tx: Tx) -> None:
    county = settled(tx)
    tx.reports.add(report(county.soda, county.liu, TODAY - 9 * DAY))
    tx.reports.add(report(county.soda, county.liu, TODAY, standing=Standing(650, 1_300_000)))
    problem(tx, county)


def rhythm(paper: str = "旬督查表", **changes: object) -> Rhythm:
    return Rhythm(paper, When("每旬"), **changes)  # type: ignore[arg-type]


def drafted(settings: Settings, paper: str = "旬督查表", **changes: object) -> Document:
    return draft(draft_order(settings, rhythm(paper, **changes), OCCASION, NOW))


def test_a_paper_is_drafted_from_the_answers_of_its_days(settings: Settings) -> None:
    paper = drafted(settings)

    assert (paper.title, paper.period) == ("青禾县重点项目旬督查表", "2026 年 11 月 21 日至 11 月 30 日")
    (soda,) = [row for row in paper.tables[0].rows if row.key == "P-01"]
    at = paper.tables[0].place("invested")
    assert at is not None
    assert (soda.values[at], soda.source) == (100_000, "2026-11-23 刘敏")
    assert {row.source for row in paper.tables[0].rows if row is not soda} == {"名册"}


def test_what_comes_after_a_draft_is_in_the_next_paper(settings: Settings) -> None:
    sheet = drafted(settings)
    writes(settings, lambda tx: tx.bulletins.draft(rhythm(), OCCASION, Folded.of(sheet), Stage.DRAFT, NOW))
    evening = datetime(2026, 11, 30, 11, 30, tzinfo=UTC)
    said = report(1, 1, OCCASION.last, standing=Standing(660, 1_350_000), at=evening)
    writes(settings, lambda tx: tx.reports.add(said))

    following = Occasion(date(2026, 12, 1), date(2026, 12, 10), NOW + 10 * DAY)
    paper = draft(draft_order(settings, rhythm(), following, NOW + 10 * DAY))

    sums = [each.tables[0].total("invested") for each in (sheet, paper)]
    assert sums == [100_000, 50_000]


def writes(settings: Settings, work: Callable[[Tx], object]) -> None:
    """Write into the county's database."""
    engine = dialects.writer_engine(dialects.parsed(settings.database.url))
    with engine.connect() as connection:
        dialects.begin(connection, writing=True)
        tx = Tx(connection)
        work(tx)
        tx.settle()
        connection.exec_driver_sql("COMMIT")
    engine.dispose()


def test_a_paper_of_a_part_says_so(settings: Settings) -> None:
    paper = drafted(settings, scope="属地:经开区")

    assert paper.title == "青禾县经开区重点项目旬督查表"
    assert [row.key for row in paper.tables[0].rows] == ["P-02", "P-03"]


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", sorted(forms()))
def test_every_form_that_comes_with_the_bot_can_be_drafted_kept_and_printed(
    settings: Settings, name: str, language: Language
) -> None:
    paper = drafted(settings.model_copy(update={"language": language}), name)

    assert opened(folded(paper)) == paper
    text, workbook, pages = printed(PrintOrder(folded(paper), language, None))
    assert len(text) <= 600
    assert text.count("\n") < 14
    assert (workbook.content[:2], pages.content[:4]) == (b"PK", b"%PDF")
    assert "{" not in text


def test_a_campaign_counts_the_days_that_are_left(settings: Settings) -> None:
    paper = drafted(settings, "周调度表", until=date(2026, 12, 9))

    assert "距 2026 年 12 月 9 日还有 9 天。" in printed(PrintOrder(folded(paper), Language.CHINESE, None))[0]
    assert "还有" not in printed(PrintOrder(folded(drafted(settings, "周调度表")), Language.CHINESE, None))[0]


def test_those_furthest_behind_come_first_and_those_without_a_plan_last(settings: Settings) -> None:
    paper = drafted(settings)

    assert [row.key for row in paper.tables[0].rows] == ["P-02", "P-01", "P-03"]


def test_a_paper_without_a_form_is_refused(settings: Settings) -> None:
    with pytest.raises(PaperError, match="there is no form 征地进度"):
        drafted(settings, "征地进度")


def test_papers_drafted_together_are_as_each_alone_and_one_without_a_form_says_so(settings: Settings) -> None:
    names = [*sorted(forms()), "征地进度"]

    *papers, missing = drafts([draft_order(settings, rhythm(name), OCCASION, NOW) for name in names])

    assert "there is no form 征地进度" in str(missing)
    assert [opened(each.content) for each in papers if isinstance(each, Folded)] == [
        drafted(settings, name) for name in names[:-1]
    ]


def test_a_county_has_papers_of_its_own(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "征地进度.toml").write_text(
        'title = "征地进度"\n[tables.problems]\nname = "征地"\ncolumns = ["number", "text", "step"]\n',
        encoding="utf-8",
    )
    own = settings.model_copy(update={"rhythm": RhythmSettings(forms=tmp_path)})

    paper = drafted(own, "征地进度")

    assert paper.tables[0].rows[0].values == ("2026-001", "用地指标未批", "等办理人接办")


def test_a_paper_may_choose_by_what_it_does_not_show(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "有报告的.toml").write_text(
        'title = "有报告的"\n[tables.projects]\nname = "项目"\ncolumns = ["number"]\n'
        'where = { answered = ">0" }\n',
        encoding="utf-8",
    )
    own = settings.model_copy(update={"rhythm": RhythmSettings(forms=tmp_path)})

    assert [row.key for row in drafted(own, "有报告的").tables[0].rows] == ["P-01"]


async def test_a_paper_is_made_away_from_the_bot(settings: Settings) -> None:
    workshop = Workshop()
    press = WorkshopPress(settings, workshop)
    try:
        (paper,) = await press.draft([rhythm()], OCCASION, NOW)
        assert isinstance(paper, Folded)
        changed = opened(paper.content).amended("P-01", "invested", 50_000_000)
        assert changed is not None
        made = await press.print(folded(changed))
    finally:
        await workshop.close()

    assert "本旬完成 50.00 亿元" in made.text
    assert made.workbook.name == "青禾县-旬督查表-全县-2026-11-21至2026-11-30.xlsx"
    assert made.pages.media_type == "application/pdf"


def test_a_personal_paper_holds_each_readers_own_lines_and_sentences(settings: Settings) -> None:
    paper = drafted(settings, "半年述职")
    (row,) = paper.tables[0].rows
    (mine,) = row.about
    both = replace(paper, tables=(replace(paper.tables[0], rows=(row, replace(row, about=(mine + 1,)))),))

    own = both.of(mine)

    order = PrintOrder(folded(both), Language.CHINESE, None)
    assert own.tables[0].rows == (row,)
    assert printed_for(order, mine) == printed(replace(order, content=folded(own)))
    assert printed_for(order, 0) is None
    assert paper.of(0).is_empty
    assert (
        printed(PrintOrder(folded(own), Language.CHINESE, None))[0].splitlines()[2].startswith("1 位牵头领导")
    )
    assert opened(folded(paper)) == paper


def test_registers_count_what_stands_in_their_tables(settings: Settings) -> None:
    engine = dialects.writer_engine(dialects.parsed(settings.database.url))
    with engine.connect() as connection:
        dialects.begin(connection, writing=True)
        tx = Tx(connection)
        soda = tx.projects.numbered("P-01")
        assert soda is not None
        for value, nod in (("1900000", Nod.AGREED), ("1800000", Nod.REFUSED), ("1700000", None)):
            move = tx.changes.ask(soda.id, "年度计划", "2000000", value, "核减", 1, TODAY, NOW)
            if nod is not None:
                tx.stages.decide(move, nod, 1, NOW)
        (waiting,) = tx.problems.open()
        task = {"nature": "任务", "promised": 20_000, "paid": 5_000, "solve_due": NOW - 2 * DAY}
        connection.execute(update(problems).where(problems.c.id == waiting.id).values(**task))
        connection.exec_driver_sql("COMMIT")
    engine.dispose()

    changed, promised = (
        printed(PrintOrder(folded(drafted(settings, paper)), Language.CHINESE, None))[0].splitlines()
        for paper in ("变更登记", "政策兑现")
    )

    assert changed[2:5] == [
        "共登记变更 3 项：同意 1 项，不同意 1 项，待同意 1 项。",
        "待同意的项目：年产100万吨纯碱项目。",
        "变更涉及的项目：年产100万吨纯碱项目。",
    ]
    assert promised[2:4] == [
        "承诺 1 项 200 万元，已兑付 50 万元，还差 150 万元。",
        "逾期 1 项，还差 150 万元：泵业智造产业园。",
    ]
