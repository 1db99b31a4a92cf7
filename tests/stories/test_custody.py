"""A problem changes hands, and always is in somebody's."""

from datetime import date

import pytest
from sqlalchemy import delete, insert, select, update

from bot.domain.people import Role
from bot.domain.problems import State
from storage import tables
from storage.tx import Tx
from tests.stories.test_reporting import LAND, local, problem, trail
from tests.stories.test_routing import ends, person, unit
from tests.world import World


async def chain(world: World) -> list[tuple[str, str, str]]:
    """Return who held the problem, how they parted with it, and why."""
    statement = (
        select(tables.people.c.name, tables.custody.c.ended, tables.custody.c.reason)
        .join(tables.people, tables.people.c.id == tables.custody.c.person_id)
        .order_by(tables.custody.c.id)
    )
    return [tuple(row) for row in await world.asks(lambda tx: tx.connection.execute(statement).all())]


# --- passed on --------------------------------------------------------------------------


async def test_passed_on_with_name_and_reason_in_one_line(world: World) -> None:
    await world.hears("liu", LAND)
    await world.waits(hours=26)

    await world.hears("sun", button="转办")
    await world.hears("sun", "周海涛 需要县里统筹")

    found = await problem(world)
    assert (found.holder, found.state) == ("周海涛", State.WAITING)
    assert local(found.accept_due) == "11-24 14:55"
    assert local(found.solve_due) == "11-30 18:00"
    assert world.last("zhou").splitlines()[0] == "孙立新转来一个问题："
    assert "转办原因：需要县里统筹" in world.last("zhou")
    assert "接办" in world.messages("zhou")[-1].labels
    assert "等周海涛接办" in world.said_to("chen")[0]
    assert "周海涛" in world.last("sun")
    assert await chain(world) == [("孙立新", "transferred", "需要县里统筹"), ("周海涛", "", "")]
    assert (await trail(world))[-1] == "problem.transferred"


async def test_why_it_was_passed_on_stays_on_the_card_while_it_is_worked_on(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "转办 2026-001 周海涛，需要县里统筹")

    await world.hears("zhou", button="接办")

    assert "转办原因：需要县里统筹" in world.said_to("zhou")[0]


