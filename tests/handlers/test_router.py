"""The way of a message: whose it is, where it goes, and what is said when it cannot be handled."""

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.chat import Address, Attachment, Event, Incoming, Unreadable
from bot.domain.people import Language
from bot.domain.reference import reference
from bot.errors import Unrecognised
from handlers import flood, progress
from handlers.router import LONGEST
from handlers.turn import Turn
from storage import tables
from tests.stories.test_joining import invited
from tests.stories.test_reporting import LAND
from tests.world import World

TOO_MANY = "您这一分钟发来的消息太多，从这一条起都没有记录。请过一分钟，把没有回音的再发一遍。"

_numbers = count(1)


def from_(world: World, who: str, text: str = "", **parts: Any) -> Incoming:
    """Return what somebody writes in their own chat."""
    account = world.account(who)
    whole: dict[str, Any] = {
        "key": f"router:{next(_numbers)}",
        "at": Address("fake", account),
        "sender": account,
        "sent_at": world.clock.now(),
        "text": text,
    }
    return Incoming(**(whole | parts))


async def reaches(world: World, incoming: Incoming | Unreadable) -> str:
    notice = await world.router.receive(incoming)
    await world.settles()
    return notice


async def left(world: World) -> list[Any]:
    """Return what could not be handled."""
    return list(await world.asks(lambda tx: tx.connection.execute(select(tables.dead_letters)).all()))


async def reports(world: World) -> list[str]:
    texts = select(tables.reports.c.text).order_by(tables.reports.c.id)
    return list(await world.asks(lambda tx: tx.connection.execute(texts).scalars().all()))


def breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Turn) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(progress, "answer", fails)


# --- what cannot be handled -------------------------------------------------------------


async def test_what_cannot_be_read_is_kept_whole_with_why(world: World) -> None:
    assert await reaches(world, Unreadable("odd:1", "fake", '{"half', "Expecting value")) == ""

    (row,) = await left(world)
    assert (row.key, row.platform, row.raw, row.reason) == ("odd:1", "fake", '{"half', "Expecting value")
    assert (row.state, row.at) == ("open", world.clock.now())


async def test_of_what_may_be_secret_nothing_is_kept_but_that_it_came(world: World) -> None:
    await reaches(world, Unreadable("odd:2", "fake", '{"text": "密件 1 有人', "at 密件"))

    (row,) = await left(world)
    assert (row.key, row.raw, row.reason) == ("odd:2", "", "")


async def test_a_mistake_of_ours_keeps_the_words_and_its_sender_gets_a_reference(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch)
    said = from_(world, "wang", "主体封顶")

    assert await reaches(world, said) == ""

    (row,) = await left(world)
    assert (row.key, row.platform, row.reason) == (said.key, "fake", "RuntimeError('a mistake of ours')")
    assert "主体封顶" in row.raw
    assert world.last("wang").startswith("抱歉，这条消息没有处理成功。原话已经完整保存")
    assert f"（编号 {reference(said.key)}）" in world.last("wang")
    assert await reaches(world, said) == ""
    assert len(world.said_to("wang")) == 1


async def test_an_apology_is_in_the_language_of_its_reader(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch)
    mine = update(tables.people).where(tables.people.c.id == world.ids["wang"])
    await world.store.perform(lambda tx: tx.connection.execute(mine.values(language=Language.ENGLISH)))

    await world.hears("wang", "主体封顶")

    assert world.last("wang").startswith("Sorry")


