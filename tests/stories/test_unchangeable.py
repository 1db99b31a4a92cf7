"""A platform that changes no message and shows no notice: whoever presses is answered all the same."""

from bot.domain.problems import Urgency
from tests.stories.test_reporting import LAND, problem
from tests.world import World


async def presses(world: World, who: str, button: str, group: str = "") -> list[str]:
    """Press a button where no notice can be shown; Return what came of it in one's own chat."""
    before = len(world.said_to(who))
    await world.hears(who, button=button, group=group, shows_notice=False)
    return world.said_to(who)[before:]


async def test_what_cannot_be_changed_stays_and_nothing_is_sent_again(world: World) -> None:
    world.platform.edits = False
    await world.hears("liu", LAND)
    await world.waits(minutes=5)
    card, told = world.said_to("chen")[0], len(world.said_to("liu"))

    await world.hears("sun", button="接办")
    await world.hears("liu", "1 主体封顶")

    assert world.said_to("chen") == [card]
    taken, recorded = world.said_to("liu")[told:]
    assert taken == "问题 2026-001（泵业智造产业园）已由孙立新接办，11-30 前解决。"
    assert recorded.startswith("已记 1 年产100万吨纯碱项目：主体封顶")


async def test_where_messages_can_be_changed_nothing_comes_again(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("sun", "接办 2026-001")

    (card,) = world.said_to("chen")
    assert "孙立新已于" in card


async def test_the_reporter_hears_who_has_it_now_and_from_a_head_who_directs_it_once(world: World) -> None:
    world.platform.edits = False
    await world.hears("liu", LAND)
    told = len(world.said_to("liu"))

    await world.hears("sun", "转办 2026-001 陈志远 请县里牵头")
    await world.hears("chen", "提请 2026-001 请定由谁办")
    await world.hears("chen", button="周海涛（常务副县长）")
    await world.hears("zhou", "转给别人 2026-001 王强 归园区管")

    handed, directed = world.said_to("liu")[told:]
    assert handed == "问题 2026-001（泵业智造产业园）已交陈志远（副县长）办理。"
    assert "王强" in directed


async def test_a_press_that_is_answered_by_a_notice_alone_is_answered_by_a_message(world: World) -> None:
    await world.hears("liu", LAND)

    came = await presses(world, "liu", "当天要办")

    assert (await problem(world)).urgency is Urgency.TODAY
    assert came == ["已改为「当天」"]


async def test_a_notice_that_can_be_shown_is_no_message(world: World) -> None:
    await world.hears("liu", LAND)
    before = len(world.said_to("liu"))

    notice = await world.hears("liu", button="当天要办")

    assert notice == "已改为「当天」"
    assert world.said_to("liu")[before:] == []


async def test_a_press_that_is_answered_anyway_is_answered_once(world: World) -> None:
    await world.hears("liu", LAND)

    (came,) = await presses(world, "sun", "接办")

    assert came.startswith("您已接办问题 2026-001")


async def test_every_press_on_a_morning_question_leaves_a_trace(world: World) -> None:
    world.platform.edits = False
    await world.waits(minutes=5)

    assert await presses(world, "liu", "1 有进展") == [
        "年产100万吨纯碱项目：有什么进展？回一句就行，如「主体封顶，形象进度62%，本月完成3200万」。"
    ]
    assert await presses(world, "liu", "全部照旧") == ["已记：2 个项目都照旧。有变化随时说。"]
    assert await presses(world, "liu", "全部照旧") == ["今天都已经记过了。有新情况，直接发来就行。"]
    assert await presses(world, "wang", "照旧") == ["已记 智慧物流园：照旧。要改，直接再发一遍。"]


async def test_who_presses_in_a_group_is_told_in_their_own_chat(world: World) -> None:
    await world.hears("liu", LAND)
    world.platform.chats["group1"] = world.messages("sun").copy()

    came = await presses(world, "wang", "接办", group="group1")

    assert came == ["这个按钮是发给别人的，没有任何改动。"]
    assert len(world.said_to("group1")) == 1


async def test_a_stranger_who_presses_in_a_group_is_told_nothing(world: World) -> None:
    await world.hears("liu", LAND)
    world.platform.chats["group1"] = world.messages("sun").copy()

    assert await presses(world, "mallory", "接办", group="group1") == []


async def test_who_presses_in_a_group_is_told_by_a_notice_where_one_can_be_shown(world: World) -> None:
    await world.hears("liu", LAND)
    world.platform.chats["group1"] = world.messages("sun").copy()

    notice = await world.hears("wang", button="接办", group="group1")

    assert notice == "这个按钮是发给别人的，没有任何改动。"
    assert world.said_to("wang") == []


async def test_what_is_typed_brings_no_notice(world: World) -> None:
    await world.hears("liu", LAND)
    before = len(world.said_to("liu"))

    await world.hears("liu", "当天要办", shows_notice=False)

    assert "已改为「当天」" not in world.said_to("liu")[before:]
