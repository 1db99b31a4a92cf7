"""A liaison reports a problem: guessed, routed, put right with one tap, never twice."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from bot.chat import Attachment
from bot.domain.problems import Problem, State, Urgency
from storage.tables import attachments
from tests.world import ZONE, World

LAND = "2 问题 用地指标未批，影响二期开挖"
LAND_AGAIN = "2 问题 用地指标还是没批，影响二期开挖"


async def problem(world: World, number: str = "2026-001") -> Problem:
    found = await world.asks(lambda tx: tx.problems.numbered(number))
    assert found is not None
    return found


async def trail(world: World, number: str = "2026-001") -> list[str]:
    found = await problem(world, number)
    return [step.action for step in await world.asks(lambda tx: tx.audit.trail(f"problem:{found.id}"))]


def local(moment: datetime | None) -> str:
    assert moment is not None
    return moment.astimezone(ZONE).strftime("%m-%d %H:%M")


async def test_one_line_becomes_a_problem_with_holder_category_and_dues(world: World) -> None:
    await world.hears("liu", LAND)

    assert world.last("liu").startswith("已记 问题 2026-001｜泵业智造产业园｜用地｜一般\n用地指标未批")
    assert "孙立新" in world.last("liu")
    found = await problem(world)
    assert (found.holder, found.reporter, found.state) == ("孙立新", "刘敏", State.WAITING)
    assert local(found.accept_due) == "11-23 12:55"
    assert local(found.feedback_due) == "11-26 18:00"
    assert local(found.solve_due) == "11-30 18:00"


async def test_the_card_goes_to_the_holder_and_the_lead_leader(world: World) -> None:
    await world.hears("liu", LAND)

    assert world.last("sun") == (
        "问题 2026-001｜泵业智造产业园｜用地｜一般｜🟢 正常\n"
        "用地指标未批，影响二期开挖（刘敏 11-23 08:55 报）\n"
        "请在 11-23 12:55 前接办，11-26 前反馈，11-30 前解决。\n"
        "11-23 16:55 仍未接办，将告知陈志远（副县长）。"
    )
    assert world.messages("sun")[-1].labels == ["接办", "转办", "已解决", "提请", "退回", "问反映人"]
    assert "问题 2026-001" in world.last("chen")
    assert "孙立新" in world.last("chen").splitlines()[0]
    assert "接办" in world.messages("chen")[-1].labels


async def test_a_report_of_the_day_says_that_there_is_a_problem(world: World) -> None:
    await world.hears("liu", LAND)

    reports = await world.asks(lambda tx: tx.reports.on([world.ids["#pump"]], date(2026, 11, 23)))
    assert reports[world.ids["#pump"]].text == "用地指标未批，影响二期开挖"


async def test_numbers_count_from_one_each_year(world: World) -> None:
    await world.hears("liu", "1 问题 缺少电焊工")
    await world.hears("liu", LAND)
    await world.day_at(date(2027, 1, 4), "09:30")
    await world.hears("liu", "1 问题 渣土外运许可没办下来")

    assert "问题 2026-002" in world.said_to("sun")[0]
    assert "问题 2027-001" in "\n".join(world.said_to("liu"))


async def test_a_problem_ends_the_silence_of_its_project(world: World) -> None:
    await world.hears("wang", "到12月5日前无变化")

    await world.hears("wang", "问题 缺少电焊工")

    project = await world.asks(lambda tx: tx.projects.get(world.ids["#park"]))
    assert project.quiet_until is None


# --- put right --------------------------------------------------------------------------


async def test_one_tap_changes_the_category_and_the_holder_with_it(world: World) -> None:
    await world.hears("liu", LAND)

    notice = await world.hears("liu", button="征拆")

    assert notice == "已改为征拆类"
    found = await problem(world)
    assert (found.category, found.holder) == ("征拆", "陈志远")
    assert world.messages("sun")[-1].labels == []
    assert "等陈志远接办" in world.last("sun").replace(" ", "")
    assert "接办" in world.messages("chen")[-1].labels
    assert [message.labels for message in world.messages("chen")[:-1]] == [[]]
    receipts = [text for text in world.said_to("liu") if text.startswith("已记 问题")]
    assert len(receipts) == 1
    assert "｜征拆｜" in receipts[0]
    assert await trail(world) == ["problem.reported", "problem.classified", "problem.rerouted"]


async def test_every_category_can_be_chosen(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("liu", button="更多类别")
    assert world.messages("liu")[-1].labels == list(world.county.categories)
    await world.hears("liu", button="用电")

    assert (await problem(world)).category == "用电"


async def test_choosing_the_same_category_changes_nothing(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("liu", button="更多类别")

    assert await world.hears("liu", button="用地") == "已经是用地类。"
    assert await trail(world) == ["problem.reported"]


async def test_a_category_typed_gets_a_fresh_receipt(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("liu", "征拆")

    assert "｜征拆｜" in world.last("liu")
    assert next(each.labels for each in world.messages("liu") if each.text.startswith("已记 问题")) == []


@pytest.mark.parametrize(
    ("label", "urgency", "solve"),
    [("当天要办", Urgency.TODAY, "11-24 00:00"), ("比较复杂", Urgency.COMPLEX, "12-23 18:00")],
)
async def test_one_tap_changes_the_urgency_and_the_three_clocks(
    world: World, label: str, urgency: Urgency, solve: str
) -> None:
    await world.hears("liu", LAND)

    notice = await world.hears("liu", button=label)

    found = await problem(world)
    assert notice == f"已改为「{urgency}」"
    assert (found.urgency, local(found.solve_due)) == (urgency, solve)
    assert f"｜{urgency}" in world.last("sun")
    assert await trail(world) == ["problem.reported", "problem.classified"]


async def test_choosing_the_same_urgency_twice_changes_nothing(world: World) -> None:
    await world.hears("liu", LAND)
    data, _ = world.find_button("liu", "当天要办")
    await world.hears("liu", button="当天要办")
    found = await problem(world)
    world.messages("liu")[-1].data["当天要办"] = data

    await world.hears("liu", button="当天要办")

    assert await problem(world) == found
    assert await trail(world) == ["problem.reported", "problem.classified"]


async def test_once_accepted_the_reporter_puts_nothing_right_any_more(world: World) -> None:
    await world.hears("liu", LAND)
    data, _ = world.find_button("liu", "征拆")
    await world.hears("sun", button="接办")

    receipt = next(message for message in world.messages("liu") if message.text.startswith("已记 问题"))
    assert receipt.labels == []
    receipt.data["征拆"] = data
    await world.hears("liu", button="征拆")

    assert (await problem(world)).category == "用地"
    assert "孙立新" in world.last("liu")


# --- when it is seen --------------------------------------------------------------------


async def test_at_night_the_card_waits_for_the_morning(world: World) -> None:
    await world.day_at(date(2026, 11, 27), "21:30")
    await world.hears("liu", LAND)
    assert world.said_to("sun") == []
    assert world.last("liu").startswith("已记 问题 2026-001")

    await world.day_at(date(2026, 11, 30), "07:29")
    assert world.said_to("sun") == []
    await world.day_at(date(2026, 11, 30), "07:30")

    assert world.said_to("sun")[0].startswith("问题 2026-001")


@pytest.mark.parametrize("words", ["当天必须解决：", "紧急，"])
async def test_a_problem_of_the_day_breaks_the_quiet_hours(world: World, words: str) -> None:
    await world.day_at(date(2026, 11, 28), "22:00")

    await world.hears("liu", f"2 问题 {words}用地红线内有人堵路")

    assert "｜当天｜🟢 正常\n" in world.last("sun")
    assert "今天解决" in world.last("sun")


async def test_a_problem_made_urgent_at_night_is_seen_once_and_now(world: World) -> None:
    await world.day_at(date(2026, 11, 27), "21:30")
    await world.hears("liu", LAND)

    await world.hears("liu", button="当天要办")
    assert len(world.said_to("sun")) == len(world.said_to("chen")) == 1
    await world.day_at(date(2026, 11, 30), "08:00")

    assert len([text for text in world.said_to("sun") if text.startswith("问题 2026-001")]) == 1


async def test_a_card_that_waits_for_the_morning_tells_how_it_stands_then(world: World) -> None:
    await world.day_at(date(2026, 11, 27), "21:30")
    await world.hears("liu", LAND)
    await world.hears("sun", "接办 2026-001")

    await world.day_at(date(2026, 11, 30), "07:30")

    assert "反馈" in world.messages("sun")[-1].labels
    assert "接办" not in world.messages("sun")[-1].labels


# --- like one that is there already -----------------------------------------------------


async def test_a_similar_problem_is_offered_and_added_to(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("liu", LAND_AGAIN)
    assert "2026-001" in world.last("liu")
    assert world.messages("liu")[-1].labels == ["是，补充上去", "不是，另报"]
    await world.hears("liu", button="是，补充上去")

    found = await problem(world)
    assert found.text == "用地指标未批，影响二期开挖\n用地指标还是没批，影响二期开挖"
    assert "还是没批" in world.said_to("sun")[0]
    assert "还是没批" in world.last("sun")
    assert world.last("liu").startswith("已记")
    assert await trail(world) == ["problem.reported", "problem.added_to"]
    assert await world.asks(lambda tx: len(tx.problems.open())) == 1


async def test_a_similar_problem_can_be_another(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("liu", LAND_AGAIN)

    await world.hears("liu", button="不是，另报")

    assert (await problem(world, "2026-002")).text == "用地指标还是没批，影响二期开挖"


@pytest.mark.parametrize(("typed", "problems"), [("1", 1), ("2", 2), ("是，补充上去", 1), ("不是，另报", 2)])
async def test_the_answer_to_the_same_problem_can_be_typed(world: World, typed: str, problems: int) -> None:
    await world.hears("liu", LAND)
    await world.hears("liu", LAND_AGAIN)

    await world.hears("liu", typed)

    assert await world.asks(lambda tx: len(tx.problems.open())) == problems


async def test_words_before_the_answer_are_added_to_the_words_that_wait(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("liu", LAND_AGAIN)
    await world.hears("liu", "已经影响到桩基")

    await world.hears("liu", "2")

    assert (await problem(world, "2026-002")).text == "用地指标还是没批，影响二期开挖\n已经影响到桩基"


async def test_words_for_a_problem_solved_meanwhile_become_a_problem(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("liu", LAND_AGAIN)
    await world.hears("sun", "已解决 2026-001 指标已批")
    await world.hears("zhao", "撤销 2026-001 报错了")
    await world.hears("liu", button="是，补充上去")

    assert (await problem(world, "2026-002")).text == "用地指标还是没批，影响二期开挖"


async def test_a_late_answer_to_the_same_problem_is_refused(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("liu", LAND_AGAIN)
    await world.hears("liu", "取消")

    await world.hears("liu", button="是，补充上去")

    assert (await problem(world)).text == "用地指标未批，影响二期开挖"
    assert "已经处理过" in world.last("liu")


async def test_a_problem_of_another_project_is_not_the_same(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("liu", "1 问题 用地指标未批，影响二期开挖")

    assert await world.asks(lambda tx: len(tx.problems.open())) == 2


async def test_two_problems_in_one_message_lose_no_words(world: World) -> None:
    await world.hears("liu", "1 问题 缺少电焊工")
    await world.hears("liu", LAND)

    await world.hears("liu", f"1 问题 还是缺少电焊工\n{LAND_AGAIN}")
    await world.hears("liu", "2")

    texts = [each.text for each in await world.asks(lambda tx: tx.problems.open())]
    assert sorted(texts) == sorted(
        ["缺少电焊工", "用地指标未批，影响二期开挖", "还是缺少电焊工", "用地指标还是没批，影响二期开挖"]
    )


# --- how it begins ----------------------------------------------------------------------


async def test_problem_without_words_asks_which_project(world: World) -> None:
    await world.hears("liu", "问题")
    assert "1 年产100万吨纯碱项目" in world.last("liu")

    await world.hears("liu", "2 用地指标未批")

    assert (await problem(world)).project == "泵业智造产业园"


async def test_problem_of_somebody_with_one_project_asks_what_it_is(world: World) -> None:
    await world.hears("wang", "/problem")
    assert "智慧物流园" in world.last("wang")

    await world.hears("wang", "进场道路没修好")

    found = await problem(world)
    assert (found.project, found.category) == ("智慧物流园", "配套")


async def test_problem_with_words_is_a_problem(world: World) -> None:
    await world.hears("wang", "问题 缺少电焊工")

    assert (await problem(world)).text == "缺少电焊工"


async def test_who_has_no_project_is_told_where_to_turn(world: World) -> None:
    await world.hears("qian", "问题 没人管")

    assert "指挥部办公室" in world.last("qian")


async def test_pictures_come_with_the_problem(world: World) -> None:
    picture = Attachment("photo-1", "现场.jpg", "image/jpeg", 3)
    world.platform.files["photo-1"] = b"jpg"

    await world.hears("liu", LAND, files=[picture])
    await world.beats()

    assert list(world.fetchers.kept.values()) == [b"jpg"]


async def test_pictures_sent_before_the_words_come_with_the_problem(world: World) -> None:
    await world.hears("wang", "问题")
    await world.hears("wang", files=[Attachment("photo-1", "现场.jpg", "image/jpeg")])

    await world.hears("wang", "进场道路没修好")

    found = await problem(world)
    kept = await world.asks(
        lambda tx: tx.connection.execute(select(attachments.c.problem_id)).scalars().all()
    )
    assert list(kept) == [found.id]


async def test_a_project_named_without_words_asks_what_is_wrong(world: World) -> None:
    await world.hears("wang", "问题")
    await world.hears("wang", files=[Attachment("photo-1", "现场.jpg", "image/jpeg")])
    await world.hears("wang", files=[Attachment("photo-2", "现场.jpg", "image/jpeg")])

    await world.hears("wang", "进场道路没修好")

    kept = await world.asks(lambda tx: tx.connection.execute(select(attachments.c.token)).scalars().all())
    assert list(kept) == ["photo-1", "photo-2"]


async def test_a_category_the_county_no_longer_has_is_stale(world: World) -> None:
    await world.hears("liu", LAND)
    world.router._county = replace(world.county, categories=("用地", "其他"))

    await world.hears("liu", button="征拆")

    assert (await problem(world)).category == "用地"
    assert "已经处理过" in world.last("liu")


async def test_words_added_to_a_problem_of_ones_own_hands_need_no_notice(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "转办 2026-001 刘敏 他自己能办")
    await world.hears("liu", LAND_AGAIN)
    said = len(world.said_to("liu"))

    await world.hears("liu", "1")

    assert len(world.said_to("liu")) == said + 1


# --- edited -----------------------------------------------------------------------------


async def test_an_edited_message_rewords_its_problem(world: World) -> None:
    await world.hears("liu", LAND, message="m1")

    await world.hears("liu", "2 问题 林地指标未批，影响三期开挖", message="m1", edited=True)

    assert (await problem(world)).text == "林地指标未批，影响三期开挖"
    assert "林地指标未批" in world.said_to("sun")[0]
    assert world.last("liu").startswith("已记")
    assert (await trail(world))[-1] == "problem.reworded"


async def test_an_edited_message_keeps_what_was_added_since(world: World) -> None:
    await world.hears("liu", LAND, message="m1")
    await world.hears("liu", LAND_AGAIN)
    await world.hears("liu", "1")

    for words in ("林地指标未批", "耕地指标未批"):
        await world.hears("liu", f"2 问题 {words}", message="m1", edited=True)

    assert (await problem(world)).text == "耕地指标未批\n用地指标还是没批，影响二期开挖"


async def test_a_closed_problem_is_not_reworded(world: World) -> None:
    await world.hears("liu", LAND, message="m1")
    await world.hears("sun", "已解决 2026-001 指标已批")
    await world.hears("liu", button="销号")

    await world.hears("liu", "2 问题 林地指标未批", message="m1", edited=True)

    assert (await problem(world)).text == "用地指标未批，影响二期开挖"
    assert "已销号" in world.last("liu")


async def test_moments_are_kept_in_utc(world: World) -> None:
    await world.hears("liu", LAND)

    assert (await problem(world)).opened_at == datetime(2026, 11, 23, 0, 55, tzinfo=UTC)
