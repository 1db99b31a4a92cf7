"""Group chats: met when the bot is added, bound to a scope by a tap of the office."""

from datetime import date

import pytest

from bot.chat import Event
from storage.chats import Chat
from storage.tx import Tx
from tests.world import World


async def chats(world: World) -> list[Chat]:
    return await world.asks(lambda tx: tx.chats.all())


async def joins(world: World, group: str = "group1", title: str = "全县调度群") -> None:
    await world.happens(Event.JOINED_GROUP, who="mallory", chat=group, detail=title)


async def test_a_group_joined_is_asked_about_in_the_offices_own_chat(world: World) -> None:
    await joins(world)

    assert world.said_to("zhao") == ["我被加进了群「全县调度群」。这个群看哪个范围的周报？"]
    assert world.messages("zhao")[0].labels == ["全县", "属地…", "行业…", "专班…"]
    assert world.said_to("group1") == []


async def test_one_tap_binds_it_to_the_whole_county(world: World) -> None:
    await joins(world)

    await world.hears("zhao", button="全县")

    (chat,) = await chats(world)
    assert (chat.scope, chat.state) == ("全县", "bound")
    assert world.last("zhao") == "好，群「全县调度群」每周一收到「全县」的周报。"


@pytest.mark.parametrize(
    ("kind", "value", "scope"),
    [
        ("属地…", "大桥镇", "属地:大桥镇"),
        ("行业…", "新材料", "行业:新材料"),
        ("专班…", "陈志远", "专班:陈志远"),
    ],
)
async def test_two_taps_bind_it_to_a_part(world: World, kind: str, value: str, scope: str) -> None:
    await joins(world)

    await world.hears("zhao", button=kind)
    await world.hears("zhao", button=value)

    (chat,) = await chats(world)
    assert chat.scope == scope
    assert world.last("zhao") == f"好，群「全县调度群」每周一收到「{scope.replace(':', '：')}」的周报。"


async def test_the_words_of_the_button_may_be_typed(world: World) -> None:
    await joins(world)

    await world.hears("zhao", "全县")

    assert (await chats(world))[0].scope == "全县"


async def test_what_a_colleague_has_decided_stands_on_every_card(world: World) -> None:
    await joins(world)
    card = world.messages("zhao")[-1]
    await world.hears("zhao", button="全县")

    assert (card.text, card.labels) == ("赵文静已把群「全县调度群」定为「全县」。", [])


async def test_of_two_colleagues_the_first_decides(world: World) -> None:
    world.platform.edits = False
    await joins(world)
    await world.hears("zhao", button="全县")

    notice = await world.hears("zhao", button="专班…")
    await world.hears("zhao", button="陈志远")

    assert notice == ""
    assert world.last("zhao") == "群「全县调度群」已经定为「全县」。"


async def test_only_the_office_binds(world: World) -> None:
    await joins(world)

    def demote(tx: Tx) -> None:
        from storage import tables  # noqa: PLC0415 -- only here

        tx.connection.execute(tables.roles.delete().where(tables.roles.c.person_id == world.ids["zhao"]))

    await world.store.perform(demote)

    await world.hears("zhao", button="全县")

    assert world.last("zhao") == "这一项只有指挥部办公室可以办。"


async def test_a_group_added_twice_is_asked_about_until_it_is_bound(world: World) -> None:
    await joins(world)
    await joins(world)
    await world.hears("zhao", button="全县")

    await joins(world)

    assert len(world.said_to("zhao")) == 3


async def test_a_group_without_a_title_is_called_by_its_id(world: World) -> None:
    await joins(world, title="\u202e\x00")

    assert "「□」" in world.last("zhao")


async def test_the_office_hears_when_the_bot_is_taken_out(world: World) -> None:
    await joins(world)
    await world.hears("zhao", button="全县")

    await world.happens(Event.LEFT_GROUP, chat="group1")
    await world.happens(Event.LEFT_GROUP, chat="group1")

    assert world.last("zhao") == "我被移出了群「全县调度群」，周报不再发到那里。"
    assert await chats(world) == []


async def test_a_tap_for_a_group_that_is_gone_says_so(world: World) -> None:
    await joins(world)
    await world.happens(Event.LEFT_GROUP, chat="group1")

    await world.hears("zhao", button="全县")

    assert world.last("zhao") == "我已经不在这个群里了。"


