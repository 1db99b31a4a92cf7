"""A problem is let be for a while: a reminder put off, or a question to its reporter."""

from datetime import date

import pytest

from bot.domain.problems import State
from tests.stories.test_ladder import MON, NEXT_MON, NEXT_TUE, THU, TUE, climbs, heard
from tests.stories.test_reporting import LAND, local, problem, trail
from tests.world import World

WED = date(2026, 11, 25)


async def reminded(world: World) -> None:
    """Let sun be reminded once to accept liu's problem."""
    await world.hears("liu", LAND)
    await world.day_at(MON, "12:55")


# --- put the next reminder off ----------------------------------------------------------


async def test_put_off_with_a_reason_nobody_hears_before_and_the_deadlines_stay(world: World) -> None:
    await reminded(world)
    await world.hears("sun", "推迟 2026-001 到明天 等局长签字")

    found = await problem(world)
    assert local(found.snoozed_until) == "11-24 08:30"
    assert (found.snoozes, local(found.accept_due), local(found.solve_due)) == (
        1,
        "11-23 12:55",
        "11-30 18:00",
    )
    assert world.last("sun") == "已记：问题 2026-001 11月24日前不再提醒，时限不变。"
    assert "提醒已推迟到 11-24 08:30（第 1 次），时限不变。" in world.said_to("chen")[0]
    assert await heard(world, MON, "16:55") == {}
    assert "chen" in await heard(world, TUE, "08:30")
    assert (await trail(world))[-2] == "problem.snoozed"


async def test_by_button_until_tomorrow_the_reason_is_asked_for(world: World) -> None:
    await reminded(world)
    await world.hears("sun", button="接办")
    await world.day_at(THU, "18:00")

    await world.hears("sun", button="推迟提醒")
    await world.hears("sun", button="到明天")
    assert world.last("sun") == "为什么推迟？说一句。"
    assert (await problem(world)).snoozes == 0
    await world.hears("sun", "等局长签字")

    assert (await problem(world)).snoozes == 1


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("等局长签字", "没有看到日期。请写：推迟 2026-001 到明天 等局长签字。"),
        ("到12月1日 等局长签字", "提醒最多推迟 7 天。要更久，请用「延期」。"),
        ("今天 等局长签字", "请写一个今天以后的日期，如「到明天 等局长签字」。"),
        ("11月20日 等局长签字", "请写一个今天以后的日期，如「到明天 等局长签字」。"),
        ("到明天", "推迟到11月24日，为什么？说一句。"),
    ],
)
async def test_what_is_missing_or_too_much_is_one_sentence(world: World, words: str, answer: str) -> None:
    await reminded(world)
    before = await problem(world)

    await world.hears("sun", f"推迟 2026-001 {words}")

    assert world.last("sun") == answer
    assert await problem(world) == before


async def test_seven_days_are_not_too_much_and_end_on_a_working_day(world: World) -> None:
    await reminded(world)

    await world.hears("sun", "推迟 2026-001 11月29日 等局长签字")

    assert local((await problem(world)).snoozed_until) == "11-30 08:30"


async def test_twice_and_no_more_even_after_accepting(world: World) -> None:
    await reminded(world)
    await world.hears("sun", "推迟 2026-001 到明天 等局长签字")
    await world.hears("sun", button="接办")
    await world.hears("sun", "推迟 2026-001 到后天 还没签")

    await world.hears("sun", "推迟 2026-001 到后天 还没签")

    assert world.last("sun") == "问题 2026-001 的提醒已经推迟 2 次，不能再推。办不完请「延期」或「提请」。"
    assert (await problem(world)).snoozes == 2


async def test_only_the_holder_puts_it_off(world: World) -> None:
    await reminded(world)

    await world.hears("chen", "推迟 2026-001 到明天 不急")

    assert world.last("chen") == "问题 2026-001 现在由孙立新办理（待接办），没有改动。"


