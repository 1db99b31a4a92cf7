"""A change of staff (干部调整): everything in one person's hands passes to another, and nothing gets lost."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from bot.chat import Event
from bot.domain.people import Duty, Role
from bot.domain.problems import State
from bot.domain.requests import Asking
from handlers import handover
from handlers.turn import Desk
from storage import tables
from storage.tx import Tx
from tests.stories.test_custody import chain
from tests.stories.test_reporting import LAND, local, problem, trail
from tests.stories.test_routing import NO_RULE, ends, person, rule, unit
from tests.world import NAMES, World

TODAY = date(2026, 11, 23)


async def handed_over(world: World, giver: str, taker: str) -> None:
    """Let the office hand over what one has to the other."""
    await world.hears("zhao", f"移交 {NAMES[giver]} {NAMES[taker]}")
    await world.hears("zhao", button="确认移交")


async def projects(world: World, who: str, duty: Duty = Duty.LIAISON, day: date = TODAY) -> list[str]:
    found = await world.asks(lambda tx: tx.projects.of(world.ids[who], duty, day))
    return [project.name for project in found]


async def roles(world: World, who: str) -> set[Role]:
    return set((await world.asks(lambda tx: tx.people.get(world.ids[who]))).roles)


async def rows(world: World, statement: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await world.asks(lambda tx: tx.connection.execute(statement).all())]


async def is_away(world: World, who: str, first: date, last: date, substitute: str) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(
            insert(tables.leaves).values(
                person_id=world.ids[who],
                first=first,
                last=last,
                substitute_id=world.ids[substitute],
                by_id=world.ids[who],
                at=world.clock.now(),
            )
        )
    )


async def leaves(world: World) -> list[tuple[str, bool]]:
    """Return who stands in during each leave, and whether it still holds."""
    statement = (
        select(tables.people.c.name, tables.leaves.c.cancelled_at.is_(None))
        .join(tables.people, tables.people.c.id == tables.leaves.c.substitute_id)
        .order_by(tables.leaves.c.id)
    )
    return [(name, bool(holds)) for name, holds in await rows(world, statement)]


def card(world: World, who: str) -> Any:
    """Return the last card in somebody's chat."""

    def is_card(text: str) -> bool:
        return any(line.startswith("问题 2026-001｜") for line in text.splitlines())

    return next(message for message in reversed(world.messages(who)) if is_card(message.text))


# --- asked first ------------------------------------------------------------------------


