"""A problem changes hands, and always is in somebody's."""

from datetime import date

import pytest
from sqlalchemy import delete, insert, select, update

from bot.chat import Attachment
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
    def join(tx: Tx) -> int:
        namesake = person(tx, "王强", unit(tx, "税务局"), Role.LIAISON)
        tx.people.bind(namesake, "fake", "account-namesake", "account-namesake", world.clock.now())
        return namesake

    namesake = await world.store.perform(join)
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


async def test_to_somebody_without_contact_is_refused_and_changes_nothing(world: World) -> None:
    await world.store.perform(
        lambda tx: tx.connection.execute(
            delete(tables.contacts).where(tables.contacts.c.person_id == world.ids["zhou"])
        )
    )
    await world.hears("liu", LAND)
    before = await problem(world)

    await world.hears("sun", "转办 2026-001 周海涛 需要县里统筹")

    assert world.last("sun").startswith("周海涛（常务副县长）还没有加入机器人")
    assert await problem(world) == before
    assert await chain(world) == [("孙立新", "", "")]
    waiting = select(tables.outbox.c.text).where(tables.outbox.c.platform == "")
    assert await world.asks(lambda tx: tx.connection.execute(waiting).all()) == []


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


async def given_back_twice(world: World) -> None:
    """Let sun give liu's problem back twice: it comes to the office."""
    await world.hears("liu", LAND)
    await world.hears("sun", "退回 2026-001 不归我们管")
    await world.hears("chen", "转办 2026-001 孙立新 还是归你们")
    await world.hears("sun", "退回 2026-001 真的不归我们")


async def test_given_back_twice_the_office_decides_by_one_tap(world: World) -> None:
    await given_back_twice(world)
    assert world.last("zhao").splitlines()[0] == "孙立新退回一个问题："
    assert world.messages("zhao")[-1].labels[:2] == ["交给孙立新", "交给陈志远"]

    notice = await world.hears("zhao", button="交给孙立新")

    assert notice == "已指定"
    assert (await problem(world)).holder == "孙立新"
    assert world.last("sun").splitlines()[0] == "指挥部办公室（赵文静）定由您办理："
    assert "指挥部办公室指定办理。" in world.last("sun")
    assert "退回" not in world.messages("sun")[-1].labels
    assert (await chain(world))[-2:] == [("赵文静", "assigned", ""), ("孙立新", "", "")]
    assert (await trail(world))[-1] == "problem.assigned"


@pytest.mark.parametrize("how", ["交给孙立新", ""])
async def test_a_third_time_it_is_not_given_back(world: World, how: str) -> None:
    await given_back_twice(world)
    if how:
        await world.hears("zhao", button=how)
    else:
        await world.hears("zhao", "转办 2026-001 孙立新 就是你们的")
    before = await problem(world)

    await world.hears("sun", "退回 2026-001 还是不归我们")

    assert world.last("sun").startswith("问题 2026-001 由指挥部办公室或领导指定孙立新办理，不能再退回。")
    assert await problem(world) == before
    assert "退回" not in world.messages("sun")[-2].labels


async def test_what_was_decided_while_the_reason_was_asked_lets_the_question_go(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", button="退回")
    await world.hears("zhao", "转办 2026-001 周海涛 请协调")
    await world.hears("zhou", "转办 2026-001 孙立新 归你们")
    await world.hears("sun", "不归我们管")
    await world.hears("sun", "另一句话")

    assert "另一句话" not in str(await chain(world))


async def test_who_is_of_the_office_no_more_decides_nothing_by_a_tap(world: World) -> None:
    await given_back_twice(world)
    await world.store.perform(
        lambda tx: tx.connection.execute(
            update(tables.roles).where(tables.roles.c.role == "指挥部办公室").values(role="联络员")
        )
    )
    before = await problem(world)

    notice = await world.hears("zhao", button="交给陈志远")

    assert notice == "问题 2026-001 现在由赵文静办理（待接办），没有改动。"
    assert await problem(world) == before


async def test_a_tap_after_somebody_was_quicker_changes_nothing(world: World) -> None:
    await given_back_twice(world)
    shown = world.messages("zhao")[-1]
    as_it_was = dict(shown.data)
    await world.hears("zhao", button="交给孙立新")
    shown.data = as_it_was

    notice = await world.hears("zhao", button="交给孙立新")

    assert notice == "问题 2026-001 现在就在孙立新手里。"
    assert (await trail(world)).count("problem.assigned") == 1


@pytest.mark.parametrize("button", ["退回", "转办"])
async def test_without_a_reason_nothing_is_given_back_or_passed_on(world: World, button: str) -> None:
    await world.hears("liu", LAND)
    before = await problem(world)

    await world.hears("sun", f"{button} 2026-001")
    await world.hears("sun", files=[Attachment("p", "现场.jpg", "image/jpeg")])

    assert await problem(world) == before


async def test_a_reason_keeps_its_commas(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("sun", "转办 2026-001 周海涛，指标不足，需要县里统筹")

    assert (await chain(world))[0][2] == "指标不足，需要县里统筹"


async def test_who_held_it_and_for_how_long_is_on_the_card(world: World) -> None:
    await world.hears("liu", LAND)
    await world.waits(hours=2)

    await world.hears("sun", "退回 2026-001 不归我们管")

    assert "经办：孙立新 2 小时 → 陈志远 不到 1 分钟。退回原因：不归我们管" in world.last("chen")


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

    assert (await problem(world)).holder == "孙立新"
    assert world.last("he").startswith("【提请】问题 2026-001｜")
    assert "请您决定：请协调市里追加用地指标 50 亩" in world.last("he")
    assert world.messages("he")[-1].labels == ["同意", "转给别人", "召开会商", "退回提请"]
    assert "已提请何建国（县长）决定：请协调市里追加用地指标 50 亩" in world.said_to("sun")[0]
    assert await chain(world) == [("孙立新", "", "")]
    assert (await trail(world))[-1] == "problem.asked_up"


async def test_the_decision_may_be_said_first_and_in_parts(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("chen", "提请 2026-001 请协调市里")
    await world.hears("chen", "追加用地指标 50 亩")

    await world.hears("chen", button="周海涛（常务副县长）")

    assert "请您决定：请协调市里\n追加用地指标 50 亩" in world.last("zhou")


async def test_whom_to_ask_can_be_typed_by_number(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("chen", button="提请")

    await world.hears("chen", "1")
    await world.hears("chen", "请协调指标")

    assert "请您决定：请协调指标" in world.last("zhou")
    assert world.said_to("he") == []


async def test_without_heads_the_office_is_named(world: World) -> None:
    await ends(world, "zhou")
    await ends(world, "he")
    await world.hears("liu", LAND)

    await world.hears("chen", button="提请")

    assert "指挥部办公室" in world.last("chen")


async def test_a_head_who_holds_it_is_not_asked_to_decide(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", "转办 2026-001 周海涛 需要县里统筹")

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
