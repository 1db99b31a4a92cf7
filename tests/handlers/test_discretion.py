"""SECURITY row 29: what is known to be harmless may go abroad, and nothing else."""

from pathlib import Path

import pytest

from bot import texts
from bot.app import assembled
from bot.chat import Address, Button, Outgoing, Paper
from bot.clock import VirtualClock
from bot.config import Database, Privacy, Settings
from bot.domain.reference import reference
from bot.papers.workshop import Workshop
from handlers.discretion import Discretion
from storage.migrate import migrate
from tests.fakes import FakePlatform
from tests.world import MONDAY, World, county

ABROAD = Address("fake", "account-liu")


@pytest.fixture(scope="module")
def discretion() -> Discretion:
    return Discretion(county(), texts.load())


@pytest.mark.parametrize(
    "text",
    [
        "已接办",
        "您已接办问题 2026-001，请在 11-30 前解决。有进展点「反馈」，办好点「已解决」。",
        "已记：2 个项目都照旧。有变化随时说。",
        "这段话太长了（超过 8 KB），没有记下。请分成几条发，或者作为文件发来。",
        "已记 Noted: 2 projects unchanged. Tell me if anything moves.",
    ],
)
def test_row_29_a_sentence_of_ours_with_figures_is_said(discretion: Discretion, text: str) -> None:
    assert discretion.notice(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "您已接办问题 刘敏，请在 11-30 前解决。有进展点「反馈」，办好点「已解决」。",
        "已记：13912345678 个项目都照旧。有变化随时说。",
        "已记：139 1234 5678 个项目都照旧。有变化随时说。",
        "已接办\n用地指标未批",
        "已接办 智慧物流园",
        "用地指标未批",
    ],
)
def test_row_29_one_word_more_and_it_is_not(discretion: Discretion, text: str) -> None:
    assert discretion.notice(text) == "请在企业微信或指挥部办公室查看。"


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("接办", "接办"),
        ("1 有进展", "1 有进展"),
        ("2 泵业智造产业园", "2 项目 XM-002"),
        ("2 泵业智造产业园（代王强）", "2 项目 XM-002"),
        ("陈志远（副县长）", "第 1 项"),
        ("1 陈志远", "第 1 项"),
        ("交给孙立新", "第 1 项"),
    ],
)
async def test_row_29_a_button_keeps_its_words_or_gets_a_number(
    world: World, discretion: Discretion, label: str, shown: str
) -> None:
    message = Outgoing(ABROAD, "已接办", ((Button(label, "token.0"),),))

    reduced = await world.asks(lambda tx: discretion.reduced(tx, message))

    assert reduced.buttons == ((Button(shown, "token.0"),),)


async def test_row_29_a_file_stays_and_a_sentence_says_where(world: World, discretion: Discretion) -> None:
    message = Outgoing(ABROAD, "周报", paper=Paper("台账.xlsx", "application/zip", b"secret"))

    reduced = await world.asks(lambda tx: discretion.reduced(tx, message))

    assert reduced.paper is None
    assert reduced.text == "有一份材料，请在企业微信或指挥部办公室领取。"


async def test_row_29_a_number_of_the_roster_that_is_a_name_is_not_said(
    world: World, discretion: Discretion
) -> None:
    await world.store.perform(
        lambda tx: tx.connection.exec_driver_sql(
            "UPDATE projects SET number = '纯碱' WHERE number = 'XM-001'"
        )
    )
    message = Outgoing(ABROAD, "1 年产100万吨纯碱项目｜落地开工", subject="projects:")

    reduced = await world.asks(lambda tx: discretion.reduced(tx, message))

    assert "纯碱" not in reduced.text


async def test_row_29_a_bot_that_is_put_together_speaks_in_numbers_abroad_alone(tmp_path: Path) -> None:
    settings = Settings(
        county="青禾县",
        database=Database(url=f"sqlite:///{tmp_path / 'liaison.db'}"),
        privacy=Privacy(telegram="reference"),
    )
    migrate(settings.database.url)
    abroad, here = FakePlatform("telegram"), FakePlatform("wecom")

    async with assembled(settings, VirtualClock(MONDAY), [abroad, here], Workshop()) as bot:
        for platform in bot.platforms.values():
            await platform.send(Outgoing(Address(platform.name, "chat"), "智慧物流园：主体封顶", key="x:7"))

    number = reference("x:7")
    assert abroad.chats["chat"][0].text == f"有一条新消息（编号 {number}），请在企业微信或指挥部办公室查看。"
    assert here.chats["chat"][0].text == "智慧物流园：主体封顶"
