"""The same stories of the daily round and of custody, on every platform over its own wire.

What a platform cannot do is said by its `Can`; nothing else may be different.
"""

from collections.abc import AsyncIterator, Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, select

from bot.domain.problems import Problem, State
from handlers import welcome
from handlers.turn import Beat
from storage import tables
from storage.store import Store
from storage.tx import Tx
from tests.everywhere.page import PageSide
from tests.everywhere.sides import Side
from tests.everywhere.stage import JPEG, PNG, Stage, staged
from tests.everywhere.telegram import TelegramSide
from tests.everywhere.wecom_app import WeComAppSide
from tests.everywhere.wecom_bot import WeComBotSide
from tests.world import World

MONDAY, NEXT_MONDAY = date(2026, 11, 23), date(2026, 11, 30)
LAND = "2 问题 用地指标未批，影响二期开挖"
OFFERED = ["接办", "转办", "已解决", "提请", "退回", "问反映人"]
OFFERED_IN_WORK = ["反馈", "转办", "已解决", "提请", "延期", "退回", "问反映人"]

SIDES: dict[str, Callable[[World], Side]] = {
    "telegram": TelegramSide,
    "wecom-bot": WeComBotSide,
    "wecom-app": WeComAppSide,
    "local": PageSide,
}


@pytest.fixture(params=SIDES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def stage(name: str, open_store: Store, tmp_path: Path) -> AsyncIterator[Stage]:
    """The small county, everybody on one platform."""
    async with staged(open_store, tmp_path, {name: SIDES[name]}) as stage:
        yield stage


async def problem(stage: Stage) -> Problem:
    found = await stage.asks(lambda tx: tx.problems.numbered("2026-001"))
    assert found is not None
    return found


async def attachment(stage: Stage) -> Row[Any]:
    return await stage.asks(lambda tx: tx.connection.execute(select(tables.attachments)).one())


# --- who is there -----------------------------------------------------------------------


async def test_what_waits_for_somebody_arrives_at_their_first_word(
    name: str, open_store: Store, tmp_path: Path
) -> None:
    async with staged(open_store, tmp_path, {name: SIDES[name]}, newcomers=("sun",)) as stage:
        can = stage.can("sun")
        await stage.says("liu", LAND)
        await stage.reaches(MONDAY, "09:00")
        assert bool(await stage.sees("sun")) is not can.needs_first_word

        await stage.says("sun", "帮助")

        words = await stage.reads("sun")
        assert words.count("孙立新，您好，我是青禾县项目联络员机器人") == 1
        assert words.count("用地指标未批，影响二期开挖") == 1
        await stage.presses("sun", "接办")
        assert (await problem(stage)).state is State.WORKING


@pytest.mark.parametrize("name", ["wecom-bot", "wecom-app"])
async def test_who_opens_the_chat_is_greeted_where_that_is_possible(
    name: str, open_store: Store, tmp_path: Path
) -> None:
    async with staged(open_store, tmp_path, {name: SIDES[name]}, newcomers=("sun",)) as stage:
        await stage.opens("sun")
        await stage.opens("liu")

        if stage.can("sun").greets_opening:
            assert (await stage.reads("sun")).startswith("孙立新，您好")
        else:
            assert await stage.sees("sun") == []
        assert await stage.sees("liu") == []
        assert await stage.asks(lambda tx: tx.inbox.buried()) == 0


async def test_a_code_that_is_typed_lets_somebody_in(stage: Stage) -> None:
    def invite(tx: Tx) -> str:
        wang = stage.town.ids["wang"]
        tx.connection.execute(tables.contacts.delete().where(tables.contacts.c.person_id == wang))
        beat = Beat(tx, stage.town.county, stage.watch.texts, stage.town.clock.now())
        return welcome.invite(beat, tx.people.get(wang))

    code = await stage.store.perform(invite)

    await stage.says("wang", f"/start {code}")

    assert (await stage.reads("wang")).startswith("王强，您好，我是青禾县项目联络员机器人。")
    assert "王强（经济开发区）" in await stage.reads("zhao")
    await stage.says("wang", "主体封顶")
    assert "已记 智慧物流园：主体封顶" in await stage.reads("wang")


async def test_a_stranger_gets_one_sentence_and_nothing_of_theirs_is_kept(stage: Stage) -> None:
    await stage.says("mallory", "芝麻开门")
    await stage.says("mallory", "快开门")

    (told,) = await stage.sees("mallory")
    assert told.text.startswith("您好，这里是青禾县项目联络员机器人，只为名册里的同志服务。")
    rows = await stage.asks(lambda tx: tx.connection.execute(select(tables.outbox.c.text)).scalars().all())
    assert not any("开门" in text for text in rows)


# --- the daily round --------------------------------------------------------------------


async def test_the_morning_question_is_answered_for_all_by_one_button(stage: Stage) -> None:
    await stage.reaches(MONDAY, "09:00")
    assert "早上好，刘敏。11月23日 周一，您有 2 个项目：" in await stage.reads("liu")
    assert "1 年产100万吨纯碱项目｜落地开工｜形象进度 58%｜累计 12.60 亿元" in await stage.reads("liu")
    assert await stage.offered("liu") == ["全部照旧", "1 有进展", "1 有问题", "2 有进展", "2 有问题"]

    notice = await stage.presses("liu", "全部照旧")

    assert notice == ("已记" if stage.can("liu").shows_notices else "")
    assert (await stage.sees("liu"))[-1].text == "已记：2 个项目都照旧。有变化随时说。"
    await stage.reaches(MONDAY, "15:00")
    assert "还差" not in await stage.reads("liu")
    assert "王强，今天还差这些项目没有消息" in await stage.reads("wang")


async def test_one_line_with_figures_is_read(stage: Stage) -> None:
    await stage.reaches(MONDAY, "09:00")

    await stage.says("liu", "1 主体封顶，形象进度62%，本月完成3200万")

    assert (await stage.sees("liu"))[-1].text == (
        "已记 1 年产100万吨纯碱项目：主体封顶；形象进度 62%（+4）；累计 12.92 亿元（+0.32）。"
        "要改，直接再发一遍。"
    )
    kept = await stage.asks(lambda tx: tx.projects.get(stage.town.ids["#soda"]))
    assert (kept.permille, kept.cumulative) == (620, 12_920_000)


async def test_the_same_command_twice_is_answered_twice(stage: Stage) -> None:
    await stage.says("liu", "项目")
    await stage.says("liu", "项目")

    first, second = await stage.sees("liu")
    assert first == second


async def test_a_button_that_a_card_has_no_room_for_is_typed(stage: Stage) -> None:
    def more(tx: Tx) -> None:
        for key, name in (("road", "站前大道"), ("mill", "纸业技改")):
            stage.town.project(tx, key, name, "liu")

    await stage.store.perform(more)
    await stage.reaches(MONDAY, "09:00")
    every = ["全部照旧", *(f"{number} {what}" for number in "1234" for what in ("有进展", "有问题"))]
    shown = stage.can("liu").cut(every)
    assert await stage.offered("liu") == shown
    for label in every[len(shown) :]:
        assert f"「{label}」" in await stage.reads("liu")

    await stage.says("liu", "4 有问题")
    await stage.says("liu", "缺少电焊工")

    found = await problem(stage)
    assert (found.project, found.text) == ("纸业技改", "缺少电焊工")


async def test_a_photograph_is_kept_with_its_words(stage: Stage) -> None:
    await stage.sends_picture("wang", "主体封顶")

    if stage.can("wang").pictures_have_words:
        assert "已记 智慧物流园：主体封顶（附 1 个文件）" in await stage.reads("wang")
    else:
        assert "照片（文件）存到了「智慧物流园」今天的报告里" in await stage.reads("wang")
    await stage.beats()
    row = await attachment(stage)
    assert (row.state, row.size) == ("fetched", len(JPEG))
    assert (await stage.asks(lambda tx: tx.reports.get(row.report_id))).text == "主体封顶"
    assert (stage.attachments / row.path).read_bytes() == JPEG


async def test_a_photograph_sent_before_its_words_waits_for_them_where_no_link_dies(stage: Stage) -> None:
    await stage.reaches(MONDAY, "09:05")
    await stage.sends_picture("liu")
    assert "记到哪个项目" in await stage.reads("liu")

    await stage.waits(minutes=6)
    await stage.says("liu", "2 设备进场")

    row = await attachment(stage)
    assert (row.state, row.size) == ("fetched", len(JPEG))
    assert (await stage.asks(lambda tx: tx.reports.get(row.report_id))).text == "设备进场"
    assert (stage.attachments / row.path).read_bytes() == JPEG


# --- custody ----------------------------------------------------------------------------


async def test_a_problem_typed_gets_a_receipt_and_its_card_goes_to_the_holder(stage: Stage) -> None:
    await stage.says("liu", LAND)

    assert "已记 问题 2026-001｜泵业智造产业园｜用地｜一般" in await stage.reads("liu")
    assert "已交孙立新办理" in await stage.reads("liu")
    assert "征拆" in await stage.offered("liu")
    assert "用地指标未批，影响二期开挖（刘敏 11-23 08:55 报）" in await stage.reads("sun")
    assert "请在 11-23 12:55 前接办，11-26 前反馈，11-30 前解决。" in await stage.reads("sun")
    assert await stage.offered("sun") == OFFERED
    assert "您牵头的项目有一个新问题，已交孙立新办理" in await stage.reads("chen")


async def test_accepted_by_a_button_everybody_hears_of_it_once(stage: Stage) -> None:
    await stage.says("liu", LAND)
    before = {who: len(await stage.sees(who)) for who in ("liu", "sun", "chen")}

    notice = await stage.presses("sun", "接办")

    can = stage.can("sun")
    assert notice == ("已接办" if can.shows_notices else "")
    assert (await problem(stage)).state is State.WORKING
    told = {who: [seen.text for seen in (await stage.sees(who))[count:]] for who, count in before.items()}
    assert told == {
        "liu": ["问题 2026-001（泵业智造产业园）已由孙立新接办，11-30 前解决。"],
        "sun": ["您已接办问题 2026-001，请在 11-30 前解决。有进展点「反馈」，办好点「已解决」。"],
        "chen": [],
    }
    assert await stage.offered("sun") == can.cut(OFFERED_IN_WORK)
    if can.changes():
        assert await stage.offered("chen") == can.cut(OFFERED_IN_WORK)
        assert await stage.offered("liu") == []
        assert "孙立新已于 11-23 08:55 接办" in await stage.reads("liu")
    else:
        # What stands on the old card is old; whoever presses it hears how things are.
        assert await stage.offered("chen") == OFFERED


async def test_a_press_that_is_answered_late_is_answered_all_the_same(stage: Stage) -> None:
    await stage.says("liu", LAND)

    await stage.presses("sun", "接办", busy=6)

    can = stage.can("sun")
    assert "您已接办问题 2026-001" in await stage.reads("sun")
    assert await stage.offered("sun") == can.cut(
        OFFERED_IN_WORK if can.changes(pressed=True, late=True) else OFFERED
    )


async def test_a_button_pressed_days_after_is_as_good(stage: Stage) -> None:
    await stage.says("liu", LAND)
    await stage.waits(hours=80)

    await stage.presses("sun", "接办")

    assert (await problem(stage)).state is State.WORKING
    assert "您已接办问题 2026-001" in await stage.reads("sun")
    assert "反馈" in await stage.offered("sun")


async def test_a_card_that_nobody_pressed_changes_as_often_as_it_can(stage: Stage) -> None:
    await stage.says("liu", LAND)
    await stage.says("sun", "接办 2026-001")
    await stage.says("sun", "已解决 2026-001 指标已批")

    can = stage.can("chen")
    changes = [can.changes(before=number) for number in range(2)]
    stands = [OFFERED, OFFERED_IN_WORK, []][sum(changes)]
    assert await stage.offered("chen") == can.cut(stands)


async def test_what_cannot_be_shown_for_a_moment_comes_as_a_message(stage: Stage) -> None:
    await stage.says("liu", LAND)

    notice = await stage.presses("liu", "征拆")

    told = [seen.text for seen in await stage.sees("liu")]
    assert ("已改为征拆类" in told) is not stage.can("liu").shows_notices
    assert (notice == "已改为征拆类") is stage.can("liu").shows_notices
    assert (await problem(stage)).category == "征拆"


async def test_an_old_button_changes_nothing_and_says_how_it_stands(stage: Stage) -> None:
    await stage.says("liu", LAND)
    old = await stage.finger("chen", "接办")
    await stage.presses("sun", "接办")
    await stage.says("sun", "已解决 2026-001 指标已批")
    await stage.says("liu", "销号 2026-001")
    before = len(await stage.sees("chen"))

    notice = await stage.presses_again("chen", old)

    (told,) = (await stage.sees("chen"))[before:]
    assert "问题 2026-001" in told.text
    if stage.can("chen").shows_notices:
        assert notice == told.text
    assert (await problem(stage)).state is State.CLOSED


async def test_accepted_by_typing_its_number(stage: Stage) -> None:
    await stage.says("liu", LAND)

    await stage.says("sun", "接办 2026-001")

    assert (await problem(stage)).state is State.WORKING
    assert "您已接办问题 2026-001" in await stage.reads("sun")
    assert "已由孙立新接办" in await stage.reads("liu")


async def test_passed_on_and_given_back_by_typing(stage: Stage) -> None:
    await stage.says("liu", LAND)

    await stage.presses("sun", "转办")
    await stage.says("sun", "周海涛 需要县里统筹")
    assert "孙立新转来一个问题：" in await stage.reads("zhou")
    assert "转办原因：需要县里统筹" in await stage.reads("zhou")
    assert "接办" in await stage.offered("zhou")
    await stage.says("zhou", "退回 2026-001 不归我管")

    found = await problem(stage)
    assert (found.holder, found.state) == ("陈志远", State.WAITING)
    assert "退回原因：不归我管" in await stage.reads("chen")
    assert "接办" in await stage.offered("chen")


async def test_solved_by_typing_and_confirmed_by_a_button(stage: Stage) -> None:
    await stage.says("liu", LAND)
    await stage.presses("sun", "接办")

    await stage.says("sun", "已解决 2026-001 指标已批")
    assert "孙立新说这个问题解决了" in await stage.reads("liu")
    assert "解决情况：指标已批" in await stage.reads("liu")
    assert await stage.offered("liu") == ["销号", "没解决"]
    notice = await stage.presses("liu", "销号")

    assert notice == ("已销号" if stage.can("liu").shows_notices else "")
    assert (await problem(stage)).state is State.CLOSED
    assert await stage.offered("liu") == ["没解决"]
    assert "已由刘敏确认解决，销号了" in await stage.reads("sun")
    if stage.can("sun").changes():
        assert await stage.offered("sun") == []


async def test_not_solved_by_typing_opens_it_one_level_up(stage: Stage) -> None:
    await stage.says("liu", LAND)
    await stage.presses("sun", "接办")
    await stage.presses("sun", "已解决")
    await stage.says("sun", "指标已批")

    await stage.says("liu", "没解决 2026-001")
    await stage.says("liu", "批文还没拿到")

    found = await problem(stage)
    assert (found.state, found.generation, found.holder) == (State.WAITING, 2, "陈志远")
    assert "批文还没拿到" in found.text
    assert "接办" in await stage.offered("chen")


# --- groups -----------------------------------------------------------------------------


async def test_the_weekly_digest_comes_to_a_group_as_words_picture_and_workbook(stage: Stage) -> None:
    await stage.joins("全县调度群")
    assert "我被加进了群「全县调度群」。这个群看哪个范围的周报？" in await stage.reads("zhao")
    await stage.presses("zhao", "全县")
    assert "好，群「全县调度群」每周一收到「全县」的周报。" in await stage.reads("zhao")
    before = len(await stage.group_sees("全县调度群"))

    await stage.reaches(NEXT_MONDAY, "08:30")

    words, picture, ledger = (await stage.group_sees("全县调度群"))[before:]
    assert words.text == "周报 全县 2026-W48"
    assert (picture.content, picture.is_picture) == (PNG, True)
    assert (ledger.file, ledger.content, ledger.is_picture) == ("台账.xlsx", stage.press.ledger, False)


async def test_a_digest_comes_once(stage: Stage) -> None:
    await stage.joins("全县调度群")
    await stage.presses("zhao", "全县")
    await stage.reaches(NEXT_MONDAY, "08:30")
    posted = await stage.group_sees("全县调度群")

    await stage.reaches(NEXT_MONDAY, "08:31")

    assert await stage.group_sees("全县调度群") == posted
