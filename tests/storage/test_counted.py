"""Papers one after the other count everything once: what comes after a draft is of the next."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import select, update

from bot.domain.bulletins import Stage
from bot.domain.document import Document
from bot.domain.folded import Folded
from bot.domain.progress import Standing
from bot.domain.rhythm import Occasion, Rhythm, When
from bot.domain.scope import Scope
from bot.domain.stages import Step
from storage import tables
from storage.counted import Counted, counted_before, last_report
from storage.dataset import Line, Question
from storage.dates import taken
from storage.figures import project_lines
from storage.tx import Tx
from tests.storage.county import DAY, County, added, problem, report
from tests.storage.test_figures import RULES

FIRST, LAST = date(2026, 11, 21), date(2026, 11, 30)
DRAFTED = datetime(2026, 11, 30, 10, tzinfo=UTC)
"""18:00 of the last day."""
SHEET = Rhythm("旬督查表", When.parse("每旬"))


def drafted(tx: Tx, first: date, last: date, now: datetime, before: Counted | None) -> dict[str, Line]:
    question = Question(Scope.parse("全县"), first, last, RULES, now, before=before)
    return {str(line["number"]): line for line in project_lines(tx.connection, question)}


def counted(tx: Tx, at: datetime = DRAFTED) -> Counted:
    return Counted(last_report(tx.connection), at)


def soda_of(tx: Tx, before: Counted | None) -> Line:
    """Return the line of soda in the paper of 1 to 10 December."""
    return drafted(tx, LAST + DAY, LAST + 10 * DAY, DRAFTED + 10 * DAY, before)["P-01"]


def test_what_is_said_in_the_evening_after_the_draft_is_of_the_next_paper(tx: Tx, county: County) -> None:
    tx.reports.add(report(county.soda, county.liu, LAST, standing=Standing(620, 1_200_000)))
    before = counted(tx)
    evening = report(
        county.soda, county.liu, LAST, standing=Standing(640, 1_300_000), at=DRAFTED + timedelta(hours=1)
    )
    tx.reports.add(evening)

    line = soda_of(tx, before)

    assert (line["invested"], line["advanced"], line["moved"]) == (100_000, 20, 1)
    assert soda_of(tx, counted(tx))["invested"] == 0


def test_words_alone_that_come_late_are_progress_of_the_next_paper(tx: Tx, county: County) -> None:
    tx.reports.add(report(county.soda, county.liu, LAST - DAY, standing=Standing(620, 1_200_000)))
    before = counted(tx)
    tx.reports.add(report(county.soda, county.liu, LAST, standing=Standing(620, 1_200_000)))

    assert soda_of(tx, before)["moved"] == 1
    assert soda_of(tx, counted(tx))["moved"] == 0


def test_what_a_second_liaison_adds_counts_as_little_later_as_it_did_then(tx: Tx, county: County) -> None:
    tx.reports.add(report(county.soda, county.liu, LAST, standing=Standing(620, 1_200_000)))
    tx.reports.add(report(county.soda, county.wang, LAST, standing=Standing(900, 9_000_000)), counts=False)
    before = counted(tx)
    tx.reports.add(report(county.soda, county.liu, LAST, standing=Standing(630, 1_250_000)))

    assert soda_of(tx, before)["invested"] == 50_000


def test_the_evening_of_new_year_s_eve_is_not_lost(tx: Tx, county: County) -> None:
    eve = date(2026, 12, 31)
    tx.reports.add(report(county.soda, county.liu, eve, standing=Standing(620, 1_200_000)))
    before = counted(tx, datetime(2026, 12, 31, 10, tzinfo=UTC))
    tx.reports.add(report(county.soda, county.liu, eve, standing=Standing(640, 1_300_000)))
    tx.reports.add(report(county.soda, county.liu, eve + DAY, standing=Standing(650, 30_000)))

    line = drafted(tx, eve + DAY, eve + 10 * DAY, DRAFTED + 41 * DAY, before)["P-01"]

    assert (line["cumulative"], line["invested"]) == (30_000, 130_000)


def test_a_problem_of_that_evening_is_new_in_the_next_paper(tx: Tx, county: County) -> None:
    problem(tx, county, at=DRAFTED - timedelta(minutes=1))
    problem(tx, county, at=DRAFTED + timedelta(hours=1))

    def opened(before: Counted | None) -> object:
        return drafted(tx, LAST + DAY, LAST + 10 * DAY, DRAFTED + 10 * DAY, before)["P-02"]["opened"]

    assert (opened(counted(tx)), opened(None)) == (1, 0)
    # One that is drafted after its last day has counted that day whole.
    assert opened(counted(tx, DRAFTED + 2 * DAY)) == 0


@pytest.mark.parametrize("seed", range(6))
def test_a_row_of_papers_loses_nothing_and_doubles_nothing(tx: Tx, county: County, seed: int) -> None:
    """Reports come and are put right at any hour; papers are drafted at six, at times two days late."""
    luck = Random(seed)
    begin = date(2026, 11, 22)  # so that one ends with the year
    before = Counted(0, DRAFTED - 10 * DAY)
    sums = {"invested": 0, "advanced": 0}
    lasts = [begin + (10 * nth - 1) * DAY for nth in range(1, 10)]
    drafts = {last + luck.choice([0, 0, 2]) * DAY: last for last in lasts}
    for hour in range(90 * 24 + 3 * 24):
        now = datetime(begin.year, begin.month, begin.day, tzinfo=UTC) + timedelta(hours=hour)
        day = now.date()
        if luck.random() < 0.06:
            about = day - luck.choice([0, 0, 0, 1, 4]) * DAY
            standing = Standing(luck.randrange(1000), luck.randrange(5_000_000))
            said = report(county.soda, county.liu, about, standing=standing)
            tx.reports.add(said, counts=luck.random() < 0.8)
        if now.hour == 10 and day in drafts:
            last = drafts.pop(day)
            line = drafted(tx, last - 9 * DAY, last, now, before)["P-01"]
            sums = {key: value + _whole(line[key]) for key, value in sums.items()}
            before = counted(tx, now)
    line = drafted(tx, lasts[-1] + DAY, day, now, before)["P-01"]
    sums = {key: value + _whole(line[key]) for key, value in sums.items()}

    project, its = tables.projects, tables.reports
    (start,) = tx.connection.execute(select(project).where(project.c.id == county.soda)).all()
    told = select(its).where(its.c.current, its.c.project_id == county.soda).order_by(its.c.day)
    rows = tx.connection.execute(told).all()
    of_year = {row.day.year: row.cumulative for row in rows}
    assert drafts == {}
    assert sums["advanced"] == rows[-1].permille - start.start_permille
    assert sums["invested"] == sum(of_year.values()) - start.start_cumulative


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value


def kept(tx: Tx, known_through: int) -> None:
    """Keep a sheet of 21 to 30 November that knew so many reports."""
    document = Document(
        "旬督查表", "旬督查表", "", "青禾县", "全县", str(FIRST), str(LAST), DRAFTED.isoformat(),
        known_through=known_through,
    )  # fmt: skip
    tx.bulletins.draft(SHEET, Occasion(FIRST, LAST, DRAFTED), Folded.of(document), Stage.DRAFT, DRAFTED)


def test_a_paper_finds_how_far_the_one_before_has_counted(tx: Tx) -> None:
    kept(tx, 7)

    def found(form: str = "旬督查表", scope: str = "全县", first: date = LAST + DAY) -> Counted | None:
        return counted_before(tx.connection, form, scope, first)

    assert found() == Counted(7, DRAFTED)
    assert [found(form="半月要账"), found(scope="属地:大桥镇"), found(first=LAST + 2 * DAY)] == [None] * 3


def test_a_paper_of_an_older_version_has_counted_its_days(tx: Tx) -> None:
    kept(tx, 0)

    assert counted_before(tx.connection, "旬督查表", "全县", LAST + DAY) is None


def started(tx: Tx, county: County, day: date, agreed_at: datetime | None) -> None:
    """Let soda have started on a day, with the office's nod at a moment, or by the roster."""
    tx.connection.execute(
        update(tables.projects).where(tables.projects.c.id == county.soda).values(actual_start=day)
    )
    if agreed_at:
        added(
            tx, tables.stage_moves, project_id=county.soda, step="开工", what="", day=day, at=agreed_at,
            asked_by=county.liu, answer="同意", decided_at=agreed_at,
        )  # fmt: skip


