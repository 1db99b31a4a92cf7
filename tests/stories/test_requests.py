"""提请: one screen for a head, four answers, and the decision comes back."""

from datetime import date

import pytest
from sqlalchemy import delete, insert, select

from bot.chat import Event
from bot.domain.people import Role
from bot.domain.problems import State
from storage import tables
from storage.tx import Tx
from tests.stories.test_reporting import LAND, problem, trail
from tests.world import World

ANSWERS = ["同意", "转给别人", "召开会商", "退回提请"]
WANTED = "请协调市里追加用地指标 50 亩"


async def asked(world: World, head: str = "周海涛（常务副县长）") -> None:
    """Let chen bring liu's problem, held by sun, before a head."""
    await world.hears("liu", LAND)
    await world.hears("chen", f"提请 2026-001 {WANTED}")
    await world.hears("chen", button=head)


async def answers(world: World) -> list[tuple[str, str]]:
    """Return how each request was answered, and the words with it."""
    statement = select(tables.requests.c.answer, tables.requests.c.words).order_by(tables.requests.c.id)
    return [tuple(row) for row in await world.asks(lambda tx: tx.connection.execute(statement).all())]


async def loses(world: World, who: str, role: Role) -> None:
    """Take a role away from somebody."""
    await world.store.perform(
        lambda tx: tx.connection.execute(
            delete(tables.roles).where(
                tables.roles.c.person_id == world.ids[who], tables.roles.c.role == str(role)
            )
        )
    )


async def is_gone(world: World, who: str) -> None:
    """Let somebody block the bot."""
    await world.happens(Event.BLOCKED, who=who)


async def test_only_heads_are_offered_whom_it_reaches(world: World) -> None:
    await world.hears("liu", LAND)
    await is_gone(world, "he")

    await world.hears("chen", f"提请 2026-001 {WANTED}")

    assert world.messages("chen")[-1].labels == ["周海涛（常务副县长）"]


async def test_a_head_who_left_meanwhile_leaves_no_question_that_catches_what_is_said_next(
    world: World,
) -> None:
    await world.hears("liu", LAND)
    await world.hears("chen", f"提请 2026-001 {WANTED}")
    await is_gone(world, "he")

    await world.hears("chen", button="何建国（县长）")

    assert "何建国（县长）还没有加入机器人" in world.last("chen")
    assert await world.asks(lambda tx: tx.conversations.open(world.ids["chen"])) is None
    await world.hears("chen", button="周海涛（常务副县长）")
    await world.hears("chen", WANTED)
    assert WANTED in world.last("zhou")


async def test_a_number_means_the_head_beside_which_it_stood(world: World) -> None:
    await world.hears("liu", LAND)
    await is_gone(world, "he")
    await world.hears("chen", f"提请 2026-001 {WANTED}")
    await world.happens(Event.UNBLOCKED, who="he")

    await world.hears("chen", "1")

    assert WANTED in world.last("zhou")


# --- the dossier ------------------------------------------------------------------------


async def test_the_dossier_says_on_one_screen_what_a_decision_needs(world: World) -> None:
    await world.hears("liu", LAND)
    await world.waits(hours=2)
    await world.hears("sun", "退回 2026-001 不归我们管")
    await world.waits(hours=1)
    await world.hears("chen", "转办 2026-001 孙立新 归你们管")
    await world.hears("sun", "反馈 2026-001 已组卷上报市局")
    await world.hears("chen", f"提请 2026-001 {WANTED}")
    await world.hears("chen", button="何建国（县长）")

    assert world.last("he").splitlines() == [
        "【提请】问题 2026-001｜泵业智造产业园｜用地｜🟢 正常",
        "原因：用地指标未批，影响二期开挖（刘敏 11-23 08:55 报，11-30 前应解决）",
        "已做：已组卷上报市局",
        "不同意见：孙立新：不归我们管",
        "经办：孙立新 2 小时 → 陈志远 1 小时",
        f"请您决定：{WANTED}",
        "（11-23 11:55 陈志远（副县长）提请）",
    ]
    assert world.messages("he")[-1].labels == ANSWERS


async def test_meanwhile_the_holder_keeps_it_and_the_clocks_run_on(world: World) -> None:
    await world.hears("liu", LAND)
    before = await problem(world)
    await world.hears("chen", f"提请 2026-001 {WANTED}")
    await world.hears("chen", button="周海涛（常务副县长）")

    assert await problem(world) == before
    assert f"已提请周海涛（常务副县长）决定：{WANTED}" in world.said_to("sun")[0]
    assert "接办" in world.messages("sun")[0].labels


