"""Ten thousand messages of a stranger come over the wire of Telegram, and nobody else notices (FAULTS F1)."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from handlers import flood
from storage import tables
from storage.store import Store
from tests.everywhere.stage import Stage, staged
from tests.everywhere.telegram import TelegramSide

STRANGER, FLOOD = 666, 10_000
PNG = b"\x89PNG"


def say(side: TelegramSide, number: int) -> None:
    if number % 50 == 0:
        side.api.sends_file(STRANGER, "x.jpg", PNG)
    else:
        side.api.says(STRANGER, "/start x" if number % 5 == 0 else f"你好{number}")


async def written(stage: Stage) -> int:
    """Return how many messages the writer has had to do with."""
    return await stage.asks(
        lambda tx: tx.connection.execute(select(func.count()).select_from(tables.inbox)).scalar_one()
    )


@pytest.mark.slow
async def test_a_strangers_flood_is_dropped_before_the_database_and_others_are_answered_in_it(
    open_store: Store, tmp_path: Path
) -> None:
    async with staged(open_store, tmp_path, {"telegram": TelegramSide}) as stage:
        side = stage.side("liu")
        assert isinstance(side, TelegramSide)
        for number in range(FLOOD):
            say(side, number)
            if number == FLOOD // 2:
                await side.says("liu", "2 问题 用地指标未批")

        await stage.ears.until(FLOOD + 1)
        await stage.delivery.drain()

        # The flood and 刘敏's one message; the stranger's wrong codes are counted and locked out as ever.
        assert await written(stage) == flood._PERSON.burst + 1
        assert len(await side.shown(str(STRANGER))) < 10
        assert "问题 2026-001" in await stage.reads("chen")
        assert "已记" in await stage.reads("liu")
        assert "getFile" not in side.api.calls
