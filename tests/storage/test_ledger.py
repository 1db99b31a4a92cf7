"""The ledger read as a whole, against a county reckoned by hand."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from bot.domain.calendar import Calendar
from bot.domain.county import County as Rules
from bot.domain.deadlines import Light
from bot.domain.digest import Digest
from bot.domain.lines import ProblemLine, ProjectLine, ReportLine, Step, StepLine
from bot.domain.people import Duty
from bot.domain.problems import Problem, State, Urgency
from bot.domain.progress import Kind, Standing
from bot.domain.projects import Stage
from bot.domain.scope import Scope
from bot.domain.week import Week
from storage import tables
from storage.ledger import Ledger
from storage.tx import Tx
from tests.storage.county import DAY, DUES, HOUR, NOW, TODAY, County, added, assigned, problem, report

WEEK = Week(2026, 47)  # 16 to 22 November
RULES = Rules("青禾县", Calendar(ZoneInfo("Asia/Shanghai")))
MONDAY, SUNDAY = WEEK.monday, WEEK.sunday


def digest(tx: Tx, scope: str = "全县", week: Week = WEEK, now: datetime = NOW) -> Digest:
    return Ledger(tx.connection).digest(Scope.parse(scope), week, county=RULES, now=now)


def test_a_projects_week_is_reckoned_from_the_reports_that_count(tx: Tx, county: County) -> None:
    for day, text, standing in (
        (MONDAY - 3 * DAY, "二层", Standing(560, 1_100_000)),
        (MONDAY, "", Standing(560, 1_100_000)),
        (MONDAY + 2 * DAY, "三层", Standing(600, 1_180_000)),
        (MONDAY + 2 * DAY, "三层完成", Standing(610, 1_200_000)),  # said again the same day
        (TODAY, "四层", Standing(700, 1_900_000)),  # the week after
    ):
        kind = Kind.PROGRESS if text else Kind.UNCHANGED
        tx.reports.add(report(county.soda, county.liu, day, kind=kind, text=text, standing=standing))
    tx.reports.add(report(county.soda, county.wang, SUNDAY, text="不算"), counts=False)
    for day in (MONDAY, MONDAY + 2 * DAY, MONDAY + 3 * DAY):
        tx.rounds.ask({county.liu: [county.soda, county.pump]}, day, NOW)
    tx.rounds.ask({county.wang: [county.bridge, county.soda]}, MONDAY, NOW)

    soda, pump, bridge = digest(tx).projects

    assert soda == ProjectLine(
        number="P-01",
        name="年产100万吨纯碱项目",
        place="龙泉街道",
        industry="化工",
        lead_leader="陈志远",
        unit="自然资源局",
        stage=Stage.STARTED,
        planned=2_000_000,
        cumulative=1_200_000,
        cumulative_before=1_100_000,
        permille=610,
        permille_before=560,
        answered_days=2,
        asked_days=3,
        last_text="三层完成",
        last_progress=MONDAY + 2 * DAY,
    )
    assert (soda.invested, soda.advanced) == (100_000, 50)
    # Never reported: the standing is that of the import; money of another year counts no more.
    assert (pump.cumulative, pump.cumulative_before, pump.permille, pump.permille_before) == (0, 0, 300, 300)
    assert (pump.answered_days, pump.asked_days, pump.last_text, pump.last_progress) == (0, 3, "", None)
    assert (bridge.lead_leader, bridge.unit, bridge.asked_days) == ("", "", 1)


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        # The week is 2026-W53, 28 December to 3 January; reports are (permille, cumulative) by day.
        ({}, (0, 0, 500, 500, 0)),
        ({date(2026, 12, 24): (900, 1_900_000)}, (0, 0, 900, 900, 0)),
        (
            {date(2026, 12, 24): (900, 1_900_000), date(2026, 12, 30): (910, 1_950_000)},
            (0, 0, 910, 900, 50_000),
        ),
        # The figure of the roster, 1,000,000, is of the old year.
        (
            {date(2026, 12, 30): (910, 1_950_000), date(2027, 1, 2): (920, 5_000)},
            (5_000, 0, 920, 500, 955_000),
        ),
    ],
)
def test_in_the_week_of_new_year_money_begins_at_zero_and_none_is_lost(
    tx: Tx,
    county: County,
    reported: dict[date, tuple[int, int]],
    expected: tuple[int, int, int, int, int],
) -> None:
    for day, standing in reported.items():
        tx.reports.add(report(county.soda, county.liu, day, standing=Standing(*standing)))

    soda = digest(tx, week=Week(2026, 53), now=datetime(2027, 1, 4, 1, tzinfo=UTC)).projects[0]

    money = soda.cumulative, soda.cumulative_before
    assert (*money, soda.permille, soda.permille_before, soda.invested) == expected


def test_a_week_that_is_not_over_ends_today(tx: Tx, county: County) -> None:
    tx.reports.add(report(county.soda, county.liu, TODAY, standing=Standing(620, 1_200_000)))
    tx.reports.add(report(county.soda, county.liu, TODAY + DAY, standing=Standing(999, 9)))

    soda = digest(tx, week=Week(2026, 48)).projects[0]

    assert (soda.permille, soda.cumulative, soda.answered_days) == (620, 1_200_000, 1)


def test_the_problems_of_a_digest_are_as_they_stand_now(tx: Tx, county: County) -> None:
    waiting = problem(tx, county, at=NOW - 9 * DAY)
    working = problem(tx, county, project_id=county.bridge, urgency=Urgency.TODAY, at=NOW - DAY)
    tx.problems.take(working, county.chen, NOW - HOUR)
    closed = problem(tx, county, reporter_id=county.sun)
    tx.problems.solve(closed, "done", NOW)
    solved = tx.problems.get(closed.id)
    assert solved is not None
    tx.problems.close(solved, NOW + HOUR)
    tx.problems.withdraw(problem(tx, county), NOW, "mistaken")

    found = digest(tx, now=DUES.accept)

    assert found.problems[0] == ProblemLine(
        number=waiting.number,
        project_number="P-02",
        project="泵业智造产业园",
        category="用地",
        text="用地指标未批",
        urgency=Urgency.ORDINARY,
        state=State.WAITING,
        place="经开区",
        lead_leader="陈志远",
        holder="孙立新",
        holder_unit="自然资源局",
        opened_at=NOW - 9 * DAY,
        light=Light.RED,  # since this very moment
        generation=1,
        reporter_unit="经济开发区",
        solve_due=DUES.solve,
        first_due=DUES.solve,
        step=Step.ACCEPT,
    )
    assert [(line.state, line.overdue, line.holder_unit) for line in found.problems[1:]] == [
        (State.WORKING, False, ""),
        (State.CLOSED, False, "自然资源局"),
    ]
    assert (found.problems[1].accepted_at, found.problems[2].closed_at) == (NOW - HOUR, NOW + HOUR)
    assert found.problems[2].reporter_unit == "自然资源局"
    assert not any(line.overdue for line in digest(tx, now=DUES.accept - HOUR).problems)
    assert [line.overdue for line in digest(tx, now=DUES.solve).problems] == [True, True, False]


def steps(tx: Tx, now: datetime = NOW) -> list[StepLine]:
    return list(Ledger(tx.connection).steps(RULES, now))


def asked(tx: Tx, of: Problem, kind: str, **values: Any) -> None:
    added(tx, tables.requests, problem_id=of.id, generation=1, kind=kind, text="", at=NOW, **values)


def test_a_line_says_what_an_open_problem_waits_for(tx: Tx, county: County) -> None:
    waiting, working, solved, paused, put, more, answered, done = (problem(tx, county) for _ in range(8))
    for each in (working, put, more, answered):
        tx.problems.take(each, county.sun, NOW)
    for each in (solved, done):
        tx.problems.solve(each, "done", NOW)
    settled = tx.problems.get(done.id)
    assert settled is not None
    tx.problems.close(settled, NOW)
    tx.connection.execute(
        update(tables.problems).where(tables.problems.c.id == paused.id).values(paused_at=NOW)
    )
    asked(tx, put, "提请", to_id=county.chen)
    asked(tx, more, "延期")
    asked(tx, answered, "延期", answer="同意")

    lines = {line.number: line for line in digest(tx, now=NOW + 400 * DAY).problems}

    assert [lines[each.number].step for each in (waiting, working, solved, paused, put, more, answered)] == [
        Step.ACCEPT, Step.WORK, Step.CONFIRM, Step.ANSWER, Step.DECISION, Step.EXTENSION, Step.WORK,
    ]  # fmt: skip
    assert lines[done.number].step is None
    # A clock that stands still is not late, however long.
    assert [lines[each.number].light for each in (waiting, paused)] == [Light.RED, Light.GREEN]


def test_a_line_tells_how_often_it_was_put_off_and_how_far_it_climbed(tx: Tx, county: County) -> None:
    late = problem(tx, county)
    tx.connection.execute(
        update(tables.problems).values(extensions=2, snoozes=3, level=4, solve_due=DUES.solve + 7 * DAY)
    )

    (line,) = digest(tx).problems

    assert (line.number, line.extensions, line.snoozes, line.level) == (late.number, 2, 3, 4)
    assert (line.first_due, line.solve_due) == (DUES.solve, DUES.solve + 7 * DAY)


def test_every_step_of_custody_is_told_with_its_working_time(tx: Tx, county: County) -> None:
    first, second = problem(tx, county), problem(tx, county)
    tx.problems.take(first, county.sun, NOW + HOUR)
    taken = tx.problems.get(first.id)
    assert taken is not None
    tx.problems.hand(taken, county.chen, DUES, NOW + 3 * HOUR, ended="transferred", reason="归县里")
    tx.problems.withdraw(second, NOW + HOUR, "报错了")

    found = steps(tx, NOW + DAY)  # a working day of nine and a half hours later

    assert [(line.number, line.project, line.span.person, line.span.unit) for line in found] == [
        ("2026-001", "泵业智造产业园", "孙立新", "自然资源局"),
        ("2026-001", "泵业智造产业园", "陈志远", ""),
        ("2026-002", "泵业智造产业园", "孙立新", "自然资源局"),  # a number that is missing is explained
    ]
    assert [line.held for line in found] == [3 * HOUR, 6.5 * HOUR, HOUR]
    assert (found[0].span.accepted_at, found[0].span.until) == (NOW + HOUR, NOW + 3 * HOUR)
    assert (found[0].span.ended, found[0].span.reason) == ("transferred", "归县里")
    assert (found[1].span.until, found[2].span.ended) == (None, "withdrawn")


def test_problems_come_open_first_and_by_number_also_past_a_thousand(tx: Tx, county: County) -> None:
    for year in (2025, 2026, 2026):
        problem(tx, county, year=year)
    tx.connection.execute(
        update(tables.problems)
        .where(tables.problems.c.number == "2026-002")
        .values(number="2026-1000", sequence=1000)
    )
    closed = tx.problems.numbered("2025-001")
    assert closed is not None
    tx.problems.solve(closed, "", NOW)
    solved = tx.problems.numbered("2025-001")
    assert solved is not None
    tx.problems.close(solved, NOW)
    problem(tx, county)

    found = [line.number for line in Ledger(tx.connection).problems(RULES, NOW)]

    assert found == ["2026-001", "2026-1000", "2026-1001", "2025-001"]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("全县", ["P-01", "P-02", "P-03"]),
        ("属地:经开区", ["P-02", "P-03"]),
        ("行业:化工", ["P-01"]),
        ("专班:P-03", ["P-03"]),
        ("专班:跨河大桥", ["P-03"]),
        ("专班:陈志远", ["P-01", "P-02"]),
        ("专班:经济开发区", ["P-02"]),
        ("专班:刘敏", []),  # a liaison leads nothing
        ("属地:nowhere", []),
    ],
)
def test_a_digest_covers_its_scope_and_nothing_else(
    tx: Tx, county: County, scope: str, expected: list[str]
) -> None:
    for project in (county.soda, county.pump, county.bridge):
        problem(tx, county, project_id=project)

    found = digest(tx, scope)

    assert [line.number for line in found.projects] == expected
    assert [line.project_number for line in found.problems] == expected


def test_who_led_a_project_once_leads_it_no_longer(tx: Tx, county: County) -> None:
    assigned(tx, county.bridge, county.chen, Duty.LEAD_LEADER, until=TODAY)
    assigned(tx, county.soda, county.zhao, Duty.LEAD_LEADER)

    assert [line.number for line in digest(tx, "专班:陈志远").projects] == ["P-01", "P-02"]
    assert digest(tx).projects[0].lead_leader == "陈志远、赵文静"


def test_the_reports_of_some_days_come_oldest_first_with_who_wrote_them(tx: Tx, county: County) -> None:
    tx.reports.add(report(county.pump, county.liu, MONDAY, text="封顶", entered_by=county.zhao))
    tx.reports.add(report(county.soda, county.chen, MONDAY, kind=Kind.UNCHANGED, text=""))
    tx.reports.add(report(county.soda, county.liu, SUNDAY))
    tx.reports.add(report(county.soda, county.liu, TODAY, text="old"))
    tx.reports.add(report(county.soda, county.liu, TODAY, text="new"))
    ledger = Ledger(tx.connection)

    every = list(ledger.reports())

    assert [(line.day, line.project_number) for line in every] == [
        (MONDAY, "P-01"), (MONDAY, "P-02"), (SUNDAY, "P-01"), (TODAY, "P-01"),
    ]  # fmt: skip
    assert every[1] == ReportLine(
        day=MONDAY,
        project_number="P-02",
        project="泵业智造产业园",
        place="经开区",
        kind=Kind.PROGRESS,
        text="封顶",
        permille=620,
        cumulative=1_200_000,
        person="刘敏",
        person_unit="经济开发区",
        at=datetime(2026, 11, 16, 1, 30, tzinfo=UTC),
        entered_by="赵文静",
    )
    assert (every[0].person_unit, every[0].entered_by, every[3].text) == ("", "", "new")
    assert [line.day for line in ledger.reports(SUNDAY)] == [SUNDAY, TODAY]
    assert [line.day for line in ledger.reports(SUNDAY, SUNDAY)] == [SUNDAY]
    assert [line.day for line in ledger.reports(last=MONDAY)] == [MONDAY, MONDAY]


def test_a_record_names_who_answers_for_a_project_now(tx: Tx, county: County) -> None:
    assigned(tx, county.soda, county.sun, Duty.LIAISON)

    soda, pump, bridge = Ledger(tx.connection).records(TODAY)

    assert soda.project == tx.projects.get(county.soda)
    assert (soda.lead_leader, soda.liaisons) == ("陈志远", ("刘敏", "孙立新"))
    assert pump.liaisons == ("刘敏",)
    assert (bridge.lead_leader, bridge.liaisons) == ("", ("王强",))


def test_a_digest_says_when_it_is_late(tx: Tx, county: County) -> None:
    late = Ledger(tx.connection).digest(Scope.parse("全县"), WEEK, county=RULES, now=NOW, late=True)

    assert late.late
    assert (late.county, late.week, late.made_at) == ("青禾县", WEEK, NOW)
    assert len(late.projects) == len([county.soda, county.pump, county.bridge])
