"""One round a working day: everybody asked once, the silent reminded once, the office told how it went."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine, event, insert, select, update

from bot.chat import Event
from bot.domain.people import Duty, Language
from bot.texts import load
from handlers import rounds
from storage import tables
from storage.store import Store
from storage.tx import Tx
from tests.world import ZONE, World
from tests.world import world as county_at

MONDAY = date(2026, 11, 23)
TUESDAY = date(2026, 11, 24)
THURSDAY = date(2026, 11, 26)
FRIDAY = date(2026, 11, 27)
NEXT_MONDAY = date(2026, 11, 30)


def prompts_in(world: World, who: str) -> list[str]:
    return [text for text in world.said_to(who) if "也可以直接回一句" in text]


async def round_states(world: World) -> dict[date, str]:
    rows = await world.asks(lambda tx: tx.connection.execute(select(tables.rounds)).all())
    return {row.day: row.state for row in rows}


async def more_liaisons(world: World, many: int) -> None:
    def add(tx: Tx) -> None:
        for number in range(many):
            person = insert(tables.people).values(name=f"人{number}").returning(tables.people.c.id)
            person_id = tx.connection.execute(person).scalar_one()
            tx.people.bind(person_id, "fake", f"account-{number}", f"account-{number}", world.clock.now())
            tx.connection.execute(
                insert(tables.assignments).values(
                    project_id=world.ids["#park"],
                    person_id=person_id,
                    duty=str(Duty.LIAISON),
                    since=date(2026, 1, 1),
                )
            )

    await world.store.perform(add)


# --- asked ------------------------------------------------------------------------------


async def test_nobody_is_asked_before_nine(world: World) -> None:
    await world.waits(minutes=4)

    assert world.said_to("liu") == []


async def test_a_liaison_gets_one_message_however_many_projects(world: World) -> None:
    await world.waits(minutes=5)

    (asked,) = world.said_to("liu")
    assert asked == (
        "早上好，刘敏。11月23日 周一，您有 2 个项目：\n"
        "1 年产100万吨纯碱项目｜落地开工｜形象进度 58%｜累计 12.60 亿元（年计划 63%）\n"
        "2 泵业智造产业园｜竣工投产｜上周五：二期封顶\n"
        "也可以直接回一句：「1 主体封顶，形象进度62%，本月完成3200万」「2 问题 用地指标未批」"
    )
    assert world.messages("liu")[0].labels == ["全部照旧", "1 有进展", "1 有问题", "2 有进展", "2 有问题"]


@pytest.mark.parametrize(
    ("kind", "stage", "example"),
    [
        ("在建", "落地开工", "「主体封顶，形象进度62%，本月完成3200万」「问题 用地指标未批」"),
        ("在建", "规划选址", "「施工许可证已办好，正在平整场地」「问题 用地指标未批」"),
        ("建成", "竣工投产", "「已满负荷生产，新增用工 30 人」「问题 用电容量不够，要增容」"),
        ("洽谈", "谈判签约", "「与客商谈妥用地面积」「问题 客商要的地块还没定」"),
        ("新上", "规划选址", "「施工许可证已办好，正在平整场地」「问题 用地指标未批」"),
        ("储备", "策划包装", "「对接了两家企业，一家有投资意向」「问题 投资主体还没落实」"),
        ("争取", "策划包装", "「申报材料已报市发改委」「问题 配套资金没有着落」"),
    ],
)
async def test_the_example_fits_the_project(world: World, kind: str, stage: str, example: str) -> None:
    park = update(tables.projects).where(tables.projects.c.id == world.ids["#park"])
    await world.store.perform(lambda tx: tx.connection.execute(park.values(kind=kind, stage=stage)) and None)

    await world.hears("wang", "今日")
    await world.hears("wang", "有进展")

    assert world.said_to("wang")[0].endswith(f"也可以直接回一句：{example}")
    assert f"如{example.partition('「问题')[0]}。" in world.last("wang")


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", ["built", "negotiating", "new", "reserve", "seeking"])
async def test_an_example_that_is_copied_is_kept_as_progress_without_figures(
    world: World, language: Language, kind: str
) -> None:
    words = load().say(language, f"example.{kind}")

    await world.hears("wang", words)

    kept = words.replace(", ", "，")
    assert world.said_to("wang") == [f"已记 智慧物流园：{kept}。要改，直接再发一遍。"]


@pytest.mark.parametrize(
    ("words", "project"),
    [("主体封顶", "1 年产100万吨纯碱项目"), ("泵业智造产业园 二期封顶", "2 泵业智造产业园")],
)
async def test_words_about_nothing_in_particular_are_of_the_one_project_asked_about(
    world: World, words: str, project: str
) -> None:
    reserve = update(tables.projects).where(tables.projects.c.number == "XM-002").values(kind="储备")
    await world.store.perform(lambda tx: tx.connection.execute(reserve) and None)
    # The month's question about what is only planned has been asked; today's is about the other alone.
    await world.waits(minutes=5)
    await world.day_at(TUESDAY, "09:00")
    assert "您有 1 个项目" in world.last("liu")

    await world.hears("liu", words)

    assert world.last("liu").startswith(f"已记 {project}：{words.rsplit(maxsplit=1)[-1]}")


async def test_words_about_nothing_in_particular_are_asked_about_when_several_were(world: World) -> None:
    await world.waits(minutes=5)

    await world.hears("liu", "主体封顶")

    assert world.last("liu").startswith("这句记到哪个项目？")


async def test_a_liaison_of_one_project_gets_three_buttons(world: World) -> None:
    await world.waits(minutes=5)

    assert world.messages("wang")[0].labels == ["照旧", "有进展", "有问题"]


async def test_nobody_but_liaisons_is_asked(world: World) -> None:
    await world.waits(minutes=5)

    assert [world.said_to(who) for who in ("chen", "sun", "zhao", "zhou", "qian")] == [[], [], [], [], []]


async def test_a_second_beat_and_a_second_process_ask_nobody_twice(world: World) -> None:
    await world.waits(minutes=5)

    await world.beats()
    await world.waits(minutes=1)

    assert len(world.said_to("liu")) == 1


async def test_every_working_day_has_its_question(world: World) -> None:
    await world.waits(minutes=5)
    await world.day_at(TUESDAY, "09:00")

    assert [text.split("，您有")[0] for text in prompts_in(world, "wang")] == [
        "早上好，王强。11月23日 周一",
        "早上好，王强。11月24日 周二",
    ]


@pytest.mark.parametrize(
    ("day", "asked"),
    [
        (date(2026, 10, 10), True),  # a Saturday worked in exchange for the National Day week
        (date(2026, 10, 1), False),  # National Day, a Thursday
        (date(2026, 11, 28), False),  # a plain Saturday
    ],
)
async def test_the_calendar_of_the_state_council_decides(open_store: Store, day: date, asked: bool) -> None:
    world = county_at(open_store, datetime(2026, 9, 30, 20, 0, tzinfo=ZONE))
    await world.is_peopled()

    await world.day_at(day, "09:00")

    assert bool(world.said_to("liu")) is asked


async def test_who_joins_later_in_the_day_is_asked_then_and_not_pressed_at_once(world: World) -> None:
    await world.happens(Event.BLOCKED, who="wang")
    await world.waits(minutes=5)
    await world.day_at(date(2026, 11, 23), "15:30")
    await world.happens(Event.UNBLOCKED, who="wang")

    await world.beats()
    await world.waits(minutes=10)

    assert len(world.said_to("wang")) == 1
    assert world.said_to("wang")[0].startswith("王强，您好。11月23日 周一，您有 1 个项目：")


async def test_a_failing_prompt_keeps_nobody_else_waiting(world: World) -> None:
    def break_one(tx: Tx) -> None:
        tx.connection.execute(
            update(tables.projects)
            .where(tables.projects.c.id == world.ids["#soda"])
            .values(stage="没有这个阶段")
        )

    await world.store.perform(break_one)

    await world.waits(minutes=5)

    assert world.said_to("liu") == []
    assert len(world.said_to("wang")) == 1


async def test_a_round_asks_no_more_of_the_database_for_many_than_for_one(world: World) -> None:
    # Twenty liaisons more cost rows, and no questions.
    asked: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        asked.append(statement)

    await more_liaisons(world, 20)
    world.clock.set(world.clock.now() + timedelta(minutes=5))
    event.listen(Engine, "before_cursor_execute", note)
    try:
        await rounds.ask(world.watch)
    finally:
        event.remove(Engine, "before_cursor_execute", note)

    assert len(await world.asks(lambda tx: tx.rounds.asked(MONDAY))) == 22
    assert len(asked) < 40, "\n\n".join(asked)
    # With the last question stands that all were asked: who dies after it leaves nothing undone.
    last = max(place for place, each in enumerate(asked) if each.startswith("INSERT INTO prompts"))
    assert [each for each in asked[last:] if each.startswith(("INSERT INTO audit", "COMMIT"))][1:] == [
        "COMMIT"
    ]


async def test_the_list_in_the_prompt_leaves_out_a_project_of_which_the_duty_has_ended(world: World) -> None:
    def end(tx: Tx) -> None:
        tx.connection.execute(
            update(tables.assignments)
            .where(tables.assignments.c.project_id == world.ids["#pump"])
            .values(until=date(2026, 11, 23))
        )

    await world.store.perform(end)
    await world.waits(minutes=5)

    assert "您有 1 个项目" in world.last("liu")


# --- reminded ---------------------------------------------------------------------------


async def test_only_who_has_not_answered_is_reminded(world: World) -> None:
    await world.waits(minutes=5)
    await world.hears("liu", button="全部照旧")

    await world.day_at(date(2026, 11, 23), "15:00")

    assert len(world.said_to("liu")) == 2
    assert world.last("wang") == "王强，今天还差这些项目没有消息，18:00 前回一下就好：\n1 智慧物流园"


async def test_a_reminder_names_only_what_is_missing_and_renumbers_it(world: World) -> None:
    await world.waits(minutes=5)
    await world.hears("liu", "1 主体封顶")
    await world.day_at(date(2026, 11, 23), "15:00")

    await world.hears("liu", "1 正在装修")

    assert world.last("liu") == "已记 1 泵业智造产业园：正在装修。要改，直接再发一遍。"


async def test_the_reminder_comes_once(world: World) -> None:
    await world.waits(minutes=5)
    await world.day_at(date(2026, 11, 23), "15:00")

    await world.waits(minutes=1)

    assert len(world.said_to("wang")) == 2


async def test_a_project_that_rests_is_not_in_the_reminder(world: World) -> None:
    await world.waits(minutes=5)
    await world.store.perform(lambda tx: tx.projects.rest(world.ids["#park"], date(2026, 12, 5)))

    await world.day_at(date(2026, 11, 23), "15:00")

    assert len(world.said_to("wang")) == 1


async def test_who_blocked_the_bot_gets_no_old_reminder_when_they_come_back(world: World) -> None:
    await world.waits(minutes=5)
    await world.happens(Event.BLOCKED, who="wang")
    await world.day_at(date(2026, 11, 23), "15:00")
    await world.day_at(date(2026, 11, 23), "19:00")

    await world.happens(Event.UNBLOCKED, who="wang")

    assert len(world.said_to("wang")) == 1


# --- closed -----------------------------------------------------------------------------


async def test_at_six_the_office_gets_one_message(world: World) -> None:
    await world.waits(minutes=5)
    await world.hears("liu", "1 主体封顶")
    await world.day_at(date(2026, 11, 23), "18:00")

    await world.waits(minutes=1)

    (text,) = world.said_to("zhao")
    summary, anchor = text.splitlines()
    assert summary == "11月23日 日报：3 个项目，1 个有消息，2 个没有：泵业智造产业园、智慧物流园。"
    # With it, whoever cuts the end of the trail off, or writes it anew, is found out.
    code = anchor.removeprefix("留痕码 ").removesuffix("（不用回，存着备查）")
    assert await world.asks(lambda tx: tx.audit.holds(code))


async def test_a_complete_round_says_so(world: World) -> None:
    await world.waits(minutes=5)
    await world.hears("liu", button="全部照旧")
    await world.hears("wang", button="照旧")

    await world.day_at(date(2026, 11, 23), "18:00")

    assert world.last("zhao").startswith("11月23日 日报：3 个项目全部有消息。\n留痕码 ")


async def test_an_answer_after_the_close_still_counts_for_the_day(world: World) -> None:
    await world.waits(minutes=5)
    await world.day_at(date(2026, 11, 23), "18:30")

    await world.hears("wang", "屋架吊装完成")

    assert world.last("wang").startswith("已记 智慧物流园：屋架吊装完成")


async def test_an_answer_needs_no_open_round(world: World) -> None:
    await world.hears("wang", "屋架吊装完成")
    await world.waits(minutes=5)

    assert prompts_in(world, "wang") == []
    assert world.last("wang").startswith("已记 智慧物流园：屋架吊装完成")


async def test_who_is_not_reachable_in_the_office_reads_no_old_closings_later(world: World) -> None:
    await world.happens(Event.BLOCKED, who="zhao")
    await world.waits(minutes=5)
    await world.day_at(date(2026, 11, 23), "18:00")

    await world.happens(Event.UNBLOCKED, who="zhao")

    assert world.said_to("zhao") == []


async def test_a_day_on_which_everything_rests_is_not_worth_a_message(world: World) -> None:
    await world.hears("zhao", "暂停 全县 到12月5日")
    await world.waits(minutes=5)
    await world.day_at(date(2026, 11, 23), "18:00")

    assert len(world.said_to("zhao")) == 1
    assert await round_states(world) == {date(2026, 11, 23): "closed"}


# --- down time --------------------------------------------------------------------------


async def test_after_down_time_only_today_is_asked_and_missed_days_are_noted(world: World) -> None:
    await world.waits(minutes=5)
    await world.day_at(THURSDAY, "09:00")
    await world.day_at(THURSDAY, "18:00")

    await world.day_at(NEXT_MONDAY, "10:00")

    assert [text.split("，您有")[0] for text in prompts_in(world, "wang")][
        -1
    ] == "早上好，王强。11月30日 周一"
    assert len(prompts_in(world, "wang")) == 3
    assert (await round_states(world))[FRIDAY] == "missed"


async def test_a_round_that_was_open_when_the_system_stopped_is_closed_later(world: World) -> None:
    await world.day_at(THURSDAY, "09:00")
    await world.hears("wang", button="照旧")

    await world.day_at(NEXT_MONDAY, "10:00")

    (text,) = world.said_to("zhao")
    assert text.startswith(
        "11月26日 日报：3 个项目，1 个有消息，2 个没有：年产100万吨纯碱项目、泵业智造产业园。\n"
    )
    assert (await round_states(world))[THURSDAY] == "closed"


async def test_who_was_down_at_nine_asks_in_the_afternoon_and_does_not_remind_at_once(world: World) -> None:
    await world.day_at(TUESDAY, "15:30")
    await world.waits(minutes=5)

    assert len(world.said_to("wang")) == 1


async def test_who_was_down_all_day_does_not_ask_in_the_evening(world: World) -> None:
    await world.day_at(TUESDAY, "18:00")

    assert world.said_to("wang") == []


# --- resting ----------------------------------------------------------------------------


async def test_a_project_rests_until_the_day_named(world: World) -> None:
    await world.waits(minutes=5)
    await world.hears("wang", "到12月5日前无变化")

    await world.day_at(date(2026, 12, 4), "09:00")
    before = len(prompts_in(world, "wang"))
    await world.day_at(date(2026, 12, 7), "09:00")

    assert world.said_to("wang")[1] == (
        "已记 智慧物流园：到 12月5日前照旧，这期间不再问；有变化随时说。要改，直接再发一遍。"
    )
    assert (before, len(prompts_in(world, "wang"))) == (1, 2)


async def test_news_end_the_rest(world: World) -> None:
    await world.hears("wang", "到12月5日前无变化")
    await world.day_at(TUESDAY, "10:00")

    await world.hears("wang", "屋架吊装完成")
    await world.day_at(date(2026, 11, 25), "09:00")

    assert len(prompts_in(world, "wang")) == 1


async def test_a_problem_ends_the_rest(world: World) -> None:
    await world.hears("wang", "到12月5日前无变化")

    await world.hears("wang", "问题 用地指标未批")
    await world.day_at(TUESDAY, "09:00")

    assert len(prompts_in(world, "wang")) == 1


async def test_all_projects_rest_with_one_sentence(world: World) -> None:
    await world.hears("liu", "到12月5日前无变化")

    assert world.last("liu") == "已记：2 个项目到 12月5日前照旧，这期间不再问；有变化随时说。"


async def test_one_of_two_projects_rests(world: World) -> None:
    await world.hears("liu", "2 到12月5日前无变化")

    await world.day_at(TUESDAY, "09:00")

    assert "您有 1 个项目：\n1 年产100万吨纯碱项目" in world.last("liu")
    assert world.messages("liu")[-1].labels == ["照旧", "有进展", "有问题"]


async def test_the_same_button_leaves_a_resting_project_alone(world: World) -> None:
    await world.hears("liu", "2 到12月5日前无变化")
    await world.day_at(TUESDAY, "09:00")

    await world.hears("liu", button="照旧")

    reported = await world.asks(lambda tx: tx.reports.on([world.ids["#pump"]], TUESDAY))
    assert world.last("liu") == "已记 1 年产100万吨纯碱项目：照旧。要改，直接再发一遍。"
    assert reported == {}


async def test_news_of_the_morning_stay_when_a_project_is_put_to_rest(world: World) -> None:
    await world.hears("wang", "屋架吊装完成")
    await world.hears("wang", "到12月5日前无变化")

    today = await world.asks(lambda tx: tx.reports.on([world.ids["#park"]], date(2026, 11, 23)))

    assert "到 12月5日前照旧" in world.last("wang")
    assert today[world.ids["#park"]].text == "屋架吊装完成"


# --- many -------------------------------------------------------------------------------


async def test_more_liaisons_than_one_transaction_holds_are_all_asked_and_reminded_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "CHUNK", 3)
    many = 7
    await more_liaisons(world, many)

    await world.waits(minutes=5)
    await world.beats()
    asked = {len(world.said_to(str(number))) for number in range(many)}
    await world.day_at(date(2026, 11, 23), "15:00")

    assert asked == {1}
    assert {len(world.said_to(str(number))) for number in range(many)} == {2}
    (noted,) = await world.asks(lambda tx: tx.audit.trail("round:2026-11-23"))
    assert noted.detail == {"count": many + 2}


async def test_the_next_moments_of_a_round_are_known(world: World) -> None:
    saturday = datetime(2026, 11, 28, 12, 0, tzinfo=ZONE)
    await world.reaches(saturday)

    moments = await world.watch.read(rounds.next_moments)

    assert moments[0] == (datetime(2026, 11, 30, 9, 0, tzinfo=ZONE), "event.ask")
    assert [key for _, key in moments] == ["event.ask", "event.remind", "event.close"] * 2
