import re
from collections import Counter
from dataclasses import replace

import pytest

from bot.domain.crosschecks import faults
from bot.domain.figures import read_figures
from bot.domain.people import Role, UnitKind
from bot.domain.problems import State
from bot.domain.projects import ProjectClass, Stage
from bot.domain.roster import DEFAULT_CATEGORIES, PersonName, ProjectRow
from bot.domain.sample import SAMPLE_COUNTY, UNCHANGED, daily_words, sample_county

COUNTY = sample_county()
DAYS = range(60)


def named(name: str) -> ProjectRow:
    return next(project for project in COUNTY.projects if project.name == name)


def answers(project: ProjectRow) -> list[str]:
    return [daily_words(project, day, 3) for day in DAYS]


def test_the_sample_county_has_no_faults() -> None:
    assert faults(COUNTY, categories=DEFAULT_CATEGORIES) == []


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(UnitKind.RESPONSIBLE, 26), (UnitKind.DEPARTMENT, 20), (UnitKind.WORKING_GROUP, 8)],
)
def test_it_has_the_units_of_the_county_it_is_drawn_from(kind: UnitKind, expected: int) -> None:
    assert sum(unit.kind is kind for unit in COUNTY.units) == expected


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (Role.LIAISON, 26),
        (Role.DEPARTMENT_LIAISON, 20),
        (Role.LEAD_LEADER, 12),
        (Role.DEPUTY_HEAD, 1),
        (Role.HEAD, 1),
        (Role.OFFICE, 3),
    ],
)
def test_it_has_the_people_of_the_county_it_is_drawn_from(role: Role, expected: int) -> None:
    assert sum(role in person.roles for person in COUNTY.people) == expected


def test_nobody_in_it_can_be_confused_with_somebody_else() -> None:
    assert len({person.name for person in COUNTY.people}) == len(COUNTY.people)


def test_nobody_in_it_has_an_account_or_a_telephone() -> None:
    assert {(person.telegram, person.wecom, person.phone) for person in COUNTY.people} == {(None, "", "")}


def test_its_projects_add_up_to_the_published_figures() -> None:
    projects = COUNTY.projects

    assert len(projects) == 37
    assert sum(project.stage is Stage.PRODUCTION for project in projects) == 15
    assert sum(project.cumulative or 0 for project in projects) == 721_800_00
    assert {project.kind for project in projects} == set(ProjectClass)
    assert {project.stage for project in projects} == set(Stage)
    assert len({project.unit for project in projects}) == 26
    assert {project.leader for project in projects} == {
        PersonName(person.name) for person in COUNTY.people if Role.LEAD_LEADER in person.roles
    }


def test_liu_min_has_the_two_projects_of_the_story() -> None:
    soda, pumps = (p for p in COUNTY.projects if PersonName("刘敏") in p.liaisons)

    assert (soda.name, soda.stage, soda.permille) == ("年产100万吨纯碱项目", Stage.STARTED, 580)
    assert (soda.total, soda.planned, soda.cumulative) == (750_000_00, 200_000_00, 126_000_00)
    assert soda.leader == PersonName("陈志远")
    assert (pumps.name, pumps.stage) == ("泵业智造产业园", Stage.PRODUCTION)


def test_one_liaison_has_twelve_projects_and_one_project_two_liaisons() -> None:
    held = Counter(liaison for project in COUNTY.projects for liaison in project.liaisons)

    assert [count for _, count in held.most_common(3)] == [12, 2, 1]
    assert len(held) == 26
    assert [len(project.liaisons) for project in COUNTY.projects].count(2) == 1


def test_every_category_has_a_route_and_some_places_their_own() -> None:
    assert {route.category for route in COUNTY.routes} == set(DEFAULT_CATEGORIES)
    assert sum(bool(route.place) for route in COUNTY.routes) == 3


def test_the_ledger_so_far_leaves_the_next_number_to_the_story() -> None:
    assert [problem.number for problem in COUNTY.problems][-1] == "2026-062"
    assert sum(problem.state is State.CLOSED for problem in COUNTY.problems) == 56


def test_it_has_a_name_and_three_groups() -> None:
    assert SAMPLE_COUNTY == "青禾县"
    assert [str(group.scope) for group in COUNTY.groups] == ["全县", "属地:青禾经开区", "专班:QH001"]


def test_the_same_day_is_answered_in_the_same_words() -> None:
    soda = named("年产100万吨纯碱项目")

    assert answers(soda) == answers(soda)
    assert answers(soda) != [daily_words(soda, day, 3, seed=1) for day in DAYS]


def test_most_days_are_unchanged_and_some_have_a_problem() -> None:
    said = [words for project in COUNTY.projects for words in answers(project)]

    assert 0.55 < said.count(UNCHANGED) / len(said) < 0.7
    assert 0.04 < sum(words.startswith("问题 ") for words in said) / len(said) < 0.1
    assert len(set(said)) > 200


@pytest.mark.parametrize("project", COUNTY.projects, ids=lambda project: project.number)
def test_the_figures_of_a_project_only_rise_and_are_understood(project: ProjectRow) -> None:
    progress, money = [project.permille or 0], [project.cumulative or 0]
    for words in answers(project):
        figures = read_figures(words)
        if figures.permille is not None:
            progress.append(figures.permille)
        money += [amount.amount for amount in figures.money]
        assert len(re.findall("万元|%", words)) == len(figures.money) + (figures.permille is not None)

    assert progress == sorted(progress)
    assert money == sorted(money)
    assert progress[-1] <= 1000
    assert money[-1] <= max(project.total or 0, project.cumulative or 0)


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_has_something_to_say(stage: Stage) -> None:
    project = replace(named("年产100万吨纯碱项目"), stage=stage)

    assert len(set(answers(project))) > 3
