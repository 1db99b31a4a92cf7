"""How people join, what a stranger hears, and who can no longer be reached."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from bot.chat import Event
from handlers import welcome
from handlers.turn import Beat
from storage import tables
from storage.tx import Tx
from tests.world import World

STRANGER = (
    "您好，这里是青禾县项目联络员机器人，只为名册里的同志服务。需要加入，请向指挥部办公室要一个邀请码。"
)
WRONG = "这个邀请码不对、已经用过或过了 24 小时。请向指挥部办公室再要一个。"


async def invited(world: World, who: str) -> str:
    """Return a fresh code for somebody who has no account yet."""

    def invite(tx: Tx) -> str:
        beat = Beat(tx, world.county, world.watch.texts, world.clock.now())
        return welcome.invite(beat, tx.people.get(world.ids[who]))

    return await world.store.perform(invite)


async def forget_account(world: World, who: str) -> None:
    def forget(tx: Tx) -> None:
        tx.connection.execute(tables.contacts.delete().where(tables.contacts.c.person_id == world.ids[who]))

    await world.store.perform(forget)


async def dump(world: World) -> str:
    """Return every cell of every table, as text."""

    def read(tx: Tx) -> str:
        return "\n".join(
            str(tuple(row))
            for table in tables.metadata.sorted_tables
            for row in tx.connection.execute(select(table))
        )

    return await world.asks(read)


# --- strangers --------------------------------------------------------------------------


async def test_a_stranger_gets_one_polite_sentence_a_day(world: World) -> None:
    await world.hears("mallory", "你好")
    await world.hears("mallory", "在吗")
    first_day = world.said_to("mallory").copy()
    await world.day_at(date(2026, 11, 24), "10:00")
    await world.hears("mallory", "你好")

    assert first_day == [STRANGER]
    assert world.said_to("mallory") == [STRANGER, STRANGER]


async def test_nothing_a_stranger_wrote_is_stored(world: World) -> None:
    await world.hears("mallory", "密码是芝麻开门", message="m1")
    await world.hears("mallory", "密码是芝麻开门了", message="m1", edited=True)
    await world.hears("mallory", "/start 芝麻开门")

    assert "芝麻" not in await dump(world)


async def test_nothing_a_stranger_wrote_is_stored_even_when_it_breaks_something(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(welcome, "stranger", broken)

    await world.hears("mallory", "密码是芝麻开门")

    assert "芝麻" not in await dump(world)
    assert world.said_to("mallory") == []
    assert await world.asks(lambda tx: tx.inbox.buried()) == 1


async def test_a_stranger_in_a_group_is_not_spoken_to(world: World) -> None:
    await world.hears("mallory", "你好", group="group1")

    assert world.said_to("group1") == []


async def test_who_has_left_the_county_is_a_stranger(world: World) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.people).where(tables.people.c.id == world.ids["wang"]).values(active=False)
        )
    )

    await world.hears("wang", "照旧")

    assert world.said_to("wang") == [STRANGER]


# --- an invitation ----------------------------------------------------------------------


async def test_a_good_code_lets_one_person_in_and_tells_the_office(world: World) -> None:
    await forget_account(world, "wang")
    code = await invited(world, "wang")

    await world.hears("wang", f"/start {code}")

    (welcomed,) = world.said_to("wang")
    assert welcomed == (
        "王强，您好，我是青禾县项目联络员机器人。每个工作日问一次您的项目：没变化点一下「照旧」，有情况回一句话。"
        "发「帮助」看用法。\n"
        "这里保存您的姓名、单位、职务、电话、聊天账号和您报的内容，只用于项目调度；经办的同志、领导和指挥部办公室看得到。"
        "看自己的数据，发「我的数据」；要更正、删除，请找指挥部办公室。"
    )
    assert world.last("zhao") == (
        "王强（经济开发区）已加入：fake 账号 account-wang，昵称「wang」。如果不是本人，请马上告诉管理员。"
    )


async def test_the_office_is_not_told_of_its_own_joining(world: World) -> None:
    await forget_account(world, "zhao")
    code = await invited(world, "zhao")

    await world.hears("zhao", f"/start {code}")

    assert len(world.said_to("zhao")) == 1


async def test_a_leader_is_welcomed_as_one(world: World) -> None:
    await forget_account(world, "sun")
    code = await invited(world, "sun")

    await world.hears("sun", f"/start {code}")

    assert world.last("sun").startswith("孙立新，您好，我是青禾县项目联络员机器人。需要您办的事会发到这里")


async def test_who_has_joined_is_asked_the_same_day(world: World) -> None:
    await forget_account(world, "wang")
    await world.waits(minutes=5)
    code = await invited(world, "wang")

    await world.hears("wang", f"/start {code}")
    await world.beats()

    assert "您有 1 个项目" in world.last("wang")


async def test_cards_that_waited_arrive_with_the_welcome(world: World) -> None:
    await forget_account(world, "sun")
    await world.hears("liu", "2 问题 用地指标未批")
    told = world.last("zhao")
    code = await invited(world, "sun")

    await world.hears("sun", f"/start {code}")

    assert told == "孙立新还没有加入机器人，问题 2026-001 的卡片送不到。请电话告知，并发邀请。"
    assert any(text.startswith("问题 2026-001｜") for text in world.said_to("sun"))


async def test_a_code_is_good_once(world: World) -> None:
    await forget_account(world, "wang")
    code = await invited(world, "wang")
    await world.hears("wang", f"/start {code}")

    await world.hears("mallory", f"/start {code}")

    assert world.said_to("mallory") == [WRONG]


async def test_a_code_is_good_for_a_day(world: World) -> None:
    await forget_account(world, "wang")
    code = await invited(world, "wang")
    world.clock.set(world.clock.now() + timedelta(hours=24))

    await world.hears("wang", f"/start {code}")

    assert world.said_to("wang") == [WRONG]


async def test_only_the_hash_of_a_code_is_stored(world: World) -> None:
    code = await invited(world, "wang")

    assert code not in await dump(world)
    assert welcome.hashed(code) in await dump(world)


async def test_who_is_in_already_needs_no_code_and_uses_none_up(world: World) -> None:
    await forget_account(world, "wang")
    code = await invited(world, "wang")

    await world.hears("liu", f"/start {code}")
    await world.hears("wang", f"/start {code}")

    assert world.last("liu").startswith("刘敏，您可以：")
    assert world.last("wang").startswith("王强，您好")


async def test_five_wrong_codes_lock_the_account_for_an_hour_and_the_office_is_told(world: World) -> None:
    for number in range(5):
        await world.hears("mallory", f"/start wrong{number}")

    assert world.said_to("mallory") == [WRONG] * 4 + [
        "邀请码试错次数太多，11-23 09:55 之后才能再试。请向指挥部办公室要一个新的。"
    ]
    assert world.last("zhao").startswith("有人连续 5 次用错邀请码，已锁定 1 小时（账号 account-mallory）。")


async def test_even_a_good_code_does_not_open_a_locked_account(world: World) -> None:
    await forget_account(world, "wang")
    code = await invited(world, "wang")
    for number in range(5):
        await world.hears("wang", f"/start wrong{number}")

    await world.hears("wang", f"/start {code}")
    await world.hears("wang", f"/start {code}")
    locked = world.said_to("wang")[5:]
    world.clock.set(world.clock.now() + timedelta(hours=1))
    await world.hears("wang", f"/start {code}")

    assert locked == ["邀请码试错次数太多，11-23 09:55 之后才能再试。请向指挥部办公室要一个新的。"]
    assert world.last("wang").startswith("王强，您好")


async def test_an_account_of_somebody_who_left_is_not_given_to_another(world: World) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.people).where(tables.people.c.id == world.ids["wang"]).values(active=False)
        )
    )
    code = await invited(world, "sun")

    await world.hears("wang", f"/start {code}")

    assert world.said_to("wang") == ["这个账号已经登记在别人名下，不能再用。请联系指挥部办公室。"]


# --- named in the roster ----------------------------------------------------------------


async def test_an_account_named_in_the_roster_is_welcomed_at_its_first_word(world: World) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.contacts)
            .where(tables.contacts.c.person_id == world.ids["wang"])
            .values(joined_at=None)
        )
    )
    await world.waits(minutes=5)
    before = world.said_to("wang").copy()

    await world.hears("wang", "/start")
    await world.hears("wang", "照旧")

    assert before == []
    assert world.said_to("wang")[0].startswith("王强，您好")
    assert world.said_to("wang")[1] == "已记 智慧物流园：照旧。要改，直接再发一遍。"


async def test_the_first_word_counts_as_well_as_greets(world: World) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.contacts)
            .where(tables.contacts.c.person_id == world.ids["wang"])
            .values(joined_at=None)
        )
    )

    await world.hears("wang", "照旧")

    assert len(world.said_to("wang")) == 2


async def test_start_again_shows_how_it_works(world: World) -> None:
    await world.hears("liu", "/start")

    assert world.last("liu").startswith("刘敏，您可以：")


# --- lost and found ---------------------------------------------------------------------


async def test_who_blocks_the_bot_is_told_to_the_office_with_what_they_hold(world: World) -> None:
    await world.hears("liu", "2 问题 用地指标未批")

    await world.happens(Event.BLOCKED, who="sun")
    await world.happens(Event.BLOCKED, who="sun")

    assert world.said_to("zhao")[0] == (
        "孙立新（自然资源局）已收不到消息（停用或离开了机器人）。\n"
        "手里的 1 个问题已转到赵文静名下，请指派接办人：2026-001"
    )


async def test_who_holds_nothing_is_told_too(world: World) -> None:
    await world.happens(Event.BLOCKED, who="wang")

    assert world.last("zhao").splitlines()[:2] == [
        "王强（经济开发区）已收不到消息（停用或离开了机器人）。",
        "手里没有待办的事。",
    ]


async def test_the_office_is_not_told_of_itself(world: World) -> None:
    await world.happens(Event.BLOCKED, who="zhao")
    await world.happens(Event.UNBLOCKED, who="zhao")

    assert world.said_to("zhao") == []


async def test_cards_that_waited_arrive_when_somebody_is_back(world: World) -> None:
    await world.happens(Event.BLOCKED, who="sun")
    await world.hears("liu", "2 问题 用地指标未批")
    before = world.said_to("sun").copy()

    await world.happens(Event.UNBLOCKED, who="sun")

    assert before == []
    assert world.said_to("sun")[0].startswith("问题 2026-001｜")


async def test_who_writes_is_back_whatever_the_platform_said(world: World) -> None:
    await world.happens(Event.BLOCKED, who="sun")
    await world.hears("liu", "2 问题 用地指标未批")

    await world.hears("sun", "接办")

    assert world.said_to("sun")[0].startswith("问题 2026-001｜")


async def test_an_unknown_account_that_blocks_the_bot_changes_nothing(world: World) -> None:
    await world.happens(Event.BLOCKED, who="mallory")
    await world.happens(Event.UNBLOCKED, who="mallory")

    assert world.said_to("zhao") == []


async def test_a_code_from_who_is_in_already_is_no_progress(world: World) -> None:
    await world.hears("wang", "加入 abcDEF123_-x")

    assert "已记" not in world.last("wang")
    assert "abcDEF123" not in world.last("wang")
