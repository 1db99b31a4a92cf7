from dataclasses import replace
from datetime import date

import pytest

from bot.domain.columns import COLUMNS, Sheet, place_of
from bot.domain.crosschecks import faults
from bot.domain.likeness import nearest
from bot.domain.people import Person, Role, Unit, UnitKind
from bot.domain.problems import State
from bot.domain.projects import Project, Stage
from bot.domain.roster import (
    DEFAULT_CATEGORIES,
    GroupRow,
    Known,
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
from bot.errors import Fault


def person(row: int, name: str, unit: str, *roles: Role, **more: object) -> PersonRow:
    return replace(PersonRow(row, name, unit, roles=frozenset(roles)), **more)  # type: ignore[arg-type]


LIU = person(2, "刘敏", "科工局", Role.LIAISON)
CHEN = person(3, "陈志远", "", Role.LEAD_LEADER)
CHENG = person(4, "程国庆", "自然资源局", Role.DEPARTMENT_LIAISON)
DING = person(5, "丁晓岚", "发改局", Role.OFFICE)
WANG = person(6, "王强", "自然资源局", Role.LIAISON)
WANG_TOO = person(7, "王强", "科工局", Role.LIAISON)
TAN = person(8, "覃伟业", "", Role.OWNER)

SODA = ProjectRow(
    2,
    "QH001",
    "纯碱项目",
    industry="盐碱化工",
    place="南河镇",
    leader=PersonName("陈志远"),
    unit="科工局",
    liaisons=(PersonName("刘敏"),),
    owner=PersonName("覃伟业"),
)
COUNTY = Roster(
    units=(
        UnitRow(2, "科工局", UnitKind.RESPONSIBLE),
        UnitRow(3, "自然资源局", UnitKind.DEPARTMENT),
        UnitRow(4, "发改局", UnitKind.DEPARTMENT),
        UnitRow(5, "用地报批组", UnitKind.WORKING_GROUP, "陈志远"),
        UnitRow(6, "气象局", UnitKind.DEPARTMENT, "云文静"),
    ),
    people=(LIU, CHEN, CHENG, DING, WANG, WANG_TOO, TAN),
    projects=(SODA,),
    milestones=(MilestoneRow(2, "QH001", "主体封顶", date(2026, 12, 20)),),
    routes=(RouteRow(2, "用地", unit="自然资源局"),),
    groups=(GroupRow(2, "大群", Platform.TELEGRAM),),
)
GONE = person(9, "旧人", "科工局", Role.LIAISON, active=False)


def told(roster: Roster, known: Known | None = None) -> list[Fault]:
    return faults(roster, categories=DEFAULT_CATEGORIES, known=known)


def projects(**changes: object) -> Roster:
    return replace(COUNTY, projects=(replace(SODA, **changes),))  # type: ignore[arg-type]


def test_a_whole_county_has_no_faults() -> None:
    assert told(COUNTY) == []


@pytest.mark.parametrize(
    ("changes", "place", "wrong", "cure"),
    [
        ({"liaisons": (PersonName("刘民"),)}, "R2", "「刘民」不在人员表里", "是不是「刘敏」？"),
        ({"liaisons": (PersonName("诸葛亮"),)}, "R2", "「诸葛亮」不在人员表里", "请先在人员表里加上这个人。"),
        (
            {"liaisons": (PersonName("王强"),)},
            "R2",
            "有 2 个「王强」，不知道是哪一个",
            "写成「王强（自然资源局）」或「王强（科工局）」。",
        ),
        (
            {"liaisons": (PersonName("刘敏", "发改局"),)},
            "R2",
            "「刘敏（发改局）」不在人员表里",
            "是不是「刘敏（科工局）」？",
        ),
        (
            {"leader": PersonName("丁晓岚")},
            "P2",
            "「丁晓岚」没有「牵头领导」角色",
            "在 人员!D5 加上「牵头领导」，或者换一个人。",
        ),
        (
            {"owner": PersonName("刘敏")},
            "V2",
            "「刘敏」没有「业主」角色",
            "在 人员!D2 加上「业主」，或者换一个人。",
        ),
        (
            {"steward": PersonName("旧人")},
            "S2",
            "「旧人」已经停用",
            "换成现在负责的人，或者去掉人员表里的「停用」。",
        ),
        ({"leader": None}, "P2", "没有牵头领导", "每个项目要有一名牵头领导。"),
        ({"liaisons": ()}, "R2", "没有联络员", "每个项目至少要有一名联络员。"),
        (
            {"liaisons": (PersonName("刘敏"), PersonName("刘敏", "科工局"))},
            "R2",
            "「刘敏」写了两次",
            "留一个。",
        ),
        ({"unit": "科工委"}, "Q2", "「科工委」不在单位表里", "是不是「科工局」？"),
        ({"unit": "龙宫"}, "Q2", "「龙宫」不在单位表里", "请先在单位表里加上它。"),
        ({"planned": -5000}, "I2", "-50 是负数", "填 0 或正数，单位万元。"),
        ({"cumulative": -1}, "J2", "-0.01 是负数", "填 0 或正数，单位万元。"),
        ({"total": 750_000_000_000}, "H2", "7500000000 万元太大了", "单位是万元，不是元。"),
        ({"permille": 1005}, "K2", "100.5 超出了 0 到 100", "填 0 到 100，58% 就填 58。"),
        ({"permille": -10}, "K2", "-1 超出了 0 到 100", "填 0 到 100，58% 就填 58。"),
        (
            {"permille": 10, "stage": Stage.PRODUCTION},
            "K2",
            "已经竣工投产，形象进度却是 1%",
            "是不是 100？",
        ),
        (
            {"planned_start": date(2027, 1, 1), "planned_completion": date(2026, 1, 1)},
            "M2",
            "计划竣工 2026-01-01 早于计划开工 2027-01-01",
            "看看是不是填反了。",
        ),
        (
            {"actual_start": date(2026, 3, 2), "actual_completion": date(2026, 3, 1)},
            "O2",
            "实际竣工 2026-03-01 早于实际开工 2026-03-02",
            "看看是不是填反了。",
        ),
    ],
)
def test_a_project_is_refused_with_its_cell_and_a_cure(
    changes: dict[str, object], place: str, wrong: str, cure: str
) -> None:
    roster = projects(**changes)

    found = told(replace(roster, people=(*COUNTY.people, GONE)))

    assert found == [Fault(f"项目!{place}", wrong, cure)]


def test_a_project_may_start_and_end_on_one_day() -> None:
    day = date(2026, 3, 1)

    assert told(projects(actual_start=day, actual_completion=day)) == []


def test_a_leader_cannot_be_the_liaison_of_the_same_project() -> None:
    both = replace(LIU, roles=frozenset({Role.LIAISON, Role.LEAD_LEADER}))
    roster = projects(leader=PersonName("刘敏"), liaisons=(PersonName("刘敏", "科工局"),))

    (fault,) = told(replace(roster, people=(both, *COUNTY.people[1:])))

    assert fault.place == "项目!R2"
    assert fault.wrong == "「刘敏」既是牵头领导又是联络员"


@pytest.mark.parametrize(
    ("route", "place", "wrong"),
    [
        (RouteRow(2, "用地"), "D2", "「用地」没有写交给谁"),
        (RouteRow(2, "用地", unit="气象局"), "C2", "「气象局」没有能办理问题的人"),
        (
            RouteRow(2, "用地", person=PersonName("刘敏")),
            "D2",
            "「刘敏」不能办理问题，问题会转回反映的人",
        ),
        (RouteRow(2, "用地", person=PersonName("程国强")), "D2", "「程国强」不在人员表里"),
        (RouteRow(2, "用地", unit="自然局"), "C2", "「自然局」不在单位表里"),
        (RouteRow(2, "土地", unit="自然资源局"), "A2", "「土地」不是问题类别"),
        (RouteRow(2, "用地", "南江镇", "自然资源局"), "B2", "没有项目在「南江镇」"),
    ],
)
def test_a_route_must_end_with_somebody_who_may_take_a_problem(
    route: RouteRow, place: str, wrong: str
) -> None:
    (fault,) = told(replace(COUNTY, routes=(route,)))

    assert (fault.place, fault.wrong) == (f"分流!{place}", wrong)


@pytest.mark.parametrize(
    "route",
    [
        RouteRow(2, "用地", unit="用地报批组"),  # its head is a lead leader
        RouteRow(2, "用地", "南河镇", "自然资源局"),
        RouteRow(2, "其他", unit="气象局", person=PersonName("丁晓岚")),
    ],
)
def test_a_route_may_end_with_a_department_a_leader_or_the_office(route: RouteRow) -> None:
    assert told(replace(COUNTY, routes=(route,))) == []


@pytest.mark.parametrize(
    ("scope", "cure"),
    [
        ("全县", None),
        ("属地:南河镇", None),
        ("行业:盐碱化工", None),
        ("专班:QH001", None),
        ("专班:纯碱项目", None),
        ("专班:陈志远", None),
        ("专班:用地报批组", None),
        ("属地:南和镇", "是不是「南河镇」？"),
        ("行业:航天", "行业要和项目表里写的一样。"),
        ("专班:刘敏", "写项目编号或名称、牵头领导或单位。"),  # a liaison leads no task force
    ],
)
def test_a_group_is_about_something_that_exists(scope: str, cure: str | None) -> None:
    group = GroupRow(2, "大群", Platform.WECOM, scope=Scope.parse(scope))

    found = told(replace(COUNTY, groups=(group,)))

    assert [(fault.place, fault.cure) for fault in found] == ([("群!D2", cure)] if cure else [])


@pytest.mark.parametrize(
    ("roster", "place", "wrong"),
    [
        (
            replace(COUNTY, units=(*COUNTY.units, UnitRow(9, "科工局", UnitKind.DEPARTMENT))),
            "单位!A9",
            "「科工局」和第 2 行重复",
        ),
        (
            replace(COUNTY, people=(*COUNTY.people, replace(LIU, row=9))),
            "人员!A9",
            "「刘敏（科工局）」和第 2 行重复",
        ),
        (
            replace(COUNTY, people=(replace(LIU, telegram=7), replace(CHEN, telegram=7), *COUNTY.people[2:])),
            "人员!F3",
            "「7」和第 2 行重复",
        ),
        (
            replace(
                COUNTY,
                people=(replace(LIU, wecom="LiuMin"), replace(CHEN, wecom="liumin"), *COUNTY.people[2:]),
            ),
            "人员!G3",
            "「liumin」和第 2 行重复",
        ),
        (replace(COUNTY, projects=(SODA, replace(SODA, row=3))), "项目!A3", "「QH001」和第 2 行重复"),
        (
            replace(COUNTY, milestones=(*COUNTY.milestones, replace(COUNTY.milestones[0], row=3))),
            "里程碑!B3",
            "「QH001 主体封顶」和第 2 行重复",
        ),
        (
            replace(COUNTY, routes=(*COUNTY.routes, replace(COUNTY.routes[0], row=3))),
            "分流!A3",
            "「用地」和第 2 行重复",
        ),
        (
            replace(COUNTY, milestones=(replace(COUNTY.milestones[0], project="QH002"),)),
            "里程碑!A2",
            "「QH002」不在项目表里",
        ),
        (
            replace(COUNTY, people=tuple(p for p in COUNTY.people if p is not DING)),
            "人员!D1",
            "没有人是「指挥部办公室」",
        ),
        (
            replace(
                COUNTY,
                people=(*COUNTY.people, person(9, "刘敏", "", Role.LIAISON)),
                projects=(replace(SODA, liaisons=(PersonName("刘敏", "科工局"),)),),
            ),
            "人员!B9",
            "还有一个「刘敏（科工局）」，分不清",
        ),
    ],
)
def test_rows_that_contradict_each_other_are_refused(roster: Roster, place: str, wrong: str) -> None:
    (fault,) = told(roster)

    assert (fault.place, fault.wrong) == (place, wrong)


MICHAEL = person(9, "Michael", "科工局", Role.LIAISON)


@pytest.mark.parametrize(
    ("roster", "place", "odd"),
    [
        # A Cyrillic and a Greek letter, the radical of 工, another dot.
        (
            replace(COUNTY, people=(*COUNTY.people, MICHAEL, replace(MICHAEL, row=10, name="Mich\u0430el"))),
            "人员!A10",
            "\u0430（U+0430）",
        ),
        (replace(COUNTY, projects=(SODA, replace(SODA, row=3, number="QΗ001"))), "项目!A3", "Η（U+0397）"),
        (
            replace(COUNTY, units=(*COUNTY.units, UnitRow(9, "科⼯局", UnitKind.DEPARTMENT))),
            "单位!A9",
            "⼯（U+2F2F）",
        ),
        (
            replace(
                COUNTY,
                people=(
                    *COUNTY.people,
                    person(9, "阿布都·热合曼", "科工局", Role.LIAISON),
                    person(10, "阿布都•热合曼", "科工局", Role.LIAISON),
                ),
            ),
            "人员!A10",
            "•（U+2022）",
        ),
    ],
)
def test_names_that_only_look_the_same_are_refused(roster: Roster, place: str, odd: str) -> None:
    (fault,) = told(roster)

    assert fault.place == place
    assert fault.wrong.endswith(f"看起来一样，其实不同：{odd}")
    assert "重新打一遍" in fault.cure


def test_a_name_must_not_look_like_that_of_somebody_known() -> None:
    impostor = replace(COUNTY, people=(*COUNTY.people, replace(MICHAEL, name="Mich\u0430el")))
    known = Known(people=(Person(1, "Michael", unit="科工局", roles=frozenset({Role.LIAISON})),))

    (fault,) = faults(impostor, categories=DEFAULT_CATEGORIES, known=known)

    assert fault.place == "人员!A9"


def test_a_name_is_put_right_by_retiring_who_was_misspelt() -> None:
    retired = replace(MICHAEL, name="Mich\u0430el", row=10, active=False)

    assert told(replace(COUNTY, people=(*COUNTY.people, MICHAEL, retired))) == []


def test_people_and_numbers_that_look_different_are_let_in() -> None:
    others = [replace(MICHAEL, row=row, name=name) for row, name in enumerate(("Michel", "michael"), 10)]

    assert told(replace(COUNTY, people=(*COUNTY.people, MICHAEL, *others))) == []


@pytest.mark.parametrize(
    ("holder", "state", "wrong"),
    [
        ("程国庆", State.WORKING, []),
        ("早就调走", State.CLOSED, []),  # the ledger keeps who solved it
        ("早就调走", State.WORKING, ["「早就调走」不在人员表里"]),
    ],
)
def test_an_open_problem_of_the_ledger_is_held_by_somebody(
    holder: str, state: State, wrong: list[str]
) -> None:
    problem = ProblemRow(2, "2026-001", "QH001", "用地", "指标未批", holder=PersonName(holder), state=state)

    found = told(replace(COUNTY, problems=(problem,)))

    assert [fault.wrong for fault in found] == wrong


def test_a_few_rows_may_refer_to_what_is_known_already() -> None:
    known = Known(
        units=(Unit(1, "科工局", UnitKind.RESPONSIBLE),),
        people=(
            Person(1, "刘敏", unit="科工局", roles=frozenset({Role.LIAISON})),
            Person(2, "丁晓岚", roles=frozenset({Role.OFFICE})),
        ),
        projects=(Project(1, "QH001", "纯碱项目"),),
    )
    moved = Roster(
        projects=(replace(SODA, leader=None, owner=None, liaisons=(PersonName("刘敏"),)),),
        milestones=COUNTY.milestones,
    )

    assert told(moved, known) == []
    assert told(moved) != []


@pytest.mark.parametrize(
    "lost",
    [
        replace(DING, row=2, active=False),
        replace(DING, row=2, roles=frozenset()),
        replace(DING, row=2, roles=frozenset({Role.DEPUTY_HEAD})),
    ],
)
def test_row_6_the_last_of_the_office_is_not_taken_away(lost: PersonRow) -> None:
    known = Known(people=(Person(1, "丁晓岚", unit="发改局", roles=frozenset({Role.OFFICE})),))
    roster = Roster(units=(UnitRow(2, "发改局", UnitKind.DEPARTMENT),), people=(lost,))

    (fault,) = told(roster, known)

    assert (
        str(fault) == "人员!D2: 「丁晓岚」是「指挥部办公室」最后一个人，不能停用，也不能去掉这个角色，"
        "请先给另一个人这个角色。"
    )


def test_row_6_another_of_the_office_may_be_named_in_the_same_workbook() -> None:
    known = Known(people=(Person(1, "丁晓岚", unit="发改局", roles=frozenset({Role.OFFICE})),))
    heir = person(3, "夏雨晴", "发改局", Role.OFFICE)
    roster = Roster(
        units=(UnitRow(2, "发改局", UnitKind.DEPARTMENT),), people=(replace(DING, row=2, active=False), heir)
    )

    assert told(roster, known) == []


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("刘民", ["刘敏", "刘洋"]),  # equally like both; the surname decides against 王民
        ("联洛员", ["联络员"]),
        ("诸葛亮", []),
        ("刘敏", ["刘洋"]),  # never itself
    ],
)
def test_a_slip_is_recognised_but_nothing_is_made_up(word: str, expected: list[str]) -> None:
    assert nearest(word, ["刘敏", "刘洋", "王民", "联络员"]) == expected


def test_places_follow_the_columns() -> None:
    assert place_of(Sheet.PROJECTS, 7, "牵头领导") == "项目!P7"
    assert [column.name for column in COLUMNS[Sheet.GROUPS]] == ["名称", "平台", "群标识", "范围"]
