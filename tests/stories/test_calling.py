"""A group in which the bot is called: met without having been joined, answered once a day."""

import pytest
from sqlalchemy import select

from bot.chat import Event
from storage import tables
from storage.chats import Chat
from storage.people import People
from tests.stories.test_joining import dump
from tests.world import World

ASKED = "我被加进了群「{}」。这个群看哪个范围的周报？"
UNBOUND = (
    "我是青禾县项目联络员机器人，指挥部办公室定好范围后，在这里发周报。项目进展和问题，请私聊我，一句话就行。"
)
BOUND = (
    "我是青禾县项目联络员机器人，每周一在这里发「属地：大桥镇」的周报。项目进展和问题，请私聊我，一句话就行。"
)


async def chats(world: World) -> list[Chat]:
    return await world.asks(lambda tx: tx.chats.all())


async def calls(world: World, who: str, words: str, group: str = "group1") -> None:
    await world.hears(who, words, group=group, called=True)


async def test_a_group_nobody_told_of_is_met_by_its_name_when_the_bot_is_called(world: World) -> None:
    await calls(world, "liu", "大桥镇工作群")

    assert world.said_to("zhao") == [ASKED.format("大桥镇工作群")]
    assert world.messages("zhao")[0].labels == ["全县", "属地…", "行业…", "专班…"]
    await world.hears("zhao", button="全县")
    (chat,) = await chats(world)
    assert (chat.title, chat.scope, chat.state) == ("大桥镇工作群", "全县", "bound")
    assert chat.heard_at == world.clock.now()


async def test_a_greeting_is_no_name_of_a_group(world: World) -> None:
    await calls(world, "liu", "你好")

    (chat,) = await chats(world)
    assert "你好" not in chat.title


async def test_a_long_name_is_shortened(world: World) -> None:
    await calls(world, "liu", "大桥镇重点项目\n攻坚行动专班联席会议工作群")

    assert [chat.title for chat in await chats(world)] == ["大桥镇重点项目 攻坚行动专班联席会议工…"]


async def test_what_a_stranger_says_is_not_kept_and_not_answered(world: World) -> None:
    await calls(world, "mallory", "密码是芝麻开门", group="group-1234")

    assert world.said_to("zhao") == [ASKED.format("fake群 …1234")]
    assert world.messages("group-1234") == []
    assert "芝麻" not in await dump(world)


@pytest.mark.parametrize(
    ("platform", "title"), [("wecom", "企业微信群 …up-1"), ("telegram", "Telegram群 …up-1")]
)
async def test_a_group_without_a_name_is_called_by_its_platform(
    world: World, platform: str, title: str
) -> None:
    await world.hears("mallory", group="group-1", called=True, platform=platform)

    assert [chat.title for chat in await chats(world)] == [title]


async def test_the_first_who_names_it_gives_it_a_name_also_in_what_was_asked(world: World) -> None:
    await calls(world, "mallory", "你好")
    await calls(world, "liu", "大桥镇工作群")
    await calls(world, "wang", "别的名字")

    assert world.said_to("zhao") == [ASKED.format("大桥镇工作群")]
    assert [chat.title for chat in await chats(world)] == ["大桥镇工作群"]


async def test_a_group_that_was_bound_without_a_name_may_get_one(world: World) -> None:
    await calls(world, "mallory", "你好")
    await world.hears("zhao", button="全县")

    await calls(world, "liu", "大桥镇工作群")

    assert [(chat.title, chat.scope) for chat in await chats(world)] == [("大桥镇工作群", "全县")]
    assert ASKED.format("大桥镇工作群") not in world.said_to("zhao")


async def test_a_known_person_gets_one_answer_a_day(world: World) -> None:
    await calls(world, "liu", "大桥镇工作群")
    await calls(world, "liu", "1 主体封顶")
    await calls(world, "wang", "在吗")
    first_day = world.said_to("group1").copy()
    await world.hears("zhao", button="属地…")
    await world.hears("zhao", button="大桥镇")
    await world.waits(days=1)
    await calls(world, "wang", "在吗")

    assert first_day == [UNBOUND]
    assert world.said_to("group1") == [UNBOUND, BOUND]
    assert not any("已记" in text for text in world.said_to("liu"))


async def test_what_is_said_to_the_bot_in_a_group_is_no_report(world: World) -> None:
    await calls(world, "liu", "1 主体封顶")

    reports = await world.asks(lambda tx: tx.connection.execute(select(tables.reports)).all())
    assert reports == []


async def test_a_very_long_call_is_a_call(world: World) -> None:
    await calls(world, "liu", "好" * 5000)

    assert world.said_to("group1") == [UNBOUND]


async def test_what_people_say_to_each_other_or_edit_is_not_meant(world: World) -> None:
    await world.hears("liu", "大桥镇工作群", group="group1")
    await world.hears("liu", "大桥镇工作群", group="group1", called=True, edited=True)

    assert await chats(world) == []
    assert world.said_to("group1") == world.said_to("zhao") == []


async def test_a_group_that_was_left_is_met_again(world: World) -> None:
    await world.happens(Event.JOINED_GROUP, chat="group1", detail="老调度群")
    await world.hears("zhao", button="全县")
    await world.happens(Event.LEFT_GROUP, chat="group1")

    await calls(world, "liu", "新调度群")

    assert world.last("zhao") == ASKED.format("新调度群")
    assert [(chat.title, chat.scope) for chat in await chats(world)] == [("新调度群", "")]


async def test_a_call_in_a_private_chat_is_a_word_like_any_other(world: World) -> None:
    await world.hears("wang", "照旧", called=True)

    assert world.last("wang").startswith("已记 智慧物流园：照旧")
    assert await chats(world) == []


async def test_who_only_speaks_in_groups_has_not_opened_their_own_chat(world: World) -> None:
    await world.has_not_written("wang")

    await calls(world, "wang", "大桥镇工作群")

    assert await world.asks(lambda tx: People(tx.connection).address(world.ids["wang"])) is None
    assert world.said_to("wang") == []
