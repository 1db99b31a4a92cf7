"""Photographs and files: kept with the words they came with, or asked about, never lost."""

import dataclasses
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Row, select

from bot.chat import Attachment
from bot.domain.progress import Kind
from bot.errors import DeliveryError, Failure
from storage import tables
from storage.tx import Tx
from tests.world import World

TODAY = date(2026, 11, 23)


def photo(number: int = 1) -> Attachment:
    return Attachment(f"photo{number}", f"现场{number}.jpg", "image/jpeg", 100_000)


LOST = "您 11-23 08:55 发来的照片（文件）没能存下来，请再发一次（单个不超过 20 MB，不收程序和网页）。"
PAPER = Attachment("paper", "会议纪要.pdf", "application/pdf", 50_000)


@pytest.fixture(autouse=True)
def bytes_of_the_photos(world: World) -> None:
    world.platform.files |= {f"photo{number}": b"jpg" for number in range(1, 11)} | {"paper": b"pdf"}


async def kept(world: World) -> list[Row[tuple[object, ...]]]:
    return await world.asks(
        lambda tx: list(tx.connection.execute(select(tables.attachments).order_by(tables.attachments.c.id)))
    )


async def project_of(world: World, report_id: int) -> int:
    return (await world.asks(lambda tx: tx.reports.get(report_id))).project_id


async def test_a_photograph_with_words_is_kept_with_the_report(world: World) -> None:
    await world.hears("liu", "1 主体封顶", files=[photo()])

    (row,) = await kept(world)
    assert await project_of(world, row.report_id) == world.ids["#soda"]
    assert world.last("liu") == "已记 1 年产100万吨纯碱项目：主体封顶（附 1 个文件）。要改，直接再发一遍。"


async def test_its_bytes_are_fetched_at_the_next_beat(world: World) -> None:
    await world.hears("liu", "1 主体封顶", files=[photo()])

    await world.beats()

    (row,) = await kept(world)
    assert (row.state, row.size) == ("fetched", 3)
    assert list(world.fetchers.kept.values()) == [b"jpg"]


async def test_a_report_never_waits_for_its_photograph(world: World) -> None:
    world.platform.files.clear()

    await world.hears("liu", "1 主体封顶", files=[photo()])

    assert world.last("liu").startswith("已记")


@pytest.mark.parametrize(
    ("kind", "state", "tries"),
    [(Failure.RETRY, "wanted", 1), (Failure.REFUSED, "failed", 1), (Failure.UNREACHABLE, "failed", 1)],
)
async def test_what_cannot_be_fetched_is_tried_again_unless_it_is_gone(
    world: World, kind: Failure, state: str, tries: int
) -> None:
    world.platform.fetch_failures.append(DeliveryError(kind, "no"))
    await world.hears("liu", "1 主体封顶", files=[photo()])

    await world.beats()

    (row,) = await kept(world)
    assert (row.state, row.tries) == (state, tries)


async def test_one_that_fails_keeps_no_other_waiting_and_comes_later(world: World) -> None:
    world.platform.fetch_failures.append(DeliveryError(Failure.RETRY, "not now"))
    await world.hears("liu", "1 主体封顶", files=[photo(1), photo(2)])

    await world.beats()
    first = [row.state for row in await kept(world)]
    await world.waits(seconds=15)

    assert sorted(first) == ["fetched", "wanted"]
    assert [row.state for row in await kept(world)] == ["fetched", "fetched"]


async def test_after_a_day_it_is_given_up_and_its_sender_told(world: World) -> None:
    world.platform.fetch_failures += [DeliveryError(Failure.RETRY, "not now")] * 1000
    await world.hears("liu", "1 主体封顶", files=[photo()])

    for _ in range(24):
        await world.waits(hours=1)

    (row,) = await kept(world)
    assert (row.state, row.tries) == ("failed", 24)
    assert world.last("liu") == LOST


