"""延期: more time for a dated plan, from whoever may grant it, twice at most."""

from datetime import date

import pytest
from sqlalchemy import insert, select, update

from storage import tables
from storage.tx import Tx
from tests.stories.test_ladder import NEXT_MON, climbs, heard
from tests.stories.test_reporting import LAND, local, problem, trail
from tests.world import World

PLAN = "已组卷上报，12月3日前批复"


async def taken(world: World) -> None:
    """Let sun accept liu's problem, due on 30 November."""
    await world.hears("liu", LAND)
    await world.hears("sun", "接办 2026-001 已到现场")


async def pending(world: World) -> int:
    """Return how many requests wait for an answer."""
    statement = select(tables.requests.c.id).where(tables.requests.c.answer == "")
    return len(await world.asks(lambda tx: tx.connection.execute(statement).all()))


async def leads_no_more(world: World) -> None:
    """Let chen lead no project any more."""
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.assignments)
            .where(tables.assignments.c.person_id == world.ids["chen"])
            .values(until=date(2026, 11, 22))
        )
    )


# --- who grants it ----------------------------------------------------------------------


async def test_up_to_seven_days_more_are_the_lead_leaders_to_grant(world: World) -> None:
    await taken(world)

    await world.hears("sun", button="延期")
    assert world.last("sun").startswith("问题 2026-001 原定 11-30 前解决。延到哪天、怎么办完？")
    await world.hears("sun", f"12月7日 {PLAN}")

    assert world.last("chen").splitlines() == [
        "孙立新申请延期（第 1 次）：问题 2026-001｜泵业智造产业园｜用地",
        "用地指标未批，影响二期开挖",
        "原定 11-30，现定 11-30，申请延到12月7日。",
        f"计划：{PLAN}",
    ]
    assert world.said_to("zhao") == []
    assert local((await problem(world)).solve_due) == "11-30 18:00"
    assert f"已申请延期到 12-07，等陈志远（副县长）批准：{PLAN}" in world.said_to("sun")[0]
    await world.hears("chen", button="同意延期")

    found = await problem(world)
    assert (local(found.solve_due), local(found.first_due), found.extensions) == (
        "12-07 18:00",
        "11-30 18:00",
        1,
    )
    told = "陈志远（副县长）同意问题 2026-001（泵业智造产业园）延到12月7日（原定 11-30）。"
    assert (world.last("sun"), world.last("liu")) == (told, told)
    assert (await trail(world))[-2:] == ["problem.extension_asked", "problem.extended"]


async def test_more_than_seven_days_are_the_offices(world: World) -> None:
    await taken(world)

    await world.hears("sun", f"延期 2026-001 12月8日 {PLAN}")

    assert world.last("zhao").startswith("孙立新申请延期（第 1 次）")
    assert not any("同意延期" in message.labels for message in world.messages("chen"))
    await world.hears("chen", "同意 2026-001")
    assert await pending(world) == 1
    await world.hears("zhao", button="同意延期")
    assert local((await problem(world)).solve_due) == "12-08 18:00"


async def test_what_the_lead_leader_asks_for_is_the_offices(world: World) -> None:
    await taken(world)

    await world.hears("chen", f"延期 2026-001 12月2日 {PLAN}")

    assert world.last("zhao").startswith("陈志远（副县长）申请延期")


async def test_what_the_office_asks_for_the_lead_leader_who_holds_it_is_the_offices(world: World) -> None:
    def join(tx: Tx) -> None:
        tx.connection.execute(insert(tables.roles).values(person_id=world.ids["wang"], role="指挥部办公室"))

    await world.store.perform(join)
    await world.hears("liu", "2 问题 缺少电焊工")
    await world.hears("chen", "接办 2026-001")

    await world.hears("zhao", f"延期 2026-001 12月2日 {PLAN}")

    assert not any("同意延期" in message.labels for message in world.messages("chen"))
    await world.hears("zhao", button="同意延期")
    assert world.last("zhao") == "自己的申请请由另一位同志批准。"
    await world.hears("wang", button="同意延期")
    assert local((await problem(world)).solve_due) == "12-02 18:00"
    assert not any("同意延期" in message.labels for message in world.messages("zhao"))


async def test_a_lead_leader_of_yesterday_grants_nothing_and_the_office_does_instead(world: World) -> None:
    await taken(world)
    await world.hears("sun", f"延期 2026-001 12月7日 {PLAN}")
    await leads_no_more(world)

    notice = await world.hears("chen", button="同意延期")
    assert notice == "问题 2026-001 这件事不由您定，没有改动。"
    assert local((await problem(world)).solve_due) == "11-30 18:00"
    await world.hears("zhao", "2026-001")
    await world.hears("zhao", button="同意延期")

    assert local((await problem(world)).solve_due) == "12-07 18:00"


# --- what is asked for ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("11月20日 马上办", "11月20日已经过去了，请写一个以后的日期。"),
        ("11月30日 马上办", "问题 2026-001 现在的时限就是11月30日，请写一个更晚的日期。"),
        ("明天 马上办", "问题 2026-001 现在的时限就是11月30日，请写一个更晚的日期。"),
        ("我们会抓紧", "没有看到日期。请写：延期 2026-001 12月10日 怎么办完。"),
        ("13月40日 马上办", "没有看到日期。请写：延期 2026-001 12月10日 怎么办完。"),
    ],
)
async def test_an_impossible_day_is_one_sentence_and_can_be_put_right(
    world: World, words: str, answer: str
) -> None:
    await taken(world)
    await world.hears("sun", button="延期")
    before = await problem(world)

    await world.hears("sun", words)
    assert world.last("sun") == answer
    assert await problem(world) == before
    assert await pending(world) == 0
    await world.hears("sun", f"12月7日 {PLAN}")

    assert await pending(world) == 1


