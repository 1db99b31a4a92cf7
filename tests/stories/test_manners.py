"""How the bot behaves whatever is said to it: commands, languages, nonsense, repeats, breakdowns."""

from datetime import date

import pytest
from sqlalchemy import select, update

from bot.chat import Address, Incoming, Unreadable
from handlers import lists, progress
from handlers.turn import Turn
from storage import tables
from tests.world import World

TODAY = date(2026, 11, 23)


async def said(world: World, project: str) -> str:
    project_id = world.ids[f"#{project}"]
    return (await world.asks(lambda tx: tx.reports.on([project_id], TODAY)))[project_id].text


async def count(world: World, table: str) -> int:
    return await world.asks(
        lambda tx: len(tx.connection.execute(select(tables.metadata.tables[table])).all())
    )


# --- commands ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("今日", "早上好，王强。11月23日 周一，您有 1 个项目："),
        ("/today", "早上好，王强。11月23日 周一，您有 1 个项目："),
        ("/today@liaison_bot", "早上好，王强。11月23日 周一，您有 1 个项目："),
        ("项目", "您的 1 个项目："),
        ("/projects", "您的 1 个项目："),
        ("问题", "智慧物流园：遇到什么问题？"),
        ("/problem", "智慧物流园：遇到什么问题？"),
        ("台账", "没有未销号的问题。"),
        ("/ledger", "没有未销号的问题。"),
        ("帮助", "王强，您可以："),
        ("/help", "王强，您可以："),
        ("HELP", "王强，您可以："),
        ("取消", "好的，已取消。"),
        ("/cancel", "好的，已取消。"),
    ],
)
async def test_commands_are_latin_or_chinese(world: World, words: str, answer: str) -> None:
    await world.hears("wang", words)

    assert world.last("wang").startswith(answer)


async def test_a_problem_may_be_told_with_the_command(world: World) -> None:
    await world.hears("wang", "/problem 用地指标未批")

    assert world.last("wang").startswith("已记 问题 2026-001｜智慧物流园｜用地")


async def test_todays_question_again_shows_what_is_noted(world: World) -> None:
    await world.hears("liu", "1 主体封顶")

    await world.hears("liu", "今日")

    assert "1 年产100万吨纯碱项目｜落地开工｜已记：主体封顶" in world.last("liu")


async def test_in_the_afternoon_nobody_says_good_morning(world: World) -> None:
    await world.day_at(TODAY, "14:00")

    await world.hears("liu", "今日")

    assert world.last("liu").startswith("刘敏，您好。11月23日 周一，您有 2 个项目：")


@pytest.mark.parametrize("words", ["你好", "您好！", "早上好", "在吗？", "收到"])
async def test_a_greeting_is_no_word_on_a_problem(world: World, words: str) -> None:
    await world.hears("liu", "2 问题 用地指标未批")

    await world.hears("sun", words)

    assert world.last("sun") == "好的，有事随时说。"


async def test_an_unknown_command_is_words_like_any_other(world: World) -> None:
    await world.hears("chen", "/selfdestruct")

    assert world.last("chen") == "没看懂这句话：「/selfdestruct」。要转给指挥部办公室吗？"


# --- English ----------------------------------------------------------------------------


async def test_an_english_speaker_gets_english(world: World) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.people).where(tables.people.c.id == world.ids["wang"]).values(language="en")
        )
    )
    await world.waits(minutes=5)

    await world.hears("wang", "unchanged")
    await world.hears("wang", "Progress")
    await world.hears("wang", "roof closed, 进度32%")

    asked, *answers = world.said_to("wang")
    assert asked == (
        "Good morning, 王强. 11/23 Mon; you have 1 project(s):\n"
        "1 智慧物流园｜落地开工｜progress 30%｜1.00 亿元 so far (20% of the year's plan)\n"
        "Or answer in one line: “roof closed, 进度62%, 本月完成3200万” or “problem no land quota yet”"
    )
    assert answers == [
        "已记 Noted. 智慧物流园：unchanged. To change it, just send it again.",
        "智慧物流园: what has moved? One line is enough, such as “roof closed, 进度62%, 本月完成3200万”.",
        "已记 Noted. 智慧物流园：roof closed；progress 32%（+2）. To change it, just send it again.",
    ]


# --- hard words -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("屋架\x00吊装\x07完成", "屋架吊装完成"),
        ("屋架吊装\ud83d完成", "屋架吊装完成"),
        ("<b>屋架</b> & <script>", "<b>屋架</b> & <script>"),
        ("_*[](屋架`~>#+-=|{}.!", "_*[](屋架`~>#+-=|{}.!"),
        ("{name} {0} %s 屋架", "{name} {0} %s 屋架"),
        ("\u202e屋架吊装\u2066完成", "\u202e屋架吊装\u2066完成"),
        ("=1+1 屋架", "=1+1 屋架"),
        ("'; DROP TABLE reports; --", "'; DROP TABLE reports; --"),
    ],
)
async def test_hard_words_are_only_words(world: World, words: str, kept: str) -> None:
    await world.hears("wang", words)

    assert await said(world, "park") == kept
    assert world.last("wang").startswith("已记 智慧物流园：")


async def test_words_turned_round_are_shown_as_boxes(world: World) -> None:
    await world.hears("wang", "\u202e屋架吊装完成")

    assert "\u202e" not in world.last("wang")
    assert "□屋架吊装完成" in world.last("wang")


