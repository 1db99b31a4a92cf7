"""SECURITY row 30: whoever asks gets what is kept of them, and nobody else's."""

from bot.errors import PaperError
from tests.world import World


async def test_row_30_whoever_asks_gets_their_own_data_in_private(world: World) -> None:
    await world.hears("liu", "我的数据")
    await world.beats()

    assert world.said_to("liu")[0] == "好，正在整理这里保存的您的数据，做好就发给您本人。"
    (paper,) = [each.paper for each in world.messages("liu") if each.paper]
    assert paper.content == f"person:{world.ids['liu']}".encode()
    assert not any(each.paper for each in world.messages("zhao"))


async def test_row_30_a_second_beat_sends_it_no_second_time(world: World) -> None:
    await world.hears("liu", "/mydata")
    await world.beats()
    await world.beats()

    assert sum(bool(each.paper) for each in world.messages("liu")) == 1


async def test_row_30_what_could_not_be_made_is_said(world: World) -> None:
    world.press.paper_failures.append(PaperError("no room"))

    await world.hears("liu", "我的数据")
    await world.beats()

    assert "没有做出来" in world.last("liu")
    assert "我的数据" in world.last("liu")


async def test_row_30_words_after_the_command_are_an_answer(world: World) -> None:
    await world.hears("wang", "我的数据 已经报给住建局")

    assert world.last("wang").startswith("已记 智慧物流园：我的数据 已经报给住建局")
