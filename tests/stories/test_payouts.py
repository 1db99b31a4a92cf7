"""政策兑现: what an enterprise was promised is a task until the enterprise says that it has the money."""

from datetime import date

import pytest
from sqlalchemy import insert, select

from bot.domain.people import Duty
from storage import tables
from storage.tx import Tx
from tests.world import World

PROMISED = "兑现 XM-002 自然资源局 12月4日前兑付设备补助200万"
AFTER = date(2026, 12, 7)


async def is_owned(world: World, key: str = "pump") -> None:
    row = {
        "project_id": world.ids[f"#{key}"],
        "person_id": world.ids["qian"],
        "duty": str(Duty.OWNER),
        "since": date(2026, 1, 1),
    }
    await world.store.perform(lambda tx: tx.connection.execute(insert(tables.assignments), row))


async def paid(world: World) -> tuple[int | None, int, str]:
    def ask(tx: Tx) -> tuple[int | None, int, str]:
        row = tx.connection.execute(select(tables.problems)).one()
        return row.promised, row.paid, row.state

    return await world.asks(ask)


async def test_a_promise_is_paid_in_parts_and_closed_by_the_enterprise(world: World) -> None:
    await is_owned(world)
    await world.hears("zhao", PROMISED)
    given, told, card = world.last("zhao"), world.last("qian"), world.last("sun")
    await world.hears("sun", "兑现 2026-001 50万")
    part, heard = world.last("sun"), world.last("qian")
    await world.hears("sun", "兑现 2026-001 付清")
    asked, labels = world.last("qian"), world.messages("qian")[-1].labels
    await world.hears("qian", button="销号")

    assert given == (
        "已记 任务 2026-001｜泵业智造产业园：12月4日前兑付设备补助200万\n"
        "承诺兑付 200 万元，由孙立新在 12-04 前付清，钱多多确认到账后销号。"
    )
    assert told.startswith("赵文静承诺向「泵业智造产业园」兑付 200 万元，由孙立新在 12-04 前付清：")
    assert "承诺兑付 200 万元，已付 0 万元，还差 200 万元。付了一笔，就发「兑现 2026-001 50万」。" in card
    assert part == "已记：任务 2026-001 累计兑付 50 万元，还差 150 万元。企业方会看到。"
    assert heard.endswith("有反馈（孙立新）：已兑付 50 万元，还差 150 万元（共 200 万元）。")
    assert asked.startswith("孙立新说这笔政策资金已全部付清。到账了请点「销号」，没到账就点「没解决」：")
    assert labels == ["销号", "没解决"]
    assert await paid(world) == (20_000, 20_000, "已销号")
    assert "已销号（钱多多 11-23 08:55 确认）。" in world.said_to("sun")[0]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("180万", "任务 2026-001 承诺 200 万元，已付 50 万元，只差 150 万元，超过的没有记。"),
        ("累计201万", "任务 2026-001 承诺 200 万元，已付 50 万元，只差 150 万元，超过的没有记。"),
        ("累计50万", "任务 2026-001 已付的就是 50 万元，没有改动。"),
        ("50", "没有看懂付了多少，没有记。"),
        ("退回50万", "没有看懂付了多少，没有记。"),
    ],
)
async def test_a_wrong_amount_is_said_and_not_noted(world: World, words: str, answer: str) -> None:
    await world.hears("zhao", PROMISED)
    await world.hears("sun", "兑现 2026-001 50万")

    await world.hears("sun", f"兑现 2026-001 {words}")

    assert world.last("sun").startswith(answer)
    assert await paid(world) == (20_000, 5_000, "办理中")


async def test_what_was_noted_wrongly_is_put_right_by_the_sum_so_far(world: World) -> None:
    await world.hears("zhao", PROMISED)
    await world.hears("sun", "兑现 2026-001 50万")

    await world.hears("zhao", "兑现 2026-001 累计5万")

    assert await paid(world) == (20_000, 500, "办理中")


async def test_nothing_is_called_solved_before_it_is_paid(world: World) -> None:
    await world.hears("zhao", PROMISED)
    await world.hears("sun", button="接办")

    await world.hears("sun", button="已解决")
    pressed = world.last("sun")
    await world.hears("sun", "已解决 2026-001 都付了")

    assert pressed.startswith("任务 2026-001 还差 200 万元没有兑付，不能报已解决。")
    assert world.last("sun") == pressed
    assert (await paid(world))[2] == "办理中"


async def test_money_that_has_not_come_goes_one_level_up(world: World) -> None:
    await is_owned(world)
    await world.hears("zhao", PROMISED)
    await world.hears("sun", "兑现 2026-001 付清")

    await world.hears("qian", button="没解决")
    reopened = world.last("chen")
    await world.hears("qian", "只到了100万")
    await world.hears("zhao", "兑现 2026-001 累计100万")
    await world.hears("chen", "兑现 2026-001 100万")

    assert reopened.startswith("钱多多说任务没有解决，请您接办：")
    assert await paid(world) == (20_000, 20_000, "待确认")