async def test_a_text_over_eight_kilobytes_is_refused_with_a_sentence(world: World) -> None:
    await world.hears("wang", "屋" * 2730 + "abc")

    assert world.said_to("wang") == ["这段话太长了（超过 8 KB），没有记下。请分成几条发，或者作为文件发来。"]
    assert await count(world, "reports") == 0


async def test_a_text_of_eight_kilobytes_is_taken(world: World) -> None:
    await world.hears("wang", "屋" * 2730 + "ab")

    assert await count(world, "reports") == 1


# --- buttons ----------------------------------------------------------------------------


async def press(world: World, who: str, data: str, *, group: str = "") -> str:
    return await world.router.receive(
        Incoming(
            key=f"press:{who}:{data}:{group}",
            at=Address("fake", group or world.account(who)),
            sender=world.account(who),
            sent_at=world.clock.now(),
            private=not group,
            button=data,
        )
    )


async def test_a_button_of_another_persons_message_does_nothing(world: World) -> None:
    await world.waits(minutes=5)
    data, _ = world.find_button("liu", "全部照旧")

    notice = await press(world, "wang", data)

    assert notice == "这个按钮是发给别人的，没有任何改动。"
    assert await count(world, "reports") == 0


async def test_whoever_presses_it_a_button_is_for_one_person(world: World) -> None:
    await world.waits(minutes=5)
    data, _ = world.find_button("liu", "全部照旧")

    notice = await world.router.receive(
        Incoming(
            key="press:shared",
            at=Address("fake", world.account("liu")),
            sender=world.account("wang"),
            sent_at=world.clock.now(),
            button=data,
        )
    )

    assert notice == "这个按钮是发给别人的，没有任何改动。"


async def test_a_button_pressed_in_a_group_is_answered_by_the_notice_alone(world: World) -> None:
    await world.waits(minutes=5)
    data, _ = world.find_button("liu", "全部照旧")

    notice = await press(world, "liu", data, group="group1")
    await world.delivery.drain()

    assert notice == "这个按钮是发给别人的，没有任何改动。"
    assert world.said_to("group1") == []


@pytest.mark.parametrize("data", ["nonsense", "nonsense.1", "nonsense.x", "."])
async def test_a_button_that_was_never_ours_does_nothing(world: World, data: str) -> None:
    assert await press(world, "wang", data) == "这个按钮已经失效，请发「今日」重新打开。"


async def test_a_place_that_a_message_never_had_is_no_button(world: World) -> None:
    await world.waits(minutes=5)
    data, _ = world.find_button("wang", "照旧")

    assert await press(world, "wang", data.replace(".0", ".9")) == "这个按钮已经失效，请发「今日」重新打开。"


async def test_yesterdays_button_answers_for_today(world: World) -> None:
    await world.waits(minutes=5)
    data, _ = world.find_button("wang", "照旧")
    await world.day_at(date(2026, 11, 24), "08:00")

    await press(world, "wang", data)

    today = await world.asks(lambda tx: tx.reports.on([world.ids["#park"]], date(2026, 11, 24)))
    assert list(today) == [world.ids["#park"]]


@pytest.mark.parametrize("typed", ["有问题", " 有 问 题 ", "3"])
async def test_every_button_works_as_a_typed_word_or_number(world: World, typed: str) -> None:
    await world.hears("wang", "形象进度62%")  # the last message with buttons is no list of projects
    await world.hears("wang", "今日")

    await world.hears("wang", typed)

    assert world.last("wang").startswith("智慧物流园：遇到什么问题？") or typed == "3"


# --- repeats and breakdowns -------------------------------------------------------------


async def test_the_same_message_again_changes_nothing(world: World) -> None:
    await world.hears("wang", "今日完成300万", key="fake:again")

    await world.hears("wang", "今日完成300万", key="fake:again")

    assert len(world.said_to("wang")) == 1
    assert await count(world, "reports") == 1


async def test_a_refused_message_again_is_refused_once(world: World) -> None:
    await world.hears("wang", "暂停 全县 到12月5日", key="fake:again")

    await world.hears("wang", "暂停 全县 到12月5日", key="fake:again")

    assert len(world.said_to("wang")) == 1


async def test_a_handler_that_breaks_keeps_the_message_whole_and_apologises(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(turn: Turn) -> None:
        lists.cancel(turn)
        raise RuntimeError("broken")

    monkeypatch.setattr(progress, "answer", broken)

    await world.hears("wang", "屋架吊装完成", key="fake:broken")
    await world.hears("wang", "照旧是照旧", key="fake:broken")
    monkeypatch.undo()
    await world.hears("liu", "1 主体封顶")

    (buried,) = await world.asks(lambda tx: tx.connection.execute(select(tables.dead_letters)).all())
    assert (buried.key, "屋架吊装完成" in buried.raw, buried.reason) == (
        "fake:broken",
        True,
        "RuntimeError('broken')",
    )
    (apology,) = world.said_to("wang")
    assert apology == (
        "抱歉，这条消息没有处理成功。原话已经完整保存，指挥部办公室会处理（编号 2dedfc0c）；"
        "急事请直接打电话给指挥部办公室。"
    )
    assert world.last("liu").startswith("已记 1 年产100万吨纯碱项目")


async def test_what_a_platform_could_not_read_is_kept_for_the_operator(world: World) -> None:
    unreadable = Unreadable("fake:7", "fake", '{"update_id": 7', "no JSON")

    await world.router.receive(unreadable)
    await world.router.receive(unreadable)

    assert await world.asks(lambda tx: tx.inbox.buried()) == 1
