"""What is late climbs: who hears of it, at which moment, once; and an answer ends it."""

from collections.abc import Sequence
from datetime import date, datetime, time

import pytest
from sqlalchemy import func, select, update

from bot.domain.problems import State
from handlers.clocks import wind
from handlers.turn import Desk
from storage import tables
from storage.store import Store
from storage.tx import Tx
from tests.stories.test_reporting import LAND, local, problem
from tests.world import NAMES, ZONE, World, county
from tests.world import world as make_world

MON, TUE, THU, FRI = (date(2026, 11, day) for day in (23, 24, 26, 27))
SAT, SUN, NEXT_MON, NEXT_TUE = date(2026, 11, 28), date(2026, 11, 29), date(2026, 11, 30), date(2026, 12, 1)


def at(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), ZONE)


async def heard(world: World, day: date, clock: str) -> dict[str, list[str]]:
    """Reach a moment; Return the first lines of what everybody then newly reads about problems."""
    before = {who: len(world.messages(who)) for who in NAMES}
    await world.reaches(at(day, clock))
    new = {who: world.said_to(who)[before[who] :] for who in NAMES}
    about = {
        who: [text for text in texts if "问题" in text and "您有" not in text] for who, texts in new.items()
    }
    return {who: [text.splitlines()[0] for text in texts] for who, texts in about.items() if texts}


async def climbs(world: World) -> list[str]:
    """Return the rungs climbed so far."""
    statement = select(tables.escalations.c.rung).order_by(tables.escalations.c.id)
    return list(await world.asks(lambda tx: tx.connection.execute(statement).scalars().all()))


# --- nobody accepts ---------------------------------------------------------------------


async def test_not_accepted_the_holder_then_the_lead_leader_then_the_office_hear_each_once(
    world: World,
) -> None:
    await world.hears("liu", LAND)

    assert await heard(world, MON, "12:54") == {}
    assert await heard(world, MON, "12:55") == {"sun": ["接办时限已到，请接办（不归您管请转办或退回）："]}
    assert await heard(world, MON, "12:56") == {}
    assert await heard(world, MON, "16:54") == {}
    assert await heard(world, MON, "16:55") == {
        "chen": ["您牵头的项目有个问题逾期未接办（孙立新），请过问："]
    }
    assert "zhao" not in await heard(world, TUE, "11:24")
    assert await heard(world, TUE, "11:25") == {"zhao": ["有个问题逾期仍未接办（孙立新），请协调："]}
    assert await climbs(world) == ["accept_1", "accept_2", "accept_3"]


async def test_the_card_says_who_is_told_next_and_the_stored_moment_is_that_one(world: World) -> None:
    await world.hears("liu", LAND)
    assert "11-23 16:55 仍未接办，将告知陈志远（副县长）。" in world.last("sun")
    assert "11-23 16:55 仍未接办，将告知您。" in world.last("chen")
    found = await problem(world)
    assert (found.next_rung, local(found.next_at)) == ("accept_1", "11-23 12:55")

    await heard(world, MON, "12:55")
    found = await problem(world)
    assert (found.next_rung, local(found.next_at)) == ("accept_2", "11-23 16:55")
    assert "11-23 16:55 仍未接办，将告知陈志远（副县长）。" in world.last("sun")

    await heard(world, MON, "16:55")
    found = await problem(world)
    assert (found.next_rung, local(found.next_at)) == ("accept_3", "11-24 11:25")
    assert "11-24 11:25 仍未接办，将告知指挥部办公室。" in world.last("chen")
    await world.hears("sun", "2026-001")
    assert "11-24 11:25 仍未接办，将告知指挥部办公室。" in world.last("sun")


async def test_accepted_nobody_hears_of_it_any_more(world: World) -> None:
    await world.hears("liu", LAND)
    await heard(world, MON, "12:55")
    await world.hears("sun", button="接办")

    assert await heard(world, MON, "16:55") == {}
    assert "zhao" not in await heard(world, TUE, "11:25")
    assert await climbs(world) == ["accept_1"]


async def test_accepted_in_the_minute_it_was_due_nobody_is_told(world: World) -> None:
    await world.hears("liu", LAND)
    world.clock.set(at(MON, "12:55"))
    await world.hears("sun", button="接办")

    assert await heard(world, MON, "12:55") == {}
    assert await climbs(world) == []