async def test_the_office_sees_what_would_pass_and_nothing_has_passed(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("zhao", "移交 刘敏 王强")

    assert world.last("zhao") == "刘敏的 2 个项目（联络员 2）、要确认的 1 个问题，移交给王强？"
    assert world.messages("zhao")[-1].labels == ["确认移交", "取消"]
    assert len(await projects(world, "liu")) == 2


@pytest.mark.parametrize(
    "words",
    [
        "移交 刘敏 给 王强",
        "移交 刘敏给王强",
        "移交：刘敏，王强",
        "/handover 刘敏 王强",
        "移交 刘敏 (发展和改革局) 王强（经济开发区）",
    ],
)
async def test_the_two_names_may_be_written_in_many_ways(world: World, words: str) -> None:
    await world.hears("zhao", words)

    assert world.last("zhao") == "刘敏的 2 个项目（联络员 2），移交给王强？"


async def test_cancelled_nothing_passes(world: World) -> None:
    await world.hears("zhao", "移交 刘敏 王强")

    await world.hears("zhao", button="取消")

    assert world.last("zhao") == "好的，已取消。"
    assert len(await projects(world, "liu")) == 2


async def test_everything_that_passes_is_counted(world: World) -> None:
    await rule(world, "审批", person_id=world.ids["chen"])
    await world.hears("liu", LAND)
    await world.hears("liu", NO_RULE)
    await is_away(world, "zhou", TODAY, TODAY, "chen")
    await _asks(world, "chen")

    await world.hears("zhao", "移交 陈志远 王强")

    assert world.last("zhao") == (
        "陈志远的 3 个项目（牵头领导 3）、手里的 1 个问题、要答复的 1 件提请或延期、"
        "名下的 1 条分流规则、代班的 1 次请假，移交给王强？"
    )


async def _asks(world: World, to: str) -> None:
    found = await problem(world)

    def ask(tx: Tx) -> None:
        tx.requests.add(
            found,
            Asking.TIME,
            "等批复",
            world.clock.now(),
            asker_id=world.ids["sun"],
            to_id=world.ids[to],
            until=TODAY + timedelta(days=9),
        )

    await world.store.perform(ask)


# --- projects ---------------------------------------------------------------------------


async def test_projects_pass_today_and_history_stays(world: World) -> None:
    await handed_over(world, "liu", "wang")

    assert world.last("zhao") == (
        "已把刘敏的 2 个项目（联络员 2）移交给王强。双方会收到清单，都确认后告诉办公室。"
    )
    assert await projects(world, "liu") == []
    assert await projects(world, "wang") == ["年产100万吨纯碱项目", "泵业智造产业园", "智慧物流园"]
    assert len(await projects(world, "liu", day=TODAY - timedelta(days=1))) == 2
    held = tables.assignments.c
    history = select(held.person_id, held.since, held.until).where(
        held.project_id == world.ids["#soda"], held.duty == "联络员"
    )
    assert await rows(world, history) == [
        (world.ids["liu"], date(2026, 1, 1), TODAY),
        (world.ids["wang"], TODAY, None),
    ]


async def test_a_duty_that_the_other_has_already_is_not_had_twice(world: World) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(
            insert(tables.assignments).values(
                project_id=world.ids["#pump"],
                person_id=world.ids["wang"],
                duty="联络员",
                since=date(2026, 5, 1),
            )
        )
    )

    await handed_over(world, "liu", "wang")

    held = tables.assignments.c
    mine = select(held.since, held.until).where(
        held.project_id == world.ids["#pump"], held.person_id == world.ids["wang"]
    )
    assert await rows(world, mine) == [(date(2026, 5, 1), None)]


async def test_what_was_handed_over_may_be_handed_back_the_same_day(world: World) -> None:
    await handed_over(world, "liu", "wang")

    await handed_over(world, "wang", "liu")

    assert len(await projects(world, "liu")) == 3
    assert await projects(world, "wang") == []


async def test_the_next_morning_the_new_one_is_asked_and_the_old_one_is_not(world: World) -> None:
    await handed_over(world, "liu", "wang")
    before = len(world.messages("liu"))

    await world.day_at(TODAY + timedelta(days=1), "09:00")

    assert "您有 3 个项目" in world.last("wang")
    assert len(world.messages("liu")) == before


async def test_who_was_asked_this_morning_is_not_reminded_of_what_is_no_longer_theirs(world: World) -> None:
    await world.day_at(TODAY, "09:00")
    await handed_over(world, "liu", "wang")
    before = len(world.messages("liu"))

    await world.day_at(TODAY, f"{world.county.remind_at:%H:%M}")

    assert "今天还差这些项目没有消息" in world.last("wang")
    assert len(world.messages("liu")) == before


async def test_a_new_lead_leader_may_do_what_the_old_one_might(world: World) -> None:
    await world.hears("liu", LAND)

    await handed_over(world, "chen", "zhou")
    assert card(world, "chen").labels == []
    await world.hears("zhou", "转办 2026-001 何建国 请县长定")

    assert (await problem(world)).holder == "何建国"


