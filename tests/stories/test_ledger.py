"""The ledger in the chat: a page at a time, sought by words, each problem a tap away."""

from datetime import date

import pytest
from sqlalchemy import insert, update

from bot.domain.people import Language
from handlers import problem_page
from handlers.turn import Desk
from storage import tables
from storage.tx import Tx
from tests.world import World

TUESDAY = date(2026, 11, 24)
LAND = "2 问题 用地指标未批"


async def many(world: World, count: int) -> None:
    """Let liu report so many problems, each of a store of its own."""

    def add(tx: Tx) -> None:
        for number in range(1, count + 1):
            world.project(tx, f"store{number}", f"第{number}仓库", "liu", place="经开区")

    await world.store.perform(add)
    await world.hears("liu", "问题")
    for number in range(1, count + 1):
        await world.hears("liu", f"第{number}仓库：问题：缺电焊工", settle=False)
    await world.delivery.drain()


def shown(world: World, who: str) -> list[str]:
    """Return the numbers of the problems on the last page somebody was shown."""
    return [label for label in world.messages(who)[-1].labels if label.startswith("2026-")]


def turning(world: World, who: str) -> list[str]:
    return [label for label in world.messages(who)[-1].labels if not label.startswith("2026-")]


def numbers(first: int, last: int) -> list[str]:
    return [f"2026-{number:03}" for number in range(first, last + 1)]


# --- a page at a time -------------------------------------------------------------------


async def test_the_ledger_is_a_short_list_with_a_button_for_each_problem(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("zhao", "台账")

    assert world.last("zhao") == (
        "未销号问题 1 个，其中超期 0 个：\n"
        "🟢 正常 2026-001｜泵业智造产业园｜用地｜待接办｜孙立新：用地指标未批\n"
        "点编号看详情，或发编号，如「2026-063」。"
    )
    assert world.messages("zhao")[-1].labels == ["2026-001"]
    await world.hears("zhao", button="2026-001")
    assert "问题 2026-001｜泵业智造产业园｜用地" in world.last("zhao")


async def test_pages_are_turned_there_and_back(world: World) -> None:
    await many(world, 17)

    await world.hears("zhao", "台账")
    assert "未销号问题 17 个，其中超期 0 个，第 1/3 页：" in world.last("zhao")
    assert (shown(world, "zhao"), turning(world, "zhao")) == (numbers(1, 8), ["下一页"])

    await world.hears("zhao", button="下一页")
    assert "第 2/3 页" in world.last("zhao")
    assert (shown(world, "zhao"), turning(world, "zhao")) == (numbers(9, 16), ["上一页", "下一页"])

    await world.hears("zhao", "下一页")  # typed
    assert (shown(world, "zhao"), turning(world, "zhao")) == (numbers(17, 17), ["上一页"])

    await world.hears("zhao", button="上一页")
    assert shown(world, "zhao") == numbers(9, 16)


async def test_eight_fit_on_one_page(world: World) -> None:
    await many(world, 8)

    await world.hears("zhao", "台账")

    assert (shown(world, "zhao"), turning(world, "zhao")) == (numbers(1, 8), [])
    assert "页" not in world.last("zhao").splitlines()[0]


async def test_a_page_that_is_gone_is_the_last_one(world: World) -> None:
    await many(world, 9)
    await world.hears("zhao", "台账")
    await world.hears("zhao", "撤销 2026-003 报错了")

    await world.hears("zhao", button="下一页")

    assert shown(world, "zhao") == [*numbers(1, 2), *numbers(4, 9)]


async def test_a_turned_page_keeps_what_was_asked_for(world: World) -> None:
    await many(world, 9)
    await world.hears("liu", LAND)
    await world.hears("zhao", "台账 经开 用工")
    assert "未销号问题（经开区、用工） 9 个" in world.last("zhao")

    await world.hears("zhao", button="下一页")

    assert "未销号问题（经开区、用工） 9 个" in world.last("zhao")
    assert shown(world, "zhao") == ["2026-009"]


async def test_looking_things_up_keeps_words_that_wait_for_an_answer(world: World) -> None:
    await many(world, 9)
    await world.hears("zhao", "不知道这是什么")

    await world.hears("zhao", "台账")
    await world.hears("zhao", button="下一页")
    await world.hears("zhao", button="转给指挥部办公室")

    assert "已转给指挥部办公室" in world.last("zhao")


# --- overdue first ----------------------------------------------------------------------


async def test_the_overdue_come_first_with_sign_and_word(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "接办 2026-001")
    await world.hears("liu", "1 问题 缺少电焊工")
    await world.day_at(TUESDAY, "10:00")

    await world.hears("zhao", "/ledger")

    head, first, second, _ = world.last("zhao").splitlines()
    assert head == "未销号问题 2 个，其中超期 1 个："
    assert first.startswith("🔴 超期 2026-002｜")
    assert second.startswith("🟢 正常 2026-001｜")


async def test_the_last_quarter_is_marked_as_due_soon(world: World) -> None:
    await world.hears("liu", LAND)  # 08:55, to be accepted by 12:55
    await world.waits(hours=3, minutes=10)

    await world.hears("zhao", "台账")

    assert "\n🟡 临期 2026-001｜" in world.last("zhao")


# --- what can be asked for --------------------------------------------------------------


async def settled(world: World) -> None:
    """1: land, with sun, late; 2: welders, with chen, taken; 3: land at wang's, closed."""
    await world.hears("wang", "问题 用地红线没有划")
    await world.hears("sun", "已解决 2026-001 划好了")
    await world.hears("wang", button="销号")
    await world.hears("liu", LAND)
    await world.hears("liu", "1 问题 缺少电焊工")
    await world.hears("chen", "接办 2026-003")
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.projects).where(tables.projects.c.id == world.ids["#soda"]).values(place="经开区")
        )
    )
    await world.day_at(TUESDAY, "10:00")


