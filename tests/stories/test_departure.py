"""Somebody leaves – the bot blocked, an account gone: what waited for them is the office's at once."""

import logging
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from bot.chat import Event
from bot.domain.people import Role
from bot.domain.problems import State
from bot.errors import DeliveryError, Failure
from handlers import departure
from handlers.turn import Desk
from storage import tables
from storage.tx import Tx
from tests.stories.test_custody import chain
from tests.stories.test_handover import TODAY, _asks, card, is_away, leaves, rows
from tests.stories.test_joining import invited
from tests.stories.test_reporting import LAND, local, problem, trail
from tests.stories.test_routing import NO_RULE, ends, person, unit
from tests.world import World

GONE = "已收不到消息（停用或离开了机器人）。"


async def leaves_us(world: World, who: str) -> None:
    await world.happens(Event.BLOCKED, who=who)


async def has_also(world: World, who: str, account: str, chat: str = "") -> None:
    """Give somebody a second account."""
    await world.store.perform(
        lambda tx: tx.people.bind(world.ids[who], "fake", account, chat or account, world.clock.now())
    )


# --- what goes to the office ------------------------------------------------------------


async def test_what_they_held_is_the_offices_with_a_fresh_clock_to_accept(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", button="接办")
    await world.waits(hours=2)

    await leaves_us(world, "sun")

    found = await problem(world)
    assert (found.holder, found.state, found.accepted_at) == ("赵文静", State.WAITING, None)
    assert local(found.accept_due) == "11-23 14:55"
    assert local(found.solve_due) == "11-30 18:00"
    assert await chain(world) == [("孙立新", "left", "收不到消息"), ("赵文静", "", "")]
    assert (await trail(world))[-1] == "problem.left"


async def test_the_office_gets_one_message_and_a_card_of_each_problem(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("liu", "1 问题 土地证没有办下来")

    await leaves_us(world, "sun")

    news, *shown = world.said_to("zhao")
    assert news == (
        f"孙立新（自然资源局）{GONE}\n手里的 2 个问题已转到赵文静名下，请指派接办人：2026-001、2026-002"
    )
    assert [text.splitlines()[1].split("｜")[0] for text in shown] == ["问题 2026-001", "问题 2026-002"]
    assert shown[0].splitlines()[0] == "孙立新已收不到消息，这个问题转到您名下："
    assert world.messages("zhao")[-1].labels[:2] == ["交给陈志远", "接办"]


async def test_who_is_back_can_be_given_it_back_with_a_tap(world: World) -> None:
    await world.hears("liu", LAND)
    await leaves_us(world, "sun")

    await world.happens(Event.UNBLOCKED, who="sun")
    await world.hears("zhao", button="交给孙立新")

    assert (await problem(world)).holder == "孙立新"


async def test_the_same_minute_even_at_night(world: World) -> None:
    await world.hears("liu", LAND)
    await world.day_at(TODAY, "23:30")
    before = len(world.messages("zhao"))

    await leaves_us(world, "sun")

    assert "孙立新" in world.said_to("zhao")[before]
    assert (await problem(world)).holder == "赵文静"


async def test_what_they_were_to_confirm_the_office_confirms(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "已解决 2026-001 指标已批")

    await leaves_us(world, "liu")

    assert "要刘敏确认的 1 个问题，改由赵文静确认：2026-001" in world.said_to("zhao")[0]
    assert "销号" in card(world, "zhao").labels
    await world.hears("zhao", button="销号")
    assert (await problem(world)).state is State.CLOSED


async def test_what_they_called_solved_stays_called_solved(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "已解决 2026-001 指标已批")

    await leaves_us(world, "sun")

    found = await problem(world)
    assert (found.holder, found.state) == ("赵文静", State.CONFIRMING)
    assert "销号" in card(world, "liu").labels


async def test_the_time_a_problem_stood_still_is_not_lost(world: World) -> None:
    await world.hears("liu", LAND)
    found = await problem(world)
    await world.store.perform(lambda tx: tx.problems.pause(found, "哪一块？", world.clock.now()))
    await world.waits(days=2)

    await leaves_us(world, "sun")

    found = await problem(world)
    assert (found.paused_at, local(found.solve_due)) == (None, "12-02 18:00")


async def test_what_was_asked_of_them_is_asked_of_the_office(world: World) -> None:
    await world.hears("liu", LAND)
    await _asks(world, "zhou")

    await leaves_us(world, "zhou")

    assert await rows(world, select(tables.requests.c.to_id)) == [(None,)]
    assert (await problem(world)).holder == "孙立新"
    await world.hears("zhao", button="同意延期")
    assert local((await problem(world)).solve_due) == "12-02 18:00"
    assert "等周海涛答复的提请或延期，改由办公室答复：2026-001" in world.said_to("zhao")[0]


async def test_projects_without_anybody_are_named(world: World) -> None:
    await leaves_us(world, "liu")
    await leaves_us(world, "chen")

    first, second = world.said_to("zhao")
    assert first.splitlines()[1:] == [
        "手里没有待办的事。",
        "2 个项目因此没有了联络员，请安排人接手，可用「移交」：年产100万吨纯碱项目、泵业智造产业园",
    ]
    assert "3 个项目因此没有了牵头领导" in second


async def test_a_project_with_another_liaison_is_not_named(world: World) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(
            insert(tables.assignments).values(
                project_id=world.ids["#soda"], person_id=world.ids["wang"], duty="联络员", since=TODAY
            )
        )
    )

    await leaves_us(world, "liu")

    assert "1 个项目因此没有了联络员，请安排人接手，可用「移交」：泵业智造产业园" in world.last("zhao")


async def test_who_has_nothing_is_told_too(world: World) -> None:
    await leaves_us(world, "he")

    assert world.said_to("zhao") == [f"何建国（县政府）{GONE}\n手里没有待办的事。"]


# --- who takes it -----------------------------------------------------------------------


async def test_of_the_office_it_goes_to_one_who_can_be_reached(world: World) -> None:
    await world.store.perform(
        lambda tx: tx.handovers.grant(world.ids["qian"], Role.OFFICE),
    )
    await world.hears("liu", LAND)
    await leaves_us(world, "zhao")

    await leaves_us(world, "sun")

    assert (await problem(world)).holder == "钱多多"
    assert "2026-001" in world.last("qian")


async def test_when_one_of_the_office_leaves_another_of_it_takes_over(world: World) -> None:
    await world.store.perform(lambda tx: tx.handovers.grant(world.ids["qian"], Role.OFFICE))
    await world.hears("liu", LAND)
    await world.hears("sun", "转办 2026-001 赵文静 请办公室定")

    await leaves_us(world, "zhao")

    assert (await problem(world)).holder == "钱多多"


async def test_without_anybody_of_the_office_it_stays_and_the_log_says_so(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.hears("liu", LAND)
    await _asks(world, "sun")
    await leaves_us(world, "zhao")

    with caplog.at_level(logging.ERROR):
        await leaves_us(world, "sun")

    assert (await problem(world)).holder == "孙立新"
    assert await rows(world, select(tables.requests.c.to_id)) == [(None,)]
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "2026-001" in caplog.text
    await world.happens(Event.UNBLOCKED, who="zhao")
    # What stayed is said when there is somebody to hear it.
    assert any("还没有人接" in text and "2026-001" in text for text in world.said_to("zhao"))


# --- who has really left ----------------------------------------------------------------


async def test_who_can_be_reached_elsewhere_has_not_left(world: World) -> None:
    await has_also(world, "sun", "second")
    await world.hears("liu", LAND)

    await leaves_us(world, "sun")

    assert (await problem(world)).holder == "孙立新"
    assert world.said_to("zhao") == []


async def test_who_may_still_open_another_chat_has_not_left_and_what_they_hold_climbs(world: World) -> None:
    await world.has("sun", "wecom", joined=False)
    await leaves_us(world, "sun")
    await world.hears("liu", LAND)
    await world.hears("zhao", "未激活")
    news, missing = world.said_to("zhao")[0], world.last("zhao")
    await world.day_at(TODAY, "12:56")
    await world.day_at(TODAY, "16:56")

    assert news == (
        "孙立新（自然资源局）在「fake」已收不到消息，「企业微信」还没有打开过。"
        "请转告本人：在企业微信里打开机器人，随便发一句话。手里的事先不动，等着的消息会马上补发。"
    )
    assert "孙立新" in missing
    assert (await problem(world)).holder == "孙立新"
    assert "逾期未接办（孙立新）" in world.last("chen")

    await world.hears("sun", "你好", platform="wecom")
    assert any("问题 2026-001｜" in text for text in world.said_to("sun", "wecom"))


@pytest.mark.parametrize("joined", [True, False])
async def test_what_waits_in_a_chat_that_is_gone_goes_where_they_are_or_will_be(
    world: World, *, joined: bool
) -> None:
    await world.hears("sun", "帮助", settle=False)
    await world.has("sun", joined=joined)
    world.platform.failures.append(DeliveryError(Failure.UNREACHABLE, "the user has left"))

    await world.settles()
    await world.hears("sun", "你好", platform="other")

    assert any("接办" in text for text in world.said_to("sun", "other"))


async def test_whoever_loses_the_last_of_two_accounts_has_left(world: World) -> None:
    await has_also(world, "sun", "second")
    await world.hears("liu", LAND)
    await leaves_us(world, "sun")

    def second(tx: Tx) -> None:
        departure.lost(Desk(tx, world.county, world.watch.texts, world.clock.now()), "fake", "second")

    await world.store.perform(second)

    assert (await problem(world)).holder == "赵文静"


async def test_a_second_event_does_nothing_more(world: World) -> None:
    await world.hears("liu", LAND)
    await leaves_us(world, "sun")
    before = world.said_to("zhao").copy()
    links = await chain(world)

    await world.waits(minutes=1)
    await leaves_us(world, "sun")

    assert world.said_to("zhao") == before
    assert await chain(world) == links


async def test_a_chat_that_takes_nothing_is_found_whatever_its_account_is_called(world: World) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.contacts)
            .where(tables.contacts.c.person_id == world.ids["sun"])
            .values(account="userid-of-sun", chat="chat-of-sun")
        )
    )
    await world.hears("liu", LAND, settle=False)
    send = world.platform.send

    async def gone(message: object) -> object:
        if message.to.chat == "chat-of-sun":  # type: ignore[attr-defined]
            raise DeliveryError(Failure.UNREACHABLE, "the user has left")
        return await send(message)  # type: ignore[arg-type]

    world.platform.send = gone  # type: ignore[method-assign,assignment]
    await world.delivery.drain()

    assert (await problem(world)).holder == "赵文静"
    assert any(f"孙立新（自然资源局）{GONE}" in text for text in world.said_to("zhao"))


