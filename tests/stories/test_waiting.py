"""What the office has not decided comes up again: once a working day, a line each, in one message."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.chat import Event
from bot.domain.missives import MissiveRules
from bot.domain.rhythm import Rhythm, When
from storage.store import Store
from tests.world import World
from tests.world import county as settings
from tests.world import world as county_at

MONTH_END = date(2026, 11, 30)
TUESDAY = date(2026, 12, 1)
WEDNESDAY = date(2026, 12, 2)
RHYTHMS = (
    Rhythm("旬督查表", When.parse("每旬"), to=("群", "牵头领导")),
    Rhythm("项目排名", When.parse("每月末"), hold=timedelta(hours=24)),
)


@pytest.fixture
async def county(open_store: Store) -> World:
    """A county on the evening of 30 November: two papers are drafted, a start has been said."""
    world = county_at(open_store, settings=settings(rhythms=RHYTHMS))
    await world.is_peopled()
    await world.happens(Event.JOINED_GROUP, chat="group1", detail="全县调度群")
    await world.hears("zhao", button="全县")
    await world.beats()
    await world.day_at(MONTH_END, "15:00")
    await world.hears("wang", "竣工 1 11月27日")
    await world.day_at(MONTH_END, "16:00")
    return world


def reminders(world: World) -> list[str]:
    return [said for said in world.said_to("zhao") if "等您定" in said]


async def test_what_nobody_decided_comes_up_the_next_working_day_in_one_message(county: World) -> None:
    await county.day_at(TUESDAY, "08:44")
    before = reminders(county)
    await county.day_at(TUESDAY, "08:45")
    await county.waits(minutes=5)
    await county.day_at(TUESDAY, "17:00")

    assert before == []
    [told] = reminders(county)
    assert told.splitlines() == [
        "还有 3 件等您定（点编号打开）：",
        "1 材料｜旬督查表 11-21至11-30（11月30日拟好）",
        "2 材料｜项目排名 11-01至11-30（11月30日拟好）",
        "3 王强报：「智慧物流园」竣工，11月27日。",
    ]


async def test_a_number_opens_what_it_stands_before_and_it_can_be_decided_there(county: World) -> None:
    await county.day_at(TUESDAY, "08:45")

    await county.hears("zhao", button="1")
    sheet = county.last("zhao")
    await county.hears("zhao", button="发布")
    await county.hears("zhao", button="3")
    step = county.last("zhao")
    await county.hears("zhao", button="同意")
    await county.beats()

    assert sheet.startswith("材料拟好了，请过目。")
    assert "本期完成 3200 万元" in sheet
    assert any("旬督查表" in said for said in county.said_to("group1"))
    assert step.startswith("王强报：「智慧物流园」竣工，11月27日。")
    assert county.said_to("wang")[-1].startswith("赵文静同意：「智慧物流园」竣工")


async def test_it_comes_again_until_it_is_decided_and_then_no_more(county: World) -> None:
    await county.day_at(TUESDAY, "08:45")
    await county.day_at(WEDNESDAY, "08:45")
    twice = len(reminders(county))
    for number in ("1", "2"):
        await county.hears("zhao", button=number)
        await county.hears("zhao", button="不发")
        await county.hears("zhao", "数字要重新核")
    await county.hears("zhao", button="3")
    await county.hears("zhao", button="不同意")
    await county.day_at(date(2026, 12, 3), "09:00")

    assert twice == 2
    assert len(reminders(county)) == 2


async def test_who_presses_what_a_colleague_has_decided_is_told(county: World) -> None:
    await county.day_at(TUESDAY, "08:45")
    await county.hears("zhao", button="不发")
    await county.hears("zhao", "数字要重新核")

    await county.hears("zhao", button="2")

    assert county.last("zhao") == "赵文静定了「项目排名 11-01至11-30」不发。"


async def test_an_objection_without_an_answer_waits_too(county: World) -> None:
    await county.hears("zhao", button="发布")
    await county.beats()
    await county.hears("chen", button="有异议")
    await county.hears("chen", "纯碱项目的数少了一笔")

    await county.day_at(WEDNESDAY, "08:45")
    await county.hears("zhao", button="2")
    again = county.last("zhao")
    await county.hears("zhao", button="维持")
    await county.hears("zhao", "已与统计局核对")
    await county.beats()

    assert "2 材料｜项目排名 11-01至11-30（有异议没答复，暂不发布）" in reminders(county)[-1]
    assert "纯碱项目的数少了一笔" in again
    assert any("项目排名" in said for said in county.said_to("group1"))


async def test_letters_of_an_earlier_day_stand_after_the_new_ones(county: World) -> None:
    rules = replace(county.county, missives=MissiveRules())
    county.county = rules
    object.__setattr__(county.watch, "county", rules)
    county.router._county = rules
    await county.hears("zhao", "发函 工作提示 自然资源局 请在12月5日前完成图审")

    await county.day_at(TUESDAY, "08:45")

    assert "5 工作提示｜自然资源局｜关于有关工作的工作提示" in reminders(county)[-1]


async def test_nothing_is_said_where_nothing_waits(world: World) -> None:
    before = len(world.said_to("zhao"))
    await world.day_at(date(2026, 11, 24), "08:50")

    assert len(world.said_to("zhao")) == before


async def test_eight_lines_are_enough(county: World) -> None:
    for nth in range(7):
        await county.hears("zhao", f"发函 工作提示 自然资源局 请办第 {nth} 件事")

    await county.day_at(TUESDAY, "08:45")

    lines = reminders(county)[-1].splitlines()
    assert lines[0] == "还有 10 件等您定（点编号打开）："
    assert lines[8].startswith("8 ")
    assert lines[9] == "另有 2 件，发「日程」「函件 草稿」「待同意」看全部。"