# --- the four answers -------------------------------------------------------------------


async def test_agreed_the_holder_the_reporter_and_the_asker_hear_it(world: World) -> None:
    await asked(world)

    notice = await world.hears("zhou", button="同意")

    assert notice == "已记"
    told = f"周海涛（常务副县长）同意了问题 2026-001（泵业智造产业园）的提请：{WANTED}"
    assert (world.last("sun"), world.last("liu"), world.last("chen")) == (told, told, told)
    assert (await problem(world)).holder == "孙立新"
    assert await answers(world) == [("同意", "")]
    assert (await trail(world))[-1] == "problem.decided"
    assert f"11-23 周海涛（常务副县长）同意：{WANTED}" in world.said_to("sun")[0]
    assert world.messages("zhou")[0].labels == []
    assert world.said_to("zhou")[0].endswith("（周海涛（常务副县长）已答复：同意）")


async def test_given_to_another_who_does_not_give_it_back(world: World) -> None:
    await asked(world)

    await world.hears("zhou", button="转给别人")
    await world.hears("zhou", "王强，三天内办结，每天报")

    found = await problem(world)
    assert (found.holder, found.state) == ("王强", State.WAITING)
    assert world.last("wang").splitlines()[0] == "周海涛（常务副县长）要求由您办理："
    assert "按领导批示办理：三天内办结，每天报" in world.last("wang")
    assert "退回" not in world.messages("wang")[-1].labels
    assert "转给王强办理。三天内办结，每天报" in world.last("sun")
    await world.hears("wang", "退回 2026-001 不归我管")
    assert world.last("wang").startswith("问题 2026-001 由指挥部办公室或领导指定王强办理，不能再退回。")
    assert (await problem(world)).holder == "王强"


async def test_given_to_nobody_known_changes_nothing_and_is_asked_again(world: World) -> None:
    await asked(world)
    await world.hears("zhou", button="转给别人")

    await world.hears("zhou", "诸葛亮 他有办法")
    assert "没有找到「诸葛亮」" in world.last("zhou")
    assert await answers(world) == [("", "")]
    await world.hears("zhou", "王强")

    assert (await problem(world)).holder == "王强"
    assert "。按领导批示办理\n" in world.last("wang")


async def test_a_meeting_is_for_the_office_to_arrange(world: World) -> None:
    await asked(world)

    await world.hears("zhou", button="召开会商")

    assert world.last("zhao") == (
        f"周海涛（常务副县长）要求召开会商，请安排：问题 2026-001（泵业智造产业园），议题：{WANTED}"
    )
    for who in ("sun", "liu", "chen"):
        assert "召开会商" in world.last(who)


async def test_sent_back_with_a_reason_it_can_be_asked_anew(world: World) -> None:
    await asked(world)

    await world.hears("zhou", button="退回提请")
    assert await answers(world) == [("", "")]
    await world.hears("zhou", "请先与市局对接")

    assert await answers(world) == [("退回", "请先与市局对接")]
    assert world.last("chen").endswith("的提请：请先与市局对接")
    await world.hears("chen", "提请 2026-001 市局不批，请协调")
    await world.hears("chen", button="周海涛（常务副县长）")
    assert "请您决定：市局不批，请协调" in world.last("zhou")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("1", "同意"),
        ("同意", "同意"),
        ("同意 2026-001", "同意"),
        ("3", "召开会商"),
        ("召开会商 2026-001", "召开会商"),
        ("退回提请 2026-001 请先对接", "退回"),
    ],
)
async def test_every_answer_can_be_typed(world: World, typed: str, expected: str) -> None:
    await asked(world)

    await world.hears("zhou", typed)

    assert [answer for answer, _ in await answers(world)] == [expected]


async def test_with_two_asked_a_word_alone_decides_neither(world: World) -> None:
    await asked(world)
    await world.hears("wang", "问题 土地红线没定，进不了场")
    await world.hears("chen", "提请 2026-002 请定红线")
    await world.hears("chen", button="周海涛（常务副县长）")

    await world.hears("zhou", "同意")
    assert "2026-001" in world.last("zhou")
    assert "2026-002" in world.last("zhou")
    assert await answers(world) == [("", ""), ("", "")]
    await world.hears("zhou", "同意 2026-001")

    assert await answers(world) == [("同意", ""), ("", "")]


