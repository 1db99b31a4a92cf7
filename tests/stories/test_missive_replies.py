"""A letter is received, answered by its day, and closed or given back."""

from datetime import date

from sqlalchemy import select, update

from storage import tables
from storage.tx import Tx
from tests.stories.test_missives import released, rows, world  # noqa: F401 -- the county with its letters
from tests.world import World


async def test_a_letter_is_received_answered_and_closed(world: World) -> None:  # noqa: F811
    await released(world)

    assert await world.hears("wang", button="签收") == "已签收"
    await world.hears("zhao", "函件 交办1号")
    assert "送：王强（11-24 08:45 签收）" in world.last("zhao")
    await world.hears("wang", "回复 交办1号 已于11月24日开工")
    assert world.last("wang") == "已记：〔2026〕交办1号 的回复已交指挥部办公室。"
    assert world.last("zhao").startswith("王强（经济开发区）回复了 〔2026〕交办1号：\n")
    assert "回复（王强）：已于11月24日开工" in world.last("zhao")
    await world.hears("zhao", button="办结")

    [row] = await rows(world)
    assert (row.state, row.reply) == ("已办结", "已于11月24日开工")
    assert world.last("wang") == "〔2026〕交办1号 已办结，谢谢。"
    trail = await world.asks(lambda tx: [step.action for step in tx.audit.trail("missive:1")])
    assert trail[3:] == ["missive.received", "missive.replied", "missive.closed"]


async def test_a_receipt_and_a_reply_may_be_typed(world: World) -> None:  # noqa: F811
    await released(world)

    await world.hears("wang", "签收")
    assert world.last("wang") == "已签收"
    await world.hears("wang", button="回复")
    await world.hears("wang", "施工队已进场")
    [row] = await rows(world)
    assert (row.received_by, row.reply) == (world.ids["wang"], "施工队已进场")
    await world.hears("wang", "回复 又补了一句")
    assert world.last("wang").startswith("已记 ")  # an answer to the morning's question, as ever


async def test_nobody_else_answers_and_nobody_else_sees(world: World) -> None:  # noqa: F811
    await released(world)

    await world.hears("liu", "回复 交办1号 好")
    assert world.last("liu") == "交办1号 不是发给您的，没有改动。"
    await world.hears("liu", "函件")
    assert world.last("liu") == "没有这样的函。"
    await world.hears("liu", "函件 草稿")
    assert world.last("liu") == "这一项只有指挥部办公室可以办。"
    await world.hears("wang", "函件")
    assert world.last("wang").startswith("函件 共 1 件\n1 〔2026〕交办1号｜经济开发区")


async def test_what_is_not_answered_is_reminded_of_twice_and_the_office_told_once(
    world: World,  # noqa: F811
) -> None:
    await released(world)
    for day in (25, 26, 27):
        await world.day_at(date(2026, 11, day), "08:45")
    assert not any("前应回复" in text for text in world.said_to("wang"))

    await world.day_at(date(2026, 11, 30), "08:45")
    assert any(
        text.startswith("〔2026〕交办1号 12月1日前应回复，还没有收到：") for text in world.said_to("wang")
    )
    await world.day_at(date(2026, 12, 1), "12:00")
    await world.day_at(date(2026, 12, 2), "08:45")
    await world.waits(hours=1)
    await world.day_at(date(2026, 12, 3), "08:45")

    late = [text for text in world.said_to("wang") if text.startswith("〔2026〕交办1号 应在12月1日前回复")]
    told = [text for text in world.said_to("zhao") if "到期没有回复" in text]
    assert (len(late), len(told)) == (1, 1)
    await world.hears("zhao", "函件")
    assert world.last("zhao") == (
        "2026 年函件：\n交办函：已发 1，已签收 0，已回复 0，逾期 1\n"
        "点种类看明细；看一件，发「函件 交办3号」。"
    )
    await world.hears("zhao", button="逾期未回复")
    assert "｜逾期（12月1日前应回复）" in world.last("zhao")


