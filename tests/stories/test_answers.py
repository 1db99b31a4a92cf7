"""What a liaison may say: by button, by number and words, or in one free line."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.progress import Kind
from storage import tables
from storage.reports import Report
from storage.tx import Tx
from tests.world import World

TODAY = date(2026, 11, 23)
TUESDAY = date(2026, 11, 24)


async def report_of(world: World, project: str) -> Report:
    project_id = world.ids[f"#{project}"]
    return (await world.asks(lambda tx: tx.reports.on([project_id], TODAY)))[project_id]


async def figures(world: World, project: str) -> tuple[int, int]:
    standing = await world.asks(lambda tx: tx.projects.get(world.ids[f"#{project}"]))
    return standing.permille, standing.cumulative


async def twelve_projects(world: World) -> None:
    def add(tx: Tx) -> None:
        for number, name in enumerate("甲乙丙丁戊己庚辛壬癸", 1):
            world.project(tx, f"more{number}", f"{name}字号仓库", "liu")

    await world.store.perform(add)


# --- 照旧 -------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["照旧", "没有变化", "无变化", "今天没有进展", "unchanged"])
async def test_no_change_in_words_stands_for_every_project(world: World, words: str) -> None:
    await world.hears("liu", words)

    assert world.last("liu") == "已记：2 个项目都照旧。有变化随时说。"


async def test_the_button_for_all_records_every_project(world: World) -> None:
    await world.waits(minutes=5)

    notice = await world.hears("liu", button="全部照旧")

    assert notice == "已记"
    assert world.last("liu") == "已记：2 个项目都照旧。有变化随时说。"
    assert [(await report_of(world, each)).kind for each in ("soda", "pump")] == [Kind.UNCHANGED] * 2


@pytest.mark.parametrize("words", ["全部照旧", "照旧", "全 部 照 旧"])
async def test_its_words_may_be_typed(world: World, words: str) -> None:
    await world.waits(minutes=5)

    await world.hears("liu", words)

    assert world.last("liu") == "已记：2 个项目都照旧。有变化随时说。"


async def test_one_project_unchanged(world: World) -> None:
    await world.waits(minutes=5)

    await world.hears("wang", button="照旧")

    assert world.last("wang") == "已记 智慧物流园：照旧。要改，直接再发一遍。"


async def test_the_rest_unchanged_leaves_alone_what_was_said_before(world: World) -> None:
    await world.hears("liu", "1 主体封顶")

    await world.hears("liu", "其余照旧")

    assert (await report_of(world, "soda")).text == "主体封顶"
    assert world.last("liu") == "已记 2 泵业智造产业园：照旧。要改，直接再发一遍。"


async def test_saying_the_same_when_all_is_said_changes_nothing(world: World) -> None:
    await world.waits(minutes=5)
    await world.hears("liu", "1 主体封顶；2 正在装修")

    notice = await world.hears("liu", button="全部照旧")

    assert notice == world.last("liu") == "今天都已经记过了。有新情况，直接发来就行。"
    assert (await report_of(world, "soda")).text == "主体封顶"


async def test_one_project_named_unchanged_takes_a_slip_back(world: World) -> None:
    await world.hears("liu", "1 主体封顶，形象进度62%")

    await world.hears("liu", "1 照旧")

    assert world.last("liu") == "已记 1 年产100万吨纯碱项目：照旧。要改，直接再发一遍。"
    assert await figures(world, "soda") == (580, 12_600_000)


async def test_no_change_is_not_remembered_as_the_last_news(world: World) -> None:
    await world.hears("liu", "2 照旧")

    await world.day_at(TUESDAY, "09:00")

    assert "泵业智造产业园｜竣工投产｜上周五：二期封顶" in world.last("liu")


# --- words ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "1 主体封顶，形象进度62%，本月完成3200万",
        "1、主体封顶，形象进度百分之六十二，本月完成3.2千万",
        "纯碱项目：主体封顶，形象进度62%，本月完成三千二百万",
        "XM-001 主体封顶，进度62%，本月完成0.32亿",
        "年产100万吨纯碱项目主体封顶，形象进度６２％，本月完成3200万元",
    ],
)
async def test_one_free_line_is_read(world: World, words: str) -> None:
    await world.hears("liu", words)

    assert world.last("liu") == (
        "已记 1 年产100万吨纯碱项目：主体封顶；形象进度 62%（+4）；累计 12.92 亿元（+0.32）。"
        "要改，直接再发一遍。"
    )


async def test_several_lines_are_several_answers(world: World) -> None:
    await world.hears("liu", "1 主体封顶\n2 设备进场，形象进度15%")

    assert world.last("liu") == (
        "已记 2 项：\n"
        "1 年产100万吨纯碱项目：主体封顶\n"
        "2 泵业智造产业园：设备进场；形象进度 15%（+15）\n"
        "要改，直接再发一遍。"
    )


async def test_words_around_a_figure_are_shown_as_they_were_typed(world: World) -> None:
    await world.hears("wang", "二期屋架吊装完成，形象进度35%")
    await world.hears("wang", "二期主体封顶达到36%")

    assert world.said_to("wang") == [
        "已记 智慧物流园：二期屋架吊装完成；形象进度 35%（+5）。要改，直接再发一遍。",
        "已记 智慧物流园：二期主体封顶达到36%；形象进度 36%（+6）。要改，直接再发一遍。",
    ]


async def test_a_button_asks_and_the_words_answer(world: World) -> None:
    await world.waits(minutes=5)

    await world.hears("liu", button="2 有进展")
    await world.hears("liu", "设备进场")

    assert world.said_to("liu")[1:] == [
        "泵业智造产业园：有什么进展？回一句就行，如「已满负荷生产，新增用工 30 人」。",
        "已记 2 泵业智造产业园：设备进场。要改，直接再发一遍。",
    ]


@pytest.mark.parametrize("words", ["2 有进展", "2有进展", "2", "第二个项目", "泵业智造产业园"])
async def test_pointing_alone_asks_what_there_is_to_say(world: World, words: str) -> None:
    await world.waits(minutes=5)

    await world.hears("liu", words)

    assert world.last("liu").startswith("泵业智造产业园：有什么进展？")


async def test_the_question_is_over_once_it_is_answered(world: World) -> None:
    await world.waits(minutes=5)
    await world.hears("liu", button="2 有进展")
    await world.hears("liu", "设备进场")

    await world.hears("liu", "管道焊接完成")

    assert world.last("liu").startswith("这句记到哪个项目？")


async def test_an_answer_may_name_another_project_than_the_one_asked_about(world: World) -> None:
    await world.waits(minutes=5)
    await world.hears("liu", button="2 有进展")

    await world.hears("liu", "设备进场；1 主体封顶")

    assert (await report_of(world, "pump")).text == "设备进场"
    assert (await report_of(world, "soda")).text == "主体封顶"


async def test_no_change_said_to_a_question_is_about_that_project_alone(world: World) -> None:
    await world.waits(minutes=5)
    await world.hears("liu", button="2 有进展")

    await world.hears("liu", "没有变化")

    assert world.last("liu") == "已记 2 泵业智造产业园：照旧。要改，直接再发一遍。"


async def test_progress_and_a_problem_in_one_breath(world: World) -> None:
    await world.hears("liu", "1 主体封顶，形象进度62%，问题 用地指标未批；2 照旧")

    said = world.said_to("liu")
    assert said[0] == (
        "已记 2 项：\n"
        "1 年产100万吨纯碱项目：主体封顶；形象进度 62%（+4）\n"
        "2 泵业智造产业园：照旧\n"
        "要改，直接再发一遍。"
    )
    assert said[1].startswith("已记 问题 2026-001｜年产100万吨纯碱项目｜用地｜一般\n用地指标未批")


async def test_two_projects_with_progress_and_a_problem_in_one_breath(world: World) -> None:
    await world.hears("liu", "1 主体封顶；2 问题 用地指标未批，影响二期开挖")

    assert [text.split("\n")[0] for text in world.said_to("liu")] == [
        "已记 1 年产100万吨纯碱项目：主体封顶。要改，直接再发一遍。",
        "已记 问题 2026-001｜泵业智造产业园｜用地｜一般",
    ]


async def test_figures_told_with_a_problem_count(world: World) -> None:
    await world.hears("wang", "问题 用地未批，形象进度31%")

    assert (await figures(world, "park"))[0] == 310
    assert "形象进度 31%（+1）" in world.said_to("wang")[0]
    assert "问题 2026-001" in world.last("wang")


@pytest.mark.parametrize("words", ["收到", "好的", "谢谢领导", "早上好！"])
async def test_a_receipt_is_no_report(world: World, words: str) -> None:
    await world.waits(minutes=5)

    await world.hears("liu", words)

    assert world.last("liu") == "谢谢回复。今天还有 2 个项目没有消息：没变化点「照旧」，有变化回一句就行。"
    assert await world.asks(lambda tx: tx.reports.latest(world.ids["#soda"])) is None


async def test_thanks_after_everything_is_said_are_returned(world: World) -> None:
    await world.waits(minutes=5)
    await world.hears("liu", button="全部照旧")

    await world.hears("liu", "谢谢")

    assert world.last("liu") == "好的，有事随时说。"


async def test_an_answer_on_another_day_counts_for_that_day(world: World) -> None:
    await world.hears("wang", "屋架吊装完成，形象进度35%")
    await world.day_at(TUESDAY, "10:00")

    await world.hears("wang", "形象进度36%")

    assert world.last("wang") == "已记 智慧物流园：形象进度 36%（+1）。要改，直接再发一遍。"


async def test_this_months_money_adds_to_what_was_there_when_last_month_ended(world: World) -> None:
    await world.hears("wang", "本月完成1000万")
    await world.day_at(TUESDAY, "10:00")

    await world.hears("wang", "本月完成1500万")

    assert (await figures(world, "park"))[1] == 1_000_000 + 150_000


async def test_in_january_the_months_money_starts_from_nothing(world: World) -> None:
    await world.day_at(date(2027, 1, 5), "10:00")

    await world.hears("wang", "本月完成1500万")

    assert (await figures(world, "park"))[1] == 150_000
    assert "累计 1500 万元（+1500）" in world.last("wang")


# --- again ------------------------------------------------------------------------------


async def test_answering_again_replaces_and_never_adds_money_twice(world: World) -> None:
    await world.hears("wang", "今日完成100万")
    await world.hears("wang", "今日完成300万")

    assert (await figures(world, "park"))[1] == 1_000_000 + 30_000
    assert world.last("wang") == "已记 智慧物流园：累计 1.03 亿元（+0.03）。要改，直接再发一遍。"


async def test_what_is_not_spoken_of_again_stays(world: World) -> None:
    await world.hears("wang", "形象进度35%，今日完成300万")

    await world.hears("wang", "屋架吊装完成")

    assert await figures(world, "park") == (350, 1_030_000)


async def test_every_version_is_kept(world: World) -> None:
    await world.hears("wang", "形象进度35%")
    await world.hears("wang", "形象进度36%")

    rows = await world.asks(
        lambda tx: tx.connection.execute(select(tables.reports).order_by(tables.reports.c.version)).all()
    )

    assert [(row.version, row.current, row.text) for row in rows] == [
        (1, False, "形象进度35%"),
        (2, True, "形象进度36%"),
    ]


async def test_a_figure_that_did_not_move_is_shown_without_a_difference(world: World) -> None:
    await world.hears("wang", "形象进度30%")

    assert world.last("wang") == "已记 智慧物流园：形象进度 30%。要改，直接再发一遍。"


# --- odd figures ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("形象进度20%", "形象进度从 30% 降到了 20%"),
        ("形象进度62%", "形象进度从 30% 一下到了 62%"),
        ("累计完成5000万", "累计投资从 1.00 亿元 降到了 5000 万元"),
        ("累计完成6.5亿", "累计投资 6.50 亿元 超出年计划 5.00 亿元 两成以上"),
    ],
)
async def test_an_odd_figure_is_noted_and_asked_back_once(world: World, words: str, reason: str) -> None:
    await world.hears("wang", words)

    assert len(world.said_to("wang")) == 2
    assert world.said_to("wang")[0].startswith("已记")
    assert world.last("wang") == f"智慧物流园：{reason}，没写错吧？"
    assert world.messages("wang")[-1].labels == ["没错", "写错了"]


async def test_the_same_figure_again_is_not_asked_back_again(world: World) -> None:
    await world.hears("wang", "形象进度62%")

    await world.hears("wang", "形象进度62%")

    assert len(world.said_to("wang")) == 3


@pytest.mark.parametrize("right", [{"button": "没错"}, {"text": "没错"}, {"text": "1"}])
async def test_a_figure_that_is_meant_stands(world: World, right: dict[str, Any]) -> None:
    await world.hears("wang", "形象进度62%")

    await world.hears("wang", **right)

    assert world.last("wang") == "好，按您报的记。"
    assert (await figures(world, "park"))[0] == 620
    assert (await report_of(world, "park")).odd == ()


async def test_a_slip_is_taken_back_and_asked_for_again(world: World) -> None:
    await world.hears("wang", "屋架吊装完成，形象进度62%")

    await world.hears("wang", button="写错了")
    taken_back = await figures(world, "park")
    await world.hears("wang", "32%")

    assert taken_back == (300, 1_000_000)
    assert world.said_to("wang")[2:] == [
        "好，「智慧物流园」刚才的数字已撤回，文字还在。请再发一遍正确的数字。",
        "已记 智慧物流园：形象进度 32%（+2）。要改，直接再发一遍。",
    ]


async def test_the_button_of_a_figure_put_right_since_is_stale(world: World) -> None:
    await world.hears("wang", "形象进度62%")
    await world.hears("wang", "形象进度32%")

    notice = await world.hears("wang", button="写错了")

    assert notice == "这个按钮对应的事情已经处理过了，请发「今日」看最新情况。"
    assert (await figures(world, "park"))[0] == 320


async def test_the_button_still_works_after_more_words(world: World) -> None:
    await world.hears("wang", "形象进度62%")
    await world.hears("wang", "屋架吊装完成")

    await world.hears("wang", button="写错了")

    assert (await figures(world, "park"))[0] == 300


async def test_a_wrong_figure_can_be_taken_back_once(world: World) -> None:
    await world.hears("wang", "形象进度62%")
    await world.hears("wang", button="写错了")
    await world.hears("wang", "形象进度32%")

    await world.hears("wang", button="写错了")

    assert (await figures(world, "park"))[0] == 320


# --- unclear ----------------------------------------------------------------------------


async def test_an_unclear_line_gets_one_short_question(world: World) -> None:
    await world.waits(minutes=5)

    await world.hears("liu", "管道焊接完成")

    assert world.last("liu") == "这句记到哪个项目？点一下，或回编号。\n「管道焊接完成」"
    assert world.messages("liu")[-1].labels == ["1 年产100万吨纯碱项目", "2 泵业智造产业园", "不用了"]


@pytest.mark.parametrize(
    "answer",
    [
        {"button": "2 泵业智造产业园"},
        {"text": "2"},
        {"text": "是2"},
        {"text": "2号的"},
        {"text": "第二个项目"},
        {"text": "泵业"},
        {"text": "2 管道焊接完成"},
        {"text": "2 管道焊接都完成了"},
    ],
)
async def test_a_button_a_number_or_a_name_resolves_it(world: World, answer: dict[str, Any]) -> None:
    await world.waits(minutes=5)
    await world.hears("liu", "管道焊接完成")

    await world.hears("liu", **answer)

    assert "管道焊接" in (await report_of(world, "pump")).text
    assert world.last("liu").startswith("已记 2 泵业智造产业园：管道焊接")
    assert await world.asks(lambda tx: tx.conversations.open(world.ids["liu"])) is None


@pytest.mark.parametrize("words", ["都是", "两个项目都是", "全部"])
async def test_words_about_all_of_them_go_to_all(world: World, words: str) -> None:
    await world.hears("liu", "管道焊接完成")

    await world.hears("liu", words)

    assert [(await report_of(world, each)).text for each in ("soda", "pump")] == ["管道焊接完成"] * 2


async def test_more_unclear_words_join_those_that_wait(world: World) -> None:
    await world.hears("liu", "管道焊接完成")
    await world.hears("liu", "试压合格")

    await world.hears("liu", "2")

    assert (await report_of(world, "pump")).text == "管道焊接完成；试压合格"


async def test_something_else_said_meanwhile_is_recorded_and_the_question_stays(world: World) -> None:
    await world.hears("liu", "管道焊接完成")

    await world.hears("liu", "1 主体封顶")
    await world.hears("liu", "2")

    assert (await report_of(world, "soda")).text == "主体封顶"
    assert (await report_of(world, "pump")).text == "管道焊接完成"


async def test_looking_something_up_meanwhile_loses_nothing(world: World) -> None:
    await world.hears("liu", "管道焊接完成")
    await world.hears("liu", "今日")
    await world.hears("liu", "项目")

    await world.hears("liu", "2")

    assert (await report_of(world, "pump")).text == "管道焊接完成"


async def test_an_unclear_problem_is_a_problem_when_it_is_placed(world: World) -> None:
    await world.hears("liu", "问题 用地指标未批")

    await world.hears("liu", "2")

    assert world.last("liu").startswith("已记 问题 2026-001｜泵业智造产业园｜用地｜一般\n用地指标未批")


async def test_unclear_words_with_figures_keep_them(world: World) -> None:
    await world.hears("liu", "主体封顶，形象进度62%")

    await world.hears("liu", "1")

    assert (await figures(world, "soda"))[0] == 620


async def test_unclear_words_may_be_dropped(world: World) -> None:
    await world.hears("liu", "管道焊接完成")

    await world.hears("liu", button="不用了")

    assert world.last("liu") == "好的，已取消。"
    assert await world.asks(lambda tx: tx.conversations.open(world.ids["liu"])) is None


async def test_unclear_words_are_in_the_trail_whatever_becomes_of_the_question(world: World) -> None:
    await world.hears("liu", "管道焊接完成")
    await world.hears("liu", "取消")

    trail = await world.asks(lambda tx: tx.audit.trail(f"person:{world.ids['liu']}"))

    assert [step.detail["text"] for step in trail if step.action == "words.unclear"] == ["管道焊接完成"]


async def test_the_button_of_a_question_dropped_since_asks_for_the_words_again(world: World) -> None:
    await world.hears("liu", "管道焊接完成")
    await world.hears("liu", "取消")

    await world.hears("liu", button="2 泵业智造产业园")

    assert world.last("liu").startswith("泵业智造产业园：有什么进展？")


async def test_a_part_that_is_clear_is_recorded_at_once(world: World) -> None:
    await world.hears("liu", "管道焊接完成；2 设备进场")

    assert world.said_to("liu")[0] == "已记 2 泵业智造产业园：设备进场。要改，直接再发一遍。"
    assert world.last("liu").endswith("「管道焊接完成」")


async def test_a_number_that_is_not_on_the_list_is_asked_about(world: World) -> None:
    await world.hears("liu", "3 主体封顶")

    assert world.last("liu").startswith("这句记到哪个项目？")
    assert "主体封顶" in world.last("liu")


async def test_yesterdays_question_does_not_swallow_todays_words(world: World) -> None:
    await world.waits(minutes=5)
    await world.hears("liu", button="2 有进展")
    await world.day_at(TUESDAY, "09:00")

    await world.hears("liu", "主体封顶")

    assert world.last("liu").startswith("这句记到哪个项目？")


# --- twelve projects --------------------------------------------------------------------


async def test_twelve_projects_are_one_message_with_one_row_more_than_all_unchanged(world: World) -> None:
    await twelve_projects(world)

    await world.waits(minutes=5)

    assert len(world.said_to("liu")) == 1
    assert "\n12 癸字号仓库｜" in world.last("liu")
    assert world.messages("liu")[0].labels == ["全部照旧", "有进展", "有问题"]


@pytest.mark.parametrize(
    ("button", "question", "answer", "outcome"),
    [
        ("有进展", "哪个项目有进展？", "12 屋面完成", "已记 12 癸字号仓库：屋面完成"),
        ("有进展", "哪个项目有进展？", "12", "癸字号仓库：有什么进展？"),
        ("有问题", "哪个项目有问题？", "12 停水", "已记 问题 2026-001｜癸字号仓库｜用水"),
        ("有问题", "哪个项目有问题？", "12", "癸字号仓库：遇到什么问题？"),
    ],
)
async def test_with_twelve_projects_the_number_is_typed(
    world: World, button: str, question: str, answer: str, outcome: str
) -> None:
    await twelve_projects(world)
    await world.waits(minutes=5)

    await world.hears("liu", button=button)
    asked = world.last("liu")
    await world.hears("liu", answer)

    assert asked.startswith(question)
    assert world.last("liu").startswith(outcome)


async def test_words_before_the_number_wait_for_it(world: World) -> None:
    await twelve_projects(world)
    await world.waits(minutes=5)
    await world.hears("liu", button="有问题")

    await world.hears("liu", "停水")
    await world.hears("liu", "12")

    assert world.last("liu").startswith("已记 问题 2026-001｜癸字号仓库｜用水")


async def test_among_twelve_an_unclear_line_is_placed_by_number_buttons(world: World) -> None:
    await twelve_projects(world)
    await world.waits(minutes=5)

    await world.hears("liu", "管道焊接完成")
    await world.hears("liu", button="12")

    asked = world.messages("liu")[1]
    assert asked.labels == [*map(str, range(1, 13)), "不用了"]
    assert "\n12 癸字号仓库" in asked.text
    assert world.last("liu") == "已记 12 癸字号仓库：管道焊接完成。要改，直接再发一遍。"


async def test_all_twelve_unchanged_is_one_sentence(world: World) -> None:
    await twelve_projects(world)
    await world.waits(minutes=5)

    await world.hears("liu", button="全部照旧")

    assert world.last("liu") == "已记：12 个项目都照旧。有变化随时说。"


async def test_three_of_twelve_in_one_message_and_the_rest_unchanged(world: World) -> None:
    await twelve_projects(world)
    await world.waits(minutes=5)

    await world.hears("liu", "3 屋面完成\n7 问题 停电\n其余照旧")

    assert (await report_of(world, "more1")).text == "屋面完成"
    assert (await report_of(world, "more5")).kind is Kind.PROBLEM
    assert (await report_of(world, "more10")).kind is Kind.UNCHANGED


# --- words that are commands to others --------------------------------------------------


@pytest.mark.parametrize(
    ("words", "kept"),
    [("暂停 施工，等雨停", "暂停 施工，等雨停"), ("恢复 施工", "恢复 施工"), ("项目 主体封顶", "主体封顶")],
)
async def test_a_liaisons_words_that_look_like_a_command_are_an_answer(
    world: World, words: str, kept: str
) -> None:
    await world.hears("wang", words)

    assert kept in (await report_of(world, "park")).text


async def test_a_liaison_may_correct_their_own_figure(world: World) -> None:
    await world.hears("wang", "形象进度35%")

    await world.hears("wang", "更正：形象进度36%")

    assert (await figures(world, "park"))[0] == 360


async def test_a_project_that_is_no_longer_theirs_is_not_changed(world: World) -> None:
    await world.waits(minutes=5)

    def hand_over(tx: Tx) -> None:
        tx.connection.execute(
            tables.assignments.update()
            .where(tables.assignments.c.person_id == world.ids["liu"])
            .values(until=TODAY)
        )

    await world.store.perform(hand_over)

    notice = await world.hears("liu", button="2 有进展")

    assert notice == "这个项目现在不由您联络，没有改动。发「项目」看您的项目。"


async def test_last_weeks_news_are_told_with_their_day(world: World) -> None:
    await world.hears("liu", "2 设备进场")
    shown = []
    for day in (TUESDAY, date(2026, 11, 25), date(2026, 12, 3), date(2026, 12, 10)):
        await world.day_at(day, "09:00")
        shown.append(world.last("liu").split("竣工投产｜")[1].split("\n")[0])

    assert shown == ["昨天：设备进场", "周一：设备进场", "上周一：设备进场", "11月23日：设备进场"]