async def test_without_a_reason_it_is_asked_for(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", button="转办")
    await world.hears("sun", "周海涛")
    assert "原因" in world.last("sun")
    assert (await problem(world)).holder == "孙立新"

    await world.hears("sun", "需要县里统筹")

    assert (await problem(world)).holder == "周海涛"


async def test_a_unit_means_its_department_liaison(world: World) -> None:
    await world.hears("liu", "2 问题 缺少电焊工")

    await world.hears("chen", "转办 2026-001 自然资源局 归他们管")

    assert (await problem(world)).holder == "孙立新"


async def test_a_unit_without_anybody_is_said_so_and_asked_again(world: World) -> None:
    await world.store.perform(lambda tx: unit(tx, "税务局"))
    await world.hears("liu", LAND)
    await world.hears("sun", button="转办")

    await world.hears("sun", "税务局 归他们管")
    assert "税务局" in world.last("sun")
    await world.hears("sun", "周海涛 归他管")

    assert (await problem(world)).holder == "周海涛"


async def test_an_unknown_name_is_said_so_and_asked_again(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", button="转办")

    await world.hears("sun", "诸葛亮 他有办法")
    assert "没有找到「诸葛亮」" in world.last("sun")
    await world.hears("sun", "周海涛 他有办法")

    assert (await problem(world)).holder == "周海涛"


async def test_of_two_with_one_name_the_unit_decides(world: World) -> None:
    namesake = await world.store.perform(lambda tx: person(tx, "王强", unit(tx, "税务局"), Role.LIAISON))
    await world.hears("liu", LAND)

    await world.hears("sun", "转办 2026-001 王强 归他管")
    assert "王强（税务局）" in world.last("sun")
    await world.hears("sun", "转办 2026-001 王强（税务局） 归他管")

    assert (await problem(world)).holder_id == namesake


async def test_to_whoever_has_it_is_refused(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("sun", "转办 2026-001 孙立新 还是我")

    assert "孙立新" in world.last("sun")
    assert await chain(world) == [("孙立新", "", "")]


async def test_to_somebody_without_contact_the_card_waits_and_the_office_is_told(world: World) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(
            delete(tables.contacts).where(tables.contacts.c.person_id == world.ids["zhou"])
        )
    )
    await world.hears("liu", LAND)

    await world.hears("sun", "转办 2026-001 周海涛 需要县里统筹")

    assert (await problem(world)).holder == "周海涛"
    assert "周海涛" in world.last("zhao")
    waiting = await world.asks(
        lambda tx: tx.connection.execute(
            select(tables.outbox.c.text).where(tables.outbox.c.platform == "")
        ).scalar_one()
    )
    assert "需要县里统筹" in waiting


async def test_until_it_is_accepted_whoever_passed_it_on_still_answers_for_it(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "转办 2026-001 周海涛 需要县里统筹")
    assert "接办" in world.messages("sun")[0].labels

    await world.hears("zhou", button="接办")

    assert world.messages("sun")[0].labels == []
    await world.hears("sun", "反馈 2026-001 我再说一句")
    assert "周海涛" in world.last("sun")
    assert (await problem(world)).feedback == ""


async def test_who_passed_it_on_may_take_it_back(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "转办 2026-001 周海涛 需要县里统筹")

    await world.hears("sun", button="接办")

    assert (await problem(world)).holder == "孙立新"
    assert world.messages("zhou")[0].labels == []
    assert [link[:2] for link in await chain(world)] == [
        ("孙立新", "transferred"),
        ("周海涛", "taken_over"),
        ("孙立新", ""),
    ]


async def test_whoever_was_named_and_has_left_meanwhile_gets_nothing(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", button="转办")
    await world.hears("sun", "周海涛")
    await ends(world, "zhou")

    await world.hears("sun", "需要县里统筹")

    assert (await problem(world)).holder == "孙立新"
    assert "周海涛" in world.last("sun")


# --- given back -------------------------------------------------------------------------


async def test_given_back_first_to_the_lead_leader_then_to_the_office(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("sun", button="退回")
    await world.hears("sun", "不归我们管")
    assert (await problem(world)).holder == "陈志远"
    assert "退回原因：不归我们管" in world.last("chen")
    assert [message.labels for message in world.messages("chen")[:-1]] == [[]]
    await world.hears("chen", "转办 2026-001 孙立新 还是归你们")
    await world.hears("sun", "退回 2026-001 真的不归我们")

    found = await problem(world)
    assert (found.holder, found.returns) == ("赵文静", 2)
    assert "退回原因：真的不归我们" in world.last("zhao")
    assert (await trail(world)).count("problem.returned") == 2


async def test_the_lead_leader_gives_back_to_the_office(world: World) -> None:
    await world.hears("liu", "2 问题 缺少电焊工")

    await world.hears("chen", "退回 2026-001 不归我管")

    assert (await problem(world)).holder == "赵文静"


async def test_the_office_has_nobody_to_give_it_back_to(world: World) -> None:
    await ends(world, "chen")
    await world.hears("liu", "2 问题 缺少电焊工")

    await world.hears("zhao", "退回 2026-001 不归我管")

    assert (await problem(world)).holder == "赵文静"
    assert "最后一级" in world.last("zhao")


async def test_reopened_it_can_be_given_back_to_the_lead_leader_again(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "退回 2026-001 不归我们管")
    await world.hears("chen", "已解决 2026-001 好了")
    await world.hears("liu", "没解决 2026-001")
    assert (await problem(world)).holder == "周海涛"

    await world.hears("zhou", "退回 2026-001 请牵头领导先办")

    assert (await problem(world)).holder == "陈志远"


# --- brought before a head --------------------------------------------------------------


async def test_brought_before_a_head_with_the_decision_asked_for(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("chen", button="提请")
    assert world.messages("chen")[-1].labels == ["周海涛（常务副县长）", "何建国（县长）"]
    await world.hears("chen", button="何建国（县长）")
    await world.hears("chen", "请协调市里追加用地指标 50 亩")

    assert (await problem(world)).holder == "何建国"
    assert world.last("he").splitlines()[0] == "陈志远（副县长）提请您决定一个问题："
    assert "提请事项：请协调市里追加用地指标 50 亩" in world.last("he")
    await world.hears("he", button="接办")
    assert "提请事项：请协调市里追加用地指标 50 亩" in world.said_to("he")[0]
    assert (await trail(world))[-2:] == ["problem.asked_up", "problem.taken"]


async def test_the_decision_may_be_said_first_and_in_parts(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("chen", "提请 2026-001 请协调市里")
    await world.hears("chen", "追加用地指标 50 亩")

    await world.hears("chen", button="周海涛（常务副县长）")

    assert "提请事项：请协调市里\n追加用地指标 50 亩" in world.last("zhou")


async def test_whom_to_ask_can_be_typed_by_number(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("chen", button="提请")

    await world.hears("chen", "1")
    await world.hears("chen", "请协调指标")

    assert (await problem(world)).holder == "周海涛"


async def test_without_heads_the_office_is_named(world: World) -> None:
    await ends(world, "zhou")
    await ends(world, "he")
    await world.hears("liu", LAND)

    await world.hears("chen", button="提请")

    assert "指挥部办公室" in world.last("chen")


async def test_a_head_who_has_it_is_not_asked_again(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("chen", "提请 2026-001 请协调")
    await world.hears("chen", button="周海涛（常务副县长）")

    await world.hears("zhou", button="提请")

    assert world.messages("zhou")[-1].labels == ["何建国（县长）"]


# --- rights that ended meanwhile --------------------------------------------------------


@pytest.mark.parametrize(
    ("button", "words"),
    [("转办", "周海涛 归他管"), ("退回", "不归我管"), ("已解决", "好了")],
)
async def test_a_right_that_ended_between_question_and_answer_is_looked_at_again(
    world: World, button: str, words: str
) -> None:
    await world.hears("liu", LAND)
    await world.hears("chen", button=button)
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.assignments)
            .where(tables.assignments.c.person_id == world.ids["chen"])
            .values(until=date(2026, 11, 22))
        )
    )
    before = await problem(world)

    await world.hears("chen", words)
    assert "不由您办理" in world.last("chen")
    await world.hears("chen", "另一句话")

    assert await problem(world) == before
    assert "指挥部办公室" in world.last("chen")


async def test_a_button_of_whose_assignment_has_ended_does_nothing(world: World) -> None:
    await world.hears("liu", LAND)
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.assignments)
            .where(tables.assignments.c.person_id == world.ids["chen"])
            .values(until=date(2026, 11, 22))
        )
    )

    await world.hears("chen", button="接办")

    assert (await problem(world)).state is State.WAITING


async def test_a_button_of_who_has_left_does_nothing(world: World) -> None:
    await world.hears("liu", LAND)
    await ends(world, "sun")

    await world.hears("sun", button="接办")

    assert (await problem(world)).state is State.WAITING
    assert "只为名册里的同志服务" in world.last("sun")


async def test_a_question_about_what_was_settled_meanwhile_lets_go(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", button="已解决")
    await world.hears("chen", "已解决 2026-001 我来办的")

    await world.hears("sun", "好了")
    assert "待确认" in world.last("sun")
    await world.hears("sun", "另一句话")

    assert "待确认" not in world.last("sun")
    assert (await problem(world)).solution == "我来办的"


async def test_what_is_closed_does_not_change_hands(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "已解决 2026-001 好了")
    await world.hears("liu", button="销号")

    for words in (
        "转办 2026-001 周海涛 归他管",
        "退回 2026-001 不归我管",
        "提请 2026-001 请定",
        "接办 2026-001",
    ):
        await world.hears("sun", words)
        assert "已销号" in world.last("sun")

    assert (await problem(world)).state is State.CLOSED


async def test_a_second_office_sees_what_the_first_holds(world: World) -> None:
    def join(tx: Tx) -> None:
        second = person(tx, "吴二", None, Role.OFFICE)
        tx.connection.execute(
            insert(tables.contacts).values(
                person_id=second, platform="fake", account="account-wu", chat="account-wu"
            )
        )

    await world.store.perform(join)
    await ends(world, "chen")
    await world.hears("liu", "2 问题 缺少电焊工")

    await world.hears("wu", "接办 2026-001")

    assert (await problem(world)).holder == "吴二"
    assert world.messages("zhao")[0].labels != []


async def test_a_piece_of_a_name_is_enough(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("sun", "转办 2026-001 周海 需要县里统筹")

    assert (await problem(world)).holder == "周海涛"
