"""三函: drafted by themselves, released by one tap, numbered without gaps, watched by the ladder."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from bot.domain.missives import MissiveRules, MissiveState
from bot.errors import PaperError, TemplateError
from storage import tables
from tests.world import World

TUESDAY = date(2026, 11, 24)
OVERDUE = date(2026, 11, 9)
"""Fifteen days before."""


@pytest.fixture
def world(world: World) -> World:
    """The county, with the three letters drafted."""
    settings = replace(world.county, missives=MissiveRules())
    world.county = settings
    object.__setattr__(world.watch, "county", settings)
    world.router._county = settings
    return world


async def plans(world: World, project: str, **dates: Any) -> None:
    """Let a project have dates, and the unit of its liaison."""
    units = select(tables.units.c.id).where(tables.units.c.name == "经济开发区").scalar_subquery()
    values = {"unit_id": units, "planned": 0, "kind": "新上", "stage": "规划选址"} | dates
    statement = update(tables.projects).where(tables.projects.c.id == world.ids[f"#{project}"])
    await world.store.perform(lambda tx: tx.connection.execute(statement.values(**values)))


async def only_park(world: World, **dates: Any) -> None:
    """Let one project have dates, and the others no plan to be behind of."""
    for project in ("soda", "pump"):
        await plans(world, project)
    await plans(world, "park", **dates)


async def released(world: World) -> None:
    """Let the office release the letter on the overdue start of the park."""
    await only_park(world, planned_start=OVERDUE)
    await world.day_at(TUESDAY, "08:45")
    await world.hears("zhao", button="1")
    await world.hears("zhao", button="发出")
    await world.beats()


async def rows(world: World) -> list[Any]:
    statement = select(tables.missives).order_by(tables.missives.c.id)
    return list(await world.asks(lambda tx: tx.connection.execute(statement).all()))


async def states(world: World) -> list[str]:
    return [row.state for row in await rows(world)]


def papers(world: World, who: str) -> list[str]:
    return [message.paper.name for message in world.messages(who) if message.paper]


# --- drafted ----------------------------------------------------------------------------


async def test_the_office_hears_once_a_day_of_what_was_drafted(world: World) -> None:
    await only_park(world, planned_start=OVERDUE)
    await plans(world, "soda", planned_start=date(2026, 12, 24))

    await world.day_at(TUESDAY, "08:44")
    assert await states(world) == []
    await world.day_at(TUESDAY, "08:45")
    await world.waits(minutes=5)
    await world.day_at(date(2026, 11, 25), "08:45")

    told = [text for text in world.said_to("zhao") if "新拟" in text]
    [listed] = told
    assert listed.split("\n") == [
        "新拟好 2 件函，请过目（点编号看全文，再定发不发）：",
        "1 提醒函｜经济开发区｜关于做好年产100万吨纯碱项目开工准备的提醒函",
        "2 交办函｜经济开发区｜关于督促智慧物流园尽快开工的交办函",
    ]
    assert not any("函" in text for who in ("wang", "liu", "chen") for text in world.said_to(who))


async def test_drafting_waits_for_a_working_day(world: World) -> None:
    # Fifteen days on it is Saturday, 28 November.
    await only_park(world, planned_start=date(2026, 11, 13))

    await world.day_at(date(2026, 11, 27), "12:00")
    await world.day_at(date(2026, 11, 28), "12:00")
    assert await states(world) == []
    await world.day_at(date(2026, 11, 30), "08:45")
    assert await states(world) == [MissiveState.DRAFT]


async def test_a_start_recorded_in_time_withdraws_the_draft_and_a_moved_date_is_a_new_matter(
    world: World,
) -> None:
    await only_park(world, planned_start=OVERDUE)
    await plans(world, "soda", planned_start=OVERDUE)
    await world.day_at(TUESDAY, "08:45")

    await plans(world, "soda", planned_start=OVERDUE, actual_start=TUESDAY)
    await plans(world, "park", planned_start=date(2026, 11, 10))
    await world.day_at(date(2026, 11, 25), "08:45")

    assert await states(world) == [MissiveState.WITHDRAWN, MissiveState.WITHDRAWN, MissiveState.DRAFT]
    assert "自动撤回 2 件草稿：" in world.last("zhao")
    assert "（已经登记开工或竣工）" in world.last("zhao")
    assert "（计划改了）" in world.last("zhao")


@pytest.mark.parametrize(
    ("first", "second"),
    [(date(2027, 3, 31), date(2027, 4, 1)), (date(2027, 6, 30), date(2027, 7, 1))],
)
@pytest.mark.parametrize("is_released", [False, True])
async def test_a_quarter_that_ends_neither_doubles_nor_withdraws_what_is_said_of_progress(
    world: World, first: date, second: date, is_released: bool
) -> None:
    await only_park(world, planned=1_000_000, stage="落地开工")
    await world.day_at(first, "08:45")
    if is_released:
        await world.hears("zhao", button="1")
        await world.hears("zhao", button="发出")
        await world.beats()
    await world.day_at(second, "08:45")

    [row] = await rows(world)
    assert (row.kind, row.state) == ("督办函", "已发" if is_released else "待签发")
    assert not any("撤回" in text for text in world.said_to("zhao"))
    if not is_released:
        await world.hears("zhao", "函件 草稿")
        await world.hears("zhao", button="1")
        await world.hears("zhao", button="发出")
        await world.beats()
        assert await states(world) == [MissiveState.SENT]


async def test_sixty_days_after_a_letter_on_progress_there_may_be_another(world: World) -> None:
    await only_park(world, planned=1_000_000, stage="落地开工")
    await world.day_at(date(2027, 3, 31), "08:45")
    await world.hears("zhao", button="1")
    await world.hears("zhao", button="不发")
    await world.hears("zhao", "已经约谈")
    await world.day_at(date(2027, 5, 28), "08:45")
    assert await states(world) == [MissiveState.DECLINED]

    await world.day_at(date(2027, 5, 31), "08:45")
    assert await states(world) == [MissiveState.DECLINED, MissiveState.DRAFT]


async def test_a_draft_on_the_progress_of_last_year_is_withdrawn_with_the_true_reason(world: World) -> None:
    await only_park(world, planned=100_000_000, stage="落地开工")
    await world.day_at(date(2026, 12, 31), "08:45")
    await world.day_at(date(2027, 1, 4), "08:45")

    assert [(row.state, row.reason) for row in await rows(world)] == [
        ("已撤回", "已经跨年，按今年的计划重新看进度")
    ]


async def test_a_date_moved_back_brings_the_draft_back(world: World) -> None:
    await only_park(world, planned_start=OVERDUE)
    await world.day_at(TUESDAY, "08:45")
    await plans(world, "park", planned_start=date(2026, 12, 1), actual_start=TUESDAY)
    await world.day_at(date(2026, 11, 25), "08:45")
    await plans(world, "park", planned_start=OVERDUE, actual_start=None)
    await world.day_at(date(2026, 11, 26), "08:45")

    assert await states(world) == [MissiveState.DRAFT]


# --- released ---------------------------------------------------------------------------


async def test_one_tap_numbers_prints_sends_and_opens_a_problem(world: World) -> None:
    await released(world)

    [row] = await rows(world)
    assert (row.state, row.year, row.sequence, row.reply_due) == ("已发", 2026, 1, date(2026, 12, 1))
    [sheet] = world.press.sheets
    assert sheet.number == "〔2026〕交办1号"
    assert (sheet.addressee, sheet.office, sheet.day) == (
        "经济开发区",
        "青禾县指挥部办公室",
        "2026年11月24日",
    )
    assert sheet.text.endswith("\n请于2026年12月1日前回复办理情况。")
    assert papers(world, "wang") == ["〔2026〕交办1号.pdf"]
    assert papers(world, "zhao") == ["〔2026〕交办1号.docx", "〔2026〕交办1号.pdf"]
    assert world.last("wang") == (
        "〔2026〕交办1号 关于督促智慧物流园尽快开工的交办函\n主送：经济开发区\n"
        "你单位负责的智慧物流园（XM-003）计划于2026年11月9日开工，截至2026年11月24日尚未开工，已逾期15天。"
        "请查明原因，明确责任人和开工时间，抓紧推进，尽快开工。\n"
        "请12月1日前回复：点「回复」，或发「回复 交办1号 已于……」。"
    )
    [problem] = await world.asks(lambda tx: tx.problems.of_reporter(world.ids["zhao"]))
    assert (problem.id, problem.holder, problem.project) == (row.problem_id, "陈志远", "智慧物流园")
    assert any(text.startswith("问题 2026-001｜智慧物流园") for text in world.said_to("chen"))
    assert any(
        text == "已发出 〔2026〕交办1号，送王强；由问题 2026-001 跟踪。" for text in world.said_to("zhao")
    )
    trail = await world.asks(lambda tx: [step.action for step in tx.audit.trail("missive:1")])
    assert trail == ["missive.drafted", "missive.approved", "missive.released"]


async def test_of_two_clerks_one_wins_and_numbers_have_no_gaps(world: World) -> None:
    colleague = {"person_id": world.ids["he"], "role": "指挥部办公室"}
    await world.store.perform(lambda tx: tx.connection.execute(insert(tables.roles), colleague))
    await only_park(world, planned_start=OVERDUE)
    await plans(world, "soda", planned_start=OVERDUE)
    await world.day_at(TUESDAY, "08:45")
    for who in ("zhao", "he"):
        await world.hears(who, button="1")

    (pressed, _) = world.find_button("he", "发出")
    await world.hears("zhao", button="发出")
    world.messages("he")[-1].data["发出"] = pressed
    notice = await world.hears("he", button="发出")
    await world.beats()
    await world.hears("zhao", button="2")
    await world.hears("zhao", button="不发")
    await world.hears("zhao", "已经电话催过")
    await world.hears("zhao", "发函 交办函 经济开发区 请报送年度计划")
    await world.hears("zhao", button="发出")
    await world.beats()

    assert "赵文静 11-24 08:45 已经签发了" in notice
    numbers = [(row.state, row.sequence, row.reason) for row in await rows(world)]
    assert numbers == [("已发", 1, ""), ("不发", None, "已经电话催过"), ("已发", 2, "")]


@pytest.mark.parametrize("pressed_first", [False, True])
async def test_approval_after_the_trigger_vanished_is_refused_and_nothing_is_numbered(
    world: World, pressed_first: bool
) -> None:
    await only_park(world, planned_start=OVERDUE)
    await world.day_at(TUESDAY, "08:45")
    await world.hears("zhao", button="1")
    if pressed_first:
        # The start is recorded between the press and the printing.
        await world.hears("zhao", button="发出")
        await plans(world, "park", planned_start=OVERDUE, actual_start=TUESDAY)
        await world.beats()
    else:
        await plans(world, "park", planned_start=OVERDUE, actual_start=TUESDAY)
        await world.hears("zhao", button="发出")

    [row] = await rows(world)
    assert (row.state, row.sequence) == ("已撤回", None)
    assert "不用发了：已经登记开工或竣工。草稿已撤回，没有编号。" in world.last("zhao")
    assert papers(world, "wang") == []
    assert await world.asks(lambda tx: tx.problems.of_reporter(world.ids["zhao"])) == []


async def test_a_unit_without_a_contact_gets_nothing_and_the_office_hears_the_cure(world: World) -> None:
    await only_park(world, planned_start=OVERDUE)
    await world.day_at(TUESDAY, "08:45")
    await world.has_not_written("wang")
    await world.hears("zhao", button="1")
    await world.hears("zhao", button="发出")
    await world.beats()

    assert world.last("zhao").startswith("经济开发区没有一个人能收到消息，没有发出，也没有编号。")
    assert await states(world) == [MissiveState.DRAFT]


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (
            TemplateError("交办函.docx", "missing", "文号"),
            "没有发出，也没有编号：模板「交办函.docx」里少了字段「文号」，请加上 {{文号}}。",
        ),
        (PaperError("typst"), "这份函没能生成，没有发出，也没有编号。"),
    ],
)
async def test_what_cannot_be_printed_is_a_draft_again(world: World, failure: PaperError, told: str) -> None:
    await only_park(world, planned_start=OVERDUE)
    await world.day_at(TUESDAY, "08:45")
    world.press.failures.append(failure)
    await world.hears("zhao", button="1")
    await world.hears("zhao", button="发出")
    await world.beats()

    assert world.last("zhao").startswith(told)
    [row] = await rows(world)
    assert (row.state, row.sequence, row.problem_id) == ("待签发", None, None)

    await world.hears("zhao", button="发出")
    await world.beats()
    assert await states(world) == [MissiveState.SENT]


async def test_new_words_are_what_goes_out_and_the_old_ones_are_kept(world: World) -> None:
    await only_park(world, planned_start=OVERDUE)
    await world.day_at(TUESDAY, "08:45")
    await world.hears("zhao", button="1")
    old = world.find_button("zhao", "发出")[0]
    await world.hears("zhao", button="修改")
    await world.hears("zhao", "请在十日内开工。")
    world.messages("zhao")[-1].data["旧发出"] = old
    assert "刚刚改过" in await world.hears("zhao", button="旧发出")
    await world.hears("zhao", button="发出")
    await world.beats()

    assert world.press.sheets[0].text.startswith("请在十日内开工。\n")
    trail = await world.asks(lambda tx: tx.audit.trail("missive:1"))
    [reworded] = [step for step in trail if step.action == "missive.reworded"]
    assert str(reworded.detail["before"]).startswith("你单位负责的智慧物流园")


async def test_a_second_letter_on_the_same_matter_is_watched_by_the_same_problem(world: World) -> None:
    await released(world)
    await plans(world, "park", planned_start=date(2026, 11, 10))
    await world.day_at(date(2026, 11, 25), "08:45")
    await world.hears("zhao", button="1")
    await world.hears("zhao", button="发出")
    await world.beats()

    assert [(row.sequence, row.problem_id) for row in await rows(world)] == [(1, 1), (2, 1)]


async def test_the_office_writes_other_letters_itself(world: World) -> None:
    await only_park(world)
    await world.hears("zhao", "发函 工作提示 开发区 XM-003 请在12月5日前完成图审")
    assert world.last("zhao") == (
        "【工作提示草稿】\n关于智慧物流园有关工作的工作提示\n主送：经济开发区\n请在12月5日前完成图审\n请12月5日前回复。"
    )
    await world.hears("zhao", button="发出")
    await world.beats()

    [row] = await rows(world)
    assert (row.year, row.sequence, row.reply_due, row.problem_id) == (2026, 1, date(2026, 12, 5), None)
    assert "〔2026〕提示1号" in world.last("wang")
    await world.hears("zhao", "发函 通知 开发区 请")
    assert world.last("zhao").startswith("没有「通知」这种函。可以写：提醒函、交办函")
    await world.hears("zhao", "发函 工作提示 火星局 请办")
    assert world.last("zhao") == "没有找到单位「火星局」，请写名册里的名称。"
    await world.hears("wang", "发函 工作提示 开发区 请办")
    assert world.last("wang") == "这一项只有指挥部办公室可以办。"


async def test_a_letter_that_cannot_be_sent_is_a_draft_again_and_holds_up_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise KeyError("noun")

    monkeypatch.setattr("handlers.missive_ties.watch_over", fails)
    await released(world)

    assert await states(world) == ["待签发"]
    assert "没有发出，也没有编号" in world.last("zhao")