async def test_of_an_album_whose_links_are_dead_its_sender_hears_once(world: World) -> None:
    world.platform.fetch_failures += [DeliveryError(Failure.REFUSED, "404")] * 3
    await world.hears("liu", "1 主体封顶", files=[photo(1), photo(2), photo(3)])

    await world.beats()
    await world.beats()

    assert world.said_to("liu")[1:] == [LOST]


async def test_a_picture_is_fetched_before_anybody_knows_what_it_shows(world: World) -> None:
    await world.waits(minutes=10)
    await world.hears("liu", files=[photo()])
    await world.beats()
    assert list(world.fetchers.kept.values()) == [b"jpg"]

    world.platform.files.clear()
    await world.waits(minutes=6)
    await world.hears("liu", "2 设备进场")
    await world.beats()

    (row,) = await kept(world)
    assert row.state == "fetched"
    assert await project_of(world, row.report_id) == world.ids["#pump"]


async def test_what_belongs_to_nothing_is_dropped_after_three_days(world: World) -> None:
    await world.hears("liu", files=[photo(1)])
    await world.hears("wang", "主体封顶", files=[photo(2)])
    await world.waits(days=2)
    assert len(world.fetchers.kept) == 2

    await world.waits(days=2)

    (row,) = await kept(world)
    assert (row.token, list(world.fetchers.kept)) == ("photo2", [row.path])


async def test_an_edited_caption_brings_no_picture_twice(world: World) -> None:
    await world.hears("liu", "1 主体封顶", files=[photo()], message="m1")

    await world.hears("liu", "1 主体封顶了", files=[photo()], message="m1", edited=True)

    assert len(await kept(world)) == 1


async def test_a_question_of_an_older_version_still_has_its_files(world: World) -> None:
    files = [dataclasses.asdict(photo())]
    question = {"text": "", "kind": str(Kind.PROGRESS), "files": files, "source": ""}
    liu = world.ids["liu"]
    await world.store.perform(lambda tx: tx.conversations.ask(liu, "which", world.clock.now(), **question))

    await world.hears("liu", "2")

    (row,) = await kept(world)
    assert await project_of(world, row.report_id) == world.ids["#pump"]


async def test_an_album_goes_to_the_report_of_its_first_picture_and_is_answered_once(world: World) -> None:
    await world.hears("liu", "2 设备进场", files=[photo(1)])
    for number in (2, 3, 4):
        await world.hears("liu", files=[photo(number)])

    assert {await project_of(world, row.report_id) for row in await kept(world)} == {world.ids["#pump"]}
    assert world.said_to("liu") == [
        "已记 2 泵业智造产业园：设备进场（附 1 个文件）。要改，直接再发一遍。",
        "已记：照片（文件）存到了「泵业智造产业园」今天的报告里。",
    ]


async def test_a_photograph_alone_is_a_report_of_the_only_project(world: World) -> None:
    await world.hears("wang", files=[photo()])

    assert world.last("wang") == "已记 智慧物流园：现场照片（附 1 个文件）。要改，直接再发一遍。"


async def test_a_file_alone_is_not_called_a_photograph(world: World) -> None:
    await world.hears("wang", files=[PAPER])

    assert world.last("wang") == "已记 智慧物流园：附件（附 1 个文件）。要改，直接再发一遍。"


async def test_a_photograph_after_no_change_is_kept_with_it(world: World) -> None:
    await world.waits(minutes=5)
    await world.hears("wang", button="照旧")

    await world.hears("wang", files=[photo()])

    assert world.last("wang") == "已记：照片（文件）存到了「智慧物流园」今天的报告里。"


@pytest.mark.parametrize(
    "answer", [{"button": "2 泵业智造产业园"}, {"text": "2"}, {"text": "泵业智造产业园"}]
)
async def test_an_album_without_words_is_asked_about_once_and_kept_whole(
    world: World, answer: dict[str, Any]
) -> None:
    for number in (1, 2, 3):
        await world.hears("liu", files=[photo(number)])

    await world.hears("liu", **answer)

    assert world.said_to("liu") == [
        "照片（文件）记到哪个项目？点一下，或回编号。",
        "已记 2 泵业智造产业园：现场照片（附 3 个文件）。要改，直接再发一遍。",
    ]
    assert len(await kept(world)) == 3


