"""What people ask to see of projects: 要件, 四类, the four lists; and what is asked of what they copy."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from bot.errors import PaperError
from storage import tables
from tests.world import World


async def test_the_office_writes_an_element_and_the_liaison_sees_it(world: World) -> None:
    await world.hears("zhao", "要件 XM-001 举措 每周三现场办公，问题不过夜")

    await world.hears("liu", "要件 1")

    assert world.last("liu") == (
        "「年产100万吨纯碱项目」｜落地开工\n"
        "✅ 定领导：陈志远（副县长）\n"
        "✅ 定举措：每周三现场办公，问题不过夜\n"
        "⬜ 定工期：还没有\n"
        "⬜ 定标准：还没有\n"
        "⬜ 定奖惩：还没有"
    )


async def test_the_lead_leader_writes_for_their_projects_and_nobody_else(world: World) -> None:
    await world.hears("chen", "要件 XM-003 奖惩 按季兑现")
    assert "✅ 定奖惩：按季兑现" in world.last("chen")

    await world.hears("sun", "要件 XM-003 奖惩 不用兑现")

    assert world.last("sun").startswith("要件由指挥部办公室和项目的牵头领导写。")
    await world.hears("chen", "要件 XM-003 工期 三年")
    assert world.last("chen").startswith("工期就是计划开工和计划竣工")


async def test_a_class_of_urgency_is_shown_with_the_project(world: World) -> None:
    await world.hears("zhao", "四类 XM-003 二类")

    await world.hears("wang", "项目")

    assert "智慧物流园｜落地开工（二类）｜" in world.last("wang")
    await world.hears("zhao", "四类 XM-003 五类")
    assert world.last("zhao").startswith("请写：四类")


async def test_approvals_are_ticked_off_by_the_departments_and_seen_by_the_liaison(world: World) -> None:
    await world.hears("sun", "手续 XM-003 用地 容缺办理，12月5日前补齐")
    await world.hears("sun", button="立项 已批")

    await world.hears("wang", "手续 1")

    assert world.last("wang").splitlines()[:3] == [
        "「智慧物流园」手续：6 项办结 1 项",
        "✅ 立项：已批（2026-11-23）",
        "⏳ 用地：容缺办理，12月5日前补齐（孙立新）",
    ]
    assert world.messages("wang")[-1].labels == []
    await world.hears("wang", "手续 1 环评 已批")
    assert world.last("wang").startswith("已记 智慧物流园：手续 1 环评 已批")


@pytest.mark.parametrize(
    ("who", "words", "scope"),
    [
        ("zhao", "清单", "全县"),
        ("zhao", "清单 大桥镇", "属地:大桥镇"),
        ("zhao", "清单 陈志远", "专班:陈志远"),
        ("he", "清单 自然资源局", "专班:自然资源局"),
        ("zhao", "清单 泵业智造", "专班:XM-002"),
        ("chen", "清单", "专班:陈志远"),
        ("liu", "清单", "专班:刘敏（联络员）"),
        ("zhao", "清单 刘敏", "专班:刘敏（联络员）"),
        ("liu", "清单 2", "专班:XM-002"),
    ],
)
async def test_four_lists_come_as_a_screen_and_a_workbook(
    world: World, who: str, words: str, scope: str
) -> None:
    await world.hears(who, words)
    await world.beats()

    assert await world.asks(
        lambda tx: tx.connection.execute(select(tables.orders.c.scope)).scalars().all()
    ) == [scope]
    *_, screen, workbook = world.messages(who)
    assert screen.text.startswith("【清单 11-23至11-23】")
    assert workbook.paper is not None
    assert workbook.paper.name == "清单 11-23至11-23.xlsx"
    await world.beats()
    assert len(world.press.papers) == 1


async def test_nobody_sees_the_lists_of_others(world: World) -> None:
    await world.hears("chen", "清单 大桥镇")
    await world.hears("zhao", "清单 没有的镇")
    await world.beats()

    assert world.last("chen").startswith("这个项目不归您。")
    assert world.last("zhao").startswith("没有找到「没有的镇」。")
    assert world.press.papers == []


async def test_lists_that_cannot_be_made_are_said_so_once(world: World) -> None:
    world.press.paper_failures.append(PaperError("no form"))

    await world.hears("zhao", "清单")
    await world.beats()
    await world.beats()

    assert [text for text in world.said_to("zhao") if "没有出成" in text] == [world.last("zhao")]


async def test_the_same_words_for_five_days_are_asked_about_once(world: World) -> None:
    await world.waits(minutes=5)
    for day in range(7):
        await world.day_at(date(2026, 11, 23) + timedelta(days=day), "09:30")
        await world.hears("wang", "正在进行基础施工")

    asked = [text for text in world.said_to("wang") if "已经连报" in text]
    assert len(asked) == 1
    assert asked[0].startswith("「智慧物流园」这句话已经连报 5 天：「正在进行基础施工」。")


async def test_the_question_fits_the_class_in_a_few_words(world: World) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.projects)
            .where(tables.projects.c.id == world.ids["#park"])
            .values(kind="洽谈", stage="谈判签约")
        )
    )

    await world.waits(minutes=5)
    assert "您有 1 个项目：\n1 智慧物流园｜谈判签约｜签约谈到哪一步了？\n" in world.last("wang")
    await world.day_at(date(2026, 11, 24), "09:00")
    assert len(world.said_to("wang")) == 1
    await world.hears("wang", "已谈两轮")
    assert world.last("wang").startswith("已记")
