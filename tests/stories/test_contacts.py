"""One person with several accounts: written to where they chose, answering wherever they are."""

from datetime import date

import pytest
from sqlalchemy import insert

from bot.chat import Event
from bot.domain.problems import State
from storage import tables
from tests.stories.test_reporting import LAND, problem, trail
from tests.world import World


async def has_two(world: World, who: str) -> None:
    """Let somebody have joined on another platform last."""
    await world.waits(minutes=1)
    await world.has(who)


# --- where they are written to ----------------------------------------------------------


async def test_without_a_choice_the_account_joined_last_is_written_to(world: World) -> None:
    await has_two(world, "sun")

    await world.hears("liu", LAND)

    assert world.said_to("sun") == []
    assert world.last("sun", "other").startswith("问题 2026-001｜")


@pytest.mark.parametrize("words", ["发到 fake", "/prefer fake", "prefer：fake。"])
async def test_everything_goes_to_the_platform_they_chose(world: World, words: str) -> None:
    await has_two(world, "sun")

    await world.hears("sun", words, platform="other")
    await world.hears("liu", LAND)

    assert world.said_to("sun", "other") == ["好，以后的消息都发到「fake」。"]
    assert world.said_to("sun")[0].startswith("问题 2026-001｜")
    trail_of = f"person:{world.ids['sun']}"
    assert (await world.asks(lambda tx: tx.audit.trail(trail_of)))[-1].action == "person.prefers"


@pytest.mark.parametrize(
    ("words", "platform"),
    [
        ("发到 企业微信", "wecom"),
        ("发到企业微信", "wecom"),
        ("发到微信", "wecom"),
        ("发到 WeCom", "wecom"),
        ("/prefer TG", "telegram"),
        ("发到telegram", "telegram"),
        ("发到 Telegram！", "telegram"),
    ],
)
async def test_a_platform_is_named_as_people_call_it(world: World, words: str, platform: str) -> None:
    await world.waits(minutes=1)
    await world.has("sun", platform)
    await world.hears("sun", "发到 fake")

    await world.hears("sun", words)

    called = {"wecom": "企业微信", "telegram": "Telegram"}[platform]
    assert world.last("sun") == f"好，以后的消息都发到「{called}」。"
    address = await world.asks(lambda tx: tx.people.address(world.ids["sun"]))
    assert address is not None
    assert address.platform == platform


async def test_the_last_choice_counts(world: World) -> None:
    await has_two(world, "sun")
    await world.hears("sun", "发到 fake")
    await world.waits(minutes=1)

    await world.hears("sun", "发到 other")
    await world.hears("liu", LAND)

    assert world.last("sun", "other").startswith("问题 2026-001｜")


async def test_what_waits_for_the_morning_goes_where_they_chose_meanwhile(world: World) -> None:
    await has_two(world, "sun")
    await world.day_at(date(2026, 11, 23), "22:00")
    await world.hears("liu", LAND)
    await world.hears("sun", "发到 fake")

    await world.day_at(date(2026, 11, 24), "07:31")

    assert world.said_to("sun", "other") == []
    assert any(text.startswith("问题 2026-001｜") for text in world.said_to("sun"))


async def test_a_choice_that_cannot_be_reached_gives_way_until_it_can(world: World) -> None:
    await has_two(world, "sun")
    await world.hears("sun", "发到 fake")
    await world.happens(Event.BLOCKED, who="sun")

    await world.hears("liu", LAND)
    await world.hears("sun", "你好")
    await world.hears("liu", "1 问题 土地证没有办下来")

    assert world.last("sun", "other").startswith("问题 2026-001｜")
    assert world.last("sun").startswith("问题 2026-002｜")


async def test_an_account_they_do_not_have_is_not_chosen(world: World) -> None:
    await world.hears("sun", "发到 企业微信")
    await world.hears("sun", "发到 QQ")

    assert world.said_to("sun") == [
        "名册里没有您的「企业微信」账号，没有改动。请联系指挥部办公室登记。",
        "名册里没有您的「QQ」账号，没有改动。请联系指挥部办公室登记。",
    ]