async def test_the_new_lead_leader_goes_where_the_old_one_was_to_go(world: World) -> None:
    await world.hears("chen", "走访 泵业 11月26日")
    await world.hears("chen", "走访 泵业 今天")
    await world.day_at(TODAY, "16:30")
    await world.hears("chen", button="去了")

    await handed_over(world, "chen", "zhou")
    await world.day_at(date(2026, 11, 25), "18:00")

    assert world.last("zhou").startswith("【走访要点】11月26日（周四）｜泵业智造产业园")
    await world.day_at(date(2026, 11, 26), "16:30")
    await world.hears("zhou", button="去了")
    visits = await rows(world, select(tables.visits.c.day, tables.visits.c.person_id).order_by("day"))
    assert [each for _, each in visits] == [world.ids["chen"], world.ids["zhou"]]


async def test_whoever_takes_a_visit_over_late_is_briefed_as_well(world: World) -> None:
    await world.hears("chen", "走访 泵业 11月26日")
    await world.day_at(date(2026, 11, 25), "18:00")
    assert world.last("chen").startswith("【走访要点】")

    await handed_over(world, "chen", "zhou")
    await world.waits(minutes=5)

    assert any(text.startswith("【走访要点】") for text in world.said_to("zhou"))


# --- problems ---------------------------------------------------------------------------


