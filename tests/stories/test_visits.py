"""Visits: planned in a line, briefed the evening before, told in three taps; the rest on Thursday."""

from datetime import date

import pytest
from sqlalchemy import update

from storage import tables
from tests.world import World

WED, THU, FRI = (date(2026, 11, day) for day in (25, 26, 27))
NEXT_WED = date(2026, 12, 2)


async def visited(world: World, *presses: str) -> None:
    """Let the leader plan the pump works for Thursday, and press after it."""
    await world.hears("chen", "走访 泵业 周四")
    await world.day_at(THU, "16:30")
    for label in presses:
        await world.hears("chen", button=label)


async def test_the_brief_says_on_one_screen_what_to_know(world: World) -> None:
    await world.hears("liu", "1 问题 用地指标未批")
    await world.hears("chen", "交办 自然资源局 XM-001 12月10日前完成组卷")
    await visited(world, "去了", "正常", "没有")
    await world.hears("chen", "走访 纯碱 今天")
    await world.waits(minutes=1)
    await world.hears("chen", button="去了")
    await world.hears("chen", button="有困难")
    await world.hears("chen", "12月1日前协调用电\n自然资源局 11月30日前完成勘界")

    await world.hears("chen", "走访 XM-001 12月3日")
    planned = world.last("chen")
    await world.day_at(NEXT_WED, "17:59")
    before = len(world.said_to("chen"))
    await world.day_at(NEXT_WED, "18:00")

    assert planned == "已记：12月3日（周四）走访「年产100万吨纯碱项目」。12-02 18:00把要点发给您。"
    (brief,) = world.said_to("chen")[before:]
    assert brief.splitlines() == [
        "【走访要点】12月3日（周四）｜年产100万吨纯碱项目",
        "上次承诺：2026-004 11月30日前完成勘界（孙立新，🔴 超期，11-30 前，待接办）",
        "上次承诺：2026-003 12月1日前协调用电（陈志远，🔴 超期，12-01 前，办理中）",
        "未销号：🔴 超期 2026-001 用地指标未批（孙立新）",
        "形象进度 58%，累计 12.60 亿元，完成年计划 63%（时间进度 92%）",
        "最近：上周一 用地指标未批",
        "可见：刘敏（联络员）",
    ]


async def test_three_taps_and_a_line_make_a_dated_task(world: World) -> None:
    await world.hears("chen", "走访 泵业 周四")
    await world.day_at(WED, "18:00")
    await world.day_at(THU, "07:50")
    morning = world.last("chen")
    await world.day_at(THU, "16:30")
    asked = next(each for each in reversed(world.messages("chen")) if "去了吗" in each.text)

    await world.hears("chen", button="去了")
    how = world.messages("chen")[-1]
    await world.hears("chen", button="很着急")
    promise = world.messages("chen")[-1]
    await world.hears("chen", button="有承诺")
    await world.hears("chen", "12月5日前协调用电")

    assert morning == "早上好，陈志远。11月26日 周四\n今天走访：泵业智造产业园。"
    assert (asked.text, asked.labels) == ("今天走访「泵业智造产业园」，去了吗？", ["去了", "改天", "不去了"])
    assert how.labels == ["正常", "有困难", "很着急"]
    assert promise.labels == ["有承诺", "没有"]
    assert world.last("chen") == (
        "已记 任务 2026-001｜泵业智造产业园：12月5日前协调用电\n由您办理，12-05 前完成。"
    )
    task = await world.asks(lambda tx: tx.problems.numbered("2026-001"))
    assert task is not None
    assert (task.origin, task.state, task.solve_due and world.county.calendar.day_of(task.solve_due)) == (
        "visit:1",
        "办理中",
        date(2026, 12, 5),
    )


async def test_a_problem_found_on_the_site_is_reported_in_the_same_breath(world: World) -> None:
    await visited(world, "去了", "有困难")

    await world.hears("chen", "问题 用地指标未批")

    assert world.last("chen").startswith("已记 问题 2026-001｜泵业智造产业园｜用地")
    assert "用地指标未批（陈志远" in world.last("sun")


async def test_another_day_is_planned_anew_and_one_called_off_is_let_be(world: World) -> None:
    await visited(world, "改天")
    offered = world.messages("chen")[-1].labels
    await world.hears("chen", button="周五")
    moved = world.said_to("chen")[-1:]
    await world.day_at(FRI, "16:30")
    await world.hears("chen", button="不去了")

    assert offered == ["周五", "周一", "周二", "周三"]
    assert moved == ["已记：11月27日（周五）走访「泵业智造产业园」。11-26 18:00把要点发给您。"]
    assert world.last("chen") == "已记：这次不走访「泵业智造产业园」了。"
    assert not any("走访" in said for who in ("zhao", "liu", "zhou") for said in world.said_to(who))


