"""Which lines stand in each table of each paper, in which order: as the county's documents describe them."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from tests.year import costs, dated, ranks, registers
from tests.year.figures import Look
from tests.year.rows import Lines

Made = list[tuple[Lines, bool]]
"""The tables of a paper, and whether the order of the lines is part of what is promised."""

_PRIZES = 20
_FEWEST = 5


def _sorted(lines: Lines, *keys: Callable[[dict[str, Any]], Any]) -> Lines:
    return dict(sorted(lines.items(), key=lambda each: tuple(key(each[1]) for key in keys)))


def _where(lines: Lines, holds: Callable[[dict[str, Any]], bool]) -> Lines:
    return {key: line for key, line in lines.items() if holds(line)}


def _up(key: str) -> Callable[[dict[str, Any]], Any]:
    return lambda line: (line[key] is None, line[key] or 0)


def _down(key: str) -> Callable[[dict[str, Any]], Any]:
    return lambda line: (line[key] is None, -(line[key] or 0))


def _number(line: dict[str, Any]) -> str:
    return str(line["number"])


def _name(line: dict[str, Any]) -> str:
    return str(line["name"])


def _least_first(key: str) -> Callable[[dict[str, Any]], Any]:
    """Return the order in which what has no figure comes before all that have one."""
    return lambda line: (line[key] is not None, line[key] or 0)


def ten_days(look: Look) -> Made:
    every = look.projects()
    unstarted = _where(every, lambda line: line["actual_start"] is None and (line["start_late"] or 0) > 0)
    return [
        (_sorted(every, _up("difference"), _number), True),
        (_sorted(unstarted, _down("start_late"), _number), True),
    ]


def half_month(look: Look) -> Made:
    every = look.projects()
    late = _where(every, lambda line: (line["milestone_late"] or 0) > 0)
    return [
        (_sorted(every, _down("owed"), _number), True),
        (_sorted(late, _down("milestone_late"), _number), True),
    ]


def week(look: Look) -> Made:
    every = look.projects()
    return [(_sorted(every, _down("invested"), _down("advanced"), _number), True), (_open(look), False)]


def _open(look: Look) -> Lines:
    return _where(look.problems(), lambda line: line["light"] != "")


def agenda(look: Look) -> Made:
    return [
        (look.decisions(), False),
        (look.commons(), False),
        (_where(look.problems(), lambda line: line["late"]), False),
        (look.factors(), False),
        (_open(look), False),
    ]


def prizes(look: Look) -> Made:
    every = look.projects()
    ahead = _where(
        every,
        lambda line: line["difference"] is not None and line["difference"] >= 0 and line["invested"] > 0,
    )
    strongest = dict(list(_sorted(ahead, _down("difference")).items())[:_PRIZES])
    started = _where(every, lambda line: line["number"] in look.taken("开工"))
    finished = _where(every, lambda line: line["number"] in look.taken("竣工"))
    joined = "JOIN people h ON h.id = q.holder_id JOIN units u ON u.id = h.unit_id"
    return [
        (_sorted(started, _least_first("start_late")), True),
        (strongest, True),
        (_sorted(finished, _least_first("completion_late")), True),
        (
            _sorted(
                look.solved("u.name", joined, "u.kind = '审批部门'", _FEWEST),
                _down("on_time_share"),
                _down("solved"),
                _name,
            ),
            True,
        ),
        (
            _sorted(
                look.solved(
                    "p.place",
                    "JOIN projects p ON p.id = q.project_id",
                    "q.category = '征拆' AND p.place <> ''",
                    1,
                ),
                _down("solved"),
                _down("on_time_share"),
                _name,
            ),
            True,
        ),
        (look.dates(), True),
    ]


def ranking(look: Look) -> Made:
    lines = ranks.projects(look)
    return [
        (_where(lines, lambda line: line["rank"] is not None), True),
        (_where(lines, lambda line: line["rank"] is None), True),
        (_sorted(lines, _number), True),
    ]


def banner(look: Look) -> Made:
    lines = ranks.projects(look)
    return [
        (ranks.banners(look, lines), True),
        (ranks.banners(look, ranks.places(look)), True),
        (_where(lines, lambda line: line["rank"] is not None), True),
    ]


def trial(look: Look, weights: Mapping[str, int]) -> Made:
    """Return what the office's own weights would make of a ranking."""
    lines = ranks.trial(look, weights)
    return [(_sorted(lines, lambda line: -abs(line["places"]), _number), True)]