async def test_a_problem_passes_as_it_stands_with_its_clocks(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", button="接办")
    await world.hears("sun", "反馈 2026-001 正在组卷")
    before = await problem(world)
    await world.waits(hours=2)

    await handed_over(world, "sun", "zhou")

    found = await problem(world)
    assert (found.holder, found.state) == ("周海涛", State.WORKING)
    for kept in ("accepted_at", "feedback", "feedback_due", "solve_due", "generation", "returns"):
        assert getattr(found, kept) == getattr(before, kept)
    assert await chain(world) == [("孙立新", "handed_over", "干部调整"), ("周海涛", "", "")]
    assert "problem.handed_over" in await trail(world)


@pytest.mark.parametrize("is_taken", [False, True])
async def test_the_new_holder_gets_a_card_and_the_old_one_loses_the_buttons(
    world: World, *, is_taken: bool
) -> None:
    await world.hears("liu", LAND)
    if is_taken:
        await world.hears("sun", button="接办")

    await handed_over(world, "sun", "zhou")

    assert card(world, "zhou").text.splitlines()[0] == "孙立新的工作移交给您，这个问题请接着办："
    assert "已解决" in card(world, "zhou").labels
    assert card(world, "sun").labels == []


async def test_the_next_rung_is_heard_by_the_new_holder(world: World) -> None:
    await world.hears("liu", LAND)
    await handed_over(world, "sun", "zhou")
    before = len(world.messages("sun"))

    await world.day_at(TODAY, "13:00")

    assert "2026-001" in world.last("zhou")
    assert len(world.messages("sun")) == before


async def test_who_is_to_hear_next_is_reckoned_anew(world: World) -> None:
    await world.hears("liu", LAND)
    await world.day_at(TODAY, "13:00")
    assert (await problem(world)).next_rung == "accept_2"

    await handed_over(world, "chen", "sun")

    assert (await problem(world)).next_rung == "accept_3"


async def test_who_takes_over_from_the_reporter_confirms_and_the_reporter_stays(world: World) -> None:
    await world.hears("liu", LAND)
    await handed_over(world, "liu", "wang")

    await world.hears("sun", "已解决 2026-001 指标已批")
    assert "销号" in card(world, "wang").labels
    await world.hears("wang", button="销号")

    found = await problem(world)
    assert (found.state, found.reporter, found.confirmer) == (State.CLOSED, "刘敏", "王强")


async def test_what_waits_to_be_confirmed_reaches_the_new_one_at_once(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "已解决 2026-001 指标已批")

    await handed_over(world, "liu", "wang")

    assert {"销号", "没解决"} <= set(card(world, "wang").labels)
    assert card(world, "liu").labels == []


async def test_one_who_held_and_was_to_confirm_passes_both(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "转办 2026-001 刘敏 自己能办")

    await handed_over(world, "liu", "wang")

    found = await problem(world)
    assert (found.holder, found.confirmer) == ("王强", "王强")


async def test_what_was_asked_of_them_is_asked_of_the_other(world: World) -> None:
    await world.hears("liu", LAND)
    await _asks(world, "chen")

    await handed_over(world, "chen", "zhou")

    assert await rows(world, select(tables.requests.c.to_id)) == [(world.ids["zhou"],)]
    assert world.last("zhou") == (
        "原由陈志远答复的，现在请您答复：\n"
        "问题 2026-001｜泵业智造产业园：11-30 前应解决，申请延到12月2日。\n计划：等批复"
    )
    await world.hears("zhou", button="同意延期")
    assert local((await problem(world)).solve_due) == "12-02 18:00"


async def test_a_decision_passes_from_one_head_to_another_with_its_buttons(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "提请 2026-001 请协调市里追加用地指标")
    await world.hears("sun", button="周海涛（常务副县长）")

    await handed_over(world, "zhou", "he")

    assert world.last("he").startswith("原由周海涛答复的，现在请您答复：\n【提请】问题 2026-001")
    assert not any("同意" in message.labels for message in world.messages("zhou"))
    await world.hears("he", button="同意")
    assert await rows(world, select(tables.requests.c.answered_by)) == [(world.ids["he"],)]


async def test_a_decision_is_not_left_to_one_who_is_no_head(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "提请 2026-001 请协调市里追加用地指标")
    await world.hears("sun", button="周海涛（常务副县长）")

    await world.hears("zhao", "移交 周海涛 王强")
    assert world.last("zhao") == "周海涛手里没有项目，也没有问题，不用移交。"
    await ends(world, "zhou")
    await handed_over(world, "zhou", "wang")

    assert await rows(world, select(tables.requests.c.to_id)) == [(None,)]
    assert any(text.startswith("原由周海涛答复的") for text in world.said_to("zhao"))


async def test_rules_that_named_them_name_the_other(world: World) -> None:
    await rule(world, "用地", "大桥镇", person_id=world.ids["sun"])
    await handed_over(world, "sun", "zhou")

    await world.hears("liu", LAND)

    assert (await problem(world)).holder == "周海涛"


# --- who stands in for whom -------------------------------------------------------------


async def test_the_other_stands_in_where_they_did(world: World) -> None:
    await is_away(world, "chen", TODAY, TODAY + timedelta(days=4), "liu")

    await handed_over(world, "liu", "wang")

    assert await leaves(world) == [("王强", True)]


async def test_nobody_stands_in_for_themselves_and_the_office_hears_of_it(world: World) -> None:
    await is_away(world, "wang", TODAY + timedelta(days=8), TODAY + timedelta(days=12), "liu")

    await handed_over(world, "liu", "wang")

    assert await leaves(world) == [("刘敏", False)]
    told = (
        "王强（经济开发区）12月1日至12月5日请假，原由刘敏（发展和改革局）代办，现在没有人代办了。请另行安排。"
    )
    assert told in world.said_to("zhao")


async def test_nobody_comes_to_stand_in_for_themselves_in_a_circle(world: World) -> None:
    await is_away(world, "wang", TODAY, TODAY + timedelta(days=4), "chen")
    await is_away(world, "chen", TODAY, TODAY, "liu")

    await handed_over(world, "liu", "wang")

    assert await leaves(world) == [("陈志远", True), ("刘敏", False)]


async def test_a_leave_that_is_over_is_left_alone(world: World) -> None:
    await is_away(world, "chen", TODAY - timedelta(days=4), TODAY - timedelta(days=1), "liu")

    await handed_over(world, "liu", "wang")

    assert await leaves(world) == [("刘敏", True)]


async def test_one_on_leave_with_a_substitute_may_be_handed_to(world: World) -> None:
    await is_away(world, "wang", TODAY, TODAY + timedelta(days=4), "chen")

    await handed_over(world, "liu", "wang")

    assert len(await projects(world, "wang")) == 3
    assert world.messages("wang")[-1].labels == ["已接清"]


async def test_what_they_held_for_somebody_on_leave_is_shown_to_the_other(world: World) -> None:
    await world.hears("liu", LAND)
    await is_away(world, "sun", TODAY, TODAY + timedelta(days=4), "liu")

    await handed_over(world, "liu", "wang")
    assert card(world, "wang").text.splitlines()[0] == "刘敏的工作移交给您，这个问题请接着办："
    await world.hears("wang", "接办 2026-001")

    assert (await problem(world)).state is State.WORKING


# --- roles ------------------------------------------------------------------------------


async def test_the_roles_that_duties_need_go_with_them(world: World) -> None:
    await handed_over(world, "chen", "wang")

    assert await roles(world, "wang") == {Role.LIAISON, Role.LEAD_LEADER}
    assert await roles(world, "chen") == set()


async def test_a_department_liaison_is_followed_by_another(world: World) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.people)
            .where(tables.people.c.id == world.ids["wang"])
            .values(unit_id=tx.people.get(world.ids["sun"]).unit_id)
        )
    )
    await world.hears("liu", LAND)

    await handed_over(world, "sun", "wang")
    await world.hears("liu", "2 问题 另一块用地也没批")

    assert await roles(world, "wang") == {Role.LIAISON, Role.DEPARTMENT_LIAISON}
    assert await roles(world, "sun") == set()
    assert (await problem(world, "2026-002")).holder == "王强"


