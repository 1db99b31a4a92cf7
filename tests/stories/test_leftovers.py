"""What is left to the office is one card: what is retried goes its way, what is discarded ends."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.chat import Address, Incoming, Outgoing, Ref, Unreadable
from bot.domain.reference import reference
from bot.errors import Cause, DeliveryError, Failure
from handlers import progress
from handlers.retrying import revived
from handlers.turn import Turn
from storage import tables
from storage.leftovers import set_aside
from tests.world import World


def refused() -> DeliveryError:
    return DeliveryError(Failure.REFUSED, "message is too long")


async def is_left(world: World, who: str) -> None:
    """Let an answer to somebody be refused."""
    world.platform.failures.append(refused())
    await world.hears(who, "帮助")


async def deeds(world: World) -> list[str]:
    trail = select(tables.audit.c.action).where(tables.audit.c.action.like("leftover.%"))
    return list(await world.asks(lambda tx: tx.connection.execute(trail).scalars().all()))


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Answers cannot be handled until it is undone."""

    def fails(_: Turn) -> None:
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(progress, "answer", fails)
        yield patch


async def test_a_dozen_failures_are_one_message_and_the_next_comes_an_hour_later(world: World) -> None:
    for _ in range(6):
        await is_left(world, "sun")
        await is_left(world, "wang")
    assert len(world.said_to("zhao")) == 1

    await world.waits(minutes=59)
    assert len(world.said_to("zhao")) == 1
    await world.waits(minutes=2)

    assert len(world.said_to("zhao")) == 2
    card = world.last("zhao")
    assert card.startswith("有 12 条消息要办公室处理：\n1. 没送到孙立新：「")
    assert "另有 7 条" in card
    await world.waits(hours=3)
    assert len(world.said_to("zhao")) == 2


async def test_why_it_did_not_arrive_is_said_in_chinese_before_the_platform_s_own_words(world: World) -> None:
    world.platform.failures.append(
        DeliveryError(Failure.REFUSED, "Bad Request: message is too long", cause=Cause.TOO_LONG)
    )
    await world.hears("sun", "帮助")
    world.platform.failures.append(DeliveryError(Failure.REFUSED, "errcode 86201: hint: [17]"))
    await world.hears("wang", "帮助")
    await world.waits(minutes=61)

    lines = world.last("zhao").splitlines()
    assert lines[1].startswith("1. 没送到孙立新：「")
    assert "」，内容超过平台允许的长度（Bad Request: message is too long；编号 " in lines[1]
    assert "」，平台没有接收（errcode 86201: hint: [17]；编号 " in lines[2]


async def test_what_is_sent_again_arrives_and_the_card_says_that_nothing_is_left(world: World) -> None:
    await is_left(world, "sun")
    assert world.said_to("sun") == []

    await world.hears("zhao", button="重试 1")

    assert len(world.said_to("sun")) == 1
    assert world.said_to("zhao")[0] == "没有要办公室处理的消息。"
    assert world.last("zhao") == "好，1 条已重试；再不成功会再列出来。"
    assert await deeds(world) == ["leftover.retried"]


async def test_what_fails_again_is_left_to_the_office_again(world: World) -> None:
    await is_left(world, "sun")
    send = world.platform.send

    async def refuse_sun(message: Outgoing) -> Ref | None:
        if message.to.chat == world.account("sun"):
            raise refused()
        return await send(message)

    world.platform.send = refuse_sun  # type: ignore[method-assign]

    await world.hears("zhao", button="重试 1")
    await world.waits(hours=1)

    assert "没送到孙立新" in world.last("zhao")


async def test_an_answer_that_broke_a_handler_is_handled_once_that_is_mended(
    world: World, broken: pytest.MonkeyPatch
) -> None:
    await world.hears("wang", "屋架吊装完成", key="fake:broken")
    assert f"（编号 {reference('fake:broken')}）" in world.last("wang")
    await world.beats()
    assert (
        f"没处理成：王强 11-23 08:55 发来「屋架吊装完成」（编号 {reference('fake:broken')}）"
        in world.last("zhao")
    )

    await world.hears("zhao", button="重试 1")
    await world.beats()
    assert len(world.said_to("wang")) == 1
    await world.waits(hours=1)
    assert "没处理成" in world.last("zhao")
    broken.undo()
    await world.hears("zhao", button="重试 1")
    await world.beats()
    await world.hears("wang", "屋架吊装完成", key="fake:broken")

    assert [text for text in world.said_to("wang") if text.startswith("已记")] == [
        "已记 智慧物流园：屋架吊装完成。要改，直接再发一遍。"
    ]
    assert await world.asks(lambda tx: tx.inbox.buried()) == 0