@pytest.mark.parametrize(
    ("who", "text", "expected"),
    [
        ("zhao", "台账", ["2026-002", "2026-003"]),
        ("zhao", "台账 未销号", ["2026-002", "2026-003"]),
        ("zhao", "台账 超期", ["2026-002"]),
        ("zhao", "/ledger overdue", ["2026-002"]),
        ("zhao", "台账 已销号", ["2026-001"]),
        ("zhao", "/ledger closed", ["2026-001"]),
        ("zhao", "台账 大桥镇", ["2026-002"]),
        ("zhao", "台账 经开区", ["2026-003"]),
        ("zhao", "台账 用地", ["2026-002"]),
        ("zhao", "台账 大桥镇 用地", ["2026-002"]),
        ("zhao", "台账 用地 用工", ["2026-002", "2026-003"]),
        ("chen", "台账", ["2026-002", "2026-003"]),  # he leads both
        ("chen", "台账 我的", ["2026-003"]),  # but holds one
        ("chen", "/ledger mine", ["2026-003"]),
        ("sun", "台账 我的 超期", ["2026-002"]),
        ("sun", "台账", ["2026-002"]),
        ("wang", "台账 已销号", ["2026-001"]),
        ("he", "台账", ["2026-002", "2026-003"]),
    ],
)
async def test_the_ledger_is_asked_for_alone_and_together(
    world: World, who: str, text: str, expected: list[str]
) -> None:
    await settled(world)

    await world.hears(who, text)

    assert shown(world, who) == expected


@pytest.mark.parametrize(
    ("who", "text", "answer"),
    [
        ("wang", "台账", "没有未销号的问题。"),
        ("zhao", "台账 我的 超期", "没有这样的问题（我的、超期）。"),
        ("liu", "台账 已销号", "没有这样的问题（已销号）。"),  # it is of wang's project
        ("chen", "台账 我的 超期", "没有这样的问题（我的、超期）。"),
    ],
)
async def test_where_there_is_nothing_that_is_said(world: World, who: str, text: str, answer: str) -> None:
    await settled(world)

    await world.hears(who, text)

    assert world.last(who) == answer


async def test_what_is_closed_has_no_light(world: World) -> None:
    await settled(world)

    await world.hears("zhao", "台账 已销号")

    assert world.last("zhao").splitlines()[:2] == [
        "已销号问题（已销号） 1 个：",
        "2026-001｜智慧物流园｜用地｜已销号｜孙立新：用地红线没有划",
    ]


@pytest.mark.parametrize(("who", "seen"), [("liu", True), ("sun", True), ("chen", True), ("wang", False)])
async def test_others_see_what_concerns_them(world: World, who: str, seen: bool) -> None:
    await world.hears("liu", LAND)

    await world.hears(who, "台账")

    assert ("2026-001" in world.last(who)) is seen


async def test_a_substitute_sees_what_concerns_those_on_leave(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("wang", "台账")
    assert world.last("wang") == "没有未销号的问题。"
    await world.store.perform(
        lambda tx: tx.connection.execute(
            insert(tables.leaves).values(
                person_id=world.ids["liu"],
                first=date(2026, 11, 23),
                last=date(2026, 11, 23),
                substitute_id=world.ids["wang"],
                by_id=world.ids["liu"],
                at=world.clock.now(),
            )
        )
    )

    await world.hears("wang", "台账 我的")
    assert shown(world, "wang") == ["2026-001"]
    await world.day_at(TUESDAY, "09:00")
    await world.hears("wang", "台账 我的")

    assert world.last("wang") == "没有这样的问题（我的）。"


async def test_a_word_the_ledger_does_not_know_is_answered_with_what_can_be_asked(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("zhao", "台账 红色")

    assert world.last("zhao") == (
        "没看懂「红色」。台账后面可以写：我的、未销号、超期、已销号、属地（如 大桥镇）、类别（如 用地），"
        "可以连着写，如「台账 我的 超期」。"
    )


async def test_a_button_shows_no_more_than_its_presser_may_see_now(world: World) -> None:
    await many(world, 9)
    await world.hears("chen", "台账")
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.assignments)
            .where(tables.assignments.c.person_id == world.ids["chen"])
            .values(until=date(2026, 11, 22))
        )
    )
    await world.store.perform(
        lambda tx: tx.connection.execute(update(tables.problems).values(holder_id=world.ids["sun"]))
    )

    await world.hears("chen", button="下一页")

    assert world.last("chen") == "没有未销号的问题。"


