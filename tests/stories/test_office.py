"""What the office needs from the first day: 代填, 更正, 撤销, 暂停, 恢复, 试点 – and nobody else has."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select

from bot.domain.people import Language
from bot.domain.progress import Kind
from bot.texts import load
from storage import tables
from storage.reports import Report
from storage.tx import Tx
from tests.world import World

TODAY = date(2026, 11, 23)
TUESDAY = date(2026, 11, 24)


async def report_of(world: World, project: str) -> Report:
    project_id = world.ids[f"#{project}"]
    return (await world.asks(lambda tx: tx.reports.on([project_id], TODAY)))[project_id]


async def asked_on(world: World, day: date) -> set[str]:
    """Return who of the two liaisons gets a question on a day."""
    before = {who: len(world.said_to(who)) for who in ("liu", "wang")}
    await world.day_at(day, "09:00")
    return {who for who, count in before.items() if len(world.said_to(who)) > count}


# --- 代填 -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["XM-001", "xm-001", "年产100万吨纯碱项目", "纯碱项目", "纯碱"])
async def test_an_answer_that_came_by_phone_is_entered_and_marked(world: World, name: str) -> None:
    await world.hears("zhao", f"代填 {name} 主体封顶，形象进度62%")

    report = await report_of(world, "soda")
    assert (report.person, report.entered_by, report.standing.permille) == ("刘敏", world.ids["zhao"], 620)
    assert world.last("zhao") == "已记（代刘敏填）：年产100万吨纯碱项目：主体封顶；形象进度 62%（+4）"
    assert world.last("liu") == (
        "办公室赵文静代您填了：年产100万吨纯碱项目：主体封顶；形象进度 62%（+4）。不对请直接再发一遍。"
    )


async def test_who_has_been_answered_for_is_not_reminded(world: World) -> None:
    await world.waits(minutes=5)
    await world.hears("zhao", "代填 XM-003 照旧")
    before = len(world.said_to("wang"))

    await world.day_at(TODAY, "15:00")

    assert len(world.said_to("wang")) == before
    assert world.messages("wang")[0].labels == []


async def test_the_liaison_may_answer_over_what_was_entered(world: World) -> None:
    await world.hears("zhao", "代填 XM-003 形象进度35%")

    await world.hears("wang", "形象进度36%")

    assert (await report_of(world, "park")).standing.permille == 360
    assert (await report_of(world, "park")).entered_by is None


async def test_what_the_office_enters_counts_over_the_liaisons_answer(world: World) -> None:
    await world.hears("wang", "形象进度36%")

    await world.hears("zhao", "代填 XM-003 形象进度35%")

    assert (await report_of(world, "park")).standing.permille == 350


async def test_news_and_a_problem_by_phone_are_both_entered(world: World) -> None:
    await world.hears("zhao", "代填 XM-003 屋架吊装完成，问题：用地指标未批")

    assert (await report_of(world, "park")).text == "屋架吊装完成"
    assert world.last("zhao").startswith("已记 问题 2026-001｜智慧物流园｜用地")


async def test_no_change_until_a_day_may_come_by_phone(world: World) -> None:
    await world.hears("wang", "屋架吊装完成")

    await world.hears("zhao", "代填 XM-003 到12月5日前无变化")

    assert (await report_of(world, "park")).text == "屋架吊装完成"
    assert await asked_on(world, TUESDAY) == {"liu"}


async def test_a_project_without_a_liaison_is_answered_by_the_office_itself(world: World) -> None:
    await world.store.perform(lambda tx: world.project(tx, "lonely", "城南水厂"))

    await world.hears("zhao", "代填 城南水厂 管网通水")

    assert (await report_of(world, "lonely")).person == "赵文静"
    assert world.said_to("zhao") == ["已记（代赵文静填）：城南水厂：管网通水"]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("代填", "请写：代填 项目编号 内容，"),
        ("代填 XM-001", "请写：代填 项目编号 内容，"),
        ("代填 XM-001 收到", "请写：代填 项目编号 内容，"),
        ("代填 XM-001 早上好！", "请写：代填 项目编号 内容，"),
        ("代填 月球基地 主体封顶", "没有找到项目「月球基地」，"),
        ("更正", "请写：更正 项目编号 正确的数字，"),
        ("更正 XM-001 主体封顶", "请写：更正 项目编号 正确的数字，"),
        ("撤销", "请写：撤销 问题编号 原因，"),
        ("撤销 2026-001", "请写：撤销 问题编号 原因，"),
        ("撤销 2026-001 报重了", "没有找到问题 2026-001，"),
        ("暂停", "请写：暂停 谁 到哪天，"),
        ("暂停 全县", "请写：暂停 谁 到哪天，"),
        ("暂停 到12月5日", "请写：暂停 谁 到哪天，"),
        ("暂停 张三 到12月5日", "没有找到「张三」。"),
        ("恢复", "请写：恢复 谁，"),
        ("恢复 全县", "没有暂停过：青禾县。"),
        ("试点", "请写：试点 姓名、姓名；"),
        ("试点 张三", "没有找到「张三」。"),
    ],
)
async def test_what_is_missing_is_said(world: World, words: str, answer: str) -> None:
    await world.hears("zhao", words)

    assert world.last("zhao").startswith(answer)


@pytest.mark.parametrize(
    "words",
    [
        "代填 XM-001 主体封顶",
        "更正 XM-003 形象进度60%",
        "暂停 全县 到12月5日",
        "恢复 全县",
        "试点 刘敏",
        "试点 结束",
    ],
)
@pytest.mark.parametrize("who", ["liu", "chen", "sun", "qian"])
async def test_nobody_else_may(world: World, who: str, words: str) -> None:
    if who in {"chen", "sun", "qian"} and words.startswith("恢复"):
        words = "恢复 全县"

    await world.hears(who, words)

    assert world.said_to(who) == ["这一项只有指挥部办公室可以办。"]


# --- 更正 -------------------------------------------------------------------------------


async def test_a_figure_is_put_right_and_both_are_told(world: World) -> None:
    await world.hears("wang", "屋架吊装完成，形象进度38%，本月完成600万")
    await world.day_at(TUESDAY, "10:00")

    await world.hears("zhao", "更正 XM-003 形象进度35%")

    project = await world.asks(lambda tx: tx.projects.get(world.ids["#park"]))
    assert (project.permille, project.cumulative) == (350, 1_060_000)
    assert world.last("zhao") == (
        "已更正「智慧物流园」（11月23日的报告）：形象进度 38% → 35%。原来的数字留在记录里。"
    )
    assert world.last("wang").startswith(
        "办公室赵文静更正了「智慧物流园」（11月23日的报告）：形象进度 38% → 35%。"
    )


async def test_a_sum_put_right_is_the_total(world: World) -> None:
    await world.hears("zhao", "更正 XM-001 12.5亿，形象进度57%")

    project = await world.asks(lambda tx: tx.projects.get(world.ids["#soda"]))
    assert (project.permille, project.cumulative) == (570, 12_500_000)
    assert "形象进度 58% → 57%；累计 12.60 亿元 → 12.50 亿元" in world.last("zhao")


async def test_the_figure_before_stays_in_the_trail(world: World) -> None:
    await world.hears("wang", "形象进度38%")

    await world.hears("zhao", "更正 XM-003 形象进度35%")

    trail = await world.asks(lambda tx: tx.audit.trail(f"project:{world.ids['#park']}"))
    step = next(step for step in trail if step.action == "report.corrected")
    versions = await world.asks(
        lambda tx: tx.connection.execute(select(tables.reports.c.permille)).scalars().all()
    )
    assert (step.actor, step.detail["before"], step.detail["after"]) == (
        "赵文静",
        [380, 1_000_000],
        [350, 1_000_000],
    )
    assert list(versions) == [380, 350]


async def test_a_correction_keeps_what_was_said(world: World) -> None:
    await world.hears("wang", "屋架吊装完成，形象进度38%")

    await world.hears("zhao", "更正 XM-003 形象进度35%")

    report = await report_of(world, "park")
    assert (report.kind, report.text, report.person) == (Kind.PROGRESS, "屋架吊装完成，形象进度38%", "王强")


async def test_money_alone_is_put_right(world: World) -> None:
    await world.hears("zhao", "更正 XM-001 累计12.5亿")

    assert "：累计 12.60 亿元 → 12.50 亿元。" in world.last("zhao")


async def test_the_office_is_told_once_of_its_own_project(world: World) -> None:
    await world.store.perform(lambda tx: world.project(tx, "own", "城南水厂", "zhao"))

    await world.hears("zhao", "更正 城南水厂 形象进度5%")
    await world.hears("zhao", "代填 城南水厂 管网通水")

    assert len(world.said_to("zhao")) == 2


# --- 撤销 -------------------------------------------------------------------------------


async def test_a_mistaken_problem_is_withdrawn_and_everybody_sees_it(world: World) -> None:
    await world.hears("liu", "2 问题 用地指标未批")

    await world.hears("zhao", "撤销 2026-001 报重了")

    assert world.last("zhao") == "问题 2026-001 已撤销，记录保留。"
    for who in ("liu", "sun"):
        assert world.last(who) == "问题 2026-001 已由赵文静撤销，原因：报重了。不用再办。"
    assert world.messages("sun")[0].labels == []
    assert "已撤销" in world.said_to("sun")[0]


async def test_its_reporter_may_withdraw_it_while_nobody_has_accepted_it(world: World) -> None:
    await world.hears("liu", "2 问题 用地指标未批")

    await world.hears("liu", "撤销 2026-001 报错了")

    assert world.last("liu") == "问题 2026-001 已撤销，记录保留。"


async def test_its_reporter_may_not_withdraw_it_once_it_is_accepted(world: World) -> None:
    await world.hears("liu", "2 问题 用地指标未批")
    await world.hears("sun", button="接办")

    await world.hears("liu", "撤销 2026-001 报错了")

    assert world.last("liu") == "问题 2026-001 不由您办理，没有改动。"


async def test_a_problem_is_withdrawn_once(world: World) -> None:
    await world.hears("liu", "2 问题 用地指标未批")
    await world.hears("zhao", "撤销 2026-001 报重了")

    await world.hears("zhao", "撤销 2026-001 报重了")

    assert world.last("zhao") == "问题 2026-001 现在是「已撤销」，这一步不用再办了。"


# --- 暂停、恢复 -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("whom", "shown", "asked"),
    [
        ("全县", "青禾县", set()),
        ("发展和改革局", "发展和改革局", {"wang"}),
        ("王强", "王强", {"liu"}),
        ("王强（经济开发区）", "王强", {"liu"}),
    ],
)
async def test_the_questions_are_paused_until_a_day(
    world: World, whom: str, shown: str, asked: set[str]
) -> None:
    await world.hears("zhao", f"暂停 {whom} 到12月5日")

    assert world.last("zhao") == f"好，12月5日前不再问：{shown}。要提前恢复，发「恢复」和名称。"
    assert await asked_on(world, date(2026, 12, 4)) == asked
    assert await asked_on(world, date(2026, 12, 7)) == {"liu", "wang"}


async def test_a_pause_may_be_written_without_a_space(world: World) -> None:
    await world.hears("zhao", "暂停 全县到12月5日")

    assert await asked_on(world, TUESDAY) == set()


async def test_pausing_a_unit_pauses_the_projects_it_answers_for(world: World) -> None:
    def give(tx: Tx) -> None:
        unit = next(unit for unit in tx.people.units() if unit.name == "自然资源局")
        tx.connection.execute(
            tables.projects.update().where(tables.projects.c.id == world.ids["#park"]).values(unit_id=unit.id)
        )

    await world.store.perform(give)

    await world.hears("zhao", "暂停 自然资源局 到12月5日")

    assert await asked_on(world, TODAY) == {"liu"}


@pytest.mark.parametrize("whom", ["全县", "经济开发区", "王强"])
async def test_a_pause_ends_early_when_the_office_says_so(world: World, whom: str) -> None:
    await world.hears("zhao", f"暂停 {whom} 到12月5日")

    await world.hears("zhao", f"恢复 {whom}")

    assert world.last("zhao").startswith("好，恢复每天的提问：")
    assert await asked_on(world, TODAY) == {"liu", "wang"}


async def test_a_later_pause_takes_the_place_of_the_earlier(world: World) -> None:
    await world.hears("zhao", "暂停 王强 到12月25日")
    await world.hears("zhao", "暂停 王强 到11月24日")

    assert await asked_on(world, TUESDAY) == {"liu", "wang"}


@pytest.mark.parametrize("whom", ["全县", "王强"])
async def test_who_is_paused_after_the_question_is_not_reminded(world: World, whom: str) -> None:
    await world.waits(minutes=5)
    await world.hears("zhao", f"暂停 {whom} 到12月5日")

    await world.day_at(TODAY, "15:00")

    assert len(world.said_to("wang")) == 1


async def test_two_people_of_one_name_must_be_told_apart(world: World) -> None:
    def add(tx: Tx) -> None:
        unit = next(unit for unit in tx.people.units() if unit.name == "自然资源局")
        tx.connection.execute(insert(tables.people).values(name="王强", unit_id=unit.id))

    await world.store.perform(add)

    await world.hears("zhao", "暂停 王强 到12月5日")

    assert world.last("zhao") == "「王强」不止一位，请写清单位：王强（经济开发区）、王强（自然资源局）"


# --- 试点 -------------------------------------------------------------------------------


async def test_only_the_pilots_are_asked_until_it_ends(world: World) -> None:
    await world.hears("zhao", "试点 刘敏")

    assert world.last("zhao") == "好，现在只问这 1 位：刘敏。要问所有人，发「试点 结束」。"
    assert await asked_on(world, TODAY) == {"liu"}

    await world.hears("zhao", "试点 结束")

    assert world.last("zhao") == "试点结束，从下一轮起问所有联络员。"
    assert await asked_on(world, TUESDAY) == {"liu", "wang"}


async def test_a_new_list_takes_the_place_of_the_old(world: World) -> None:
    await world.hears("zhao", "试点 刘敏")
    await world.hears("zhao", "试点 王强")

    assert await asked_on(world, TODAY) == {"wang"}


# --- passed on --------------------------------------------------------------------------


async def test_words_nobody_can_place_are_offered_to_the_office(world: World) -> None:
    await world.hears("chen", "下午三点开会")

    assert world.last("chen") == "没看懂这句话：「下午三点开会」。要转给指挥部办公室吗？"

    await world.hears("chen", button="转给指挥部办公室")

    assert world.last("chen") == "已转给指挥部办公室。"
    assert world.last("zhao") == "陈志远（县政府）有话转给办公室：下午三点开会"


async def test_more_words_join_them(world: World) -> None:
    await world.hears("chen", "下午三点开会")
    await world.hears("chen", "请办公室通知")

    await world.hears("chen", "1")

    assert world.last("zhao").endswith("：下午三点开会\n请办公室通知")


@pytest.mark.parametrize("drop", [{"button": "不用了"}, {"text": "不用了"}, {"text": "2"}])
async def test_they_may_be_dropped(world: World, drop: dict[str, Any]) -> None:
    await world.hears("chen", "下午三点开会")

    await world.hears("chen", **drop)

    assert world.last("chen") == "好的，已取消。"
    assert world.said_to("zhao") == []


async def test_they_are_passed_on_once(world: World) -> None:
    await world.hears("chen", "下午三点开会")
    await world.hears("chen", button="转给指挥部办公室")

    await world.hears("chen", button="转给指挥部办公室")

    assert len(world.said_to("zhao")) == 1
    assert world.last("chen") == "这个按钮对应的事情已经处理过了，请发「今日」看最新情况。"


async def test_thanks_are_not_passed_on(world: World) -> None:
    await world.hears("chen", "谢谢")

    assert world.said_to("chen") == ["好的，有事随时说。"]


# --- what can be looked up --------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "answer"),
    [
        ("wang", "您的 1 个项目：\n1 智慧物流园｜落地开工｜形象进度 30%｜累计 1.00 亿元（年计划 20%）"),
        ("chen", "您的 3 个项目：\n1 年产100万吨纯碱项目"),
        ("zhao", "全县共 3 个项目。"),
        ("sun", "您名下没有项目。"),
    ],
)
async def test_everybody_can_list_their_projects(world: World, who: str, answer: str) -> None:
    await world.hears(who, "项目")

    assert world.last(who).startswith(answer)


async def test_the_list_of_projects_gives_the_numbers(world: World) -> None:
    await world.hears("liu", "项目")

    await world.hears("liu", "2")

    assert world.last("liu").startswith("泵业智造产业园：有什么进展？")


async def test_today_shows_a_leader_what_waits_for_them(world: World) -> None:
    await world.hears("sun", "今日")
    await world.hears("liu", "2 问题 用地指标未批")
    await world.hears("sun", "今日")
    shown = world.messages("sun")[-1]

    await world.hears("sun", button="2026-001")

    assert world.said_to("sun")[0] == "现在没有等您办的事。"
    assert (
        shown.text == "有 1 件事等您：\n🟢 正常 2026-001｜泵业智造产业园｜用地｜待接办｜孙立新：用地指标未批"
    )
    assert world.last("sun").startswith("问题 2026-001｜")


@pytest.mark.parametrize(
    ("who", "piece"),
    [("liu", "到12月5日前无变化"), ("chen", "接办 2026-063"), ("zhao", "代填 XM-012"), ("qian", "帮助")],
)
async def test_help_speaks_of_what_one_can_do(world: World, who: str, piece: str) -> None:
    await world.hears(who, "帮助")

    assert piece in world.last(who)
    assert screens(world.last(who)) <= 1


@pytest.mark.parametrize(
    ("words", "piece"),
    [
        ("帮助 材料", "改数 XM-012"),
        ("帮助 函件", "发函 工作提示"),
        ("help missives", "发函"),
        ("/help", "「帮助 材料」"),
    ],
)
async def test_help_for_the_office_is_a_screen_at_a_time(world: World, words: str, piece: str) -> None:
    await world.hears("zhao", words)

    assert piece in world.last("zhao")
    assert screens(world.last("zhao")) <= 1


async def test_an_answer_that_begins_like_a_call_for_help_is_an_answer(world: World) -> None:
    await world.waits(minutes=5)
    await world.hears("wang", "帮助 函件送达了自来水公司，已复水")

    assert world.last("wang").startswith("已记")


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("part", ["liaison", "leader", "office", "papers", "missives", "owner"])
def test_every_page_of_help_fits_a_screen(language: Language, part: str) -> None:
    assert screens(load().say(language, f"help.{part}", name="何建国", county="青禾县")) <= 1


_LINES, _WIDTH = 25, 44
"""Of a telephone's screen; a Chinese sign is two wide."""


def screens(text: str) -> float:
    """Return how many screens of a telephone a text fills."""
    widths = [sum(2 if ord(sign) > 0x2000 else 1 for sign in line) for line in text.splitlines()]
    return sum(max(1, -(-width // _WIDTH)) for width in widths) / _LINES
