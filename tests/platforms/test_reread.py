"""What was kept because it could not be read can be read again once we can; what still cannot stays kept."""

import json
from collections.abc import Callable
from typing import Protocol

import pytest

from bot.chat import Incoming
from bot.clock import VirtualClock
from bot.platforms.telegram import TelegramPlatform
from bot.platforms.wecom.bot import BotChannel
from bot.platforms.wecom.callback import Callback
from tests.platforms.test_wecom_callback import AGENT, CRYPT, NOW

UPDATE = {
    "update_id": 7,
    "message": {
        "message_id": 1,
        "date": 1_763_859_600,
        "chat": {"id": 5, "type": "private"},
        "from": {"id": 5, "is_bot": False, "first_name": "刘敏"},
        "text": "照旧",
    },
}
FRAME = {
    "cmd": "aibot_msg_callback",
    "headers": {"req_id": "r1"},
    "body": {
        "msgid": "m1",
        "aibotid": "B1",
        "chattype": "single",
        "from": {"userid": "liumin"},
        "msgtype": "text",
        "text": {"content": "照旧"},
    },
}
XML = (
    f"<xml><ToUserName>{CRYPT.receive_id}</ToUserName><FromUserName>liumin</FromUserName>"
    f"<CreateTime>1763859600</CreateTime><MsgType>text</MsgType><Content>照旧</Content>"
    f"<MsgId>123456</MsgId><AgentID>{AGENT}</AgentID></xml>"
)


class Rereads(Protocol):
    """What can read something again."""

    def reread(self, raw: str) -> Incoming | None: ...


CHANNELS: dict[str, tuple[Callable[[], Rereads], str]] = {
    "telegram": (lambda: TelegramPlatform("42:" + "A" * 24, clock=VirtualClock(NOW)), json.dumps(UPDATE)),
    "wecom bot": (lambda: BotChannel("B1", "secret", clock=VirtualClock(NOW)), json.dumps(FRAME)),
    "wecom app": (lambda: Callback(CRYPT, VirtualClock(NOW), agent_id=AGENT), XML),
}


@pytest.mark.parametrize("name", CHANNELS)
async def test_what_can_be_read_now_is_what_somebody_said(name: str) -> None:
    make, raw = CHANNELS[name]

    said = make().reread(raw)

    assert said is not None
    assert said.text == "照旧"


@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize("raw", ["", "{", "[]", "null", "<xml/>", '{"update_id": 7}', "[" * 100_000])
async def test_what_still_cannot_be_read_is_nothing(name: str, raw: str) -> None:
    make, _ = CHANNELS[name]

    assert make().reread(raw) is None
