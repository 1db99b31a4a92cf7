"""What tables are made from, in a county reckoned by hand."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, update

from bot import texts
from bot.domain import burden
from bot.domain.people import Language
from bot.domain.problems import Nature, Problem
from bot.domain.stages import Move, Nod, Step
from storage import candidates, tables
from storage.dataset import Line, Question
from storage.datasets import DATASETS
from storage.figures import project_lines
from storage.tx import Tx
from tests.storage.county import DAY, DUES, HOUR, NOW, TODAY, County, added, problem, report
from tests.storage.test_figures import question

QUARTER = date(2026, 10, 1), date(2026, 12, 31)


def asked(now: Any = NOW) -> Question:
    return question(*QUARTER, now)


def lines(tx: Tx, name: str, now: Any = NOW) -> list[Line]:
    return list(DATASETS[name].lines(tx.connection, asked(now)))


def solved(tx: Tx, county: County, at: Any = NOW, **changes: Any) -> Problem:
    """Report a problem that is solved and closed at a moment."""
    each = problem(tx, county, **changes)
    tx.problems.solve(each, "done", at)
    found = tx.problems.get(each.id)
    assert found is not None
    tx.problems.close(found, at)
    return found


def dated(tx: Tx, project_id: int, **days: date) -> None:
    tx.connection.execute(update(tables.projects).where(tables.projects.c.id == project_id).values(**days))


@pytest.mark.parametrize("language", list(Language))
def test_every_figure_has_a_title_and_every_value_a_word(language: Language) -> None:
    known = texts.load().keys(language)

    figures = [figure for dataset in DATASETS.values() for figure in dataset.figures]

    assert {f"figure.{figure.key}" for figure in figures} - known.keys() == set()
    assert {figure.words.partition(".")[0] for figure in figures if figure.words} <= {
        key.partition(".")[0] for key in known
    }


def test_every_line_has_the_figures_of_its_dataset_and_says_whose_word_it_is(tx: Tx, county: County) -> None:
    waiting = problem(tx, county)
    solved(tx, county)
    for _ in range(candidates.FEWEST):
        solved(tx, county)
    dated(tx, county.soda, actual_start=TODAY, planned_start=TODAY)
    added(tx, tables.milestones, project_id=county.soda, name="主体封顶", planned=TODAY)
    problem(tx, county, nature=Nature.TASK, promised=20_000)
    tx.changes.ask(county.soda, "总投资", "", "820", "扩建", county.liu, TODAY, NOW)
    visit = {"person_id": county.chen, "day": TODAY, "planned_at": NOW, "done_at": NOW}
    added(tx, tables.visits, project_id=county.soda, **visit)
    row = {"category": "用地", "holder_id": county.sun, "state": "merged", "at": NOW}
    tx.connection.execute(insert(tables.commons), row)
    added(
        tx, tables.requests, problem_id=waiting.id, generation=1, kind="提请", text="请定", at=NOW,
        asker_id=county.chen,
    )  # fmt: skip

    added(
        tx, tables.missives, slot="s", kind="工作提示", year=2026, sequence=1, project_id=county.soda,
        subject="提示", text="请抓紧", state="已发", drafted_at=NOW, sent_at=NOW,
    )  # fmt: skip
    milestone = {"project_id": county.bridge, "name": "合龙"}
    added(tx, tables.milestones, **milestone, planned=TODAY, done=TODAY)
    for ago in range(burden.STILL):
        row = {
            "person_id": county.wang,
            "day": TODAY - ago * DAY,
            "projects": [county.bridge],
            "asked_at": NOW,
        }
        tx.connection.execute(insert(tables.prompts), row)

    for name, dataset in DATASETS.items():
        found = lines(tx, name)
        assert found, name
        for line in found:
            whole = {"key", "source", *(figure.key for figure in dataset.figures)}
            assert line.keys() - {"about", "id", "invested_this_year"} == whole, name


@pytest.mark.usefixtures("county")
def test_what_takes_long_is_counted_only_where_it_is_shown(tx: Tx) -> None:
    whole = lines(tx, "projects")

    found = project_lines(tx.connection, replace(asked(), shown=frozenset({"number", "asked"})))

    assert [line.keys() for line in found] == [line.keys() - {"answered"} for line in whole]


@pytest.mark.usefixtures("county")
def test_what_datasets_begin_with_is_read_once_for_all_the_tables_of_a_paper(tx: Tx) -> None:
    first = asked()
    before = project_lines(tx.connection, first)

    tx.connection.execute(update(tables.projects).values(name="改了名"))

    assert project_lines(tx.connection, replace(first, by="place", form="项目排名")) is before
    assert {line["name"] for line in project_lines(tx.connection, asked())} == {"改了名"}


def test_problems_are_those_open_and_those_of_the_days_the_late_ones_first(tx: Tx, county: County) -> None:
    old = problem(tx, county, at=NOW - 100 * DAY)
    long_ago = solved(tx, county, NOW - 90 * DAY)
    tx.connection.execute(
        update(tables.problems).where(tables.problems.c.id == long_ago.id).values(opened_at=NOW - 100 * DAY)
    )
    done = solved(tx, county, NOW + HOUR)
    late = problem(tx, county)
    tx.connection.execute(
        update(tables.problems).where(tables.problems.c.id == late.id).values(solve_due=NOW - 2 * DAY)
    )
    tx.connection.execute(
        update(tables.problems).where(tables.problems.c.id == old.id).values(accept_due=None)
    )

    found = lines(tx, "problems", NOW + 2 * HOUR)

    assert [line["number"] for line in found] == [late.number, old.number, done.number]
    assert [(line["late"], line["light"], line["days_late"]) for line in found] == [
        (1, "red", 2), (0, "yellow", None), (0, "", None),
    ]  # fmt: skip
    assert [(line["is_new"], line["is_closed"], line["days_open"]) for line in found] == [
        (1, 0, 0), (0, 0, 100), (1, 1, 0),
    ]  # fmt: skip


def test_factors_are_counted_the_one_most_in_the_way_first(tx: Tx, county: County) -> None:
    problem(tx, county, category="资金")
    for project in (county.pump, county.pump, county.soda):
        problem(tx, county, project_id=project)
    solved(tx, county, category="用电")
    tx.problems.withdraw(problem(tx, county, category="用水"), NOW, "mistaken")

    found = lines(tx, "factors", DUES.accept)

    keys = ("category", "opened", "closed", "open", "overdue", "projects")
    assert [tuple(line[key] for key in keys) for line in found] == [
        ("用地", 3, 0, 3, 3, 2),
        ("资金", 1, 0, 1, 1, 1),
        ("用电", 1, 1, 0, 0, 0),
    ]


def test_a_task_is_no_problem_of_a_paper(tx: Tx, county: County) -> None:
    task = problem(tx, county)
    tx.connection.execute(
        update(tables.problems).where(tables.problems.c.id == task.id).values(nature="任务")
    )

    assert [lines(tx, name) for name in ("problems", "factors")] == [[], []]
    assert sum(int(line["open"] or 0) for line in lines(tx, "projects")) == 0


def test_a_common_problem_counts_what_still_stands(tx: Tx, county: County) -> None:
    problem(tx, county)
    problem(tx, county, project_id=county.soda)
    problem(tx, county, category="资金")
    solved(tx, county, project_id=county.bridge)
    for state in ("merged", "declined", "closed"):
        row = {"category": "用地", "holder_id": county.sun, "state": state, "at": NOW}
        tx.connection.execute(insert(tables.commons), row)

    (found,) = lines(tx, "commons")

    assert [found[key] for key in ("category", "holder", "holder_unit", "projects", "open", "merged")] == [
        "用地", "孙立新", "自然资源局", 2, 2, 1,
    ]  # fmt: skip


def test_only_what_waits_for_a_decision_is_asked_of_the_meeting(tx: Tx, county: County) -> None:
    first, second, done = problem(tx, county), problem(tx, county), solved(tx, county)
    for of, kind, answer, at in (
        (second, "提请", "", NOW - DAY),
        (first, "提请", "", NOW - 3 * DAY),
        (first, "提请", "同意", NOW),
        (first, "延期", "", NOW),
        (done, "提请", "", NOW),
    ):
        added(
            tx, tables.requests, problem_id=of.id, generation=1, kind=kind, text="请县里统筹指标", at=at,
            answer=answer, asker_id=county.chen, to_id=county.zhao,
        )  # fmt: skip

    found = lines(tx, "decisions")

    assert [(line["number"], line["days_waiting"]) for line in found] == [
        (first.number, 3),
        (second.number, 1),
    ]
    assert [found[0][key] for key in ("asker", "asked_of", "request", "source")] == [
        "陈志远", "赵文静", "请县里统筹指标", "2026-11-20 陈志远",
    ]  # fmt: skip


def test_the_candidates_of_each_prize_come_with_their_numbers(tx: Tx, county: County) -> None:
    dated(tx, county.soda, planned_start=TODAY, actual_start=TODAY - 5 * DAY)
    dated(tx, county.pump, planned_start=TODAY, actual_start=TODAY - 200 * DAY, actual_completion=TODAY)
    tx.connection.execute(
        update(tables.projects).where(tables.projects.c.id == county.soda).values(planned=1_000_000)
    )
    tx.reports.add(report(county.soda, county.liu, TODAY))
    # Ahead of its plan, but nothing was invested in these days.
    tx.connection.execute(
        update(tables.projects)
        .where(tables.projects.c.id == county.bridge)
        .values(planned=1_000, start_cumulative=2_000)
    )
    for number in range(candidates.FEWEST):
        solved(tx, county, NOW + 9 * DAY if number == 0 else NOW)
    solved(tx, county, category="征拆", holder_id=county.liu)

    found = lines(tx, "candidates", NOW + 10 * DAY)

    assert [(line["award"], line["name"]) for line in found] == [
        ("start", "年产100万吨纯碱项目"),
        ("push", "年产100万吨纯碱项目"),
        ("finish", "泵业智造产业园"),
        ("service", "自然资源局"),
        ("land", "经开区"),
    ]
    start, push, _, service, land = found
    assert (start["start_late"], push["plan_share"], push["invested"]) == (-5, 1200, 200_000)
    assert [service[key] for key in ("solved", "on_time", "on_time_share")] == [5, 4, 800]
    assert [land[key] for key in ("solved", "on_time")] == [1, 1]


def test_a_department_that_solved_too_few_is_compared_with_nobody(tx: Tx, county: County) -> None:
    for _ in range(candidates.FEWEST - 1):
        solved(tx, county)

    assert lines(tx, "candidates") == []


def test_leaders_come_in_the_order_of_the_roster_with_what_they_answer_for(tx: Tx, county: County) -> None:
    added(
        tx, tables.assignments, project_id=county.bridge, person_id=county.liu, duty="牵头领导",
        since=date(2026, 1, 1),
    )  # fmt: skip
    solved(tx, county)
    problem(tx, county, project_id=county.soda)
    for day, done in ((TODAY, NOW), (TODAY - DAY, None), (TODAY - 100 * DAY, NOW)):
        row = {
            "project_id": county.soda,
            "person_id": county.chen,
            "day": day,
            "planned_at": NOW,
            "done_at": done,
        }
        tx.connection.execute(insert(tables.visits), row)

    liu, chen = lines(tx, "leaders")

    assert (liu["leader"], chen["leader"], chen["post"]) == ("刘敏", "陈志远", "副县长")
    keys = ("projects", "planned", "cumulative", "plan_share", "closed", "on_time_share", "open", "visits")
    assert [chen[key] for key in keys] == [2, 2_800_000, 1_000_000, 357, 1, 1000, 1, 1]
    assert (liu["plan_share"], liu["on_time_share"], liu["visits"]) == (None, None, 0)


def test_rates_count_what_fell_due_this_year(tx: Tx, county: County) -> None:
    dated(tx, county.soda, planned_start=date(2026, 1, 1), actual_start=date(2026, 1, 2))
    dated(tx, county.pump, planned_start=TODAY, actual_start=TODAY)
    dated(tx, county.bridge, planned_start=date(2025, 12, 31), planned_completion=TODAY + DAY)
    added(tx, tables.milestones, project_id=county.soda, name="主体", planned=TODAY, done=None)

    keys = ("indicator", "fallen_due", "done", "in_time", "done_share", "missing")
    assert [tuple(line[key] for key in keys) for line in lines(tx, "dates")] == [
        ("starts", 2, 2, 1, 1000, 0),
        ("completions", 0, 0, 0, None, 0),
        ("promises", 1, 0, 0, 0, 1),
    ]


# --- changes and payouts ----------------------------------------------------------------


def changed(tx: Tx, county: County, value: str, at: Any = NOW, day: date = TODAY) -> Move:
    return tx.changes.ask(county.soda, "年度计划", "2000000", value, "核减", county.liu, day, at)


def test_changes_are_numbered_without_gaps_and_stand_in_the_register_whatever_became_of_them(
    tx: Tx, county: County
) -> None:
    long_ago = changed(tx, county, "1900000", NOW - 200 * DAY, TODAY - 200 * DAY)
    tx.stages.decide(long_ago, Nod.REFUSED, county.zhao, NOW - 199 * DAY)
    agreed = changed(tx, county, "1800000")
    tx.stages.decide(agreed, Nod.AGREED, county.zhao, NOW)
    changed(tx, county, "1700000")
    changed(tx, county, "1600000")
    changed(tx, county, "1500000", day=date(2027, 1, 1))
    tx.stages.ask(county.soda, Step.START, "", TODAY, county.liu, NOW)

    found = [
        [line[key] for key in ("change_number", "before", "after", "change_state", "decided_by", "source")]
        for line in lines(tx, "changes")
    ]

    source = "2026-11-23 刘敏"
    assert found == [
        ["〔2026〕变更2号", "2.00 亿元", "1.80 亿元", "同意", "赵文静", source],
        ["〔2026〕变更3号", "2.00 亿元", "1.70 亿元", "改报", "", source],
        ["〔2026〕变更4号", "2.00 亿元", "1.60 亿元", "改报", "", source],
        ["〔2027〕变更1号", "2.00 亿元", "1.50 亿元", "待同意", "", source],
    ]


def test_a_change_is_renewed_only_while_it_waits(tx: Tx, county: County) -> None:
    move = changed(tx, county, "1800000")
    tx.changes.renew(move, "1950000")
    tx.stages.decide(move, Nod.AGREED, county.zhao, NOW)
    tx.changes.renew(move, "1")

    known = tx.stages.get(move.id)

    assert known is not None
    assert (known.before, known.number) == ("1950000", "〔2026〕变更1号")


def test_payouts_tell_what_is_promised_paid_and_late_the_open_ones_first(tx: Tx, county: County) -> None:
    task = {"nature": Nature.TASK, "confirmer_id": county.liu, "reporter_id": county.chen}
    done = problem(tx, county, **task, promised=5_000)
    assert tx.problems.pay(done, 5_000)
    tx.problems.solve(done, "", NOW)
    tx.problems.close(tx.problems.get(done.id) or done, NOW)
    late = problem(tx, county, **task, promised=20_000)
    assert tx.problems.pay(late, 4_000)
    assert not tx.problems.pay(late, 8_000)  # somebody was quicker
    tx.problems.withdraw(problem(tx, county, **task, promised=1), NOW, "mistaken")
    problem(tx, county, nature=Nature.TASK)

    found = lines(tx, "payouts", NOW + 9 * DAY)

    keys = (
        "number", "promiser", "payer", "payer_unit", "receiver", "promised_sum", "paid_sum",
        "outstanding_sum", "paid_share", "days_late", "state",
    )  # fmt: skip
    people = ("陈志远", "孙立新", "自然资源局", "刘敏")
    assert [tuple(line[key] for key in keys) for line in found] == [
        (late.number, *people, 20_000, 4_000, 16_000, 200, 2, "待接办"),
        (done.number, *people, 5_000, 5_000, 0, 1000, None, "已销号"),
    ]
