"""Words and numbers typed where a button could have been pressed."""

from datetime import date

from tests.world import World

MONDAY = date(2026, 11, 23)


async def test_a_button_that_an_update_took_away_is_not_meant_by_its_word(world: World) -> None:
    await world.hears("liu", "2 问题 用地指标未批")
    await world.hears("sun", "接办")
    await world.hears("liu", "1 问题 征地补偿款没到位")

    await world.hears("chen", "接办")

    assert world.last("chen").startswith("您已接办问题 2026-002")


async def test_a_word_takes_the_only_problem_whose_card_is_held_back_by_the_night(world: World) -> None:
    await world.day_at(MONDAY, "22:00")
    await world.hears("liu", "1 问题 征地补偿款没到位")
    assert world.said_to("chen") == []

    await world.hears("chen", "接办")

    assert world.last("chen").startswith("您已接办问题 2026-001")


async def test_a_word_that_could_mean_two_problems_asks_for_the_number(world: World) -> None:
    await world.day_at(MONDAY, "22:00")
    await world.hears("liu", "1 问题 征地补偿款没到位")
    await world.hears("wang", "问题 施工单位人手不够，工期紧")

    await world.hears("chen", "接办")

    assert "2026-001、2026-002" in world.last("chen")


async def test_a_number_picks_whom_to_ask_up(world: World) -> None:
    await world.hears("liu", "2 问题 用地指标未批")
    await world.hears("chen", "提请 1 请县里协调用地指标")

    await world.hears("chen", "2")

    assert world.last("chen") == "问题 2026-001 已提请何建国（县长）决定。答复之前，仍由原办理人负责。"


async def test_the_receipt_tells_how_the_problem_stands_since(world: World) -> None:
    await world.hears("liu", "2 问题 用地指标未批")
    receipt = world.messages("liu")[-1]
    assert "已交孙立新办理" in receipt.text

    await world.hears("zhao", "撤销 2026-001 报重了")

    assert "已撤销" in receipt.text
    assert "已交" not in receipt.text
    assert receipt.labels == []
