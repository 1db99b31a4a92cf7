"""青禾县, the sample county: a roster of invented people, and what its liaisons answer."""

import random
import tomllib
from datetime import date
from functools import cache
from itertools import count, cycle
from pathlib import Path
from typing import Any

from bot.domain.people import Language, Role, UnitKind
from bot.domain.problems import State
from bot.domain.projects import ProjectClass, Stage
from bot.domain.roster import (
    GroupRow,
    MilestoneRow,
    PersonName,
    PersonRow,
    Platform,
    ProblemRow,
    ProjectRow,
    Roster,
    RouteRow,
    UnitRow,
)
from bot.domain.scope import Scope

SAMPLE_COUNTY = "青禾县"
"""The name of the sample county, which is not on any map."""

UNCHANGED = "照旧"
"""What a liaison answers on most days."""

_FIRST_ROW = 2
_PROGRESS_FROM, _PROBLEM_FROM = 0.62, 0.93
"""Of a hundred answers 62 are unchanged, 31 tell progress, 7 a problem."""

_PLACED_POLICE = {"城关镇": "屈正刚", "石湾镇": "樊勇军", "大桥镇": "包建勋"}
_PARK_POLICE = "闵守疆"


@cache
def sample_county() -> Roster:
    """Return the roster of the sample county, the same every time."""
    tables = _tables()
    routes = _routes(tables)
    return Roster(
        units=_units(tables),
        people=_people(tables),
        projects=_projects(tables),
        milestones=_milestones(tables),
        routes=routes,
        groups=_groups(tables),
        problems=_problems(tables, routes),
    )


def daily_words(project: ProjectRow, day: int, liaison: int, *, seed: int = 0) -> str:
    """Return what a liaison answers about a project on a day, the same every time.

    ``day`` counts working days from the roster's figures on, which only ever rise: visible
    progress and cumulative investment of a later day are never below those of an earlier one.
    """
    chance = random.Random(f"{seed}|{project.number}|{day}|{liaison}")
    stage = project.stage or Stage.STARTED
    words: dict[str, dict[str, list[str]]] = _data()["words"]
    mood = chance.random()
    if mood < _PROGRESS_FROM:
        return UNCHANGED
    if mood >= _PROBLEM_FROM:
        return f"问题 {chance.choice(words['problems'][stage])}"
    deeds = words["progress"]
    if stage is not Stage.STARTED:
        return chance.choice(deeds[stage])
    deed = chance.choice(deeds.get(project.industry) or deeds[stage])
    return "，".join([deed, *_figures(project, day, chance)])


def _figures(project: ProjectRow, day: int, chance: random.Random) -> list[str]:
    """Return the figures of a day: progress creeps, money follows the year's plan."""
    said = []
    percent = min(99, (project.permille or 0) // 10 + (day + len(project.name) % 3) // 2)
    if percent * 10 > (project.permille or 0):
        said.append(f"形象进度{percent}%")
    # About the plan's rest in thirty working days, in whole tens of 万元.
    spent = (project.cumulative or 0) // 100 + (project.planned or 0) // 100 * day // 250 // 10 * 10
    if day and chance.random() < _PROGRESS_FROM:
        said.append(f"累计完成{spent}万元")
    return said


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def _tables() -> dict[str, list[list[str]]]:
    return {
        name: [line.split("|") for line in table.strip().splitlines()]
        for name, table in _data().items()
        if isinstance(table, str)
    }


def _units(tables: dict[str, list[list[str]]]) -> tuple[UnitRow, ...]:
    rows = count(_FIRST_ROW)
    kinds = {
        "responsible": UnitKind.RESPONSIBLE,
        "departments": UnitKind.DEPARTMENT,
        "working_groups": UnitKind.WORKING_GROUP,
        "enterprises": UnitKind.ENTERPRISE,
    }
    named = [UnitRow(next(rows), u[0], kind, u[1]) for table, kind in kinds.items() for u in tables[table]]
    placed = [UnitRow(next(rows), name, UnitKind(kind)) for name, kind in tables["places"]]
    return (*named, *placed)


def _people(tables: dict[str, list[list[str]]]) -> tuple[PersonRow, ...]:
    rows = count(_FIRST_ROW)

    def person(name: str, unit: str, title: str, role: str) -> PersonRow:
        roles = frozenset({Role(role)} if role else ())
        # No telephone: any number of eleven digits may be somebody's.
        return PersonRow(next(rows), name, unit, title, roles, language=Language.CHINESE)

    return (
        *(person(*row) for row in tables["others"]),
        *(person(name, unit, title, Role.LIAISON) for unit, _, name, title in tables["responsible"]),
        *(
            person(name, unit, title, Role.DEPARTMENT_LIAISON)
            for unit, _, name, title in tables["departments"]
        ),
    )


def _projects(tables: dict[str, list[list[str]]]) -> tuple[ProjectRow, ...]:
    titled: dict[str, list[str]] = {}
    for name, _, title, _ in tables["others"]:
        titled.setdefault(title, []).append(name)
    stewards, inspectors = cycle(titled["项目管家"]), cycle(titled["县纪委监委干部"])
    return tuple(
        ProjectRow(
            row,
            number=p[0],
            name=p[1],
            level=p[2],
            kind=ProjectClass(p[3]),
            stage=Stage(p[4]),
            industry=p[5],
            place=p[6],
            total=int(p[7]) * 100,
            planned=int(p[8]) * 100,
            cumulative=int(p[9]) * 100,
            permille=int(p[10]) * 10,
            planned_start=_day(p[11]),
            planned_completion=_day(p[12]),
            actual_start=_day(p[13]),
            actual_completion=_day(p[14]),
            leader=PersonName(p[15]),
            unit=p[16],
            liaisons=tuple(PersonName(name) for name in p[17].split("、")),
            steward=PersonName(next(stewards)),
            police=PersonName(_PLACED_POLICE.get(p[6], _PARK_POLICE)),
            inspector=PersonName(next(inspectors)),
            owner=PersonName(p[18]) if p[18] else None,
        )
        for row, p in enumerate(tables["projects"], _FIRST_ROW)
    )


def _milestones(tables: dict[str, list[list[str]]]) -> tuple[MilestoneRow, ...]:
    return tuple(
        MilestoneRow(row, project, name, _day(planned), _day(done))
        for row, (project, name, planned, done) in enumerate(tables["milestones"], _FIRST_ROW)
    )


def _routes(tables: dict[str, list[list[str]]]) -> tuple[RouteRow, ...]:
    return tuple(
        RouteRow(row, category, place, unit, PersonName(person))
        for row, (category, place, unit, person) in enumerate(tables["routes"], _FIRST_ROW)
    )


def _groups(tables: dict[str, list[list[str]]]) -> tuple[GroupRow, ...]:
    return tuple(
        GroupRow(row, name, Platform.TELEGRAM, scope=Scope.parse(scope))
        for row, (name, scope) in enumerate(tables["groups"], _FIRST_ROW)
    )


def _problems(tables: dict[str, list[list[str]]], routes: tuple[RouteRow, ...]) -> tuple[ProblemRow, ...]:
    """Return the year's ledger so far, each problem with whoever its category goes to."""
    places = {project[0]: project[6] for project in tables["projects"]}
    holders = {(route.category, route.place): route.person for route in routes}
    return tuple(
        ProblemRow(
            row,
            f"2026-{number:03}",
            project,
            category,
            text,
            _day(day),
            holders.get((category, places[project]), holders[category, ""]),
            State(state),
        )
        for number, (row, (project, category, day, state, text)) in enumerate(
            enumerate(tables["problems"], _FIRST_ROW), 1
        )
    )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