async def test_what_is_due_today_is_not_put_off(world: World) -> None:
    await world.hears("liu", "2 问题 当天要办，用地红线内有人堵路")

    await world.hears("sun", "推迟 2026-001 到明天 等公安")

    assert world.last("sun") == "问题 2026-001 当天要办，不能推迟提醒。办不完请「延期」或「提请」。"
    assert (await problem(world)).snoozes == 0


# --- ask the reporter -------------------------------------------------------------------


async def test_while_the_reporter_is_asked_the_clocks_stand_still_and_move_by_as_long(
    world: World,
) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", button="问反映人")
    await world.hears("sun", "红线图有吗？")

    assert world.last("liu") == (
        "孙立新问您（问题 2026-001｜泵业智造产业园）：红线图有吗？\n请点「回答」回一句。"
    )
    assert "已问刘敏「红线图有吗？」，答复之前时限暂停。" in world.said_to("sun")[0]
    assert await heard(world, MON, "16:55") == {}
    await world.day_at(TUE, "08:55")
    await world.hears("liu", button="回答")
    await world.hears("liu", "有，发在群里了")

    found = await problem(world)
    assert (local(found.accept_due), local(found.solve_due)) == ("11-24 12:55", "12-01 18:00")
    assert found.text == "用地指标未批，影响二期开挖\n有，发在群里了"
    assert world.last("sun").splitlines() == [
        "刘敏答复了问题 2026-001（泵业智造产业园）：有，发在群里了",
        "时限继续计算，请在 12-01 前解决。",
    ]
    assert found.paused_at is None
    assert await heard(world, TUE, "12:54") == {}
    assert "sun" in await heard(world, TUE, "12:55")


async def test_no_answer_in_three_working_days_the_clocks_run_again(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "问反映人 2026-001 红线图有吗？")

    assert set(await heard(world, TUE, "08:55")) == {"liu"}
    assert world.last("liu").startswith("孙立新在等您答复这个问题，回一句就行：")
    assert "sun" not in await heard(world, WED, "09:00")
    told = await heard(world, THU, "08:55")

    assert told["sun"] == told["chen"] == ["刘敏一直没有答复，时限继续计算："]
    found = await problem(world)
    assert found.paused_at is None
    # Three days stood still: the four hours to accept end three days later, the week too.
    assert (local(found.accept_due), local(found.solve_due)) == ("11-26 12:55", "12-03 18:00")
    assert (found.next_rung, local(found.next_at)) == ("accept_1", "11-26 12:55")


async def test_a_late_answer_still_reaches_the_holder(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "问反映人 2026-001 红线图有吗？")
    for day, clock in ((TUE, "08:55"), (THU, "08:55")):
        await heard(world, day, clock)

    await world.hears("liu", button="回答")
    assert world.last("liu") == "问题 2026-001 已经不再等答复。还有要说的请回一句，孙立新会看到。"
    await world.hears("liu", "有，发在群里了")

    assert world.last("sun") == "问题 2026-001 有补充（刘敏）：有，发在群里了"


async def test_the_answer_may_be_typed_after_the_number(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "问反映人 2026-001 红线图有吗？")

    await world.hears("liu", "2026-001 有，发在群里了")

    found = await problem(world)
    assert (found.paused_at, found.text.splitlines()[-1]) == (None, "有，发在群里了")


async def test_nobody_elses_words_start_the_clocks(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "问反映人 2026-001 红线图有吗？")

    await world.hears("chen", "反馈 2026-001 我来催")
    await world.hears("sun", "反馈 2026-001 还在等")

    found = await problem(world)
    assert found.paused_at is not None
    assert found.next_rung == "answer_1"


async def test_accepting_meanwhile_the_clocks_still_wait_for_the_answer(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "问反映人 2026-001 红线图有吗？")
    await world.waits(hours=24)

    await world.hears("sun", button="接办")
    found = await problem(world)
    assert (found.state, found.question) == (State.WORKING, "红线图有吗？")
    assert found.paused_at is not None
    await world.hears("liu", "2026-001 有，发在群里了")

    assert local((await problem(world)).solve_due) == "12-01 18:00"


