"""The leader's two-minute card at 07:50: what waits for their decision, what changed – or silence."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, update

from handlers import duties, morning
from storage import tables
from storage.tx import Tx
from tests.world import ZONE, World

MONDAY = date(2026, 11, 23)
TUESDAY = date(2026, 11, 24)
WEDNESDAY = date(2026, 11, 25)
CARD = re.compile(r"早上好，\w+。\d+月\d+日 周.\n")
NUMBER = re.compile(r"\d{4}-\d{3}")
MONEY = "2 问题 工程款没到位，工人等着开工"
"""No department answers for 资金 in this county: it goes to the lead leader, chen."""


def cards(world: World, who: str) -> list[str]:
    return [text for text in world.said_to(who) if CARD.match(text)]


async def reported(world: World, text: str = MONEY, who: str = "liu") -> None:
    await world.hears(who, text)
    await world.delivery.drain()


async def morning_of(world: World, day: date) -> None:
    await world.day_at(day, "07:50")


async def test_a_leader_for_whom_nothing_waits_hears_nothing(world: World) -> None:
    await morning_of(world, TUESDAY)

    assert [cards(world, who) for who in ("chen", "zhou", "he", "sun", "zhao")] == [[], [], [], [], []]


async def test_what_waits_and_what_changed_stand_on_one_short_card(world: World) -> None:
    await world.day_at(MONDAY, "16:00")
    await reported(world)
    await reported(world, "1 问题 用地指标未批")
    await world.hears("sun", "已解决 2026-002 指标已下达")

    await morning_of(world, TUESDAY)

    [card] = cards(world, "chen")
    assert card.splitlines() == [
        "早上好，陈志远。11月24日 周二",
        "等您决定 1 件：",
        "🟢 正常｜2026-001｜泵业智造产业园：工程款没到位，工人等着开工（11-23 16:00 交您接办）",
        "昨天以来：新报 2 个：2026-001、2026-002；报解决、待确认 1 个：2026-002。",
    ]
    assert world.messages("chen")[-1].labels == ["2026-001"]
    assert [cards(world, who) for who in ("sun", "zhou", "he", "zhao", "liu")] == [[], [], [], [], []]


async def test_its_button_opens_the_problem(world: World) -> None:
    await reported(world)
    await morning_of(world, TUESDAY)

    await world.hears("chen", button="2026-001")

    assert world.last("chen").startswith("问题 2026-001｜泵业智造产业园｜资金｜一般")


async def test_it_comes_once_however_often_the_heart_beats(world: World) -> None:
    await reported(world)

    for clock in ("07:49", "07:50", "07:55", "09:30", "11:59"):
        await world.day_at(TUESDAY, clock)

    assert len(cards(world, "chen")) == 1


@pytest.mark.parametrize(("clock", "count"), [("07:49", 0), ("11:59", 1), ("12:00", 0), ("16:00", 0)])
async def test_after_down_time_no_stale_morning_is_wished(world: World, clock: str, count: int) -> None:
    await reported(world)

    await world.day_at(TUESDAY, clock)

    assert len(cards(world, "chen")) == count


async def test_after_three_days_of_down_time_there_is_one_card(world: World) -> None:
    await reported(world)

    await world.day_at(date(2026, 11, 26), "09:10")

    assert len(cards(world, "chen")) == 1


async def test_an_empty_morning_stays_empty(world: World) -> None:
    """What comes at eight has a card of its own; the morning's is not sent after it."""
    await morning_of(world, TUESDAY)

    await world.day_at(TUESDAY, "08:10")
    await reported(world)
    await world.day_at(TUESDAY, "08:20")

    assert cards(world, "chen") == []


@pytest.mark.parametrize("day", [date(2026, 11, 28), date(2026, 11, 29), date(2027, 1, 1)])
async def test_days_off_are_days_off(world: World, day: date) -> None:
    await reported(world)

    await morning_of(world, day)

    assert not await world.asks(lambda tx: tx.outbox.has(f"morning:{world.ids['chen']}:{day}"))


async def test_on_monday_it_tells_what_happened_since_friday(world: World) -> None:
    await world.day_at(date(2026, 11, 27), "17:00")
    await reported(world)

    await morning_of(world, date(2026, 11, 30))

    assert cards(world, "chen")[0].endswith("上周五以来：新报 1 个：2026-001。")


async def test_what_changed_before_the_last_morning_is_old(world: World) -> None:
    await reported(world)
    await morning_of(world, TUESDAY)
    await world.hears("chen", "接办 2026-001")

    await morning_of(world, WEDNESDAY)

    assert len(cards(world, "chen")) == 1