async def test_a_late_promise_climbs_as_a_problem_does(world: World) -> None:
    await world.hears("zhao", PROMISED)
    await world.hears("sun", button="接办")
    await world.hears("sun", "兑现 2026-001 40万")
    await world.day_at(AFTER, "09:30")

    late = world.last("chen")
    assert late.startswith("您牵头的项目有个任务到了时限还没解决（孙立新），请过问")
    assert "承诺兑付 200 万元，已付 40 万元，还差 160 万元。" in late


async def test_a_promise_of_a_visit_that_says_so_is_one_of_money(world: World) -> None:
    await world.hears("chen", "走访 XM-003 今天")
    await world.day_at(date(2026, 11, 23), "16:30")
    await world.hears("chen", button="去了")
    await world.hears("chen", button="正常")

    await world.hears("chen", "自然资源局 12月31日前兑付开工奖励80万")

    assert world.last("chen").endswith("承诺兑付 80 万元，由孙立新在 12-31 前付清，王强确认到账后销号。")
    assert "陈志远（副县长）承诺向「智慧物流园」兑付 80 万元" in world.last("wang")
    assert await paid(world) == (8_000, 0, "待接办")


async def test_who_pays_does_not_say_that_the_money_has_come_while_there_is_anybody_else(
    world: World,
) -> None:
    await world.hears("zhao", "兑现 XM-003 王强 12月7日前代付搬迁奖励3万")
    to_giver = world.last("zhao")
    await world.hears("zhao", "兑现 XM-003 赵文静 12月7日前付开工奖励3万")

    assert to_giver.endswith("承诺兑付 3 万元，由王强在 12-07 前付清，赵文静确认到账后销号。")
    assert world.last("zhao").endswith("由赵文静在 12-07 前付清，王强确认到账后销号。")


async def test_a_task_that_only_speaks_of_money_promises_none(world: World) -> None:
    await world.hears("zhao", "交办 王强 XM-003 12月7日前研究兑付办法，约需200万")

    assert world.last("zhao").startswith("已记 任务 2026-001｜智慧物流园")
    assert await paid(world) == (None, 0, "待接办")


async def test_those_to_whom_it_was_promised_do_not_take_it_back_but_who_promised_does(world: World) -> None:
    await world.hears("chen", PROMISED)
    await world.hears("liu", "撤销 2026-001 不要了")
    refused = (world.last("liu"), (await paid(world))[2])

    await world.hears("chen", "撤销 2026-001 另行登记")

    assert refused == ("任务 2026-001 不由您办理，没有改动。", "待接办")
    assert (await paid(world))[2] == "已撤销"


@pytest.mark.parametrize(
    ("who", "said", "answer"),
    [
        ("zhao", "兑现 XM-002 自然资源局 设备补助", "要写一个金额，带上单位"),
        ("zhao", "兑现 XM-002 自然资源局 设备补助200万、奖励50万", "要写一个金额，带上单位"),
        ("zhao", "兑现 XM-999 自然资源局 设备补助200万", "没有找到项目「XM-999」"),
        ("zhao", "兑现 XM-002 牛二 设备补助200万", "没有找到「牛二」"),
        ("zhao", "兑现 XM-002 自然资源局 11月2日前付设备补助200万", "日期已经过去了"),
        ("chen", "兑现 2026-099 50万", "没有找到问题 2026-099"),
    ],
)
async def test_what_is_no_promise_is_said_and_nothing_is_numbered(
    world: World, who: str, said: str, answer: str
) -> None:
    await world.hears(who, said)

    assert world.last(who).startswith(answer)
    assert await world.asks(lambda tx: tx.problems.numbered("2026-001")) is None


async def test_a_problem_is_no_promise_and_a_stranger_to_it_notes_nothing(world: World) -> None:
    await world.hears("liu", "1 问题 用地指标未批")
    await world.hears("sun", "兑现 2026-001 50万")
    await world.hears("wang", "兑现 2026-001 50万")

    assert world.last("sun") == "问题 2026-001 不是政策兑现，没有金额可记。"
    assert world.last("wang") == "问题 2026-001 不由您办理，没有改动。"


async def test_a_liaisons_words_about_money_are_an_answer(world: World) -> None:
    await world.waits(minutes=5)

    await world.hears("wang", "兑现 奖补资金已到账 50万")

    assert world.last("wang").startswith("已记 智慧物流园：兑现 奖补资金已到账 50万")


@pytest.mark.parametrize(
    ("who", "scope"), [("zhao", "全县"), ("chen", "专班:陈志远"), ("qian", "专班:钱多多（业主）")]
)
async def test_all_promises_come_as_a_paper_of_the_year(world: World, who: str, scope: str) -> None:
    await is_owned(world)

    await world.hears(who, "兑现")
    await world.beats()

    assert world.press.drafted == [f"政策兑现 {scope} 2026-01-01 2026-11-23"]
