from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.chat import Address
from bot.domain.columns import Sheet
from bot.domain.crosschecks import faults
from bot.domain.deadlines import Dues
from bot.domain.missives import MissiveRules, calls
from bot.domain.people import Duty, Language, Role, UnitKind
from bot.domain.problems import Problem, State, Urgency
from bot.domain.progress import Kind, Standing
from bot.domain.projects import Project, ProjectClass, Stage
from bot.domain.roster import (
    DEFAULT_CATEGORIES,
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
from bot.domain.sample import sample_county
from bot.domain.scope import Scope
from bot.errors import RosterError
from storage import tables
from storage.letters import Letter
from storage.problems import Reported
from storage.reports import Answered
from storage.roster import Change, What
from storage.store import Store
from storage.tx import Tx

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
WEEK = timedelta(days=7)
LATER = TODAY + WEEK


def person(name: str, *roles: Role, unit: str = "科工局", **more: Any) -> PersonRow:
    return PersonRow(2, name, unit, roles=frozenset(roles), **more)


LIU = person("刘敏", Role.LIAISON, telegram=1001, wecom="liumin")
WANG = person("王强", Role.LIAISON)
CHEN = person("陈志远", Role.LEAD_LEADER, unit="", title="副县长")
CHENG = person("程国庆", Role.DEPARTMENT_LIAISON, unit="自然资源局", title="股长")
DING = person("丁晓岚", Role.OFFICE, unit="")
STEWARD = person("袁芝兰")
SODA = ProjectRow(
    2,
    "QH001",
    "纯碱项目",
    level="省级",
    kind=ProjectClass.NEW,
    stage=Stage.SITING,
    place="南河镇",
    total=75_000_000,
    planned=20_000_000,
    cumulative=12_600_000,
    permille=580,
    planned_start=date(2026, 2, 20),
    leader=PersonName("陈志远"),
    unit="科工局",
    liaisons=(PersonName("刘敏"),),
    steward=PersonName("袁芝兰"),
)
PUMP = replace(SODA, row=3, number="QH002", name="泵业园", cumulative=None, permille=None)
COUNTY = Roster(
    units=(
        UnitRow(2, "科工局", UnitKind.RESPONSIBLE, "邱志坚"),
        UnitRow(3, "自然资源局", UnitKind.DEPARTMENT),
    ),
    people=(LIU, WANG, CHEN, CHENG, DING, STEWARD),
    projects=(SODA, PUMP),
    milestones=(MilestoneRow(2, "QH001", "主体封顶", date(2026, 12, 20)),),
    routes=(
        RouteRow(2, "用地", unit="自然资源局"),
        RouteRow(3, "用水", "南河镇", person=PersonName("陈志远")),
    ),
    groups=(
        GroupRow(2, "大群", Platform.TELEGRAM, "-1001"),
        GroupRow(3, "专班群", Platform.WECOM, "wrk1", Scope.parse("专班:QH001")),
        GroupRow(4, "没有标识的群", Platform.TELEGRAM),
    ),
    problems=(
        ProblemRow(2, "2026-007", "QH001", "用地", "指标未批", date(2026, 11, 20), PersonName("程国庆")),
        ProblemRow(3, "2026-009", "QH001", "用水", "水压不足", date(2026, 11, 21), None, State.WAITING),
    ),
)
PLAN_RAISED = Roster(projects=(replace(SODA, planned=25_000_000),))


def applied(tx: Tx, roster: Roster = COUNTY, today: date = TODAY) -> list[tuple[str, str, str, str]]:
    """Apply a roster as an import does, in whatever is known, and return what it told."""
    assert faults(roster, categories=DEFAULT_CATEGORIES, known=tx.rosters.known()) == []
    now = NOW + (today - TODAY)
    return [
        (change.sheet, str(change.what), change.name, change.detail)
        for change in tx.rosters.apply(roster, today, now, zone=ZONE)
    ]


def rows(tx: Tx, name: str, *columns: str) -> list[tuple[Any, ...]]:
    table = tables.metadata.tables[name]
    wanted = [table.c[column] for column in columns or table.c.keys()]
    return [tuple(row) for row in tx.connection.execute(select(*wanted).order_by(*table.primary_key))]


def everything(tx: Tx) -> dict[str, list[tuple[Any, ...]]]:
    return {name: rows(tx, name) for name in tables.metadata.tables if name != "audit"}


def on(tx: Tx, number: str, duty: Duty, today: date = TODAY) -> list[str]:
    project_id = project(tx, number).id
    found = tx.projects.on([project_id], duty, today).get(project_id, [])
    return [tx.people.get(person_id).name for person_id in found]


def projects(*changed: ProjectRow) -> Roster:
    return Roster(projects=changed)


def people(*changed: PersonRow) -> Roster:
    return Roster(people=changed)


def project(tx: Tx, number: str) -> Project:
    found = tx.projects.numbered(number)
    assert found is not None
    return found


def problem(tx: Tx, number: str) -> Problem:
    found = tx.problems.numbered(number)
    assert found is not None
    return found


def reported(tx: Tx) -> Problem:
    """Let Liu report one more problem of soda today."""
    liu, cheng = id_of(tx, "刘敏"), id_of(tx, "程国庆")
    dues = Dues(NOW, NOW, NOW)
    told = Reported(project(tx, "QH001").id, "用地", "新的", Urgency.ORDINARY, liu, cheng, dues, NOW)
    return tx.problems.add(told, 2026)


def id_of(tx: Tx, name: str) -> int:
    return int(
        tx.connection.execute(select(tables.people.c.id).where(tables.people.c.name == name)).scalar_one()
    )


# --- the whole ----------------------------------------------------------------------------


def test_the_sample_county_is_there_after_its_import(tx: Tx) -> None:
    told = applied(tx, sample_county())

    known = tx.rosters.known()
    assert (len(known.units), len(known.people), len(known.projects)) == (69, 82, 37)
    assert {what for _, what, _, _ in told} == {What.ADDED}
    assert len(rows(tx, "custody")) == len(sample_county().problems)
    assert [*dict.fromkeys(sheet for sheet, _, _, _ in told)] == [
        "单位",
        "人员",
        "项目",
        "里程碑",
        "分流",
        "问题",
    ]


@pytest.mark.parametrize("roster", [COUNTY, sample_county()], ids=["small", "sample"])
def test_a_second_import_tells_nothing_and_writes_nothing(tx: Tx, roster: Roster) -> None:
    applied(tx, roster)
    tx.settle()
    before, entries = everything(tx), rows(tx, "audit", "id", "action")

    assert applied(tx, roster, LATER) == []
    tx.settle()
    assert everything(tx) == before
    assert rows(tx, "audit", "id", "action") == entries


def test_missing_rows_change_nothing(tx: Tx) -> None:
    applied(tx)
    before = everything(tx)

    assert applied(tx, Roster()) == []
    assert applied(tx, Roster(units=COUNTY.units[1:], people=(CHEN,), projects=(PUMP,))) == []
    assert everything(tx) == before


def test_every_change_enters_the_audit_without_names_or_telephone_numbers(tx: Tx) -> None:
    applied(tx)
    applied(tx, people(replace(LIU, phone="13900000001", title="股长"), replace(WANG, active=False)))
    tx.settle()

    entries = tx.connection.execute(select(tables.audit).order_by(tables.audit.c.id)).all()
    assert tx.audit.broken_at() is None
    assert {entry.actor_id for entry in entries} == {None}
    assert [(e.action, e.subject) for e in entries[-2:]] == [
        ("roster.changed", f"person:{id_of(tx, '刘敏')}"),
        ("roster.ended", f"person:{id_of(tx, '王强')}"),
    ]
    assert entries[-2].detail == {"was": {"title": ""}, "now": {"title": "股长"}}
    assert not [entry for entry in entries if "刘敏" in str(entry.detail)]


async def test_a_rehearsal_tells_what_the_import_will_do_and_leaves_nothing(store: Store) -> None:
    class RehearsedError(Exception):
        def __init__(self, told: Sequence[Change]) -> None:
            self.told = told

    def apply(tx: Tx) -> tuple[Change, ...]:
        return tx.rosters.apply(COUNTY, TODAY, NOW, zone=ZONE)

    def rehearse(tx: Tx) -> None:
        raise RehearsedError(apply(tx))

    with pytest.raises(RehearsedError) as rehearsed:
        await store.perform(rehearse)
    left = await store.read(lambda tx: (rows(tx, "people"), rows(tx, "audit"), rows(tx, "projects")))

    assert left == ([], [], [])
    assert await store.perform(apply) == rehearsed.value.told


def test_changes_are_told_in_the_words_of_the_workbook(tx: Tx) -> None:
    applied(tx)
    changed = Roster(
        units=(UnitRow(2, "科工局", UnitKind.DEPARTMENT, "钱守正"),),
        people=(replace(LIU, title="股长", language=Language.ENGLISH),),
        projects=(
            replace(
                SODA,
                name="纯碱",
                planned=25_000_050,
                stage=Stage.STARTED,
                unit="自然资源局",
                actual_start=date(2026, 3, 1),
                permille=585,
                liaisons=(PersonName("王强"), PersonName("刘敏")),
                steward=None,
            ),
        ),
        milestones=(MilestoneRow(2, "QH001", "主体封顶", date(2026, 12, 28)),),
        routes=(RouteRow(2, "用地", person=PersonName("程国庆")), RouteRow(3, "其他", unit="自然资源局")),
        groups=(replace(COUNTY.groups[0], name="总群", scope=Scope.parse("属地:南河镇")),),
    )

    assert applied(tx, changed) == [
        ("单位", "修改", "科工局", "类别 责任单位 → 审批部门；负责人 邱志坚 → 钱守正"),
        ("人员", "修改", "刘敏（科工局）", "职务 空 → 股长；语言 中文 → English"),
        (
            "项目",
            "修改",
            "QH001 纯碱",
            (
                "名称 纯碱项目 → 纯碱；阶段 规划选址 → 落地开工；年度计划 200000 万元 → 250000.5 万元；"
                "实际开工 空 → 2026-03-01；形象进度 58% → 58.5%；责任单位 科工局 → 自然资源局；"
                "联络员 刘敏 → 刘敏、王强；管家 袁芝兰 → 空"
            ),
        ),
        ("里程碑", "修改", "QH001 主体封顶", "计划日期 2026-12-20 → 2026-12-28"),
        ("分流", "修改", "用地", "办理单位 自然资源局 → 空；办理人 空 → 程国庆"),
        ("分流", "新增", "其他", "自然资源局"),
        ("群", "修改", "总群", "名称 大群 → 总群；范围 全县 → 属地:南河镇"),
    ]
    assert applied(tx, changed) == []


def test_an_empty_cell_leaves_a_fact_as_it_is(tx: Tx) -> None:
    applied(tx)
    before = everything(tx)
    sparse = Roster(
        units=(replace(COUNTY.units[0], head=""),),
        people=(replace(CHENG, title=""), replace(LIU, telegram=None, wecom="")),
        projects=(ProjectRow(2, "QH001", "纯碱项目", steward=PersonName("袁芝兰")),),
        milestones=(replace(COUNTY.milestones[0], planned=None),),
    )

    assert applied(tx, sparse) == []
    assert everything(tx) == before


def test_an_empty_stage_is_what_the_dates_speak_for_and_is_told(tx: Tx) -> None:
    ahead = ProjectRow(
        2, "QH009", "新项目", kind=ProjectClass.BUILDING, planned_start=TODAY + timedelta(days=20),
        leader=PersonName("陈志远"), liaisons=(PersonName("刘敏"),),
    )  # fmt: skip
    late = replace(
        ahead,
        row=3,
        number="QH010",
        name="迟项目",
        kind=ProjectClass.NEW,
        planned_start=TODAY - timedelta(20),
    )

    told = applied(tx, replace(COUNTY, projects=(SODA, PUMP, ahead, late)))

    found = {each: project(tx, each) for each in ("QH009", "QH010")}
    assert {each.stage for each in found.values()} == {Stage.SITING}
    assert [
        [call.slot.partition(":")[0] for call in calls(each, TODAY, MissiveRules())]
        for each in found.values()
    ] == [["提醒函"], ["交办函"]]
    (detail,) = [detail for _, _, name, detail in told if name == "QH009 新项目"]
    assert detail.startswith("阶段没填，按日期和类别记作「规划选址」；")


def test_an_empty_stage_changes_nothing_of_a_project_that_is_known(tx: Tx) -> None:
    applied(tx, replace(COUNTY, projects=(replace(SODA, stage=Stage.ASSESSMENT), PUMP)))

    applied(tx, Roster(projects=(replace(SODA, stage=None, planned_start=LATER),)))

    assert project(tx, "QH001").stage is Stage.ASSESSMENT


def test_what_a_new_project_leaves_empty_has_a_default(tx: Tx) -> None:
    bare = ProjectRow(2, "QH009", "新项目", leader=PersonName("陈志远"), liaisons=(PersonName("刘敏"),))
    applied(tx, replace(COUNTY, projects=(SODA, PUMP, bare)))

    after = project(tx, "QH009")

    assert (after.kind, after.stage) == (ProjectClass.BUILDING, Stage.STARTED)
    assert (after.total, after.planned, after.cumulative, after.permille) == (0, 0, 0, 0)
    assert tx.reports.standing_before(after.id, TODAY) == Standing(0, 0)


# --- people -------------------------------------------------------------------------------


def test_one_name_in_two_units_is_two_people(tx: Tx) -> None:
    twin = person("刘敏", Role.LIAISON, unit="自然资源局")
    soda = replace(SODA, liaisons=(PersonName("刘敏", "自然资源局"),))
    pump = replace(PUMP, liaisons=(PersonName("刘敏", "科工局"),))

    told = applied(tx, replace(COUNTY, people=(*COUNTY.people, twin), projects=(soda, pump)))

    liaisons = {each.unit: each.id for each in tx.people.named("刘敏")}
    assert tx.projects.of(liaisons["自然资源局"], Duty.LIAISON, TODAY) == [project(tx, "QH001")]
    assert tx.projects.of(liaisons["科工局"], Duty.LIAISON, TODAY) == [project(tx, "QH002")]
    assert "联络员 刘敏（自然资源局）" in next(detail for _, _, name, detail in told if "QH001" in name)


def test_a_role_that_is_no_longer_named_is_lost(tx: Tx) -> None:
    applied(tx, replace(COUNTY, people=(*COUNTY.people, person("夏雨晴", Role.OFFICE, unit=""))))

    told = applied(tx, people(replace(DING, roles=frozenset({Role.DEPUTY_HEAD}))))

    assert told == [("人员", "修改", "丁晓岚", "角色 指挥部办公室 → 常务副县长")]
    assert [each.name for each in tx.people.with_role(Role.OFFICE)] == ["夏雨晴"]
    assert [each.name for each in tx.people.with_role(Role.DEPUTY_HEAD)] == ["丁晓岚"]


def test_row_6_of_two_imports_at_once_the_later_cannot_take_the_last_of_the_office(tx: Tx) -> None:
    applied(tx)

    with pytest.raises(RosterError, match="没有人是「指挥部办公室」"):
        tx.rosters.apply(people(replace(DING, active=False)), TODAY, NOW, zone=ZONE)


def test_who_is_retired_loses_every_duty_and_keeps_the_history(tx: Tx) -> None:
    applied(tx)
    handed = replace(SODA, liaisons=(PersonName("王强"),))
    told = applied(tx, Roster(people=(replace(LIU, active=False),), projects=(handed,)), LATER)

    assert told == [
        ("人员", "停用", "刘敏（科工局）", "卸下 QH001 联络员、QH002 联络员"),
        ("项目", "修改", "QH001 纯碱项目", "联络员 刘敏 → 王强"),
    ]
    assert tx.people.at("telegram", "1001") is None
    assert tx.projects.of(id_of(tx, "刘敏"), Duty.LIAISON, LATER) == []
    assert on(tx, "QH001", Duty.LIAISON, LATER) == ["王强"]
    history = rows(tx, "assignments", "person_id", "project_id", "since", "until")
    assert [str(row[3]) for row in history if row[0] == id_of(tx, "刘敏")] == [str(LATER)] * 2
    assert not [each for each in tx.rosters.known().people if each.name == "刘敏" and each.active]


def test_retiring_the_holder_of_open_problems_says_which_must_be_handed_over(tx: Tx) -> None:
    applied(tx)

    told = applied(tx, people(replace(CHENG, active=False)))

    assert told == [("人员", "停用", "程国庆（自然资源局）", "还有问题要转办：2026-007")]


def test_who_comes_back_is_reached_again_but_has_no_duties(tx: Tx) -> None:
    applied(tx)
    tx.people.greet(Address("telegram", "1001"), "1001", NOW)
    applied(tx, people(replace(LIU, active=False)))

    told = applied(tx, people(LIU), LATER)

    assert told == [("人员", "修改", "刘敏（科工局）", "恢复")]
    assert tx.people.address(id_of(tx, "刘敏")) == Address("telegram", "1001")
    assert tx.projects.of(id_of(tx, "刘敏"), Duty.LIAISON, LATER) == []


def test_one_who_left_does_not_make_a_namesake_ambiguous(tx: Tx) -> None:
    moved = person("刘敏", Role.LIAISON, unit="自然资源局")
    applied(tx)
    roster = Roster(people=(replace(LIU, active=False), moved), projects=(SODA,))

    tx.rosters.apply(roster, LATER, NOW, zone=ZONE)

    (liaison,) = tx.people.named("刘敏")
    assert [each.number for each in tx.projects.of(liaison.id, Duty.LIAISON, LATER)] == ["QH001"]


def test_who_is_retired_cannot_come_in_by_an_old_invitation(tx: Tx) -> None:
    applied(tx)
    wang, hour = id_of(tx, "王强"), timedelta(hours=1)
    for code in ("old", "new"):
        tx.people.invite(wang, code, NOW, NOW + 24 * hour)
    assert tx.people.redeem("old", "5005", NOW) == wang

    applied(tx, people(replace(WANG, active=False)))

    assert tx.people.redeem("new", "5005", NOW + hour) is None


# --- accounts -----------------------------------------------------------------------------


def test_an_account_of_the_roster_acts_at_once_and_is_greeted_when_it_writes(tx: Tx) -> None:
    applied(tx)

    for platform, account in (("telegram", "1001"), ("wecom", "liumin")):
        known = tx.people.at(platform, account)
        assert known is not None
        assert (known.person.name, known.is_new) == ("刘敏", True)
        assert tx.people.greet(Address(platform, account), account, NOW)


def letter(tx: Tx, name: str, chat: str) -> None:
    """Let a card about a problem wait to be sent to somebody in a chat."""
    to, subject = Address("telegram", chat), "problem:1"
    tx.outbox.add(Letter(name, to, name, NOW, person_id=id_of(tx, name), subject=subject), NOW)


def test_a_changed_account_replaces_the_old_one_at_once(tx: Tx) -> None:
    applied(tx)

    told = applied(tx, people(replace(LIU, telegram=2002)))

    assert told == [("人员", "修改", "刘敏（科工局）", "Telegram 1001 → 2002")]
    assert tx.people.at("telegram", "1001") is None
    assert tx.people.at("telegram", "2002") is not None
    assert tx.people.at("wecom", "liumin") is not None
    assert applied(tx, people(replace(LIU, telegram=2002))) == []


def test_what_waits_for_a_changed_account_waits_for_its_owner(tx: Tx) -> None:
    applied(tx)
    letter(tx, "刘敏", "1001")

    applied(tx, people(replace(LIU, telegram=2002)))

    assert rows(tx, "outbox", "platform", "chat", "state") == [("", "", "waiting")]


def test_what_waits_for_a_changed_account_goes_where_its_owner_is_reached(tx: Tx) -> None:
    applied(tx)
    tx.people.greet(Address("wecom", "liumin"), "liumin", NOW)
    letter(tx, "刘敏", "1001")

    applied(tx, people(replace(LIU, telegram=2002)))

    assert rows(tx, "outbox", "platform", "chat", "state") == [("wecom", "liumin", "waiting")]


def test_nothing_goes_out_to_who_is_retired(tx: Tx) -> None:
    applied(tx)
    tx.people.greet(Address("telegram", "1001"), "1001", NOW)
    letter(tx, "刘敏", "1001")

    applied(tx, people(replace(LIU, active=False)))

    assert rows(tx, "outbox", "state") == [("superseded",)]
    assert tx.people.address(id_of(tx, "刘敏")) is None


def test_who_joined_by_invitation_keeps_that_account_while_the_roster_says_nothing_new(tx: Tx) -> None:
    applied(tx)
    tx.people.bind(id_of(tx, "刘敏"), "telegram", "3003", "3003", NOW)

    assert applied(tx) == []
    assert tx.people.at("telegram", "3003") is not None
    assert tx.people.address(id_of(tx, "刘敏")) == Address("telegram", "3003")
    assert tx.people.addresses([id_of(tx, "刘敏")]) == {id_of(tx, "刘敏"): Address("telegram", "3003")}


def test_who_is_retired_is_given_no_account(tx: Tx) -> None:
    applied(tx)

    applied(tx, people(replace(WANG, active=False, telegram=2002)))

    assert "2002" not in [account for (account,) in rows(tx, "contacts", "account")]


def test_two_may_exchange_their_accounts(tx: Tx) -> None:
    applied(tx, replace(COUNTY, people=(LIU, replace(WANG, telegram=2002), *COUNTY.people[2:])))

    told = applied(tx, people(replace(LIU, telegram=2002), replace(WANG, telegram=1001)))

    assert [detail for _, _, _, detail in told] == ["Telegram 1001 → 2002", "Telegram 2002 → 1001"]
    found = [tx.people.at("telegram", account) for account in ("1001", "2002")]
    assert [known.person.name for known in found if known] == ["王强", "刘敏"]


def test_an_account_that_is_given_to_another_is_taken_from_who_had_it(tx: Tx) -> None:
    applied(tx)
    letter(tx, "刘敏", "1001")

    told = applied(tx, people(replace(WANG, telegram=1001)))

    assert told == [
        ("人员", "修改", "王强（科工局）", "Telegram 空 → 1001"),
        ("人员", "修改", "刘敏（科工局）", "Telegram 1001 归了别人"),
    ]
    known = tx.people.at("telegram", "1001")
    assert known is not None
    assert known.person.name == "王强"
    assert rows(tx, "outbox", "state", "chat") == [("waiting", "")]


# --- projects -----------------------------------------------------------------------------


def test_handing_a_project_over_ends_one_duty_and_begins_another(tx: Tx) -> None:
    applied(tx)
    untouched = rows(tx, "assignments", "id", "until")

    told = applied(tx, projects(replace(SODA, liaisons=(PersonName("王强"),))), LATER)

    assert told == [("项目", "修改", "QH001 纯碱项目", "联络员 刘敏 → 王强")]
    assert on(tx, "QH001", Duty.LIAISON, LATER) == ["王强"]
    assert on(tx, "QH001", Duty.LIAISON, LATER - timedelta(days=1)) == ["刘敏", "王强"]
    after = rows(tx, "assignments", "id", "until", "since")
    assert len(after) == len(untouched) + 1
    assert [str(until) for _, until, _ in after if until] == [str(LATER)]
    assert str(after[-1][2]) == str(LATER)


def test_an_optional_duty_ends_with_its_cell_and_a_needed_one_does_not(tx: Tx) -> None:
    applied(tx)

    told = applied(tx, projects(replace(SODA, leader=None, liaisons=(), steward=None)))

    assert told == [("项目", "修改", "QH001 纯碱项目", "管家 袁芝兰 → 空")]
    assert on(tx, "QH001", Duty.LEAD_LEADER) == ["陈志远"]
    assert on(tx, "QH001", Duty.LIAISON) == ["刘敏"]
    assert on(tx, "QH001", Duty.STEWARD) == []
    assert on(tx, "QH002", Duty.STEWARD) == ["袁芝兰"]


def test_starting_values_may_be_corrected_before_the_first_report(tx: Tx) -> None:
    applied(tx)

    told = applied(tx, projects(replace(SODA, permille=600, cumulative=13_000_000)), LATER)

    after = project(tx, "QH001")

    assert told[0][3] == "形象进度 58% → 60%；累计完成 126000 万元 → 130000 万元"
    assert (after.permille, after.cumulative) == (600, 13_000_000)
    assert tx.reports.standing_before(after.id, LATER) == Standing(600, 13_000_000)


def test_starting_values_of_an_earlier_year_count_from_the_day_they_are_corrected(tx: Tx) -> None:
    new_year = date(2027, 1, 4)
    applied(tx)

    applied(tx, projects(replace(SODA, cumulative=100)), new_year)

    after = project(tx, "QH001")

    assert tx.reports.standing_before(after.id, new_year) == Standing(580, 100)


def test_correcting_the_progress_alone_does_not_bring_last_year_s_money_into_this_one(tx: Tx) -> None:
    new_year = date(2027, 1, 4)
    applied(tx)

    applied(tx, projects(replace(SODA, permille=600, cumulative=None)), new_year)

    assert tx.reports.standing_before(project(tx, "QH001").id, new_year) == Standing(600, 0)


def test_once_there_is_a_report_its_figures_are_kept_and_it_says_so(tx: Tx) -> None:
    applied(tx)
    standing = Standing(620, 12_900_000)
    tx.reports.add(
        Answered(project(tx, "QH001").id, TODAY, Kind.PROGRESS, "封顶", standing, id_of(tx, "刘敏"), NOW)
    )
    before = everything(tx)

    told = applied(tx, projects(SODA, PUMP))

    assert told == [
        (
            "项目",
            "不变",
            "QH001 纯碱项目",
            "已有日报，以日报为准：形象进度 62%（表中 58%）；累计完成 129000 万元（表中 126000 万元）",
        )
    ]
    assert everything(tx) == before
    assert applied(tx, projects(replace(SODA, permille=620, cumulative=None))) == []


# --- groups and routes --------------------------------------------------------------------


def test_a_group_with_an_id_is_bound_and_one_without_waits(tx: Tx) -> None:
    applied(tx)

    assert [(chat.at, chat.title, chat.scope) for chat in tx.chats.bound()] == [
        (Address("telegram", "-1001"), "大群", "全县"),
        (Address("wecom", "wrk1"), "专班群", "专班:QH001"),
    ]
    assert len(tx.chats.all()) == 2


def test_a_group_that_was_met_is_bound_by_the_roster(tx: Tx) -> None:
    tx.chats.meet(Address("telegram", "-1001"), "大群", NOW)

    told = applied(tx)

    assert ("群", "修改", "大群", "范围 空 → 全县") in told
    assert [chat.bound_at for chat in tx.chats.bound()] == [NOW, NOW]


def test_a_changed_scope_does_not_make_a_group_new(tx: Tx) -> None:
    applied(tx)

    applied(tx, Roster(groups=(replace(COUNTY.groups[0], scope=Scope.parse("属地:南河镇")),)), LATER)

    assert [chat.bound_at for chat in tx.chats.bound()] == [NOW, NOW]


def test_a_group_the_bot_has_left_is_not_bound(tx: Tx) -> None:
    applied(tx)
    tx.chats.leave(Address("telegram", "-1001"))

    assert applied(tx) == [("群", "不变", "大群", "机器人已经不在群里，先把它加回去")]
    assert [chat.title for chat in tx.chats.bound()] == ["专班群"]


def test_routes_are_found_by_category_and_place(tx: Tx) -> None:
    applied(tx)

    water = tx.routes.match("用水", "南河镇")
    land = tx.routes.match("用地", "南河镇")

    assert water is not None
    assert water.person_id == id_of(tx, "陈志远")
    assert land is not None
    assert (land.person_id, land.unit_id is None) == (None, False)


# --- the ledger the county has --------------------------------------------------------------


def test_the_ledger_keeps_its_numbers_and_new_problems_count_on(tx: Tx) -> None:
    applied(tx)

    old = problem(tx, "2026-007")

    assert reported(tx).number == "2026-010"
    assert (old.holder, old.reporter, old.state, old.text) == ("程国庆", "刘敏", State.WORKING, "指标未批")
    assert old.opened_at == datetime(2026, 11, 20, 9, 0, tzinfo=ZONE)
    assert not old.is_overdue(NOW + timedelta(days=100))
    assert tx.problems.take(problem(tx, "2026-009"), id_of(tx, "陈志远"), NOW)


def test_a_problem_without_a_holder_goes_where_it_would_go_today(tx: Tx) -> None:
    more = (
        ProblemRow(4, "11", "QH001", "用地", "甲", TODAY, None, State.WORKING),
        ProblemRow(5, "12", "QH001", "治安", "乙", TODAY, None, State.WORKING),
    )
    routes = (COUNTY.routes[0], RouteRow(3, "用水", "南河镇", person=PersonName("丁晓岚")))
    applied(tx, replace(COUNTY, routes=routes, problems=(*COUNTY.problems, *more)))

    holders = [problem(tx, number).holder for number in ("2026-009", "11", "12")]

    assert holders == ["丁晓岚", "程国庆", "陈志远"]


def test_a_problem_reported_today_was_not_reported_in_the_future(tx: Tx) -> None:
    early = NOW - timedelta(hours=2)
    today = (ProblemRow(2, "2026-001", "QH001", "用地", "事", TODAY),)

    tx.rosters.apply(replace(COUNTY, problems=today), TODAY, early, zone=ZONE)

    assert problem(tx, "2026-001").opened_at == early


def test_a_problem_that_lives_on_is_not_touched_again(tx: Tx) -> None:
    applied(tx)
    assert tx.problems.solve(problem(tx, "2026-007"), "批了", NOW)
    before = everything(tx)

    assert applied(tx) == []
    assert everything(tx) == before


def test_the_ledger_keeps_the_name_of_who_solved_a_problem_and_left(tx: Tx) -> None:
    closed = [
        ProblemRow(
            n, f"2025-{n}", "QH001", "用地", "旧事", date(2025, 3, 1), PersonName("雷震子"), State.CLOSED
        )
        for n in (4, 5)
    ]
    told = applied(tx, replace(COUNTY, problems=tuple(closed)))

    assert [each for each in told if each[2] == "雷震子"] == [
        ("人员", "新增", "雷震子", "问题台账里的办理人，已经不在")
    ]
    assert [sheet for sheet, _, _, _ in told] == sorted((each[0] for each in told), key=[*Sheet].index)
    old = problem(tx, "2025-4")

    assert (old.holder, old.state) == ("雷震子", State.CLOSED)
    assert not tx.people.get(old.holder_id).active
    assert len([each for each in tx.rosters.known().people if each.name == "雷震子"]) == 1
    assert [row for row in rows(tx, "custody", "person_id", "until") if row[1] is None] == []
    assert applied(tx, replace(COUNTY, problems=tuple(closed))) == []


@pytest.mark.parametrize(
    ("old", "batch", "following"),
    [
        ([], ["2026-063"], "2026-064"),
        ([], ["2026-63", "2026-063"], "2026-065"),
        ([], ["〔2026〕17 号"], "2026-018"),
        ([], ["17", "WT-18"], "2026-019"),
        ([], ["甲", "乙", "2026-001"], "2026-004"),
        (["甲"], ["2026-001"], "2026-003"),
        (["甲", "乙", "丙"], ["2026-002", "2026-003", "2026-004"], "2026-007"),
        ([], ["20260117003"], "2026-002"),
        ([], ["2025-100"], "2026-001"),
        ([], ["2026-00100", "2026-099"], "2026-101"),
    ],
)
def test_however_a_ledger_counts_the_next_number_is_new(
    tx: Tx, old: list[str], batch: list[str], following: str
) -> None:
    day = date(2026, 11, 1)
    for numbers in filter(None, (old, batch)):
        ledger = tuple(
            ProblemRow(n, number, "QH001", "用地", "事", day) for n, number in enumerate(numbers, 2)
        )
        applied(tx, replace(COUNTY, problems=ledger))

    assert reported(tx).number == following


def test_a_plan_that_a_roster_changes_stands_in_the_register_and_a_first_one_does_not(tx: Tx) -> None:
    applied(tx, replace(COUNTY, projects=(replace(SODA, planned_completion=None), PUMP)))
    applied(tx, Roster(projects=(replace(SODA, planned=25_000_000, planned_completion=LATER), PUMP)))
    applied(tx, Roster(projects=(replace(SODA, planned_start=LATER, planned_completion=LATER + WEEK), PUMP)))

    moves = tables.stage_moves
    rows = tx.connection.execute(select(moves).order_by(moves.c.sequence)).all()

    assert [(row.sequence, row.what, row.before, row.after, row.answer, row.asked_by) for row in rows] == [
        (1, "年度计划", "20000000", "25000000", "同意", None),
        (2, "年度计划", "25000000", "20000000", "同意", None),
        (3, "计划开工", "2026-02-20", "2026-11-30", "同意", None),
        (4, "计划竣工", "2026-11-30", "2026-12-07", "同意", None),
    ]
