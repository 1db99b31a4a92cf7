"""Whatever somebody types or presses about problems: a clear sentence, nothing lost, nothing broken."""

from itertools import count

import pytest
from sqlalchemy import func, select

from bot.chat import Address, Incoming
from bot.domain.problems import State
from storage import tables
from tests.stories.test_reporting import LAND, problem, trail
from tests.world import World

_numbers = count(1)

NASTY = [
    "<b>用地</b> &amp; <script>",
    "_*[用地](http://x) `~|{}#!",
    "=1+1用地",
    "用地{name}{0}%s",
    "用地\u202e批未标指",
    "用地🏗️👷‍♀️",
    "用地\r\n第二行\u2028第三行",
    "用地" * 1_000,
]


async def presses(world: World, who: str, data: str, *, group: str = "") -> str:
    """Press a button with any data, in one's own chat or in a group."""
    notice = await world.router.receive(
        Incoming(
            key=f"press:{next(_numbers)}",
            at=Address("fake", group or world.account(who)),
            sender=world.account(who),
            sent_at=world.clock.now(),
            private=not group,
            button=data,
            message="1",
        )
    )
    await world.delivery.drain()
    return notice


async def dead_letters(world: World) -> int:
    statement = select(func.count()).select_from(tables.dead_letters)
    return await world.asks(lambda tx: tx.connection.execute(statement).scalar_one())


@pytest.mark.parametrize("words", NASTY)
async def test_words_of_any_kind_are_kept_and_shown_as_they_are(world: World, words: str) -> None:
    await world.hears("liu", f"2 问题 {words}")

    found = await problem(world)
    assert found.text.splitlines()[0] == words.replace("\r", "").replace("\u2028", "\n").splitlines()[0]
    assert "问题 2026-001" in world.last("sun")
    assert "\u202e" not in world.last("sun")
    await world.hears("sun", f"反馈 2026-001 {words}")
    await world.hears("sun", f"已解决 2026-001 {words}")
    await world.hears("liu", f"没解决 2026-001 {words}")

    assert (await problem(world)).generation == 2
    assert await dead_letters(world) == 0


async def test_nul_and_halves_of_surrogates_are_dropped_and_the_rest_is_kept(world: World) -> None:
    await world.hears("liu", "2 问题 用地\x00指标\ud83d未批")

    assert (await problem(world)).text == "用地指标未批"