async def test_a_group_left_and_joined_again_is_asked_about_again(world: World) -> None:
    await joins(world)
    await world.hears("zhao", button="全县")
    await world.happens(Event.LEFT_GROUP, chat="group1")

    await joins(world, title="新调度群")

    assert world.last("zhao") == "我被加进了群「新调度群」。这个群看哪个范围的周报？"


async def test_leaving_an_unknown_group_changes_nothing(world: World) -> None:
    await world.happens(Event.LEFT_GROUP, chat="group9")
    await world.happens(Event.MOVED, chat="group9", detail="group10")

    assert world.said_to("zhao") == []


async def test_a_group_that_gets_a_new_id_keeps_its_scope(world: World) -> None:
    await joins(world)
    await world.hears("zhao", button="全县")

    await world.happens(Event.MOVED, chat="group1", detail="group2")

    (chat,) = await chats(world)
    assert (chat.at.chat, chat.scope) == ("group2", "全县")


async def test_a_group_met_under_its_new_id_first_is_the_same_group(world: World) -> None:
    await joins(world)
    await world.hears("zhao", button="全县")
    await joins(world, group="group2")

    await world.happens(Event.MOVED, chat="group1", detail="group2")

    (chat,) = await chats(world)
    assert (chat.at.chat, chat.scope, chat.state) == ("group2", "全县", "bound")


async def test_a_group_bound_under_its_new_id_stays_bound(world: World) -> None:
    await joins(world)
    await joins(world, group="group2")
    await world.hears("zhao", button="全县")

    await world.happens(Event.MOVED, chat="group1", detail="group2")

    (chat,) = await chats(world)
    assert (chat.at.chat, chat.scope, chat.state) == ("group2", "全县", "bound")


async def test_a_group_that_was_left_for_its_new_id_is_still_there(world: World) -> None:
    await joins(world)
    await world.hears("zhao", button="全县")
    await world.happens(Event.LEFT_GROUP, chat="group1")

    await world.happens(Event.MOVED, chat="group1", detail="group2")

    assert [(chat.at.chat, chat.state) for chat in await chats(world)] == [("group2", "bound")]


async def test_what_people_say_in_a_group_is_not_answered(world: World) -> None:
    await joins(world)

    await world.hears("liu", "1 主体封顶", group="group1")

    assert world.said_to("group1") == []
    assert world.said_to("liu") == []


# --- a group that may be another one ----------------------------------------------------

ALTERED = (
    "群「全县调度群」改了名字或换了群主，现在叫「同学会」。周报和材料暂不发到这个群。群里还看原来的范围吗？"
)


async def is_altered(world: World, title: str) -> None:
    await joins(world)
    await world.hears("zhao", button="全县")
    await world.happens(Event.ALTERED, chat="group1", detail=title)


async def test_a_group_with_another_name_gets_nothing_until_the_office_has_looked(world: World) -> None:
    await is_altered(world, "同学会")

    (chat,) = await chats(world)
    assert (chat.scope, chat.state, chat.title) == ("", "met", "同学会")
    assert world.last("zhao") == ALTERED
    assert world.messages("zhao")[-1].labels == ["照旧：全县", "全县", "属地…", "行业…", "专班…"]
    await world.day_at(date(2026, 11, 30), "08:30")
    assert world.said_to("group1") == []


async def test_one_tap_of_the_office_lets_it_go_on(world: World) -> None:
    await is_altered(world, "同学会")

    await world.hears("zhao", button="照旧：全县")

    (chat,) = await chats(world)
    assert (chat.scope, chat.state) == ("全县", "bound")
    await world.day_at(date(2026, 11, 30), "08:30")
    assert world.said_to("group1") != []


async def test_another_owner_alone_pauses_it_too(world: World) -> None:
    await is_altered(world, "全县调度群")

    (chat,) = await chats(world)
    assert chat.state == "met"


async def test_of_a_group_that_gets_nothing_only_the_name_changes(world: World) -> None:
    await joins(world)
    before = len(world.said_to("zhao"))

    await world.happens(Event.ALTERED, chat="group1", detail="同学会")

    (chat,) = await chats(world)
    assert chat.title == "同学会"
    assert len(world.said_to("zhao")) == before


async def test_a_group_nobody_knows_may_be_called_as_it_likes(world: World) -> None:
    await world.happens(Event.ALTERED, chat="group9", detail="同学会")

    assert await chats(world) == []