def burden(look: Look) -> Made:
    every = costs.measures(look)
    minutes = {key: line for key, line in every.items() if key == "minutes"}
    counts = {key: line for key, line in every.items() if key != "minutes"}
    return [(costs.findings(look), True), (minutes, True), (counts, True), (costs.units(look), True)]


def lists(look: Look) -> Made:
    deadlines = dated.deadlines(look)
    tasks = _where(deadlines, lambda line: line["matter"] in {"任务", "节点"})
    return [
        (_sorted(tasks, _number, lambda line: line["day"]), False),
        (dated.duties(look), True),
        (_open(look), False),
        (deadlines, False),
    ]


def half_year(look: Look) -> Made:
    return [(look.leaders(), True), (look.dates(), True)]


def elements(look: Look) -> Made:
    return [(_sorted(_where(look.elements(), lambda line: line["lacking_count"] > 0), _number), True)]


def warnings(look: Look) -> Made:
    quarter, month, about = look.course(90), look.course(30), look.about()
    for key, line in quarter.items():
        line["about"] = about.get(key, [])
    until = look.until
    new_year = date(until.year, 1, 1)
    built = {
        key: line
        for key, line in quarter.items()
        if line["class"] == "在建" and line["actual_completion"] is None
    }
    pace: Lines = {}
    nothing: Lines = {}
    for key, line in built.items():
        begun = max(new_year, look.start_on(key))
        days = min(90, (until - begun).days + 1)
        if days >= 30 and line["planned"]:
            left = (date(until.year, 12, 31) - until).days
            invested = line["invested_this_year"]
            projected = line["cumulative"] + max(0, invested) * left // days
            if projected * 10 < line["planned"] * 9:
                numbers = {"pace": invested, "pace_days": days, "projected": projected}
                share = projected * 1000 // line["planned"]
                pace[f"{key} pace"] = {**line, **numbers, "projected_share": share}
        if (until - begun).days + 1 >= 30 and month[key]["invested"] <= 0:
            nothing[f"{key} nothing"] = {**line, "pace": month[key]["invested"], "pace_days": 30}
    near: Lines = {}
    for key, row in look.milestones_ahead().items():
        line = quarter[key]
        left = (date.fromisoformat(row["planned"]) - until).days
        if left <= 14 and (line["last_progress"] is None or line["still_days"] >= 7):
            ahead = {"milestone": row["name"], "milestone_day": row["planned"], "days_left": left}
            near[f"{key} milestone"] = {**line, **ahead}
    copied = {
        f"{key} copied": {**quarter[key], "copied_days": days}
        for key, days in look.copied().items()
        if days >= 5
    }
    return [
        (_sorted(pace, _up("projected_share"), _number), True),
        (_sorted(nothing, _number), True),
        (_sorted(near, lambda line: line["milestone_day"], _number), True),
        (_sorted(copied, _down("copied_days"), _number), True),
    ]


TABLES: dict[str, Callable[[Look], Made]] = {
    "旬督查表": ten_days,
    "月会商": agenda,
    "季考评": prizes,
    "半年述职": half_year,
    "半月要账": half_month,
    "周调度表": week,
    "要件检查": elements,
    "预警": warnings,
    "项目排名": ranking,
    "流动红旗": banner,
    "负担": burden,
    "清单": lists,
    "变更登记": lambda look: [(registers.changes(look), True)],
    "政策兑现": lambda look: [(registers.payouts(look), True)],
}
"""Every form there is, but the one that is asked for with weights of its own (试算)."""