async def test_it_speaks_english_to_who_reads_it(world: World) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.people)
            .where(tables.people.c.id == world.ids["zhao"])
            .values(language=str(Language.ENGLISH))
        )
    )
    await world.hears("liu", LAND)

    await world.hears("zhao", "/ledger open")

    assert world.last("zhao").startswith("1 open problem(s) (open), 0 overdue:\n🟢 on time 2026-001｜")


# --- the page of a problem --------------------------------------------------------------


async def page(world: World, who: str, number: str = "2026-001") -> list[str]:
    """Return what stands under the card of a problem, line by line."""

    def look(tx: Tx) -> str:
        desk = Desk(tx, world.county, world.router._texts, world.clock.now())
        problem = tx.problems.numbered(number)
        assert problem is not None
        return problem_page.trail(desk, tx.people.get(world.ids[who]), problem)

    return (await world.asks(look)).splitlines()


@pytest.mark.parametrize("text", ["2026-001", "查 2026-001"])
async def test_a_number_shows_the_card_with_its_buttons_and_what_became_of_it(
    world: World, text: str
) -> None:
    await world.hears("liu", LAND)

    await world.hears("sun", text)

    shown = world.messages("sun")[-1]
    card, _, trail = shown.text.partition("\n\n")
    assert card.startswith("问题 2026-001｜泵业智造产业园｜用地｜一般")
    assert trail == "经过：\n11-23 08:55 孙立新接手，至今 不到 1 分钟（未接办）"
    assert "接办" in shown.labels
    assert shown.edits == 0  # it was not brought up to date with what it says already


async def test_a_page_shown_before_becomes_the_card_of_now(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("zhao", "2026-001")

    await world.hears("sun", "接办 2026-001")

    assert "经过：" not in world.last("zhao")
    assert "接办" not in world.messages("zhao")[-1].labels


async def test_who_may_not_see_a_problem_sees_no_page(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("wang", "2026-001")

    assert "经过" not in world.last("wang")
    assert "孙立新" not in world.last("wang")


async def test_the_page_tells_who_has_it_and_since_when(world: World) -> None:
    await world.hears("liu", LAND)
    await world.waits(hours=1)
    assert await page(world, "zhao") == ["经过：", "11-23 08:55 孙立新接手，至今 1 小时（未接办）"]

    await world.hears("sun", "接办 2026-001")
    await world.waits(minutes=30)

    assert (await page(world, "zhao"))[1:] == ["11-23 08:55 孙立新接手，至今 1.5 小时（11-23 09:55 接办）"]


async def test_the_page_tells_how_it_went_from_hand_to_hand_and_why(world: World) -> None:
    await world.hears("liu", LAND)
    await world.waits(hours=3)
    await world.hears("sun", "转办 2026-001 周海涛 需要县里统筹")
    await world.hears("zhou", "接办 2026-001")
    await world.day_at(TUESDAY, "18:00")

    assert await page(world, "zhao") == [
        "经过：",
        "11-23 08:55 孙立新接手，历时 3 小时，转办：需要县里统筹",
        "11-23 11:55 周海涛接手，至今 1.6 个工作日（11-23 11:55 接办）",
    ]


async def test_the_page_tells_who_heard_that_it_was_late(world: World) -> None:
    await world.hears("liu", LAND)
    await world.waits(hours=4)

    assert "11-23 12:55 未按时接办，已告知孙立新" in await page(world, "zhao")


async def test_the_page_tells_what_was_asked_and_how_it_was_answered(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("chen", "提请 2026-001 请协调市里追加用地指标")
    await world.hears("chen", button="周海涛（常务副县长）")
    assert "11-23 08:55 陈志远提请周海涛：请协调市里追加用地指标（待答复）" in await page(world, "zhao")

    await world.hears("zhou", button="同意")

    lines = await page(world, "zhao")
    assert "11-23 08:55 陈志远提请周海涛：请协调市里追加用地指标（11-23 08:55 周海涛同意）" in lines


async def test_the_page_tells_of_more_time_beside_the_first_deadline(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "接办 2026-001")
    await world.hears("sun", button="延期")
    await world.hears("sun", "12月4日 农转用已组卷")
    asked = "11-23 08:55 孙立新申请延期到12月4日（原定 11-30）：农转用已组卷"
    assert f"{asked}（待答复）" in await page(world, "zhao")

    await world.hears("chen", button="同意延期")

    assert f"{asked}（11-23 08:55 陈志远同意）" in await page(world, "zhao")


async def test_a_long_page_leaves_out_its_middle(world: World) -> None:
    await world.hears("liu", LAND)
    for _ in range(6):
        await world.hears("sun", "转办 2026-001 周海涛 需要县里统筹")
        await world.hears("zhou", "转办 2026-001 孙立新 还是归你们")

    lines = await page(world, "zhao")

    assert len(lines) == 12
    assert lines[1].startswith("11-23 08:55 孙立新接手")
    assert lines[2] == "……略 3 条"
    assert lines[-1].endswith("（未接办）")