async def test_what_stood_on_the_last_card_is_counted_not_repeated(world: World) -> None:
    await reported(world)
    await morning_of(world, TUESDAY)
    await world.hears("sun", "2026-001")
    await reported(world, "1 问题 监理费没到位，签不了字")

    await morning_of(world, WEDNESDAY)

    assert cards(world, "chen")[1].splitlines() == [
        "早上好，陈志远。11月25日 周三",
        "等您决定 1 件：",
        "🔴 超期｜2026-002｜年产100万吨纯碱项目：监理费没到位，签不了字（11-24 07:50 交您接办）",
        "以前送您的还有 1 件没定，其中超期 1 件，发「今日」看。",
        "昨天以来：新报 1 个：2026-002。",
    ]
    await world.hears("chen", button="看全部")
    assert world.last("chen").startswith("有 2 件事等您：")


async def test_what_became_late_since_the_last_card_is_new_again(world: World) -> None:
    await world.day_at(MONDAY, "16:00")
    await reported(world)
    await morning_of(world, TUESDAY)

    await morning_of(world, WEDNESDAY)
    await morning_of(world, date(2026, 11, 26))

    assert "🔴 超期｜2026-001｜" in cards(world, "chen")[1]
    assert cards(world, "chen")[2].splitlines() == [
        "早上好，陈志远。11月26日 周四",
        "以前送您的还有 1 件没定，其中超期 1 件，发「今日」看。",
    ]


async def test_the_overdue_stand_first_and_six_lines_are_enough(world: World) -> None:
    await world.day_at(MONDAY, "16:00")
    for nth in range(7):
        await reported(world, f"{nth % 2 + 1} 问题 工程款第 {nth} 笔没到位，催了 {nth} 次")
        if "是同一件事吗" in world.last("liu"):
            await world.hears("liu", button="不是，另报")
    await world.hears("chen", "接办 2026-007")
    await late(world, "2026-007")

    await morning_of(world, TUESDAY)

    lines = cards(world, "chen")[0].splitlines()
    assert lines[1] == "等您决定 7 件："
    assert lines[2].startswith("🔴 超期｜2026-007｜")
    assert lines[2].endswith("（11-23 到期）")
    assert [NUMBER.findall(line) for line in lines[3:8]] == [[f"2026-00{n}"] for n in range(1, 6)]
    assert lines[8] == "另有 1 件，发「今日」看全部。"
    labels = next(m for m in world.messages("chen") if m.text == cards(world, "chen")[0]).labels
    assert labels == ["2026-007", *(f"2026-00{n}" for n in range(1, 6))]


async def late(world: World, number: str) -> None:
    """Let the time to solve a problem have run out on Monday evening."""
    due = datetime(2026, 11, 23, 18, tzinfo=ZONE).astimezone(UTC)
    change = (
        update(tables.problems).where(tables.problems.c.number == number).values(solve_due=due, next_at=None)
    )
    await world.store.perform(lambda tx: tx.connection.execute(change) and None)


async def test_what_is_in_work_and_in_time_needs_no_decision(world: World) -> None:
    await morning_of(world, TUESDAY)
    await reported(world)
    await world.hears("chen", "接办 2026-001")

    await morning_of(world, WEDNESDAY)

    assert cards(world, "chen") == ["早上好，陈志远。11月25日 周三\n昨天以来：新报 1 个：2026-001。"]


async def test_what_waits_for_somebody_elses_answer_is_not_theirs_to_decide(world: World) -> None:
    await reported(world)
    await world.store.perform(
        lambda tx: tx.problems.pause(tx.problems.open()[0], "哪一笔？", world.clock.now()) and None
    )

    await morning_of(world, TUESDAY)

    assert "等您决定" not in cards(world, "chen")[0]


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("提请", "｜2026-001｜智慧物流园：请您决定：请协调市里追加指标（11-23 08:55 提请）"),
        ("延期", "｜2026-001｜智慧物流园：申请延到 12-10：请协调市里追加指标（11-23 08:55 申请）"),
    ],
)
async def test_what_somebody_was_asked_waits_for_them(world: World, kind: str, line: str) -> None:
    await reported(world, "问题 用地指标未批", who="wang")
    await world.store.perform(lambda tx: asked(tx, world, "zhou", kind))

    await morning_of(world, TUESDAY)

    assert line in cards(world, "zhou")[0]
    assert world.messages("zhou")[-1].labels == ["2026-001"]
    assert cards(world, "he") == []