async def test_an_account_they_never_wrote_from_is_not_chosen_until_they_do(world: World) -> None:
    await world.has("sun", "wecom", joined=False)

    await world.hears("sun", "发到 企业微信")

    assert world.last("sun") == (
        "「企业微信」还不能给您发消息，没有改动。"
        "请先在企业微信里打开机器人，随便发一句话，再发一次「发到 企业微信」。"
    )
    await world.hears("sun", "你好", platform="wecom")
    await world.hears("sun", "发到 企业微信")
    assert world.last("sun") == "好，以后的消息都发到「企业微信」。"


async def test_the_command_alone_says_what_there_is_to_choose_from(world: World) -> None:
    await has_two(world, "sun")

    await world.hears("sun", "发到")
    await world.hears("liu", "/prefer")

    assert world.last("sun") == "现在消息发到「other」。您可以选：other、fake。要改，请回「发到 fake」。"
    assert world.last("liu") == ("现在消息发到「fake」，没有别的可选。要加一个，请联系指挥部办公室登记账号。")


@pytest.mark.parametrize("words", ["发到 县里的材料已经批复", "未激活 设备还有三台"])
async def test_words_that_begin_like_a_command_are_an_answer(world: World, words: str) -> None:
    await world.hears("wang", words)

    assert world.last("wang").startswith(f"已记 智慧物流园：{words}")


async def test_a_choice_in_between_does_not_drop_words_that_wait(world: World) -> None:
    await has_two(world, "liu")
    await world.hears("liu", "主体封顶")
    asked = world.last("liu")

    await world.hears("liu", "发到 other")
    await world.hears("liu", "1")

    assert "这句记到哪个项目" in asked
    assert world.last("liu").startswith("已记 1 年产100万吨纯碱项目：主体封顶")


# --- answering from anywhere ------------------------------------------------------------


async def test_a_card_on_one_platform_may_be_answered_on_another_and_is_settled_on_both(world: World) -> None:
    await world.hears("liu", LAND)
    await has_two(world, "sun")
    await world.hears("sun", "2026-001", platform="other")
    shown, again = world.messages("sun")[0], world.messages("sun", "other")[0]
    assert (shown.labels, "接办" in again.labels) == ([], True)

    await world.hears("sun", "接办", platform="other")

    assert (await problem(world)).state is State.WORKING
    assert "孙立新已于" in shown.text
    assert "孙立新已于" in again.text
    assert "反馈" in again.labels


@pytest.mark.parametrize("words", ["接办", "1"])
async def test_words_typed_anywhere_mean_the_card_that_lies_elsewhere(world: World, words: str) -> None:
    await world.hears("liu", LAND)
    await has_two(world, "sun")

    await world.hears("sun", words, platform="other")

    assert (await problem(world)).state is State.WORKING
    assert "孙立新已于" in world.messages("sun")[0].text
    assert world.last("sun", "other").startswith("您已接办问题 2026-001")


async def test_of_what_lies_in_several_chats_the_latest_is_meant(world: World) -> None:
    await world.hears("liu", LAND)
    await has_two(world, "sun")
    await world.hears("liu", "1 问题 环评没有批下来，影响开工")
    await world.hears("sun", "2026-001")

    await world.hears("sun", "1", platform="other")

    assert (await problem(world, "2026-001")).state is State.WORKING


async def test_a_number_means_the_card_in_the_chat_where_it_is_typed(world: World) -> None:
    await world.hears("liu", LAND)
    await has_two(world, "sun")
    await world.hears("liu", "1 问题 土地证没有办下来")
    await world.waits(minutes=10)

    await world.hears("sun", "1")

    assert (await problem(world, "2026-001")).state is State.WORKING
    assert (await problem(world, "2026-002")).state is State.WAITING


async def test_of_two_cards_that_came_together_a_number_asks_which(world: World) -> None:
    await world.hears("liu", LAND)
    await world.waits(minutes=1)
    await world.hears("liu", "1 问题 土地证没有办下来")

    await world.hears("sun", "1")
    asked = world.last("sun")
    before = [(await problem(world, number)).state for number in ("2026-001", "2026-002")]
    await world.hears("sun", "2")

    assert asked == "「1」是指哪一个？点一下，或回编号。\n1 接办 2026-002\n2 接办 2026-001"
    assert before == [State.WAITING] * 2
    assert (await problem(world, "2026-001")).state is State.WORKING


