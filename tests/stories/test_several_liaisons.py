"""Several liaisons on one project: all are asked, the first answer counts, the others see it."""

from datetime import date

import pytest
from sqlalchemy import insert

from bot.domain.people import Duty
from bot.domain.progress import Kind
from storage import tables
from storage.reports import Report
from storage.tx import Tx
from tests.world import World

TODAY = date(2026, 11, 23)


@pytest.fixture
async def shared(world: World) -> World:
    """A county in which wang, too, answers for the soda project; it is past nine."""

    def share(tx: Tx) -> None:
        tx.connection.execute(
            insert(tables.assignments).values(
                project_id=world.ids["#soda"],
                person_id=world.ids["wang"],
                duty=str(Duty.LIAISON),
                since=date(2026, 1, 1),
            )
        )

    await world.store.perform(share)
    await world.waits(minutes=5)
    return world


async def soda(world: World) -> Report:
    project_id = world.ids["#soda"]
    return (await world.asks(lambda tx: tx.reports.on([project_id], TODAY)))[project_id]


async def test_all_of_them_are_asked(shared: World) -> None:
    assert "年产100万吨纯碱项目" in shared.last("liu")
    assert "年产100万吨纯碱项目" in shared.last("wang")


async def test_the_others_see_the_answer_in_their_question(shared: World) -> None:
    await shared.hears("liu", "1 主体封顶，形象进度62%")

    assert (
        "\n1 年产100万吨纯碱项目｜落地开工｜刘敏 09:00 已报：主体封顶，形象进度62%\n"
        in shared.said_to("wang")[0]
    )
    assert len(shared.said_to("wang")) == 1
    assert shared.messages("wang")[0].edits == 1


async def test_the_buttons_go_when_everything_is_answered(shared: World) -> None:
    await shared.hears("wang", "2 屋架吊装完成")
    before = shared.messages("wang")[0].labels

    await shared.hears("liu", "1 主体封顶")

    assert before != []
    assert shared.messages("wang")[0].labels == []


async def test_who_has_nothing_left_to_answer_is_not_reminded(shared: World) -> None:
    await shared.hears("wang", "2 屋架吊装完成")
    await shared.hears("liu", "1 主体封顶")

    await shared.day_at(TODAY, "15:00")

    assert len(shared.said_to("wang")) == 2


async def test_the_first_answer_counts_and_the_others_words_are_kept(shared: World) -> None:
    await shared.hears("liu", "1 主体封顶，形象进度62%")

    await shared.hears("wang", "1 形象进度60%")

    assert shared.last("wang") == (
        "年产100万吨纯碱项目：刘敏 09:00 已经报过「主体封顶，形象进度62%」，当天以先报的为准。"
        "您这条也存下了。"
    )
    assert (await soda(shared)).text == "主体封顶，形象进度62%"
    assert (await shared.asks(lambda tx: tx.projects.get(shared.ids["#soda"]))).permille == 620


async def test_no_change_for_all_skips_what_a_colleague_has_answered(shared: World) -> None:
    await shared.hears("liu", "1 主体封顶")

    await shared.hears("wang", button="全部照旧")

    assert shared.last("wang") == "已记 2 智慧物流园：照旧。要改，直接再发一遍。"
    assert (await soda(shared)).text == "主体封顶"


async def test_an_answer_without_words_is_shown_as_what_it_was(shared: World) -> None:
    await shared.hears("liu", button="全部照旧")

    await shared.hears("wang", "1 主体封顶")

    assert "刘敏 09:00 已报：照旧" in shared.said_to("wang")[0]
    assert shared.last("wang").startswith("年产100万吨纯碱项目：刘敏 09:00 已经报过「照旧」")


async def test_the_first_to_answer_may_still_revise(shared: World) -> None:
    await shared.hears("liu", "1 主体封顶")
    await shared.hears("wang", "1 形象进度60%")

    await shared.hears("liu", "1 形象进度63%")

    assert (await soda(shared)).standing.permille == 630


async def test_a_problem_reported_by_one_does_not_keep_out_the_news_of_another(shared: World) -> None:
    await shared.hears("liu", "1 问题 用地指标未批")

    await shared.hears("wang", "1 主体封顶")

    assert (await soda(shared)).kind is Kind.PROGRESS
    assert shared.last("wang") == "已记 1 年产100万吨纯碱项目：主体封顶。要改，直接再发一遍。"


async def test_a_colleague_cannot_put_to_rest_what_another_has_reported(shared: World) -> None:
    await shared.hears("liu", "1 主体封顶")

    await shared.hears("wang", "1 到12月5日前无变化")

    assert (await shared.asks(lambda tx: tx.projects.get(shared.ids["#soda"]))).quiet_until is None


async def test_nobody_is_asked_about_a_project_that_has_been_answered_before_nine(world: World) -> None:
    await world.hears("liu", "1 主体封顶；2 设备进场")

    await world.waits(minutes=5)

    assert len(world.said_to("liu")) == 1


async def test_a_part_answered_before_nine_is_shown_as_answered(world: World) -> None:
    await world.hears("liu", "1 主体封顶")

    await world.waits(minutes=5)

    assert (
        "1 年产100万吨纯碱项目｜落地开工｜已记：主体封顶\n2 泵业智造产业园｜竣工投产｜上周五：二期封顶"
        in world.last("liu")
    )
