"""A county on two platforms at once: whoever is where, a matter is one, and a person is one."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from bot.domain.problems import State
from storage.store import Store
from tests.everywhere.stage import PNG, Stage, staged
from tests.everywhere.telegram import TelegramSide
from tests.everywhere.test_same_story import LAND, problem
from tests.everywhere.wecom_bot import WeComBotSide

MONDAY, TUESDAY, NEXT_MONDAY = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 30)
HOMES = {
    "chen": ("telegram",),
    "zhao": ("telegram",),
    "sun": ("wecom", "telegram"),
    "liu": ("wecom", "telegram"),
}


@pytest.fixture
async def stage(open_store: Store, tmp_path: Path) -> AsyncIterator[Stage]:
    """Liaisons on WeCom, leaders and the office on Telegram; liu and sun are on both."""
    sides = {"wecom": WeComBotSide, "telegram": TelegramSide}
    async with staged(open_store, tmp_path, sides, HOMES) as stage:
        yield stage


# --- a liaison here, a leader there -----------------------------------------------------


async def test_a_problem_of_a_liaison_on_wecom_is_taken_and_solved_by_a_leader_on_telegram(
    stage: Stage,
) -> None:
    await stage.reaches(MONDAY, "09:00")
    assert "早上好，王强。11月23日 周一，您有 1 个项目" in await stage.reads("wang")
    await stage.presses("wang", "有问题")
    await stage.says("wang", "缺少电焊工")
    assert "请在 11-23 13:00 前接办" in await stage.reads("chen")

    notice = await stage.presses("chen", "接办")
    assert notice == "已接办"
    assert "已由陈志远（副县长）接办" in await stage.reads("wang")
    await stage.says("chen", "反馈 2026-001 正在招人")
    assert "正在招人" in await stage.reads("wang")
    await stage.presses("chen", "已解决")
    await stage.says("chen", "已到岗 12 人")
    assert await stage.offered("wang") == ["销号", "没解决"]
    await stage.presses("wang", "销号")

    assert (await problem(stage)).state is State.CLOSED
    assert not any("转办" in seen.labels for seen in await stage.sees("chen"))
    assert "销号了" in await stage.reads("chen")


async def test_the_digest_comes_to_a_group_on_each_platform(stage: Stage) -> None:
    await stage.joins("大桥镇群", by="wang")
    assert "我被加进了群「大桥镇群」" in await stage.reads("zhao")
    await stage.presses("zhao", "属地…")
    await stage.presses("zhao", "大桥镇")
    await stage.joins("全县调度群", by="chen")
    await stage.presses("zhao", "全县")
    before = len(await stage.group_sees("大桥镇群", on="wecom"))

    await stage.reaches(NEXT_MONDAY, "08:30")

    here = (await stage.group_sees("大桥镇群", on="wecom"))[before:]
    there = await stage.group_sees("全县调度群", on="telegram")
    assert [here[0].text, there[0].text] == ["周报 属地:大桥镇 2026-W48", "周报 全县 2026-W48"]
    for _, picture, ledger in (here, there):
        assert (picture.content, ledger.content) == (PNG, stage.press.ledger)


# --- one person, two contacts -----------------------------------------------------------


async def test_a_morning_question_goes_to_the_chosen_platform_and_is_answered_from_the_other(
    stage: Stage,
) -> None:
    await stage.says("liu", "发到 Telegram", on="wecom")
    told = len(await stage.sees("liu", on="wecom"))
    await stage.reaches(MONDAY, "09:00")
    assert len(await stage.sees("liu", on="wecom")) == told
    assert "全部照旧" in await stage.offered("liu", on="telegram")

    await stage.says("liu", "全部照旧", on="wecom")

    assert "已记：2 个项目都照旧。" in await stage.reads("liu", on="wecom")
    await stage.reaches(MONDAY, "15:00")
    for name in ("wecom", "telegram"):
        assert "还差" not in await stage.reads("liu", on=name)


async def test_a_choice_holds_until_the_next_one(stage: Stage) -> None:
    await stage.says("liu", "发到telegram", on="wecom")
    await stage.reaches(MONDAY, "09:00")
    await stage.says("liu", "发到 企业微信", on="telegram")
    there = len(await stage.sees("liu", on="telegram"))

    await stage.reaches(TUESDAY, "09:00")

    assert "11月24日 周二，您有 2 个项目" in await stage.reads("liu", on="wecom")
    assert len(await stage.sees("liu", on="telegram")) == there


@pytest.mark.parametrize(("chosen", "other"), [("telegram", "wecom"), ("wecom", "telegram")])
async def test_a_card_on_one_platform_is_answered_by_typing_on_the_other(
    stage: Stage, chosen: str, other: str
) -> None:
    await stage.says("sun", f"发到 {chosen}", on=other)
    await stage.says("liu", LAND)
    assert "接办" in await stage.offered("sun", on=chosen)
    assert await stage.offered("sun", on=other) == []

    await stage.says("sun", "接办", on=other)

    assert (await problem(stage)).state is State.WORKING
    assert "您已接办问题 2026-001" in await stage.reads("sun", on=other)
    if stage.can("sun", on=chosen).changes():
        assert "反馈" in await stage.offered("sun", on=chosen)


@pytest.mark.parametrize(("first", "second"), [("telegram", "wecom"), ("wecom", "telegram")])
async def test_of_two_cards_the_one_answered_settles_the_other(stage: Stage, first: str, second: str) -> None:
    await stage.says("sun", f"发到 {first}", on=first)
    await stage.says("liu", LAND)
    old = await stage.finger("sun", "接办", on=first)
    await stage.says("sun", "2026-001", on=second)
    assert "接办" in await stage.offered("sun", on=second)

    await stage.presses("sun", "接办", on=second)

    assert "反馈" in await stage.offered("sun", on=second)
    if stage.can("sun", on=first).changes():
        assert "接办" not in await stage.offered("sun", on=first)
    assert ("孙立新已于 11-23 08:55 接办" in await stage.reads("sun", on=first)) is stage.can(
        "sun", on=first
    ).changes()
    before = len(await stage.sees("sun", on=first))
    await stage.presses_again("sun", old, on=first)
    (told,) = (await stage.sees("sun", on=first))[before:]
    assert told.text == "问题 2026-001 已由孙立新于 11-23 08:55 接办。"
