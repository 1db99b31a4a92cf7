"""Papers of the timetable: drafted once, looked over, put right, released, objected to, signed for."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from sqlalchemy import insert, select

from bot.chat import Event
from bot.domain.document import Heading, Kind, Row, Table
from bot.domain.people import Role
from bot.domain.rhythm import Rhythm, When
from bot.errors import PaperError
from storage import tables
from storage.store import Store
from storage.tables import papers
from storage.tx import Tx
from tests.world import World
from tests.world import county as settings
from tests.world import world as county_at

FRIDAY = date(2026, 11, 20)
MONTH_END = date(2026, 11, 30)
SHEET = Rhythm("旬督查表", When.parse("每旬"), to=("群", "牵头领导"))
RANKING = Rhythm("项目排名", When.parse("每月末"), hold=timedelta(hours=24))
CHECK = Rhythm("要件检查", When.parse("每周一"), to=("指挥部办公室",))


async def county_of(store: Store, *rhythms: Rhythm) -> World:
    world = county_at(store, settings=settings(rhythms=rhythms))
    await world.is_peopled()
    await world.happens(Event.JOINED_GROUP, chat="group1", detail="全县调度群")
    await world.hears("zhao", button="全县")
    await world.beats()
    return world


@pytest.fixture
async def sheet(open_store: Store) -> World:
    """A county with one rhythm, on the afternoon of 30 November, when its sheet is drafted."""
    world = await county_of(open_store, SHEET)
    await world.day_at(MONTH_END, "16:00")
    return world


async def test_a_sheet_is_drafted_on_its_day_and_goes_nowhere_before_the_office_says_so(sheet: World) -> None:
    draft = sheet.messages("zhao")[-1]
    await sheet.waits(hours=16)

    assert draft.labels == ["发布", "改数", "不发", "附件"]
    assert draft.text.startswith("材料拟好了，请过目。")
    assert "【旬督查表 11-21至11-30】本期完成 3200 万元" in draft.text
    assert [each for each in sheet.messages("zhao") if each.paper] == []
    assert not any("旬督查表" in said for said in (*sheet.said_to("group1"), *sheet.said_to("chen")))


async def test_the_files_come_to_whoever_asks_for_them(sheet: World) -> None:
    notice = await sheet.hears("zhao", button="附件")
    await sheet.day_at(MONTH_END, "23:00")
    await sheet.hears("zhao", button="附件")

    assert notice == "附件马上发来"
    names = [each.paper.name for each in sheet.messages("zhao") if each.paper]
    assert names == ["旬督查表 11-21至11-30.xlsx", "旬督查表 11-21至11-30.pdf"] * 2


async def has_two_clerks(world: World) -> None:
    """Let 孙立新 be of the office, too."""
    row = {"person_id": world.ids["sun"], "role": str(Role.OFFICE)}
    await world.store.perform(lambda tx: tx.connection.execute(insert(tables.roles), row))


async def test_what_one_clerk_decides_the_other_reads_on_their_card(open_store: Store) -> None:
    world = await county_of(open_store, SHEET, RANKING)
    await has_two_clerks(world)
    await world.day_at(MONTH_END, "16:00")
    drafts = [each.labels for each in world.messages("sun") if "发布" in each.labels]
    await world.hears("zhao", button="发布")
    shown = world.last("sun")
    await world.hears("chen", button="有异议")
    await world.hears("chen", "纯碱项目的数少了一笔")
    await world.hears("zhao", button="维持")
    await world.hears("zhao", "已与统计局核对")

    assert len(drafts) == 2
    assert shown.startswith("「项目排名 11-01至11-30」已由赵文静送牵头领导预览，")
    assert "对「项目排名 11-01至11-30」的异议，赵文静已答复：维持原样。" in world.said_to("sun")
    assert [each.labels for each in world.messages("sun") if "维持" in each.labels] == []


async def test_where_no_card_can_be_changed_a_press_says_who_decided(open_store: Store) -> None:
    world = await county_of(open_store, SHEET)
    world.platform.edits = False
    await has_two_clerks(world)
    await world.day_at(MONTH_END, "16:00")
    await world.hears("zhao", button="发布")
    await world.beats()

    await world.hears("sun", button="不发")

    assert world.last("sun") == "「旬督查表 11-21至11-30」已由赵文静发布。"


async def test_a_clerk_gets_one_message_of_a_paper_for_the_office(open_store: Store) -> None:
    world = await county_of(open_store, CHECK)
    await world.day_at(date(2026, 11, 23), "15:59")
    before = len(world.messages("zhao"))

    await world.day_at(date(2026, 11, 23), "16:00")
    await world.beats()

    [paper] = world.messages("zhao")[before:]
    assert paper.labels == ["附件"]
    await world.hears("zhao", button="附件")
    assert [each.paper.name[-4:] for each in world.messages("zhao") if each.paper] == ["xlsx", ".pdf"]


async def test_released_it_is_in_the_group_and_with_the_leaders_who_sign_for_it(sheet: World) -> None:
    await sheet.hears("zhao", button="发布")
    await sheet.beats()

    assert any("本期完成 3200 万元" in said for said in sheet.said_to("group1"))
    notice = await sheet.hears("chen", button="签收")
    assert notice == "已签收。"
    signed = await sheet.store.read(lambda tx: tx.receipts.of("bulletin:1"))
    assert list(signed.values()) == [sheet.clock.now()]


async def test_a_beat_more_or_a_restart_drafts_and_posts_nothing_twice(sheet: World) -> None:
    await sheet.hears("zhao", button="发布")
    await sheet.beats()
    before = len(sheet.messages("group1")), len(sheet.messages("chen")), len(sheet.messages("zhao"))

    await sheet.waits(minutes=5)
    await sheet.waits(days=2)

    assert len(sheet.messages("group1")) == before[0]
    assert sheet.press.papers.count("旬督查表 11-21至11-30 320000") == 2


async def test_a_figure_put_right_is_marked_kept_and_printed_again(sheet: World) -> None:
    await sheet.hears("zhao", button="改数")
    await sheet.hears("zhao", "XM-001 本期完成 3500万（漏报一笔）")
    await sheet.beats()

    bulletin = await sheet.store.read(lambda tx: tx.bulletins.get(1))
    assert bulletin is not None
    row = bulletin.document.tables[0].rows[0]
    assert (row.values[1], dict(row.amended)) == (350_000, {"invested": 320_000})
    assert "本期完成 3500 万元" in sheet.last("zhao")
    # The first draft has no buttons any more: nobody releases what was put right.
    offering = [each for each in sheet.messages("zhao") if "发布" in each.labels]
    assert [each.text.splitlines()[0] for each in offering] == ["按您改的重新出了一份，请再看一眼。"]


async def test_two_who_decide_at_once_decide_once(sheet: World) -> None:
    await sheet.hears("zhao", button="不发", settle=False)
    await sheet.hears("zhao", "数字要重新核", settle=False)
    await sheet.hears("zhao", button="发布", settle=False)
    await sheet.beats()

    assert "赵文静定了「旬督查表 11-21至11-30」不发。" in sheet.said_to("zhao")
    assert not any("旬督查表" in each for each in sheet.said_to("group1"))


async def test_words_that_name_no_figure_change_nothing(sheet: World) -> None:
    await sheet.hears("zhao", "改数 XM-001 心情 很好")

    assert "没看懂要改哪个数，材料没有改动" in sheet.said_to("zhao")[-1]
    assert len(sheet.press.papers) == 1


async def test_only_the_office_decides(sheet: World) -> None:
    await sheet.hears("liu", "改数 XM-001 本期完成 3500万")

    assert "只有指挥部办公室" in sheet.said_to("liu")[-1]


async def test_after_down_time_each_paper_is_drafted_once_and_none_is_made_up_from_before_the_start(
    open_store: Store,
) -> None:
    world = await county_of(open_store, SHEET, Rhythm("预警", When.parse("每个工作日"), to=("牵头领导",)))
    before = list(world.press.papers)

    await world.day_at(date(2026, 12, 11), "11:00")

    assert before == []
    # The sheets of 30 November and 10 December; of the daily paper only yesterday's.
    assert sorted(world.press.papers) == [
        "旬督查表 11-21至11-30 320000",
        "旬督查表 12-01至12-10 320000",
        "预警 12-10至12-10 320000",
    ]


async def test_what_is_for_the_office_alone_needs_no_release(open_store: Store) -> None:
    world = await county_of(open_store, CHECK)

    await world.day_at(MONTH_END, "16:00")
    await world.beats()

    assert any("要件检查" in said for said in world.said_to("zhao"))
    assert "发布" not in [label for each in world.messages("zhao") for label in each.labels]


async def test_a_paper_with_nothing_in_it_disturbs_nobody(open_store: Store) -> None:
    world = await county_of(open_store, CHECK)
    world.press.rows.clear()

    await world.day_at(MONTH_END, "16:00")
    await world.waits(hours=17)

    assert world.press.papers == []
    assert not any("要件检查" in said for said in world.said_to("zhao"))


async def test_what_the_office_has_read_already_is_one_line_at_the_end_of_the_day(open_store: Store) -> None:
    world = await county_of(open_store, CHECK)
    await world.day_at(MONTH_END, "16:00")
    await world.beats()
    await world.day_at(date(2026, 12, 7), "09:00")
    before = len(world.said_to("zhao"))

    await world.day_at(date(2026, 12, 7), "16:00")
    await world.beats()
    quiet = len(world.said_to("zhao"))
    await world.day_at(date(2026, 12, 7), "18:00")
    closed = world.last("zhao").splitlines()
    await world.day_at(date(2026, 12, 8), "18:00")
    world.press.rows.append(("XM-003", 100, ()))
    await world.day_at(date(2026, 12, 14), "16:00")
    await world.beats()

    assert quiet == before
    assert closed[0].startswith("12月7日 日报：")
    assert closed[1:-1] == ["要件检查和上次一样（1 项），没有再发。"]
    assert sum("没有再发" in said for said in world.said_to("zhao")[before:]) == 1
    assert any("要件检查 12-08至12-14" in said for said in world.said_to("zhao"))


async def test_what_others_read_comes_although_it_says_the_same(open_store: Store) -> None:
    world = await county_of(open_store, SHEET)
    await world.day_at(MONTH_END, "16:00")
    await world.day_at(date(2026, 12, 10), "16:00")

    assert sum("材料拟好了" in said for said in world.said_to("zhao")) == 2


async def test_a_ranking_is_shown_for_a_day_and_waits_for_the_answer_to_an_objection(
    open_store: Store,
) -> None:
    world = await county_of(open_store, RANKING)
    await world.day_at(MONTH_END, "16:00")
    await world.hears("zhao", button="发布")
    await world.beats()
    posted_at_once = any("项目排名" in said for said in world.said_to("group1"))

    await world.hears("chen", button="有异议")
    await world.hears("chen", "纯碱项目的数少了一笔")
    await world.day_at(date(2026, 12, 1), "16:30")
    waiting = not any("项目排名" in said for said in world.said_to("group1"))
    await world.hears("zhao", button="维持")
    await world.hears("zhao", "已与统计局核对")
    await world.beats()

    assert not posted_at_once
    assert waiting
    assert world.said_to("chen")[-1].endswith("办公室核对后维持原样：已与统计局核对")
    assert any("项目排名" in said for said in world.said_to("group1"))


async def test_a_leader_gets_their_own_lines_only(open_store: Store) -> None:
    world = await county_of(open_store, Rhythm("预警", When.parse("每月末"), to=("牵头领导",)))
    world.press.is_personal = True
    world.press.rows[:] = [("XM-001", 100, (world.ids["chen"],)), ("XM-002", 900, (world.ids["liu"],))]
    await world.day_at(MONTH_END, "16:00")

    await world.hears("zhao", button="发布")
    await world.beats()

    assert any("本期完成 1 万元" in said for said in world.said_to("chen"))
    assert not any("本期完成 10 万元" in said for said in world.said_to("chen"))


async def test_a_paper_that_cannot_be_made_is_told_once_and_tried_again(open_store: Store) -> None:
    world = await county_of(open_store, SHEET)
    world.press.paper_failures += [PaperError("no"), PaperError("no")]

    await world.day_at(MONTH_END, "16:00")
    await world.waits(minutes=9)
    too_soon = list(world.press.paper_failures)
    await world.waits(minutes=1)
    await world.waits(minutes=10)

    assert len(too_soon) == 1
    assert sum("没有做出来" in said for said in world.said_to("zhao")) == 1
    assert world.press.papers == ["旬督查表 11-21至11-30 320000"]


async def test_papers_of_the_same_days_are_drafted_together_and_one_that_fails_holds_up_no_other(
    open_store: Store,
) -> None:
    dues = Rhythm("半月要账", When.parse("每旬"), to=("牵头领导",))
    world = await county_of(open_store, SHEET, RANKING, dues)
    world.press.paper_failures.append(PaperError("no"))

    await world.day_at(MONTH_END, "16:00")

    assert world.press.together == [["旬督查表", "半月要账"], ["项目排名"]]
    assert world.press.papers == ["半月要账 11-21至11-30 320000", "项目排名 11-01至11-30 320000"]
    assert "没有做出来" in "".join(world.said_to("zhao"))


async def test_a_paper_is_kept_once_to_however_many_it_goes(sheet: World) -> None:
    await sheet.hears("zhao", button="发布")
    await sheet.beats()

    def names(tx: Tx) -> list[str]:
        ours = select(papers.c.key).where(papers.c.key.like("bulletin:%")).order_by(papers.c.key)
        return list(tx.connection.execute(ours).scalars())

    assert await sheet.store.read(names) == ["bulletin:1:1:pages", "bulletin:1:1:workbook"]
    assert [each.paper and each.paper.name[-4:] for each in sheet.messages("group1")[-2:]] == [".pdf", "xlsx"]


async def test_the_timetable_can_be_read(sheet: World) -> None:
    await sheet.hears("zhao", "日程")

    said = sheet.said_to("zhao")[-1]
    assert "· 12月10日 周四 16:00　旬督查表（每旬），发群、牵头领导" in said
    assert "等您过目的 1 份（点编号打开）：\n1 旬督查表 11-21至11-30" in said
    assert sheet.messages("zhao")[-1].labels == ["1"]


async def test_a_weekend_is_no_time_to_object(open_store: Store) -> None:
    friday = Rhythm("项目排名", When.parse("每周五"), at=time(17, 0), hold=timedelta(hours=24))
    world = await county_of(open_store, friday)
    await world.day_at(date(2026, 11, 27), "17:00")
    await world.hears("zhao", button="发布")

    await world.day_at(date(2026, 11, 30), "16:59")
    before = [said for said in world.said_to("group1") if "项目排名" in said]
    await world.day_at(date(2026, 11, 30), "17:00")

    assert before == []
    assert any("项目排名" in said for said in world.said_to("group1"))


async def test_two_lines_of_one_paper_each_have_theirs(open_store: Store) -> None:
    world = await county_of(
        open_store, Rhythm("旬督查表", When.parse("每半月")), Rhythm("旬督查表", When.parse("每月末"))
    )

    await world.day_at(MONTH_END, "16:00")

    assert world.press.papers == ["旬督查表 11-16至11-30 320000", "旬督查表 11-01至11-30 320000"]


async def test_a_paper_for_groups_that_reached_none_is_said(open_store: Store) -> None:
    world = await county_of(open_store, Rhythm("旬督查表", When.parse("每旬"), scope="属地:大桥镇"))
    await world.day_at(MONTH_END, "16:00")

    await world.hears("zhao", button="发布")
    await world.beats()

    assert "没有一个群绑定到属地：大桥镇" in world.said_to("zhao")[-1]


async def test_a_substitute_signs_for_whom_they_stand_in(sheet: World) -> None:
    await sheet.hears("zhao", "请假 陈志远 11-30 12-02 孙立新")
    await sheet.hears("zhao", button="发布")
    await sheet.beats()

    assert await sheet.hears("sun", button="签收") == "已签收。"
    signed = await sheet.store.read(lambda tx: tx.receipts.of("bulletin:1"))
    assert None not in signed.values()


async def test_a_line_put_back_into_the_timetable_begins_anew(open_store: Store) -> None:
    world = await county_of(open_store, SHEET)
    without = county_at(open_store, world.clock.now(), settings(rhythms=()))
    await without.beats()
    again = county_at(open_store, world.clock.now(), settings(rhythms=(SHEET,)))

    await again.day_at(date(2027, 3, 5), "09:00")

    assert again.press.papers == []


async def test_a_refused_answer_lets_go_of_its_question(sheet: World) -> None:
    await sheet.hears("zhao", button="改数", settle=False)
    await sheet.store.perform(
        lambda tx: (
            tx.bulletins.drop(found, sheet.ids["zhao"], "重核", sheet.clock.now())
            if (found := tx.bulletins.get(1))
            else False
        )
    )

    await sheet.hears("zhao", "XM-001 本期完成 3500万")

    assert sheet.last("zhao") == "赵文静定了「旬督查表 11-21至11-30」不发。"
    assert await sheet.store.read(lambda tx: tx.conversations.open(sheet.ids["zhao"])) is None


async def test_words_that_cannot_be_read_are_asked_for_again(sheet: World) -> None:
    await sheet.hears("zhao", button="改数")
    await sheet.hears("zhao", "XM-001 本期完成 很多")
    await sheet.hears("zhao", "XM-001 本期完成 -200万（冲减）")
    await sheet.beats()

    bulletin = await sheet.store.read(lambda tx: tx.bulletins.get(1))
    assert bulletin is not None
    assert bulletin.document.tables[0].rows[0].values[1] == -20_000


async def test_who_objected_to_a_paper_that_is_dropped_is_told(open_store: Store) -> None:
    world = await county_of(open_store, RANKING)
    await world.day_at(MONTH_END, "16:00")
    # Where no message can be changed, the buttons of the draft stay.
    world.on("fake").edits = False
    await world.hears("zhao", button="发布")
    await world.beats()
    await world.hears("chen", button="有异议")
    await world.hears("chen", "纯碱项目的数少了一笔")
    await world.hears("zhao", button="不发")
    await world.hears("zhao", "重新核数")
    await world.beats()

    assert world.said_to("chen")[-1].endswith("办公室决定不发了：重新核数")


async def test_what_is_shown_can_be_held_back_and_who_was_shown_it_hears_why(open_store: Store) -> None:
    world = await county_of(open_store, RANKING)
    await world.day_at(MONTH_END, "16:00")
    await world.hears("zhao", button="发布")
    await world.beats()

    await world.hears("zhao", button="不发")
    await world.hears("zhao", "统计口径要重新核")
    await world.day_at(date(2026, 12, 2), "16:30")

    preview, told = [each for each in world.messages("chen") if each.text.startswith(("「项目", "请您"))]
    assert (preview.text, preview.labels) == ("「项目排名 11-01至11-30」不发了。", [])
    assert told.text == "请您预览的「项目排名 11-01至11-30」，办公室决定不发了：统计口径要重新核"
    assert not any("项目排名" in said for said in world.said_to("group1"))
    assert [each.labels for each in world.messages("zhao") if "不发" in each.labels] == []


async def test_who_objected_to_what_is_held_back_is_told_once(open_store: Store) -> None:
    world = await county_of(open_store, RANKING)
    await world.day_at(MONTH_END, "16:00")
    await world.hears("zhao", button="发布")
    await world.beats()
    await world.hears("chen", button="有异议")
    await world.hears("chen", "纯碱项目的数少了一笔")

    await world.hears("zhao", "日程")
    await world.hears("zhao", button="1")
    await world.hears("zhao", button="不发")
    await world.hears("zhao", "重新核数")

    assert [said for said in world.said_to("chen") if "重新核数" in said] == [
        "您提过意见的「项目排名 11-01至11-30」，办公室决定不发了：重新核数"
    ]


async def test_once_posted_nothing_offers_to_change_it(open_store: Store) -> None:
    world = await county_of(open_store, RANKING)
    await world.day_at(MONTH_END, "16:00")
    await world.hears("zhao", button="发布")
    while_shown = [each.labels for each in world.messages("zhao") if "改数" in each.labels]
    await world.day_at(date(2026, 12, 1), "16:30")
    await world.beats()

    assert while_shown == [["改数", "不发", "附件"]]
    assert [each.labels for each in world.messages("zhao") if "改数" in each.labels] == []
    assert [each.labels for each in world.messages("chen") if "有异议" in each.labels] == []
    assert "「项目排名 11-01至11-30」已经发布。" in world.said_to("chen")


async def test_what_is_reckoned_is_not_put_right_and_what_stays_as_drafted_is_said(sheet: World) -> None:
    headings = (
        Heading("cumulative", "本年累计(万元)", Kind.MONEY),
        Heading("invested", "本期完成", Kind.MONEY),
        Heading("plan_share", "完成年度计划", Kind.SHARE, of=("cumulative", "invested")),
        Heading("difference", "超欠进度(百分点)", Kind.POINTS),
        Heading("light", "灯号", Kind.LIGHT),
    )
    table = Table("项目", headings, (Row("XM-001", (100, 200, 500, -10, "red")),))

    def laid(tx: Tx) -> None:
        bulletin = tx.bulletins.get(1)
        assert bulletin is not None
        document = replace(bulletin.document, tables=(table,))
        tx.bulletins.amend(bulletin, document, (), sheet.ids["zhao"], sheet.clock.now())

    await sheet.store.perform(laid)
    await sheet.hears("zhao", "改数 XM-001 完成年度计划 60%")
    await sheet.hears("zhao", "改数 XM-001 灯号 绿")
    await sheet.hears("zhao", "改数 XM-001 本年累计 1.5万")

    reckoned, light, done = sheet.said_to("zhao")[-3:]
    assert reckoned.startswith("「完成年度计划」这一栏是算出来的，请改本年累计(万元)、本期完成。")
    assert light.startswith("「灯号」由时限定")
    assert done.splitlines()[1].startswith("超欠进度(百分点)不会跟着变")
