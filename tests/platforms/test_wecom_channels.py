"""One channel with a wrong secret beside good ones, and an app that hears nobody: over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from bot.chat import Address, Button, Outgoing
from bot.clock import VirtualClock
from bot.errors import DeliveryError, Failure
from bot.platforms.wecom.app import AppChannel
from bot.platforms.wecom.bot import BotChannel
from bot.platforms.wecom.parts import Hints
from bot.platforms.wecom.platform import WeComPlatform
from bot.platforms.wecom.robots import RobotsChannel
from tests.platforms.ear import Ear
from tests.platforms.wecom_bot_running import until
from tests.wecom.api import WeComApi
from tests.wecom.socket import WeComSocket

MONDAY = datetime(2026, 11, 23, 1, tzinfo=UTC)
HINTS = Hints(typed=str, numbered=str, elsewhere="请打开「联络员机器人」回复。")
GROUP = "webhook:大桥镇群"


class County:
    """A county with a bot that 刘敏 has written to, an app that reaches 陈志远, and a robot in a group."""

    def __init__(self, socket: WeComSocket, api: WeComApi) -> None:
        self.socket = socket
        self.api = api
        self.address = api.webhook("大桥镇群", "key-1")
        socket.activates("liumin")
        api.adds("chenzhiyuan")

    @asynccontextmanager
    async def runs(self, *, wrong: str = "", hears: bool = True) -> AsyncIterator[WeComPlatform]:
        """Run all three, one of them with a wrong secret; wait until each has found out how it stands."""
        clock, api = VirtualClock(MONDAY), self.api
        bot = BotChannel(
            "B1", "no" if wrong == "bot" else self.socket.secret, clock=clock, ws_url=self.socket.url
        )
        keys = (api.token, api.aes_key) if hears else ("", "")
        secret = "no" if wrong == "app" else api.secret
        app = AppChannel(
            api.corp_id, api.agent_id, secret, *keys, clock=clock, api_base=api.base, listen="127.0.0.1:0"
        )
        robots = RobotsChannel(
            {"大桥镇群": self.address.replace("key-1", "no") if wrong == "robot" else self.address},
            clock=clock,
        )
        platform = WeComPlatform(
            clock=clock, hints=HINTS, bot=bot, app=app, app_hears=hears, robots=robots
        )  # fmt: skip
        running = asyncio.create_task(platform.run(Ear()))
        await until(lambda: all("还没有" not in each.sentence for each in platform.state()[:2]))
        await until(lambda: "还没有试过" not in platform.state()[-1].sentence)
        try:
            yield platform
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await platform.close()


@pytest.fixture
async def county() -> AsyncIterator[County]:
    async with WeComSocket() as socket, WeComApi() as api:
        yield County(socket, api)


def to(chat: str, *, buttons: bool = False) -> Outgoing:
    rows = ((Button("接办", "T1.0"),),) if buttons else ()
    return Outgoing(Address("wecom", chat), "早上好", rows, in_group=chat == GROUP)


async def tried(platform: WeComPlatform, chat: str) -> DeliveryError | None:
    try:
        await platform.send(to(chat))
    except DeliveryError as failure:
        return failure
    return None


async def test_while_every_channel_is_good_each_has_a_line_and_none_is_at_fault(county: County) -> None:
    async with county.runs() as platform:
        lines = [finding.sentence for finding in platform.state()]
        ill = platform.healthy()

    assert lines[0] == "智能机器人：长连接可用"
    assert lines[1] == "自建应用：凭据有效，本机 IP 可信"
    assert "回调" in lines[2]
    assert lines[3] == "群机器人「大桥镇群」：地址可用"
    assert ill == ""


@pytest.mark.parametrize(
    ("wrong", "name", "code", "missed"),
    [
        ("bot", "智能机器人", 40001, set[str]()),
        ("app", "自建应用", 40001, {"chenzhiyuan"}),
        ("robot", "群机器人「大桥镇群」", 93000, {GROUP}),
    ],
)
async def test_a_channel_with_a_wrong_secret_is_named_and_stops_no_other(
    county: County, wrong: str, name: str, code: int, missed: set[str]
) -> None:
    async with county.runs(wrong=wrong) as platform:
        failures = {chat: await tried(platform, chat) for chat in ("liumin", "chenzhiyuan", GROUP)}
        faults = [finding.sentence for finding in platform.state() if finding.fault]
        ill = platform.healthy()
        # Whoever the app reaches as well need not wait for the bot.
        county.api.adds("liumin")
        again = await tried(platform, "liumin")

    # 刘敏 is the bot's alone at first.
    assert {chat for chat, failure in failures.items() if failure} - {"liumin"} == missed
    assert bool(failures["liumin"]) == (wrong == "bot")
    assert again is None
    assert not any(failure.whole_bot for failure in failures.values() if failure)
    assert len(faults) == 1
    assert faults[0].startswith(name)
    assert f"错误码 {code}" in faults[0]
    assert f"错误码 {code}" in ill


async def test_who_is_known_to_the_bot_alone_waits_for_it_and_has_not_left(county: County) -> None:
    async with county.runs(wrong="bot") as platform:
        failure = await tried(platform, "liumin")

    assert failure is not None
    assert failure.kind is Failure.RETRY


async def test_an_app_that_hears_nobody_shows_no_buttons_and_says_where_to_answer(county: County) -> None:
    async with county.runs(hears=False) as platform:
        await platform.send(to("chenzhiyuan", buttons=True))
        await platform.send(to("liumin", buttons=True))
        callback = platform.state()[2].sentence

    assert county.api.texts("chenzhiyuan") == ["早上好\n请打开「联络员机器人」回复。"]
    assert county.api.sent[0].msgtype == "text"
    assert county.socket.sent[0].labels == ("接办",)
    assert "只发不收" in callback