async def test_the_last_one_to_hold_for_a_unit_goes_on_doing_so(world: World) -> None:
    await world.hears("liu", LAND)

    await handed_over(world, "sun", "zhou")

    assert Role.DEPARTMENT_LIAISON in await roles(world, "zhou")
    assert await roles(world, "sun") == {Role.DEPARTMENT_LIAISON}


async def test_the_office_stays_the_office(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "转办 2026-001 赵文静 请办公室定")

    await handed_over(world, "zhao", "zhou")

    assert (await problem(world)).holder == "周海涛"
    assert await roles(world, "zhao") == {Role.OFFICE}
    assert await roles(world, "zhou") == {Role.DEPUTY_HEAD}


# --- both sign --------------------------------------------------------------------------


async def test_both_get_the_list_and_are_asked_to_sign(world: World) -> None:
    await world.hears("liu", LAND)

    await handed_over(world, "liu", "wang")

    lines = (
        "· 年产100万吨纯碱项目（联络员）\n"
        "· 泵业智造产业园（联络员）\n"
        "· 问题 2026-001｜泵业智造产业园｜用地｜待接办\n"
    )
    assert world.last("liu") == (f"您的工作已移交给王强（经济开发区）：\n{lines}交接清楚后，请点「已交清」。")
    assert world.last("wang") == (f"刘敏（发展和改革局）的工作移交给您：\n{lines}接清后，请点「已接清」。")
    assert world.messages("liu")[-1].labels == ["已交清"]
    assert world.messages("wang")[-1].labels == ["已接清"]


async def test_the_office_hears_when_both_have_signed(world: World) -> None:
    await handed_over(world, "liu", "wang")
    before = len(world.messages("zhao"))

    await world.hears("wang", button="已接清")
    assert len(world.messages("zhao")) == before
    await world.waits(hours=1)
    await world.hears("liu", "已交清")

    assert world.last("zhao") == "刘敏的工作移交给王强，双方都已确认交接清楚。"
    assert any(text.endswith("（11-23 08:55 已接清）") for text in world.said_to("wang"))
    assert any(text.endswith("（11-23 09:55 已交清）") for text in world.said_to("liu"))
    signed = select(tables.handovers.c.given_at, tables.handovers.c.taken_at)
    [(given_at, taken_at)] = await rows(world, signed)
    assert given_at - taken_at == timedelta(hours=1)


