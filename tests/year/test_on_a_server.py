"""What `liaison demo --story` tells is the same on PostgreSQL as on SQLite."""

import os
import re
from pathlib import Path

import pytest

from bot.config import Database
from bot.demo.cast import Cast
from bot.demo.story import told, transcript
from bot.demo.town import SETTINGS
from storage.backup import verify

DAYS = 7


async def _told(folder: Path, url: str) -> dict[str, list[str]]:
    """Return what was said in each chat; a rehearsal is another thing there, and so the code of the trail."""
    settings = SETTINGS.model_copy(update={"database": Database(url=url, schema="")})
    async with told(folder, Cast, settings) as story:
        await story.play(DAYS, lambda: None)
        said = story.stage.lines
    return {
        chat: [re.sub("留痕码 [-0-9a-f]+", "留痕码", line) for line in transcript(said, {}, {chat})]
        for chat in {line.chat for line in said}
    }


@pytest.mark.slow
@pytest.mark.postgresql
@pytest.mark.skipif("YEAR_DAYS" not in os.environ, reason="make faults plays it")
async def test_the_sample_county_says_the_same_on_a_server(tmp_path: Path, postgresql_url: str) -> None:
    on_a_server = await _told(tmp_path, postgresql_url)

    assert on_a_server == await _told(tmp_path, f"sqlite:///{tmp_path / 'demo.db'}")
    assert sum(map(len, on_a_server.values())) > 100 * DAYS
    assert verify(postgresql_url) == []
