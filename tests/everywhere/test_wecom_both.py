"""A county with WeCom's bot and its app: one person, two windows, one matter."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.domain.problems import State
from storage import tables
from storage.store import Store
from tests.everywhere.stage import Stage, staged
from tests.everywhere.test_same_story import LAND, problem
from tests.everywhere.wecom_both import WeComBothSide

MONDAY = date(2026, 11, 23)


@pytest.fixture
async def stage(open_store: Store, tmp_path: Path) -> AsyncIterator[Stage]:
    """Everybody has written to the bot, but sun, whom only the roster names."""
    async with staged(open_store, tmp_path, {"wecom": WeComBothSide}, newcomers=("sun",)) as stage:
        yield stage


@pytest.fixture
def wecom(stage: Stage) -> WeComBothSide:
    side = stage.sides["wecom"]
    assert isinstance(side, WeComBothSide)
    return side


async def test_who_never_wrote_is_reached_through_the_app_and_by_the_bot_once_they_write_to_it(
    stage: Stage, wecom: WeComBothSide
) -> None:
    wecom.turn("sun", app=True)
    await stage.reaches(MONDAY, "09:00")
    await stage.says("liu", LAND)
    assert "孙立新，您好" in await stage.reads("sun")
    assert "接办" in await stage.offered("sun")
    await stage.says("sun", "反馈 2026-001 正在对接")
    assert "正在对接" in await stage.reads("liu")
    assert "已记" in (await stage.sees("sun"))[-1].text
    wecom.turn("sun", app=False)
    assert await stage.sees("sun") == []

    await stage.says("sun", "2026-001")
    await stage.says("liu", "1 问题 土地证没有办下来")

    first, second = (seen for seen in await stage.sees("sun") if seen.labels)
    assert "问题 2026-001" in first.text
    assert "问题 2026-002" in second.text
    wecom.turn("sun", app=True)
    assert "2026-002" not in await stage.reads("sun")


async def test_over_the_app_a_letter_in_doubt_is_repeated_until_it_is_answered_and_shown_once(
    stage: Stage, wecom: WeComBothSide
) -> None:
    wecom.turn("sun", app=True)
    await stage.reaches(MONDAY, "09:00")
    wecom.app.wecom.script("message/send", "UNANSWERED", times=4)

    await stage.says("sun", "帮助")
    for _ in range(6):
        await stage.waits(minutes=1)

    _, usage = await stage.sees("sun")
    assert "今日" in usage.text
    assert len(wecom.app.wecom.dropped) == 4
    assert "没有送到" not in await stage.reads("zhao")
    owed = select(tables.outbox.c.state).where(tables.outbox.c.state.in_(("waiting", "failed")))
    assert await stage.asks(lambda tx: tx.connection.execute(owed).scalars().all()) == []


@pytest.mark.parametrize("in_app", [True, False])
async def test_a_card_pressed_in_one_window_is_settled_in_both(
    stage: Stage, wecom: WeComBothSide, *, in_app: bool
) -> None:
    wecom.turn("sun", app=True)
    await stage.reaches(MONDAY, "09:00")
    await stage.says("liu", LAND)
    fingers = {True: await stage.finger("sun", "接办")}
    wecom.turn("sun", app=False)
    await stage.says("sun", "2026-001")
    fingers[False] = await stage.finger("sun", "接办")
    wecom.turn("sun", app=in_app)

    await stage.presses_again("sun", fingers[in_app])

    assert (await problem(stage)).state is State.WORKING
    wecom.turn("sun", app=True)
    assert "接办" not in await stage.offered("sun")
    # The code that came with the app's card went into taking its buttons away; a press brings another.
    assert ("孙立新已于 11-23 09:00 接办" in await stage.reads("sun")) is in_app
    # The bot's card changes only when it is pressed itself; then it says who was first.
    wecom.turn("sun", app=not in_app)
    before = len(await stage.sees("sun"))
    await stage.presses_again("sun", fingers[not in_app])
    (told,) = (await stage.sees("sun"))[before:]
    assert told.text.startswith("问题 2026-001 已由孙立新于 11-23")