async def test_told_in_the_minute_it_was_due_it_can_still_be_accepted(world: World) -> None:
    await world.hears("liu", LAND)
    await heard(world, MON, "12:55")

    notice = await world.hears("sun", button="接办")

    assert notice == "已接办"
    assert (await problem(world)).state is State.WORKING


async def test_a_second_beat_tells_nobody_twice(world: World) -> None:
    await world.hears("liu", LAND)
    await heard(world, MON, "12:55")

    for _ in range(3):
        assert await heard(world, MON, "12:55") == {}

    assert await climbs(world) == ["accept_1"]


async def test_passed_on_the_clock_to_accept_begins_anew_for_the_next_holder(world: World) -> None:
    await world.hears("liu", LAND)
    await heard(world, MON, "12:55")
    await world.hears("sun", "转办 2026-001 周海涛 需要县里统筹")

    assert await heard(world, MON, "16:55") == {"zhou": ["接办时限已到，请接办（不归您管请转办或退回）："]}


# --- the light --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "light"),
    [("11:54", "🟢 正常"), ("11:55", "🟡 临期"), ("12:54", "🟡 临期"), ("12:55", "🔴 超期")],
)
async def test_the_first_line_shows_how_the_clock_stands_with_a_word(
    world: World, clock: str, light: str
) -> None:
    await world.hears("liu", LAND)
    await world.day_at(MON, clock)

    await world.hears("zhao", "2026-001")

    assert world.last("zhao").splitlines()[0] == f"问题 2026-001｜泵业智造产业园｜用地｜一般｜{light}"


# --- accepted and then forgotten --------------------------------------------------------


async def test_accepted_and_then_forgotten_the_holder_is_asked_then_the_lead_leader_told(
    world: World,
) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", button="接办")

    assert "sun" not in await heard(world, THU, "17:59")
    assert await heard(world, THU, "18:00") == {"sun": ["该反馈了：这个问题办到哪一步了？回一句就行："]}
    assert "chen" not in await heard(world, FRI, "17:59")
    assert await heard(world, FRI, "18:00") == {"chen": ["孙立新接办后一直没有反馈，请您过问："]}