async def test_what_could_not_be_read_is_read_again_by_its_platform(world: World) -> None:
    await world.router.receive(Unreadable("fake:7", "fake", '{"update_id": 7}', "kind not known"))
    await world.beats()
    assert "没处理成：fake 11-23 08:55 发来的一条" in world.last("zhao")
    world.platform.readable['{"update_id": 7}'] = Incoming(
        key="other", at=Address("fake", "account-liu"), sender="account-liu", sent_at=world.clock.now(),
        text="1 主体封顶",
    )  # fmt: skip

    await world.hears("zhao", button="重试 1")
    await world.beats()

    assert "已记 1 年产100万吨纯碱项目：主体封顶" in world.last("liu")


async def test_what_still_cannot_be_read_comes_back(world: World) -> None:
    await world.router.receive(Unreadable("fake:7", "fake", '{"update_id": 7}', "kind not known"))
    await world.beats()

    await world.hears("zhao", button="重试 1")
    await world.beats()
    await world.waits(hours=1)

    assert "没处理成：fake" in world.last("zhao")


async def test_discarding_asks_once_more_and_is_written_down(world: World) -> None:
    await is_left(world, "sun")

    await world.hears("zhao", button="作废 1")
    assert world.last("zhao").startswith("确认作废 1 条？")
    assert await deeds(world) == []
    await world.hears("zhao", button="确认作废")

    assert world.last("zhao") == "已作废 1 条。"
    assert await deeds(world) == ["leftover.discarded"]
    await world.waits(days=1)
    assert world.said_to("sun") == []
    assert await world.hears("zhao", button="确认作废") == "这条已经处理过了。"


async def test_all_means_what_stood_there_when_the_button_was_shown(world: World) -> None:
    await is_left(world, "sun")
    await is_left(world, "wang")
    await world.hears("zhao", "待核")
    await world.hears("zhao", button="全部作废")
    await is_left(world, "liu")

    await world.hears("zhao", button="确认作废")

    assert world.last("zhao") == "已作废 2 条。"
    await world.hears("zhao", "待核")
    assert "没送到刘敏" in world.last("zhao")


async def test_nobody_else_can_see_or_settle_it(world: World) -> None:
    await world.hears("liu", "待核")

    assert world.last("liu") == "这一项只有指挥部办公室可以办。"


async def test_what_a_backup_owed_is_sent_only_when_the_office_says_so_and_marked(world: World) -> None:
    await world.hears("sun", "帮助", settle=False)
    await world.store.perform(lambda tx: set_aside(tx.connection, world.clock.now()))
    await world.beats()
    assert world.said_to("sun") == []
    assert "恢复后待核，可能已经送到：给孙立新「孙立新，" in world.last("zhao")

    await world.hears("zhao", button="重发 1")

    (told,) = world.said_to("sun")
    assert told.startswith("（可能重复：上一次没有确认是否送达）\n")


async def test_at_night_the_card_waits_for_the_morning(world: World) -> None:
    world.clock.set(world.clock.now() + timedelta(hours=14))
    world.platform.failures.append(refused())

    await world.hears("sun", "帮助")
    assert world.said_to("zhao") == []
    await world.day_at((world.clock.now() + timedelta(days=1)).date(), "07:31")

    assert world.last("zhao").startswith("有 1 条")


def test_what_an_older_release_kept_in_other_parts_is_not_guessed_at() -> None:
    kept = {"key": "fake:7", "at": {"platform": "fake", "chat": "liu", "topic": ""}, "sender": "liu"}
    whole = {**kept, "sent_at": "2026-11-23T00:55:00+00:00", "attachments": []}

    assert revived(json.dumps(whole)) is not None
    assert revived(json.dumps({**whole, "reply_to": "fake:6"})) is None