async def test_who_has_signed_has_no_button_and_is_noted_once(world: World) -> None:
    await handed_over(world, "liu", "wang")

    await world.hears("wang", button="已接清")

    assert not any("已接清" in message.labels for message in world.messages("wang"))
    actions = select(tables.audit.c.action).where(tables.audit.c.subject == "handover:1")
    assert await rows(world, actions) == [("handover.taken",)]


async def test_a_second_press_says_that_it_is_done(world: World) -> None:
    await handed_over(world, "liu", "wang")

    await world.hears("wang", button="已接清", settle=False)
    await world.hears("wang", button="已接清")

    assert world.last("wang") == "这次移交您已经确认过了。"


async def test_a_long_list_is_cut_short(world: World) -> None:
    def more(tx: Tx) -> None:
        for number in range(20):
            world.project(tx, f"p{number}", f"项目{number}", "liu")

    await world.store.perform(more)

    await handed_over(world, "liu", "wang")

    lines = world.last("wang").splitlines()
    assert len([line for line in lines if line.startswith("· ")]) == 12
    assert "……等共 22 项" in lines


async def test_who_has_left_is_not_waited_for(world: World) -> None:
    await world.happens(Event.BLOCKED, who="liu")
    await handed_over(world, "liu", "wang")

    await world.hears("wang", button="已接清")
    await world.happens(Event.UNBLOCKED, who="liu")

    told = "刘敏的工作移交给王强，王强已确认接清；刘敏收不到消息，不再等对方确认。"
    assert world.said_to("zhao").count(told) == 1
    assert world.messages("liu")[-1].labels == ["已交清"]


async def test_what_an_inactive_one_left_behind_is_handed_over(world: World) -> None:
    await world.hears("liu", LAND)
    await ends(world, "sun")

    await handed_over(world, "sun", "zhou")

    assert (await problem(world)).holder == "周海涛"
    assert await roles(world, "sun") == set()


# --- refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("移交", "请写：移交 谁 给谁，如「移交 刘敏 王强」；有重名的写「刘敏（发展和改革局）」。"),
        ("移交 刘敏", "请写：移交 谁 给谁，如「移交 刘敏 王强」；有重名的写「刘敏（发展和改革局）」。"),
        ("移交 诸葛亮 王强", "名册里没有「诸葛亮」，请写全姓名；有重名的写成「姓名（单位）」。"),
        ("移交 刘敏 诸葛亮", "名册里没有「诸葛亮」，请写全姓名；有重名的写成「姓名（单位）」。"),
        (
            "移交 刘敏（税务局） 王强",
            "名册里没有「刘敏（税务局）」，请写全姓名；有重名的写成「姓名（单位）」。",
        ),
        ("移交 刘敏 刘敏", "不能把刘敏的工作移交给本人，请写另一位同志。"),
        ("移交 刘敏 李强", "李强还没有加入机器人（或已停用），请先发邀请。"),
        ("移交 刘敏 张停", "张停还没有加入机器人（或已停用），请先发邀请。"),
        ("移交 何建国 王强", "何建国手里没有项目，也没有问题，不用移交。"),
        ("移交 周明 王强", "「周明」不止一位，请写清单位：周明（税务局）、周明（水利局）"),
    ],
)  # fmt: skip
async def test_what_cannot_be_handed_over_is_said_in_a_sentence_and_nothing_changes(
    world: World, words: str, sentence: str
) -> None:
    def newcomers(tx: Tx) -> None:
        person(tx, "李强", unit(tx, "科工局"), Role.LIAISON)
        person(tx, "张停", unit(tx, "审计局"), Role.LIAISON, active=False)
        person(tx, "周明", unit(tx, "税务局"), Role.LIAISON)
        person(tx, "周明", unit(tx, "水利局"), Role.LIAISON)

    await world.store.perform(newcomers)

    await world.hears("zhao", words)

    assert world.last("zhao") == sentence
    assert len(await projects(world, "liu")) == 2
    assert await rows(world, select(tables.handovers.c.id)) == []


