"""A platform takes nothing until somebody there has written: whom the office tells, and what waits."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Update, delete, select, update

from bot.chat import Address, Event, Outgoing, Ref
from bot.errors import DeliveryError, Failure
from handlers import opening
from handlers.turn import NOWHERE, Desk
from storage import tables
from storage.letters import Letter
from storage.people import Missing
from storage.tx import Tx
from tests.stories.test_joining import STRANGER, invited
from tests.stories.test_reporting import LAND, problem
from tests.world import World

HOW = "在 {} 里打开机器人，随便发一句话"


def closes(world: World, who: str, platform: str = "fake") -> None:
    """Let a chat take nothing until somebody there has written."""
    world.on(platform).unopened.add(who if who.startswith("group") else world.account(who))


async def letters(world: World, **where: object) -> list[tuple[str, str]]:
    statement = select(tables.outbox.c.platform, tables.outbox.c.state).filter_by(**where)
    return [tuple(row) for row in await world.asks(lambda tx: tx.connection.execute(statement).all())]


# --- a person ---------------------------------------------------------------------------


async def test_the_office_hears_once_who_must_write_first_and_what_to_tell_them(world: World) -> None:
    closes(world, "sun")
    await world.hears("liu", LAND)
    await world.hears("wang", "问题 用地手续没有办下来，影响施工")
    await world.waits(hours=1)

    assert world.said_to("sun") == []
    assert [text for text in world.said_to("zhao") if "请转告" in text] == [
        f"孙立新（自然资源局）还收不到消息：请转告本人，{HOW.format('fake')}。等着的消息会马上补发。"
    ]


async def test_what_waited_goes_out_when_they_write_as_it_stands_now(world: World) -> None:
    closes(world, "sun")
    await world.hears("liu", LAND)
    await world.hears("liu", "1 问题 土地证没有办下来")
    await world.hears("chen", "反馈 2026-001 已对接")

    await world.hears("sun", "你好")

    first, second, _, hello, *_ = world.said_to("sun")
    assert "问题 2026-001｜" in first
    assert "已对接" in first
    assert "问题 2026-002｜" in second
    assert hello.startswith("孙立新，您好，我是青禾县项目联络员机器人")
    assert {state for _, state in await letters(world, person_id=world.ids["sun"])} == {"sent"}


async def test_nobody_is_taken_to_have_left_and_the_problem_stays_theirs(world: World) -> None:
    closes(world, "sun")

    await world.hears("liu", LAND)
    await world.waits(minutes=5)

    assert (await problem(world)).holder == "孙立新"


async def test_what_waits_does_not_end_after_a_week(world: World) -> None:
    await world.has_not_written("sun")
    person_id, now = world.ids["sun"], world.clock.now()
    old = Letter("old", NOWHERE, "九天前的话", now, person_id=person_id)
    await world.store.perform(lambda tx: tx.outbox.add(old, now))
    await world.waits(days=9)
    await world.hears("sun", "你好", settle=False)
    closes(world, "sun")

    await world.delivery.drain()

    assert await letters(world, key="old") == [("", "waiting")]


async def test_what_is_found_out_again_is_not_told_again(world: World) -> None:
    def find_out(tx: Tx) -> None:
        desk = Desk(tx, world.county, world.watch.texts, world.clock.now())
        opening.closed(desk, Address("fake", world.account("sun")))

    for _ in range(2):
        await world.store.perform(find_out)
    await world.delivery.drain()

    assert len(world.said_to("zhao")) == 1


async def test_a_second_spell_is_told_again(world: World) -> None:
    closes(world, "sun")
    await world.hears("liu", LAND)
    world.clock.set(world.clock.now() + timedelta(minutes=5))
    await world.hears("sun", "你好")
    closes(world, "sun")

    await world.hears("liu", "1 问题 土地证没有办下来")

    assert sum("请转告" in text for text in world.said_to("zhao")) == 2


async def test_a_word_that_came_while_a_letter_was_on_its_way_wins_over_its_refusal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, refused = world.platform.send, list[Outgoing]()

    async def refuse_late(message: Outgoing) -> Ref | None:
        if message.to.chat == world.account("sun") and not refused:
            refused.append(message)
            world.clock.set(world.clock.now() + timedelta(seconds=1))
            await world.hears("sun", "你好", settle=False)
            raise DeliveryError(Failure.UNOPENED, "nobody has written there yet")
        return await send(message)

    monkeypatch.setattr(world.platform, "send", refuse_late)
    await world.hears("liu", LAND)

    assert "问题 2026-001｜" in world.said_to("sun")[0]
    assert not any("请转告" in text for text in world.said_to("zhao"))
    assert await world.asks(lambda tx: tx.people.missing()) == []


async def test_what_was_to_go_to_an_account_taken_away_goes_elsewhere_or_ends(world: World) -> None:
    await world.hears("sun", "帮助", settle=False)
    await world.hears("wang", "帮助", settle=False)
    await world.has("sun")
    lost = delete(tables.contacts).where(
        tables.contacts.c.platform == "fake",
        tables.contacts.c.person_id.in_([world.ids["sun"], world.ids["wang"]]),
    )
    await world.store.perform(lambda tx: tx.connection.execute(lost))
    closes(world, "sun")
    closes(world, "wang")

    await world.settles()

    assert "接办" in world.last("sun", "other")
    assert {state for _, state in await letters(world, person_id=world.ids["wang"])} == {"failed"}
    assert "王强" in world.last("zhao")


async def test_who_opens_late_is_asked_todays_question_only(world: World) -> None:
    closes(world, "wang")
    await world.waits(minutes=10)
    await world.day_at(date(2026, 11, 23), "18:01")
    await world.day_at(date(2026, 11, 27), "08:30")

    await world.hears("wang", "你好")
    await world.day_at(date(2026, 11, 27), "09:01")

    assert [text for text in world.said_to("wang") if "您有 1 个项目" in text] == [world.last("wang")]
    assert "11月27日" in world.last("wang")


async def test_a_question_that_a_platform_could_not_take_all_day_is_not_asked_the_next(world: World) -> None:
    await world.waits(minutes=1)
    outage = [DeliveryError(Failure.RETRY, "down", after=timedelta(days=1)) for _ in range(2)]
    world.platform.failures += outage
    await world.waits(minutes=4)

    await world.day_at(date(2026, 11, 24), "09:10")

    assert len([text for text in world.said_to("wang") if "您有 1 个项目" in text]) == 1
    assert "11月24日" in world.last("wang")


async def test_many_cards_that_waited_come_as_one_list(world: World) -> None:
    await world.has_not_written("sun")
    for place in range(7):
        await world.hears("liu", f"1 问题 第{place}号地块的用地指标没有批下来")
        await world.hears("liu", button="不是，另报") if place else None

    await world.hears("sun", "你好")

    (listed,) = [text for text in world.said_to("sun") if "2026-00" in text]
    assert listed.startswith("等着您的有 7 个问题，点编号看卡片：\n🟢 正常")
    await world.hears("sun", button="2026-007")
    assert "第6号地块" in world.last("sun")


async def test_an_invitation_opens_the_chat_as_well(world: World) -> None:
    closes(world, "sun")
    await world.hears("liu", LAND)
    code = await invited(world, "sun")

    await world.hears("sun", f"/start {code}")

    assert any("问题 2026-001｜" in text for text in world.said_to("sun"))


async def test_a_change_of_what_is_there_already_waits_without_being_tried(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    async def refuse(*_: object) -> bool:
        nonlocal tries
        tries += 1
        raise DeliveryError(Failure.UNOPENED, "nobody has written there yet")

    await world.hears("liu", LAND)
    with monkeypatch.context() as patched:
        patched.setattr(type(world.platform), "update", refuse)
        await world.hears("chen", "反馈 2026-001 已对接")
        await world.waits(hours=1)
    before = world.said_to("sun")[0]

    await world.hears("sun", "你好")

    assert "已对接" not in before
    assert "已对接" in world.said_to("sun")[0]
    assert tries <= 3


async def test_who_has_another_account_gets_it_there_at_once(world: World) -> None:
    await world.waits(minutes=1)
    await world.has("sun")
    closes(world, "sun", "other")

    await world.hears("liu", LAND)

    assert "问题 2026-001｜" in world.last("sun")
    assert "孙立新（自然资源局）的「other」还收不到消息，先改发到「fake」。" in world.last("zhao")
    assert await world.asks(lambda tx: tx.people.missing()) == []


async def test_of_the_office_the_others_are_told_and_nobody_about_themselves(world: World) -> None:
    closes(world, "zhao")

    await world.happens(Event.JOINED_GROUP, chat="group1", detail="全县调度群")
    await world.hears("zhao", "你好")

    assert any("全县调度群" in text for text in world.said_to("zhao"))
    assert not any("请转告" in text for text in world.said_to("zhao"))


async def test_a_strangers_answer_that_cannot_be_given_is_given_up(world: World) -> None:
    await world.hears("mallory", "你好", settle=False)
    closes(world, "mallory")

    await world.delivery.drain()

    assert "account-mallory" in world.last("zhao")


# --- a group ----------------------------------------------------------------------------


@pytest.fixture
async def bound(world: World) -> World:
    """A county with one group that takes nothing any more."""
    await world.happens(Event.JOINED_GROUP, chat="group1", detail="全县调度群")
    # The card that asked keeps its buttons: somebody may still press them in a group.
    world.platform.edits = False
    await world.hears("zhao", button="全县")
    world.platform.edits = True
    closes(world, "group1")
    return world


async def asks_in(world: World, group: str) -> None:
    """Let the office have been asked about the group in another group."""
    world.platform.chats[group] = world.platform.chats[world.account("zhao")]
    there = (
        update(tables.outbox).where(tables.outbox.c.subject == "group:1").values(chat=group, in_group=True)
    )
    await world.store.perform(lambda tx: tx.connection.execute(there))


UNHEARD = (
    "群「全县调度群」还收不到消息，给它的周报先留着。请转告群里任何一位："
    "在群里 @机器人 发一句话，例如「@联络员 大桥镇工作群」。"
)


async def test_a_group_keeps_its_scope_and_the_office_hears_once_what_to_say_there(bound: World) -> None:
    await bound.day_at(date(2026, 11, 30), "08:31")
    await bound.waits(hours=1)

    (chat,) = await bound.asks(lambda tx: tx.chats.unheard())
    assert (chat.scope, chat.state) == ("全县", "bound")
    assert bound.said_to("zhao").count(UNHEARD) == 1
    assert bound.messages("group1") == []


async def test_a_group_gets_what_waited_when_somebody_calls_the_bot(bound: World) -> None:
    await bound.day_at(date(2026, 11, 30), "08:31")
    await bound.waits(days=2)

    await bound.hears("mallory", "你好", group="group1", called=True)

    assert [message.text for message in bound.messages("group1")] == ["周报 全县 2026-W48", "", ""]
    assert await bound.asks(lambda tx: tx.chats.unheard()) == []


@pytest.mark.parametrize("how", ["pressed", "joined"])
async def test_a_group_is_heard_by_a_button_pressed_there_and_by_being_joined(bound: World, how: str) -> None:
    await bound.day_at(date(2026, 11, 30), "08:31")
    bound.platform.unopened.clear()

    if how == "joined":
        await bound.happens(Event.JOINED_GROUP, chat="group1", detail="全县调度群")
    else:
        await asks_in(bound, "group1")
        await bound.hears("zhao", button="属地…", group="group1")

    assert await bound.asks(lambda tx: tx.chats.unheard()) == []


async def test_what_a_group_never_took_ends_after_a_week_with_one_word_to_the_office(bound: World) -> None:
    await bound.day_at(date(2026, 11, 30), "08:31")

    await bound.day_at(date(2026, 12, 7), "08:32")
    await bound.waits(minutes=5)

    assert bound.said_to("zhao").count(UNHEARD) == 2
    assert (
        sorted(state for _, state in await letters(bound, in_group=True)) == ["failed"] * 3 + ["waiting"] * 3
    )


async def test_an_answer_in_a_group_that_nobody_knows_waits_too(bound: World) -> None:
    await asks_in(bound, "group9")
    await bound.hears("zhao", button="属地…", group="group9", settle=False)
    closes(bound, "group9")

    await bound.delivery.drain()

    assert await letters(bound, chat="group9", state="waiting") == [("fake", "waiting")]


# --- opened, but nothing said -----------------------------------------------------------


async def test_who_opens_the_chat_is_asked_for_one_line(world: World) -> None:
    await world.has_not_written("sun")

    shown = await world.happens(Event.OPENED, who="sun")
    joined = await world.happens(Event.OPENED, who="liu")

    assert shown == (
        "孙立新，您好，我是青禾县项目联络员机器人。请先给我发一句话（「你好」也行），有您的事才能发到这里。"
    )
    assert joined == ""
    assert world.said_to("sun") == world.said_to("liu") == []
    assert await world.asks(lambda tx: tx.people.missing()) == [
        Missing(await world.asks(lambda tx: tx.people.get(world.ids["sun"])), ("fake",))
    ]


async def test_who_has_been_greeted_at_the_opening_is_not_greeted_again_by_their_first_word(
    world: World,
) -> None:
    await world.has_not_written("sun")

    shown = [await world.happens(Event.OPENED, who="sun") for _ in range(2)]
    await world.hears("sun", "你好")

    assert [text.startswith("孙立新，您好") for text in shown] == [True, False]
    assert not any("您好，我是" in text for text in world.said_to("sun"))
    assert world.said_to("sun")[0].startswith("需要您办的事会发到这里")


async def test_a_stranger_who_opens_the_chat_is_told_once_a_day(world: World) -> None:
    first = await world.happens(Event.OPENED, who="mallory")
    second = await world.happens(Event.OPENED, who="mallory")
    await world.hears("mallory", "你好")

    assert (first, second) == (STRANGER, "")
    assert world.said_to("mallory") == []


# --- where the bot may write first ------------------------------------------------------


def may_write_first(world: World) -> None:
    world.watch = type(world.watch)(
        world.store,
        world.county,
        world.watch.texts,
        world.clock,
        world.press,
        world.fetchers,
        writes_first=frozenset({"fake", "other"}),
    )


async def test_whom_the_roster_names_is_greeted_first_and_then_asked_like_everybody(world: World) -> None:
    await world.has_not_written("wang")
    await world.waits(minutes=1)
    before = world.said_to("wang").copy()
    may_write_first(world)

    await world.beats()
    await world.waits(minutes=5)
    await world.beats()

    hello, question = world.said_to("wang")
    assert before == []
    assert hello.startswith("王强，您好，我是青禾县项目联络员机器人。每个工作日问一次您的项目")
    assert "您有 1 个项目" in question


async def test_what_waited_goes_out_with_the_greeting(world: World) -> None:
    await world.has_not_written("sun")
    await world.hears("liu", LAND)
    may_write_first(world)

    await world.beats()

    assert len(world.said_to("sun")) == 2


async def test_nobody_is_greeted_at_night_nor_on_a_day_off(world: World) -> None:
    await world.has_not_written("wang")
    may_write_first(world)

    await world.day_at(date(2026, 11, 23), "22:00")
    await world.day_at(date(2026, 11, 28), "10:00")
    before = world.said_to("wang").copy()
    await world.day_at(date(2026, 11, 30), "07:30")

    assert before == []
    assert len(world.said_to("wang")) == 1


async def test_who_cannot_be_greeted_is_not_greeted_again_by_every_beat(world: World) -> None:
    await world.has_not_written("wang")
    closes(world, "wang")
    may_write_first(world)

    for _ in range(3):
        await world.waits(minutes=1)

    assert sum("请转告" in text for text in world.said_to("zhao")) == 1
    assert [each.person.name for each in await world.asks(lambda tx: tx.people.missing())] == ["王强"]
    await world.hears("wang", "你好")
    assert [text.startswith("王强，您好") for text in world.said_to("wang")] == [True, False]


@pytest.mark.parametrize(
    "change",
    [
        update(tables.people).where(tables.people.c.name == "王强").values(active=False),
        update(tables.contacts).where(tables.contacts.c.account == "account-wang").values(reachable=False),
        update(tables.contacts).where(tables.contacts.c.account == "account-wang").values(platform="third"),
    ],
    ids=["has left", "blocked the bot", "is elsewhere"],
)
async def test_who_is_not_to_be_written_to_first_is_not(world: World, change: Update) -> None:
    await world.has_not_written("wang")
    await world.store.perform(lambda tx: tx.connection.execute(change))
    may_write_first(world)

    await world.beats()

    assert world.said_to("wang") == []


async def test_who_is_reached_elsewhere_is_left_where_they_are(world: World) -> None:
    await world.has("wang", "other", joined=False)
    may_write_first(world)

    await world.waits(minutes=10)

    assert world.said_to("wang")[0].startswith("早上好，王强")


async def test_while_some_try_it_out_nobody_else_is_greeted(world: World) -> None:
    await world.has_not_written("wang")
    await world.hears("zhao", "试点 刘敏")
    may_write_first(world)

    await world.beats()
    before = world.said_to("wang").copy()
    await world.hears("zhao", "试点 结束")
    await world.beats()

    assert before == []
    assert world.said_to("wang")[0].startswith("王强，您好")


async def test_the_office_hears_that_somebody_who_had_left_is_back(world: World) -> None:
    await world.happens(Event.BLOCKED, who="sun")
    await world.has("sun", joined=False)
    may_write_first(world)

    await world.beats()

    assert world.last("zhao") == "孙立新（自然资源局）又能收到消息了。"


async def test_a_first_word_that_is_refused_is_answered_all_the_same(world: World) -> None:
    closes(world, "sun")
    await world.hears("liu", LAND)
    world.platform.unopened.clear()

    await world.hears("sun", "接办 2026-999")

    assert any("2026-999" in text for text in world.said_to("sun"))
