"""What becomes of what was not delivered: somebody always hears of it, and never without end."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.chat import Event
from bot.errors import DeliveryError, Failure
from handlers import undelivered
from storage import tables
from tests.stories.test_reporting import LAND
from tests.world import World


def refused() -> DeliveryError:
    return DeliveryError(Failure.REFUSED, "message is too long")


def unreachable() -> DeliveryError:
    return DeliveryError(Failure.UNREACHABLE, "bot was blocked by the user")


def unclear() -> DeliveryError:
    return DeliveryError(Failure.UNCLEAR, "errcode 860001")


async def failed_letters(world: World) -> list[str]:
    statement = select(tables.outbox.c.key).where(tables.outbox.c.state == "failed")
    return list(await world.asks(lambda tx: tx.connection.execute(statement).scalars().all()))


async def reachable(world: World, who: str) -> bool:
    statement = select(tables.contacts.c.reachable).where(tables.contacts.c.person_id == world.ids[who])
    return await world.asks(lambda tx: tx.connection.execute(statement).scalar_one())


@pytest.mark.parametrize(
    ("failure", "is_tried_again"),
    [
        (DeliveryError(Failure.RETRY, "the line is down"), True),
        (
            DeliveryError(Failure.RETRY, "a secret is wrong", after=timedelta(minutes=10), until_heard=True),
            True,
        ),
        (DeliveryError(Failure.RETRY, "too fast", after=timedelta(minutes=10)), False),
        (DeliveryError(Failure.UNOPENED, "nobody has written there yet"), True),
    ],
    ids=str,
)
async def test_what_waits_goes_out_when_they_write_unless_the_platform_wants_us_to_wait(
    world: World, failure: DeliveryError, *, is_tried_again: bool
) -> None:
    world.platform.failures.append(failure)
    await world.hears("sun", "帮助")
    assert world.said_to("sun") == []

    await world.hears("sun", "今日")

    assert (len(world.said_to("sun")) > 1) is is_tried_again


async def test_the_office_hears_what_was_refused_to_whom_and_why(world: World) -> None:
    world.platform.failures.append(refused())

    await world.hears("sun", "帮助")

    assert world.said_to("sun") == []
    assert "孙立新" in world.last("zhao")
    assert "message is too long" in world.last("zhao")
    assert await reachable(world, "sun")


async def test_a_notice_that_is_refused_itself_makes_no_further_notice(world: World) -> None:
    world.platform.failures.extend([refused(), refused(), refused()])

    await world.hears("sun", "帮助")

    assert world.said_to("zhao") == []
    assert len(await failed_letters(world)) == 2
    assert len(world.platform.failures) == 1


async def test_an_update_that_is_refused_troubles_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> bool:
        raise refused()

    await world.hears("liu", LAND)
    monkeypatch.setattr(type(world.platform), "update", refuse)

    await world.hears("sun", button="接办")

    assert world.said_to("zhao") == []
    assert [key for key in await failed_letters(world) if not key.startswith("update:")] == []


async def test_an_update_in_doubt_is_repeated_without_end_in_sight_but_not_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    async def break_off(*_: object) -> bool:
        nonlocal tries
        tries += 1
        raise DeliveryError(Failure.IN_DOUBT, "the connection broke")

    monkeypatch.setattr(undelivered, "LONGEST_OWED", timedelta(minutes=5))
    await world.hears("liu", LAND)
    await world.hears("sun", button="接办", settle=False)
    monkeypatch.setattr(type(world.platform), "update", break_off)
    await world.delivery.drain()
    for _ in range(10):
        await world.waits(minutes=2)
    ended = tries
    await world.waits(minutes=30)

    assert 3 < ended == tries
    assert world.said_to("zhao") == []


async def test_a_letter_that_can_never_be_sent_ends_at_last(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undelivered, "LONGEST_OWED", timedelta(minutes=7))
    await world.hears("sun", "帮助", settle=False)
    world.platform.failures.extend(DeliveryError(Failure.RETRY, "internal error") for _ in range(5))
    await world.delivery.drain()

    for _ in range(6):
        await world.waits(minutes=2)

    assert world.platform.failures == []
    assert "孙立新" in world.last("zhao")


async def test_who_blocks_the_bot_is_marked_and_the_office_hears_what_waits(world: World) -> None:
    await world.hears("liu", LAND, settle=False)
    await world.hears("sun", "帮助", settle=False)
    world.platform.failures.extend([])

    send = world.platform.send

    async def blocked_by_sun(message: object) -> object:
        if message.to.chat == world.account("sun"):  # type: ignore[attr-defined]
            raise unreachable()
        return await send(message)  # type: ignore[arg-type]

    world.platform.send = blocked_by_sun  # type: ignore[method-assign,assignment]
    await world.delivery.drain()

    assert not await reachable(world, "sun")
    assert any("2026-001" in text and "孙立新" in text for text in world.said_to("zhao"))
    world.platform.send = send  # type: ignore[method-assign]
    await world.hears("chen", "反馈 2026-001 已对接")
    await world.happens(Event.UNBLOCKED, who="sun")

    card = next(message for message in world.messages("sun") if "问题 2026-001｜" in message.text)
    assert "接办" in card.labels
    assert "已对接" in card.text


async def test_one_who_blocks_costs_the_others_nothing(world: World) -> None:
    await world.hears("liu", LAND, settle=False)
    world.platform.failures.append(unreachable())

    await world.delivery.drain()

    assert len(world.said_to("chen")) + len(world.said_to("sun")) + len(world.said_to("liu")) == 2


async def test_a_group_that_moved_gets_its_message_at_the_new_address(world: World) -> None:
    await world.happens(Event.JOINED_GROUP, chat="group1", detail="全县调度群")
    await world.hears("zhao", button="全县")
    world.platform.failures.append(DeliveryError(Failure.MOVED, "upgraded", to="group2"))
    await world.day_at(world.clock.now().date() + timedelta(days=7), "08:31")

    assert world.messages("group1") == []
    assert world.messages("group2")[0].text.startswith("周报")
    assert len(world.messages("group2")) == 3


async def test_an_unknown_no_of_a_chat_that_never_took_anything_waits_for_the_first_word(
    world: World,
) -> None:
    world.platform.failures.append(unclear())

    await world.hears("liu", LAND)
    await world.waits(hours=1)

    assert await failed_letters(world) == []
    assert any("请转告" in text for text in world.said_to("zhao"))
    await world.hears("sun", "你好")
    assert "问题 2026-001｜" in world.said_to("sun")[0]


async def test_an_unknown_no_of_a_chat_that_took_something_is_about_the_message(world: World) -> None:
    await world.hears("sun", "帮助")
    world.platform.failures.append(unclear())

    await world.hears("sun", "帮助")

    assert len(await failed_letters(world)) == 1
    assert "errcode 860001" in world.last("zhao")


async def test_an_unknown_no_of_a_group_that_never_took_anything_waits_for_a_call(world: World) -> None:
    await world.happens(Event.JOINED_GROUP, chat="group1", detail="全县调度群")
    await world.hears("zhao", button="全县")
    world.platform.failures.append(unclear())
    await world.day_at(world.clock.now().date() + timedelta(days=7), "08:31")

    assert world.messages("group1") == []
    await world.hears("zhao", "在吗", group="group1", called=True)

    assert world.messages("group1")[1].text.startswith("周报")


@pytest.mark.parametrize("to", ["", "account-sun"])
async def test_a_move_to_nowhere_is_given_up(world: World, to: str) -> None:
    world.platform.failures.append(DeliveryError(Failure.MOVED, "upgraded", to=to))

    await world.hears("sun", "帮助")

    assert world.said_to("sun") == []
    assert "孙立新" in world.last("zhao")


async def test_a_group_that_threw_the_bot_out_is_left_and_the_office_told(world: World) -> None:
    await world.happens(Event.JOINED_GROUP, chat="group1", detail="全县调度群")
    await world.hears("zhao", button="全县")
    world.platform.failures.append(unreachable())

    await world.day_at(world.clock.now().date() + timedelta(days=7), "08:31")

    assert world.messages("group1") == []
    assert "全县调度群" in world.last("zhao")


async def test_a_letter_without_a_person_names_its_chat(world: World) -> None:
    world.platform.failures.append(refused())

    await world.hears("mallory", "你好")

    assert "account-mallory" in world.last("zhao")


async def test_what_was_not_delivered_is_shown_short_and_harmless(world: World) -> None:
    world.platform.failures.append(refused())

    await world.hears("sun", "帮助")

    notice = world.last("zhao")
    assert len(notice) < 300
    assert len(notice.splitlines()) == 3