async def test_a_word_of_the_holder_answers_the_clock_of_feedback(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", button="接办")
    await world.hears("sun", "反馈 2026-001 已组卷上报市局")

    await heard(world, THU, "18:00")
    await heard(world, FRI, "18:00")

    assert await climbs(world) == []


async def test_a_word_of_the_lead_leader_before_it_was_accepted_answers_no_clock(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("chen", "反馈 2026-001 已与市局对接")
    await world.waits(minutes=5)
    await world.hears("sun", button="接办")

    assert await heard(world, THU, "18:00") == {"sun": ["该反馈了：这个问题办到哪一步了？回一句就行："]}


# --- not solved in time -----------------------------------------------------------------


async def test_not_solved_the_holder_and_the_lead_leader_get_the_ways_out_then_the_office_hears(
    world: World,
) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "接办 2026-001 已到现场")

    line = "解决时限已到。已解决请点「已解决」；办不完可以延期、提请或转办："
    assert await heard(world, NEXT_MON, "18:00") == {
        "sun": [line],
        "chen": ["您牵头的项目有个问题到了时限还没解决（孙立新），请过问；办不完可以延期、提请或转办："],
    }
    for who in ("sun", "chen"):
        assert {"已解决", "延期", "提请", "转办"} <= set(world.messages(who)[-1].labels)
    assert "🔴 超期" in world.last("sun")
    assert "zhao" not in await heard(world, NEXT_TUE, "17:59")
    assert await heard(world, NEXT_TUE, "18:00") == {"zhao": ["有个问题超期未解决（孙立新），请协调："]}

    assert await heard(world, date(2026, 12, 12), "12:00") == {}
    assert await climbs(world) == ["solve_1", "solve_2"]
    assert (await problem(world)).next_at is None


async def test_where_it_climbs_by_itself_the_heads_get_one_dossier_each(open_store: Store) -> None:
    world = make_world(open_store, settings=county(climbs=True))
    await world.is_peopled()
    await world.hears("liu", LAND)
    await world.hears("sun", "接办 2026-001 已组卷上报市局")
    await heard(world, NEXT_MON, "18:00")
    await heard(world, NEXT_TUE, "18:00")

    assert "zhou" not in await heard(world, date(2026, 12, 3), "17:59")
    told = await heard(world, date(2026, 12, 3), "18:00")
    assert told["zhou"] == ["【超期报告】问题 2026-001｜泵业智造产业园｜用地｜🔴 超期"]
    assert world.messages("zhou")[-1].labels == ["同意", "转给别人", "召开会商", "退回提请"]
    assert "已做：已组卷上报市局" in world.last("zhou")
    assert "（12-03 18:00 按规定自动上报）" in world.last("zhou")
    told = await heard(world, date(2026, 12, 8), "18:00")
    assert told["he"] == ["【超期报告】问题 2026-001｜泵业智造产业园｜用地｜🔴 超期"]
    assert (await problem(world)).holder == "孙立新"


async def test_a_head_who_is_asked_already_gets_no_second_dossier_by_itself(open_store: Store) -> None:
    world = make_world(open_store, settings=county(climbs=True))
    await world.is_peopled()
    await world.hears("liu", LAND)
    await world.hears("sun", "接办 2026-001 已组卷上报市局")
    await world.hears("chen", "提请 2026-001 请协调指标")
    await world.hears("chen", button="周海涛（常务副县长）")
    for day in (NEXT_MON, NEXT_TUE):
        await heard(world, day, "18:00")

    assert "zhou" not in await heard(world, date(2026, 12, 3), "18:00")
    assert (await problem(world)).next_rung == "solve_4"


# --- the night, the weekend, the day ----------------------------------------------------


async def test_the_weekend_holds_what_comes_due_until_people_may_be_disturbed(world: World) -> None:
    await world.day_at(FRI, "16:00")
    await world.hears("liu", LAND)
    due = (await problem(world)).accept_due
    assert local(due) == "11-30 10:30"

    for day, clock in ((FRI, "20:00"), (SAT, "10:30"), (SUN, "10:30"), (NEXT_MON, "10:29")):
        assert "sun" not in await heard(world, day, clock)
    assert "sun" in await heard(world, NEXT_MON, "10:30")


async def test_a_rung_whose_moment_is_in_the_night_waits_for_the_morning(world: World) -> None:
    await world.hears("liu", LAND)

    def put(tx: Tx) -> None:
        late = at(MON, "22:00")
        tx.connection.execute(update(tables.problems).values(accept_due=late))
        wind(Desk(tx, world.county, world.watch.texts, world.clock.now()), 1)

    await world.store.perform(put)

    assert local((await problem(world)).next_at) == "11-24 07:30"
    assert "sun" not in await heard(world, MON, "22:00")
    assert "sun" in await heard(world, TUE, "07:30")


async def test_a_problem_of_the_day_climbs_at_night_and_on_a_saturday(world: World) -> None:
    await world.day_at(SAT, "15:00")
    await world.hears("liu", "2 问题 当天要办，用地红线内有人堵路")

    assert await heard(world, SAT, "19:00") == {"sun": ["接办时限已到，请接办（不归您管请转办或退回）："]}
    assert "chen" in await heard(world, SAT, "20:00")
    assert "zhao" in await heard(world, SAT, "21:00")
    midnight = await heard(world, SUN, "00:00")
    assert set(midnight) == {"sun", "chen"}


# --- three days without the bot ---------------------------------------------------------


async def test_after_three_days_down_one_rung_for_each_problem_in_one_message_for_each_person(
    world: World,
) -> None:
    for words in ("用地指标未批", "土地红线没定，进不了场", "占补平衡指标没落实"):
        await world.hears("liu", f"2 问题 {words}")
        if "另报" in str(world.messages("liu")[-1].labels):
            await world.hears("liu", button="不是，另报")

    told = await heard(world, FRI, "09:30")

    assert told["sun"] == ["有 3 个问题到了时限："]
    assert [label[:4] for label in world.messages("sun")[-1].labels] == ["2026"] * 3
    assert "chen" not in told
    assert "zhao" not in told
    assert await climbs(world) == ["accept_1"] * 3
    # A quarter of four working hours after that, not at once.
    assert "chen" not in await heard(world, FRI, "10:29")
    assert (await heard(world, FRI, "10:30"))["chen"] == ["有 3 个问题到了时限："]


async def test_a_line_of_a_folded_message_opens_the_card(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("wang", "问题 土地红线没定，进不了场")
    await heard(world, MON, "16:00")
    assert "2026-001｜泵业智造产业园｜用地｜孙立新：用地指标未批" in world.last("sun")

    await world.hears("sun", button="2026-002")

    assert world.last("sun").startswith("问题 2026-002｜智慧物流园")
    assert "接办" in world.messages("sun")[-1].labels


# --- rungs that nobody hears of ---------------------------------------------------------


async def test_where_the_lead_leader_holds_it_the_office_hears_after_them(world: World) -> None:
    await world.hears("liu", "2 问题 缺少电焊工")
    assert (await problem(world)).holder == "陈志远"

    assert set(await heard(world, MON, "12:55")) == {"chen"}
    assert set(await heard(world, MON, "16:55")) == {"zhao"}
    assert await climbs(world) == ["accept_1", "accept_3"]


async def test_without_a_lead_leader_the_office_hears_after_the_holder(world: World) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.assignments)
            .where(tables.assignments.c.person_id == world.ids["chen"])
            .values(until=date(2026, 11, 22))
        )
    )
    await world.hears("liu", LAND)
    assert "11-23 16:55 仍未接办，将告知指挥部办公室。" in world.last("sun")

    assert set(await heard(world, MON, "12:55")) == {"sun"}
    assert set(await heard(world, MON, "16:55")) == {"zhao"}