async def test_the_card_offers_the_answers_too(world: World) -> None:
    await asked(world)

    await world.hears("zhou", "2026-001")

    assert world.messages("zhou")[-1].labels == ANSWERS
    await world.hears("zhou", button="同意")
    assert await answers(world) == [("同意", "")]
    assert [message.labels for message in world.messages("zhou")] == [[], [], []]


async def test_who_is_not_asked_does_not_answer(world: World) -> None:
    await asked(world)

    for who in ("he", "chen", "zhao", "sun"):
        await world.hears(who, "同意 2026-001")
        assert world.last(who) == "问题 2026-001 没有等您答复的事。"

    assert await answers(world) == [("", "")]


# --- too late ---------------------------------------------------------------------------


async def test_a_second_answer_is_told_the_first(world: World) -> None:
    await asked(world)
    shown = world.messages("zhou")[0]
    as_it_was = dict(shown.data)
    await world.hears("zhou", button="同意")
    # The button was on its way when the card changed.
    shown.data = as_it_was

    notice = await world.hears("zhou", button="召开会商")

    assert notice == "周海涛（常务副县长）已经答复过问题 2026-001：同意。"
    assert await answers(world) == [("同意", "")]


async def test_whose_office_ended_meanwhile_does_not_decide(world: World) -> None:
    await asked(world)
    await loses(world, "zhou", Role.DEPUTY_HEAD)
    before = await problem(world)

    notice = await world.hears("zhou", button="同意")

    assert notice == "问题 2026-001 这件事不由您定，没有改动。"
    assert await answers(world) == [("", "")]
    assert await problem(world) == before


async def test_whose_office_ended_between_question_and_words_is_let_go(world: World) -> None:
    await asked(world)
    await world.hears("zhou", button="转给别人")
    await loses(world, "zhou", Role.DEPUTY_HEAD)

    await world.hears("zhou", "王强 三天内办结")
    assert world.last("zhou") == "问题 2026-001 这件事不由您定，没有改动。"
    await world.hears("zhou", "另一句话")

    assert "转给指挥部办公室" in world.last("zhou")
    assert (await problem(world)).holder == "孙立新"


async def test_solved_meanwhile_nothing_is_left_to_decide(world: World) -> None:
    await asked(world)
    await world.hears("zhou", button="退回提请")
    await world.hears("sun", "已解决 2026-001 指标已批")
    assert world.messages("zhou")[0].labels == []
    assert world.said_to("zhou")[0].endswith("（已有结果，不用再答复）")

    await world.hears("zhou", "请先对接")
    assert world.last("zhou") == "问题 2026-001 现在是「待确认」，这一步不用再办了。"
    await world.hears("zhou", "另一句话")

    assert "转给指挥部办公室" in world.last("zhou")
    assert await answers(world) == [("失效", "")]


async def test_the_same_head_is_not_asked_twice_and_the_question_lets_go(world: World) -> None:
    await asked(world)

    await world.hears("chen", button="提请")
    await world.hears("chen", button="周海涛（常务副县长）")
    await world.hears("chen", "请快一点")
    assert world.last("chen") == "问题 2026-001 已经提请周海涛（常务副县长），正等答复。"
    await world.hears("chen", "另一句话")

    assert len(await answers(world)) == 1
    assert "正等答复" not in world.last("chen")


async def test_another_head_may_be_asked_besides(world: World) -> None:
    await asked(world)

    await world.hears("chen", "提请 2026-001 请县长定")
    await world.hears("chen", button="何建国（县长）")

    assert len(await answers(world)) == 2


async def test_a_head_out_of_reach_is_not_asked_in_vain(world: World) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(
            delete(tables.contacts).where(
                tables.contacts.c.person_id.in_([world.ids["zhou"], world.ids["he"]])
            )
        )
    )
    await asked(world)

    assert world.last("chen").startswith("周海涛（常务副县长）还没有加入机器人")
    assert await answers(world) == []


async def test_the_owner_of_another_project_asks_nobody(world: World) -> None:
    def own(tx: Tx) -> None:
        tx.connection.execute(
            insert(tables.assignments).values(
                project_id=world.ids["#park"],
                person_id=world.ids["qian"],
                duty="业主",
                since=date(2026, 1, 1),
            )
        )

    await world.store.perform(own)
    await world.hears("liu", LAND)

    await world.hears("qian", "提请 2026-001 请定")

    assert world.last("qian") == "问题 2026-001 不由您办理，没有改动。"
    assert await answers(world) == []