async def test_who_joins_again_with_a_new_account_is_back(world: World) -> None:
    await world.hears("liu", LAND)
    await leaves_us(world, "sun")
    code = await invited(world, "sun")

    await world.hears("sun2", f"/start {code}")

    assert any("2026-001（现由赵文静办理）" in text for text in world.said_to("zhao"))
    await world.waits(minutes=5)
    await world.happens(Event.UNBLOCKED, who="sun")
    assert sum("又能收到消息" in text for text in world.said_to("zhao")) == 1


# --- who stood in -----------------------------------------------------------------------


async def test_leaves_they_stood_in_for_are_cancelled_and_the_office_told(world: World) -> None:
    await is_away(world, "chen", TODAY, TODAY + timedelta(days=4), "liu")
    await is_away(world, "zhou", TODAY - timedelta(days=9), TODAY - timedelta(days=2), "liu")

    await leaves_us(world, "liu")

    assert await leaves(world) == [("刘敏", False), ("刘敏", True)]
    told = (
        "陈志远（县政府）11月23日至11月27日请假，原由刘敏（发展和改革局）代办，现在没有人代办了。请另行安排。"
    )
    assert world.said_to("zhao").count(told) == 1


async def test_what_came_to_who_stood_in_is_again_of_the_one_on_leave(world: World) -> None:
    await world.hears("liu", LAND)
    await is_away(world, "sun", TODAY, TODAY + timedelta(days=4), "wang")
    await world.beats()

    await leaves_us(world, "wang")

    assert (await problem(world)).holder == "孙立新"
    assert "接办" in card(world, "sun").labels


