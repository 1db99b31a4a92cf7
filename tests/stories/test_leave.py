"""Leave: while somebody is away another acts for them, named as such; and it comes back after."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select, update

from bot.chat import Event
from bot.domain.leave import MOST_DAYS
from bot.domain.people import Role
from handlers import absence
from handlers.turn import Beat
from storage import tables
from storage.tx import Tx
from tests.world import World

MONDAY = date(2026, 11, 23)
TUESDAY = date(2026, 11, 24)
WEDNESDAY = date(2026, 11, 25)
THURSDAY = date(2026, 11, 26)
FRIDAY = date(2026, 11, 27)
NEXT_MONDAY = date(2026, 11, 30)
LAND = "2 问题 用地指标未批"
MONEY = "2 问题 工程款没到位，工人等着开工"
"""No department answers for 资金 in this county: it goes to the lead leader, chen."""


async def entered(world: World) -> list[tuple[str, date, date, str]]:
    """Return the leaves that hold: who, from when to when, and who stands in."""
    substitutes = tables.people.alias()
    statement = (
        select(tables.people.c.name, tables.leaves.c.first, tables.leaves.c.last, substitutes.c.name)
        .join(tables.people, tables.people.c.id == tables.leaves.c.person_id)
        .join(substitutes, substitutes.c.id == tables.leaves.c.substitute_id)
        .where(tables.leaves.c.cancelled_at.is_(None))
        .order_by(tables.leaves.c.id)
    )
    rows = await world.asks(lambda tx: tx.connection.execute(statement).all())
    return [(row[0], row[1], row[2], row[3]) for row in rows]


async def trail(world: World, who: str) -> list[str]:
    steps = await world.asks(lambda tx: tx.audit.trail(f"person:{world.ids[who]}"))
    return [step.action for step in steps if step.action.startswith("leave.")]


def asked(world: World, who: str) -> list[str]:
    return [text for text in world.said_to(who) if "也可以直接回一句" in text]


# --- entered ----------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["请假 12-01 12-05 孙立新", "/leave 12-01 12-05 孙立新代"])
async def test_a_leave_is_entered_in_one_line(world: World, command: str) -> None:
    await world.hears("chen", command)

    assert world.last("chen") == (
        "已记：陈志远12月1日至12月5日请假，由孙立新代。"
        "提问和问题届时转给孙立新，本人也照样能办。提前回来，发「销假」。"
    )
    assert world.said_to("sun") == [
        "陈志远（县政府）12月1日至12月5日请假，请您代。到时候会把等着办的事列给您。"
    ]
    assert world.said_to("zhao") == ["陈志远（县政府）12月1日至12月5日请假，由孙立新代。"]
    assert await entered(world) == [("陈志远", date(2026, 12, 1), date(2026, 12, 5), "孙立新")]
    assert await trail(world, "chen") == ["leave.added"]


async def test_without_a_name_one_short_question_keeps_the_dates(world: World) -> None:
    await world.hears("chen", "请假 明天 后天")
    assert world.last("chen") == (
        "11月24日至11月25日请假期间谁代？回姓名就行；有重名的写「姓名（单位）」。不请了，发「取消」。"
    )

    await world.hears("chen", "李四")
    assert world.last("chen") == "名册里没有「李四」，请写全姓名；有重名的写成「姓名（单位）」。"
    await world.hears("chen", "由孙立新代")

    assert await entered(world) == [("陈志远", TUESDAY, WEDNESDAY, "孙立新")]


async def test_what_was_possible_when_asked_may_not_be_when_answered(world: World) -> None:
    await world.hears("chen", "请假 明天")
    await world.hears("zhao", "请假 陈志远 11-24 11-25 刘敏")

    await world.hears("chen", "孙立新")
    assert world.last("chen") == (
        "陈志远11月24日至11月25日已经请了假，没有再记。要改日期，先发「销假」，再重新请。"
    )
    await world.hears("chen", "孙立新")

    assert await entered(world) == [("陈志远", TUESDAY, WEDNESDAY, "刘敏")]
    assert "已经请了假" not in world.last("chen")  # the question is closed


async def test_the_office_may_enter_it_for_another_who_is_told(world: World) -> None:
    await world.hears("zhao", "请假 陈志远 12-01 孙立新")

    assert world.last("chen") == (
        "指挥部办公室赵文静给您记了请假：12月1日，由孙立新代。不对的话，发「销假」。"
    )
    assert len(world.said_to("zhao")) == 1


async def test_who_the_office_put_on_leave_today_hears_it_themself(world: World) -> None:
    await world.hears("zhao", "请假 陈志远 今天 孙立新")

    assert world.last("chen").startswith("指挥部办公室赵文静给您记了请假：11月23日")
    assert world.said_to("sun") == []  # the list of what waits comes at once
    await world.beats()
    assert world.said_to("sun") == [
        "陈志远（副县长）11月23日请假，由您代。现在没有等着办的事；有了新的，会发给您。"
    ]


async def test_leave_alone_tells_how_and_what_is_coming(world: World) -> None:
    await world.hears("chen", "请假")
    assert world.last("chen") == (
        "请假请写从哪天到哪天、请谁代，如「请假 12-01 12-05 李强」；只请一天，写一个日期就行。"
        "提前回来，发「销假」。"
    )
    await world.hears("chen", "请假 12-01 12-05 孙立新")
    await world.hears("liu", "请假 12-07 陈志远")

    await world.hears("chen", "请假")

    assert world.last("chen").splitlines()[:2] == [
        "您12月1日至12月5日请假，由孙立新代。要取消，发「销假」。",
        "您12月7日代刘敏。",
    ]


@pytest.mark.parametrize("text", ["请假 工人多，进度慢", "销假 工人陆续返岗"])
async def test_a_liaisons_words_that_begin_alike_are_an_answer(world: World, text: str) -> None:
    await world.hears("wang", text)

    assert world.last("wang").startswith("已记 智慧物流园：")


async def test_of_namesakes_the_unit_says_who(world: World) -> None:
    unit = select(tables.people.c.unit_id).where(tables.people.c.id == world.ids["wang"]).scalar_subquery()
    await world.store.perform(
        lambda tx: tx.connection.execute(insert(tables.people).values(name="孙立新", unit_id=unit))
    )

    await world.hears("chen", "请假 12-01 孙立新")
    assert world.last("chen") == "「孙立新」不止一位，请写清单位：孙立新（自然资源局）、孙立新（经济开发区）"
    await world.hears("chen", "请假 12-01 孙立新（自然资源局）代")

    assert [each[3] for each in await entered(world)] == ["孙立新"]
    assert "12月1日请假，请您代" in world.last("sun")


# --- refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (
            "请假 12-05 12-01 孙立新",
            "12月1日在12月5日之前，没有记。请把先到的日期写在前面，如「请假 12-01 12-05 李强」。",
        ),
        ("请假 11-16 11-20 孙立新", "11月16日至11月20日已经过去了，没有记。请写今天或以后的日期。"),
        (
            "请假 2026-12-01 2027-06-30 孙立新",
            "请假一次最长 180 天，12月1日至6月30日有 212 天，没有记。时间更长的，请指挥部办公室办「移交」。",
        ),
        (
            "请假 13-45 12-05 孙立新",
            "「13-45 12-05 孙立新」里没有看懂日期，没有记。请写：请假 12-01 12-05 李强。",
        ),
        ("请假 02-30 孙立新", "「02-30 孙立新」里没有看懂日期，没有记。请写：请假 12-01 12-05 李强。"),
        ("请假 孙立新", "「孙立新」里没有看懂日期，没有记。请写：请假 12-01 12-05 李强。"),
        ("请假 12-01 李四", "名册里没有「李四」，请写全姓名；有重名的写成「姓名（单位）」。"),
        ("请假 12-01 陈志远", "代办的人不能是请假的本人，没有记。请另写一位。"),
        ("请假 12-01 何建国", "何建国还收不到机器人的消息，不能代办，没有记。请另写一位。"),
        ("请假 12-01 周海涛", "周海涛已经不在名册里，不能代办，没有记。请另写一位。"),
        ("请假 12-01 12-02 王强", "王强12月2日至12月3日自己也请假，不能代办，没有记。请另写一位。"),
        (
            "请假 12-10 12-12 刘敏",
            "陈志远12月12日至12月13日已经请了假，没有再记。要改日期，先发「销假」，再重新请。",
        ),
        (
            "请假 刘敏 12-01 12-05 孙立新",
            "替别人请假、销假，由指挥部办公室来办。自己请假请写：请假 12-01 12-05 李强。",
        ),
        ("销假 刘敏", "替别人请假、销假，由指挥部办公室来办。自己请假请写：请假 12-01 12-05 李强。"),
    ],
)
async def test_what_cannot_be_is_refused_in_one_sentence_and_changes_nothing(
    world: World, text: str, refusal: str
) -> None:
    await world.happens(Event.BLOCKED, who="he")
    await world.hears("wang", "请假 12-02 12-03 刘敏")
    await world.hears("chen", "请假 12-12 12-13 孙立新")
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.people).where(tables.people.c.id == world.ids["zhou"]).values(active=False)
        )
    )
    before = await entered(world)

    await world.hears("chen", text)

    assert world.last("chen") == refusal
    assert await entered(world) == before
    assert await trail(world, "chen") == ["leave.added"]


async def test_no_circle_in_either_direction(world: World) -> None:
    await world.hears("chen", "请假 12-01 12-03 孙立新")

    await world.hears("sun", "请假 12-03 12-05 陈志远")
    assert world.last("sun") == "陈志远12月1日至12月3日自己也请假，不能代办，没有记。请另写一位。"
    await world.hears("sun", "请假 12-03 12-05 王强")
    assert "这期间孙立新代的陈志远，一并由王强代。" in world.last("sun")
    await world.hears("wang", "请假 12-03 陈志远")
    assert "自己也请假" in world.last("wang")
    await world.hears("wang", "请假 12-04 陈志远")

    third, fourth = date(2026, 12, 3), date(2026, 12, 4)
    acting = await world.asks(lambda tx: (tx.leaves.everybody(third), tx.leaves.everybody(fourth)))
    ids = world.ids
    assert acting == (
        {ids["chen"]: ids["wang"], ids["sun"]: ids["wang"]},
        {ids["sun"]: ids["chen"], ids["wang"]: ids["chen"]},
    )


# --- ended ------------------------------------------------------------------------------


async def test_a_leave_is_cancelled_before_it_begins(world: World) -> None:
    await world.hears("chen", "请假 12-01 12-05 孙立新")

    await world.hears("chen", "/leave cancel")

    assert world.last("chen") == "已取消陈志远12月1日至12月5日的请假。"
    assert world.last("sun") == "陈志远12月1日至12月5日不请假了，不用您代。"
    assert world.last("zhao") == "陈志远（县政府）取消了12月1日至12月5日的请假。"
    assert await entered(world) == []
    assert await trail(world, "chen") == ["leave.added", "leave.cancelled"]


async def test_back_early_both_sides_hear_it_at_once(world: World) -> None:
    await world.hears("liu", MONEY)
    await world.hears("chen", "请假 今天 后天 孙立新")
    await world.beats()

    await world.hears("chen", "销假")

    assert world.last("chen") == (
        "您回来了，请假期间由孙立新代。等您的有 1 件：\n"
        "🟢 正常｜2026-001｜泵业智造产业园｜资金：工程款没到位，工人等着开工"
    )
    assert world.messages("chen")[-1].labels == ["2026-001"]
    assert world.last("sun") == "您代陈志远的时间到了，辛苦了！"
    await world.day_at(FRIDAY, "08:00")
    assert len([text for text in world.said_to("chen") if text.startswith("您回来了")]) == 1


async def test_the_office_may_end_it_for_another(world: World) -> None:
    await world.hears("chen", "请假 今天 后天 孙立新")
    await world.beats()

    await world.hears("zhao", "销假 陈志远")

    assert world.last("zhao") == "已给陈志远销假。"
    assert world.last("chen").startswith(
        "指挥部办公室赵文静给您销了假（11月23日至11月25日）。\n您回来了，请假期间由孙立新代。"
    )


async def test_without_leave_there_is_none_to_end(world: World) -> None:
    await world.hears("chen", "销假")

    assert world.last("chen") == "陈志远没有请着的假，不用销。"


# --- cards ------------------------------------------------------------------------------


async def test_cards_go_to_the_substitute_who_accepts_in_the_name_of_the_holder(world: World) -> None:
    await world.hears("chen", "请假 今天 后天 孙立新")
    await world.beats()

    await world.hears("liu", MONEY)
    card = world.messages("sun")[-1]
    assert card.text.startswith("代陈志远：\n")
    assert "2026-001｜泵业智造产业园｜资金" in card.text
    assert not any("2026-001" in text for text in world.said_to("chen"))
    await world.hears("sun", button="接办")

    problem = await world.asks(lambda tx: tx.problems.numbered("2026-001"))
    assert problem is not None
    assert (problem.holder, problem.state) == ("陈志远", "办理中")
    actors = await world.asks(lambda tx: [step.actor for step in tx.audit.trail(f"problem:{problem.id}")])
    assert actors == ["刘敏", "孙立新"]


async def test_the_card_names_who_acts_for_the_holder(world: World) -> None:
    await world.hears("chen", "请假 今天 明天 孙立新")

    await world.hears("liu", MONEY)
    await world.hears("sun", button="接办")

    assert any("陈志远（副县长，孙立新代）已于 11-23 08:55 接办" in text for text in world.said_to("sun"))


async def test_what_is_late_is_told_to_the_substitute_who_can_act_on_it(world: World) -> None:
    await world.hears("liu", MONEY)
    await world.hears("chen", "请假 今天 明天 孙立新")
    await world.beats()
    heard = len(world.said_to("chen"))

    await world.day_at(MONDAY, "12:55")

    card = world.messages("sun")[-1]
    assert card.text.startswith("代陈志远：\n接办时限已到")
    assert "🔴 超期" in card.text
    assert "接办" in card.labels
    assert len(world.said_to("chen")) == heard
    await world.hears("sun", button="接办")
    problem = await world.asks(lambda tx: tx.problems.numbered("2026-001"))
    assert problem is not None
    assert (problem.holder, problem.state) == ("陈志远", "办理中")


async def test_several_that_are_late_are_told_to_the_substitute_in_one_message(world: World) -> None:
    await world.hears("liu", MONEY)
    await world.hears("liu", "1 问题 贷款没有到位")
    await world.hears("chen", "请假 今天 明天 孙立新")
    await world.beats()

    await world.day_at(MONDAY, "12:55")

    assert world.last("sun").startswith("代陈志远：\n有 2 个问题到了时限")


async def test_both_may_act_and_one_wins(world: World) -> None:
    await world.hears("chen", "请假 今天 后天 孙立新")
    await world.beats()
    await world.hears("liu", MONEY)

    await world.hears("chen", "接办 2026-001")
    await world.hears("sun", "接办 2026-001")

    assert world.last("chen").startswith("您已接办问题 2026-001，")
    assert world.last("sun").startswith("问题 2026-001 已由陈志远")


async def test_a_leave_that_begins_while_cards_are_open_brings_the_list(world: World) -> None:
    await world.hears("liu", MONEY)
    await world.hears("chen", "请假 11-24 11-25 孙立新")

    await world.day_at(TUESDAY, "07:29")
    assert await trail(world, "chen") == ["leave.added"]
    await world.day_at(TUESDAY, "07:30")

    assert world.last("sun") == (
        "陈志远（副县长）11月24日至11月25日请假，由您代。现在等着办的有 1 件：\n"
        "🔴 超期｜2026-001｜泵业智造产业园｜资金：工程款没到位，工人等着开工"
    )
    holders = [label for message in world.messages("chen") for label in message.labels]
    assert "接办" in holders  # the holder's card stays theirs
    await world.hears("sun", button="2026-001")
    await world.hears("sun", button="接办")
    assert world.last("sun").startswith("您已接办问题 2026-001，")
    assert await trail(world, "chen") == ["leave.added", "leave.began"]


async def test_rights_end_with_the_leave(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.hears("chen", "请假 今天 孙立新")
    await world.beats()
    await world.hears("liu", MONEY)
    pressed = world.find_button("sun", "接办")
    await world.day_at(TUESDAY, "07:30")

    assert "接办" not in [label for each in world.messages("sun") for label in each.labels]
    assert world.last("sun") == "您代陈志远的时间到了，辛苦了！"
    assert world.last("chen").startswith("您回来了，请假期间由孙立新代。等您的有 1 件：\n")
    # A press on its way, or from a chat that was not brought up to date.
    monkeypatch.setattr(world, "find_button", lambda *_: pressed)
    await world.hears("sun", button="接办")

    assert world.last("sun") == "问题 2026-001 不由您办理，没有改动。"
    problem = await world.asks(lambda tx: tx.problems.numbered("2026-001"))
    assert problem is not None
    assert problem.state == "待接办"
    assert await trail(world, "chen") == ["leave.added", "leave.began", "leave.ended"]


async def test_two_are_covered_by_one(world: World) -> None:
    await world.hears("chen", "请假 今天 后天 周海涛")
    await world.hears("sun", "请假 今天 后天 周海涛")
    await world.beats()

    await world.hears("liu", MONEY)
    await world.hears("liu", LAND)

    told = [text.splitlines()[0] for text in world.said_to("zhou")]
    assert [line for line in told if line.endswith("：")] == ["代陈志远：", "代孙立新："]
    await world.hears("zhou", "今日")
    assert world.last("zhou").count("2026-00") == 2


async def test_a_request_to_somebody_on_leave_is_answered_by_the_substitute(world: World) -> None:
    await world.hears("liu", MONEY)
    await world.hears("zhou", "请假 今天 后天 何建国")
    await world.beats()

    await world.hears("chen", "提请 2026-001 请拨付工程款")
    await world.hears("chen", button="周海涛（常务副县长）")
    assert world.last("he").startswith("代周海涛：\n")
    await world.hears("he", button="同意")

    requests = await world.asks(lambda tx: tx.requests.of_problem(1))
    assert [each.answered_by for each in requests] == [world.ids["he"]]


async def test_the_substitute_speaks_of_what_waits_without_its_number(world: World) -> None:
    await world.hears("chen", "请假 今天 后天 孙立新")
    await world.hears("liu", MONEY)

    await world.hears("sun", "接办")

    assert world.last("sun").startswith("您已接办问题 2026-001，")


async def test_the_morning_card_of_somebody_on_leave_is_read_by_the_substitute(world: World) -> None:
    await world.hears("chen", "请假 今天 后天 孙立新")
    await world.hears("liu", MONEY)

    await world.day_at(TUESDAY, "07:50")

    assert any(text.startswith("代陈志远：\n早上好，陈志远。") for text in world.said_to("sun"))


async def test_who_covers_holder_and_lead_leader_gets_one_card(world: World) -> None:
    await world.hears("chen", "请假 今天 后天 孙立新")
    await world.beats()

    await world.hears("liu", LAND)

    assert [text.splitlines()[0] for text in world.said_to("sun")[1:]] == [
        "问题 2026-001｜泵业智造产业园｜用地｜一般｜🟢 正常"
    ]


async def test_cover_that_passes_on_brings_everything_that_waits(world: World) -> None:
    await world.hears("liu", MONEY)
    await world.hears("chen", "请假 今天 后天 孙立新")
    await world.beats()

    await world.hears("sun", "请假 今天 周海涛")
    await world.beats()

    assert "等着办的有 1 件：\n🟢 正常｜2026-001" in world.last("zhou")
    await world.hears("zhou", button="2026-001")
    await world.hears("zhou", button="接办")
    assert world.last("zhou").startswith("您已接办问题 2026-001，")


# --- the daily question -----------------------------------------------------------------


async def test_the_substitute_is_asked_once_for_all(world: World) -> None:
    await world.hears("wang", "请假 今天 刘敏")
    await world.waits(minutes=5)

    assert asked(world, "wang") == []
    (question,) = asked(world, "liu")
    assert question.splitlines()[0] == "早上好，刘敏。11月23日 周一，您有 3 个项目："
    assert question.splitlines()[3].startswith("3 智慧物流园（代王强）｜落地开工｜")

    await world.hears("liu", "3 屋架吊装完成")
    assert world.last("liu").startswith("已记 3 智慧物流园：屋架吊装完成")
    await world.day_at(MONDAY, "15:00")
    assert world.last("liu").splitlines()[1:] == ["1 年产100万吨纯碱项目", "2 泵业智造产业园"]
    await world.day_at(MONDAY, "18:00")
    assert world.last("zhao").startswith("11月23日 日报：3 个项目，1 个有消息，2 个没有")
    assert not any("还差" in text for text in world.said_to("wang"))


async def test_a_substitute_without_projects_is_asked_and_answers(world: World) -> None:
    await world.hears("wang", "请假 今天 孙立新")
    await world.waits(minutes=5)

    assert "1 智慧物流园（代王强）" in asked(world, "sun")[0]
    await world.hears("sun", button="照旧")

    reports = await world.asks(lambda tx: tx.reports.on([world.ids["#park"]], MONDAY))
    assert [each.person for each in reports.values()] == ["孙立新"]
    await world.day_at(MONDAY, "15:00")
    assert len(asked(world, "sun")) == 1
    assert not any("还差" in text for text in world.said_to("sun"))


async def test_the_next_day_everybody_is_asked_themself_again(world: World) -> None:
    await world.hears("wang", "请假 今天 孙立新")
    await world.waits(minutes=5)
    await world.day_at(TUESDAY, "09:00")

    assert len(asked(world, "sun")) == 1
    assert len(asked(world, "wang")) == 1
    await world.hears("sun", "屋架吊装完成")
    assert await world.asks(lambda tx: tx.reports.on([world.ids["#park"]], TUESDAY)) == {}


async def test_leave_during_an_open_question_moves_the_reminder(world: World) -> None:
    await world.waits(minutes=5)
    await world.hears("wang", "请假 今天 刘敏")
    await world.day_at(MONDAY, "15:00")

    assert len(asked(world, "liu")) == 1  # never two questions a day
    assert not any("还差" in text for text in world.said_to("wang"))
    assert world.last("liu") == (
        "刘敏，今天还差这些项目没有消息，18:00 前回一下就好：\n"
        "1 年产100万吨纯碱项目\n2 泵业智造产业园\n3 智慧物流园（代王强）"
    )
    await world.hears("liu", "3 屋架吊装完成")
    assert "王强" not in world.last("liu")
    reports = await world.asks(lambda tx: tx.reports.on([world.ids["#park"]], MONDAY))
    assert [each.text for each in reports.values()] == ["屋架吊装完成"]


async def test_who_is_on_leave_may_still_answer_and_the_substitute_sees_it(world: World) -> None:
    await world.hears("wang", "请假 今天 刘敏")
    await world.waits(minutes=5)

    await world.hears("wang", "屋架吊装完成")

    assert world.last("wang").startswith("已记 智慧物流园")
    assert "3 智慧物流园（代王强）｜落地开工｜王强 09:00 已报：屋架吊装完成" in asked(world, "liu")[0]


async def test_a_substitute_may_report_a_problem(world: World) -> None:
    await world.hears("wang", "请假 今天 孙立新")

    await world.hears("sun", "/problem 工程款没到位，工人等着开工")

    problem = await world.asks(lambda tx: tx.problems.numbered("2026-001"))
    assert problem is not None
    assert (problem.project, problem.reporter) == ("智慧物流园", "孙立新")


# --- the office -------------------------------------------------------------------------


async def colleague(world: World) -> None:
    def add(tx: Tx) -> None:
        person = insert(tables.people).values(name="吴敏").returning(tables.people.c.id)
        world.ids["wu"] = tx.connection.execute(person).scalar_one()
        tx.connection.execute(insert(tables.roles).values(person_id=world.ids["wu"], role=str(Role.OFFICE)))
        tx.people.bind(world.ids["wu"], "fake", "account-wu", "account-wu", world.clock.now())

    await world.store.perform(add)


async def test_a_notice_to_the_office_comes_once_to_the_colleague_who_stands_in(world: World) -> None:
    await colleague(world)
    await world.hears("zhao", "请假 今天 吴敏")
    await world.day_at(MONDAY, "09:00")
    await world.day_at(MONDAY, "18:00")

    (text,) = [each for each in world.said_to("wu") if "日报：" in each]
    assert text.startswith(
        "11月23日 日报：3 个项目，0 个有消息，3 个没有：年产100万吨纯碱项目、泵业智造产业园、智慧物流园。\n"
    )
    assert not any("日报：" in text for text in world.said_to("zhao"))


async def test_a_notice_to_the_office_goes_to_whoever_stands_in(world: World) -> None:
    await world.hears("zhao", "请假 今天 孙立新")
    await world.day_at(MONDAY, "09:00")
    await world.day_at(MONDAY, "18:00")

    assert world.last("sun").startswith("代赵文静：\n11月23日 日报：")


# --- time -------------------------------------------------------------------------------


async def test_over_a_weekend_the_end_is_told_on_the_next_working_day(world: World) -> None:
    await world.hears("chen", "请假 11-26 11-28 孙立新")
    await world.day_at(THURSDAY, "07:30")
    await world.day_at(date(2026, 11, 29), "12:00")
    assert await trail(world, "chen") == ["leave.added", "leave.began"]

    await world.day_at(NEXT_MONDAY, "07:30")

    assert world.last("chen") == "您回来了，请假期间由孙立新代。现在没有等您的事。"
    assert world.last("sun") == "您代陈志远的时间到了，辛苦了！"


async def test_after_down_time_over_the_whole_leave_only_the_end_is_told(world: World) -> None:
    await world.hears("chen", "请假 11-24 11-25 孙立新")

    await world.day_at(FRIDAY, "10:00")
    await world.beats()

    assert world.said_to("sun")[1:] == ["您代陈志远的时间到了，辛苦了！"]
    assert [text[:4] for text in world.said_to("chen")[1:]] == ["您回来了"]
    assert await trail(world, "chen") == ["leave.added", "leave.ended"]


async def test_a_leave_entered_in_the_evening_for_that_day_alone_brings_no_list(world: World) -> None:
    await world.day_at(MONDAY, "21:30")
    await world.hears("chen", "请假 今天 孙立新")
    await world.beats()
    await world.day_at(TUESDAY, "07:30")

    assert not any("由您代。" in text for text in world.said_to("sun"))


async def test_a_leave_that_another_goes_on_from_ends_once(world: World) -> None:
    await world.hears("chen", "请假 11-23 11-24 孙立新")
    await world.hears("chen", "请假 11-25 11-26 周海涛")
    for day in (MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY):
        await world.day_at(day, "09:30")

    assert world.last("sun") == "您代陈志远的时间到了，辛苦了！"
    assert world.last("zhou") == "您代陈志远的时间到了，辛苦了！"
    assert not any("您回来了" in text for text in world.said_to("zhou"))
    assert [text for text in world.said_to("chen") if text.startswith("您回来了")] == [
        "您回来了，请假期间由周海涛代。现在没有等您的事。"
    ]


async def test_a_second_beat_tells_nothing_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(absence, "CHUNK", 1)
    await world.hears("chen", "请假 今天 孙立新")
    await world.hears("liu", "请假 今天 王强")
    for _ in range(3):
        await world.beats()
    await world.day_at(TUESDAY, "07:30")
    for _ in range(3):
        await world.beats()

    for who in ("sun", "wang"):
        told = [text for text in world.said_to(who) if "由您代" in text or "辛苦了" in text]
        assert len(told) == 2


async def test_the_next_moment_of_a_leave_is_known(world: World) -> None:
    assert await world.watch.read(absence.next_moments) == []
    await world.hears("chen", "请假 11-28 孙立新")

    ((begins, name),) = await world.watch.read(absence.next_moments)
    await world.day_at(date(2026, 11, 29), "12:00")
    ((ends, _),) = await world.watch.read(absence.next_moments)

    assert (begins.date(), ends.date(), name) == (date(2026, 11, 28), NEXT_MONDAY, "event.leave")
    assert begins.time() == ends.time() == world.county.calendar.quiet_until


async def test_how_somebody_is_called_names_the_substitute(world: World) -> None:
    await world.hears("chen", "请假 今天 孙立新")
    await world.hears("liu", "请假 今天 王强")

    def called(beat: Beat) -> list[str]:
        people = [beat.tx.people.get(world.ids[each]) for each in ("chen", "liu", "sun")]
        return [beat.called(None, each) for each in people]

    assert await world.watch.read(called) == ["陈志远（副县长，孙立新代）", "刘敏（王强代）", "孙立新"]


async def test_a_leave_may_be_half_a_year_long_and_no_longer(world: World) -> None:
    last = MONDAY + timedelta(days=MOST_DAYS - 1)
    await world.hears("chen", f"请假 2026-11-23 {last + timedelta(days=1)} 孙立新")
    assert "最长 180 天" in world.last("chen")

    await world.hears("chen", f"请假 2026-11-23 {last} 孙立新")

    assert [each[2] for each in await entered(world)] == [last]