async def test_words_with_the_number_become_the_report_of_the_pictures(world: World) -> None:
    await world.hears("liu", files=[photo()])

    await world.hears("liu", "2 设备进场")

    (row,) = await kept(world)
    assert await project_of(world, row.report_id) == world.ids["#pump"]
    assert world.last("liu") == "已记 2 泵业智造产业园：设备进场（附 1 个文件）。要改，直接再发一遍。"


async def test_words_without_a_number_are_asked_about_together_with_the_pictures(world: World) -> None:
    await world.hears("liu", files=[photo()])
    await world.hears("liu", "管道焊接完成")

    await world.hears("liu", "2")

    assert world.last("liu") == "已记 2 泵业智造产业园：管道焊接完成（附 1 个文件）。要改，直接再发一遍。"
    assert len(await kept(world)) == 1


async def test_pictures_pointed_to_a_project_that_has_a_report_leave_its_words(world: World) -> None:
    await world.hears("liu", "2 设备进场")
    await world.waits(minutes=30)
    await world.hears("liu", files=[photo()])

    await world.hears("liu", "2")

    today = await world.asks(lambda tx: tx.reports.on([world.ids["#pump"]], TODAY))
    assert today[world.ids["#pump"]].text == "设备进场"
    assert len(await kept(world)) == 1


async def test_with_twelve_projects_a_photograph_is_placed_by_number(world: World) -> None:
    def add(tx: Tx) -> None:
        for number in range(1, 11):
            world.project(tx, f"more{number}", f"{number}号库房", "liu")

    await world.store.perform(add)
    await world.waits(minutes=5)
    await world.hears("liu", button="全部照旧")

    await world.hears("liu", files=[photo()])
    asked = world.messages("liu")[-1]
    await world.hears("liu", "12")

    assert "\n12 10号库房" in asked.text
    assert asked.labels == [*map(str, range(1, 13)), "不用了"]
    assert world.last("liu") == "已记：照片（文件）存到了「10号库房」今天的报告里。"


async def test_pictures_may_come_before_the_words_asked_for(world: World) -> None:
    await world.waits(minutes=5)
    await world.hears("liu", button="2 有进展")
    await world.hears("liu", files=[photo(1)])
    await world.hears("liu", files=[photo(2)])

    await world.hears("liu", "设备进场")

    assert {await project_of(world, row.report_id) for row in await kept(world)} == {world.ids["#pump"]}
    assert world.last("liu") == "已记 2 泵业智造产业园：设备进场。要改，直接再发一遍。"


async def test_pictures_of_a_problem_wait_for_its_words(world: World) -> None:
    await world.waits(minutes=5)
    await world.hears("liu", button="2 有问题")
    await world.hears("liu", files=[photo(1)])
    await world.hears("liu", files=[photo(2)])

    await world.hears("liu", "用地指标未批")

    rows = await kept(world)
    assert world.said_to("liu")[2] == "照片（文件）收到了，请再用一句话说明。"
    assert len(rows) == 2
    assert all(row.problem_id for row in rows)


async def test_a_leaders_picture_waits_for_the_words_too(world: World) -> None:
    await world.hears("liu", "2 问题 用地指标未批")
    await world.hears("sun", button="接办")
    await world.hears("sun", button="反馈")

    await world.hears("sun", files=[photo()])
    await world.hears("sun", "已组卷上报")

    (row,) = await kept(world)
    assert row.problem_id is not None


async def test_pictures_of_somebody_without_projects_are_kept_and_asked_about(world: World) -> None:
    await world.hears("sun", files=[photo(1)])
    await world.hears("sun", files=[photo(2)])

    assert world.said_to("sun") == [
        "照片（文件）收到了，但不知道是哪件事的。请连同一句话再发一次，如「反馈 2026-063 现场已清表」。"
    ]
    assert len(await kept(world)) == 2