async def test_the_week_says_where_somebody_was_goes_and_has_yet_to_go(world: World) -> None:
    await visited(world, "去了", "正常")
    await world.hears("chen", "走访 物流园 周五")

    await world.hears("chen", "走访")

    assert world.last("chen").splitlines()[:4] == [
        "本周走访（1/3）：",
        "○ XM-001 年产100万吨纯碱项目（还没去）",
        "✓ XM-002 泵业智造产业园（11月26日已走访）",
        "· XM-003 智慧物流园（11月27日 周五去）",
    ]
    assert world.messages("chen")[-1].labels == ["XM-001", "XM-003"]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("走访 XM-001 11月3日", "日期已经过去了，或者没有这一天，没有记。请写今天或以后的日期。"),
        ("走访 化肥厂 周四", "没有找到项目「化肥厂」，请写项目编号，或写全名称。"),
        ("走访 周四", "请写：走访 哪个项目 哪天，如「走访 XM-012 周四」。只发「走访」，看本周走访了哪些。"),
        ("走访 XM-001", "走访「年产100万吨纯碱项目」，哪天去？点一下，或回日期，如「周四」。"),
    ],
)
async def test_what_cannot_be_planned_is_said_and_nothing_is_kept(
    world: World, said: str, answer: str
) -> None:
    await world.hears("chen", said)

    assert world.last("chen") == answer
    assert await world.asks(lambda tx: tx.visits.get(1)) is None


async def test_only_what_is_built_is_visited_weekly_and_only_by_its_leader(world: World) -> None:
    reserve = update(tables.projects).where(tables.projects.c.number == "XM-002").values(kind="储备")
    await world.store.perform(lambda tx: tx.connection.execute(reserve))

    await world.hears("chen", "走访 XM-002 周四")
    refused = world.last("chen")
    await world.hears("zhou", "走访")
    await world.hears("liu", "1 走访 企业三家，主体封顶")

    assert refused == "「泵业智造产业园」是储备项目，不在每周走访之内，没有记。"
    assert world.last("zhou") == "您没有牵头在建、新上的项目，不用走访。"
    assert world.last("liu").startswith("已记")


# --- Thursday ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "planned", "left"),
    [
        ((), (), ["XM-001", "XM-002", "XM-003"]),
        (("XM-002",), (), ["XM-001", "XM-003"]),
        (("XM-002",), ("XM-001",), ["XM-003"]),
        (("XM-001", "XM-002"), ("XM-003",), []),
        (("XM-001", "XM-002", "XM-003"), (), []),
    ],
)
async def test_on_thursday_a_leader_alone_sees_what_nobody_has_visited(
    world: World, made: tuple[str, ...], planned: tuple[str, ...], left: list[str]
) -> None:
    await world.day_at(WED, "17:00")
    for number in made:
        await world.hears("chen", f"走访 {number} 今天")
        await world.hears("chen", "走访")
        await world.hears("chen", button=number)
        await world.hears("chen", button="去了")
    for number in planned:
        await world.hears("chen", f"走访 {number} 周五")

    await world.day_at(THU, "14:59")
    before = {who: len(world.said_to(who)) for who in world.ids if not who.startswith("#")}
    await world.day_at(THU, "15:00")
    await world.day_at(THU, "15:01")

    heard = {
        who: [said for said in world.said_to(who)[seen:] if "走访" in said] for who, seen in before.items()
    }
    assert {who for who, said in heard.items() if said} == ({"chen"} if left else set())
    if left:
        (said,) = heard["chen"]
        assert said.startswith(f"本周还没走访的项目有 {len(left)} 个：")
        assert [line[:6] for line in said.splitlines() if line.startswith("XM-")] == left


async def test_who_is_on_leave_that_day_is_not_asked_for_visits(world: World) -> None:
    await world.hears("chen", "请假 11-26 11-26 孙立新")
    await world.day_at(THU, "14:59")
    before = {who: len(world.said_to(who)) for who in ("chen", "sun")}

    await world.day_at(THU, "15:00")

    assert {who: world.said_to(who)[seen:] for who, seen in before.items()} == {"chen": [], "sun": []}


async def test_after_down_time_it_is_asked_once_how_it_was(world: World) -> None:
    await world.hears("chen", "走访 泵业 周四")
    await world.day_at(FRI, "09:00")
    await world.waits(hours=1)

    asked = [each for each in world.said_to("chen") if "去了吗？" in each]
    assert asked == ["昨天走访「泵业智造产业园」，去了吗？"]
