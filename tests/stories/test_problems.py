"""A problem from the first card to 销号, and every way back."""

import asyncio
from datetime import date

import pytest
from sqlalchemy import insert

from bot import texts
from bot.chat import Address, Attachment, Incoming
from bot.domain.problems import State
from bot.errors import Refused
from handlers import deeds
from handlers.turn import Turn
from storage.tables import assignments
from storage.tx import Tx
from tests.stories.test_reporting import LAND, local, problem, trail
from tests.world import World

OTHER = "1 问题 土地红线没定，进不了场"


async def card_of(world: World, who: str, number: str = "2026-001") -> list[list[str]]:
    """Return the buttons of somebody's cards of a problem, the oldest first."""
    return [message.labels for message in world.messages(who) if f"问题 {number}｜" in message.text]


# --- accept -----------------------------------------------------------------------------


async def test_the_holder_accepts_and_everybody_sees_it(world: World) -> None:
    await world.hears("liu", LAND)

    notice = await world.hears("sun", button="接办")

    assert notice == "已接办"
    found = await problem(world)
    assert (found.state, found.holder, local(found.accepted_at)) == (State.WORKING, "孙立新", "11-23 08:55")
    for who in ("sun", "chen"):
        (shown,) = [message for message in world.messages(who) if "问题 2026-001｜" in message.text]
        assert "孙立新已于 11-23 08:55 接办" in shown.text
        assert shown.labels == ["反馈", "转办", "已解决", "提请", "延期", "退回", "问反映人"]
    assert "接办" in world.last("liu")
    assert "11-30 前解决" in world.last("liu")
    assert await trail(world) == ["problem.reported", "problem.taken"]


