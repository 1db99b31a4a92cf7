"""The same script over every wire leaves the same rows: no platform decides what is true."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from storage.store import Store
from tests.everywhere.stage import staged
from tests.everywhere.test_same_story import LAND, MONDAY, SIDES
from tests.stateful.rows import told

_OF_A_PLATFORM = ("outbox", "conversations", "dead_letters")
"""Whom a message reaches where, and what was asked last, is the platform's."""


async def _played(name: str, url: str, folder: Path) -> dict[str, list[str]]:
    async with Store(url) as store, staged(store, folder, {name: SIDES[name]}) as stage:
        await stage.reaches(MONDAY, "09:00")
        await stage.says("liu", "1 主体封顶，形象进度62%，本月完成3200万")
        await stage.says("liu", LAND)
        await stage.says("wang", "照旧")
        await stage.presses("sun", "接办")
        await stage.waits(hours=3)
        await stage.says("sun", "反馈 2026-001 已组卷上报")
        await stage.says("liu", "1 主体封顶，形象进度63%")
        await stage.presses("sun", "已解决")
        await stage.says("sun", "指标已下达")
        await stage.presses("liu", "没解决")
        await stage.says("liu", "还差一亩")
        await stage.waits(days=2)
        rows = await stage.asks(partial(told, but=_OF_A_PLATFORM))
        # Only the app comes with groups in its settings.
        return rows | {"audit": [entry for entry in rows["audit"] if "'group.met'" not in entry]}


@pytest.mark.parametrize("name", [name for name in SIDES if name != "local"])
async def test_a_script_leaves_the_same_rows_on_every_platform(
    name: str, copied: Callable[..., str], tmp_path: Path
) -> None:
    expected = await _played("local", copied("local"), tmp_path)

    assert await _played(name, copied(name), tmp_path) == expected
    assert len(expected["escalations"]) >= 1
