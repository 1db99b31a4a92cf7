"""The people on the other side of the loopback socket, and the frames they cause."""

import secrets
from pathlib import Path
from typing import Any

from bot.clock import Clock
from tests.wecom.media import MediaServer
from tests.wecom.socket_methods import Methods
from tests.wecom.socket_rules import Json, Pace

MENTION = "@联络员 "


class People(Methods):
    """Whoever talks to the bot; each deed becomes a frame.

    Each deed waits for a subscription; with ``wait=False`` what nobody listens to is lost, as with
    WeCom. Each returns the msgid of its frame.
    """

    def __init__(
        self,
        bot_id: str,
        clock: Clock | None,
        pace: Pace,
        ledger: Path | None,
        *,
        activated_only: bool,
        opening_activates: bool,
        uploads_per_minute: int | None,
    ) -> None:
        super().__init__(
            clock, pace, ledger, activated_only=activated_only, uploads_per_minute=uploads_per_minute
        )
        self.bot_id = bot_id
        self.media = MediaServer(self.clock)
        self.opening_activates = opening_activates
        self.frames: dict[str, Json] = {}
        self._run = secrets.token_hex(4)  # a server started anew must not repeat the numbers of the old one

    async def says(
        self,
        userid: str,
        text: str,
        *,
        group: str = "",
        msgid: str = "",
        name: str = MENTION,
        quote: Json | None = None,
        wait: bool = True,
    ) -> str:
        """Let somebody write, one to one or to a group, where they mention the bot."""
        more = {"quote": quote} if quote else {}
        content = name + text if group else text
        return await self._writes(userid, "text", {"content": content}, group, msgid, wait=wait, **more)

    async def sends_mixed(
        self,
        userid: str,
        *items: str | bytes,
        group: str = "",
        name: str = MENTION,
        padded: bool = True,
        wait: bool = True,
    ) -> str:
        """Let somebody send words and pictures in one message."""
        parts: list[Json] = [
            {"msgtype": "text", "text": {"content": item}}
            if isinstance(item, str)
            else {"msgtype": "image", "image": self.media.offer(item, padded=padded)}
            for item in ((name, *items) if group and not isinstance(items[0], str) else items)
        ]
        if group and isinstance(items[0], str):
            parts[0]["text"]["content"] = name + items[0]
        return await self._writes(userid, "mixed", {"msg_item": parts}, group, wait=wait)

    async def sends_image(
        self, userid: str, content: bytes, name: str = "", *, wait: bool = True, **how: bool
    ) -> str:
        """Let somebody send a picture, one to one; ``padded``, ``expired``: see MediaServer.offer."""
        return await self._writes(userid, "image", self.media.offer(content, name, **how), wait=wait)

    async def sends_file(
        self, userid: str, name: str, content: bytes, *, wait: bool = True, **how: bool
    ) -> str:
        """Let somebody send a file, one to one; only the download tells its name."""
        return await self._writes(userid, "file", self.media.offer(content, name, **how), wait=wait)

    async def sends_video(self, userid: str, name: str, content: bytes, *, wait: bool = True) -> str:
        """Let somebody send a video, one to one."""
        return await self._writes(userid, "video", self.media.offer(content, name), wait=wait)

    async def sends_voice(self, userid: str, transcript: str, *, wait: bool = True) -> str:
        """Let somebody speak, one to one: what arrives are the words."""
        return await self._writes(userid, "voice", {"content": transcript}, wait=wait)

    async def presses(
        self,
        userid: str,
        label: str,
        *,
        group: str = "",
        names: str = "snake",
        as_message: bool = False,
        wait: bool = True,
    ) -> str:
        """Let somebody press the newest button with this label in the conversation.

        ``names``: snake, camel or pascal; ``as_message``: the event comes as aibot_msg_callback.
        """
        for sent in reversed(self.shown(group or userid, by=userid)):
            if label in sent.labels:
                return await self.presses_key(
                    userid,
                    sent.task_id,
                    sent.key(label),
                    group=group,
                    names=names,
                    as_message=as_message,
                    wait=wait,
                )
        shown = [sent.labels for sent in self.shown(group or userid, by=userid) if sent.labels]
        raise AssertionError(f"no button {label} in {group or userid}: {shown}")

    async def presses_key(
        self,
        userid: str,
        task_id: str,
        key: str,
        *,
        group: str = "",
        names: str = "snake",
        as_message: bool = False,
        wait: bool = True,
    ) -> str:
        """Let somebody press any button of any card, also of one that no longer stands there."""
        pressed = {"card_type": "button_interaction", "event_key": key, "task_id": task_id}
        event = {"template_card_event": {_named(name, names): value for name, value in pressed.items()}}
        return await self._does(userid, "template_card_event", event, group, as_message=as_message, wait=wait)

    async def opens(self, userid: str, *, wait: bool = True) -> str:
        """Let somebody open the chat for the first time today."""
        if self.opening_activates:
            self.activates(userid)
        return await self._does(userid, "enter_chat", {}, wait=wait)

    async def feedback(
        self, userid: str, feedback_id: str = "f1", kind: int = 1, *, wait: bool = True
    ) -> str:
        """Let somebody rate an answer."""
        event = {"feedback_event": {"id": feedback_id, "type": kind}}
        return await self._does(userid, "feedback_event", event, wait=wait)

    async def crowd(self, said: list[tuple[str, str]]) -> list[str]:
        """Let many people write, one right after the other."""
        return [await self.says(userid, text) for userid, text in said]

    async def repeats(self, msgid: str, *, wait: bool = True) -> None:
        """Push the frame of a message or event once more."""
        await self.pushes(self.frames[msgid], wait=wait)

    async def pushes(self, frame: Json | str, *, wait: bool = True) -> None:
        """Push any frame; the server does it."""
        raise NotImplementedError

    def next_msgid(self) -> str:
        """Return a msgid that never was."""
        return f"m{self._run}-{len(self.frames) + 1}"

    async def _writes(
        self,
        userid: str,
        kind: str,
        payload: Json,
        group: str = "",
        msgid: str = "",
        *,
        wait: bool,
        **more: Any,
    ) -> str:
        self.activates(*(() if group else (userid,)), groups=(group,) if group else ())
        body = {
            **self._where(msgid, userid, group),
            "response_url": "https://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code=SECRET",
            "msgtype": kind,
            kind: payload,
            **more,
        }
        return await self._hands_over("aibot_msg_callback", body, wait=wait)

    async def _does(
        self, userid: str, kind: str, payload: Json, group: str = "", *, as_message: bool = False, wait: bool
    ) -> str:
        body = {
            **self._where("", userid, group),
            "create_time": int(self.now()),
            "msgtype": "event",
            "event": {"eventtype": kind, **payload},
        }
        cmd = "aibot_msg_callback" if as_message else "aibot_event_callback"
        return await self._hands_over(cmd, body, wait=wait)

    def _where(self, msgid: str, userid: str, group: str) -> Json:
        where = {"chatid": group, "chattype": "group"} if group else {"chattype": "single"}
        return {
            "msgid": msgid or self.next_msgid(),
            "aibotid": self.bot_id,
            **where,
            "from": {"userid": userid},
        }

    async def _hands_over(self, cmd: str, body: Json, *, wait: bool) -> str:
        msgid: str = body["msgid"]
        frame = {"cmd": cmd, "headers": {"req_id": f"r-{secrets.token_hex(8)}"}, "body": body}
        self.frames[msgid] = frame
        await self.pushes(frame, wait=wait)
        return msgid


def _named(name: str, names: str) -> str:
    if names == "snake":
        return name
    first, *rest = name.split("_")
    return (first if names == "camel" else first.title()) + "".join(word.title() for word in rest)