async def test_passed_on_meanwhile_the_time_it_stood_still_is_not_lost(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "问反映人 2026-001 红线图有吗？")
    await world.waits(hours=24)

    await world.hears("sun", "转办 2026-001 周海涛 需要县里统筹")

    found = await problem(world)
    assert (found.paused_at, local(found.solve_due)) == (None, "12-01 18:00")


async def test_asked_once_it_is_not_asked_again_before_the_answer(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", button="问反映人")
    await world.hears("chen", "问反映人 2026-001 红线图有吗？")

    await world.hears("sun", "规划条件有吗？")
    assert world.last("sun") == "问题 2026-001 已经在等刘敏答复。"
    await world.hears("sun", "另一句话")

    assert (await problem(world)).question == "红线图有吗？"
    assert "已经在等" not in world.last("sun")


async def test_who_reported_it_and_holds_it_too_is_asked_by_the_lead_leader_and_answers(
    world: World,
) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "转办 2026-001 刘敏 你们自己能办")
    await world.hears("chen", "问反映人 2026-001 需要县里做什么？")

    await world.hears("liu", button="回答")
    await world.hears("liu", "不用，已联系好了")

    assert (await problem(world)).paused_at is None


async def test_what_nobody_reported_but_oneself_is_not_asked(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "转办 2026-001 刘敏 你们自己能办")

    await world.hears("liu", "问反映人 2026-001 红线图有吗？")

    assert world.last("liu") == "反映人就是您自己，直接补充说明就行。"
    assert (await problem(world)).paused_at is None


async def test_withdrawn_meanwhile_the_answer_changes_nothing(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "问反映人 2026-001 红线图有吗？")
    await world.hears("liu", button="回答")
    await world.hears("zhao", "撤销 2026-001 报重了")

    await world.hears("liu", "有，发在群里了")

    assert world.last("liu") == "问题 2026-001 现在是「已撤销」，这一步不用再办了。"
    assert (await problem(world)).text == "用地指标未批，影响二期开挖"


async def test_solved_meanwhile_the_reporter_is_asked_to_confirm_instead(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "问反映人 2026-001 红线图有吗？")

    await world.hears("sun", "已解决 2026-001 已拿到图")

    found = await problem(world)
    assert (found.state, found.paused_at, found.next_rung) == (State.CONFIRMING, None, "confirm_1")
    for day, clock in ((NEXT_MON, "18:00"), (NEXT_TUE, "18:00")):
        await heard(world, day, clock)
    assert "answer_1" not in await climbs(world)


async def test_the_lead_leader_hears_that_a_reminder_was_put_off_and_why(world: World) -> None:
    await reminded(world)

    await world.hears("sun", "推迟 2026-001 到明天 等局长签字")

    assert world.last("chen") == (
        "孙立新把问题 2026-001（泵业智造产业园）的提醒推迟到11月24日：等局长签字。时限不变。"
    )


async def test_a_holder_asks_the_reporter_twice_and_no_more(world: World) -> None:
    await world.hears("liu", LAND)
    for question in ("缺口是多少？", "哪一期？"):
        await world.hears("sun", f"问反映人 2026-001 {question}")
        await world.hears("liu", "2026-001 五十亩")
    before = await problem(world)

    await world.hears("sun", "问反映人 2026-001 还有呢？")

    assert world.last("sun") == "问题 2026-001 已经问过反映人 2 次，时限不能再暂停。要了解情况，请直接联系。"
    assert await problem(world) == before


async def test_late_before_it_stood_still_it_keeps_a_distance_when_nobody_answers(world: World) -> None:
    """The rung that lets the clocks run again is one; the next does not come with the next beat."""
    await reminded(world)
    await world.hears("sun", "问反映人 2026-001 缺口是多少？")
    for day in (TUE, WED, THU, date(2026, 11, 27), NEXT_MON):
        await world.day_at(day, "16:00")
        if (await problem(world)).paused_at is None:
            break
    level = (await problem(world)).level

    await world.waits(seconds=10)

    assert (await problem(world)).level == level