async def test_for_what_failed_in_a_group_nobody_is_apologised_to_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.happens(Event.JOINED_GROUP, chat="group1", detail="全县调度群")

    def fails(*_: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("handlers.groups.listen", fails)
    shown = len(world.messages("group1"))

    assert await world.hears("wang", "在吗", group="group1", called=True) == ""

    assert len(await left(world)) == 1
    assert len(world.messages("group1")) == shown
    assert world.said_to("wang") == []


async def test_what_is_handled_once_more_is_handled_as_if_it_came_now(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = from_(world, "wang", "主体封顶")
    with monkeypatch.context() as broken:
        breaks(broken)
        await reaches(world, said)

    await world.router.again(said)
    await world.settles()

    assert [row.state for row in await left(world)] == ["settled"]
    assert await reports(world) == ["主体封顶"]
    assert world.last("wang").startswith("已记")


async def test_what_is_refused_the_second_time_is_settled_with_the_sentence(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = from_(world, "wang", "主体封顶")
    with monkeypatch.context() as broken:
        breaks(broken)
        await reaches(world, said)

    await world.router.again(replace(said, text="不" * LONGEST))
    await world.settles()

    assert [row.state for row in await left(world)] == ["settled"]
    assert "8 KB" in world.last("wang")


async def test_what_fails_again_waits_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    breaks(monkeypatch)
    said = from_(world, "wang", "主体封顶")
    await reaches(world, said)
    key = tables.dead_letters.c.key == said.key
    await world.store.perform(
        lambda tx: tx.connection.execute(update(tables.dead_letters).where(key).values(state="retrying"))
    )

    await world.router.again(said)

    assert [row.state for row in await left(world)] == ["open"]


# --- whose it is ------------------------------------------------------------------------


async def test_a_second_id_is_learnt_while_both_are_told_and_is_enough_later(world: World) -> None:
    await reaches(world, from_(world, "wang", "主体封顶", alias="secret-id"))

    await reaches(world, from_(world, "wang", "二期封顶", sender="secret-id", alias="secret-id"))

    assert await reports(world) == ["主体封顶", "二期封顶"]
    known = await world.asks(lambda tx: tx.people.at("fake", world.account("wang")))
    assert known is not None
    assert (known.account, known.chat) == (world.account("wang"), "secret-id")


@pytest.mark.parametrize("alias", ["", "account-wang"])
async def test_an_id_that_tells_nothing_new_changes_no_chat(world: World, alias: str) -> None:
    await reaches(world, from_(world, "wang", "主体封顶", alias=alias))

    known = await world.asks(lambda tx: tx.people.at("fake", world.account("wang")))
    assert known is not None
    assert known.chat == world.account("wang")


async def test_a_disguised_stranger_may_be_anybody_and_is_offered_again(world: World) -> None:
    said = from_(world, "wang", "主体封顶", sender="secret-id", alias="secret-id")

    with pytest.raises(Unrecognised):
        await reaches(world, said)
    with pytest.raises(Unrecognised):
        await world.router.again(said)
    # Nothing was taken in: the same message counts when it comes with a name.
    await reaches(world, replace(said, sender=world.account("wang")))

    assert await reports(world) == ["主体封顶"]


async def test_a_code_lets_in_whoever_brings_it_disguised_or_not(world: World) -> None:
    code = await invited(world, "qian")

    await reaches(world, from_(world, "qian", f"/start {code}", sender="secret-id", alias="secret-id"))

    assert world.said_to("qian")[0].startswith("钱多多")


async def test_who_was_taken_to_have_left_is_back_with_the_first_word(world: World) -> None:
    await world.happens(Event.BLOCKED, who="wang")

    await world.hears("wang", "主体封顶")

    known = await world.asks(lambda tx: tx.people.at("fake", world.account("wang")))
    assert known is not None
    assert not known.is_back
    assert await reports(world) == ["主体封顶"]


async def test_a_word_in_a_group_brings_nobody_back(world: World) -> None:
    await world.happens(Event.JOINED_GROUP, chat="group1", detail="全县调度群")
    await world.happens(Event.BLOCKED, who="wang")

    await world.hears("wang", "在吗", group="group1", called=True)

    known = await world.asks(lambda tx: tx.people.at("fake", world.account("wang")))
    assert known is not None
    assert known.is_back


# --- what is said -----------------------------------------------------------------------


@pytest.mark.parametrize(("more", "is_taken"), [("", True), ("x", False)])
async def test_a_message_is_measured_in_bytes(world: World, more: str, is_taken: bool) -> None:
    text = "封" * (LONGEST // 3) + "x" * (LONGEST % 3)

    await world.hears("wang", text + more)

    assert (await reports(world) == [text]) is is_taken
    assert ("8 KB" in world.last("wang")) is not is_taken


async def test_a_refusal_reaches_who_wrote_although_their_chat_was_left_alone(world: World) -> None:
    later = world.clock.now() + timedelta(hours=1)
    chat = world.account("wang")
    await world.store.perform(lambda tx: tx.dispatch.pause("fake", chat, later, until_heard=True))

    await world.hears("wang", "接办 2026-999")

    assert "没有找到问题 2026-999" in world.last("wang")


@pytest.mark.parametrize("until_heard", [True, False])
async def test_who_writes_is_answered_at_once_unless_the_platform_wants_us_to_wait(
    world: World, *, until_heard: bool
) -> None:
    later = world.clock.now() + timedelta(hours=1)
    chat = world.account("wang")
    await world.store.perform(lambda tx: tx.dispatch.pause("fake", chat, later, until_heard=until_heard))

    await world.hears("wang", "今日")

    assert bool(world.said_to("wang")) is until_heard


async def test_who_presses_what_is_not_theirs_in_a_group_reads_so_alone(world: World) -> None:
    await world.hears("liu", LAND)
    data, message = world.find_button("sun", "接办")
    pressed = from_(world, "wang", at=Address("fake", "group1"), private=False, button=data, message=message)

    assert "没有任何改动" in await reaches(world, pressed)
    assert world.said_to("wang") == world.said_to("group1") == []

    again = replace(pressed, key="blind", shows_notice=False)
    assert "没有任何改动" in await reaches(world, again)
    assert "没有任何改动" in world.last("wang")
    assert world.messages("group1") == []


async def test_such_a_word_comes_at_once_and_to_nobody_in_their_place(world: World) -> None:
    await world.hears("wang", "请假 11月23日 12月5日 刘敏")
    await world.waits(hours=15)
    pressed = from_(
        world, "wang", at=Address("fake", "group1"), private=False, button="none.0", shows_notice=False
    )
    before = len(world.said_to("liu"))

    await reaches(world, pressed)

    assert world.last("wang") == "这个按钮已经失效，请发「今日」重新打开。"
    assert len(world.said_to("liu")) == before


async def test_where_no_notice_is_shown_it_comes_as_a_message_unless_something_was_said(world: World) -> None:
    await world.day_at(world.clock.now().date(), "09:00")
    shown = len(world.said_to("liu"))

    notice = await world.hears("liu", button="全部照旧", shows_notice=False)

    assert len(world.said_to("liu")) == shown + 1
    assert notice != ""


async def test_the_same_press_again_changes_and_shows_nothing(world: World) -> None:
    await world.hears("liu", LAND)

    first = await world.hears("sun", button="接办", key="press")
    said = len(world.said_to("sun"))
    data, message = world.find_button("sun", "反馈")
    again = await reaches(world, from_(world, "sun", key="press", button=data, message=message))

    assert (first, again) == ("已接办", "")
    assert len(world.said_to("sun")) == said


async def test_a_notice_alone_is_sent_where_none_is_shown(world: World) -> None:
    await world.hears("liu", LAND)

    notice = await world.hears("liu", button="当天要办", shows_notice=False)

    assert notice == world.last("liu") == "已改为「当天」"


async def test_what_was_refused_is_not_refused_again(world: World) -> None:
    said = from_(world, "wang", button="none.0")

    assert await reaches(world, said) == "这个按钮已经失效，请发「今日」重新打开。"
    assert await reaches(world, said) == ""
    assert len(world.said_to("wang")) == 1


# --- what is too much -------------------------------------------------------------------


@pytest.fixture
def three_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flood, "_PERSON", flood._Limit(3, 0))


@pytest.mark.usefixtures("three_are_enough")
async def test_who_sends_too_much_reads_so_once_and_nothing_more_is_taken_in(world: World) -> None:
    for number in range(3):
        assert await world.hears("wang", f"第 {number} 层完成") != TOO_MANY

    assert await world.hears("wang", "主体封顶") == TOO_MANY
    assert await world.hears("wang", "主体封顶") == ""

    assert world.said_to("wang").count(TOO_MANY) == 1
    assert "主体封顶" not in await reports(world)


@pytest.mark.usefixtures("three_are_enough")
async def test_who_sends_too_much_into_a_group_is_told_so_by_no_message(world: World) -> None:
    for _ in range(3):
        await world.hears("wang", "在吗", group="group1")

    assert await world.hears("wang", "在吗", group="group1") == TOO_MANY
    assert world.said_to("group1") == world.said_to("wang") == []


@pytest.mark.usefixtures("three_are_enough")
async def test_a_stranger_who_sends_too_much_is_told_nothing(world: World) -> None:
    for _ in range(3):
        await world.hears("mallory", "芝麻开门")
    said = world.said_to("mallory")

    assert await world.hears("mallory", "芝麻开门") == ""
    assert world.said_to("mallory") == said


@pytest.mark.usefixtures("three_are_enough")
async def test_what_was_here_before_counts_for_nothing(world: World) -> None:
    for _ in range(9):
        await world.hears("wang", "主体封顶", key="same")

    await world.hears("wang", "二期封顶")

    assert await reports(world) == ["主体封顶", "二期封顶"]


@pytest.mark.usefixtures("three_are_enough")
async def test_what_nobody_could_be_told_of_counts_for_nothing(world: World) -> None:
    said = from_(world, "wang", "主体封顶", sender="secret-id", alias="secret-id")
    for _ in range(9):
        with pytest.raises(Unrecognised):
            await world.router.receive(said)

    await world.hears("wang", "主体封顶")
    await reaches(world, replace(said, text="二期封顶", alias="", sender=world.account("wang")))

    assert await reports(world) == ["主体封顶", "二期封顶"]


async def test_however_many_strangers_write_who_is_known_is_heard(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flood, "_STRANGERS", flood._Limit(1, 0))
    await world.hears("mallory", "芝麻开门")

    assert await world.hears("trudy", "芝麻开门") == ""
    await world.hears("wang", "主体封顶")

    assert world.said_to("trudy") == []
    assert await reports(world) == ["主体封顶"]


# --- where it goes ----------------------------------------------------------------------


@pytest.mark.parametrize("text", ["帮助", "/帮助", "HELP", "/help", "/help@liaison_bot"])
async def test_a_command_may_be_written_in_many_ways(world: World, text: str) -> None:
    await world.hears("wang", text)

    assert await reports(world) == []
    assert world.last("wang").startswith("王强，您可以：")


@pytest.mark.parametrize("between", [" ", "：", ": ", "，", ",", "\n"])
async def test_what_a_command_is_about_stands_after_a_space_a_colon_or_a_comma(
    world: World, between: str
) -> None:
    await world.hears("wang", f"台账{between}超期")

    assert world.last("wang") == "没有这样的问题（超期）。"


@pytest.mark.parametrize(
    ("text", "is_answer"), [("项目 主体封顶", True), ("/项目 主体封顶", False), ("项目", False)]
)
async def test_a_command_word_that_goes_on_is_an_answer_without_the_stroke(
    world: World, text: str, is_answer: bool
) -> None:
    await world.hears("wang", text)

    assert (await reports(world) != []) is is_answer


async def test_words_of_an_answer_that_are_also_a_command_are_an_answer(world: World) -> None:
    await world.hears("wang", "完成 桩基 30 根")

    assert await reports(world) == ["完成 桩基 30 根"]


async def test_a_command_in_between_closes_what_was_asked(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", button="退回")

    await world.hears("sun", "接办 2026-001")
    assert await world.asks(lambda tx: tx.conversations.open(world.ids["sun"])) is None


async def test_a_button_in_between_closes_what_was_asked(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", button="退回")

    await world.hears("sun", button="接办")

    assert await world.asks(lambda tx: tx.conversations.open(world.ids["sun"])) is None


async def test_an_aside_keeps_words_that_wait_and_closes_a_question_without(world: World) -> None:
    await world.hears("liu", "主体封顶")
    await world.hears("liu", "帮助")
    kept = await world.asks(lambda tx: tx.conversations.open(world.ids["liu"]))
    await world.hears("liu", "1")
    await world.hears("liu", LAND)
    await world.hears("sun", button="退回")
    await world.hears("sun", "帮助")

    assert kept is not None
    assert await reports(world) == ["主体封顶", "用地指标未批，影响二期开挖"]
    assert await world.asks(lambda tx: tx.conversations.open(world.ids["sun"])) is None


async def test_an_answer_closes_its_question(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", button="退回")

    await world.hears("sun", "不归我们管")

    assert await world.asks(lambda tx: tx.conversations.open(world.ids["sun"])) is None
    assert world.last("sun").startswith("问题 2026-001 已退给陈志远")


async def test_a_picture_waits_for_the_words_that_were_asked_for(world: World) -> None:
    world.platform.files["photo"] = b"jpg"
    photo = Attachment("photo", "现场.jpg", "image/jpeg", 100_000)
    await world.hears("liu", LAND)
    await world.hears("sun", button="退回")

    await world.hears("sun", files=[photo])
    asked = await world.asks(lambda tx: tx.conversations.open(world.ids["sun"]))

    assert asked is not None
    assert asked.topic == "return"
    assert world.last("sun") == "照片（文件）收到了，请再用一句话说明。"


async def test_a_picture_alone_answers_what_is_new(world: World) -> None:
    world.platform.files["photo"] = b"jpg"
    photo = Attachment("photo", "现场.jpg", "image/jpeg", 100_000)
    await world.waits(minutes=5)
    await world.hears("liu", button="2 有进展")

    await world.hears("liu", files=[photo])

    assert len(await reports(world)) == 1


async def test_a_number_that_may_mean_either_of_two_cards_is_asked_about(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("liu", "1 问题 土地证没有办下来")

    await world.hears("sun", "1")

    assert world.last("sun") == "「1」是指哪一个？点一下，或回编号。\n1 接办 2026-002\n2 接办 2026-001"


async def test_a_number_means_the_only_card_there_is(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("sun", "1")

    assert world.last("sun").startswith("您已接办问题 2026-001")


async def test_words_of_a_button_of_somebody_else_are_an_answer(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("wang", "接办")

    assert await reports(world) == ["用地指标未批，影响二期开挖", "接办"]