EVENING = DRAFTED + timedelta(hours=1)


@pytest.mark.parametrize(
    ("day", "agreed_at", "in_the_one", "in_the_next"),
    [
        (LAST, None, True, False),
        (LAST + DAY, None, False, True),
        (LAST, DRAFTED - DAY, True, False),
        (LAST, EVENING, False, True),
        (LAST - DAY, DRAFTED + 5 * DAY, False, True),
        (LAST + DAY, EVENING + 1 * DAY, False, True),
        # The roster says so, and of the paper's own days; nobody knows since when.
        (FIRST - DAY, None, False, False),
        # Agreed to before the paper of its own days: there, and only there.
        (FIRST - DAY, DRAFTED - 12 * DAY, False, False),
    ],
)
def test_a_start_is_of_the_first_paper_that_can_know_of_it(
    tx: Tx, county: County, day: date, agreed_at: datetime | None, in_the_one: bool, in_the_next: bool
) -> None:
    scope = Scope.parse("全县")
    one = Question(scope, FIRST, LAST, RULES, DRAFTED, before=Counted(0, DRAFTED - 10 * DAY))
    following = Question(
        scope, LAST + DAY, LAST + 10 * DAY, RULES, DRAFTED + 10 * DAY, before=Counted(0, DRAFTED)
    )
    started(tx, county, day, agreed_at)

    # What is agreed to later is not there yet when the first is drafted.
    is_known = agreed_at is None or agreed_at <= DRAFTED
    assert (is_known and county.soda in taken(tx.connection, one, Step.START)) is in_the_one
    assert (county.soda in taken(tx.connection, following, Step.START)) is in_the_next
    assert taken(tx.connection, following, Step.COMPLETION) == set()


def test_a_start_that_is_dated_anew_keeps_the_paper_of_its_first_nod(tx: Tx, county: County) -> None:
    started(tx, county, LAST - DAY, DRAFTED - DAY)
    started(tx, county, LAST, DRAFTED + 2 * DAY)

    following = Question(
        Scope.parse("全县"), LAST + DAY, LAST + 10 * DAY, RULES, DRAFTED + 10 * DAY,
        before=Counted(0, DRAFTED),
    )  # fmt: skip
    assert taken(tx.connection, following, Step.START) == set()