async def test_in_january_a_number_without_a_year_is_that_of_the_letter_that_waits(
    world: World,  # noqa: F811
) -> None:
    await released(world)
    await world.day_at(date(2027, 1, 4), "12:00")
    await world.hears("wang", "回复 交办1号 已于12月30日开工")
    assert world.last("wang") == "已记：〔2026〕交办1号 的回复已交指挥部办公室。"

    await world.hears("zhao", button="办结")
    await world.hears("wang", "回复 交办1号 又补一句")
    assert world.last("wang").startswith("没有找到「交办1号」")


async def test_who_takes_the_work_over_has_the_letter_and_who_left_is_not_written_to(
    world: World,  # noqa: F811
) -> None:
    await released(world)
    await world.hears("zhao", "移交 王强 刘敏")
    assert "收到的 1 件函" in world.last("zhao")
    await world.hears("zhao", button="确认移交")
    assert any(
        text.startswith("王强的工作移交给您，这份函请接着办：\n〔2026〕交办1号")
        for text in world.said_to("liu")
    )
    before = len(world.said_to("wang"))
    await world.day_at(date(2026, 11, 30), "08:45")
    assert any(text.startswith("〔2026〕交办1号 12月1日前应回复") for text in world.said_to("liu"))
    assert not any("前应回复" in text for text in world.said_to("wang")[before:])

    await world.hears("liu", "回复 交办1号 已开工")
    assert world.last("liu") == "已记：〔2026〕交办1号 的回复已交指挥部办公室。"
    leave = update(tables.people).where(tables.people.c.id == world.ids["liu"]).values(active=False)
    await world.store.perform(lambda tx: tx.connection.execute(leave))
    before = len(world.said_to("liu"))
    await world.hears("zhao", "函件 交办1号")
    await world.hears("zhao", button="退回")
    await world.hears("zhao", "没写日期")
    assert not any("重新回复" in text for text in world.said_to("liu")[before:])


async def test_who_is_new_in_the_unit_signs_and_answers_what_it_got_before(world: World) -> None:  # noqa: F811
    await released(world)
    unit = select(tables.people.c.unit_id).where(tables.people.c.id == world.ids["wang"]).scalar_subquery()

    def change(tx: Tx) -> None:
        people = tables.people
        tx.connection.execute(update(people).where(people.c.id == world.ids["liu"]).values(unit_id=unit))
        tx.connection.execute(update(people).where(people.c.id == world.ids["wang"]).values(active=False))

    await world.store.perform(change)
    await world.hears("liu", "函件 交办1号")
    assert await world.hears("liu", button="签收") == "已签收"
    await world.hears("liu", "回复 已开工")
    [row] = await rows(world)
    assert (row.received_by, row.reply) == (world.ids["liu"], "已开工")


async def test_a_reply_that_is_not_enough_is_given_back_with_a_new_day(world: World) -> None:  # noqa: F811
    await released(world)
    await world.hears("wang", "回复 交办1号 正在办")
    await world.hears("zhao", button="退回")
    await world.hears("zhao", "没写开工时间")

    [row] = await rows(world)
    assert (row.state, row.reply_due, row.replied_at) == ("已发", date(2026, 12, 1), None)
    assert any(
        text.startswith("指挥部办公室请您重新回复 〔2026〕交办1号：没写开工时间\n")
        for text in world.said_to("wang")
    )
    await world.hears("wang", "回复 12月3日开工")
    [row] = await rows(world)
    assert (row.state, row.reply) == ("已回复", "正在办\n12月3日开工")


async def test_letters_never_come_into_a_group(world: World) -> None:  # noqa: F811
    await released(world)
    await world.hears("zhao", "函件", group="group-1")

    assert world.messages("group-1") == []
    statement = select(tables.outbox.c.key).where(
        tables.outbox.c.in_group, tables.outbox.c.key.like("missive%")
    )
    assert await world.asks(lambda tx: tx.connection.execute(statement).all()) == []