# --- back -------------------------------------------------------------------------------


async def test_the_office_hears_who_is_back_and_what_was_theirs(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("liu", NO_RULE)
    await leaves_us(world, "sun")

    await world.happens(Event.UNBLOCKED, who="sun")
    await world.happens(Event.UNBLOCKED, who="sun")

    assert world.last("zhao") == (
        "孙立新（自然资源局）又能收到消息了。\n离开时转出的：2026-001（现由赵文静办理）。需要的话，请转办回去。"
    )
    assert sum("又能收到消息" in text for text in world.said_to("zhao")) == 1
    assert (await problem(world)).holder == "赵文静"


async def test_of_what_was_closed_meanwhile_nothing_is_said(world: World) -> None:
    await world.hears("liu", LAND)
    await leaves_us(world, "sun")
    await world.hears("zhao", "撤销 2026-001 报错了")

    await world.happens(Event.UNBLOCKED, who="sun")

    assert world.last("zhao") == "孙立新（自然资源局）又能收到消息了。"


async def test_who_leaves_again_with_nothing_has_nothing_to_come_back_to(world: World) -> None:
    await world.hears("liu", LAND)
    await leaves_us(world, "sun")
    await world.happens(Event.UNBLOCKED, who="sun")
    await world.waits(minutes=5)
    await leaves_us(world, "sun")

    await world.happens(Event.UNBLOCKED, who="sun")

    assert world.last("zhao") == "孙立新（自然资源局）又能收到消息了。"


async def test_whose_second_account_works_again_was_never_away(world: World) -> None:
    await has_also(world, "sun", "second")
    await leaves_us(world, "sun")

    await world.happens(Event.UNBLOCKED, who="sun")

    assert world.said_to("zhao") == []


async def test_somebody_outside_every_unit_may_leave(world: World) -> None:
    def alone(tx: Tx) -> int:
        person_id = person(tx, "李强", None, Role.LIAISON)
        tx.people.bind(person_id, "fake", "account-li", "account-li", world.clock.now())
        unit(tx, "科工局")
        return person_id

    await world.store.perform(alone)

    await leaves_us(world, "li")

    assert world.last("zhao").startswith(f"李强{GONE}")


# --- gone without a word ----------------------------------------------------------------


async def test_who_was_struck_from_the_roster_is_covered_at_the_next_beat(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", button="接办")
    await ends(world, "sun")

    await world.beats()
    await world.beats()

    assert (await problem(world)).holder == "赵文静"
    assert sum(GONE in text for text in world.said_to("zhao")) == 1


async def test_a_reporter_struck_from_the_roster_is_stood_in_for_by_the_office(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "已解决 2026-001 批了")
    await ends(world, "liu")

    await world.beats()
    await world.hears("zhao", button="销号")

    assert (await problem(world)).state is State.CLOSED


async def test_what_waits_for_somebody_who_has_yet_to_join_stays_theirs(world: World) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.contacts)
            .where(tables.contacts.c.person_id == world.ids["sun"])
            .values(joined_at=None)
        )
    )
    await world.hears("liu", LAND)

    await world.beats()

    assert (await problem(world)).holder == "孙立新"


async def test_while_nobody_of_the_office_can_be_reached_it_stays_and_then_moves(world: World) -> None:
    await world.hears("liu", LAND)
    await leaves_us(world, "zhao")
    await leaves_us(world, "sun")
    assert (await problem(world)).holder == "孙立新"

    await world.happens(Event.UNBLOCKED, who="zhao")
    await world.beats()

    assert (await problem(world)).holder == "赵文静"