async def test_too_long_a_text_is_refused_with_the_limit_and_the_question_stays(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("sun", button="退回")

    await world.hears("sun", "不" * 9_000)
    assert "8 KB" in world.last("sun")
    await world.hears("sun", "不归我们管")

    assert (await problem(world)).holder == "陈志远"


@pytest.mark.parametrize(
    "text",
    [
        "接办 99999",
        "接办 0",
        "接办 2026-",
        "接办 -1",
        "接办 １",
        "转办",
        "转办 2026-001 ",
        "退回 2026-001　",
        "提请 9999-999 x",
        "查 2026-063",
        "没解决 1",
        "销号 0000-000",
        "问题 2026-999",
    ],
)
async def test_odd_commands_get_an_answer_and_change_nothing(world: World, text: str) -> None:
    await world.hears("liu", LAND)
    before, said = await problem(world), len(world.said_to("chen"))

    await world.hears("chen", text)

    after = await problem(world)
    assert len(world.said_to("chen")) > said
    assert after == before or text == "接办 １"
    assert await dead_letters(world) == 0


async def test_words_after_a_number_are_kept_whatever_they_are(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("chen", "2026-001 " * 50)

    assert (await problem(world)).feedback.startswith("2026-001 2026-001")
    assert await dead_letters(world) == 0


async def test_a_full_width_number_is_a_number(world: World) -> None:
    await world.hears("liu", LAND)

    await world.hears("sun", "接办 １")

    assert (await problem(world)).state is State.WORKING


@pytest.mark.parametrize("data", ["", "x", "take:1", "..", "no-such-token.0", "no-such-token.99999999999"])
async def test_forged_button_data_does_nothing(world: World, data: str) -> None:
    await world.hears("liu", LAND)

    await presses(world, "sun", data or ".")

    assert (await problem(world)).state is State.WAITING
    assert await dead_letters(world) == 0


@pytest.mark.parametrize("place", ["99", "-1", "²", "1e3"])
async def test_a_place_that_a_card_does_not_have_does_nothing(world: World, place: str) -> None:
    await world.hears("liu", LAND)
    token = world.find_button("sun", "接办")[0].rpartition(".")[0]

    await presses(world, "sun", f"{token}.{place}")

    assert (await problem(world)).state is State.WAITING
    assert await dead_letters(world) == 0


async def test_the_button_of_another_persons_card_does_nothing(world: World) -> None:
    await world.hears("liu", LAND)
    data, _ = world.find_button("sun", "接办")

    for who in ("wang", "chen", "liu"):
        assert await presses(world, who, data) == "这个按钮是发给别人的，没有任何改动。"

    assert (await problem(world)).state is State.WAITING
    assert await trail(world) == ["problem.reported"]


async def test_a_card_pressed_in_a_group_does_nothing(world: World) -> None:
    await world.hears("liu", LAND)
    data, _ = world.find_button("sun", "接办")

    await presses(world, "sun", data, group="group1")

    assert (await problem(world)).state is State.WAITING


async def test_a_button_pressed_twice_acts_once(world: World) -> None:
    await world.hears("liu", LAND)
    data, _ = world.find_button("sun", "接办")

    await presses(world, "sun", data)
    again = await presses(world, "sun", data)

    assert "孙立新" in again
    assert (await trail(world)).count("problem.taken") == 1


async def test_stale_buttons_of_every_kind_say_how_it_stands_and_change_nothing(world: World) -> None:
    await world.hears("liu", LAND)
    waiting = dict(world.messages("sun")[0].data)
    await world.hears("sun", button="接办")
    working = dict(world.messages("sun")[0].data)
    await world.hears("sun", "已解决 2026-001 好了")
    await world.hears("liu", button="销号")
    before, steps = await problem(world), await trail(world)

    for data in {**waiting, **working}.values():
        assert "已销号" in await presses(world, "sun", data)

    assert await problem(world) == before
    assert await trail(world) == steps


async def test_a_press_before_the_update_arrived_does_what_its_label_said(world: World) -> None:
    await world.hears("liu", LAND)
    before = dict(world.messages("sun")[0].data)
    await world.hears("sun", button="接办")

    notice = await presses(world, "sun", before["接办"])
    await presses(world, "sun", before["已解决"])

    assert "已由" in notice
    assert "怎么解决的" in world.last("sun")


async def test_a_stranger_with_a_forwarded_button_learns_nothing(world: World) -> None:
    await world.hears("liu", LAND)
    data, _ = world.find_button("sun", "接办")

    await presses(world, "mallory", data)

    assert (await problem(world)).state is State.WAITING
    assert all("2026-001" not in text for text in world.said_to("mallory"))


async def test_who_has_nothing_to_do_with_a_problem_learns_nothing_of_it(world: World) -> None:
    await world.hears("liu", LAND)

    for words in ("2026-001", "接办 2026-001", "反馈 2026-001 随便", "查 2026-001"):
        await world.hears("wang", words)

    assert all("用地指标" not in text and "孙立新" not in text for text in world.said_to("wang"))


async def test_the_same_message_again_changes_nothing(world: World) -> None:
    await world.hears("liu", LAND, key="k1")
    said = len(world.said_to("liu"))

    await world.hears("liu", LAND, key="k1")

    assert len(world.said_to("liu")) == said
    assert await world.asks(lambda tx: len(tx.problems.open())) == 1


async def test_an_edit_of_what_was_no_report_gets_a_sentence(world: World) -> None:
    await world.hears("sun", "您好", message="m9")

    await world.hears("sun", "您好！", message="m9", edited=True)

    assert len(world.said_to("sun")) == 2


async def test_a_button_naming_who_is_no_longer_a_choice_is_looked_at_again(world: World) -> None:
    await world.hears("liu", LAND)
    await world.hears("chen", button="提请")
    whom, _ = world.find_button("chen", "何建国（县长）")
    await world.hears("chen", "已解决 2026-001 好了")

    await presses(world, "chen", whom)

    assert "待确认" in world.last("chen")
    assert (await problem(world)).holder == "孙立新"