@pytest.mark.parametrize("who", ["liu", "wang", "sun"])
async def test_a_message_with_nothing_in_it_is_let_pass(world: World, who: str) -> None:
    await world.hears(who)

    assert world.said_to(who) == []


async def test_nothing_in_it_is_let_pass_while_a_question_is_open_too(world: World) -> None:
    await world.hears("liu", "管道焊接完成")

    await world.hears("liu")
    await world.hears("liu", "2")

    assert world.last("liu").startswith("已记 2 泵业智造产业园：管道焊接完成")


async def test_a_picture_with_a_problem_and_news_is_kept_with_both(world: World) -> None:
    await world.hears("liu", "1 主体封顶；2 问题 用地指标未批", files=[photo()])

    rows = await kept(world)
    assert [(row.report_id is not None, row.problem_id is not None) for row in rows] == [(True, True)]


async def test_a_picture_with_two_problems_is_kept_with_each(world: World) -> None:
    await world.hears("liu", "1 问题 缺少电焊工；2 问题 用地指标未批", files=[photo()])

    rows = await kept(world)
    assert len({row.problem_id for row in rows} - {None}) == 2


async def test_an_old_report_does_not_draw_pictures_to_it(world: World) -> None:
    await world.hears("liu", "2 设备进场")
    await world.waits(minutes=11)

    await world.hears("liu", files=[photo()])

    assert world.last("liu").startswith("照片（文件）记到哪个项目？")


# --- what is kept at all ----------------------------------------------------------------

NOT_KEPT = "「{}」这一类文件不收。收的是照片、音频视频、PDF、Office 和 WPS 文档、文本、图纸和压缩包。"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("现场.jpg.exe", "image/jpeg"),
        ("现场.EXE", "image/jpeg"),
        ("现场.ｅｘｅ", "image/jpeg"),
        ("现场□gpj.exe", "application/pdf"),
        ("现场.exe□", "image/jpeg"),
        ("现场.bat .", "text/plain"),
        ("页面.html", "text/html"),
        ("页面", "text/html"),
        ("图.svg", "image/svg+xml"),
        ("图.png", "image/svg+xml"),
        ("快捷方式.lnk", "application/octet-stream"),
        ("安装包.apk", "application/octet-stream"),
    ],
)
async def test_what_a_machine_might_run_is_not_kept_and_said_so(
    world: World, name: str, media_type: str
) -> None:
    await world.hears("liu", "1 主体封顶", files=[Attachment("bad", name, media_type), photo()])

    assert [row.token for row in await kept(world)] == ["photo1"]
    assert world.said_to("liu")[0] == NOT_KEPT.format(name)
    assert world.last("liu").startswith("已记 1 年产100万吨纯碱项目：主体封顶（附 1 个文件）")


@pytest.mark.parametrize(
    "name",
    ["会议纪要.PDF", "桥梁 1#.docx", "台账.et", "关于1.5万吨项目", "方案v1.5", "照片.zip", "录音.amr", ""],
)
async def test_papers_pictures_and_bundles_are_kept(world: World, name: str) -> None:
    await world.hears("liu", "1 主体封顶", files=[Attachment("f", name, "application/octet-stream")])

    assert len(await kept(world)) == 1


async def test_a_program_alone_is_no_report(world: World) -> None:
    await world.hears("wang", files=[Attachment("bad", "x.exe", "application/octet-stream")])

    assert await kept(world) == []
    assert world.said_to("wang") == [NOT_KEPT.format("x.exe")]


async def test_what_only_the_download_calls_a_program_is_given_up(world: World) -> None:
    world.platform.file_names["photo1"] = "现场.exe"
    await world.hears("liu", "1 主体封顶", files=[Attachment("photo1", "文件", "application/octet-stream")])

    await world.beats()

    assert world.fetchers.kept == {}
    assert world.last("liu") == LOST