async def test_without_a_plan_it_is_asked_for_and_the_day_is_kept(world: World) -> None:
    await taken(world)
    await world.hears("sun", "延期 2026-001 12月7日")
    assert world.last("sun") == "延到12月7日，打算怎么办完？说一句。"
    assert await pending(world) == 0

    await world.hears("sun", PLAN)

    assert f"计划：{PLAN}" in world.last("chen")
    assert "申请延到12月7日" in world.last("chen")


async def test_refused_with_a_reason_the_deadline_stays(world: World) -> None:
    await taken(world)
    await world.hears("sun", f"延期 2026-001 12月7日 {PLAN}")

    await world.hears("chen", button="不同意")
    assert await pending(world) == 1
    await world.hears("chen", "月底必须开工")

    assert world.last("sun") == "陈志远（副县长）不同意问题 2026-001（泵业智造产业园）延期：月底必须开工"
    found = await problem(world)
    assert (local(found.solve_due), found.extensions) == ("11-30 18:00", 0)
    assert "不同意延期：月底必须开工" in world.said_to("sun")[0]
    assert not any("同意延期" in message.labels for message in world.messages("chen"))


async def test_asked_for_once_it_is_not_asked_for_again_and_the_question_lets_go(world: World) -> None:
    await taken(world)
    await world.hears("sun", button="延期")
    await world.hears("chen", f"延期 2026-001 12月8日 {PLAN}")

    await world.hears("sun", f"12月7日 {PLAN}")
    assert world.last("sun") == "问题 2026-001 的延期申请正等批准，不用再提。"
    await world.hears("sun", "另一句话")

    assert "正等批准" not in world.last("sun")
    assert await pending(world) == 1


async def test_twice_and_no_more(world: World) -> None:
    await taken(world)
    for day in ("12月4日", "12月9日"):
        await world.hears("sun", f"延期 2026-001 {day} {PLAN}")
        await world.hears("chen", button="同意延期")

    await world.hears("sun", f"延期 2026-001 12月12日 {PLAN}")

    assert world.last("sun") == "问题 2026-001 已经延期 2 次，不能再延。请「提请」领导决定。"
    found = await problem(world)
    assert (local(found.solve_due), local(found.first_due)) == ("12-09 18:00", "11-30 18:00")
    assert "原定 11-30 前解决，已延期 2 次。" in world.said_to("sun")[0]


async def test_the_first_deadline_stays_on_the_card_when_it_is_closed(world: World) -> None:
    await taken(world)
    await world.hears("sun", f"延期 2026-001 12月4日 {PLAN}")
    await world.hears("chen", button="同意延期")
    await world.hears("sun", "已解决 2026-001 指标已批")
    await world.hears("liu", button="销号")

    assert "已销号" in world.said_to("chen")[0]
    assert "原定 11-30 前解决，已延期 1 次。" in world.said_to("chen")[0]


async def test_granted_the_ladder_begins_anew_at_the_new_deadline(world: World) -> None:
    await taken(world)
    assert set(await heard(world, NEXT_MON, "18:00")) == {"sun", "chen"}
    await world.hears("sun", f"延期 2026-001 12月4日 {PLAN}")
    await world.hears("chen", button="同意延期")
    await world.hears("sun", "2026-001")
    assert "｜🟢 正常" in world.last("sun").splitlines()[0]

    assert "zhao" not in await heard(world, date(2026, 12, 1), "18:00")
    assert set(await heard(world, date(2026, 12, 4), "18:00")) == {"sun", "chen"}
    assert await climbs(world) == ["solve_1", "solve_1"]


async def test_a_day_that_is_past_when_it_is_granted_is_not_granted(world: World) -> None:
    await taken(world)
    await world.hears("sun", f"延期 2026-001 12月2日 {PLAN}")
    await world.day_at(date(2026, 12, 3), "09:30")

    await world.hears("chen", button="同意延期")

    assert world.last("chen") == "问题 2026-001 申请的日期已经过了，不能再批。请办理人重新申请。"
    assert (await problem(world)).extensions == 0


async def test_the_office_may_grant_what_the_lead_leader_leaves_lying(world: World) -> None:
    await taken(world)
    await world.hears("sun", f"延期 2026-001 12月4日 {PLAN}")
    assert await pending(world) == 1

    await world.hears("zhao", "2026-001")
    await world.hears("zhao", button="同意延期")

    assert local((await problem(world)).solve_due) == "12-04 18:00"


async def test_a_changed_urgency_takes_no_granted_time_back(world: World) -> None:
    await taken(world)
    await world.hears("sun", f"延期 2026-001 12月4日 {PLAN}")
    await world.hears("chen", button="同意延期")
    found = await problem(world)

    await world.hears("sun", "转办 2026-001 周海涛 需要县里统筹")
    await world.hears("liu", button="比较复杂")

    assert (await problem(world)).urgency == "复杂"
    assert (await problem(world)).solve_due == found.solve_due