async def test_who_blocked_the_bot_cannot_be_handed_to(world: World) -> None:
    await world.happens(Event.BLOCKED, who="wang")

    await world.hears("zhao", "移交 刘敏 王强")

    assert world.last("zhao") == "王强还没有加入机器人（或已停用），请先发邀请。"


async def test_only_the_office_hands_over(world: World) -> None:
    await world.hears("liu", "移交 王强 刘敏")

    assert world.last("liu") == "这一项只有指挥部办公室可以办。"


async def test_a_liaison_who_hands_over_a_building_site_has_answered(world: World) -> None:
    await world.hears("wang", "移交 场地给施工单位")

    assert world.last("wang").startswith("已记 智慧物流园：移交 场地给施工单位")


async def test_a_right_that_ended_before_the_button_was_pressed_is_no_right(world: World) -> None:
    await world.hears("zhao", "移交 刘敏 王强")
    await world.store.perform(lambda tx: tx.handovers.revoke(world.ids["zhao"], Role.OFFICE))

    await world.hears("zhao", button="确认移交")

    assert world.last("zhao") == "这一项只有指挥部办公室可以办。"
    assert len(await projects(world, "liu")) == 2


async def test_one_who_left_before_the_button_was_pressed_is_handed_nothing(world: World) -> None:
    await world.hears("zhao", "移交 刘敏 王强")
    await world.happens(Event.BLOCKED, who="wang")

    await world.hears("zhao", button="确认移交")

    assert world.last("zhao") == "王强还没有加入机器人（或已停用），请先发邀请。"
    assert len(await projects(world, "liu")) == 2


async def test_pressed_twice_it_is_handed_over_once(world: World) -> None:
    await world.hears("zhao", "移交 刘敏 王强")
    await world.hears("zhao", button="确认移交", settle=False)

    await world.hears("zhao", button="确认移交")

    assert world.last("zhao") == "刘敏手里没有项目，也没有问题，不用移交。"
    assert len(await rows(world, select(tables.handovers.c.id))) == 1


# --- the trail --------------------------------------------------------------------------


@pytest.mark.parametrize(("by", "detail"), [("zhao", None), (None, "cli")])
async def test_every_change_is_in_the_trail_with_who_ordered_it(
    world: World, by: str | None, detail: str | None
) -> None:
    await world.hears("liu", LAND)
    await is_away(world, "chen", TODAY, TODAY, "liu")
    await rule(world, "审批", person_id=world.ids["liu"])
    last = (await rows(world, select(tables.audit.c.id).order_by(tables.audit.c.id.desc())))[0][0]

    def order(tx: Tx) -> None:
        desk = Desk(tx, world.county, world.watch.texts, world.clock.now())
        giver, taker = (tx.people.get(world.ids[who]) for who in ("liu", "wang"))
        handover.hand_over(desk, giver, taker, tx.people.get(world.ids[by]) if by else None)

    await world.store.perform(order)

    found = tables.audit.c
    entries = await rows(
        world,
        select(found.action, found.actor_id, found.detail).where(found.id > last).order_by(found.id),
    )
    assert [action for action, _, _ in entries] == [
        "project.handed_over",
        "project.handed_over",
        "problem.confirmer_changed",
        "route.handed_over",
        "leave.handed_over",
        "person.roles_changed",
        "handover.made",
    ]
    assert {actor for _, actor, _ in entries} == {world.ids[by] if by else None}
    assert {entry.get("via") for _, _, entry in entries} == {detail}


async def test_row_6_who_hands_everything_over_is_still_of_the_office(world: World) -> None:
    await handed_over(world, "liu", "zhao")

    await handed_over(world, "zhao", "wang")

    assert await projects(world, "zhao") == []

    assert Role.OFFICE in await roles(world, "zhao")