async def test_a_number_asks_no_more_about_what_is_done_though_its_card_cannot_say_so(world: World) -> None:
    world.platform.edits = False
    await world.hears("liu", LAND)
    await world.hears("liu", "1 问题 土地证没有办下来")
    await world.hears("sun", "接办 2026-001")

    await world.hears("sun", "1")

    assert (await problem(world, "2026-002")).state is State.WORKING


async def test_a_number_never_means_what_the_platform_could_not_show(world: World) -> None:
    world.platform.edits = False
    await world.hears("liu", LAND)
    await world.hears("sun", "接办 2026-001")
    shown = world.messages("sun")[0].labels
    place = shown.index("退回") + 1

    await world.hears("sun", str(place))

    assert "反馈" not in shown
    assert "退回" in world.last("sun")


async def test_a_button_that_lies_in_another_chat_of_theirs_works_from_there(world: World) -> None:
    await world.hears("liu", LAND)
    await has_two(world, "sun")
    world.others["other"].chats[world.account("sun")] = world.messages("sun")

    await world.hears("sun", button="接办", platform="other")

    assert (await problem(world)).state is State.WORKING


async def test_a_button_of_somebody_else_works_nowhere(world: World) -> None:
    await world.hears("liu", LAND)
    await has_two(world, "wang")
    world.others["other"].chats[world.account("wang")] = world.messages("sun")

    notice = await world.hears("wang", button="接办", platform="other")

    assert notice == "这个按钮是发给别人的，没有任何改动。"
    assert (await trail(world)).count("problem.taken") == 0


async def test_a_question_asked_on_one_platform_is_answered_on_another(world: World) -> None:
    await has_two(world, "liu")
    await world.hears("liu", "2 有问题")
    asked = world.last("liu")

    await world.hears("liu", "用地指标未批", platform="other")

    assert "遇到什么问题" in asked
    assert (await problem(world)).text == "用地指标未批"


# --- who is missing ---------------------------------------------------------------------


async def test_the_office_sees_who_and_which_group_gets_nothing_and_what_to_forward(world: World) -> None:
    await world.has_not_written("wang")
    await world.has_not_written("sun")
    await world.has("sun", "wecom", joined=False)
    await world.has("qian", "wecom", joined=False)
    await world.happens(Event.JOINED_GROUP, chat="group1", detail="全县调度群")
    await world.hears("zhao", button="全县")
    await world.store.perform(lambda tx: tx.chats.unhear(tx.chats.all()[0].at))

    await world.hears("zhao", "未激活")

    assert world.last("zhao") == (
        "还收不到消息的有 2 位：\n"
        "· fake：王强（经济开发区）\n"
        "请转告：在 fake 里打开机器人，随便发一句话。\n"
        "· fake、企业微信：孙立新（自然资源局）\n"
        "请转告：在 fake 里打开机器人，随便发一句话；或者在企业微信里打开机器人，随便发一句话。\n"
        "还收不到消息的群有 1 个：「全县调度群」\n"
        "请转告群里任何一位：在群里 @机器人 发一句话，例如「@联络员 大桥镇工作群」。"
    )


async def test_a_long_list_is_folded(world: World) -> None:
    await world.store.perform(
        lambda tx: [
            tx.connection.execute(insert(tables.people).values(name=f"新人{number}")) for number in range(33)
        ]
    )

    await world.hears("zhao", "missing")

    lines = world.last("zhao").splitlines()
    assert lines[0] == "还收不到消息的有 33 位："
    assert lines[1].startswith("· 没有登记账号：新人0、新人1、")
    assert lines[1].endswith("新人29")
    assert lines[2:] == ["请在名册里登记账号，或者发邀请。", "……另有 3 位。"]


async def test_nobody_missing_is_said_so_and_only_to_the_office(world: World) -> None:
    await world.hears("zhao", "/missing")
    await world.hears("liu", "未激活")

    assert world.last("zhao") == "人人都收得到消息，各个群也是。"
    assert world.last("liu") == "这一项只有指挥部办公室可以办。"
