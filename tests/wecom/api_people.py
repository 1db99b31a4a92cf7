"""The people on the other side of the app, and what Tencent posts to our callback because of them."""

import asyncio
import base64
import hashlib
import secrets
import struct
from pathlib import Path
from xml.sax.saxutils import escape

import aiohttp
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.clock import Clock
from tests.wecom.api_methods import Methods
from tests.wecom.api_rules import Json
from tests.wecom.socket_rules import Sent, Upload

ATTEMPTS = 3
PATIENCE = 5.0


class Callbacks:
    """Tencent's side of a callback: seals, posts, and comes again up to three times."""

    def __init__(self, token: str, aes_key: str, corp_id: str) -> None:
        self.token = token
        self.url = ""
        self._key = base64.b64decode(aes_key + "=")
        self._corp_id = corp_id
        self._session: aiohttp.ClientSession | None = None

    async def post(self, xml: str, agent_id: int, now: float) -> int:
        """Post an envelope once and return the status; 0 if no answer came in time."""
        sealed = self._sealed(xml.encode())
        envelope = (
            f"<xml><ToUserName><![CDATA[{self._corp_id}]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt>"
            f"<AgentID><![CDATA[{agent_id}]]></AgentID></xml>"
        )
        try:
            async with self._open().post(
                self.url, data=envelope, params=self._beside(sealed, now)
            ) as response:
                await response.read()
                return response.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0

    async def verify(self, now: float) -> bool:
        """Ask, as the console does, whether the address is ours."""
        echo = secrets.token_hex(8)
        sealed = self._sealed(echo.encode())
        query = {**self._beside(sealed, now), "echostr": sealed}
        async with self._open().get(self.url, params=query) as response:
            return response.status == 200 and await response.text() == echo

    async def close(self) -> None:
        """Let go of connections."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE))
        return self._session

    def _beside(self, sealed: str, now: float) -> dict[str, str]:
        stamp, nonce = str(int(now)), secrets.token_hex(5)
        together = "".join(sorted([self.token, stamp, nonce, sealed]))
        signature = hashlib.sha1(together.encode()).hexdigest()  # noqa: S324 -- WeCom's
        return {"msg_signature": signature, "timestamp": stamp, "nonce": nonce}

    def _sealed(self, message: bytes) -> str:
        raw = secrets.token_bytes(16) + struct.pack(">I", len(message)) + message + self._corp_id.encode()
        more = 32 - len(raw) % 32
        encryptor = Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16])).encryptor()
        return base64.b64encode(encryptor.update(raw + bytes([more]) * more) + encryptor.finalize()).decode()


class People(Methods):
    """Whoever talks to the app; each deed is posted to ``callbacks.url`` until it is answered 200.

    Each returns the MsgId, empty for what has none. ``posts`` holds what each attempt was answered:
    (MsgId or name of the event, status; 0 for none).
    """

    def __init__(
        self,
        corp_id: str,
        agent_id: int,
        callbacks: Callbacks,
        clock: Clock | None,
        ledger: Path | None,
        per_minute: int | None,
    ) -> None:
        super().__init__(agent_id, clock, ledger, per_minute)
        self.corp_id = corp_id
        self.callbacks = callbacks
        self.posts: list[tuple[str, int]] = []
        self._posted: dict[str, str] = {}
        self._messages = 0
        self._run = secrets.randbelow(10**9)  # a server started anew must not repeat the numbers of the old

    async def says(self, userid: str, text: str, *, msgid: str = "") -> str:
        """Let somebody write to the app."""
        return await self._message(userid, "text", {"Content": text}, msgid)

    async def sends_image(self, userid: str, content: bytes) -> str:
        """Let somebody send a picture."""
        media_id = self.add_upload(Upload("image", "", content, self.now()), "app")
        return await self._message(userid, "image", {"PicUrl": "http://127.0.0.1/", "MediaId": media_id})

    async def sends_voice(self, userid: str, content: bytes) -> str:
        """Let somebody send a recording."""
        media_id = self.add_upload(Upload("voice", "", content, self.now()), "app")
        return await self._message(userid, "voice", {"Format": "amr", "MediaId": media_id})

    async def presses(self, userid: str, label: str) -> str:
        """Let somebody press the newest button of that label in their chat."""
        for sent in reversed(self.shown(userid)):
            if label in sent.labels:
                return await self.presses_key(userid, sent.task_id, sent.key(label))
        raise AssertionError(f"no button {label} for {userid}")

    async def presses_key(self, userid: str, task_id: str, key: str) -> str:
        """Let somebody press any button of any card, also one that no longer stands there."""
        fields = {
            "EventKey": key,
            "TaskId": task_id,
            "CardType": "button_interaction",
            "ResponseCode": self.new_code(task_id),
        }
        return await self._event(userid, "template_card_event", fields)

    async def opens(self, userid: str) -> str:
        """Let somebody open the app."""
        return await self._event(userid, "enter_agent", {"EventKey": ""})

    async def repeats(self, msgid: str) -> None:
        """Post a message again, sealed anew."""
        await self._deliver(msgid, self._posted[msgid], attempts=1)

    def serves(self, url: str) -> None:
        """Enter the callback's address in the console."""
        self.callbacks.url = url

    async def verifies(self) -> bool:
        """Save the callback's address in the console, which asks whether it is ours."""
        return await self.callbacks.verify(self.now())

    def card_of(self, task_id: str) -> Sent:
        """Return a card as it was sent."""
        return self.cards[task_id]

    async def _message(self, userid: str, kind: str, fields: Json, msgid: str = "") -> str:
        self._messages += 1
        number = msgid or f"{self._run}{self._messages:06}"
        await self._deliver(number, self._xml(userid, kind, {**fields, "MsgId": number}))
        return number

    async def _event(self, userid: str, event: str, fields: Json) -> str:
        await self._deliver(event, self._xml(userid, "event", {"Event": event, **fields}))
        return ""

    def _xml(self, userid: str, kind: str, fields: Json) -> str:
        whole = {
            "ToUserName": self.corp_id,
            "FromUserName": userid,
            "CreateTime": int(self.now()),
            "MsgType": kind,
            **fields,
            "AgentID": self.agent_id,
        }
        return (
            f"<xml>{''.join(f'<{name}>{escape(str(each))}</{name}>' for name, each in whole.items())}</xml>"
        )

    async def _deliver(self, name: str, xml: str, attempts: int = ATTEMPTS) -> None:
        self._posted[name] = xml
        for _ in range(attempts):
            status = await self.callbacks.post(xml, self.agent_id, self.now())
            self.posts.append((name, status))
            self.changed()
            if status == 200:
                return
            await asyncio.sleep(0)

    def changed(self) -> None:
        """Do what is due when something happened; the server wakes who waits for it."""