async def test_where_the_office_holds_it_the_ladder_ends_with_the_lead_leader(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "转办 2026-001 赵文静 请办公室办")

    assert set(await heard(world, MON, "12:55")) == {"zhao"}
    assert set(await heard(world, MON, "16:55")) == {"chen"}
    found = await problem(world)
    # Nobody is left for this clock; the one to solve runs on.
    assert (found.next_rung, local(found.next_at)) == ("solve_1", "11-30 18:00")


# --- imported ---------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "rung"), [(State.WAITING, "accept_1"), (State.WORKING, "feedback_1")])
async def test_an_imported_problem_gets_its_clocks_with_the_first_beat(
    world: World, state: State, rung: str
) -> None:
    await world.hears("liu", LAND)
    nothing = dict.fromkeys(("accept_due", "feedback_due", "solve_due", "first_due"))
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.problems).values(
                state=str(state), next_rung="", next_at=world.clock.now(), **nothing
            )
        )
    )

    assert await heard(world, TUE, "09:00") == {}

    found = await problem(world)
    assert local(found.accept_due) == "11-24 13:00"
    assert (local(found.solve_due), found.first_due) == ("12-01 18:00", found.solve_due)
    assert (found.next_rung, found.level) == (rung, 0)


async def test_every_unsolved_problem_has_somebody_left_to_tell_until_the_ladder_ends(world: World) -> None:
    await world.hears("liu", LAND)
    deeds: Sequence[tuple[str, str]] = (
        ("sun", "退回 2026-001 不归我们管"),
        ("chen", "转办 2026-001 孙立新 归你们管"),
        ("sun", "接办 2026-001"),
        ("sun", "反馈 2026-001 已组卷"),
        ("sun", "问反映人 2026-001 红线图有吗"),
        ("liu", "2026-001 有，发在群里了"),
        ("sun", "已解决 2026-001 批了"),
        ("liu", "没解决 2026-001 没看到批文"),
    )
    for who, words in deeds:
        await world.hears(who, words)
        found = await problem(world)
        assert found.next_at is not None, words
        assert found.next_at > world.clock.now(), words


async def test_one_row_for_each_rung_and_level(world: World) -> None:
    await world.hears("liu", LAND)
    for day, clock in (
        (MON, "12:55"),
        (MON, "16:55"),
        (TUE, "11:25"),
        (NEXT_MON, "18:00"),
        (NEXT_TUE, "18:00"),
    ):
        await heard(world, day, clock)
    statement = select(tables.escalations.c.level).order_by(tables.escalations.c.id)

    levels = list(await world.asks(lambda tx: tx.connection.execute(statement).scalars().all()))
    untold = select(func.count()).where(tables.escalation_notices.c.told_at.is_(None))

    assert levels == [1, 2, 3, 4, 5]
    assert await world.asks(lambda tx: tx.connection.execute(untold).scalar_one()) == 0


async def test_told_again_after_a_restore_nobody_reads_it_twice(world: World) -> None:
    await world.hears("liu", LAND)
    await heard(world, MON, "12:55")
    sent = len(world.messages("sun"))
    await world.store.perform(
        lambda tx: tx.connection.execute(update(tables.escalation_notices).values(told_at=None))
    )

    await heard(world, MON, "13:00")

    # The slot names problem, generation and level: a repeat is no second message.
    assert len(world.messages("sun")) == sent


async def test_up_again_at_night_it_waits_for_the_morning(world: World) -> None:
    await world.hears("liu", LAND)

    assert await heard(world, TUE, "23:00") == {}
    assert "sun" in await heard(world, date(2026, 11, 25), "07:30")
