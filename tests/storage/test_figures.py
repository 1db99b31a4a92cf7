"""The figures of any days, against a plain recount of a county made up by chance."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from bot.domain.calendar import Calendar
from bot.domain.county import County as Rules
from bot.domain.progress import Kind, Standing
from bot.domain.scope import Scope
from storage import tables
from storage.dataset import Line, Question
from storage.figures import project_lines
from storage.tx import Tx
from tests.storage.county import DAY, NOW, TODAY, County, added, problem, report

RULES = Rules("青禾县", Calendar(ZoneInfo("Asia/Shanghai")))
BEGIN, END = date(2026, 11, 20), date(2027, 2, 10)


def question(first: date, last: date, now: datetime, scope: str = "全县") -> Question:
    return Question(Scope.parse(scope), first, last, RULES, now)


def noon(day: date) -> datetime:
    return datetime.combine(day, time(4), UTC)


@dataclass
class Told:
    """One report, as somebody with a pencil would note it; the last of a day counts."""

    day: date
    by: str
    kind: Kind
    text: str
    permille: int
    cumulative: int


@dataclass
class Site:
    """One project on paper."""

    number: str
    planned: int
    start_on: date
    start_cumulative: int
    start_permille: int
    told: list[Told] = field(default_factory=list)
    asked: set[date] = field(default_factory=set)

    def until(self, day: date) -> list[Told]:
        return sorted((each for each in self.told if each.day <= day), key=lambda each: each.day)

    def money(self, day: date, year: int) -> int:
        said = self.until(day)
        if said and said[-1].day.year == year:
            return said[-1].cumulative
        return self.start_cumulative if self.start_on.year == year else 0

    def height(self, day: date) -> int:
        said = self.until(day)
        return said[-1].permille if said else self.start_permille

    def expected(self, first: date, last: date) -> dict[str, Any]:
        """Recount everything by walking through the reports, with no thought of speed."""
        said = self.until(last)
        progress = [each for each in said if each.kind is not Kind.UNCHANGED]
        words = [each for each in progress if each.text]
        done = self.money(last, last.year)
        before = self.money(first - DAY, last.year)
        invested = done - before
        if first.year < last.year:
            invested += self.money(date(first.year, 12, 31), first.year) - self.money(first - DAY, first.year)
        advanced = self.height(last) - self.height(first - DAY)
        gone = (last - date(last.year, 1, 1)).days + 1
        share = gone * 1000 // 365
        moved = bool(progress and progress[-1].day >= first) or invested > 0 or advanced > 0
        plan = done * 1000 // self.planned if self.planned else None
        return {
            "number": self.number,
            "cumulative": done,
            "invested": invested,
            "permille": self.height(last),
            "advanced": advanced,
            "plan_share": plan,
            "time_share": share,
            "difference": None if plan is None else plan - share,
            "owed": max(0, self.planned * share // 1000 - done) if self.planned else None,
            "moved": int(moved),
            "last_text": words[-1].text if words else "",
            "last_text_day": words[-1].day.isoformat() if words else None,
            "last_text_by": words[-1].by if words else "",
            "last_progress": progress[-1].day.isoformat() if progress else None,
            "still_days": (last - progress[-1].day).days if progress else None,
            "answered": len({each.day for each in said if each.day >= first}),
            "asked": sum(first <= day <= last for day in self.asked),
            "source": f"{said[-1].day} {said[-1].by}" if said else None,
        }


def made_up(tx: Tx, county: County, seed: int) -> list[Site]:
    """Fill a county by chance: corrected figures, several versions a day, projects nobody speaks of."""
    luck = Random(seed)
    people = {county.liu: "刘敏", county.wang: "王强"}
    sites = []
    asked: dict[tuple[int, date], list[int]] = {}
    for number in range(14):
        site = Site(
            number=f"R-{number:02}",
            planned=luck.choice([0, 500_000, 2_000_000]),
            start_on=luck.choice([date(2026, 3, 1), date(2025, 6, 1), date(2027, 1, 5)]),
            start_cumulative=luck.randrange(0, 900_000),
            start_permille=luck.randrange(0, 500),
        )
        sites.append(site)
        kept = {key: getattr(site, key) for key in ("number", "planned", "start_on")}
        row = kept | {"start_cumulative": site.start_cumulative, "start_permille": site.start_permille}
        project = added(tx, tables.projects, name=site.number, kind="在建", stage="落地开工", **row)
        for day in _days():
            if luck.random() < 0.3:
                # Two liaisons are asked about it; it was asked once.
                for person in list(people)[: luck.randrange(1, 3)]:
                    asked.setdefault((person, day), []).append(project)
                site.asked.add(day)
            if number and luck.random() < luck.choice([0.1, 0.6]):
                _tell(tx, luck, site, project, day, people)
    for (person, day), listed in asked.items():
        row = {"person_id": person, "day": day, "projects": listed, "asked_at": noon(day)}
        tx.connection.execute(insert(tables.prompts), row)
    return sites


def _days() -> Iterator[date]:
    return (BEGIN + timedelta(days=number) for number in range((END - BEGIN).days))


def _tell(tx: Tx, luck: Random, site: Site, project: int, day: date, people: dict[int, str]) -> None:
    for _ in range(luck.choice([1, 1, 1, 3])):
        person = luck.choice(list(people))
        kind = luck.choice([Kind.UNCHANGED, Kind.UNCHANGED, Kind.PROGRESS, Kind.PROBLEM])
        # 「照旧」 alone has no words, 「2 照旧」 among others has that one.
        text = luck.choice(["", "照旧"]) if kind is Kind.UNCHANGED else f"{day:%m%d}说{luck.randrange(9)}"
        standing = Standing(luck.randrange(0, 1000), luck.randrange(0, 1_500_000))
        tx.reports.add(report(project, person, day, kind=kind, text=text, standing=standing))
        site.told = [each for each in site.told if each.day != day]
        site.told.append(Told(day, people[person], kind, text, standing.permille, standing.cumulative))


PERIODS = [
    (date(2026, 11, 21), date(2026, 11, 30)),  # ten days
    (date(2026, 12, 28), date(2027, 1, 3)),  # the week of New Year
    (date(2026, 12, 21), date(2027, 1, 20)),  # across it
    (date(2027, 1, 1), date(2027, 1, 10)),  # from the very first day
    (date(2026, 12, 31), date(2026, 12, 31)),
    (date(2026, 9, 1), date(2026, 11, 19)),  # before anybody was asked
    (date(2026, 11, 20), date(2027, 1, 31)),
]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_figures_of_any_days_are_those_of_a_plain_recount(tx: Tx, county: County, seed: int) -> None:
    sites = made_up(tx, county, seed)

    for first, last in PERIODS:
        found = {
            str(line["number"]): line
            for line in project_lines(tx.connection, question(first, last, noon(last + DAY)))
        }
        for site in sites:
            expected = site.expected(first, last)
            assert {key: found[site.number][key] for key in expected} == expected, (first, last)


def lines(tx: Tx, first: date, last: date, now: datetime = NOW, scope: str = "全县") -> dict[str, Line]:
    return {
        str(line["number"]): line for line in project_lines(tx.connection, question(first, last, now, scope))
    }


def test_days_that_are_not_over_end_today(tx: Tx, county: County) -> None:
    tx.reports.add(report(county.soda, county.liu, TODAY, standing=Standing(620, 1_200_000)))
    tx.reports.add(report(county.soda, county.liu, TODAY + DAY, standing=Standing(999, 9)))

    soda = lines(tx, date(2026, 11, 21), date(2026, 11, 30))["P-01"]

    assert (soda["permille"], soda["cumulative"], soda["time_share"]) == (620, 1_200_000, 327 * 1000 // 365)
    assert soda["source"] == "2026-11-23 刘敏"


def test_problems_are_counted_in_the_days_of_the_county(tx: Tx, county: County) -> None:
    first, last = date(2026, 11, 11), date(2026, 11, 20)
    just_before = datetime(2026, 11, 10, 15, 59, tzinfo=UTC)  # 23:59 of the tenth
    just_after = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)  # 00:00 of the twenty-first
    problem(tx, county, at=just_before)
    problem(tx, county, at=just_before + timedelta(minutes=1))
    closed = problem(tx, county, at=just_after - timedelta(minutes=1))
    problem(tx, county, at=just_after)
    tx.problems.solve(closed, "done", just_after - timedelta(minutes=1))
    solved = tx.problems.get(closed.id)
    assert solved is not None
    tx.problems.close(solved, just_after - timedelta(minutes=1))
    tx.problems.withdraw(problem(tx, county, at=just_after - timedelta(hours=1)), NOW, "mistaken")

    pump = lines(tx, first, last, NOW + 400 * DAY)["P-02"]

    assert [pump[key] for key in ("opened", "closed", "open", "overdue")] == [2, 1, 3, 3]
    assert [lines(tx, first, last)["P-01"][key] for key in ("opened", "open")] == [0, 0]


@pytest.mark.usefixtures("county")
@pytest.mark.parametrize(
    ("planned", "actual", "late"),
    [
        (None, None, None),
        (TODAY + DAY, None, None),
        (TODAY, None, None),  # the day itself is still in time
        (TODAY - DAY, None, 1),
        (TODAY - 9 * DAY, TODAY - 7 * DAY, 2),
        (TODAY + 9 * DAY, TODAY, -9),
    ],
)
def test_a_start_is_late_from_the_day_after(
    tx: Tx, planned: date | None, actual: date | None, late: int | None
) -> None:
    added(
        tx, tables.projects, number="S", name="S", kind="在建", stage="落地开工", start_on=TODAY,
        planned_start=planned, actual_start=actual,
    )  # fmt: skip

    assert lines(tx, TODAY - DAY, TODAY)["S"]["start_late"] == late


@pytest.mark.parametrize(
    ("kind", "start", "is_behind"),
    [
        ("在建", {}, True),
        ("新上", {"planned_start": TODAY}, True),
        ("新上", {"planned_start": TODAY + DAY}, False),
        ("新上", {"planned_start": TODAY + DAY, "actual_start": TODAY}, True),
        ("洽谈", {}, False),
        ("储备", {}, False),
        ("争取", {}, False),
        ("建成", {}, False),
    ],
)
def test_only_what_is_under_way_can_be_behind(
    tx: Tx, kind: str, start: dict[str, date], is_behind: bool
) -> None:
    added(
        tx, tables.projects, number="B", name="B", kind=kind, stage="规划选址", start_on=TODAY,
        planned=1_000_000, **start,
    )  # fmt: skip

    line = lines(tx, TODAY - DAY, TODAY)["B"]

    assert line["plan_share"] == 0
    assert [line[key] is not None for key in ("difference", "due", "owed")] == [is_behind] * 3


def test_the_next_milestone_is_the_first_that_was_not_reached(tx: Tx, county: County) -> None:
    for name, planned, done in (
        ("基础", TODAY - 9 * DAY, TODAY - 8 * DAY),
        ("封顶", TODAY + 9 * DAY, None),
        ("主体", TODAY - 3 * DAY, None),
    ):
        added(tx, tables.milestones, project_id=county.soda, name=name, planned=planned, done=done)

    soda = lines(tx, TODAY - DAY, TODAY)["P-01"]

    assert (soda["milestone"], soda["milestone_late"]) == ("主体", 3)
    assert soda["milestone_day"] == (TODAY - 3 * DAY).isoformat()


@pytest.mark.parametrize(
    ("scope", "expected"), [("属地:经开区", ["P-02", "P-03"]), ("专班:陈志远", ["P-01", "P-02"])]
)
@pytest.mark.usefixtures("county")
def test_a_paper_covers_its_scope(tx: Tx, scope: str, expected: list[str]) -> None:
    assert list(lines(tx, TODAY, TODAY, scope=scope)) == expected
