"""An edited message replaces what it said before."""

from datetime import date
from typing import Any

import pytest

from bot.domain.progress import Kind
from storage.reports import Report
from tests.world import World

TODAY = date(2026, 11, 23)


async def report_of(world: World, project: str) -> Report:
    project_id = world.ids[f"#{project}"]
    return (await world.asks(lambda tx: tx.reports.on([project_id], TODAY)))[project_id]


async def test_an_edited_message_revises_its_report(world: World) -> None:
    await world.hears("wang", "形象进度35%，今日完成300万", message="m1")

    await world.hears("wang", "形象进度36%，今日完成400万", message="m1", edited=True)

    standing = (await report_of(world, "park")).standing
    assert (standing.permille, standing.cumulative) == (360, 1_040_000)
    assert world.last("wang").startswith("已记 智慧物流园：形象进度 36%（+6）；累计 1.04 亿元（+0.04）")


async def test_a_figure_edited_away_is_gone(world: World) -> None:
    await world.hears("wang", "屋架吊装，形象进度35%", message="m1")

    await world.hears("wang", "屋架吊装完成", message="m1", edited=True)

    assert (await report_of(world, "park")).standing.permille == 300


async def test_an_edit_of_two_projects_revises_both(world: World) -> None:
    await world.hears("liu", "1 主体封顶；2 设备进场", message="m1")

    await world.hears("liu", "1 主体完工；2 设备安装", message="m1", edited=True)

    assert [(await report_of(world, each)).text for each in ("soda", "pump")] == ["主体完工", "设备安装"]


async def test_a_number_edited_moves_the_words_to_the_other_project(world: World) -> None:
    await world.hears("liu", "1 设备进场，形象进度60%", message="m1")

    await world.hears("liu", "2 设备进场", message="m1", edited=True)

    assert (await report_of(world, "pump")).text == "设备进场"
    assert (await report_of(world, "soda")).kind is Kind.UNCHANGED
    assert (await report_of(world, "soda")).standing.permille == 580
    assert "年产100万吨纯碱项目：刚才的记录已撤回，按照旧记。" in world.said_to("liu")


async def test_words_edited_without_their_number_stay_with_their_project(world: World) -> None:
    await world.hears("liu", "2 设备进场", message="m1")

    await world.hears("liu", "设备已经安装", message="m1", edited=True)

    assert (await report_of(world, "pump")).text == "设备已经安装"


async def test_an_answer_to_a_question_may_be_edited(world: World) -> None:
    await world.waits(minutes=5)
    await world.hears("liu", button="2 有进展")
    await world.hears("liu", "设备进厂", message="m1")

    await world.hears("liu", "设备进场", message="m1", edited=True)

    assert (await report_of(world, "pump")).text == "设备进场"


@pytest.mark.parametrize("pointed", [{"text": "2"}, {"button": "2 泵业智造产业园"}])
async def test_words_placed_by_a_number_may_be_edited_afterwards(
    world: World, pointed: dict[str, Any]
) -> None:
    await world.hears("liu", "管道焊接完城", message="m1")
    await world.hears("liu", **pointed)

    await world.hears("liu", "管道焊接完成", message="m1", edited=True)

    assert (await report_of(world, "pump")).text == "管道焊接完成"


async def test_an_unclear_message_may_be_edited_instead_of_answered(world: World) -> None:
    await world.hears("liu", "管道焊接完成", message="m1")

    await world.hears("liu", "2 管道焊接完成", message="m1", edited=True)

    assert world.last("liu") == "已记 2 泵业智造产业园：管道焊接完成。要改，直接再发一遍。"
    assert await world.asks(lambda tx: tx.conversations.open(world.ids["liu"])) is None


@pytest.mark.parametrize("words", ["2 问题 用地指标未批", "2 泵业产业园，问题：用地指标未批"])
async def test_an_edited_problem_is_reworded(world: World, words: str) -> None:
    await world.hears("liu", words, message="m1")

    await world.hears("liu", f"{words}，影响二期", message="m1", edited=True)

    assert world.last("liu") == "已记：问题 2026-001 的文字已按您修改的更新。"
    assert "\n用地指标未批，影响二期（刘敏" in world.last("sun")


async def test_a_problem_told_to_a_question_is_reworded_whole(world: World) -> None:
    await world.waits(minutes=5)
    await world.hears("liu", button="2 有问题")
    await world.hears("liu", "用地指标未批", message="m1")

    await world.hears("liu", "用地指标还没批", message="m1", edited=True)

    assert "\n用地指标还没批（刘敏" in world.last("sun")


async def test_news_and_a_problem_in_one_message_are_both_revised(world: World) -> None:
    await world.hears("liu", "1 主体封顶；2 问题 用地指标未批", message="m1")

    await world.hears("liu", "1 主体完工；2 问题 用地指标没批下来", message="m1", edited=True)

    assert (await report_of(world, "soda")).text == "主体完工"
    assert "\n用地指标没批下来（刘敏" in world.last("sun")
    assert await world.asks(lambda tx: len(tx.problems.open())) == 1


async def test_news_edited_into_a_problem_reports_it(world: World) -> None:
    await world.hears("wang", "屋架吊装完成", message="m1")

    await world.hears("wang", "屋架吊装完成，问题：缺电焊工", message="m1", edited=True)

    assert world.last("wang").startswith("已记 问题 2026-001｜智慧物流园｜用工")


async def test_a_message_that_became_nothing_says_so_when_it_is_edited(world: World) -> None:
    await world.hears("chen", "你好", message="m1")

    await world.hears("chen", "你们好", message="m1", edited=True)

    assert world.last("chen") == "这条消息没有单独记成报告，或者后来又报过新的。请把要改的内容直接再发一遍。"


async def test_an_edit_without_words_is_let_pass(world: World) -> None:
    await world.hears("wang", "屋架吊装完成", message="m1")

    await world.hears("wang", "", message="m1", edited=True)

    assert len(world.said_to("wang")) == 1


async def test_yesterdays_message_cannot_be_edited_into_today(world: World) -> None:
    await world.hears("wang", "形象进度35%", message="m1")
    await world.day_at(date(2026, 11, 24), "08:00")

    await world.hears("wang", "形象进度36%", message="m1", edited=True)

    assert world.last("wang").startswith("这条消息是前几天的")
    assert (await world.asks(lambda tx: tx.projects.get(world.ids["#park"]))).permille == 350


async def test_an_edit_that_became_unclear_is_asked_about_and_takes_nothing_back(world: World) -> None:
    await world.hears("liu", "1 主体封顶；2 设备进场", message="m1")

    await world.hears("liu", "管道焊接完成", message="m1", edited=True)

    assert world.last("liu").startswith("这句记到哪个项目？")
    assert (await report_of(world, "soda")).text == "主体封顶"
