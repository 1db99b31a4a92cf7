"""A bot whose creator is no super administrator hears encrypted userids, and the app tells whose they are."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.platforms.wecom.api import Api
from bot.platforms.wecom.bot import BotChannel
from bot.platforms.wecom.directory import Directory
from bot.platforms.wecom.platform import WeComPlatform
from storage import tables
from storage.store import Store
from storage.tx import Tx
from tests.everywhere.stage import Stage, staged
from tests.everywhere.wecom_bot import WeComBotSide, _soon, hints
from tests.wecom.api import WeComApi
from tests.world import NAMES, World


class EncryptedSide(WeComBotSide):
    """People whose chats bear encrypted ids; the roster names the plain ones."""

    def __init__(self, town: World) -> None:
        super().__init__(town)
        self.app = WeComApi(clock=town.clock)
        self._api: Api

    async def open(self) -> None:
        await self.wecom.__aenter__()
        await self.app.__aenter__()
        for who, name in NAMES.items():
            self.app.adds(self.account(who), name, encrypted=self.chat(who))
        clock, app = self._town.clock, self.app
        self._api = Api(f"{app.base}/cgi-bin", app.corp_id, app.secret, clock=clock)
        channel = BotChannel(
            self.wecom.bot_id,
            self.wecom.secret,
            clock=clock,
            ws_url=self.wecom.url,
            pause=_soon,
            names=Directory(self._api, app.agent_id),
        )
        self.platform = WeComPlatform(clock=clock, hints=hints(self._town), bot=channel)

    async def close(self) -> None:
        await super().close()
        await self._api.close()
        await self.app.__aexit__()

    def chat(self, who: str) -> str:
        return f"woAJ-{who}"

    def knows(self, who: str) -> None:
        self.wecom.activates(self.chat(who))

    async def says(self, who: str, text: str, *, group: str = "") -> None:
        assert not group
        await self.wecom.says(self.chat(who), text)


@pytest.fixture
async def stage(open_store: Store, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(open_store, tmp_path, {"wecom": EncryptedSide}, newcomers=("wang",)) as stage:
        await open_store.perform(_by_the_roster)
        yield stage


def _by_the_roster(tx: Tx) -> None:
    """Let nothing be known of an account that has never written but what the roster says: its plain id."""
    unwritten = update(tables.contacts).where(tables.contacts.c.joined_at.is_(None))
    tx.connection.execute(unwritten.values(chat=tables.contacts.c.account))


def app_of(stage: Stage) -> WeComApi:
    side = stage.side("liu")
    assert isinstance(side, EncryptedSide)
    return side.app


async def texts_of_today(stage: Stage) -> list[str]:
    return await stage.asks(lambda tx: list(tx.connection.execute(select(tables.reports.c.text)).scalars()))


async def test_what_is_said_while_the_app_is_out_of_reach_is_handled_when_it_is_back(stage: Stage) -> None:
    side, app = stage.side("wang"), app_of(stage)
    app.untrusted_ip = "203.0.113.7"

    for text in ("主体封顶", "形象进度35%"):
        await side.says("wang", text)
    await stage.says("liu", "2 设备进场")

    assert "已记 2 泵业智造产业园：设备进场" in await stage.reads("liu")
    assert await stage.reads("wang") == ""
    app.untrusted_ip = ""
    await stage.ears.until(3)
    await stage.delivery.drain()

    read = await stage.reads("wang")
    assert read.index("王强") < read.index("已记 智慧物流园：主体封顶") < read.index("形象进度 35%")
    assert await texts_of_today(stage) == ["设备进场", "主体封顶", "形象进度35%"]


async def test_who_was_told_of_once_is_known_without_the_app_from_then_on(stage: Stage) -> None:
    """Whoever joined through the app has a chat that bears their plain id."""
    joined = update(tables.contacts).values(joined_at=stage.town.clock.now())
    await stage.store.perform(lambda tx: tx.connection.execute(joined))
    await stage.says("wang", "主体封顶")

    known = await stage.asks(lambda tx: tx.people.at("wecom", "woAJ-wang", "woAJ-wang"))

    assert known is not None
    assert known.person.name == "王强"
