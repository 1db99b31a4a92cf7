"""Of several processes one speaks for a bot; the others write nothing, right up to the first byte."""

import asyncio
from datetime import UTC, datetime

import pytest

from bot.chat import Address, Outgoing
from bot.clock import VirtualClock
from bot.errors import DeliveryError, Failure
from bot.platforms.telegram import TelegramPlatform
from bot.platforms.wecom.app import AppChannel
from bot.platforms.wecom.errors import NotSent
from bot.platforms.wecom.line import TAKEN_OVER
from bot.platforms.wecom.parts import Part
from bot.platforms.wecom.robots import RobotsChannel
from bot.web import taken
from tests.botapi import BotApi
from tests.platforms.ear import Ear
from tests.platforms.wecom_bot_running import running
from tests.test_command_line import free_address
from tests.wecom.api import WeComApi
from tests.wecom.socket import WeComSocket

CLOCK = VirtualClock(datetime(2026, 11, 23, 1, tzinfo=UTC))


class Turns:
    """Whose turn it is, each time somebody looks; and how often that was."""

    def __init__(self, *ours: bool) -> None:
        self._ours = list(ours)
        self.looks = 0

    def __call__(self) -> bool:
        self.looks += 1
        return self._ours.pop(0) if len(self._ours) > 1 else self._ours[0]


@pytest.mark.parametrize("turns", [(False,), (True, False)], ids=["before the head", "before the body"])
async def test_telegram_gets_no_byte_and_that_is_known(turns: tuple[bool, ...]) -> None:
    async with BotApi() as api:
        telegram = TelegramPlatform(api.token, api_base=api.base, clock=CLOCK, may_write=Turns(*turns))

        with pytest.raises(DeliveryError) as caught:
            await telegram.send(Outgoing(Address("telegram", "7"), "早上好"))
        await telegram.close()

    assert caught.value.kind is Failure.RETRY
    assert api.calls == []


async def test_in_our_turn_everything_is_written() -> None:
    async with BotApi() as api:
        telegram = TelegramPlatform(api.token, api_base=api.base, clock=CLOCK, may_write=Turns(True))
        await telegram.send(Outgoing(Address("telegram", "7"), "早上好"))
        await telegram.close()

    assert list(api.calls) == ["sendMessage"]


@pytest.mark.parametrize("last", [False, True], ids=["before the head", "before the body"])
async def test_the_app_and_the_robots_get_no_byte(last: bool) -> None:
    async with WeComApi(clock=CLOCK) as wecom:
        wecom.adds("LiuMin", "刘敏")
        turns = Turns(*([True] * last), False)
        robots = RobotsChannel({"群": wecom.webhook("群")}, clock=CLOCK, may_write=turns)
        with pytest.raises(NotSent):
            await robots.deliver("webhook:群", Part(text="周报"), in_group=True)
        await robots.close()
        # The app asks for its token first, which is a head without a body.
        app = AppChannel(
            wecom.corp_id, wecom.agent_id, wecom.secret, "", "",
            clock=CLOCK, api_base=wecom.base, may_write=Turns(*([True] * (2 * last)), False),
        )  # fmt: skip
        with pytest.raises(NotSent):
            await app.deliver("LiuMin", Part(text="早上好"), in_group=False)
        await app.close()

        assert wecom.shown("webhook:群") == []
        assert wecom.shown("LiuMin") == []


async def test_the_bot_of_wecom_gets_no_frame_and_after_it_was_another_s_turn_it_begins_anew() -> None:
    ours = [True]
    async with WeComSocket() as wecom:
        wecom.activates("liu")
        async with running(wecom, may_write=lambda: ours[0]) as channel:
            await wecom.until(lambda: wecom.subscribed)
            ours[0] = False
            with pytest.raises(NotSent):
                await channel.deliver("liu", Part(text="早上好"), in_group=False)

            async with running(wecom) as successor:
                await successor.deliver("liu", Part(text="早上好"), in_group=False)
            await wecom.until(lambda: channel.healthy() == TAKEN_OVER)
            await channel.close()
            ours[0] = True
            again = asyncio.create_task(channel.run(Ear()))
            await channel.deliver("liu", Part(text="下午好"), in_group=False)
            again.cancel()

        assert wecom.texts("liu") == ["早上好", "下午好"]


async def test_the_app_lets_go_of_its_address_and_serves_there_again() -> None:
    address = free_address()
    async with WeComApi(clock=CLOCK) as wecom:
        app = AppChannel(
            wecom.corp_id, wecom.agent_id, wecom.secret, wecom.token, wecom.aes_key,
            clock=CLOCK, api_base=wecom.base, listen=address,
        )  # fmt: skip
        for _ in range(2):
            running = asyncio.create_task(app.run(Ear()))
            await wecom.until(lambda: not app.healthy())
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await app.close()

            taken(address, "wecom.app.listen").close()
