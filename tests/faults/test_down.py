"""Days without the bot: what is due comes once, what is lost is said (FAULTS D4, D5)."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from tests.botapi import BotApi
from tests.faults import county, test_kill, town
from tests.faults.sweep import Outcome, Stage
from tests.faults.test_clock import on_stage

pytestmark = pytest.mark.slow

SAID, LOST = 500, 300
EVERYBODY = (county.LIU, county.WANG, county.LEADER, county.HEAD)


def moment(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=county.ZONE)


async def played_until(stage: Stage, last: datetime) -> None:
    for step in county.script():
        if step.at <= last:
            await stage.take(step)


def told(api: BotApi, who: int, beginning: str, since: int = 0) -> list[str]:
    return [each.text for each in api.sent[since:] if each.chat == who and each.text.startswith(beginning)]


async def test_from_thursday_evening_to_monday_morning(week: tuple[Path, Outcome], tmp_path: Path) -> None:
    database, _ = week
    async with on_stage(database, tmp_path / "down", durable=True) as (stage, api, clock):
        await played_until(stage, moment(24, 23))
        for day in (25, 26):
            for hour in (9, 14, 17, 18):
                clock.set(moment(day, hour))
                await stage.beat()
        before = len(api.sent)

        stage.kill()
        for minute in (30, 31):
            clock.set(moment(30, 8, minute))
            await stage.beat()
        clock.set(moment(30, 9))
        await stage.beat()

        rounds = town.rows(tmp_path / "down" / "liaison.db", "SELECT day, state FROM rounds")
        prompts = Counter(each.chat for each in api.sent[before:] if "11月30日" in each.text[:20])
        digests = [each.text for each in api.sent[before:] if each.chat == county.GROUP and each.text]

    assert {row["day"]: row["state"] for row in rounds}["2026-11-27"] == "missed"
    assert prompts[county.LIU] == prompts[county.WANG] == 1
    assert not [each.text for each in api.sent[before:] if "11月27日" in each.text[:20]]
    assert len(digests) == 1
    for who in (county.LIU, county.WANG, county.OFFICE):
        (text,) = told(api, who, "机器人从 11-26 18:00 到 11-30 08:30 停机", before)
        assert "11-26 18:00 到 11-29 08:30 之间发来的内容没有收到" in text
    (text,) = [each for each in told(api, county.LEADER, "机器人从", before) if "还在等您" in each]
    assert "2026-002" in text


async def test_25_hours_with_500_messages_of_which_300_are_gone(
    week: tuple[Path, Outcome], tmp_path: Path
) -> None:
    database, _ = week
    async with on_stage(database, tmp_path / "down", durable=True) as (stage, api, clock):
        await played_until(stage, moment(24, 11, 10))
        before = len(api.sent)
        stage.kill()
        for number in range(SAID):
            api.says(EVERYBODY[number % len(EVERYBODY)], f"收到{number}")
        for gone in list(islice(api.pending, LOST)):
            del api.pending[gone]
        kept = list(api.pending)
        for minutes in (0, 1):
            clock.set(moment(24, 11, 10) + timedelta(hours=25, minutes=minutes))
            await stage.beat()

        inbox = town.rows(tmp_path / "down" / "liaison.db", "SELECT key FROM inbox")
        (text,) = told(api, county.LIU, "机器人从", before)
        (counted,) = [each for each in told(api, county.OFFICE, "机器人从", before) if "编号" in each]

    assert "11-24 11:10 到 11-24 12:10 之间发来的内容没有收到" in text
    assert f"最多有 {LOST} 条没有收到" in counted
    assert api.confirmed[-len(kept) :] == kept
    assert {test_kill.key(number) for number in kept} <= {row["key"] for row in inbox}
    assert len(inbox) == len({row["key"] for row in inbox})
    assert max(Counter((each.chat, each.text) for each in api.sent[before:]).values()) <= SAID - LOST
