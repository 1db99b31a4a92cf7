"""The demo behind the page: what a push of the clock shows, and three days without the bot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.chat import Address, Incoming
from bot.clock import VirtualClock
from bot.demo.chronicle import Chronicle
from bot.demo.page import DemoPage
from bot.demo.story import Stage
from bot.demo.town import SETTINGS, START, Town, town
from bot.domain.people import Language
from bot.platforms.local import Jump
from handlers import duties
from handlers.turn import Beat
from storage.tables import outbox

THURSDAY = date(2026, 11, 26)
ZONE = SETTINGS.of_county().calendar.zone


@dataclass
class Demo:
    """The sample county with its page, but no browser."""

    town: Town
    page: DemoPage
    stage: Stage
    log: list[str] = field(default_factory=list)

    async def goes(self, to: Jump) -> None:
        await self.page.jump(to)

    async def says(self, name: str, text: str) -> None:
        """Let somebody write to the bot."""
        people = await self.town.bot.store.read(lambda tx: tx.people.named(name))
        sender = str(people[0].id)
        at = Address("local", f"p:{sender}")
        incoming = Incoming(f"test:{text}", at, sender, self.page.now(), text=text, message=text)
        await self.town.bot.router.receive(incoming)


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    clock = VirtualClock(START)
    stage = Stage(clock, ZONE)
    async with town(tmp_path, stage, clock) as built:
        built.cast.say = _silence
        page = DemoPage(SETTINGS.of_county(), clock)
        demo = Demo(built, page, stage)
        page.watch, page.town = built.bot.watch, built
        page.note = lambda at, text: demo.log.append(f"{at.astimezone(ZONE):%m-%d %H:%M} {text}")
        carrying = asyncio.create_task(built.bot.delivery.run())
        yield demo
        carrying.cancel()
        with suppress(asyncio.CancelledError):
            await carrying


async def _silence(_person_id: int, _text: str) -> None:
    """Let nobody of the cast say anything."""


async def test_the_next_event_is_stopped_at(demo: Demo) -> None:
    stops = []
    for _ in range(3):
        await demo.goes(Jump.EVENT)
        stops.append(demo.page.now().astimezone(ZONE).strftime("%H:%M"))

    assert stops[0] == "09:00"
    assert stops == sorted(stops)


async def test_in_three_days_without_the_bot_nothing_is_said(demo: Demo) -> None:
    await demo.goes(Jump.EVENT)
    before = len(demo.stage.lines)

    await demo.goes(Jump.DOWN)

    after = demo.stage.lines[before:]
    assert demo.page.now() == datetime(2026, 11, 26, 9, 0, tzinfo=ZONE)
    assert {line.at.date() for line in after} == {THURSDAY}
    assert demo.log == ["11-23 09:00 机器人停机", "11-26 09:00 机器人恢复运行"]


async def test_after_them_there_is_one_prompt_and_the_missed_days_are_recorded(demo: Demo) -> None:
    await demo.goes(Jump.EVENT)
    before = len(demo.stage.lines)

    await demo.goes(Jump.DOWN)

    asked = [
        line.chat for line in demo.stage.lines[before:] if "您有 " in line.text and "个项目" in line.text
    ]
    assert len(asked) == len(set(asked)) > 10  # what is asked weekly was asked before the breakdown
    states = await demo.town.bot.watch.read(_states)
    assert states == {23: "closed", 24: "missed", 25: "missed", 26: "asked"}


def _states(beat: Beat) -> dict[int, str]:
    days = [date(2026, 11, day) for day in range(23, 27)]
    found = [beat.tx.rounds.get(day) for day in days]
    return {each.day.day: each.state for each in found if each}


async def test_after_them_nobody_gets_more_than_one_message_about_what_climbed(demo: Demo) -> None:
    await demo.goes(Jump.EVENT)
    for words in ("1 问题 用地指标未批", "2 问题 用地红线没有交付"):
        await demo.says("刘敏", words)

    await demo.goes(Jump.DOWN)

    problems = await demo.town.bot.watch.read(lambda beat: beat.tx.problems.open())
    assert {problem.level for problem in problems} == {0, 1}
    letters = (
        select(outbox.c.person_id)
        .where(outbox.c.key.like("escalation%"))
        .group_by(outbox.c.person_id)
        .having(func.count() > 1)
    )
    twice = await demo.town.bot.watch.read(lambda beat: beat.tx.connection.execute(letters).scalars().all())
    assert twice == []


async def test_the_log_tells_it_in_sentences_with_names(demo: Demo) -> None:
    told: list[str] = []
    chronicle = Chronicle(demo.town.bot, lambda _at, text: told.append(text), Language.CHINESE)
    await chronicle.catch_up()
    told.clear()

    def happened(beat: Beat) -> list[str]:
        office, other = beat.tx.people.all()[:2]
        problem = beat.tx.problems.open()[0]
        beat.record(office, "problem.decided", f"problem:{problem.id}")
        beat.record(None, "problem.escalated", f"problem:{problem.id}", to=[office.id, other.id])
        beat.record(office, "leave.added", f"person:{office.id}", to=other.id)
        beat.record(office, "morning.silent", "morning:2026-11-23", count=0)
        return [
            f"{office.name}答复了问题 {problem.number} 的提请",
            f"问题 {problem.number} 到了时限，告知{office.name}、{other.name}",
            f"{office.name}请假，由{other.name}代办",
        ]

    expected = await demo.town.bot.watch.perform(happened)
    await chronicle.catch_up()

    assert told == expected


async def test_every_event_ahead_has_a_name(demo: Demo) -> None:
    ahead = await demo.town.bot.watch.read(duties.next_event)

    assert ahead is not None
    assert ahead[1] in demo.town.bot.texts.keys(Language.ENGLISH)
