"""What a right finds may be gone, settled or named by nobody: whoever has the right reads that."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import insert, update

from bot.domain.people import Duty
from bot.domain.requests import Answer
from handlers import contents, payouts
from handlers.access import Entry
from storage import tables
from storage.tx import Tx
from tests.security import matrix
from tests.security.court import Case, Ending, convene, tries
from tests.world import World

BUTTONS, WORDS = contents.ACTIONS, contents.COMMANDS


@pytest.fixture
async def court(world: World) -> World:
    await convene(world)
    return world


async def refusal(world: World, who: str, entry: Entry, argument: str) -> str:
    """Return how somebody is refused; nothing if they are not."""
    ending = await tries(world, who, entry, Case(matrix.ALL, argument, argument))
    assert not (ending.refusal and ending.done)
    return ending.refusal


async def given(world: World, do: Callable[[Tx], object]) -> None:
    await world.store.perform(do)


STANDING = [
    ("zhao", WORDS["撤销"], "2026-001", "office.withdraw_usage"),
    ("zhao", WORDS["撤销"], "2026-099 报错了", "problem.unknown"),
    ("sun", payouts.READINGS["pay"], "不是编号", "payout.usage"),
    ("wang", payouts.READINGS["show"], "不是编号", "payout.usage"),
    ("sun", BUTTONS["take"], matrix.WORKING, "problem.taken_already"),
    ("sun", BUTTONS["show"], "99", "problem.unknown"),
    ("sun", BUTTONS["common_feedback"], "99", "button.stale"),
    ("sun", BUTTONS["common_feedback"], "2", "common.card_closed"),
    ("sun", BUTTONS["common_feedback"], "3", "button.stale"),
    ("zhou", BUTTONS["agree"], "99", "button.stale"),
    ("sun", BUTTONS["missive_receive"], "99", "button.stale"),
    ("wang", WORDS["函件"], "交办1号", "missive.unknown"),
    ("sun", WORDS["函件"], "交办9号", "missive.unknown"),
    ("sun", WORDS["回复"], "交办9号 好", "missive.unknown"),
    ("zhao", WORDS["回复"], "已开工", "missive.reply_usage"),
    ("ji", BUTTONS["handover_given"], "99", "button.unknown"),
    ("zhao", WORDS["清单"], "月球基地", "four_lists.unknown"),
    ("chen", WORDS["走访"], "月球基地", "office.project_unknown"),
    ("chen", WORDS["走访"], "园", "visit.several"),
]


@pytest.mark.parametrize(
    ("who", "entry", "argument", "key"), STANDING, ids=[f"{who} {key}" for who, _, _, key in STANDING]
)
async def test_what_is_not_there_is_no_denial(
    court: World, who: str, entry: Entry, argument: str, key: str
) -> None:
    def more(tx: Tx) -> None:
        for state in ("closed", "merged"):
            tx.connection.execute(
                insert(tables.commons).values(
                    category="用地", holder_id=court.ids["sun"], state=state, at=court.clock.now()
                )
            )

    await given(court, more)

    assert await refusal(court, who, entry, argument) == key


THEIRS = [
    ("zhao", WORDS["撤销"], "2026-001 错"),
    ("wang", BUTTONS["progress"], ""),
    ("wang", BUTTONS["missive"], matrix.SENT),
    ("wang", BUTTONS["missives"], "1:all"),
    ("wang", WORDS["函件"], ""),
    ("sun", WORDS["函件"], "交办1号"),
    ("liu", WORDS["函件"], "交办1号"),
    ("he", WORDS["函件"], "交办1号"),
    ("wang", WORDS["回复"], "主体封顶"),
    ("wang", WORDS["请假"], ""),
    ("liu", WORDS["清单"], ""),
    ("liu", WORDS["要件"], "XM-002"),
    ("liu", WORDS["手续"], "XM-002"),
    ("chen", WORDS["走访"], "泵业 周四"),
    ("chen", WORDS["走访"], ""),
    ("chen", BUTTONS["visit_on"], "2:2026-11-26:0"),
]


@pytest.mark.parametrize(
    ("who", "entry", "argument"), THEIRS, ids=[f"{who} {number}" for number, (who, _, _) in enumerate(THEIRS)]
)
async def test_what_concerns_somebody_they_see(court: World, who: str, entry: Entry, argument: str) -> None:
    assert await refusal(court, who, entry, argument) == ""


async def test_what_is_decided_is_said_to_whom_it_concerned_and_to_nobody_else(court: World) -> None:
    def decide(tx: Tx) -> None:
        request = tx.requests.get(1)
        assert request is not None
        tx.requests.answer(request, Answer.AGREED, "", court.ids["zhou"], court.clock.now())

    await given(court, decide)

    assert await refusal(court, "zhou", BUTTONS["agree"], "1") == "request.answered"
    assert await refusal(court, "zhao", BUTTONS["agree"], "1") == "request.answered"
    assert await refusal(court, "wang", BUTTONS["agree"], "1") == "request.not_yours"


async def test_what_has_lapsed_nobody_answers(court: World) -> None:
    def lapse(tx: Tx) -> None:
        request = tx.requests.get(1)
        assert request is not None
        tx.requests.lapse(request.problem_id, court.clock.now())

    await given(court, lapse)

    assert await refusal(court, "zhou", BUTTONS["agree"], "1") == "problem.taken_already"


async def test_of_two_in_the_office_none_grants_what_they_asked_for_themselves(court: World) -> None:
    ids = court.ids

    def ask(tx: Tx) -> None:
        tx.connection.execute(
            update(tables.requests).where(tables.requests.c.id == 2).values(asker_id=5, to_id=None)
        )
        tx.connection.execute(insert(tables.roles).values(person_id=ids["wang"], role="指挥部办公室"))

    assert ids["zhao"] == 5
    await given(court, ask)

    assert await refusal(court, "zhao", BUTTONS["grant"], matrix.TIME) == "extension.own"
    assert await refusal(court, "wang", BUTTONS["grant"], matrix.TIME) == ""


async def test_a_polite_no_that_other_words_would_not_change_does_nothing(court: World) -> None:
    case = Case(matrix.ALL, text="请协调", known={"problem": 2, "to": court.ids["liu"]}, topic="ask_up")

    ending = await tries(court, "sun", contents.TOPICS["ask_up"], case)

    assert ending == Ending(refusal="", denied=False, done=())


async def test_of_several_letters_the_number_is_needed(court: World) -> None:
    def send(tx: Tx) -> None:
        sent = {"state": "已发", "year": 2026, "sequence": 2}
        tx.connection.execute(update(tables.missives).where(tables.missives.c.id == 2).values(**sent))
        tx.receipts.hand("missive:1", [court.ids["sun"]], court.clock.now())

    await given(court, send)
    assert await refusal(court, "sun", WORDS["回复"], "已开工") == ""

    await given(court, lambda tx: tx.receipts.hand("missive:2", [court.ids["sun"]], court.clock.now()))
    assert await refusal(court, "sun", WORDS["回复"], "已开工") == "missive.reply_which"


async def test_who_has_left_takes_no_leave(court: World) -> None:
    left = update(tables.people).where(tables.people.c.id == court.ids["wang"]).values(active=False)
    await given(court, lambda tx: tx.connection.execute(left))

    assert await refusal(court, "zhao", WORDS["销假"], "王强") == "handover.unknown"


async def test_a_leader_gives_and_visits_on_what_they_lead_alone(court: World) -> None:
    def lead(tx: Tx) -> None:
        row = {"person_id": court.ids["yang"], "duty": str(Duty.LEAD_LEADER), "since": date(2026, 1, 1)}
        tx.connection.execute(insert(tables.assignments).values(project_id=court.ids["#soda"], **row))

    await given(court, lead)

    assert await refusal(court, "yang", WORDS["交办"], "自然资源局 XM-001 组卷") == ""
    assert await refusal(court, "yang", WORDS["交办"], "自然资源局 XM-002 组卷") == "task.only_leaders"
    assert await refusal(court, "yang", WORDS["走访"], "XM-001 周四") == ""
    assert await refusal(court, "yang", WORDS["走访"], "XM-002 周四") == "visit.not_yours"


async def test_what_is_not_built_is_not_visited(court: World) -> None:
    talked_of = update(tables.projects).where(tables.projects.c.id == 2).values(kind="洽谈")
    await given(court, lambda tx: tx.connection.execute(talked_of))

    assert await refusal(court, "chen", WORDS["走访"], "XM-002 周四") == "visit.not_building"
    assert await refusal(court, "chen", BUTTONS["visit"], "2") == "visit.not_building"