async def test_of_two_who_accept_at_once_one_wins_and_the_other_hears_who_and_when(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("sun", button="接办", settle=False)
    notice = await world.hears("chen", button="接办")

    assert notice == "问题 2026-001 已由孙立新于 11-23 08:55 接办。"
    assert world.last("chen") == notice
    assert (await problem(world)).holder == "孙立新"
    assert (await trail(world)).count("problem.taken") == 1


async def test_when_the_lead_leader_is_quicker_the_holder_hears_who_and_when(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("chen", button="接办", settle=False)
    notice = await world.hears("sun", button="接办")

    assert notice == "问题 2026-001 已由陈志远于 11-23 08:55 接办。"
    assert (await problem(world)).holder == "陈志远"
    assert await card_of(world, "sun") == [[]]


async def test_of_many_presses_handed_over_together_one_wins(world: World) -> None:
    await world.hears("liu", LAND)
    notices = await asyncio.gather(
        *(world.hears(who, button="接办", settle=False) for who in ("sun", "chen", "sun", "chen"))
    )

    assert notices.count("已接办") == 1
    assert (await trail(world)).count("problem.taken") == 1


async def test_a_problem_of_the_day_is_accepted_for_today(world: World) -> None:
    await world.hears("liu", "2 问题 当天要办，用地红线内有人堵路")

    await world.hears("sun", button="接办")

    assert "今天要解决" in world.last("sun")
    assert "今天解决" in world.last("liu")
    assert "今天解决" in world.said_to("chen")[0]


# --- feedback ---------------------------------------------------------------------------


async def test_feedback_reaches_the_reporter_and_every_card(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", button="接办")

    await world.hears("sun", button="反馈")
    await world.hears("sun", "已组卷上报市局")

    assert "已组卷上报市局" in world.last("liu")
    assert "已组卷上报市局" in world.said_to("chen")[0]
    assert world.last("sun").startswith("已记")
    assert (await trail(world))[-1] == "problem.feedback"


async def test_feedback_of_the_holder_accepts_too(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("sun", "反馈 1 已组卷上报市局")

    assert (await problem(world)).state is State.WORKING
    assert await trail(world) == ["problem.reported", "problem.taken", "problem.feedback"]


async def test_feedback_of_the_lead_leader_takes_nothing_out_of_the_holders_hands(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("chen", "反馈 2026-001 已与市局对接")

    found = await problem(world)
    assert (found.state, found.holder, found.feedback) == (State.WAITING, "孙立新", "已与市局对接")
    assert "已与市局对接" in world.said_to("sun")[0]
    assert "已与市局对接" in world.last("sun")
    assert "已与市局对接" in world.last("liu")


async def test_pictures_alone_do_not_say_how_far_it_is(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", button="接办")
    await world.hears("sun", button="反馈")

    await world.hears("sun", files=[Attachment("p", "现场.jpg", "image/jpeg")])
    await world.hears("sun", "现场已清出")

    assert (await problem(world)).feedback == "现场已清出"


# --- solve, confirm ---------------------------------------------------------------------


async def test_solved_in_one_line_asks_the_reporter_who_closes_it(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", button="接办")
    await world.hears("sun", button="已解决")
    await world.hears("sun", "指标已批")

    assert world.messages("liu")[-1].labels == ["销号", "没解决"]
    assert "解决情况：指标已批" in world.last("liu")
    assert (await problem(world)).state is State.CONFIRMING
    assert await card_of(world, "sun") == [[]]
    notice = await world.hears("liu", button="销号")

    assert notice == "已销号"
    found = await problem(world)
    assert (found.state, local(found.closed_at)) == (State.CLOSED, "11-23 08:55")
    assert "销号" in world.last("sun")
    for who in ("sun", "chen"):
        assert set(map(tuple, await card_of(world, who))) == {()}
    # For thirty days it can be opened again, by its reporter alone.
    assert await card_of(world, "liu") == [[], ["没解决"]]
    assert "已销号" in world.said_to("chen")[0]
    assert await trail(world) == ["problem.reported", "problem.taken", "problem.solved", "problem.closed"]


async def test_solved_without_words_and_without_accepting_first(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("sun", button="已解决")
    await world.hears("sun", button="不用说明")

    assert world.messages("liu")[-1].labels == ["销号", "没解决"]
    assert "解决情况" not in world.last("liu")


@pytest.mark.parametrize("typed", ["销号", "销号 1", "销号 2026-001", "2026-001 销号", "问题 2026-001 销号"])
async def test_the_reporter_closes_it_by_typing(world: World, typed: str) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "已解决 2026-001 指标已批")

    await world.hears("liu", typed)

    assert (await problem(world)).state is State.CLOSED


async def test_not_solved_opens_the_next_generation_one_level_up(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "已解决 2026-001 指标已批")
    await world.waits(hours=1)

    await world.hears("liu", button="没解决")
    await world.hears("liu", "批文还没拿到")

    found = await problem(world)
    assert (found.state, found.generation, found.holder) == (State.WAITING, 2, "陈志远")
    assert local(found.accept_due) == "11-23 13:55"
    assert found.text.endswith("批文还没拿到")
    assert "接办" in (await card_of(world, "chen"))[-1]
    assert (await card_of(world, "chen"))[:-1] == [[]]
    assert "批文还没拿到" in world.last("chen")
    assert (await card_of(world, "sun"))[-1] == []
    assert (await trail(world))[-2:] == ["problem.reopened", "problem.added_to"]


async def test_not_solved_with_the_reason_in_one_line(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "已解决 2026-001 指标已批")

    await world.hears("liu", "没解决 2026-001 批文还没拿到")

    found = await problem(world)
    assert (found.generation, found.text.splitlines()[-1]) == (2, "批文还没拿到")


async def test_each_time_it_is_not_solved_it_climbs(world: World) -> None:
    await world.hears("liu", LAND)
    climbed = []
    for _ in range(5):
        holder = (await problem(world)).holder_id
        who = next(name for name, person_id in world.ids.items() if person_id == holder)
        climbed.append(who)
        await world.hears(who, "已解决 2026-001 好了")
        await world.hears("liu", "没解决 2026-001")

    assert climbed == ["sun", "chen", "zhou", "he", "he"]
    assert (await problem(world)).generation == 6


async def test_the_owner_confirms_besides_the_reporter_and_a_colleague_may_not(world: World) -> None:
    await world.store.perform(lambda tx: _owns(world, tx))
    await world.hears("liu", LAND)
    await world.hears("sun", "已解决 2026-001 指标已批")

    await world.hears("wang", "销号 2026-001")
    assert (await problem(world)).state is State.CONFIRMING
    assert "不由您办理" in world.last("wang")
    await world.hears("qian", "销号 2026-001")
    assert (await problem(world)).state is State.CONFIRMING
    assert world.last("qian") == "已记：您确认问题 2026-001 已解决。还要等刘敏确认才销号。"
    await world.hears("liu", "销号 2026-001")

    assert (await problem(world)).state is State.CLOSED


def _owns(world: World, tx: Tx) -> None:
    tx.connection.execute(
        insert(assignments).values(
            project_id=world.ids["#pump"],
            person_id=world.ids["qian"],
            duty="业主",
            since=date(2026, 1, 1),
        )
    )


async def test_nobody_but_the_reporter_says_that_it_is_solved(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "已解决 2026-001 指标已批")

    for who in ("sun", "chen", "zhao", "zhou"):
        await world.hears(who, "销号 2026-001")

    assert (await problem(world)).state is State.CONFIRMING


async def test_who_solves_their_own_report_confirms_it_themselves(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "转办 2026-001 刘敏 他自己就能办")

    await world.hears("liu", "已解决 2026-001 已自行协调")
    await world.hears("liu", button="销号")

    assert (await problem(world)).state is State.CLOSED


# --- words without buttons --------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["接办", "接办 2026-001", "接办2026-001", "接办 1", "2026-001接办", "接办 2026－001"]
)
async def test_accepting_by_typing(world: World, typed: str) -> None:
    await world.hears("liu", LAND)

    await world.hears("sun", typed)

    assert (await problem(world)).state is State.WORKING


async def test_a_number_alone_shows_the_card_and_the_older_one_loses_its_buttons(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("sun", "2026-001")

    assert await card_of(world, "sun") == [[], ["接办", "转办", "已解决", "提请", "退回", "问反映人"]]
    assert world.messages("chen")[0].edits == 0


async def test_with_two_cards_the_number_must_be_said(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("liu", OTHER)

    await world.hears("sun", "接办")
    assert "2026-001" in world.last("sun")
    assert "2026-002" in world.last("sun")
    assert (await problem(world)).state is (await problem(world, "2026-002")).state is State.WAITING
    await world.hears("sun", "接办 2")

    assert (await problem(world, "2026-002")).state is State.WORKING


async def test_words_of_a_holder_ask_which_problem_they_are_about(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("liu", OTHER)

    await world.hears("sun", "已组卷上报市局")
    assert [label[:8] for label in world.messages("sun")[-1].labels] == ["2026-001", "2026-002"]
    await world.hears("sun", button=world.messages("sun")[-1].labels[1])

    assert (await problem(world, "2026-002")).feedback == "已组卷上报市局"


@pytest.mark.parametrize("typed", ["2", "2026-002"])
async def test_which_problem_may_be_typed(world: World, typed: str) -> None:
    await world.hears("liu", LAND)
    await world.hears("liu", OTHER)
    await world.hears("sun", "已组卷")
    await world.hears("sun", "上报市局")

    await world.hears("sun", typed)

    assert (await problem(world, "2026-002")).feedback == "已组卷\n上报市局"


async def test_a_verb_with_words_means_the_only_problem(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("sun", "反馈：已组卷上报市局")

    assert (await problem(world)).feedback == "已组卷上报市局"


async def test_a_verb_with_words_and_two_problems_asks_for_the_number(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("liu", OTHER)

    await world.hears("sun", "反馈 已组卷上报市局")

    assert "2026-001、2026-002" in world.last("sun")
    assert (await problem(world)).feedback == (await problem(world, "2026-002")).feedback == ""


async def test_a_number_and_words_of_the_holder_are_feedback(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("sun", "2026-001 已组卷上报市局")

    assert (await problem(world)).feedback == "已组卷上报市局"


async def test_words_after_accepting_are_feedback(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("sun", "接办 2026-001 明天到现场")

    found = await problem(world)
    assert (found.state, found.feedback) == (State.WORKING, "明天到现场")


async def test_a_named_problem_is_served_before_the_open_question(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("liu", OTHER)
    await world.hears("sun", "已解决 2026-001")

    await world.hears("sun", "接办 2026-002")

    assert (await problem(world)).state is State.WAITING
    assert (await problem(world, "2026-002")).state is State.WORKING


async def test_a_small_number_in_an_answer_is_no_problem(world: World) -> None:
    await world.hears("wang", "已解决 3 户征拆")

    reports = await world.asks(lambda tx: tx.reports.on([world.ids["#park"]], date(2026, 11, 23)))
    assert reports[world.ids["#park"]].text == "已解决 3 户征拆"


async def test_an_unknown_number_is_said_so(world: World) -> None:
    await world.hears("sun", "接办 2026-063")

    assert "没有找到问题 2026-063" in world.last("sun")


async def test_words_of_somebody_who_holds_nothing_go_nowhere_unseen(world: World) -> None:
    await world.hears("sun", "已组卷上报市局")

    assert "指挥部办公室" in world.last("sun")


async def test_words_whose_problem_was_taken_away_meanwhile_are_offered_to_the_office(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "已组卷上报市局")
    await world.hears("zhao", "撤销 2026-001 报错了")

    await world.hears("sun", "材料都齐了")

    assert "指挥部办公室" in world.last("sun")
    assert "已组卷上报市局" in world.last("sun")


async def test_a_late_press_on_which_problem_is_refused(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "已组卷上报市局")
    await world.hears("sun", "取消")

    await world.hears("sun", button=next(iter(world.messages("sun")[-2].data)))

    assert (await problem(world)).feedback == ""
    assert "已经处理过" in world.last("sun")


async def test_a_closing_word_after_the_number_is_no_hindrance(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "已解决 2026-001 好了")

    await world.hears("liu", "销号 2026-001 谢谢")

    assert (await problem(world)).state is State.CLOSED


async def test_what_remains_of_what_was_withdrawn_is_not_added(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "已解决 2026-001 好了")
    await world.hears("liu", button="没解决")
    await world.hears("zhao", "撤销 2026-001 报错了")

    await world.hears("liu", "批文还没拿到")

    assert (await problem(world)).text == "用地指标未批，影响二期开挖"
    assert "已撤销" in world.last("liu")


async def test_who_was_not_the_quickest_is_told_so_by_the_database_too(world: World) -> None:
    await world.hears("liu", LAND)
    stale = await problem(world)
    await world.hears("sun", button="接办")
    incoming = Incoming("k", Address("fake", "x"), "x", world.clock.now())

    def late(tx: Tx) -> None:
        chen = tx.people.get(world.ids["chen"])
        words = texts.load()
        turn = Turn(tx, world.county, words, world.clock.now(), incoming=incoming, sender=chen, text="")
        deeds.must_win(turn, stale, won=tx.problems.take(stale, chen.id, turn.now))

    with pytest.raises(Refused) as refusal:
        await world.store.perform(late)
    assert refusal.value.key == "problem.taken_already"
    assert refusal.value.blanks["name"] == "孙立新"


# --- withdrawn --------------------------------------------------------------------------


async def test_the_cards_of_a_withdrawn_problem_say_so(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("zhao", "撤销 2026-001 报重了")

    for who in ("sun", "chen"):
        shown = world.messages(who)[0]
        assert "已撤销" in shown.text
        assert shown.labels == []
    assert (await trail(world))[-1] == "problem.withdrawn"


# --- the trail --------------------------------------------------------------------------


async def test_every_deed_is_in_the_trail_with_who_did_it(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "接办 2026-001 马上去")
    await world.hears("sun", "退回 2026-001 不归我们管")
    await world.hears("chen", "提请 2026-001 请协调指标")
    await world.hears("chen", button="周海涛（常务副县长）")
    await world.hears("zhou", button="转给别人")
    await world.hears("zhou", "孙立新 请抓紧")
    await world.hears("sun", "已解决 2026-001 批了")
    await world.hears("liu", "没解决 2026-001 没批")
    found = await problem(world)

    steps = await world.asks(lambda tx: tx.audit.trail(f"problem:{found.id}"))

    assert [(step.actor, step.action.removeprefix("problem.")) for step in steps] == [
        ("刘敏", "reported"),
        ("孙立新", "taken"),
        ("孙立新", "feedback"),
        ("孙立新", "returned"),
        ("陈志远", "asked_up"),
        ("周海涛", "decided"),
        ("周海涛", "directed"),
        ("孙立新", "solved"),
        ("刘敏", "reopened"),
        ("刘敏", "added_to"),
    ]
    assert await world.asks(lambda tx: tx.audit.broken_at()) is None
