"""SECURITY row 29: what goes abroad are numbers; whoever is on WeCom reads everything."""

import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.domain.problems import State
from storage import tables
from storage.store import Store
from tests.botapi import BotApi
from tests.everywhere.stage import Stage, staged
from tests.everywhere.telegram import TelegramSide
from tests.everywhere.test_same_story import problem
from tests.everywhere.wecom_bot import WeComBotSide
from tests.world import NAMES, county

MONDAY, NEXT_MONDAY = date(2026, 11, 23), date(2026, 11, 30)
HOMES = {
    "liu": ("telegram",),
    "chen": ("telegram",),
    "zhao": ("telegram",),
    "sun": ("wecom",),
    "wang": ("wecom",),
}
LAND = "用地指标未批，影响二期开挖"


@pytest.fixture
async def stage(open_store: Store, tmp_path: Path) -> AsyncIterator[Stage]:
    """A county that lets numbers only go to Telegram; sun and wang are on WeCom."""
    sides = {"telegram": TelegramSide, "wecom": WeComBotSide}
    abroad = county(by_reference=frozenset({"telegram"}))
    async with staged(open_store, tmp_path, sides, HOMES, newcomers=("liu",), settings=abroad) as stage:
        yield stage


def bot_api(stage: Stage) -> BotApi:
    side = stage.sides["telegram"]
    assert isinstance(side, TelegramSide)
    return side.api


def sent_abroad(stage: Stage) -> str:
    """Return everything the loopback Bot API accepted, and every notice that it showed."""
    api = bot_api(stage)
    entries = [[each.text, each.buttons, each.file] for each in api.ledger]
    return json.dumps([entries, list(api.answered.values())], ensure_ascii=False)


async def secrets(stage: Stage) -> list[str]:
    """Return what may not leave: names of projects and people, what people said about problems."""

    def ask(tx: object) -> list[str]:
        connection = tx.connection  # type: ignore[attr-defined]
        names = connection.execute(select(tables.projects.c.name)).scalars().all()
        texts = connection.execute(select(tables.problems.c.text)).scalars().all()
        said = connection.execute(select(tables.reports.c.text).where(tables.reports.c.text != "")).scalars()
        return [*names, *texts, *said]

    return [*await stage.asks(ask), *NAMES.values()]


async def test_row_29_a_whole_day_abroad_carries_no_project_no_name_and_no_problem(stage: Stage) -> None:
    await stage.says("liu", "你好")
    await stage.reaches(MONDAY, "09:00")
    assert "1 项目 XM-001\n2 项目 XM-002" in await stage.reads("liu")
    await stage.presses("liu", "1 有进展")
    await stage.says("liu", "主体结构封顶，形象进度62%")
    await stage.presses("liu", "2 有问题")
    await stage.says("liu", LAND)
    await stage.presses("sun", "接办")
    await stage.says("sun", "反馈 2026-001 已报省厅")
    await stage.says("wang", "问题 缺少电焊工")
    await stage.presses("chen", "接办")
    await stage.presses("chen", "转办")
    await stage.says("chen", "项目")
    await stage.says("chen", "2026-002")
    await stage.presses("sun", "已解决")
    await stage.says("sun", "指标批了")
    await stage.presses("liu", "销号")
    for words in ("今日", "项目", "台账", "帮助", "请假 12月1日-12月3日", "看不懂的话", "进度 1"):
        await stage.says("liu", words)
    await stage.sends_picture("liu", "现场照片")
    for words in ("台账", "未激活", "材料", "清单", "催报"):
        await stage.says("zhao", words)
    await stage.joins("全县调度群", by="zhao")
    await stage.reaches(MONDAY, "15:00")
    await stage.reaches(MONDAY, "18:00")
    await stage.reaches(NEXT_MONDAY, "08:30")

    told = sent_abroad(stage)

    assert (await problem(stage)).state is State.CLOSED
    assert len(bot_api(stage).ledger) > 30
    assert {secret for secret in await secrets(stage) if secret in told} == set()
    assert all(not each.file and not each.content for each in bot_api(stage).ledger)


async def test_row_29_on_wecom_the_same_matter_is_told_whole(stage: Stage) -> None:
    await stage.says("liu", f"2 问题 {LAND}")

    assert f"{LAND}（刘敏 11-23 08:55 报）" in await stage.reads("sun")
    assert "问题 2026-001｜有新动态，请在企业微信或指挥部办公室查看。" in await stage.reads("chen")


async def test_row_29_the_daily_question_is_answered_by_the_numbers_of_the_projects(stage: Stage) -> None:
    await stage.says("liu", "你好")
    await stage.reaches(MONDAY, "09:00")

    await stage.presses("liu", "全部照旧")
    await stage.says("liu", "1 主体结构封顶，形象进度62%")

    assert (await stage.sees("liu"))[-1].text == "已记。"
    soda = await stage.asks(lambda tx: tx.projects.get(stage.town.ids["#soda"]))
    assert (soda.last_text, soda.permille) == ("主体结构封顶，形象进度62%", 620)


async def test_row_29_a_notice_that_names_somebody_is_not_shown_abroad(stage: Stage) -> None:
    await stage.says("wang", "问题 缺少电焊工")
    old = await stage.finger("chen", "接办")
    await stage.says("chen", "转办 2026-001 自然资源局 归他们管")
    await stage.presses("sun", "接办")

    assert await stage.presses_again("chen", old) == "请在企业微信或指挥部办公室查看。"


async def test_row_29_no_file_leaves_for_a_group_abroad(stage: Stage) -> None:
    await stage.joins("全县调度群", by="zhao")
    await stage.presses("zhao", "全县")

    await stage.reaches(NEXT_MONDAY, "08:30")

    digest = (await stage.group_sees("全县调度群", on="telegram"))[-3:]
    assert [each.file for each in digest] == ["", "", ""]
    assert digest[-1].text == "有一份材料，请在企业微信或指挥部办公室领取。"
