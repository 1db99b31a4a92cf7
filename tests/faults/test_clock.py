"""A machine's clock that is wrong brings nothing early, late or twice (FAULTS D1, D2).

The county's week with the clock turned in the middle of it, while the bot runs or while it is started;
Telegram knows what time it is.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.clock import VirtualClock
from tests.at_length import AT_LENGTH
from tests.botapi import BotApi
from tests.command import TOKEN
from tests.faults import county, sweep
from tests.faults.places import TelegramPlace
from tests.faults.sweep import Outcome, Stage, differences

JUMPS = (
    timedelta(hours=2),
    timedelta(days=3),
    timedelta(days=3653),
    timedelta(hours=-2),
    timedelta(days=-1),
)
CASES = [(jump, restarted) for jump in JUMPS for restarted in (False, True)]
TURNED = datetime(2026, 11, 23, 10, 0, tzinfo=county.ZONE)
"""After this step of the script the clock is turned; before the next one it is set right."""
MEANWHILE = (10, 30), (11, 0), (13, 0)
WRONG = "机器人所在电脑的时间是"

pytestmark = pytest.mark.slow


@asynccontextmanager
async def on_stage(
    database: Path, folder: Path, *, durable: bool = False
) -> AsyncIterator[tuple[Stage, BotApi, VirtualClock]]:
    sweep.copied(database, folder)
    clock = VirtualClock(county.START)
    async with BotApi(TOKEN, clock=clock) as api:
        stage = Stage(folder, TelegramPlace(clock, api), clock, durable=durable)
        async with stage.on():
            yield stage, api, clock


@pytest.mark.parametrize(("jump", "restarted"), CASES if AT_LENGTH else CASES[1::4])
async def test_a_wrong_clock_changes_nothing_of_the_week(
    week: tuple[Path, Outcome], tmp_path: Path, jump: timedelta, *, restarted: bool
) -> None:
    database, right = week
    async with on_stage(database, tmp_path / "wrong") as (stage, api, clock):
        for step in county.script():
            await stage.take(step)
            if step.at != TURNED:
                continue
            stage.off, before = jump, len(api.sent)
            if restarted:
                stage.kill()
            for hour, minute in MEANWHILE:
                clock.set(TURNED.replace(hour=hour, minute=minute))
                await stage.beat()
            said = [(str(each.chat), each.text) for each in api.sent[before:]]
            stage.off = timedelta(0)
        outcome = stage.outcome()

    assert [(chat, text[: len(WRONG)]) for chat, text in said] == [(str(county.OFFICE), WRONG)]
    assert f"{TURNED.replace(hour=10, minute=30) + jump:%Y-%m-%d %H:%M}" in said[0][1]
    assert outcome.accepted - right.accepted == {said[0]: 1}
    assert right.accepted - outcome.accepted == {}
    assert sorted(outcome.confirmed) == sorted(right.confirmed)
    for table in set(right.rows) - {"outbox", "audit", "sqlite_sequence"}:
        assert outcome.rows[table] == right.rows[table], table


async def test_what_people_say_meanwhile_is_taken_in_at_the_right_time(
    week: tuple[Path, Outcome], tmp_path: Path
) -> None:
    """Nobody's answer of Monday is Thursday's."""
    database, right = week
    async with on_stage(database, tmp_path / "wrong") as (stage, _, _):
        for step in county.script():
            stage.off = timedelta(days=3) if step.at == TURNED else timedelta(0)
            await stage.take(step)
        outcome = stage.outcome()

    assert outcome.rows["problems"] == right.rows["problems"]
    assert right.accepted - outcome.accepted == {}


@pytest.mark.parametrize("zone", ["America/St_Johns", "Europe/London"] if AT_LENGTH else ["America/St_Johns"])
async def test_the_zone_of_the_machine_does_not_matter(
    week: tuple[Path, Outcome], tmp_path: Path, zone: str
) -> None:
    database, right = week

    outcome = await sweep.played(database, tmp_path / "zone", bug=f"TZ={zone}")

    assert differences(right, outcome, TelegramPlace(VirtualClock(county.START))) == []