async def test_a_head_hears_what_became_of_what_they_were_asked(world: World) -> None:
    await reported(world, "问题 用地指标未批", who="wang")
    await world.store.perform(lambda tx: asked(tx, world, "he", "提请", answer="同意"))
    await world.hears("sun", "已解决 2026-001 指标已下达")
    await world.hears("wang", "销号 2026-001")

    await morning_of(world, TUESDAY)

    assert cards(world, "he") == ["早上好，何建国。11月24日 周二\n昨天以来：销号 1 个：2026-001。"]
    assert cards(world, "zhou") == []


async def test_what_climbed_to_a_leader_is_counted(world: World) -> None:
    await reported(world, "问题 用地指标未批", who="wang")
    await world.store.perform(lambda tx: escalated(tx, world, "zhou"))

    await morning_of(world, TUESDAY)

    assert cards(world, "zhou") == ["早上好，周海涛。11月24日 周二\n昨天以来：升级报您 1 个：2026-001。"]


def asked(tx: Tx, world: World, who: str, kind: str, answer: str = "") -> None:
    values = {
        "problem_id": tx.problems.open()[0].id,
        "generation": 1,
        "kind": kind,
        "asker_id": world.ids["chen"],
        "to_id": world.ids[who],
        "until": date(2026, 12, 10),
        "text": "请协调市里追加指标",
        "at": world.clock.now(),
        "answer": answer,
    }
    tx.connection.execute(insert(tables.requests).values(values))


def escalated(tx: Tx, world: World, who: str) -> None:
    now = world.clock.now()
    values = {
        "problem_id": tx.problems.open()[0].id,
        "generation": 1,
        "level": 9,
        "rung": "solve_3",
        "at": now,
    }
    key = tx.connection.execute(insert(tables.escalations).values(values)).inserted_primary_key
    assert key is not None
    notice = {"escalation_id": key[0], "person_id": world.ids[who], "told_at": now}
    tx.connection.execute(insert(tables.escalation_notices).values(notice))


async def test_who_has_not_joined_finds_no_heap_of_old_mornings(world: World) -> None:
    await reported(world)
    gone = update(tables.contacts).where(tables.contacts.c.person_id == world.ids["chen"])
    await world.store.perform(lambda tx: tx.connection.execute(gone.values(reachable=False)) and None)

    await morning_of(world, TUESDAY)

    assert not await world.asks(lambda tx: tx.outbox.has(f"morning:{world.ids['chen']}:{TUESDAY}"))


async def test_that_it_was_told_stands_in_the_audit_and_a_later_beat_writes_nothing(world: World) -> None:
    await reported(world)
    await morning_of(world, TUESDAY)
    trail = await world.asks(lambda tx: tx.audit.trail(f"morning:{TUESDAY}"))

    async def refuse(*_: Any) -> None:
        raise AssertionError("nothing is to be written")

    world.store.perform = refuse  # type: ignore[method-assign, assignment]
    await morning.tell(world.watch)

    assert [(step.action, step.detail) for step in trail] == [("morning.told", {"count": 1})]


async def test_the_clock_of_the_page_stops_there(world: World) -> None:
    await world.day_at(TUESDAY, "07:45")
    before = await world.watch.read(duties.next_event)
    await world.day_at(date(2026, 11, 27), "08:00")
    after = await world.watch.read(morning.next_moments)

    assert before == (datetime(2026, 11, 24, 7, 50, tzinfo=ZONE), "event.morning")
    assert after == [(datetime(2026, 11, 30, 7, 50, tzinfo=ZONE), "event.morning")]


@pytest.mark.sqlite
async def test_nothing_is_looked_for_without_an_index(world: World) -> None:
    def plans(tx: Tx) -> list[str]:
        asked: list[tuple[str, Any]] = []

        def note(_c: Any, _u: Any, statement: str, values: Any, *_: Any) -> None:
            asked.append((statement, values))

        since = world.clock.now()
        event.listen(tx.connection, "before_cursor_execute", note)
        tx.mornings.news(1, [1, 2, 3], since, since + timedelta(days=1))
        event.remove(tx.connection, "before_cursor_execute", note)
        return [
            row.detail
            for statement, values in asked
            for row in tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]

    found = await world.store.perform(plans)

    assert len(found) > 5
    assert [step for step in found if re.match(r"SCAN (?!LIST)", step) and "INDEX" not in step] == []
