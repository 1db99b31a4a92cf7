"""Who tries what is not theirs changes nothing, and the trail says who tried what, when and why not."""

from sqlalchemy import update

from bot.chat import Address, Incoming
from handlers import flood, welcome
from storage import tables
from storage.audit import Entry
from tests.world import World

LAND = "2 问题 用地指标未批，影响二期开挖"


async def denied(world: World) -> list[tuple[str, str, object, object]]:
    """Return who was denied what."""
    entries: list[Entry] = await world.asks(lambda tx: tx.audit.after(0, 10_000))
    return [
        (each.actor, each.subject, each.detail["reason"], each.detail["what"])
        for each in entries
        if each.action == "access.denied"
    ]


async def writes(world: World, account: str, text: str = "", *, name: str = "", button: str = "") -> str:
    """Let an account that calls itself something write or press."""
    key = f"{account}:{text}:{button}"
    at = Address("fake", account)
    said = Incoming(key, at, account, world.clock.now(), sender_name=name, text=text, button=button)
    notice = await world.router.receive(said)
    await world.settles()
    return notice


async def test_a_button_of_somebody_else_is_noted(world: World) -> None:
    await world.hears("liu", LAND)
    data, _ = world.find_button("sun", "接办")

    await writes(world, world.account("wang"), button=data)

    assert await denied(world) == [("王强", f"access:{world.ids['wang']}", "button.not_yours", "take")]


async def test_what_only_the_office_may_is_noted_without_the_words(world: World) -> None:
    await world.hears("wang", "发函 督办函 XM-003 芝麻开门")

    assert await denied(world) == [("王强", f"access:{world.ids['wang']}", "office.only", "")]
    assert "芝麻" not in str(await world.asks(lambda tx: tx.audit.after(0, 10_000)))


async def test_a_problem_of_others_is_noted(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("qian", "撤销 2026-001 报错了")

    assert await denied(world) == [("钱多多", f"access:{world.ids['qian']}", "problem.not_yours", "")]


async def test_a_right_lost_while_a_question_was_open_is_noted(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", button="接办")
    await world.hears("sun", button="反馈")
    passed_on = update(tables.problems).values(holder_id=world.ids["chen"])
    await world.store.perform(lambda tx: tx.connection.execute(passed_on))

    await world.hears("sun", "已报省厅")

    assert await denied(world) == [("孙立新", f"access:{world.ids['sun']}", "problem.held_by", "")]


async def test_a_project_that_is_anothers_by_now_gets_no_problem_of_the_one_who_was_asked(
    world: World,
) -> None:
    await world.hears("wang", "问题")
    passed_on = (
        update(tables.assignments)
        .where(tables.assignments.c.person_id == world.ids["wang"])
        .values(person_id=world.ids["liu"])
    )
    await world.store.perform(lambda tx: tx.connection.execute(passed_on))

    await world.hears("wang", "供电容量不足")

    assert world.last("wang").startswith("这个项目现在不由您联络，没有改动。")
    assert await denied(world) == [("王强", f"access:{world.ids['wang']}", "progress.not_yours", "")]
    assert await world.asks(lambda tx: tx.problems.open()) == []
    assert await world.asks(lambda tx: tx.conversations.open(world.ids["wang"])) is None


async def test_what_is_merely_too_late_is_no_denial(world: World) -> None:
    await world.hears("liu", LAND)
    data, _ = world.find_button("sun", "接办")
    await writes(world, world.account("sun"), button=data)
    await writes(world, world.account("sun"), "再按一次", button=data)

    assert await denied(world) == []


async def test_of_a_stranger_nothing_is_noted(world: World) -> None:
    await world.hears("liu", LAND)
    data, _ = world.find_button("sun", "接办")

    await writes(world, "account-mallory", button=data)

    assert await denied(world) == []


# --- names prove nothing ----------------------------------------------------------------


async def test_who_calls_themself_as_the_office_is_called_is_a_stranger(world: World) -> None:
    await writes(world, "account-mallory", "移交 刘敏 王强", name="赵文静")

    assert world.said_to("mallory") == [
        "您好，这里是青禾县项目联络员机器人，只为名册里的同志服务。需要加入，请向指挥部办公室要一个邀请码。"
    ]


async def test_who_changed_their_name_is_still_who_they_are_and_called_by_the_official_one(
    world: World,
) -> None:
    await writes(world, world.account("liu"), LAND, name="县长何建国")

    card = world.last("sun")
    assert "刘敏" in card
    assert "何建国" not in card


async def test_the_same_id_on_another_platform_is_somebody_else(world: World) -> None:
    said = Incoming(
        "x", Address("other", world.account("zhao")), world.account("zhao"), world.clock.now(), text="帮助"
    )

    await world.router.receive(said)

    assert await world.asks(lambda tx: tx.people.at("other", world.account("zhao"))) is None


# --- codes ------------------------------------------------------------------------------


def test_a_code_holds_128_bits_and_no_two_are_alike() -> None:
    codes = {welcome.new_code() for _ in range(1_000)}

    assert len(codes) == 1_000
    assert min(map(len, codes)) * 6 >= 128


async def test_codes_cannot_be_guessed_in_bulk(world: World) -> None:
    for number in range(1_000):
        await world.hears("mallory", f"/start guess{number}", settle=False)
    await world.settles()

    wrong = await world.asks(lambda tx: tx.people.locked_until("fake", world.account("mallory")))
    assert wrong is not None
    assert len(world.said_to("mallory")) <= 6
    assert flood._PERSON.burst < 1_000
